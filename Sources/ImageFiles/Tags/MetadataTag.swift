/// A tag that can be written, renamed and deleted by its name: `exif:Artist`, `exif:ifd1.XResolution`, `iptc:Keywords`, `xmp:dc:title`.
public enum MetadataTag: Hashable, Sendable {
    case exif(EXIFTag)
    case iptc(IPTCTag)
    case xmp(XMPTag)

    /// Nil for a name that is none.
    public init?(named text: String) {
        guard let colon = text.firstIndex(of: ":") else { return nil }
        let name = String(text[text.index(after: colon)...])
        switch text[..<colon] {
        case "exif":
            guard let tag = EXIFTag(named: name) else { return nil }
            self = .exif(tag)
        case "iptc":
            guard let tag = IPTCTag(named: name) else { return nil }
            self = .iptc(tag)
        case "xmp":
            guard let tag = XMPTag(named: name) else { return nil }
            self = .xmp(tag)
        default: return nil
        }
    }

    /// With its prefix; a name that `init(named:)` takes.
    public var name: String {
        switch self {
        case .exif(let tag): "exif:\(tag.fullName)"
        case .iptc(let tag): "iptc:\(tag.name)"
        case .xmp(let tag): "xmp:\(tag.fullName)"
        }
    }

    /// Whether it only can be deleted or renamed.
    public var isOpaque: Bool {
        switch self {
        case .exif(let tag): tag.form == .opaque
        case .iptc, .xmp: false
        }
    }

    /// Whether a file may hold several texts of it.
    var takesSeveral: Bool {
        switch self {
        case .exif: false
        case .iptc(let tag): tag.isRepeatable
        case .xmp(let tag): tag.form == .ordered || tag.form == .unordered
        }
    }

    /// Every name of the tables, for messages that suggest the nearest one.
    public static var names: [String] {
        EXIFTag.all.map { "exif:\($0.name)" } + IPTCTag.all.map { "iptc:\($0.name)" } + XMPTag.known.map { "xmp:\($0.fullName)" }
    }
}
