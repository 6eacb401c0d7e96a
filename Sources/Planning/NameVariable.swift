/// What can stand in the braces of a name template.
public enum NameVariable: Hashable, Sendable {
    /// First in a template: the input's own folder, or the folder under `-o` that stands for it. Elsewhere: the folder below the INPUT,
    /// or the INPUT's name for files that lie in it directly.
    case dir
    /// The folder below the INPUT; empty for files that lie in it directly.
    case subdir
    /// The name of the folder the file lies in.
    case folder
    /// The file's name with its extension.
    case name
    /// The file's name without its extension.
    case stem
    /// The output's extension; the input's own spelling while the format stays.
    case ext
    /// Place of the file in the job, from 1.
    case index
    /// Place of the file in its folder, from 1.
    case folderIndex
    /// Page of a file of several pages, from 1.
    case page
    /// Of the upright input, in pixels.
    case width, height
    /// When the picture was taken, else the file's modification time in UTC.
    case year, month, day, hour, minute, second
    /// A tag by its EXIF name.
    case exif(tag: String)

    /// Every name but that of EXIF tags, in the order of the help.
    public static let plain: [(name: String, variable: NameVariable)] = [
        ("dir", .dir), ("subdir", .subdir), ("folder", .folder), ("name", .name), ("stem", .stem), ("ext", .ext),
        ("index", .index),
        ("folderindex", .folderIndex), ("page", .page), ("width", .width), ("height", .height), ("year", .year),
        ("month", .month),
        ("day", .day), ("hour", .hour), ("minute", .minute), ("second", .second),
    ]

    public static var acceptedNames: [String] { plain.map(\.name) + ["exif:TAG"] }

    /// As written in a template.
    public var name: String {
        if case .exif(let tag) = self { return "exif:\(tag)" }
        guard let named = Self.plain.first(where: { $0.variable == self }) else { preconditionFailure("\(self) has no name") }
        return named.name
    }

    public var needsProbe: Bool {
        switch self {
        case .width, .height, .year, .month, .day, .hour, .minute, .second, .exif: true
        case .dir, .subdir, .folder, .name, .stem, .ext, .index, .folderIndex, .page: false
        }
    }

    var isNumber: Bool {
        switch self {
        case .index, .folderIndex, .page, .width, .height, .year, .month, .day, .hour, .minute, .second: true
        case .dir, .subdir, .folder, .name, .stem, .ext, .exif: false
        }
    }

    var isFolderPath: Bool {
        switch self {
        case .dir, .subdir: true
        case .folder, .name, .stem, .ext, .index, .folderIndex, .page, .width, .height, .year, .month, .day, .hour, .minute,
            .second, .exif:
            false
        }
    }

    /// Digits without a width in the template: dates sort by name.
    var usualWidth: Int {
        switch self {
        case .year: 4
        case .month, .day, .hour, .minute, .second: 2
        case .dir, .subdir, .folder, .name, .stem, .ext, .index, .folderIndex, .page, .width, .height, .exif: 1
        }
    }
}
