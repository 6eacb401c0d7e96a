import JobModel
import Testing

@testable import Supervising

/// A supervisor with pretended workers: performs its commands, keeps the books of every order, checks after each event.
struct SupervisedWorld {
    struct Worker: Equatable {
        enum Phase: Equatable { case starting, serving, inputClosed }
        var phase = Phase.starting
        var isKilled = false
        var orders: [WorkOrder] = []
    }

    var supervisor: Supervisor
    var now: UInt64 = 1_000
    var workers: [Int: Worker] = [:]
    var reports: [Attempt: WorkReport] = [:]
    var released: [TaskIndex] = []
    var cancelled: [Attempt] = []
    var started: [TaskIndex] = []
    var discarded: [Attempt] = []
    var readySlots: [Int] = []
    var unusable: [String] = []
    var logs: [String] = []
    var samplesWanted: [Int] = []
    var isFinished = false
    var reportedTwice = false

    init(slots: Int, limits: Supervisor.Limits = Supervisor.Limits()) {
        supervisor = Supervisor(limits: limits)
        apply(.setup(slots: slots))
    }

    /// All workers ready.
    static func ready(slots: Int, limits: Supervisor.Limits = Supervisor.Limits()) -> SupervisedWorld {
        var world = SupervisedWorld(slots: slots, limits: limits)
        for slot in 0..<slots { world.becomeReady(slot) }
        return world
    }

    @discardableResult
    mutating func apply(_ event: Supervisor.Event) -> [Supervisor.Command] {
        let commands = supervisor.apply(event, nowMilliseconds: now)
        for command in commands { perform(command) }
        supervisor.checkInvariants()
        return commands
    }

    private mutating func perform(_ command: Supervisor.Command) {
        switch command {
        case .spawn(let slot):
            #expect(workers[slot] == nil, "spawned beside a living worker")
            workers[slot] = Worker()
        case .feed(let slot, let order):
            #expect(workers[slot]?.phase == .serving && workers[slot]?.isKilled == false, "fed a worker that cannot take it")
            workers[slot]?.orders.append(order)
            #expect(workers[slot]?.orders.count ?? 0 <= 2, "more than one order ahead")
        case .closeInput(let slot):
            #expect(workers[slot]?.orders == [], "retired with an order in hand")
            workers[slot]?.phase = .inputClosed
        case .kill(let slot):
            #expect(workers[slot] != nil, "killed nobody")
            workers[slot]?.isKilled = true
        case .sample(let slot): samplesWanted.append(slot)
        case .discardTemporaries(let order): discarded.append(order.attempt)
        case .report(let report, let order):
            #expect(report.attempt == order.attempt)
            if reports.updateValue(report, forKey: report.attempt) != nil { reportedTwice = true }
        case .released(let tasks): released += tasks
        case .started(let tasks): started += tasks
        case .cancelled(let attempt): cancelled.append(attempt)
        case .ready(let slots): readySlots.append(slots)
        case .unusable(let text): unusable.append(text)
        case .log(let text): logs.append(text)
        case .finished: isFinished = true
        }
    }

    // What workers do.

    mutating func becomeReady(_ slot: Int) {
        workers[slot]?.phase = .serving
        apply(.workerReady(slot: slot))
    }

    /// The worker's first order ends well.
    mutating func report(_ slot: Int, wallMicroseconds: UInt64 = 1_000_000) {
        guard let order = workers[slot]?.orders.first else {
            Issue.record("slot \(slot) has nothing to report")
            return
        }
        workers[slot]?.orders.removeFirst()
        apply(.workerReported(slot: slot, Self.finished(order.attempt, wallMicroseconds: wallMicroseconds)))
    }

    mutating func die(_ slot: Int, _ end: WorkerEnd, lastWords: String = "") {
        workers[slot] = nil
        apply(.workerEnded(slot: slot, end, lastWords: lastWords))
    }

    mutating func assign(_ tasks: [Int], limitMilliseconds: UInt64? = nil) {
        apply(.assigned(tasks.map { Self.order($0, limitMilliseconds: limitMilliseconds) }))
    }

    /// Lets time pass in sample periods; each sample asked for finds this activity.
    mutating func pass(_ milliseconds: UInt64, activity: WorkerSample.Activity, residentBytes: UInt64 = 0, cpuShare: Double = 0) {
        let end = now + milliseconds
        while now < end {
            now = min(end, supervisor.nextDeadlineMilliseconds.map { max($0, now + 1) } ?? end)
            apply(.tick)
            answerSamples(activity, residentBytes: residentBytes, cpuShare: cpuShare)
        }
    }

    mutating func answerSamples(_ activity: WorkerSample.Activity, residentBytes: UInt64 = 0, cpuShare: Double = 0) {
        while !samplesWanted.isEmpty {
            let slot = samplesWanted.removeFirst()
            let sample = WorkerSample(
                activity: activity, cpuMilliseconds: UInt64(Double(now) * cpuShare), ioWaitMilliseconds: 0,
                residentBytes: residentBytes)
            apply(.sampled(slot: slot, workers[slot] == nil ? nil : sample))
        }
    }

    func orders(_ slot: Int) -> [UInt32] { workers[slot]?.orders.map(\.attempt.task.rawValue) ?? [] }

    func failure(_ task: Int) -> TaskFailure? {
        guard case .failed(let failure) = reports[Attempt(task: TaskIndex(task), number: 1)]?.outcome else { return nil }
        return failure
    }

    func hasSucceeded(_ task: Int) -> Bool {
        guard case .finished = reports[Attempt(task: TaskIndex(task), number: 1)]?.outcome else { return false }
        return true
    }

    static func order(_ task: Int, limitMilliseconds: UInt64? = nil, attempt: UInt32 = 1) -> SupervisedOrder {
        SupervisedOrder(
            WorkOrder(
                attempt: Attempt(task: TaskIndex(task), number: attempt), input: RawPath("\(task).jpg"),
                identity: InputIdentity(sizeBytes: 1, modifiedNanoseconds: 0), kind: .probe, tempName: RawPath(".t\(task)")),
            limitMilliseconds: limitMilliseconds)
    }

    static func finished(_ attempt: Attempt, wallMicroseconds: UInt64 = 1_000_000) -> WorkReport {
        WorkReport(
            attempt: attempt, outcome: .finished(FinishedWork()),
            usage: WorkUsage(cpuMicroseconds: wallMicroseconds, wallMicroseconds: wallMicroseconds, peakMemoryBytes: 0))
    }

    static let segfault = WorkerEnd.killed(signal: 11, name: "SIGSEGV")
    static let killed = WorkerEnd.killed(signal: 9, name: "SIGKILL")
}
