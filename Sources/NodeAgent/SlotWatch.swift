import JobModel
import LinuxSystem
import Synchronization

/// Keeps a job's share of its host's slots up to date, from a thread of its own: the folder of locks may lie on a slow disk.
final class SlotWatch: Sendable {
    /// Between two looks while there is work.
    static let periodMilliseconds = 250
    /// A job without work for so long gives its slots back; between two shards it keeps them.
    static let idleMillisecondsMax = 500

    private let work = Mailbox<Bool>(elementsMax: 1 << 12)
    private let shares = Mailbox<SlotShare>(elementsMax: 1 << 12)
    private let busy = Atomic<Int>(0)
    private let thread = Mutex<SystemThread?>(nil)

    /// - Parameters:
    ///   - slots: tasks that the job would run at once alone.
    ///   - cpusPerTask: slots of the host that each takes.
    ///   - wake: signalled when `takeShare` has something.
    init(job: JobID, slots: Int, cpusPerTask: Int, capacity: Capacity, wake: Wake) {
        let (work, shares) = (work, shares)
        let thread = SystemThread("slots") { [weak self] in
            let tell: (SlotShare) -> Void = { share in
                shares.sendIfRoom(share)
                wake.signal()
            }
            do throws(SystemError) {
                var locks = SlotLocks(
                    folder: try SlotLocks.folder(capacity), job: job, tasksWanted: slots, cpusPerTask: cpusPerTask,
                    slotsOfHost: capacity.slotsMax)
                defer { locks.leave() }
                try Self.watch(&locks, work, busy: { self?.busy.load(ordering: .relaxed) ?? 0 }, tell)
            } catch {
                // A host without such a folder still computes; it only knows nothing of other jobs.
                complain("this host's slots are not shared with other jobs: \(error)")
                tell(SlotShare(usable: slots, heldBy: []))
                while work.receiveAll(waitingMilliseconds: nil) != nil {}
            }
        }
        self.thread.withLock { $0 = thread }
    }

    private static func watch(
        _ locks: inout SlotLocks, _ work: Mailbox<Bool>, busy: () -> Int, _ tell: (SlotShare) -> Void
    ) throws(SystemError) {
        var hasWork = false
        var told: SlotShare?
        var lookedMilliseconds: UInt64 = 0
        while let signals = work.receiveAll(waitingMilliseconds: hasWork ? periodMilliseconds : locks.hasWork ? idleMillisecondsMax : nil) {
            hasWork = signals.last ?? hasWork
            if hasWork {
                let now = SystemClock.monotonicMilliseconds()
                guard !locks.hasWork || now >= lookedMilliseconds + UInt64(periodMilliseconds) else { continue }
                lookedMilliseconds = now
                try locks.enter()
                let share = try locks.look(busy: busy(), nowMilliseconds: now)
                if share != told { tell(share) }
                told = share
            } else if signals.isEmpty {
                locks.leave()
                // What is given back must be taken again before it is used.
                told = nil
                tell(SlotShare(usable: 1, heldBy: []))
            }
        }
    }

    /// Whether there are orders, and how many slots compute.
    func update(hasWork: Bool, changed: Bool, busy: Int) {
        self.busy.store(busy, ordering: .relaxed)
        if changed { work.sendIfRoom(hasWork) }
    }

    /// The latest share, if it is new.
    func takeShare() -> SlotShare? { shares.receiveAll(waitingMilliseconds: 0)?.last }

    /// Gives everything back and ends the thread.
    func close() { work.close() }
}
