internal import Glibc
import JobModel
import JobStore
import LinuxSystem
import Planning
import Programs
import Recipes
import SSHTransport
import TerminalUI
import WireProtocol

/// A job in the hands of this process: its locks, its journal, and all that planning and working need.
///
/// Made by `Session` for a new job and by `Resumption` for one that was begun by another process. A long file, since locks,
/// inbox and hosts have one owner and are private to it.
final class OpenJob {
    let settings: RunSettings
    let recipe: Recipe
    let pdf: PDFSettings
    let workingFolder: RawPath
    let job: JobID
    let state: StateFolder
    let store: JobStore
    let ledger: OutputLedger
    let agents: LazyAgent
    private let specs: [HostSpec]
    /// The other hosts, once they are being connected to.
    private var fleet: Fleet?
    private var gatherer: Gatherer?
    private let programs: Session.Programs
    private let bundles: HostBundles
    let display: ProgressDisplay
    private let questions = TerminalQuestions()
    private let inbox: JobInbox
    private let life: FileLock
    private let locks: Locks
    /// Tasks that may run for an earlier process yet.
    var delay = JobRunner.Delay()
    /// Which process in the life of the job this is, from 1; 0 before `begin`.
    private var run = 0
    private var startedMilliseconds: Int64
    /// `-o`, once it is claimed.
    private(set) var outputRoot: StorageRoot?

    /// Who holds a lock, for those it keeps out.
    static func holder(_ job: JobID) -> String { "\(Capacity.ofThisMachine().hostname), pid \(getpid()), job \(job.rawValue)" }

    /// Opens journal and ledger and claims what the job writes.
    ///
    /// - Parameters:
    ///   - life: the lock of the job itself.
    ///   - startedMilliseconds: since 1970, when the job's first process began it; nil for this one.
    init(
        settings: RunSettings, recipe: Recipe, pdf: PDFSettings, workingFolder: RawPath, job: JobID, state: StateFolder,
        life: consuming FileLock, inbox: JobInbox, programs: Session.Programs, store opened: JobStore? = nil, startedMilliseconds: Int64? = nil
    ) throws(HeadError) {
        self.settings = settings
        self.recipe = recipe
        self.pdf = pdf
        self.workingFolder = workingFolder
        self.job = job
        self.state = state
        self.life = life
        self.inbox = inbox
        self.programs = programs
        bundles = HostBundles(agent: programs.agent)
        self.startedMilliseconds = startedMilliseconds ?? SystemClock.epochMilliseconds()
        let folder = state.jobFolder(job)
        locks = try Locks(settings, state, workingFolder, holder: Self.holder(job))
        store = if let opened { opened } else { try journal { () throws(JobStoreError) in try JobStore(file: folder.appending("job.sqlite")) } }
        ledger = try state.ledger()
        display = ProgressDisplay(
            job: job, mode: settings.progress, log: try LogFile(folder.appending("log")),
            startMilliseconds: SystemClock.monotonicMilliseconds(), folder: settings.outputFolder, hasBooks: settings.pdf != nil,
            questions: questions)
        display.stateFolder = settings.stateFolder
        display.hasPickyActions = recipe.hasPickyActions || settings.nameTemplate != nil
        if settings.program != nil { display.programs = ProgramWords() }
        let (events, store) = (inbox.events, store)
        // Beside other hosts this machine only looks at headers and runs the canary set, unless it is listed.
        let (hosts, specs) = (settings.hosts, try HostList.specs(of: settings.hosts))
        let thisMachine = specs.first { $0.place == .thisMachine }
        self.specs = specs
        let lock = ProgramLock(jobFolder: folder)
        agents = LazyAgent(
            isFullFromStart: !hosts.areGiven || thisMachine != nil,
            awaitEndOfPrograms: settings.program == nil ? nil : { () throws(HeadError) in try lock.awaitFree(of: job) }
        ) { (isFull) throws(HeadError) in
            let slots = isFull ? thisMachine?.slots ?? settings.slots : 1
            return try AgentLink.local(program: programs.agent, events: events, host: Fleet.thisMachineIndex, build: settings.version, slots: slots, allowsCommands: settings.allowsCommands) { facts, free in
                let setup = AgentSetup(
                    job: job, epoch: UInt32(clamping: store.runNumber), leaseSeconds: 0, slots: free, yieldsToOthers: false,
                    workerMemoryBytesMax: settings.workerMemoryBytesMax ?? 0, timeout: Self.timeout(settings),
                    work: Self.workSetup(settings, recipe).wireBytes)
                guard let program = settings.program else { return setup }
                let running = setup.running(program, on: facts, slots: slots, lock: lock, workingFolder: workingFolder)
                return isFull ? running : running.startingNoProgram
            }
        }
    }

