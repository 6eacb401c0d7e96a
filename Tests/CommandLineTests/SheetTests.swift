import Foundation
import Glibc
import Testing

@Suite("--sample and contact sheets", .serialized)
struct SheetTests {
    private func box(_ pictures: Int = 20) throws -> Sandbox {
        let box = try Sandbox()
        for index in 1...pictures { try box.write(TinyPicture.jpeg(40 + index, 24), to: "in/p\(index).jpg") }
        return box
    }

    private func sample(
        _ box: Sandbox, _ words: [Name], answer: String, columns: Int = 80, _ place: SourceLocation = #_sourceLocation
    ) throws -> Ended {
        let ended = try box.onTerminal(["quire", "run", "in", "--sample", "5"] + words, question: "now? [y/N] ", answer: answer, columns: columns)
        let asked = ended.out.components(separatedBy: "now? [y/N] ").count - 1
        #expect(asked == (answer.isEmpty ? 0 : 1), "\(ended)", sourceLocation: place)
        return ended
    }

    /// Files done in each job, the newest first.
    private func done(_ box: Sandbox) throws -> [Int] {
        try box.run(["quire", "jobs", "--json"]).object().list.compactMap { $0["done"].number }
    }

    // MARK: The question

    @Test("A yes works on the rest and does nothing twice", arguments: [80, 12])
    func yes(columns: Int) throws {
        let box = try box()
        let ended = try sample(box, ["-o", "out", "--shrink", "20"], answer: "y\n", columns: columns)
        #expect(ended.status == 0 && ended.out.contains("other 15 inputs"), "\(ended)")
        #expect(box.files(below: "out").count == 20)
        #expect(try done(box) == [15, 5])
        box.expectTidy()
    }

    @Test("A no, Ctrl-D and Ctrl-C leave what the sample made, and the next run does the rest", arguments: [("n\n", 0), ("\u{4}", 0), ("\u{3}", 130)])
    func no(answer: String, status: Int32) throws {
        let box = try box()
        let ended = try sample(box, ["-o", "out", "--shrink", "20"], answer: answer)
        #expect(ended.status == status, "\(ended)")
        #expect(box.files(below: "out").count == 5)
        try box.quire("run", "in", "-o", "out", "--shrink", "20", "--progress", "none", expect: 0)
        #expect(try done(box) == [15, 5])
        #expect(box.files(below: "out").count == 20)
    }

    @Test("Nobody is asked without a terminal, for a script, or when the sample is all there is")
    func nobody() throws {
        let box = try box()
        let alone = try box.run(["setsid", "--wait", Name(builtPrograms + "/quire"), "run", "in", "-o", "out", "--shrink", "20", "--sample", "5"])
        #expect(alone.status == 0 && alone.errors.contains("the same command without --sample"), "\(alone)")
        let events = try sample(box, ["-o", "out", "--shrink", "21", "--progress", "json"], answer: "")
        let last = try #require(events.output.split(separator: 0x0A).last)
        let event = try JSON(parsing: Array(last))
        #expect(event["event"].text == "sample" && event["left_out"].number == 15, "\(events)")
        #expect(box.exists(Name(try #require(event["sheet"].text))))
        let all = try box.onTerminal(["quire", "run", "in", "-o", "all", "--sample", "50"], question: "[y/N]", answer: "")
        #expect(all.status == 0 && !all.out.contains("[y/N]") && !all.out.contains("without --sample"), "\(all)")
        #expect(box.files(below: "all").count == 20)
    }

