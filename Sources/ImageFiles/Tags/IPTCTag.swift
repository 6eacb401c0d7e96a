/// A data set of IPTC's application record (IIM 4.2, chapter 6).
public struct IPTCTag: Hashable, Sendable {
    /// The record is always 2.
    public let number: UInt8
    /// As exiftool and the standard name it.
    public let name: String
    public let bytesMax: Int
    /// Whether a picture may have several.
    public let isRepeatable: Bool
    public let form: Form

    public enum Form: Hashable, Sendable {
        case text
        /// CCYYMMDD.
        case date
        /// HHMMSS±HHMM.
        case time
        case digits
    }

    public init?(named name: String) {
        guard let found = Self.all.first(where: { $0.name == name }) else { return nil }
        self = found
    }

    private init(_ number: UInt8, _ name: String, _ bytesMax: Int, _ isRepeatable: Bool, _ form: Form) {
        self.number = number
        self.name = name
        self.bytesMax = bytesMax
        self.isRepeatable = isRepeatable
        self.form = form
    }

    public static let all: [IPTCTag] = [
        (3, "ObjectTypeReference", 67, false, .text), (4, "ObjectAttributeReference", 68, true, .text),
        (5, "ObjectName", 64, false, .text), (7, "EditStatus", 64, false, .text), (8, "EditorialUpdate", 2, false, .digits),
        (10, "Urgency", 1, false, .digits), (12, "SubjectReference", 236, true, .text), (15, "Category", 3, false, .text),
        (20, "SupplementalCategories", 32, true, .text), (22, "FixtureIdentifier", 32, false, .text), (25, "Keywords", 64, true, .text),
        (26, "ContentLocationCode", 3, true, .text), (27, "ContentLocationName", 64, true, .text), (30, "ReleaseDate", 8, false, .date),
        (35, "ReleaseTime", 11, false, .time), (37, "ExpirationDate", 8, false, .date), (38, "ExpirationTime", 11, false, .time),
        (40, "SpecialInstructions", 256, false, .text), (42, "ActionAdvised", 2, false, .digits),
        (45, "ReferenceService", 10, true, .text), (47, "ReferenceDate", 8, true, .date), (50, "ReferenceNumber", 8, true, .digits),
        (55, "DateCreated", 8, false, .date), (60, "TimeCreated", 11, false, .time), (62, "DigitalCreationDate", 8, false, .date),
        (63, "DigitalCreationTime", 11, false, .time), (65, "OriginatingProgram", 32, false, .text),
        (70, "ProgramVersion", 10, false, .text), (75, "ObjectCycle", 1, false, .text), (80, "By-line", 32, true, .text),
        (85, "By-lineTitle", 32, true, .text), (90, "City", 32, false, .text), (92, "Sub-location", 32, false, .text),
        (95, "Province-State", 32, false, .text), (100, "Country-PrimaryLocationCode", 3, false, .text),
        (101, "Country-PrimaryLocationName", 64, false, .text), (103, "OriginalTransmissionReference", 32, false, .text),
        (105, "Headline", 256, false, .text), (110, "Credit", 32, false, .text), (115, "Source", 32, false, .text),
        (116, "CopyrightNotice", 128, false, .text), (118, "Contact", 128, true, .text), (120, "Caption-Abstract", 2000, false, .text),
        (121, "LocalCaption", 256, false, .text), (122, "Writer-Editor", 32, true, .text), (130, "ImageType", 2, false, .text),
        (131, "ImageOrientation", 1, false, .text), (135, "LanguageIdentifier", 3, false, .text),
    ].map { IPTCTag($0, $1, $2, $3, $4) }
}
