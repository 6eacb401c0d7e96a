import ArgumentParser
import HeadNode
import JobModel
import LinuxSystem
import Programs

/// `quire exec`
struct ExecCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "exec",
        abstract: "Run any program once per file, folder, line or number, on every core and host.",
        usage: "quire exec [<options>] <input> ... -- <program> <argument> ...",
        discussion: """
            What stands behind -- is started once for each INPUT, as many at a time as
            there are slots, with empty standard input and without a shell unless --shell
            asks for one. What a task prints is shown whole when it has ended. Files named
            by --return appear only when their task has succeeded, and come back from hosts
            that do not share the files.

            EXAMPLES
              quire exec ~/Videos --only avi,mp4 --return '{.}.mkv' \\
                -- ffmpeg -ss 5 -i {} -c:v libtheora -c:a libvorbis {.}.mkv
              quire exec ~/Music --only wav --return '{.}.flac' \\
                -- flac -s -T title={/.} -o {.}.flac {}
              quire exec logs/ --table '(?<lines>\\d+) +(?<words>\\d+) +(?<bytes>\\d+)' -- wc
              quire exec scans/ --only dcm --return '{.}.png' --expect-output \\
                -- convert {} -density 300 -crop 512x512+0+0 {.}.png
              quire exec projects/ --dirs --having CMakeLists.txt \\
                --fail-if-output 'CMake Error' -- cmake -S {} -B {}/build
              quire exec --range 1-240:2 --send scene.blend --cpus all --hosts farm.yaml \\
                --return 'frames/{#4}.png' -- blender -b scene.blend -o //frames/#### -f {}
              quire exec --args-from guests.csv --columns comma \\
                -- ./greet --name {1} --town {2}
              quire exec logs/ --shell -- 'zcat {} | grep -c ERROR'

            PLACEHOLDERS
              {}      the path, line or number
              {.}     without its extension
              {/}     the name without folders
              {//}    the folder; . if there is none
              {/.}    the name without extension
              {#}     the task's place from 1; with --range the number itself
              {#4}    the same with zeros to four digits
              {1}     a column of --columns, empty where the line has fewer;
                      {1.} {1/} {1//} {1/.} as above
              Arguments with none of them get {} at the end. Anything else in braces
              stays as it is; there is no escape.

            With --json the facts take the place of what programs print, which --results
            keeps.
            """)

    @OptionGroup(title: "Tasks") var source: ExecSources

    /// The program and its arguments: what stood behind `--`; see `split`. Nil where there was no `--`.
    var words: [[UInt8]]?

    @OptionGroup(title: "Outputs") var outputs: ExecOutputs
    @OptionGroup(title: "Program") var terms: ExecTerms
    @OptionGroup(title: "What programs print") var printing: ExecPrinting
    @OptionGroup(title: "Hosts") var hosts: HostOptions
    @OptionGroup(title: "Job") var job: RunningOptions

    func validate() throws {
        if terms.expectOutput && outputs.returns.isEmpty { throw ValidationError("--expect-output looks at declared outputs; add --return TEMPLATE.") }
        if terms.halt != nil && job.maxFailures != nil { throw ValidationError("--halt and --max-failures both end the job at failures; keep one of them.") }
        if job.json && printing.table != nil && !job.dryRun {
            throw ValidationError("--json and --table both write to standard output; for the table as JSON write --table-format json.")
        }
        if outputs.resume && job.overwrite == .always { throw ValidationError("--resume leaves out what was done, and --overwrite always does it again; keep one of them.") }
        if source.inputs.filter({ $0.input == .standardInput }).count > 1 { throw ValidationError("Standard input can be read once; name - in one place.") }
    }

    func run() throws {
        var settings = RunSettings(purpose: .program, version: Quire.version, command: CommandLine.arguments)
        let program: ProgramSettings
        guard let words else { throw HeadError.usage("no program is named. \(Self.reminder)") }
        do throws(ProgramError) {
            program = try self.program(words, &settings)
        } catch {
            throw HeadError.usage("\(error)")
        }
        settings.program = program
        settings.spoolFolder = printing.spool?.path
        if let hosts = hosts.settings { settings.hosts = hosts }
        try job.apply(to: &settings)
        let status = try Session(settings, programs: try Session.Programs()).run()
        throw ExitCode(status.rawValue)
    }

    private func program(_ words: [[UInt8]], _ settings: inout RunSettings) throws(ProgramError) -> ProgramSettings {
        let columns: ColumnSeparator?
        if let text = source.columns { columns = try ColumnSeparator(parsing: text.bytes) } else { columns = nil }
        var spec = try ProgramSpec(
            words: words, returns: outputs.returns.map(\.bytes), columns: columns, usesShell: terms.shell, argumentKind: source.argumentKind)
        try terms.apply(to: &spec)
        try spec.check()
        var program = ProgramSettings(spec: spec)
        try source.apply(to: &settings, &program)
        try terms.apply(to: &program)
        try printing.apply(to: &program)
        program.sent = outputs.send.map(\.path)
        program.resumes = outputs.resume
        return program
    }

    private static let reminder = "Put -- before the program: quire exec [options] INPUT... -- PROGRAM ARG..."

    /// What to say besides a parser's complaint: when the program was not set off by `--`, its options were taken for quire's; and options
    /// of GNU parallel and xargs have other names here.
    static func reminder(for arguments: [String]) -> String? {
        guard isExec(arguments) else { return nil }
        guard arguments.contains("--") else { return reminder }
        for word in split(arguments).own.dropFirst() {
            if let hint = ForeignOptions.hint(for: word) { return "\(word): \(hint)" }
        }
        return nil
    }

    /// Cuts off the program behind the first `--`: the parser allows no second list of words, and none of them is an option of quire's.
    static func split(_ arguments: [String]) -> (own: [String], program: [[UInt8]]?) {
        guard isExec(arguments), let cut = arguments.firstIndex(of: "--") else { return (arguments, nil) }
        return (Array(arguments[..<cut]), arguments[(cut + 1)...].map { RawArguments.path($0).bytes })
    }

    private static func isExec(_ arguments: [String]) -> Bool { arguments.first == configuration.commandName }
}
