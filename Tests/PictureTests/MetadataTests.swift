import Foundation
import Testing

@Suite("Metadata goes when asked and stays when not, by exiftool tag by tag")
struct MetadataTests {
    let shop: Workshop
    let fixtures: Workshop

    init() throws {
        shop = try Workshop()
        fixtures = try Fixtures.shop()
    }

    private static let places: Set<String> = [
        "City", "Sub-location", "Province-State", "Country-PrimaryLocationName", "Country-PrimaryLocationCode", "Location",
    ]

    private func tellsPlace(_ key: String) -> Bool {
        let tag = key.split(separator: ":").last.map(String.init) ?? key
        return tag.hasPrefix("GPS") || Self.places.contains(tag)
    }

    /// The last five describe the file or are worked out of others.
    private func isOfFile(_ key: String) -> Bool {
        ["File:", "Composite:"].contains(where: key.hasPrefix) || ["Photoshop:IPTCDigest", "XMP-x:XMPToolkit"].contains(key)
    }

    private func expectPlacesGone(_ before: [String: String], _ after: [String: String], _ what: String) {
        #expect(before.keys.contains(where: tellsPlace), "\(what) tells no place from the start")
        #expect(!after.keys.contains(where: tellsPlace), "\(what): \(after.keys.filter(tellsPlace))")
    }

