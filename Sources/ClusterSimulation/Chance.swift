/// Repeatable numbers (SplitMix64): the same seed gives the same run on every machine.
public struct Chance: Sendable {
    private var state: UInt64

    public init(seed: UInt64) {
        // Seeds that follow each other must not give one stream, shifted: the state itself rises by a fixed step.
        state = seed
        state = next() ^ 0x5851_F42D_4C95_7F2D
    }

    public mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var value = state
        value = (value ^ (value >> 30)) &* 0xBF58_476D_1CE4_E5B9
        value = (value ^ (value >> 27)) &* 0x94D0_49BB_1331_11EB
        return value ^ (value >> 31)
    }

    /// 0 up to but not with `bound`, which is at least 1.
    public mutating func below(_ bound: UInt64) -> UInt64 {
        // The high half of the product: nearly even for bounds far below 2^64, and without a division.
        bound.multipliedFullWidth(by: next()).high
    }

    public mutating func below(_ bound: Int) -> Int { Int(below(UInt64(bound))) }

    public mutating func within(_ range: ClosedRange<UInt64>) -> UInt64 {
        range.lowerBound + below(range.upperBound - range.lowerBound + 1)
    }

    public mutating func within(_ range: ClosedRange<Int>) -> Int {
        range.lowerBound + below(range.upperBound - range.lowerBound + 1)
    }

    /// True once in `count` times.
    public mutating func oneIn(_ count: Int) -> Bool { below(count) == 0 }

    /// Between 1 and `times` times `least`, every order of magnitude as likely as the next: what sizes of files look like.
    public mutating func spread(from least: UInt64, times: UInt64) -> UInt64 {
        var doublings = 0
        while UInt64(1) << (doublings + 1) <= times { doublings += 1 }
        let floor = least << UInt64(below(doublings + 1))
        return min(floor + below(max(1, floor)), least * times)
    }
}
