import Foundation
import ImageFiles
import JobModel
import Testing

/// Edits of files that hold more than one picture: the others stay where readers look for them.
@Suite("Edits beside other pictures", .enabled(if: Tool.isExiftoolHere)) struct OtherPictureTests {
    /// A JPEG with metadata, a multi-picture table before or behind them, and a second picture behind its end.
    private func pictures(_ folder: TemporaryFolder, tableFirst: Bool, damage: (inout [UInt8]) -> Void = { _ in }) throws -> (file: [UInt8], second: [UInt8]) {
        let first = try Fixture.make("a.jpg", in: folder, tags: Fixture.placeTags + Fixture.iptcTags)
        let second = try Fixture.make("b.jpg", in: folder, convert: ["-negate"], tags: ["-Artist=Second"])
        func little(_ value: Int, _ count: Int) -> [UInt8] { (0..<count).map { UInt8(truncatingIfNeeded: value >> ($0 * 8)) } }
        // Behind JFIF's segment, or before the tables of quantisation.
        let place = tableFirst ? 20 : try #require(first.firstRange(of: [0xFF, 0xDB])).lowerBound
        let segmentBytes = 2 + 2 + 4 + 82
        func table(first size: Int) -> [UInt8] {
            let origin = place + 8
            var block = Array("II*\0".utf8) + little(8, 4) + little(3, 2)
            block += little(0xB000, 2) + little(7, 2) + little(4, 4) + Array("0100".utf8)
            block += little(0xB001, 2) + little(4, 2) + little(1, 4) + little(2, 4)
            block += little(0xB002, 2) + little(7, 2) + little(32, 4) + little(50, 4) + little(0, 4)
            block += little(0x030000, 4) + little(size, 4) + little(0, 8)
            return block + little(0, 4) + little(second.count, 4) + little(size - origin, 4) + little(0, 4)
        }
        var block = table(first: first.count + segmentBytes)
        damage(&block)
        let segment = [0xFF, 0xE2] + [0, UInt8(segmentBytes - 2)] + Array("MPF\0".utf8) + block
        return (first[..<place] + segment + first[place...] + second, second)
    }

    private static let long = String(repeating: "long ", count: 300)

    @Test(
        "The second picture of a JPEG is where its table says, whatever goes from the first or comes into it", arguments: [true, false],
        ["iptc", "xmp", "exif", "tag", "all tags"])
    func multiPicture(tableFirst: Bool, edit: String) throws {
        let folder = try TemporaryFolder()
        let (old, second) = try pictures(folder, tableFirst: tableFirst)
        let edits: [MetadataEdit] =
            switch edit {
            case "iptc": [.drop([.iptc])]
            case "xmp": [.drop([.xmp])]
            case "exif": [.drop([.exif])]
            case "tag": [try TagEditTests.set("exif:Artist", Self.long)]
            default: [.drop([.exif, .xmp, .iptc]), try TagEditTests.set("xmp:dc:title", Self.long)]
            }
        let new = try edited(old, .jpeg, edits)
        #expect(new.count != old.count)
        try folder.write(old, as: "old.jpg")
        try folder.write(new, as: "new.jpg")
        for name in ["old.jpg", "new.jpg"] {
            let extracted = try Tool.run(["exiftool", "-b", "-MPImage2", name], in: folder.url)
            #expect([UInt8](extracted) == second, "\(name)")
        }
        let entry = try #require(new.firstRange(of: Array("MPF\0".utf8))).upperBound + 50
        let size = (0..<4).reduce(0) { $0 | Int(new[entry + 4 + $1]) << ($1 * 8) }
        #expect(size == new.count - second.count)
        #expect(Array(new.suffix(second.count)) == second)
    }

    @Test("A damaged table hinders no edit, and is known")
    func damagedTable() throws {
        let folder = try TemporaryFolder()
        for damage in [{ $0[0] = 7 }, { $0[4] = 0xFF }, { $0[8 + 2 + 24 + 8] = 0xF0 }] as [(inout [UInt8]) -> Void] {
            let (old, second) = try pictures(folder, tableFirst: true, damage: damage)
            #expect(try JPEGFile(reading: MemorySource(old)).hasDamagedPictureTable(in: MemorySource(old)))
            let new = try edited(old, .jpeg, [.drop([.iptc]), try TagEditTests.set("exif:Artist", Self.long)])
            #expect(try EXIFBlock(parsing: try #require(try embeddedMetadata(of: MemorySource(new), kind: .jpeg).exif)).make == "Quirecam")
            #expect(Array(new.suffix(second.count)) == second)
        }
        let (sound, _) = try pictures(folder, tableFirst: false)
        #expect(try !JPEGFile(reading: MemorySource(sound)).hasDamagedPictureTable(in: MemorySource(sound)))
    }

    @Test("A directory that two pages of a TIFF share stays for the second", arguments: ["exif:LensModel", "exif:GPSLatitude", "exif:Artist"])
    func sharedDirectory(tag: String) throws {
        let folder = try TemporaryFolder()
        try Tool.run(["convert", "-size", "40x30", "gradient:", "-size", "30x40", "gradient:", "-strip", "a.tif"], in: folder.url)
        try Tool.run(["exiftool", "-q", "-overwrite_original"] + Fixture.placeTags + ["-LensModel=Short", "a.tif"], in: folder.url)
        var old = try folder.read("a.tif")
        let isLittle = old[0] == 0x49
        func number(_ at: Int, _ count: Int) -> Int {
            (isLittle ? Array(old[at..<(at + count)].reversed()) : Array(old[at..<(at + count)])).reduce(0) { $0 << 8 | Int($1) }
        }
        func entries(_ directory: Int) -> [Int] { (0..<number(directory, 2)).map { directory + 2 + 12 * $0 } }
        let first = number(4, 4)
        let second = number(first + 2 + 12 * number(first, 2), 4)
        let pointers = entries(first).filter { [0x8769, 0x8825].contains(number($0, 2)) }
        try #require(pointers.count == 2 && second != 0)
        // The second page's last two fields, of no use to decoders, become pointers to the first one's directories.
        for (entry, pointer) in zip(entries(second).suffix(2), pointers) { old.replaceSubrange(entry..<(entry + 12), with: old[pointer..<(pointer + 12)]) }
        let text = tag == "exif:GPSLatitude" ? "1 2 3" : String(repeating: "long ", count: 30)
        let new = try edited(old, .tiff, [try TagEditTests.set(tag, text), try TagEditTests.delete("exif:ExposureTime")])
        let sizes = [1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 7: 1, 9: 4, 10: 8]
        for pointer in pointers {
            let shared = number(pointer + 8, 4)
            let range = shared..<(shared + 2 + 12 * number(shared, 2) + 4)
            #expect(new[range] == old[range])
            for entry in entries(shared) {
                let bytes = number(entry + 4, 4) * (sizes[number(entry + 2, 2)] ?? 0)
                let value = number(entry + 8, 4)
                if bytes > 4 { #expect(new[value..<(value + bytes)] == old[value..<(value + bytes)]) }
            }
        }
        // The first page has the new value all the same.
        let block = try EmbeddedMetadata(exif: try embeddedMetadata(of: MemorySource(new), kind: .tiff).exif)
        #expect(block.texts(of: try #require(MetadataTag(named: tag)))?.first?.hasPrefix(tag == "exif:GPSLatitude" ? "1/1" : "long") == true)
    }
}
