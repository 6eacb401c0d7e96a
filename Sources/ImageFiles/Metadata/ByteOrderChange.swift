extension ByteOrder {
    /// The value of a field of an Exif or GPS directory, or of the picture's, as it stands in a file of another byte order.
    ///
    /// Bytes and texts stay; so do the inner numbers of what is UNDEFINED, but for UTF-16 comments (EXIF 2.32, 4.6.5) and the two
    /// sides of a colour filter's pattern, which follow the file's order.
    func converted(_ bytes: [UInt8], of tag: UInt16, type: UInt16, to other: ByteOrder) -> [UInt8] {
        guard other != self else { return bytes }
        switch type {
        case 3, 8: return Self.swapped(bytes[...], unit: 2)
        // A rational is two numbers of four bytes.
        case 4, 5, 9, 10, 11, 13: return Self.swapped(bytes[...], unit: 4)
        case 12, 16, 17, 18: return Self.swapped(bytes[...], unit: 8)
        case 7 where bytes.has("UNICODE\0", at: 0): return bytes[..<8] + Self.swapped(bytes[8...], unit: 2)
        case 7 where tag == TIFFTag.cfaPattern && bytes.count >= 4: return Self.swapped(bytes[..<4], unit: 2) + bytes[4...]
        default: return bytes
        }
    }

    /// Bytes behind the last whole number stay.
    private static func swapped(_ bytes: ArraySlice<UInt8>, unit: Int) -> [UInt8] {
        var result = Array(bytes)
        for start in stride(from: 0, through: result.count - unit, by: unit) { result[start..<(start + unit)].reverse() }
        return result
    }
}
