internal import Glibc
public import JobModel
public import JobStore
import LinuxSystem

/// Where quire keeps its journals: `--state-dir`, else `$XDG_STATE_HOME/quire`, else `~/.local/state/quire`.
///
/// Layout: `jobs/<id>/job.sqlite` and `log`, `outputs.sqlite`, `locks/`. Refused on a network file system, since
/// SQLite's locks do not hold there.
public struct StateFolder: Sendable {
    public let path: RawPath

    public init(named chosen: RawPath?, environment: [String: RawPath]) throws(HeadError) {
        if let chosen {
            path = chosen
        } else if let state = environment["XDG_STATE_HOME"], state.isAbsolute {
            path = state.appending("quire")
        } else if let home = environment["HOME"], home.isAbsolute {
            path = home.appending(".local/state/quire")
        } else {
            throw .usage("there is no HOME to keep the journal in; name a folder with --state-dir")
        }
        try system("make the state folder") { () throws(SystemError) in
            try FileOperation.createFolders(path, mode: 0o700)
            for name in ["jobs", "locks"] { try FileOperation.createFolders(path.appending(name), mode: 0o700) }
        }
        let network = try system("look at the state folder") { () throws(SystemError) in try FileOperation.networkFileSystem(at: path) }
        if let network {
            throw .usage("the state folder \(path) lies on \(network), where a journal is not safe; name a local folder with --state-dir")
        }
    }

    private init(path: RawPath) { self.path = path }

    /// The same folder by a name that holds in every working folder.
    func absolute() throws(HeadError) -> StateFolder {
        StateFolder(path: try system("find the state folder") { () throws(SystemError) in try FileOperation.resolved(path) })
    }

    /// What of the environment places the state folder or enters a PDF.
    static func environment() -> [String: RawPath] {
        var found: [String: RawPath] = [:]
        for name in ["XDG_STATE_HOME", "HOME", "SOURCE_DATE_EPOCH"] {
            if let value = environmentVariable(name), !value.isEmpty { found[name] = value }
        }
        return found
    }

    public func jobFolder(_ job: JobID) -> RawPath { path.appending("jobs").appending(job.rawValue) }

    public func ledger() throws(HeadError) -> OutputLedger {
        do throws(JobStoreError) { return try OutputLedger(file: path.appending("outputs.sqlite")) } catch { throw .journal(error) }
    }

    /// Makes the folder of a new job. Ids sort by age: UTC time to the second, then random letters.
    public func createJob(epochMilliseconds: Int64, randomness: UInt64) throws(HeadError) -> JobID {
        var rest = randomness
        let letters = Array("abcdefghijkmnpqrstuvwxyz23456789")
        let ending = (0..<4).map { _ -> Character in
            defer { rest /= UInt64(letters.count) }
            return letters[Int(rest % UInt64(letters.count))]
        }
        let job = JobID(rawValue: CalendarText.compact(epochSeconds: epochMilliseconds / 1000) + "-" + String(ending))
        try system("make the job's folder") { () throws(SystemError) in try FileOperation.createFolders(jobFolder(job), mode: 0o700) }
        return job
    }

    /// Length of an id: `20260131-093000-abcd`.
    static let jobIDBytes = 20

    /// Shows that this job lives, as long as the lock is held.
    func claim(_ job: JobID, holder: String) throws(HeadError) -> FileLock {
        try claim("the job", RawPath(job.rawValue), key: Self.lockName(job), holder: holder)
    }

    private static func lockName(_ job: JobID) -> String { "job-" + job.rawValue }

    /// What the process that works on the job wrote about itself; nil when none does.
    func liveHolder(of job: JobID) throws(HeadError) -> String? {
        try system("look at the job's lock") { () throws(SystemError) in
            try FileLock.holder(of: path.appending("locks").appending(Self.lockName(job)))
        }
    }

    /// Whether this is a job of this state folder whose process has ended; of others nothing is known.
    func isDead(_ job: JobID) throws(SystemError) -> Bool {
        let path = path.appending("locks").appending(Self.lockName(job))
        guard try FileOperation.factsIfPresent(of: path) != nil else { return false }
        return try FileLock.holder(of: path) == nil
    }

    private func cancelRequest(_ job: JobID) -> RawPath { jobFolder(job).appending(Self.cancelRequestName) }
    static let cancelRequestName: RawPath = RawPath("cancel")

    /// Tells the process that works on the job, when it is asked to stop, that the job shall not be gone on with.
    func requestCancel(_ job: JobID) throws(HeadError) {
        try system("ask for the job's end") { () throws(SystemError) in _ = try OpenFile(cancelRequest(job), .update(mode: 0o600)) }
    }

    /// Somebody goes on with the job after all.
    func withdrawCancel(_ job: JobID) throws(HeadError) {
        try system("go on with the job") { () throws(SystemError) in try FileOperation.removeIfPresent(cancelRequest(job)) }
    }

    func isCancelRequested(_ job: JobID) -> Bool {
        // A request that cannot be seen makes the job a stopped one, which can be cancelled still.
        do throws(SystemError) { return try FileOperation.factsIfPresent(of: cancelRequest(job)) != nil } catch { return false }
    }

    /// Of a job that left nothing behind; a lock file that resists is a few bytes.
    func removeLock(of job: JobID) {
        do throws(SystemError) { try FileOperation.removeIfPresent(path.appending("locks").appending(Self.lockName(job))) } catch { return }
    }

    /// Finished jobs beyond this many, or older than this many days, are removed when a new one starts (behaviour.md, Running).
    public static let finishedJobsMax = 50
    public static let finishedDaysMax = 90

    /// Claims `target` for this process, so that no two jobs write one folder or one PDF.
    func claim(_ what: String, _ target: RawPath, key: String, holder: String) throws(HeadError) -> FileLock {
        let outcome: FileLock.Outcome
        do throws(SystemError) {
            outcome = try FileLock.take(path.appending("locks").appending(key), holder: holder)
        } catch {
            throw .system(doing: "claim \(target)", error)
        }
        switch consume outcome {
        case .taken(let lock): return lock
        case .heldBy(let other): throw .busy(what: "\(what) \(target)", holder: other)
        }
    }
}

/// Runs system calls for one purpose and says it when they fail.
func system<Result: ~Copyable>(_ doing: String, _ body: () throws(SystemError) -> Result) throws(HeadError) -> Result {
    do throws(SystemError) { return try body() } catch { throw .system(doing: doing, error) }
}

/// Runs journal calls.
func journal<Result>(_ body: () throws(JobStoreError) -> Result) throws(HeadError) -> Result {
    do throws(JobStoreError) { return try body() } catch { throw .journal(error) }
}
