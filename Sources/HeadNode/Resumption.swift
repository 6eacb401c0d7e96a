internal import Glibc
public import JobModel
import JobStore
import LinuxSystem
import Programs
import Recipes
public import TerminalUI

/// What may differ from the first run when a job is taken up again; its plan stays.
public struct ResumeSettings: Sendable {
    /// The start of its id, or nil for the newest that fits.
    public var job: String?
    public var stateFolder: RawPath?
    public var version: String
    public var progress: ProgressMode = .plain
    public var printsJSON = false
    /// Nil keeps what the job was started with.
    public var slots: Int?
    public var timeoutSeconds: UInt32?
    public var drainSeconds: Int?
    public var pauseSecondsMax: Int?
    /// Nil keeps the hosts that the job was started with.
    public var hosts: HostSettings?
    /// Goes on where equal failures in a row or `--max-failures` stopped it.
    public var keepsGoing = false

    public init(version: String) { self.version = version }
}

/// `quire resume` and `quire retry`: a job that another process began is brought to its end by this one.
public struct Resumption {
    public enum Purpose: Sendable {
        /// Finish a job that was stopped or whose process died.
        case resume
        /// Do the failed files of a finished job again; all of them, or those of these reasons.
        case retry(Set<FailureReason>?)
    }

    private let wanted: ResumeSettings
    private let purpose: Purpose
    private let programs: Session.Programs

    public init(_ settings: ResumeSettings, _ purpose: Purpose, programs: Session.Programs) {
        wanted = settings
        self.purpose = purpose
        self.programs = programs
    }

    public func run() throws(HeadError) -> ExitStatus {
        let inbox = JobInbox()
        defer { inbox.close() }
        let state = try StateFolder(named: wanted.stateFolder, environment: StateFolder.environment()).absolute()
        let entry = try find(in: state)
        let life = try state.claim(entry.id, holder: OpenJob.holder(entry.id))
        let catalogue = JobCatalogue(state: state)
        let store = try journal { () throws(JobStoreError) in
            let store = try JobStore(file: catalogue.journalPath(entry.id))
            try store.check()
            return store
        }
        let facts = try journal { () throws(JobStoreError) in try store.facts() }
        guard let jobState = facts["state"].flatMap({ JobState(rawValue: String(decoding: $0, as: UTF8.self)) }) else {
            throw .usage("job \(entry.id.rawValue) ended before anything of it was recorded; run its command again")
        }
        if let status = try refusal(entry.id, jobState, facts) { return status }
        try state.withdrawCancel(entry.id)
        let (settings, pdf, recipe, folder) = try recorded(facts)
        try settings.checkCommands(of: recipe, in: folder)
        try standWhereItBegan(facts, folder)
        let open = try OpenJob(
            settings: settings, recipe: recipe, pdf: pdf, workingFolder: folder, job: entry.id, state: state, life: life, inbox: inbox,
            programs: programs, store: store, startedMilliseconds: entry.started)
        defer {
            open.endHosts()
            open.agents.close(kill: true)
        }
        try open.begin()
        open.startHosts()
        let plan: JobPlan
        var untidyFolders: Set<RawPath> = []
        do throws(HeadError) {
            if jobState == .planning {
                plan = try planAnew(open)
            } else {
                (plan, untidyFolders) = try recover(open, facts, inbox.interrupts)
            }
        } catch .interrupted {
            Terminal.writeError(Array("stopped; go on with: quire resume \(entry.id.rawValue)\n".utf8))
            return .stoppedResumable
        }
        return try open.carryOut(plan, earlier: untidyFolders)
    }

    private func recover(
        _ open: OpenJob, _ facts: [String: [UInt8]], _ interrupts: InterruptCount
    ) throws(HeadError) -> (JobPlan, untidyFolders: Set<RawPath>) {
        var plan = try open.recordedPlan(facts)
        try open.claimOutput()
        let recovery = Recovery(job: open, plan: plan, interrupts: interrupts)
        if case .retry(let reasons) = purpose { try recovery.reopenFailed(reasons) }
        // Files of programs that run yet are not to be tidied away below them.
        if open.settings.program != nil { try ProgramLock(jobFolder: open.state.jobFolder(open.job)).awaitFree(of: open.job) }
        let found = try recovery.run()
        plan.books = found.books
        if let program = open.settings.program {
            open.delay = try recovery.unended(
                program, isRetry: isRetry, thisMachine: open.nameOfThisMachineOnly, leaseSeconds: open.leaseSecondsMax)
        }
        try journal { () throws(JobStoreError) in try open.store.setFact("state", JobState.running.rawValue) }
        return (plan, found.untidyFolders)
    }

