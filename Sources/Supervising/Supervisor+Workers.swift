import JobModel

// The life of a worker.
extension Supervisor {
    mutating func spawn(_ slot: Int) {
        slots[slot].state = .starting(Charge())
        commands.append(.spawn(slot: slot))
    }

    mutating func kill(_ slot: Int, _ cause: Killing.Cause) {
        let load = slots[slot].state.load
        slots[slot].state = .killing(Killing(cause: cause, load: load, sinceMilliseconds: now))
        commands.append(.kill(slot: slot))
    }

    mutating func workerReady(_ slot: Int) {
        switch slots[slot].state {
        case .starting:
            slots[slot].state = .serving(Serving())
            tellReadySlots()
            feedAll()
        case .killing: break  // Written before the kill reached it.
        case .serving, .retiring: kill(slot, .misbehaved("said ready twice"))
        case .abandoned: break
        case .vacant, .resting: preconditionFailure("ready from no worker in slot \(slot)")
        }
    }

    mutating func workerReported(_ slot: Int, _ report: WorkReport) {
        switch slots[slot].state {
        case .serving(var serving):
            guard let order = serving.load.first, order.work.attempt == report.attempt else {
                kill(slot, .misbehaved("reported a task that it was not given"))
                return
            }
            serving.load = serving.load.afterFirst
            serving.charge = Charge()
            serving.tasksDone += 1
            serving.isQuick = report.usage.wallMicroseconds < limits.quickTaskMicroseconds
            slots[slot].state = .serving(serving)
            end(order, with: report)
            slots[slot].idleDeaths = 0
            refresh(slot)
            if order.wantsHostAlone || usableSlots != nil { feedAll() } else { feed(slot, ahead: true) }
            if !lonely.isEmpty { feedPinned() }
        case .killing(var killing):
            // Written before the kill reached it: the work is done, and whatever comes next is not this order's fault.
            guard let order = killing.load.first, order.work.attempt == report.attempt else { return }
            killing.load = killing.load.afterFirst
            killing.cause = .surplus
            slots[slot].state = .killing(killing)
            end(order, with: report)
        case .starting, .retiring: kill(slot, .misbehaved("reported a task that it was not given"))
        // Its order was given up and reported; the head has the only word on it that counts.
        case .abandoned: break
        case .vacant, .resting: preconditionFailure("a report from no worker in slot \(slot)")
        }
    }

    /// After a slot fell empty, an order that waited for an idle host may start on another slot.
    private mutating func feedPinned() {
        for slot in slots.indices where slots[slot].pinned != nil { feed(slot, ahead: false) }
    }

    private mutating func end(_ order: SupervisedOrder, with report: WorkReport) {
        letGo(order)
        commands.append(.report(report, of: order.work))
    }

    /// Replaces a worker with no order that has done enough; looks at its memory first if it held much.
    private mutating func refresh(_ slot: Int) {
        guard case .serving(var serving) = slots[slot].state, case .none = serving.load else { return }
        if serving.tasksDone >= limits.tasksPerWorkerMax {
            retire(slot)
        } else if serving.isHeavy {
            serving.load = .weighing
            slots[slot].state = .serving(serving)
            commands.append(.sample(slot: slot))
        }
    }

    private mutating func retire(_ slot: Int) {
        slots[slot].state = .retiring(sinceMilliseconds: now)
        commands.append(.closeInput(slot: slot))
    }

    mutating func workerUnusable(_ slot: Int, _ text: String) {
        switch slots[slot].state {
        case .starting, .serving, .retiring: kill(slot, .surplus)
        case .killing, .abandoned: break
        case .vacant, .resting: preconditionFailure("a message from no worker in slot \(slot)")
        }
        becomeUnusable(text)
    }

    mutating func workerMisbehaved(_ slot: Int, _ text: String) {
        switch slots[slot].state {
        case .starting, .serving, .retiring: kill(slot, .misbehaved(text))
        case .killing, .abandoned: break
        case .vacant, .resting: preconditionFailure("a message from no worker in slot \(slot)")
        }
    }

    mutating func spawnFailed(_ slot: Int, _ text: String, isFinal: Bool) {
        switch slots[slot].state {
        // Killing: the end was asked for before the failure was known.
        case .starting, .killing: slots[slot].state = .vacant
        case .vacant, .resting, .serving, .retiring, .abandoned: preconditionFailure("slot \(slot) was not starting")
        }
        if isFinal { becomeUnusable(text) } else { diedIdle(slot, text) }
        finishIfStopped()
    }

    mutating func sampled(_ slot: Int, _ sample: WorkerSample?) {
        // Nil: it is dead and its end is on the way.
        guard let sample else { return }
        let period = limits.samplePeriodMilliseconds
        switch slots[slot].state {
        case .starting(var charge):
            charge.add(sample, nowMilliseconds: now, periodMilliseconds: period)
            slots[slot].state = .starting(charge)
            if charge.chargedMilliseconds > limits.startingMilliseconds { kill(slot, .surplus) }
        case .serving(var serving):
            let isHeavy = sample.residentBytes > limits.idleResidentBytesMax
            switch serving.load {
            case .weighing:
                if isHeavy {
                    retire(slot)
                    return
                }
                serving.load = .none
                serving.isHeavy = false
                slots[slot].state = .serving(serving)
                feedAll()
            case .none: break
            case .one(let order), .two(let order, _):
                serving.isHeavy = serving.isHeavy || isHeavy
                serving.charge.add(sample, nowMilliseconds: now, periodMilliseconds: period)
                slots[slot].state = .serving(serving)
                if let limit = order.limitMilliseconds, serving.charge.chargedMilliseconds > limit { kill(slot, .timeout) }
            }
        case .vacant, .resting, .retiring, .killing, .abandoned: break  // It changed since it was asked.
        }
    }

    mutating func tick() {
        if let due = nextSampleMilliseconds, now >= due {
            nextSampleMilliseconds = nil
            for slot in slots.indices where wantsSamples(slot) { commands.append(.sample(slot: slot)) }
        }
        for slot in slots.indices {
            switch slots[slot].state {
            case .vacant, .starting, .serving, .abandoned: break
            case .resting(let until):
                if now >= until { spawn(slot) }
            case .retiring(let since):
                if now >= since + limits.retiringMilliseconds { kill(slot, .surplus) }
            case .killing(let killing):
                if now >= killing.sinceMilliseconds + limits.dyingMilliseconds { abandon(slot, killing) }
            }
        }
    }

    private func wantsSamples(_ slot: Int) -> Bool {
        switch slots[slot].state {
        case .starting: true
        case .serving(let serving): limits.samplesWork && serving.load.first != nil
        case .vacant, .resting, .retiring, .killing, .abandoned: false
        }
    }

    /// Begins to look at workers once there is one to look at; `tick` ends it.
    mutating func updateSampling() {
        if nextSampleMilliseconds == nil, slots.indices.contains(where: { wantsSamples($0) }) {
            nextSampleMilliseconds = now + limits.samplePeriodMilliseconds
        }
    }

    /// Tells how many slots serve or soon will, once one does and whenever it changes.
    mutating func tellReadySlots() {
        let count = slots.count { slot in
            switch slot.state {
            case .vacant, .abandoned: false
            case .resting, .starting, .serving, .retiring, .killing: true
            }
        }
        guard count != readySlots, !isUnusable, !isStopped else { return }
        readySlots = count
        commands.append(.ready(slots: count))
    }
}
