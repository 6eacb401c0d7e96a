import ImageFiles
import JobModel
import Testing

@Suite("WebP, TIFF, GIF and JPEG 2000 files", .enabled(if: Tool.isExiftoolHere))
struct ContainerTests {
    @Test(
        "A WebP, simple or extended, lossy or lossless, loses positions and everything",
        arguments: [["-quality", "80"], ["-define", "webp:lossless=true"]])
    func webp(convert: [String]) throws {
        let folder = try TemporaryFolder()
        let plain = try Fixture.make("plain.webp", in: folder, convert: convert)
        let old = try Fixture.make("a.webp", in: folder, convert: convert, tags: Fixture.placeTags)
        let pixels = try Tool.pixels("a.webp", in: folder.url)
        for (name, edits) in [("gps.webp", [MetadataEdit.dropGPS]), ("all.webp", [.dropAll(keepOrientation: false)])] {
            let new = try edited(old + [9, 9, 9], .webp, edits)
            try folder.write(new, as: name)
            let file = try WebPFile(reading: MemorySource(new))
            #expect(file.isComplete && file.width == 48 && file.height == 32)
            let newPixels = try Tool.pixels(name, in: folder.url)
            #expect(newPixels == pixels)
        }
        try Oracle.expectPlacesGone("a.webp", "gps.webp", in: folder)
        #expect(try WebPFile(reading: MemorySource(try folder.read("all.webp"))).chunks.allSatisfy { $0.type.hasPrefix("VP8") })
        // Metadata for a simple file bring the extended header.
        let source = MemorySource(plain)
        let metadata = EmbeddedMetadata(exif: Fixture.EXIF(isLittle: false).bytes, xmp: Fixture.xmp("><dc:source>x</dc:source>"))
        let new = MemorySource(try replaceMetadata(with: metadata, in: source, kind: .webp).joined(from: source))
        #expect(try embeddedMetadata(of: new, kind: .webp) == metadata)
        try folder.write(new.bytes, as: "b.webp")
        let tags = try #require(try Tool.tags(["b.webp"], in: folder.url)["b.webp"])
        #expect(tags["IFD0:Make"] == "Quirecam" && tags["XMP-dc:Source"] == "x")
        // The fixture's maker note is no vendor's.
        #expect(tags["ExifTool:Warning"]?.contains("MakerNotes") ?? true)
        #expect(try Tool.pixels("b.webp", in: folder.url) == Tool.pixels("plain.webp", in: folder.url))
    }

