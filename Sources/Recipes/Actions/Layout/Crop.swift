public struct Crop: Hashable, Sendable {
    public var width: Extent
    public var height: Extent
    public var gravity: Gravity
    /// From the left and top; given, `gravity` has no say.
    public var left: Extent?
    public var top: Extent?

    public init(width: Extent, height: Extent, gravity: Gravity = .centre, left: Extent? = nil, top: Extent? = nil) {
        self.width = width
        self.height = height
        self.gravity = gravity
        self.left = left
        self.top = top
    }
}

extension Crop: ActionBody {
    public init() { self.init(width: .percent(100), height: .percent(100)) }

    public init(fields: ActionFields) throws(RecipeError) {
        let box = try fields.box(of: Self.name)
        self.init(width: box.width, height: box.height)
        fields.fill(&self)
    }

    public static var name: ActionName { .crop }
    public static var family: ActionFamily { .layout }
    public static var summary: String { "Cut out a part of the picture." }
    public static var mainField: String? { "size" }
    public static var example: String { "crop: {size: 80%x60%, gravity: north}" }

    public static var fields: [FieldBinding<Crop>] {
        FieldBinding.box(\.width, \.height, .size(percent: true), side: .extent(from: 1)) + [
            FieldBinding("gravity", "Where the part lies, unless left and top say so.", \.gravity),
            FieldBinding("left", "Distance from the left side.", .extent(from: 0), \.left),
            FieldBinding("top", "Distance from the top.", .extent(from: 0), \.top),
        ]
    }

    public var sentence: String {
        switch (left, top) {
        case (nil, nil): "crop to \(sizeText(width, height)) at \(gravity.rawValue)"
        case (let left?, nil): "crop to \(sizeText(width, height)), \(left.spoken) from the left"
        case (nil, let top?): "crop to \(sizeText(width, height)), \(top.spoken) from the top"
        case (let left?, let top?):
            "crop to \(sizeText(width, height)), \(left.spoken) from the left and \(top.spoken) from the top"
        }
    }

    /// A part that stands out of the picture is made smaller; one that lies outside becomes the nearest row or column.
    public func add(to list: inout StepList) throws(RecipeError) {
        let width = min(try list.length(width, of: list.width, from: 1, "width", Self.name), list.width)
        let height = min(try list.length(height, of: list.height, from: 1, "height", Self.name), list.height)
        let offset = gravity.offset(list.width - width, list.height - height)
        let left = min(try self.left.map { (left) throws(RecipeError) in try list.length(left, of: list.width, "left", Self.name) } ?? offset.left, list.width - 1)
        let top = min(try self.top.map { (top) throws(RecipeError) in try list.length(top, of: list.height, "top", Self.name) } ?? offset.top, list.height - 1)
        list.cut(left: left, top: top, width: width, height: height)
    }
}
