import ArgumentParser
import HeadNode
import JobModel
import Planning
import Programs

/// What `quire exec` makes its tasks of: files, folders, lines of a list, or numbers.
struct ExecSources: ParsableArguments {
    @Argument(help: ArgumentHelp("Files, folders (with all below them), @LIST (a file with one name a line), or - for names on standard input.", valueName: "input"))
    var inputs: [PathArgument] = []

    @Flag(help: "Take the folders in each INPUT instead of the files.")
    var dirs = false

    @Option(help: ArgumentHelp("With --dirs: only folders that hold this. Repeatable: all of them.", valueName: "name"))
    var having: [PathArgument] = []

    @Flag(help: "With --dirs: folders at any depth, not only those directly in INPUT.")
    var recursive = false

    @Option(help: ArgumentHelp("Take only files with these extensions; others are counted and named in a warning.", valueName: "a,b"))
    var only: [String] = []

    @Option(help: ArgumentHelp("Leave out files with these extensions.", valueName: "a,b"))
    var skip: [String] = []

    @Option(help: ArgumentHelp("A task for each line of this file, or of standard input with -; the line is the argument, and no file need be of that name.", valueName: "file"))
    var argsFrom: PathArgument?

    @Option(parsing: .unconditional, help: ArgumentHelp("Cut each line of --args-from into {1}, {2}... at tab, comma, blanks, or this text.", valueName: "sep"))
    var columns: BytesArgument?

    @Option(parsing: .unconditional, help: ArgumentHelp("A task for each number: 1-240, 1-240:2, 10-1:-1, or several with commas.", valueName: "range"))
    var range: String?

    @Option(help: ArgumentHelp("Order over all inputs: natural, name or given. Without it: as named; inside a folder natural, files before subfolders."))
    var sort: InputSort?

    @OptionGroup var filters: InputFilters

    func validate() throws {
        let sources = [("INPUT", !inputs.isEmpty), ("--args-from", argsFrom != nil), ("--range", range != nil)].filter(\.1).map(\.0)
        if sources.isEmpty { throw ValidationError("Name what to work on: INPUT..., --args-from FILE or --range 1-240.") }
        if sources.count > 1 { throw ValidationError("\(sources.joined(separator: " and ")) each say what the tasks are; keep one of them.") }
        let takesFiles = !inputs.isEmpty && !dirs
        if !only.isEmpty && !skip.isEmpty { throw ValidationError("--only already leaves out every other extension; give --only or --skip.") }
        if !takesFiles {
            let given = [("--only", !only.isEmpty), ("--skip", !skip.isEmpty)]
            if let (name, _) = given.first(where: \.1) { throw ValidationError("\(name) chooses among files; it goes with INPUT, without --dirs.") }
        }
        if inputs.isEmpty {
            let given = [
                ("--dirs", dirs), ("--include", !filters.include.isEmpty), ("--exclude", !filters.exclude.isEmpty), ("--hidden", filters.hidden),
                ("--sort", sort != nil),
            ]
            if let (name, _) = given.first(where: \.1) { throw ValidationError("\(name) is about files and folders, and \(sources[0]) names none.") }
        }
        if !dirs {
            if !having.isEmpty { throw ValidationError("--having chooses folders; add --dirs.") }
            if recursive { throw ValidationError("--recursive is about --dirs; files are always taken from all folders below an INPUT.") }
        }
        if let name = having.first(where: { $0.path.isAbsolute || $0.path.bytes.split(separator: 0x2F).contains { $0.elementsEqual([0x2E, 0x2E]) } }) {
            throw ValidationError("--having \(name.path.display): a name inside the folder is wanted, such as CMakeLists.txt.")
        }
        if columns != nil, argsFrom == nil { throw ValidationError("--columns cuts lines; it goes with --args-from FILE.") }
        if filters.isNulSeparated, range != nil { throw ValidationError("-0 is about lists, and --range reads none.") }
        if sort == .date { throw ValidationError("--sort date looks into pictures, which exec does not; take natural, name or given.") }
    }

    /// What the argument of each task is.
    var argumentKind: ArgumentKind { inputs.isEmpty ? .text : dirs ? .folder : .file }

    func apply(to settings: inout RunSettings, _ program: inout ProgramSettings) throws(ProgramError) {
        settings.inputs = inputs.map(\.input)
        settings.sort = sort
        filters.apply(to: &settings)
        program.only = try Self.extensions(only, of: "--only")
        program.skip = try Self.extensions(skip, of: "--skip")
        if let range {
            program.source = .numbers(try NumberRange(parsing: range))
        } else if let argsFrom {
            program.source = .lines(argsFrom.path.bytes == [0x2D] ? .standardInput : .file(argsFrom.path))
        } else if dirs {
            program.source = .folders(having: having.map(\.path.normalized), isRecursive: recursive)
        }
    }

    /// `mp4,.AVI,*.mkv` as `mp4`, `avi` and `mkv`.
    private static func extensions(_ lists: [String], of option: String) throws(ProgramError) -> [String] {
        var names: [String] = []
        for word in lists.flatMap({ $0.split(separator: ",", omittingEmptySubsequences: false) }) {
            let name = word.dropFirst(word.hasPrefix("*.") ? 2 : word.hasPrefix(".") ? 1 : 0).lowercased()
            guard !name.isEmpty, !name.contains("/"), !name.contains("*"), !name.hasPrefix("."), !name.hasSuffix(".") else {
                throw .badValue(String(word), of: "extension for \(option)", accepted: "extensions with commas, such as mp4,tar.gz")
            }
            if !names.contains(name) { names.append(name) }
        }
        return names
    }
}
