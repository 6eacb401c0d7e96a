/// The ranks of tasks that wait to be dispatched, as few ranges, lowest first.
///
/// Ten million tasks that nobody has touched are one range; a task given back is a range of its own until its
/// neighbours join it.
struct ReadyTasks: Hashable, Sendable {
    /// Disjoint, not touching, highest range first, so that the lowest rank is at the end.
    private var ranges: [Range<UInt32>]
    private(set) var count: Int

    /// All ranks below `end` but the `excluded` ones, which are ascending and disjoint.
    init(below end: UInt32, except excluded: [Range<Int>]) {
        ranges = []
        var next = 0
        for range in excluded + [Int(end)..<Int(end)] {
            if next < range.lowerBound { ranges.append(UInt32(next)..<UInt32(range.lowerBound)) }
            next = range.upperBound
        }
        ranges.reverse()
        count = ranges.reduce(0) { $0 + $1.count }
    }

    var lowest: UInt32? { ranges.last?.lowerBound }

    /// Takes the `limit` lowest ranks, fewer if there are fewer or `bound` (exclusive) stops them.
    mutating func takeLowest(_ limit: Int, below bound: UInt32? = nil) -> [UInt32] {
        var taken: [UInt32] = []
        while taken.count < limit, let range = ranges.last {
            let end = min(range.upperBound, bound ?? range.upperBound)
            guard range.lowerBound < end else { break }
            let part = range.lowerBound..<min(end, range.lowerBound + UInt32(clamping: limit - taken.count))
            taken.append(contentsOf: part)
            ranges.removeLast()
            if part.upperBound < range.upperBound { ranges.append(part.upperBound..<range.upperBound) }
        }
        count -= taken.count
        return taken
    }

    /// Puts a rank back; traps if it is already there, since a task would run twice.
    mutating func insert(_ rank: UInt32) {
        // First position whose range lies entirely below `rank`.
        var low = 0
        var high = ranges.count
        while low < high {
            let middle = (low + high) / 2
            if ranges[middle].upperBound <= rank { high = middle } else { low = middle + 1 }
        }
        if low > 0 { precondition(ranges[low - 1].lowerBound > rank, "rank \(rank) is ready already") }
        let joinsAbove = low > 0 && ranges[low - 1].lowerBound == rank + 1
        let joinsBelow = low < ranges.count && ranges[low].upperBound == rank
        switch (joinsAbove, joinsBelow) {
        case (true, true):
            ranges[low - 1] = ranges[low].lowerBound..<ranges[low - 1].upperBound
            ranges.remove(at: low)
        case (true, false): ranges[low - 1] = rank..<ranges[low - 1].upperBound
        case (false, true): ranges[low] = ranges[low].lowerBound..<rank + 1
        case (false, false): ranges.insert(rank..<rank + 1, at: low)
        }
        count += 1
    }
}
