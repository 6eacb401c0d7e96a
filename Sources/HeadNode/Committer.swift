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
/// For each group: record the winners in journal (synced) and ledger, rename, sync the folders, record `committed`. The temp
/// files are durable already: the agent synced them before it reported. A rename that fails turns its task into a failure.
/// What is there under an output's name is replaced only if the ledger says that quire made it, or with `--overwrite always`.
struct Committer: Sendable {
    let store: JobStore
    let ledger: OutputLedger
    let job: JobID
    let recipe: Digest256
    let isInPlace: Bool
    /// Whether the recipe moves the times of files, even of those whose bytes stay.
    var movesTimes = false
    /// `--overwrite always`
    let replacesForeign: Bool
    /// For turning relative names into the ledger's absolute ones.
    let workingFolder: RawPath
    /// `-o` as it was when the job began; nil without one.
    let outputRoot: StorageRoot?
    /// What makes the outputs, for the ledger; nil when it is not known.
    let build: String?
    /// Whether the winners were recorded by a process that died: some of their names may be given already.
    var finishesOthers = false
    /// What runs for each task, of which is kept how it ended and what it printed; nil for pictures.
    var program: ProgramPlan?
    /// What pages may not be named; not asked for by jobs that make none.
    let plannedNames = PlannedNames()

    /// Largest number of tasks in one group.
    static let groupTasksMax = 256

    func commit(_ group: [SettledReport], epochMilliseconds: Int64) throws(HeadError) -> [CommittedTask] {
        // Names given in a folder that only looks the same (a share that was unmounted) would be lost from sight.
        if let fault = outputRoot?.displacement { throw .surroundings("\(fault). Nothing is lost: quire resume goes on then") }
        let ended = try group.map(recordedEnd)
        let programs = program == nil ? [] : group.map { ProgramRow(task: $0.task.index, result: $0.report.program) }
        try journal { () throws(JobStoreError) in
            try store.record(ended.map(\.outcome), programs: programs, epochMilliseconds: epochMilliseconds)
        }
        return try giveNames(ended, epochMilliseconds: epochMilliseconds)
    }

    /// Finishes winners that another process recorded; returns the tasks whose files are not there any more.
    func finish(_ winners: [TaskRecord], epochMilliseconds: Int64) throws(HeadError) -> [PlannedTask] {
        var whole: [CommittedTask] = []
        var lost: [PlannedTask] = []
        for winner in winners {
            if try areThere(winner) {
                whole.append(CommittedTask(task: winner.task, outcome: winner.outcome))
            } else {
                removeTemps(winner.outcome, earlier: [:])
                lost.append(winner.task)
            }
        }
        _ = try giveNames(whole, epochMilliseconds: epochMilliseconds)
        return lost
    }

    /// Whether each file of a recorded winner stands under its temp name or has its final name already.
    private func areThere(_ winner: TaskRecord) throws(HeadError) -> Bool {
        for (file, output) in zip(winner.outcome.work?.files ?? [], winner.outcome.outputs) {
            let (temp, named) = try HeadNode.system("look at what was made of \(winner.task.input)") { () throws(SystemError) in
                (try FileOperation.factsIfPresent(of: file.temp), try FileOperation.factsIfPresent(of: output))
            }
            if let temp {
                guard temp.identity.sizeBytes == file.sizeBytes else { return false }
                continue
            }
            if staysInPlace(file), named?.identity == winner.task.identity { continue }
            let entry = try journal { () throws(JobStoreError) in try ledger.entry(for: workingFolder.appending(output).normalized) }
            guard let named, let entry, entry.job == job, entry.outputIdentity == named.identity else { return false }
        }
        return true
    }

    private func giveNames(_ group: [CommittedTask], epochMilliseconds: Int64) throws(HeadError) -> [CommittedTask] {
        var ended = group
        let wasWon = ended.map { $0.outcome.state == .won }
        refuseInPlacePages(&ended)
        try refuseTakenPageNames(&ended)
        let earlier = try recordInLedger(ended)
        var folders: Set<RawPath> = []
        for index in ended.indices {
            guard let work = ended[index].outcome.work, !work.files.isEmpty else { continue }
            let outputs = ended[index].outcome.outputs
            do throws(SystemError) {
                try rename(work.files, to: outputs, task: ended[index].task, earlier)
                removeAttemptFolders(of: work.files)
                folders.formUnion(outputs.map(\.parent))
            } catch {
                if error.isOfTheFileSystem, error.code != staleCode { throw .system(doing: "give an output its name", error) }
                removeTemps(ended[index].outcome, earlier: earlier)
                ended[index].outcome = failed(ended[index].outcome, error)
            }
        }
        for folder in folders.sorted() {
            try HeadNode.system("make names durable") { () throws(SystemError) in try FileOperation.syncFolder(folder) }
        }
        let refused = zip(ended, wasWon).filter { $1 && $0.outcome.state == .failed }.map(\.0.outcome)
        for index in ended.indices where ended[index].outcome.state == .won { ended[index].outcome.state = .committed }
        try journal { () throws(JobStoreError) in
            if !refused.isEmpty { try store.record(refused, epochMilliseconds: epochMilliseconds) }
            try store.recordCommitted(ended.filter { $0.outcome.state == .committed }.map(\.task.index))
        }
        return ended
    }

