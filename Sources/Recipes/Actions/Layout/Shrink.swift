/// Make smaller within a bound; never enlarges.
public struct Shrink: ActionBody {
    public var bound: ShrinkBound

    public init() { self.init(to: .longSide(1)) }
    public init(to bound: ShrinkBound) { self.bound = bound }

    public static var name: ActionName { .shrink }
    public static var family: ActionFamily { .layout }
    public static var summary: String { "Make the picture smaller; it is never enlarged." }
    public static var mainField: String? { "to" }
    public static var example: String { "shrink: 50%" }
    public static var fields: [FieldBinding<Shrink>] { [FieldBinding("to", "The bound.", .bound, \.bound, required: true)] }

    public var sentence: String {
        switch bound {
        case .longSide(let side): "shrink to a long side of \(side) px"
        case .box(let width, let height): "shrink into \(width) x \(height) px"
        case .percent(let share): "shrink to \(plain(share))%"
        }
    }

    public func add(to list: inout StepList) throws(RecipeError) {
        switch bound {
        case .longSide(let side): list.scale(toFit: side, side, enlarge: false)
        case .box(let width, let height): list.scale(toFit: width, height, enlarge: false)
        case .percent(let share): list.resize(max(1, share.pixels(of: list.width)), max(1, share.pixels(of: list.height)))
        }
    }
}

public enum ShrinkBound: Hashable, Sendable {
    /// Bounds the long side, in pixels.
    case longSide(Int)
    /// Bounds width and height of the upright picture, in pixels.
    case box(width: Int, height: Int)
    /// Of both sides, above 0 and up to 100.
    case percent(Double)
}
