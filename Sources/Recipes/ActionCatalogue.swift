import JobModel

/// Every action once: what the parser, the canonical encoding, the help, the JSON Schema and the error messages all read.
public enum ActionCatalogue {
    /// In the order of the help.
    public static let actions: [ActionDescription] = ActionName.allCases.map { $0.bodyType.description }

    private static let byName = Dictionary(uniqueKeysWithValues: actions.map { ($0.name, $0) })

    public static func description(of name: ActionName) -> ActionDescription {
        guard let description = byName[name] else { preconditionFailure("\(name) is in no catalogue") }
        return description
    }
}

public struct ActionDescription: Sendable {
    public let name: ActionName
    public let family: ActionFamily
    /// One sentence.
    public let summary: String
    /// The field that `name: value` sets; nil for an action without fields.
    public let mainField: String?
    public let fields: [FieldDescription]
    /// One entry of an action list, as YAML in one line.
    public let example: String
}

public struct FieldDescription: Sendable {
    public enum Presence: Hashable, Sendable {
        case required
        /// May be left away, which has a meaning of its own.
        case optional
        /// Left away it is this, in the field's own spelling.
        case fixed(String)
    }

    public let name: String
    /// One sentence.
    public let summary: String
    public let kind: FieldKind
    public let presence: Presence

    init(_ name: String, _ summary: String, _ kind: FieldKind, _ presence: Presence) {
        self.name = name
        self.summary = summary
        self.kind = kind
        self.presence = presence
    }
}
