/// How fast a count grows and when it will be done, from two moving averages.
///
/// The clock is the caller's: seconds of any monotonic clock. Memory does not grow with the number of observations.
public struct RateEstimator: Sendable {
    private var fast: MovingAverage
    private var slow: MovingAverage
    private var last: (total: Double, seconds: Double)?

    /// Averages over about this many seconds; the fast one tells what happens now, the slow one what happened lately.
    public init(fastSeconds: Double = 10, slowSeconds: Double = 90) {
        precondition(fastSeconds > 0 && slowSeconds >= fastSeconds, "averages over \(fastSeconds) s and \(slowSeconds) s")
        fast = MovingAverage(timeConstantSeconds: fastSeconds)
        slow = MovingAverage(timeConstantSeconds: slowSeconds)
    }

    /// Notes that the count stood at `total` at this time. A clock that stands still or goes back changes nothing;
    /// a total that falls (a file is done again) counts as no progress.
    public mutating func note(total: Double, atSeconds seconds: Double) {
        guard let last else {
            self.last = (total, seconds)
            return
        }
        let step = seconds - last.seconds
        guard step >= Self.stepSecondsMin else { return }
        let rate = max(0, total - last.total) / step
        fast.add(rate, stepSeconds: step)
        slow.add(rate, stepSeconds: step)
        self.last = (total, seconds)
    }

    /// The fast average; nil until two observations are at least a tenth of a second apart.
    public var perSecond: Double? { fast.value }

    /// Seconds until `remaining` more are done: from the faster average to the slower one, 5% wider at both ends.
    /// Nil when nothing is known yet or nothing moves.
    public func secondsLeft(remaining: Double) -> ClosedRange<Double>? {
        guard remaining > 0 else { return 0...0 }
        guard let quick = fast.value, let steady = slow.value else { return nil }
        let best = max(quick, steady)
        guard best > 0 else { return nil }
        let worst = max(min(quick, steady), best * Self.slowestShare)
        return remaining / best * 0.95...remaining / worst * 1.05
    }

    /// Observations closer than this are put together, so that a burst is no rate.
    private static let stepSecondsMin = 0.1
    /// A stall makes the upper end long, not infinite.
    private static let slowestShare = 0.001
}

/// An exponential moving average over irregular steps that is right from its first value on.
private struct MovingAverage: Sendable {
    let timeConstantSeconds: Double
    private var sum = 0.0
    private var weight = 0.0

    init(timeConstantSeconds: Double) { self.timeConstantSeconds = timeConstantSeconds }

    var value: Double? { weight > 0 ? sum / weight : nil }

    mutating func add(_ sample: Double, stepSeconds: Double) {
        // A first-order lag by the implicit Euler rule: stable for every step and free of exp().
        let share = stepSeconds / (timeConstantSeconds + stepSeconds)
        sum += share * (sample - sum)
        weight += share * (1 - weight)
    }
}
