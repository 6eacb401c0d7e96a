public import JobModel
import JobStore
import LinuxSystem
import Programs

/// `quire cancel`: ends a job that runs, and gives up one that is not finished: its temp files, spool and half-bound PDFs go, what it
/// made so far stays.
public struct JobCancellation {
    private let job: String?
    private let stateFolder: RawPath?

    /// Beyond the job's own drain, before it is told to stop at once, and as long again after that.
    private static let graceMilliseconds: UInt64 = 5_000

    public init(job: String?, stateFolder: RawPath?) {
        self.job = job
        self.stateFolder = stateFolder
    }

    public func run() throws(HeadError) -> ExitStatus {
        let state = try StateFolder(named: stateFolder, environment: StateFolder.environment()).absolute()
        let catalogue = JobCatalogue(state: state)
        var entry = try catalogue.find(job, "job to cancel") { $0.standing == .running || $0.isResumable }
        if entry.standing == .running {
            try stop(entry, state)
            // One that was still listing its inputs leaves nothing behind, not even its journal.
            guard try catalogue.ids().contains(entry.id) else {
                try FactsOutput.write("job \(entry.id.rawValue) is cancelled; it had made nothing yet\n")
                return .done
            }
            entry = try catalogue.entry(entry.id)
        }
        switch entry.standing {
        case .stopped, .interrupted: try giveUp(entry, state)
        case .cancelled: break
        case .finished, .failed:
            try FactsOutput.write("job \(entry.id.rawValue) is \(entry.standing.rawValue); there is nothing to cancel\n")
            return .done
        case .running: throw .busy(what: "job \(entry.id.rawValue)", holder: entry.holder ?? "another quire")
        case .unreadable:
            throw .usage("job \(entry.id.rawValue) cannot be read: \(entry.fault ?? ""); remove \(state.jobFolder(entry.id)) by hand")
        }
        try FactsOutput.write("job \(entry.id.rawValue) is cancelled; what it made so far stays\n")
        return .done
    }

    /// Asks the process that holds the job to stop, waits for it, and asks once more if it takes too long.
    private func stop(_ entry: JobEntry, _ state: StateFolder) throws(HeadError) {
        try state.requestCancel(entry.id)
        guard let holder = entry.holder else { return }
        guard JobProcess.isHere(holder) else { throw .busy(what: "job \(entry.id.rawValue)", holder: holder) }
        guard let process = try JobProcess(holder: holder, of: entry.id, state) else { return }
        for wait in [try drainMilliseconds(entry, state) + Self.graceMilliseconds, Self.graceMilliseconds] {
            try system("stop process \(process.id)") { () throws(SystemError) in try process.handle.terminate() }
            let deadline = SystemClock.monotonicMilliseconds() + wait
            while SystemClock.monotonicMilliseconds() < deadline {
                if try state.liveHolder(of: entry.id) != holder { return }
                Pause.milliseconds(20)
            }
        }
    }

    private func drainMilliseconds(_ entry: JobEntry, _ state: StateFolder) throws(HeadError) -> UInt64 {
        let store = try journal { () throws(JobStoreError) in try JobStore(file: JobCatalogue(state: state).journalPath(entry.id)) }
        let seconds = try journal { () throws(JobStoreError) in
            let value = try store.fact("set.drain")
            try store.close()
            return value
        }
        return (seconds.flatMap { UInt64(String(decoding: $0, as: UTF8.self)) } ?? 30) * 1000
    }

    private func giveUp(_ entry: JobEntry, _ state: StateFolder) throws(HeadError) {
        let life = try state.claim(entry.id, holder: OpenJob.holder(entry.id))
        // Programs of a process that was killed may be about to end.
        try ProgramLock(jobFolder: state.jobFolder(entry.id)).awaitFree(of: entry.id)
        let store = try journal { () throws(JobStoreError) in try JobStore(file: JobCatalogue(state: state).journalPath(entry.id)) }
        let facts = try journal { () throws(JobStoreError) in
            try store.setFacts([("state", Array(JobState.cancelled.rawValue.utf8)), ("status", Array("\(ExitStatus.cancelled.rawValue)".utf8))])
            return try store.facts()
        }
        let folder = entry.workingFolder
        let (lost, won, books) = try journal { () throws(JobStoreError) in
            (try store.withLostAttempts(), try store.records(in: [.won], from: 0, count: Committer.groupTasksMax), try store.books())
        }
        let outputs = try outputFolders(of: lost + won.map(\.task), facts, folder)
        for place in Set(outputs + books.map(\.path.parent)) { JobFolder.sweep(folder.appending(place), of: entry.id, keepingPartials: false) }
        if let spool = facts["spool"] { JobFolder.removeWithFiles(folder.appending(RawPath(bytes: spool))) }
        try journal { () throws(JobStoreError) in try store.close() }
        state.removeLock(of: entry.id)
        _ = consume life
    }

    private func outputFolders(of tasks: [PlannedTask], _ facts: [String: [UInt8]], _ folder: RawPath) throws(HeadError) -> [RawPath] {
        let settings = try JournalledSettings(facts).settings(version: "").program
        guard let settings, settings.spec.returns.count > 1 else { return tasks.flatMap { $0.outputs.map(\.parent) } }
        let program = try ProgramPlan(settings, workingFolder: folder)
        var folders: Set<RawPath> = []
        for task in tasks { folders.formUnion(try program.outputs(of: task).map(\.parent)) }
        return Array(folders)
    }
}