    // MARK: Beginning

    /// Records who works on the job from now on and, for a new one, what was asked.
    func begin() throws(HeadError) {
        let now = SystemClock.epochMilliseconds()
        try journal { () throws(JobStoreError) in
            run = try store.beginRun(build: settings.version, host: Capacity.ofThisMachine().hostname, process: getpid(), epochMilliseconds: now)
            guard run == 1 else { return }
            var facts = JournalledSettings.facts(of: settings) + JournalledSettings.facts(of: pdf)
            facts += [
                ("job", Array(job.rawValue.utf8)), ("version", Array(settings.version.utf8)),
                ("command", Array(settings.command.joined(separator: "\0").utf8)), ("recipe", recipe.canonicalBytes),
                ("started_ms", Array("\(startedMilliseconds)".utf8)), ("umask", Array(String(Self.currentUmask, radix: 8).utf8)),
                ("working-folder", workingFolder.bytes), ("state", Array(JobState.planning.rawValue.utf8)),
            ]
            try store.setFacts(facts)
        }
        display.earlierMilliseconds = UInt64(clamping: try journal { () throws(JobStoreError) in try store.earlierMilliseconds() })
    }

    /// Makes the plan and records it whole.
    func plan() throws(HeadError) -> JobPlan {
        let plan = if let program = settings.program { try self.plan(program) } else { try planRecipe() }
        try journal { () throws(JobStoreError) in
            try store.finishPlan(
                books: plan.books.map { BookRow(path: $0.path, start: $0.start, end: $0.end) }, passedOver: plan.skipped,
                [
                    ("tasks", Array("\(plan.taskCount)".utf8)), ("spool", plan.spoolFolder.bytes), ("roots", plan.roots.journalled),
                    (OtherBuildsFact.key, OtherBuildsFact.bytes(plan.otherBuilds)),
                    ("state", Array(JobState.running.rawValue.utf8)),
                ] + (plan.program.map { [(EarlierRuns.digestFact, Array($0.digest.hex.utf8))] } ?? []))
        }
        return plan
    }

    private func planRecipe() throws(HeadError) -> JobPlan {
        try JobPlanner(
            settings: settings, job: job, store: store, ledger: ledger, recipe: recipe, pdf: pdf, workingFolder: workingFolder,
            display: display, interrupts: inbox.interrupts, build: { () throws(HeadError) in try self.agents.link().build }, probe: { (inputs) throws(HeadError) in try self.probe(inputs) }
        ).plan()
    }

    private func plan(_ program: ProgramSettings) throws(HeadError) -> JobPlan {
        try ProgramPrinter.check(program, in: workingFolder)
        return try ProgramPlanner(
            settings: settings, terms: program, program: ProgramPlan(program, workingFolder: workingFolder), job: job, store: store, ledger: ledger,
            state: state, recipe: recipe, pdf: pdf, runsHere: !settings.hosts.areGiven || specs.contains { $0.place == .thisMachine },
            display: display, interrupts: inbox.interrupts
        ).plan()
    }

    /// The plan as an earlier process recorded it.
    func recordedPlan(_ facts: [String: [UInt8]]) throws(HeadError) -> JobPlan {
        guard let tasks = facts["tasks"].flatMap({ Int(String(decoding: $0, as: UTF8.self)) }), let spool = facts["spool"] else {
            throw .journal(.unreadable(what: "the plan", reason: "its number of tasks or its spool is missing"))
        }
        let (books, passedOver) = try journal { () throws(JobStoreError) in (try store.books(), try store.passedOver()) }
        let program = try settings.program.map { (program) throws(HeadError) in try ProgramPlan(program, workingFolder: workingFolder) }
        return JobPlan(
            job: job, taskCount: tasks, recipe: recipe, recipeDigest: program?.digest ?? JobPlan.digest(of: recipe, settings),
            books: books.map { PlannedBook(path: $0.path, start: $0.start, end: $0.end) }, forecasts: [], pdf: pdf, skipped: passedOver,
            otherBuilds: OtherBuildsFact.read(facts[OtherBuildsFact.key]),
            bindsInputsAsTheyAre: settings.purpose == .bind, spoolFolder: RawPath(bytes: spool), workingFolder: workingFolder,
            roots: InputRoots(journalled: facts["roots"] ?? []), program: program)
    }

    // MARK: Hosts

