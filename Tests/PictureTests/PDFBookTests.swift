import Foundation
import Testing

@Suite("Books, volumes, bookmarks and pages of what failed")
struct PDFBookTests {
    let shop: Workshop
    let fixtures: Workshop

    /// `in/1.jpg` to `3.jpg`, three below `in/a`, three below `in/a/b`, and below `in/c` two and a broken one.
    init() throws {
        shop = try Workshop()
        fixtures = try Fixtures.shop()
        for number in 1...3 {
            try shop.write(fixtures.bytes("o\(number).jpg"), "in/\(number).jpg")
            try shop.write(fixtures.bytes("upright.png"), "in/a/\(number).png")
            try shop.write(fixtures.bytes("o\(number + 3).jpg"), "in/a/b/\(number).jpg")
            try shop.write(
                number == 2 ? fixtures.bytes("o7.jpg").prefix(6000) : fixtures.bytes("o8.jpg"), "in/c/scän \(number).jpg")
        }
    }

    private func text(_ file: String, page: Int) throws -> String {
        try shop.tool("pdftotext", "-f", "\(page)", "-l", "\(page)", file, "-").text
    }

    @Test("A file that failed has a page that names it and the reason; it can be skipped, or the book withheld")
    func missingPages() throws {
        let job = try shop.quire("pdf", "in", "-o", "book.pdf", status: 3)
        #expect(job.reasons == ["scän 2.jpg": "truncated"])
        #expect(job.facts.pdf.map(\.pages) == [12])
        try shop.expectSound("book.pdf")
        let page = try text("book.pdf", page: 11)
        #expect(page.contains("truncated") && page.contains("c/scän 2.jpg"), "\(page)")
        for reader in PDFReader.allCases where reader.isHere {
            let drawn = try reader.pages("book.pdf", in: shop)[10]
            #expect(drawn.samples.contains { $0 < 100 }, "\(reader) draws no letters")
        }
        let skipping = try shop.quire("pdf", "in", "-o", "skip.pdf", "--missing-page", "skip", status: 3)
        #expect(skipping.facts.pdf.map(\.pages) == [11])
        try shop.expectSound("skip.pdf")
        try shop.quire("pdf", "in", "-o", "withheld.pdf", "--missing-page", "withhold", status: 3)
        #expect(!shop.exists("withheld.pdf"))
        #expect(shop.files(".").filter { $0.hasSuffix(".partial") || $0.hasPrefix(".quire") }.isEmpty)
        // A run says the same of the same file.
        try shop.quire("run", "in", "--pdf", "run.pdf", "--shrink", "100", status: 3)
        #expect(try text("run.pdf", page: 11).contains("truncated"))
        try shop.quire("pdf", "in", "-o", "lenient.pdf", "--accept-damaged")
        #expect(try shop.tool("pdftotext", "lenient.pdf", "-").text.allSatisfy(\.isWhitespace))
        try shop.expectSound("lenient.pdf")
    }

