public struct Fit: Hashable, Sendable {
    public enum Mode: String, CaseIterable, Sendable {
        /// Fill the box and cut off what stands out.
        case cover
        /// Fit into the box and fill the rest with the background.
        case contain
        /// Fit into the box and leave the rest away.
        case inside
    }
    public var mode: Mode
    public var width: Extent
    public var height: Extent
    public var gravity: Gravity
    /// Percent of what is left over that lies at the left and above; given, `gravity` has no say there.
    public var alignX: Double?
    public var alignY: Double?
    /// Percent of each side that goes before all else.
    public var bleed = 0.0
    public var background: Colour
    public var enlarge: Bool

    public init(
        mode: Mode, width: Int, height: Int, gravity: Gravity = .centre, background: Colour = .white, enlarge: Bool = true
    ) {
        self.init(mode: mode, width: .pixels(width), height: .pixels(height), gravity: gravity, background: background, enlarge: enlarge)
    }

    public init(
        mode: Mode, width: Extent, height: Extent, gravity: Gravity = .centre, background: Colour = .white, enlarge: Bool = true
    ) {
        self.mode = mode
        self.width = width
        self.height = height
        self.gravity = gravity
        self.background = background
        self.enlarge = enlarge
    }
}

extension Fit: ActionBody {
    public init() { self.init(mode: .cover, width: 1, height: 1) }

    public init(fields: ActionFields) throws(RecipeError) {
        let box = try fields.box(of: Self.name)
        self.init(mode: .cover, width: box.width, height: box.height)
        fields.fill(&self)
    }

    public static var name: ActionName { .fit }
    public static var family: ActionFamily { .layout }
    public static var summary: String { "Bring the picture to a size." }
    public static var mainField: String? { "size" }
    public static var example: String { "fit: {size: 300x300, mode: cover}" }

    public static var fields: [FieldBinding<Fit>] {
        FieldBinding.box(\.width, \.height, .size(percent: true), side: .extent(from: 1)) + [
            FieldBinding("mode", "Fill and cut off, fit and fill up, or only fit.", \.mode),
            FieldBinding("gravity", "Which part stays or where the picture stands.", \.gravity),
            FieldBinding("background", "Colour behind the picture.", .colour, \.background),
            FieldBinding("enlarge", "Whether small pictures grow.", .flag, \.enlarge),
            FieldBinding("align-x", "Instead of gravity: percent of what is over that lies to the left.", .number(0...100), \.alignX),
            FieldBinding("align-y", "Instead of gravity: percent of what is over that lies above.", .number(0...100), \.alignY),
            FieldBinding("bleed", "Percent that is cut off each side before.", .number(0...49), \.bleed).silentAtDefault(),
        ]
    }

    public var sentence: String {
        let size = sizeText(width, height)
        let limit = enlarge ? "" : ", never enlarging"
        return switch mode {
        case .cover: "fill \(size) and cut off the rest at \(place)\(limit)"
        case .contain: "fit on \(size) at \(place), background \(background.text)\(limit)"
        case .inside: "fit into \(size)\(limit)"
        }
    }

    private var place: String { Gravity.spoken(gravity, alignX, alignY) }

    public func add(to list: inout StepList) throws(RecipeError) {
        let width = try list.length(width, of: list.width, from: 1, "width", Self.name)
        let height = try list.length(height, of: list.height, from: 1, "height", Self.name)
        if bleed > 0 {
            let (x, y) = (bleed.pixels(of: list.width), bleed.pixels(of: list.height))
            list.cut(left: x, top: y, width: max(1, list.width - 2 * x), height: max(1, list.height - 2 * y))
        }
        switch mode {
        case .inside: list.scale(toFit: width, height, enlarge: enlarge)
        case .contain:
            list.scale(toFit: width, height, enlarge: enlarge)
            let offset = gravity.offset(width - list.width, height - list.height, alignX, alignY)
            list.place(left: offset.left, top: offset.top, width: width, height: height, .colour(background))
        case .cover:
            let isWider = width * list.height >= height * list.width
            let target =
                isWider
                ? (width, list.height.scaled(by: width, over: list.width)) : (list.width.scaled(by: height, over: list.height), height)
            if enlarge || (target.0 <= list.width && target.1 <= list.height) { list.resize(target.0, target.1) }
            let size = (width: min(width, list.width), height: min(height, list.height))
            let offset = gravity.offset(list.width - size.width, list.height - size.height, alignX, alignY)
            list.cut(left: offset.left, top: offset.top, width: size.width, height: size.height)
        }
    }
}
