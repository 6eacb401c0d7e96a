public import JobModel

/// How far a job is: all that progress shows, put together by the head.
public struct ProgressSnapshot: Sendable {
    public enum Phase: Hashable, Sendable {
        case scanning(found: Int, skipped: Int)
        case probing
        case working
        case binding
        case finishing
        /// The reason names what is wrong and the cure.
        case paused(reason: String)
        case draining(secondsLeft: Int)
    }

    public var job: JobID
    public var phase: Phase
    public var tasksDone = 0
    public var tasksTotal = 0
    public var failed = 0
    public var skipped = 0
    public var bytesIn: UInt64 = 0
    public var bytesOut: UInt64 = 0
    public var pagesBound = 0
    public var pagesTotal = 0
    public var elapsedSeconds = 0.0
    /// Tasks a second as `RateEstimator.perSecond` tells; nil while unknown.
    public var rate: Double?
    /// Input bytes a second; nil while unknown.
    public var byteRate: Double?
    /// From `RateEstimator.secondsLeft`; nil while unknown.
    public var secondsLeft: ClosedRange<Double>?
    /// In the order they are shown.
    public var hosts: [HostLine] = []

    public init(job: JobID, phase: Phase) {
        self.job = job
        self.phase = phase
    }
}

/// One host's line.
public struct HostLine: Hashable, Sendable {
    public var name: String
    public var slots: Int
    public var busy: Int
    public var done: Int
    public var failed: Int
    /// Tasks a second.
    public var rate: Double
    /// Empty while all is well, else in a few words: `connecting`, `slots held by job X`, `unreachable, again in 40 s`.
    public var state: String
    /// Whether a person may want to do something about it: shown before others where not all hosts have room.
    public var isTroubled: Bool

    public init(
        name: String, slots: Int, busy: Int = 0, done: Int = 0, failed: Int = 0, rate: Double = 0, state: String = "", isTroubled: Bool = false
    ) {
        self.name = name
        self.slots = slots
        self.busy = busy
        self.done = done
        self.failed = failed
        self.rate = rate
        self.state = state
        self.isTroubled = isTroubled
    }
}

extension ProgressSnapshot.Phase {
    /// Stable name in events.
    var name: String {
        switch self {
        case .scanning: "scanning"
        case .probing: "probing"
        case .working: "working"
        case .binding: "binding"
        case .finishing: "finishing"
        case .paused: "paused"
        case .draining: "draining"
        }
    }
}

extension ProgressSnapshot {
    /// The members of a `progress` event: `phase`, with it `found` and `skipped_found` (scanning), `reason` (paused) or
    /// `drain_seconds_left` (draining); `done`, `total`, `failed`, `skipped`, `bytes_in`, `bytes_out`, `pages_bound`,
    /// `pages_total`, `seconds`, `per_second`, `bytes_per_second`, `seconds_left` (array of least and most; these three may be
    /// null), `hosts` (array of `name`, `slots`, `busy`, `done`, `failed`, `per_second`, `state`).
    var fields: [(String, JSONValue)] {
        var fields: [(String, JSONValue)] = [("phase", .string(phase.name))]
        switch phase {
        case .scanning(let found, let skipped): fields += [("found", .integer(found)), ("skipped_found", .integer(skipped))]
        case .paused(let reason): fields.append(("reason", .string(reason)))
        case .draining(let seconds): fields.append(("drain_seconds_left", .integer(seconds)))
        case .probing, .working, .binding, .finishing: break
        }
        fields += [
            ("done", .integer(tasksDone)), ("total", .integer(tasksTotal)), ("failed", .integer(failed)),
            ("skipped", .integer(skipped)),
            ("bytes_in", .size(bytesIn)), ("bytes_out", .size(bytesOut)), ("pages_bound", .integer(pagesBound)),
            ("pages_total", .integer(pagesTotal)), ("seconds", .number(elapsedSeconds)), ("per_second", number(rate)),
            ("bytes_per_second", number(byteRate)),
            ("seconds_left", secondsLeft.map { .array([.number($0.lowerBound), .number($0.upperBound)]) } ?? .null),
            (
                "hosts",
                .array(
                    hosts.map { host in
                        .object([
                            ("name", .string(host.name)), ("slots", .integer(host.slots)), ("busy", .integer(host.busy)),
                            ("done", .integer(host.done)), ("failed", .integer(host.failed)), ("per_second", .number(host.rate)),
                            ("state", .string(host.state)),
                        ])
                    })
            ),
        ]
        return fields
    }

    private func number(_ value: Double?) -> JSONValue { value.map(JSONValue.number) ?? .null }
}
