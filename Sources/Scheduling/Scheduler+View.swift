public import JobModel

// What people are shown of the scheduler's state; nothing here decides.
extension Scheduler {
    /// A host as it is now.
    public struct HostView: Hashable, Sendable {
        public var slots: Int
        /// Attempts it is taken to work on, at most `slots`.
        public var running: Int
        /// Attempts it holds beyond that.
        public var unstarted: Int
        /// What a task of mean size takes a slot there; nil before its first success.
        public var taskMicroseconds: Double?
        /// Why it has a slot without work, or gets no more work; nil while all is well and all slots are taken.
        public var idleReason: IdleReason?
    }

    /// Why a host has a slot without work, or gets no more.
    public enum IdleReason: Hashable, Sendable {
        /// Never ready, lost, or closed.
        case away
        case leaving
        case resting(until: Instant, RestReason)
        /// After a rest it gets one task at a time until one succeeds.
        case onTrial
        case draining
        case paused
        case congested
        /// The spool is full: only the lowest missing page may run.
        case spoolFull
        case noWorkLeft
        /// What is left must not start before then: it failed, or may still run on a host that was lost.
        case waits(until: Instant)
        /// It is kept for a file that must run alone, since hosts were lost again and again while they worked on it.
        case keptForSuspect
        /// All that waits has failed there.
        case onlyWorkItFailed
    }

    /// Where a task is.
    public enum TaskView: Hashable, Sendable {
        /// It needs no work, or none any more.
        case settled
        /// The hosts that hold an attempt of it.
        case dispatched([HostIndex])
        case waiting(WaitReason)
    }

    /// Why a task is on no host.
    public enum WaitReason: Hashable, Sendable {
        case noHost
        /// Others come first and all hosts have as much as they may hold.
        case hostsFull
        case draining
        case paused
        case congested
        case spoolFull
        /// It failed on these and waits for another host.
        case failedOn([HostIndex])
        /// It must not start before then: its program failed, or it may still run on a host that was lost.
        case until(Instant)
    }

    /// How a host is; nil if no event has named it.
    public func view(of index: HostIndex) -> HostView? {
        guard Int(index.rawValue) < hosts.count else { return nil }
        let host = hosts[Int(index.rawValue)]
        let running = min(host.list.count, host.offer.slots)
        return HostView(
            slots: host.offer.slots, running: running, unstarted: host.list.count - running,
            taskMicroseconds: host.pace.taskMicroseconds,
            idleReason: idleReason(of: host, index))
    }

    private func idleReason(of host: Host, _ index: HostIndex) -> IdleReason? {
        switch host.phase {
        case .away: return .away
        case .leaving: return .leaving
        case .resting(let until, let reason): return .resting(until: until, reason)
        case .working, .onTrial: break
        }
        guard host.idleSlots > 0 else { return nil }
        if isDraining { return .draining }
        if isPaused { return .paused }
        if isCongested { return .congested }
        if Int(index.rawValue) == quarantine { return .keptForSuspect }
        if dueCount == 0 { return delayed.first.map { .waits(until: $0.due) } ?? .noWorkLeft }
        if !hasPlaceable { return .spoolFull }
        if host.phase == .onTrial { return .onTrial }
        return .onlyWorkItFailed
    }

    /// Whether an attempt of the task was lost with its host, or by an earlier head, and may have run there: what is dispatched
    /// now starts it a second time. Attempts that a host gave back do not count, nor those that ended.
    public func mayHaveStarted(_ task: TaskIndex) -> Bool { histories[task.rawValue]?.mayHaveStarted ?? false }

    /// Where a task is. With ranked tasks it takes time in proportion to their number.
    public func view(of task: TaskIndex) -> TaskView {
        if let place = flights.any(of: task.rawValue) {
            let twin = flights[place].twin
            let places = twin == FlightTable.none ? [place] : [place, twin]
            let live = places.filter { !flights[$0].marks.contains(.cancelled) }
            return live.isEmpty ? .settled : .dispatched(live.map { HostIndex(Int(flights[$0].host)) }.sorted())
        }
        let rank: UInt32?
        switch order {
        case .plan: rank = task.rawValue
        case .ranked(let ranks): rank = ranks.firstIndex(of: task.rawValue).map { UInt32($0) }
        }
        if let entry = delayed.entries.first(where: { $0.item.task == task.rawValue }) {
            return .waiting(isDraining ? .draining : .until(entry.due))
        }
        let failed = choosy.first { $0.task == task.rawValue }
        guard let rank, failed != nil || ready.contains(rank) else { return .settled }
        if isDraining { return .waiting(.draining) }
        if isPaused { return .waiting(.paused) }
        if isCongested { return .waiting(.congested) }
        if rank >= rankBound { return .waiting(.spoolFull) }
        if workingCount == 0 { return .waiting(.noHost) }
        guard let failed, !failed.avoided.isEmpty else { return .waiting(.hostsFull) }
        return .waiting(.failedOn(failed.avoided.map { HostIndex(rawValue: $0) }))
    }
}
