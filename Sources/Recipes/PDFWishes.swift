public import JobModel

/// What was said of the PDF, in a recipe file or by flags; nil where nothing was said.
public struct PDFWishes: Hashable, Sendable {
    public var pageSize: PageSize?
    public var margin: PaperLength?
    public var dotsPerInch: Int?
    public var title: String?
    public var author: String?
    public var date: Moment?
    public var missingPage: MissingPage?
    public var volumeSize: ByteSize?
    public var volumePages: Int?
    public var archival: Bool?
    public init() {}

    public static let dotsPerInchRange = 1...9600
    public static let volumePagesRange = 1...8_000_000
    /// Smaller volumes are a slip of the unit.
    public static let volumeBytesMin: UInt64 = 1_000_000
    /// Of title and author, in UTF-8.
    public static let textBytesMax = 1000

    /// `settings` with these wishes put over it.
    public func applied(to settings: PDFSettings) -> PDFSettings {
        var result = settings
        if let pageSize { result.pageSize = pageSize }
        if let margin { result.margin = margin }
        if let dotsPerInch { result.dotsPerInch = dotsPerInch }
        if let title { result.title = title }
        if let author { result.author = author }
        if let date { result.dateSeconds = date.seconds }
        if let missingPage { result.missingPage = missingPage }
        if let volumeSize { result.volumeBytesMax = volumeSize.bytes }
        if let volumePages { result.volumePagesMax = volumePages }
        if let archival { result.isArchival = archival }
        return result
    }

    /// A field's name in a recipe file; the flags have the same names.
    public enum Field: String, CaseIterable, Sendable {
        case pageSize = "page-size"
        case margin, dpi, title, author, date
        case missingPage = "missing-page"
        case volumeSize = "volume-size"
        case volumePages = "volume-pages"
        case pdfa

        /// Nil where it is a text of its own form.
        public var kind: FieldKind? {
            switch self {
            case .pageSize, .margin, .title, .author, .date: nil
            case .dpi: .whole(PDFWishes.dotsPerInchRange)
            case .missingPage: .choice(MissingPage.allCases.map(\.rawValue))
            case .volumeSize: .byteSize
            case .volumePages: .whole(PDFWishes.volumePagesRange)
            case .pdfa: .flag
            }
        }

        /// What is accepted, for help and error messages.
        public var accepted: String {
            switch self {
            case .pageSize: PageSize.accepted
            case .margin: PaperLength.accepted
            case .dpi: FieldKind.whole(PDFWishes.dotsPerInchRange).accepted
            case .title, .author: "a text of at most \(PDFWishes.textBytesMax) bytes"
            case .date: Moment.accepted
            case .missingPage: MissingPage.allCases.map(\.rawValue).joined(separator: ", ")
            case .volumeSize: ByteSize.accepted + ", at least 1MB"
            case .volumePages: FieldKind.whole(PDFWishes.volumePagesRange).accepted
            case .pdfa: FieldKind.flag.accepted
            }
        }
    }

    /// Reads one field's value; flags and recipe files share it.
    public mutating func set(_ field: Field, parsing text: String) throws(RecipeError) {
        let refused = RecipeError(.badValue(text, for: field.rawValue, accepted: field.accepted))
        switch field {
        case .pageSize: pageSize = try PageSize(parsing: text)
        case .margin: margin = try PaperLength(parsing: text)
        case .dpi:
            guard let value = digits(text), value <= UInt64(Self.dotsPerInchRange.upperBound), value > 0 else { throw refused }
            dotsPerInch = Int(value)
        case .title, .author:
            guard text.utf8.count <= Self.textBytesMax, !text.utf8.contains(0) else { throw refused }
            if field == .title { title = text } else { author = text }
        case .date: date = try Moment(parsing: text)
        case .missingPage:
            guard let choice = MissingPage(rawValue: text.lowercased()) else { throw refused }
            missingPage = choice
        case .volumeSize:
            let size = try ByteSize(parsing: text)
            guard size.bytes >= Self.volumeBytesMin else { throw refused }
            volumeSize = size
        case .volumePages:
            guard let value = digits(text), value <= UInt64(Self.volumePagesRange.upperBound), value > 0 else { throw refused }
            volumePages = Int(value)
        case .pdfa:
            guard case .flag(let value) = try FieldKind.flag.read(text, field: field.rawValue) else { throw refused }
            archival = value
        }
    }

    /// Refuses a margin that leaves nothing of the paper.
    public func check() throws(RecipeError) {
        guard let margin, case .paper(let width, let height)? = pageSize else { return }
        if margin.milliPoints * 2 >= min(width, height).milliPoints {
            throw RecipeError(.contradiction("the margin leaves nothing of the page"))
        }
    }
}

extension RecipeReader {
    func pdf(_ value: RecipeValue) throws(RecipeError) -> PDFWishes {
        let names = PDFWishes.Field.allCases.map(\.rawValue)
        var wishes = PDFWishes()
        var seen: [PDFWishes.Field] = []
        for entry in try entries(of: value, "pdf", accepted: "a map with \(names.joined(separator: ", "))") {
            guard let field = PDFWishes.Field(rawValue: entry.name) else {
                throw error(.unknownField(entry.name, of: "pdf", accepted: names), entry)
            }
            guard !seen.contains(field) else { throw error(.repeatedField(entry.name), entry) }
            seen.append(field)
            let text = try scalar(entry.value, entry.name)
            try placed(entry.value) { () throws(RecipeError) in try wishes.set(field, parsing: text) }
        }
        try placed(value) { () throws(RecipeError) in try wishes.check() }
        return wishes
    }
}
