/// What resolution outputs state; no pixel changes.
public struct ResolutionSetting: ActionBody {
    public static let dpiRange = 1.0...65_535.0

    /// Dots an inch, both ways.
    public var dpi: Double

    public init() { self.init(dpi: 300) }
    public init(dpi: Double) { self.dpi = dpi }

    public static var name: ActionName { .resolution }
    public static var family: ActionFamily { .metadata }
    public static var summary: String { "State a resolution; no pixel changes." }
    public static var mainField: String? { "dpi" }
    public static var example: String { "resolution: 300" }

    public static var fields: [FieldBinding<ResolutionSetting>] {
        [FieldBinding("dpi", "Dots an inch.", .number(dpiRange), \.dpi, required: true)]
    }

    public var sentence: String { "state \(plain(dpi)) dpi" }

    public var changesPixels: Bool { false }
    public func add(to list: inout StepList) {}
}

extension Recipe {
    /// What resolution the outputs of the first save shall state; nil where none is asked for: the last `resolution` before it.
    public var statedDPI: Double? {
        let end = actions.firstIndex { $0.body is Save } ?? actions.endIndex
        return actions[..<end].compactMap { ($0.body as? ResolutionSetting)?.dpi }.last
    }

    /// How medical pictures are seen, if it is asked for.
    public var dicomReading: DICOMReading? { actions.lazy.compactMap { $0.body as? DICOMReading }.first }

    /// How raw files are developed; nil where their preview is wanted.
    public var rawDevelopment: RawDevelopment? { actions.lazy.compactMap { $0.body as? RawDevelopment }.first }
}
