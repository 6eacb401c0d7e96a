import JobModel
import Scheduling

// What goes wrong, how it is put right, and the head's own end and resumption.
extension Cluster {
    /// What becomes of a task that starts now, and how long that takes.
    func troubledFate(of task: Int, _ host: Int, _ needed: inout UInt64) -> Fate {
        guard let nature = trouble?.nature(task) else { return .done }
        let number = UInt32(task)
        if trouble?.conduct != .files { begun[number, default: 0] += 1 }
        if trouble?.conduct == .onceOnly, begun[number] != 1 { check.fail("task \(task) is started \(begun[number] ?? 0) times, and must be once at most") }
        if isExclusive {
            executing[number, default: 0] += 1
            if executing[number] != 1 { check.fail("task \(task) runs on \(executing[number] ?? 0) slots at once, and must never") }
        }
        if agents[host].isSick || nature == .poison {
            needed = agents[host].isSick ? 40_000 : needed
            return .workerDied
        }
        switch nature {
        case .killer:
            needed = max(1, needed / 2)
            return .killsAgent
        case .broken:
            needed = max(1, needed / 4)
            return .fileFault
        case .failing:
            needed = max(1, needed / 2)
            return .programFailed
        case .flaky where begun[number] ?? 0 <= 2, .picky where host % 2 == 0: return .programFailed
        case .good, .poison, .flaky, .picky:
            return agents[host].isDiskFull ? .hostFault : .done
        }
    }

    func disturb() {
        guard var trouble, trouble.isOn else { return }
        let mean = trouble.meanMicroseconds
        queue.plan(.disturbance, at: now + 1 + trouble.chance.below(2 * mean))
        let kinds = Trouble.Kind.allCases.filter { trouble.kinds.contains($0) }
        guard !kinds.isEmpty else { return }
        let kind = kinds[trouble.chance.below(kinds.count)]
        let host = trouble.chance.below(agents.count)
        let until = now + 1 + trouble.chance.spread(from: 50_000, times: 2_000)
        let dice = trouble.chance.below(100)
        let slots = trouble.chance.within(1...agents[host].model.slots)
        self.trouble = trouble
        let number = UInt16(host)
        switch kind {
        case .agentDies: endAgent(host, seesHead: true)
        case .hostGoesDown: goDown(host, until)
        case .freeze: freeze(host, until)
        case .cut: cut(host, until)
        case .diskFull:
            agents[host].isDiskFull = true
            queue.plan(.cure(.diskHasRoom(number)), at: until)
        case .sickHost:
            // One at a time: on a cluster where nothing works a file cannot be told from its host.
            guard !agents.contains(where: \.isSick) else { break }
            agents[host].isSick = true
            queue.plan(.cure(.well(number)), at: until)
        case .slowHost:
            agents[host].pacePercent = UInt64(5 + dice)
            queue.plan(.cure(.pace(number)), at: until)
        case .slotsChange:
            changeSlots(host, slots)
            queue.plan(.cure(.slots(number)), at: until)
        case .joinAndLeave: leaveOrJoin(host, until)
        case .pauses:
            guard !isPaused else { break }
            isPaused = true
            apply(.pause)
            queue.plan(.cure(.resume), at: until)
        case .spoolFull: bound(dice, until)
        case .drain: drain()
        case .headDies:
            guard dice < 30 else { break }
            // With the head's network: an agent that does not learn of its end works on.
            if isExclusive && dice < 15 { cut(host, until) }
            killHead()
        case .slowDisk, .damagedTransfer, .stray: break
        }
    }

    func cure(_ cure: Cure) {
        switch cure {
        case .thaw(let host): thaw(Int(host))
        case .heal(let host): heal(Int(host))
        case .boot(let host):
            agents[Int(host)].isDown = false
            tellDeath(Int(host))
        case .diskHasRoom(let host): agents[Int(host)].isDiskFull = false
        case .well(let host): agents[Int(host)].isSick = false
        case .pace(let host): agents[Int(host)].pacePercent = 100
        case .slots(let host): changeSlots(Int(host), agents[Int(host)].model.slots)
        case .join(let host):
            guard !agents[Int(host)].isListed else { break }
            agents[Int(host)].isListed = true
            queue.plan(.dial(host: host), at: now)
        case .resume:
            guard isPaused else { break }
            isPaused = false
            apply(.resume)
        case .unbound:
            guard boundTask != nil else { break }
            boundTask = nil
            apply(.bound(nil))
        }
    }

    /// Ends all trouble; from here the job must come to its end by itself.
    func healAll() {
        trouble?.isOn = false
        for host in agents.indices {
            let number = UInt16(host)
            if agents[host].frozenSince != nil { thaw(host) }
            if agents[host].cutSince != nil { heal(host) }
            for cure in [Cure.boot(number), .diskHasRoom(number), .well(number), .pace(number), .join(number)] { self.cure(cure) }
            if agents[host].slots != agents[host].model.slots { self.cure(.slots(number)) }
        }
        cure(.resume)
        cure(.unbound)
    }

