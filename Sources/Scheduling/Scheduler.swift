public import JobModel

/// Decides which ready tasks go to which host, and nothing else.
///
/// A plain value: what happened arrives as an `Event` with the time, what must happen leaves as `Command`s.
///
/// - Invariant: a task is ready, in flight as exactly one attempt, or settled; a report for any other attempt is stale.
public struct Scheduler: Hashable, Sendable {
    private struct Host: Hashable {
        var slots: Int
        var isLeaving = false
        var inFlight = 0
        /// Moving average of what a slot needs for a task; nil before the first report.
        var taskMicroseconds: Double?
    }

    private struct Flight: Hashable {
        var number: UInt32
        var host: HostIndex
        var rank: UInt32
    }

    private let limits: Limits
    private let order: Order
    private var ready: ReadyTasks
    private var hosts: [HostIndex: Host] = [:]
    private var flights: [TaskIndex: Flight] = [:]
    /// Attempts made so far, only of tasks that came back.
    private var tries: [TaskIndex: UInt32] = [:]
    /// How often a task was lost with its host; being called back, or given back in a pause, counts for nothing.
    private var losses: [TaskIndex: UInt32] = [:]
    private var isDraining = false
    private var isPaused = false
    private var isCongested = false
    private var hasFinished = false
    private var bound: TaskIndex?

    /// - Parameters:
    ///   - taskCount: tasks are the indexes below it.
    ///   - settled: tasks in plan order that need no work, disjoint and ascending; only with `.plan`.
    ///   - sizes: of all tasks' inputs.
    ///   - allowsDuplicates: whether a task may run on two hosts at the same time: never for programs that are not idempotent.
    public init(
        taskCount: Int, order: Order, settled: [Range<Int>] = [], sizes: TaskSizes = .unknown, allowsDuplicates: Bool = false,
        limits: Limits = Limits()
    ) {
        self.order = order
        self.limits = limits
        switch order {
        case .plan: ready = ReadyTasks(below: UInt32(taskCount), except: settled)
        case .ranked(let ranks): ready = ReadyTasks(below: UInt32(ranks.count), except: [])
        }
    }

    public var readyCount: Int { ready.count }
    public var inFlightCount: Int { flights.count }
    /// The lowest task that is still to be dispatched; nil when there is none, or when tasks are not in plan order.
    public var lowestReady: TaskIndex? {
        switch order {
        case .plan: ready.lowest.map { TaskIndex(rawValue: $0) }
        case .ranked: nil
        }
    }

    /// When `.tick` is due; nil while nothing waits for a moment.
    public var nextDeadline: Instant? { nil }

    /// How a host is; nil if it never was ready.
    public func view(of host: HostIndex) -> HostView? {
        guard let state = hosts[host] else { return nil }
        let running = min(state.slots, state.inFlight)
        return HostView(
            slots: state.slots, running: running, unstarted: state.inFlight - running, taskMicroseconds: state.taskMicroseconds,
            idleReason: running < state.slots ? .noWorkLeft : nil)
    }

    /// Where a task is; takes time in proportion to the tasks of the job when they are ranked.
    public func view(of task: TaskIndex) -> TaskView {
        flights[task].map { .dispatched([$0.host]) } ?? .waiting(.hostsFull)
    }

    /// Applies one event and returns the commands it causes, in the order they must be performed.
    public mutating func apply(_ event: Event, at now: Instant) -> [Command] {
        var commands: [Command] = []
        switch event {
        case .hostReady(let host, let offer):
            precondition(offer.slots > 0, "host \(host.rawValue) is ready with \(offer.slots) slots")
            hosts[host, default: Host(slots: offer.slots)].slots = offer.slots
            hosts[host]?.isLeaving = false
        case .slotsChanged(let host, let slots):
            hosts[host]?.slots = slots
        case .hostLeaving(let host):
            if hosts[host]?.isLeaving == false {
                hosts[host]?.isLeaving = true
                commands += callBack().filter { if case .retract(host, _) = $0 { true } else { false } }
            }
        case .hostLost(let host):
            // A host that never was ready, or was lost before: nothing is in flight there.
            if hosts.removeValue(forKey: host) != nil { commands += takeBack(from: host) }
        case .ended(let host, let endings):
            for ending in endings { commands.append(settle(ending, from: host)) }
        case .released(let host, let tasks):
            for task in tasks {
                // Released late, after the host was lost or the attempt reported: the task is not this host's any more.
                guard let flight = flights[task], flight.host == host else { continue }
                flights[task] = nil
                hosts[host]?.inFlight -= 1
                ready.insert(flight.rank)
                tries[task] = flight.number
            }
        case .drain:
            if !isDraining {
                isDraining = true
                commands += callBack()
            }
        case .pause:
            if !isPaused && !isDraining {
                isPaused = true
                commands += callBack()
            }
        case .resume:
            isPaused = false
        case .congested(let isNow):
            isCongested = isNow
        case .bound(let index):
            bound = index
        case .started, .tick: break
        }
        commands += placeReadyTasks()
        for (host, state) in hosts.sorted(by: { $0.key < $1.key }) where state.isLeaving && state.inFlight == 0 {
            hosts[host] = nil
            commands.append(.mayClose(host))
        }
        if !hasFinished && flights.isEmpty && (isDraining || ready.count == 0) {
            hasFinished = true
            commands.append(.finished(unsettled: ready.count))
        }
        return commands
    }

