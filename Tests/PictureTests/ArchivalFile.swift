import Foundation
import Testing

/// A value in a PDF as qpdf's JSON tells it (its manual, "qpdf JSON format", version 2).
indirect enum PDFValue: Decodable {
    case null
    case flag(Bool)
    case integer(Int)
    case real(Double)
    /// Begins with `u:`, `b:`, `/` or is a reference.
    case text(String)
    case list([PDFValue])
    case map([String: PDFValue])

    init(from decoder: any Decoder) throws {
        let value = try decoder.singleValueContainer()
        if value.decodeNil() {
            self = .null
        } else if let flag = try? value.decode(Bool.self) {
            self = .flag(flag)
        } else if let number = try? value.decode(Int.self) {
            self = .integer(number)
        } else if let number = try? value.decode(Double.self) {
            self = .real(number)
        } else if let text = try? value.decode(String.self) {
            self = .text(text)
        } else if let list = try? value.decode([PDFValue].self) {
            self = .list(list)
        } else {
            self = .map(try value.decode([String: PDFValue].self))
        }
    }

    subscript(_ key: String) -> PDFValue? { if case .map(let entries) = self { entries[key] } else { nil } }
    var map: [String: PDFValue] { if case .map(let entries) = self { entries } else { [:] } }
    var list: [PDFValue] { if case .list(let list) = self { list } else { [] } }
    var integer: Int? { if case .integer(let number) = self { number } else { nil } }
    var name: String? { if case .text(let text) = self, text.hasPrefix("/") { text } else { nil } }
    var number: Double? {
        switch self {
        case .integer(let number): Double(number)
        case .real(let number): number
        case .null, .flag, .text, .list, .map: nil
        }
    }
    var string: String? {
        if case .text(let text) = self, text.hasPrefix("u:") || text.hasPrefix("b:") { String(text.dropFirst(2)) } else { nil }
    }

    /// This value and all within it, with their keys.
    func visit(_ look: (PDFValue) -> Void) {
        look(self)
        for value in list { value.visit(look) }
        for value in map.values { value.visit(look) }
    }
}

/// A PDF file seen twice: as qpdf reads it, and as the bytes it is made of.
struct ArchivalFile {
    /// Whether a stream is a picture, a profile, an XMP packet or what is drawn on a page is told by who refers to it.
    struct Stream {
        var dictionary: PDFValue
        /// As it lies in the file.
        var data: [UInt8]
    }

    /// An object's bytes from its number to `endobj` or `stream`.
    struct RawObject {
        var offset: Int
        var text: String
        var bodyEnd: Int
        var isStream: Bool
    }

    let bytes: [UInt8]
    private(set) var values: [String: PDFValue] = [:]
    private(set) var streams: [String: Stream] = [:]
    private(set) var trailer: PDFValue = .null
    private(set) var pages: [PDFValue] = []
    let isEncrypted: Bool
    private(set) var rawObjects: [RawObject] = []
    /// Profiles as a reader gets them, by their objects.
    private(set) var profiles: [String: [UInt8]] = [:]

    private struct Told: Decodable {
        struct Encryption: Decodable { let encrypted: Bool }
        struct Page: Decodable { let object: String }
        let pages: [Page]
        let encrypt: Encryption
        let qpdf: [PDFValue]
    }

