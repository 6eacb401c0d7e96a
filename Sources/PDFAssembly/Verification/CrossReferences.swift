/// Where each object of a file lies, as its cross-reference tables and streams say (ISO 32000-1, 7.5.4 and 7.5.8).
struct CrossReferences {
    /// Offset of object n + 1; `free` or `compressed` where it has none of its own.
    var offsets = Segments<UInt64>()
    private(set) var known = Segments<Bool>()
    var hasCompressedObjects = false

    static let free: UInt64 = .max
    static let compressed: UInt64 = .max - 1
    /// PDFium's limit, the largest of those known.
    static let objectsMax: UInt64 = 24 << 20

    var count: Int { offsets.count }

    /// Nil for an object that is free, unknown or in an object stream.
    func offset(of object: UInt64) -> UInt64? {
        guard object >= 1, object <= UInt64(count) else { return nil }
        let offset = offsets[Int(object) - 1]
        return offset >= Self.compressed ? nil : offset
    }

    func exists(_ object: UInt64) -> Bool {
        object >= 1 && object <= UInt64(count) && offsets[Int(object) - 1] != Self.free
    }

    /// Notes an entry unless a newer section has one for the same object; false when the number is beyond the limit.
    mutating func note(_ object: UInt64, at offset: UInt64) -> Bool {
        guard object >= 1 else { return true }
        guard object <= Self.objectsMax else { return false }
        while UInt64(count) < object {
            offsets.append(Self.free)
            known.append(false)
        }
        let index = Int(object) - 1
        guard !known[index] else { return true }
        known[index] = true
        offsets[index] = offset
        if offset == Self.compressed { hasCompressedObjects = true }
        return true
    }
}
