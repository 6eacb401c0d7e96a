import JobModel

/// One box of the ISO base media format (ISO/IEC 14496-12, 4.2), which HEIF and JPEG 2000 files are made of, in memory.
struct Box: Hashable {
    /// Four letters.
    var type: String
    /// With its header.
    var range: Range<Int>
    var content: Range<Int>

    /// The boxes in a stretch of `bytes`, up to the first that does not fit.
    static func list(_ bytes: [UInt8], in range: Range<Int>) -> [Box] {
        var boxes: [Box] = []
        var position = range.lowerBound
        while range.upperBound - position >= 8, boxes.count < boxesMax {
            guard let short = ByteOrder.big.uint32(bytes, position) else { return boxes }
            var (header, count) = (8, Int(short))
            if short == 1 {
                guard let long = ByteOrder.big.uint64(bytes, position + 8), let exact = Int(exactly: long) else { return boxes }
                (header, count) = (16, exact)
            } else if short == 0 {
                count = range.upperBound - position
            }
            guard count >= header, count <= range.upperBound - position else { return boxes }
            boxes.append(
                Box(
                    type: String(decoding: bytes[(position + 4)..<(position + 8)], as: UTF8.self),
                    range: position..<(position + count), content: (position + header)..<(position + count)))
            position += count
        }
        return boxes
    }

    private static let boxesMax = 10_000

    static func made(_ type: String, _ content: [UInt8]) -> [UInt8] {
        ByteOrder.big.bytes(content.count + 8, byteCount: 4) + Array(type.utf8) + content
    }
}

extension Range<Int> {
    var bytes: ByteRange { ByteRange(offset: UInt64(lowerBound), count: UInt64(count)) }
}
