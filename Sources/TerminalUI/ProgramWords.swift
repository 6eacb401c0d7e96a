public import JobModel

/// What is told of a job of programs in words of its own: its tasks need not be files.
public struct ProgramWords: Hashable, Sendable {
    /// Tasks that were started although an earlier start of theirs may have had effects: how many, and the first few of them.
    public private(set) var startedTwiceCount = 0
    public private(set) var startedTwice: [RawPath] = []

    public init() {}

    /// - Parameter first: at most `RunSummary.namesMax` are kept.
    public mutating func noteStartedTwice(_ count: Int, first: [RawPath]) {
        startedTwiceCount = count
        startedTwice = Array(first.prefix(RunSummary.namesMax))
    }

    /// `perhaps started twice, since a host or quire itself was lost or ended at once: 2 tasks (a.wav, b.wav); ...`
    var notes: [String] {
        guard startedTwiceCount > 0 else { return [] }
        let names = startedTwice.map(\.display).joined(separator: ", ") + (startedTwiceCount > startedTwice.count ? ", …" : "")
        return [
            "perhaps started twice, since a host or quire itself was lost or ended at once: \(HumanText.counted(startedTwiceCount, "task")) (\(names)); --at-most-once lets such tasks fail instead"
        ]
    }

    /// `started_twice`: `count`, and `first`, an array of `path`.
    var field: (String, JSONValue) {
        (
            "started_twice",
            .object([
                ("count", .integer(startedTwiceCount)), ("first", .array(startedTwice.map { .object(JSONValue.pathFields("path", $0)) })),
            ])
        )
    }
}

extension RunSummary {
    /// What a task of the job is called.
    var taskNoun: String { programs == nil ? "file" : "task" }
}

extension RunSummary.FailureGroup {
    /// What a person can do about tasks whose programs failed for this reason, ending in a command.
    ///
    /// - Parameter retry: the command that tries these once more.
    public func nextStepOfPrograms(retry: String) -> String {
        switch reason {
        case .exitCode, .signal: "read what the program says of these (quire report), then: \(retry)"
        case .output: "see what the program made of these, and whether every output is named with --return, then: \(retry)"
        case .timeout: "give these more time: \(retry) --timeout SECONDS"
        case .memory: "let each have more memory to itself (--memory SIZE), then: \(retry)"
        case .lost: "see whether the program did its work on these before their host was lost; if not: \(retry)"
        case .crashed: "what minded the program ended before it; see whether the program did its work, and if not: \(retry)"
        case .vanished: "these are gone since the job was planned; put them back, then: \(retry)"
        case .changed: "these were written to since the job was planned; take them as they are now with: \(retry)"
        case .denied: "give yourself the right to read the inputs and to write the outputs, or move away what took an output's name, then: \(retry)"
        case .noSpace: "make room, then: \(retry)"
        case .unreadable: "look at the disk, share or host these lie on, then: \(retry)"
        case .notImage, .truncated, .damaged, .tooLarge, .unsupported: "see what the report says of these, then: \(retry)"
        }
    }
}
