/// A line around the picture or around what of it is not transparent.
public struct Contour: ActionBody {
    public var size = Extent.pixels(1)
    public var offset = Extent.pixels(0)
    public var colour = Colour.black
    public var fill = Colour.white
    /// Percent, of the fill.
    public var opacity = 100
    public var showsPicture = true

    public init() {}

    public static var name: ActionName { .contour }
    public static var family: ActionFamily { .filter }
    public static var summary: String { "Draw a line around the picture, or around what of it is not transparent." }
    public static var mainField: String? { "size" }
    public static var example: String { "contour: {size: 2px, offset: 10px}" }

    public static var fields: [FieldBinding<Contour>] {
        [
            FieldBinding("size", "Width of the line; a share is of the mean side.", .extent(from: 1), \.size),
            FieldBinding("offset", "Space between the picture and the line.", .extent(from: 0), \.offset),
            FieldBinding("colour", "Of the line.", .colour, \.colour),
            FieldBinding("fill", "Colour of the space between.", .colour, \.fill),
            FieldBinding("opacity", "Percent, of the space between.", .whole(0...100), \.opacity),
            FieldBinding("picture", "Whether the picture is shown, or its outline alone.", .flag, \.showsPicture),
        ]
    }

    public var sentence: String {
        "draw a line of \(size.spoken) around the picture in \(colour.text)" + (showsPicture ? "" : ", without the picture")
    }

    public func add(to list: inout StepList) throws(RecipeError) {
        let side = (list.width + list.height) / 2
        let line = try list.length(size, of: side, from: 1, to: decorationPixelsMax, "size", Self.name)
        let space = try list.length(offset, of: side, from: 0, to: decorationPixelsMax, "offset", Self.name)
        let step = ContourStep(
            size: line, offset: space, colour: colour, fill: fill, opacity: opacity.fraction, showsPicture: showsPicture)
        let reach = 2 * (line + space)
        list.append(.decoration(.contour(step)), width: list.width + reach, height: list.height + reach)
        if !showsPicture || (opacity < 100 && space > 0) { list.gainAlpha() }
    }
}
