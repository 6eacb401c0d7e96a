/// A frame of one width, or of another width on each side, around the picture or over its edge.
public struct Border: ActionBody {
    public var width: Extent
    public var left: Extent?
    public var top: Extent?
    public var right: Extent?
    public var bottom: Extent?
    public var colour: Colour
    /// In percent.
    public var opacity: Int
    public var isInside: Bool

    public init() { self.init(width: .pixels(1)) }

    public init(
        width: Extent, left: Extent? = nil, top: Extent? = nil, right: Extent? = nil, bottom: Extent? = nil, colour: Colour = .black,
        opacity: Int = 100, isInside: Bool = false
    ) {
        self.width = width
        self.left = left
        self.top = top
        self.right = right
        self.bottom = bottom
        self.colour = colour
        self.opacity = opacity
        self.isInside = isInside
    }

    public static var name: ActionName { .border }
    public static var family: ActionFamily { .decoration }
    public static var summary: String { "Put a border around the picture, or over its edge." }
    public static var mainField: String? { "width" }
    public static var example: String { "border: {width: 3%, colour: navy}" }

    public static var fields: [FieldBinding<Border>] {
        [
            FieldBinding("width", "On every side; a share is of the long side.", .extent(from: 1), \.width, required: true),
            FieldBinding("left", "Another width on this side.", .extent(from: 0), \.left),
            FieldBinding("top", "Another width on this side.", .extent(from: 0), \.top),
            FieldBinding("right", "Another width on this side.", .extent(from: 0), \.right),
            FieldBinding("bottom", "Another width on this side.", .extent(from: 0), \.bottom),
            FieldBinding("colour", "Of the border.", .colour, \.colour),
            FieldBinding("opacity", "In percent.", .whole(1...100), \.opacity).silentAtDefault(),
            FieldBinding("inside", "Whether it is drawn over the edge of the picture, which keeps its size.", .flag, \.isInside)
                .silentAtDefault(),
        ]
    }

    public var sentence: String {
        let sides = [("left", left), ("top", top), ("right", right), ("bottom", bottom)].compactMap { name, extent in
            extent.map { "\($0.spoken) \(name)" }
        }
        return "add a border of \(width.spoken)" + (sides.isEmpty ? "" : " (\(sides.joined(separator: ", ")))") + " in \(colour.text)"
            + (isInside ? ", over the edge" : "") + spokenAmount(opacity)
    }

    public func add(to list: inout StepList) throws(RecipeError) {
        let long = max(list.width, list.height)
        let even = try list.length(width, of: long, from: 1, "width", Self.name)
        func side(_ extent: Extent?, _ name: String) throws(RecipeError) -> Int {
            guard let extent else { return even }
            return try list.length(extent, of: long, from: 0, name, Self.name)
        }
        var sides = FrameSides(
            left: try side(left, "left"), top: try side(top, "top"), right: try side(right, "right"), bottom: try side(bottom, "bottom"))
        if isInside {
            sides = FrameSides(left: -sides.left, top: -sides.top, right: -sides.right, bottom: -sides.bottom)
            list.append(.decoration(.frame(sides, colour: colour, opacity: opacity.fraction)))
            return
        }
        let size = (width: list.width + sides.left + sides.right, height: list.height + sides.top + sides.bottom)
        if opacity == 100 {
            list.append(
                .place(left: sides.left, top: sides.top, width: size.width, height: size.height, background: colour), width: size.width,
                height: size.height)
        } else {
            list.append(.decoration(.frame(sides, colour: colour, opacity: opacity.fraction)), width: size.width, height: size.height)
            list.gainAlpha()
        }
    }
}
