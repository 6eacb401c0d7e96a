/// Edits of an XMP packet that keep its length: what goes becomes spaces, so that the packet may lie anywhere.
enum XMPPacket {
    /// The packet without positions (properties whose name begins with GPS, of any vendor) and place names (Photoshop's, IPTC
    /// Core's and Extension's). A packet that is not UTF-8 cannot be read here and goes as a whole.
    static func clearingPlaces(_ packet: [UInt8]) -> [UInt8] {
        guard isReadable(packet) else { return [UInt8](repeating: space, count: packet.count) }
        return clearing(packet, isPlace)
    }

    /// The packet without the note that names an extended packet, for when that goes.
    static func clearingExtensionNote(_ packet: [UInt8]) -> [UInt8] {
        clearing(packet) { $0.prefix == "xmpNote" && $0.local == "HasExtendedXMP" }
    }

    /// The packet without the small pictures of it that some editors keep there.
    static func clearingThumbnails(_ packet: [UInt8]) -> [UInt8] {
        clearing(packet) { ($0.prefix == "xmp" || $0.prefix == "xap") && $0.local == "Thumbnails" }
    }

    /// The packet with `tiff:Orientation` set where it stands.
    static func settingOrientation(_ orientation: Int, in packet: [UInt8]) -> [UInt8] {
        var result = packet
        let digit = UInt8(0x30 + orientation)
        let names = XMPNames(packet)
        func isOrientation(_ name: XMLScanner.Name) -> Bool {
            names.meanings(of: name).contains(XMLScanner.Name(prefix: "tiff", local: "Orientation"))
        }
        var scanner = XMLScanner(packet)
        var isInside = false
        while let token = scanner.next() {
            switch token {
            case .open(let tag):
                for attribute in tag.attributes where isOrientation(attribute.name) {
                    write(digit, over: attribute.value, in: &result)
                }
                isInside = !tag.isEmpty && isOrientation(tag.name)
            case .text(let range):
                if isInside { write(digit, over: range, in: &result) }
            case .close:
                isInside = false
            }
        }
        return result
    }

    private static let space: UInt8 = 0x20

    private static func write(_ digit: UInt8, over range: Range<Int>, in packet: inout [UInt8]) {
        guard let first = range.first else { return }
        packet[first] = digit
        for index in range.dropFirst() { packet[index] = space }
    }

    private static func isReadable(_ packet: [UInt8]) -> Bool { !packet.prefix(64).contains(0) }

    /// Whether a property names a position; place names do not count.
    static func tellsPosition(_ packet: [UInt8]) -> Bool {
        var scanner = XMLScanner(packet)
        while let token = scanner.next() {
            guard case .open(let tag) = token else { continue }
            if isPosition(tag.name) || tag.attributes.contains(where: { isPosition($0.name) }) { return true }
        }
        return false
    }

    private static func isPosition(_ name: XMLScanner.Name) -> Bool {
        name.prefix != "xmlns" && name.local.utf8.count >= 3 && name.local.prefix(3).lowercased() == "gps"
    }

    /// Whether a name with its usual prefix is that of a position or a place name.
    static func isPlace(_ name: XMLScanner.Name) -> Bool {
        if isPosition(name) { return true }
        switch name.prefix {
        case "photoshop": return ["City", "State", "Country"].contains(name.local)
        case "Iptc4xmpCore": return ["Location", "CountryCode"].contains(name.local)
        case "Iptc4xmpExt": return ["LocationCreated", "LocationShown"].contains(name.local)
        default: return false
        }
    }

    /// Blanks the attributes, and the elements with all they hold, whose names with their usual prefix `isKindUnwanted`.
    private static func clearing(_ packet: [UInt8], _ isKindUnwanted: (XMLScanner.Name) -> Bool) -> [UInt8] {
        let names = XMPNames(packet)
        func isUnwanted(_ name: XMLScanner.Name) -> Bool { names.meanings(of: name).contains(where: isKindUnwanted) }
        var result = packet
        var scanner = XMLScanner(packet)
        var unwantedStart: Int?
        var depth = 0
        func blank(_ range: Range<Int>) {
            for index in range { result[index] = space }
        }
        while let token = scanner.next() {
            switch token {
            case .open(let tag):
                if unwantedStart != nil {
                    if !tag.isEmpty { depth += 1 }
                } else if isUnwanted(tag.name) {
                    if tag.isEmpty {
                        blank(tag.range)
                    } else {
                        unwantedStart = tag.range.lowerBound
                        depth = 1
                    }
                } else {
                    for attribute in tag.attributes where isUnwanted(attribute.name) { blank(attribute.range) }
                }
            case .text:
                break
            case .close(let range):
                guard let start = unwantedStart else { continue }
                depth -= 1
                if depth == 0 {
                    blank(start..<range.upperBound)
                    unwantedStart = nil
                }
            }
        }
        // Never closed: not well-formed, and nothing of it may stay readable.
        if let start = unwantedStart { blank(start..<packet.count) }
        return result
    }
}

/// What the prefixes of a packet stand for: a writer may spell a schema as it likes.
///
/// A prefix that is declared more than once has all its meanings everywhere: what is to be cleared must not hide behind a
/// packet that is not well-formed.
struct XMPNames {
    private var usualPrefixes: [String: Set<String>] = [:]

