internal import Glibc
public import JobModel
import JobStore
import LinuxSystem
import Planning
import Recipes
import Synchronization
import TerminalUI
import WireProtocol

/// One `quire run` or `quire pdf` from its settings to its exit code.
public struct Session {
    private let settings: RunSettings
    private let programs: Programs
    private let events: Mailbox<HeadEvent>

    /// Where the other two programs are.
    public struct Programs: Sendable {
        public var agent: RawPath
        public init() throws(HeadError) {
            if let chosen = environmentVariable("QUIRE_AGENT") {
                agent = chosen
            } else {
                agent = try system("find this program") { () throws(SystemError) in try ownExecutable() }.parent.appending("quire-agent")
            }
        }
    }

    public init(_ settings: RunSettings, programs: Programs) {
        self.settings = settings
        self.programs = programs
        events = Mailbox(elementsMax: HeadEvent.queueMax)
    }

    /// Does all of it. Everything for people goes to standard error; standard output is for `--json` and `--dry-run`.
    public func run() throws(HeadError) -> ExitStatus {
        let start = SystemClock.monotonicMilliseconds()
        let events = events
        let interrupts = InterruptCount()
        let signals = SignalWatch { signal in
            interrupts.note(signal)
            events.send(.signal(signal))
        }
        defer { signals.stop() }
        let environment = try environment()
        let (recipe, pdf) = try recipeAndPDF(environment)
        let state = try StateFolder(named: settings.stateFolder, environment: environment)
        let workingFolder = try system("find the working folder") { () throws(SystemError) in try FileOperation.workingFolder() }
        let epoch = SystemClock.epochMilliseconds()
        let job = try state.createJob(epochMilliseconds: epoch, randomness: UInt64.random(in: 0...UInt64.max))
        let folder = state.jobFolder(job)
        var keepsJob = false
        defer {
            if !keepsJob {
                JobFolder.remove(folder)
                state.removeLock(of: job)
            }
        }
        let holder = "\(Capacity.ofThisMachine().hostname), pid \(getpid()), job \(job.rawValue)"
        let life = try state.claim(job, holder: holder)
        let locks = try Locks(settings, state, workingFolder, holder: holder)
        if !settings.isDryRun { JobFolder.sweepDeadJobs(settings, state) }
        let store = try journal { () throws(JobStoreError) in try JobStore(file: folder.appending("job.sqlite")) }
        let ledger = try state.ledger()
        let display = ProgressDisplay(
            job: job, mode: settings.progress, log: try LogFile(folder.appending("log")), host: Capacity.ofThisMachine().hostname,
            startMilliseconds: start, folder: settings.outputFolder, hasBooks: settings.pdf != nil)
        let agents = LazyAgent { () throws(HeadError) in try startAgent(job, recipe) }
        defer { agents.close(kill: true) }
        let planner = JobPlanner(
            settings: settings, job: job, store: store, ledger: ledger, recipe: recipe, pdf: pdf, workingFolder: workingFolder,
            display: display, interrupts: interrupts, probe: { (inputs) throws(HeadError) in try probe(inputs, agents, workingFolder) })
        let plan = try planner.plan()
        interrupts.planningIsOver()
        if settings.isDryRun {
            try DryRun(settings: settings, plan: plan, store: store).print()
            try close(store, ledger)
            return .done
        }
        keepsJob = true
        try record(plan, store, epoch)
        let agent = try agents.link()
        let facts = JobFacts(
            job: job, version: settings.version, command: settings.command, startedAt: CalendarText.timestamp(epochSeconds: epoch / 1000),
            tasks: plan.taskCount, hosts: [agent.name], folder: settings.outputFolder)
        display.start(facts)
        for (reason, count) in plan.skipped { display.countSkipped(reason: reason, count) }
        try countSettled(store, plan, display)
        let runner = try JobRunner(
            settings: settings, plan: plan, store: store, ledger: ledger, events: events, agents: agents, display: display)
        let result = try runner.run()
        display.seal(result)
        var failures: [HeadError] = []
        // Neither the manifest nor the report is kept back by a fault of the other.
        do throws(HeadError) {
            if let manifest = settings.manifest {
                try Manifest(path: manifest, store: store, plan: plan).write(result.volumes)
                try remember(manifest, ledger, plan)
            }
        } catch {
            failures.append(error)
        }
        do throws(HeadError) {
            if let report = settings.report {
                try ReportFile(report, store: store, plan: plan).write(facts, display, side(agents, result))
                try remember(report, ledger, plan)
            }
        } catch {
            failures.append(error)
        }
        agents.close(kill: result.leavesWorkRunning)
        JobFolder.removeSpool(plan.spoolFolder)
        // A job that reached its end may have lost an agent on the way, whose workers left their temp files.
        var untidy = result.unfinishedFolders
        if result.status != .done && result.status != .someFilesFailed || !failures.isEmpty {
            untidy.formUnion(plan.books.map(\.path.parent) + [settings.report, settings.manifest].compactMap { $0?.parent })
        }
        for folder in untidy { JobFolder.sweep(folder, of: job) }
        var status = failures.first?.status ?? result.status
        display.finish(status)
        for failure in failures { display.message("\(failure)") }
        if settings.printsJSON {
            do throws(HeadError) {
                try FactsOutput.write(display.summary.jsonText)
            } catch {
                display.message("\(error)")
                status = error.status
            }
        }
        try journal { () throws(JobStoreError) in try store.setFact("status", "\(status.rawValue)") }
        try close(store, ledger)
        JobFolder.prune(state, now: SystemClock.epochMilliseconds())
        locks.release()
        // What is swept away already needs no mark of its owner; a stopped job may still have workers that write.
        if !result.leavesWorkRunning { state.removeLock(of: job) }
        _ = consume life
        return status
    }

