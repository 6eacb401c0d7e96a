public import JobModel

/// What every task of a job that runs a program shares: the program, its arguments, its outputs, and when it has succeeded.
///
/// A plain value. `commandLine` says what to start for one task, `outputPaths` what that task makes; neither looks at any file.
/// Its canonical bytes travel to hosts, where the same templates are filled in with that host's own paths.
public struct ProgramSpec: Hashable, Sendable {
    /// Longest single argument Linux takes, MAX_ARG_STRLEN without its NUL (execve(2)).
    public static let argumentBytesMax = (128 << 10) - 1
    public static let wordsMax = 10_000
    /// The number of `--return`, `--env` and `--fail-if-output` each.
    public static let listMax = 256
    public static let textBytesMax = 4096
    public static let graceMillisecondsMax: UInt32 = 3_600_000
    public static let usualGraceMilliseconds: UInt32 = 5000

    /// The program and its arguments as the user gave them.
    public let words: [[UInt8]]
    /// What is filled in for each task, the program first; one text if a shell runs it. `{}` stands at the end if no word had a placeholder.
    public let arguments: [ArgumentTemplate]
    /// Whether the words are joined by spaces and run by `/bin/sh -c`, values quoted so that the shell takes none for code.
    public let usesShell: Bool
    /// What the arguments of the tasks are: decides whether an output may be named like one.
    public let argumentKind: ArgumentKind
    /// Where outputs come to lie, in the order of `--return`.
    public let returns: [ArgumentTemplate]
    public let columns: ColumnSeparator?

    /// Added to the environment the program inherits; no name twice.
    public var environment: [EnvironmentVariable] = []
    /// Exit codes that are a success, ascending, 0 to 255.
    public var acceptedCodes: [Int32] = [0]
    /// Texts that make a task fail when the program prints one of them, on standard output or standard error.
    public var forbiddenTexts: [[UInt8]] = []
    /// Whether each declared output must exist and hold something.
    public var expectsOutput = false
    /// Between TERM and KILL.
    public var graceMilliseconds = usualGraceMilliseconds
    /// Whether lines are passed on while the program runs.
    public var streamsLines = false

    /// - Parameters:
    ///   - words: the program first.
    ///   - returns: templates of outputs; relative ones lie in the working folder, `..` is allowed.
    public init(
        words: [[UInt8]], returns: [[UInt8]] = [], columns: ColumnSeparator? = nil, usesShell: Bool = false, argumentKind: ArgumentKind = .file
    ) throws(ProgramError) {
        guard let program = words.first, !program.isEmpty else { throw .noProgram }
        guard words.count <= Self.wordsMax else { throw .tooLong("the list of arguments", limit: "\(Self.wordsMax)") }
        guard returns.count <= Self.listMax else { throw .tooLong("the list of --return", limit: "\(Self.listMax)") }
        for word in words { try Self.checkArgument(word, what: "an argument of the program") }
        if case .bytes(let separator)? = columns { try ColumnSeparator.check(separator) }
        let hasColumns = columns != nil
        var templates: [ArgumentTemplate] = []
        for text in returns {
            guard !text.isEmpty else { throw .badValue("", of: "--return", accepted: "a name for the output, such as '{.}.mkv'") }
            guard text.count <= Self.textBytesMax else { throw .tooLong("--return '\(shown(text))'", limit: "\(Self.textBytesMax) bytes") }
            guard !text.contains(0) else { throw .holdsNUL("--return '\(shown(text))'") }
            let template = try ArgumentTemplate(text, hasColumns: hasColumns)
            guard !templates.contains(where: { $0.text == text }) else { throw .repeatedReturn(shown(text)) }
            if argumentKind.isPath, template.parts == [.placeholder(.value(.argument, .whole), .none)] {
                throw .outputIsInput(template: shown(text))
            }
            templates.append(template)
        }
        var complete = words
        if !words.contains(where: { Placeholder.stands(in: $0, hasColumns: hasColumns) }) { complete.append(Array("{}".utf8)) }
        if usesShell {
            let text = Array(complete.joined(separator: [UInt8(ascii: " ")]))
            try Self.checkArgument(text, what: "the text for the shell")
            arguments = [
                try ArgumentTemplate(text, hasColumns: hasColumns, returns: templates, isForShell: true)
            ]
        } else {
            var arguments: [ArgumentTemplate] = []
            for (index, word) in complete.enumerated() {
                // The program itself is no output.
                arguments.append(
                    try ArgumentTemplate(word, hasColumns: hasColumns, returns: index == 0 ? [] : templates))
            }
            self.arguments = arguments
        }
        self.words = words
        self.usesShell = usesShell
        self.argumentKind = argumentKind
        self.columns = columns
        self.returns = templates
    }