    // MARK: Hosts

    private func goDown(_ host: Int, _ until: UInt64) {
        guard !agents[host].isDown else { return }
        endAgent(host, seesHead: false)
        agents[host].isDown = true
        agents[host].troubleCount += 1
        planSilence(host)
        queue.plan(.cure(.boot(UInt16(host))), at: max(until, now + model.silenceMicroseconds + 1_000_000))
    }

    private func freeze(_ host: Int, _ until: UInt64) {
        guard agents[host].frozenSince == nil, agents[host].cutSince == nil, !agents[host].isDown else { return }
        agents[host].frozenSince = now
        agents[host].troubleCount += 1
        planSilence(host)
        if isExclusive { planLeaseOver(host) }
        queue.plan(.cure(.thaw(UInt16(host))), at: until)
    }

    /// A machine that answers again says that it knows nothing of a connection whose agent is gone.
    private func tellDeath(_ host: Int) {
        guard !agents[host].isAlive, agents[host].isReachable, links[host].session != 0, links[host].session == agents[host].session else { return }
        queue.plan(.hangUp(host: UInt16(host), session: links[host].session), at: now + model.latencyMicroseconds)
    }

    private func planSilence(_ host: Int) {
        queue.plan(
            .silence(host: UInt16(host), session: links[host].session, trouble: agents[host].troubleCount),
            at: now + model.silenceMicroseconds)
    }

    private func planLeaseOver(_ host: Int) {
        queue.plan(
            .leaseOver(host: UInt16(host), session: agents[host].session, trouble: agents[host].troubleCount), at: now + model.leaseMicroseconds)
    }

    private func thaw(_ host: Int) {
        guard let since = agents[host].frozenSince else { return }
        agents[host].frozenSince = nil
        agents[host].troubleCount += 1
        let duration = now - since
        guard agents[host].isAlive else {
            tellDeath(host)
            return deliverHeld(host)
        }
        // A lease that ended meanwhile, or a head that hung up, is the first thing a thawed agent learns.
        if duration >= model.leaseMicroseconds || links[host].session != agents[host].session {
            endAgent(host, seesHead: true)
            return deliverHeld(host)
        }
        agents[host].delayArrivals(since: since, by: duration)
        for slot in agents[host].running.indices {
            guard var order = agents[host].running[slot] else { continue }
            nextToken &+= 1
            order.token = nextToken
            order.endsMicroseconds += duration
            agents[host].running[slot] = order
            queue.plan(.orderEnds(host: UInt16(host), slot: UInt16(slot), token: nextToken), at: max(now, order.endsMicroseconds))
        }
        agents[host].wakeMicroseconds = nil
        if agents[host].flushMicroseconds != nil {
            agents[host].flushMicroseconds = now
            queue.plan(.flush(host: UInt16(host)), at: now)
        }
        deliverHeld(host)
        feed(host)
    }

    private func cut(_ host: Int, _ until: UInt64) {
        guard agents[host].frozenSince == nil, agents[host].cutSince == nil, !agents[host].isDown else { return }
        agents[host].cutSince = now
        agents[host].troubleCount += 1
        planSilence(host)
        planLeaseOver(host)
        queue.plan(.cure(.heal(UInt16(host))), at: until)
    }

    private func heal(_ host: Int) {
        guard let since = agents[host].cutSince else { return }
        agents[host].cutSince = nil
        agents[host].troubleCount += 1
        agents[host].delayArrivals(since: since, by: now - since)
        agents[host].wakeMicroseconds = nil
        // The head may have hung up meanwhile; the agent learns it now.
        if agents[host].isAlive, links[host].session != agents[host].session { endAgent(host, seesHead: false) }
        tellDeath(host)
        deliverHeld(host)
        feed(host)
    }

    /// What waited in the buffers of a connection comes in its order; what is left of one that ended comes late, or never.
    private func deliverHeld(_ host: Int) {
        let toAgent = agents[host].heldToAgent
        let toHead = agents[host].heldToHead
        agents[host].heldToAgent = []
        agents[host].heldToHead = []
        for place in toAgent {
            agents[host].lastToAgentMicroseconds = max(agents[host].lastToAgentMicroseconds, now + 1)
            queue.plan(.toAgent(place), at: agents[host].lastToAgentMicroseconds)
        }
        for place in toHead {
            if envelopes[Int(place)]?.session == links[host].session, agents[host].isAlive {
                agents[host].lastToHeadMicroseconds = max(agents[host].lastToHeadMicroseconds, now + 1)
                queue.plan(.toHead(place), at: agents[host].lastToHeadMicroseconds)
            } else if trouble?.kinds.contains(.stray) == true {
                envelopes[Int(place)]?.isStray = true
                queue.plan(.toHead(place), at: now + 1 + (trouble?.chance.below(UInt64(30_000_000)) ?? 0))
            } else {
                _ = open(place)
            }
        }
    }

    private func changeSlots(_ host: Int, _ slots: Int) {
        agents[host].slots = slots
        guard agents[host].isAlive else { return }
        send(.slots(slots), toHeadFrom: host)
        feed(host)
    }

