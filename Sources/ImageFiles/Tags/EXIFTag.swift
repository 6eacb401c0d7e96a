/// A directory of an EXIF block (EXIF 2.32, 4.5).
public enum EXIFDirectory: String, CaseIterable, Hashable, Sendable {
    /// IFD0: the picture.
    case image = "ifd0"
    /// IFD1: its thumbnail; of a TIFF file the second page.
    case thumbnail = "ifd1"
    case exif, gps
    case interoperability = "interop"
}

/// A tag that may be written: where it lies, its number, and what its value looks like.
public struct EXIFTag: Hashable, Sendable {
    public var directory: EXIFDirectory
    public let number: UInt16
    /// As EXIF 2.32 names it, which is how libexif prints it but for letters' case.
    public let name: String
    public let form: Form
    /// Values the standard fixes; nil for any number of them, and for texts.
    public let count: Int?

    public enum Form: Hashable, Sendable {
        case ascii
        /// `YYYY:MM:DD HH:MM:SS`.
        case dateTime
        /// `YYYY:MM:DD`.
        case date
        case byte, short, long
        /// SHORT or LONG: the type it has stays, a new one is SHORT where the value fits.
        case shortOrLong
        case rational, signedRational
        case undefined
        /// Four digits, `0232`.
        case version
        /// Eight bytes that name the character code, then the text.
        case comment
        /// UTF-16, little-endian, as Windows Explorer writes it into BYTE.
        case wideText
        /// Only deleted or renamed, never written.
        case opaque
    }

    /// Any name of the table, in its usual directory or, as `ifd1.XResolution`, in the one before the point.
    public init?(named text: String) {
        var wanted = text
        var directory: EXIFDirectory?
        if let point = text.firstIndex(of: "."), let stated = EXIFDirectory(rawValue: String(text[..<point]).lowercased()) {
            directory = stated
            wanted = String(text[text.index(after: point)...])
        }
        let candidates = Self.all.filter { $0.name == wanted }
        guard var found = candidates.first(where: { $0.directory == directory }) ?? candidates.first ?? Self.alias(wanted) else {
            return nil
        }
        if let directory { found.directory = directory }
        self = found
    }

    init(_ directory: EXIFDirectory, _ number: UInt16, _ name: String, _ form: Form, _ count: Int?) {
        self.directory = directory
        self.number = number
        self.name = name
        self.form = form
        self.count = count
    }

    /// Whether it says how a picture lies in its file rather than what it shows: a file that is encoded anew has its own.
    public var isOfLayout: Bool { directory == .image && Self.layout.contains(number) }

    static let layout: Set<UInt16> = [TIFFTag.orientation, TIFFTag.xResolution, TIFFTag.yResolution, TIFFTag.resolutionUnit]

    /// With the directory where that is not the tag's own.
    public var fullName: String {
        let isOwn = Self.all.contains { $0.name == name && $0.directory == directory }
        return isOwn ? name : "\(directory.rawValue).\(name)"
    }

    /// Names of older editions of the standard.
    private static func alias(_ name: String) -> EXIFTag? {
        let old = ["ISOSpeedRatings": "PhotographicSensitivity"]
        return old[name].flatMap { current in all.first { $0.name == current } }
    }
}
