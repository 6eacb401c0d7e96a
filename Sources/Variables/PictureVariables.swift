public import JobModel

extension VariableValues {
    /// What header and metadata say of a picture, by the same rules for names, texts and numbers.
    public mutating func add(_ probe: ProbeFacts) {
        let (width, height) = probe.orientation >= 5 ? (probe.height, probe.width) : (probe.width, probe.height)
        func number(_ value: Int) -> VariableValue { .number(Double(value)) }
        plain.merge([
            .width: number(width), .height: number(height), .aspect: .number(Double(width) / Double(max(1, height))),
            .pages: number(probe.pageCount), .bands: number(probe.bands), .bits: number(probe.bitsPerBand),
            .format: .text(probe.kind.rawValue), .mode: .text(probe.mode), .dpi: .number(probe.dpi), .orientation: number(probe.orientation),
        ]) { _, new in new }
        for tag in probe.tags {
            tags[tag.name.contains(":") ? tag.name : "exif:\(tag.name)"] = tag.value
            // A property of XMP is found by its bare name too, the first one of that name.
            if tag.name.hasPrefix("xmp:"), let local = tag.name.split(separator: ":").last, tags["xmp:\(local)"] == nil {
                tags["xmp:\(local)"] = tag.value
            }
        }
    }

    /// When a picture was taken, or last written to when it does not say.
    public mutating func add(_ time: CivilTime) {
        for part in DatePart.allCases {
            guard let name = PlainVariable(rawValue: part.rawValue) else { preconditionFailure("no variable \(part.rawValue)") }
            plain[name] = time.value(of: part)
        }
    }
}

extension ProbeFacts {
    /// Dots an inch from left to right; 72 where the file states none.
    public var dpi: Double { density?.dpi ?? 72 }
}

extension Density {
    /// Dots an inch from left to right; nil where it states none.
    ///
    /// Next to a whole number it is that: a format that counts per centimetre or metre cannot say 300 (11,811 a metre are 299.9994).
    public var dpi: Double? {
        if horizontalMilliDPI == 0 { return nil }
        let stated = Double(horizontalMilliDPI) / 1000
        let whole = stated.rounded()
        return abs(stated - whole) < Self.wholeToleranceDPI ? whole : stated
    }

    private static let wholeToleranceDPI = 0.02
}

extension CivilTime {
    /// When a picture was taken, or last written to when it does not say.
    ///
    /// - Parameter takenAt: As `ProbeFacts` has it. Without it the modification time counts, as UTC.
    public init(takenAt: String?, modifiedNanoseconds: Int64) {
        self = takenAt.flatMap(CivilTime.init(exif:)) ?? CivilTime(secondsSince1970: modifiedNanoseconds / 1_000_000_000)
    }
}