    // MARK: Parts

    private func environment() throws(HeadError) -> [String: RawPath] {
        var found: [String: RawPath] = [:]
        for name in ["XDG_STATE_HOME", "HOME", "SOURCE_DATE_EPOCH"] {
            if let value = environmentVariable(name), !value.isEmpty { found[name] = value }
        }
        return found
    }

    private func recipeAndPDF(_ environment: [String: RawPath]) throws(HeadError) -> (Recipe, PDFSettings) {
        let date = try environment["SOURCE_DATE_EPOCH"].map { (text) throws(HeadError) in
            guard let seconds = Int64(text.display) else { throw .usage("SOURCE_DATE_EPOCH is '\(text)'; it wants seconds since 1970") }
            return seconds
        }
        let file = try settings.recipeFile.map { (path) throws(HeadError) in try RecipeFileReading.read(path) }
        do throws(RecipeError) {
            let recipe = if let file { try file.recipe.adding(settings.flags) } else { try Recipe(flags: settings.flags) }
            var pdf = PDFSettings()
            if let date { pdf.dateSeconds = date }
            if let wishes = file?.pdf { pdf = wishes.applied(to: pdf) }
            return (recipe.resolved, settings.pdfWishes.applied(to: pdf))
        } catch {
            throw .recipe(error)
        }
    }

    private static var currentUmask: UInt32 {
        let mask = Glibc.umask(0)
        Glibc.umask(mask)
        return UInt32(mask)
    }

    private func startAgent(_ job: JobID, _ recipe: Recipe) throws(HeadError) -> AgentLink {
        let work = WorkSetup(
            recipe: recipe.canonicalBytes, damage: settings.damage, limits: settings.limits, fileMode: 0o666 & ~Self.currentUmask)
        return try AgentLink(
            program: programs.agent, events: events, host: HostIndex(rawValue: 0), build: settings.version, slots: settings.slots
        ) { facts, slots in
            AgentSetup(
                job: job, epoch: 1, leaseSeconds: 0, slots: slots, yieldsToOthers: false,
                workerMemoryBytesMax: settings.workerMemoryBytesMax ?? 0,
                timeout: settings.timeoutSeconds.map { .fixed(seconds: $0) } ?? .byInputSize, work: work.wireBytes)
        }
    }

    private func probe(_ inputs: [ScannedInput], _ agents: LazyAgent, _ workingFolder: RawPath) throws(HeadError) -> [ProbeFacts?] {
        let side = SideWork(link: try agents.link(), events: events)
        let found = try side.probe(
            inputs.map { (workingFolder.appending($0.path), $0.identity) }, keepingTags: try tagsInNames())
        return found.map(\.facts)
    }

