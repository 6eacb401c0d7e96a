import Foundation
import Testing

/// One demand of PDF/A-2b (ISO 19005-2) on a file of pictures, and files that break it.
///
/// A long file because it is a list: each rule stands whole beside what it has to find.
struct ArchivalRule: CustomTestStringConvertible, Sendable {
    /// A change of a sound file's bytes that breaks the rule.
    enum Breakage: Sendable {
        /// The first text, where it stands last, by the second: in the same room or, from the table of objects on, in any.
        case replace(String, String)
        /// More behind the trailer's `<<`.
        case trailer(String)
        /// More at the end.
        case append(String)
        /// The same book without `--pdfa`.
        case plain
        /// The same book with a password.
        case encrypted
    }

    let clause: String
    let demand: String
    let broken: [Breakage]
    let complaints: @Sendable (ArchivalFile) -> [String]

    var testDescription: String { "\(clause) \(demand)" }

    init(
        _ clause: String, _ demand: String, broken: [Breakage], complaints: @escaping @Sendable (ArchivalFile) -> [String]
    ) {
        (self.clause, self.demand, self.broken, self.complaints) = (clause, demand, broken, complaints)
    }

    static let all = bytes + limits + graphics + images + metadata

    // MARK: - 6.1, the bytes of the file

    static let bytes: [ArchivalRule] = [
        .init(
            "6.1.2", "The file begins with its version, and a comment of bytes above 127",
            broken: [
                .replace("%PDF-1.7", "%PDF-2.0"), .replace("%PDF-1.7\n", "%PDF-1.7 "),
                .replace("%\u{E2}\u{E3}\u{CF}\u{D3}", "%abcd"),
            ]
        ) { file in
            let head = file.bytes.prefix(14)
            return head.starts(with: "%PDF-1.".utf8) && (0x30...0x37).contains(head[7]) && head[8] == 0x0A && head[9] == 0x25
                && head[10...13].allSatisfy { $0 > 127 } ? [] : ["\(Array(head))"]
        },
        .init(
            "6.1.3", "The trailer has an identifier, and nothing is encrypted",
            broken: [
                .replace("/ID[", "/IX["), .encrypted,
            ]
        ) { file in
            let parts = file.trailer["/ID"]?.list.compactMap(\.string) ?? []
            return (parts.count == 2 && parts.allSatisfy { !$0.isEmpty } ? [] : ["identifier \(parts)"])
                + (file.isEncrypted || file.trailer["/Encrypt"] != nil ? ["encrypted"] : [])
        },
        .init(
            "6.1.3", "Nothing but one end of line stands behind the last %%EOF",
            broken: [
                .append("\n"), .append("%"), .replace("%%EOF", "%%EOG"),
            ]
        ) { file in
            let tail = file.bytes.suffix(6)
            return tail.elementsEqual("%%EOF\n".utf8) ? [] : ["the file ends with \(Array(tail))"]
        },
        .init(
            "6.1.4", "The table of objects begins with xref, one end of line, and its range",
            broken: [
                .replace("\nxref\n0 ", "\nxref \n0 "), .replace("\nxref\n0 ", "\nxref\n\n0 "),
                .replace("startxref\n", "startxref\n1"),
            ]
        ) { file in
            let text = String(decoding: file.bytes.suffix(100), as: UTF8.self)
            guard let start = text.firstMatch(of: /startxref\n(\d+)\n%%EOF/).flatMap({ Int($0.1) }), start < file.bytes.count
            else { return ["no startxref"] }
            let table = String(decoding: file.bytes[start...].prefix(60), as: UTF8.self)
            return table.firstMatch(of: /^xref\n0 \d+\n0000000000 65535 f[ ]\n\d{10} 00000 n[ ]\n/) != nil ? [] : [table]
        },
        .init(
            "6.1.6", "Strings in hexadecimal have an even number of digits, and nothing else",
            broken: [
                .replace("<FEFF00", "<FEFF0 "), .replace("<FEFF00", "<FEFFG0"),
            ]
        ) { file in
            file.rawObjects.flatMap { object in
                object.text.replacing("<<", with: " ").replacing(">>", with: " ").matches(of: /<([^>]*)>/).compactMap { match in
                    let digits = match.1.filter { !$0.isWhitespace }
                    return digits.count % 2 == 0 && digits.allSatisfy(\.isHexDigit) ? nil : "\(match.0)"
                }
            }
        },
        .init(
            "6.1.7.1", "Every stream is as long as it says, between stream and endstream on lines of their own",
            broken: [
                .replace("/Length 3", "/Length 4"), .replace(">>\nstream\n", ">>\nstream\r"),
                .replace("\nendstream", " endstream"),
            ]
        ) { file in
            file.rawObjects.filter(\.isStream).compactMap { object in
                let begin = object.bodyEnd
                guard let length = object.text.firstMatch(of: /\/Length (\d+)>>\nstream$/).flatMap({ Int($0.1) }),
                    begin + 1 + length + 11 <= file.bytes.count
                else { return "\(object.text)" }
                let end = begin + 1 + length
                let isRight = file.bytes[begin] == 0x0A && file.bytes[end..<(end + 11)].elementsEqual("\nendstream\n".utf8)
                return isRight ? nil : "\(object.text)"
            }
        },
        .init("6.1.7.1", "No stream lies in another file", broken: [.replace("/Alternate/DeviceRGB", "/F(another file.icc)")]) {
            file in
            file.streams.flatMap { key, stream in
                ["/F", "/FFilter", "/FDecodeParms"].filter { stream.dictionary[$0] != nil }.map { "\(key) \($0)" }
            }
        },
        .init(
            "6.1.7.2", "Filters are those of PDF without LZW and encryption",
            broken: [
                .replace("/Filter/FlateDecode", "/Filter/LZWDecode"), .replace("/Filter/FlateDecode", "/Filter/Crypt"),
            ]
        ) { file in
            let known: Set = ["/FlateDecode", "/DCTDecode", "/CCITTFaxDecode", "/JPXDecode"]
            return file.streams.flatMap { key, stream in
                let filter = file.resolve(stream.dictionary["/Filter"])
                return ((filter?.name).map { [$0] } ?? filter?.list.compactMap(\.name) ?? []).filter { !known.contains($0) }
                    .map { "\(key) \($0)" }
            }
        },
        .init(
            "6.1.9", "obj and endobj stand on lines of their own, single spaces before them",
            broken: [
                .replace(" 0 obj\n", " 0 obj "), .replace("\n2 0 obj", " 2 0 obj"), .replace("\nendobj", " endobj"),
            ]
        ) { file in
            file.rawObjects.compactMap { object in
                let isPlaced = object.offset > 0 && file.bytes[object.offset - 1] == 0x0A
                let begins = object.text.firstMatch(of: /^\d+ 0 obj\n/) != nil
                let ends = object.isStream || object.text.hasSuffix("\nendobj") && file.bytes[object.bodyEnd] == 0x0A
                return isPlaced && begins && ends ? nil : "\(object.text)"
            }
                + (file.rawObjects.count { $0.isStream } == file.bytes.count(of: "\nendstream\nendobj\n")
                    ? [] : ["an endobj behind a stream"])
        },
    ]

