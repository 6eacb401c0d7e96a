import JobModel
import Scheduling

// How the head behaves around its scheduler: connections, commands, commits.
extension Cluster {
    /// Dials every host that is listed.
    func begin() {
        for host in agents.indices where agents[host].isListed {
            queue.plan(.dial(host: UInt16(host)), at: now)
        }
        if setup.taskCount == 0 { apply(.tick) }
    }

    func apply(_ event: Scheduler.Event, from host: Int = 0, endings: [PendingReport] = []) {
        guard isHeadUp else { return }
        let commands = scheduler.apply(event, at: Instant(microseconds: now))
        perform(commands, from: host, endings: endings)
        if let deadline = scheduler.nextDeadline?.microseconds, plannedTickMicroseconds.map({ deadline < $0 }) ?? true {
            plannedTickMicroseconds = max(now, deadline)
            queue.plan(.tick, at: max(now, deadline))
        }
    }

    func tick() {
        guard let planned = plannedTickMicroseconds, planned <= now else { return }
        plannedTickMicroseconds = nil
        apply(.tick)
    }

    // MARK: Commands

    private func perform(_ commands: [Scheduler.Command], from host: Int, endings: [PendingReport]) {
        for command in commands {
            switch command {
            case .dispatch(let host, let attempts): dispatch(attempts, to: Int(host.rawValue))
            case .retract(let host, let tasks):
                let host = Int(host.rawValue)
                for task in tasks { check.retracted(task, from: host) }
                send(.retract(tasks), toAgent: host)
            case .cancel(let host, let attempts): send(.cancel(attempts), toAgent: Int(host.rawValue))
            case .settle(let attempt):
                guard let ending = ending(of: attempt, in: endings) else {
                    check.fail("attempt \(attempt.number) of task \(attempt.task.position) was settled without its report")
                    break
                }
                let failed = ending.fate != .done
                checkBlame(attempt.task, ending.fate)
                check.settled(attempt, from: host, failed: failed)
                if !failed { agents[host].doneCount += 1 }
                commitQueue.append((attempt, failed))
            case .putBack(let attempt):
                let wasDone = ending(of: attempt, in: endings).map { $0.fate == .done || $0.fate == .fileFault } ?? false
                if wasDone { check.fail("task \(attempt.task.position) had its end and was put back") }
                if let fate = ending(of: attempt, in: endings)?.fate { notePutBack(attempt.task, fate) }
                if isExclusive { journal.append(.returned, attempt, run: run) }
                check.flightEnded(attempt, on: host)
            case .discard(let attempt):
                discardedCount += 1
                let fate = ending(of: attempt, in: endings)?.fate
                check.discarded(attempt, from: host, wasDone: fate == .done || fate == .fileFault)
                check.flightEnded(attempt, on: host)
            case .giveUp(let attempt, let cause):
                check.gaveUp(attempt.task)
                checkBlame(attempt.task, cause)
                commitQueue.append((attempt, true))
            case .rest(let host, let until, _): links[Int(host.rawValue)].restsUntil = until.microseconds
            case .hostBack(let host): links[Int(host.rawValue)].restsUntil = nil
            case .mayClose(let host): close(Int(host.rawValue))
            case .finished(let unsettled): finish(unsettled)
            }
        }
        for report in endings where check.isLive(report.attempt, on: host) {
            check.fail("the end of task \(report.attempt.task.position) on host \(host) had no consequence")
        }
        commit()
    }

    private func ending(of attempt: Attempt, in endings: [PendingReport]) -> PendingReport? {
        // Commands come in the order of the reports, so the next is nearly always the one; a search is for scrambled ones.
        if nextEnding < endings.count, endings[nextEnding].attempt == attempt {
            nextEnding += 1
            return endings[nextEnding - 1]
        }
        return endings.first { $0.attempt == attempt }
    }

