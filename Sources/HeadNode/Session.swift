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
    }

    /// Does all of it. Everything for people goes to standard error; standard output is for `--json` and `--dry-run`.
    public func run() throws(HeadError) -> ExitStatus {
        var sample: SampleSheet?
        let status = try run(&sample)
        guard let sample else { return status }
        guard try sample.offer(status) else { return status }
        var all = settings
        all.sampleCount = nil
        return try Session(all, programs: programs).run()
    }

    /// - Parameter sample: set when a sample was worked on.
    private func run(_ sample: inout SampleSheet?) throws(HeadError) -> ExitStatus {
        let inbox = JobInbox()
        defer { inbox.close() }
        let environment = StateFolder.environment()
        let workingFolder = try system("find the working folder") { () throws(SystemError) in try FileOperation.workingFolder() }
        let (recipe, pdf, assets) = try recipeAndPDF(environment, workingFolder)
        try settings.checkCommands(of: recipe, in: workingFolder)
        var settings = settings
        settings.assets = assets
        let state = try StateFolder(named: settings.stateFolder, environment: environment)
        let job = try state.createJob(epochMilliseconds: SystemClock.epochMilliseconds(), randomness: UInt64.random(in: 0...UInt64.max))
        var keepsJob = false
        defer { if !keepsJob { JobFolder.remove(job, of: state) } }
        let life = try state.claim(job, holder: OpenJob.holder(job))
        let open = try OpenJob(
            settings: settings, recipe: recipe, pdf: pdf, workingFolder: workingFolder, job: job, state: state, life: life, inbox: inbox,
            programs: programs)
        defer {
            open.endHosts()
            open.agents.close(kill: true)
            // Its lock is held still: nobody finds a job that is half removed.
            if !keepsJob { JobFolder.remove(job, of: state) }
            withExtendedLifetime(open) {}
        }
        if !settings.isDryRun { JobFolder.sweepDeadJobs(settings, state) }
        try open.begin()
        if !settings.isDryRun { open.startHosts() }
        let plan = try open.plan()
        switch try SpaceCheck(plan: plan, store: open.store, fileBytesMax: settings.limits.fileBytesMax).verdict() {
        case .fits: break
        case .doubtful(let text): open.display.message(text)
        case .short(let text):
            guard settings.isDryRun else { throw .noRoom(text) }
            open.display.message(text)
        }
        if settings.isDryRun {
            if let program = plan.program {
                try ProgramDryRun(settings: settings, plan: plan, program: program, store: open.store).print()
            } else {
                try DryRun(settings: settings, plan: plan, store: open.store).print()
            }
            try open.close()
            return .done
        }
        keepsJob = true
        let status = try open.carryOut(plan)
        if settings.purpose == .process, settings.sampleCount != nil {
            sample = SampleSheet(
                settings: settings, programs: programs, state: try state.absolute(), job: job, workingFolder: workingFolder, leftOutCount: plan.leftOutCount)
        }
        return status
    }

    private func recipeAndPDF(
        _ environment: [String: RawPath], _ workingFolder: RawPath
    ) throws(HeadError) -> (Recipe, PDFSettings, [RecipeAsset]) {
        let date = try environment["SOURCE_DATE_EPOCH"].map { (text) throws(HeadError) in
            guard let seconds = Int64(text.display) else { throw .usage("SOURCE_DATE_EPOCH is '\(text)'; it wants seconds since 1970") }
            return seconds
        }
        let source = try settings.recipeFile.map { (word) throws(HeadError) in try RecipeLibrary().source(word) }
        var file = try source.map { (source) throws(HeadError) in try RecipeFileReading.read(source) }
        var assets: [RecipeAsset] = []
        if let read = file?.recipe, let path = source?.path {
            let (named, found) = try RecipeAssets.read(read, seenFrom: workingFolder.appending(path.parent).normalized)
            file?.recipe = named
            assets = found
        }
        do throws(RecipeError) {
            let recipe = if let file { try file.recipe.adding(settings.flags) } else { try Recipe(flags: settings.flags) }
            var pdf = PDFSettings()
            if let date { pdf.dateSeconds = date }
            if let wishes = file?.pdf { pdf = wishes.applied(to: pdf) }
            return (recipe.resolved, settings.pdfWishes.applied(to: pdf), assets)
        } catch {
            throw .recipe(error)
        }
    }
}

/// The one queue of a job's events, with the signals that go into it.
final class JobInbox {
    let events: Mailbox<HeadEvent>
    let interrupts: InterruptCount
    private let signals: SignalWatch

    /// Made before any other thread, as `SignalWatch` asks.
    init() {
        let events = Mailbox<HeadEvent>(elementsMax: HeadEvent.queueMax)
        let interrupts = InterruptCount()
        signals = SignalWatch { signal in
            interrupts.note(signal)
            events.send(.signal(signal))
        }
        self.events = events
        self.interrupts = interrupts
    }

    func close() { signals.stop() }
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
        case .hangUp, .windowChange, .resumed, .reload: break
        }
    }

    func planningIsOver() { isPlanning.store(false, ordering: .relaxed) }

    var isInterrupted: Bool { count.load(ordering: .relaxed) > 0 }

    /// Nothing was begun yet, so there is nothing to go on with.
    func check() throws(HeadError) {
        if count.load(ordering: .relaxed) > 0 { throw .interrupted }
    }
}

/// This machine's agent, started when it is first needed.
final class LazyAgent {
    private let start: (_ isFull: Bool) throws(HeadError) -> AgentLink
    private var started: (link: AgentLink, isFull: Bool)?
    /// Whether it keeps all its slots from the first use on; else one, for what is done beside the job.
    private let isFullFromStart: Bool
    /// Told to end its programs, and waited for until none runs; nil where there are workers, which die with it.
    private let awaitEndOfPrograms: (() throws(HeadError) -> Void)?

    init(
        isFullFromStart: Bool, awaitEndOfPrograms: (() throws(HeadError) -> Void)? = nil,
        start: @escaping (_ isFull: Bool) throws(HeadError) -> AgentLink
    ) {
        self.isFullFromStart = isFullFromStart
        self.awaitEndOfPrograms = awaitEndOfPrograms
        self.start = start
    }

    func link() throws(HeadError) -> AgentLink {
        if let started { return started.link }
        // Programs of an earlier agent or head may be about to end.
        try awaitEndOfPrograms?()
        let link = try start(isFullFromStart)
        started = (link, isFullFromStart)
        return link
    }

    /// With all slots, to work on the job.
    func fullLink() throws(HeadError) -> AgentLink {
        if let started, started.isFull { return started.link }
        close(kill: false)
        try awaitEndOfPrograms?()
        let link = try start(true)
        started = (link, true)
        return link
    }

    /// A new agent in place of one that died.
    func restart() throws(HeadError) -> AgentLink {
        close(kill: true)
        return try fullLink()
    }

    /// A killed agent could not end its programs, so one that has some is always told to.
    func close(kill: Bool) {
        guard let link = started?.link else { return }
        started = nil
        if awaitEndOfPrograms != nil { link.send(.stop) }
        link.close(kill: kill && awaitEndOfPrograms == nil)
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
