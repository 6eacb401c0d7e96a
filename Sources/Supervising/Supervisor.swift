import JobModel

/// Decides what an agent does next with its slots, workers and orders; does nothing itself.
///
/// Rules (architecture, sections 3 and 4): a worker has one order in hand and, while tasks are quick, one more in its
/// pipe. A worker that dies is blamed on the first order it had not reported; any other goes back free of cost. The
/// blamed order runs once more in a fresh worker with nothing beside it there, after a memory failure with the whole
/// host idle, and keeps its attempt number; the head hears only the end. Same events, same commands: no clock, no chance.
public struct Supervisor: Sendable {
    public let limits: Limits
    var slots: [Slot] = []
    var waiting = WaitingOrders()
    /// Every attempt waiting, pinned or at a worker.
    var held: Set<Attempt> = []
    /// Those of `held` whose second run wants the host alone: while there is one, nothing new starts.
    var lonely: Set<Attempt> = []
    var isHeld = false
    /// How many slots may have an order at once; the others of the host are another job's. Nil: all.
    var usableSlots: Int?
    var isUnusable = false
    var isStopped = false
    /// The number last told by `ready`; nil before the first.
    var readySlots: Int?
    /// When running workers are looked at again; nil while there is none.
    var nextSampleMilliseconds: UInt64?
    var now: UInt64 = 0
    var commands: [Command] = []

    public init(limits: Limits = Limits()) {
        self.limits = limits
    }

    /// Takes one event and returns what must be done because of it.
    ///
    /// - Parameter nowMilliseconds: of a clock that never goes back.
    public mutating func apply(_ event: Event, nowMilliseconds: UInt64) -> [Command] {
        now = max(now, nowMilliseconds)
        switch event {
        case .setup(let count): setUp(count)
        case .assigned(let orders): assign(orders)
        case .retracted(let tasks): retract(tasks)
        case .cancelled(let attempts): cancel(Set(attempts))
        case .slotsUsable(let count):
            precondition(count > 0, "\(count) usable slots")
            usableSlots = count
            feedAll()
        case .workerReady(let slot): workerReady(checked(slot))
        case .workerReported(let slot, let report): workerReported(checked(slot), report)
        case .workerUnusable(let slot, let text): workerUnusable(checked(slot), text)
        case .workerMisbehaved(let slot, let text): workerMisbehaved(checked(slot), text)
        case .workerEnded(let slot, let end, let lastWords): workerEnded(checked(slot), end, lastWords: lastWords)
        case .spawnFailed(let slot, let text, let isFinal): spawnFailed(checked(slot), text, isFinal: isFinal)
        case .sampled(let slot, let sample): sampled(checked(slot), sample)
        case .feedingHeld(let held):
            isHeld = held
            feedAll()
        case .stopped: stop()
        case .tick: tick()
        }
        updateSampling()
        defer { commands.removeAll(keepingCapacity: true) }
        return commands
    }

    /// When `tick` is due at the latest; nil while nothing depends on time.
    public var nextDeadlineMilliseconds: UInt64? {
        var deadline = nextSampleMilliseconds
        for slot in slots {
            let own: UInt64? =
                switch slot.state {
                case .vacant, .starting, .serving, .abandoned: nil
                case .resting(let until): until
                case .retiring(let since): since + limits.retiringMilliseconds
                case .killing(let killing): killing.sinceMilliseconds + limits.dyingMilliseconds
                }
            if let own { deadline = min(deadline ?? own, own) }
        }
        return deadline
    }

    /// Whether a slot could start an order now and there is none: whoever waits for reports should have them.
    public var isHungry: Bool { waiting.isEmpty && slots.contains { $0.state.isIdle } }

    public var busySlots: Int {
        slots.count { $0.state.load.first != nil }
    }

    /// Orders that no worker has in hand; those in a worker's pipe are among them.
    public var waitingOrders: Int { held.count - busySlots }

    private func checked(_ slot: Int) -> Int {
        precondition(slots.indices.contains(slot), "slot \(slot) of \(slots.count)")
        return slot
    }
}

extension SlotState {
    var load: Load {
        switch self {
        case .vacant, .resting, .starting, .retiring, .abandoned: .none
        case .serving(let serving): serving.load
        case .killing(let killing): killing.load
        }
    }

