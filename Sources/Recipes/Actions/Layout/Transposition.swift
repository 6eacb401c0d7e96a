/// One of the ways to lay the picture down that moves pixels only.
public struct Transposition: ActionBody {
    public enum Method: String, CaseIterable, Sendable {
        /// What the picture's Orientation says.
        case orientation
        case flipHorizontal = "flip-horizontal"
        case flipVertical = "flip-vertical"
        case rotate90 = "rotate-90"
        case rotate180 = "rotate-180"
        case rotate270 = "rotate-270"
        /// Rows become columns: about the diagonal from the upper left.
        case transpose
        /// About the diagonal from the upper right.
        case transverse
    }
    public var method = Method.orientation

    public init() {}
    public init(_ method: Method) { self.method = method }

    public static var name: ActionName { .transpose }
    public static var family: ActionFamily { .layout }
    public static var summary: String { "Flip or turn by right angles, clockwise, or as Orientation says." }
    public static var mainField: String? { "method" }
    public static var example: String { "transpose: transverse" }
    public static var fields: [FieldBinding<Transposition>] { [FieldBinding("method", "How.", \.method)] }

    public var sentence: String {
        switch method {
        case .orientation: AutoOrient().sentence
        case .flipHorizontal: Flip(.horizontal).sentence
        case .flipVertical: Flip(.vertical).sentence
        case .rotate90: Rotation(.quarter).sentence
        case .rotate180: Rotation(.half).sentence
        case .rotate270: Rotation(.threeQuarters).sentence
        case .transpose: "swap rows and columns"
        case .transverse: "swap rows and columns from the other corner"
        }
    }

    public func add(to list: inout StepList) throws(RecipeError) {
        switch method {
        case .orientation: AutoOrient().add(to: &list)
        case .flipHorizontal: Flip(.horizontal).add(to: &list)
        case .flipVertical: Flip(.vertical).add(to: &list)
        case .rotate90: try Rotation(.quarter).add(to: &list)
        case .rotate180: try Rotation(.half).add(to: &list)
        case .rotate270: try Rotation(.threeQuarters).add(to: &list)
        case .transpose:
            Flip(.horizontal).add(to: &list)
            try Rotation(.threeQuarters).add(to: &list)
        case .transverse:
            Flip(.horizontal).add(to: &list)
            try Rotation(.quarter).add(to: &list)
        }
    }
}