    private static let schemas: [String: String] = {
        var schemas = [schema("http://ns.adobe.com/xmp/note/"): "xmpNote"]
        for (prefix, namespace) in XMPTag.namespaces { schemas[schema(namespace)] = prefix }
        return schemas
    }()

    init(_ packet: [UInt8]) {
        var scanner = XMLScanner(packet)
        while let token = scanner.next() {
            guard case .open(let tag) = token else { continue }
            for attribute in tag.attributes {
                let isDefault = attribute.name.prefix.isEmpty && attribute.name.local == "xmlns"
                guard isDefault || attribute.name.prefix == "xmlns",
                    let usual = Self.schemas[Self.schema(XMPText.unescaped(packet[attribute.value]))]
                else { continue }
                usualPrefixes[isDefault ? "" : attribute.name.local, default: []].insert(usual)
            }
        }
    }

    /// A name as it stands, and with the usual prefix of each schema that its own may stand for.
    func meanings(of name: XMLScanner.Name) -> [XMLScanner.Name] {
        [name] + (usualPrefixes[name.prefix] ?? []).map { XMLScanner.Name(prefix: $0, local: name.local) }
    }

    /// Without the slash at its end, which some writers leave away and readers forgive.
    private static func schema(_ namespace: String) -> String { namespace.hasSuffix("/") ? String(namespace.dropLast()) : namespace }
}

/// Walks XML markup by position, without namespaces or entities: as much as properties of an XMP packet need.
struct XMLScanner {
    struct Name: Hashable {
        /// What precedes the colon; empty without one.
        var prefix: String
        var local: String
    }
    struct Attribute {
        var name: Name
        /// From the name's first byte to the closing quote.
        var range: Range<Int>
        var value: Range<Int>
    }
    struct Tag {
        var name: Name
        var attributes: [Attribute]
        var range: Range<Int>
        /// `<a/>`.
        var isEmpty: Bool
    }
    enum Token {
        case open(Tag)
        case text(Range<Int>)
        case close(Range<Int>)
    }

    private let bytes: [UInt8]
    private var at = 0

    init(_ bytes: [UInt8]) { self.bytes = bytes }

    mutating func next() -> Token? {
        while at < bytes.count {
            let start = at
            guard bytes[at] == UInt8(ascii: "<") else {
                at = bytes[at...].firstIndex(of: UInt8(ascii: "<")) ?? bytes.count
                return .text(start..<at)
            }
            if bytes.has("<!--", at: at) {
                skip(past: "-->")
            } else if bytes.has("<![CDATA[", at: at) {
                skip(past: "]]>")
                return .text(start..<at)
            } else if bytes.has("<?", at: at) {
                skip(past: "?>")
            } else if bytes.has("<!", at: at) {
                skip(past: ">")
            } else if bytes.has("</", at: at) {
                skip(past: ">")
                return .close(start..<at)
            } else {
                return .open(tag())
            }
        }
        return nil
    }

    private mutating func skip(past ending: String) {
        at = bytes.firstPosition(of: Array(ending.utf8), from: at).map { $0 + ending.utf8.count } ?? bytes.count
    }

    private mutating func tag() -> Tag {
        let start = at
        at += 1
        let tagName = name()
        var attributes: [Attribute] = []
        var isEmpty = false
        while at < bytes.count {
            let byte = bytes[at]
            if byte == UInt8(ascii: ">") {
                at += 1
                break
            }
            isEmpty = byte == UInt8(ascii: "/")
            if isEmpty || isSpace(byte) {
                at += 1
                continue
            }
            let attributeStart = at
            let attributeName = name()
            skipSpaces()
            guard at < bytes.count, bytes[at] == UInt8(ascii: "=") else {
                if at == attributeStart { at += 1 }
                continue
            }
            at += 1
            skipSpaces()
            guard at < bytes.count, bytes[at] == UInt8(ascii: "\"") || bytes[at] == UInt8(ascii: "'") else { continue }
            let valueStart = at + 1
            let valueEnd = bytes[valueStart...].firstIndex(of: bytes[at]) ?? bytes.count
            at = min(valueEnd + 1, bytes.count)
            attributes.append(Attribute(name: attributeName, range: attributeStart..<at, value: valueStart..<valueEnd))
        }
        return Tag(name: tagName, attributes: attributes, range: start..<at, isEmpty: isEmpty)
    }

    private mutating func name() -> Name {
        let start = at
        while at < bytes.count, !isSpace(bytes[at]), !isPunctuation(bytes[at]) { at += 1 }
        let text = String(decoding: bytes[start..<at], as: UTF8.self)
        guard let colon = text.firstIndex(of: ":") else { return Name(prefix: "", local: text) }
        return Name(prefix: String(text[..<colon]), local: String(text[text.index(after: colon)...]))
    }

    private mutating func skipSpaces() {
        while at < bytes.count, isSpace(bytes[at]) { at += 1 }
    }

    /// One of `/ > = " ' <`.
    private func isPunctuation(_ byte: UInt8) -> Bool {
        byte == 0x2F || byte == 0x3E || byte == 0x3D || byte == 0x22 || byte == 0x27 || byte == 0x3C
    }

    private func isSpace(_ byte: UInt8) -> Bool { byte == 32 || byte == 10 || byte == 13 || byte == 9 }
}
