public import JobModel

/// What one task puts in the place of placeholders.
public struct ProgramValues: Hashable, Sendable {
    /// The file, folder, line or number, as the program gets it for `{}`.
    public var argument: RawPath
    /// The place in the plan from 1; in a range the number itself.
    public var number: Int64
    /// What stands where an argument mentions an output, in the order of `ProgramSpec.returns`: the final path for people, a hidden
    /// one while the program runs.
    public var outputs: [RawPath]

    public init(argument: RawPath, number: Int64, outputs: [RawPath] = []) {
        self.argument = argument
        self.number = number
        self.outputs = outputs
    }
}

extension ProgramSpec {
    private static let pathBytesMax = 4095
    private static let nameBytesMax = 255

    /// What to start: the program and its arguments, or `/bin/sh -c TEXT`.
    public func commandLine(_ values: ProgramValues) throws(ProgramError) -> [[UInt8]] {
        let task = TaskText(values, separator: columns)
        var words: [[UInt8]] = []
        words.reserveCapacity(arguments.count)
        for argument in arguments {
            let word = try argument.render(task)
            guard word.count <= Self.argumentBytesMax else { throw .argumentTooLong(bytes: word.count) }
            words.append(word)
        }
        return usesShell ? [Array("/bin/sh".utf8), Array("-c".utf8)] + words : words
    }

    /// Where the task's outputs come to lie, normalised, in the order of `returns`; relative ones lie in the working folder.
    ///
    /// `values.outputs` is not looked at. Throws where an output cannot be a file's name, is the input, or is named twice.
    public func outputPaths(_ values: ProgramValues) throws(ProgramError) -> [RawPath] {
        let task = TaskText(values, separator: columns)
        let input = values.argument.normalized
        var paths: [RawPath] = []
        for template in returns {
            if let column = template.columns.first(where: { $0 > task.columns.count }) {
                throw .missingColumn(column, template: shown(template.text), argument: values.argument)
            }
            let bytes = try template.render(task)
            let path = RawPath(bytes: bytes).normalized
            let name = path.lastComponent.bytes
            let isName = !name.isEmpty && bytes.last != slash && name != [dot] && name != [dot, dot]
            let isShort = path.bytes.count <= Self.pathBytesMax && path.bytes.split(separator: slash).allSatisfy { $0.count <= Self.nameBytesMax }
            guard isName, isShort, !bytes.contains(0) else { throw .unusableOutput(RawPath(bytes: bytes), template: shown(template.text)) }
            if argumentKind.isPath, path == input { throw .outputIsInput(template: shown(template.text)) }
            guard !paths.contains(path) else { throw .repeatedOutput(path) }
            paths.append(path)
        }
        return paths
    }

    /// The task's command on one line for people, with the outputs' final paths; a shell reads it back as it is run.
    public func displayCommand(_ values: ProgramValues) throws(ProgramError) -> String {
        var values = values
        values.outputs = try outputPaths(values)
        let words = try commandLine(values)
        if usesShell, let text = words.last, ShellWords.isOneLine(text) { return String(decoding: text, as: UTF8.self) }
        return ShellWords.display(words)
    }
}
