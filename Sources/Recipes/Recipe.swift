public import JobModel

/// What shall be done to every picture: actions in order, ending in at most one save.
public struct Recipe: Hashable, Sendable {
    public var name: String?
    public var actions: [Action]

    public init(name: String? = nil, actions: [Action]) {
        self.name = name
        self.actions = actions
    }
}

/// One step of a recipe. Pixel positions and sizes are those of the upright picture as the steps before left it.
public enum Action: Hashable, Sendable {
    /// Turn the picture as its Orientation says and reset the tag.
    case autoOrient
    /// Clockwise by a right angle.
    case rotate(QuarterTurn)
    case flip(FlipAxis)
    case crop(Crop)
    /// Make smaller within a bound; never enlarges.
    case shrink(ShrinkBound)
    case fit(Fit)
    case canvas(Canvas)
    case border(Border)
    case greyscale
    case sharpen(sigma: Double)
    case blur(sigma: Double)
    /// Put transparent pictures on a background.
    case flatten(background: Colour)
    case convertColour(to: ColourSpace)
    case strip(StripPolicy)
    /// Keep only these kinds of metadata and drop all others.
    case keep([MetadataKind])
    case save(Save)
}

public enum QuarterTurn: Int, CaseIterable, Sendable {
    case quarter = 90
    case half = 180
    case threeQuarters = 270
}

public enum FlipAxis: String, CaseIterable, Sendable {
    /// Left and right change places.
    case horizontal
    /// Top and bottom change places.
    case vertical
}

/// A length in pixels or in hundredths of a percent of the picture's side.
public enum Extent: Hashable, Sendable {
    case pixels(Int)
    case percent(Double)
}

public enum Gravity: String, CaseIterable, Sendable {
    case centre, north, east, south, west
    case northEast = "north-east"
    case southEast = "south-east"
    case southWest = "south-west"
    case northWest = "north-west"
}

public struct Crop: Hashable, Sendable {
    public var width: Extent
    public var height: Extent
    public var gravity: Gravity
    /// From the left and top; given, `gravity` has no say.
    public var left: Extent?
    public var top: Extent?

    public init(width: Extent, height: Extent, gravity: Gravity = .centre, left: Extent? = nil, top: Extent? = nil) {
        self.width = width
        self.height = height
        self.gravity = gravity
        self.left = left
        self.top = top
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

public struct Fit: Hashable, Sendable {
    public enum Mode: String, CaseIterable, Sendable {
        /// Fill the box and cut off what stands out.
        case cover
        /// Fit into the box and fill the rest with the background.
        case contain
        /// Fit into the box and leave the rest away.
        case inside
    }
    public var mode: Mode
    public var width: Int
    public var height: Int
    public var gravity: Gravity
    public var background: Colour
    public var enlarge: Bool

    public init(
        mode: Mode, width: Int, height: Int, gravity: Gravity = .centre, background: Colour = .white, enlarge: Bool = true
    ) {
        self.mode = mode
        self.width = width
        self.height = height
        self.gravity = gravity
        self.background = background
        self.enlarge = enlarge
    }
}

/// Puts the picture, unscaled, on a canvas of this size; what stands out is cut off.
public struct Canvas: Hashable, Sendable {
    public var width: Extent
    public var height: Extent
    public var gravity: Gravity
    public var background: Colour

    public init(width: Extent, height: Extent, gravity: Gravity = .centre, background: Colour = .white) {
        self.width = width
        self.height = height
        self.gravity = gravity
        self.background = background
    }
}

public struct Border: Hashable, Sendable {
    public var width: Extent
    public var colour: Colour

    public init(width: Extent, colour: Colour = .black) {
        self.width = width
        self.colour = colour
    }
}

/// An sRGB colour of 8 bits a component, written `#rrggbb`, `#rgb` or by one of the names `white`, `black`, `grey`...
public struct Colour: Hashable, Sendable {
    public var red: UInt8
    public var green: UInt8
    public var blue: UInt8

    public init(red: UInt8, green: UInt8, blue: UInt8) {
        self.red = red
        self.green = green
        self.blue = blue
    }

    public static let white = Colour(red: 255, green: 255, blue: 255)
    public static let black = Colour(red: 0, green: 0, blue: 0)
}

public enum ColourSpace: String, CaseIterable, Sendable {
    case srgb
    case grey
    case cmyk
}

public enum StripPolicy: String, CaseIterable, Sendable {
    case none, gps, all
}

public enum MetadataKind: String, CaseIterable, Sendable {
    case exif, xmp, iptc, icc, copyright
}

/// How the result is written. A nil field takes the format's default or, for TIFF, the input's own compression.
public struct Save: Hashable, Sendable {
    /// Nil keeps the input's format by the fixed table of behaviour.md.
    public var format: OutputFormat?
    /// 1 to 100 for lossy formats.
    public var quality: Int?
    public var progressive: Bool
    public var lossless: Bool
    public var tiffCompression: TIFFCompression?
    /// 0 to 9 for PNG.
    public var pngCompression: Int?
    public var allFrames: Bool

    public init(
        format: OutputFormat? = nil, quality: Int? = nil, progressive: Bool = false, lossless: Bool = false,
        tiffCompression: TIFFCompression? = nil, pngCompression: Int? = nil, allFrames: Bool = false
    ) {
        self.format = format
        self.quality = quality
        self.progressive = progressive
        self.lossless = lossless
        self.tiffCompression = tiffCompression
        self.pngCompression = pngCompression
        self.allFrames = allFrames
    }

    public static let defaultQuality = 85
}

public enum TIFFCompression: String, CaseIterable, Sendable {
    case none, lzw, deflate, packbits, jpeg
    case ccittG4 = "g4"
}
