public import ArgumentParser
public import HeadNode
import JobModel
import LinuxSystem
import Recipes
import TerminalUI

/// How a job runs and what it tells, the same for every command that makes something.
struct JobOptions: ParsableArguments {
    @Option(name: .customLong("overwrite"), help: ArgumentHelp("Existing outputs: changed (quire's own are made again when input or recipe changed, others are refused), never, always.", valueName: "which"))
    var overwrite: RunSettings.Overwrite = .changed

    @Flag(help: "Keep what decodes of damaged files, and say so.")
    var acceptDamaged = false

    @Option(help: ArgumentHelp("Let this untrusted loader read inputs too: svg, pdf, magick, openslide, ppm... Repeatable, or a list with commas.", valueName: "name"))
    var allowLoader: [String] = []

    @Option(help: ArgumentHelp("Refuse pictures of more pixels, over all pages (default 2000000000).", valueName: "n"))
    var maxPixels: UInt64?

    @Option(help: ArgumentHelp("Write SHA-256 of every input, output and PDF; 'sha256sum -c FILE' reads it.", valueName: "file"))
    var manifest: PathArgument?

    @Option(help: ArgumentHelp("Write what became of every input; the name ends in .html, .csv or .json.", valueName: "file"))
    var report: PathArgument?

    @Option(help: ArgumentHelp("Workers on this machine (default: one a core, fewer if memory is short).", valueName: "n"))
    var jobs: Int?

    @Option(help: ArgumentHelp("Give up a file after so many seconds of work (default 120 s and more for larger files).", valueName: "s"))
    var timeout: UInt32?

    @Option(help: ArgumentHelp("Address space a worker may take, such as 4GB.", valueName: "size"))
    var workerMemory: String?

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

    @Option(help: ArgumentHelp("Where pages wait that no output holds (default beside the PDF).", valueName: "dir"))
    var spool: PathArgument?

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
        if timeout == 0 { throw ValidationError("--timeout takes seconds from 1 up.") }
    }

    func apply(to settings: inout RunSettings) throws(HeadError) {
        settings.overwrite = overwrite
        settings.damage = acceptDamaged ? .accept : .fail
        settings.limits.allowedLoaders = allowLoader.flatMap { $0.split(separator: ",").map(String.init) }
        if let maxPixels { settings.limits.pixelsMax = maxPixels }
        settings.manifest = manifest?.path
        settings.report = report?.path
        if let report, ReportFormat(path: report.path) == nil {
            throw .usage("--report \(report.path): the name must end in .html, .csv or .json")
        }
        settings.slots = jobs
        settings.timeoutSeconds = timeout
        if let workerMemory {
            do throws(RecipeError) {
                settings.workerMemoryBytesMax = try ByteSize(parsing: workerMemory).bytes
            } catch {
                throw .usage("--worker-memory: \(error)")
            }
        }
        settings.drainSeconds = drain
        settings.failuresMax = maxFailures.flatMap { RunSettings.FailureCount($0) }
        settings.keepsGoing = keepGoing
        settings.pauseSecondsMax = maxPause
        settings.stateFolder = stateDir?.path
        settings.spoolFolder = spool?.path
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
