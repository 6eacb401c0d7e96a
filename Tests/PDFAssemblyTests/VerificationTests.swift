import Foundation
import ImageFiles
import JobModel
import PDFAssembly
import Testing

/// A file in memory that counts what is read of it.
final class MeteredFile: RandomAccessFile {
    private let bytes: [UInt8]
    private(set) var bytesRead = 0

    init(_ bytes: [UInt8]) {
        self.bytes = bytes
    }

    var byteCount: UInt64 { UInt64(bytes.count) }

    func read(at offset: UInt64, count: Int) -> [UInt8] {
        bytesRead += count
        return Array(bytes[Int(offset)..<(Int(offset) + count)])
    }
}

func verified(_ bytes: [UInt8]) -> VerificationReport {
    verifyPDF(MeteredFile(bytes)) { inflateZlib($0, bytesMax: $1) }
}

/// 131 pages under three nodes, bookmarks in two levels, a colour profile, a placeholder.
func sampleBook() throws -> [UInt8] {
    var store = SourceStore()
    var settings = PDFSettings()
    settings.title = "Sample"
    var list = (0..<130).map { greyPage($0, folder: $0 < 20 ? ["f"] : ["f", "g\($0 / 50)"], store: &store) }
    if case .picture(var facts) = list[7].content {
        let header = [UInt8](repeating: 0, count: 16) + Array("GRAY".utf8) + [UInt8](repeating: 0, count: 16) + Array("acsp".utf8)
        let profile = header + [UInt8](repeating: 7, count: 100)
        facts.profile = PageProfile(source: store.add(profile, for: list[7].key, as: .output(0)), isDeflated: false)
        list[7].content = .picture(facts)
    }
    list.append(
        BookPage(key: PageKey(task: 130, page: 0), content: .placeholder(fileName: "x.jpg", reason: .damaged), folder: []))
    return try bind(list, store: store, settings: settings)
}

/// PDFs made by others, some of which hold what only few writers use.
private let foreignKinds: [String: [[String]]] = [
    "img2pdf": [["img2pdf", "a.jpg", "b.png", "-o", "out.pdf"]],
    "img2pdf's own engine": [["img2pdf", "--engine", "internal", "a.jpg", "b.png", "-o", "out.pdf"]],
    "qpdf": [["qpdf", "--object-streams=disable", "ours.pdf", "out.pdf"]],
    "qpdf, object streams": [["qpdf", "--object-streams=generate", "ours.pdf", "out.pdf"]],
    "qpdf, linearized": [["qpdf", "--linearize", "--object-streams=disable", "ours.pdf", "out.pdf"]],
    "qpdf, linearized with object streams": [["qpdf", "--linearize", "--object-streams=generate", "ours.pdf", "out.pdf"]],
    "qpdf, for editors": [["qpdf", "--qdf", "ours.pdf", "out.pdf"]],
    "cairo": [["pdftocairo", "-pdf", "ours.pdf", "out.pdf"]],
    "ghostscript": [["gs", "-q", "-sDEVICE=pdfwrite", "-o", "out.pdf", "ours.pdf"]],
    "mutool clean": [["mutool", "clean", "ours.pdf", "out.pdf"]],
    "mutool clean, compacted": [["mutool", "clean", "-gggg", "-z", "ours.pdf", "out.pdf"]],
    "mutool create": [["mutool", "create", "-o", "out.pdf", "page.txt"]],
    "mutool merge": [["mutool", "merge", "-o", "out.pdf", "ours.pdf", "ours.pdf"]],
    "mutool convert": [["mutool", "convert", "-o", "out.pdf", "a.jpg"]],
    "pdfseparate": [["pdfseparate", "-f", "2", "-l", "2", "ours.pdf", "out.pdf"]],
    "exiftool's update of a table": [
        ["qpdf", "--object-streams=disable", "ours.pdf", "out.pdf"],
        ["exiftool", "-q", "-overwrite_original", "-Title=New", "out.pdf"],
    ],
    "exiftool's update of a stream": [
        ["qpdf", "--object-streams=generate", "ours.pdf", "out.pdf"],
        ["exiftool", "-q", "-overwrite_original", "-Title=New", "out.pdf"],
    ],
    "Pillow's appended page": [
        [
            "python3", "-c",
            "from PIL import Image; i=Image.open('a.jpg'); i.save('out.pdf'); i.save('out.pdf', append=True)",
        ]
    ],
]

