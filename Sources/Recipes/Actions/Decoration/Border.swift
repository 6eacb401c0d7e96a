public struct Border: Hashable, Sendable {
    public var width: Extent
    public var colour: Colour

    public init(width: Extent, colour: Colour = .black) {
        self.width = width
        self.colour = colour
    }
}

extension Border: ActionBody {
    public init() { self.init(width: .pixels(1)) }

    public static var name: ActionName { .border }
    public static var family: ActionFamily { .decoration }
    public static var summary: String { "Put a border around the picture." }
    public static var mainField: String? { "width" }
    public static var example: String { "border: {width: 3%, colour: navy}" }

    public static var fields: [FieldBinding<Border>] {
        [
            FieldBinding("width", "On every side; a share is of the long side.", .extent(from: 1), \.width, required: true),
            FieldBinding("colour", "Of the border.", .colour, \.colour),
        ]
    }

    public var sentence: String { "add a border of \(width.spoken) in \(colour.text)" }

    public func add(to list: inout StepList) throws(RecipeError) {
        let line = try list.length(width, of: max(list.width, list.height), from: 1, "width", Self.name)
        let size = (width: list.width + 2 * line, height: list.height + 2 * line)
        list.append(
            .place(left: line, top: line, width: size.width, height: size.height, background: colour), width: size.width, height: size.height)
    }
}