    private func dispatch(_ attempts: [Attempt], to host: Int) {
        if !links[host].isKnown { check.fail("host \(host) was given work and is not there") }
        if links[host].isLeaving { check.fail("host \(host) was given work and is leaving") }
        if isPaused || isDraining || isCongested { check.fail("work was dispatched while nothing may be") }
        if let until = links[host].restsUntil, until > now { check.fail("host \(host) was given work and rests") }
        var orders: [HeldOrder] = []
        orders.reserveCapacity(attempts.count)
        let isStaged = agents[host].model.link != nil
        for attempt in attempts {
            if let bound = boundTask, attempt.task.rawValue >= bound { check.fail("task \(attempt.task.position) is beyond the bound \(bound)") }
            let isSecond = check.isFlying(attempt.task.position)
            if isSecond { duplicateCount += 1 }
            check.dispatched(attempt, to: host, allowsDuplicates: !isExclusive, isBounded: boundTask != nil)
            checkRetry(attempt.task, host)
            if trouble != nil { journal.append(.dispatched, attempt, run: run) }
            let arrives = isStaged ? transfer(model.work.inputBytes(attempt.task.position), down: true, host) : now
            let isDamaged = trouble.map { $0.isOn && $0.kinds.contains(.damagedTransfer) } == true && isStaged && trouble?.chance.oneIn(50) == true
            orders.append(HeldOrder(attempt: attempt, arrivesMicroseconds: arrives, isDamaged: isDamaged))
        }
        let duplicatesMax = max(1, agents.reduce(0) { $0 + $1.model.slots } * setup.limits.duplicateSlotsPercentMax / 100)
        if check.seconds.count > duplicatesMax { check.fail("\(check.seconds.count) duplicates at once, with at most \(duplicatesMax) allowed") }
        send(.assign(orders), toAgent: host)
    }

    private func close(_ host: Int) {
        send(.stop, toAgent: host)
        links[host].session = 0
        links[host].isKnown = false
        links[host].isLeaving = false
        // Listed again while it was leaving.
        if agents[host].isListed { queue.plan(.dial(host: UInt16(host)), at: now + 1_000_000) }
    }

    private func finish(_ unsettled: Int) {
        if check.flyingCount > 0 { check.fail("the job was said to be over with \(check.flyingCount) tasks in flight") }
        if unsettled != check.readyCount { check.fail("the scheduler says \(unsettled) tasks are left, and \(check.readyCount) are") }
        unsettledCount = unsettled
    }

    // MARK: Connections

    func dial(_ host: Int) {
        guard isHeadUp, agents[host].isListed, links[host].session == 0, !links[host].isKnown, unsettledCount == nil else { return }
        guard agents[host].isReachable else {
            queue.plan(.dial(host: UInt16(host)), at: now + 5_000_000)
            return
        }
        // The new agent answers only when an older one and its workers are dead.
        endAgent(host, seesHead: false)
        links[host].sessionsMade += 1
        links[host].session = links[host].sessionsMade
        agents[host].session = links[host].session
        agents[host].isAlive = true
        agents[host].endedCount = 0
        agents[host].lastToAgentMicroseconds = now
        agents[host].lastToHeadMicroseconds = now + model.connectMicroseconds
        agents[host].downlinkFreeMicroseconds = now
        agents[host].uplinkFreeMicroseconds = now
        send(.ready(slots: agents[host].slots), toHeadFrom: host)
    }

    func arriveAtHead(_ place: Int32) {
        guard let envelope = envelopes[Int(place)] else { return }
        let host = Int(envelope.host)
        // What is under way when a host is cut off waits with the rest.
        if !envelope.isStray, agents[host].cutSince != nil {
            agents[host].heldToHead.append(place)
            return
        }
        _ = open(place)
        guard isHeadUp else { return }
        let isCurrent = links[host].session == envelope.session && envelope.session != 0
        switch envelope.message {
        case .reports(let reports):
            if !isCurrent { fencedCount += reports.count }
            guard envelope.session > links[host].sessionsBefore else { break }
            nextEnding = 0
            if trouble != nil { noteMisfortunes(reports, host) }
            let endings = reports.map {
                Scheduler.Ending(
                    attempt: $0.attempt, busyMicroseconds: $0.busyMicroseconds, verdict: Self.verdict($0.fate),
                    mayHaveStarted: $0.fate != .transferFailed)
            }
            apply(.ended(HostIndex(rawValue: UInt16(host)), endings), from: host, endings: reports)
        case .ready(let slots) where isCurrent:
            links[host].isKnown = true
            let staged = agents[host].model.link.map { _ in agents[host].model.scratchBytes / 2 }
            apply(.hostReady(HostIndex(rawValue: UInt16(host)), Scheduler.HostOffer(slots: slots, stagedBytesMax: staged)), from: host)
        case .slots(let slots) where isCurrent && links[host].isKnown:
            apply(.slotsChanged(HostIndex(rawValue: UInt16(host)), slots), from: host)
        case .released(let tasks) where isCurrent && !envelope.isStray:
            for task in tasks {
                guard let attempt = check.attempt(of: task, on: host) else { continue }
                if isExclusive { journal.append(.returned, attempt, run: run) }
                check.flightEnded(attempt, on: host)
            }
            apply(.released(HostIndex(rawValue: UInt16(host)), tasks), from: host)
        case .started(let tasks) where isCurrent && !envelope.isStray:
            for task in tasks { check.started(task, on: host) }
            apply(.started(HostIndex(rawValue: UInt16(host)), tasks), from: host)
        case .ready, .slots, .released, .started: fencedCount += 1
        case .assign, .retract, .cancel, .stop: preconditionFailure("a message for an agent came to the head")
        }
    }

