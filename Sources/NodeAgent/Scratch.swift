import JobModel
import LinuxSystem
import WireProtocol

/// Why an agent has no place for staged files.
enum ScratchError: Error, CustomStringConvertible {
    case system(SystemError)
    /// A folder there is a link, or others may use it.
    case notOurs(RawPath, String)
    case onNetwork(RawPath, String)
    /// An agent of the same or a later start of the head works here already.
    case taken(JobID, process: Int32, epoch: UInt32, ours: UInt32)
    /// An agent of an earlier start does not die.
    case undead(JobID, process: Int32)
    case badJob(String)

    var description: String {
        switch self {
        case .system(let error): "no place for staged files: \(error); name another folder with 'scratch'"
        case .notOurs(let path, let why): "no place for staged files: \(path.display) \(why); remove it, or name another folder with 'scratch'"
        case .onNetwork(let path, let kind):
            "no place for staged files: \(path.display) lies on \(kind), a network file system; name a folder on a local disk with 'scratch'"
        case .taken(let job, let process, let epoch, let ours):
            "an agent of job \(job.rawValue) with epoch \(epoch) works on this host already (process \(process)), this one has epoch \(ours): another head runs the job"
        case .undead(let job, let process):
            "the agent that an earlier head left for job \(job.rawValue) (process \(process)) does not end, not even killed: it hangs in I/O"
        case .badJob(let id): "'\(id)' is no job id"
        }
    }
}

/// The agent's own folder on its host, `quire-UID/HOSTNAME/BOOT-ID/JOB` below `/var/tmp`, with the lock that says it lives.
///
/// One agent per job and host holds it; one of a later start of the head ends its predecessor first. What jobs left whose
/// agent is dead is swept on the way.
final class Scratch: Sendable {
    let folder: RawPath
    private let above: [RawPath]
    private let lockPath: RawPath
    private let lock: FileLock

    static let terminatingMillisecondsMax: UInt64 = 3_000
    static let killingMillisecondsMax: UInt64 = 2_000
    /// For minders to end their programs, once their agent was killed.
    static let orphanedMillisecondsMax: UInt64 = 4_000
    private static let triesMax = 5

    private init(folder: RawPath, above: [RawPath], lockPath: RawPath, lock: consuming FileLock) {
        self.folder = folder
        self.above = above
        self.lockPath = lockPath
        self.lock = lock
    }

    /// Takes the place for a job; may wait some seconds for an older agent's end.
    ///
    /// - Parameter named: the folder the user named; nil takes `/var/tmp`, unless it lies on a network file system.
    static func claim(job: JobID, epoch: UInt32, named: RawPath?, capacity: Capacity) throws(ScratchError) -> Scratch {
        guard isName(job.rawValue) else { throw .badJob(job.rawValue) }
        let root = named ?? RawPath("/var/tmp")
        if named == nil {
            let kind = try orScratchError { () throws(SystemError) in try FileOperation.networkFileSystem(at: root) }
            if let kind { throw .onNetwork(root, kind) }
        }
        let user = root.appending("quire-\(OwnProcess.user)")
        let host = user.appending(isName(capacity.hostname) ? capacity.hostname : "localhost")
        let boot = host.appending(isName(capacity.bootID) ? capacity.bootID : "boot")
        var triesLeft = triesMax
        while true {
            do throws(ScratchError) {
                return try claim(job: job, epoch: epoch, above: [user, host, boot])
            } catch {
                triesLeft -= 1
                // An agent that ended meanwhile took the empty folders with it.
                guard case .system(let reason) = error, reason.isNotFound, triesLeft > 0 else { throw error }
            }
        }
    }

    private static func claim(job: JobID, epoch: UInt32, above: [RawPath]) throws(ScratchError) -> Scratch {
        for folder in above { try makeOwn(folder) }
        let lockPath = above[2].appending("\(job.rawValue).lock")
        let folder = above[2].appending(job.rawValue)
        let lock = try lock(lockPath, job: job, epoch: epoch)
        let scratch = Scratch(folder: folder, above: above, lockPath: lockPath, lock: lock)
        sweep(above[1])
        try orScratchError { () throws(SystemError) in
            try FileOperation.removeTree(folder)
            for name in ["in", "out", "spool", "sent", "tasks"] { try FileOperation.createFolders(folder.appending(name), mode: 0o700) }
        }
        return scratch
    }

    /// Makes a folder that nobody else can use, or finds it; what somebody else put there is refused.
    private static func makeOwn(_ path: RawPath) throws(ScratchError) {
        let facts = try orScratchError { () throws(SystemError) in
            _ = try FileOperation.createFolder(path, mode: 0o700)
            return try FileOperation.facts(of: path, followingLinks: false)
        }
        guard facts.type == .folder else { throw .notOurs(path, "is not a folder") }
        guard facts.owner == OwnProcess.user else { throw .notOurs(path, "belongs to another user") }
        guard facts.mode & 0o077 == 0 else { throw .notOurs(path, "is open to other users") }
    }

