import ImageFiles
import JobModel
import Testing

enum Oracle {
    private static let placeNames = [
        "City", "Sub-location", "Province-State", "Country-PrimaryLocationName", "Country-PrimaryLocationCode", "Location",
    ]

    /// By exiftool: no position or place name is left, every other tag is as it was.
    static func expectPlacesGone(_ old: String, _ new: String, in folder: TemporaryFolder) throws {
        let tags = try Tool.tags([old, new], in: folder.url)
        let before = try #require(tags[old])
        let after = try #require(tags[new])
        func tellsPlace(_ key: String) -> Bool {
            let tag = key.split(separator: ":").last.map(String.init) ?? key
            // ImageMagick writes properties of EXIF and XMP as text chunks of a PNG too.
            let property = ["exif", "xmp", "photoshop", "iptc4xmpcore"].first(where: tag.lowercased().hasPrefix) ?? ""
            if key.hasPrefix("PNG:"), placeNames.contains(String(tag.dropFirst(property.count))) { return true }
            return ["GPS", "ExifGPS", "XmpGPS"].contains(where: tag.hasPrefix) || placeNames.contains(tag)
        }
        #expect(before.keys.contains(where: tellsPlace), "\(old) has nothing to clear")
        #expect(!after.keys.contains(where: tellsPlace), "\(after.keys.filter(tellsPlace))")
        let derived = ["File:FileSize", "File:CurrentIPTCDigest", "ExifTool:Warning"]
        for (key, value) in before where !tellsPlace(key) && !derived.contains(key) && !key.hasPrefix("Composite") {
            #expect(after[key] == value, "\(key)")
        }
    }
}

enum Mutation {
    /// Runs every reader and editor over every truncation and over three values of every byte; nothing may trap.
    static func exercise(_ bytes: [UInt8], _ kind: ImageKind) throws {
        let edits: [[MetadataEdit]] = [[.dropGPS, .setOrientation(8)], [.dropAll(keepOrientation: true)]]
        func run(_ changed: [UInt8]) {
            let source = MemorySource(changed)
            _ = ImageKind.sniff(Array(changed.prefix(ImageKind.sniffBytes)))
            for edit in edits { _ = try? editMetadata(edit, of: source, kind: kind).joined(from: source) }
            _ = try? embeddedMetadata(of: source, kind: kind)
            _ = try? pageFacts(of: source, kind: kind, in: .input, hashing: TestDigest.self)
        }
        // The padding of XMP packets, two thousand spaces, is all alike.
        let places = bytes.indices.filter { bytes[$0] != 0x20 || $0 % 64 == 0 }
        for count in places { run(Array(bytes[..<count])) }
        for place in places {
            for value in [0, 0xFF, bytes[place] ^ 1] as [UInt8] where value != bytes[place] {
                var changed = bytes
                changed[place] = value
                run(changed)
            }
        }
    }
}
