// What sends each component of a pixel through a curve. Amounts are percent.

/// The darkest becomes black and the lightest white.
public struct AutoContrast: ActionBody {
    /// Percent of the pixels at either end that may become black or white.
    public var cutoff = 0.0
    public var channels = ChannelScope.each
    public var amount = 100.0

    public init() {}

    public static var name: ActionName { .autoContrast }
    public static var family: ActionFamily { .tone }
    public static var summary: String { "Stretch the values so that the darkest is black and the lightest white." }
    public static var mainField: String? { "cutoff" }
    public static var example: String { "auto-contrast: {cutoff: 2, channels: together}" }

    public static var fields: [FieldBinding<AutoContrast>] {
        [
            FieldBinding("cutoff", "Percent of the pixels at either end that do not count.", .number(0...49), \.cutoff),
            FieldBinding("channels", "Each component, which also takes a tint away, or all together, which keeps hues.", \.channels),
            FieldBinding.amount(\.amount),
        ]
    }

    public var sentence: String { "stretch the contrast\(cutoff > 0 ? " but for \(plain(cutoff))% at either end" : "")\(amountText(amount))" }

    public func add(to list: inout StepList) {
        list.append(tone: .autoContrast(cutoff: cutoff / 100, channels, amount: amount / 100))
    }
}

/// All values become equally frequent.
public struct Equalisation: ActionBody {
    public var channels = ChannelScope.each
    public var amount = 100.0

    public init() {}

    public static var name: ActionName { .equalize }
    public static var family: ActionFamily { .tone }
    public static var summary: String { "Spread the values so that dark, middle and light ones are equally frequent." }
    public static var mainField: String? { "amount" }
    public static var example: String { "equalize: {channels: together, amount: 60}" }

    public static var fields: [FieldBinding<Equalisation>] {
        [
            FieldBinding("channels", "Each component by itself, or all together, which keeps hues.", \.channels),
            FieldBinding.amount(\.amount),
        ]
    }

    public var sentence: String { "equalize the values\(amountText(amount))" }
    public func add(to list: inout StepList) { list.append(tone: .equalise(channels, amount: amount / 100)) }
}

/// Lighter or darker.
public struct Brightness: ActionBody {
    /// -100 is black, 100 white.
    public var amount = 0.0

    public init() {}
    public init(amount: Double) { self.amount = amount }

    public static var name: ActionName { .brightness }
    public static var family: ActionFamily { .tone }
    public static var summary: String { "Make the picture lighter or darker." }
    public static var mainField: String? { "amount" }
    public static var example: String { "brightness: 25" }

    public static var fields: [FieldBinding<Brightness>] {
        [FieldBinding("amount", "Percent on the way to white, or to black where it is negative.", .number(-100...100), \.amount, required: true)]
    }

    public var sentence: String { "make \(amount < 0 ? "darker" : "lighter") by \(plain(abs(amount)))%" }
    public func add(to list: inout StepList) { if amount != 0 { list.append(tone: .brightness(amount / 100)) } }
}

/// Steeper or flatter.
public struct Contrast: ActionBody {
    /// -100 is one grey, 100 only black and white.
    public var amount = 0.0

    public init() {}
    public init(amount: Double) { self.amount = amount }

    public static var name: ActionName { .contrast }
    public static var family: ActionFamily { .tone }
    public static var summary: String { "Raise or lower the contrast about the middle grey." }
    public static var mainField: String? { "amount" }
    public static var example: String { "contrast: 30" }

    public static var fields: [FieldBinding<Contrast>] {
        [
            FieldBinding(
                "amount", "Percent on the way to black and white, or to one grey where it is negative.", .number(-100...100), \.amount,
                required: true)
        ]
    }

    public var sentence: String { "\(amount < 0 ? "lower" : "raise") the contrast by \(plain(abs(amount)))%" }
    public func add(to list: inout StepList) { if amount != 0 { list.append(tone: .contrast(amount / 100)) } }
}

/// Light becomes dark.
public struct Inversion: ActionBody {
    public var amount = 100.0

    public init() {}

    public static var name: ActionName { .invert }
    public static var family: ActionFamily { .tone }
    public static var summary: String { "Turn the picture into its negative." }
    public static var mainField: String? { "amount" }
    public static var example: String { "invert" }
    public static var fields: [FieldBinding<Inversion>] { [FieldBinding.amount(\.amount)] }
    public var sentence: String { "make the negative\(amountText(amount))" }
    public func add(to list: inout StepList) { list.append(tone: .invert(amount: amount / 100)) }
}

/// Few levels a component.
public struct Posterisation: ActionBody {
    /// A component, so that there are 2 to the power of these levels.
    public var bits = 2
    public var amount = 100.0

    public init() {}

    public static var name: ActionName { .posterize }
    public static var family: ActionFamily { .tone }
    public static var summary: String { "Leave only some levels of each component, spread from none to full." }
    public static var mainField: String? { "bits" }
    public static var example: String { "posterize: 2" }

    public static var fields: [FieldBinding<Posterisation>] {
        [FieldBinding("bits", "A component: 1 leaves 2 levels, 2 leave 4.", .whole(1...8), \.bits), FieldBinding.amount(\.amount)]
    }

    public var sentence: String { "leave \(1 << bits) levels a component\(amountText(amount))" }
    public func add(to list: inout StepList) { list.append(tone: .posterise(levels: 1 << bits, amount: amount / 100)) }
}

// MARK: What tone actions share

extension FieldBinding {
    /// How much of what was made lies over what was there.
    static func amount(_ path: any WritableKeyPath<Body, Double> & Sendable) -> FieldBinding<Body> {
        FieldBinding("amount", "Percent of the result that is blended over the picture.", .number(1...100), path)
    }
}

/// Behind a sentence.
func amountText(_ amount: Double) -> String { amount == 100 ? "" : ", by \(plain(amount))%" }

extension StepList {
    /// A step on light: inks become sRGB for it.
    ///
    /// - Parameter recolours: Whether a grey picture may become a coloured one.
    mutating func append(tone step: ToneStep, recolours: Bool = false) {
        append(.tone(step))
        if recolours || colourSpace == .cmyk { forgetColourSpace() }
    }
}
