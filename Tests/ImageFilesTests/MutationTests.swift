import ImageFiles
import JobModel
import SeededNumbers
import Testing

/// A file in memory that counts what is read of it.
private final class MeteredSource: ByteSource {
    private let bytes: [UInt8]
    private(set) var bytesRead: UInt64 = 0

    init(_ bytes: [UInt8]) {
        self.bytes = bytes
    }

    var byteCount: UInt64 { UInt64(bytes.count) }

    func read(_ range: ByteRange) throws(ImageFileError) -> [UInt8] {
        guard range.offset <= byteCount, byteCount - range.offset >= range.count else { throw .truncated("outside") }
        bytesRead += range.count
        return Array(bytes[Int(range.offset)..<Int(range.end)])
    }
}

/// A variant of `bytes`, by one of the ways files get broken; `other` lends parts. Most changes are where headers are.
private func mutated(_ bytes: [UInt8], other: [UInt8], with numbers: inout SeededNumbers) -> [UInt8] {
    guard !bytes.isEmpty else { return other }
    var result = bytes
    let near = Bool.random(using: &numbers) ? min(result.count, 256) : result.count
    let start = Int.random(in: 0..<near, using: &numbers)
    switch Int.random(in: 0..<6, using: &numbers) {
    case 0:
        result[start] ^= 1 << UInt8.random(in: 0...7, using: &numbers)
    case 1:
        result.removeLast(result.count * Int.random(in: 1...15, using: &numbers) / 16)
    case 2:
        let value: UInt8 = [0, 1, 0x7F, 0x80, 0xFF][Int.random(in: 0..<5, using: &numbers)]
        for index in start..<min(start + [1, 2, 4, 8][Int.random(in: 0..<4, using: &numbers)], result.count) { result[index] = value }
    case 3:
        let part = Array(result[start..<min(start + Int.random(in: 1...200, using: &numbers), result.count)])
        for _ in 0..<Int.random(in: 1...20, using: &numbers) { result.insert(contentsOf: part, at: start) }
    case 4:
        result.removeSubrange(start..<min(start + Int.random(in: 1...32, using: &numbers), result.count))
    default:
        result = Array(result[..<start] + other[Int.random(in: 0..<max(1, other.count), using: &numbers)...])
    }
    return result
}

@Suite("Broken pictures") struct MutationTests {
    private static let edits: [[MetadataEdit]] = [
        [.setOrientation(6)], [.dropGPS], [.setPixelSize(width: 7, height: 9), .dropThumbnail],
        [.dropAll(keepOrientation: true)], [.keepOnly([.copyright, .icc]), .dropGPS],
    ]

    /// Small files of every kind that is read, with all kinds of metadata where exiftool is installed.
    private static func corpus() throws -> [[UInt8]] {
        let block = Fixture.EXIF(isLittle: true).bytes
        let packet = Fixture.xmp("exif:GPSLatitude=\"48\"><tiff:Orientation>6</tiff:Orientation>")
        var files = [
            Fixture.jpeg(segments: [(0xE1, Fixture.exifSignature + block), (0xE1, Fixture.xmpSignature + packet)], tail: [1, 2, 3]),
            Fixture.EXIF(isLittle: false).bytes,
        ]
        guard Tool.isExiftoolHere else { return files }
        let folder = try TemporaryFolder()
        for name in ["a.png", "b.webp", "c.gif", "d.tif", "e.jpg"] {
            files.append(try Fixture.make(name, in: folder, tags: name == "c.gif" ? [] : Fixture.placeTags))
        }
        files.append(try Fixture.make("f.tif", in: folder, convert: ["-monochrome", "-compress", "Group4"]))
        for name in ["g.jp2", "h.j2k"] {
            do { files.append(try Fixture.make(name, in: folder)) } catch { continue }
        }
        return files
    }

    /// Runs `work` on a counted source; whether it throws says nothing.
    private static func spent(on bytes: [UInt8], _ work: (MeteredSource) throws(ImageFileError) -> Void) -> UInt64 {
        let source = MeteredSource(bytes)
        do throws(ImageFileError) { try work(source) } catch { return source.bytesRead }
        return source.bytesRead
    }

