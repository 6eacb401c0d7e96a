import JobModel
import JobStore
import LinuxSystem
import Planning

/// What the journal and the lock of one job say.
struct JobEntry {
    enum Standing: String {
        /// A process works on it.
        case running
        /// Ended by a signal, a limit or a fault, to be gone on with.
        case stopped
        /// Its process died.
        case interrupted
        case finished
        /// All was tried, and some files failed.
        case failed = "finished with failures"
        case cancelled
        /// Its journal cannot be read.
        case unreadable
    }

    var id: JobID
    var standing: Standing
    /// Milliseconds since 1970.
    var started: Int64 = 0
    var command: [String] = []
    var counts = TaskCounts()
    /// False while it was planned: there is no number of tasks yet.
    var isPlanned = false
    var outputFolder: RawPath?
    var pdf: String?
    var workingFolder = RawPath(".")
    /// Of what its process wrote into the lock.
    var holder: String?
    /// Why the journal cannot be read.
    var fault: String?

    var isResumable: Bool {
        switch standing {
        case .stopped, .interrupted: true
        case .running, .finished, .failed, .cancelled, .unreadable: false
        }
    }
}

/// The jobs of a state folder.
struct JobCatalogue {
    let state: StateFolder

    /// Ids of all jobs, newest first.
    func ids() throws(HeadError) -> [JobID] {
        let entries = try system("read the jobs") { () throws(SystemError) in try LinuxSystem.FolderListing.entries(of: state.path.appending("jobs")) }
        var found: [JobID] = []
        for entry in entries where entry.facts?.type == .folder {
            let id = JobID(rawValue: entry.name.display)
            let hasJournal = try system("look at job \(id.rawValue)") { () throws(SystemError) in try FileOperation.factsIfPresent(of: journalPath(id)) != nil }
            if hasJournal { found.append(id) }
        }
        return try byAge(found.sorted { $0.rawValue > $1.rawValue })
    }

    /// An id tells the second a job began in; of jobs that began within one, the journals tell which came later.
    private func byAge(_ ids: [JobID]) throws(HeadError) -> [JobID] {
        let secondCount = "20260131-093000".count
        var ordered: [JobID] = []
        var rest = ids[...]
        while let first = rest.first {
            let together = rest.prefix { $0.rawValue.prefix(secondCount) == first.rawValue.prefix(secondCount) }
            rest = rest.dropFirst(together.count)
            if together.count == 1 {
                ordered.append(first)
                continue
            }
            var starts: [(started: Int64, id: JobID)] = []
            for id in together { starts.append((try entry(id).started, id)) }
            ordered += starts.sorted { ($0.started, $0.id.rawValue) > ($1.started, $1.id.rawValue) }.map(\.id)
        }
        return ordered
    }

    func journalPath(_ id: JobID) -> RawPath { state.jobFolder(id).appending("job.sqlite") }

    /// Everything `quire jobs` shows of a job; one whose journal cannot be read says why.
    func entry(_ id: JobID) throws(HeadError) -> JobEntry {
        let holder = try state.liveHolder(of: id)
        do throws(JobStoreError) {
            let store = try JobStore(file: journalPath(id))
            let facts = try store.facts()
            var entry = JobEntry(id: id, standing: standing(facts, isLive: holder != nil), holder: holder)
            entry.started = number(facts["started_ms"]) ?? 0
            entry.command = JournalledSettings(facts).command
            entry.isPlanned = facts["tasks"] != nil
            entry.counts = try counts(facts, store)
            entry.outputFolder = facts["set.output"].map { RawPath(bytes: $0) }
            entry.pdf = facts["set.pdf"].map { String(decoding: $0, as: UTF8.self) }
            entry.workingFolder = RawPath(bytes: facts["working-folder"] ?? [0x2E])
            try store.close()
            return entry
        } catch {
            return JobEntry(id: id, standing: holder == nil ? .unreadable : .running, holder: holder, fault: "\(error)")
        }
    }

    func entries() throws(HeadError) -> [JobEntry] {
        var entries: [JobEntry] = []
        for id in try ids() { entries.append(try entry(id)) }
        return entries
    }

    /// The job with this id or the only one whose id begins so; without one the newest that fits.
    ///
    /// - Parameter wanted: what fits, for the message when none does: `job to resume`.
    func find(_ name: String?, _ wanted: String, where fits: (JobEntry) -> Bool) throws(HeadError) -> JobEntry {
        let ids = try ids()
        if let name {
            let found = ids.contains { $0.rawValue == name } ? ids.filter { $0.rawValue == name } : ids.filter { $0.rawValue.hasPrefix(name) }
            guard let first = found.first else { throw .usage("there is no job '\(name)'; 'quire jobs' lists those there are") }
            guard found.count == 1 else {
                throw .usage("\(found.count) jobs begin with '\(name)': \(found.prefix(3).map(\.rawValue).joined(separator: ", ")); 'quire jobs' lists them")
            }
            return try entry(first)
        }
        for id in ids {
            let entry = try entry(id)
            if fits(entry) { return entry }
        }
        throw .usage("there is no \(wanted); 'quire jobs' lists the jobs there are")
    }

    private func standing(_ facts: [String: [UInt8]], isLive: Bool) -> JobEntry.Standing {
        if isLive { return .running }
        switch facts["state"].flatMap({ JobState(rawValue: String(decoding: $0, as: UTF8.self)) }) {
        case .planning, .running, nil: return .interrupted
        case .stopped: return .stopped
        case .finished: return .finished
        case .failed: return .failed
        case .cancelled: return .cancelled
        }
    }

    /// What the end recorded, or what the tasks say where there is no end.
    private func counts(_ facts: [String: [UInt8]], _ store: JobStore) throws(JobStoreError) -> TaskCounts {
        var counts = TaskCounts()
        let state = facts["state"].flatMap { JobState(rawValue: String(decoding: $0, as: UTF8.self)) }
        guard let state, state != .running, state != .planning, let total: Int = number(facts["tasks"]), let done: Int = number(facts["done"]),
            let failed: Int = number(facts["failed"]), let skipped: Int = number(facts["skipped"])
        else { return try store.taskCounts() }
        counts.done = done
        counts.failed = failed
        counts.skipped = skipped
        counts.open = max(0, total - done - failed - skipped)
        return counts
    }

    private func number<Number: FixedWidthInteger>(_ value: [UInt8]?) -> Number? {
        value.flatMap { Number(String(decoding: $0, as: UTF8.self)) }
    }
}