    /// What attempts on this machine are recorded under; empty where a host that is reached over the network has that name too.
    var nameOfThisMachineOnly: String {
        let name = Capacity.ofThisMachine().hostname
        return specs.contains { $0.place != .thisMachine && $0.name == name } ? "" : name
    }

    /// The longest that an agent works on without its head.
    var leaseSecondsMax: UInt32 { (specs.map(\.leaseSeconds) + [HostSpec.usualLeaseSeconds]).max()! }

    /// Begins to connect to the listed hosts, while the plan is made.
    func startHosts() {
        guard settings.hosts.areGiven, fleet == nil else { return }
        let gatherer = Gatherer(events: inbox.events)
        self.gatherer = gatherer
        let dialer = HostDialer(
            connector: HostConnector(secrets: questions.secrets()), bundles: bundles, gatherer: gatherer, fingerprints: FingerprintCache(),
            version: settings.version, fileMode: 0o666 & ~Self.currentUmask, isInPlace: settings.isInPlace,
            runsPrograms: settings.program != nil)
        fleet = Fleet(specs, dialer: dialer, events: inbox.events)
    }

    /// Ends what `startHosts` began; agents that still work are the runner's.
    func endHosts() {
        questions.close()
        fleet?.end()
        fleet = nil
        gatherer?.close()
        gatherer = nil
    }

    /// Tells connected hosts of the job, so that they can begin.
    private func brief(_ fleet: Fleet, _ plan: JobPlan, _ agent: AgentLink) throws(HeadError) {
        let sent = (settings.program?.sent ?? []).map { workingFolder.appending($0).normalized }
        let samples = try PlanSamples(plan: plan, store: store, workingFolder: workingFolder, sent: sent)
        fleet.brief(
            Briefing(
                job: job, epoch: UInt32(clamping: run), build: settings.version, work: Self.workSetup(settings, recipe),
                timeout: Self.timeout(settings), workerMemoryBytesMax: settings.workerMemoryBytesMax, tasks: try tasksForHosts(plan, agent),
                samples: samples.inputs, targets: samples.targets))
    }

    private func tasksForHosts(_ plan: JobPlan, _ agent: AgentLink) throws(HeadError) -> Briefing.Tasks {
        if let program = settings.program {
            let programs = try ProgramBriefing(program, workingFolder: workingFolder)
            if let text = programs.carried.passedOverText { display.message("--send: \(text)") }
            return .programs(programs)
        }
        let work: FingerprintOrder.Work =
            plan.bindsInputsAsTheyAre
            ? .page : .process(files: SaveNames.makesFiles(settings, recipe), pages: !plan.books.isEmpty)
        let canaries = CanarySet(work: work)
        return .pictures(canaries, fingerprint: settings.hosts.allowsMixedCodecs ? nil : try fingerprint(canaries, agent))
    }

    /// The digest of the canary set on this machine: the job's, from its first process on.
    private func fingerprint(_ canaries: CanarySet, _ agent: AgentLink) throws(HeadError) -> Digest256 {
        if let recorded = try journal({ () throws(JobStoreError) in try store.fact("fingerprint") }), recorded.count == 32 {
            return Digest256(bytes: recorded)
        }
        let (cache, setup) = (FingerprintCache(), Self.workSetup(settings, recipe).wireBytes)
        let key = FingerprintCache.keyOfThisMachine(bundles, setup: setup, work: canaries.work)
        let found: Digest256
        if let key, let known = cache.answer(to: key) {
            found = known
        } else {
            found = try runCanaries(canaries, agent)
            if let key { cache.remember(found, to: key) }
        }
        try journal { () throws(JobStoreError) in try store.setFact("fingerprint", found.bytes) }
        return found
    }

    private func runCanaries(_ canaries: CanarySet, _ agent: AgentLink) throws(HeadError) -> Digest256 {
        let folder = state.jobFolder(job).appending("canaries")
        try system("make the folder \(folder)") { () throws(SystemError) in try FileOperation.createFolders(folder, mode: 0o700) }
        defer { JobFolder.removeWithFiles(folder) }
        var found: Digest256?
        try SideWork(link: agent, events: inbox.events).perform(1, order: { _ in canaries.order(folder: folder) }) { (report) throws(HeadError) in
            found = try canaries.digest(in: report, of: "this machine")
        }
        guard let found else { throw .agent("this machine's agent told nothing of its canary set") }
        return found
    }

    // MARK: Working

