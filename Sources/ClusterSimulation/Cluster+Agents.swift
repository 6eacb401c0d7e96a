import JobModel
import Scheduling

// How agents behave: they hold orders, start one a free slot in the order they came, and report in groups.
extension Cluster {
    func arriveAtAgent(_ place: Int32) {
        guard let envelope = envelopes[Int(place)] else { return }
        let host = Int(envelope.host)
        guard agents[host].isReachable else {
            agents[host].heldToAgent.append(place)
            return
        }
        _ = open(place)
        guard agents[host].isAlive, agents[host].session == envelope.session else { return }
        switch envelope.message {
        case .assign(let orders): hold(orders, host)
        case .retract(let tasks): retract(tasks, host)
        case .cancel(let attempts): cancel(attempts, host)
        case .stop: endAgent(host, seesHead: true)
        case .ready, .slots, .reports, .released, .started: preconditionFailure("a message for the head came to an agent")
        }
    }

    private func hold(_ orders: [HeldOrder], _ host: Int) {
        for order in orders {
            if order.isDamaged {
                report(PendingReport(attempt: order.attempt, busyMicroseconds: 0, fate: .transferFailed, readyMicroseconds: order.arrivesMicroseconds), host)
            } else {
                agents[host].hold(order)
            }
        }
        if trouble != nil { checkRoom(host) }
        feed(host)
    }

    /// What a host was given must fit it.
    private func checkRoom(_ host: Int) {
        let agent = agents[host]
        let held = agent.heldCount + agent.busySlots
        if held > agent.model.slots, trouble?.conduct == .onceOnly { check.fail("host \(host) would take \(held) orders with it, and has \(agent.model.slots) slots") }
        if held > agent.model.slots + setup.limits.shardTasksMax { check.fail("host \(host) holds \(held) orders") }
        if agent.endedCount == 0, held > agent.model.slots {
            check.fail("host \(host) with \(agent.model.slots) slots holds \(held) orders before its first report")
        }
        guard agent.model.link != nil else { return }
        let bytes = agent.held.reduce(UInt64(0)) { $0 + model.work.inputBytes($1.attempt.task.position) }
        let largest = agent.held.map { model.work.inputBytes($0.attempt.task.position) }.max() ?? 0
        let room = agent.model.scratchBytes / 2 + UInt64(agent.model.slots) * largest
        if bytes > room + room / 500 { check.fail("host \(host) holds \(bytes) bytes of inputs unstarted, with room for \(room)") }
    }

    /// Starts what can start.
    func feed(_ host: Int) {
        guard agents[host].isAlive, agents[host].frozenSince == nil else { return }
        while let order = agents[host].nextOrder, agents[host].busySlots < agents[host].slots {
            guard order.arrivesMicroseconds <= now else {
                if agents[host].wakeMicroseconds != order.arrivesMicroseconds {
                    agents[host].wakeMicroseconds = order.arrivesMicroseconds
                    queue.plan(.wake(host: UInt16(host)), at: order.arrivesMicroseconds)
                }
                break
            }
            guard let slot = agents[host].freeSlot else { break }
            agents[host].dropNextOrder()
            begin(order, host, slot)
        }
        // Whoever waits for reports shall have them while a slot is empty.
        if agents[host].heldCount == 0, let first = agents[host].reports.first { planFlush(host, at: max(now, first.readyMicroseconds)) }
    }

    private func begin(_ order: HeldOrder, _ host: Int, _ slot: Int) {
        let task = order.attempt.task.position
        let speed = max(1, agents[host].model.speedPercent * agents[host].pacePercent)
        var needed = max(1, UInt64(model.work.microseconds[task]) * 10_000 / speed)
        var fate = Fate.done
        if trouble != nil { fate = troubledFate(of: task, host, &needed) }
        nextToken &+= 1
        agents[host].running[slot] = RunningOrder(
            attempt: order.attempt, startedMicroseconds: now, endsMicroseconds: now + needed, fate: fate, token: nextToken)
        agents[host].busySlots += 1
        queue.plan(.orderEnds(host: UInt16(host), slot: UInt16(slot), token: nextToken), at: now + needed)
    }

    func orderEnds(_ host: Int, _ slot: Int, _ token: UInt32) {
        guard let order = agents[host].running[slot], order.token == token, agents[host].frozenSince == nil else { return }
        if order.fate == .killsAgent { return endAgent(host, seesHead: true) }
        leaveSlot(slot, host)
        let bytes = order.fate == .done ? model.work.outputBytes(order.attempt.task.position) : 0
        let busy = order.endsMicroseconds - order.startedMicroseconds
        agents[host].busyMicroseconds += busy
        let arrival = transfer(bytes, down: false, host)
        report(PendingReport(attempt: order.attempt, busyMicroseconds: busy, fate: order.fate, readyMicroseconds: arrival), host)
        feed(host)
    }

