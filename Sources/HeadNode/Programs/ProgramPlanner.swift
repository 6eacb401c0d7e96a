import JobModel
import JobStore
import LinuxSystem
import Planning
import Programs
import Recipes
import TerminalUI

/// Turns the settings of a job of programs into a plan in the journal, and refuses what cannot be done before any work is.
struct ProgramPlanner {
    let settings: RunSettings
    let terms: ProgramSettings
    let program: ProgramPlan
    let job: JobID
    let store: JobStore
    let ledger: OutputLedger
    let state: StateFolder
    /// Does nothing, as no picture is worked on.
    let recipe: Recipe
    let pdf: PDFSettings
    /// Whether this machine will start the program too.
    let runsHere: Bool
    let display: ProgressDisplay
    let interrupts: InterruptCount

    /// Extensions named when files are left out for theirs.
    private static let kindsShownMax = 5

    func plan() throws(HeadError) -> JobPlan {
        if runsHere {
            try ProgramSearch(workingFolder: program.workingFolder, searchPath: environmentVariable("PATH")).check(program.spec)
        }
        if let word = shellWord { display.message("'\(word)' is handed to the program like any argument, since no shell is between; for a shell say --shell") }
        let (count, skipped, roots, listed) = try list()
        var checks = listed
        if terms.resumes {
            try settleEarlier()
            try lookAtOpenTasks(&checks, count)
        }
        try checks.finish(store, settings, terms)
        return JobPlan(
            job: job, taskCount: count, recipe: recipe, recipeDigest: program.digest, books: [], forecasts: [], pdf: pdf,
            skipped: told(skipped), otherBuilds: RunSummary.OtherBuilds(), bindsInputsAsTheyAre: false,
            spoolFolder: try spoolFolder(), workingFolder: program.workingFolder, roots: roots, program: program)
    }

    /// A word that only a shell makes something of, quoted as if one were there.
    private var shellWord: String? {
        if program.spec.usesShell { return nil }
        let words = program.spec.words.dropFirst().map { String(decoding: $0, as: UTF8.self) }
        return words.first { ["|", "||", "&&", "&", ">", ">>", "<", "2>", "2>&1", "2>/dev/null"].contains($0) }
    }

    private func spoolFolder() throws(HeadError) -> RawPath {
        guard let folder = settings.spoolFolder else { return state.jobFolder(job).appending("spool") }
        let path = program.workingFolder.appending(folder)
        let facts = try HeadNode.system("look at --spool \(folder)") { () throws(SystemError) in try FileOperation.factsIfPresent(of: path) }
        if let facts, facts.type != .folder { throw .usage("--spool \(folder): there is a file under this name; name a folder") }
        return path.appending(".quire-spool-\(job.rawValue)")
    }

    /// Writes a row for every argument, and what is known of it before any work.
    private func list() throws(HeadError) -> (count: Int, skipped: [SkipReason: Int], roots: InputRoots, checks: ProgramChecks) {
        var count = 0
        var checks = try ProgramChecks(settings, terms, program: program, ledger: ledger)
        var roots = InputRoots()
        var rows = ProgramRows(store: store)
        var missing = MissingInputs()
        let arguments = ProgramArguments(
            settings: settings, terms: terms, ledger: ledger, workingFolder: program.workingFolder, progress: { () throws(HeadError) in try look(found: count) })
        let add = { (input: ScannedInput) throws(HeadError) in
            if program.kind != .text { roots.note(input, in: program.workingFolder) }
            checks.note(input)
            var task = PlannedTask(
                index: TaskIndex(count), input: input.path, identity: input.identity, output: nil, format: .png, bookFolder: RawPath(bytes: []),
                mayReplace: false, book: 0)
            // Refused now where it cannot be filled in: a line that is too long, a column that is missing.
            try program.check(task)
            let outcome: TaskOutcome?
            if let failure = input.failure {
                outcome = TaskOutcome(index: task.index, state: .failed, failure: failure)
            } else {
                // What earlier jobs did needs no look at its outputs, which may have been moved since.
                outcome = terms.resumes ? nil : try checks.look(at: &task)
            }
            try rows.add(task, outcome)
            count += 1
        }
        let skipped = try arguments.forEach { (input) throws(HeadError) in
            if count == 0, missing.hold(input) { return }
            for held in missing.release() { try add(held.input) }
            try add(input)
        }
        try rows.flush()
        if count == 0 && !settings.allowsEmpty { throw .noInputs(missing.sentence.map { $0 + orLines } ?? nothingFound(skipped)) }
        if count == 0, let sentence = missing.sentence { display.message(sentence) }
        return (count, skipped, roots, checks)
    }

    private func look(found count: Int) throws(HeadError) {
        try interrupts.check()
        display.scanning(found: count, skipped: 0)
    }

    // MARK: --resume

