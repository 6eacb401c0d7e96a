/// How long tasks of a job take, for a time limit in percent of their median.
///
/// Exact over the newest 1,001 tasks that succeeded; older ones are forgotten, so that memory stays the same and the limit follows
/// inputs that grow on the way.
struct RunTimes {
    private static let keptMax = 1_001
    /// Fewer tell nothing.
    static let countMin = 3

    /// In the order they came, from `oldest` on, wrapped around.
    private var kept: [UInt64] = []
    private var oldest = 0
    private var sorted: [UInt64] = []

    mutating func note(milliseconds: UInt64) {
        if kept.count < Self.keptMax {
            kept.append(milliseconds)
        } else {
            sorted.remove(at: place(of: kept[oldest]))
            kept[oldest] = milliseconds
            oldest = (oldest + 1) % Self.keptMax
        }
        sorted.insert(milliseconds, at: place(of: milliseconds))
    }

    /// The middle one, the lower of two; nil before `countMin` of them.
    var medianMilliseconds: UInt64? { sorted.count < Self.countMin ? nil : sorted[(sorted.count - 1) / 2] }

    /// The first place whose value is not lower.
    private func place(of value: UInt64) -> Int {
        var (low, high) = (0, sorted.count)
        while low < high {
            let middle = (low + high) / 2
            if sorted[middle] < value { low = middle + 1 } else { high = middle }
        }
        return low
    }
}