    init(_ data: Data, in shop: Workshop) throws {
        bytes = [UInt8](data)
        let file = "file-\(UUID().uuidString).pdf"
        try shop.write(data, file)
        defer { try? FileManager.default.removeItem(at: shop[file]) }
        let json = try shop.tool(
            "qpdf", "--json=2", "--json-stream-data=inline", "--decode-level=none", file, statuses: [0, 3])
        let told = try JSONDecoder().decode(Told.self, from: json.output)
        isEncrypted = told.encrypt.encrypted
        for (key, object) in try #require(told.qpdf.last).map {
            if key == "trailer" {
                trailer = object["value"] ?? .null
                continue
            }
            let reference = String(key.dropFirst("obj:".count))
            if let stream = object["stream"], let dictionary = stream["dict"] {
                var content: [UInt8] = []
                if case .text(let text)? = stream["data"] { content = [UInt8](Data(base64Encoded: text) ?? Data()) }
                streams[reference] = Stream(dictionary: dictionary, data: content)
            } else {
                values[reference] = object["value"] ?? .null
            }
        }
        pages = told.pages.compactMap { values[$0.object] }
        for line in try shop.tool("qpdf", "--show-xref", file, statuses: [0, 3]).lines {
            if let offset = line.split(separator: "offset = ").last.flatMap({ Int($0) }), offset < bytes.count {
                rawObjects.append(rawObject(at: offset))
            }
        }
        for reference in Set(profileReferences.map { $0.reference }) {
            let number = String(reference.prefix { $0 != " " })
            let shown = try shop.tool(
                "qpdf", "--show-object=\(number)", "--filtered-stream-data", file, statuses: [0, 2, 3])
            profiles[reference] = [UInt8](shown.output)
        }
    }

    func resolve(_ value: PDFValue?) -> PDFValue? {
        guard case .text(let text)? = value, text.hasSuffix(" R") else { return value }
        return values[text] ?? streams[text]?.dictionary
    }

    func stream(_ value: PDFValue?) -> Stream? {
        if case .text(let text)? = value { streams[text] } else { nil }
    }

    var catalog: PDFValue { resolve(trailer["/Root"]) ?? .null }
    var intents: [PDFValue] { (resolve(catalog["/OutputIntents"])?.list ?? []).compactMap { resolve($0) } }
    var images: [Stream] { streams.values.filter { $0.dictionary["/Subtype"]?.name == "/Image" } }

    /// The text of what each page draws, without strings, in words.
    var contents: [(page: PDFValue, words: [String])] {
        pages.map { page in
            let text = String(decoding: stream(page["/Contents"])?.data ?? [], as: UTF8.self)
            let words = text.replacing(/\((\\.|[^\\)])*\)/, with: " ").split(whereSeparator: \.isWhitespace).map(String.init)
            return (page, words)
        }
    }

    /// Colour spaces of all pictures, of a palette its base.
    var imageSpaces: [(image: Stream, space: PDFValue?)] {
        images.map { image in
            let space = resolve(image.dictionary["/ColorSpace"])
            return (image, space?.list.first?.name == "/Indexed" ? resolve(space?.list[1]) : space)
        }
    }

    /// Profiles that pictures and the output intent name.
    var profileReferences: [(reference: String, isIntent: Bool)] {
        var found: [(String, Bool)] = []
        for (_, space) in imageSpaces where space?.list.first?.name == "/ICCBased" {
            if case .text(let reference)? = space?.list.last { found.append((reference, false)) }
        }
        for intent in intents {
            if case .text(let reference)? = intent["/DestOutputProfile"] { found.append((reference, true)) }
        }
        return found
    }

    /// The colour space of the output intent, as ICC names it.
    var intentSpace: String? {
        profileReferences.first { $0.isIntent }.flatMap { profiles[$0.reference] }.map { text($0, 16, 4) }
    }

    func text(_ bytes: [UInt8], _ start: Int, _ count: Int) -> String {
        start + count <= bytes.count ? String(decoding: bytes[start..<(start + count)], as: UTF8.self) : ""
    }

    /// All values of all objects and the trailer.
    func visitValues(_ look: (PDFValue) -> Void) {
        for value in values.values { value.visit(look) }
        for stream in streams.values { stream.dictionary.visit(look) }
        trailer.visit(look)
    }

    /// Reads on to the end of the object's dictionary or array; literal strings may hold anything.
    private func rawObject(at offset: Int) -> RawObject {
        var text: [UInt8] = []
        var (position, depth) = (offset, 0)
        while position < bytes.count {
            let byte = bytes[position]
            if depth > 0, byte == UInt8(ascii: "\\") {
                position += 2
                continue
            }
            if byte == UInt8(ascii: "(") { depth += 1 }
            if depth == 0 { text.append(byte) }
            if byte == UInt8(ascii: ")") { depth -= 1 }
            position += 1
            if depth == 0, text.suffix(6).elementsEqual("endobj".utf8) || text.suffix(6).elementsEqual("stream".utf8) { break }
        }
        return RawObject(
            offset: offset, text: String(decoding: text, as: UTF8.self), bodyEnd: position,
            isStream: text.suffix(6).elementsEqual("stream".utf8))
    }
}
