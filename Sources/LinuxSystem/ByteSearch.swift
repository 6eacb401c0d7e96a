private import CLinux

/// Finding bytes within bytes at the speed of the C library.
public enum ByteSearch {
    /// Whether `needle` stands in the first `count` bytes of `bytes`.
    public static func contains(_ needle: [UInt8], in bytes: [UInt8], count: Int) -> Bool {
        precondition(count <= bytes.count, "\(count) of \(bytes.count) bytes")
        return bytes.withUnsafeBytes { bytes in
            needle.withUnsafeBytes { quire_find_bytes(bytes.baseAddress, count, $0.baseAddress, $0.count) >= 0 }
        }
    }
}
