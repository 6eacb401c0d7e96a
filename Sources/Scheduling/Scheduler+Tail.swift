import JobModel

/// What is needed when nothing is ready any more and slots fall idle.
struct Tail: Sendable {
    /// Running attempts are watched from the first time that a slot had nothing to do.
    var isWatching = false
    var watched = Deadlines<Watched>()
    var lastCall: Instant?
    /// What a task of mean size takes the quickest host, looked up now and then.
    var quickestMicroseconds: Double?
    var lookedUp = Instant(microseconds: 0)

    /// A running attempt, which may have ended meanwhile.
    struct Watched: Sendable {
        var place: Int32
        var attempt: Attempt
    }
}

// The end of a job: what waits on a busy host is called back, what takes too long is started a second time.
extension Scheduler {
    /// A host that does not answer a retract holds up others no longer than this.
    private static let answerMicrosecondsMax: UInt64 = 1_000_000
    /// Calling back takes a round trip: not for less than this.
    private static let gainMicrosecondsMin = 50_000.0
    /// No attempt is late before this, however small its estimate: reports come in groups.
    private static let lateMicrosecondsMin = 1_000_000.0
    private static let lookAgainMicroseconds: UInt64 = 1_000_000
    /// Hosts helped an event, so that no event takes long.
    private static let helpedMax = 16

    mutating func helpTheIdle() {
        guard !hasPlaceable, workingCount > 1 else { return }
        var idle = HostSet()
        var idleSlots = 0
        var next = 0
        while let host = wanting.next(from: next) {
            if hosts[host].phase == .working, hosts[host].idleSlots > 0, host != quarantine {
                idle.insert(host)
                idleSlots += hosts[host].idleSlots
            }
            next = host + 1
        }
        guard !idle.isEmpty else { return }
        if !callable.isEmpty { balance(idle, idleSlots) }
        if allowsDuplicates { duplicateLate(idle) }
    }

    // MARK: Balancing

    /// Calls back a part of what the most loaded host has not started, as much as makes both end together.
    private mutating func balance(_ idle: HostSet, _ idleSlots: Int) {
        if calledBackCount >= idleSlots, let lastCall = tail.lastCall,
            now.microseconds(since: lastCall) < Self.answerMicrosecondsMax
        {
            return
        }
        var helped = 0
        var next = 0
        while let host = idle.next(from: next), helped < Self.helpedMax, calledBackCount < idleSlots || helped == 0 {
            next = host + 1
            guard let (loaded, waitMicroseconds) = mostLoaded(except: host), waitMicroseconds > Self.gainMicrosecondsMin,
                let taskMicroseconds = hosts[loaded].pace.taskMicroseconds
            else { return }
            let theirs = Double(hosts[loaded].offer.slots) / taskMicroseconds
            let ours = hosts[host].pace.taskMicroseconds.map { Double(hosts[host].offer.slots) / $0 }
            // What a host of unknown speed can do is known after one task a slot.
            let share = ours.map { $0 / ($0 + theirs) } ?? 0.5
            callBack(
                from: loaded, costMax: hosts[loaded].list.unstartedCost * share,
                countMax: ours == nil ? hosts[host].idleSlots : .max,
                for: host)
            tail.lastCall = now
            helped += 1
        }
    }

    private func mostLoaded(except idle: Int) -> (host: Int, waitMicroseconds: Double)? {
        var best: (host: Int, waitMicroseconds: Double)?
        var next = 0
        while let host = callable.next(from: next) {
            next = host + 1
            guard host != idle, let taskMicroseconds = hosts[host].pace.taskMicroseconds else { continue }
            let wait = hosts[host].list.unstartedCost * taskMicroseconds / Double(hosts[host].offer.slots)
            if wait > best?.waitMicroseconds ?? 0 { best = (host, wait) }
        }
        return best
    }

    // MARK: Second attempts

    /// Called for every attempt that is taken to start.
    mutating func watch(_ place: Int32) {
        guard tail.isWatching else { return }
        let flight = flights[place]
        tail.watched.insert(flight.since.advanced(byMicroseconds: lateAfterMicroseconds(flight)), Tail.Watched(place: place, attempt: flight.attempt))
    }

