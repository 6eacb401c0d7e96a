/// What is put on, behind or around a picture; all values worked out. Opacities go from 0 to 1.
public enum DecorationStep: Hashable, Sendable {
    case frame(FrameSides, colour: Colour, opacity: Double)
    case contour(ContourStep)
    case round(RoundStep)
    case shadow(ShadowStep)
    case reflection(ReflectionStep)
    /// Transparent where the grey picture, stretched over this one, is dark.
    case mask(Asset)
    /// A gloss stretched over the picture; one that comes with the worker where there is no asset.
    case highlight(Asset?, opacity: Double)
    case watermark(Asset, MarkStep)
    /// With the font of a file, if one is given.
    case text(TextStep, font: Asset?)
    case mosaic(MosaicStep)
    /// Turned by a few degrees onto a transparent canvas of this size.
    case tilt(degrees: Double, width: Int, height: Int)

    /// Whether it may be done to frames that stand one below the other as to one picture.
    public var worksOnFrames: Bool { false }

    /// Whether no pixel gets a value that was not there before, so that a picture of 1, 2 or 4 bits stays one.
    public var keepsValues: Bool { false }
}
