import JobModel
import JobStore
import LinuxSystem
import Planning
import TerminalUI

/// Keeps what is shown of a job: counts outcomes, asks the renderer for bytes and writes them to standard error and the log.
final class ProgressDisplay {
    let pages = PagesProgress()
    /// What the processes before this one worked on the job.
    var earlierMilliseconds: UInt64 = 0
    private(set) var summary: RunSummary
    private var renderer: ProgressRenderer
    private var tasksRate = RateEstimator()
    private var bytesRate = RateEstimator()
    private let startMilliseconds: UInt64
    private let log: LogFile
    private var isVisible = true
    private var tasksTotal = 0
    private var tasksEnded = 0
    private let hasBooks: Bool
    let questions: TerminalQuestions
    private var questionsSeen = 0
    /// What came while a person was being asked something, or a program's output was written.
    private var held: [(inout ProgressRenderer) -> [UInt8]] = []
    private static let heldMax = 1_000

    init(
        job: JobID, mode: ProgressMode, log: LogFile, startMilliseconds: UInt64, folder: RawPath?, hasBooks: Bool, questions: TerminalQuestions
    ) {
        let size = Terminal.size()
        renderer = ProgressRenderer(
            mode: mode, columns: size.columns, rows: size.rows, colour: environmentVariable("NO_COLOR") == nil && Terminal.errorIsTerminal)
        summary = RunSummary(job: job, folder: folder)
        self.log = log
        self.startMilliseconds = startMilliseconds
        self.hasBooks = hasBooks
        self.questions = questions
    }

    /// Since the job began, in all of its processes.
    var seconds: Double { elapsedSeconds }

    private var elapsedSeconds: Double { Double(SystemClock.monotonicMilliseconds() - startMilliseconds + earlierMilliseconds) / 1000 }

    /// `--state-dir` of the command, which commands that go on need too.
    var stateFolder: RawPath? {
        get { summary.stateFolder }
        set { summary.stateFolder = newValue }
    }

    /// As the summary's.
    var hasPickyActions: Bool {
        get { summary.hasPickyActions }
        set { summary.hasPickyActions = newValue }
    }

    /// Nil for jobs of pictures.
    var programs: ProgramWords? {
        get { summary.programs }
        set { summary.programs = newValue }
    }

    var otherBuilds: RunSummary.OtherBuilds {
        get { summary.otherBuilds }
        set { summary.otherBuilds = newValue }
    }

    var isResumable: Bool {
        get { summary.isResumable }
        set { summary.isResumable = newValue }
    }

    func start(_ facts: JobFacts) {
        tasksTotal = facts.tasks
        log.write("\(facts.job.rawValue): \(facts.tasks) tasks; \(facts.command.joined(separator: " "))")
        show { $0.start(facts) }
    }

    func scanning(found: Int, skipped: Int) {
        var snapshot = ProgressSnapshot(job: summary.job, phase: .scanning(found: found, skipped: skipped))
        let seconds = elapsedSeconds
        snapshot.elapsedSeconds = seconds
        show(isFrame: true) { [snapshot] in $0.update(snapshot, atSeconds: seconds) }
    }

    func message(_ text: String) {
        log.write(text)
        show { $0.message(text) }
    }

    /// Counts an outcome and, if it is news, tells of it.
    func count(_ task: CommittedTask, isNews: Bool = true) {
        let row = ReportRow(task.task, task.outcome)
        summary.count(row)
        tasksEnded += 1
        guard isNews else { return }
        if let failure = task.outcome.failure { log.write("failed: \(task.task.input): \(failure.reason.rawValue): \(failure.message)") }
        show { $0.file(row) }
    }

    /// Counts a file as failed that was counted as done or, being current, as skipped.
    func countLate(_ task: CommittedTask, wasCurrent: Bool) {
        let row = ReportRow(task.task, task.outcome)
        summary.recount(row, wasSkipped: wasCurrent)
        if let failure = task.outcome.failure { log.write("failed when it was bound: \(task.task.input): \(failure.reason.rawValue): \(failure.message)") }
        show { $0.file(row) }
    }

    func countSkipped(reason: String, _ number: Int) { summary.countSkipped(reason: reason, number) }

    func update(phase: ProgressSnapshot.Phase, hosts: @autoclosure () -> [HostLine]) {
        let seconds = elapsedSeconds
        tasksRate.note(total: Double(summary.done + summary.failed), atSeconds: seconds)
        bytesRate.note(total: Double(summary.bytesIn), atSeconds: seconds)
        if !held.isEmpty { show(isFrame: true) { _ in [] } }
        guard isVisible, renderer.wantsUpdate(phase: phase, atSeconds: seconds) else { return }
        var snapshot = ProgressSnapshot(job: summary.job, phase: phase)
        snapshot.tasksDone = summary.done
        snapshot.tasksTotal = tasksTotal
        snapshot.failed = summary.failed
        snapshot.skipped = summary.skipped
        snapshot.bytesIn = summary.bytesIn
        snapshot.bytesOut = summary.bytesOut
        snapshot.pagesBound = pages.pages
        snapshot.pagesTotal = hasBooks ? tasksTotal : 0
        snapshot.elapsedSeconds = seconds
        snapshot.rate = tasksRate.perSecond
        snapshot.byteRate = bytesRate.perSecond
        snapshot.secondsLeft = tasksRate.secondsLeft(remaining: Double(tasksTotal - tasksEnded))
        snapshot.hosts = hosts()
        show(isFrame: true) { [snapshot] in $0.update(snapshot, atSeconds: seconds) }
    }