    private func settleEarlier() throws(HeadError) {
        var count = 0
        let earlier = EarlierRuns(
            program: program, store: store, job: job, catalogue: JobCatalogue(state: state),
            progress: { () throws(HeadError) in try interrupts.check() }, message: { display.message($0) })
        try earlier.settle { (outcomes) throws(HeadError) in
            count += outcomes.count
            try journal { () throws(JobStoreError) in try store.record(outcomes, epochMilliseconds: SystemClock.epochMilliseconds()) }
        }
        if count == 0 { display.message("--resume: no earlier job did any of this in the same way; all of it is done now") }
    }

    private func lookAtOpenTasks(_ checks: inout ProgramChecks, _ count: Int) throws(HeadError) {
        if program.spec.returns.isEmpty { return }
        var (tasks, outcomes): ([PlannedTask], [TaskOutcome]) = ([], [])
        let flush = { () throws(HeadError) in
            let (looked, ended) = (tasks, outcomes)
            try journal { () throws(JobStoreError) in
                try store.rename(looked)
                if !ended.isEmpty { try store.record(ended, epochMilliseconds: SystemClock.epochMilliseconds()) }
            }
            (tasks, outcomes) = ([], [])
        }
        try store.forEachRecord(in: 0..<count) { (record) throws(HeadError) in
            var task = record.task
            guard record.outcome.state == .planned else { return try checks.noteOutputs(of: task) }
            if let outcome = try checks.look(at: &task) { outcomes.append(outcome) }
            tasks.append(task)
            if tasks.count >= JobPlanner.rowsAtOnce { try flush() }
        }
        try flush()
    }

    // MARK: What is told

    /// Reasons with their counts; files left out for their kind are one of them, and warned of.
    private func told(_ skipped: [SkipReason: Int]) -> [(reason: String, count: Int)] {
        let kinds = Self.ofOtherKinds(skipped)
        if let kinds { display.message(kinds.text) }
        let others = skipped.filter { reason, _ in if case .otherKind = reason { false } else { true } }
        return others.sorted { $0.key.text < $1.key.text }.map { ($0.key.text, $0.value) } + (kinds.map { [("of other kinds", $0.count)] } ?? [])
    }

    /// `12 files of other kinds left out: .txt (10), .nfo (2)`; nil when there are none.
    static func ofOtherKinds(_ skipped: [SkipReason: Int]) -> (count: Int, text: String)? {
        let kinds = skipped.compactMap { reason, count in if case .otherKind = reason { (text: reason.text, count: count) } else { nil } }
            .sorted { ($1.count, $0.text) < ($0.count, $1.text) }
        if kinds.isEmpty { return nil }
        let count = kinds.reduce(0) { $0 + $1.count }
        let shown = kinds.prefix(kindsShownMax).map { "\($0.text) (\(HumanText.count($0.count)))" }.joined(separator: ", ")
        let more = kinds.count > kindsShownMax ? " and \(HumanText.counted(kinds.count - kindsShownMax, "other"))" : ""
        return (count, "\(HumanText.counted(count, "file")) of other kinds left out: \(shown)\(more)")
    }

    /// For those who are used to any line being an argument.
    private var orLines: String { terms.source == .files ? "; arguments that are no files come from --args-from FILE, - for standard input" : "" }

    private func nothingFound(_ skipped: [SkipReason: Int]) -> String {
        let what =
            switch terms.source {
            case .files: "no files to work on"
            case .folders: "no folders to work on"
            case .lines: "no lines to work on"
            case .numbers: "no numbers to work on"
            }
        let reasons = skipped.sorted { $0.key.text < $1.key.text }.map { "\($0.value) \($0.key.text)" }
        let cure = skipped[.madeByQuire] == nil ? "" : "; what earlier jobs made is taken where it is named, such as DIR/*"
        return what + (reasons.isEmpty ? "" : "; left out: \(reasons.joined(separator: ", "))\(cure)") + ". --allow-empty makes this a success"
    }
}

extension JobStore {
    /// Records ends that no report told of: those that failed are listed, filed and put into tables all the same.
    func recordUnstarted(_ outcomes: [TaskOutcome]) throws(JobStoreError) {
        let failed = outcomes.filter { $0.state == .failed }
        try record(outcomes, programs: failed.map { ProgramRow(task: $0.index, result: nil) }, epochMilliseconds: SystemClock.epochMilliseconds())
    }
}

/// Writes plan rows, and outcomes known before any work, in groups.
private struct ProgramRows {
    let store: JobStore
    private var tasks: [PlannedTask] = []
    private var outcomes: [TaskOutcome] = []

    init(store: JobStore) { self.store = store }

    mutating func add(_ task: PlannedTask, _ outcome: TaskOutcome?) throws(HeadError) {
        tasks.append(task)
        if let outcome { outcomes.append(outcome) }
        if tasks.count >= JobPlanner.rowsAtOnce { try flush() }
    }

    mutating func flush() throws(HeadError) {
        let (tasks, outcomes) = (tasks, outcomes)
        try journal { () throws(JobStoreError) in
            if !tasks.isEmpty { try store.append(tasks) }
            if !outcomes.isEmpty { try store.recordUnstarted(outcomes) }
        }
        self.tasks.removeAll(keepingCapacity: true)
        self.outcomes.removeAll(keepingCapacity: true)
    }
}
