import JobModel

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
}