    // MARK: - 6.1.13, limits

    static let limits: [ArchivalRule] = [
        .init("6.1.13", "Integers have 32 bits", broken: [.trailer("/Big 2147483648"), .trailer("/Big -2147483649")]) { file in
            var found: [String] = []
            file.visitValues { if let number = $0.integer, Int32(exactly: number) == nil { found.append("\(number)") } }
            return found
        },
        .init(
            "6.1.13", "Strings have at most 32,767 bytes, names 127",
            broken: [
                .trailer("/Long(\(String(repeating: "x", count: 32_768)))"),
                .trailer("/Long/\(String(repeating: "x", count: 128))"),
                .trailer("/\(String(repeating: "x", count: 128)) 1"),
            ]
        ) { file in
            var found: [String] = []
            file.visitValues { value in
                if let string = value.string, string.utf16.count * 2 > 32_767 { found.append("a string of \(string.count)") }
                for name in [value.name].compactMap({ $0 }) + value.map.keys where name.utf8.count > 128 { found.append(name) }
            }
            return found
        },
        .init(
            "6.1.13", "There are at most 8,388,607 objects, and q is nested at most 28 deep",
            broken: [
                .replace("q 841.89 ", "q q q q")
            ]
        ) { file in
            (file.values.count + file.streams.count > 8_388_607 ? ["too many objects"] : [])
                + file.contents.compactMap { _, words in
                    var (depth, deepest) = (0, 0)
                    for word in words {
                        depth += word == "q" ? 1 : word == "Q" ? -1 : 0
                        deepest = max(deepest, depth)
                    }
                    // The fixtures have no room for 28.
                    return depth == 0 && deepest <= 28 ? nil : "q \(deepest) deep, \(depth) left"
                }
        },
        .init(
            "6.1.13", "Sides of a page have 3 to 14,400 units",
            broken: [
                .replace("/MediaBox[0 0 841.89 ", "/MediaBox[0 0 2.9999 "),
                .replace("/MediaBox[0 0 841.89 ", "/MediaBox[0 0 14401 "),
                .replace("/MediaBox[0 0 841.89 ", "/MediaBux[0 0 841.89 "),
            ]
        ) { file in
            file.pages.flatMap { page in
                ["/MediaBox", "/CropBox", "/BleedBox", "/TrimBox", "/ArtBox"].compactMap { key in
                    guard let box = file.resolve(page[key])?.list.compactMap(\.number) else {
                        return key == "/MediaBox" ? "no box" : nil
                    }
                    return box.count == 4 && [box[2] - box[0], box[3] - box[1]].allSatisfy { (3...14_400).contains($0) }
                        ? nil : "\(box)"
                }
            }
        },
    ]

