import JobModel

/// An edited file, for more edits: its bytes are read through its pieces.
struct PieceSource<Base: ByteSource>: ByteSource {
    private let pieces: [Piece]
    /// Where each piece begins.
    private let starts: [UInt64]
    private let base: Base
    let byteCount: UInt64

    init(_ pieces: [Piece], of base: Base) {
        self.pieces = pieces
        self.base = base
        var starts: [UInt64] = []
        var next: UInt64 = 0
        for piece in pieces {
            starts.append(next)
            next += piece.byteCount
        }
        self.starts = starts
        byteCount = next
    }

    func read(_ range: ByteRange) throws(ImageFileError) -> [UInt8] {
        guard contains(range) else { throw .truncated("the data end before byte \(range.offset) + \(range.count)") }
        var result: [UInt8] = []
        for piece in stretch(range) {
            switch piece {
            case .bytes(let bytes): result += bytes
            case .copy(let range): result += try base.read(range)
            }
        }
        return result
    }

    /// Pieces of this file as pieces of the base.
    func resolved(_ edited: [Piece]) -> [Piece] {
        var result: [Piece] = []
        for piece in edited {
            switch piece {
            case .bytes: result.append(piece)
            case .copy(let range): result += stretch(range)
            }
        }
        return coalesced(result)
    }

    private func stretch(_ range: ByteRange) -> [Piece] {
        guard range.count > 0 else { return byteCount == 0 ? pieces : [] }
        var (low, high) = (0, starts.count)
        while low + 1 < high {
            let middle = (low + high) / 2
            if starts[middle] <= range.offset { low = middle } else { high = middle }
        }
        var result: [Piece] = []
        for index in low..<pieces.count where starts[index] < range.end {
            let from = max(range.offset, starts[index]) - starts[index]
            let until = min(range.end - starts[index], pieces[index].byteCount)
            guard from < until else { continue }
            switch pieces[index] {
            case .bytes(let bytes): result.append(.bytes(Array(bytes[Int(from)..<Int(until)])))
            case .copy(let source): result.append(.copy(ByteRange(offset: source.offset + from, count: until - from)))
            }
        }
        return result
    }
}
