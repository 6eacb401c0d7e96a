/// The order of a number's bytes in a file.
enum ByteOrder: Hashable, Sendable {
    case little, big

    /// The number at index `at`; nil where the bytes end before it does.
    func uint16(_ bytes: [UInt8], _ at: Int) -> UInt16? { number(bytes, at, byteCount: 2).map(UInt16.init(truncatingIfNeeded:)) }
    func uint32(_ bytes: [UInt8], _ at: Int) -> UInt32? { number(bytes, at, byteCount: 4).map(UInt32.init(truncatingIfNeeded:)) }
    func uint64(_ bytes: [UInt8], _ at: Int) -> UInt64? { number(bytes, at, byteCount: 8) }

    func number(_ bytes: [UInt8], _ at: Int, byteCount: Int) -> UInt64? {
        guard at >= 0, at <= bytes.count, bytes.count - at >= byteCount else { return nil }
        var value: UInt64 = 0
        switch self {
        case .big: for index in at..<(at + byteCount) { value = value << 8 | UInt64(bytes[index]) }
        case .little: for index in (at..<(at + byteCount)).reversed() { value = value << 8 | UInt64(bytes[index]) }
        }
        return value
    }

    /// The lowest `byteCount` bytes of `value`.
    func bytes(_ value: some FixedWidthInteger, byteCount: Int) -> [UInt8] {
        let ascending = (0..<byteCount).map { UInt8(truncatingIfNeeded: value >> ($0 * 8)) }
        return self == .little ? ascending : ascending.reversed()
    }
}

extension [UInt8] {
    func has(_ other: [UInt8], at offset: Int) -> Bool {
        offset <= count && count - offset >= other.count && self[offset..<(offset + other.count)].elementsEqual(other)
    }

    func has(_ text: StaticString, at offset: Int) -> Bool {
        guard offset <= count, count - offset >= text.utf8CodeUnitCount else { return false }
        for index in 0..<text.utf8CodeUnitCount where self[offset + index] != text.utf8Start[index] { return false }
        return true
    }

    /// Where `pattern` first begins at or behind `start`.
    func firstPosition(of pattern: [UInt8], from start: Int = 0) -> Int? {
        guard let first = pattern.first, pattern.count <= count else { return nil }
        var at = start
        while at <= count - pattern.count {
            if self[at] == first, has(pattern, at: at) { return at }
            at += 1
        }
        return nil
    }
}
