public import JobModel

/// A WebP file's RIFF chunks (RFC 9649), read without decoding.
public struct WebPFile: Hashable, Sendable {
    public struct Chunk: Hashable, Sendable {
        /// Four characters.
        public var type: String
        /// With type, size and the padding byte.
        public var range: ByteRange
        public var data: ByteRange
    }

    public let width: Int
    public let height: Int
    public let hasAlpha: Bool
    /// 1 for a still picture.
    public let frameCount: Int
    public let isLossless: Bool
    public let chunks: [Chunk]
    /// False when the file ends before the RIFF container does.
    public let isComplete: Bool
    public let exif: EXIFBlock?

    static let chunksMax = 100_000
    static let metadataBytesMax: UInt64 = 64 << 20

    public init(reading source: some ByteSource) throws(ImageFileError) {
        var reader = WindowReader(source, windowBytes: 4_096)
        guard source.byteCount >= 12 else { throw .notThisKind }
        let head = try reader.bytes(at: 0, count: 12)
        guard head.has("RIFF", at: 0), head.has("WEBP", at: 8), let size = ByteOrder.little.uint32(head, 4) else {
            throw .notThisKind
        }
        let statedEnd = UInt64(size) + 8
        let end = min(statedEnd, source.byteCount)
        var chunks: [Chunk] = []
        var position: UInt64 = 12
        var isCut = statedEnd > source.byteCount
        while position < end, end - position >= 8 {
            let header = try reader.bytes(at: position, count: 8)
            guard let bytes = ByteOrder.little.uint32(header, 4) else { break }
            let data = ByteRange(offset: position + 8, count: UInt64(bytes))
            guard data.end <= end else {
                isCut = true
                break
            }
            guard chunks.count < Self.chunksMax else { throw .unsupported("more than \(Self.chunksMax) chunks") }
            // Some writers leave the padding of the last chunk away.
            let next = min(data.end + data.count % 2, end)
            chunks.append(
                Chunk(
                    type: String(decoding: header[..<4], as: UTF8.self),
                    range: ByteRange(offset: position, count: next - position), data: data))
            position = next
        }
        guard let first = chunks.first else {
            throw isCut ? .truncated("the file ends inside its first chunk") : .damaged("the container is empty")
        }
        let shape = try Self.shape(first, &reader)
        width = shape.width
        height = shape.height
        isComplete = !isCut
        self.chunks = chunks
        let frames = chunks.filter { $0.type == "ANMF" }.count
        frameCount = max(1, frames)
        isLossless = !chunks.contains { $0.type == "VP8 " } && frames == 0
        // VP8X states what is inside; a bare VP8L states its own.
        hasAlpha = shape.hasAlpha
        exif = .ifReadable(try Self.exifBytes(chunks, source))
    }

    public func chunks(_ type: String) -> [Chunk] { chunks.filter { $0.type == type } }

    /// The EXIF and XMP blocks as they stand in the file.
    public func metadata(in source: some ByteSource) throws(ImageFileError) -> EmbeddedMetadata {
        EmbeddedMetadata(exif: try Self.exifBytes(chunks, source), xmp: try Self.read(chunks.first { $0.type == "XMP " }, source))
    }

    static func read(_ chunk: Chunk?, _ source: some ByteSource) throws(ImageFileError) -> [UInt8]? {
        guard let chunk, chunk.data.count <= metadataBytesMax else { return nil }
        return try source.read(chunk.data)
    }

    /// Some writers put JPEG's signature before the block.
    static func exifBytes(_ chunks: [Chunk], _ source: some ByteSource) throws(ImageFileError) -> [UInt8]? {
        guard let block = try read(chunks.first { $0.type == "EXIF" }, source) else { return nil }
        return block.has(JPEGSignature.exif, at: 0) ? Array(block.dropFirst(JPEGSignature.exif.count)) : block
    }

    private static func shape<Source: ByteSource>(
        _ first: Chunk, _ reader: inout WindowReader<Source>
    ) throws(ImageFileError) -> (width: Int, height: Int, hasAlpha: Bool) {
        let head = try reader.prefix(at: first.data.offset, count: Int(min(10, first.data.count)))
        switch first.type {
        case "VP8X":
            guard head.count == 10, let width = ByteOrder.little.number(head, 4, byteCount: 3),
                let height = ByteOrder.little.number(head, 7, byteCount: 3)
            else { throw .damaged("the VP8X chunk is too short") }
            return (Int(width) + 1, Int(height) + 1, head[0] & WebPFlags.alpha != 0)
        case "VP8 ":
            guard head.count == 10, head.has([0x9D, 0x01, 0x2A], at: 3), let width = ByteOrder.little.uint16(head, 6),
                let height = ByteOrder.little.uint16(head, 8), width & 0x3FFF > 0, height & 0x3FFF > 0
            else { throw .damaged("the VP8 frame header is not one") }
            return (Int(width & 0x3FFF), Int(height & 0x3FFF), false)
        case "VP8L":
            guard head.count >= 5, head[0] == 0x2F, let bits = ByteOrder.little.uint32(head, 1) else {
                throw .damaged("the VP8L header is not one")
            }
            return (Int(bits & 0x3FFF) + 1, Int(bits >> 14 & 0x3FFF) + 1, bits >> 28 & 1 == 1)
        default:
            throw .damaged("the file begins with a chunk of an unknown kind")
        }
    }
}

/// Bits of the first byte of VP8X (RFC 9649, 2.7).
enum WebPFlags {
    static let profile: UInt8 = 0x20
    static let alpha: UInt8 = 0x10
    static let exif: UInt8 = 0x08
    static let xmp: UInt8 = 0x04
}