    /// Fixes the totals, so that a report written next tells the same as the last line.
    func seal(_ result: JobRunner.Result, _ staleVolumes: [RawPath]) {
        summary.status = result.status
        summary.elapsedSeconds = elapsedSeconds
        summary.left = max(0, tasksTotal - tasksEnded)
        summary.staleVolumes = staleVolumes
        summary.volumes = result.volumes.map { RunSummary.Volume(path: $0.path, pages: $0.pages, sizeBytes: $0.bytes) }
    }

    /// Shows the end, with another status than the run's if a report or manifest could not be written.
    func finish(_ status: ExitStatus) {
        summary.status = status
        for line in summary.lines { log.write(line) }
        show { [summary] in $0.end(summary) }
    }

    /// The terminal was closed: the job goes on, and what would be shown is in the log.
    func terminalIsGone() {
        isVisible = false
        log.write("the terminal is gone; going on")
    }

    /// While the job was stopped others wrote to the terminal.
    func terminalWasShared() { renderer.forgetFrame() }

    func resize() {
        let size = Terminal.size()
        renderer.resize(columns: size.columns, rows: size.rows)
    }

    /// Shows what `draw` makes: at once, or after a question that a person is being asked or the output of a program; a frame is not
    /// worth keeping for then.
    private func show(isFrame: Bool = false, _ draw: @escaping (inout ProgressRenderer) -> [UInt8]) {
        guard isVisible else { return }
        let wasShown = questions.showIfFree { asked in
            if asked != questionsSeen { renderer.forgetFrame() }
            questionsSeen = asked
            for drawing in held + [draw] {
                let bytes = drawing(&renderer)
                if isVisible, !bytes.isEmpty, !Terminal.writeError(bytes) { isVisible = false }
            }
            held = []
            return renderer.standing
        }
        if !wasShown, !isFrame, held.count < Self.heldMax { held.append(draw) }
    }
}

/// The job's log: one line an event, with the time, for whoever asks later what happened.
final class LogFile {
    private let file: OpenFile
    private var byteCount: UInt64
    private var isFull = false
    /// Past this only a note that more was left out is written.
    private static let bytesMax: UInt64 = 64 << 20

    init(_ path: RawPath) throws(HeadError) {
        file = try HeadNode.system("open the job's log") { () throws(SystemError) in try OpenFile(path, .update(mode: 0o600)) }
        let facts = try HeadNode.system("look at the log") { () throws(SystemError) in try FileOperation.facts(of: path) }
        byteCount = facts.identity.sizeBytes
    }

    func write(_ text: String) {
        if isFull { return }
        isFull = byteCount > Self.bytesMax
        let line = isFull ? "the log is full; what follows is left out" : text
        let bytes = Array("\(CalendarText.timestamp(epochSeconds: SystemClock.epochMilliseconds() / 1000)) \(line)\n".utf8)
        // A log that cannot be written must not end the job; the journal, which must, reports a full disk itself.
        do throws(SystemError) { try file.write(bytes, at: byteCount) } catch { isFull = true }
        byteCount += UInt64(bytes.count)
    }
}

extension ReportRow {
    /// The row of a task in reports, events and totals.
    init(_ task: PlannedTask, _ outcome: TaskOutcome) {
        let work = outcome.work
        let state: Outcome =
            switch outcome.state {
            case .committed, .won: .done
            case .failed: .failed
            case .current, .skipped, .doneEarlier, .planned: .skipped
            }
        let message =
            switch outcome.state {
            case .failed: outcome.failure?.message ?? ""
            case .current: "up to date"
            case .skipped: outcome.outputs.isEmpty ? SkipReason.duplicate.text : "output exists"
            case .doneEarlier: "done by an earlier job"
            case .planned: "not worked on"
            case .committed, .won: ""
            }
        var notes = (work?.notes ?? []).map { ReportNote($0) }
        if work?.pages.contains(where: \.carriesGPS) == true { notes.append(.carriesGPS) }
        self.init(
            path: task.input, outcome: state, outputs: outcome.outputs, reason: outcome.failure?.reason, message: message, notes: notes,
            bytesIn: task.identity.sizeBytes, bytesOut: (work?.files ?? []).reduce(0) { $0 + $1.sizeBytes },
            seconds: Double(outcome.usage.wallMicroseconds) / 1_000_000, host: outcome.host, attempts: Int(outcome.attempts))
        for case .geotagged(let fact) in work?.notes ?? [] { place = fact }
    }
}
