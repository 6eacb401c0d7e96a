private import Glibc

/// Lets the picture be seen as a leaning, sheared or bent sheet.
public struct Perspective: ActionBody {
    /// Degrees.
    public var shearX = 0.0
    public var shearY = 0.0
    public var turn = 0.0
    public var tilt = 0.0
    /// Of the eye, in percent of the long side.
    public var distance = 200.0
    /// How far each corner is moved to the right and down.
    public var topLeftX = Extent.pixels(0)
    public var topLeftY = Extent.pixels(0)
    public var topRightX = Extent.pixels(0)
    public var topRightY = Extent.pixels(0)
    public var bottomRightX = Extent.pixels(0)
    public var bottomRightY = Extent.pixels(0)
    public var bottomLeftX = Extent.pixels(0)
    public var bottomLeftY = Extent.pixels(0)
    public var expand = true
    public var background = Paint.transparent

    public init() {}

    public static var name: ActionName { .perspective }
    public static var family: ActionFamily { .layout }
    public static var summary: String { "Shear the picture, lean it into the room, or move its corners." }
    public static var example: String { "perspective: {turn: 35, tilt: 10, background: white}" }

    public static var fields: [FieldBinding<Perspective>] {
        [
            FieldBinding("shear-x", "Degrees by which the upright sides lean, the top to the right.", .number(-80...80), \.shearX),
            FieldBinding("shear-y", "Degrees by which the level sides lean, the right one down.", .number(-80...80), \.shearY),
            FieldBinding("turn", "Degrees about the upright axis, the right side away from the eye.", .number(-80...80), \.turn),
            FieldBinding("tilt", "Degrees about the level axis, the top away from the eye.", .number(-80...80), \.tilt),
            FieldBinding("distance", "Of the eye, in percent of the long side; the nearer, the stronger.", .number(60...10_000), \.distance),
            corner("top-left-x", \.topLeftX), corner("top-left-y", \.topLeftY), corner("top-right-x", \.topRightX),
            corner("top-right-y", \.topRightY), corner("bottom-right-x", \.bottomRightX), corner("bottom-right-y", \.bottomRightY),
            corner("bottom-left-x", \.bottomLeftX), corner("bottom-left-y", \.bottomLeftY),
            FieldBinding("expand", "Whether all of it is kept; without, the picture keeps its size.", .flag, \.expand),
            FieldBinding("background", "Colour behind the picture.", .paint, \.background),
        ]
    }

    private static func corner(_ name: String, _ path: any WritableKeyPath<Perspective, Extent> & Sendable) -> FieldBinding<Perspective> {
        let axis = name.hasSuffix("x") ? "to the right" : "down"
        return FieldBinding(name, "How far this corner is moved \(axis).", .extent(from: -sidePixelsMax), path)
    }

    public var sentence: String {
        let angles = [("shear", shearX), ("shear upwards", shearY), ("turn", turn), ("tilt", tilt)].filter { $0.1 != 0 }
        let parts = angles.map { "\($0.0) by \(plain($0.1))°" } + (movesCorners ? ["move corners"] : [])
        return parts.isEmpty ? "leave the perspective as it is" : parts.joined(separator: ", ")
    }

    private var movesCorners: Bool {
        [topLeftX, topLeftY, topRightX, topRightY, bottomRightX, bottomRightY, bottomLeftX, bottomLeftY].contains { $0 != .pixels(0) }
    }

