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
    public var width: Int
    public var height: Int
    public var gravity: Gravity
    public var background: Colour
    public var enlarge: Bool

    public init(
        mode: Mode, width: Int, height: Int, gravity: Gravity = .centre, background: Colour = .white, enlarge: Bool = true
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
        guard case (.pixels(let width), .pixels(let height)) = try fields.box(of: Self.name) else {
            throw RecipeError(.badValue("size", for: "size of fit", accepted: "pixels"))
        }
        self.init(mode: .cover, width: width, height: height)
        fields.fill(&self)
    }

    public static var name: ActionName { .fit }
    public static var family: ActionFamily { .layout }
    public static var summary: String { "Bring the picture to a size." }
    public static var mainField: String? { "size" }
    public static var example: String { "fit: {size: 300x300, mode: cover}" }

    public static var fields: [FieldBinding<Fit>] {
        FieldBinding.box(\.widthExtent, \.heightExtent, .size(percent: false), side: .whole(1...sidePixelsMax)) + [
            FieldBinding("mode", "Fill and cut off, fit and fill up, or only fit.", \.mode),
            FieldBinding("gravity", "Which part stays or where the picture stands.", \.gravity),
            FieldBinding("background", "Colour behind the picture.", .colour, \.background),
            FieldBinding("enlarge", "Whether small pictures grow.", .flag, \.enlarge),
        ]
    }

    private var widthExtent: Extent {
        get { .pixels(width) }
        set { if case .pixels(let count) = newValue { width = count } }
    }
    private var heightExtent: Extent {
        get { .pixels(height) }
        set { if case .pixels(let count) = newValue { height = count } }
    }

    public var sentence: String {
        let limit = enlarge ? "" : ", never enlarging"
        return switch mode {
        case .cover: "fill \(width) x \(height) px and cut off the rest at \(gravity.rawValue)\(limit)"
        case .contain: "fit on \(width) x \(height) px at \(gravity.rawValue), background \(background.text)\(limit)"
        case .inside: "fit into \(width) x \(height) px\(limit)"
        }
    }

    public func add(to list: inout StepList) throws(RecipeError) {
        switch mode {
        case .inside: list.scale(toFit: width, height, enlarge: enlarge)
        case .contain:
            list.scale(toFit: width, height, enlarge: enlarge)
            list.place(width, height, gravity, background)
        case .cover:
            let isWider = width * list.height >= height * list.width
            let target =
                isWider
                ? (width, list.height.scaled(by: width, over: list.width)) : (list.width.scaled(by: height, over: list.height), height)
            if enlarge || (target.0 <= list.width && target.1 <= list.height) { list.resize(target.0, target.1) }
            try Crop(width: .pixels(width), height: .pixels(height), gravity: gravity).add(to: &list)
        }
    }
}
