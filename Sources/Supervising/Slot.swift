/// One place for a worker.
struct Slot: Hashable, Sendable {
    var state = SlotState.vacant
    /// An order that must be the first and only one of this slot's next fresh worker.
    var pinned: SupervisedOrder?
    /// Deaths since the last report.
    var idleDeaths = 0
}

/// What a slot's worker is doing. Next states are named behind the arrow.
enum SlotState: Hashable, Sendable {
    /// No process and none wanted. Final after stop or unusable.
    case vacant
    /// No process until then. -> starting
    case resting(untilMilliseconds: UInt64)
    /// Spawned, its setup not yet taken. -> serving, resting, killing
    case starting(Charge)
    /// -> retiring, killing, resting, starting (died)
    case serving(Serving)
    /// Its input is closed, it holds nothing. -> starting, killing
    case retiring(sinceMilliseconds: UInt64)
    /// -> starting, resting, abandoned, vacant
    case killing(Killing)
    /// Killed, but the kernel cannot end it; its order is reported. -> starting, if it ends after all
    case abandoned
}

/// Orders at a worker, in the order they were written to it; it reports them in that order.
enum Load: Hashable, Sendable {
    case none
    /// No order, and its memory is about to be looked at before it gets one.
    case weighing
    case one(SupervisedOrder)
    case two(SupervisedOrder, prefetched: SupervisedOrder)

    var first: SupervisedOrder? {
        switch self {
        case .none, .weighing: nil
        case .one(let order), .two(let order, _): order
        }
    }

    var prefetched: SupervisedOrder? {
        switch self {
        case .none, .weighing, .one: nil
        case .two(_, let order): order
        }
    }

    /// What is left once the first order has ended.
    var afterFirst: Load {
        switch self {
        case .none, .weighing, .one: .none
        case .two(_, let order): .one(order)
        }
    }
}

struct Serving: Hashable, Sendable {
    var load = Load.none
    /// Of the first order.
    var charge = Charge()
    var tasksDone = 0
    var isQuick = false
    /// Held much memory at some moment: looked at again when it has no order.
    var isHeavy = false
}

struct Killing: Hashable, Sendable {
    enum Cause: Hashable, Sendable {
        /// The first order took longer than its limit.
        case timeout
        /// It broke the protocol; the text says how. Counts as a crash.
        case misbehaved(String)
        /// It did not become ready in time, or did not end when asked: nobody's fault.
        case surplus
        /// Nobody wants its first order any more.
        case cancelled
    }
    var cause: Cause
    var load: Load
    var sinceMilliseconds: UInt64
}

/// Time charged against a limit: CPU time granted and time spent waiting, but no time spent queueing for a CPU.
///
/// Between two samples a worker is charged its CPU time and I/O wait if it was runnable, the whole time if it was
/// asleep or in I/O, and nothing if somebody stopped it. The first sample only sets the mark, so up to one period of
/// a task goes free; a period that is far too long (the agent itself was stopped) counts as two.
struct Charge: Hashable, Sendable {
    private var mark: Mark?
    private(set) var chargedMilliseconds: UInt64 = 0

    private struct Mark: Hashable, Sendable {
        var atMilliseconds: UInt64
        var sample: WorkerSample
    }

    mutating func add(_ sample: WorkerSample, nowMilliseconds: UInt64, periodMilliseconds: UInt64) {
        if let mark {
            let wall = min(nowMilliseconds - min(nowMilliseconds, mark.atMilliseconds), 2 * periodMilliseconds)
            let granted =
                (sample.cpuMilliseconds - min(sample.cpuMilliseconds, mark.sample.cpuMilliseconds))
                + (sample.ioWaitMilliseconds - min(sample.ioWaitMilliseconds, mark.sample.ioWaitMilliseconds))
            switch sample.activity {
            case .runnable: chargedMilliseconds += min(granted, wall)
            case .waiting: chargedMilliseconds += wall
            case .stopped: break
            }
        }
        mark = Mark(atMilliseconds: nowMilliseconds, sample: sample)
    }
}
