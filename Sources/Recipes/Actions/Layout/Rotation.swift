private import Glibc

/// Clockwise, by any angle; right angles move pixels only.
public struct Rotation: ActionBody {
    /// Clockwise; counterclockwise where it is negative.
    public var degrees: Double
    public var expand = true
    public var background = Paint.transparent

    public init() { self.init(.quarter) }
    public init(_ turn: QuarterTurn) { degrees = Double(turn.rawValue) }
    public init(degrees: Double, expand: Bool = true, background: Paint = .transparent) {
        (self.degrees, self.expand, self.background) = (degrees, expand, background)
    }

    public static var name: ActionName { .rotate }
    public static var family: ActionFamily { .layout }
    public static var summary: String { "Turn the picture clockwise." }
    public static var mainField: String? { "degrees" }
    public static var example: String { "rotate: {degrees: 12.5, background: silver}" }

    public static var fields: [FieldBinding<Rotation>] {
        [
            FieldBinding("degrees", "By how much; right angles lose nothing.", .number(-360...360), \.degrees, required: true),
            FieldBinding("expand", "Whether all of it is kept; without, a picture turned by another angle keeps its size.", .flag, \.expand)
                .silentAtDefault(),
            FieldBinding("background", "Colour behind what other than right angles leave free.", .paint, \.background).silentAtDefault(),
        ]
    }

    /// Nil for any other angle than one to three right ones.
    var quarters: QuarterTurn? { QuarterTurn(rawValue: Int(exactly: positive) ?? 0) }

    /// From 0 up to 360.
    private var positive: Double {
        let rest = degrees.truncatingRemainder(dividingBy: 360)
        return rest < 0 ? rest + 360 : rest
    }

    /// Whether it only moves pixels or does nothing.
    var isExact: Bool { quarters != nil || positive == 0 }

    public var sentence: String { "rotate clockwise by \(plain(degrees))°" }

    public func add(to list: inout StepList) throws(RecipeError) {
        if let quarters {
            let swaps = quarters != .half
            return list.append(.rotate(quarters), width: swaps ? list.height : list.width, height: swaps ? list.width : list.height)
        }
        guard positive != 0 else { return }
        var size = (width: list.width, height: list.height)
        if expand {
            let (cosine, sine) = (abs(cos(positive * .pi / 180)), abs(sin(positive * .pi / 180)))
            let (width, height) = (Double(list.width), Double(list.height))
            size = (try list.side(width * cosine + height * sine, Self.name), try list.side(width * sine + height * cosine, Self.name))
        }
        list.append(
            .layout(.turn(degrees: positive, width: size.width, height: size.height, Backdrop(background))), width: size.width,
            height: size.height)
        if background == .transparent { list.hasAlpha = true }
    }
}
