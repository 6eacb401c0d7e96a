/// Another program's work on the picture: it reads one file and writes another.
///
/// Run only where `--allow-commands` was given on this machine's command line; no worker of another host takes one. No shell: the
/// words go to the program as they stand.
public struct Command: ActionBody {
    /// How the picture travels to the program and back.
    public enum Exchange: String, CaseIterable, Sendable {
        case png, tiff, jpeg
    }

    public var run = ""
    public var exchange = Exchange.png

    public static let textBytesMax = 4000
    public init() {}

    public static var name: ActionName { .command }
    public static var family: ActionFamily { .file }
    public static var summary: String { "Let another program change the picture, from the file {in} to the file {out}; needs --allow-commands." }
    public static var mainField: String? { "run" }
    public static var example: String { "command: \"convert {in} -charcoal 2 {out}\"" }

    public static var fields: [FieldBinding<Command>] {
        [
            FieldBinding(
                "run", "The program and its arguments, quoted as for a shell where they hold spaces; no shell reads them.",
                .text(bytesMax: textBytesMax), \.run, required: true),
            FieldBinding("format", "Of both files; png and tiff lose nothing.", \.exchange),
        ]
    }

    public var problem: RecipeProblem? {
        guard let words = Self.words(of: run), !words.isEmpty else {
            return .badValue(run, for: "command", accepted: "words, each quote closed: convert {in} -charcoal 2 {out}")
        }
        for place in ["{in}", "{out}"] where !words.dropFirst().contains(where: { $0.contains(place) }) {
            return .contradiction("command has no \(place) among its arguments: the file the program \(place == "{in}" ? "reads" : "writes")")
        }
        return nil
    }

    public var sentence: String { "run \(run)" }

    public func add(to list: inout StepList) {
        list.appendUnsized(.command(CommandStep(words: Self.words(of: run) ?? [], exchange: exchange)))
    }

    /// The words of a command line: spaces part them, single and double quotes hold them together, a backslash takes the next
    /// character as it is. Nil where a quote is left open.
    static func words(of text: String) -> [String]? {
        var words: [String] = []
        var word: String?
        var quote: Character?
        var rest = text[...]
        while let character = rest.popFirst() {
            if character == "\\", quote != "'" {
                guard let next = rest.popFirst() else { return nil }
                word = (word ?? "") + String(next)
            } else if let open = quote {
                if character == open { quote = nil } else { word?.append(character) }
            } else if character == "'" || character == "\"" {
                quote = character
                word = word ?? ""
            } else if character.isWhitespace {
                if let done = word { words.append(done) }
                word = nil
            } else {
                word = (word ?? "") + String(character)
            }
        }
        if let word { words.append(word) }
        return quote == nil ? words : nil
    }
}

/// A program to run on the picture.
public struct CommandStep: Hashable, Sendable {
    /// The program's name and its arguments, in which `{in}` and `{out}` stand for two files.
    public let words: [String]
    public let exchange: Command.Exchange
}

extension Recipe {
    /// Whether it runs other programs, which only the user at this machine may allow.
    public var runsCommands: Bool { actions.contains { $0.body is Command } }

    /// The names of these programs, as the recipe has them, in the order of the actions.
    public var programs: [String] {
        actions.compactMap { action in (action.body as? Command).flatMap { Command.words(of: $0.run)?.first } }
    }
}
