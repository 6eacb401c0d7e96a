/// The top properties of an XMP packet by position, with their namespaces resolved (ISO 16684-1, 7).
struct XMPDocument {
    struct Property {
        var namespace: String
        var local: String
        /// The attribute from its name to the closing quote, or the element with its tags.
        var range: Range<Int>
        /// What stands between the quotes or the tags; empty for `<a/>`.
        var inner: Range<Int>
        var form: Form

        enum Form: Hashable {
            case attribute
            case element
            /// `<a/>`.
            case emptyElement
        }
    }

    /// Where new properties can go: behind the last one of a description.
    struct Description {
        var open: XMLScanner.Tag
        /// Where `</rdf:Description` begins; nil for `<rdf:Description/>`.
        var close: Int?
        /// Whether properties of its subject are those of the picture.
        var isAboutPicture: Bool
    }

    private(set) var properties: [Property] = []
    private(set) var descriptions: [Description] = []
    /// How the packet spells RDF.
    private(set) var rdfPrefix = "rdf"
    /// Where `</rdf:RDF` begins.
    private(set) var rdfClose: Int?
    /// The tag, where RDF is `<rdf:RDF/>`.
    private(set) var emptyRDF: XMLScanner.Tag?

    private static let levelsMax = 64
    private static let namespacesMax = 512

    private struct Level {
        var namespaces: [String: String]
        var isRDF = false
        var isDescription = false
        /// Index of the property that this element is.
        var property: Int?
    }

    /// Throws `unwritable` for a packet that is not UTF-8 or too involved to be edited by position.
    init(_ packet: [UInt8]) throws(ImageFileError) {
        guard !packet.prefix(64).contains(0) else { throw .unwritable("the XMP packet is not UTF-8, so its properties cannot be edited") }
        var scanner = XMLScanner(packet)
        var levels = [Level(namespaces: ["xml": "http://www.w3.org/XML/1998/namespace"])]
        while let token = scanner.next() {
            switch token {
            case .text: break
            case .open(let tag):
                var level = Level(namespaces: levels[levels.count - 1].namespaces)
                for attribute in tag.attributes {
                    let isDefault = attribute.name.prefix.isEmpty && attribute.name.local == "xmlns"
                    guard attribute.name.prefix == "xmlns" || isDefault else { continue }
                    level.namespaces[isDefault ? "" : attribute.name.local] = XMPText.unescaped(packet[attribute.value])
                }
                guard level.namespaces.count <= Self.namespacesMax, levels.count < Self.levelsMax else {
                    throw .unwritable("the XMP packet is nested too deeply to be edited")
                }
                open(tag, &level, inside: levels)
                if !tag.isEmpty { levels.append(level) }
            case .close(let range):
                guard levels.count > 1 else { throw .unwritable("the XMP packet is no well-formed XML, so it cannot be edited") }
                close(range, levels.removeLast())
            }
        }
        guard levels.count == 1 else { throw .unwritable("the XMP packet breaks off, so it cannot be edited") }
    }

    private mutating func open(_ tag: XMLScanner.Tag, _ level: inout Level, inside levels: [Level]) {
        let outer = levels[levels.count - 1]
        let namespace = level.namespaces[tag.name.prefix] ?? ""
        if namespace == XMPTag.rdf, tag.name.local == "RDF", rdfClose == nil, emptyRDF == nil {
            level.isRDF = true
            rdfPrefix = tag.name.prefix
            if tag.isEmpty { emptyRDF = tag }
        } else if outer.isRDF, namespace == XMPTag.rdf, tag.name.local == "Description" {
            level.isDescription = true
            var isAboutPicture = true
            for attribute in tag.attributes where attribute.name.prefix != "xmlns" && !attribute.name.prefix.isEmpty {
                let space = level.namespaces[attribute.name.prefix] ?? ""
                if space == XMPTag.rdf {
                    if attribute.name.local == "nodeID" { isAboutPicture = false }
                } else if attribute.name.prefix != "xml" {
                    properties.append(
                        Property(
                            namespace: space, local: attribute.name.local, range: attribute.range, inner: attribute.value, form: .attribute))
                }
            }
            descriptions.append(Description(open: tag, close: nil, isAboutPicture: isAboutPicture))
        } else if outer.isDescription {
            level.property = properties.count
            let inner = tag.range.upperBound..<tag.range.upperBound
            properties.append(
                Property(
                    namespace: namespace, local: tag.name.local, range: tag.range, inner: inner, form: tag.isEmpty ? .emptyElement : .element))
        }
    }

