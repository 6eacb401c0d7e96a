public import JobModel

/// A stretch of an edited file; the file is its pieces put one behind the other.
public enum Piece: Hashable, Sendable {
    case bytes([UInt8])
    /// Bytes of the source, unchanged.
    case copy(ByteRange)

    public var byteCount: UInt64 {
        switch self {
        case .bytes(let bytes): UInt64(bytes.count)
        case .copy(let range): range.count
        }
    }
}

extension [Piece] {
    public var byteCount: UInt64 { reduce(0) { $0 + $1.byteCount } }

    /// Whether the pieces are the source itself, of `sourceBytes` bytes: edits that change nothing return exactly that.
    public func isVerbatim(ofByteCount sourceBytes: UInt64) -> Bool {
        self == [.copy(ByteRange(offset: 0, count: sourceBytes))]
    }

    /// The edited file in memory; for small files and tests.
    public func joined(from source: some ByteSource) throws(ImageFileError) -> [UInt8] {
        var result: [UInt8] = []
        for piece in self {
            switch piece {
            case .bytes(let bytes): result += bytes
            case .copy(let range): result += try source.read(range)
            }
        }
        return result
    }
}
