import PDFAssembly
import Testing

/// A PDF with a table at its end, whose parts can be found and broken.
private struct Planting {
    var bytes: [UInt8]

    func place(of text: String, from start: Int = 0) throws -> Int {
        let wanted = Array(text.utf8)
        return try #require(
            (start..<(bytes.count - wanted.count)).first { bytes[$0..<($0 + wanted.count)].elementsEqual(wanted) }, "no \(text)")
    }

    /// Keeps every offset; of what comes more than once the first behind `start` is meant.
    mutating func replace(_ old: String, _ new: String, from start: Int = 0) throws {
        precondition(old.utf8.count == new.utf8.count, "faults keep offsets")
        let place = try place(of: old, from: start)
        bytes.replaceSubrange(place..<(place + old.utf8.count), with: new.utf8)
    }

    func number(behind text: String, from start: Int = 0) throws -> (value: Int, range: Range<Int>) {
        let begin = try place(of: text, from: start) + text.utf8.count
        let end = bytes[begin...].firstIndex { !(0x30...0x39).contains($0) } ?? bytes.count
        return (try #require(Int(String(decoding: bytes[begin..<end], as: UTF8.self))), begin..<end)
    }

    /// Writes `value` over the number, with zeros before it so that nothing moves.
    mutating func set(_ value: Int, at range: Range<Int>) {
        let digits = Array(String(value).utf8)
        bytes.replaceSubrange(range, with: [UInt8](repeating: 0x30, count: max(0, range.count - digits.count)) + digits)
    }

    var tableStart: Int {
        get throws { try number(behind: "startxref\n", from: bytes.count - 64).value }
    }

    /// Where the digits of an object's offset stand.
    func entry(_ object: Int) throws -> Range<Int> {
        var start = try place(of: "0000000000 65535 f", from: try tableStart)
        start += object * 20
        return start..<(start + 10)
    }

    func offset(_ object: Int) throws -> Int {
        try #require(Int(String(decoding: bytes[try entry(object)], as: UTF8.self)))
    }

    mutating func shift(_ object: Int, by distance: Int) throws {
        set(try offset(object) + distance, at: try entry(object))
    }

    mutating func free(_ object: Int) throws {
        bytes[try entry(object).lowerBound + 17] = UInt8(ascii: "f")
    }

    mutating func zero(_ range: Range<Int>) {
        for index in range { bytes[index] = 0 }
    }
}

private struct Fault: CustomTestStringConvertible, Sendable {
    var name: String
    var kind: PDFFinding.Kind
    /// What the finding has to say.
    var says: String
    var plant: @Sendable (inout Planting) throws -> Void
    var testDescription: String { name }

    init(_ name: String, _ kind: PDFFinding.Kind, _ says: String = "", _ plant: @escaping @Sendable (inout Planting) throws -> Void) {
        (self.name, self.kind, self.says, self.plant) = (name, kind, says, plant)
    }

    static func replacing(_ name: String, _ old: String, _ new: String, _ kind: PDFFinding.Kind, _ says: String = "") -> Fault {
        Fault(name, kind, says) { try $0.replace(old, new) }
    }
}

