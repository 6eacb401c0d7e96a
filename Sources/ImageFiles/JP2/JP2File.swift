public import JobModel

/// A JPEG 2000 file: boxes (ISO/IEC 15444-1, annex I) or a raw codestream (annex A), read without decoding.
public struct JP2File: Hashable, Sendable {
    public struct Component: Hashable, Sendable {
        public var bits: Int
        public var isSigned: Bool
        public var isSubsampled: Bool
    }
    public struct ColourSpecification: Hashable, Sendable {
        /// 1 enumerated, 2 restricted ICC, 3 any ICC.
        public var method: UInt8
        public var isApproximate: UInt8
        /// With method 1: 16 sRGB, 17 grey, 18 sYCC, 12 CMYK, 19 CIEJab...
        public var enumerated: UInt32?
        /// With methods 2 and 3, unless it is of more than `profileBytesMax`.
        public var profile: ByteRange?
    }

    public let isRawCodestream: Bool
    public let width: Int
    public let height: Int
    public let components: [Component]
    public let colours: [ColourSpecification]
    public let hasBitsBox: Bool
    public let hasPalette: Bool
    /// A channel definition names an opacity channel.
    public let hasOpacity: Bool
    /// HTJ2K (part 15).
    public let isHighThroughput: Bool
    /// Capture resolution, else the default display one.
    public let density: Density?
    /// Payloads of the `uuid` boxes that hold EXIF and XMP.
    var exifRange: ByteRange? { payload(.exif) }
    var xmpRange: ByteRange? { payload(.xmp) }
    /// Boxes that a decoder does without, in file order.
    let metadata: [MetadataBox]
    /// Whether the codestream's data reach its EOC marker at the end of its box.
    public let isComplete: Bool

    struct MetadataBox: Hashable, Sendable {
        enum Kind: Hashable, Sendable { case exif, xmp, iptc, other }
        var kind: Kind
        /// With its header.
        var range: ByteRange
        /// Behind its header and, in a `uuid` box, the identifier.
        var payload: ByteRange
    }

    func payload(_ kind: MetadataBox.Kind) -> ByteRange? {
        metadata.last { $0.kind == kind && $0.payload.count <= Self.metadataBytesMax }?.payload
    }

    static let boxesMax = 10_000
    static let metadataBytesMax: UInt64 = 64 << 20
    static let profileBytesMax: UInt64 = 16 << 20

    public init(reading source: some ByteSource) throws(ImageFileError) {
        var reader = WindowReader(source)
        let head = try reader.prefix(at: 0, count: 12)
        var boxes = JP2Boxes()
        if head == jp2Signature {
            isRawCodestream = false
            try boxes.read(&reader, from: 12, to: source.byteCount, depth: 0)
        } else if head.has([0xFF, 0x4F, 0xFF, 0x51], at: 0) {
            isRawCodestream = true
            boxes.codestream = ByteRange(offset: 0, count: source.byteCount)
        } else {
            throw .notThisKind
        }
        guard let codestream = boxes.codestream else {
            throw boxes.isCut ? .truncated("no codestream") : .damaged("no codestream")
        }
        let size = try JP2Codestream(&reader, codestream)
        width = size.width
        height = size.height
        components = size.components
        isHighThroughput = size.isHighThroughput
        colours = boxes.colours
        hasBitsBox = boxes.hasBitsBox
        hasPalette = boxes.hasPalette
        hasOpacity = boxes.hasOpacity
        density = boxes.captureDensity ?? boxes.displayDensity
        metadata = boxes.metadata
        let ending = codestream.count >= 2 ? try reader.bytes(at: codestream.end - 2, count: 2) : []
        isComplete = !boxes.isCut && ending == [0xFF, 0xD9]
    }
}

private struct JP2Boxes {
    var codestream: ByteRange?
    var colours: [JP2File.ColourSpecification] = []
    var hasBitsBox = false
    var hasPalette = false
    var hasOpacity = false
    var captureDensity: Density?
    var displayDensity: Density?
    var metadata: [JP2File.MetadataBox] = []
    var isCut = false
    private var count = 0

    mutating func read<Source: ByteSource>(
        _ reader: inout WindowReader<Source>, from start: UInt64, to end: UInt64, depth: Int
    ) throws(ImageFileError) {
        var position = start
        while position < end, end - position >= 8 {
            count += 1
            guard count <= JP2File.boxesMax else { throw .damaged("more than \(JP2File.boxesMax) boxes") }
            let head = try reader.bytes(at: position, count: 8)
            guard let short = ByteOrder.big.uint32(head, 0) else { return }
            var headerBytes: UInt64 = 8
            var bytes = UInt64(short)
            if short == 1 {
                guard end - position >= 16 else { throw .truncated("the file ends inside a box header") }
                headerBytes = 16
                bytes = ByteOrder.big.uint64(try reader.bytes(at: position + 8, count: 8), 0) ?? 0
            } else if short == 0 {
                bytes = end - position
            }
            guard bytes >= headerBytes else { throw .damaged("a box at \(position) is shorter than its header") }
            if bytes > end - position {
                isCut = true
                bytes = end - position
            }
            let content = ByteRange(offset: position + headerBytes, count: bytes - headerBytes)
            let whole = ByteRange(offset: position, count: bytes)
            try take(String(decoding: head[4...], as: UTF8.self), content, whole, &reader, depth: depth)
            position += bytes
        }
    }

