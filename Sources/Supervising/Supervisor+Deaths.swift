import JobModel

// What follows from a worker's end: who is blamed, what runs again, when the host gives up.
extension Supervisor {
    mutating func workerEnded(_ slot: Int, _ end: WorkerEnd, lastWords: String) {
        let ended = slots[slot].state
        slots[slot].state = .vacant
        switch ended {
        case .starting:
            diedIdle(slot, "a worker ended before it was ready: \(end)\(quoted(lastWords))")
        case .serving(let serving):
            if let order = serving.load.first {
                returnPrefetched(serving.load)
                blame(order, on: slot, end.isMemory ? .memory : .crash, "\(end)\(quoted(lastWords))")
                respawn(slot)
            } else {
                diedIdle(slot, "a worker ended without a task: \(end)\(quoted(lastWords))")
            }
        case .retiring: respawn(slot)
        case .killing(let killing):
            returnPrefetched(killing.load)
            if let order = killing.load.first {
                switch killing.cause {
                case .timeout: blame(order, on: slot, .timeout, quoted(lastWords))
                case .misbehaved(let text): blame(order, on: slot, .crash, "it \(text)")
                // Killed for no fault of the order's. A minder says by its exit code whether it had started it.
                case .surplus:
                    if limits.runsTwice || end == .exited(code: 0) {
                        commands.append(.discardTemporaries(order.work))
                        putBack(order)
                    } else {
                        blame(order, on: slot, .crash, "it was ended for another task's sake")
                    }
                case .cancelled:
                    commands.append(.discardTemporaries(order.work))
                    letGoCancelled(order)
                }
                respawn(slot)
            } else {
                switch killing.cause {
                case .misbehaved(let text): diedIdle(slot, "a worker \(text)")
                case .timeout, .surplus, .cancelled: respawn(slot)
                }
            }
        case .abandoned:
            // The I/O it hung in has ended after all.
            commands.append(.log("the worker that could not be killed has ended; its slot \(slot) is back"))
            respawn(slot)
            tellReadySlots()
        case .vacant, .resting: preconditionFailure("no worker to end in slot \(slot)")
        }
        feedAll()
        finishIfStopped()
    }

    private mutating func returnPrefetched(_ load: Load) {
        if let order = load.prefetched { putBack(order) }
    }

    /// A first end of this kind buys a second run in this slot's next worker; a second end is reported.
    private mutating func blame(_ order: SupervisedOrder, on slot: Int, _ strike: Strike, _ cause: String) {
        commands.append(.discardTemporaries(order.work))
        if isStopped || isUnusable && limits.runsTwice {
            putBack(order)
        } else if !limits.runsTwice {
            report(order, TaskFailure(.crashed, "its minder ended while the program may have run: \(cause)"))
        } else if order.strike == nil {
            var again = order
            again.strike = strike
            slots[slot].pinned = again
            if again.wantsHostAlone { lonely.insert(order.work.attempt) }
        } else {
            report(order, failure(strike, cause, limitMilliseconds: order.limitMilliseconds))
        }
    }

    private mutating func report(_ order: SupervisedOrder, _ failure: TaskFailure) {
        letGo(order)
        commands.append(.report(WorkReport(attempt: order.work.attempt, outcome: .failed(failure), usage: .none), of: order.work))
    }

    private func failure(_ strike: Strike, _ cause: String, limitMilliseconds: UInt64?) -> TaskFailure {
        switch strike {
        case .crash: TaskFailure(.crashed, "the worker died twice on it: \(cause)")
        case .memory: TaskFailure(.memory, "too little memory even with the host to itself: \(cause)")
        case .timeout:
            TaskFailure(.timeout, "stopped twice after \((limitMilliseconds ?? 0) / 1000) s of work and waiting\(cause)")
        }
    }

    /// A killed process that does not end is in uninterruptible I/O: its slot is lost until it does, and its order with it.
    ///
    /// The order gets no second run here: the first may still write its files.
    mutating func abandon(_ slot: Int, _ killing: Killing) {
        slots[slot].state = .abandoned
        let seconds = limits.dyingMilliseconds / 1000
        commands.append(
            .log("a worker in slot \(slot) hangs in the kernel \(seconds) s after being killed; its slot is given up"))
        returnPrefetched(killing.load)
        if let order = killing.load.first {
            report(
                order,
                TaskFailure(.timeout, "the worker hangs in I/O that cannot be interrupted, \(seconds) s after being killed"))
        }
        if let pinned = slots[slot].pinned {
            slots[slot].pinned = nil
            putBack(pinned)
        }
        tellReadySlots()
        if readySlots == 0 { becomeUnusable("every worker hangs in I/O that cannot be interrupted") }
        feedAll()
        finishIfStopped()
    }

    private mutating func respawn(_ slot: Int) {
        if isStopped || isUnusable { slots[slot].state = .vacant } else { spawn(slot) }
    }

    /// A death that no task can be blamed for: rest, and after too many in a row give the host up.
    mutating func diedIdle(_ slot: Int, _ text: String) {
        slots[slot].state = .vacant
        if isStopped || isUnusable { return }
        slots[slot].idleDeaths += 1
        commands.append(.log(text))
        if slots[slot].idleDeaths >= limits.idleDeathsMax {
            becomeUnusable("workers keep dying without a task, \(slots[slot].idleDeaths) in a row; the last: \(text)")
        } else {
            let rest = limits.firstRestMilliseconds << UInt64(min(slots[slot].idleDeaths - 1, 10))
            slots[slot].state = .resting(untilMilliseconds: now + rest)
        }
    }

    /// Orders that have not started go back to the head; those at workers end in their own time.
    mutating func becomeUnusable(_ text: String) {
        if isUnusable || isStopped { return }
        isUnusable = true
        commands.append(.unusable(text))
        for slot in slots.indices {
            switch slots[slot].state {
            case .resting: slots[slot].state = .vacant
            case .vacant, .starting, .serving, .retiring, .killing, .abandoned: break
            }
            if let pinned = slots[slot].pinned {
                slots[slot].pinned = nil
                putBack(pinned)
            }
        }
        var released: [TaskIndex] = []
        while let order = waiting.removeFirst() {
            letGo(order)
            released.append(order.work.attempt.task)
        }
        if !released.isEmpty { commands.append(.released(released)) }
    }
}

/// What a worker said last, as the end of a sentence.
private func quoted(_ lastWords: String) -> String {
    lastWords.isEmpty ? "" : "; it said: \(lastWords)"
}
