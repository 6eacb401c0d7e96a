/// The ranks of tasks that wait to be dispatched, as few ranges, lowest first.
///
/// Ten million tasks that nobody has touched are one range; a task given back is a range of its own until its
/// neighbours join it.
struct ReadyTasks: Sendable {
    /// Disjoint, not touching, highest range first, so that the lowest rank is at the end.
    private var ranges: [Range<UInt32>]
    private(set) var count: Int

    /// All ranks below `end` but the `excluded` ones, which are ascending and disjoint; traps if they are not.
    init(below end: UInt32, except excluded: [Range<Int>]) {
        ranges = []
        var next = 0
        for range in excluded + [Int(end)..<Int(end)] {
            precondition(next <= range.lowerBound, "rank \(range.lowerBound) is excluded twice, or does not exist")
            if next < range.lowerBound { ranges.append(UInt32(next)..<UInt32(range.lowerBound)) }
            next = range.upperBound
        }
        ranges.reverse()
        count = ranges.reduce(0) { $0 + $1.count }
    }

    var lowest: UInt32? { ranges.last?.lowerBound }

    /// Takes the lowest rank, unless `bound` (exclusive) stops it.
    mutating func popLowest(below bound: UInt32) -> UInt32? {
        guard let range = ranges.last, range.lowerBound < bound else { return nil }
        if range.count == 1 {
            ranges.removeLast()
        } else {
            ranges[ranges.count - 1] = range.lowerBound + 1..<range.upperBound
        }
        count -= 1
        return range.lowerBound
    }

    func contains(_ rank: UInt32) -> Bool { ranges.contains { $0.contains(rank) } }

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
