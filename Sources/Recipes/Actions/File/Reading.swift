/// How medical pictures are seen; all other files are left alone by it.
public struct DICOMReading: ActionBody {
    public enum Window: String, CaseIterable, Sendable {
        /// The file's first, else from the smallest to the largest value where there are more than 8 bits.
        case auto
        /// The file's first; a file without one fails.
        case file
        case minMax = "min-max"
    }

    public var window: Window
    /// In the file's units (Hounsfield units for CT) once values are rescaled; with `width` in the place of `window`.
    public var centre: Double?
    /// At least 1.
    public var width: Double?

    public init() { self.init(window: .auto) }
    public init(window: Window) { self.window = window }
    public init(centre: Double, width: Double) { (window, self.centre, self.width) = (.auto, centre, width) }

    public static var name: ActionName { .dicom }
    public static var family: ActionFamily { .file }
    public static var summary: String { "Which values of a grey DICOM picture become black and white." }
    public static var mainField: String? { "window" }
    public static var example: String { "dicom: {centre: 40, width: 400}" }

    public static var fields: [FieldBinding<DICOMReading>] {
        [
            FieldBinding("window", "The file's window, or from the smallest to the largest value; auto takes what the file has.", \.window),
            FieldBinding("centre", "Instead of window, with width: the value that becomes the middle grey.", .number(-1e9...1e9), \.centre),
            FieldBinding("width", "Instead of window, with centre: how many values lie between black and white.", .number(1...1e9), \.width),
        ]
    }

    public var sentence: String {
        if let centre, let width { return "see DICOM through the window \(plain(centre)), \(plain(width)) wide" }
        switch window {
        case .auto: return "see DICOM through the file's window, else from the smallest to the largest value"
        case .file: return "see DICOM through the file's window"
        case .minMax: return "see DICOM from the smallest to the largest value"
        }
    }

    public var problem: RecipeProblem? {
        if (centre == nil) != (width == nil) { return .contradiction("dicom takes centre and width together") }
        if centre != nil, window != .auto { return .contradiction("dicom takes either window or centre and width, not both") }
        return nil
    }

    public var changesPixels: Bool { false }
    public func add(to list: inout StepList) {}
}

/// How cameras' raw files are developed, in the place of their embedded preview; all other files are left alone by it.
public struct RawDevelopment: ActionBody {
    public enum Balance: String, CaseIterable, Sendable { case camera, auto, daylight }
    public enum Quality: String, CaseIterable, Sendable {
        /// A pixel of every four of the sensor.
        case half
        case fast, best
    }
    public enum Depth: String, CaseIterable, Sendable {
        case eight = "8"
        case sixteen = "16"
    }

    public var balance: Balance
    public var quality: Quality
    public var depth: Depth
    /// What every value is multiplied with; nil lets one pixel in a hundred become white.
    public var brightness: Double?

    public init() { self.init(balance: .camera, quality: .best) }
    public init(balance: Balance, quality: Quality = .best, depth: Depth = .eight, brightness: Double? = nil) {
        (self.balance, self.quality, self.depth, self.brightness) = (balance, quality, depth, brightness)
    }

    public static var name: ActionName { .develop }
    public static var family: ActionFamily { .file }
    public static var summary: String { "Develop raw files of cameras to sRGB instead of taking the preview in them." }
    public static var mainField: String? { "quality" }
    public static var example: String { "develop: {white-balance: daylight, bits: 16}" }

    public static var fields: [FieldBinding<RawDevelopment>] {
        [
            FieldBinding("quality", "Half the size and quick, or demosaiced quickly or well.", \.quality),
            FieldBinding("white-balance", "As the camera measured it, from the picture's colours, or for daylight.", \.balance),
            FieldBinding("brightness", "What light is multiplied with; left away, one pixel in a hundred becomes white.", .number(0.01...100), \.brightness),
            FieldBinding("bits", "A component; 16 where the format holds them.", \.depth),
        ]
    }

    public var sentence: String {
        let light = brightness.map { ", \(plain($0)) times as bright" } ?? ""
        return "develop raw files (\(quality.rawValue)) with white balance \(balance.rawValue)\(light) to \(depth.rawValue) bits"
    }

    public var changesPixels: Bool { false }
    public func add(to list: inout StepList) {}
}
