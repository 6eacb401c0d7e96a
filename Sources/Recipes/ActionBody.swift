public import JobModel

/// An action as a value of its own type: everything about it but how pixels are made stands in one place.
///
/// A conforming struct has its defaults as initial values and lists its fields once; the parser, the canonical encoding, the help,
/// the JSON Schema and the error messages read that list.
public protocol ActionBody: Hashable, Sendable {
    /// All fields at their defaults; required ones hold anything.
    init()
    /// Of the fields of a recipe file; the one that comes with this protocol takes each as it is.
    /// Throws `missingField` and what `problem` says.
    init(fields: ActionFields) throws(RecipeError)
    static var name: ActionName { get }
    static var family: ActionFamily { get }
    /// One sentence.
    static var summary: String { get }
    /// The field that `name: value` sets; nil for an action that has none or no foremost one.
    static var mainField: String? { get }
    /// In the order of the help and of the canonical encoding.
    static var fields: [FieldBinding<Self>] { get }
    /// One entry of an action list, as YAML in one line: `shadow: {blur: 8px}`. Shown in the help and the gallery.
    static var example: String { get }
    /// What it does with these values, for a person, without a dot at the end.
    var sentence: String { get }
    /// False for what concerns metadata or files only.
    var changesPixels: Bool { get }
    /// The action it is another word for; itself for all that have a meaning of their own.
    var meaning: any ActionBody { get }
    /// What is wrong between its own fields.
    var problem: RecipeProblem? { get }
    /// Works out what it does to the picture the list has come to; nothing for an action that leaves pixels alone.
    func add(to list: inout StepList) throws(RecipeError)
}

extension ActionBody {
    public static var mainField: String? { nil }
    public var changesPixels: Bool { true }
    public var problem: RecipeProblem? { nil }
    public var meaning: any ActionBody { self }

    static var description: ActionDescription {
        ActionDescription(
            name: name, family: family, summary: summary, mainField: mainField, fields: fields.map(\.description), example: example)
    }

    public init(fields: ActionFields) throws(RecipeError) {
        self.init()
        for field in Self.fields {
            if let value = fields.value(field.description.name) {
                field.write(&self, value)
            } else if field.description.presence == .required {
                let accepted = field.description.kind.accepted
                throw RecipeError(.missingField(field.description.name, of: Self.name.rawValue, accepted: accepted))
            }
        }
        if let problem { throw RecipeError(problem) }
    }

    var fieldValues: [(name: String, value: FieldValue)] {
        Self.fields.compactMap { field in field.read(self).map { (field.description.name, $0) } }
    }

    /// The same with each asset replaced, in the order of the fields.
    func mapAssets(_ change: (Asset) -> Asset) -> Self {
        var result = self
        for field in Self.fields {
            if case .asset(let asset)? = field.read(self) { field.write(&result, .asset(change(asset))) }
        }
        return result
    }
}

/// Which part of the help and the gallery an action stands in.
public enum ActionFamily: String, CaseIterable, Sendable {
    case layout, tone, filter, decoration, metadata, file
}

/// A field of an action's struct: its description and how it is read and set.
public struct FieldBinding<Body: ActionBody>: Sendable {
    public let description: FieldDescription
    let read: @Sendable (Body) -> FieldValue?
    let write: @Sendable (inout Body, FieldValue) -> Void

    /// A field that is kept in another way than one value a property.
    init(
        _ name: String, _ summary: String, _ kind: FieldKind, _ presence: FieldDescription.Presence,
        read: @escaping @Sendable (Body) -> FieldValue?, write: @escaping @Sendable (inout Body, FieldValue) -> Void
    ) {
        description = FieldDescription(name, summary, kind, presence)
        self.read = read
        self.write = write
    }

    /// A field that always has a value: its default, unless it is required.
    init<Value: FieldType>(
        _ name: String, _ summary: String, _ kind: FieldKind, _ path: any WritableKeyPath<Body, Value> & Sendable, required: Bool = false
    ) {
        let presence: FieldDescription.Presence = required ? .required : .fixed(Body()[keyPath: path].fieldValue.text)
        description = FieldDescription(name, summary, kind, presence)
        read = { $0[keyPath: path].fieldValue }
        write = { body, value in body[keyPath: path] = Self.taken(value, name) }
    }

    /// A field that may be left away, which has a meaning of its own.
    init<Value: FieldType>(_ name: String, _ summary: String, _ kind: FieldKind, _ path: any WritableKeyPath<Body, Value?> & Sendable) {
        description = FieldDescription(name, summary, kind, .optional)
        read = { $0[keyPath: path]?.fieldValue }
        write = { body, value in body[keyPath: path] = Self.taken(value, name) as Value }
    }

    /// One of the words of an enumeration.
    init<Choice: CaseIterable & RawRepresentable<String> & Sendable>(
        _ name: String, _ summary: String, _ path: any WritableKeyPath<Body, Choice> & Sendable, required: Bool = false
    ) {
        let words = Choice.allCases.map(\.rawValue)
        let presence: FieldDescription.Presence = required ? .required : .fixed(Body()[keyPath: path].rawValue)
        description = FieldDescription(name, summary, .choice(words), presence)
        read = { .word($0[keyPath: path].rawValue) }
        write = { body, value in body[keyPath: path] = Self.chosen(value, name) }
    }

    /// One of the words of an enumeration, or left away. `absent` is a further word that means left away.
    init<Choice: CaseIterable & RawRepresentable<String> & Sendable>(
        _ name: String, _ summary: String, _ path: any WritableKeyPath<Body, Choice?> & Sendable, absent: String? = nil
    ) {
        let words = Choice.allCases.map(\.rawValue)
        let presence: FieldDescription.Presence = absent.map { .fixed($0) } ?? .optional
        description = FieldDescription(name, summary, .choice((absent.map { [$0] } ?? []) + words), presence)
        read = { body in (body[keyPath: path]?.rawValue ?? absent).map(FieldValue.word) }
        write = { body, value in
            if case .word(let word) = value, word == absent { body[keyPath: path] = nil } else { body[keyPath: path] = Self.chosen(value, name) as Choice }
        }
    }

    /// The same, but not written where it is at its default, so that recipes from before the field was there keep their meaning.
    func silentAtDefault() -> FieldBinding<Body> {
        guard case .fixed(let usual) = description.presence else { preconditionFailure("\(description.name) has no default") }
        return FieldBinding(
            description.name, description.summary, description.kind, description.presence,
            read: { [read] body in
                let value = read(body)
                return value?.text == usual ? nil : value
            }, write: write)
    }

    private static func taken<Value: FieldType>(_ value: FieldValue, _ name: String) -> Value {
        guard let taken = Value(value) else { preconditionFailure("kind and type of \(Body.name.rawValue).\(name) disagree") }
        return taken
    }

    private static func chosen<Choice: RawRepresentable<String>>(_ value: FieldValue, _ name: String) -> Choice {
        guard case .word(let word) = value, let choice = Choice(rawValue: word) else {
            preconditionFailure("kind and type of \(Body.name.rawValue).\(name) disagree")
        }
        return choice
    }
}
