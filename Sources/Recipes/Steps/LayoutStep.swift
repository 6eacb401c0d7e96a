/// What lies behind a picture: a colour, seen as far as it is opaque.
public struct Backdrop: Hashable, Sendable {
    public var colour: Colour
    /// 0 is transparent, 1 hides what is behind.
    public var opacity: Double

    public init(colour: Colour, opacity: Double = 1) {
        self.colour = colour
        self.opacity = opacity
    }

    public init(_ paint: Paint) {
        switch paint {
        case .transparent: self = .transparent
        case .colour(let colour): self.init(colour: colour)
        }
    }

    public static let transparent = Backdrop(colour: .white, opacity: 0)
}

/// A place in a picture in pixels from its upper left corner, between pixels; may lie outside.
public struct Spot: Hashable, Sendable {
    public var x: Double
    public var y: Double

    public init(x: Double, y: Double) {
        self.x = x
        self.y = y
    }
}

/// Where the corners of a picture go to.
public struct Quadrilateral: Hashable, Sendable {
    public var topLeft: Spot
    public var topRight: Spot
    public var bottomRight: Spot
    public var bottomLeft: Spot

    public init(topLeft: Spot, topRight: Spot, bottomRight: Spot, bottomLeft: Spot) {
        self.topLeft = topLeft
        self.topRight = topRight
        self.bottomRight = bottomRight
        self.bottomLeft = bottomLeft
    }
}

public enum MirrorDirection: String, CaseIterable, Sendable {
    case horizontal, vertical, both
}

/// One thing to do to the place of pixels, beyond cutting, resizing and turning by right angles.
public enum LayoutStep: Hashable, Sendable {
    /// Cut off the border that differs from the background by at most `tolerance` (of 255) in every component.
    ///
    /// Without a background it is what is fully transparent or, in an opaque picture, the colour of the upper left pixel.
    case trim(tolerance: Double, background: Colour?)
    /// Put on a canvas of this size with the picture's corner at left and top, which are negative where it is cut off.
    case place(left: Int, top: Int, width: Int, height: Int, Backdrop)
    /// Copies side by side, with lines of this many pixels between them.
    case grid(columns: Int, rows: Int, columnLine: Int, rowLine: Int, Backdrop)
    /// Turn clockwise about the centre, which comes to lie in the centre of a picture of this size.
    case turn(degrees: Double, width: Int, height: Int, Backdrop)
    /// Put the picture's mirror image right of it, below it, or both.
    case mirror(MirrorDirection)
    /// Move to the right and down; what leaves on one side comes in on the other.
    case offset(right: Int, down: Int)
    /// Pull the corners to these places of a picture of this size; they are the corners of a convex shape.
    case perspective(Quadrilateral, width: Int, height: Int, Backdrop)

    /// Whether it may be done to frames that stand one below the other as to one picture.
    public var worksOnFrames: Bool {
        switch self {
        case .trim, .place, .grid, .turn, .mirror, .offset, .perspective: false
        }
    }

    /// Whether no pixel gets a value that was not there before, so that a picture of 1, 2 or 4 bits stays one.
    public var keepsValues: Bool {
        switch self {
        case .trim, .mirror, .offset: true
        case .grid(_, _, let columnLine, let rowLine, _): columnLine == 0 && rowLine == 0
        case .place, .turn, .perspective: false
        }
    }
}
