/// Changes XResolution and YResolution of an EXIF block where they stand, so that a scan made smaller keeps its size on paper
/// in every reader: some trust EXIF more than JFIF.
enum EXIFResolution {
    private static let tagX = 0x011A, tagY = 0x011B
    private static let rational = 5

    /// The block with both values multiplied; what is not a well-formed pair of rationals in the first directory stays.
    static func scaled(_ block: [UInt8], x: Double, y: Double) -> [UInt8] {
        guard block.count >= 8 else { return block }
        let isLittle: Bool
        switch (block[0], block[1]) {
        case (0x49, 0x49): isLittle = true
        case (0x4D, 0x4D): isLittle = false
        default: return block
        }
        func number(_ offset: Int, _ count: Int) -> Int? {
            guard offset >= 0, offset <= block.count - count else { return nil }
            let bytes = block[offset..<(offset + count)]
            return (isLittle ? Array(bytes.reversed()) : Array(bytes)).reduce(0) { $0 << 8 | Int($1) }
        }
        func bytes(_ value: UInt32) -> [UInt8] {
            let big = [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: value >> UInt32($0)) }
            return isLittle ? big.reversed() : big
        }
        var result = block
        guard let start = number(4, 4), let count = number(start, 2) else { return block }
        for index in 0..<count {
            let entry = start + 2 + 12 * index
            guard let tag = number(entry, 2), let type = number(entry + 2, 2), let length = number(entry + 4, 4),
                let value = number(entry + 8, 4)
            else { return result }
            guard tag == tagX || tag == tagY, type == rational, length == 1, let numerator = number(value, 4),
                let denominator = number(value + 4, 4), denominator > 0
            else { continue }
            let scaled = (Double(numerator) / Double(denominator) * (tag == tagX ? x : y) * 1000).rounded()
            guard scaled >= 1, let thousandths = UInt32(exactly: scaled) else { continue }
            // Both tags may name one pair of numbers; it is scaled once, by the first that names it.
            guard result[value..<(value + 8)].elementsEqual(block[value..<(value + 8)]) else { continue }
            result.replaceSubrange(value..<(value + 8), with: bytes(thousandths) + bytes(1000))
        }
        return result
    }
}
