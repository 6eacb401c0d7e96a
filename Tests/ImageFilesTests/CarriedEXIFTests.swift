import ImageFiles
import JobModel
import Testing

@Suite("EXIF of a TIFF encoded anew", .enabled(if: Tool.isExiftoolHere && Tool.isInstalled("vips")))
struct CarriedEXIFTests {
    /// Tags of groups that an EXIF block holds and a TIFF of other making does not state itself.
    private static func carried(_ tags: [String: String]) -> [String: String] {
        let layout = [
            "IFD0:Orientation", "IFD0:XResolution", "IFD0:YResolution", "IFD0:ResolutionUnit", "IFD0:YCbCrPositioning",
            "ExifIFD:ComponentsConfiguration", "ExifIFD:CompressedBitsPerPixel", "ExifIFD:ExifImageWidth", "ExifIFD:ExifImageHeight",
            "ExifIFD:Padding", "IFD0:Padding",
        ]
        return tags.filter { key, _ in ["IFD0:", "ExifIFD:", "GPS:"].contains { key.hasPrefix($0) } && !layout.contains(key) }
    }

    private static let tags = [
        "-Make=Acme", "-Model=M1", "-Artist=Zoë", "-Copyright=(c) Ann", "-ImageDescription=A hill", "-Software=S 1", "-Rating=4",
        "-ModifyDate=2024:06:01 10:00:00", "-DateTimeOriginal=2024:05:31 17:08:09", "-OffsetTimeOriginal=+02:00", "-FNumber=2.8",
        "-ExposureTime=1/125", "-ISO=200", "-ExposureCompensation=-0.33", "-UserComment=Höhe 12 m", "-LensInfo=24 70 2.8 2.8",
        "-CFAPattern=[Red,Green][Green,Blue]", "-XPTitle=Weiße Gams", "-GPSLatitude=48.5", "-GPSLatitudeRef=N", "-GPSLongitude=11.25",
        "-GPSLongitudeRef=W", "-GPSAltitude=812", "-GPSDateStamp=2024:05:31", "-GPSTimeStamp=15:08:09",
    ]

    private func block(_ folder: TemporaryFolder, order: String) throws -> [UInt8] {
        try Tool.run(["convert", "-size", "64x48", "gradient:", "a.jpg"], in: folder.url)
        try Tool.run(["exiftool", "-q", "-overwrite_original", "-ExifByteOrder=\(order)"] + Self.tags + ["a.jpg"], in: folder.url)
        return try #require(try embeddedMetadata(of: MemorySource(try folder.read("a.jpg")), kind: .jpeg).exif)
    }

