private import JobModel

/// Why an expression or a text is refused, or has no value for a file.
public enum VariableError: Error, Hashable, Sendable {
    /// Position from 1, in characters.
    case badExpression(String, position: Int, problem: ExpressionProblem)
    /// The file does not have it, and no default is given.
    case missing(Variable)
    /// A text where arithmetic needs a number.
    case notANumber(Variable, value: String)
    /// A division by zero, the root of a negative number, or a result beyond all sizes.
    case noResult(String)
}

public enum ExpressionProblem: Hashable, Sendable {
    case empty
    case tooLong(bytesMax: Int)
    case tooDeep(levelsMax: Int)
    case unexpected(String)
    case unclosed
    case unknownName(String, accepted: [String])
    case missingTag
    case badPart(String)
    case badWidth(String)
    case argumentCount(String, wanted: String)
    /// A length times a length, a text in a sum...
    case kindsDisagree(String)
    case percentHasNoMeaning
}

extension VariableError: CustomStringConvertible {
    public var description: String {
        switch self {
        case .badExpression(let text, let position, let problem): "'\(text)', at character \(position): \(problem)"
        case .missing(let variable):
            "the file has no \(variable.text); a default helps: {\(variable.text)|unknown}"
        case .notANumber(let variable, let value): "\(variable.text) is '\(value)', which is no number"
        case .noResult(let text): text
        }
    }
}

extension ExpressionProblem: CustomStringConvertible {
    public var description: String {
        switch self {
        case .empty: "nothing stands here"
        case .tooLong(let most): "longer than \(most) bytes"
        case .tooDeep(let most): "brackets within brackets, more than \(most) levels"
        case .unexpected(let text): "'\(text)' cannot stand here"
        case .unclosed: "a bracket is not closed"
        case .unknownName(let name, let accepted):
            nearestName(to: name, among: accepted).map { "unknown '\(name)'; did you mean '\($0)'?" }
                ?? "unknown '\(name)'; known: \(accepted.joined(separator: ", "))"
        case .missingTag: "a tag's name must follow, as in exif:Model"
        case .badPart(let name): "'.\(name)' is no part of a date; there are \(DatePart.allCases.map(\.rawValue).joined(separator: ", "))"
        case .badWidth(let text): "'\(text)' is no number of digits from 1 to \(TextTemplate.widthMax)"
        case .argumentCount(let name, let wanted): "\(name) takes \(wanted)"
        case .kindsDisagree(let text): text
        case .percentHasNoMeaning: "a share in % has no meaning here; give px, cm, mm, in or pt"
        }
    }
}