    private static func lock(_ path: RawPath, job: JobID, epoch: UInt32) throws(ScratchError) -> FileLock {
        OwnProcess.leadOwnGroup()
        let deadline = SystemClock.monotonicMilliseconds() + terminatingMillisecondsMax
        while true {
            let outcome: FileLock.Outcome
            do throws(SystemError) {
                outcome = try FileLock.take(path, holder: "\(OwnProcess.id) \(epoch)")
            } catch {
                throw .system(error)
            }
            switch consume outcome {
            case .taken(let lock): return lock
            case .heldBy(let text):
                let words = text.split(separator: " ")
                if words.count == 2, let process = Int32(words[0]), let theirs = UInt32(words[1]) {
                    guard theirs < epoch else { throw .taken(job, process: process, epoch: theirs, ours: epoch) }
                    try end(process, holding: path, text: text, job: job)
                } else {
                    // It has not written who it is yet.
                    guard SystemClock.monotonicMilliseconds() < deadline else { throw .undead(job, process: 0) }
                    Pause.milliseconds(20)
                }
            }
        }
    }

    /// Minders get it, so that the place is taken as long as a program may run in it.
    var lockDescriptor: Int32 { lock.descriptor }

    /// Ends an older agent and all its workers: asked first, then killed. Its minders, which hold the lock too, see its end and
    /// take their programs with them; killed at once they would leave what their programs had started.
    private static func end(_ process: Int32, holding path: RawPath, text: String, job: JobID) throws(ScratchError) {
        let found: OtherProcess?
        do throws(SystemError) { found = try OtherProcess(id: process) } catch { throw .system(error) }
        // Its number may have passed to somebody else before we held it.
        guard let other = found, try holder(path) == text else { return }
        try orScratchError { () throws(SystemError) in try other.terminate() }
        if try !isFree(path, from: text, within: terminatingMillisecondsMax) {
            try orScratchError { () throws(SystemError) in try other.kill() }
            if try !isFree(path, from: text, within: orphanedMillisecondsMax) {
                other.killGroup()
                guard try isFree(path, from: text, within: killingMillisecondsMax) else { throw .undead(job, process: process) }
            }
        }
        // Its workers die with it; one that is not reaped yet looks alive and is waited for no longer.
        let deadline = SystemClock.monotonicMilliseconds() + 500
        while other.groupIsThere, SystemClock.monotonicMilliseconds() < deadline { Pause.milliseconds(10) }
    }

    private static func isFree(_ path: RawPath, from text: String, within milliseconds: UInt64) throws(ScratchError) -> Bool {
        let deadline = SystemClock.monotonicMilliseconds() + milliseconds
        while try holder(path) == text {
            guard SystemClock.monotonicMilliseconds() < deadline else { return false }
            Pause.milliseconds(20)
        }
        return true
    }

    private static func holder(_ path: RawPath) throws(ScratchError) -> String? {
        try orScratchError { () throws(SystemError) in try FileLock.holder(of: path) }
    }

    /// Removes what jobs left on this host whose agents are dead, also before its last start. What cannot be removed stays.
    private static func sweep(_ host: RawPath) {
        do throws(SystemError) {
            for boot in try FolderListing.entries(of: host) where !boot.isLink && boot.facts?.type == .folder {
                let folder = host.appending(boot.name)
                for entry in try FolderListing.entries(of: folder) where entry.name.fileExtension == RawPath("lock") {
                    guard case .taken(let lock) = try FileLock.take(folder.appending(entry.name), holder: "") else { continue }
                    try FileOperation.removeTree(folder.appending(entry.name.stem))
                    try FileOperation.removeIfPresent(folder.appending(entry.name))
                    _ = consume lock
                }
                // Only if nothing is in it.
                do throws(SystemError) { try FileOperation.removeEmptyFolder(folder) } catch { continue }
            }
        } catch {
            complain("cannot remove what earlier jobs left in \(host.display): \(error)")
        }
    }

    /// Takes everything away: nothing of the job stays on the host.
    func remove() {
        do throws(SystemError) {
            try FileOperation.removeTree(folder)
            try FileOperation.removeIfPresent(lockPath)
        } catch {
            complain("cannot remove this job's files: \(error)")
            return
        }
        for folder in above.reversed() {
            // The first that others still use ends it.
            do throws(SystemError) { try FileOperation.removeEmptyFolder(folder) } catch { return }
        }
    }

    var freeBytes: UInt64 {
        do throws(SystemError) { return try FileOperation.freeBytes(at: folder) } catch { return 0 }
    }

    private static func isName(_ text: String) -> Bool {
        !text.isEmpty && text.utf8.count <= 200 && text != "." && text != ".." && !text.utf8.contains(0x2F) && !text.utf8.contains(0)
    }
}

private func orScratchError<Result>(_ body: () throws(SystemError) -> Result) throws(ScratchError) -> Result {
    do throws(SystemError) { return try body() } catch { throw .system(error) }
}
