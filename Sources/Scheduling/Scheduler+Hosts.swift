import JobModel

// Hosts that come, leave, rest and are lost.
extension Scheduler {
    mutating func hostReady(_ host: Int, _ offer: HostOffer) {
        precondition(offer.slots > 0, "host \(host) is ready with \(offer.slots) slots")
        if hosts[host].phase.takesWork { workingSlots += offer.slots - hosts[host].offer.slots }
        hosts[host].offer = offer
        promote(on: host)
        switch hosts[host].phase {
        case .working, .onTrial: wanting.insert(host)
        case .resting: break
        case .away, .leaving:
            hosts[host].isProven = false
            if hosts[host].phase == .away && !delayed.isEmpty { endDelays(of: host) }
            if let until = hosts[host].ledger.isResting(now) {
                // Leaving and coming back, or losing its link, does not heal a host.
                setPhase(host, .resting(until: until, hosts[host].ledger.lastReason))
            } else {
                setPhase(host, .working)
            }
        }
    }

    mutating func slotsChanged(_ host: Int, _ slots: Int) {
        precondition(slots > 0, "host \(host) changes to \(slots) slots")
        guard hosts[host].phase != .away else { return }
        if hosts[host].phase.takesWork { workingSlots += slots - hosts[host].offer.slots }
        hosts[host].offer.slots = slots
        promote(on: host)
        if hosts[host].phase.takesWork { wanting.insert(host) }
    }

    mutating func hostLeaving(_ host: Int) {
        guard hosts[host].phase != .away, hosts[host].phase != .leaving else { return }
        setPhase(host, .leaving)
        callBack(from: host, costMax: .infinity, isEverything: true)
    }

    mutating func closeEmptyLeavers() {
        var next = 0
        while let host = leaving.next(from: next) {
            if hosts[host].list.count == 0 {
                setPhase(host, .away)
                commands.append(.mayClose(HostIndex(host)))
            }
            next = host + 1
        }
    }

    /// What a lost host had started counts against its tasks; what it had not started costs them nothing, unless it is not to
    /// start twice: an agent that has lost its head goes on with what it holds until its lease is over.
    mutating func hostLost(_ host: Int) {
        guard hosts[host].phase != .away else { return }
        setPhase(host, .away)
        while hosts[host].list.head != FlightTable.none {
            // From the end, so that nothing behind is taken for started on its way out.
            let flight = flights[hosts[host].list.tail]
            remove(hosts[host].list.tail)
            guard !flight.marks.contains(.cancelled) else { continue }
            switch loss {
            case .startsElsewhere:
                guard countLoss(of: flight, startedMarks: [.running, .saidStarted]), flight.twin == FlightTable.none else { continue }
                putBack(flight)
            case .waits(let milliseconds):
                // What was called back and not answered for may have started instead.
                guard countLoss(of: flight, startedMarks: [.running, .saidStarted, .calledBack]) else { continue }
                putBack(flight, notBefore: now.advanced(byMilliseconds: milliseconds), mayRunOn: host)
            case .fails:
                let losses = (histories.removeValue(forKey: flight.task)?.losses ?? 0) + 1
                commands.append(.giveUp(flight.attempt, .lost(times: losses)))
            }
        }
    }

    /// - Returns: whether its task goes on; otherwise it was given up.
    private mutating func countLoss(of flight: Flight, startedMarks: Flight.Marks) -> Bool {
        var history = histories[flight.task] ?? TaskHistory()
        history.mayHaveStarted = true
        if !flight.marks.isDisjoint(with: startedMarks) {
            // One of two counts as well: else a file that takes its hosts down could do so for ever.
            let losses = history.losses + 1
            let isFinal = flight.marks.contains(.alone) ? losses > lossesInCompanyMax : limits.lostAttemptsMax <= 1
            if isFinal && flight.twin == FlightTable.none {
                histories[flight.task] = nil
                commands.append(.giveUp(flight.attempt, .lost(times: losses)))
                return false
            }
            history.losses = min(losses, lossesInCompanyMax)
        }
        histories[flight.task] = history
        return true
    }

    mutating func rest(_ host: Int, _ reason: RestReason) {
        let until = hosts[host].ledger.rest(now, reason, limits)
        setPhase(host, .resting(until: until, reason))
        commands.append(.rest(HostIndex(host), until: until, reason))
        callBack(from: host, costMax: .infinity)
    }

    mutating func endRests() {
        var next = 0
        while let host = resting.next(from: next) {
            if case .resting(let until, _) = hosts[host].phase, until <= now {
                setPhase(host, .onTrial)
                commands.append(.hostBack(HostIndex(host)))
            }
            next = host + 1
        }
    }

    /// The only place where a phase changes.
    mutating func setPhase(_ host: Int, _ phase: Host.Phase) {
        let old = hosts[host].phase
        hosts[host].phase = phase
        if old.takesWork != phase.takesWork {
            workingCount += phase.takesWork ? 1 : -1
            workingSlots += phase.takesWork ? hosts[host].offer.slots : -hosts[host].offer.slots
        }
        mustReconsider = true
        if phase.takesWork { wanting.insert(host) } else { wanting.remove(host) }
        if phase == .leaving { leaving.insert(host) } else { leaving.remove(host) }
        if phase == .onTrial { hosts[host].trialCount = 0 }
        if case .resting = phase { resting.insert(host) } else { resting.remove(host) }
        restEnds = nil
        var next = 0
        while let member = resting.next(from: next) {
            if case .resting(let until, _) = hosts[member].phase { restEnds = restEnds.map { min($0, until) } ?? until }
            next = member + 1
        }
    }

    /// Tasks that no host is left for must not wait for ever.
    mutating func reconsiderChoosy() {
        guard mustReconsider, workingCount > 0, !isDraining else { return }
        mustReconsider = false
        guard !choosy.isEmpty else { return }
        var kept: [ChoosyTask] = []
        for var task in choosy {
            let history = histories[task.task] ?? TaskHistory()
            switch task.reason {
            case .suspect where !hasOtherHost(than: history.diedOn, waitsForResting: true):
                histories[task.task] = nil
                commands.append(
                    .giveUp(
                        Attempt(task: TaskIndex(rawValue: task.task), number: history.number),
                        .workersDied(history.lastDeath, hosts: history.diedOn.count)))
            case .fault where !hasOtherHost(than: task.avoided, waitsForResting: false): ready.insert(task.rank)
            case .suspect, .failed:
                task.avoided = avoided(history)
                kept.append(task)
            case .fault: kept.append(task)
            }
        }
        choosy = kept
    }
}