    /// Does what is planned and open, writes manifest and report, and tells the end.
    ///
    /// - Parameter earlier: folders in which a process before this may have left temp files.
    func carryOut(_ plan: JobPlan, earlier: Set<RawPath> = []) throws(HeadError) -> ExitStatus {
        inbox.interrupts.planningIsOver()
        do throws(HeadError) {
            return try work(plan, earlier)
        } catch {
            // What the journal holds is enough to go on; if it cannot even take this, it says so when it is opened.
            do throws(JobStoreError) {
                try store.endRun(epochMilliseconds: SystemClock.epochMilliseconds(), [("state", Array(JobState.stopped.rawValue.utf8))])
            } catch {
                display.message("\(error)")
            }
            throw error
        }
    }

    /// Makes `-o` for a new job and remembers where it is; another file system in its place is refused when a job is gone on with.
    func claimOutput() throws(HeadError) {
        guard let folder = settings.outputFolder, outputRoot == nil else { return }
        if let bytes = try journal({ () throws(JobStoreError) in try store.fact("output-root") }), let root = StorageRoot(journalled: bytes) {
            if let fault = root.displacement { throw .surroundings("\(fault). Nothing is lost: quire resume goes on then") }
            outputRoot = root
            return
        }
        let path = workingFolder.appending(folder)
        let root = try system("make the folder \(folder)") { () throws(SystemError) in
            try FileOperation.createFolders(path)
            return StorageRoot(path, try FileOperation.facts(of: path))
        }
        try journal { () throws(JobStoreError) in try store.setFact("output-root", root.journalled) }
        outputRoot = root
    }

    private func work(_ plan: JobPlan, _ earlier: Set<RawPath>) throws(HeadError) -> ExitStatus {
        try claimOutput()
        let agent = try agents.link()
        try journal { () throws(JobStoreError) in if let build = agent.build { try store.setBuild(build) } }
        let facts = JobFacts(
            job: job, version: settings.version, command: settings.command,
            startedAt: CalendarText.timestamp(epochSeconds: startedMilliseconds / 1000), tasks: plan.taskCount, hosts: fleet == nil ? [agent.name] : specs.map(\.name),
            folder: settings.outputFolder)
        display.start(facts)
        for (reason, count) in plan.skipped { display.countSkipped(reason: reason, count) }
        display.otherBuilds = plan.otherBuilds
        try countSettled(plan)
        let runner = try JobRunner(
            settings: settings, plan: plan, outputRoot: outputRoot, run: run, store: store, ledger: ledger, events: inbox.events,
            agents: agents, fleet: fleet, display: display, delay: delay)
        if let fleet { try brief(fleet, plan, agent) }
        var result = try runner.run()
        runner.endHosts(kill: result.leavesWorkRunning)
        endHosts()
        let isCancelled = state.isCancelRequested(job)
        if isCancelled, result.status == .stoppedResumable { result.status = .cancelled }
        var failures: [HeadError] = []
        var staleVolumes: [RawPath] = []
        do throws(HeadError) {
            staleVolumes = try StaleVolumes(ledger: ledger, workingFolder: workingFolder).find(beside: plan.books, result.volumes)
        } catch {
            failures.append(error)
        }
        display.seal(result, staleVolumes)
        if settings.program != nil {
            do throws(HeadError) { display.programs = try ProgramWords(store) } catch { failures.append(error) }
        }
        display.isResumable = JobState(after: result.status, isCancelled: isCancelled, isHalted: result.isHalted).isResumable
        failures += sideFiles(plan, facts, result)
        agents.close(kill: result.leavesWorkRunning)
        if settings.program != nil {
            do throws(HeadError) { try ProgramLock(jobFolder: state.jobFolder(job)).awaitFree(of: job) } catch { failures.append(error) }
        }
        var status = failures.first?.status ?? result.status
        let ending = JobState(after: status, isCancelled: isCancelled, isHalted: result.isHalted)
        // A job that reached its end may have lost an agent on the way, whose workers left their temp files.
        var untidy = result.unfinishedFolders.union(earlier)
        if result.status != .done && result.status != .someFilesFailed || !failures.isEmpty {
            untidy.formUnion(plan.books.map(\.path.parent) + [settings.report, settings.manifest].compactMap { $0?.parent })
        }
        // A PDF without a recorded position is bound from its start: nothing of it is of use.
        let isBegun = try journal { () throws(JobStoreError) in try store.facts() }.keys.contains { $0.hasPrefix("book ") && $0.hasSuffix(" position") }
        for folder in untidy { JobFolder.sweep(folder, of: job, keepingPartials: ending.isResumable && isBegun) }
        if ending.isResumable {
            // What resists is tidied by who goes on; the job has stopped for its own reason.
            let spool = Spool(folder: plan.spoolFolder, job: job, isOfPrograms: plan.program != nil)
            do throws(HeadError) { try spool.removeUnfinished(store) } catch { failures.append(error) }
        } else {
            JobFolder.removeWithFiles(plan.spoolFolder)
        }
        display.isResumable = ending.isResumable
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
        try recordEnd(status, ending, taskCount: plan.taskCount)
        try close()
        JobFolder.prune(state, now: SystemClock.epochMilliseconds())
        locks.release()
        // What can be gone on with needs a mark of its owner; so do workers that may still write.
        if !ending.isResumable && !result.leavesWorkRunning { state.removeLock(of: job) }
        return status
    }