    // MARK: - 6.2.2 to 6.2.6, 6.2.10, 6.2.11, 6.3 to 6.10: pages

    static let graphics: [ArchivalRule] = [
        .init("6.2.2", "Pages draw with operators of PDF only", broken: [.replace("/I Do Q", "/I Dx Q")]) { file in
            let known = Set(
                """
                b B b* B* BDC BI BMC BT BX c cm CS cs d d0 d1 Do DP EI EMC ET EX f F f* G g gs h i ID j J K k l m M MP n q Q re RG rg \
                ri s S SC sc SCN scn sh T* Tc Td TD Tf Tj TJ TL Tm Tr Ts Tw Tz v w W W* y ' "
                """.split(separator: " ").map(String.init))
            return file.contents.flatMap { _, words in
                words.filter { !known.contains($0) && Double($0) == nil && !$0.hasPrefix("/") }
            } + (file.contents.contains { $0.words.isEmpty } ? ["a page draws nothing"] : [])
        },
        .init(
            "6.2.2", "Every page has its own resources, and what it draws is among them",
            broken: [
                .replace("/Resources<</XO", "/Resourcex<</XO"), .replace("/I Do Q", "/J Do Q"),
            ]
        ) { file in
            file.contents.flatMap { page, words in
                guard let resources = file.resolve(page["/Resources"]) else { return ["a page without resources"] }
                let names = file.resolve(resources["/XObject"]).map { Set($0.map.keys) } ?? []
                return words.indices.dropFirst().filter { words[$0] == "Do" && !names.contains(words[$0 - 1]) }.map {
                    words[$0 - 1]
                }
            }
        },
        .init(
            "6.2.3", "One output intent names a display's or printer's profile of version 2 or 4",
            broken: [
                .replace("/S/GTS_PDFA1", "/S/GTS_PDFX"), .replace("/OutputIntents", "/OutputIntentx"), .plain,
                .replace("mntrRGB XYZ", "scnrRGB XYZ"),
                .replace("\u{2}\u{10}\u{0}\u{0}mntrRGB XYZ", "\u{5}\u{0}\u{0}\u{0}mntrRGB XYZ"),
            ]
        ) { file in
            let intents = file.intents.filter { $0["/S"]?.name == "/GTS_PDFA1" }
            guard intents.count == 1, intents[0]["/OutputConditionIdentifier"]?.string != nil,
                let reference = file.profileReferences.first(where: { $0.isIntent })?.reference,
                let profile = file.profiles[reference]
            else { return ["\(intents.count) intents"] }
            let header = file.text(profile, 12, 4) + file.text(profile, 16, 4)
            return ["mntrRGB ", "prtrRGB ", "mntrGRAY", "prtrGRAY", "prtrCMYK"].contains(header) && profile[8] < 5 ? [] : [header]
        },
        .init(
            "6.2.4.2", "Profiles are whole, of version 2 or 4, of a class for pictures, and have the components stated",
            broken: [
                .replace("scnrCMYKLab", "linkCMYKLab"), .replace("<</N 4/", "<</N 3/"), .replace("scnrCMYKLab", "scnrRGB Lab"),
                .replace("\u{2}\u{10}\u{0}\u{0}scnrCMYKLab", "\u{5}\u{0}\u{0}\u{0}scnrCMYKLab"),
            ]
        ) { file in
            let components = ["GRAY": 1, "RGB ": 3, "CMYK": 4, "Lab ": 3]
            return file.profileReferences.compactMap { reference, _ in
                guard let profile = file.profiles[reference], profile.count > 132 else { return "no profile \(reference)" }
                let size = profile[0..<4].reduce(0) { $0 << 8 | Int($1) }
                let isRight =
                    size <= profile.count && file.text(profile, 36, 4) == "acsp" && profile[8] < 5
                    && ["prtr", "mntr", "scnr", "spac"].contains(file.text(profile, 12, 4))
                    && components[file.text(profile, 16, 4)] == file.streams[reference]?.dictionary["/N"]?.integer
                return isRight ? nil : "\(reference) \(file.text(profile, 12, 8))"
            }
        },
        // The first picture of the book is bare CMYK.
        .init(
            "6.2.4.3", "Colours without a profile are those of the output intent",
            broken: [
                .plain, .replace("[/ICCBased 2 0 R]", "/DeviceCMYK"), .replace("/OutputIntents", "/OutputIntentx"),
                .replace("/I Do Q", "1 k"),
            ]
        ) { file in
            let operators = ["g": "GRAY", "G": "GRAY", "rg": "RGB ", "RG": "RGB ", "k": "CMYK", "K": "CMYK"]
            let names = ["/DeviceGray": "GRAY", "/DeviceRGB": "RGB ", "/DeviceCMYK": "CMYK"]
            var used = Set(file.contents.flatMap { $0.words }.compactMap { operators[$0] })
            for (image, space) in file.imageSpaces {
                if let name = space?.name { used.insert(names[name] ?? name) }
                if space == nil, JPXFacts(image.data)?.enumerated.contains(12) == true { used.insert("CMYK") }
            }
            return used.filter { $0 == "GRAY" ? file.intentSpace == nil : $0 != file.intentSpace }.map { "bare \($0)" }
        },
        .init(
            "6.2.10", "Transparency has an output intent to blend in",
            broken: [
                .plain, .replace("/OutputIntents", "/OutputIntentx"),
            ]
        ) { file in
            let isTransparent = file.images.contains { $0.dictionary["/SMask"] != nil }
            let isGrouped = file.pages.allSatisfy { $0["/Group"]?["/CS"] != nil }
            return isTransparent && file.intentSpace == nil && !isGrouped ? ["a soft mask"] : []
        },
        .init("6.2.11", "Every font is in the file", broken: [.plain]) { file in
            file.values.values.filter { $0["/Type"]?.name == "/Font" }.compactMap { font in
                let description = file.resolve(font["/FontDescriptor"])
                return ["/FontFile", "/FontFile2", "/FontFile3"].contains { description?[$0] != nil }
                    ? nil : "\(font["/BaseFont"]?.name ?? "a font")"
            }
        },
        .init(
            "6.5 to 6.11", "Nothing acts, is attached, hidden, signed or annotated",
            broken: [
                .replace("/PageMode/UseOutlines", "/OpenAction<</S/URI>>"),
                .replace("/PageMode/UseOutlines", "/OCProperties<<>>"),
            ]
        ) { file in
            let forbidden = [
                "/OpenAction", "/AA", "/OCProperties", "/AcroForm", "/Names", "/AF", "/Perms", "/Requirements", "/Collection",
                "/Annots",
                "/PresSteps", "/Trans",
            ]
            return ([file.catalog] + file.pages).flatMap { owner in forbidden.filter { owner[$0] != nil } }
        },
    ]