/// Faults of any file with a table, by whoever made it.
private let generalFaults: [Fault] = [
    Fault("no header", .header, "%PDX") { try $0.replace("%PDF-1.", "%PDX-1.") },
    Fault("no root", .trailer, "no /Root") { try $0.replace("/Root ", "/Boot ", from: try $0.tableStart) },
    Fault("no trailer", .crossReferences, "trxxxxx") { try $0.replace("trailer", "trxxxxx", from: try $0.tableStart) },
    Fault("no EOF mark", .ending, "%%EOX") { try $0.replace("%%EOF", "%%EOX", from: try $0.tableStart) },
    Fault("no startxref", .ending) { try $0.replace("startxref", "startxxxx", from: try $0.tableStart) },
    Fault("startxref one too small", .crossReferences, "startxref") { planting in
        let (value, range) = try planting.number(behind: "startxref\n", from: planting.bytes.count - 64)
        planting.set(value - 1, at: range)
    },
    Fault("startxref one too large", .crossReferences, "ref") { planting in
        let (value, range) = try planting.number(behind: "startxref\n", from: planting.bytes.count - 64)
        planting.set(value + 1, at: range)
    },
    Fault("startxref behind the file", .ending, "but the file has") { planting in
        let (value, range) = try planting.number(behind: "startxref\n", from: planting.bytes.count - 64)
        planting.set(Int(String(repeating: "9", count: range.count)) ?? value, at: range)
    },
    Fault("/Size one too small", .trailer, "/Size is") { planting in
        let (value, range) = try planting.number(behind: "/Size ", from: try planting.tableStart)
        planting.set(value - 1, at: range)
    },
    Fault("/Size one too large", .trailer, "/Size is") { planting in
        let (value, range) = try planting.number(behind: "/Size ", from: try planting.tableStart)
        planting.set(value + 1, at: range)
    },
    Fault("a broken entry", .crossReferences, "0000x") { try $0.replace(" 00000 n", " 0000x n", from: try $0.tableStart) },
    Fault("a wrong generation", .objectHeader, "1 obj") { try $0.replace(" 00000 n", " 00001 n", from: try $0.tableStart) },
    Fault("an object marked free", .danglingReference, "object 4") { try $0.free(4) },
    Fault("an offset behind the file", .crossReferences, "but the file has") { planting in
        planting.set(9_999_999_999, at: try planting.entry(5))
    },
    Fault("two objects swapped in the table", .objectHeader, "there is \"6 0 obj") { planting in
        let (five, six) = (try planting.offset(5), try planting.offset(6))
        planting.set(six, at: try planting.entry(5))
        planting.set(five, at: try planting.entry(6))
    },
    Fault("two objects at one place", .crossReferences, "same byte") { planting in
        planting.set(try planting.offset(5), at: try planting.entry(6))
    },
    Fault("a length of half", .streamLength, "does not lead to endstream") { planting in
        let (value, range) = try planting.number(behind: "/Length ")
        planting.set(value / 2, at: range)
    },
    Fault("a huge length", .streamLength, "goes beyond") { planting in
        let (_, range) = try planting.number(behind: "/Length ")
        planting.set(Int(String(repeating: "9", count: range.count)) ?? 0, at: range)
    },
    Fault("cut off by a third", .ending) { $0.bytes.removeLast($0.bytes.count / 3) },
    Fault("the last line cut off", .ending) { $0.bytes.removeLast(8) },
    Fault("something behind the end", .ending, "hello") { $0.bytes += Array("hello\n".utf8) },
    Fault("zeros behind the end", .ending, "00 00") { $0.bytes += [UInt8](repeating: 0, count: 100) },
    Fault("a byte lost in the middle", .crossReferences) { $0.bytes.remove(at: $0.bytes.count / 4) },
    Fault("a byte too many in the middle", .crossReferences) { $0.bytes.insert(0x20, at: $0.bytes.count / 4) },
    Fault("/Prev to itself", .crossReferences, "read before") { planting in
        let start = try planting.tableStart
        let place = try planting.place(of: "trailer", from: start)
        let dictionary = try planting.place(of: "<<", from: place) + 2
        planting.bytes.insert(contentsOf: Array(" /Prev \(start) ".utf8), at: dictionary)
    },
    Fault("/Prev into an object", .crossReferences, "/Prev leads here") { planting in
        let dictionary = try planting.place(of: "<<", from: try planting.place(of: "trailer", from: try planting.tableStart)) + 2
        planting.bytes.insert(contentsOf: Array(" /Prev 30 ".utf8), at: dictionary)
    },
    Fault("an entry twice in one table", .crossReferences, "two entries") { planting in
        let place = try planting.place(of: "trailer", from: try planting.tableStart)
        let entry = Array(planting.bytes[try planting.entry(3).lowerBound..<(try planting.entry(4).lowerBound)])
        planting.bytes.insert(contentsOf: Array("3 1\n".utf8) + entry, at: place)
    },
]

