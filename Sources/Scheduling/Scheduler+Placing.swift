import JobModel

// Which host gets which ready task.
extension Scheduler {
    /// Serves the hosts that may have room: first every free slot, then what they may hold unstarted.
    mutating func placeReadyTasks() {
        guard hasPlaceable else { return }
        // Of few tasks every host that is free wants one: the quickest come first.
        if wanting.count > 1, dueCount < 2 * workingSlots {
            for host in hostsByPace(wanting) where hasPlaceable { dispatch(to: host, withReserve: false) }
        } else if wanting.count > 1 {
            var next = 0
            while hasPlaceable, let host = wanting.next(from: next) {
                dispatch(to: host, withReserve: false)
                next = host + 1
            }
        }
        var next = 0
        while hasPlaceable, let host = wanting.next(from: next) {
            dispatch(to: host, withReserve: true)
            next = host + 1
        }
    }

    /// Whether anything waits that may start now on some host.
    var hasPlaceable: Bool {
        if let lowest = ready.lowest, lowest < rankBound { return true }
        if let first = choosy.first, first.rank < rankBound { return true }
        return false
    }

    func hostsByPace(_ set: HostSet) -> [Int] {
        var members: [(pace: Double, host: Int)] = []
        var next = 0
        while let host = set.next(from: next) {
            members.append((hosts[host].pace.taskMicroseconds ?? 0, host))
            next = host + 1
        }
        members.sort { $0 < $1 }
        return members.map(\.host)
    }

    /// A host that got all it may have is not looked at again before something happens to it.
    private mutating func dispatch(to host: Int, withReserve: Bool) {
        var attempts: [Attempt] = []
        var isServed = true
        for _ in 0..<max(0, freeSlots(of: host)) {
            guard let rank = takeReady(for: host) else {
                isServed = false
                break
            }
            attempts.append(start(rank, on: host))
        }
        if isServed && withReserve { isServed = fillReserve(of: host, &attempts) }
        if !attempts.isEmpty { commands.append(.dispatch(HostIndex(host), attempts)) }
        if isServed && withReserve { wanting.remove(host) }
    }

    /// Slots that are to be filled now.
    func freeSlots(of host: Int) -> Int {
        if host == quarantine { return hosts[host].phase.takesWork && hosts[host].list.count == 0 ? 1 : 0 }
        switch hosts[host].phase {
        case .working: return hosts[host].idleSlots
        case .onTrial: return min(hosts[host].idleSlots, 1 - hosts[host].trialCount)
        case .away, .resting, .leaving: return 0
        }
    }

    /// Gives a host work ahead, once half of what it may hold is used up, so that shards do not shrink to one task.
    ///
    /// - Returns: whether it needs no more for now.
    private mutating func fillReserve(of index: Int, _ attempts: inout [Attempt]) -> Bool {
        let host = hosts[index]
        guard index != quarantine, host.phase == .working, host.isProven, let taskMicroseconds = host.pace.taskMicroseconds else {
            return true
        }
        // More started than it has slots for: it was told of fewer slots meanwhile.
        guard host.list.runningCount <= host.offer.slots else { return true }
        let costMax = Double(limits.hostQueueMilliseconds) * 1000 * Double(host.offer.slots) / taskMicroseconds
        guard host.list.unstartedCount == 0 || host.list.unstartedCost <= costMax / 2 else { return true }
        var countMax = limits.shardTasksMax - host.list.unstartedCount
        if workingCount > 1 { countMax = min(countMax, dueCount / (4 * workingCount)) }
        let bytesMax = host.offer.stagedBytesMax.map { $0 - min($0, host.list.unstartedStagedBytes) }
        var bytesLeft = bytesMax.map { min($0, limits.shardStagedBytesMax) }
        var costLeft = costMax - host.list.unstartedCost
        for _ in 0..<max(0, countMax) {
            guard costLeft > 0, let lowest = lowestReady(for: index) else { return costLeft <= 0 }
            let bytes = sizes[TaskIndex(rawValue: task(ofRank: lowest))]
            if let left = bytesLeft {
                guard bytes <= left else { return true }
                bytesLeft = left - bytes
            }
            // A task that is longer than the whole reserve is its only one.
            let cost = Double(costs.cost(bytes))
            guard cost <= costLeft || hosts[index].list.unstartedCount == 0 else { return true }
            guard let rank = takeReady(for: index) else { return false }
            costLeft -= cost
            attempts.append(start(rank, on: index))
        }
        return true
    }

    private func lowestReady(for host: Int) -> UInt32? {
        if let index = choosyIndex(for: host) { return choosy[index].rank }
        guard let lowest = ready.lowest, lowest < rankBound else { return nil }
        return lowest
    }

    /// Tasks that failed elsewhere go first: until they are done somewhere, nobody knows who is to blame.
    private mutating func takeReady(for host: Int) -> UInt32? {
        if host == quarantine { return aloneIndex(for: host).map { choosy.remove(at: $0).rank } }
        if let index = choosyIndex(for: host) { return choosy.remove(at: index).rank }
        return ready.popLowest(below: rankBound)
    }

    private func choosyIndex(for host: Int) -> Int? {
        guard !choosy.isEmpty else { return nil }
        let host = UInt16(host)
        for index in choosy.indices.prefix(Self.choosyLooksMax) {
            if choosy[index].rank >= rankBound { return nil }
            if !choosy[index].isAlone, !choosy[index].avoided.contains(host) { return index }
        }
        return nil
    }

    /// So that a sick host that made many tasks choosy does not make each dispatch go through all of them.
    private static let choosyLooksMax = 256

    // MARK: Calling back

    /// Asks every host for what it may not have started: nothing may start any more.
    mutating func callEverythingBack() {
        for host in hosts.indices { callBack(from: host, costMax: .infinity, isEverything: true) }
    }

    /// Asks a host for its last attempts, at least one and at most so much of them.
    ///
    /// - Parameter isEverything: also what is taken for started, since the host knows better.
    mutating func callBack(
        from host: Int, costMax: Double, countMax: Int = .max, isEverything: Bool = false, for other: Int? = nil
    ) {
        var tasks: [TaskIndex] = []
        var cost = 0.0
        var place = hosts[host].list.tail
        var isSpent = false
        while place != FlightTable.none, tasks.count < countMax {
            let flight = flights[place]
            if !isEverything && flight.marks.contains(.running) { break }
            let isWanted =
                isEverything
                ? flight.marks.isDisjoint(with: [.saidStarted, .calledBack, .cancelled])
                : flight.isCallable && !(other.map { histories[flight.task]?.hasFailed(on: $0) ?? false } ?? false)
            if isWanted {
                guard tasks.isEmpty || cost + Double(flight.cost) <= costMax else {
                    isSpent = true
                    break
                }
                cost += Double(flight.cost)
                tasks.append(TaskIndex(rawValue: flight.task))
                flights[place].marks.insert(.calledBack)
                calledBackCount += 1
            }
            place = flight.previous
        }
        if !isSpent && tasks.count < countMax { callable.remove(host) }
        if !tasks.isEmpty { commands.append(.retract(HostIndex(host), tasks.sorted())) }
    }
}
