/// Take the colours away.
public struct Greyscale: ActionBody {
    public init() {}
    public static var name: ActionName { .greyscale }
    public static var family: ActionFamily { .tone }
    public static var summary: String { "Take the colours away." }
    public static var example: String { "greyscale" }
    public static var fields: [FieldBinding<Greyscale>] { [] }
    public var sentence: String { "take the colours away" }
    public func add(to list: inout StepList) { list.convert(.grey, by: .greyscale) }
}

/// Put transparent pictures on a background.
public struct Flattening: ActionBody {
    public var background: Colour

    public init() { self.init(background: .white) }
    public init(background: Colour) { self.background = background }

    public static var name: ActionName { .flatten }
    public static var family: ActionFamily { .tone }
    public static var summary: String { "Put a transparent picture on a background." }
    public static var mainField: String? { "background" }
    public static var example: String { "flatten: white" }

    public static var fields: [FieldBinding<Flattening>] {
        [FieldBinding("background", "Colour behind the picture.", .colour, \.background)]
    }

    public var sentence: String { "put transparent parts on \(background.text)" }

    public func add(to list: inout StepList) {
        if list.hasAlpha { list.append(.flatten(background: background)) }
        list.hasAlpha = false
    }
}

/// Convert the colours, through the profile where there is one.
public struct ColourConversion: ActionBody {
    public var space: ColourSpace

    public init() { self.init(to: .srgb) }
    public init(to space: ColourSpace) { self.space = space }

    public static var name: ActionName { .convertColour }
    public static var family: ActionFamily { .tone }
    public static var summary: String { "Convert the colours, through the profile where there is one." }
    public static var mainField: String? { "to" }
    public static var example: String { "convert-colour: srgb" }

    public static var fields: [FieldBinding<ColourConversion>] {
        [FieldBinding("to", "The colour space.", \.space, required: true)]
    }

    public var sentence: String { "convert the colours to \(space.rawValue)" }

    public func add(to list: inout StepList) { list.convert(space, by: .convertColour(to: space)) }
}