    private static func verdict(_ fate: Fate) -> Scheduler.Verdict {
        switch fate {
        case .done: .done
        case .fileFault: .fileFault
        case .programFailed: .programFailed
        case .workerDied: .workerDied(.crash)
        case .transferFailed: .transferFailed
        case .hostFault: .hostFault
        case .killsAgent: preconditionFailure("an agent that is gone tells nothing")
        }
    }

    /// The connection is gone for the head; an agent that does not know it yet works on until its lease is over.
    func loseLink(_ host: Int, _ session: UInt32) {
        guard isHeadUp, links[host].session == session, session != 0 else { return }
        links[host].session = 0
        // A reachable agent ends with its connection; one that is cut off, or frozen, ends with its lease.
        if agents[host].session == session, agents[host].isReachable { endAgent(host, seesHead: false) }
        queue.plan(.lossSettled(host: UInt16(host), session: session), at: now)
    }

    func lossSettled(_ host: Int, _ session: UInt32) {
        guard isHeadUp, links[host].session == 0, links[host].sessionsMade == session else { return }
        queue.plan(.dial(host: UInt16(host)), at: now + 1_000_000)
        guard links[host].isKnown else { return }
        var spent: [UInt32] = []
        links[host].isKnown = false
        links[host].isLeaving = false
        check.forEachFlight { attempt, place in
            guard place == host else { return }
            misfortunes[attempt.task.rawValue, default: Misfortune()].losses += 1
            if trouble?.conduct == .onceOnly { spent.append(attempt.task.rawValue) }
        }
        check.spent.formUnion(spent)
        check.hostLost(host)
        apply(.hostLost(HostIndex(rawValue: UInt16(host))), from: host)
    }

    // MARK: Commits

    /// Hands what was settled to the committer when that is free.
    private func commit() {
        if trouble != nil { updateCongestion() }
        guard commitGroup.isEmpty, !commitQueue.isEmpty else {
            if commitGroup.isEmpty { endIfDone() }
            return
        }
        swap(&commitGroup, &commitQueue)
        let slowness = trouble?.isOn == true && trouble?.kinds.contains(.slowDisk) == true ? trouble?.chance.below(UInt64(2_000_000)) ?? 0 : 0
        queue.plan(.committed(run: run), at: now + model.commitMicroseconds + slowness)
    }

    func finishCommit() {
        if trouble != nil {
            for (attempt, failed) in commitGroup {
                if failed {
                    journal.append(.failed, attempt, run: run)
                } else {
                    journal.append(.won, attempt, run: run)
                    putOnDisk(attempt.task, SimulatedJournal.name(run: run, number: attempt.number))
                    journal.append(.committed, attempt, run: run)
                }
            }
        }
        commitGroup.removeAll(keepingCapacity: true)
        commit()
    }

    func putOnDisk(_ task: TaskIndex, _ name: UInt64) {
        if disk[task.position] != 0 { check.fail("task \(task.position) was committed twice") }
        disk[task.position] = name
    }

    private func updateCongestion() {
        let waiting = commitQueue.count + commitGroup.count
        let isNow = isCongested ? waiting > Self.congestionMax / 2 : waiting > Self.congestionMax
        guard isNow != isCongested else { return }
        isCongested = isNow
        apply(.congested(isNow))
    }

    private static var congestionMax: Int { 64 }

    private func endIfDone() {
        guard let unsettledCount, commitQueue.isEmpty else { return }
        if unsettledCount == 0 { isOver = true }
    }
}
