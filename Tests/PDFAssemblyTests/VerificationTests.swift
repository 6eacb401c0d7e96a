import Foundation
import JobModel
import PDFAssembly
import Testing

private struct MemoryFile: RandomAccessFile {
    var bytes: [UInt8]
    var byteCount: UInt64 { UInt64(bytes.count) }
    func read(at offset: UInt64, count: Int) -> [UInt8] { Array(bytes[Int(offset)..<(Int(offset) + count)]) }
}

private func verified(_ bytes: [UInt8]) -> VerificationReport {
    verifyPDF(MemoryFile(bytes: bytes)) { compressed, _ in
        do {
            let result = try run(
                "python3",
                [
                    "-c", "import sys,zlib;sys.stdout.buffer.write(zlib.decompress(bytes.fromhex(sys.argv[1])))",
                    compressed.map { String(format: "%02x", $0) }.joined(),
                ])
            return Array(result.data)
        } catch {
            return nil
        }
    }
}

private func sample() throws -> [UInt8] {
    var store = SourceStore()
    var settings = PDFSettings()
    settings.title = "Sample"
    var list = (0..<130).map { greyPage($0, folder: ["f\($0 / 50)"], store: &store) }
    list.append(
        BookPage(key: PageKey(task: 130, page: 0), content: .placeholder(fileName: "x.jpg", reason: .damaged), folder: []))
    return try bind(list, store: store, settings: settings)
}

private func offset(of text: String, in bytes: [UInt8], from start: Int = 0) throws -> Int {
    let wanted = Array(text.utf8)
    return try #require((start..<(bytes.count - wanted.count)).first { bytes[$0..<($0 + wanted.count)].elementsEqual(wanted) })
}

private struct Fault: CustomTestStringConvertible, Sendable {
    var name: String
    var kind: PDFFinding.Kind
    var plant: @Sendable (inout [UInt8]) throws -> Void
    var testDescription: String { name }

    static func replacing(_ name: String, _ old: String, _ new: String, _ kind: PDFFinding.Kind) -> Fault {
        precondition(old.utf8.count == new.utf8.count, "faults keep offsets")
        return Fault(name: name, kind: kind) { bytes in
            let place = try offset(of: old, in: bytes)
            bytes.replaceSubrange(place..<(place + old.utf8.count), with: new.utf8)
        }
    }
}

private let faults: [Fault] = [
    .replacing("no header", "%PDF-1.7", "%PDX-1.7", .header),
    .replacing("a length too large", "/Length 27>>", "/Length 28>>", .streamLength),
    .replacing("another object's number", "\n2 0 obj", "\n3 0 obj", .objectHeader),
    .replacing("no endobj", "endobj\n5 0", "endxxx\n5 0", .syntax),
    .replacing("a broken dictionary", "/Type/Page/Parent", "/Type/Page>Parent", .syntax),
    Fault(name: "a dangling reference", kind: .danglingReference) { bytes in
        let place = try offset(of: "/I 20", in: bytes, from: bytes.count / 2)
        bytes[place + 3] = 0x39
    },
    .replacing("a wrong count", "/Count 64/Kids", "/Count 65/Kids", .pageTree),
    .replacing("a page twice", "4 0 R 6 0 R", "4 0 R 4 0 R", .pageTree),
    .replacing("a page of another parent", "/Parent 1 0 R", "/Parent 2 0 R", .pageTree),
    .replacing("a broken entry", " 00000 n \n", " 0000x n \n", .crossReferences),
    .replacing("no trailer", "trailer\n<<", "trxxxxx\n<<", .crossReferences),
    .replacing("no root", "/Root ", "/Boot ", .trailer),
    .replacing("no EOF mark", "%%EOF", "%%EOX", .ending),
    .replacing("no startxref", "startxref", "startxxxx", .ending),
    Fault(name: "cut off", kind: .ending) { $0.removeLast($0.count / 3) },
    Fault(name: "something behind the end", kind: .ending) { $0 += Array("hello".utf8) },
    Fault(name: "a byte lost in the middle", kind: .objectHeader) { $0.remove(at: $0.count / 4) },
    Fault(name: "an offset of another object", kind: .objectHeader) { bytes in
        let place = try offset(of: " 00000 n \n", in: bytes)
        bytes[place - 1] = bytes[place - 1] == 0x30 ? 0x31 : 0x30
    },
    Fault(name: "a stream of zeros", kind: .streamContent) { bytes in
        let place = try offset(of: "/FlateDecode", in: bytes)
        let data = try offset(of: "stream\n", in: bytes, from: place) + 7
        for index in data..<(data + 8) { bytes[index] = 0 }
    },
]

