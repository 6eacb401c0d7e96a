import JobModel
import Scheduling

// What is looked at after every step.
extension Cluster {
    /// What holds after every step, by counting; and now and then by looking at everything.
    func checkTheWhole() {
        guard isHeadUp else { return }
        if scheduler.readyCount != check.readyCount, unsettledCount == nil {
            check.fail("the scheduler counts \(scheduler.readyCount) ready tasks, and \(check.readyCount) are")
        }
        if check.readyCount + check.flyingCount + check.settledCount + check.failedCount != check.taskCount { check.fail("the counts do not add up") }
        if isDraining, unsettledCount != nil, commitGroup.isEmpty, commitQueue.isEmpty, !isOver {
            // The process ends in good order, and is started again.
            killHead()
        }
        let interval = setup.taskCount <= 10_000 ? max(1, setup.taskCount / 8) : Int.max
        if stepCount % interval == 0 { checkEverything() }
    }

    /// No task may be in flight and nowhere; and what was recorded must be what is.
    func checkEverything() {
        var known: Set<Attempt> = []
        for agent in agents {
            known.formUnion(agent.held.map(\.attempt))
            known.formUnion(agent.running.compactMap { $0?.attempt })
            known.formUnion(agent.reports.map(\.attempt))
            if agent.busySlots > agent.model.slots { check.fail("more orders run than there are slots") }
        }
        for case let envelope? in envelopes {
            switch envelope.message {
            case .assign(let orders): known.formUnion(orders.map(\.attempt))
            case .reports(let reports): known.formUnion(reports.map(\.attempt))
            case .released, .retract, .cancel, .stop, .ready, .slots, .started: break
            }
        }
        // Answers under way: the task is on no host any more, and the scheduler is about to hear it.
        var released: Set<TaskIndex> = []
        for case let envelope? in envelopes { if case .released(let tasks) = envelope.message { released.formUnion(tasks) } }
        check.forEachFlight { attempt, host in
            let isBroken = links[host].session == 0 || agents[host].session != links[host].session || !agents[host].isAlive
            if !isBroken && !known.contains(attempt) && !released.contains(attempt.task) {
                check.fail("task \(attempt.task.position) is in flight on host \(host), and that has never heard of it")
            }
        }
        guard let (states, _) = journal.replay(taskCount: setup.taskCount) else { return check.fail("the journal contradicts itself") }
        let pending = Set((commitGroup + commitQueue).map(\.attempt.task.position))
        for task in states.indices {
            let isEnded = check.isSettled(task) || check.isFailed(task)
            switch states[task] {
            case .open: if isEnded && !pending.contains(task) { check.fail("task \(task) has ended, and the journal does not know") }
            case .committed: if !check.isSettled(task) { check.fail("the journal says task \(task) is done, and it is not") }
            case .failed: if !check.isFailed(task) { check.fail("the journal says task \(task) failed, and it has not") }
            case .won: if !check.isSettled(task) { check.fail("the journal has a winner for task \(task), and it is open") }
            }
        }
    }

    // MARK: Blame

    /// Counts what reports say, as far as they are of attempts that count.
    func noteMisfortunes(_ reports: [PendingReport], _ host: Int) {
        for report in reports where check.isLive(report.attempt, on: host) {
            let task = report.attempt.task.rawValue
            switch report.fate {
            case .done, .fileFault, .killsAgent: break
            case .programFailed:
                misfortunes[task, default: Misfortune()].programFailures += 1
                misfortunes[task]?.failedOn.insert(host)
            case .hostFault: misfortunes[task, default: Misfortune()].hostFaults += 1
            case .transferFailed: misfortunes[task, default: Misfortune()].failures += 1
            case .workerDied:
                misfortunes[task, default: Misfortune()].failures += 1
                misfortunes[task]?.diedOn.insert(host)
            }
            if trouble?.conduct == .onceOnly, report.fate != .transferFailed { check.spent.insert(task) }
        }
    }

    /// A report ended its task.
    func checkBlame(_ task: TaskIndex, _ fate: Fate) {
        guard let trouble else { return }
        let known = misfortunes[task.rawValue] ?? Misfortune()
        switch fate {
        case .done: break
        case .fileFault: if trouble.nature(task.position) != .broken { check.fail("task \(task.position) was called broken, and is not") }
        case .transferFailed, .hostFault, .killsAgent: check.fail("task \(task.position) was failed for what its host did")
        case .programFailed:
            if known.programFailures <= setup.limits.programRetriesMax, trouble.conduct != .onceOnly {
                check.fail("task \(task.position) was failed after \(known.programFailures) tries, with \(setup.limits.programRetriesMax) retries allowed")
            }
        case .workerDied where trouble.conduct == .onceOnly: break
        case .workerDied:
            // Two hosts on which it killed workers prove its guilt; so does one, if there is no other to ask within a minute.
            if known.diedOn.count < 2, known.failures <= setup.limits.retriesMax, hasOtherHost(than: known.diedOn) {
                check.fail("task \(task.position) was failed after \(known.failures) failures, with hosts left that had not tried it")
            }
        }
    }

    /// The scheduler gave a task up without a report: only for what the head was really told, and as often as the limits say.
    func checkBlame(_ task: TaskIndex, _ cause: Scheduler.Cause) {
        guard let trouble else { return }
        let known = misfortunes[task.rawValue] ?? Misfortune()
        let isOnceOnly = trouble.conduct == .onceOnly
        let isDeserved =
            switch cause {
            case .lost(let times): (isOnceOnly || times >= setup.limits.lostAttemptsMax) && known.losses >= times
            case .workersDied: !known.diedOn.isEmpty && !hasOtherHost(than: known.diedOn)
            case .transfersFailed: known.failures > setup.limits.retriesMax
            case .hostFaults: known.hostFaults >= (isOnceOnly ? 1 : setup.limits.hostFaultsMax)
            }
        if !isDeserved { check.fail("task \(task.position) was given up for \(cause), and the head was told of \(known)") }
    }

    /// An attempt's end was told, and its task is to be tried again.
    func notePutBack(_ task: TaskIndex, _ fate: Fate) {
        guard fate == .programFailed, var known = misfortunes[task.rawValue] else { return }
        if known.programFailures > setup.limits.programRetriesMax { check.fail("task \(task.position) failed \(known.programFailures) times and goes on") }
        let milliseconds = [1_000, 2_000, 4_000, 8_000, 16_000, 32_000, 60_000][min(known.programFailures, 7) - 1]
        known.notBefore = now + UInt64(milliseconds) * 1000
        misfortunes[task.rawValue] = known
    }

    /// A task that failed may start now, and here.
    func checkRetry(_ task: TaskIndex, _ host: Int) {
        guard let known = misfortunes[task.rawValue], known.programFailures > 0 else { return }
        retryCount += 1
        if now < known.notBefore { check.fail("task \(task.position) failed and is tried again \(known.notBefore - now) µs too early") }
        guard known.failedOn.contains(host) else { return }
        let tried = known.failedOn.union(known.diedOn)
        let other = links.indices.first {
            links[$0].isKnown && !links[$0].isLeaving && (links[$0].restsUntil ?? 0) <= now && !tried.contains($0)
        }
        if let other { check.fail("task \(task.position) failed on host \(host) and is given to it again, while host \(other) takes work") }
    }

    /// Whether a host could try a task that killed workers on these.
    private func hasOtherHost(than guilty: Set<Int>) -> Bool {
        links.indices.contains { host in
            links[host].isKnown && !links[host].isLeaving && !guilty.contains(host) && (links[host].restsUntil ?? 0) <= now + 60_000_000
        }
    }
}