    @Test("are read and edited, or refused, with a bounded amount of reading", arguments: [1, 2, 3, 4])
    func bounded(seed: UInt64) throws {
        let corpus = try Self.corpus()
        var numbers = SeededNumbers(seed: seed)
        for _ in 0..<500 {
            var bytes = try #require(corpus.randomElement(using: &numbers))
            let other = try #require(corpus.randomElement(using: &numbers))
            for _ in 0..<Int.random(in: 1...3, using: &numbers) { bytes = mutated(bytes, other: other, with: &numbers) }
            guard let kind = ImageKind.sniff(Array(bytes.prefix(ImageKind.sniffBytes))) else { continue }
            let limit = 64 * UInt64(bytes.count) + (4 << 20)
            let facts = Self.spent(on: bytes) { source throws(ImageFileError) in
                _ = try pageFacts(of: source, kind: kind, in: .input, hashing: TestDigest.self)
            }
            let list = try #require(Self.edits.randomElement(using: &numbers))
            let edit = Self.spent(on: bytes) { source throws(ImageFileError) in
                let embedded = try embeddedMetadata(of: source, kind: kind).applying(list)
                _ = try editMetadata(list, of: source, kind: kind)
                _ = try replaceMetadata(with: embedded, in: source, kind: kind)
            }
            #expect(facts <= limit && edit <= limit, "seed \(seed): \(kind) of \(bytes.count) bytes, \(facts) and \(edit) read")
        }
    }

    @Test("whose metadata are broken are edited to no more than they were", arguments: [1, 2])
    func blocks(seed: UInt64) throws {
        let packet = Fixture.xmp("exif:GPSLatitude=\"48\" photoshop:City='Paris'><dc:title>t</dc:title>")
        let record: [UInt8] = [0x1C, 2, 90, 0, 5] + Array("Paris".utf8)
        let resources = Array("8BIM".utf8) + [4, 4, 0, 0, 0, 0, 0, 10] + record
        let corpus = [Fixture.EXIF(isLittle: true).bytes, Fixture.EXIF(isLittle: false).bytes, packet, resources]
        var numbers = SeededNumbers(seed: seed)
        for _ in 0..<300 {
            var bytes = try #require(corpus.randomElement(using: &numbers))
            let other = try #require(corpus.randomElement(using: &numbers))
            for _ in 0..<Int.random(in: 1...3, using: &numbers) { bytes = mutated(bytes, other: other, with: &numbers) }
            for list in [[MetadataEdit.dropGPS], [.setOrientation(3)]] {
                let made = try EmbeddedMetadata(exif: bytes, xmp: bytes, photoshop: bytes).applying(list)
                #expect(made.xmp?.count ?? 0 <= bytes.count)
                #expect(made.photoshop?.count ?? 0 <= bytes.count)
                #expect(made.exif?.count ?? 0 <= bytes.count + 1_024 + 12)
            }
            _ = inflateZlib(bytes, bytesMax: 10_000)
        }
    }

    /// Found by fuzzing: 20,000 fields took ten seconds, each of them being looked for among all others.
    @Test("with thousands of fields are edited without reading them over and over")
    func manyFields() throws {
        var file: [UInt8] = [0x49, 0x49, 42, 0] + long(8) + short(20_002)
        file += field(256, value: 1) + field(257, value: 1)
        for index in 0..<20_000 { file += short(30_000 + index) + short(1) + long(5) + long(8 + index) }
        file += long(0)
        let source = MeteredSource(file)
        let made = try editMetadata([.dropAll(keepOrientation: false)], of: source, kind: .tiff)
        #expect(made.byteCount == UInt64(file.count))
        #expect(source.bytesRead < 20 * source.byteCount)
    }

    @Test("with directories that lie over each other are not read over and over")
    func overlappingDirectories() throws {
        // Directory n begins at byte 8 + 12 n and claims 2,000 fields; two bytes of each twelve are the next one's count.
        let (directories, fields) = (1_000, 2_000)
        var file: [UInt8] = [0x49, 0x49, 42, 0] + long(8)
        for unit in 0..<(directories + fields) {
            let next = unit >= fields ? long(8 + 12 * (unit - fields + 1)) : short(256 + unit) + short(3)
            file += short(fields) + next + long(1) + short(1)
        }
        let source = MeteredSource(file)
        let picture = try TIFFFile(reading: source)
        #expect(!picture.isComplete)
        #expect(picture.pages.count == 1)
        #expect(source.bytesRead < 10 * source.byteCount, "\(source.bytesRead) of \(source.byteCount) bytes")
    }

    private func short(_ value: Int) -> [UInt8] { [UInt8(value & 255), UInt8(value >> 8 & 255)] }
    private func long(_ value: Int) -> [UInt8] { short(value & 0xFFFF) + short(value >> 16) }
    private func field(_ tag: Int, value: Int) -> [UInt8] { short(tag) + short(3) + long(1) + long(value) }
}
