import JobModel

/// A GIF file's blocks (GIF89a specification), read without decompressing pixels.
public struct GIFFile: Hashable, Sendable {
    /// Of the logical screen.
    public let width: Int
    public let height: Int
    public let frameCount: Int
    /// False when the file ends before its trailer.
    public let isComplete: Bool
    /// Behind the trailer; nil when the file breaks off before it.
    public let endOfImage: UInt64?
    let extensions: [Extension]

    /// An extension that a decoder does without.
    struct Extension: Hashable, Sendable {
        enum Kind: Hashable, Sendable { case comment, xmp, looping, profile, other }
        var kind: Kind
        var range: ByteRange
    }

    static let framesMax = 1_000_000
    private static let xmpBytesMax: UInt64 = 16 << 20

    public init(reading source: some ByteSource) throws(ImageFileError) {
        var reader = WindowReader(source)
        guard source.byteCount >= 6 else { throw .notThisKind }
        let head = try reader.prefix(at: 0, count: 13)
        guard head.has("GIF87a", at: 0) || head.has("GIF89a", at: 0) else { throw .notThisKind }
        guard head.count == 13, let width = ByteOrder.little.uint16(head, 6), let height = ByteOrder.little.uint16(head, 8) else {
            throw .truncated("the file ends inside its header")
        }
        self.width = Int(width)
        self.height = Int(height)
        var walker = GIFWalker(position: 13 + Self.tableBytes(head[10]))
        do throws(ImageFileError) {
            try walker.run(&reader)
        } catch .truncated {
            // What is whole stays known; a decoder decides whether it is enough.
        }
        frameCount = walker.frameCount
        extensions = walker.extensions
        endOfImage = walker.end
        isComplete = walker.end != nil
    }

    static func tableBytes(_ flags: UInt8) -> UInt64 { flags & 0x80 == 0 ? 0 : 3 << (UInt64(flags & 7) + 1) }

    /// The file with `edits` applied; GIF knows no EXIF, so that only XMP and comments are touched.
    public func pieces(applying edits: [MetadataEdit], source: some ByteSource) throws(ImageFileError) -> [Piece] {
        let plan = try EditPlan(edits) { () throws(ImageFileError) in EmbeddedMetadata() }
        // Nothing is there to be deleted or renamed.
        let leavesAll = !plan.tags.setsEXIF && !plan.tags.setsIPTC && !plan.tags.setsXMP && !extensions.contains { $0.kind == .xmp }
        guard plan.tags.isEmpty || leavesAll else { throw .unwritable("a GIF holds no EXIF or IPTC data, and its XMP is not edited") }
        if let orientation = plan.orientation, orientation != 1 { throw .unsupported("a GIF cannot say how to turn it") }
        var splices: [Splice] = []
        for block in extensions {
            switch block.kind {
            case .looping: continue
            case .profile: if !plan.keeps(.icc) { splices.append(.removing(block.range)) }
            case .comment, .other: if plan.dropsOthers { splices.append(.removing(block.range)) }
            case .xmp:
                guard block.range.count <= Self.xmpBytesMax else {
                    throw .unsupported("an XMP packet of \(block.range.count) bytes")
                }
                // The packet stands unblocked between 14 bytes of header and 258 of a "magic trailer" that stops block readers.
                let old = try source.read(block.range)
                guard old.count > 14 + 258, let new = try plan.applied(toXMP: Array(old[14..<(old.count - 258)])) else {
                    if plan.dropsTrailer || !plan.keeps(.xmp) { splices.append(.removing(block.range)) }
                    continue
                }
                if !old[14..<(old.count - 258)].elementsEqual(new) {
                    splices.append(
                        Splice(range: ByteRange(offset: block.range.offset + 14, count: UInt64(new.count)), bytes: new))
                }
            }
        }
        if plan.dropsTrailer, let end = endOfImage, end < source.byteCount {
            splices.append(.removing(ByteRange(offset: end, count: source.byteCount - end)))
        }
        return try ImageFiles.pieces(splicing: splices, into: source.byteCount)
    }
}

private struct GIFWalker {
    var position: UInt64
    var frameCount = 0
    var extensions: [GIFFile.Extension] = []
    var end: UInt64?

    init(position: UInt64) { self.position = position }

    mutating func run<Source: ByteSource>(_ reader: inout WindowReader<Source>) throws(ImageFileError) {
        while end == nil {
            let start = position
            switch try reader.byte(at: position) {
            case 0x3B:
                end = position + 1
            case 0x2C:
                guard frameCount < GIFFile.framesMax else { throw .unsupported("more than \(GIFFile.framesMax) frames") }
                let flags = try reader.byte(at: position + 9)
                // Behind the local palette comes the LZW code size.
                position += 10 + GIFFile.tableBytes(flags) + 1
                try skipBlocks(&reader)
                frameCount += 1
            case 0x21:
                let label = try reader.byte(at: position + 1)
                let head = try reader.prefix(at: position + 2, count: 12)
                position += 2
                try skipBlocks(&reader)
                if let kind = Self.kind(label, head) {
                    extensions.append(.init(kind: kind, range: ByteRange(offset: start, count: position - start)))
                }
            default:
                throw .damaged("no block begins at \(position)")
            }
        }
    }

    private mutating func skipBlocks<Source: ByteSource>(_ reader: inout WindowReader<Source>) throws(ImageFileError) {
        while true {
            let size = try reader.byte(at: position)
            position += 1 + UInt64(size)
            if size == 0 { return }
        }
    }

    /// Nil for graphic control and plain text, which draw.
    private static func kind(_ label: UInt8, _ head: [UInt8]) -> GIFFile.Extension.Kind? {
        switch label {
        case 0xF9, 0x01: nil
        case 0xFE: .comment
        case 0xFF where head.has("XMP DataXMP", at: 1): .xmp
        case 0xFF where head.has("NETSCAPE2.0", at: 1) || head.has("ANIMEXTS1.0", at: 1): .looping
        case 0xFF where head.has("ICCRGBG1012", at: 1): .profile
        default: .other
        }
    }
}
