/// SHA-256 as the pure cores see it; the adapter over swift-crypto is `Digests.SHA256Stream`.
public protocol DigestStream {
    init()
    mutating func update(_ bytes: UnsafeRawBufferPointer)
    /// The digest of everything given so far; call once.
    mutating func finish() -> Digest256
}

extension DigestStream {
    public mutating func update(_ bytes: [UInt8]) {
        bytes.withUnsafeBytes { update($0) }
    }

    public static func digest(of bytes: [UInt8]) -> Digest256 {
        var stream = Self()
        stream.update(bytes)
        return stream.finish()
    }
}
