import JobModel
import Scheduling

let hostA = HostIndex(rawValue: 0)
let hostB = HostIndex(rawValue: 1)
let hostC = HostIndex(rawValue: 2)

/// A scheduler and a clock that only the test turns.
struct Stage {
    var scheduler: Scheduler
    private(set) var now = Instant(microseconds: 1_000_000)

    init(
        tasks: Int, order: Scheduler.Order = .plan, settled: [Range<Int>] = [], sizes: TaskSizes = .unknown, allowsDuplicates: Bool = false,
        loss: Scheduler.LossPolicy = .startsElsewhere, delayed: [TaskIndex] = [], delayedMilliseconds: UInt64 = 0,
        limits: Scheduler.Limits = Scheduler.Limits()
    ) {
        scheduler = Scheduler(
            taskCount: tasks, order: order, settled: settled, sizes: sizes, allowsDuplicates: allowsDuplicates, loss: loss, delayed: delayed,
            delayedUntil: now.advanced(byMilliseconds: delayedMilliseconds), limits: limits)
    }

    mutating func react(_ event: Scheduler.Event) -> [Scheduler.Command] { scheduler.apply(event, at: now) }

    mutating func join(_ host: HostIndex, slots: Int, stagedBytesMax: UInt64? = nil) -> [Attempt] {
        react(.hostReady(host, Scheduler.HostOffer(slots: slots, stagedBytesMax: stagedBytesMax))).dispatched(to: host)
    }

    mutating func end(
        _ attempts: [Attempt], on host: HostIndex, _ verdict: Scheduler.Verdict = .done, milliseconds: UInt64 = 100
    ) -> [Scheduler.Command] {
        react(
            .ended(host, attempts.map { Scheduler.Ending(attempt: $0, busyMicroseconds: milliseconds * 1000, verdict: verdict) }))
    }

    mutating func wait(milliseconds: UInt64) { now = now.advanced(byMilliseconds: milliseconds) }

    /// Turns the clock to the next deadline and tells the scheduler; nil if there is none within the time.
    mutating func tick(withinMilliseconds limit: UInt64 = 3_600_000) -> [Scheduler.Command]? {
        guard let deadline = scheduler.nextDeadline, deadline.microseconds(since: now) <= limit * 1000 else { return nil }
        now = max(now, deadline)
        return react(.tick)
    }
}

extension [Scheduler.Command] {
    func dispatched(to host: HostIndex) -> [Attempt] {
        flatMap { command -> [Attempt] in
            if case .dispatch(host, let attempts) = command { attempts } else { [] }
        }
    }

    var dispatched: [Attempt] {
        flatMap { command -> [Attempt] in
            if case .dispatch(_, let attempts) = command { attempts } else { [] }
        }
    }

    func retracted(from host: HostIndex) -> [TaskIndex] {
        flatMap { command -> [TaskIndex] in
            if case .retract(host, let tasks) = command { tasks } else { [] }
        }
    }

    var settled: [Attempt] {
        compactMap { if case .settle(let attempt) = $0 { attempt } else { nil } }
    }

    /// Hosts that are told to rest.
    var rests: [HostIndex] {
        compactMap { if case .rest(let host, _, _) = $0 { host } else { nil } }
    }
}

func attempt(_ task: UInt32, _ number: UInt32) -> Attempt { Attempt(task: TaskIndex(rawValue: task), number: number) }