    /// Neither the manifest nor the report is kept back by a fault of the other.
    private func sideFiles(_ plan: JobPlan, _ facts: JobFacts, _ result: JobRunner.Result) -> [HeadError] {
        var failures: [HeadError] = []
        do throws(HeadError) {
            if let manifest = settings.manifest {
                try Manifest(path: manifest, store: store, ledger: ledger, plan: plan, isInPlace: settings.isInPlace).write(result.volumes)
            }
        } catch {
            failures.append(error)
        }
        do throws(HeadError) {
            if let report = settings.report {
                var file = try ReportFile(
                    report, store: store, ledger: ledger, job: job, taskCount: plan.taskCount, workingFolder: workingFolder,
                    isOfPrograms: plan.program != nil)
                file.hasPlaces = plan.recipe.geotags
                try file.write(facts, display.summary, side(result))
            }
        } catch {
            failures.append(error)
        }
        return failures
    }

    private func recordEnd(_ status: ExitStatus, _ ending: JobState, taskCount: Int) throws(HeadError) {
        let summary = display.summary
        try journal { () throws(JobStoreError) in
            try store.endRun(
                epochMilliseconds: SystemClock.epochMilliseconds(),
                [
                    ("state", Array(ending.rawValue.utf8)), ("status", Array("\(status.rawValue)".utf8)),
                    ("done", Array("\(summary.done)".utf8)), ("failed", Array("\(summary.failed)".utf8)),
                    ("skipped", Array("\(max(0, taskCount - summary.done - summary.failed - summary.left))".utf8)),
                ])
        }
    }

    func close() throws(HeadError) {
        try journal { () throws(JobStoreError) in
            try store.close()
            try ledger.close()
        }
    }

    // MARK: Parts

    static var currentUmask: UInt32 {
        let mask = Glibc.umask(0)
        Glibc.umask(mask)
        return UInt32(mask)
    }

    private static func workSetup(_ settings: RunSettings, _ recipe: Recipe) -> WorkSetup {
        WorkSetup(recipe: settings.program?.spec.canonicalBytes ?? recipe.canonicalBytes, damage: settings.damage, limits: settings.limits,
            fileMode: 0o666 & ~currentUmask, assets: settings.assets.map { WorkAsset(digest: $0.digest, bytes: $0.bytes) })
    }

    private static func timeout(_ settings: RunSettings) -> TimeoutRule {
        // A program's limit is in its orders: it counts wall clock, and a minder's own CPU time says nothing of it.
        if settings.program != nil { return .none }
        return settings.timeoutSeconds.map { .fixed(seconds: $0) } ?? .byInputSize
    }

    private func probe(_ inputs: [ScannedInput]) throws(HeadError) -> [SideWork.Probed] {
        let side = SideWork(link: try agents.link(), events: inbox.events)
        return try side.probe(
            inputs.map { (workingFolder.appending($0.path), $0.identity) }, keepingTags: try tagsInNames())
    }

    /// Tags that names ask for; of others nothing is kept, since there can be a million inputs.
    private func tagsInNames() throws(HeadError) -> Set<String> {
        try SaveNames.tags(settings, recipe)
    }

    private func side(_ result: JobRunner.Result) -> SideWork? {
        switch result.status {
        case .done, .someFilesFailed:
            // Without an agent the report has no thumbnails, and says all else.
            do throws(HeadError) { return SideWork(link: try agents.link(), events: inbox.events) } catch { return nil }
        case .internalError, .usage, .noInputs, .noUsableHost, .verificationFailed, .stoppedResumable, .cancelled: return nil
        }
    }

    /// Tells the display of tasks that were settled before: while the plan was made, or by an earlier process.
    private func countSettled(_ plan: JobPlan) throws(HeadError) {
        let settled = try journal { () throws(JobStoreError) in try store.openTasks() }.settled
        for range in settled {
            try store.forEachRecord(in: range) { display.count(CommittedTask(task: $0.task, outcome: $0.outcome), isNews: run == 1) }
        }
    }
}
