import JobModel
import JobStore
import LinuxSystem
import Planning
import Programs

/// What must hold of all outputs of a job of programs before any work: no two of one name, none the folder of another, no file of somebody else's, no input among
/// them. Tells of a task whose outputs are current that nothing is to be done.
///
/// Takes 8 bytes an input and 8 an output until `finish`.
struct ProgramChecks {
    private let program: ProgramPlan
    private let overwrite: RunSettings.Overwrite
    private let ledger: OutputLedger
    private let sent: [(key: UInt64, path: RawPath)]
    /// Whether this job writes any file that could be an input.
    private let writesFiles: Bool
    private var inputKeys: [UInt64] = []
    private var hashes: [UInt64] = []
    private var folders = OutputFolders()
    /// Outputs that exist and would be replaced.
    private var replaced: [(key: UInt64, output: RawPath, input: RawPath)] = []
    private var foreign: (count: Int, first: [RawPath]) = (0, [])
    private var outputFacts = OutputFacts()

    private static let shownMax = 3

    init(_ settings: RunSettings, _ terms: ProgramSettings, program: ProgramPlan, ledger: OutputLedger) throws(HeadError) {
        self.program = program
        self.ledger = ledger
        overwrite = settings.overwrite
        writesFiles = !program.spec.returns.isEmpty || [settings.manifest, settings.report, terms.jobLog].contains { $0 != nil }
        sent = try terms.sent.map { (path) throws(HeadError) in
            (try HeadNode.system("look at \(path)") { () throws(SystemError) in try FileOperation.facts(of: path).key }, path)
        }
    }

    /// Remembers a file or folder that must not be an output.
    mutating func note(_ input: ScannedInput) {
        if input.fileKey != 0, writesFiles { inputKeys.append(input.fileKey) }
    }

    /// Remembers the outputs of a task that is not looked at: others must not take their names.
    mutating func noteOutputs(of task: PlannedTask) throws(HeadError) {
        for output in try program.outputs(of: task) { note(output) }
    }

    private mutating func note(_ output: RawPath) {
        hashes.append(CollisionKey.hash(output))
        folders.note(of: output)
    }

    /// Looks at what lies under the names of a task's outputs; returns its end where nothing is to be done.
    mutating func look(at task: inout PlannedTask) throws(HeadError) -> TaskOutcome? {
        let outputs = try program.outputs(of: task)
        task.output = outputs.first
        task.mayReplace = false
        var existing: [(path: RawPath, facts: FileFacts)] = []
        for output in outputs {
            note(output)
            guard let facts = try outputFacts.facts(of: output) else { continue }
            if facts.type == .folder {
                throw .usage("\(output) is a folder, and an output of \(task.input) would have its name; name a file with --return")
            }
            existing.append((output, facts))
        }
        if existing.isEmpty { return nil }
        switch overwrite {
        // Left as they are, what is not there too: the program cannot be told to make only some.
        case .never: return TaskOutcome(index: task.index, state: .skipped, outputs: existing.map(\.path))
        case .always: break
        case .changed:
            var entries: [LedgerEntry] = []
            for file in existing {
                guard let entry = try entry(file.path), entry.identities.contains(file.facts.identity) else {
                    refuse(file.path)
                    return nil
                }
                if entry.outputIdentity == file.facts.identity { entries.append(entry) }
            }
            if entries.count == outputs.count, let outcome = try current(task, outputs, entries) { return outcome }
        }
        task.mayReplace = true
        for file in existing { replaced.append((file.facts.key, file.path, task.input)) }
        return nil
    }

    /// The end of a task whose outputs are all there as the same command made them of the same input.
    private func current(_ task: PlannedTask, _ outputs: [RawPath], _ entries: [LedgerEntry]) throws(HeadError) -> TaskOutcome? {
        let digest = try program.digest(of: task)
        guard entries.allSatisfy({ $0.recipe == digest && $0.inputIdentity == task.identity }) else { return nil }
        return TaskOutcome(index: task.index, state: .current, work: entries.first?.work, outputs: outputs)
    }

    private func entry(_ output: RawPath) throws(HeadError) -> LedgerEntry? {
        try journal { () throws(JobStoreError) in try ledger.entry(for: program.workingFolder.appending(output).normalized) }
    }

    private mutating func refuse(_ output: RawPath) {
        foreign.count += 1
        if foreign.first.count < Self.shownMax { foreign.first.append(output) }
    }

    // MARK: All tasks together

