import JobModel

// The books of what is on which host; no policy here.
extension Scheduler {
    /// Puts a task on a host and returns the attempt.
    mutating func start(_ rank: UInt32, on host: Int, asTwin: Bool = false) -> Attempt {
        let task = task(ofRank: rank)
        var number: UInt32 = 1
        if asTwin {
            number = max(histories[task]?.number ?? 0, flights.any(of: task).map { flights[$0].number } ?? 0) + 1
            histories[task, default: TaskHistory()].number = number
        } else if !histories.isEmpty, let history = histories[task] {
            number = history.number + 1
        }
        let bytes = sizes[TaskIndex(rawValue: task)]
        let place = flights.insert(
            Flight(
                task: task, number: number, rank: rank, host: UInt16(host), marks: asTwin ? .extra : [], cost: costs.cost(bytes),
                stagedBytes: hosts[host].offer.stagedBytesMax == nil ? 0 : bytes), asTwin: asTwin)
        if asTwin { extraCount += 1 }
        if hosts[host].phase == .onTrial {
            flights[place].marks.insert(.trial)
            hosts[host].trialCount += 1
        }
        if host == quarantine { flights[place].marks.insert(.alone) }
        append(place, to: host)
        return Attempt(task: TaskIndex(rawValue: task), number: number)
    }

    private mutating func append(_ place: Int32, to host: Int) {
        let last = hosts[host].list.tail
        flights[place].previous = last
        if last == FlightTable.none { hosts[host].list.head = place } else { flights[last].next = place }
        hosts[host].list.tail = place
        hosts[host].list.count += 1
        if hosts[host].list.firstUnstarted == FlightTable.none { hosts[host].list.firstUnstarted = place }
        hosts[host].list.unstartedCost += Double(flights[place].cost)
        hosts[host].list.unstartedStagedBytes += flights[place].stagedBytes
        promote(on: host)
    }

    /// Takes the first unstarted attempts for started while there are slots for them.
    mutating func promote(on host: Int) {
        while hosts[host].list.runningCount < hosts[host].offer.slots {
            let place = hosts[host].list.firstUnstarted
            guard place != FlightTable.none else { break }
            hosts[host].list.firstUnstarted = flights[place].next
            hosts[host].list.runningCount += 1
            leaveUnstarted(place, host)
            flights[place].marks.insert(.running)
            flights[place].since = now
            watch(place)
        }
        // Every attempt behind the running ones may turn out to be callable; `callBack` finds out.
        if hosts[host].list.unstartedCount > 0 { callable.insert(host) } else { callable.remove(host) }
    }

    private mutating func leaveUnstarted(_ place: Int32, _ host: Int) {
        hosts[host].list.unstartedCost -= Double(flights[place].cost)
        hosts[host].list.unstartedStagedBytes -= flights[place].stagedBytes
        // Sums of rounded numbers drift.
        if hosts[host].list.unstartedCount == 0 { hosts[host].list.unstartedCost = 0 }
    }

    /// Takes an attempt off its host for good.
    mutating func remove(_ place: Int32) {
        let flight = flights[place]
        let host = Int(flight.host)
        if flight.previous == FlightTable.none {
            hosts[host].list.head = flight.next
        } else {
            flights[flight.previous].next = flight.next
        }
        if flight.next == FlightTable.none {
            hosts[host].list.tail = flight.previous
        } else {
            flights[flight.next].previous = flight.previous
        }
        hosts[host].list.count -= 1
        if flight.marks.contains(.running) {
            hosts[host].list.runningCount -= 1
        } else {
            if hosts[host].list.firstUnstarted == place { hosts[host].list.firstUnstarted = flight.next }
            leaveUnstarted(place, host)
        }
        if flight.marks.contains(.calledBack) { calledBackCount -= 1 }
        if flight.marks.contains(.cancelled) { cancelledCount -= 1 }
        if flight.marks.contains(.extra) { extraCount -= 1 }
        if flight.marks.contains(.trial) { hosts[host].trialCount = max(0, hosts[host].trialCount - 1) }
        if flight.twin != FlightTable.none, flights[flight.twin].marks.intersection([.extra, .cancelled]) == .extra {
            flights[flight.twin].marks.remove(.extra)
            extraCount -= 1
        }
        flights.remove(place)
        promote(on: host)
        if hosts[host].phase.takesWork { wanting.insert(host) }
    }

