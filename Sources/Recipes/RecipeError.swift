import JobModel

/// Why a recipe, a flag's value or a canonical encoding is refused. `description` is one line for a person.
public struct RecipeError: Error, Hashable, Sendable, CustomStringConvertible {
    /// Nil for a text that came from no file, such as a flag's value.
    public var place: RecipePlace?
    public var problem: RecipeProblem

    public init(_ problem: RecipeProblem, at place: RecipePlace? = nil) {
        self.problem = problem
        self.place = place
    }

    public var description: String {
        guard let place else { return problem.description }
        return "\(place.file):\(place.line):\(place.column): \(problem.description)"
    }
}

/// A place in a recipe file; line and column count from 1.
public struct RecipePlace: Hashable, Sendable {
    public var file: String
    public var line: Int
    public var column: Int

    public init(file: String, line: Int, column: Int) {
        self.file = file
        self.line = line
        self.column = column
    }
}

/// The closed list of what can be wrong with a recipe.
public enum RecipeProblem: Hashable, Sendable {
    /// A name at the top of the file that is neither `name`, `actions` nor `pdf`.
    case unknownKey(String, accepted: [String])
    case unknownAction(String, accepted: [String])
    case unknownField(String, of: String, accepted: [String])
    case repeatedField(String)
    case missingField(String, of: String, accepted: String)
    /// A value that is no such thing or out of range; `accepted` says what is.
    case badValue(String, for: String, accepted: String)
    /// A list or map where a plain value belongs, or the other way round.
    case wrongShape(of: String, accepted: String)
    case tooLong(String, limit: String)
    /// Actions that follow the last save and so have no effect.
    case saveNotLast
    /// Two saves that would have one name.
    case savedTwice
    /// Two wishes that cannot both be met, in words.
    case contradiction(String)
    /// A text or a length that needs what a file has not; the file fails, not the recipe.
    case unanswered(String)
    /// An action would make more pixels of a file than the job allows; the file fails, not the recipe.
    case tooManyPixels(of: String, width: Int, height: Int, limit: UInt64)
    /// Bytes that are no canonical recipe of this version.
    case notCanonical(String)
}

extension RecipeProblem: CustomStringConvertible {
    public var description: String {
        switch self {
        case .unknownKey(let name, let accepted): unknown("key", name, accepted)
        case .unknownAction(let name, let accepted): unknown("action", name, accepted)
        case .unknownField(let name, let owner, let accepted):
            accepted.isEmpty ? "\(owner) has no fields, not \(quoted(name))" : unknown("field of \(owner)", name, accepted)
        case .repeatedField(let name): "\(quoted(name)) is given twice"
        case .missingField(let name, let owner, let accepted): "\(owner) needs \(name): \(accepted)"
        case .badValue(let text, let name, let accepted):
            text.isEmpty ? "\(name) has no value; accepted: \(accepted)" : "\(name) cannot be \(quoted(text)); accepted: \(accepted)"
        case .wrongShape(let name, let accepted): "\(name) must be \(accepted)"
        case .tooLong(let name, let limit): "\(name) is too long; at most \(limit)"
        case .saveNotLast: "what follows the last save has no effect; save must be the last action"
        case .savedTwice: "two saves would write files of one name; give one of them 'name' or 'in'"
        case .contradiction(let text), .unanswered(let text): text
        case .tooManyPixels(let action, let width, let height, let limit):
            "\(action) would make a picture of \(width) x \(height) pixels; the limit is \(limit) pixels (--max-pixels)"
        case .notCanonical(let text): "not a recipe this build can read: \(text)"
        }
    }

    private func unknown(_ what: String, _ name: String, _ accepted: [String]) -> String {
        guard let near = nearestName(to: name, among: accepted) else {
            return "unknown \(what) \(quoted(name)); accepted: \(accepted.joined(separator: ", "))"
        }
        return "unknown \(what) \(quoted(name)); did you mean '\(near)'?"
    }
}

/// Foreign text for one line of a message: cut to 60 characters, control characters made visible.
func quoted(_ text: String) -> String {
    let limit = 60
    let shown = text.unicodeScalars.prefix(limit).map { $0.properties.generalCategory == .control ? "\u{FFFD}" : String($0) }
    return "'" + shown.joined() + (text.unicodeScalars.count > limit ? "…'" : "'")
}
