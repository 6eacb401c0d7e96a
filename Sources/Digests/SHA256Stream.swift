import Crypto
public import JobModel

/// SHA-256 (FIPS 180-4) by swift-crypto.
public struct SHA256Stream: DigestStream {
    private var state = SHA256()

    public init() {}

    public mutating func update(_ bytes: UnsafeRawBufferPointer) {
        state.update(bufferPointer: bytes)
    }

    public mutating func finish() -> Digest256 {
        Digest256(bytes: Array(state.finalize()))
    }
}
