/// Sets and deletes single properties of an XMP packet; all other bytes stay, and the padding at its end takes up the difference.
enum XMPTagEditor {
    /// A packet with nothing in it, and room to be edited in place (XMP Specification part 1, 7.3.2).
    static let empty: [UInt8] =
        Array(
            """
            <?xpacket begin="\u{FEFF}" id="W5M0MpCehiHzreSzNTczkc9d"?>
            <x:xmpmeta xmlns:x="adobe:ns:meta/">
             <rdf:RDF xmlns:rdf="\(XMPTag.rdf)">
              <rdf:Description rdf:about="">
              </rdf:Description>
             </rdf:RDF>
            </x:xmpmeta>

            """.utf8) + [UInt8](repeating: 0x20, count: 2_048) + Array("\n<?xpacket end=\"w\"?>".utf8)

    static func setting(_ tag: XMPTag, to texts: [String], in packet: [UInt8]) throws(ImageFileError) -> [UInt8] {
        let document = try XMPDocument(packet)
        let found = document.properties(tag)
        // Each stretch of the packet that changes, from its end to its beginning.
        var changes: [(range: Range<Int>, bytes: [UInt8])] = found.dropFirst().map { (Self.withSpace($0, packet), []) }
        if let first = found.first {
            if XMPDocument.texts(of: first, in: packet) == texts, found.count == 1 { return packet }
            changes.append(replacement(of: first, tag, texts, document, packet))
        } else {
            changes.append(try insertion(tag, texts, document))
        }
        return padded(applying(changes, to: packet), insteadOf: packet)
    }

    static func deleting(_ tag: XMPTag, from packet: [UInt8]) throws(ImageFileError) -> [UInt8] {
        let found = try XMPDocument(packet).properties(tag)
        guard !found.isEmpty else { return packet }
        return padded(applying(found.map { (withSpace($0, packet), []) }, to: packet), insteadOf: packet)
    }

    // MARK: Changes

    private static func replacement(
        of property: XMPDocument.Property, _ tag: XMPTag, _ texts: [String], _ document: XMPDocument, _ packet: [UInt8]
    ) -> (Range<Int>, [UInt8]) {
        let content = content(tag, texts, document.rdfPrefix)
        switch property.form {
        case .attribute:
            if tag.form == .simple { return (property.inner, Array(XMPText.escaped(texts.first ?? "").utf8)) }
            // An attribute cannot hold a list; the property becomes an element of the same description.
            for description in document.descriptions where description.open.range.contains(property.range.lowerBound) {
                let open = Array(packet[description.open.range.lowerBound..<property.range.lowerBound])
                let rest = Array(packet[property.range.upperBound..<description.open.range.upperBound])
                let element = element(tag, content)
                if description.close == nil {
                    let name = "\(description.open.name.prefix.isEmpty ? "" : description.open.name.prefix + ":")Description"
                    return (description.open.range, open + rest.dropLast(2) + Array(">\(element)</\(name)>".utf8))
                }
                return (description.open.range, open + rest + Array(element.utf8))
            }
            return (property.inner, Array(XMPText.escaped(texts.joined(separator: "; ")).utf8))
        case .emptyElement: return (property.range, Array(element(tag, content).utf8))
        case .element:
            if tag.form == .alternatives, let range = defaultLanguage(property, packet) {
                return (range, Array(XMPText.escaped(texts.first ?? "").utf8))
            }
            return (property.inner, Array(content.utf8))
        }
    }

    /// Where the text of `x-default` stands, so that other languages stay.
    private static func defaultLanguage(_ property: XMPDocument.Property, _ packet: [UInt8]) -> Range<Int>? {
        let inner = Array(packet[property.inner])
        var scanner = XMLScanner(inner)
        var start: Int?
        while let token = scanner.next() {
            switch token {
            case .open(let tag):
                guard start == nil else { return nil }
                let isDefault = tag.attributes.contains {
                    $0.name == XMLScanner.Name(prefix: "xml", local: "lang") && inner[$0.value].elementsEqual(Array("x-default".utf8))
                }
                if tag.name.local == "li", isDefault, !tag.isEmpty { start = tag.range.upperBound }
            case .text: break
            case .close(let range):
                guard let start else { continue }
                return (property.inner.lowerBound + start)..<(property.inner.lowerBound + range.lowerBound)
            }
        }
        return nil
    }

