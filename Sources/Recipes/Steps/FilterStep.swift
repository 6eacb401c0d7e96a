/// What makes each pixel of its neighbours; all values worked out.
///
/// Amounts go from 0 to 1: how much of the filtered picture is blended over the unfiltered one. Windows are squares with a side
/// of an odd number of pixels.
public enum FilterStep: Hashable, Sendable {
    /// The value at a place of those of the window in order: 0 the least, 0.5 the middle one, 1 the greatest.
    case rank(window: Int, share: Double, amount: Double)
    /// The most frequent value of the window.
    case common(window: Int, amount: Double)
    case effect(PixelEffect, times: Int, amount: Double)
    case sketch(details: Int, amount: Double)
    /// Turns around the values from the threshold on, of 255.
    case solarize(threshold: Int, amount: Double)
    /// Steeper in the middle, a value from 0 to 1 that stays, and flatter at both ends.
    case sigmoid(factor: Double, middle: Double, amount: Double)
    /// Adds so much of the difference to the blurred picture.
    case unsharp(sigma: Double, gain: Double, amount: Double)
    case softBlur(sigma: Double, amount: Double)
    /// As if the camera had moved that way, clockwise from the right.
    case motionBlur(sigma: Double, degrees: Double, amount: Double)
    case charcoal(sigma: Double, amount: Double)
    /// The colours of the most frequent lightness of the window, as a broad brush leaves them.
    case paint(window: Int, amount: Double)
    /// Rows move up and down along a sine wave; the picture becomes higher by twice `height`.
    case wave(height: Int, length: Int, background: Paint)

    /// Whether it may be done to frames that stand one below the other as to one picture.
    public var worksOnFrames: Bool {
        switch self {
        case .solarize, .sigmoid: true
        case .rank, .common, .effect, .sketch, .unsharp, .softBlur, .motionBlur, .charcoal, .paint, .wave: false
        }
    }

    /// Whether no pixel gets a value that was not there before, so that a picture of 1, 2 or 4 bits stays one.
    public var keepsValues: Bool {
        switch self {
        case .rank(_, _, let amount): amount >= 1
        case .common(_, let amount): amount >= 1
        case .effect, .sketch, .solarize, .sigmoid, .unsharp, .softBlur, .motionBlur, .charcoal, .paint, .wave: false
        }
    }
}
