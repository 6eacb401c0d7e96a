// Decorations with a picture that all pictures of a job share.

/// A gloss laid over the picture.
public struct Highlight: ActionBody {
    public var file: Asset?
    /// In percent.
    public var opacity = 100

    public init() {}

    public static var name: ActionName { .highlight }
    public static var family: ActionFamily { .decoration }
    public static var summary: String { "Lay a gloss, or a transparent picture of your own, over the picture." }
    public static var mainField: String? { "opacity" }
    public static var example: String { "highlight: 80" }

    public static var fields: [FieldBinding<Highlight>] {
        [
            FieldBinding("file", "Picture that is stretched over each; without it a gloss from above.", .asset, \.file),
            FieldBinding("opacity", "In percent.", .whole(1...100), \.opacity),
        ]
    }

    public var sentence: String { "lay \(file.map { $0.name } ?? "a gloss") over the picture" + spokenAmount(opacity) }

    public func add(to list: inout StepList) { list.append(.decoration(.highlight(file, opacity: opacity.fraction))) }
}

/// A grey picture that says where the picture is seen.
public struct Mask: ActionBody {
    public var file = Asset.none
    public var background = Paint.transparent

    public init() {}

    public static var name: ActionName { .mask }
    public static var family: ActionFamily { .decoration }
    public static var summary: String { "Show the picture where a grey picture of yours is light, nothing where it is dark." }
    public static var mainField: String? { "file" }
    public static var example: String { "mask: {file: oval.png, background: black}" }

    public static var fields: [FieldBinding<Mask>] {
        [
            FieldBinding("file", "The grey picture; it is stretched over each.", .asset, \.file, required: true),
            FieldBinding("background", "Where nothing is shown.", .paint, \.background),
        ]
    }

    public var sentence: String { "show the picture through \(file.name), on \(background.text)" }

    public func add(to list: inout StepList) {
        list.append(.decoration(.mask(file)))
        list.gainAlpha()
        guard case .colour(let colour) = background else { return }
        list.append(.flatten(background: colour))
        list.loseAlpha()
    }
}

/// A mark on every picture.
public struct Watermark: ActionBody {
    public var file = Asset.none
    public var method = MarkMethod.offset
    public var gravity = Gravity.southEast
    public var across = Extent.percent(2)
    public var down = Extent.percent(2)
    public var width: Extent?
    public var turn: QuarterTurn?
    /// In percent.
    public var opacity = 100

    public init() {}

    public static var name: ActionName { .watermark }
    public static var family: ActionFamily { .decoration }
    public static var summary: String { "Put a mark on the picture: once, as tiles all over it, or as large as fits." }
    public static var mainField: String? { "file" }
    public static var example: String { "watermark: {file: logo.png, width: 20%, opacity: 70}" }

    public static var fields: [FieldBinding<Watermark>] {
        let reach = FieldKind.extent(from: -sidePixelsMax)
        return [
            FieldBinding("file", "The mark: a PNG, WebP, TIFF, GIF or JPEG.", .asset, \.file, required: true),
            FieldBinding("method", "At its place, again and again, or as large as fits.", \.method),
            FieldBinding("gravity", "Where it stands.", \.gravity),
            FieldBinding("x", "Distance from the side it stands at, or to the right of the middle; a share is of the width.", reach, \.across),
            FieldBinding("y", "Distance from the side it stands at, or below the middle; a share is of the height.", reach, \.down),
            FieldBinding("width", "Width it is brought to; a share is of the picture's. Its own without.", .extent(from: 1), \.width),
            .turn(\.turn),
            FieldBinding("opacity", "In percent.", .whole(1...100), \.opacity),
        ]
    }

    public var sentence: String {
        switch method {
        case .offset: "put \(file.name) on the picture at \(gravity.rawValue)" + spokenAmount(opacity)
        case .tile: "put \(file.name) all over the picture" + spokenAmount(opacity)
        case .scale: "put \(file.name) on the picture, as large as fits" + spokenAmount(opacity)
        }
    }

    public func add(to list: inout StepList) throws(RecipeError) {
        let placement = try list.placement(gravity, across, down, Self.name)
        var side: Int?
        if let width { side = try list.length(width, of: list.width, from: 1, to: 65535, "width", Self.name) }
        let step = MarkStep(method: method, placement: placement, width: side, turn: turn, opacity: opacity.fraction)
        list.append(.decoration(.watermark(file, step)))
    }
}

extension Asset {
    /// Its last component, for a person.
    var name: String { path.split(separator: "/").last.map(String.init) ?? path }
}

extension StepList {
    /// In the middle of a side its distance is none, unless it is asked for in pixels from there.
    func placement(_ gravity: Gravity, _ across: Extent, _ down: Extent, _ action: ActionName) throws(RecipeError) -> Placement {
        let (x, y) = (
            try length(across, of: width, from: -sidePixelsMax, "x", action), try length(down, of: height, from: -sidePixelsMax, "y", action)
        )
        return Placement(gravity: gravity, across: x, down: y)
    }
}

extension FieldBinding {
    /// By how many right angles something is turned.
    static func turn(_ path: any WritableKeyPath<Body, QuarterTurn?> & Sendable) -> FieldBinding<Body> {
        FieldBinding(
            "turn", "Degrees it is turned clockwise.", .choice(["0"] + QuarterTurn.allCases.map { "\($0.rawValue)" }), .fixed("0"),
            read: { .word("\($0[keyPath: path]?.rawValue ?? 0)") },
            write: { body, value in
                guard case .word(let word) = value else { preconditionFailure("turn is \(value)") }
                body[keyPath: path] = Int(word).flatMap(QuarterTurn.init)
            })
    }
}