    /// Pages of one file cannot all take its place.
    private func refuseInPlacePages(_ ended: inout [CommittedTask]) {
        guard isInPlace else { return }
        for index in ended.indices {
            guard let work = ended[index].outcome.work, work.files.count > 1 else { continue }
            ended[index].outcome = withoutFiles(
                ended[index].outcome, TaskFailure(.unsupported, "a file of \(work.files.count) pages cannot be replaced in place; use -o or --name"))
        }
    }

    /// Writes what is about to be named into the ledger: a rename keeps size and time, so a crash between the two leaves no
    /// output that the next run would take for somebody else's. Returns what stood there under these names before.
    private func recordInLedger(_ ended: [CommittedTask]) throws(HeadError) -> [RawPath: Set<InputIdentity>] {
        var earlier: [RawPath: Set<InputIdentity>] = [:]
        var entries: [LedgerEntry] = []
        for task in ended {
            guard let work = task.outcome.work else { continue }
            for (file, output) in zip(work.files, task.outcome.outputs) {
                let path = workingFolder.appending(output).normalized
                let known = try journal { () throws(JobStoreError) in try ledger.entry(for: path) }
                // What another job made since this one was planned stays, as somebody else's would.
                if program == nil || task.task.mayReplace || known?.job == job { earlier[output] = known?.identities }
                let recipe = try program?.digest(of: task.task) ?? recipe
                do throws(SystemError) {
                    let source = staysInPlace(file) ? output : file.temp
                    var entry = entry(path, try FileOperation.facts(of: source).identity, of: task.task, recipe, work: work)
                    if let known { entry.replaced = try FileOperation.factsIfPresent(of: output).map(\.identity).flatMap { known.identities.contains($0) ? $0 : nil } }
                    entries.append(entry)
                } catch {
                    continue  // The rename will fail on the same file and tell why.
                }
            }
        }
        try journal { () throws(JobStoreError) in try ledger.record(entries) }
        return earlier
    }

    /// The outcome of a report with the final names its files shall get.
    private func recordedEnd(_ settled: SettledReport) throws(HeadError) -> CommittedTask {
        var outcome = TaskOutcome(
            index: settled.task.index, state: .won, usage: settled.report.usage, host: settled.host,
            attempts: settled.report.attempt.number)
        switch settled.report.outcome {
        case .finished(let work):
            outcome.work = work
            if let declared = try program?.outputs(of: settled.task) {
                outcome.outputs = try work.files.map { (file) throws(HeadError) in
                    guard let place = file.page, declared.indices.contains(place - 1) else {
                        throw .agent("\(settled.host) tells of an output of \(settled.task.input) that is not declared: \(file.temp)")
                    }
                    return declared[place - 1]
                }
            } else if settled.task.output != nil {
                outcome.outputs = try work.files.map { (file) throws(HeadError) in
                    guard let name = settled.task.name(of: file) else {
                        throw .agent("\(settled.host) tells of save \(file.save + 1) of \(settled.task.input), which is not planned: \(file.temp)")
                    }
                    return name
                }
                let (made, planned) = (Set(work.files.map(\.save)).count, settled.task.outputs.count)
                if made < planned {
                    removeTemps(outcome, earlier: [:])
                    (outcome.state, outcome.work, outcome.outputs) = (.failed, nil, [])
                    outcome.failure = TaskFailure(.crashed, "the worker on \(settled.host) told of \(made) of its \(planned) outputs")
                }
            }
        case .failed(let failure):
            outcome.state = .failed
            outcome.failure = failure
        case .notStored: preconditionFailure("task \(settled.task.index.rawValue) stays planned and is not committed")
        }
        return CommittedTask(task: settled.task, outcome: outcome)
    }

