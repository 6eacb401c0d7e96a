import JobModel

// What follows from the end of an attempt. Three ledgers: the file's, the host's, and what costs nobody anything.
extension Scheduler {
    mutating func end(_ ending: Ending, on host: Int) {
        guard let place = flights.place(of: ending.attempt), Int(flights[place].host) == host,
            !flights[place].marks.contains(.cancelled)
        else {
            // It lost against its twin, its host was lost meanwhile, or the report came twice.
            if let place = flights.place(of: ending.attempt), Int(flights[place].host) == host { remove(place) }
            commands.append(.discard(ending.attempt))
            return
        }
        let flight = flights[place]
        let busyMicroseconds = Double(min(max(1, ending.busyMicroseconds), Self.busyMicrosecondsMax))
        switch ending.verdict {
        case .done:
            learn(flight, busyMicroseconds, host)
            noteSuccess(of: flight, host)
            settle(place, flight)
        case .fileFault:
            noteFailure(of: flight, busyMicroseconds, host)
            settle(place, flight)
        case .programFailed:
            noteFailure(of: flight, busyMicroseconds, host)
            endWithFailure(place, flight, host)
        case .workerDied(let death): endWithDeath(place, flight, death, host)
        case .transferFailed:
            histories[flight.task, default: TaskHistory()].failures += 1
            let failures = histories[flight.task]?.failures ?? 0
            let isFinal = failures > limits.retriesMax || isSpent(ending)
            endWithFault(place, flight, host, isFinal: isFinal, .transfersFailed(times: failures))
            blame(host)
        case .hostFault:
            histories[flight.task, default: TaskHistory()].hostFaults += 1
            let faults = histories[flight.task]?.hostFaults ?? 0
            let isFinal = faults >= limits.hostFaultsMax || isSpent(ending)
            endWithFault(place, flight, host, isFinal: isFinal, .hostFaults(times: faults))
            blame(host)
        }
    }

    private static let faultMicrosecondsMin = 10_000.0
    /// Eleven days. The figure is the host's, and estimates made of it must stay numbers.
    private static let busyMicrosecondsMax: UInt64 = 1_000_000_000_000

    /// The host gave the task back, or stopped it as it was told.
    mutating func release(_ task: UInt32, from host: Int) {
        // Late: the host was lost, or the attempt reported; the task is not this host's any more.
        guard let place = flights.place(of: task, on: host) else { return }
        let flight = flights[place]
        remove(place)
        if !flight.marks.contains(.cancelled) && flight.twin == FlightTable.none { putBack(flight) }
    }

    mutating func noteStarted(_ task: UInt32, on host: Int) {
        guard let place = flights.place(of: task, on: host) else { return }
        flights[place].marks.insert(.saidStarted)
        if flights[place].marks.contains(.calledBack) {
            flights[place].marks.remove(.calledBack)
            calledBackCount -= 1
        }
    }

    /// The first report of a task that counts is its end: of two attempts the other one is called off.
    private mutating func settle(_ place: Int32, _ flight: Flight) {
        if flight.twin != FlightTable.none {
            flights[flight.twin].marks.insert(.cancelled)
            cancelledCount += 1
            let loser = flights[flight.twin]
            commands.append(.settle(flight.attempt))
            commands.append(.cancel(HostIndex(Int(loser.host)), [loser.attempt]))
        } else {
            commands.append(.settle(flight.attempt))
        }
        remove(place)
        if !histories.isEmpty { histories[flight.task] = nil }
    }

    private mutating func learn(_ flight: Flight, _ busy: Double, _ host: Int) {
        if let taskMicroseconds = hosts[host].pace.taskMicroseconds {
            costs.learn(bytes: sizes[TaskIndex(rawValue: flight.task)], meanTasks: busy / taskMicroseconds)
        }
        let lag = flight.marks.contains(.running) ? max(0, Double(now.microseconds(since: flight.since)) - busy) : nil
        hosts[host].isProven = true
        hosts[host].pace.learn(busyMicroseconds: busy, cost: flight.cost, lagMicroseconds: lag)
    }

    /// What works at all has come to an end of its own.
    private mutating func noteFailure(of flight: Flight, _ busy: Double, _ host: Int) {
        hosts[host].isProven = true
        hosts[host].ledger.deathsInRow = 0
        // A quick verdict says nothing of how long other files take, but a host must not stay unknown for ever.
        if hosts[host].pace.taskMicroseconds == nil {
            hosts[host].pace.learn(busyMicroseconds: max(busy, Self.faultMicrosecondsMin), cost: flight.cost, lagMicroseconds: nil)
        }
    }

