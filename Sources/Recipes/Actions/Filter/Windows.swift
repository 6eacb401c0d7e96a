// Filters that take one of the values of a square window around each pixel.

/// What the filters of a window have in common.
protocol WindowFilter: ActionBody {
    /// Side of the square in pixels; odd.
    var window: Int { get set }
    /// Percent of the filtered picture that is blended over the unfiltered one.
    var amount: Int { get set }
}

extension WindowFilter {
    public static var family: ActionFamily { .filter }
    public static var mainField: String? { "window" }

    static func windowField(_ most: Int, _ path: any WritableKeyPath<Self, Int> & Sendable) -> FieldBinding<Self> {
        FieldBinding("window", "Side of the square around each pixel; odd, so that it has a middle.", .odd(3...most), path)
    }

    func sentence(_ what: String) -> String { "\(what) of \(window) x \(window) px" + spokenAmount(amount) }
}

extension FieldBinding {
    /// Percent of the filtered picture.
    static func amount(_ path: any WritableKeyPath<Body, Int> & Sendable) -> FieldBinding<Body> {
        FieldBinding("amount", "Percent of it that is blended over the picture.", .whole(1...100), path)
    }
}

func spokenAmount(_ amount: Int) -> String { amount == 100 ? "" : " at \(amount)%" }

extension Int {
    /// This many percent.
    var fraction: Double { Double(self) / 100 }
}

/// The middle value: takes specks away and leaves edges.
public struct Median: WindowFilter {
    public var window = 3
    public var amount = 100

    public init() {}

    public static var name: ActionName { .median }
    public static var summary: String { "Replace each pixel by the middle value around it: takes specks away." }
    public static var example: String { "median: 5" }
    public static var fields: [FieldBinding<Median>] { [windowField(99, \.window), .amount(\.amount)] }
    public var sentence: String { sentence("take the middle value") }
    public func add(to list: inout StepList) { list.append(.filter(.rank(window: window, share: 0.5, amount: amount.fraction))) }
}

/// The brightest value: light grows.
public struct Maximum: WindowFilter {
    public var window = 3
    public var amount = 100

    public init() {}

    public static var name: ActionName { .maximum }
    public static var summary: String { "Replace each pixel by the brightest value around it." }
    public static var example: String { "maximum: 9" }
    public static var fields: [FieldBinding<Maximum>] { [windowField(99, \.window), .amount(\.amount)] }
    public var sentence: String { sentence("take the brightest value") }
    public func add(to list: inout StepList) { list.append(.filter(.rank(window: window, share: 1, amount: amount.fraction))) }
}

/// The darkest value: shadows grow.
public struct Minimum: WindowFilter {
    public var window = 3
    public var amount = 100

    public init() {}

    public static var name: ActionName { .minimum }
    public static var summary: String { "Replace each pixel by the darkest value around it." }
    public static var example: String { "minimum: 9" }
    public static var fields: [FieldBinding<Minimum>] { [windowField(99, \.window), .amount(\.amount)] }
    public var sentence: String { sentence("take the darkest value") }
    public func add(to list: inout StepList) { list.append(.filter(.rank(window: window, share: 0, amount: amount.fraction))) }
}

/// A value between the darkest and the brightest.
public struct Rank: WindowFilter {
    public var window = 3
    /// Percent of the way from the darkest to the brightest.
    public var rank = 50
    public var amount = 100

    public init() {}

    public static var name: ActionName { .rank }
    public static var summary: String { "Replace each pixel by one of the values around it, taken in order." }
    public static var example: String { "rank: {window: 9, rank: 80}" }
    public static var fields: [FieldBinding<Rank>] {
        [
            windowField(99, \.window), FieldBinding("rank", "Which one: 0 the darkest, 50 the middle one, 100 the brightest.", .whole(0...100), \.rank),
            .amount(\.amount),
        ]
    }
    public var sentence: String { sentence("take the value at \(rank)%") }
    public func add(to list: inout StepList) {
        list.append(.filter(.rank(window: window, share: rank.fraction, amount: amount.fraction)))
    }
}

/// The most frequent value: flattens surfaces.
public struct Common: WindowFilter {
    public var window = 3
    public var amount = 100

    public init() {}

    public static var name: ActionName { .common }
    public static var summary: String { "Replace each pixel by the most frequent value around it." }
    public static var example: String { "common: 9" }
    public static var fields: [FieldBinding<Common>] { [windowField(49, \.window), .amount(\.amount)] }
    public var sentence: String { sentence("take the most frequent value") }
    public func add(to list: inout StepList) { list.append(.filter(.common(window: window, amount: amount.fraction))) }
}