    /// EXIF tags that names ask for; of others nothing is kept, since there can be a million inputs.
    private func tagsInNames() throws(HeadError) -> Set<String> {
        guard let text = settings.nameTemplate else { return [] }
        let template = try planning { () throws(PlanningError) in try NameTemplate(text) }
        return Set(template.variables.compactMap { if case .exif(let tag) = $0 { tag } else { nil } })
    }

    /// A later job may replace what this one wrote.
    private func remember(_ path: RawPath, _ ledger: OutputLedger, _ plan: JobPlan) throws(HeadError) {
        let entry = try LedgerEntry(made: path, in: plan.workingFolder, by: plan.job)
        try journal { () throws(JobStoreError) in try ledger.record([entry]) }
    }

    private func side(_ agents: LazyAgent, _ result: JobRunner.Result) -> SideWork? {
        switch result.status {
        case .done, .someFilesFailed:
            // Without an agent the report has no thumbnails, and says all else.
            do throws(HeadError) { return SideWork(link: try agents.link(), events: events) } catch { return nil }
        case .internalError, .usage, .noInputs, .noUsableHost, .verificationFailed, .stoppedResumable, .cancelled: return nil
        }
    }

    private func record(_ plan: JobPlan, _ store: JobStore, _ epochMilliseconds: Int64) throws(HeadError) {
        try journal { () throws(JobStoreError) in
            try store.setFact("job", plan.job.rawValue)
            try store.setFact("version", settings.version)
            try store.setFact("command", settings.command.joined(separator: "\0"))
            try store.setFact("recipe", plan.recipe.canonicalBytes)
            try store.setFact("started_ms", "\(epochMilliseconds)")
            try store.setFact("tasks", "\(plan.taskCount)")
            try store.setFact("status", "running")
        }
    }

    /// Tells the display of tasks that were settled while the plan was made.
    private func countSettled(_ store: JobStore, _ plan: JobPlan, _ display: ProgressDisplay) throws(HeadError) {
        let settled = try journal { () throws(JobStoreError) in try store.openTasks() }.settled
        for range in settled {
            try store.forEachRecord(in: range) { display.count(CommittedTask(task: $0.task, outcome: $0.outcome)) }
        }
    }

    private func close(_ store: JobStore, _ ledger: OutputLedger) throws(HeadError) {
        try journal { () throws(JobStoreError) in
            try store.close()
            try ledger.close()
        }
    }
}

/// Ctrl-C before the main loop runs: what plans asks for it now and then, since it reads no events.
final class InterruptCount: Sendable {
    private let count = Atomic<Int>(0)
    private let isPlanning = Atomic<Bool>(true)

    /// The second ends the process at once: the main thread may wait for a list or a share that never comes.
    func note(_ signal: SignalWatch.Signal) {
        switch signal {
        case .interrupt, .terminate:
            let earlier = count.add(1, ordering: .relaxed).oldValue
            if earlier > 0, isPlanning.load(ordering: .relaxed) { _exit(ExitStatus.cancelled.rawValue) }
        case .hangUp, .windowChange, .resumed: break
        }
    }

    func planningIsOver() { isPlanning.store(false, ordering: .relaxed) }

    /// Nothing was begun yet, so there is nothing to go on with.
    func check() throws(HeadError) {
        if count.load(ordering: .relaxed) > 0 { throw .interrupted }
    }
}

/// The agent, started when it is first needed.
final class LazyAgent {
    private let start: () throws(HeadError) -> AgentLink
    private var started: AgentLink?

    init(start: @escaping () throws(HeadError) -> AgentLink) { self.start = start }

    func link() throws(HeadError) -> AgentLink {
        if let started { return started }
        let link = try start()
        started = link
        return link
    }

    /// A new agent in place of one that died.
    func restart() throws(HeadError) -> AgentLink {
        close(kill: true)
        return try link()
    }

    func close(kill: Bool) {
        started?.close(kill: kill)
        started = nil
    }
}

extension JobStore {
    /// Goes over tasks with their ends in plan order, a few hundred at a time.
    func forEachRecord(in range: Range<Int>, _ body: (TaskRecord) throws(HeadError) -> Void) throws(HeadError) {
        var next = range.lowerBound
        while next < range.upperBound {
            let batch = try journal { () throws(JobStoreError) in
                try self.records(from: next, below: range.upperBound, count: 512)
            }
            guard let last = batch.last else { return }
            for record in batch { try body(record) }
            next = last.task.index.position + 1
        }
    }
}
