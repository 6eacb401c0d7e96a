/// Puts the picture, unscaled, on a canvas of this size; what stands out is cut off.
public struct Canvas: Hashable, Sendable {
    public var width: Extent
    public var height: Extent
    public var gravity: Gravity
    public var background: Colour

    public init(width: Extent, height: Extent, gravity: Gravity = .centre, background: Colour = .white) {
        self.width = width
        self.height = height
        self.gravity = gravity
        self.background = background
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
            FieldBinding("background", "Colour behind the picture.", .colour, \.background),
        ]
    }

    public var sentence: String {
        "place on a canvas of \(sizeText(width, height)) at \(gravity.rawValue), background \(background.text)"
    }

    public func add(to list: inout StepList) throws(RecipeError) {
        list.place(
            try list.length(width, of: list.width, from: 1, "width", Self.name),
            try list.length(height, of: list.height, from: 1, "height", Self.name), gravity, background)
    }
}
