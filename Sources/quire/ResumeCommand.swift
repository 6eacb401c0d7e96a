import ArgumentParser
import HeadNode
import JobModel

/// What commands on one job share.
struct JobChoice: ParsableArguments {
    @Argument(help: ArgumentHelp("The job: its id or the start of it; without one the newest that fits.", valueName: "job"))
    var job: String?

    @Option(help: ArgumentHelp("Where the journal is kept (default $XDG_STATE_HOME/quire).", valueName: "dir"))
    var stateDir: PathArgument?
}

/// What may differ from the job's own command line when it is gone on with.
struct GoingOnOptions: ParsableArguments {
    @Option(help: ArgumentHelp("Workers on this machine (default: as the job was started).", valueName: "n"))
    var jobs: Int?

    @Option(help: ArgumentHelp("Give up a file after so many seconds of work (default: as the job was started).", valueName: "s"))
    var timeout: UInt32?

    @Option(help: ArgumentHelp("After the first Ctrl-C, wait so long for what is being worked on.", valueName: "s"))
    var drain: Int?

    @Option(help: ArgumentHelp("When a share is gone or a disk is full, wait so long for it to come back.", valueName: "s"))
    var maxPause: Int?

    @Flag(help: "Go on where too many failures stopped the job, and do not stop for them again.")
    var keepGoing = false

    @Option(help: ArgumentHelp("auto, tty (redrawn in place), plain (a line every 10 s), json (an event a line) or none; on standard error.", valueName: "how"))
    var progress: ProgressChoice = .auto

    @Flag(help: "Print the final facts as JSON on standard output.")
    var json = false

    func validate() throws {
        if let jobs, !(1...4096).contains(jobs) { throw ValidationError("--jobs takes a number from 1 to 4096.") }
        if let drain, drain < 0 { throw ValidationError("--drain takes seconds from 0 up.") }
        if let maxPause, maxPause < 0 { throw ValidationError("--max-pause takes seconds from 0 up.") }
        if timeout == 0 { throw ValidationError("--timeout takes seconds from 1 up.") }
    }

    @OptionGroup(title: "Hosts (default: as the job was started)")
    var hosts: PictureHostOptions

    func settings(_ choice: JobChoice) -> ResumeSettings {
        var settings = ResumeSettings(version: Quire.version)
        settings.hosts = hosts.settings
        settings.job = choice.job
        settings.stateFolder = choice.stateDir?.path
        settings.progress = progress.mode
        settings.printsJSON = json
        settings.slots = jobs
        settings.timeoutSeconds = timeout
        settings.drainSeconds = drain
        settings.pauseSecondsMax = maxPause
        settings.keepsGoing = keepGoing
        return settings
    }
}

/// `quire resume`
struct ResumeCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "resume",
        abstract: "Go on with a job that was stopped or whose process died.",
        discussion: """
            Does only what was not finished, under the plan as it was made, and binds the PDF to the bytes it would have had
            without the interruption. Names given by the job's command mean what they meant in the folder it was started in.

            EXAMPLES
              quire resume                 the newest job that can be gone on with
              quire resume 20260131-0930   the job whose id begins so
            """)

    @OptionGroup var choice: JobChoice
    @OptionGroup var options: GoingOnOptions

    func run() throws {
        let status = try Resumption(options.settings(choice), .resume, programs: try Session.Programs()).run()
        throw ExitCode(status.rawValue)
    }
}

/// `quire retry`
struct RetryCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "retry",
        abstract: "Do the failed files of a finished job again, and bind its PDF with them.",
        discussion: """
            For files that were mended or put back since: they are taken as they are now, under the plan as it was made. The PDF
            gets the bytes it would have had with them from the beginning.

            EXAMPLES
              quire retry
              quire retry 20260131-0930 --reason truncated,damaged
              quire retry --reason timeout --timeout 600
            """)

    @OptionGroup var choice: JobChoice

    @Option(help: ArgumentHelp("Only files that failed for this reason. Repeatable, or a list with commas.", valueName: "reason"))
    var reason: [String] = []

    @OptionGroup var options: GoingOnOptions

    func run() throws {
        var reasons: Set<FailureReason> = []
        for word in reason.flatMap({ $0.split(separator: ",").map(String.init) }) {
            guard let found = FailureReason(rawValue: word) else {
                throw HeadError.usage("--reason '\(word)': one of \(FailureReason.allCases.map(\.rawValue).joined(separator: ", "))")
            }
            reasons.insert(found)
        }
        let purpose = Resumption.Purpose.retry(reasons.isEmpty ? nil : reasons)
        let status = try Resumption(options.settings(choice), purpose, programs: try Session.Programs()).run()
        throw ExitCode(status.rawValue)
    }
}