    // MARK: - 6.2.8, pictures

    static let images: [ArchivalRule] = [
        .init(
            "6.2.8", "Pictures have no alternatives and are not smoothed",
            broken: [
                .replace("/ColorSpace/DeviceGray", "/Interpolate true"), .replace("/ColorSpace/DeviceGray", "/Alternates[]"),
                .replace("/ColorSpace/DeviceGray", "/OPI<<>>"),
            ]
        ) { file in
            file.images.flatMap { image in
                ["/Alternates", "/OPI"].filter { image.dictionary[$0] != nil }
                    + (image.dictionary["/Interpolate"].map { if case .flag(false) = $0 { [] } else { ["/Interpolate"] } } ?? [])
            }
        },
        .init(
            "6.2.8", "Pictures have 1, 2, 4, 8 or 16 bits a component, and state their colours",
            broken: [
                .replace("/ColorSpace/DeviceGray/BitsPerComponent 8", "/ColorSpace/DeviceGray/BitsPerComponent 3"),
                .replace("/ColorSpace/DeviceGray", "/ColorSpice/DeviceGray"),
            ]
        ) { file in
            file.images.compactMap { image in
                let bits = image.dictionary["/BitsPerComponent"].map { $0.integer ?? 0 }
                let isJPX = image.dictionary["/Filter"]?.name == "/JPXDecode"
                return (bits.map([1, 2, 4, 8, 16].contains) ?? isJPX) && (isJPX || image.dictionary["/ColorSpace"] != nil)
                    ? nil : "\(image.dictionary.map.keys.sorted())"
            }
        },
        .init(
            "6.2.8.3", "JPEG 2000 has 1, 3 or 4 equal channels and one colour space that PDF knows",
            broken: [
                .replace("colr\u{1}\u{0}\u{0}\u{0}\u{0}\u{0}\u{10}", "colr\u{4}\u{0}\u{0}\u{0}\u{0}\u{0}\u{10}"),
                .replace("colr\u{1}\u{0}\u{0}\u{0}\u{0}\u{0}\u{10}", "colr\u{1}\u{0}\u{0}\u{0}\u{0}\u{0}\u{13}"),
                .replace("colr\u{1}\u{0}\u{0}\u{0}\u{0}\u{0}\u{10}", "bpcc\u{1}\u{0}\u{0}\u{0}\u{0}\u{0}\u{10}"),
                .replace("\u{0}\u{3}\u{7}\u{1}\u{1}\u{7}\u{1}\u{1}", "\u{0}\u{2}\u{7}\u{1}\u{1}\u{7}\u{1}\u{1}"),
                .replace("\u{0}\u{3}\u{7}\u{1}\u{1}\u{7}\u{1}\u{1}", "\u{0}\u{3}\u{7}\u{1}\u{1}\u{5}\u{1}\u{1}"),
            ]
        ) { file in
            file.images.filter { $0.dictionary["/Filter"]?.name == "/JPXDecode" }.compactMap { image in
                guard let facts = JPXFacts(image.data) else { return "no JPEG 2000" }
                let hasSpace = image.dictionary["/ColorSpace"] != nil
                let isStated =
                    hasSpace
                    || facts.methods.count == 1 && [1, 2, 3].contains(facts.methods[0]) && !facts.enumerated.contains(19)
                return [1, 3, 4].contains(facts.depths.count) && Set(facts.depths).count == 1 && !facts.hasBitsBox && isStated
                    ? nil : "\(facts)"
            }
        },
    ]

