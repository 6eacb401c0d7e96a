/// Puts a colour under what is transparent.
public struct Background: ActionBody {
    public var colour = Colour.white
    /// Percent; below 100 the picture stays transparent in part.
    public var opacity = 100.0

    public init() {}

    public static var name: ActionName { .background }
    public static var family: ActionFamily { .tone }
    public static var summary: String { "Put a colour under what is transparent." }
    public static var mainField: String? { "colour" }
    public static var example: String { "background: navy" }

    public static var fields: [FieldBinding<Background>] {
        [
            FieldBinding("colour", "Of the background.", .colour, \.colour),
            FieldBinding("opacity", "Of the background, in percent; below 100 some transparency stays.", .number(0...100), \.opacity),
        ]
    }

    public var sentence: String { "put \(opacity == 100 ? "" : "\(plain(opacity))% of ")\(colour.text) under transparent parts" }

    public func add(to list: inout StepList) {
        guard list.hasAlpha, opacity > 0 else { return }
        list.append(.tone(.background(Backdrop(colour: colour, opacity: opacity / 100))))
        if opacity == 100 { list.hasAlpha = false }
    }
}

/// Makes a colour transparent.
public struct ColourToAlpha: ActionBody {
    public enum Choice: String, CaseIterable, Sendable {
        case colour
        case topLeft = "top-left"
        case topRight = "top-right"
        case bottomLeft = "bottom-left"
        case bottomRight = "bottom-right"
    }
    public var colour = Colour.white
    public var by = Choice.colour

    public init() {}

    public static var name: ActionName { .colorToAlpha }
    public static var family: ActionFamily { .tone }
    public static var summary: String { "Make a colour transparent, and what is mixed with it in part; on that colour nothing changes." }
    public static var mainField: String? { "colour" }
    public static var example: String { "color-to-alpha: white" }

    public static var fields: [FieldBinding<ColourToAlpha>] {
        [
            FieldBinding("colour", "What becomes transparent.", .colour, \.colour),
            FieldBinding("by", "That colour, or the one a corner of the picture has.", \.by),
        ]
    }

    public var sentence: String {
        switch by {
        case .colour: "make \(colour.text) transparent"
        case .topLeft, .topRight, .bottomLeft, .bottomRight: "make the colour of the \(by.rawValue) corner transparent"
        }
    }

    public func add(to list: inout StepList) {
        let source: ColourSource =
            switch by {
            case .colour: .value(colour)
            case .topLeft: .topLeft
            case .topRight: .topRight
            case .bottomLeft: .bottomLeft
            case .bottomRight: .bottomRight
            }
        list.append(tone: .colourToAlpha(source), recolours: true)
        list.hasAlpha = true
    }
}

/// Says what pixels consist of.
public struct ModeConversion: ActionBody {
    public var mode = PixelMode.rgb
    public var dither = true

    public init() {}
    public init(_ mode: PixelMode, dither: Bool = true) { (self.mode, self.dither) = (mode, dither) }

    public static var name: ActionName { .convertMode }
    public static var family: ActionFamily { .tone }
    public static var summary: String {
        "Convert pixels: 1 black and white, l grey, la grey with alpha, rgb, rgba, cmyk, p 256 colours, ycbcr as rgb (JPEG stores it so)."
    }
    public static var mainField: String? { "mode" }
    public static var example: String { "convert-mode: {mode: 1, dither: yes}" }

    public static var fields: [FieldBinding<ModeConversion>] {
        [
            FieldBinding("mode", "What pixels consist of.", \.mode, required: true),
            FieldBinding("dither", "Whether 1 and p mix colours they have not of dots.", .flag, \.dither),
        ]
    }

    public var sentence: String {
        switch mode {
        case .bilevel: "make black and white\(dither ? ", dithered" : "")"
        case .grey: "convert to grey"
        case .greyWithAlpha: "convert to grey with alpha"
        case .rgb, .ycbcr: "convert to RGB"
        case .rgbWithAlpha: "convert to RGB with alpha"
        case .cmyk: "convert to CMYK"
        case .palette: "leave 256 colours at most\(dither ? ", dithered" : "")"
        }
    }

    public func add(to list: inout StepList) {
        let space: ColourSpace?
        let hasAlpha: Bool
        switch mode {
        case .bilevel, .palette: (space, hasAlpha) = (nil, mode == .palette && list.hasAlpha)
        case .grey: (space, hasAlpha) = (.grey, false)
        case .greyWithAlpha: (space, hasAlpha) = (.grey, true)
        case .rgb, .ycbcr: (space, hasAlpha) = (.srgb, false)
        case .rgbWithAlpha: (space, hasAlpha) = (.srgb, true)
        case .cmyk: (space, hasAlpha) = (.cmyk, false)
        }
        if let space, list.colourSpace == space, list.hasAlpha == hasAlpha { return }
        if let space {
            list.forgetColourSpace()
            list.convert(space, by: .tone(.mode(mode, dithers: dither)))
        } else {
            list.append(.tone(.mode(mode, dithers: dither)))
            list.forgetColourSpace()
        }
        list.hasAlpha = hasAlpha
    }
}
