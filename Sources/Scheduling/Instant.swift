/// A moment of a clock that never goes back, as the caller reads it; the scheduler itself knows no clock.
public struct Instant: Hashable, Comparable, Sendable {
    /// Since a start that is the caller's affair and the same for the whole job.
    public var microseconds: UInt64

    public init(microseconds: UInt64) { self.microseconds = microseconds }
    public init(milliseconds: UInt64) { self.microseconds = milliseconds * 1000 }

    public static func < (left: Instant, right: Instant) -> Bool { left.microseconds < right.microseconds }

    public func advanced(byMicroseconds count: UInt64) -> Instant { Instant(microseconds: microseconds &+ count) }
    public func advanced(byMilliseconds count: UInt64) -> Instant { Instant(microseconds: microseconds &+ count * 1000) }
    /// 0 if `earlier` is later.
    public func microseconds(since earlier: Instant) -> UInt64 { microseconds - min(microseconds, earlier.microseconds) }
}
