// What changes how colourful a picture is, or which colours it has. Amounts are percent.

/// Fades colours to their grey.
public struct Desaturation: ActionBody {
    public var amount = 100.0

    public init() {}

    public static var name: ActionName { .desaturate }
    public static var family: ActionFamily { .tone }
    public static var summary: String { "Fade all colours to grey; the picture keeps its three components." }
    public static var mainField: String? { "amount" }
    public static var example: String { "desaturate: 70" }
    public static var fields: [FieldBinding<Desaturation>] { [FieldBinding.amount(\.amount)] }
    public var sentence: String { "fade colours to grey by \(plain(amount))%" }

    public func add(to list: inout StepList) {
        if list.colourSpace != .grey { list.append(tone: .desaturate(amount: amount / 100)) }
    }
}

/// Paler or more colourful.
public struct Saturation: ActionBody {
    /// -100 is grey, 100 more than three times as colourful.
    public var amount = 0.0

    public init() {}
    public init(amount: Double) { self.amount = amount }

    public static var name: ActionName { .saturation }
    public static var family: ActionFamily { .tone }
    public static var summary: String { "Make colours stronger or paler." }
    public static var mainField: String? { "amount" }
    public static var example: String { "saturation: 40" }

    public static var fields: [FieldBinding<Saturation>] {
        [
            FieldBinding(
                "amount", "Percent on the way to colours 3.3 times as strong, or to grey where it is negative.", .number(-100...100), \.amount,
                required: true)
        ]
    }

    public var sentence: String { "make colours \(amount < 0 ? "paler" : "stronger") by \(plain(abs(amount)))%" }

    public func add(to list: inout StepList) {
        if amount != 0, list.colourSpace != .grey { list.append(tone: .saturation(amount / 100)) }
    }
}

/// Two colours for black and white.
public struct Colourisation: ActionBody {
    public var black = Colour(red: 0x73, green: 0x57, blue: 0x10)
    public var white = Colour.white
    public var amount = 100.0

    public init() {}

    public static var name: ActionName { .colorize }
    public static var family: ActionFamily { .tone }
    public static var summary: String { "Paint the grey picture in shades between two colours." }
    public static var example: String { "colorize: {black: \"#402008\", white: \"#fff0d0\"}" }

    public static var fields: [FieldBinding<Colourisation>] {
        [
            FieldBinding("black", "What black becomes.", .colour, \.black), FieldBinding("white", "What white becomes.", .colour, \.white),
            FieldBinding.amount(\.amount),
        ]
    }

    public var sentence: String { "paint in shades from \(black.text) to \(white.text)\(amountText(amount))" }

    public func add(to list: inout StepList) {
        list.append(tone: .colourise(black: black, white: white, amount: amount / 100), recolours: true)
    }
}

/// A tint in the middle tones.
public struct WarmUp: ActionBody {
    public var midtone = Colour(red: 0x80, green: 0x5D, blue: 0x40)
    /// Percent.
    public var brighten = 50.0
    public var amount = 50.0

    public init() {}

    public static var name: ActionName { .warmUp }
    public static var family: ActionFamily { .tone }
    public static var summary: String { "Tint the middle tones of the grey picture and blend them over the picture; black and white stay." }
    public static var mainField: String? { "midtone" }
    public static var example: String { "warm-up: {midtone: \"#a06030\", amount: 40}" }

    public static var fields: [FieldBinding<WarmUp>] {
        [
            FieldBinding("midtone", "What the middle grey becomes.", .colour, \.midtone),
            FieldBinding("brighten", "How much the middle is lifted, in percent.", .number(0...100), \.brighten),
            FieldBinding.amount(\.amount),
        ]
    }

    public var sentence: String { "tint the middle tones with \(midtone.text), by \(plain(amount))%" }

    public func add(to list: inout StepList) {
        list.append(tone: .warmUp(midtone: midtone, brighten: brighten / 100, amount: amount / 100), recolours: true)
    }
}