    @Test("A TIFF is edited where it stands, page by page", arguments: [["-endian", "LSB"], ["-endian", "MSB"]])
    func tiff(convert: [String]) throws {
        let folder = try TemporaryFolder()
        let old = try Fixture.make(
            "a.tif", in: folder, convert: ["-compress", "zip", "-duplicate", "1"] + convert,
            tags: Fixture.placeTags + Fixture.iptcTags)
        let pixels = try Tool.pixels("a.tif", in: folder.url)
        let new = try edited(old, .tiff, [.dropGPS])
        #expect(new.count == old.count)
        try folder.write(new, as: "gps.tif")
        try Oracle.expectPlacesGone("a.tif", "gps.tif", in: folder)
        #expect(try Tool.pixels("gps.tif", in: folder.url) == pixels)
        let turned = try edited(old, .tiff, [.setOrientation(8)])
        try folder.write(turned, as: "turned.tif")
        #expect(try TIFFFile(reading: MemorySource(turned)).pages.map(\.orientation) == [8, 8])
        #expect(try Tool.pixels("turned.tif", in: folder.url) == pixels)
        let bare = try edited(old, .tiff, [.dropAll(keepOrientation: true), .dropGPS])
        try folder.write(bare, as: "all.tif")
        #expect(
            bare.count == old.count && bare.firstRange(of: Array("Quirecam".utf8)) == nil
                && bare.firstRange(of: Array("Tower".utf8)) == nil)
        #expect(try Tool.pixels("all.tif", in: folder.url) == pixels)
        let left = try #require(try Tool.tags(["all.tif"], in: folder.url)["all.tif"])
        #expect(left["IFD0:Orientation"] == "6" && left["ExifTool:Warning"] == nil)
        #expect(
            !left.keys.contains {
                $0.hasPrefix("XMP") || $0.hasPrefix("IPTC") || $0.hasPrefix("GPS") || $0.hasPrefix("ExifIFD")
                    || $0.hasSuffix("Artist")
            })
        let carried = try embeddedMetadata(of: MemorySource(old), kind: .tiff)
        let block = try EXIFBlock(parsing: try #require(carried.exif))
        #expect(block.make == "Quirecam" && block.orientation == 6 && block.hasGPS)
        #expect(carried.xmp != nil && carried.photoshop != nil)
        // In a JPEG, exiftool reads what the TIFF said.
        let fresh = MemorySource(try Fixture.make("b.jpg", in: folder))
        try folder.write(try replaceMetadata(with: carried, in: fresh, kind: .jpeg).joined(from: fresh), as: "c.jpg")
        let tags = try Tool.tags(["a.tif", "c.jpg"], in: folder.url)
        let (before, after) = (try #require(tags["a.tif"]), try #require(tags["c.jpg"]))
        for key in ["ExifIFD:ExposureTime", "GPS:GPSLatitude", "GPS:GPSLongitude", "IPTC:Headline", "XMP-dc:Title"] {
            #expect(before[key] != nil && after[key] == before[key], "\(key)")
        }
    }

    @Test("The coordinates of a map go from every page with the place", arguments: [["-endian", "LSB"], ["-endian", "MSB"]])
    func maps(convert: [String]) throws {
        let folder = try TemporaryFolder()
        _ = try Fixture.make(
            "a.tif", in: folder, convert: ["-duplicate", "1"] + convert,
            tags: ["-Artist=Ann", "-ModelTransform=1 0 0 7.77 0 1 0 51.12 0 0 0 0 0 0 0 1"])
        for page in ["IFD0", "IFD1"] {
            try Tool.run(
                ["exiftool", "-q", "-overwrite_original", "-\(page):PixelScale=0.1 0.1 0", "-\(page):ModelTiePoint=0 0 0 7.77 51.12 0", "a.tif"],
                in: folder.url)
        }
        func coordinates(_ name: String) throws -> String {
            String(decoding: try Tool.run(["exiftool", "-a", "-s", "-G1", "-PixelScale", "-ModelTiePoint", "-ModelTransform", name], in: folder.url), as: UTF8.self)
        }
        let before = try coordinates("a.tif")
        try #require(before.contains("[IFD0]") && before.contains("[IFD1]") && before.contains("51.12"))
        let new = try edited(try folder.read("a.tif"), .tiff, [.dropGPS])
        try folder.write(new, as: "gps.tif")
        #expect(try coordinates("gps.tif").isEmpty)
        // Not merely out of reach.
        let latitude = withUnsafeBytes(of: (51.12 as Double).bitPattern.littleEndian) { Array($0) }
        #expect(!new.contains(latitude) && !new.contains(latitude.reversed()))
        let left = try #require(try Tool.tags(["gps.tif"], in: folder.url)["gps.tif"])
        #expect(left["IFD0:Artist"] == "Ann" && left["ExifTool:Warning"] == nil)
        #expect(try Tool.pixels("gps.tif", in: folder.url) == Tool.pixels("a.tif", in: folder.url))
    }

    @Test("A BigTIFF is read and edited as a classic one is", .enabled(if: Tool.isInstalled("tiffcp")))
    func bigTIFF() throws {
        let folder = try TemporaryFolder()
        _ = try Fixture.make("a.tif", in: folder, convert: ["-compress", "none", "-duplicate", "2"])
        try Tool.run(["tiffcp", "-8", "a.tif", "big.tif"], in: folder.url)
        let old = try folder.read("big.tif")
        let file = try TIFFFile(reading: MemorySource(old))
        #expect(file.isBig && file.pages.count == 3 && file.pages[2].width == 48 && file.isComplete)
        try folder.write(try edited(old, .tiff, [.setOrientation(7)]), as: "new.tif")
        #expect(try TIFFFile(reading: MemorySource(try folder.read("new.tif"))).pages.map(\.orientation) == [7, 7, 7])
        #expect(try Tool.pixels("new.tif", in: folder.url) == Tool.pixels("big.tif", in: folder.url))
    }

    @Test("A GIF loses comments and positions, and keeps frames and looping")
    func gif() throws {
        let folder = try TemporaryFolder()
        let old = try Fixture.make(
            "a.gif", in: folder, convert: ["-duplicate", "2", "-loop", "0", "-set", "comment", "hi"],
            tags: ["-XMP-exif:GPSLatitude=48.858", "-XMP-dc:Title=Tower"])
        #expect(try GIFFile(reading: MemorySource(old)).frameCount == 3)
        try folder.write(try edited(old, .gif, [.dropGPS]), as: "gps.gif")
        try Oracle.expectPlacesGone("a.gif", "gps.gif", in: folder)
        try folder.write(try edited(old, .gif, [.dropAll(keepOrientation: true)]), as: "all.gif")
        let all = try #require(try Tool.tags(["all.gif"], in: folder.url)["all.gif"])
        #expect(all["GIF:AnimationIterations"] == "0" || all["GIF:AnimationIterations"] == "Infinite")
        #expect(!all.keys.contains { $0.hasPrefix("XMP") || $0.hasSuffix("Comment") })
        let pixels = try Tool.pixels("a.gif", in: folder.url)
        #expect(try Tool.pixels("all.gif", in: folder.url) == pixels)
    }

    @Test("No truncation or mutation traps", arguments: [ImageKind.webp, .tiff, .gif])
    func mutations(kind: ImageKind) throws {
        let folder = try TemporaryFolder()
        let tags = kind == .gif ? ["-XMP-dc:Title=t"] : ["-EXIF:GPSLatitude=4", "-XMP-exif:GPSLatitude=4"]
        var convert = ["-resize", "8x6!", "-monochrome"]
        if kind == .tiff { convert += ["-compress", "group4"] }
        let bytes = try Fixture.make("a.\(kind.rawValue)", in: folder, convert: convert, tags: tags)
        try Mutation.exercise(bytes, kind)
    }
}
