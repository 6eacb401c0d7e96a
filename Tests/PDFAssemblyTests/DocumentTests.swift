import Foundation
import JobModel
import PDFAssembly
import Testing

@Suite("A document") struct DocumentTests {
    @Test("has these very bytes; another digest means another layout version")
    func golden() throws {
        var store = SourceStore()
        var settings = PDFSettings()
        settings.title = "Ärger"
        settings.dateSeconds = 1_000_000_000
        var pages = (0..<70).map { greyPage($0, side: 5, folder: $0 < 3 ? [] : ["a", "b\($0 / 30)"], store: &store) }
        pages.append(
            BookPage(key: PageKey(task: 99, page: 0), content: .placeholder(fileName: "x.jpg", reason: .damaged), folder: []))
        let file = try bind(pages, store: store, settings: settings)
        #expect(PlainSHA256.digest(of: file).hex == "7944033f584a020acf23df5c902d0f9a7ca69429c4569e795ad3623a16811609")
    }

    @Test(
        "says the same of itself in its dictionary and in XMP, and nothing of the time unless asked",
        .enabled(if: has("exiftool"), "exiftool is not installed"))
    func metadata() throws {
        let folder = try ScratchFolder()
        var store = SourceStore()
        var settings = PDFSettings()
        settings.title = "Tür & <Tor> (日本)\u{7}"
        settings.author = "Ann \\ Bob"
        settings.dateSeconds = 1_709_164_800
        try write(try bind([greyPage(0, store: &store)], store: store, settings: settings), to: folder.path("a.pdf"))
        let found = try run("exiftool", ["-a", "-G1", "-s", folder.path("a.pdf")]).output
        for line in [
            "[PDF]           Title                           : Tür & <Tor> (日本)",
            "[XMP-dc]        Title                           : Tür & <Tor> (日本)",
            "[PDF]           Author                          : Ann \\ Bob",
            "[XMP-dc]        Creator                         : Ann \\ Bob",
            "[PDF]           Producer                        : quire", "[XMP-pdf]       Producer                        : quire",
            "[PDF]           CreateDate                      : 2024:02:29 00:00:00Z",
            "[XMP-xmp]       CreateDate                      : 2024:02:29 00:00:00Z",
        ] {
            #expect(found.contains(line), "\(line) in\n\(found)")
        }
        #expect(!found.contains("Warning"), "\(found)")
        let plain = String(decoding: try bind([greyPage(0, store: &store)], store: store), as: UTF8.self)
        #expect(!plain.contains("Date"))
        #expect(!plain.contains("DisplayDocTitle"))
    }

    @Test("shows folders as closed, nested bookmarks", .enabled(if: has("mutool"), "mutool is not installed"))
    func bookmarks() throws {
        let folder = try ScratchFolder()
        var store = SourceStore()
        let folders = [[], ["a"], ["a"], ["a", "x"], ["a", "y"], ["Ö日"], ["a"]]
        let pages = folders.enumerated().map { greyPage($0.offset, folder: $0.element, store: &store) }
        try write(try bind(pages, store: store), to: folder.path("a.pdf"))
        let outline = try run("mutool", ["show", folder.path("a.pdf"), "outline"], errorsToo: false).output
        let lines = outline.split(separator: "\n").map { $0.split(separator: "\t").map(String.init) }
        #expect(lines.map { $0.first { $0.hasPrefix("\"") } } == ["\"a\"", "\"x\"", "\"y\"", "\"Ö日\"", "\"a\""])
        #expect(lines.compactMap { $0.last?.firstMatch(of: /page=(\d+)/)?.1 } == ["2", "4", "5", "6", "7"], "\(outline)")
        let text = String(decoding: try readBytes(folder.path("a.pdf")), as: UTF8.self)
        #expect(text.contains("/PageMode/UseOutlines"))
        #expect(text.contains("/Count -2/Dest"))
    }

