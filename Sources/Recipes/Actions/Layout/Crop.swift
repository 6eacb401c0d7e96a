/// Cuts out a part of the picture, or cuts something off its sides.
public struct Crop: Hashable, Sendable {
    public enum Mode: String, CaseIterable, Sendable {
        /// To a size.
        case size
        /// The border of one colour, or of nothing, goes.
        case auto
        /// The same length goes from each side.
        case all
        /// A length of its own goes from each side.
        case sides
    }
    public var mode = Mode.size
    public var width: Extent
    public var height: Extent
    public var gravity: Gravity
    /// From the left and top; given, `gravity` has no say. With `sides`, what goes there.
    public var left: Extent?
    public var top: Extent?
    public var right: Extent?
    public var bottom: Extent?
    /// What goes from each side with `all`.
    public var length: Extent?
    /// Of 255, with `auto`.
    public var tolerance = 10.0
    /// Colour of the border, with `auto`.
    public var background: Colour?

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
        self.init()
        fields.fill(&self)
        // Sides or a length without a size can mean one thing only.
        if !fields.has("mode"), !["size", "width", "height"].contains(where: fields.has) {
            if left != nil || top != nil || right != nil || bottom != nil { mode = .sides } else if length != nil { mode = .all }
        }
        if mode == .size { (width, height) = try fields.box(of: Self.name) }
        if mode != .size, fields.has("size") || fields.has("width") || fields.has("height") {
            throw RecipeError(.contradiction("crop takes a size only with mode: size, and mode is \(mode.rawValue)"))
        }
        if let problem { throw RecipeError(problem) }
    }

    public static var name: ActionName { .crop }
    public static var family: ActionFamily { .layout }
    public static var summary: String { "Cut out a part of the picture, or cut off its border or sides." }
    public static var mainField: String? { "size" }
    public static var example: String { "crop: {size: 80%x60%, gravity: north}" }

    public static var fields: [FieldBinding<Crop>] {
        FieldBinding.box(\.width, \.height, .size(percent: true), side: .extent(from: 1), while: { $0.mode == .size }) + [
            FieldBinding("gravity", "Where the part lies, unless left and top say so.", \.gravity),
            FieldBinding("left", "Distance from the left side; with sides, what goes there.", .extent(from: 0), \.left),
            FieldBinding("top", "Distance from the top; with sides, what goes there.", .extent(from: 0), \.top),
            FieldBinding("right", "With sides, what goes there.", .extent(from: 0), \.right),
            FieldBinding("bottom", "With sides, what goes there.", .extent(from: 0), \.bottom),
            FieldBinding("mode", "To a size, a border of one colour, the same off all sides, or off each its own; sides and all go without saying.", \.mode).silentAtDefault(),
            FieldBinding("length", "With all, what goes from each side.", .extent(from: 0), \.length),
            FieldBinding("tolerance", "With auto, how much a border may differ from its colour, of 255.", .number(0...255), \.tolerance)
                .silentAtDefault(),
            FieldBinding(
                "background", "With auto, the border's colour; else what is transparent or as the upper left corner.", .colour, \.background),
        ]
    }

    public var problem: RecipeProblem? {
        switch mode {
        case .size, .auto, .all:
            if right != nil || bottom != nil || mode != .size && (left != nil || top != nil) {
                return .contradiction("crop takes off single sides only with mode: sides")
            }
        case .sides:
            if left == nil, top == nil, right == nil, bottom == nil {
                return .missingField("left, top, right or bottom", of: Self.name.rawValue, accepted: Extent.accepted)
            }
        }
        switch (mode, length) {
        case (.all, nil): return .missingField("length", of: Self.name.rawValue, accepted: Extent.accepted)
        case (.size, .some), (.auto, .some), (.sides, .some): return .contradiction("crop takes a length only with mode: all")
        case (.all, .some), (.size, nil), (.auto, nil), (.sides, nil): break
        }
        if mode != .auto, background != nil { return .contradiction("crop takes a background only with mode: auto") }
        return nil
    }

    public var sentence: String {
        switch mode {
        case .auto: return "cut off the border\(background.map { " of \($0.text)" } ?? "")"
        case .all: return "cut \((length ?? .pixels(0)).spoken) off each side"
        case .sides:
            let sides = [("left", left), ("top", top), ("right", right), ("bottom", bottom)]
            return "cut off " + sides.compactMap { name, length in length.map { "\($0.spoken) \(name)" } }.joined(separator: ", ")
        case .size: break
        }
        return switch (left, top) {
        case (nil, nil): "crop to \(sizeText(width, height)) at \(gravity.rawValue)"
        case (let left?, nil): "crop to \(sizeText(width, height)), \(left.spoken) from the left"
        case (nil, let top?): "crop to \(sizeText(width, height)), \(top.spoken) from the top"
        case (let left?, let top?):
            "crop to \(sizeText(width, height)), \(left.spoken) from the left and \(top.spoken) from the top"
        }
    }

    public func add(to list: inout StepList) throws(RecipeError) {
        switch mode {
        case .size: try cutOut(&list)
        case .auto: list.append(trim: .trim(tolerance: tolerance, background: background))
        case .all: try cutOff(&list, left: length, top: length, right: length, bottom: length, "length", "length", "length", "length")
        case .sides: try cutOff(&list, left: left, top: top, right: right, bottom: bottom, "left", "top", "right", "bottom")
        }
    }

    /// A part that stands out of the picture is made smaller; one that lies outside becomes the nearest row or column.
    private func cutOut(_ list: inout StepList) throws(RecipeError) {
        let width = min(try list.length(width, of: list.width, from: 1, "width", Self.name), list.width)
        let height = min(try list.length(height, of: list.height, from: 1, "height", Self.name), list.height)
        let offset = gravity.offset(list.width - width, list.height - height)
        let left = min(try self.left.map { (left) throws(RecipeError) in try list.length(left, of: list.width, "left", Self.name) } ?? offset.left, list.width - 1)
        let top = min(try self.top.map { (top) throws(RecipeError) in try list.length(top, of: list.height, "top", Self.name) } ?? offset.top, list.height - 1)
        list.cut(left: left, top: top, width: width, height: height)
    }

    /// A share is of the side it lies along; at least one row and one column stay.
    private func cutOff(
        _ list: inout StepList, left: Extent?, top: Extent?, right: Extent?, bottom: Extent?, _ names: String...
    ) throws(RecipeError) {
        func length(_ extent: Extent?, _ side: Int, _ name: String) throws(RecipeError) -> Int {
            guard let extent else { return 0 }
            return try list.length(extent, of: side, name, Self.name)
        }
        let first = (left: try length(left, list.width, names[0]), top: try length(top, list.height, names[1]))
        let rest = (
            width: list.width - first.left - (try length(right, list.width, names[2])),
            height: list.height - first.top - (try length(bottom, list.height, names[3]))
        )
        guard rest.width > 0, rest.height > 0 else {
            throw RecipeError(.unanswered("crop would leave nothing of a picture of \(list.width)x\(list.height) pixels; take off less"))
        }
        list.cut(left: first.left, top: first.top, width: rest.width, height: rest.height)
    }
}
