public import Variables

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
    /// Anything else that texts of recipes know: `iptc:City`, `monthname`, `exif:DateTimeDigitized.year`, `width/2`, `lower(stem)`.
    case computed(TextTemplate, text: String)

    /// Every name but that of tags and of what is `computed`, in the order of the help.
    public static let plain: [(name: String, variable: NameVariable)] = [
        ("dir", .dir), ("subdir", .subdir), ("folder", .folder), ("name", .name), ("stem", .stem), ("ext", .ext),
        ("index", .index),
        ("folderindex", .folderIndex), ("page", .page), ("width", .width), ("height", .height), ("year", .year),
        ("month", .month),
        ("day", .day), ("hour", .hour), ("minute", .minute), ("second", .second),
    ]

    public static var acceptedNames: [String] {
        let names = plain.map(\.name)
        let others = PlainVariable.allCases.map(\.rawValue).filter { !names.contains($0) }
        return names + others + TagSpace.allCases.map { "\($0.rawValue):TAG" }
    }

    /// As written in a template.
    public var name: String {
        if case .exif(let tag) = self { return "exif:\(tag)" }
        if case .computed(_, let text) = self { return text }
        guard let named = Self.plain.first(where: { $0.variable == self }) else { preconditionFailure("\(self) has no name") }
        return named.name
    }

    public var needsProbe: Bool {
        switch self {
        case .width, .height, .year, .month, .day, .hour, .minute, .second, .exif: true
        case .computed(let template, _): template.variables.contains(where: \.needsProbe)
        case .dir, .subdir, .folder, .name, .stem, .ext, .index, .folderIndex, .page: false
        }
    }

    /// Whether it asks for this variable, alone or inside something computed.
    public func asks(for plain: PlainVariable) -> Bool {
        switch self {
        case .computed(let template, _): template.variables.contains { $0.subject == .plain(plain) }
        case .exif: false
        case .dir, .subdir, .folder, .name, .stem, .ext, .index, .folderIndex, .page, .width, .height, .year, .month, .day, .hour, .minute,
            .second:
            name == plain.rawValue
        }
    }

    /// The tags it asks for, as a probe names them: `Model`, `iptc:City`, `xmp:dc:title`.
    public var probedTags: [String] {
        switch self {
        case .exif(let tag): return [tag]
        case .computed(let template, _):
            return template.variables.compactMap { variable in
                switch variable.subject {
                case .plain: nil
                case .tag(.exif, let name): name
                case .tag(let space, let name): "\(space.rawValue):\(name)"
                }
            }
        case .dir, .subdir, .folder, .name, .stem, .ext, .index, .folderIndex, .page, .width, .height, .year, .month, .day, .hour, .minute,
            .second:
            return []
        }
    }

    var isNumber: Bool {
        switch self {
        case .index, .folderIndex, .page, .width, .height, .year, .month, .day, .hour, .minute, .second: true
        case .dir, .subdir, .folder, .name, .stem, .ext, .exif, .computed: false
        }
    }

    var isFolderPath: Bool {
        switch self {
        case .dir, .subdir: true
        case .folder, .name, .stem, .ext, .index, .folderIndex, .page, .width, .height, .year, .month, .day, .hour, .minute,
            .second, .exif, .computed:
            false
        }
    }

    /// Digits without a width in the template: dates sort by name.
    var usualWidth: Int {
        switch self {
        case .year: 4
        case .month, .day, .hour, .minute, .second: 2
        case .dir, .subdir, .folder, .name, .stem, .ext, .index, .folderIndex, .page, .width, .height, .exif, .computed: 1
        }
    }
}
