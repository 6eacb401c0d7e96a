// What scripts/fuzz hands mutated bytes to: all that reads bytes nobody vouches for. A trap, a hang or too much reading is a find.
import ImageFiles
import JobModel
import PDFAssembly
import Variables
import WireProtocol

/// A file in memory that ends the program when it is read more than a bounded number of times its size.
final class MeteredFile: ByteSource, RandomAccessFile {
    private let bytes: [UInt8]
    private var bytesLeft: Int
    private var readsLeft: Int

    init(_ bytes: [UInt8]) {
        self.bytes = bytes
        bytesLeft = 200 * bytes.count + (8 << 20)
        readsLeft = 20 * bytes.count + 10_000
    }

    var byteCount: UInt64 { UInt64(bytes.count) }

    func read(_ range: ByteRange) throws(ImageFileError) -> [UInt8] {
        guard range.offset <= byteCount, byteCount - range.offset >= range.count else { throw .truncated("") }
        return read(at: range.offset, count: Int(range.count))
    }

    func read(at offset: UInt64, count: Int) -> [UInt8] {
        bytesLeft -= count
        readsLeft -= 1
        precondition(bytesLeft >= 0, "more bytes were read than work on \(bytes.count) bytes may need")
        precondition(readsLeft >= 0, "more reads were made than work on \(bytes.count) bytes may need")
        return Array(bytes[Int(offset)..<(Int(offset) + count)])
    }
}

struct NoDigest: DigestStream {
    mutating func update(_ bytes: UnsafeRawBufferPointer) {}
    mutating func finish() -> Digest256 { Digest256(bytes: [UInt8](repeating: 0, count: 32)) }
}

private let edits: [[MetadataEdit]] = [
    [.setOrientation(6)], [.dropGPS], [.setPixelSize(width: 7, height: 9), .dropThumbnail], [.dropAll(keepOrientation: true)],
    [.keepOnly([.copyright, .icc])], [.keepOnly([.exif, .xmp]), .dropGPS, .setOrientation(1)], tagEdits, [.drop([.exif]), .drop([.iptc])],
    [.drop([.xmp])] + tagEdits, [.dropGPS, .drop([.iptc])],
]

/// Sets, deletes and renames of every kind; texts that fit where others stood, and one that does not.
private let tagEdits: [MetadataEdit] = {
    func tag(_ name: String) -> MetadataTag {
        guard let tag = MetadataTag(named: name) else { fatalError("no tag \(name)") }
        return tag
    }
    func set(_ name: String, _ text: String) -> MetadataEdit {
        do throws(ImageFileError) { return .setTag(tag(name), try tag(name).value(from: text)) } catch { fatalError("\(error)") }
    }
    return [
        set("exif:Artist", "A"), set("exif:Make", String(repeating: "long ", count: 40)), set("exif:UserComment", "é"),
        set("exif:GPSLatitude", "1 2 3"), .deleteTag(tag("exif:DateTime")), .renameTag(tag("exif:Software"), to: tag("exif:Copyright")),
        set("xmp:dc:title", "<&>"), set("xmp:dc:subject", "a; b"), .deleteTag(tag("xmp:dc:creator")), set("iptc:City", "Zürich"),
        set("iptc:Keywords", "x; y"), .renameTag(tag("iptc:Headline"), to: tag("xmp:photoshop:Headline")),
        .renameTag(tag("xmp:dc:rights"), to: tag("exif:Copyright")),
    ]
}()

/// A grey pixel: nine fields and the byte they describe.
private let plainTIFF: MemorySource = {
    let fields: [(tag: UInt8, type: UInt8, value: UInt8)] = [(0, 4, 1), (1, 4, 1), (2, 3, 8), (3, 3, 1), (6, 3, 1), (17, 4, 122), (21, 3, 1), (22, 4, 1), (23, 4, 1)]
    let entries: [UInt8] = fields.flatMap { [$0.tag, 1, $0.type, 0, 1, 0, 0, 0, $0.value, 0, 0, 0] }
    let header: [UInt8] = [0x49, 0x49, 42, 0, 8, 0, 0, 0, 9, 0]
    return MemorySource(header + entries + [UInt8](repeating: 0, count: 5))
}()

/// Whether `work` returned; throwing is right for most of these bytes.
@discardableResult
func tried(_ work: () throws(ImageFileError) -> Void) -> Bool {
    do throws(ImageFileError) {
        try work()
        return true
    } catch {
        return false
    }
}

