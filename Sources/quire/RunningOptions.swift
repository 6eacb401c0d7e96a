public import ArgumentParser
public import HeadNode
import JobModel
import LinuxSystem
import TerminalUI

/// How a job runs and what it tells, the same for every command that makes something.
struct RunningOptions: ParsableArguments {
    @Option(name: .customLong("overwrite"), help: ArgumentHelp("Existing outputs: changed (quire's own are made again when the input or what is done to it changed, others are refused), never, always.", valueName: "which"))
    var overwrite: RunSettings.Overwrite = .changed

    @Option(help: ArgumentHelp("Write what became of every input; the name ends in .html, .csv or .json.", valueName: "file"))
    var report: PathArgument?

    @Option(help: ArgumentHelp("Slots on this machine: so many at a time (default: one a core, fewer if memory is short).", valueName: "n"))
    var jobs: Int?

    @Option(help: ArgumentHelp("After the first Ctrl-C, wait so long for what is being worked on.", valueName: "s"))
    var drain: Int = 30

    @Option(help: ArgumentHelp("Stop, to be resumed, when so many files have failed: a number or a percentage.", valueName: "n|%"))
    var maxFailures: String?

    @Flag(help: "Do not stop when 50 files in a row fail for the same reason.")
    var keepGoing = false

    @Option(help: ArgumentHelp("When a share is gone or a disk is full, wait so long for it to come back (default 600; 0 stops at once).", valueName: "s"))
    var maxPause: Int = 600

    @Option(help: ArgumentHelp("Where the journal is kept (default $XDG_STATE_HOME/quire).", valueName: "dir"))
    var stateDir: PathArgument?

    @Option(help: ArgumentHelp("auto, tty (redrawn in place), plain (a line every 10 s), json (an event a line) or none; on standard error.", valueName: "how"))
    var progress: ProgressChoice = .auto

    @Flag(help: "Print the final facts, or with --dry-run the plan, as JSON on standard output.")
    var json = false

    @Flag(name: [.customShort("n"), .long], help: "Show what would be done and write nothing.")
    var dryRun = false

    func validate() throws {
        if let jobs, !(1...4096).contains(jobs) { throw ValidationError("--jobs takes a number from 1 to 4096.") }
        if drain < 0 { throw ValidationError("--drain takes seconds from 0 up.") }
        if maxPause < 0 { throw ValidationError("--max-pause takes seconds from 0 up.") }
        if let maxFailures, RunSettings.FailureCount(maxFailures) == nil {
            throw ValidationError("--max-failures takes a number from 1 up, or a percentage such as 5%.")
        }
    }

    func apply(to settings: inout RunSettings) throws(HeadError) {
        settings.overwrite = overwrite
        settings.report = report?.path
        if let report, ReportFormat(path: report.path) == nil {
            throw .usage("--report \(report.path): the name must end in .html, .csv or .json")
        }
        settings.slots = jobs
        settings.drainSeconds = drain
        settings.failuresMax = maxFailures.flatMap { RunSettings.FailureCount($0) }
        settings.keepsGoing = keepGoing
        settings.pauseSecondsMax = maxPause
        settings.stateFolder = stateDir?.path
        settings.progress = progress.mode
        settings.printsJSON = json
        settings.isDryRun = dryRun
    }
}

enum ProgressChoice: String, CaseIterable, ExpressibleByArgument {
    case auto, tty, plain, json, none

    var mode: ProgressMode {
        switch self {
        case .auto: Terminal.errorIsTerminal ? .tty : .plain
        case .tty: .tty
        case .plain: .plain
        case .json: .json
        case .none: .none
        }
    }
}

extension RunSettings.Overwrite: ExpressibleByArgument {}
extension RunSettings.Identity: ExpressibleByArgument {}
extension RunSettings.Collisions: ExpressibleByArgument {}
