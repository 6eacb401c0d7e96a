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

    /// What a lost host had started counts against its tasks; what it had not started costs them nothing.
    mutating func hostLost(_ host: Int) {
        guard hosts[host].phase != .away else { return }
        setPhase(host, .away)
        while hosts[host].list.head != FlightTable.none {
            // From the end, so that nothing behind is taken for started on its way out.
            let flight = flights[hosts[host].list.tail]
            remove(hosts[host].list.tail)
            guard !flight.marks.contains(.cancelled) else { continue }
            if !flight.marks.isDisjoint(with: [.running, .saidStarted]) {
                // One of two counts as well: else a file that takes its hosts down could do so for ever.
                let losses = (histories[flight.task]?.losses ?? 0) + 1
                let isFinal = flight.marks.contains(.alone) ? losses > lossesInCompanyMax : limits.lostAttemptsMax <= 1
                if isFinal && flight.twin == FlightTable.none {
                    histories[flight.task] = nil
                    commands.append(.giveUp(flight.attempt, .lost(times: losses)))
                    continue
                }
                histories[flight.task, default: TaskHistory()].losses = min(losses, lossesInCompanyMax)
            }
            if flight.twin == FlightTable.none { putBack(flight) }
        }
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
        for task in choosy {
            if hasOtherHost(than: task.avoided, waitsForResting: task.isSuspect) {
                kept.append(task)
            } else if task.isSuspect {
                let history = histories.removeValue(forKey: task.task) ?? TaskHistory()
                commands.append(
                    .giveUp(
                        Attempt(task: TaskIndex(rawValue: task.task), number: history.number),
                        .workersDied(history.lastDeath, hosts: history.diedOn.count)))
            } else {
                ready.insert(task.rank)
            }
        }
        choosy = kept
    }
}