/// The file `kind` makes of our sample or of pictures; cancels the test where its program is not installed.
func foreignFile(_ kind: String) throws -> [UInt8] {
    let folder = try ScratchFolder()
    try run("convert", ["-size", "60x40", "plasma:fractal", folder.path("a.jpg")])
    try run("convert", ["-size", "60x40", "plasma:fractal", folder.path("b.png")])
    try write(try sampleBook(), to: folder.path("ours.pdf"))
    let page = "%%MediaBox 0 0 100 100\n%%Image I a.jpg\nq 100 0 0 100 0 0 cm /I Do Q\n"
    try write(Array(page.utf8), to: folder.path("page.txt"))
    for command in try #require(foreignKinds[kind]) {
        guard has(command[0]), command[0] != "python3" || hasPython(module: "PIL") else {
            try Test.cancel("\(command[0]) is not installed")
        }
        let made = try run(command[0], Array(command.dropFirst()), in: folder.url.path)
        try #require(made.status == 0, "\(made.output)")
    }
    return try readBytes(folder.path("out.pdf"))
}

@Suite("The structural check") struct VerificationTests {
    @Test("finds nothing wrong with our own files")
    func ownFiles() throws {
        let report = verified(try sampleBook())
        #expect(report.findings.isEmpty, "\(report.findings)")
        #expect(report.notChecked.isEmpty)
        #expect(report.pageCount == 131)
    }

    @Test(
        "passes files of other programs and checks all of them", .enabled(if: has("convert"), "convert is not installed"),
        arguments: foreignKinds.keys.sorted())
    func foreign(kind: String) throws {
        let bytes = try foreignFile(kind)
        let report = verified(bytes)
        #expect(report.findings.isEmpty, "\(report.findings.prefix(5))")
        #expect(report.notChecked.isEmpty, "\(report.notChecked)")
        let folder = try ScratchFolder()
        try write(bytes, to: folder.path("out.pdf"))
        if has("qpdf") {
            let count = try run("qpdf", ["--show-npages", folder.path("out.pdf")], errorsToo: false).output
            #expect("\(report.pageCount)\n" == count)
        }
    }

    @Test("agrees with qpdf about pdfunite's files, whose /Size is too small in poppler 22", .enabled(if: has("pdfunite") && has("qpdf")))
    func tooSmallSize() throws {
        let folder = try ScratchFolder()
        try write(try sampleBook(), to: folder.path("ours.pdf"))
        try #require(try run("pdfunite", ["ours.pdf", "ours.pdf", "out.pdf"], in: folder.url.path).status == 0)
        let warns = try run("qpdf", ["--check", folder.path("out.pdf")]).output.contains("highest object number")
        let findings = verified(try readBytes(folder.path("out.pdf"))).findings
        #expect(findings.map(\.kind) == (warns ? [.trailer] : []), "\(findings)")
    }

    @Test(
        "passes encrypted files and says what was not looked into", .enabled(if: has("qpdf"), "qpdf is not installed"),
        arguments: ["disable", "generate"])
    func encrypted(streams: String) throws {
        let folder = try ScratchFolder()
        try write(try sampleBook(), to: folder.path("ours.pdf"))
        let command = ["--object-streams=\(streams)", "--encrypt", "u", "o", "256", "--", "ours.pdf", "out.pdf"]
        try #require(try run("qpdf", command, in: folder.url.path).status == 0)
        var bytes = try readBytes(folder.path("out.pdf"))
        let report = verified(bytes)
        #expect(report.findings.isEmpty, "\(report.findings)")
        #expect(report.notChecked.contains { $0.contains("encrypted") }, "\(report.notChecked)")
        #expect(report.pageCount == (streams == "disable" ? 131 : 0))
        bytes.remove(at: bytes.count / 2)
        #expect(!verified(bytes).findings.isEmpty, "encrypted or not, a lost byte is found")
    }