/// The first page node of our sample is object 1, its first image 2, content 3 and page 4.
private let ourFaults: [Fault] =
    [1, 2, 3, 4, 50, 100, 150].flatMap { object in
        [-1, 1].map { distance in
            Fault("offset of object \(object) \(distance > 0 ? "+" : "-") 1", .objectHeader, "promise \"\(object) 0 obj\"") {
                try $0.shift(object, by: distance)
            }
        }
    } + [
        .replacing("a length one too large", "/Length 27>>", "/Length 28>>", .streamLength, "endstream begins at"),
        .replacing("a length one too small", "/Length 27>>", "/Length 26>>", .streamLength, "endstream begins at"),
        .replacing("another object's number", "\n2 0 obj", "\n3 0 obj", .objectHeader, "\"3 0 obj"),
        .replacing("no endobj", "endobj\n5 0", "endxxx\n5 0", .syntax, "endxxx"),
        .replacing("a broken dictionary", "/Type/Page/Parent", "/Type/Page>Parent", .syntax, ">Parent"),
        .replacing("no line end before endstream", "\nendstream", " endstream", .streamLength),
        Fault("a dangling reference", .danglingReference, "which does not exist") { planting in
            let place = try planting.place(of: "/I 20", from: planting.bytes.count / 2)
            planting.bytes[place + 3] = 0x39
        },
        .replacing("a node's count too large", "/Count 64/Kids", "/Count 65/Kids", .pageTree, "but 64 pages"),
        .replacing("the last node's count too small", "/Count 3/Kids", "/Count 2/Kids", .pageTree, "but 3 pages"),
        .replacing("the root's count", "/Count 131/Kids", "/Count 130/Kids", .pageTree, "but 131 pages"),
        .replacing("a page twice in the tree", "4 0 R 6 0 R", "4 0 R 4 0 R", .pageTree, "comes here twice"),
        .replacing("a kid removed", "[4 0 R 6 0 R", "[4 0 R      ", .pageTree, "not in the page tree"),
        .replacing("a kid that is no page", "4 0 R 6 0 R", "4 0 R 5 0 R", .pageTree, "which is no page"),
        Fault("a page object freed", .pageTree, "which does not exist") { try $0.free(4) },
        Fault("an object freed leaves a gap", .gap, "belong to no object") { try $0.free(4) },
        .replacing("a page of another parent", "/Parent 1 0 R", "/Parent 2 0 R", .pageTree, "but is a kid of object 1"),
        Fault("a node of another parent", .pageTree, "as its parent") { planting in
            let place = try planting.place(of: "/Type/Pages/Parent ")
            planting.bytes[place + 19] = planting.bytes[place + 19] == 0x31 ? 0x32 : 0x31
        },
        Fault("a node that is its own kid", .pageTree, "comes here twice") { planting in
            let place = try planting.place(of: "/Count 64/Kids[") + 15
            planting.bytes.replaceSubrange(place..<(place + 5), with: "1 0 R".utf8)
        },
        .replacing("a page without /MediaBox", "/MediaBox[", "/MediaBax[", .page, "no /MediaBox"),
        .replacing("a page without /Resources", "/Resources<<", "/Resaurces<<", .page, "no /Resources"),
        .replacing("a page without /Contents", "/Contents 3", "/Cantents 3", .page, "/Contents is missing"),
        .replacing("a page whose contents are its image", "/Contents 3", "/Contents 2", .page, "no content stream"),
        .replacing("a page whose image is its contents", "/XObject<</I 2", "/XObject<</I 3", .page, "no image"),
        .replacing("a profile of other components", "<</N 1/", "<</N 3/", .profile, "\"GRAY\" has 1"),
        .replacing("a profile that is none", "acsp", "axsp", .profile, "no signature"),
        Fault("zeros over the beginning of an image", .streamContent, "00 00") { planting in
            let data = try planting.place(of: "stream\n", from: try planting.place(of: "/FlateDecode")) + 7
            planting.zero(data..<(data + 8))
        },
        Fault("zeros over the end of an image", .streamContent, "ends in zeros") { planting in
            let end = try planting.place(of: "\nendstream", from: try planting.place(of: "/FlateDecode"))
            planting.zero((end - 8)..<end)
        },
        Fault("zeros over the end of a stream and behind it", .streamLength) { planting in
            let end = try planting.place(of: "\nendstream")
            planting.zero((end - 4)..<(end + 6))
        },
        Fault("zeros over whole objects", .objectHeader, "00 00") { planting in
            planting.zero((planting.bytes.count / 2)..<(planting.bytes.count / 2 + 4096))
        },
        Fault("zeros over the page tree", .syntax) { planting in
            let place = try planting.place(of: "/Count 64/Kids[")
            planting.zero(place..<(place + 200))
        },
        Fault("a second object of one number", .gap, "belong to no object") { planting in
            let start = try planting.tableStart
            let object = Array("4 0 obj\n<<>>\nendobj\n".utf8)
            planting.bytes.insert(contentsOf: object, at: start)
            let (_, range) = try planting.number(behind: "startxref\n", from: planting.bytes.count - 64)
            planting.set(start + object.count, at: range)
        },
        Fault("no bookmarks where there were some", .outline, "names no outline") { planting in
            try planting.replace("/Outlines ", "/Autlines ", from: try planting.place(of: "/Catalog"))
        },
    ]
    + ["/First", "/Last", "/Prev", "/Next"].map { key in
        Fault("a bookmark's \(key) goes elsewhere", .outline) { planting in
            let outline = try planting.place(of: "/Type/Outlines")
            let item = try planting.place(of: "<</Title", from: outline)
            let (_, range) = try planting.number(behind: "\(key) ", from: item)
            planting.set(4, at: range)
        }
    }
    + ["/First", "/Last", "/Count"].map { key in
        Fault("the outline's \(key)", .outline) { planting in
            let (value, range) = try planting.number(behind: "\(key) ", from: try planting.place(of: "/Type/Outlines"))
            planting.set(value + 1, at: range)
        }
    } + [
        Fault("a bookmark's /Parent", .outline, "/Parent is object") { planting in
            let item = try planting.place(of: "<</Title", from: try planting.place(of: "/Type/Outlines"))
            let (value, range) = try planting.number(behind: "/Parent ", from: item)
            planting.set(value + 1, at: range)
        },
        Fault("a bookmark's count", .outline, "/Count is") { planting in
            let item = try planting.place(of: "<</Title", from: try planting.place(of: "/Type/Outlines"))
            let (value, range) = try planting.number(behind: "/Count -", from: item)
            planting.set(value + 1, at: range)
        },
        Fault("a loop in the outline", .outline, "comes here twice") { planting in
            let outline = try planting.place(of: "/Type/Outlines")
            let (first, _) = try planting.number(behind: "/First ", from: outline)
            let (_, range) = try planting.number(behind: "/Next ", from: outline)
            planting.set(first, at: range)
        },
        Fault("a bookmark to no page", .outline, "no page") { planting in
            let (_, range) = try planting.number(behind: "/Dest[", from: try planting.place(of: "/Type/Outlines"))
            planting.set(3, at: range)
        },
    ]