    /// Whether it may have had the only start it is allowed.
    private func isSpent(_ ending: Ending) -> Bool { loss == .fails && ending.mayHaveStarted }

    // MARK: The host's ledger

    private mutating func noteSuccess(of flight: Flight, _ host: Int) {
        hosts[host].ledger.noteSuccess()
        if hosts[host].phase == .onTrial { setPhase(host, .working) }
        guard !histories.isEmpty, let history = histories[flight.task] else { return }
        // The file is innocent, so the hosts are not. Memory is no fault of a small host, and a program that fails and succeeds
        // on the same one is no host's.
        let guilty = (history.lastDeath == .memory ? [] : history.diedOn) + (history.failedOn.contains(UInt16(host)) ? [] : history.failedOn)
        for other in guilty where Int(other) != host {
            let isTooMuch = hosts[Int(other)].ledger.mark(now)
            switch hosts[Int(other)].phase {
            case .onTrial: rest(Int(other), .failsWhatOthersDo)
            case .working: if isTooMuch { rest(Int(other), .failsWhatOthersDo) }
            case .away, .resting, .leaving: break
            }
        }
    }

    /// A fault of the host's own. What still comes in while it rests or leaves says nothing new.
    private mutating func blame(_ host: Int) {
        guard hosts[host].phase.takesWork else { return }
        hosts[host].ledger.faultsInRow += 1
        let faults = hosts[host].ledger.faultsInRow
        if hosts[host].phase == .onTrial || faults >= limits.faultsInRowMax { rest(host, .faultsInRow(faults)) }
    }

    // MARK: The file's ledger

    /// A worker died, and the host has tried twice: another host shows whether the file is at fault.
    private mutating func endWithDeath(_ place: Int32, _ flight: Flight, _ death: Death, _ host: Int) {
        hosts[host].ledger.deathsInRow += 1
        var history = histories[flight.task] ?? TaskHistory()
        history.failures += 1
        history.lastDeath = death
        if !history.diedOn.contains(UInt16(host)) { history.diedOn.append(UInt16(host)) }
        histories[flight.task] = history
        if flight.twin != FlightTable.none {
            remove(place)
            commands.append(.discard(flight.attempt))
        } else if loss == .fails {
            settle(place, flight)
        } else if isDraining {
            remove(place)
            commands.append(.putBack(flight.attempt))
            putBack(flight)
        } else if history.diedOn.count(where: isWitness) >= Self.witnessesNeeded || history.failures > limits.retriesMax
            || !hasOtherHost(than: history.diedOn, waitsForResting: true)
        {
            settle(place, flight)
        } else {
            remove(place)
            commands.append(.putBack(flight.attempt))
            putBack(flight)
        }
    }

    /// Its program failed: another try comes later, and on another host if there is one.
    private mutating func endWithFailure(_ place: Int32, _ flight: Flight, _ host: Int) {
        var history = histories[flight.task] ?? TaskHistory()
        history.programFailures += 1
        if !history.failedOn.contains(UInt16(host)) { history.failedOn.append(UInt16(host)) }
        guard history.programFailures <= limits.programRetriesMax, loss != .fails else { return settle(place, flight) }
        histories[flight.task] = history
        remove(place)
        guard flight.twin == FlightTable.none else {
            // The other attempt is the next try, and runs already.
            commands.append(.discard(flight.attempt))
            return
        }
        commands.append(.putBack(flight.attempt))
        let doubled = limits.programRetryMillisecondsMin << UInt64(min(history.programFailures - 1, 20))
        putBack(flight, notBefore: now.advanced(byMilliseconds: min(doubled, limits.programRetryMillisecondsMax)))
    }

    private static let witnessesNeeded = 2

    /// Whether a death on the host says something of the file: not where one worker dies after the other.
    private func isWitness(_ host: UInt16) -> Bool { hosts[Int(host)].ledger.deathsInRow <= Self.deathsInRowOfWitnessMax }

    private static let deathsInRowOfWitnessMax = 3

    private mutating func endWithFault(_ place: Int32, _ flight: Flight, _ host: Int, isFinal: Bool, _ cause: Cause) {
        remove(place)
        if flight.twin != FlightTable.none {
            commands.append(.discard(flight.attempt))
        } else if isFinal {
            histories[flight.task] = nil
            commands.append(.giveUp(flight.attempt, cause))
        } else {
            commands.append(.putBack(flight.attempt))
            putBack(flight, avoiding: host)
        }
    }
}