    private var isRetry: Bool {
        switch purpose {
        case .resume: false
        case .retry: true
        }
    }

    private func find(in state: StateFolder) throws(HeadError) -> JobEntry {
        let catalogue = JobCatalogue(state: state)
        return switch purpose {
        case .resume: try catalogue.find(wanted.job, "job to resume", where: \.isResumable)
        case .retry: try catalogue.find(wanted.job, "finished job with failed files") { $0.standing == .failed }
        }
    }

    /// The status to end with at once where there is nothing to do.
    private func refusal(_ job: JobID, _ state: JobState, _ facts: [String: [UInt8]]) throws(HeadError) -> ExitStatus? {
        let id = job.rawValue
        switch (purpose, state) {
        case (.resume, .planning), (.resume, .running), (.resume, .stopped), (.retry, .failed), (.retry, .finished): return nil
        case (_, .cancelled): throw .usage("job \(id) was cancelled; run its command again")
        case (.retry, .planning), (.retry, .running), (.retry, .stopped):
            throw .usage("job \(id) is not finished yet; go on with it first: quire resume \(id)")
        case (.resume, .finished), (.resume, .failed):
            Terminal.writeError(Array("job \(id) is finished already; 'quire report \(id)' tells what it made\n".utf8))
            let status = facts["status"].flatMap { Int32(String(decoding: $0, as: UTF8.self)) }.flatMap { ExitStatus(rawValue: $0) }
            return status ?? .done
        }
    }

    private func recorded(_ facts: [String: [UInt8]]) throws(HeadError) -> (RunSettings, PDFSettings, Recipe, RawPath) {
        let reader = JournalledSettings(facts)
        var settings = try reader.settings(version: wanted.version)
        settings.stateFolder = wanted.stateFolder
        settings.progress = wanted.progress
        settings.printsJSON = wanted.printsJSON
        if let hosts = wanted.hosts { settings.hosts = hosts }
        if let slots = wanted.slots { settings.slots = slots }
        if let seconds = wanted.timeoutSeconds {
            settings.timeoutSeconds = seconds
            settings.program?.timeLimit = .milliseconds(UInt64(seconds) * 1000)
        }
        if let seconds = wanted.drainSeconds { settings.drainSeconds = seconds }
        if let seconds = wanted.pauseSecondsMax { settings.pauseSecondsMax = seconds }
        if wanted.keepsGoing {
            (settings.keepsGoing, settings.failuresMax) = (true, nil)
            settings.program?.halt = nil
        }
        guard let folder = facts["working-folder"], let bytes = facts["recipe"] else {
            throw .journal(.unreadable(what: "the job", reason: "its recipe or working folder is missing"))
        }
        let pdf = try reader.pdf()
        settings.assets = try RecipeAssets.readAgain(try reader.assets())
        let recipe: Recipe
        do throws(RecipeError) { recipe = try Recipe(canonical: bytes) } catch {
            throw .usage(
                "this build does not read the recipe the job began with (\(error)); run the job's command again: outputs that are still right are kept")
        }
        return (settings, pdf, recipe, RawPath(bytes: folder))
    }

    /// Relative names and modes of new files mean what they meant when the job began.
    private func standWhereItBegan(_ facts: [String: [UInt8]], _ folder: RawPath) throws(HeadError) {
        try system("go to the folder the job was started in") { () throws(SystemError) in try FileOperation.changeWorkingFolder(to: folder) }
        if let mask = facts["umask"].flatMap({ UInt32(String(decoding: $0, as: UTF8.self), radix: 8) }) { _ = Glibc.umask(mode_t(mask)) }
    }

    /// The process died while it listed the inputs: they are listed again.
    private func planAnew(_ open: OpenJob) throws(HeadError) -> JobPlan {
        guard !open.settings.readsStandardInput else {
            throw .usage(
                "job \(open.job.rawValue) ended before all names from standard input were recorded, and nothing of it was done; run its command again")
        }
        try journal { () throws(JobStoreError) in try open.store.clearPlan() }
        return try open.plan()
    }
}
