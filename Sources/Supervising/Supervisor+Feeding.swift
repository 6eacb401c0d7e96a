import JobModel

// Which worker gets which order.
extension Supervisor {
    /// Gives orders to every worker that can take one: first one each, then one ahead for the quick ones.
    mutating func feedAll() {
        for slot in slots.indices { feed(slot, ahead: false) }
        for slot in slots.indices { feed(slot, ahead: true) }
    }

    /// Gives this worker what it can take now.
    mutating func feed(_ slot: Int, ahead: Bool) {
        guard !isHeld, !isUnusable, !isStopped, case .serving(var serving) = slots[slot].state else { return }
        switch serving.load {
        case .none:
            if let usableSlots, busySlots >= usableSlots { return }
            if let order = slots[slot].pinned {
                guard serving.tasksDone == 0, mayRunPinned(slot) else { return }
                slots[slot].pinned = nil
                start(order, on: slot, &serving)
            } else if lonely.isEmpty, !owesSecondRuns, let order = waiting.removeFirst() {
                start(order, on: slot, &serving)
            } else {
                return
            }
            if ahead { feed(slot, ahead: true) }
        case .one(let first):
            // As many must be left as there are slots: a prefetched order cannot go to another worker that falls idle.
            // Never behind a second run, whose worker is fresh and not known to be quick.
            if let usableSlots, busySlots > usableSlots { return }
            guard ahead, serving.isQuick, !serving.isHeavy, lonely.isEmpty,
                serving.tasksDone + 1 < limits.tasksPerWorkerMax, waiting.count > slots.count, let order = waiting.removeFirst()
            else { return }
            serving.load = .two(first, prefetched: order)
            slots[slot].state = .serving(serving)
            commands.append(.feed(slot: slot, order.work))
        case .weighing, .two: return
        }
    }

    /// Whether second runs are to have the last usable slots: new orders would keep them waiting for ever.
    private var owesSecondRuns: Bool {
        guard let usableSlots else { return false }
        return busySlots + slots.count { $0.pinned != nil && $0.state.isIdle } >= usableSlots
    }

    private mutating func start(_ order: SupervisedOrder, on slot: Int, _ serving: inout Serving) {
        serving.load = .one(order)
        serving.charge = Charge()
        slots[slot].state = .serving(serving)
        commands.append(.feed(slot: slot, order.work))
    }

    /// A second run waits for a run that has the host alone; one that wants the host alone also for all others,
    /// and of several the lowest slot's goes first.
    private func mayRunPinned(_ slot: Int) -> Bool {
        let isLonely = slots[slot].pinned?.wantsHostAlone ?? false
        for other in slots.indices where other != slot {
            let atWork = slots[other].state.load.first
            if let atWork, isLonely || atWork.wantsHostAlone { return false }
            if isLonely, let pinned = slots[other].pinned, !pinned.wantsHostAlone || other < slot { return false }
        }
        return true
    }
}
