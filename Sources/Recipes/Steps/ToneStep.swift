/// Whether the components of a colour are looked at one by one, which shifts hues, or as one, which keeps them.
public enum ChannelScope: String, CaseIterable, Sendable {
    case each, together
}

/// Which colour becomes transparent: one that is named, or the one a corner of the picture has.
public enum ColourSource: Hashable, Sendable {
    case value(Colour)
    case topLeft, topRight, bottomLeft, bottomRight
}

/// What a pixel consists of, by the names of Phatch in small letters.
public enum PixelMode: String, CaseIterable, Sendable {
    /// Black and white, nothing between.
    case bilevel = "1"
    case grey = "l"
    case greyWithAlpha = "la"
    case rgb
    case rgbWithAlpha = "rgba"
    case cmyk
    /// At most 256 colours, chosen for the picture.
    case palette = "p"
    /// As `rgb`: JPEG stores it that way, whatever it is called before.
    case ycbcr
}

/// One thing to do to the values of pixels where they are. Amounts are shares from 0 to 1 unless something else is said.
public enum ToneStep: Hashable, Sendable {
    /// Stretch so that this share of the pixels at either end becomes black and white.
    case autoContrast(cutoff: Double, ChannelScope, amount: Double)
    /// Put under what is transparent.
    case background(Backdrop)
    /// -1 is black, 1 white.
    case brightness(Double)
    case colourToAlpha(ColourSource)
    /// Black and white of the grey picture become these colours.
    case colourise(black: Colour, white: Colour, amount: Double)
    /// -1 is one grey, 1 only black and white; 0.5 doubles the distance from the middle.
    case contrast(Double)
    case mode(PixelMode, dithers: Bool)
    case desaturate(amount: Double)
    case equalise(ChannelScope, amount: Double)
    case invert(amount: Double)
    /// 2 to 256 levels a component.
    case posterise(levels: Int, amount: Double)
    /// -1 is grey, 1 more than three times as colourful.
    case saturation(Double)
    /// Colour the middle tones of the grey picture; `brighten` from 0 to 1 lifts them.
    case warmUp(midtone: Colour, brighten: Double, amount: Double)

    /// Whether it may be done to frames that stand one below the other as to one picture.
    public var worksOnFrames: Bool {
        switch self {
        case .autoContrast, .background, .brightness, .colourise, .contrast, .desaturate, .equalise, .invert, .posterise, .saturation,
            .warmUp:
            true
        // A corner is one of the first or last frame; errors of dithering would run from one frame into the next.
        case .colourToAlpha, .mode: false
        }
    }

    /// Whether no pixel gets a value that was not there before, so that a picture of 1, 2 or 4 bits stays one.
    public var keepsValues: Bool {
        switch self {
        case .invert(let amount): amount == 1
        case .autoContrast, .background, .brightness, .colourToAlpha, .colourise, .contrast, .mode, .desaturate, .equalise, .posterise,
            .saturation, .warmUp:
            false
        }
    }
}
