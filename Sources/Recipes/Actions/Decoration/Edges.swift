// What gives a picture another outline.

/// Lines, spaces and depths of decorations that are looked at pixel by pixel.
let decorationPixelsMax = 4096

extension StepList {
    /// A length that may not be longer than `most` pixels.
    func length(
        _ extent: Extent, of side: Int, from least: Int, to most: Int, _ field: String, _ action: ActionName
    ) throws(RecipeError) -> Int {
        let count = try length(extent, of: side, from: least, field, action)
        guard count <= most else {
            throw RecipeError(.unanswered("\(field) of \(action.rawValue): '\(extent.text)' comes out as \(count) pixels; at most \(most) are done"))
        }
        return count
    }

    /// The picture got an alpha, for which inks became sRGB.
    mutating func gainAlpha() {
        hasAlpha = true
        forgetColourSpace()
    }

    /// The picture was put on a background.
    mutating func loseAlpha() { hasAlpha = false }
}

/// Rounded or cut out corners.
public struct Round: ActionBody {
    public var radius = Extent.percent(5)
    public var style = CornerStyle.rounded
    public var corners = Corner.allCases
    /// In percent.
    public var opacity = 100
    public var background = Paint.colour(.white)

    public init() {}

    public static var name: ActionName { .round }
    public static var family: ActionFamily { .decoration }
    public static var summary: String { "Round the corners of the picture." }
    public static var mainField: String? { "radius" }
    public static var example: String { "round: {radius: 10%, background: transparent}" }

    public static var fields: [FieldBinding<Round>] {
        [
            FieldBinding("radius", "Of each corner; a share is of the short side.", .extent(from: 1), \.radius),
            FieldBinding("style", "Rounded, or cut out so that the picture becomes a cross.", \.style),
            FieldBinding(
                "corners", "Which ones.", .choices(Corner.allCases.map(\.rawValue)),
                .fixed(Corner.allCases.map(\.rawValue).joined(separator: ",")), read: { .words($0.corners.map(\.rawValue)) },
                write: { round, value in
                    guard case .words(let words) = value else { preconditionFailure("corners of round are \(value)") }
                    round.corners = words.compactMap(Corner.init)
                }),
            FieldBinding("opacity", "Of the whole picture, in percent.", .whole(1...100), \.opacity),
            FieldBinding("background", "Behind the corners.", .paint, \.background),
        ]
    }

    public var sentence: String {
        let which = corners.count == Corner.allCases.count ? "the corners" : corners.map(\.rawValue).joined(separator: ", ")
        let what = style == .rounded ? "round \(which) by" : "cut out \(which) of"
        return "\(what) \(radius.spoken) on \(background.text)"
    }

    public func add(to list: inout StepList) throws(RecipeError) {
        let side = min(list.width, list.height)
        let pixels = min(try list.length(radius, of: side, from: 1, "radius", Self.name), side / 2)
        let step = RoundStep(
            radius: pixels, corners: corners, style: style, opacity: opacity.fraction, background: background)
        list.append(.decoration(.round(step)))
        background == .transparent ? list.gainAlpha() : list.loseAlpha()
    }
}

/// A soft shadow behind the picture.
public struct Shadow: ActionBody {
    public var across = Extent.percent(2)
    public var down = Extent.percent(2)
    public var blur = Extent.percent(2)
    public var border = Extent.percent(4)
    public var colour = Colour(red: 0x44, green: 0x44, blue: 0x44)
    /// In percent.
    public var opacity = 100
    public var background = Paint.colour(.white)

    public init() {}

    public static var name: ActionName { .shadow }
    public static var family: ActionFamily { .decoration }
    public static var summary: String { "Put a soft shadow below the picture, or below what of it is not transparent." }
    public static var example: String { "shadow: {blur: 3%, colour: black, opacity: 70}" }

    public static var fields: [FieldBinding<Shadow>] {
        let reach = FieldKind.extent(from: -decorationPixelsMax)
        return [
            FieldBinding("x", "How far it falls to the right, to the left below 0; a share is of the width.", reach, \.across),
            FieldBinding("y", "How far it falls down, up below 0; a share is of the height.", reach, \.down),
            FieldBinding("blur", "Width of its soft edge; a share is of the mean side.", .extent(from: 0), \.blur),
            FieldBinding("border", "Space around picture and shadow; a share is of the mean side.", .extent(from: 0), \.border),
            FieldBinding("colour", "Of the shadow.", .colour, \.colour),
            FieldBinding("opacity", "Of the shadow, in percent.", .whole(1...100), \.opacity),
            FieldBinding("background", "Behind it.", .paint, \.background),
        ]
    }

    public var sentence: String { "put a shadow in \(colour.text) behind the picture, on \(background.text)" }

    public func add(to list: inout StepList) throws(RecipeError) {
        let mean = (list.width + list.height) / 2
        let most = decorationPixelsMax
        let step = ShadowStep(
            across: try list.length(across, of: list.width, from: -most, to: most, "x", Self.name),
            down: try list.length(down, of: list.height, from: -most, to: most, "y", Self.name),
            blur: Double(try list.length(blur, of: mean, from: 0, to: 2000, "blur", Self.name)), colour: colour, opacity: opacity.fraction,
            border: try list.length(border, of: mean, from: 0, to: most, "border", Self.name), background: background)
        let size = step.canvas(width: list.width, height: list.height)
        list.append(.decoration(.shadow(step)), width: size.width, height: size.height)
        background == .transparent ? list.gainAlpha() : list.loseAlpha()
    }
}

/// The picture mirrored below itself.
public struct Reflection: ActionBody {
    public var depth = Extent.percent(20)
    public var gap = Extent.pixels(0)
    /// In percent.
    public var opacity = 60
    public var blur = Extent.pixels(0)
    public var scales = false
    public var background = Paint.colour(.white)

    public init() {}

    public static var name: ActionName { .reflection }
    public static var family: ActionFamily { .decoration }
    public static var summary: String { "Mirror the picture below itself, as on a polished table." }
    public static var mainField: String? { "depth" }
    public static var example: String { "reflection: {depth: 30%, gap: 2px}" }

    public static var fields: [FieldBinding<Reflection>] {
        [
            FieldBinding("depth", "How high the mirrored part is; a share is of the height.", .extent(from: 1), \.depth),
            FieldBinding("gap", "Space between the picture and it.", .extent(from: 0), \.gap),
            FieldBinding("opacity", "Where it begins, in percent; it fades to nothing.", .whole(1...100), \.opacity),
            FieldBinding("blur", "How soft it is.", .extent(from: 0), \.blur),
            FieldBinding("scale", "Whether the whole picture is squeezed into it.", .flag, \.scales),
            FieldBinding("background", "Behind it.", .paint, \.background),
        ]
    }

    public var sentence: String { "mirror \(depth.spoken) of the picture below it, on \(background.text)" }

    public func add(to list: inout StepList) throws(RecipeError) {
        let high = list.height
        let step = ReflectionStep(
            depth: min(try list.length(depth, of: high, from: 1, "depth", Self.name), high),
            gap: try list.length(gap, of: high, from: 0, to: decorationPixelsMax, "gap", Self.name), opacity: opacity.fraction,
            blur: Double(try list.length(blur, of: high, from: 0, to: 2000, "blur", Self.name)), scales: scales, background: background)
        list.append(.decoration(.reflection(step)), width: list.width, height: high + step.gap + step.depth)
        background == .transparent ? list.gainAlpha() : list.loseAlpha()
    }
}