    private mutating func take<Source: ByteSource>(
        _ type: String, _ content: ByteRange, _ whole: ByteRange, _ reader: inout WindowReader<Source>, depth: Int
    ) throws(ImageFileError) {
        let head = try reader.bytes(at: content.offset, count: Int(min(content.count, 4_096)))
        switch type {
        case "jp2h" where depth == 0, "res " where depth == 1:
            try read(&reader, from: content.offset, to: content.end, depth: depth + 1)
        case "jp2c":
            if codestream == nil { codestream = content }
        case "colr":
            guard head.count >= 3 else { throw .damaged("a colour box is too short") }
            var colour = JP2File.ColourSpecification(method: head[0], isApproximate: head[2])
            if colour.method == 1 { colour.enumerated = ByteOrder.big.uint32(head, 3) }
            if colour.method == 2 || colour.method == 3, content.count - 3 <= JP2File.profileBytesMax {
                colour.profile = ByteRange(offset: content.offset + 3, count: content.count - 3)
            }
            colours.append(colour)
        case "bpcc": hasBitsBox = true
        case "pclr": hasPalette = true
        case "cdef":
            let channels = Int(ByteOrder.big.uint16(head, 0) ?? 0)
            for index in 0..<min(channels, 64) {
                if let use = ByteOrder.big.uint16(head, 2 + 6 * index + 2), use != 0 { hasOpacity = true }
            }
        case "resc": captureDensity = Self.density(head)
        case "resd": displayDensity = Self.density(head)
        case "uuid" where depth == 0 && content.count >= 16:
            let kind = JP2File.metadataIdentifiers.first { head.has($0.identifier, at: 0) }?.kind ?? .other
            metadata.append(
                .init(kind: kind, range: whole, payload: ByteRange(offset: content.offset + 16, count: content.count - 16)))
        case "xml ", "uinf", "asoc":
            if depth == 0 { metadata.append(.init(kind: .other, range: whole, payload: content)) }
        default: break
        }
    }

    /// Numerator, denominator and power of ten of samples a metre, vertical first.
    private static func density(_ data: [UInt8]) -> Density? {
        guard data.count >= 10 else { return nil }
        func milliDPI(_ at: Int, _ exponentAt: Int) -> UInt64? {
            guard let numerator = ByteOrder.big.uint16(data, at), let denominator = ByteOrder.big.uint16(data, at + 2),
                denominator > 0
            else { return nil }
            let exponent = Int(Int8(bitPattern: data[exponentAt]))
            guard (-9...9).contains(exponent) else { return nil }
            var above = UInt64(numerator) * 254
            var below = UInt64(denominator) * 10
            for _ in 0..<abs(exponent) {
                if exponent > 0 { above *= 10 } else { below *= 10 }
            }
            return (above + below / 2) / below
        }
        guard let vertical = milliDPI(0, 8), let horizontal = milliDPI(4, 9) else { return nil }
        return Density(stated: horizontal, vertical)
    }
}

/// The SIZ marker (and CAP, for HTJ2K) of a codestream.
private struct JP2Codestream {
    let width: Int
    let height: Int
    let components: [JP2File.Component]
    let isHighThroughput: Bool

    init<Source: ByteSource>(_ reader: inout WindowReader<Source>, _ range: ByteRange) throws(ImageFileError) {
        let head = try reader.prefix(at: range.offset, count: Int(min(range.count, 16_384)))
        guard head.has([0xFF, 0x4F, 0xFF, 0x51], at: 0), let length = ByteOrder.big.uint16(head, 4),
            let capabilities = ByteOrder.big.uint16(head, 6),
            let right = ByteOrder.big.uint32(head, 8), let bottom = ByteOrder.big.uint32(head, 12),
            let left = ByteOrder.big.uint32(head, 16), let top = ByteOrder.big.uint32(head, 20),
            let count = ByteOrder.big.uint16(head, 40), right > left, bottom > top, (1...4_096).contains(count),
            Int(length) == 38 + 3 * Int(count), head.count >= 42 + 3 * Int(count)
        else { throw .damaged("the codestream does not begin with its size") }
        width = Int(right - left)
        height = Int(bottom - top)
        components = (0..<Int(count)).map { index in
            let at = 42 + 3 * index
            return JP2File.Component(
                bits: Int(head[at] & 0x7F) + 1, isSigned: head[at] & 0x80 != 0,
                isSubsampled: head[at + 1] != 1 || head[at + 2] != 1)
        }
        // Bit 14 of Rsiz, or a CAP marker right behind SIZ (15444-15).
        isHighThroughput = capabilities & 0x4000 != 0 || head.has([0xFF, 0x50], at: 4 + Int(length))
    }
}
