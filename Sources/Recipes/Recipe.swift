public import JobModel
public import Variables

/// What shall be done to every picture: actions in order. Each save writes the picture as the actions before it left it.
public struct Recipe: Hashable, Sendable {
    public var name: String?
    public var actions: [Action]

    public init(name: String? = nil, actions: [Action]) {
        self.name = name
        self.actions = actions
    }
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

/// A length: pixels, a share of one of the picture's sides in percent, or an expression over both, other units and variables.
public enum Extent: Hashable, Sendable {
    case pixels(Int)
    case percent(Double)
    /// Neither of the two above alone; worked out for each picture.
    case computed(Expression)
}

public enum Gravity: String, CaseIterable, Sendable {
    case centre, north, east, south, west
    case northEast = "north-east"
    case southEast = "south-east"
    case southWest = "south-west"
    case northWest = "north-west"
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
