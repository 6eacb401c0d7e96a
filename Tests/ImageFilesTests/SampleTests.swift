import Foundation
import ImageFiles
import JobModel
import Testing

/// Every sample through every edit, with exiftool and ImageMagick as judges.
@Suite("Real files", .enabled(if: Tool.isExiftoolHere && !Samples.names.isEmpty), .serialized)
struct SampleTests {
    private struct Sample {
        var name: String
        var kind: ImageKind
        var bytes: [UInt8]
        /// A name without folders that keeps the extension.
        var flat: String { name.replacingOccurrences(of: "/", with: "_") }
    }

    private static func editable() throws -> [Sample] {
        try Samples.names.compactMap { name in
            let bytes = try Samples.read(name)
            guard let kind = ImageKind.sniff(Array(bytes.prefix(ImageKind.sniffBytes))),
                [.jpeg, .png, .tiff, .webp, .gif].contains(kind)
            else { return nil }
            return Sample(name: name, kind: kind, bytes: bytes)
        }
    }

    /// Tags that speak of the file's layout, not of the picture.
    private static func content(_ tags: [String: String]) -> [String: String] {
        tags.filter { key, _ in
            let isLayout = ["FileSize", "FileType", "FileTypeExtension", "Warning", "Error", "ThumbnailOffset", "HasExtendedXMP"]
                .contains { key.hasSuffix($0) }
            return !key.hasPrefix("ExifTool:") && !isLayout
        }
    }

    private struct Comparison {
        var name: String
        var old: [String: String]
        var new: [String: String]
    }

    /// The tags of every sample that the edits apply to, before and after; the pixels have to agree.
    private func compared(_ edits: [MetadataEdit]) throws -> [Comparison] {
        let folder = try TemporaryFolder()
        var samples: [Sample] = []
        for sample in try Self.editable() {
            guard let new = try editedIfSupported(sample.bytes, sample.kind, edits) else { continue }
            try folder.write(sample.bytes, as: "old-" + sample.flat)
            try folder.write(new, as: "new-" + sample.flat)
            samples.append(sample)
        }
        let tags = try Tool.tags(samples.flatMap { ["old-" + $0.flat, "new-" + $0.flat] }, in: folder.url)
        var found: [Comparison] = []
        for sample in samples {
            let old = try #require(tags["old-" + sample.flat])
            let new = try #require(tags["new-" + sample.flat])
            found.append(Comparison(name: sample.name, old: Self.content(old), new: Self.content(new)))
            let oldPixels = try Tool.pixels("old-" + sample.flat, in: folder.url)
            let newPixels = try Tool.pixels("new-" + sample.flat, in: folder.url)
            #expect(oldPixels == newPixels, "pixels of \(sample.name)")
        }
        return found
    }

    private static let placeNames = [
        "City", "Sub-location", "Province-State", "Country-PrimaryLocationName", "Country-PrimaryLocationCode", "Location",
    ]

    private static func tellsPlace(_ key: String) -> Bool {
        let tag = key.split(separator: ":").last.map(String.init) ?? key
        return tag.hasPrefix("GPS") || placeNames.contains(tag)
            || key.hasPrefix("XMP-photoshop") && ["State", "Country"].contains(tag)
    }

    @Test("dropGPS leaves no position or place name and every other tag as it was")
    func gps() throws {
        for one in try compared([.dropGPS]) {
            let (name, old, new) = (one.name, one.old, one.new)
            let left = new.keys.filter { Self.tellsPlace($0) }
            #expect(left.isEmpty, "\(name): \(left)")
            let derived = ["CurrentIPTCDigest", "XMPToolkit"]
            for (key, value) in old where !Self.tellsPlace(key) {
                let tag = key.split(separator: ":").last.map(String.init) ?? key
                let isBehindTheEnd =
                    key.hasPrefix("MPF") || key.hasPrefix("MPImage") || key.hasPrefix("Composite") || key.hasPrefix("Trailer")
                if isBehindTheEnd || derived.contains(tag) || key.contains("Samsung:") { continue }
                #expect(new[key] == value, "\(name): \(key)")
            }
        }
    }

    @Test("dropAll leaves nothing but how the picture looks")
    func all() throws {
        for one in try compared([.dropAll(keepOrientation: true)]) {
            let (name, old, new) = (one.name, one.old, one.new)
            for key in new.keys {
                let group = key.split(separator: ":").first.map(String.init) ?? key
                let isOrientation = key.hasSuffix(":Orientation") || key == "File:ExifByteOrder"
                // TIFF mixes picture and metadata in IFD0; ContainerTests looks closer.
                if name.hasSuffix(".tif") || name.hasSuffix(".tiff"), group.hasPrefix("IFD") { continue }
                let isPicture = ["File", "JFIF", "Adobe", "PNG", "PNG-pHYs", "PNG-cICP", "GIF", "RIFF", "Composite"].contains(
                    group)
                #expect(isOrientation || isPicture || group.hasPrefix("ICC") || group.hasPrefix("ExifTool"), "\(name): \(key)")
            }
            let oldOrientation = old.first { $0.key == "IFD0:Orientation" }?.value
            if let oldOrientation, let number = Int(oldOrientation), (2...8).contains(number) {
                #expect(new.first { $0.key.hasSuffix(":Orientation") }?.value == oldOrientation, "\(name)")
            }
            for (key, value) in old where key.hasPrefix("ICC") { #expect(new[key] == value, "\(name): \(key)") }
        }
    }

    @Test("setOrientation changes Orientation alone", arguments: [1, 6])
    func orientation(_ value: Int) throws {
        for one in try compared([.setOrientation(value)]) {
            let (name, old, new) = (one.name, one.old, one.new)
            if value != 1 {
                #expect(
                    new.contains { $0.key.hasPrefix("IFD0") && $0.key.hasSuffix(":Orientation") && $0.value == "\(value)" },
                    "\(name)")
            }
            // A WebP that gets an EXIF chunk states its size a second time.
            for (key, before) in old where !key.hasPrefix("Composite") && !key.hasPrefix("RIFF:Image") {
                let isOrientation = key.hasSuffix(":Orientation") && !key.contains("Canon") && !key.hasPrefix("MakerNotes")
                if isOrientation {
                    if key.hasPrefix("IFD") || key.hasPrefix("XMP-tiff") { #expect(new[key] == "\(value)", "\(name): \(key)") }
                } else {
                    #expect(new[key] == before, "\(name): \(key)")
                }
            }
        }
    }

    @Test("An edit that changes nothing is a plain copy")
    func nothing() throws {
        for sample in try Self.editable() {
            let source = MemorySource(sample.bytes)
            let pieces = try editMetadata([], of: source, kind: sample.kind)
            #expect(pieces.isVerbatim(ofByteCount: source.byteCount), "\(sample.name)")
        }
    }

    @Test("Content is recognised and agrees with the name")
    func kinds() throws {
        for name in Samples.names {
            let bytes = try Samples.read(name)
            let kind = try #require(ImageKind.sniff(Array(bytes.prefix(ImageKind.sniffBytes))), "\(name)")
            #expect(kind.matchesExtension(RawPath(name).lowercasedExtension), "\(name) is \(kind)")
        }
    }
}