    func leaveSlot(_ slot: Int, _ host: Int) {
        guard let order = agents[host].running[slot] else { return }
        agents[host].running[slot] = nil
        agents[host].busySlots -= 1
        if isExclusive { executing[order.attempt.task.rawValue, default: 1] -= 1 }
    }

    // MARK: Reports

    private func report(_ report: PendingReport, _ host: Int) {
        agents[host].endedCount += 1
        agents[host].reports.append(report)
        let isHungry = agents[host].heldCount == 0
        planFlush(host, at: max(now + (isHungry ? 0 : model.reportDelayMicroseconds), report.readyMicroseconds))
    }

    private func planFlush(_ host: Int, at microseconds: UInt64) {
        if let planned = agents[host].flushMicroseconds, planned <= microseconds { return }
        agents[host].flushMicroseconds = microseconds
        queue.plan(.flush(host: UInt16(host)), at: microseconds)
    }

    func flush(_ host: Int) {
        guard agents[host].isAlive, agents[host].frozenSince == nil, agents[host].flushMicroseconds == now else { return }
        agents[host].flushMicroseconds = nil
        var ready: [PendingReport] = []
        var others: [PendingReport] = []
        for report in agents[host].reports {
            if report.readyMicroseconds <= now { ready.append(report) } else { others.append(report) }
        }
        agents[host].reports = others
        if let next = others.map(\.readyMicroseconds).min() { planFlush(host, at: next) }
        guard !ready.isEmpty else { return }
        let isTwice = trouble.map { $0.kinds.contains(.stray) } == true && trouble?.chance.oneIn(20) == true
        send(.reports(ready), toHeadFrom: host)
        if isTwice {
            let copy = store(Envelope(host: UInt16(host), session: agents[host].session, isStray: true, message: .reports(ready)))
            queue.plan(.toHead(copy), at: now + 1 + (trouble?.chance.below(UInt64(20_000_000)) ?? 0))
        }
    }

    // MARK: Calling back

    private func retract(_ tasks: [TaskIndex], _ host: Int) {
        let wanted = Set(tasks)
        var released: [TaskIndex] = []
        agents[host].keepOrders { order in
            guard wanted.contains(order.attempt.task) else { return true }
            released.append(order.attempt.task)
            return false
        }
        let given = Set(released)
        // What has ended is told by its report; whether it counts as started too is the agent's choice.
        let namesEnded = trouble?.chance.oneIn(2) ?? false
        var inHand = Set(agents[host].running.compactMap { $0?.attempt.task })
        if namesEnded { inHand.formUnion(agents[host].reports.map(\.attempt.task)) }
        let started = tasks.filter { !given.contains($0) && inHand.contains($0) }
        if !released.isEmpty { send(.released(released), toHeadFrom: host) }
        if !started.isEmpty { send(.started(started), toHeadFrom: host) }
        feed(host)
    }

    private func cancel(_ attempts: [Attempt], _ host: Int) {
        let wanted = Set(attempts)
        var released: [TaskIndex] = []
        agents[host].keepOrders { order in
            guard wanted.contains(order.attempt) else { return true }
            released.append(order.attempt.task)
            return false
        }
        for slot in agents[host].running.indices {
            guard let order = agents[host].running[slot], wanted.contains(order.attempt) else { continue }
            leaveSlot(slot, host)
            released.append(order.attempt.task)
        }
        if !released.isEmpty { send(.released(released), toHeadFrom: host) }
        feed(host)
    }

    // MARK: Ends

    /// The agent's process ends with its workers. With a link that works the head sees it at once.
    func endAgent(_ host: Int, seesHead: Bool) {
        guard agents[host].isAlive else { return }
        let session = agents[host].session
        for slot in agents[host].running.indices {
            leaveSlot(slot, host)
        }
        for place in agents[host].heldToAgent { _ = open(place) }
        agents[host].die()
        if seesHead, agents[host].isReachable {
            queue.plan(.hangUp(host: UInt16(host), session: session), at: max(agents[host].lastToHeadMicroseconds, now + model.latencyMicroseconds))
        }
    }

    func leaseOver(_ host: Int, _ session: UInt32, _ number: UInt32) {
        // A frozen one with programs that may run elsewhere by now ends before it does anything else.
        guard agents[host].session == session, agents[host].troubleCount == number, agents[host].frozenSince == nil || isExclusive else { return }
        endAgent(host, seesHead: false)
    }
}