    @Test(
        "Every tag is there, in the file's byte order, and its pages and tiles are as they were", arguments: ["II", "MM"],
        ["b.tif", "b.tif[bigtiff]", "b.tif[tile,pyramid]", "b.tif[tile,pyramid,subifd,bigtiff]", "b.tif[compression=jpeg]", "big-endian"])
    func carries(order: String, form: String) throws {
        let folder = try TemporaryFolder()
        let block = try block(folder, order: order)
        try Tool.run(["convert", "-size", "600x500", "plasma:fractal", "-seed", "7", "c.png"], in: folder.url)
        if form == "big-endian" {
            try Tool.run(["convert", "c.png", "-strip", "-endian", "MSB", "b.tif"], in: folder.url)
        } else {
            try Tool.run(["vips", "copy", "c.png", form], in: folder.url)
        }
        let source = MemorySource(try folder.read("b.tif"))
        let carried = try CarriedEXIF(block)
        #expect(carried.leftOut == [])
        let pieces = try carried.pieces(addedTo: source)
        try folder.write(try pieces.joined(from: source), as: "d.tif")
        // Nothing but the header, the old directory and what is behind the end is written.
        let written = pieces.reduce(0) { bytes, piece in if case .bytes(let new) = piece { bytes + new.count } else { bytes } }
        #expect(written < 8_192)

        let tags = try Tool.tags(["a.jpg", "b.tif", "d.tif"], in: folder.url)
        let (old, plain, new) = (try #require(tags["a.jpg"]), try #require(tags["b.tif"]), try #require(tags["d.tif"]))
        let wanted = Self.carried(old)
        #expect(wanted.count >= Self.tags.count - 1)
        if form.contains("bigtiff") {
            // exiftool reads the directories of a BigTIFF as if all were its first.
            let text = String(decoding: try Tool.run(["tiffinfo", "-D", "d.tif"], in: folder.url), as: UTF8.self)
            for value in [
                "Make: Acme", "Copyright: (c) Ann", "DateTime: 2024:06:01 10:00:00", "DateTimeOriginal: 2024:05:31 17:08:09", "FNumber: 2.8",
                "ExposureTime: 0.008", "LatitudeRef: N", "Latitude: 48.000000,30.000000,0", "DateStamp: 2024:05:31",
            ] {
                #expect(text.contains(value), "\(value)")
            }
        } else {
            for (key, value) in wanted { #expect(new[key] == value, "\(key)") }
        }
        // What the file stated itself it still states.
        for (key, value) in plain where !TagEditTests.isDerived(key) { #expect(new[key] == value, "\(key)") }
        for name in ["d.tif"] {
            let text = String(
                decoding: try Tool.run(["exiftool", "-validate", "-warning", "-a", "-s3", name], in: folder.url, mayFail: true), as: UTF8.self)
            let before = String(
                decoding: try Tool.run(["exiftool", "-validate", "-warning", "-a", "-s3", "b.tif"], in: folder.url, mayFail: true), as: UTF8.self)
            // A plain TIFF is warned of too: exiftool wants EXIF's tags in it.
            let known = Set(before.split(separator: "\n"))
            let others = text.split(separator: "\n").dropFirst().filter { !known.contains($0) && !$0.contains("Missing required") }
            #expect(others.isEmpty || form.contains("bigtiff"), "\(others)")
        }
        #expect(try Tool.pixels("b.tif", in: folder.url) == Tool.pixels("d.tif", in: folder.url))
        try Tool.run(["sh", "-c", "tiffinfo -D d.tif > /dev/null 2> errors; grep -v 'Unknown field' errors | grep . && exit 1 || exit 0"], in: folder.url)
        if form.hasPrefix("b.tif") { try Tool.run(["vips", "copy", "d.tif[page=0]", "e.png"], in: folder.url) }
    }

    @Test("A maker note goes along only where its offsets count from its own beginning", .enabled(if: !Samples.names.isEmpty))
    func makerNotes() throws {
        let folder = try TemporaryFolder()
        try Tool.run(["convert", "-size", "64x48", "gradient:", "-strip", "b.tif"], in: folder.url)
        let plain = MemorySource(try folder.read("b.tif"))
        var kept: [String] = []
        for name in Samples.names.filter({ $0.hasPrefix("exif/") && !$0.contains("orientation") && $0.hasSuffix(".jpg") }) {
            let bytes = try Samples.read(name)
            guard let exif = try embeddedMetadata(of: MemorySource(bytes), kind: .jpeg).exif, let carried = try? CarriedEXIF(exif) else { continue }
            try folder.write(bytes, as: "a.jpg")
            try folder.write(try carried.pieces(addedTo: plain).joined(from: plain), as: "d.tif")
            let tags = try Tool.tags(["a.jpg", "d.tif"], in: folder.url)
            let (old, new) = (try #require(tags["a.jpg"]), try #require(tags["d.tif"]))
            let makers = ["Nikon", "Apple", "Olympus", "Pentax", "Canon", "Sony", "Panasonic", "Kodak", "FujiFilm"]
            func notes(_ tags: [String: String]) -> [String: String] {
                // Behind the picture, and lost with every encoding.
                tags.filter { key, _ in makers.contains { key.hasPrefix($0) } && !key.hasSuffix(":PreviewImageStart") }
            }
            if carried.leftOut.isEmpty {
                #expect(notes(new) == notes(old), "\(name)")
                if !notes(old).isEmpty { kept.append(name) }
            } else {
                #expect(notes(new) == [:], "\(name)")
                #expect(carried.leftOut == ["maker note"])
            }
            for (key, value) in Self.carried(old) where !notes(old).keys.contains(key) && !key.hasSuffix(":Padding") {
                #expect(new[key] == value, "\(name): \(key)")
            }
        }
        #expect(kept.contains("exif/gps/DSCN0010.jpg") && kept.contains("exif/iphone_hdr_YES.jpg"), "\(kept)")
    }

    @Test("A maker note that a JPEG has no room for beside the other fields stays behind alone", arguments: [100, 7_000])
    func largeNote(textBytes: Int) throws {
        let text = [UInt8](repeating: 0x61, count: textBytes - 1) + [0]
        // One entry, whose value stands in it.
        let note = Array("FUJIFILM".utf8) + [12, 0, 0, 0] + [1, 0, 1, 0, 3, 0, 1, 0, 0, 0, 5, 0, 0, 0]
        let file = HandMadeTIFF(
            image: [(270, 2, text), (271, 2, Array("Acme\0".utf8)), (315, 2, text), (33432, 2, text)],
            exif: [(37500, 7, note + [UInt8](repeating: 7, count: (47 << 10) - note.count))])
        let found = try embeddedMetadata(of: MemorySource(file.bytes), kind: .tiff)
        let block = try EXIFBlock(parsing: try #require(found.exif))
        #expect(block.make == "Acme" && JPEGFile.holds(exif: block.bytes))
        #expect(block.hasMakerNote == (textBytes == 100) && found.leftBehind == (textBytes == 100 ? [] : ["maker note"]))
    }

    @Test("Blocks cut anywhere, or of changed bytes, never trap and never make much of little")
    func damaged() throws {
        let folder = try TemporaryFolder()
        let block = try block(folder, order: "MM")
        let plain = MemorySource(try Fixture.make("b.tif", in: folder, convert: ["-strip"]))
        func run(_ bytes: [UInt8]) throws {
            guard let made = try? CarriedEXIF(bytes).pieces(addedTo: plain) else { return }
            let written = made.reduce(0) { sum, piece in if case .bytes(let new) = piece { sum + new.count } else { sum } }
            #expect(written < 4 * block.count + 4_096)
        }
        for count in block.indices { try run(Array(block[..<count])) }
        for place in block.indices {
            for value in [0, 0xFF, block[place] ^ 1] as [UInt8] {
                var changed = block
                changed[place] = value
                try run(changed)
            }
        }
    }
}