    private mutating func close(_ range: Range<Int>, _ level: Level) {
        if level.isRDF { rdfClose = range.lowerBound }
        if level.isDescription, !descriptions.isEmpty { descriptions[descriptions.count - 1].close = range.lowerBound }
        if let index = level.property {
            properties[index].inner = properties[index].inner.lowerBound..<range.lowerBound
            properties[index].range = properties[index].range.lowerBound..<range.upperBound
        }
    }

    func properties(_ tag: XMPTag) -> [Property] { properties.filter { $0.local == tag.name && $0.namespace == tag.namespace } }

    /// The texts of a property: one for each item of a list, the default language of alternatives alone; nil for a structure.
    static func texts(of property: Property, in packet: [UInt8]) -> [String]? {
        guard property.form != .attribute else { return [XMPText.unescaped(packet[property.inner])] }
        var scanner = XMLScanner(Array(packet[property.inner]))
        let inner = Array(packet[property.inner])
        var items: [(text: String, language: String?)] = []
        var text = ""
        var language: String?
        var level = 0
        var isAlternative = false
        while let token = scanner.next() {
            switch token {
            case .open(let tag):
                if level == 0, tag.name.local == "Alt" { isAlternative = true }
                guard level == 0 && ["Alt", "Seq", "Bag"].contains(tag.name.local) || level == 1 && tag.name.local == "li" else { return nil }
                if level == 1 {
                    (text, language) = ("", nil)
                    for attribute in tag.attributes where attribute.name.local == "lang" {
                        language = XMPText.unescaped(inner[attribute.value][...])
                    }
                    if tag.isEmpty { items.append(("", language)) }
                }
                if !tag.isEmpty { level += 1 }
            case .text(let range): if level != 1 { text += XMPText.unescaped(inner[range]) }
            case .close:
                level -= 1
                if level == 1 { items.append((text, language)) }
                if level == 0 { text = "" }
                if level < 0 { return nil }
            }
        }
        guard !items.isEmpty else { return [XMPText.trimmed(text)] }
        if isAlternative { return [(items.first { $0.language == "x-default" } ?? items[0]).text] }
        return items.map(\.text)
    }
}

/// Texts as XML writes them.
enum XMPText {
    static func escaped(_ text: String) -> String {
        var result = ""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "&": result += "&amp;"
            case "<": result += "&lt;"
            case ">": result += "&gt;"
            case "\"": result += "&quot;"
            case "'": result += "&#39;"
            // XML 1.0 has no other control characters at all.
            case "\t", "\n", "\r": result += "&#\(scalar.value);"
            case _ where scalar.value < 0x20: result += " "
            default: result.unicodeScalars.append(scalar)
            }
        }
        return result
    }

    static func unescaped(_ bytes: ArraySlice<UInt8>) -> String {
        var bytes = bytes
        if bytes.starts(with: Array("<![CDATA[".utf8)) {
            bytes = bytes.dropFirst(9)
            if bytes.suffix(3).elementsEqual(Array("]]>".utf8)) { bytes = bytes.dropLast(3) }
            return String(decoding: bytes, as: UTF8.self)
        }
        guard bytes.contains(UInt8(ascii: "&")) else { return String(decoding: bytes, as: UTF8.self) }
        var result: [UInt8] = []
        var at = bytes.startIndex
        while at < bytes.endIndex {
            guard bytes[at] == UInt8(ascii: "&"), let end = bytes[at...].prefix(12).firstIndex(of: UInt8(ascii: ";")) else {
                result.append(bytes[at])
                at += 1
                continue
            }
            let name = String(decoding: bytes[(at + 1)..<end], as: UTF8.self)
            result += entity(name) ?? Array(bytes[at...end])
            at = end + 1
        }
        return String(decoding: result, as: UTF8.self)
    }

    private static func entity(_ name: String) -> [UInt8]? {
        switch name {
        case "amp": return [UInt8(ascii: "&")]
        case "lt": return [UInt8(ascii: "<")]
        case "gt": return [UInt8(ascii: ">")]
        case "quot": return [UInt8(ascii: "\"")]
        case "apos": return [UInt8(ascii: "'")]
        default:
            guard name.hasPrefix("#") else { return nil }
            let digits = name.dropFirst()
            let number = digits.hasPrefix("x") ? UInt32(digits.dropFirst(), radix: 16) : UInt32(digits)
            return number.flatMap(Unicode.Scalar.init).map { Array(String($0).utf8) }
        }
    }

    static func trimmed(_ text: String) -> String {
        var scalars = Substring(text).unicodeScalars.drop { $0.properties.isWhitespace }
        while let last = scalars.last, last.properties.isWhitespace { scalars.removeLast() }
        return String(scalars)
    }
}