    private func leaveOrJoin(_ host: Int, _ until: UInt64) {
        guard isHeadUp, agents[host].isListed, links[host].isKnown, links[host].session != 0 else { return }
        agents[host].isListed = false
        links[host].isLeaving = true
        apply(.hostLeaving(HostIndex(rawValue: UInt16(host))), from: host)
        queue.plan(.cure(.join(UInt16(host))), at: until)
    }

    private func bound(_ dice: Int, _ until: UInt64) {
        guard case .plan = setup.order, boundTask == nil else { return }
        boundTask = UInt32(setup.taskCount * dice / 100)
        apply(.bound(boundTask.map { TaskIndex(rawValue: $0) }))
        queue.plan(.cure(.unbound), at: until)
    }

    // MARK: The head

    private func drain() {
        guard isHeadUp, !isDraining else { return }
        isDraining = true
        apply(.drain)
    }

    /// The head is gone at once; what it had not made durable is lost.
    func killHead() {
        guard isHeadUp else { return }
        isHeadUp = false
        // How far the committer came with its group.
        for (attempt, failed) in commitGroup {
            let stage = trouble?.chance.below(4) ?? 0
            if stage == 0 { break }
            if failed {
                journal.append(.failed, attempt, run: run)
                continue
            }
            journal.append(.won, attempt, run: run)
            if stage > 1 { putOnDisk(attempt.task, SimulatedJournal.name(run: run, number: attempt.number)) }
            if stage > 2 { journal.append(.committed, attempt, run: run) }
        }
        commitGroup = []
        commitQueue = []
        for host in agents.indices {
            links[host].session = 0
            links[host].sessionsBefore = links[host].sessionsMade
            links[host].isKnown = false
            links[host].isLeaving = false
            links[host].restsUntil = nil
            if agents[host].isReachable { endAgent(host, seesHead: false) }
        }
        queue.plan(.headBack, at: now + 1 + (trouble?.chance.below(UInt64(20_000_000)) ?? 0))
    }

    /// `quire resume`: finishes recorded winners and goes on with what is open.
    func restartHead() {
        failWhatMayHaveStarted()
        let live = check
        guard let (states, winners) = journal.replay(taskCount: setup.taskCount) else { return check.fail("the journal contradicts itself") }
        run += 1
        isHeadUp = true
        (isPaused, isDraining, isCongested, boundTask, unsettledCount, plannedTickMicroseconds) = (false, false, false, nil, nil, nil)
        check = SafetyCheck(taskCount: setup.taskCount)
        check.spent = live.spent
        misfortunes = [:]
        var settled: [Range<Int>] = []
        for task in states.indices {
            switch states[task] {
            case .open:
                if disk[task] != 0 { check.fail("task \(task) has an output that no record tells of") }
                continue
            case .won:
                // Recorded, and perhaps not under its name yet: the new head finishes it.
                if disk[task] == 0 { disk[task] = winners[task] }
                if disk[task] != winners[task] { check.fail("task \(task) has another winner's output") }
                journal.append(.committed, Attempt(task: TaskIndex(task), number: UInt32(truncatingIfNeeded: winners[task])), run: run)
                check.resumeSettled(task, failed: false)
            case .committed:
                if disk[task] != winners[task] { check.fail("task \(task) is recorded as committed, and its output is not there") }
                check.resumeSettled(task, failed: false)
            case .failed: check.resumeSettled(task, failed: true)
            }
            if !live.isSettled(task) && !live.isFailed(task) && !check.spent.contains(UInt32(task)) { check.fail("the journal says task \(task) has ended, and it had not") }
            if let last = settled.last, last.upperBound == task {
                settled[settled.count - 1] = last.lowerBound..<task + 1
            } else {
                settled.append(task..<task + 1)
            }
        }
        if let old = live.violation { check.fail(old) }
        var next = setup
        switch setup.order {
        case .plan: next.settled = settled
        case .ranked(let ranks): next.order = .ranked(ranks.filter { states[Int($0)] == .open })
        }
        if trouble?.conduct == .exclusive {
            // Agents that this head cannot reach may work on for the last one until their lease is over.
            next.delayed = journal.outstanding(taskCount: setup.taskCount).filter { states[$0.position] == .open }
            next.delayedUntil = Instant(microseconds: now + model.leaseMicroseconds)
        }
        scheduler = making(next)
        for host in agents.indices where agents[host].isListed { queue.plan(.dial(host: UInt16(host)), at: now) }
        if check.readyCount == 0 { isOver = true }
    }

    /// What the last head sent out and nobody gave back may have started, and must not start again.
    private func failWhatMayHaveStarted() {
        guard trouble?.conduct == .onceOnly, let (states, _) = journal.replay(taskCount: setup.taskCount) else { return }
        for task in journal.outstanding(taskCount: setup.taskCount) where states[task.position] == .open {
            journal.append(.failed, Attempt(task: task, number: 1), run: run)
            check.spent.insert(task.rawValue)
        }
    }
}
