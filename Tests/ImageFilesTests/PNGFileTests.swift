import ImageFiles
import JobModel
import Testing

@Suite("PNG files", .enabled(if: Tool.isExiftoolHere))
struct PNGFileTests {
    private static let tags = Fixture.placeTags + ["-PNG:Comment=hi", "-PNG:Copyright=Ann"]

    @Test("dropGPS and dropAll, judged by exiftool, ImageMagick and the checksums", arguments: [[], ["-z"]])
    func edits(options: [String]) throws {
        let folder = try TemporaryFolder()
        let old = try Fixture.make(
            "a.png", in: folder, convert: ["-density", "300", "-units", "PixelsPerInch"], tags: options + Self.tags)
        let pixels = try Tool.pixels("a.png", in: folder.url)
        for (name, edits) in [
            ("gps.png", [MetadataEdit.dropGPS]), ("all.png", [.dropAll(keepOrientation: true)]),
            ("turned.png", [.setOrientation(3)]),
        ] {
            let new = MemorySource(try edited(old + [1, 2, 3], .png, edits))
            try folder.write(new.bytes, as: name)
            let png = try PNGFile(reading: new)
            for chunk in png.chunks {
                let isIntact = try png.isIntact(chunk, in: new)
                #expect(isIntact, "\(name): \(chunk.type)")
            }
            #expect(png.density == Density(horizontalMilliDPI: 299_999, verticalMilliDPI: 299_999))
            let newPixels = try Tool.pixels(name, in: folder.url)
            #expect(newPixels == pixels)
        }
        try Oracle.expectPlacesGone("a.png", "gps.png", in: folder)
        let all = try PNGFile(reading: MemorySource(try folder.read("all.png")))
        #expect(Set(all.chunks.map(\.type)).isDisjoint(with: ["tEXt", "zTXt", "iTXt", "tIME"]))
        #expect(all.exif?.orientation == 6 && all.exif?.make == nil)
        #expect(all.endOfImage == UInt64(try folder.read("all.png").count))
        let turned = try #require(try Tool.tags(["turned.png"], in: folder.url)["turned.png"])
        #expect(turned["IFD0:Orientation"] == "3" && turned["XMP-tiff:Orientation"] == "3")
    }

    @Test("A raw profile that ImageMagick wrote loses its position")
    func rawProfile() throws {
        let folder = try TemporaryFolder()
        _ = try Fixture.make("a.jpg", in: folder, tags: Fixture.placeTags)
        try Tool.run(["convert", "a.jpg", "-define", "png:exclude-chunk=eXIf", "b.png"], in: folder.url)
        let old = try folder.read("b.png")
        #expect(String(decoding: old, as: UTF8.self).contains("Raw profile type"))
        try folder.write(try edited(old, .png, [.dropGPS]), as: "gps.png")
        try Oracle.expectPlacesGone("b.png", "gps.png", in: folder)
        let pixels = try Tool.pixels("b.png", in: folder.url)
        #expect(try Tool.pixels("gps.png", in: folder.url) == pixels)
    }

    /// A PNG as ImageMagick makes it of a JPEG with IPTC: the bare record in one raw profile, Photoshop's resources in another.
    private static func twiceIPTC(in folder: TemporaryFolder) throws -> [UInt8] {
        let tags = ["-IPTC:City=Bonnland", "-IPTC:Sub-location=Hofstr", "-IPTC:Caption-Abstract=Keepme"]
        _ = try Fixture.make("a.jpg", in: folder, tags: tags)
        try Tool.run(["convert", "a.jpg", "b.png"], in: folder.url)
        let old = try folder.read("b.png")
        for name in ["iptc", "8bim"] { try #require(old.contains(Array("Raw profile type \(name)".utf8))) }
        return old
    }

    @Test("Raw profiles of IPTC lose their places, with and without Photoshop's resources around them")
    func rawIPTC() throws {
        let folder = try TemporaryFolder()
        let old = try Self.twiceIPTC(in: folder)
        try folder.write(try edited(old, .png, [.dropGPS]), as: "gps.png")
        try Oracle.expectPlacesGone("b.png", "gps.png", in: folder)
        let kept = try Tool.run(["exiftool", "-a", "-s3", "-Caption-Abstract", "gps.png"], in: folder.url)
        #expect(String(decoding: kept, as: UTF8.self) == "Keepme\nKeepme\n")
    }

    @Test("A tag of IPTC goes into each raw profile in its own form, and the others stay")
    func writingRawIPTC() throws {
        let folder = try TemporaryFolder()
        let old = try Self.twiceIPTC(in: folder)
        try folder.write(try edited(old, .png, [try TagEditTests.set("iptc:Headline", "hi")]), as: "new.png")
        let found = try Tool.run(
            ["exiftool", "-a", "-s3", "-City", "-Caption-Abstract", "-Headline", "new.png"], in: folder.url)
        #expect(String(decoding: found, as: UTF8.self) == "Bonnland\nBonnland\nKeepme\nKeepme\nhi\nhi\n")
    }

    @Test("EXIF and XMP of a JPEG go into a fresh PNG and come out again")
    func splicing() throws {
        let folder = try TemporaryFolder()
        let fresh = MemorySource(try Fixture.make("a.png", in: folder))
        let metadata = EmbeddedMetadata(exif: Fixture.EXIF(isLittle: true).bytes, xmp: Fixture.xmp("><dc:source>x</dc:source>"))
        let new = MemorySource(try replaceMetadata(with: metadata, in: fresh, kind: .png).joined(from: fresh))
        #expect(try embeddedMetadata(of: new, kind: .png) == metadata)
        try folder.write(new.bytes, as: "b.png")
        let tags = try #require(try Tool.tags(["b.png"], in: folder.url)["b.png"])
        #expect(tags["IFD0:Make"] == "Quirecam" && tags["XMP-dc:Source"] == "x")
        // The fixture's maker note is no vendor's.
        #expect(tags["ExifTool:Warning"]?.contains("MakerNotes") ?? true)
    }

    @Test("No truncation or mutation traps")
    func mutations() throws {
        let folder = try TemporaryFolder()
        try Mutation.exercise(
            try Fixture.make("a.png", in: folder, convert: ["-colors", "4"], tags: ["-EXIF:GPSLatitude=4", "-XMP-dc:Title=t"]),
            .png)
    }
}
