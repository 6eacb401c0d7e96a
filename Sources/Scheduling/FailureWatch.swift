public import JobModel

/// Counts failures as they come, so that a job whose surroundings are at fault does not fail a million files.
///
/// Says so once for each rule; the caller decides what a breach means.
public struct FailureWatch: Hashable, Sendable {
    public struct Limits: Hashable, Sendable {
        /// Equal failures in a row without a success between them (behaviour.md, Running); nil does not count them.
        public var equalInRowMax: Int?
        /// Failures of the whole job.
        public var failuresMax: Int?

        public static let equalInRowDefault = 50

        public init(equalInRowMax: Int? = equalInRowDefault, failuresMax: Int? = nil) {
            self.equalInRowMax = equalInRowMax
            self.failuresMax = failuresMax
        }
    }

    public enum Breach: Hashable, Sendable {
        case equalInRow(FailureReason, count: Int)
        case tooMany(count: Int)
    }

    private let limits: Limits
    private var streakReason: FailureReason?
    private var streakCount = 0
    private var failureCount = 0

    public init(_ limits: Limits) { self.limits = limits }

    /// Notes the end of one task: nil is a success.
    public mutating func note(_ reason: FailureReason?) -> Breach? {
        guard let reason else {
            (streakReason, streakCount) = (nil, 0)
            return nil
        }
        failureCount += 1
        streakCount = streakReason == reason ? streakCount + 1 : 1
        streakReason = reason
        if failureCount == limits.failuresMax { return .tooMany(count: failureCount) }
        if streakCount == limits.equalInRowMax { return .equalInRow(reason, count: streakCount) }
        return nil
    }
}
