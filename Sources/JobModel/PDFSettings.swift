/// A length on paper in thousandths of a PDF point (1/72 inch): integers, so that bytes never depend on rounding.
public struct PaperLength: Hashable, Comparable, Sendable {
    public var milliPoints: Int
    public init(milliPoints: Int) { self.milliPoints = milliPoints }
    /// From tenths of a millimetre, rounded to the nearest thousandth of a point.
    public init(tenthsOfMillimetre: Int) { milliPoints = (tenthsOfMillimetre * 72_000 + 127) / 254 }
    public static func < (left: PaperLength, right: PaperLength) -> Bool { left.milliPoints < right.milliPoints }
}

/// `--page-size`.
public enum PageSize: Hashable, Sendable {
    /// The file's own physical size, or a long side of 297 mm (behaviour.md, The PDF).
    case auto
    /// The picture fitted into this paper, turned to the picture's shape.
    case paper(width: PaperLength, height: PaperLength)

    public static let a4 = PageSize.paper(width: PaperLength(tenthsOfMillimetre: 2100), height: PaperLength(tenthsOfMillimetre: 2970))
    public static let letter = PageSize.paper(width: PaperLength(milliPoints: 612_000), height: PaperLength(milliPoints: 792_000))
}

/// What happens to the page of a file that failed.
public enum MissingPage: String, CaseIterable, Sendable {
    case placeholder, skip, withhold
}

/// What the user asked of the PDF.
public struct PDFSettings: Hashable, Sendable {
    public var pageSize: PageSize = .auto
    public var margin = PaperLength(milliPoints: 0)
    /// Overrides what files state, for `auto`.
    public var dotsPerInch: Int?
    public var title: String?
    public var author: String?
    /// Seconds since 1970 UTC; no date is written without it.
    public var dateSeconds: Int64?
    public var missingPage: MissingPage = .placeholder
    public var volumeBytesMax: UInt64 = 9_900_000_000
    public var volumePagesMax: Int = 1_000_000
    /// Whether the PDF is a PDF/A-2b (ISO 19005-2) and says so.
    public var isArchival = false
    public init() {}
}
