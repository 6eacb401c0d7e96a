public import Variables

/// A text on the picture.
public struct Text: ActionBody {
    public var text = TextTemplate.empty
    public var font = "Sans"
    public var fontFile: Asset?
    public var size = Extent.percent(5)
    public var colour = Colour.white
    /// In percent.
    public var opacity = 100
    public var gravity = Gravity.southEast
    public var across = Extent.percent(2)
    public var down = Extent.percent(2)
    public var turn: QuarterTurn?
    public var outline = Extent.pixels(0)
    public var outlineColour = Colour.black
    public var shadow = Extent.pixels(0)
    public var shadowColour = Colour.black

    public init() {}

    public static var name: ActionName { .text }
    public static var family: ActionFamily { .decoration }
    public static var summary: String { "Write a text on the picture." }
    public static var mainField: String? { "text" }
    public static var example: String { "text: {text: \"{exif:Artist|unknown} {year}\", size: 4%, outline: 2px}" }

    public static var fields: [FieldBinding<Text>] {
        let reach = FieldKind.extent(from: -sidePixelsMax)
        return [
            FieldBinding("text", "What is written; variables stand in braces.", .template, \.text, required: true),
            FieldBinding("font", "Name of a font of the host that works, with its style: Sans Bold.", .text(bytesMax: 200), \.font),
            FieldBinding("font-file", "A font of yours instead, which looks alike on all hosts.", .asset, \.fontFile),
            FieldBinding("size", "Height of the letters; a share is of the mean side.", .extent(from: 1), \.size),
            FieldBinding("colour", "Of the letters.", .colour, \.colour),
            FieldBinding("opacity", "In percent.", .whole(1...100), \.opacity),
            FieldBinding("gravity", "Where it stands.", \.gravity),
            FieldBinding("x", "Distance from the side it stands at, or to the right of the middle; a share is of the width.", reach, \.across),
            FieldBinding("y", "Distance from the side it stands at, or below the middle; a share is of the height.", reach, \.down),
            .turn(\.turn),
            FieldBinding("outline", "Width of a line around the letters; a share is of the mean side.", .extent(from: 0), \.outline),
            FieldBinding("outline-colour", "Of that line.", .colour, \.outlineColour),
            FieldBinding("shadow", "How far a shadow of the letters falls; a share is of the mean side.", .extent(from: 0), \.shadow),
            FieldBinding("shadow-colour", "Of that shadow.", .colour, \.shadowColour),
        ]
    }

    public var sentence: String { "write '\(text.text)' on the picture at \(gravity.rawValue)" }

    public func add(to list: inout StepList) throws(RecipeError) {
        let mean = (list.width + list.height) / 2
        let step = TextStep(
            text: try list.text(text, "text", Self.name), font: font,
            size: Double(try list.length(size, of: mean, from: 1, to: decorationPixelsMax, "size", Self.name)), colour: colour,
            opacity: opacity.fraction, placement: try list.placement(gravity, across, down, Self.name), turn: turn,
            outline: Double(try list.length(outline, of: mean, from: 0, to: 200, "outline", Self.name)), outlineColour: outlineColour,
            shadow: try list.length(shadow, of: mean, from: 0, to: 200, "shadow", Self.name), shadowColour: shadowColour)
        list.append(.decoration(.text(step, font: fontFile)))
    }
}
