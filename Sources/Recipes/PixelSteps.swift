public import Variables

/// What the header says of a picture and what decides whether an action changes it.
public struct PictureFacts: Hashable, Sendable {
    /// Stored size in pixels, before `orientation` is applied; at least 1 and below 2^32.
    public var width: Int
    public var height: Int
    /// EXIF orientation 1 to 8; 1 where the file says nothing or nonsense.
    public var orientation: Int
    public var hasAlpha: Bool
    /// Nil when a conversion to any space has something to do: another space, or a profile to convert from.
    public var colourSpace: ColourSpace?
    /// Dots an inch, for lengths in cm, mm, inches and points; above 0.
    public var dpi: Double
    /// Of any picture on the way to the result.
    public var pixelsMax = UInt64.max
    /// What the file has for variables; `width` and `height` are worked out from this size.
    public var values: VariableValues

    /// What files that state no resolution are taken to have.
    public static let usualDPI = 72.0

    public init(
        width: Int, height: Int, orientation: Int = 1, hasAlpha: Bool = false, colourSpace: ColourSpace? = nil, dpi: Double = usualDPI,
        values: VariableValues = VariableValues()
    ) {
        let sides = 1...Int(UInt32.max)
        precondition(sides.contains(width) && sides.contains(height), "a picture of \(width)x\(height) pixels")
        precondition((1...8).contains(orientation), "EXIF orientation \(orientation)")
        self.width = width
        self.height = height
        self.orientation = orientation
        self.hasAlpha = hasAlpha
        self.colourSpace = colourSpace
        self.dpi = dpi
        self.values = values
    }
}

/// One thing to do to the pixels of one picture, every size and place worked out in pixels.
public enum PixelStep: Hashable, Sendable {
    /// Turn upright from this EXIF orientation, 2 to 8. Always first.
    case orient(Int)
    case rotate(QuarterTurn)
    case flip(FlipAxis)
    /// Lies inside the picture.
    case cut(left: Int, top: Int, width: Int, height: Int)
    case resize(width: Int, height: Int)
    /// Put on a canvas of this size with the picture's corner at left and top, which are negative where it is cut off.
    case place(left: Int, top: Int, width: Int, height: Int, background: Colour)
    case greyscale
    case sharpen(sigma: Double)
    case blur(sigma: Double)
    case flatten(background: Colour)
    case convertColour(to: ColourSpace)
    case layout(LayoutStep)
    case tone(ToneStep)
    case filter(FilterStep)
    case decoration(DecorationStep)
    /// What is worked out when the size is known.
    case later(LaterSteps)
    case command(CommandStep)

    /// Whether it may be done to frames that stand one below the other as to one picture.
    public var worksOnFrames: Bool {
        switch self {
        case .resize, .greyscale, .flatten, .convertColour: true
        case .orient, .rotate, .flip, .cut, .place, .sharpen, .blur, .later, .command: false
        case .layout(let step): step.worksOnFrames
        case .tone(let step): step.worksOnFrames
        case .filter(let step): step.worksOnFrames
        case .decoration(let step): step.worksOnFrames
        }
    }

    /// Whether no pixel gets a value that was not there before, so that a picture of 1, 2 or 4 bits stays one.
    public var keepsValues: Bool {
        switch self {
        case .orient, .rotate, .flip, .cut: true
        case .resize, .place, .greyscale, .sharpen, .blur, .flatten, .convertColour, .later, .command: false
        case .layout(let step): step.keepsValues
        case .tone(let step): step.keepsValues
        case .filter(let step): step.keepsValues
        case .decoration(let step): step.keepsValues
        }
    }
}

/// An action that waits until the steps before it have shown how large the picture is.
public struct LaterSteps: Hashable, Sendable {
    let action: Action
    /// Of the file; size and colours are those of the picture as it is then.
    let facts: PictureFacts

    /// The steps for a picture of this size. Throws as `Recipe.steps` does.
    public func steps(width: Int, height: Int, hasAlpha: Bool) throws(RecipeError) -> [PixelStep] {
        var facts = facts
        (facts.width, facts.height, facts.orientation) = (width, height, 1)
        (facts.hasAlpha, facts.colourSpace) = (hasAlpha, nil)
        return try Recipe(actions: [action]).steps(for: facts)
    }
}