    @Test("In place, each picture is turned once; a PDF has all pages in the end, and says that the sample is in it")
    func placedAndBound() throws {
        let box = try box()
        #expect(try sample(box, ["--in-place", "--rotate", "90"], answer: "yes\n").status == 0)
        for index in 1...20 { #expect(try box.width("in/p\(index).jpg") == 24) }
        let bound = try sample(box, ["--pdf", "b.pdf"], answer: "Y\n")
        #expect(bound.status == 0 && bound.out.contains("the sample is bound in b.pdf"), "\(bound)")
        #expect(try box.run(["qpdf", "--show-npages", "b.pdf"]).out == "20\n")
    }

    @Test("The sheet has a cell for every output and for each picture that failed")
    func cells() throws {
        let box = try box(4)
        try box.write("no picture", to: "in/p2.jpg")
        try box.write("actions:\n  - save: {in: a}\n  - shrink: 10\n  - save: {format: png, in: b}\n", to: "r.yaml")
        let ended = try box.onTerminal(["quire", "run", "in", "-o", "out", "--recipe", "r.yaml", "--sample", "3"], question: "[y/N] ", answer: "n\n")
        #expect(ended.status == 3, "\(ended)")
        let sheet = try #require(ended.out.split(whereSeparator: \.isNewline).first { $0.contains("is shown on ") }?.split(separator: " ").last)
        // p1 and p4, each twice, and p2: five cells of 240 x 260 with gaps of 8.
        #expect(try box.run(["identify", "-format", "%wx%h", Name(String(sheet))]).out == "\(5 * 248 + 8)x276")
    }

    @Test("What is said to be bound is: the names are those of the PDFs; with none of them that is said, and with files there is a sheet")
    func boundNames() throws {
        let box = try Sandbox()
        for name in ["in/a/1.jpg", "in/b/2.jpg"] { try box.write(TinyPicture.jpeg(40, 24), to: Name(name)) }
        try box.write("no picture", to: "bad/1.jpg")
        func event(_ input: Name, _ words: Name..., expect status: Int32) throws -> JSON {
            let ended = try box.run(["quire", "run", input] + words + ["--sample", "5", "--progress", "json"])
            #expect(ended.status == status, "\(ended)")
            return try JSON(parsing: Array(try #require(ended.errors.split(separator: "\n").last { $0.contains("\"sample\"") }).utf8))
        }
        let folders = try event("in", "--pdf", "books/{dir}.pdf", expect: 0)
        #expect(folders["pdfs"].list.compactMap { $0.text }.sorted() == ["books/a.pdf", "books/b.pdf"], "\(folders)")
        let withheld = try event("bad", "--pdf", "b.pdf", "--missing-page", "withhold", expect: 3)
        #expect(withheld["error"].text == "no PDF was made of the sample", "\(withheld)")
        #expect(!box.exists("b.pdf"))
        let failed = try event("bad", "-o", "out", "--pdf", "c.pdf", expect: 3)
        #expect(failed["sheet"].text != nil, "\(failed)")
    }

    // MARK: Contact sheets

    @Test("A sheet of an earlier run is shown where it is named")
    func namedSheet() throws {
        let box = try box(1)
        try box.quire("contact-sheet", "in", "-o", "old.jpg", "--cell", "32", expect: 0)
        try box.quire("contact-sheet", "old.jpg", "in/p1.jpg", "-o", "s.png", "--cell", "64", expect: 0)
        #expect(try box.run(["identify", "-format", "%w", "s.png"]).out == "\(2 * 72 + 8)")
    }

    @Test("Sheets of earlier runs are not shown on later ones, whatever they are called", arguments: ["png", "jpg", "pdf"])
    func ownSheets(kind: String) throws {
        let box = try box(5)
        for (name, sheets) in [("in/sheet", 3), ("in/sheet", 3), ("in/other", 3)] {
            try box.quire("contact-sheet", "in", "-o", Name("\(name).\(kind)"), "--columns", "2", "--rows", "1", "--cell", "32", expect: 0)
            let made = box.files(below: "in").filter { $0.description.hasPrefix(name.dropFirst(3)) }
            if kind == "pdf" {
                #expect(try box.run(["qpdf", "--show-npages", Name("\(name).pdf")]).out == "\(sheets)\n")
            } else {
                #expect(made.count == sheets, "\(made)")
            }
        }
        box.expectTidy()
    }

    @Test("What cannot be shown has a cell and is told; names of any bytes and length are taken")
    func oddFiles() throws {
        let box = try box(2)
        try box.write("no picture", to: "in/broken.jpg")
        try box.write([], to: "in/empty.png")
        for name in [Name(String(repeating: "長い名前 ", count: 16) + ".jpg"), Name([0x69, 0x6E, 0x2F, 0xFF, 0x0A, 0x3C] + Array(".jpg".utf8)), "<b>&amp;\u{202E}.jpg"] {
            try box.write(TinyPicture.jpeg(50, 50), to: name.bytes.starts(with: Array("in/".utf8)) ? name : "in/" + name)
        }
        try box.write(Array(TinyPicture.jpeg(64, 640).dropLast(60)), to: "in/cut.jpg")
        let ended = try box.quire("contact-sheet", "in", "missing.jpg", "-o", "sheet.png", "--cell", "64", expect: 3)
        #expect(ended.errors.contains("3 files could not be shown"), "\(ended)")
        #expect(ended.errors.contains("1 file shown as far as it decodes"), "\(ended)")
        // Nine cells, six in the first row.
        #expect(try box.run(["identify", "-format", "%wx%h", "sheet.png"]).out == "\(6 * 72 + 8)x\(2 * 92 + 8)")
    }

    @Test("A sheet never takes the place of an input, numbered or bound neither, and is itself made again")
    func sheetIsInput() throws {
        let box = try box(3)
        try box.write(TinyPicture.jpeg(30), to: "in/s-002.jpg")
        try box.write(TinyPicture.jpeg(30), to: "in/book.pdf")
        try box.link("here", to: "in")
        let before = try box.snapshot("in")
        for (target, columns) in [(Name("in/p1.jpg"), Name("6")), ("in/s.jpg", "1"), ("here/p2.jpg", "6"), ("in/book.pdf", "6")] {
            let ended = try box.quire(
                "contact-sheet", "in", "-o", target, "--columns", columns, "--rows", "1", "--cell", "32", "--overwrite", "always", expect: 2)
            #expect(ended.errors.contains("is itself an input; choose another name"), "\(ended)")
            #expect(try box.snapshot("in") == before)
        }
        try box.write("mine", to: "old.jpg")
        try box.quire("contact-sheet", "in", "-o", "old.jpg", "--overwrite", "always", expect: 0)
        for overwrite in [Name("changed"), "changed", "always"] {
            try box.quire("contact-sheet", "in", "-o", "in/sheet.jpg", "--cell", "32", "--overwrite", overwrite, expect: 0)
            #expect(box.files(below: "in").count == before.count + 1)
        }
        box.expectTidy()
    }

    @Test("Inputs that are named and not there make no sheet: exit 4, as of a run")
    func nothingThere() throws {
        let box = try box(1)
        let ended = try box.quire("contact-sheet", "nothere", "neither.jpg", "-o", "s.jpg", expect: 4)
        #expect(ended.errors.contains("there is no such file or folder: nothere, neither.jpg"), "\(ended)")
        try box.quire("contact-sheet", "nothere", "-o", "s.jpg", "--allow-empty", expect: 0)
        #expect(box.files() == ["in/p1.jpg"])
        // Beside one that is there it has its square.
        try box.quire("contact-sheet", "nothere.jpg", "in", "-o", "s.png", "--cell", "64", expect: 3)
        #expect(try box.run(["identify", "-format", "%w", "s.png"]).out == "\(2 * 72 + 8)")
    }

    @Test("Ctrl-C leaves nothing half made", arguments: ["png", "pdf"])
    func interrupted(kind: String) throws {
        let job = try LongJob()
        let running = try job.box.start(["quire", "contact-sheet", "in", "-o", Name("sheet.\(kind)")])
        try eventually("workers are there") { !job.workers(running).isEmpty }
        for worker in job.workers(running) { kill(worker, SIGSTOP) }
        running.signal(SIGINT)
        let ended = try running.wait(seconds: 20)
        #expect(ended.status == 130, "\(ended)")
        #expect(job.box.files().filter { $0.description.hasPrefix("sheet") } == [])
        job.box.expectTidy()
    }
}
