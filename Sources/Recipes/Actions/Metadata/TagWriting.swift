internal import ImageFiles
public import Variables

/// Set one tag to a text.
public struct TagWriting: MetadataAction {
    public var tag = ""
    public var value = TextTemplate.empty

    public init() {}
    public init(_ tag: String, _ value: TextTemplate) { (self.tag, self.value) = (tag, value) }

    public static var name: ActionName { .writeTag }
    public static var summary: String { "Write one EXIF, IPTC or XMP tag and leave all others as they are." }
    public static var example: String { #"write-tag: {tag: "exif:Copyright", value: "© {year} {exif:Artist|Jane Doe}"}"# }

    public static var fields: [FieldBinding<TagWriting>] {
        [
            FieldBinding("tag", "Which: exif:Artist, iptc:Keywords, xmp:dc:title.", .text(bytesMax: 200), \.tag, required: true),
            FieldBinding(
                "value", "The text, with variables in braces; several values of a list are parted by semicolons.", .template, \.value,
                required: true),
        ]
    }

    public var sentence: String { "write \(tag): \(value.text)" }

    public var problem: RecipeProblem? {
        if let problem = Self.problem(inTag: tag, writes: true) { return problem }
        // Without variables the value is the same for all files.
        guard value.variables.isEmpty, let tag = MetadataTag(named: tag), let text = value.constantText else { return nil }
        do throws(ImageFileError) { _ = try tag.value(from: text) } catch { return .contradiction("write-tag: \(error.reason)") }
        return nil
    }

    public func add(to list: inout StepList) throws(RecipeError) {
        guard let tag = MetadataTag(named: tag) else { preconditionFailure("write-tag of \(self.tag) passed its check") }
        let text = try list.text(value, "value", .writeTag)
        do throws(ImageFileError) {
            list.append(.edit(.setTag(tag, try tag.value(from: text))))
        } catch {
            throw RecipeError(.unanswered("value of write-tag: \(error.reason)"))
        }
    }
}

/// Give the value of one tag to another.
public struct TagRenaming: MetadataAction {
    public var from = ""
    public var to = ""

    public init() {}

    public static var name: ActionName { .renameTag }
    public static var summary: String { "Give one tag's value to another tag; a file without the first stays as it is." }
    public static var example: String { #"rename-tag: {from: "exif:Artist", to: "xmp:dc:creator"}"# }

    public static var fields: [FieldBinding<TagRenaming>] {
        [
            FieldBinding("from", "The tag that goes.", .text(bytesMax: 200), \.from, required: true),
            FieldBinding("to", "The tag that gets its value, whatever it held.", .text(bytesMax: 200), \.to, required: true),
        ]
    }

    public var sentence: String { "rename \(from) to \(to)" }

    public var problem: RecipeProblem? {
        if let problem = Self.problem(inTag: from, writes: false) ?? Self.problem(inTag: to, writes: false) { return problem }
        if MetadataTag(named: from) == MetadataTag(named: to) { return .contradiction("rename-tag: from and to are one tag") }
        return nil
    }

    public func add(to list: inout StepList) {
        guard let old = MetadataTag(named: from), let new = MetadataTag(named: to) else { preconditionFailure("rename-tag passed its check") }
        list.append(.edit(.renameTag(old, to: new)))
    }
}

/// Delete kinds of metadata, or single tags.
public struct TagDeletion: MetadataAction {
    public var tags: [String] = []

    public init() {}

    private static let kinds: [String: KeptMetadata] = ["exif": .exif, "iptc": .iptc, "xmp": .xmp]

    public static var name: ActionName { .deleteTags }
    public static var summary: String { "Delete all metadata, all of one kind, or single tags; the picture keeps its look." }
    public static var mainField: String? { "tags" }
    public static var example: String { #"delete-tags: [iptc, "exif:BodySerialNumber"]"# }

    public static var fields: [FieldBinding<TagDeletion>] {
        [FieldBinding("tags", "all, exif, iptc, xmp, or tags by their names; one or several.", .texts(countMax: 100), \.tags, required: true)]
    }

    public var sentence: String { "delete \(tags.joined(separator: ", ")) \(tags == ["all"] ? "metadata" : "tags")" }

    public var problem: RecipeProblem? {
        for tag in tags where tag != "all" && Self.kinds[tag] == nil {
            if let problem = Self.problem(inTag: tag, writes: false) { return problem }
        }
        return nil
    }

    public func add(to list: inout StepList) {
        for name in tags {
            if name == "all" {
                list.append(.edit(.dropAll(keepOrientation: true)))
            } else if let kind = Self.kinds[name] {
                list.append(.edit(.drop([kind])))
            } else if let tag = MetadataTag(named: name) {
                list.append(.edit(.deleteTag(tag)))
            }
        }
    }
}

/// Say that only metadata may change.
public struct TagSaving: ActionBody {
    public init() {}

    public static var name: ActionName { .saveTags }
    public static var family: ActionFamily { .metadata }
    public static var summary: String { "Change metadata only: pixels stay byte for byte, and a file that does not allow it fails." }
    public static var example: String { "save-tags" }
    public static var fields: [FieldBinding<TagSaving>] { [] }
    public var sentence: String { "save tags only, without touching the picture" }
    public var changesPixels: Bool { false }
    public func add(to list: inout StepList) {}
}