    @Test("--strip gps and all of a JPEG that nothing else changes leave its scan as it is, byte for byte")
    func markersOnly() throws {
        try shop.take(Fixtures.oriented, from: fixtures)
        try shop.tool("jpegtran", "-progressive", "-copy", "all", "-outfile", "in/progressive.jpg", "in/o6.jpg")
        try shop.tool(
            "vips", "icc_transform", fixtures["upright.png"].path, "in/profile.jpg[Q=90]", "p3", "--input-profile", "srgb")
        try shop.tool("exiftool", "-q", "-overwrite_original", "-tagsFromFile", "in/o3.jpg", "-all:all", "in/profile.jpg")
        // A second picture behind the first, as phones store them, tells the place once more.
        try shop.write(shop.bytes("in/o6.jpg") + shop.bytes("in/o1.jpg"), "in/two.jpg")
        let names = shop.files("in")
        for policy in ["none", "gps", "all"] { try shop.quire("run", "in", "-o", policy, "--strip", policy) }
        let folders = ["in", "none", "gps", "all"]
        let tags = try shop.tags(folders.flatMap { folder in names.map { "\(folder)/\($0)" } })
        for name in names {
            let source = try JPEGParts(shop.bytes("in/\(name)"))
            #expect(try shop.bytes("none/\(name)") == shop.bytes("in/\(name)"), "\(name)")
            for policy in ["gps", "all"] {
                let result = try JPEGParts(shop.bytes("\(policy)/\(name)"))
                #expect(result.scan == source.scan, "scan of \(policy)/\(name)")
                #expect(result.trailer.isEmpty, "\(policy)/\(name) has \(result.trailer.count) bytes behind its end")
            }
            let before = try #require(tags["in/\(name)"])
            let gps = try #require(tags["gps/\(name)"])
            expectPlacesGone(before, gps, name)
            for (key, value) in before where !tellsPlace(key) && !isOfFile(key) {
                #expect(gps[key] == value, "\(key) of gps/\(name)")
            }
            #expect(gps.keys.allSatisfy { before[$0] != nil }, "\(name) has new tags: \(gps.keys.filter { before[$0] == nil })")
            let all = try #require(tags["all/\(name)"])
            for (key, value) in all where !isOfFile(key) {
                let stays = key == "IFD0:Orientation" || key.hasPrefix("ICC") || key.hasPrefix("JFIF:") || key.hasPrefix("Adobe:")
                #expect(stays && before[key] == value, "\(key) of all/\(name)")
            }
            if before["IFD0:Orientation"] != "1" { #expect(all["IFD0:Orientation"] == before["IFD0:Orientation"], "\(name)") }
            #expect(all.keys.filter { $0.hasPrefix("ICC") }.count == before.keys.filter { $0.hasPrefix("ICC") }.count, "\(name)")
        }
        // As a viewer shows them, nothing has changed.
        let upright = ["-auto-orient"]
        try shop.expectAlike(names.map { ("all/\($0)", "in/\($0)") }, most: 0, mean: 0, operations: upright)
    }

    @Test("PNG, TIFF and WebP lose their places or all metadata and keep every pixel and how they stand")
    func containers() throws {
        try shop.take(["upright.png"], from: fixtures)
        try shop.tool("convert", "in/upright.png", "-compress", "lzw", "in/lzw.tif")
        try shop.tool("convert", "in/upright.png", "-define", "webp:lossless=true", "in/lossless.webp")
        let names = shop.files("in")
        try shop.tool(
            "exiftool",
            [
                "-q", "-overwrite_original", "-n", "-Orientation=6", "-GPSLatitude=48.5", "-GPSLatitudeRef=N",
                "-GPSLongitude=2.25",
                "-GPSLongitudeRef=E", "-XMP-exif:GPSLatitude=48.5", "-XMP-dc:Title=A title", "-EXIF:Artist=Nobody",
            ] + names.map { "in/\($0)" })
        for policy in ["gps", "all"] { try shop.quire("run", "in", "-o", policy, "--strip", policy) }
        let tags = try shop.tags(["in", "gps", "all"].flatMap { folder in names.map { "\(folder)/\($0)" } })
        for name in names {
            let (before, gps, all) = (tags["in/\(name)"] ?? [:], tags["gps/\(name)"] ?? [:], tags["all/\(name)"] ?? [:])
            expectPlacesGone(before, gps, name)
            expectPlacesGone(before, all, name)
            #expect(gps["XMP-dc:Title"] == "A title" && gps["IFD0:Artist"] == "Nobody", "\(name): \(gps)")
            #expect(all["XMP-dc:Title"] == nil && all["IFD0:Artist"] == nil, "\(name): \(all)")
            #expect(gps["IFD0:Orientation"] == "6" && all["IFD0:Orientation"] == "6", "\(name)")
        }
        for policy in ["gps", "all"] {
            try shop.expectAlike(names.map { ("\(policy)/\($0)", "in/\($0)") }, most: 0, mean: 0)
        }
    }

    @Test("Pictures encoded anew lose places or all metadata too, and keep the rest when only places go")
    func reencoded() throws {
        try shop.take(Fixtures.oriented, from: fixtures)
        for policy in ["gps", "all"] { try shop.quire("run", "in", "-o", policy, "--shrink", "120", "--strip", policy) }
        let tags = try shop.tags(["in", "gps", "all"].flatMap { folder in Fixtures.oriented.map { "\(folder)/\($0)" } })
        for name in Fixtures.oriented {
            let (before, gps, all) = (tags["in/\(name)"] ?? [:], tags["gps/\(name)"] ?? [:], tags["all/\(name)"] ?? [:])
            expectPlacesGone(before, gps, name)
            for key in ["IFD0:Make", "IFD0:Copyright", "ExifIFD:DateTimeOriginal", "XMP-dc:Title", "IPTC:Keywords"] {
                #expect(gps[key] == before[key] && before[key] != nil, "\(key) of \(name)")
            }
            let left = all.keys.filter { !isOfFile($0) && !$0.hasPrefix("JFIF:") }
            #expect(left.isEmpty, "\(name): \(left)")
        }
    }

    /// Where the first IFD's maker note stands inside the EXIF block, and its bytes.
    private func makerNote(_ data: Data) throws -> (offset: Int, bytes: Data)? {
        let marker = Data("Exif\0\0".utf8)
        guard let segment = try JPEGParts(data).segments.first(where: { $0.marker == 0xE1 && $0.payload.starts(with: marker) })
        else { return nil }
        let block = [UInt8](segment.payload.dropFirst(marker.count))
        let isLittle = block[0] == 0x49
        func number(_ at: Int, _ count: Int) -> Int {
            guard at >= 0, at + count <= block.count else { return 0 }
            let bytes = block[at..<(at + count)]
            return (isLittle ? Array(bytes.reversed()) : Array(bytes)).reduce(0) { $0 << 8 | Int($1) }
        }
        func entry(_ tag: Int, in directory: Int) -> Int? {
            (0..<number(directory, 2)).map { directory + 2 + 12 * $0 }.first { number($0, 2) == tag }
        }
        guard let exif = entry(0x8769, in: number(4, 4)), let note = entry(0x927C, in: number(exif + 8, 4)) else { return nil }
        let (count, offset) = (number(note + 4, 4), number(note + 8, 4))
        guard count > 4, offset + count <= block.count else { return nil }
        return (offset, Data(block[offset..<(offset + count)]))
    }

    @Test(
        "Maker notes of real cameras keep bytes and offset when their pictures are shrunk",
        .enabled(if: samples != nil, "no ../shared/samples"))
    func makerNotes() throws {
        let folder = try #require(samples).appending(path: "exif")
        try shop.quire("run", folder.path, "-o", "shrunk", "--shrink", "64", "--accept-damaged")
        var noted = 0
        let names = shop.files("shrunk").filter { $0.hasSuffix(".jpg") && !$0.hasPrefix("IMG_5195") }
        for name in names {
            guard let before = try makerNote(Data(contentsOf: folder.appending(path: name))) else { continue }
            noted += 1
            let after = try #require(try makerNote(shop.bytes("shrunk/\(name)")), "\(name) has lost its maker note")
            #expect(after.offset == before.offset && after.bytes == before.bytes, "\(name)")
        }
        #expect(noted >= 6, "only \(noted) samples with a maker note")
        // What exiftool makes of the notes is the same too.
        let originals = try shop.tags(names.map { folder.appending(path: $0).path }, "-makernotes:all")
        let results = try shop.tags(names.map { "shrunk/\($0)" }, "-makernotes:all")
        for name in names {
            let before = originals[folder.appending(path: name).path] ?? [:]
            let after = results["shrunk/\(name)"] ?? [:]
            for (key, value) in before where !key.contains("PreviewImage") { #expect(after[key] == value, "\(key) of \(name)") }
        }
    }
}