    @Test("Bookmarks follow the folders, and title, author and date are written as given")
    func bookmarks() throws {
        try shop.quire(
            "pdf", "in", "-o", "book.pdf", "--title", "Ein Büchlein", "--author", "N. N.", "--date", "2024-02-03", status: 3)
        let outline = try shop.tool("mutool", "show", "book.pdf", "outline").lines.map {
            $0.filter { $0 != "\t" && $0 != "|" && $0 != "+" && $0 != "-" }
        }
        #expect(
            outline.map { $0.split(separator: "&").first.map(String.init) } == ["\"a\"#page=4", "\"b\"#page=7", "\"c\"#page=10"])
        let facts = try shop.tool("pdfinfo", "-isodates", "book.pdf").text
        #expect(facts.contains("Ein Büchlein") && facts.contains("N. N.") && facts.contains("2024-02-03"), "\(facts)")
        let tags = try #require(try shop.tags(["book.pdf"])["book.pdf"])
        #expect(tags["PDF:Title"] == "Ein Büchlein" && tags["XMP-dc:Title"] == "Ein Büchlein", "\(tags)")
    }

    @Test("The same pictures make the same bytes twice, with any number of workers; without a date none is written")
    func determinism() throws {
        try shop.quire("pdf", "in", "-o", "one.pdf", "--jobs", "1", status: 3)
        try shop.quire("pdf", "in", "-o", "two.pdf", "--jobs", "3", status: 3)
        #expect(try shop.bytes("one.pdf") == shop.bytes("two.pdf"))
        #expect(try !shop.tool("pdfinfo", "one.pdf").text.contains("Date"))
        for jobs in ["1", "3"] {
            try shop.quire("run", "in", "--pdf", "only\(jobs).pdf", "--shrink", "100", "--jobs", jobs, status: 3)
            try shop.quire(
                "run", "in", "--pdf", "both\(jobs).pdf", "-o", "out\(jobs)", "--shrink", "100", "--jobs", jobs, status: 3)
        }
        #expect(try shop.bytes("only1.pdf") == shop.bytes("only3.pdf"))
        #expect(try shop.bytes("both1.pdf") == shop.bytes("both3.pdf"))
    }

    @Test("Volumes are cut at folders' borders by pages or size and numbered; a small book has its plain name")
    func volumes() throws {
        let job = try shop.quire("pdf", "in", "-o", "books/album.pdf", "--volume-pages", "4", status: 3)
        #expect(shop.files("books") == ["album-001.pdf", "album-002.pdf", "album-003.pdf", "album-004.pdf"])
        #expect(job.facts.pdf.map(\.pages) == [3, 3, 3, 3])
        for file in shop.files("books") { try shop.expectSound("books/\(file)") }
        let paired = try shop.quire("pdf", "in", "-o", "pairs.pdf", "--volume-pages", "6", status: 3)
        #expect(paired.facts.pdf.map(\.pages) == [6, 6])
        // A folder that alone is too large is cut inside.
        let single = try shop.quire("pdf", "in", "-o", "single.pdf", "--volume-pages", "2", status: 3)
        #expect(single.facts.pdf.map(\.pages).allSatisfy { $0 <= 2 } && single.facts.pdf.map(\.pages).reduce(0, +) == 12)
        for (seed, folder) in ["a", "b", "c", "d"].enumerated() {
            try FileManager.default.createDirectory(at: shop["heavy/\(folder)"], withIntermediateDirectories: true)
            try shop.tool(
                "convert", "-seed", "\(seed)", "-size", "450x300", "xc:", "+noise", "Random", "heavy/\(folder)/noise\(folder).png"
            )
        }
        let sized = try shop.quire("pdf", "heavy", "-o", "sized.pdf", "--volume-size", "1MB")
        #expect(sized.facts.pdf.count >= 2)
        for volume in sized.facts.pdf {
            #expect(volume.bytes <= 1_000_000, "\(volume)")
            try shop.expectSound(volume.path)
        }
    }

    @Test("Page labels are plain numbers that count on over the volumes, as qpdf and PDFium read them")
    func pageLabels() throws {
        try shop.quire("pdf", "in", "-o", "album.pdf", "--volume-pages", "4", status: 3)
        let volumes = (1...4).map { "album-00\($0).pdf" }
        #expect(shop.files(".").filter { $0.hasPrefix("album") } == volumes)
        for (volume, first) in zip(volumes, [1, 4, 7, 10]) {
            let read = try shop.tool("qpdf", "--json", "--json-key=pagelabels", volume).output
            let object = try #require(try JSONSerialization.jsonObject(with: read) as? [String: Any])
            let runs = try #require(object["pagelabels"] as? [[String: Any]])
            #expect(runs.count == 1)
            let label = try #require(runs.first?["label"] as? [String: Any])
            #expect(label["/S"] as? String == "/D" && label["/P"] == nil, "\(label)")
            #expect(label["/St"] as? Int ?? 1 == first, "\(volume)")
        }
        guard let python else { return }
        let labels = """
            import sys, pypdfium2
            for name in sys.argv[1:]:
                book = pypdfium2.PdfDocument(name)
                print(*[book.get_page_label(page) for page in range(len(book))])
            """
        #expect(try shop.tool(python, ["-c", labels] + volumes).lines == ["1 2 3", "4 5 6", "7 8 9", "10 11 12"])
    }

    @Test("A template makes a book a folder")
    func perFolder() throws {
        try shop.quire("pdf", "in", "-o", "books/{dir}.pdf", status: 3)
        #expect(shop.files("books") == ["a.pdf", "a/b.pdf", "c.pdf", "in.pdf"])
        for file in shop.files("books") {
            try shop.expectSound("books/\(file)")
            #expect(try shop.pageSizes("books/\(file)").count == 3, "\(file)")
        }
        #expect(try text("books/c.pdf", page: 2).contains("scän 2.jpg"))
    }
}
