import Digests
import JobModel
import JobStore
import LinuxSystem
import Planning

/// A report that counts, with what the head knows of its task.
struct SettledReport: Sendable {
    var task: PlannedTask
    var report: WorkReport
    var host: String
}

/// A task that has its final end, as the main loop and the binder hear of it.
struct CommittedTask: Sendable {
    var task: PlannedTask
    var outcome: TaskOutcome
}

/// Gives outputs their final names: the only place that does.
///
/// For each group: record the winners (synced), rename, sync the folders, record `committed`. The temp files are
/// durable already: the agent synced them before it reported. A group that was recorded but not renamed is finished by
/// a resume; a rename that fails turns its task into a failure.
struct Committer: Sendable {
    let store: JobStore
    let ledger: OutputLedger
    let job: JobID
    let recipe: Digest256
    let isInPlace: Bool
    /// For turning relative names into the ledger's absolute ones.
    let workingFolder: RawPath

    /// Largest number of tasks in one group.
    static let groupTasksMax = 256

    func commit(_ group: [SettledReport], epochMilliseconds: Int64) throws(HeadError) -> [CommittedTask] {
        var ended = group.map(recordedEnd)
        try journal { () throws(JobStoreError) in try store.record(ended.map(\.outcome), epochMilliseconds: epochMilliseconds) }
        var folders: Set<RawPath> = []
        var entries: [LedgerEntry] = []
        var refused: [Int] = []
        for index in ended.indices {
            guard let work = ended[index].outcome.work, !work.files.isEmpty else { continue }
            do throws(SystemError) {
                let identities = try rename(work.files, to: ended[index].outcome.outputs, task: ended[index].task)
                for (output, identity) in zip(ended[index].outcome.outputs, identities) {
                    folders.insert(output.parent)
                    entries.append(entry(output, identity, of: ended[index].task, work: work))
                }
            } catch {
                if error.isNoSpace { throw .system(doing: "give an output its name", error) }
                ended[index].outcome = failed(ended[index].outcome, error, removing: work.files)
                refused.append(index)
            }
        }
        for folder in folders.sorted() {
            try HeadNode.system("make names durable") { () throws(SystemError) in try FileOperation.syncFolder(folder) }
        }
        if !refused.isEmpty {
            try journal { () throws(JobStoreError) in
                try store.record(refused.map { ended[$0].outcome }, epochMilliseconds: epochMilliseconds)
            }
        }
        for index in ended.indices where ended[index].outcome.state == .won { ended[index].outcome.state = .committed }
        try journal { () throws(JobStoreError) in
            try store.recordCommitted(ended.filter { $0.outcome.state == .committed }.map(\.task.index))
            try ledger.record(entries)
        }
        return ended
    }

    /// The outcome of a report with the final names its files shall get.
    private func recordedEnd(_ settled: SettledReport) -> CommittedTask {
        var outcome = TaskOutcome(
            index: settled.task.index, state: .won, usage: settled.report.usage, host: settled.host,
            attempts: settled.report.attempt.number)
        switch settled.report.outcome {
        case .finished(let work):
            outcome.work = work
            if let output = settled.task.output {
                outcome.outputs = work.files.map { file in
                    file.page.map { settled.task.name(of: output, page: $0) } ?? output
                }
            }
        case .failed(let failure):
            outcome.state = .failed
            outcome.failure = failure
        }
        return CommittedTask(task: settled.task, outcome: outcome)
    }

    private func rename(_ files: [MadeFile], to outputs: [RawPath], task: PlannedTask) throws(SystemError) -> [InputIdentity] {
        var identities: [InputIdentity] = []
        for (file, output) in zip(files, outputs) {
            if isInPlace {
                let now = try FileOperation.facts(of: output).identity
                guard now == task.identity else { throw SystemError("replace", "\(output): it changed while it was worked on", code: 116) }
            }
            if isInPlace && file.isVerbatim {
                // Nothing changed: the input keeps its time and everything else.
                try FileOperation.removeIfPresent(file.temp)
            } else if task.mayReplace {
                try FileOperation.rename(file.temp, replacing: output)
            } else {
                try FileOperation.rename(file.temp, toNew: output)
            }
            identities.append(try FileOperation.facts(of: output).identity)
        }
        return identities
    }

    private func failed(_ outcome: TaskOutcome, _ error: SystemError, removing files: [MadeFile]) -> TaskOutcome {
        for file in files {
            // The task fails anyway; a temp file that cannot be removed is swept by its name later.
            do throws(SystemError) { try FileOperation.removeIfPresent(file.temp) } catch { continue }
        }
        let reason: FailureReason = isInPlace && error.code == 116 ? .changed : error.isNoSpace ? .noSpace : .denied
        let why = error.isExisting ? "\(outcome.outputs.first?.display ?? "the output") appeared while the job ran; move it away or use --overwrite always" : "\(error)"
        return TaskOutcome(
            index: outcome.index, state: .failed, failure: TaskFailure(reason, why), usage: outcome.usage, host: outcome.host,
            attempts: outcome.attempts)
    }

    private func entry(_ output: RawPath, _ identity: InputIdentity, of task: PlannedTask, work: FinishedWork) -> LedgerEntry {
        LedgerEntry(
            output: workingFolder.appending(output).normalized, outputIdentity: identity,
            input: workingFolder.appending(task.input).normalized, inputIdentity: task.identity, recipe: recipe, work: work,
            isInPlace: isInPlace, job: job)
    }
}

extension PlannedTask {
    /// The final name of one page of a file of several: its number where the template has it, else before the extension.
    func name(of output: RawPath, page: Int) -> RawPath {
        guard let place = pageNumber, place.upperBound <= output.bytes.count else { return OutputNames.pageName(of: output, page: page) }
        let digits = Array(String(page).utf8)
        let zeros = [UInt8](repeating: 0x30, count: max(0, place.count - digits.count))
        return RawPath(bytes: output.bytes[..<place.lowerBound] + zeros + digits + output.bytes[place.upperBound...])
    }
}
