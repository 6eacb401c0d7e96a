/// One of Pillow's enhancement filters.
public struct Effect: ActionBody {
    public var filter = PixelEffect.blur
    /// How often it is done.
    public var times = 1
    public var amount = 100

    public init() {}

    public static var name: ActionName { .effect }
    public static var family: ActionFamily { .filter }
    public static var summary: String { "Blur, sharpen, emboss or find edges with a small kernel." }
    public static var mainField: String? { "filter" }
    public static var example: String { "effect: {filter: emboss, amount: 60}" }

    public static var fields: [FieldBinding<Effect>] {
        [
            FieldBinding("filter", "Which of Pillow's filters.", \.filter, required: true),
            FieldBinding("repeat", "How often it is done, each time on what came out.", .whole(1...10), \.times), .amount(\.amount),
        ]
    }

    public var sentence: String {
        "\(filter.rawValue) with a small kernel" + (times > 1 ? ", \(times) times" : "") + spokenAmount(amount)
    }

    public func add(to list: inout StepList) {
        list.append(.filter(.effect(filter, times: times, amount: amount.fraction)))
        switch filter {
        case .contour, .emboss, .findEdges: list.forgetColourSpace()
        case .blur, .detail, .edgeEnhance, .edgeEnhanceMore, .smooth, .smoothMore, .sharpen: break
        }
    }
}

/// A pencil drawing.
public struct Sketch: ActionBody {
    public var details = 1
    public var amount = 100

    public init() {}

    public static var name: ActionName { .sketch }
    public static var family: ActionFamily { .filter }
    public static var summary: String { "Turn the picture into a pencil drawing." }
    public static var mainField: String? { "details" }
    public static var example: String { "sketch: 10" }

    public static var fields: [FieldBinding<Sketch>] {
        [
            FieldBinding("details", "How wide the strokes are; 1 leaves hair lines.", .whole(1...20), \.details), .amount(\.amount),
        ]
    }

    public var sentence: String { "draw with a pencil of \(details)" + spokenAmount(amount) }

    public func add(to list: inout StepList) {
        list.append(.filter(.sketch(details: details, amount: amount.fraction)))
        list.forgetColourSpace()
    }
}

/// Bright values turned into dark ones.
public struct Solarize: ActionBody {
    public var threshold = 128
    public var amount = 100

    public init() {}

    public static var name: ActionName { .solarize }
    public static var family: ActionFamily { .filter }
    public static var summary: String { "Turn around all values from a threshold on, as light on a film that is being developed." }
    public static var mainField: String? { "threshold" }
    public static var example: String { "solarize: 160" }

    public static var fields: [FieldBinding<Solarize>] {
        [
            FieldBinding("threshold", "From which value on, of 255.", .whole(0...255), \.threshold), .amount(\.amount),
        ]
    }

    public var sentence: String { "turn around values from \(threshold) on" + spokenAmount(amount) }

    public func add(to list: inout StepList) {
        list.append(.filter(.solarize(threshold: threshold, amount: amount.fraction)))
        list.forgetColourSpace()
    }
}