func readPicture(_ bytes: [UInt8]) {
    guard let kind = ImageKind.of(prefix: Array(bytes.prefix(ImageKind.sniffBytes)), lowercasedExtension: "tif") else { return }
    tried { () throws(ImageFileError) in
        _ = try pageFacts(of: MeteredFile(bytes), kind: kind, in: .input, hashing: NoDigest.self)
    }
    var embedded = EmbeddedMetadata()
    tried { () throws(ImageFileError) in embedded = try embeddedMetadata(of: MeteredFile(bytes), kind: kind) }
    for list in edits {
        tried { () throws(ImageFileError) in
            let made = try editMetadata(list, of: MeteredFile(bytes), kind: kind)
            let joined = try made.joined(from: MeteredFile(bytes))
            precondition(joined.count <= 4 * bytes.count + 65_536, "an edit made \(bytes.count) bytes into \(joined.count)")
        }
        var block = EmbeddedMetadata()
        tried { () throws(ImageFileError) in block = try embedded.applying(list) }
        tried { () throws(ImageFileError) in _ = try replaceMetadata(with: block, in: MeteredFile(bytes), kind: kind) }
        if let exif = block.exif { tried { () throws(ImageFileError) in _ = try EXIFBlock(parsing: exif) } }
    }
    if kind == .jpeg {
        tried { () throws(ImageFileError) in
            let source = MeteredFile(bytes)
            let file = try JPEGFile(reading: source)
            _ = try file.iccProfile(in: source)
            _ = try file.endOfImage(in: source)
            _ = try file.hasDamagedPictureTable(in: source)
        }
    }
    tried { () throws(ImageFileError) in
        let moved = try embedded.edits(shiftingTimesBy: TimeShift(days: 3, minutes: -7))
        _ = try editMetadata(moved, of: MeteredFile(bytes), kind: kind).joined(from: MeteredFile(bytes))
    }
    if kind == .avif {
        let file = MemorySource(bytes)
        tried { () throws(ImageFileError) in _ = try AVIFMetadata.pieces(droppingEXIFOf: file).joined(from: file) }
        tried { () throws(ImageFileError) in _ = try AVIFMetadata.pieces(replacingEXIF: [1, 2, 3], in: file).joined(from: file) }
    }
}

func readMetadata(_ bytes: [UInt8]) {
    tried { () throws(ImageFileError) in
        let block = try EXIFBlock(parsing: bytes)
        let made = block.edited(orientation: 3, pixelSize: (4, 5), dropThumbnail: true, dropGPS: true)
        precondition(made.count <= 4 * bytes.count + 65_536, "an edit made \(bytes.count) bytes into \(made.count)")
    }
    tried { () throws(ImageFileError) in
        let made = try CarriedEXIF(bytes).pieces(addedTo: plainTIFF).joined(from: plainTIFF)
        precondition(made.count <= 4 * bytes.count + 65_536, "\(bytes.count) bytes of EXIF became \(made.count)")
    }
    for list in edits {
        tried { () throws(ImageFileError) in
            let old = EmbeddedMetadata(exif: bytes, xmp: bytes, extendedXMP: [bytes], photoshop: bytes)
            let made = try old.applying(list)
            _ = made.tagTexts(tagsMax: 100)
            _ = try old.edits(shiftingTimesBy: TimeShift(months: 1, seconds: -1))
        }
    }
    tried { () throws(ImageFileError) in _ = try GPXTrack(parsing: bytes) }
    _ = inflateZlib(bytes, bytesMax: 1 << 20)
    _ = inflateZlib([0x78, 0x9C] + bytes, bytesMax: 1 << 20)
}

/// A message that decodes must be one of ours: encoded and decoded again it is the same.
func readMessage<Message: WireCodable & Equatable>(_: Message.Type, _ bytes: [UInt8]) {
    do throws(WireError) {
        let message = try Message(wireBytes: bytes)
        let again = try Message(wireBytes: message.wireBytes)
        precondition(again == message, "a message is another after it was written and read")
    } catch {
        return
    }
}

/// As a stream: what a peer sends before and between frames, cut anywhere.
func readStream<Message: WireCodable>(_: Message.Type, _ bytes: [UInt8]) {
    var reader = FrameReader<Message>(awaitsMagic: bytes.first == magicBytes.first, noiseBytesMax: 64)
    do throws(WireError) {
        for start in stride(from: 0, to: bytes.count, by: 97) {
            reader.feed(bytes[start..<min(bytes.count, start + 97)])
            while try reader.nextFrame() != nil {}
        }
    } catch {
        return
    }
}

func readProtocol(_ bytes: [UInt8]) {
    readMessage(HeadMessage.self, bytes)
    readMessage(AgentMessage.self, bytes)
    readMessage(WorkerCommand.self, bytes)
    readMessage(WorkerMessage.self, bytes)
    readStream(HeadMessage.self, bytes)
    readStream(AgentMessage.self, bytes)
}

@_cdecl("LLVMFuzzerTestOneInput")
public func fuzz(_ start: UnsafePointer<UInt8>?, _ count: Int) -> Int32 {
    let bytes = Array(UnsafeBufferPointer(start: start, count: count))
    #if PDF
        _ = verifyPDF(MeteredFile(bytes)) { inflateZlib($0, bytesMax: $1) }
    #elseif METADATA
        readMetadata(bytes)
    #elseif PROTOCOL
        readProtocol(bytes)
    #else
        readPicture(bytes)
    #endif
    return 0
}
