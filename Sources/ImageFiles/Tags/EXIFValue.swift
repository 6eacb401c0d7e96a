/// The value of an EXIF tag, without byte order.
public enum EXIFValue: Hashable, Sendable {
    public struct Ratio: Hashable, Sendable {
        public var numerator: Int64
        public var denominator: Int64
        public init(_ numerator: Int64, _ denominator: Int64) {
            self.numerator = numerator
            self.denominator = denominator
        }
    }

    /// Written as UTF-8 with a NUL behind it.
    case ascii(String)
    case bytes([UInt8])
    case signedBytes([Int8])
    case shorts([UInt16])
    case signedShorts([Int16])
    case longs([UInt32])
    case signedLongs([Int32])
    case rationals([Ratio])
    case signedRationals([Ratio])
    case undefined([UInt8])
    /// Text behind the name of its character code: ASCII where that does, else UTF-16 in the block's byte order (EXIF 2.32, 4.6.5).
    case comment(String)
    /// UTF-16, little-endian, with a NUL behind it, in BYTE.
    case wideText(String)

    /// The type's number in TIFF, and the value in `order`.
    func encoded(_ order: ByteOrder) -> (type: UInt16, bytes: [UInt8]) {
        switch self {
        case .ascii(let text): (2, Array(text.utf8) + [0])
        case .bytes(let bytes): (1, bytes)
        case .signedBytes(let numbers): (6, numbers.map(UInt8.init(bitPattern:)))
        case .undefined(let bytes): (7, bytes)
        case .shorts(let numbers): (3, numbers.flatMap { order.bytes($0, byteCount: 2) })
        case .signedShorts(let numbers): (8, numbers.flatMap { order.bytes($0, byteCount: 2) })
        case .longs(let numbers): (4, numbers.flatMap { order.bytes($0, byteCount: 4) })
        case .signedLongs(let numbers): (9, numbers.flatMap { order.bytes($0, byteCount: 4) })
        case .rationals(let ratios): (5, Self.bytes(ratios, order))
        case .signedRationals(let ratios): (10, Self.bytes(ratios, order))
        case .comment(let text):
            if text.utf8.allSatisfy({ $0 < 0x80 }) {
                (7, Array("ASCII\0\0\0".utf8) + Array(text.utf8))
            } else {
                (7, Array("UNICODE\0".utf8) + text.utf16.flatMap { order.bytes($0, byteCount: 2) })
            }
        case .wideText(let text): (1, (Array(text.utf16) + [0]).flatMap { ByteOrder.little.bytes($0, byteCount: 2) })
        }
    }

    private static func bytes(_ ratios: [Ratio], _ order: ByteOrder) -> [UInt8] {
        ratios.flatMap { order.bytes($0.numerator, byteCount: 4) + order.bytes($0.denominator, byteCount: 4) }
    }

    /// A stored value as a text that `EXIFTag.value(from:)` reads again; nil for types without a text.
    static func text(type: UInt16, bytes: [UInt8], order: ByteOrder, form: EXIFTag.Form) -> String? {
        switch form {
        case .comment: return comment(bytes, order)
        case .wideText: return wideText(bytes, .little)
        case .version: return String(decoding: bytes, as: UTF8.self)
        case .ascii, .dateTime, .date, .byte, .short, .long, .shortOrLong, .rational, .signedRational, .undefined, .opaque: break
        }
        let size = Int(tiffTypeBytes(type))
        guard size > 0 else { return nil }
        let starts = Array(stride(from: 0, through: bytes.count - size, by: size))
        func signed(_ at: Int, _ count: Int) -> Int64 {
            let number = order.number(bytes, at, byteCount: count) ?? 0
            return count == 2 ? Int64(Int16(truncatingIfNeeded: number)) : Int64(Int32(truncatingIfNeeded: number))
        }
        switch type {
        case 2, 129:
            var text = bytes[..<(bytes.firstIndex(of: 0) ?? bytes.count)]
            while text.last == 0x20 { text.removeLast() }
            return String(decoding: text, as: UTF8.self)
        case 1, 3, 4: return starts.map { "\(order.number(bytes, $0, byteCount: size) ?? 0)" }.joined(separator: " ")
        case 5: return starts.map { "\(order.uint32(bytes, $0) ?? 0)/\(order.uint32(bytes, $0 + 4) ?? 0)" }.joined(separator: " ")
        case 6: return bytes.map { "\(Int8(bitPattern: $0))" }.joined(separator: " ")
        case 7: return bytes.map { "\($0)" }.joined(separator: " ")
        case 8, 9: return starts.map { "\(signed($0, size))" }.joined(separator: " ")
        case 10: return starts.map { "\(signed($0, 4))/\(signed($0 + 4, 4))" }.joined(separator: " ")
        default: return nil
        }
    }

    private static func comment(_ bytes: [UInt8], _ order: ByteOrder) -> String? {
        guard bytes.count >= 8 else { return nil }
        var rest = Array(bytes[8...])
        if bytes.has("UNICODE\0", at: 0) { return wideText(rest, order) }
        if let end = rest.firstIndex(of: 0) { rest.removeSubrange(end...) }
        return String(decoding: rest, as: UTF8.self)
    }

    private static func wideText(_ bytes: [UInt8], _ order: ByteOrder) -> String {
        let units = stride(from: 0, to: bytes.count - 1, by: 2).compactMap { order.uint16(bytes, $0) }
        return String(decoding: units.prefix { $0 != 0 }, as: UTF16.self)
    }
}