    /// Makes the task of a removed attempt ready again, wherever it may still run.
    mutating func putBack(_ flight: Flight, avoiding soft: Int? = nil) {
        keepNumber(of: flight)
        makeReady(flight.rank, flight.task, avoiding: soft)
    }

    /// Makes the task of a removed attempt ready from a moment on.
    ///
    /// - Parameter host: where it may still run until then.
    mutating func putBack(_ flight: Flight, notBefore: Instant, mayRunOn host: Int? = nil) {
        keepNumber(of: flight)
        guard notBefore > now else { return makeReady(flight.rank, flight.task) }
        delayed.insert(notBefore, DelayedTask(rank: flight.rank, task: flight.task, mayRunOn: host.map { UInt16($0) }))
    }

    private mutating func keepNumber(of flight: Flight) {
        var history = histories[flight.task] ?? TaskHistory()
        history.number = max(history.number, flight.number)
        histories[flight.task] = history
    }

    /// Those whose moment has come.
    mutating func endDelays() {
        while let first = delayed.first, first.due <= now {
            delayed.removeFirst()
            makeReady(first.item.rank, first.item.task)
        }
    }

    /// The host is ready again, so nothing of what its former agent ran is alive.
    mutating func endDelays(of host: Int) {
        for item in delayed.remove(where: { $0.mayRunOn == UInt16(host) }) { makeReady(item.rank, item.task) }
    }

    private mutating func makeReady(_ rank: UInt32, _ task: UInt32, avoiding soft: Int? = nil) {
        let history = histories[task] ?? TaskHistory()
        let isAlone = history.losses >= lossesInCompanyMax
        if !history.diedOn.isEmpty {
            insertChoosy(ChoosyTask(rank: rank, task: task, avoided: avoided(history), reason: .suspect, isAlone: isAlone))
            mustReconsider = true
        } else if isAlone || !history.failedOn.isEmpty {
            insertChoosy(ChoosyTask(rank: rank, task: task, avoided: avoided(history), reason: .failed, isAlone: isAlone))
        } else if let soft, hasOtherHost(than: [UInt16(soft)], waitsForResting: false) {
            insertChoosy(ChoosyTask(rank: rank, task: task, avoided: [UInt16(soft)], reason: .fault))
            mustReconsider = true
        } else {
            ready.insert(rank)
        }
    }

    /// Hosts that may not have the task as things are now: never those on which workers died on it, and none on which its
    /// program failed while there is another.
    func avoided(_ history: TaskHistory) -> [UInt16] {
        guard !history.failedOn.isEmpty else { return history.diedOn }
        let all = history.diedOn + history.failedOn.filter { !history.diedOn.contains($0) }
        return hasOtherHost(than: all, waitsForResting: true) ? all : history.diedOn
    }

    private mutating func insertChoosy(_ task: ChoosyTask) {
        var low = 0
        var high = choosy.count
        while low < high {
            let middle = (low + high) / 2
            if choosy[middle].rank > task.rank { high = middle } else { low = middle + 1 }
        }
        choosy.insert(task, at: low)
    }

    /// Whether a host takes work, or soon will, that is none of `avoided`.
    func hasOtherHost(than avoided: [UInt16], waitsForResting: Bool) -> Bool {
        if workingCount > avoided.count { return true }
        return hosts.indices.contains { host in
            guard !avoided.contains(UInt16(host)) else { return false }
            switch hosts[host].phase {
            case .working, .onTrial: return true
            case .resting(let until, _):
                return waitsForResting && until.microseconds(since: now) <= Self.restWaitedForMicroseconds
            case .away, .leaving: return false
            }
        }
    }

    /// A file waits for a host that rests no longer than this.
    private static let restWaitedForMicroseconds: UInt64 = 60_000_000
}