    // MARK: - 6.6, metadata

    static let metadata: [ArchivalRule] = [
        .init(
            "6.6.2.1", "The catalog has a metadata stream, in UTF-8, well formed, without attributes of old",
            broken: [
                .replace("/Subtype/XML", "/Subtype/XMP"), .replace("/Metadata ", "/Metadota "),
                .replace("</dc:title>", "</dc:titel>"),
                .replace(" id=\"W5M0MpCehiHzreSzNTczkc9d\"", " bytes=\"1234\""),
                .replace(" id=\"W5M0MpCehiHzreSzNTczkc9d\"", " encoding=\"UTF-8\""), .replace("B\u{C3}\u{BC}", "B\u{FF}\u{BC}"),
            ]
        ) { file in
            guard let stream = file.stream(file.catalog["/Metadata"]) else { return ["no metadata"] }
            let text = String(validating: stream.data, as: UTF8.self)
            let header = text?.prefix { $0 != "\n" } ?? ""
            return
                (stream.dictionary["/Type"]?.name == "/Metadata" && stream.dictionary["/Subtype"]?.name == "/XML"
                ? [] : ["its type"])
                + (stream.dictionary["/Filter"] == nil ? [] : ["compressed"])
                + (text == nil ? ["not UTF-8"] : []) + ["bytes=", "encoding="].filter { header.contains($0) }
                + (header.hasPrefix("<?xpacket begin=\"\u{FEFF}\" id=") ? [] : ["its header \(header)"])
                + (XMPReading(stream.data) == nil ? ["not well formed"] : [])
        },
        .init(
            "6.6.2.3", "Every property belongs to a schema that readers know, in the form it has there",
            broken: [
                .replace("pdf:Producer>quire</pdf:Producer>", "pdf:Publishr>quire</pdf:Publishr>"),
                .replace("ns.adobe.com/xap/1.0/", "ns.adobe.com/xap/1.1/"),
            ]
        ) { file in
            let known: Set = [
                "http://purl.org/dc/elements/1.1/ title/Alt/li", "http://purl.org/dc/elements/1.1/ creator/Seq/li",
                "http://ns.adobe.com/pdf/1.3/ Producer", "http://ns.adobe.com/xap/1.0/ CreateDate",
                "http://ns.adobe.com/xap/1.0/ ModifyDate", "http://www.aiim.org/pdfa/ns/id/ part",
                "http://www.aiim.org/pdfa/ns/id/ conformance",
            ]
            guard let metadata = file.stream(file.catalog["/Metadata"]).flatMap({ XMPReading($0.data) }) else {
                return ["no metadata"]
            }
            return metadata.properties.keys.filter { !known.contains($0) }
        },
        .init(
            "6.6.4", "The metadata say part 2, level B, in the schema for that",
            broken: [
                .replace("pdfaid:part>2", "pdfaid:part>1"), .replace("conformance>B", "conformance>A"),
                .replace("www.aiim.org/pdfa/ns/id/", "www.aiim.org/pdfa/ns/ib/"), .plain,
            ]
        ) { file in
            let metadata = file.stream(file.catalog["/Metadata"]).flatMap { XMPReading($0.data) }
            let claim = ["part", "conformance"].map { metadata?.properties["http://www.aiim.org/pdfa/ns/id/ \($0)"] ?? "nothing" }
            return claim == ["2", "B"] ? [] : ["\(claim)"]
        },
        .init(
            "6.6.3", "The information dictionary says what the metadata say",
            broken: [
                .replace("D:2024", "D:2023"), .replace("/Producer(quire)", "/Producer(quira)"),
                .replace("/Title<FEFF00", "/Title<FEFF01"),
                .replace("<xmp:CreateDate>2024", "<xmp:CreateDate>2025"), .replace("/Author<FEFF", "/Auther<FEFF"),
            ]
        ) { file in
            let information = file.resolve(file.trailer["/Info"])
            let metadata = file.stream(file.catalog["/Metadata"]).flatMap { XMPReading($0.data) }?.properties ?? [:]
            // D:YYYYMMDDHHmmSSZ and YYYY-MM-DDTHH:MM:SSZ are the same moment in two forms.
            func digits(_ text: String?) -> String? { text?.filter { $0.isNumber || $0 == "Z" } }
            return [
                ("/Title", "http://purl.org/dc/elements/1.1/ title/Alt/li", false),
                ("/Author", "http://purl.org/dc/elements/1.1/ creator/Seq/li", false),
                ("/Producer", "http://ns.adobe.com/pdf/1.3/ Producer", false),
                ("/CreationDate", "http://ns.adobe.com/xap/1.0/ CreateDate", true),
                ("/ModDate", "http://ns.adobe.com/xap/1.0/ ModifyDate", true),
            ].compactMap { key, property, isDate in
                let (told, meant) = (information?[key]?.string, metadata[property])
                return (isDate ? digits(told) == digits(meant) : told == meant)
                    ? nil : "\(key) \(told ?? "-") and \(meant ?? "-")"
            }
                + (information?.map.keys.filter { !["/Title", "/Author", "/Producer", "/CreationDate", "/ModDate"].contains($0) }
                    ?? [])
        },
    ]
}

extension [UInt8] {
    /// How often a text stands in these bytes, without overlaps.
    fileprivate func count(of text: String) -> Int {
        var count = 0
        var rest = Data(self)[...]
        while let found = rest.range(of: Data(text.utf8)) {
            count += 1
            rest = rest[found.upperBound...]
        }
        return count
    }
}
