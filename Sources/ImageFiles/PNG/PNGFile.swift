public import JobModel

/// A PNG file's chunks (ISO/IEC 15948), read without decompressing pixels.
public struct PNGFile: Hashable, Sendable {
    public struct Chunk: Hashable, Sendable {
        /// Four letters.
        public var type: String
        /// With length, type and checksum.
        public var range: ByteRange
        public var data: ByteRange { ByteRange(offset: range.offset + 8, count: range.count - 12) }
    }

    /// 1 to 2^31-1.
    public let width: Int
    public let height: Int
    /// Bits a component: 1, 2, 4, 8 or 16.
    public let bitDepth: Int
    /// 0 grey, 2 RGB, 3 palette, 4 grey and alpha, 6 RGB and alpha.
    public let colourType: Int
    public let isInterlaced: Bool
    /// In file order, up to IEND or to where the file breaks off.
    public let chunks: [Chunk]
    /// False when the file ends before IEND.
    public let isComplete: Bool
    /// pHYs, else eXIf.
    public let density: Density?
    /// Of the eXIf chunk; nil when there is none or it cannot be read.
    public let exif: EXIFBlock?
    /// More than one frame (APNG).
    public let frameCount: Int

    static let chunksMax = 4_000_000
    static let metadataBytesMax: UInt64 = 64 << 20

    public init(reading source: some ByteSource) throws(ImageFileError) {
        var reader = WindowReader(source, windowBytes: 4_096)
        guard source.byteCount >= 8, try reader.bytes(at: 0, count: 8) == pngSignature else { throw .notThisKind }
        let chunks = try Self.chunks(&reader, source, upTo: "IEND")
        guard let first = chunks.first else { throw .truncated("the file ends inside its header") }
        guard first.type == "IHDR", first.data.count == 13 else { throw .damaged("the file does not begin with a header chunk") }
        let header = try reader.bytes(at: first.data.offset, count: 13)
        guard let width = ByteOrder.big.uint32(header, 0), let height = ByteOrder.big.uint32(header, 4),
            (1...UInt32(Int32.max)).contains(width), (1...UInt32(Int32.max)).contains(height),
            Self.isLegal(colourType: header[9], bitDepth: header[8]), header[10] == 0, header[11] == 0, header[12] <= 1
        else { throw .damaged("the header chunk states an impossible picture") }
        self.width = Int(width)
        self.height = Int(height)
        bitDepth = Int(header[8])
        colourType = Int(header[9])
        isInterlaced = header[12] == 1
        isComplete = chunks.last?.type == "IEND"
        self.chunks = chunks
        exif = try Self.exif(chunks, source)
        density = try Self.physicalDensity(chunks, source) ?? exif?.density
        frameCount = try Self.frameCount(chunks, source)
    }

    /// Frames of an animation (APNG), 1 without one; reads no further than the first pixels, before which it is stated.
    public static func frameCount(in source: some ByteSource) throws(ImageFileError) -> Int {
        var reader = WindowReader(source, windowBytes: 4_096)
        guard source.byteCount >= 8, try reader.bytes(at: 0, count: 8) == pngSignature else { throw .notThisKind }
        return try frameCount(try chunks(&reader, source, upTo: "IDAT"), source)
    }

    /// From the first one to one of type `last`, or to where the file breaks off.
    private static func chunks<Source: ByteSource>(
        _ reader: inout WindowReader<Source>, _ source: Source, upTo last: String
    ) throws(ImageFileError) -> [Chunk] {
        var chunks: [Chunk] = []
        var position: UInt64 = 8
        while chunks.last?.type != last, source.byteCount - position >= 12 {
            let head = try reader.bytes(at: position, count: 8)
            guard let length = ByteOrder.big.uint32(head, 0), length <= UInt32(Int32.max), head[4...].allSatisfy(isLetter) else {
                throw .damaged("no chunk begins at \(position)")
            }
            guard chunks.count < chunksMax else { throw .unsupported("more than \(chunksMax) chunks") }
            let range = ByteRange(offset: position, count: UInt64(length) + 12)
            guard source.contains(range) else { break }
            chunks.append(Chunk(type: String(decoding: head[4...], as: UTF8.self), range: range))
            position = range.end
        }
        return chunks
    }

    public func chunks(_ type: String) -> [Chunk] { chunks.filter { $0.type == type } }

    /// Offset behind IEND; nil when the file breaks off before it.
    public var endOfImage: UInt64? { isComplete ? chunks.last?.range.end : nil }

    /// Whether a chunk's checksum fits its bytes.
    public func isIntact(_ chunk: Chunk, in source: some ByteSource) throws(ImageFileError) -> Bool {
        var crc = CRC32()
        var position = chunk.range.offset + 4
        let end = chunk.range.end - 4
        while position < end {
            let count = min(1 << 20, end - position)
            crc.update(try source.read(ByteRange(offset: position, count: count)))
            position += count
        }
        return ByteOrder.big.uint32(try source.read(ByteRange(offset: end, count: 4)), 0) == crc.value
    }

    /// The EXIF and XMP blocks as they stand in the file; compressed XMP is decompressed.
    public func metadata(in source: some ByteSource) throws(ImageFileError) -> EmbeddedMetadata {
        var found = EmbeddedMetadata()
        if let chunk = chunks("eXIf").first, chunk.data.count <= Self.metadataBytesMax {
            found.exif = try source.read(chunk.data)
        }
        for chunk in chunks where chunk.type == "iTXt" && chunk.data.count <= Self.metadataBytesMax {
            let text = PNGText(chunk.type, try source.read(chunk.data))
            if found.xmp == nil, text?.content == .xmp { found.xmp = text?.text }
        }
        return found
    }

    private static func isLetter(_ byte: UInt8) -> Bool { (0x41...0x5A).contains(byte) || (0x61...0x7A).contains(byte) }

    private static func isLegal(colourType: UInt8, bitDepth: UInt8) -> Bool {
        switch colourType {
        case 0: [1, 2, 4, 8, 16].contains(bitDepth)
        case 3: [1, 2, 4, 8].contains(bitDepth)
        case 2, 4, 6: bitDepth == 8 || bitDepth == 16
        default: false
        }
    }

    private static func exif(_ chunks: [Chunk], _ source: some ByteSource) throws(ImageFileError) -> EXIFBlock? {
        guard let chunk = chunks.first(where: { $0.type == "eXIf" }), chunk.data.count <= metadataBytesMax else { return nil }
        return .ifReadable(try source.read(chunk.data))
    }

    private static func physicalDensity(_ chunks: [Chunk], _ source: some ByteSource) throws(ImageFileError) -> Density? {
        guard let chunk = chunks.first(where: { $0.type == "pHYs" }), chunk.data.count == 9 else { return nil }
        let data = try source.read(chunk.data)
        // Unit 1 is the metre; else only the ratio is meant.
        guard data[8] == 1, let x = ByteOrder.big.uint32(data, 0), let y = ByteOrder.big.uint32(data, 4) else { return nil }
        return Density(stated: (UInt64(x) * 254 + 5) / 10, (UInt64(y) * 254 + 5) / 10)
    }

    private static func frameCount(_ chunks: [Chunk], _ source: some ByteSource) throws(ImageFileError) -> Int {
        guard let chunk = chunks.first(where: { $0.type == "acTL" }), chunk.data.count == 8 else { return 1 }
        return max(1, Int(ByteOrder.big.uint32(try source.read(chunk.data), 0) ?? 1))
    }
}