/// Made once for all faults.
private let soundOurs = Result { try sampleBook() }
private let soundImg2pdf = Result { try foreignFile("img2pdf's own engine") }
private let soundQPDF = Result { try foreignFile("qpdf") }

@Suite("Planted faults") struct PlantedFaultTests {
    private func check(_ fault: Fault, in sound: [UInt8]) throws {
        try #require(verified(sound).findings.isEmpty)
        var planting = Planting(bytes: sound)
        try fault.plant(&planting)
        try #require(planting.bytes != sound)
        let findings = verified(planting.bytes).findings
        #expect(findings.contains { $0.kind == fault.kind && $0.text.contains(fault.says) }, "\(findings.prefix(5))")
    }

    @Test("are found in our own files", arguments: generalFaults + ourFaults)
    private func ours(fault: Fault) throws {
        try check(fault, in: try soundOurs.get())
    }

    @Test("are found in files of img2pdf", .enabled(if: has("img2pdf") && has("convert")), arguments: generalFaults)
    private func img2pdf(fault: Fault) throws {
        try check(fault, in: try soundImg2pdf.get())
    }

    @Test("are found in files of qpdf", .enabled(if: has("qpdf") && has("convert")), arguments: generalFaults)
    private func qpdf(fault: Fault) throws {
        try check(fault, in: try soundQPDF.get())
    }

    @Test("in object streams are found", .enabled(if: has("qpdf") && has("convert")))
    func objectStreams() throws {
        let sound = try foreignFile("qpdf, object streams")
        var planting = Planting(bytes: sound)
        let stream = try planting.place(of: "/ObjStm")
        let (first, range) = try planting.number(behind: "/First ")
        planting.set(first + 1, at: range)
        #expect(!verified(planting.bytes).findings.isEmpty)
        planting = Planting(bytes: sound)
        let data = try planting.place(of: "stream\n", from: stream) + 7
        planting.bytes[data + 30] ^= 0x10
        #expect(verified(planting.bytes).findings.contains { $0.kind == .streamContent })
    }

    @Test("within compressed data are not found, as the manual says")
    func lostBlock() throws {
        var store = SourceStore()
        var planting = Planting(bytes: try bind([greyPage(0, side: 200, store: &store)], store: store))
        planting.zero(8192..<12_288)
        #expect(verified(planting.bytes).findings.isEmpty)
    }
}