    var isIdle: Bool {
        switch self {
        case .serving(let serving): serving.load == .none
        case .vacant, .resting, .starting, .retiring, .killing, .abandoned: false
        }
    }
}

// Orders coming in and going back.
extension Supervisor {
    private mutating func setUp(_ count: Int) {
        precondition(count > 0, "\(count) slots")
        guard slots.isEmpty, !isStopped else {
            commands.append(.log("a second setup was passed over"))
            return
        }
        slots = Array(repeating: Slot(), count: count)
        for slot in slots.indices { spawn(slot) }
    }

    private mutating func assign(_ orders: [SupervisedOrder]) {
        var surplus: [TaskIndex] = []
        for order in orders {
            if isStopped || isUnusable || waiting.count >= limits.waitingMax {
                surplus.append(order.work.attempt.task)
            } else if held.insert(order.work.attempt).inserted {
                waiting.append(order)
            } else {
                // A head that was told to resend after a lost answer may do so.
                commands.append(
                    .log("attempt \(order.work.attempt.number) of task \(order.work.attempt.task.rawValue) came twice"))
            }
        }
        if !surplus.isEmpty { commands.append(.released(surplus)) }
        feedAll()
    }

    /// Answered even when nothing can be given back: the head waits for the answer.
    private mutating func retract(_ tasks: [TaskIndex]) {
        let released = waiting.remove(tasks: Set(tasks))
        for order in released { letGo(order) }
        let tasksReleased = released.map { $0.work.attempt.task }
        commands.append(.released(tasksReleased))
        let others = Set(tasks).subtracting(tasksReleased)
        if !others.isEmpty { commands.append(.started(others.sorted())) }
    }

    /// An order that is ahead in a worker's pipe is worked all the same: it cannot be taken out again.
    private mutating func cancel(_ attempts: Set<Attempt>) {
        for order in waiting.remove(attempts: attempts) { letGoCancelled(order) }
        for slot in slots.indices {
            if let pinned = slots[slot].pinned, attempts.contains(pinned.work.attempt) {
                slots[slot].pinned = nil
                letGoCancelled(pinned)
            }
            guard let order = slots[slot].state.load.first, attempts.contains(order.work.attempt) else { continue }
            switch slots[slot].state {
            case .serving: kill(slot, .cancelled)
            case .killing(var killing):
                killing.cause = .cancelled
                slots[slot].state = .killing(killing)
            case .vacant, .resting, .starting, .retiring, .abandoned: break
            }
        }
        feedAll()
    }

    private mutating func stop() {
        if isStopped { return }
        isStopped = true
        for slot in slots.indices {
            if let pinned = slots[slot].pinned { putBack(pinned) }
            slots[slot].pinned = nil
            switch slots[slot].state {
            case .vacant, .killing, .abandoned: break
            case .resting: slots[slot].state = .vacant
            case .starting, .serving, .retiring: kill(slot, .surplus)
            }
        }
        finishIfStopped()
    }

    /// Takes an order off the books.
    mutating func letGo(_ order: SupervisedOrder) {
        held.remove(order.work.attempt)
        lonely.remove(order.work.attempt)
    }

    /// The head waits for the answer: it takes the slot for occupied until then.
    mutating func letGoCancelled(_ order: SupervisedOrder) {
        letGo(order)
        commands.append(.cancelled(order.work.attempt))
    }

    /// Lets an order start again as if it never had; the head gets it back where nothing starts any more.
    mutating func putBack(_ order: SupervisedOrder) {
        if isStopped || isUnusable {
            letGo(order)
            if !isStopped { commands.append(.released([order.work.attempt.task])) }
            return
        }
        var unspent = order
        unspent.strike = nil
        lonely.remove(order.work.attempt)
        waiting.returnToFront(unspent)
    }

    mutating func finishIfStopped() {
        guard isStopped else { return }
        let allGone = slots.allSatisfy { slot in
            switch slot.state {
            case .vacant, .abandoned: true
            case .resting, .starting, .serving, .retiring, .killing: false
            }
        }
        if allGone { commands.append(.finished) }
    }
}
