import JobModel

/// Bytes that take the place of a range of the source; an empty range inserts, empty bytes remove.
struct Splice: Hashable {
    var range: ByteRange
    var bytes: [UInt8]

    static func inserting(_ bytes: [UInt8], at offset: UInt64) -> Splice {
        Splice(range: ByteRange(offset: offset, count: 0), bytes: bytes)
    }

    static func removing(_ range: ByteRange) -> Splice { Splice(range: range, bytes: []) }
}

/// The edited file; insertions at one place keep the order they are given in. Throws `damaged` where two changes overlap.
func pieces(splicing splices: [Splice], into sourceBytes: UInt64) throws(ImageFileError) -> [Piece] {
    let ordered = splices.enumerated().sorted { left, right in
        (left.element.range.offset, left.element.range.count > 0 ? 1 : 0, left.offset)
            < (right.element.range.offset, right.element.range.count > 0 ? 1 : 0, right.offset)
    }
    var result: [Piece] = []
    var position: UInt64 = 0
    var previous: Splice?
    for (_, splice) in ordered {
        if splice.range.count > 0, splice == previous { continue }
        guard splice.range.offset >= position, splice.range.offset <= sourceBytes,
            sourceBytes - splice.range.offset >= splice.range.count
        else { throw .damaged("two structures share the bytes at \(splice.range.offset)") }
        if splice.range.offset > position {
            result.append(.copy(ByteRange(offset: position, count: splice.range.offset - position)))
        }
        if case .bytes(var joined) = result.last {
            // Taken out of the list first, so that a growing run is not copied each time.
            result.removeLast()
            joined += splice.bytes
            result.append(.bytes(joined))
        } else if !splice.bytes.isEmpty {
            result.append(.bytes(splice.bytes))
        }
        position = splice.range.end
        previous = splice
    }
    if position < sourceBytes || sourceBytes == 0 {
        result.append(.copy(ByteRange(offset: position, count: sourceBytes - position)))
    }
    return coalesced(result)
}

/// Joins copies of adjoining ranges.
func coalesced(_ pieces: [Piece]) -> [Piece] {
    var result: [Piece] = []
    for piece in pieces {
        if case .copy(let next) = piece, case .copy(let last) = result.last, last.end == next.offset {
            result[result.count - 1] = .copy(ByteRange(offset: last.offset, count: last.count + next.count))
        } else {
            result.append(piece)
        }
    }
    return result
}