    /// The checks that need all tasks; those that are a repetition are recorded as skipped.
    mutating func finish(_ store: JobStore, _ settings: RunSettings, _ terms: ProgramSettings) throws(HeadError) {
        let suspects = CollisionFinder(hashes: hashes).suspects()
        if !suspects.isEmpty { try ProgramCollisions(program: program, store: store).settle(suspects) }
        hashes.sort()
        try folders.check(hashes, program, store)
        inputKeys.sort()
        if foreign.count > 0 {
            let others = foreign.count > foreign.first.count ? " and \(foreign.count - foreign.first.count) more" : ""
            throw .usage(
                "refusing to overwrite what quire did not make: \(foreign.first.map(\.display).joined(separator: ", "))\(others); "
                    + "give other names with --return, or say --overwrite never to leave them or --overwrite always to replace them")
        }
        for file in replaced {
            if let path = sent.first(where: { $0.key == file.key })?.path {
                throw .usage("\(file.output), an output of \(file.input), is the file \(path) of --send; name another file with --return")
            }
            guard inputKeys.containsSorted(file.key) else { continue }
            throw .usage("\(file.output), an output of \(file.input), is itself an input; inputs are never written over, so name another file with --return")
        }
        try SideFiles(settings, program.workingFolder).check(
            [], isInput: { isInput($0) }, isOutput: isOutput,
            isOurs: { (path, facts) throws(HeadError) in try entry(path)?.identities.contains(facts.identity) == true })
        if let log = terms.jobLog { try check(log, besides: settings.report) }
        (hashes, folders, inputKeys, replaced) = ([], OutputFolders(), [], [])
    }

    /// The log of jobs is added to, so it must be nothing else.
    private func check(_ log: RawPath, besides report: RawPath?) throws(HeadError) {
        if isOutput(log) { throw .usage("--joblog \(log): that is the name of an output") }
        let facts = try HeadNode.system("look at --joblog \(log)") { () throws(SystemError) in try FileOperation.factsIfPresent(of: log) }
        if let facts, isInput(facts) { throw .usage("--joblog \(log): that is an input; choose another name") }
        let folder = program.workingFolder
        if let report, try Places.resolved(report, in: folder) == Places.resolved(log, in: folder) {
            throw .usage("--joblog and --report would both be \(log); give them two names")
        }
    }

    private func isInput(_ facts: FileFacts) -> Bool { inputKeys.containsSorted(facts.key) || sent.contains { $0.key == facts.key } }

    /// Whether a task's output has this name, however the name is spelled without links.
    private func isOutput(_ path: RawPath) -> Bool {
        let whole = program.workingFolder.appending(path).normalized
        let spellings = [path.normalized, whole] + (whole.relative(to: program.workingFolder).map { [$0] } ?? [])
        return spellings.contains { hashes.containsSorted(CollisionKey.hash($0)) }
    }
}

/// Tasks of a job of programs that would make one file: refused with both names, except that the same argument given twice is worked on once.
struct ProgramCollisions {
    let program: ProgramPlan
    let store: JobStore

    /// Pairs shown in a refusal.
    private static let shownMax = 5

    func settle(_ suspects: CollisionSuspects) throws(HeadError) {
        var tasks: [TaskIndex: PlannedTask] = [:]
        var paths: [(task: TaskIndex, path: RawPath)] = []
        try store.forEachTask { (task) throws(HeadError) in
            for output in try program.outputs(of: task) where suspects.contains(output) {
                tasks[task.index] = task
                paths.append((task.index, output))
            }
        }
        var repeated: Set<TaskIndex> = []
        var refusals: [String] = []
        for group in CollisionSuspects.groups(of: paths) {
            guard let first = group.first, let firstTask = tasks[first.task] else { continue }
            for other in group.dropFirst() {
                guard let task = tasks[other.task] else { continue }
                if task.index == firstTask.index {
                    refusals.append("two --return of \(task.input) give \(first.path) and \(other.path)")
                } else if isSame(task, firstTask), first.path == other.path {
                    repeated.insert(task.index)
                } else {
                    refusals.append("\(firstTask.input) and \(task.input) would both make \(first.path)")
                }
            }
        }
        guard refusals.isEmpty else { throw .usage(text(refusals)) }
        let outcomes = repeated.sorted { $0.position < $1.position }.map { TaskOutcome(index: $0, state: .skipped) }
        try journal { () throws(JobStoreError) in try store.record(outcomes, epochMilliseconds: SystemClock.epochMilliseconds()) }
    }

    private func isSame(_ task: PlannedTask, _ other: PlannedTask) -> Bool {
        if task.input == other.input { return true }
        switch program.kind {
        case .file, .folder: return program.workingFolder.appending(task.input).normalized == program.workingFolder.appending(other.input).normalized
        case .text: return false
        }
    }

    private func text(_ refusals: [String]) -> String {
        var lines = refusals.prefix(Self.shownMax).map { "  " + $0 }
        if refusals.count > Self.shownMax { lines.append("  and \(refusals.count - Self.shownMax) more") }
        return "outputs would overwrite each other (letter case does not count):\n" + lines.joined(separator: "\n")
            + "\ngive names that differ with --return: {} and {.} keep the folder and {#} is the task's number"
    }
}

extension JobStore {
    /// Goes over the plan in its order, some thousand tasks at a time.
    func forEachTask(_ body: (PlannedTask) throws(HeadError) -> Void) throws(HeadError) {
        var next = 0
        while true {
            let batch = try journal { () throws(JobStoreError) in try self.tasks(next..<next + 4096) }
            for task in batch { try body(task) }
            if batch.count < 4096 { return }
            next += 4096
        }
    }
}
