/// Turn the picture as its Orientation says and reset the tag.
public struct AutoOrient: ActionBody {
    public init() {}
    public static var name: ActionName { .autoOrient }
    public static var family: ActionFamily { .layout }
    public static var summary: String { "Turn the picture as its Orientation says and reset the tag." }
    public static var example: String { "auto-orient" }
    public static var fields: [FieldBinding<AutoOrient>] { [] }
    public var sentence: String { "turn upright as Orientation says" }
    public func add(to list: inout StepList) { list.wantsUpright = true }
}

/// Two sides change places.
public struct Flip: ActionBody {
    public var axis: FlipAxis

    public init() { self.init(.horizontal) }
    public init(_ axis: FlipAxis) { self.axis = axis }

    public static var name: ActionName { .flip }
    public static var family: ActionFamily { .layout }
    public static var summary: String { "Mirror the picture." }
    public static var mainField: String? { "axis" }
    public static var example: String { "flip: horizontal" }

    public static var fields: [FieldBinding<Flip>] {
        [FieldBinding("axis", "Which sides change places.", \.axis, required: true)]
    }

    public var sentence: String {
        switch axis {
        case .horizontal: "swap left and right"
        case .vertical: "swap top and bottom"
        }
    }

    public func add(to list: inout StepList) { list.append(.flip(axis)) }
}
