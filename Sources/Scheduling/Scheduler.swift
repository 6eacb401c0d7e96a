public import JobModel

/// Decides which ready tasks go to which host, who is to blame for a failure, and which host rests.
///
/// A plain value: what happened arrives as an `Event` with the time, what must happen leaves as `Command`s. Nothing in it
/// grows with the job but two bytes a task (`TaskSizes`) and the given order; everything else grows with what is in flight
/// and with tasks that came back. An event takes time in proportion to the tasks it names, not to hosts or tasks in flight.
///
/// - Invariant: a task is ready (now, or from a moment on), in flight (as one attempt, or two at the end of a job), or settled;
///   a report for any other attempt is stale. Attempts of a task are numbered upwards.
public struct Scheduler: Sendable {
    let limits: Limits
    let order: Order
    let sizes: TaskSizes
    let allowsDuplicates: Bool
    let loss: LossPolicy
    var now = Instant(microseconds: 0)
    /// Ready tasks that any host may have.
    var ready: ReadyTasks
    /// Ready tasks that some hosts may not have, lowest rank first.
    var choosy: [ChoosyTask] = []
    /// Tasks that are not ready before their moment.
    var delayed = Deadlines<DelayedTask>()
    /// A task became choosy or a host came or went: some task may have nowhere to go.
    var mustReconsider = false
    var flights = FlightTable()
    var histories: [UInt32: TaskHistory] = [:]
    /// By index; a host that never was ready is away.
    var hosts: [Host] = []
    var costs: CostModel
    /// The host that is kept free for tasks that must run alone.
    var quarantine: Int?
    /// Hosts that may have room for more: looked at by the next placing.
    var wanting = HostSet()
    /// Hosts that hold attempts which could be called back.
    var callable = HostSet()
    var resting = HostSet()
    var leaving = HostSet()
    /// Hosts that take work, and their slots.
    var workingCount = 0
    var workingSlots = 0
    var restEnds: Instant?
    var cancelledCount = 0
    var extraCount = 0
    var calledBackCount = 0
    var tail = Tail()
    var isDraining = false
    var isPaused = false
    var isCongested = false
    var bound: TaskIndex?
    var commands: [Command] = []
    private var hasFinished = false

    /// - Parameters:
    ///   - taskCount: tasks are the indexes below it.
    ///   - settled: tasks in plan order that need no work, disjoint and ascending; only with `.plan`.
    ///   - sizes: of all tasks' inputs.
    ///   - allowsDuplicates: whether a task may run on two hosts at the same time: never for programs that are not idempotent.
    ///   - loss: what becomes of the tasks of a lost host; anything but `.startsElsewhere` only without duplicates.
    ///   - delayed: open tasks, each once, that may still run for an earlier head; they do not start before `delayedUntil`.
    public init(
        taskCount: Int, order: Order, settled: [Range<Int>] = [], sizes: TaskSizes = .unknown, allowsDuplicates: Bool = false,
        loss: LossPolicy = .startsElsewhere, delayed: [TaskIndex] = [], delayedUntil: Instant = Instant(microseconds: 0),
        limits: Limits = Limits()
    ) {
        precondition(!allowsDuplicates || loss == .startsElsewhere, "a task that may run twice has no loss to wait for")
        self.order = order
        self.limits = limits
        self.sizes = sizes
        self.allowsDuplicates = allowsDuplicates
        self.loss = loss
        costs = CostModel(meanBytes: sizes.meanBytes)
        let waiting = Self.ranks(of: delayed, order)
        let waitingRanks = waiting.map { Int($0.rank)..<Int($0.rank) + 1 }
        switch order {
        case .plan:
            ready = ReadyTasks(below: UInt32(taskCount), except: (settled + waitingRanks).sorted { $0.lowerBound < $1.lowerBound })
        case .ranked(let ranks): ready = ReadyTasks(below: UInt32(ranks.count), except: waitingRanks)
        }
        for (rank, task) in waiting {
            histories[task] = TaskHistory(mayHaveStarted: true)
            self.delayed.insert(delayedUntil, DelayedTask(rank: rank, task: task))
        }
    }