    @Test(
        "names file and reason on a placeholder, of the size of the page before",
        .enabled(if: has("pdftotext"), "pdftotext is not installed"))
    func placeholder() throws {
        let folder = try ScratchFolder()
        var store = SourceStore()
        let long = String(repeating: "long_name ", count: 25) + "(é€–日).jpg"
        let pages = [
            BookPage(
                key: PageKey(task: 0, page: 0), content: .placeholder(fileName: "IMG 1 (a\\b).jpg", reason: .truncated),
                folder: []),
            greyPage(1, store: &store),
            BookPage(key: PageKey(task: 2, page: 0), content: .placeholder(fileName: long, reason: .notImage), folder: []),
        ]
        let file = try bind(pages, store: store)
        try write(file, to: folder.path("a.pdf"))
        let words = try run("pdftotext", ["-layout", folder.path("a.pdf"), "-"]).output
        #expect(words.contains("IMG 1 (a\\b).jpg"), "\(words)")
        #expect(words.contains("truncated (the file ends before its picture does)"))
        #expect(words.contains("not-image"))
        #expect(words.contains("(é€–\\u{65E5}).jpg"), "\(words)")
        let sizes = try run("pdfinfo", ["-f", "1", "-l", "3", folder.path("a.pdf")]).output
        #expect(
            sizes.contains("Page    1 size:  595.276 x 841.89 pts (A4)")
                && sizes.contains("Page    3 size:  841.89 x 841.89 pts"), "\(sizes)")
        #expect(String(decoding: file, as: UTF8.self).ranges(of: "/BaseFont").count == 1)
        for path in ["archival.pdf", "a.pdf"] {
            if path == "archival.pdf" { try write(try bind(pages, store: store, settings: .archival), to: folder.path(path)) }
            try run("pdftoppm", ["-f", "1", "-l", "1", "-r", "30", "-gray", "-singlefile", folder.path(path), folder.path("p")])
            let ink = try readBytes(folder.path("p.pgm")).filter { $0 < 128 }.count
            #expect(ink > 100, "\(path) has \(ink) dark pixels")
        }
    }

    @Test("of 10 GB and more has a cross-reference stream, below it a table", arguments: [4, 5])
    func large(streams: Int) throws {
        let folder = try ScratchFolder()
        let path = folder.path("a.pdf")
        // Holes in a sparse file stand for pictures.
        #expect(FileManager.default.createFile(atPath: path, contents: nil))
        let file = try #require(FileHandle(forWritingAtPath: path))
        // The larger one for archives, where no integer may have more than 32 bits.
        var writer = try TestWriter(settings: streams == 5 ? .archival : PDFSettings())
        func perform(_ instructions: some Sequence<WriteInstruction>) throws {
            for instruction in instructions {
                switch instruction {
                case .bytes(let bytes): try file.write(contentsOf: Data(bytes))
                case .copy(_, let range): try file.seek(toOffset: try file.offset() + range.count)
                }
            }
        }
        for index in 0..<streams {
            let source = StreamSource(
                file: .input, ranges: [ByteRange(offset: 0, count: 2_100_000_000)], digest: PlainSHA256.digest(of: [UInt8(index)])
            )
            let facts = PageFacts(
                width: 10, height: 10, bitsPerComponent: 8, colour: .rgb,
                coding: .jpeg(invertedCMYK: false, colourTransform: nil), stream: source)
            try perform(
                try writer.append(BookPage(key: PageKey(task: UInt64(index), page: 0), content: .picture(facts), folder: [])))
        }
        try perform(writer.finish())
        try file.close()
        let handle = try #require(FileHandle(forReadingAtPath: path))
        try handle.seek(toOffset: try handle.seekToEnd() - 2000)
        let tail = String(decoding: try #require(try handle.readToEnd()), as: UTF8.self)
        #expect(tail.contains("/Type/XRef") == (streams == 5))
        #expect(tail.contains("\nxref\n") == (streams == 4))
        #expect(tail.contains("/OutputIntents") == (streams == 5))
        if has("qpdf") { #expect(try run("qpdf", ["--show-npages", path]).output == "\(streams)\n") }
        if has("mutool") {
            let shown = try run("mutool", ["show", path, "pages/\(streams)/MediaBox"]).output
            #expect(shown.contains("841.89") && !shown.contains("repair"), "\(shown)")
        }
        if has("pdfinfo") { #expect(try run("pdfinfo", [path]).output.contains("Pages:           \(streams)\n")) }
    }

    @Test("of PDF/A claims it, embeds a valid sRGB profile, and one of inks for all pages of bare CMYK")
    func archival() throws {
        let folder = try ScratchFolder()
        var store = SourceStore()
        var pages = [greyPage(0, store: &store)]
        for index in 1...2 {
            let key = PageKey(task: UInt64(index), page: 0)
            let ink = store.add(deflatedStored([UInt8](repeating: UInt8(index), count: 4)), for: key)
            let facts = PageFacts(
                width: 1, height: 1, bitsPerComponent: 8, colour: .cmyk, coding: .flate(pngPredictor: false), stream: ink)
            pages.append(BookPage(key: key, content: .picture(facts), folder: []))
        }
        let file = try bind(pages, store: store, settings: .archival)
        let text = String(decoding: file, as: UTF8.self)
        #expect(text.contains("<pdfaid:part>2</pdfaid:part>") && text.contains("/GTS_PDFA1"))
        #expect(!text.contains("/ColorSpace/DeviceCMYK"))
        #expect(text.ranges(of: "<</N 4").count == 1)
        // The claim and what follows from it make another book of the same pages.
        let plain = String(decoding: try bind(pages, store: store), as: UTF8.self)
        #expect(plain.contains("/ColorSpace/DeviceCMYK") && !plain.contains("pdfaid:part") && !plain.contains("/ICCBased"))
        func identifier(_ file: String) -> Substring? { file.firstMatch(of: /\/ID\[<(\w+)>/)?.1 }
        #expect(identifier(text) != nil && identifier(text) != identifier(plain))
        guard has("qpdf"), has("exiftool") else { return }
        try write(file, to: folder.path("a.pdf"))
        for (reference, description, space) in [
            (/DestOutputProfile (\d+) 0 R/, "sRGB", "RGB"), (/ICCBased (\d+) 0 R/, "CMYK", "CMYK"),
        ] {
            let number = try #require(text.firstMatch(of: reference)).1
            let profile = try run(
                "qpdf", ["--show-object=\(number)", "--raw-stream-data", folder.path("a.pdf")], errorsToo: false
            ).data
            try profile.write(to: URL(fileURLWithPath: folder.path("a.icc")))
            let fields = try run("exiftool", ["-s", folder.path("a.icc")]).output
            #expect(
                fields.contains("ProfileDescription              : \(description)")
                    && fields.contains("ColorSpaceData                  : \(space)"), "\(fields)")
            #expect(!fields.contains("Warning") && !fields.contains("Error"), "\(fields)")
        }
    }

    @Test(
        "opens in PDFium, the engine of Chrome and Edge",
        .enabled(if: hasPython(module: "pypdfium2"), "the Python module pypdfium2 is not installed"))
    func pdfium() throws {
        let folder = try ScratchFolder()
        var store = SourceStore()
        let pages = (0..<150).map { greyPage($0, shade: 0, folder: ["a\($0 / 70)"], store: &store) }
        try write(try bind(pages, store: store), to: folder.path("a.pdf"))
        let script = """
            import pypdfium2, sys
            document = pypdfium2.PdfDocument(sys.argv[1])
            page = document[149]
            image = page.render(scale=0.1)
            middle = image.buffer[image.stride * (image.height // 2) + image.width // 2 * image.n_channels]
            print(len(document), [round(x) for x in page.get_size()], middle < 40, len(list(document.get_toc())))
            """
        let result = try run("python3", ["-c", script, folder.path("a.pdf")])
        #expect(result.output == "150 [842, 842] True 3\n", "\(result.output)")
    }

    @Test(
        "shows JPEG 2000 in boxes and as a codestream", .enabled(if: has("convert") && has("pdftoppm"), "a tool is missing"),
        arguments: ["jp2", "j2k"])
    func jpeg2000(kind: String) throws {
        let folder = try ScratchFolder()
        try run("convert", ["-size", "32x32", "xc:rgb(200,40,90)", folder.path("a.\(kind)")])
        guard FileManager.default.fileExists(atPath: folder.path("a.\(kind)")) else {
            try Test.cancel("this ImageMagick does not write JPEG 2000")
        }
        var store = SourceStore()
        let key = PageKey(task: 0, page: 0)
        let facts = PageFacts(
            width: 32, height: 32, bitsPerComponent: 8, colour: .rgb, coding: .jpx(rawCodestream: kind == "j2k"),
            stream: store.add(try readBytes(folder.path("a.\(kind)")), for: key))
        try write(try bind([BookPage(key: key, content: .picture(facts), folder: [])], store: store), to: folder.path("a.pdf"))
        try run("pdftoppm", ["-r", "10", "-singlefile", folder.path("a.pdf"), folder.path("a")])
        let pixels = try readBytes(folder.path("a.ppm")).suffix(3 * 200).prefix(3)
        #expect(zip(pixels, [200, 40, 90]).allSatisfy { abs(Int($0) - $1) < 10 }, "\(Array(pixels))")
    }
}