    /// Whether an argument names the output of this index, so that the program writes where it is told; else it writes by itself at
    /// the final path.
    public func isMentioned(output index: Int) -> Bool { arguments.contains { $0.mentionedOutputs.contains(index) } }

    private static func checkArgument(_ bytes: [UInt8], what: String) throws(ProgramError) {
        guard bytes.count <= argumentBytesMax else { throw .tooLong(what, limit: "\(argumentBytesMax) bytes") }
        guard !bytes.contains(0) else { throw .holdsNUL(what) }
    }

    /// Refuses what `init` and the types leave open: codes, texts, names of variables, and all limits.
    public func check() throws(ProgramError) {
        let codes = "exit codes from 0 to 255, such as 0,1"
        guard !acceptedCodes.isEmpty, acceptedCodes.allSatisfy({ (0...255).contains($0) }), acceptedCodes == Set(acceptedCodes).sorted() else {
            throw .badValue(acceptedCodes.map { "\($0)" }.joined(separator: ","), of: "list of exit codes", accepted: codes)
        }
        guard environment.count <= Self.listMax else { throw .tooLong("the list of --env", limit: "\(Self.listMax)") }
        for variable in environment { try variable.check() }
        guard Set(environment.map(\.name)).count == environment.count else {
            throw .badValue("a name given twice", of: "environment", accepted: "each name once")
        }
        guard forbiddenTexts.count <= Self.listMax else { throw .tooLong("the list of --fail-if-output", limit: "\(Self.listMax)") }
        for text in forbiddenTexts {
            guard (1...Self.textBytesMax).contains(text.count) else {
                throw .badValue(shown(text), of: "text for --fail-if-output", accepted: "1 to \(Self.textBytesMax) bytes")
            }
        }
        guard graceMilliseconds <= Self.graceMillisecondsMax else {
            throw .badValue("\(graceMilliseconds / 1000)", of: "grace", accepted: "0 to \(Self.graceMillisecondsMax / 1000) seconds")
        }
    }
}

extension ArgumentKind {
    /// Whether an output of the argument's name would be the input itself.
    var isPath: Bool {
        switch self {
        case .file, .folder: true
        case .text: false
        }
    }
}

/// A variable of a program's environment, in the system's own bytes.
public struct EnvironmentVariable: Hashable, Sendable {
    public var name: [UInt8]
    public var value: [UInt8]

    public init(name: [UInt8], value: [UInt8]) {
        self.name = name
        self.value = value
    }

    func check() throws(ProgramError) {
        guard !name.isEmpty, !name.contains(UInt8(ascii: "=")), !name.contains(0) else {
            throw .badValue(shown(name), of: "name of an environment variable", accepted: "NAME=VALUE or NAME")
        }
        guard !value.contains(0) else { throw .holdsNUL("--env \(shown(name))") }
        guard name.count + value.count < ProgramSpec.argumentBytesMax else {
            throw .tooLong("--env \(shown(name))", limit: "\(ProgramSpec.argumentBytesMax - 1) bytes")
        }
    }
}
