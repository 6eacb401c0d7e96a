/// Puts the picture, unscaled, on a canvas of this size; what stands out is cut off.
public struct Canvas: Hashable, Sendable {
    public var width: Extent
    public var height: Extent
    public var gravity: Gravity
    /// Percent of the room that lies at the left and above; given, `gravity` has no say there.
    public var alignX: Double?
    public var alignY: Double?
    public var background: Paint

    public init(width: Extent, height: Extent, gravity: Gravity = .centre, background: Colour = .white) {
        self.width = width
        self.height = height
        self.gravity = gravity
        self.background = .colour(background)
    }
}

extension Canvas: ActionBody {
    public init() { self.init(width: .percent(100), height: .percent(100)) }

    public init(fields: ActionFields) throws(RecipeError) {
        let box = try fields.box(of: Self.name)
        self.init(width: box.width, height: box.height)
        fields.fill(&self)
    }

    public static var name: ActionName { .canvas }
    public static var family: ActionFamily { .layout }
    public static var summary: String { "Put the picture, unscaled, on a canvas; what stands out is cut off." }
    public static var mainField: String? { "size" }
    public static var example: String { "canvas: {size: 120%x120%, background: silver}" }

    public static var fields: [FieldBinding<Canvas>] {
        FieldBinding.box(\.width, \.height, .size(percent: true), side: .extent(from: 1)) + [
            FieldBinding("gravity", "Where the picture stands.", \.gravity),
            FieldBinding("background", "Colour behind the picture.", .paint, \.background),
            FieldBinding("align-x", "Instead of gravity: percent of the room that lies to the left.", .number(0...100), \.alignX),
            FieldBinding("align-y", "Instead of gravity: percent of the room that lies above.", .number(0...100), \.alignY),
        ]
    }

    public var sentence: String {
        "place on a canvas of \(sizeText(width, height)) at \(Gravity.spoken(gravity, alignX, alignY)), background \(background.text)"
    }

    public func add(to list: inout StepList) throws(RecipeError) {
        let width = try list.length(width, of: list.width, from: 1, "width", Self.name)
        let height = try list.length(height, of: list.height, from: 1, "height", Self.name)
        let offset = gravity.offset(width - list.width, height - list.height, alignX, alignY)
        list.place(left: offset.left, top: offset.top, width: width, height: height, background)
    }
}
