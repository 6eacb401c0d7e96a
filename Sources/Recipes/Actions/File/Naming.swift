/// The picture as it is at this place, once more, in another folder or under another name; before any change, the input's own bytes.
///
/// A save by another name: what recipes mean by it is one.
public struct Copy: ActionBody {
    public var folder: String?
    public var title: String?

    public init() {}

    public static var name: ActionName { .copy }
    public static var family: ActionFamily { .file }
    public static var summary: String { "Write the picture as it is at this place; nothing changed yet, a copy byte for byte." }
    public static var mainField: String? { "in" }
    public static var example: String { "copy: originals" }

    public static var fields: [FieldBinding<Copy>] {
        [
            FieldBinding("in", "A folder below that of -o.", .text(bytesMax: 4000), \.folder),
            FieldBinding("name", "What the copy is called, such as '{stem}_original.{ext}'.", .text(bytesMax: 4000), \.title),
        ]
    }

    public var problem: RecipeProblem? {
        if let problem = Save.problem(ofFolder: folder) { return problem }
        return folder == nil && title == nil ? .contradiction("copy needs 'in' or 'name', so that it is not the result's own file") : nil
    }

    public var changesPixels: Bool { false }
    public var sentence: String { meaning.sentence }
    public var meaning: any ActionBody { Save(name: title, folder: folder) }
    public func add(to list: inout StepList) {}
}

/// The picture as it is at this place under another name; the input keeps its own, and its bytes where nothing changes them.
public struct Rename: ActionBody {
    public var title = ""

    public init() {}

    public static var name: ActionName { .rename }
    public static var family: ActionFamily { .file }
    public static var summary: String { "Write the picture as it is at this place under another name; the input keeps its own." }
    public static var mainField: String? { "to" }
    public static var example: String { "rename: \"{year}-{month}-{day}_{stem}.{ext}\"" }

    public static var fields: [FieldBinding<Rename>] {
        [FieldBinding("to", "The new name, with variables.", .text(bytesMax: 4000), \.title, required: true)]
    }

    public var changesPixels: Bool { false }
    public var sentence: String { meaning.sentence }
    public var meaning: any ActionBody { Save(name: title) }
    public func add(to list: inout StepList) {}
}
