public import JobModel

/// Decides which ready tasks go to which host, and nothing else.
///
/// A plain value: what happened arrives as an `Event` with the time, what must happen leaves as `Command`s.
///
/// - Invariant: a task is ready, in flight as exactly one attempt, or settled; a report for any other attempt is stale.
public struct Scheduler: Hashable, Sendable {
    public struct Limits: Hashable, Sendable {
        /// How much work a host may hold unstarted.
        public var hostQueueMilliseconds = 2_000
        public var shardTasksMax = 4_096
        /// Tries of one task whose attempts were lost with their host, before it is given up.
        public var lostAttemptsMax = 5
        public init() {}
    }

    /// In which order tasks start.
    public enum Order: Hashable, Sendable {
        /// Lowest index first: pages of a PDF arrive in order.
        case plan
        /// The given task indexes in their order, e.g. largest first, so that no big one is left for the end.
        case ranked([UInt32])
    }

    public enum Event: Hashable, Sendable {
        case hostReady(HostIndex, slots: Int)
        /// The host's agent is gone; what it had in hand runs elsewhere.
        case hostLost(HostIndex)
        /// Attempts that came to an end, with the time a slot was busy with each.
        case ended(HostIndex, [Ending])
        /// Answer to `retract`: these had not started.
        case released(HostIndex, [TaskIndex])
        /// Start nothing new; what is unstarted on hosts is called back.
        case drain
        /// The surroundings are at fault: dispatch nothing until `resume`; what is unstarted on hosts is called back.
        case pause
        case resume
        /// Too much of what ended waits to be recorded: dispatch nothing more until that is over.
        case congested(Bool)
        /// Only tasks below this index may be dispatched: the spool is full. Nil lifts it.
        case bound(TaskIndex?)
    }

    public struct Ending: Hashable, Sendable {
        public var attempt: Attempt
        public var busyMicroseconds: UInt64
        public init(attempt: Attempt, busyMicroseconds: UInt64) {
            self.attempt = attempt
            self.busyMicroseconds = busyMicroseconds
        }
    }

    public enum Command: Hashable, Sendable {
        case dispatch(HostIndex, [Attempt])
        case retract(HostIndex, [TaskIndex])
        /// The attempt's report counts: commit its files.
        case settle(Attempt)
        /// A late report from an attempt that was given up or has been answered: delete its files.
        case discard(Attempt)
        /// The task was lost with its host too often; `attempt` was the last.
        case giveUp(Attempt, losses: UInt32)
        /// Nothing is in flight and nothing more will be dispatched.
        case finished(unsettled: Int)
    }

    private struct Host: Hashable {
        var slots: Int
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
    public init(taskCount: Int, order: Order, settled: [Range<Int>] = [], limits: Limits = Limits()) {
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

    /// Applies one event and returns the commands it causes, in the order they must be performed.
    public mutating func apply(_ event: Event) -> [Command] {
        var commands: [Command] = []
        switch event {
        case .hostReady(let host, let slots):
            precondition(slots > 0, "host \(host.rawValue) is ready with \(slots) slots")
            hosts[host, default: Host(slots: slots)].slots = slots
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
        }
        commands += placeReadyTasks()
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
                commands.append(.giveUp(Attempt(task: task, number: flight.number), losses: lost))
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
        guard let host = hosts[index] else { return 0 }
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
