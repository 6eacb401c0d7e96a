/// What changes colours pixel by pixel; all values worked out.
public enum ToneStep: Hashable, Sendable {
    /// Whether it may be done to frames that stand one below the other as to one picture.
    public var worksOnFrames: Bool { switch self {} }
    /// Whether no pixel gets a value that was not there before, so that a picture of 1, 2 or 4 bits stays one.
    public var keepsValues: Bool { switch self {} }
}
