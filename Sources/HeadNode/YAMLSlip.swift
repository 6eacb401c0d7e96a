/// What people get wrong in YAML, found beside the place where the parser gave up.
///
/// The parser says what it expected, which a person who writes one recipe a year does not understand. This looks at the lines
/// themselves, and guesses: it is asked only where reading has failed already.
enum YAMLSlip {
    /// What to do about it, naming the line; nil where nothing usual is seen.
    ///
    /// - Parameters:
    ///   - problem: what the parser says.
    ///   - line: where it gave up, from 1. The slip is on it or on one of the two before it.
    static func cure(of problem: String, in text: String, near line: Int) -> String? {
        let lines = text.split(omittingEmptySubsequences: false) { $0.isNewline }
        let near = lines.indices.filter { $0 + 1 >= line - linesBack && $0 + 1 <= line }.reversed()
        for rule in rules + (problem.hasPrefix("mapping values") ? [colon] : []) {
            for index in near {
                if let cure = rule(lines[index]) { return "line \(index + 1): \(cure)" }
            }
        }
        return nil
    }

    private static let linesBack = 2

    /// From the surest to the vaguest.
    private static let rules: [@Sendable (Substring) -> String?] = [tab, foreignBlank, dash, comment, brace, mark, apostrophe, openEnd]

    private static func tab(_ line: Substring) -> String? {
        line.prefix { $0.isWhitespace }.contains("\t") ? "there is a tab before the text; YAML takes blanks only" : nil
    }

    private static func foreignBlank(_ line: Substring) -> String? {
        line.contains("\u{A0}") ? "there is a no-break space where a blank belongs" : nil
    }

    private static func dash(_ line: Substring) -> String? {
        let content = line.drop { $0 == " " }
        guard content.first == "-", let next = content.dropFirst().first, next != " ", next != "-" else { return nil }
        return "a blank belongs behind the dash: - \(content.dropFirst())"
    }

    /// In braces a comment swallows their end.
    private static func comment(_ line: Substring) -> String? {
        guard let comment = line.firstRange(of: " #"), leavesBraceOpen(line[..<comment.lowerBound]) else { return nil }
        return "what follows # is a comment; put a colour in quotes: '#ff0000'"
    }

    /// `text: {year} {index}`: the first variable is read as a map.
    private static func brace(_ line: Substring) -> String? {
        guard let value = value(of: line), value.first == "{", let end = value.firstIndex(of: "}") else { return nil }
        let rest = value[value.index(after: end)...].drop { $0 == " " }
        return rest.isEmpty || rest.first == "#" ? nil : "put a text that begins with a brace in quotes: '{year}'"
    }

    /// These have a meaning of their own in YAML.
    private static func mark(_ line: Substring) -> String? {
        guard let mark = ["%", "@", "`", "*", "&"].first(where: { line.contains(": \($0)") }) else { return nil }
        return "put a text that begins with \(mark) in quotes"
    }

    private static func apostrophe(_ line: Substring) -> String? {
        guard let value = value(of: line), value.first == "'", value.count(where: { $0 == "'" }) > 2 else { return nil }
        return "put a text with an apostrophe in double quotes"
    }

    private static func openEnd(_ line: Substring) -> String? {
        if leavesBraceOpen(line) { return "a brace is not closed" }
        return line.count(where: { $0 == "\"" }) % 2 == 1 ? "a quote is not closed" : nil
    }

    private static func leavesBraceOpen(_ text: Substring) -> Bool {
        text.count(where: { $0 == "{" }) > text.count(where: { $0 == "}" })
    }

    private static func colon(_ line: Substring) -> String? {
        line.contains(": ") ? "give each action a line with a dash, its fields below it one step further in; put a text with a colon and a blank in quotes" : nil
    }

    /// What stands behind the first colon.
    private static func value(of line: Substring) -> Substring? {
        guard let colon = line.firstIndex(of: ":") else { return nil }
        let value = line[line.index(after: colon)...].drop { $0 == " " }
        return value.isEmpty ? nil : value
    }
}
