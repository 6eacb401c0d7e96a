import JobModel
import JobStore
import LinuxSystem
import Planning
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
    let display: ProgressDisplay
    let interrupts: InterruptCount

    func plan() throws(HeadError) -> JobPlan {
        var count = 0
        var roots = InputRoots()
        var rows = ProgramRows(store: store)
        let skipped = try scanner().scan(
            found: { (input) throws(HeadError) in
                roots.note(input, in: program.workingFolder)
                var task = PlannedTask(
                    index: TaskIndex(count), input: input.path, identity: input.identity, output: nil, format: .png, bookFolder: RawPath(bytes: []),
                    mayReplace: false, book: 0)
                task.output = try program.outputs(of: task).first
                try rows.add(task, input.failure.map { TaskOutcome(index: task.index, state: .failed, failure: $0) })
                count += 1
            },
            progress: { () throws(HeadError) in
                try interrupts.check()
                display.scanning(found: count, skipped: 0)
            })
        try rows.flush()
        if count == 0 && !settings.allowsEmpty { throw .noInputs("nothing to work on; --allow-empty makes this a success") }
        return JobPlan(
            job: job, taskCount: count, recipe: recipe, recipeDigest: program.digest, books: [], forecasts: [], pdf: pdf,
            skipped: skipped.sorted { $0.key.text < $1.key.text }.map { ($0.key.text, $0.value) }, otherBuilds: RunSummary.OtherBuilds(),
            bindsInputsAsTheyAre: false, spoolFolder: state.jobFolder(job).appending("spool"), workingFolder: program.workingFolder, roots: roots,
            program: program)
    }

    private func scanner() throws(HeadError) -> InputScanner {
        var rules = SkipRules(takesHidden: settings.takesHidden, kinds: .any(only: terms.only, skip: terms.skip))
        if let folder = terms.resultsFolder { rules.ownFolders.append(try Places.resolved(folder, in: program.workingFolder)) }
        rules.includes = try settings.include.map { (text) throws(HeadError) in try planning { () throws(PlanningError) in try Glob(text) } }
        rules.excludes = try settings.exclude.map { (text) throws(HeadError) in try planning { () throws(PlanningError) in try Glob(text) } }
        return InputScanner(settings: settings, rules: rules, ledger: ledger, workingFolder: program.workingFolder)
    }
}

/// Writes plan rows, and outcomes known before any work, in groups.
struct ProgramRows {
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
            if !outcomes.isEmpty { try store.record(outcomes, epochMilliseconds: SystemClock.epochMilliseconds()) }
        }
        self.tasks.removeAll(keepingCapacity: true)
        self.outcomes.removeAll(keepingCapacity: true)
    }
}