@Suite("The structural check") struct VerificationTests {
    @Test("finds nothing wrong with our own files")
    func ownFiles() throws {
        let report = verified(try sample())
        #expect(report.findings.isEmpty, "\(report.findings)")
        #expect(report.pageCount == 131)
    }

    @Test("reports each planted fault", arguments: faults)
    private func planted(fault: Fault) throws {
        var bytes = try sample()
        try fault.plant(&bytes)
        let report = verified(bytes)
        #expect(report.findings.contains { $0.kind == fault.kind }, "\(report.findings.prefix(5))")
    }

    @Test("reports a file cut or changed anywhere, or at least never traps")
    func anywhere() throws {
        var store = SourceStore()
        let bytes = try bind([greyPage(0, folder: ["f"], store: &store)], store: store)
        for length in 0..<(bytes.count - 1) {
            #expect(!verified(Array(bytes.prefix(length))).findings.isEmpty, "\(length) of \(bytes.count) bytes")
        }
        for place in bytes.indices {
            var changed = bytes
            changed[place] ^= UInt8(1 << (place % 8))
            _ = verified(changed)
        }
    }

    @Test("takes a cross-reference stream that ends behind the file for a fault")
    func shortStream() {
        let text = "%PDF-1.7\n1 0 obj\n<</Type/XRef/Size 9/W[1 5 2]/Length 72/Root 1 0 R>>\nstream\n\nendstream\nendobj\n"
        let report = verified(Array("\(text)startxref\n9\n%%EOF\n".utf8))
        #expect(report.findings.map(\.kind) == [.crossReferences])
    }

    @Test(
        "passes files of other programs", .enabled(if: has("convert"), "convert is not installed"),
        arguments: ["img2pdf", "qpdf", "qpdf linearized", "qpdf streams", "cairo", "ghostscript"])
    func foreign(program: String) throws {
        let folder = try ScratchFolder()
        try run("convert", ["-size", "60x40", "plasma:fractal", folder.path("a.jpg")])
        try run("convert", ["-size", "60x40", "plasma:fractal", folder.path("b.png")])
        let ours = folder.path("ours.pdf")
        try write(try sample(), to: ours)
        let path = folder.path("out.pdf")
        let command: [String] =
            switch program {
            case "img2pdf": ["img2pdf", folder.path("a.jpg"), folder.path("a.jpg"), "-o", path]
            case "qpdf": ["qpdf", "--object-streams=disable", ours, path]
            case "qpdf linearized": ["qpdf", "--linearize", "--object-streams=disable", ours, path]
            case "qpdf streams": ["qpdf", "--object-streams=generate", ours, path]
            case "cairo": ["pdftocairo", "-pdf", ours, path]
            default: ["gs", "-q", "-sDEVICE=pdfwrite", "-o", path, ours]
            }
        guard has(command[0]) else { try Test.cancel("\(command[0]) is not installed") }
        let made = try run(command[0], Array(command.dropFirst()))
        try #require(made.status == 0, "\(made.output)")
        let report = verified(try readBytes(path))
        let wrong = report.findings.filter { $0.kind != .notChecked }
        #expect(wrong.isEmpty, "\(wrong)")
    }
}
