public import ArgumentParser
public import HeadNode
import JobModel
import Programs

/// What becomes of what programs print.
struct ExecPrinting: ParsableArguments {
    @Option(help: ArgumentHelp("Whose output is shown first: input (as the inputs stand, default) or finish (as tasks end). Each task's is shown whole.", valueName: "which"))
    var order: ProgramSettings.Order?

    @Flag(help: "Begin each line with its task's argument and a tab.")
    var tag = false

    @Flag(help: "Show each line as it is printed, while tasks run.")
    var lines = false

    @Option(help: ArgumentHelp("Keep standard output, standard error, exit code and times of each task in this folder.", valueName: "dir"))
    var results: PathArgument?

    @Option(parsing: .unconditional, help: ArgumentHelp("Instead of what a task printed show one row: file, exit code, seconds and what the named groups of this regular expression match; totals at the end.", valueName: "pattern"))
    var table: String?

    @Option(help: ArgumentHelp("csv (default) or json.", valueName: "format"))
    var tableFormat: ProgramSettings.TableFormat?

    @Option(help: ArgumentHelp("Write a line for each task, in the columns of GNU parallel's --joblog.", valueName: "file"))
    var joblog: PathArgument?

    @Option(help: ArgumentHelp("Where long outputs wait until they are shown (default in the state folder).", valueName: "dir"))
    var spool: PathArgument?

    func validate() throws {
        if lines && order != nil { throw ValidationError("--lines shows lines as they come; leave out --order.") }
        if table != nil {
            if lines { throw ValidationError("--table needs a task's whole output; leave out --lines.") }
            if tag { throw ValidationError("--table names each task's file already; leave out --tag.") }
        } else if tableFormat != nil {
            throw ValidationError("--table-format is about --table 'PATTERN'.")
        }
    }

    func apply(to program: inout ProgramSettings) throws(ProgramError) {
        program.order = order ?? .input
        program.tagsLines = tag
        program.spec.streamsLines = lines
        program.resultsFolder = results?.path
        if let table { program.table = ProgramSettings.Table(pattern: try TablePattern(table), format: tableFormat ?? .csv) }
        program.jobLog = joblog?.path
    }
}

extension ProgramSettings.Order: ExpressibleByArgument {}
extension ProgramSettings.TableFormat: ExpressibleByArgument {}