    /// What the attempt should take from start to report; nil while nothing is known of its host and of no other.
    private func estimateMicroseconds(_ cost: Float, on host: Int) -> Double? {
        let pace = hosts[host].pace
        return pace.taskMicroseconds.map { $0 * Double(cost) + pace.lagMicroseconds }
    }

    private func lateAfterMicroseconds(_ flight: Flight) -> UInt64 {
        guard let estimate = estimateMicroseconds(flight.cost, on: Int(flight.host)) else { return Self.lookAgainMicroseconds }
        if let quickest = tail.quickestMicroseconds, isWorthIt(left: estimate, instead: quickest * Double(flight.cost)) {
            return 0
        }
        return UInt64(max(2 * estimate, Self.lateMicrosecondsMin))
    }

    /// Whether a second attempt that takes `instead` gains much over a first that has `left` to go: it is on a slow host.
    private func isWorthIt(left: Double, instead: Double) -> Bool { left > 2 * instead + Self.lateMicrosecondsMin / 2 }

    private var extraMax: Int { max(1, workingSlots * limits.duplicateSlotsPercentMax / 100) }

    private mutating func duplicateLate(_ idle: HostSet) {
        if tail.quickestMicroseconds == nil || now.microseconds(since: tail.lookedUp) > Self.lookAgainMicroseconds {
            tail.lookedUp = now
            tail.quickestMicroseconds = hosts.lazy.filter { $0.phase == .working }.compactMap(\.pace.taskMicroseconds).min()
        }
        if !tail.isWatching {
            tail.isWatching = true
            for place in 0..<Int32(flights.placeCount) where flights.isUsed(place) && flights[place].marks.contains(.running) {
                watch(place)
            }
        }
        var idle = idle
        while extraCount < extraMax, !idle.isEmpty, let first = tail.watched.first, first.due <= now {
            let late = first.item
            tail.watched.removeFirst()
            guard flights.isUsed(late.place), flights[late.place].attempt == late.attempt else { continue }
            let flight = flights[late.place]
            guard flight.twin == FlightTable.none, !flight.marks.contains(.cancelled) else { continue }
            let elapsed = Double(now.microseconds(since: flight.since))
            let estimate = estimateMicroseconds(flight.cost, on: Int(flight.host))
            // One that was called back may come back any moment; one beyond the bound would take room that is not there; one that
            // was lost with its host shall not take two down at a time.
            let isOpen =
                !flight.marks.contains(.calledBack) && flight.rank < rankBound && histories[flight.task]?.losses ?? 0 == 0
            guard isOpen, let best = soonest(flight, idle),
                elapsed - (estimate ?? 0) > best.microseconds && elapsed >= Double(Self.lateMicrosecondsMin)
                    || isWorthIt(left: (estimate ?? 0) - elapsed, instead: best.microseconds)
            else {
                // It may become late enough for a slower host, or a quicker one may fall idle.
                tail.watched.insert(
                    now.advanced(byMicroseconds: max(Self.lookAgainMicroseconds, UInt64(elapsed / 4))), late)
                continue
            }
            commands.append(.dispatch(HostIndex(best.host), [start(flight.rank, on: best.host, asTwin: true)]))
            if hosts[best.host].idleSlots <= 0 { idle.remove(best.host) }
        }
    }

    /// The idle host that would have it done first, of those that have not failed it.
    private func soonest(_ flight: Flight, _ idle: HostSet) -> (host: Int, microseconds: Double)? {
        let history = histories[flight.task]
        var best: (host: Int, microseconds: Double)?
        var next = 0
        while let host = idle.next(from: next) {
            next = host + 1
            guard host != Int(flight.host), history?.hasFailed(on: host) != true,
                let estimate = estimateMicroseconds(flight.cost, on: host)
            else { continue }
            if estimate < best?.microseconds ?? .infinity { best = (host, estimate) }
        }
        return best
    }

    /// When an attempt that runs will be late, if anything could be done about it then.
    var tailDeadline: Instant? {
        guard isPlacing, !hasPlaceable, !wanting.isEmpty, workingCount > 1 else { return nil }
        var moments: [Instant] = []
        if calledBackCount > 0, !callable.isEmpty, let lastCall = tail.lastCall {
            moments.append(lastCall.advanced(byMicroseconds: Self.answerMicrosecondsMax))
        }
        if extraCount < extraMax, let first = tail.watched.first { moments.append(first.due) }
        return moments.filter { $0 > now }.min()
    }
}