    private static func ranks(of tasks: [TaskIndex], _ order: Order) -> [(rank: UInt32, task: UInt32)] {
        switch order {
        case .plan: return tasks.map { ($0.rawValue, $0.rawValue) }
        case .ranked(let ranks):
            guard !tasks.isEmpty else { return [] }
            let wanted = Set(tasks.map(\.rawValue))
            let found = ranks.enumerated().filter { wanted.contains($0.element) }.map { (UInt32($0.offset), $0.element) }
            precondition(found.count == tasks.count, "\(tasks.count) tasks are delayed, and \(found.count) of them are open")
            return found
        }
    }

    /// Tasks that wait to be dispatched, also those that must not start yet.
    public var readyCount: Int { dueCount + delayed.count }
    /// Of these, those that may start now.
    var dueCount: Int { ready.count + choosy.count }
    /// Attempts on hosts whose report would count.
    public var inFlightCount: Int { flights.count - cancelledCount }
    /// The lowest task that is still to be dispatched; nil when there is none, or when tasks are not in plan order.
    public var lowestReady: TaskIndex? {
        switch order {
        case .plan:
            [ready.lowest, choosy.first?.rank, delayed.entries.lazy.map(\.item.rank).min()].compactMap(\.self).min()
                .map { TaskIndex(rawValue: $0) }
        case .ranked: nil
        }
    }

    /// When `.tick` is due, later than the last event; nil while nothing waits for a moment.
    public var nextDeadline: Instant? { Self.earlier(Self.earlier(restEnds, delayed.first?.due), tailDeadline) }

    private static func earlier(_ left: Instant?, _ right: Instant?) -> Instant? {
        guard let left, let right else { return left ?? right }
        return min(left, right)
    }

    /// Applies one event and returns the commands it causes, in the order they must be performed.
    ///
    /// - Parameter now: not before that of the event before; an earlier one counts as that.
    public mutating func apply(_ event: Event, at now: Instant) -> [Command] {
        self.now = max(self.now, now)
        commands.removeAll(keepingCapacity: false)
        if let restEnds, restEnds <= self.now { endRests() }
        if !delayed.isEmpty { endDelays() }
        switch event {
        case .hostReady(let host, let offer): hostReady(place(of: host), offer)
        case .slotsChanged(let host, let slots): slotsChanged(place(of: host), slots)
        case .hostLeaving(let host): hostLeaving(place(of: host))
        case .hostLost(let host): hostLost(place(of: host))
        case .ended(let host, let endings):
            for ending in endings { end(ending, on: place(of: host)) }
        case .released(let host, let tasks):
            for task in tasks { release(task.rawValue, from: place(of: host)) }
        case .started(let host, let tasks):
            for task in tasks { noteStarted(task.rawValue, on: place(of: host)) }
        case .drain:
            if !isDraining {
                isDraining = true
                callEverythingBack()
            }
        case .pause:
            if !isPaused && !isDraining {
                isPaused = true
                callEverythingBack()
            }
        case .resume: isPaused = false
        case .congested(let isNow): isCongested = isNow
        case .bound(let index): bound = index
        case .tick: break
        }
        reconsiderChoosy()
        if quarantine != nil || !choosy.isEmpty { keepQuarantine() }
        if isPlacing {
            placeReadyTasks()
            if !wanting.isEmpty { helpTheIdle() }
        }
        closeEmptyLeavers()
        if !hasFinished && inFlightCount == 0 && (isDraining || readyCount == 0) {
            hasFinished = true
            commands.append(.finished(unsettled: readyCount))
        }
        defer { commands = [] }
        return commands
    }

    var isPlacing: Bool { !isDraining && !isPaused && !isCongested }

    /// A host is known by its place from the first event that names it.
    private mutating func place(of host: HostIndex) -> Int {
        let place = Int(host.rawValue)
        while hosts.count <= place { hosts.append(Host()) }
        return place
    }

    func task(ofRank rank: UInt32) -> UInt32 {
        switch order {
        case .plan: rank
        case .ranked(let ranks): ranks[Int(rank)]
        }
    }

    /// Ranks below it may be dispatched. It only makes sense where ranks are plan order; a ranked job has no PDF to wait for.
    var rankBound: UInt32 {
        switch order {
        case .plan: bound?.rawValue ?? .max
        case .ranked: .max
        }
    }
}

extension HostIndex {
    init(_ place: Int) { self.init(rawValue: UInt16(place)) }
}
