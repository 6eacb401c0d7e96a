import Foundation
import FoundationXML

/// What a JPEG 2000 file says of its components and colours (ISO/IEC 15444-1, annexes A and I).
struct JPXFacts {
    /// Of each component.
    private(set) var depths: [Int] = []
    /// METH of each colour box, and the colour spaces of those that name one.
    private(set) var methods: [Int] = []
    private(set) var enumerated: [Int] = []
    private(set) var hasBitsBox = false

    init?(_ bytes: [UInt8]) {
        if bytes.starts(with: [0xFF, 0x4F]) {
            readCodestream(bytes[...])
        } else {
            readBoxes(bytes[...])
        }
        if depths.isEmpty { return nil }
    }

    private mutating func readBoxes(_ bytes: ArraySlice<UInt8>) {
        var rest = bytes
        while rest.count >= 8 {
            let start = rest.startIndex
            let stated = number(rest, 0, 4)
            let size = stated == 0 ? rest.count : min(stated, rest.count)
            guard size >= 8 else { return }
            let content = rest[(start + 8)..<(start + size)]
            switch String(decoding: rest[(start + 4)..<(start + 8)], as: UTF8.self) {
            case "jp2h": readBoxes(content)
            case "jp2c": readCodestream(content)
            case "bpcc": hasBitsBox = true
            case "colr":
                methods.append(number(content, 0, 1))
                if methods.last == 1 { enumerated.append(number(content, 3, 4)) }
            default: break
            }
            rest = rest[(start + size)...]
        }
    }

    private mutating func readCodestream(_ bytes: ArraySlice<UInt8>) {
        guard depths.isEmpty, bytes.count > 42 else { return }
        depths = (0..<number(bytes, 40, 2)).map { number(bytes, 42 + 3 * $0, 1) + 1 }
    }

    private func number(_ bytes: ArraySlice<UInt8>, _ at: Int, _ count: Int) -> Int {
        let start = bytes.startIndex + at
        return start + count <= bytes.endIndex ? bytes[start..<(start + count)].reduce(0) { $0 << 8 | Int($1) } : 0
    }
}

/// The properties of an XMP packet: namespace and path to their text, nil for what is no XML.
struct XMPReading {
    let properties: [String: String]

    init?(_ data: [UInt8]) {
        let parser = XMLParser(data: Data(data))
        parser.shouldProcessNamespaces = true
        let reader = Reader()
        parser.delegate = reader
        guard parser.parse() else { return nil }
        properties = reader.properties
    }

    private final class Reader: NSObject, XMLParserDelegate {
        var properties: [String: String] = [:]
        private var path: [(space: String, name: String)] = []
        private var text = ""

        func parser(
            _ parser: XMLParser, didStartElement name: String, namespaceURI: String?, qualifiedName: String?,
            attributes: [String: String]
        ) {
            path.append((namespaceURI ?? "", name))
            text = ""
        }

        func parser(_ parser: XMLParser, foundCharacters string: String) { text += string }

        func parser(_ parser: XMLParser, didEndElement name: String, namespaceURI: String?, qualifiedName: String?) {
            // xmpmeta, RDF, Description, then the property.
            if path.count > 3, !text.allSatisfy(\.isWhitespace) {
                properties[path[3].space + " " + path[3...].map(\.name).joined(separator: "/")] = text
            }
            text = ""
            path.removeLast()
        }
    }
}