    private func rename(
        _ files: [MadeFile], to outputs: [RawPath], task: PlannedTask, _ earlier: [RawPath: Set<InputIdentity>]
    ) throws(SystemError) {
        try refuseTakenNames(files, outputs, earlier)
        var made: [RawPath] = []
        do throws(SystemError) {
            for (file, output) in zip(files, outputs) where !standsAtHome(file, as: output) {
                if finishesOthers, try FileOperation.factsIfPresent(of: file.temp) == nil { continue }
                if isInPlace {
                    try replaceInput(output, by: file, task)
                } else if try giveName(output, to: file.temp, earlier[output] ?? []) {
                    made.append(output)
                }
            }
        } catch {
            // A file's pages appear together or not at all.
            for output in made { removeTemp(output) }
            throw error
        }
    }

    /// True when nothing of that name was there.
    private func giveName(_ output: RawPath, to temp: RawPath, _ earlier: Set<InputIdentity>) throws(SystemError) -> Bool {
        do throws(SystemError) {
            try FileOperation.rename(temp, toNew: output)
            return true
        } catch {
            guard error.isExisting else { throw error }
            let existing = try FileOperation.factsIfPresent(of: output)?.identity
            guard replacesForeign || existing.map({ earlier.contains($0) }) == true else { throw error }
            try FileOperation.rename(temp, replacing: output)
            return false
        }
    }

    private func staysInPlace(_ file: MadeFile) -> Bool { isInPlace && file.isVerbatim && !movesTimes }

    private func replaceInput(_ input: RawPath, by file: MadeFile, _ task: PlannedTask) throws(SystemError) {
        let facts = try FileOperation.facts(of: input)
        guard facts.identity == task.identity else { throw SystemError("replace", "\(input): it changed while it was worked on", code: staleCode) }
        // Nothing changed: the input keeps its time and everything else.
        if staysInPlace(file) { return try FileOperation.removeIfPresent(file.temp) }
        try FileOperation.setMode(file.temp, facts.mode)
        try FileOperation.rename(file.temp, replacing: input)
    }

    /// What resists stays behind under a name that no listing takes.
    private func removeTemp(_ path: RawPath) {
        do throws(SystemError) { try FileOperation.removeIfPresent(path) } catch { return }
    }

    /// What was at home before the task stays, as what the program made of it.
    private func removeTemps(_ outcome: TaskOutcome, earlier: [RawPath: Set<InputIdentity>]) {
        let files = outcome.work?.files ?? []
        for (file, output) in zip(files, outcome.outputs) {
            if standsAtHome(file, as: output), replacesForeign || earlier[output] != nil { continue }
            removeTemp(file.temp)
        }
        removeAttemptFolders(of: files)
    }

    /// The end of a task that gets no names, whose temp files are gone with it.
    func withoutFiles(_ outcome: TaskOutcome, _ failure: TaskFailure) -> TaskOutcome {
        for file in outcome.work?.files ?? [] { removeTemp(file.temp) }
        return TaskOutcome(
            index: outcome.index, state: .failed, failure: failure, usage: outcome.usage, host: outcome.host, attempts: outcome.attempts)
    }

    private func failed(_ outcome: TaskOutcome, _ error: SystemError) -> TaskOutcome {
        let reason: FailureReason = error.code == staleCode ? .changed : .denied
        let why = error.isExisting ? "\(outcome.outputs.first?.display ?? "the output") appeared while the job ran; move it away or use --overwrite always" : "\(error)"
        return TaskOutcome(
            index: outcome.index, state: .failed, failure: TaskFailure(reason, why), usage: outcome.usage, host: outcome.host,
            attempts: outcome.attempts)
    }

    private func entry(_ output: RawPath, _ identity: InputIdentity, of task: PlannedTask, _ recipe: Digest256, work: FinishedWork) -> LedgerEntry {
        LedgerEntry(
            output: output, outputIdentity: identity,
            input: workingFolder.appending(task.input).normalized, inputIdentity: task.identity, recipe: recipe, work: work,
            isInPlace: isInPlace, job: job, build: build)
    }
}

extension PlannedTask {
    /// The final name of a made file; nil for one of a save that the plan does not have.
    func name(of file: MadeFile) -> RawPath? {
        guard let output = output(ofSave: file.save) else { return nil }
        return file.page.map { name(of: output, page: $0, save: file.save) } ?? output
    }

    /// The final name of one page of a file of several: its number where the template has it, else before the extension.
    func name(of output: RawPath, page: Int, save: Int = 0) -> RawPath {
        guard let place = pageNumber(ofSave: save), place.upperBound <= output.bytes.count else { return OutputNames.pageName(of: output, page: page) }
        let digits = Array(String(page).utf8)
        let zeros = [UInt8](repeating: 0x30, count: max(0, place.count - digits.count))
        return RawPath(bytes: output.bytes[..<place.lowerBound] + zeros + digits + output.bytes[place.upperBound...])
    }
}
