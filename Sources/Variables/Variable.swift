/// What a name, a text or a number of a recipe can ask of a file: `width`, `exif:Model`, `exif:DateTimeOriginal.year`.
public struct Variable: Hashable, Sendable {
    public enum Subject: Hashable, Sendable {
        case plain(PlainVariable)
        /// A tag by the name its standard gives it: `exif:FNumber`, `iptc:City`, `xmp:dc:title`.
        case tag(TagSpace, name: String)
    }

    public var subject: Subject
    /// Of a date, this component alone.
    public var part: DatePart?

    public init(_ subject: Subject, part: DatePart? = nil) {
        self.subject = subject
        self.part = part
    }

    /// As written: `exif:DateTimeOriginal.year`.
    public var text: String {
        let whole =
            switch subject {
            case .plain(let plain): plain.rawValue
            case .tag(let space, let name): "\(space.rawValue):\(name)"
            }
        return part.map { "\(whole).\($0.rawValue)" } ?? whole
    }

    /// Whether only a look into the file tells it.
    public var needsProbe: Bool {
        switch subject {
        case .plain(let plain): plain.needsProbe
        case .tag: true
        }
    }
}

/// Where a tag's name comes from.
public enum TagSpace: String, CaseIterable, Sendable {
    case exif, iptc, xmp
}

/// A component of a date. Names are English, whatever the locale.
public enum DatePart: String, CaseIterable, Sendable {
    case year, month, monthname, day, weekday, weekdayname, hour, minute, second
}

/// The variables that are no tags, in the order of the help.
public enum PlainVariable: String, CaseIterable, Sendable {
    /// The input's folder (see `NameTemplate` for its meaning in names), the folder below its INPUT, that folder's own name.
    case dir, subdir, folder
    /// The file's name with and without its extension; the extension of the output, and that of the input in lower case.
    case name, stem, ext, type
    /// Bytes of the input.
    case filesize
    /// Place in the job, in its folder, and page in the file; all from 1.
    case index, folderindex, page
    /// Of the upright picture in pixels; in a recipe, as the actions before left it.
    case width, height
    /// Pages or frames in the file; components and bits a component.
    case pages, bands, bits
    /// `jpeg`, `tiff`... by content; `grey`, `rgb`, `rgba`, `cmyk`....
    case format, mode
    /// Dots an inch, 72 where the file states none; width by height; EXIF orientation 1 to 8.
    case dpi, aspect, orientation
    /// When the picture was taken, else the file's modification time in UTC. A weekday is 1 for Monday to 7.
    case year, month, monthname, day, weekday, weekdayname, hour, minute, second

    public var isNumber: Bool {
        switch self {
        case .filesize, .index, .folderindex, .page, .width, .height, .pages, .bands, .bits, .dpi, .aspect, .orientation, .year, .month,
            .day, .weekday, .hour, .minute, .second:
            true
        case .dir, .subdir, .folder, .name, .stem, .ext, .type, .format, .mode, .monthname, .weekdayname: false
        }
    }

    public var needsProbe: Bool {
        switch self {
        case .width, .height, .pages, .bands, .bits, .format, .mode, .dpi, .aspect, .orientation, .year, .month, .monthname, .day, .weekday,
            .weekdayname, .hour, .minute, .second:
            true
        case .dir, .subdir, .folder, .name, .stem, .ext, .type, .filesize, .index, .folderindex, .page: false
        }
    }

    /// Whether it says where in the job a file stands or lies, which a worker knows from its order only.
    public var needsPlace: Bool {
        switch self {
        case .dir, .subdir, .folder, .name, .stem, .ext, .type, .index, .folderindex: true
        case .filesize, .page, .width, .height, .pages, .bands, .bits, .format, .mode, .dpi, .aspect, .orientation, .year, .month,
            .monthname, .day, .weekday, .weekdayname, .hour, .minute, .second:
            false
        }
    }

    /// Digits of the number without a width of its own: dates sort by name.
    public var usualWidth: Int {
        switch self {
        case .year: 4
        case .month, .day, .hour, .minute, .second: 2
        case .dir, .subdir, .folder, .name, .stem, .ext, .type, .filesize, .index, .folderindex, .page, .width, .height, .pages, .bands,
            .bits, .format, .mode, .dpi, .aspect, .orientation, .monthname, .weekday, .weekdayname:
            1
        }
    }
}

/// A variable's value for one file.
public enum VariableValue: Hashable, Sendable {
    case number(Double)
    case text(String)

    /// The value in a text: whole numbers without a point, others with at most four digits behind it.
    public var text: String {
        switch self {
        case .number(let number): plainNumber(number)
        case .text(let text): text
        }
    }
}

/// What one file has for variables.
public struct VariableValues: Hashable, Sendable {
    public var plain: [PlainVariable: VariableValue]
    /// By `exif:Model`, `iptc:City`, `xmp:dc:title`.
    public var tags: [String: String]

    public init(plain: [PlainVariable: VariableValue] = [:], tags: [String: String] = [:]) {
        self.plain = plain
        self.tags = tags
    }

    /// Nil when the file does not have it. A tag that reads as a number is one in arithmetic and stays as spelled in texts.
    public func value(of variable: Variable) -> VariableValue? {
        let whole: VariableValue?
        switch variable.subject {
        case .plain(let plain): whole = self.plain[plain]
        case .tag(let space, let name): whole = tags["\(space.rawValue):\(name)"].map(VariableValue.text)
        }
        guard let part = variable.part else { return whole }
        guard case .text(let text)? = whole, let date = CivilTime(exif: text) else { return nil }
        return date.value(of: part)
    }
}

/// Whole numbers without a point, others rounded to four digits behind it.
func plainNumber(_ number: Double) -> String {
    guard number.isFinite, abs(number) < 1e15 else { return "\(number)" }
    if number == number.rounded() { return String(Int64(number)) }
    // Below, four digits behind the point fit a Double exactly.
    guard abs(number) < 1e11 else { return "\(number)" }
    let scaled = (number * 10_000).rounded()
    guard scaled.truncatingRemainder(dividingBy: 10_000) != 0 else { return String(Int64(scaled / 10_000)) }
    let magnitude = Int64(abs(scaled))
    var behind = String(magnitude % 10_000)
    behind = String(repeating: "0", count: 4 - behind.utf8.count) + behind
    while behind.last == "0" { behind.removeLast() }
    return (scaled < 0 ? "-" : "") + "\(magnitude / 10_000).\(behind)"
}
