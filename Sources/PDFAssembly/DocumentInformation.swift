import JobModel

/// What a PDF says of itself, twice and equal: the Info dictionary and its XMP packet.
struct DocumentInformation: Sendable {
    /// Nothing that varies with a build, so that bytes agree between versions that lay pages out alike.
    static let producer = "quire"
    /// Of title and author, in UTF-8 (a string object holds at most 32,767 bytes, ISO 32000-1, annex C).
    static let textBytesMax = 4_000

    let title: String?
    let author: String?
    private let date: CivilTime?
    private let isArchival: Bool
    /// The Info dictionary (ISO 32000-1, 14.3.3) and the XMP packet (ISO 16684-1): made once, asked for at every page.
    private(set) var dictionary: [UInt8] = []
    private(set) var packet: [UInt8] = []

    init(_ settings: PDFSettings) throws(PDFError) {
        title = try Self.cleaned(settings.title)
        author = try Self.cleaned(settings.author)
        if let seconds = settings.dateSeconds {
            guard let time = CivilTime(secondsSince1970: seconds) else { throw .invalidSettings("a date of \(seconds) seconds") }
            date = time
        } else {
            date = nil
        }
        isArchival = settings.isArchival
        dictionary = madeDictionary
        packet = madePacket
    }

    private var madeDictionary: [UInt8] {
        var text = ObjectText()
        text.put("<<")
        for (key, value) in [("/Title", title), ("/Author", author), ("/Producer", Self.producer)] {
            guard let value else { continue }
            text.put(key)
            text.put(textString: value)
        }
        if let date {
            for key in ["/CreationDate", "/ModDate"] {
                text.put(key)
                text.put(literal: Array("D:\(date.digits)Z".utf8))
            }
        }
        text.put(">>")
        return text.bytes
    }

    /// Attributes `bytes` and `encoding` of the header are obsolete and left out.
    private var madePacket: [UInt8] {
        var text = "<?xpacket begin=\"\u{FEFF}\" id=\"W5M0MpCehiHzreSzNTczkc9d\"?>\n<x:xmpmeta xmlns:x=\"adobe:ns:meta/\">\n"
        text += "<rdf:RDF xmlns:rdf=\"http://www.w3.org/1999/02/22-rdf-syntax-ns#\">\n<rdf:Description rdf:about=\"\""
        text += " xmlns:dc=\"http://purl.org/dc/elements/1.1/\" xmlns:xmp=\"http://ns.adobe.com/xap/1.0/\""
        text += " xmlns:pdf=\"http://ns.adobe.com/pdf/1.3/\" xmlns:pdfaid=\"http://www.aiim.org/pdfa/ns/id/\">\n"
        if let title {
            text += "<dc:title><rdf:Alt><rdf:li xml:lang=\"x-default\">\(Self.escaped(title))</rdf:li></rdf:Alt></dc:title>\n"
        }
        if let author { text += "<dc:creator><rdf:Seq><rdf:li>\(Self.escaped(author))</rdf:li></rdf:Seq></dc:creator>\n" }
        text += "<pdf:Producer>\(Self.producer)</pdf:Producer>\n"
        if let date {
            text += "<xmp:CreateDate>\(date.iso8601)</xmp:CreateDate>\n<xmp:ModifyDate>\(date.iso8601)</xmp:ModifyDate>\n"
        }
        if isArchival { text += "<pdfaid:part>2</pdfaid:part>\n<pdfaid:conformance>B</pdfaid:conformance>\n" }
        text += "</rdf:Description>\n</rdf:RDF>\n</x:xmpmeta>\n<?xpacket end=\"w\"?>"
        return Array(text.utf8)
    }

    /// Control characters, which XML cannot hold, become spaces; an empty text counts as none.
    private static func cleaned(_ text: String?) throws(PDFError) -> String? {
        guard let text, !text.isEmpty else { return nil }
        guard text.utf8.count <= textBytesMax else { throw .invalidSettings("a title or author of \(text.utf8.count) bytes") }
        var result = ""
        for scalar in text.unicodeScalars {
            let isPlain = scalar.value >= 0x20 && scalar.value != 0x7F && scalar.value & 0xFFFE != 0xFFFE
            result.unicodeScalars.append(isPlain ? scalar : " ")
        }
        return result
    }

    private static func escaped(_ text: String) -> String {
        var result = ""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "&": result += "&amp;"
            case "<": result += "&lt;"
            case ">": result += "&gt;"
            default: result.unicodeScalars.append(scalar)
            }
        }
        return result
    }
}

/// A moment in UTC in calendar fields, years 1 to 9999 of the Gregorian calendar.
struct CivilTime: Hashable, Sendable {
    var year: Int
    var month: Int
    var day: Int
    var hour: Int
    var minute: Int
    var second: Int

    /// Nil outside the years 1 to 9999. Days to date after Howard Hinnant, "chrono-Compatible Low-Level Date Algorithms".
    init?(secondsSince1970: Int64) {
        guard (-62_135_596_800...253_402_300_799).contains(secondsSince1970) else { return nil }
        let shifted = Int(secondsSince1970) + 719_468 * 86_400
        let (days, rest) = (shifted / 86_400, shifted % 86_400)
        (hour, minute, second) = (rest / 3600, rest / 60 % 60, rest % 60)
        let era = days / 146_097
        let dayOfEra = days % 146_097
        let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let marchMonth = (5 * dayOfYear + 2) / 153
        day = dayOfYear - (153 * marchMonth + 2) / 5 + 1
        month = marchMonth < 10 ? marchMonth + 3 : marchMonth - 9
        year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0)
    }

    /// `YYYYMMDDHHmmSS`.
    var digits: String { padded(year, 4) + [month, day, hour, minute, second].map { padded($0, 2) }.joined() }
    /// `YYYY-MM-DDTHH:MM:SSZ`.
    var iso8601: String {
        "\(padded(year, 4))-\(padded(month, 2))-\(padded(day, 2))T\(padded(hour, 2)):\(padded(minute, 2)):\(padded(second, 2))Z"
    }

    private func padded(_ value: Int, _ width: Int) -> String {
        let text = String(value)
        return String(repeating: "0", count: max(0, width - text.count)) + text
    }
}
