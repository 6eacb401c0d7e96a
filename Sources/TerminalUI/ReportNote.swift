public import JobModel

extension GeotagFact {
    var latitude: String { Self.decimal(microDegreesNorth, places: 6) }
    var longitude: String { Self.decimal(microDegreesEast, places: 6) }
    var elevationMetres: String { elevationCentimetres.map { Self.decimal($0, places: 2) } ?? "" }

    private static func decimal(_ value: Int64, places: Int) -> String {
        let digits = String(value.magnitude)
        let padded = String(repeating: "0", count: max(0, places + 1 - digits.utf8.count)) + digits
        return (value < 0 ? "-" : "") + padded.dropLast(places) + "." + padded.suffix(places)
    }
}

/// Something worth saying of a file that is no failure; counted in totals, listed in reports.
public struct ReportNote: Hashable, Sendable {
    /// Stable lower-case name for programs, for instance `content-differs`; notes are counted by it.
    public let key: String
    /// Of this one file: `content is png`.
    public let text: String
    /// Behind the number 1 in a count: `file carries GPS`.
    public let singular: String
    /// Behind any other number: `files carry GPS`.
    public let plural: String

    public init(key: String, text: String, singular: String, plural: String) {
        self.key = key
        self.text = text
        self.singular = singular
        self.plural = plural
    }

    /// A page that keeps its GPS position in a PDF made without `--strip`.
    public static let carriesGPS = ReportNote(
        key: "carries-gps", text: "carries GPS", singular: "file carries GPS", plural: "files carry GPS")

    /// An earlier attempt may have run; counted in `ProgramWords`.
    public static let startedTwice = ReportNote(
        key: "started-twice", text: "started twice: the first start may have had effects", singular: "task was started twice",
        plural: "tasks were started twice")

    public init(_ note: WorkNote) {
        switch note {
        case .contentIs(let kind):
            self.init(
                key: "content-differs", text: "content is \(kind.rawValue)",
                singular: "file whose content disagrees with its extension",
                plural: "files whose content disagrees with the extension")
        case .damageAccepted(let what):
            self.init(
                key: "damage-accepted", text: "damaged, accepted: \(what)",
                singular: "damaged file of which was kept what decodes", plural: "damaged files of which was kept what decodes")
        case .alphaFlattened:
            self.init(
                key: "alpha-flattened", text: "transparency put on a background",
                singular: "file had its transparency put on a background",
                plural: "files had their transparency put on a background")
        case .firstFrameOnly(let count):
            self.init(
                key: "first-frame-only", text: "first of \(count) frames only",
                singular: "file of which only the first frame was used", plural: "files of which only the first frame was used")
        case .depthReduced:
            self.init(
                key: "depth-reduced", text: "reduced to 8 bits",
                singular: "file reduced to 8 bits a component", plural: "files reduced to 8 bits a component")
        case .metadataDropped(let what):
            self.init(
                key: "metadata-dropped", text: "metadata dropped: \(what)",
                singular: "file lost metadata its new format cannot hold",
                plural: "files lost metadata their new format cannot hold")
        case .decoderWarning(let what):
            self.init(
                key: "decoder-warning", text: "decoder warns: \(what)",
                singular: "file its decoder warned of", plural: "files their decoder warned of")
        case .embeddedPreviewUsed:
            self.init(
                key: "embedded-preview", text: "embedded preview used",
                singular: "file of which the embedded preview was used", plural: "files of which the embedded preview was used")
        case .developedForLackOfPreview:
            self.init(
                key: "developed", text: "developed: it has no preview of use",
                singular: "camera's raw file without a preview of use was developed",
                plural: "camera's raw files without a preview of use were developed")
        case .valuesStretched:
            self.init(
                key: "values-stretched", text: "names no window: stretched from smallest to largest value",
                singular: "medical picture without a window was stretched from smallest to largest value",
                plural: "medical pictures without a window were stretched from smallest to largest value")
        case .sizeMissed(let what):
            self.init(
                key: "size-missed", text: "larger than asked for: \(what)",
                singular: "file larger than size-max at the lowest quality",
                plural: "files larger than size-max at the lowest quality")
        case .compressionReplaced(let what):
            self.init(
                key: "compression-replaced", text: "compressed otherwise: \(what)",
                singular: "file was compressed otherwise than asked for", plural: "files were compressed otherwise than asked for")
        case .geotagged(let fact):
            self.init(
                key: "geotagged", text: "taken at \(fact.latitude), \(fact.longitude), \(fact.time), \(fact.metresFromPoint) m from a track point",
                singular: "file got its place from the track", plural: "files got their place from the track")
        case .notGeotagged(let reason):
            self.init(
                key: "not-geotagged", text: "no place: \(reason)", singular: "file got no place from the track",
                plural: "files got no place from the track")
        }
    }
}
