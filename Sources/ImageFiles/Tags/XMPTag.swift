/// A property at the top of an XMP packet (ISO 16684-1; XMP Specification part 2; IPTC Photo Metadata Standard).
public struct XMPTag: Hashable, Sendable {
    /// The prefix that names the schema here; a packet may use another for the same namespace.
    public let prefix: String
    public let name: String
    public let form: Form

    public enum Form: Hashable, Sendable {
        case simple
        /// Texts in several languages; `x-default` is the one that is set.
        case alternatives
        case ordered
        case unordered
    }

    public var namespace: String { Self.namespaces[prefix] ?? "" }
    public var fullName: String { "\(prefix):\(name)" }

    /// `dc:title`, or any property of the table by its bare name, `title`. Properties of a known schema that the table does not
    /// list are simple texts.
    public init?(named text: String) {
        let parts = text.split(separator: ":", omittingEmptySubsequences: false).map(String.init)
        switch parts.count {
        case 1:
            guard let found = Self.known.first(where: { $0.name == text }) else { return nil }
            self = found
        case 2:
            guard Self.namespaces[parts[0]] != nil, Self.isName(parts[1]) else { return nil }
            self = Self.known.first { $0.prefix == parts[0] && $0.name == parts[1] } ?? XMPTag(parts[0], parts[1], .simple)
        default: return nil
        }
    }

    init(_ prefix: String, _ name: String, _ form: Form) {
        self.prefix = prefix
        self.name = name
        self.form = form
    }

    private static func isName(_ text: String) -> Bool {
        guard let first = text.utf8.first, text.utf8.count <= 100, !(0x30...0x39).contains(first), first != 0x2D else { return false }
        return text.utf8.allSatisfy { byte in
            (0x30...0x39).contains(byte) || (0x41...0x5A).contains(byte) || (0x61...0x7A).contains(byte) || byte == 0x5F || byte == 0x2D
        }
    }

    static let rdf = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"

    /// Schemas by their usual prefix.
    static let namespaces: [String: String] = [
        "dc": "http://purl.org/dc/elements/1.1/", "xmp": "http://ns.adobe.com/xap/1.0/",
        "xmpRights": "http://ns.adobe.com/xap/1.0/rights/", "xmpMM": "http://ns.adobe.com/xap/1.0/mm/",
        "photoshop": "http://ns.adobe.com/photoshop/1.0/", "tiff": "http://ns.adobe.com/tiff/1.0/",
        "exif": "http://ns.adobe.com/exif/1.0/", "exifEX": "http://cipa.jp/exif/1.0/", "aux": "http://ns.adobe.com/exif/1.0/aux/",
        "Iptc4xmpCore": "http://iptc.org/std/Iptc4xmpCore/1.0/xmlns/", "Iptc4xmpExt": "http://iptc.org/std/Iptc4xmpExt/2008-02-29/",
        "lr": "http://ns.adobe.com/lightroom/1.0/", "cc": "http://creativecommons.org/ns#", "plus": "http://ns.useplus.org/ldf/xmp/1.0/",
        "pdf": "http://ns.adobe.com/pdf/1.3/", "crs": "http://ns.adobe.com/camera-raw-settings/1.0/",
        "digiKam": "http://www.digikam.org/ns/1.0/", "MicrosoftPhoto": "http://ns.microsoft.com/photo/1.0/",
    ]

    /// Properties that are found by their bare name, or that are more than a simple text.
    public static let known: [XMPTag] = [
        ("dc", "title", .alternatives), ("dc", "description", .alternatives), ("dc", "rights", .alternatives), ("dc", "creator", .ordered),
        ("dc", "subject", .unordered), ("dc", "contributor", .unordered), ("dc", "publisher", .unordered), ("dc", "language", .unordered),
        ("dc", "relation", .unordered), ("dc", "type", .unordered), ("dc", "date", .ordered), ("dc", "format", .simple),
        ("dc", "identifier", .simple), ("dc", "source", .simple), ("dc", "coverage", .simple), ("xmp", "Rating", .simple),
        ("xmp", "Label", .simple), ("xmp", "CreateDate", .simple), ("xmp", "ModifyDate", .simple), ("xmp", "MetadataDate", .simple),
        ("xmp", "CreatorTool", .simple), ("xmp", "Nickname", .simple), ("xmp", "BaseURL", .simple), ("xmp", "Identifier", .unordered),
        ("xmpRights", "Marked", .simple), ("xmpRights", "UsageTerms", .alternatives), ("xmpRights", "WebStatement", .simple),
        ("xmpRights", "Owner", .unordered), ("xmpRights", "Certificate", .simple), ("photoshop", "AuthorsPosition", .simple),
        ("photoshop", "CaptionWriter", .simple), ("photoshop", "Category", .simple), ("photoshop", "City", .simple),
        ("photoshop", "Country", .simple), ("photoshop", "Credit", .simple), ("photoshop", "DateCreated", .simple),
        ("photoshop", "Headline", .simple), ("photoshop", "Instructions", .simple), ("photoshop", "Source", .simple),
        ("photoshop", "State", .simple), ("photoshop", "SupplementalCategories", .unordered),
        ("photoshop", "TransmissionReference", .simple), ("photoshop", "Urgency", .simple), ("Iptc4xmpCore", "Location", .simple),
        ("Iptc4xmpCore", "CountryCode", .simple), ("Iptc4xmpCore", "IntellectualGenre", .simple), ("Iptc4xmpCore", "Scene", .unordered),
        ("Iptc4xmpCore", "SubjectCode", .unordered), ("Iptc4xmpExt", "PersonInImage", .unordered), ("Iptc4xmpExt", "Event", .alternatives),
        ("lr", "hierarchicalSubject", .unordered), ("exif", "UserComment", .alternatives), ("exif", "ISOSpeedRatings", .ordered),
        ("tiff", "ImageDescription", .alternatives), ("tiff", "Copyright", .alternatives), ("tiff", "Artist", .simple),
        ("tiff", "Make", .simple), ("tiff", "Model", .simple), ("tiff", "DateTime", .simple), ("exif", "DateTimeOriginal", .simple),
        ("exif", "DateTimeDigitized", .simple), ("cc", "license", .simple), ("digiKam", "TagsList", .ordered),
    ].map { XMPTag($0, $1, $2) }
}
