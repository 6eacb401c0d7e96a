import JobModel
import LinuxSystem

/// What a job may use of its host now.
struct SlotShare: Hashable, Sendable {
    /// Tasks at once.
    var usable: Int
    /// Whose jobs hold the other slots.
    var heldBy: [JobID]
}

/// A job's locks on the slots of its host, which all jobs and users share. Used by one thread.
///
/// The folder has a file `slot-N` for every slot and a file `job-PID-JOB` for every job that has work; each is locked by
/// whoever has it, and free when that process is dead. A job takes free slots in ascending order up to its fair share: the
/// slots over the jobs that have work, what is left over going to the first by name. It always has one slot, if need be
/// without a lock. A task that takes several slots takes all of theirs: locks that make up no whole task are given back after a while,
/// so that no two jobs wait for each other's, but for those of the task that a job always may run.
struct SlotLocks: ~Copyable {
    private let folder: RawPath
    private let job: JobID
    private let cpusPerTask: Int
    private let slotsWanted: Int
    private let lockCount: Int
    private let ownName: RawPath
    private var presence: Held?
    private var held: [Int: Held] = [:]
    /// Since when there have been locks that make up no whole task; nil while there are none.
    private var partialSinceMilliseconds: UInt64?
    /// Having given such back, nothing is taken until then.
    private var restsUntilMilliseconds: UInt64 = 0

    static let partialMillisecondsMax: UInt64 = 1_000

    private final class Held {
        private var lock: FileLock?
        init(_ lock: consuming FileLock) { self.lock = consume lock }
        deinit { lock.take()?.release() }
    }

    /// - Parameters:
    ///   - tasksWanted: at most so many at once.
    ///   - cpusPerTask: slots that each of them takes, at least 1.
    ///   - slotsOfHost: where more are wanted, there are locks for as many.
    init(folder: RawPath, job: JobID, tasksWanted: Int, cpusPerTask: Int = 1, slotsOfHost: Int) {
        self.folder = folder
        self.job = job
        self.cpusPerTask = cpusPerTask
        slotsWanted = tasksWanted * cpusPerTask
        lockCount = max(slotsWanted, slotsOfHost)
        ownName = RawPath("\(Self.presencePrefix)\(OwnProcess.id)-\(job.rawValue)")
    }

    private static let presencePrefix = "job-"
    private static let namesMax = 10_000

    /// The folder of this host's locks: `QUIRE_SLOTS`, or one that is new with every start of the machine.
    static func folder(_ capacity: Capacity) throws(SystemError) -> RawPath {
        if let named = environmentVariable("QUIRE_SLOTS"), named.isAbsolute {
            try makeShared(named)
            return named
        }
        let above = RawPath("/var/tmp/quire-slots")
        try makeShared(above)
        let own = above.appending("\(capacity.hostname)-\(capacity.bootID)")
        try makeShared(own)
        return own
    }

    /// Makes a folder in which all may make files and nobody may remove another's.
    private static func makeShared(_ path: RawPath) throws(SystemError) {
        if try FileOperation.createFolder(path, mode: 0o777) { try FileOperation.setMode(path, 0o1777) }
        guard try FileOperation.facts(of: path, followingLinks: false).type == .folder else {
            throw SystemError("open folder", path.display, code: SystemError.notAFolderCode)
        }
    }

    var hasWork: Bool { presence != nil }

    /// Says that the job has work: from now on others leave it its share.
    mutating func enter() throws(SystemError) {
        guard presence == nil else { return }
        let outcome = try FileLock.take(folder.appending(ownName), holder: job.rawValue, users: .everybody)
        if case .taken(let lock) = consume outcome { presence = Held(lock) }
    }

    /// Gives everything back.
    mutating func leave() {
        held.removeAll()
        guard presence != nil else { return }
        // While it is locked: nobody else looks at an unlocked file of a live job.
        do throws(SystemError) { try FileOperation.removeIfPresent(folder.appending(ownName)) } catch { complain("\(error)") }
        presence = nil
    }

    /// Takes or gives back slots by who else has work now.
    ///
    /// - Parameter busy: tasks that run: no slot of theirs is given back before they are done.
    mutating func look(busy: Int, nowMilliseconds now: UInt64) throws(SystemError) -> SlotShare {
        var others: [RawPath] = []
        let prefix = Array(Self.presencePrefix.utf8)
        let entries = try FolderListing.entries(of: folder) { [ownName] in $0.bytes.starts(with: prefix) && $0 != ownName }
        for entry in entries.prefix(Self.namesMax) where entry.facts?.type == .regular && !entry.isLink {
            if try FileLock.holder(of: folder.appending(entry.name), users: .everybody) != nil { others.append(entry.name) }
        }
        let share = max(cpusPerTask, fairShare(others) / cpusPerTask * cpusPerTask)
        var index = 0
        while held.count < share, index < lockCount, now >= restsUntilMilliseconds {
            if held[index] == nil {
                let outcome = try FileLock.take(folder.appending("slot-\(index)"), holder: job.rawValue, users: .everybody)
                if case .taken(let lock) = consume outcome { held[index] = Held(lock) }
            }
            index += 1
        }
        drop(to: max(share, busy * cpusPerTask))
        dropPartial(now)
        let usable = max(1, min(share, held.count) / cpusPerTask)
        return SlotShare(usable: usable, heldBy: usable * cpusPerTask < slotsWanted ? Set(others.compactMap(Self.job)).sorted { $0.rawValue < $1.rawValue } : [])
    }

    private mutating func drop(to count: Int) {
        for index in held.keys.sorted(by: >) where held.count > count { held[index] = nil }
    }

    private mutating func dropPartial(_ now: UInt64) {
        let whole = held.count / cpusPerTask * cpusPerTask
        guard whole > 0, held.count > whole else {
            partialSinceMilliseconds = nil
            return
        }
        let since = partialSinceMilliseconds ?? now
        partialSinceMilliseconds = since
        guard now >= since + Self.partialMillisecondsMax else { return }
        drop(to: whole)
        partialSinceMilliseconds = nil
        restsUntilMilliseconds = now + Self.partialMillisecondsMax
    }

    private func fairShare(_ others: [RawPath]) -> Int {
        let jobs = others.count + 1
        let place = others.count { $0 < ownName }
        let share = lockCount / jobs + (place < lockCount % jobs ? 1 : 0)
        return min(slotsWanted, max(1, share))
    }

    /// `job-PID-JOB`
    private static func job(_ name: RawPath) -> JobID? {
        let parts = name.display.split(separator: "-", maxSplits: 2)
        return parts.count == 3 ? JobID(rawValue: String(parts[2])) : nil
    }
}
