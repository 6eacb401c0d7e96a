/// How far a frame reaches outwards on each side, in pixels; inwards below 0.
public struct FrameSides: Hashable, Sendable {
    public var left: Int
    public var top: Int
    public var right: Int
    public var bottom: Int

    public init(left: Int, top: Int, right: Int, bottom: Int) {
        (self.left, self.top, self.right, self.bottom) = (left, top, right, bottom)
    }

    /// The sides that reach outwards.
    public var outer: FrameSides {
        FrameSides(left: max(left, 0), top: max(top, 0), right: max(right, 0), bottom: max(bottom, 0))
    }

    /// What of a picture the sides that reach inwards leave.
    public func inner(width: Int, height: Int) -> (left: Int, top: Int, width: Int, height: Int) {
        let (left, top) = (max(0, -left), max(0, -top))
        return (left, top, max(0, width - left - max(0, -right)), max(0, height - top - max(0, -bottom)))
    }
}

/// Lengths in pixels, opacities from 0 to 1.
public struct ShadowStep: Hashable, Sendable {
    /// How far to the right; to the left below 0.
    public var across: Int
    /// How far down; up below 0.
    public var down: Int
    /// Width of the soft edge.
    public var blur: Double
    public var colour: Colour
    public var opacity: Double
    /// Free space around picture and shadow.
    public var border: Int
    public var background: Paint

    public init(
        across: Int, down: Int, blur: Double, colour: Colour, opacity: Double, border: Int, background: Paint
    ) {
        self.across = across
        self.down = down
        self.blur = blur
        self.colour = colour
        self.opacity = opacity
        self.border = border
        self.background = background
    }

    /// Size of what comes out.
    public func canvas(width: Int, height: Int) -> (width: Int, height: Int) {
        (width + abs(across) + 2 * border, height + abs(down) + 2 * border)
    }
}

/// Lengths in pixels, opacities from 0 to 1.
public struct ReflectionStep: Hashable, Sendable {
    /// Height of the mirrored part; at most that of the picture.
    public var depth: Int
    /// Space between the picture and it.
    public var gap: Int
    /// Where it begins; it fades to nothing.
    public var opacity: Double
    public var blur: Double
    /// Whether the whole picture is squeezed into the depth.
    public var scales: Bool
    public var background: Paint

    public init(
        depth: Int, gap: Int, opacity: Double, blur: Double, scales: Bool, background: Paint
    ) {
        self.depth = depth
        self.gap = gap
        self.opacity = opacity
        self.blur = blur
        self.scales = scales
        self.background = background
    }
}

/// Lengths in pixels, opacities from 0 to 1.
public struct ContourStep: Hashable, Sendable {
    /// Width of the line.
    public var size: Int
    /// Space between the picture and the line.
    public var offset: Int
    public var colour: Colour
    /// Of the space between.
    public var fill: Colour
    /// Of the fill.
    public var opacity: Double
    public var showsPicture: Bool

    public init(size: Int, offset: Int, colour: Colour, fill: Colour, opacity: Double, showsPicture: Bool) {
        self.size = size
        self.offset = offset
        self.colour = colour
        self.fill = fill
        self.opacity = opacity
        self.showsPicture = showsPicture
    }
}

/// How a mark is put on a picture; opacities from 0 to 1.
public struct MarkStep: Hashable, Sendable {
    public var method: MarkMethod
    public var placement: Placement
    /// Width the mark is brought to, in pixels, for `offset` and `tile`; its own where nil.
    public var width: Int?
    public var turn: QuarterTurn?
    public var opacity: Double

    public init(method: MarkMethod, placement: Placement, width: Int? = nil, turn: QuarterTurn? = nil, opacity: Double = 1) {
        self.method = method
        self.placement = placement
        self.width = width
        self.turn = turn
        self.opacity = opacity
    }
}

/// A text as it shall stand in a picture, all variables filled in; lengths in pixels, opacities from 0 to 1.
public struct TextStep: Hashable, Sendable {
    public var text: String
    /// Name of a font, with its style: `Sans Bold`. The font file's own where one is given.
    public var font: String
    /// Height of the font, its em.
    public var size: Double
    public var colour: Colour
    public var opacity: Double
    public var placement: Placement
    public var turn: QuarterTurn?
    /// Width of a line around the letters; 0 for none.
    public var outline: Double
    public var outlineColour: Colour
    /// How far a shadow falls to the right and down, half as soft as far; 0 for none.
    public var shadow: Int
    public var shadowColour: Colour

    public init(
        text: String, font: String, size: Double, colour: Colour, opacity: Double = 1, placement: Placement,
        turn: QuarterTurn? = nil, outline: Double = 0, outlineColour: Colour = .white, shadow: Int = 0,
        shadowColour: Colour = .black
    ) {
        self.text = text
        self.font = font
        self.size = size
        self.colour = colour
        self.opacity = opacity
        self.placement = placement
        self.turn = turn
        self.outline = outline
        self.outlineColour = outlineColour
        self.shadow = shadow
        self.shadowColour = shadowColour
    }
}

/// Corners that are rounded or cut out.
public struct RoundStep: Hashable, Sendable {
    /// In pixels; at most half the short side.
    public var radius: Int
    public var corners: [Corner]
    public var style: CornerStyle
    /// Of the whole picture, from 0 to 1.
    public var opacity: Double
    public var background: Paint

    public init(radius: Int, corners: [Corner] = Corner.allCases, style: CornerStyle = .rounded, opacity: Double = 1, background: Paint) {
        self.radius = radius
        self.corners = corners
        self.style = style
        self.opacity = opacity
        self.background = background
    }
}

/// A picture made of small pictures.
public struct MosaicStep: Hashable, Sendable {
    /// One picture that holds the tiles, side by side.
    public var tiles: Asset
    /// How many tiles it holds side by side.
    public var across: Int
    /// How many tiles it holds one below the other.
    public var down: Int
    /// How many cells the mosaic has.
    public var columns: Int
    public var rows: Int
    /// Size of the mosaic in pixels.
    public var width: Int
    public var height: Int

    public init(tiles: Asset, across: Int, down: Int, columns: Int, rows: Int, width: Int, height: Int) {
        self.tiles = tiles
        self.across = across
        self.down = down
        self.columns = columns
        self.rows = rows
        self.width = width
        self.height = height
    }
}
