import Foundation
import ImageFiles
import JobModel
import Testing

/// Real files, tag by tag against exiftool.
@Suite("Tags of real pictures", .enabled(if: Tool.isExiftoolHere && !Samples.names.isEmpty)) struct TagSampleTests {
    /// Offset and bytes of the maker note of an EXIF block, found by walking its directories.
    private func makerNote(_ block: [UInt8]) -> [UInt8]? {
        func number(_ at: Int, _ count: Int) -> Int {
            guard at >= 0, at + count <= block.count else { return 0 }
            let bytes = block[at..<(at + count)]
            return (block[0] == 0x49 ? Array(bytes.reversed()) : Array(bytes)).reduce(0) { $0 << 8 | Int($1) }
        }
        func entry(_ tag: Int, in directory: Int) -> Int? {
            (0..<number(directory, 2)).map { directory + 2 + 12 * $0 }.first { number($0, 2) == tag }
        }
        guard let pointer = entry(0x8769, in: number(4, 4)), let note = entry(0x927C, in: number(pointer + 8, 4)) else { return nil }
        let (count, offset) = (number(note + 4, 4), number(note + 8, 4))
        guard count > 4, offset + count <= block.count else { return nil }
        return Array("\(offset):".utf8) + block[offset..<(offset + count)]
    }

    /// Without guesses, which depend on what stands beside a maker note, and without the digest by which Photoshop sees, rightly, that
    /// IPTC changed.
    private func warnings(_ tags: [String: String]) -> [String] {
        (tags["ExifTool:Warning"] ?? "").components(separatedBy: " | ").filter { !$0.hasPrefix("[minor]") && !$0.hasPrefix("IPTCDigest") && !$0.isEmpty }
    }

    @Test("What was not asked to change did not")
    func samples() throws {
        let folder = try TemporaryFolder()
        let long = "A name that is longer than what any camera left room for, © Zoë"
        var pairs: [(name: String, old: String, new: String)] = []
        var makerNotes: [String: [UInt8]] = [:]
        for (index, name) in Samples.names.filter({ $0.hasPrefix("exif/") }).enumerated() {
            let bytes = try Samples.read(name)
            guard let kind = ImageKind.sniff(Array(bytes.prefix(ImageKind.sniffBytes))), kind == .jpeg || kind == .tiff else { continue }
            let edits = [
                try TagEditTests.set("exif:Artist", long), try TagEditTests.set("exif:DateTimeOriginal", "2001:02:03 04:05:06"),
                try TagEditTests.set("exif:LensModel", long), try TagEditTests.set("exif:GPSImgDirection", "12.5"),
                try TagEditTests.delete("exif:Make"), try TagEditTests.set("xmp:dc:rights", long), try TagEditTests.set("iptc:City", "Zoë"),
            ]
            let new = try edited(bytes, kind, edits)
            if let exif = try embeddedMetadata(of: MemorySource(bytes), kind: kind).exif,
                let note = makerNote(exif), kind == .jpeg
            {
                makerNotes[name] = note
                // At the same offset of the block too.
                let after = try #require(try embeddedMetadata(of: MemorySource(new), kind: kind).exif)
                #expect(makerNote(after) == note, "\(name)")
            }
            pairs.append((name, "\(index)-old", "\(index)-new"))
            try folder.write(bytes, as: "\(index)-old")
            try folder.write(new, as: "\(index)-new")
        }
        #expect(makerNotes.count >= 7)
        let tags = try Tool.tags(pairs.flatMap { [$0.old, $0.new] }, in: folder.url)
        let asked: Set = [
            "IFD0:Artist", "ExifIFD:DateTimeOriginal", "ExifIFD:LensModel", "GPS:GPSImgDirection", "IFD0:Make", "XMP-dc:Rights", "IPTC:City",
            // Come with a directory, a record or a packet that was not there.
            "ExifIFD:ExifVersion", "GPS:GPSVersionID", "IPTC:ApplicationRecordVersion", "IPTC:CodedCharacterSet", "XMP-x:XMPToolkit",
        ]
        for pair in pairs {
            let (before, after) = (try #require(tags[pair.old]), try #require(tags[pair.new]))
            for key in Set(before.keys).union(after.keys) where before[key] != after[key] {
                guard !asked.contains(key), !TagEditTests.isDerived(key) else { continue }
                Issue.record("\(pair.name): \(key) was \(before[key] ?? "nothing") and is \(after[key] ?? "nothing")")
            }
            #expect(after["IFD0:Artist"] == long && after["ExifIFD:LensModel"] == long && after["XMP-dc:Rights"] == long, "\(pair.name)")
            #expect(after["IPTC:City"] == "Zoë" && after["GPS:GPSImgDirection"] == "12.5" && after["IFD0:Make"] == nil, "\(pair.name)")
            #expect(warnings(after) == warnings(before), "\(pair.name)")
        }
    }
}