    public func add(to list: inout StepList) throws(RecipeError) {
        let size = (width: Double(list.width), height: Double(list.height))
        func moved(_ x: Double, _ y: Double, _ dx: Extent, _ dy: Extent, _ name: String) throws(RecipeError) -> Spot {
            let right = try list.length(dx, of: list.width, from: -sidePixelsMax, name + "-x", Self.name)
            let down = try list.length(dy, of: list.height, from: -sidePixelsMax, name + "-y", Self.name)
            return try leaned(Spot(x: x + Double(right), y: y + Double(down)), size.width, size.height)
        }
        var corners = Quadrilateral(
            topLeft: try moved(0, 0, topLeftX, topLeftY, "top-left"), topRight: try moved(size.width, 0, topRightX, topRightY, "top-right"),
            bottomRight: try moved(size.width, size.height, bottomRightX, bottomRightY, "bottom-right"),
            bottomLeft: try moved(0, size.height, bottomLeftX, bottomLeftY, "bottom-left"))
        guard corners != Quadrilateral(width: size.width, height: size.height) else { return }
        guard corners.isConvex else {
            throw RecipeError(.unanswered("perspective makes no shape with four corners of a picture of \(list.width)x\(list.height) pixels; move corners less"))
        }
        var made = (width: list.width, height: list.height)
        if expand {
            let box = corners.bounds
            made = (try list.side(box.width, Self.name), try list.side(box.height, Self.name))
            corners = corners.moved(right: -box.left, down: -box.top)
        }
        list.append(
            .layout(.perspective(corners, width: made.width, height: made.height, Backdrop(background))), width: made.width, height: made.height)
        if background == .transparent { list.hasAlpha = true }
    }

    /// Where a place of the flat picture is seen, sheared first, with the eye before the middle.
    private func leaned(_ spot: Spot, _ width: Double, _ height: Double) throws(RecipeError) -> Spot {
        let flat = (x: spot.x - width / 2, y: spot.y - height / 2)
        let sheared = (x: flat.x - flat.y * tan(shearX * .pi / 180), y: flat.y + flat.x * tan(shearY * .pi / 180))
        // The more depth, the farther away.
        let turned = (x: sheared.x * cos(turn * .pi / 180), depth: sheared.x * sin(turn * .pi / 180))
        let (cosine, sine) = (cos(tilt * .pi / 180), sin(tilt * .pi / 180))
        let y = sheared.y * cosine + turned.depth * sine
        let depth = turned.depth * cosine - sheared.y * sine
        let eye = distance / 100 * max(width, height)
        guard eye + depth > eye / 20 else {
            throw RecipeError(.unanswered("perspective leans the picture behind the eye; use a larger distance or smaller angles"))
        }
        let scale = eye / (eye + depth)
        return Spot(x: turned.x * scale + width / 2, y: y * scale + height / 2)
    }
}

extension Quadrilateral {
    /// A picture's own corners.
    init(width: Double, height: Double) {
        self.init(
            topLeft: Spot(x: 0, y: 0), topRight: Spot(x: width, y: 0), bottomRight: Spot(x: width, y: height), bottomLeft: Spot(x: 0, y: height))
    }

    private var spots: [Spot] { [topLeft, topRight, bottomRight, bottomLeft] }

    /// Whether it turns the same way at each corner, and at each by something to be seen.
    var isConvex: Bool {
        let spots = spots
        let turns = (0..<4).map { place in
            let (a, b, c) = (spots[place], spots[(place + 1) % 4], spots[(place + 2) % 4])
            return (b.x - a.x) * (c.y - b.y) - (b.y - a.y) * (c.x - b.x)
        }
        return turns.allSatisfy { $0 > 1e-3 } || turns.allSatisfy { $0 < -1e-3 }
    }

    var bounds: (left: Double, top: Double, width: Double, height: Double) {
        let (x, y) = (spots.map(\.x), spots.map(\.y))
        let (left, top) = (x.min() ?? 0, y.min() ?? 0)
        return (left, top, (x.max() ?? 0) - left, (y.max() ?? 0) - top)
    }

    func moved(right: Double, down: Double) -> Quadrilateral {
        func moved(_ spot: Spot) -> Spot { Spot(x: spot.x + right, y: spot.y + down) }
        return Quadrilateral(
            topLeft: moved(topLeft), topRight: moved(topRight), bottomRight: moved(bottomRight), bottomLeft: moved(bottomLeft))
    }
}