    private static func insertion(
        _ tag: XMPTag, _ texts: [String], _ document: XMPDocument
    ) throws(ImageFileError) -> (Range<Int>, [UInt8]) {
        let element = element(tag, content(tag, texts, document.rdfPrefix))
        let rdf = document.rdfPrefix.isEmpty ? "" : document.rdfPrefix + ":"
        if let description = document.descriptions.first(where: \.isAboutPicture) {
            if let close = description.close { return (close..<close, Array((" " + element + "\n  ").utf8)) }
            let end = description.open.range.upperBound
            return ((end - 2)..<end, Array(">\(element)</\(rdf)Description>".utf8))
        }
        let description = "<\(rdf)Description \(document.rdfPrefix.isEmpty ? "" : rdf)about=\"\">\(element)</\(rdf)Description>"
        if let close = document.rdfClose { return (close..<close, Array(description.utf8)) }
        guard let open = document.emptyRDF else { throw .unwritable("the XMP packet holds no rdf:RDF, so nothing can be written into it") }
        let end = open.range.upperBound
        return ((end - 2)..<end, Array(">\(description)</\(rdf)RDF>".utf8))
    }

    /// It declares its own namespace: whatever the packet has declared, it means the same.
    private static func element(_ tag: XMPTag, _ content: String) -> String {
        "<\(tag.fullName) xmlns:\(tag.prefix)=\"\(tag.namespace)\">\(content)</\(tag.fullName)>"
    }

    private static func content(_ tag: XMPTag, _ texts: [String], _ rdfPrefix: String) -> String {
        let rdf = rdfPrefix.isEmpty ? "" : rdfPrefix + ":"
        func list(_ kind: String, _ attribute: String) -> String {
            "<\(rdf)\(kind)>" + texts.map { "<\(rdf)li\(attribute)>\(XMPText.escaped($0))</\(rdf)li>" }.joined() + "</\(rdf)\(kind)>"
        }
        switch tag.form {
        case .simple: return XMPText.escaped(texts.joined(separator: "; "))
        case .alternatives: return list("Alt", " xml:lang=\"x-default\"")
        case .ordered: return list("Seq", "")
        case .unordered: return list("Bag", "")
        }
    }

    /// A property with the white space before it.
    private static func withSpace(_ property: XMPDocument.Property, _ packet: [UInt8]) -> Range<Int> {
        var start = property.range.lowerBound
        while start > 0, [32, 9, 10, 13].contains(packet[start - 1]) { start -= 1 }
        return start..<property.range.upperBound
    }

    private static func applying(_ changes: [(range: Range<Int>, bytes: [UInt8])], to packet: [UInt8]) -> [UInt8] {
        var result = packet
        var end = packet.count
        for change in changes.sorted(by: { $0.range.lowerBound > $1.range.lowerBound }) where change.range.upperBound <= end {
            result.replaceSubrange(change.range, with: change.bytes)
            end = change.range.lowerBound
        }
        return result
    }

    /// The packet with its old length, where the white space before `<?xpacket end` can give or take the difference.
    private static func padded(_ packet: [UInt8], insteadOf old: [UInt8]) -> [UInt8] {
        var ending: Int?
        var from = 0
        while let next = packet.firstPosition(of: Array("<?xpacket end".utf8), from: from) {
            ending = next
            from = next + 1
        }
        guard let ending else { return packet }
        var start = ending
        while start > 0, [32, 9, 10, 13].contains(packet[start - 1]) { start -= 1 }
        let room = ending - start
        let wanted = room + old.count - packet.count
        guard wanted >= 1, wanted != room else { return packet }
        var result = packet
        // The last byte is most often a line's end.
        if wanted < room {
            result.removeSubrange(start..<(start + room - wanted))
        } else {
            result.insert(contentsOf: [UInt8](repeating: 0x20, count: wanted - room), at: start)
        }
        return result
    }
}
