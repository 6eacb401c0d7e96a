import JobModel

extension Supervisor {
    /// Traps where the books contradict each other; for tests, after every event.
    func checkInvariants() {
        var found: [Attempt] = waiting.all.map(\.work.attempt)
        var lonelyFound: [Attempt] = []
        for (index, slot) in slots.enumerated() {
            let orders = [slot.pinned, slot.state.load.first, slot.state.load.prefetched].compactMap { $0 }
            found += orders.map(\.work.attempt)
            lonelyFound += orders.filter(\.wantsHostAlone).map(\.work.attempt)
            precondition(slot.state.load.prefetched?.strike == nil, "slot \(index) prefetched a second run")
            if let first = slot.state.load.first, first.strike != nil {
                precondition(slot.state.load.prefetched == nil, "slot \(index) has an order behind a second run")
            }
            precondition(slot.idleDeaths <= limits.idleDeathsMax, "slot \(index) died \(slot.idleDeaths) times")
            if slot.pinned != nil {
                switch slot.state {
                case .resting, .starting, .killing: break
                case .serving(let serving): precondition(serving.tasksDone == 0, "slot \(index) pins an order to a used worker")
                case .vacant, .retiring, .abandoned: preconditionFailure("slot \(index) pins an order and has no worker coming")
                }
            }
            if isStopped {
                switch slot.state {
                case .vacant, .killing, .abandoned: break
                case .resting, .starting, .serving, .retiring: preconditionFailure("slot \(index) goes on after stop")
                }
            }
        }
        precondition(Set(found).count == found.count, "an attempt is at two places")
        precondition(Set(found) == held, "\(found.count) orders found, \(held.count) held")
        precondition(Set(lonelyFound) == lonely, "\(lonelyFound.count) lonely orders found, \(lonely.count) known")
        // Returned orders may pass the bound, by what workers can hold.
        precondition(waiting.count <= limits.waitingMax + 2 * slots.count, "\(waiting.count) orders wait")
        let running = slots.filter { $0.state.load.first != nil }
        if running.contains(where: { $0.state.load.first?.wantsHostAlone ?? false }) {
            precondition(running.count == 1, "\(running.count) slots work beside an order that wants the host alone")
        }
        precondition(isStopped || !isUnusable || waiting.isEmpty, "orders wait on an unusable host")
    }
}
