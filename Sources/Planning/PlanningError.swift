public import JobModel

/// Why a name template, a pattern or a name is refused. `description` is one line for a person.
public enum PlanningError: Error, Hashable, Sendable {
    /// `position` counts characters from 1.
    case badTemplate(String, position: Int, problem: TemplateProblem)
    /// The file has no such value and the template no default for it.
    case missingValue(variable: String)
    /// Arithmetic or a text that this file gives no result for; what it says is a line for a person.
    case noResult(String)
    /// A rendered name that cannot be a file's: empty, `.`, `..` or one that ends in a slash.
    case unusableName(RawPath)
    /// A part over 255 bytes or a path over 4,095 (NAME_MAX and PATH_MAX of Linux).
    case nameTooLong(RawPath)
    /// `position` counts bytes from 1.
    case badPattern(String, position: Int, problem: PatternProblem)
}

public enum TemplateProblem: Hashable, Sendable {
    case empty
    case tooLong(bytesMax: Int)
    case unclosedBrace
    case strayBrace
    case unknownVariable(String, accepted: [String])
    /// `{exif}` without a tag's name.
    case missingTag
    /// A width on a variable that is no number.
    case notANumber(String)
    case badWidth(String)
    case holdsNUL
    /// A slip in arithmetic or in the part of a date, in words.
    case badExpression(String)
}

public enum PatternProblem: Hashable, Sendable {
    case empty
    case tooLong(bytesMax: Int)
    case unclosedBracket
    case reversedRange
    case danglingBackslash
}

extension PlanningError: CustomStringConvertible {
    public var description: String {
        switch self {
        case .badTemplate(let text, let position, let problem):
            "name template '\(visible(text))', character \(position): \(problem.text)"
        case .missingValue(let variable):
            "the file has no \(visible(variable)) and the name template no default; write {\(visible(variable))|unknown}"
        case .noResult(let text): "the name template has no result for this file: \(visible(text))"
        case .unusableName(let path): "the name template gives '\(visible(path.display))', which cannot be a file's name"
        case .nameTooLong(let path): "the name template gives a name that is too long: '\(visible(path.display))'"
        case .badPattern(let text, let position, let problem): "pattern '\(visible(text))', byte \(position): \(problem.text)"
        }
    }
}

extension TemplateProblem {
    var text: String {
        switch self {
        case .empty: "it is empty"
        case .tooLong(let limit): "it is longer than \(limit) bytes"
        case .unclosedBrace: "this { has no }; a brace itself is written {{"
        case .strayBrace: "this } has no {; a brace itself is written }}"
        case .unknownVariable(let name, let accepted):
            nearestName(to: name, among: accepted).map { "unknown variable '\(visible(name))'; did you mean '\($0)'?" }
                ?? "unknown variable '\(visible(name))'; accepted: \(accepted.joined(separator: ", "))"
        case .missingTag: "exif needs a tag, as in {exif:Model|unknown}"
        case .notANumber(let name): "\(name) is no number and takes no width"
        case .badWidth(let text):
            "'\(visible(text))' is no width; accepted: 1 to \(NameTemplate.widthMax), with or without zeros before"
        case .holdsNUL: "it holds a NUL character"
        case .badExpression(let text): visible(text)
        }
    }
}

extension PatternProblem {
    var text: String {
        switch self {
        case .empty: "it is empty"
        case .tooLong(let limit): "it is longer than \(limit) bytes"
        case .unclosedBracket: "this [ has no ]; a bracket itself is written \\["
        case .reversedRange: "this range ends before it begins"
        case .danglingBackslash: "nothing follows the backslash"
        }
    }
}

/// Foreign text for one line of a message: cut to 100 characters, control characters made visible.
private func visible(_ text: String) -> String {
    let shown = text.unicodeScalars.prefix(100).map { $0.properties.generalCategory == .control ? "\u{FFFD}" : String($0) }
    return shown.joined() + (text.unicodeScalars.count > 100 ? "…" : "")
}