    @Test("reads hybrid files, whose table calls free what a stream beside it places")
    func hybrid() throws {
        let report = verified(hybridFile(streamEntry: "020000000500"))
        #expect(report.findings.isEmpty, "\(report.findings)")
        #expect(report.pageCount == 1)
        #expect(verified(hybridFile(streamEntry: "020000000501")).findings.contains { $0.kind == .crossReferences })
    }

    @Test("reports a file cut or changed anywhere, and never traps")
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

    @Test("reports a file cut anywhere that others made", arguments: ["img2pdf's own engine", "qpdf", "qpdf, object streams"])
    func foreignCut(kind: String) throws {
        let bytes = try foreignFile(kind)
        for sixteenth in 0..<64 {
            let length = bytes.count * sixteenth / 64
            #expect(!verified(Array(bytes.prefix(length))).findings.isEmpty, "\(length) of \(bytes.count) bytes")
        }
    }

    @Test("takes a cross-reference stream that ends behind the file for a fault")
    func shortStream() {
        let text = "%PDF-1.7\n1 0 obj\n<</Type/XRef/Size 9/W[1 5 2]/Length 72/Root 1 0 R>>\nstream\n\nendstream\nendobj\n"
        let report = verified(Array("\(text)startxref\n9\n%%EOF\n".utf8))
        #expect(report.findings.map(\.kind) == [.crossReferences])
    }

    @Test("reads little of a large picture")
    func readsLittle() throws {
        var store = SourceStore()
        let bytes = try bind((0..<4).map { greyPage($0, side: 1024, store: &store) }, store: store)
        let file = MeteredFile(bytes)
        #expect(verifyPDF(file) { inflateZlib($0, bytesMax: $1) }.findings.isEmpty)
        #expect(file.bytesRead < bytes.count / 20, "\(file.bytesRead) of \(bytes.count) bytes")
    }
}

/// Objects 1, 2 and 5 are in the table; 3, a page, is in object stream 5, which only the stream beside the table says.
private func hybridFile(streamEntry: String) -> [UInt8] {
    var text = "%PDF-1.5\n"
    var offsets: [Int: Int] = [:]
    func add(_ number: Int, _ body: String) {
        offsets[number] = text.utf8.count
        text += "\(number) 0 obj\n\(body)\nendobj\n"
    }
    add(1, "<</Type/Catalog/Pages 2 0 R>>")
    add(2, "<</Type/Pages/Count 1/Kids[3 0 R]>>")
    let page = "3 0 <</Type/Page/Parent 2 0 R/MediaBox[0 0 9 9]>>"
    add(5, "<</Type/ObjStm/N 1/First 4/Length \(page.utf8.count)>>\nstream\n\(page)\nendstream")
    // One entry of type 2 for object 3; in binary zeros and ones are what the digits say.
    add(4, "<</Type/XRef/Size 6/W[1 4 1]/Index[3 1]/Length 6>>\nstream\n@@@@@@\nendstream")
    let table = text.utf8.count
    text += "xref\n0 6\n0000000000 65535 f \n"
    for number in 1...5 {
        let digits = String(offsets[number] ?? 0)
        let state = number == 3 ? "0000000000 00000 f" : String(repeating: "0", count: 10 - digits.count) + "\(digits) 00000 n"
        text += state + " \n"
    }
    text += "trailer\n<</Size 6/Root 1 0 R/XRefStm \(offsets[4] ?? 0)>>\nstartxref\n\(table)\n%%EOF\n"
    var bytes = Array(text.utf8)
    guard let place = bytes.firstIndex(of: UInt8(ascii: "@")) else { return [] }
    let digits = Array(streamEntry.utf8).map { $0 - UInt8(ascii: "0") }
    let row = stride(from: 0, to: 12, by: 2).map { digits[$0] * 16 + digits[$0 + 1] }
    bytes.replaceSubrange(place..<(place + 6), with: row)
    return bytes
}