    /// Asks every host for what it has not started.
    private func callBack() -> [Command] {
        hosts.keys.sorted().compactMap { host in
            let held = flights.filter { $0.value.host == host }.keys.sorted()
            return held.isEmpty ? nil : .retract(host, held)
        }
    }

    private mutating func settle(_ ending: Ending, from host: HostIndex) -> Command {
        guard let flight = flights[ending.attempt.task], flight.number == ending.attempt.number, flight.host == host else {
            return .discard(ending.attempt)
        }
        flights[ending.attempt.task] = nil
        tries[ending.attempt.task] = nil
        losses[ending.attempt.task] = nil
        if var state = hosts[host] {
            state.inFlight -= 1
            let sample = Double(max(1, ending.busyMicroseconds))
            state.taskMicroseconds = state.taskMicroseconds.map { $0 * 0.9 + sample * 0.1 } ?? sample
            hosts[host] = state
        }
        return .settle(ending.attempt)
    }

    private mutating func takeBack(from host: HostIndex) -> [Command] {
        var commands: [Command] = []
        for (task, flight) in flights.filter({ $0.value.host == host }).sorted(by: { $0.key < $1.key }) {
            flights[task] = nil
            let lost = (losses[task] ?? 0) + 1
            if lost >= limits.lostAttemptsMax {
                tries[task] = nil
                losses[task] = nil
                commands.append(.giveUp(Attempt(task: task, number: flight.number), .lost(times: Int(lost))))
            } else {
                tries[task] = flight.number
                losses[task] = lost
                ready.insert(flight.rank)
            }
        }
        return commands
    }

    private mutating func placeReadyTasks() -> [Command] {
        guard !isDraining, !isPaused, !isCongested else { return [] }
        var commands: [Command] = []
        for host in hosts.keys.sorted() {
            guard ready.count > 0 else { break }
            let room = roomForTasks(on: host)
            guard room > 0 else { continue }
            let ranks = ready.takeLowest(room, below: rankBound)
            guard !ranks.isEmpty else { break }
            commands.append(.dispatch(host, ranks.map { start($0, on: host) }))
        }
        return commands
    }

    /// How many tasks to send now: the host's whole queue once half of it is used up, so that shards do not shrink to one task.
    private func roomForTasks(on index: HostIndex) -> Int {
        guard let host = hosts[index], !host.isLeaving else { return 0 }
        guard let cost = host.taskMicroseconds else { return max(0, host.slots - host.inFlight) }
        var queue = Int(Double(limits.hostQueueMilliseconds) * 1000 * Double(host.slots) / cost)
        if hosts.count > 1 { queue = min(queue, max(host.slots, ready.count / (4 * hosts.count))) }
        queue = max(1, min(queue, limits.shardTasksMax))
        let unstarted = max(0, host.inFlight - host.slots)
        guard host.inFlight < host.slots || unstarted <= queue / 2 else { return 0 }
        return max(0, host.slots + queue - host.inFlight)
    }

    /// A bound only makes sense where ranks are plan order; a ranked job has no PDF to wait for.
    private var rankBound: UInt32? {
        switch order {
        case .plan: bound?.rawValue
        case .ranked: nil
        }
    }

    private mutating func start(_ rank: UInt32, on host: HostIndex) -> Attempt {
        let task: TaskIndex
        switch order {
        case .plan: task = TaskIndex(rawValue: rank)
        case .ranked(let ranks): task = TaskIndex(rawValue: ranks[Int(rank)])
        }
        precondition(flights[task] == nil, "task \(task.rawValue) is in flight already")
        let number = (tries[task] ?? 0) + 1
        flights[task] = Flight(number: number, host: host, rank: rank)
        hosts[host]?.inFlight += 1
        return Attempt(task: task, number: number)
    }
}
