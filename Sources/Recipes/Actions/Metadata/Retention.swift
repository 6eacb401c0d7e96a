/// Drop metadata without changing how the picture looks.
public struct MetadataStripping: ActionBody {
    public var policy: StripPolicy

    public init() { self.init(.none) }
    public init(_ policy: StripPolicy) { self.policy = policy }

    public static var name: ActionName { .strip }
    public static var family: ActionFamily { .metadata }
    public static var summary: String { "Drop metadata without changing how the picture looks." }
    public static var mainField: String? { "what" }
    public static var example: String { "strip: gps" }

    public static var fields: [FieldBinding<MetadataStripping>] {
        [FieldBinding("what", "Nothing, the place only, or everything.", \.policy, required: true)]
    }

    public var sentence: String {
        switch policy {
        case .none: "keep all metadata"
        case .gps: "drop the place from the metadata"
        case .all: "drop all metadata"
        }
    }

    public var changesPixels: Bool { false }
    public func add(to list: inout StepList) {}
}

/// Keep only these kinds of metadata and drop all others.
public struct MetadataSelection: ActionBody {
    public var kinds: [MetadataKind]

    public init() { self.init([]) }
    public init(_ kinds: [MetadataKind]) { self.kinds = kinds }

    public static var name: ActionName { .keep }
    public static var family: ActionFamily { .metadata }
    public static var summary: String { "Keep only these kinds of metadata." }
    public static var mainField: String? { "kinds" }
    public static var example: String { "keep: [icc, copyright]" }

    public static var fields: [FieldBinding<MetadataSelection>] {
        [
            FieldBinding(
                "kinds", "What stays.", .choices(MetadataKind.allCases.map(\.rawValue)), .required,
                read: { .words($0.kinds.map(\.rawValue)) },
                write: { selection, value in
                    guard case .words(let words) = value else { preconditionFailure("kinds of keep are \(value)") }
                    selection.kinds = words.compactMap(MetadataKind.init)
                })
        ]
    }

    public var sentence: String {
        kinds.isEmpty ? "drop all metadata" : "keep only \(kinds.map(\.rawValue).joined(separator: ", ")) metadata"
    }

    public var changesPixels: Bool { false }
    public func add(to list: inout StepList) {}
}
