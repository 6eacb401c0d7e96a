import ArgumentParser
import HeadNode
import JobModel

/// `quire jobs`
struct JobsCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "jobs",
        abstract: "List jobs, newest first: state, when started, done, failed, where.",
        discussion: """
            STATES
              running                  a quire works on it
              stopped                  ended before all was done: quire resume
              interrupted              its process died: quire resume
              finished                 all is done
              finished with failures   quire retry does the failed files again
              cancelled                given up

            EXAMPLES
              quire jobs
              quire jobs prune --older-than 30
            """,
        subcommands: [List.self, Prune.self], defaultSubcommand: List.self)

    struct List: ParsableCommand {
        static let configuration = CommandConfiguration(commandName: "list", abstract: "List jobs, newest first (the default).")

        @Flag(help: "One JSON object a job, in an array, on standard output.")
        var json = false

        @Option(help: ArgumentHelp("Where the journal is kept (default $XDG_STATE_HOME/quire).", valueName: "dir"))
        var stateDir: PathArgument?

        func run() throws {
            throw ExitCode(try JobList(stateFolder: stateDir?.path, printsJSON: json).run().rawValue)
        }
    }

    struct Prune: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "prune",
            abstract: "Forget finished and cancelled jobs; what they made stays.",
            discussion: """
                Without a flag: those that started over 90 days ago and those beyond the newest 50, as every job does when it ends.
                Jobs that can be gone on with stay until they are finished or cancelled.
                """)

        @Option(help: ArgumentHelp("Those that started over so many days ago.", valueName: "days"))
        var olderThan: Int?

        @Flag(help: "All of them.")
        var allFinished = false

        @Option(help: ArgumentHelp("Where the journal is kept (default $XDG_STATE_HOME/quire).", valueName: "dir"))
        var stateDir: PathArgument?

        func validate() throws {
            if let olderThan, !(0...100_000).contains(olderThan) { throw ValidationError("--older-than takes days from 0 up.") }
            if olderThan != nil && allFinished { throw ValidationError("--older-than and --all-finished: say one of them.") }
        }

        func run() throws {
            let which = allFinished ? JobPruning.Which.allFinished : olderThan.map { .olderThan(days: $0) } ?? .beyondLimits
            throw ExitCode(try JobPruning(stateFolder: stateDir?.path, which).run().rawValue)
        }
    }
}

/// `quire report`
struct ReportCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "report",
        abstract: "Tell what became of a job: totals and failures, or a file with every input.",
        discussion: """
            Also while the job runs: then of what is done so far.

            EXAMPLES
              quire report                            totals of the newest job
              quire report 20260131-0930 report.html  a page with every file
            """)

    @Argument(help: ArgumentHelp("The job (its id or the start of it), and a file to write whose name ends in .html, .csv or .json.", valueName: "job|file"))
    var words: [PathArgument] = []

    @Flag(help: "The totals as JSON on standard output.")
    var json = false

    @Option(help: ArgumentHelp("Where the journal is kept (default $XDG_STATE_HOME/quire).", valueName: "dir"))
    var stateDir: PathArgument?

    func run() throws {
        var job: String?
        var file: RawPath?
        for word in words.map(\.path) {
            let isFile = ["html", "htm", "csv", "json"].contains(word.lowercasedExtension)
            if isFile, file == nil {
                file = word
            } else if !isFile, job == nil {
                job = word.display
            } else {
                throw HeadError.usage("\(word): name at most one job and one file that ends in .html, .csv or .json")
            }
        }
        throw ExitCode(try JobReport(job: job, file: file, stateFolder: stateDir?.path, printsJSON: json).run().rawValue)
    }
}

/// `quire cancel`
struct CancelCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "cancel",
        abstract: "Give up a job: stop it if it runs, and remove what it left half done.",
        discussion: """
            Outputs it made stay. A running job first finishes the files it is working on, up to its --drain.

            EXAMPLE
              quire cancel 20260131-0930
            """)

    @OptionGroup var choice: JobChoice

    func run() throws {
        throw ExitCode(try JobCancellation(job: choice.job, stateFolder: choice.stateDir?.path).run().rawValue)
    }
}
