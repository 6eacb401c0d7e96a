import Testing

@Suite("Outputs")
struct OutputTests {
    private static let quiet: [Name] = ["--progress", "none"]

    private func box(_ names: Name...) throws -> Sandbox {
        let box = try Sandbox()
        for (index, name) in names.enumerated() { try box.write(TinyPicture.jpeg(16 + index), to: name) }
        return box
    }

    @Test("Without a place for results: exit 2, and all four are shown")
    func nowhere() throws {
        let box = try box("in/a.jpg")
        let ended = try box.quire("run", "in", "--shrink", "8", expect: 2)
        for way in ["-o ", "--pdf", "--in-place", "--name"] { #expect(ended.errors.contains(way), "\(way) is missing: \(ended)") }
        #expect(ended.output == [])
        #expect(box.files() == ["in/a.jpg"])
    }

    @Test("The tree of a folder comes straight under -o, missing folders are made, and files without change are equal byte for byte")
    func tree() throws {
        let box = try box("in/a.jpg", "in/sub/deep er/b.jpg")
        try box.quire("run", "in", "-o", "new/out", "--rotate", "auto", "--shrink", "1600", "--progress", "none", expect: 0)
        #expect(box.files(below: "new/out") == ["a.jpg", "sub/deep er/b.jpg"])
        #expect(box.read("new/out/a.jpg") == box.read("in/a.jpg"))
        #expect(box.read("new/out/sub/deep er/b.jpg") == box.read("in/sub/deep er/b.jpg"))
        box.expectTidy()
    }

    @Test("Inputs keep bytes, mode and time whatever is made of them")
    func inputsUntouched() throws {
        let box = try box("in/a.jpg", "in/b.jpg")
        try box.write(TinyPicture.png(20), to: "in/c.png")
        let before = try box.snapshot("in")
        try box.quire(
            "run", "in", "-o", "out", "--strip", "all", "--shrink", "8", "--format", "jpeg", "--keep-times", "--pdf", "in/b.pdf", "--manifest", "m",
            "--report", "r.html", "--progress", "none", expect: 0)
        try box.quire("run", "in", "--name", "{dir}/{stem}.small.{ext}", "--shrink", "8", "--progress", "none", expect: 0)
        try box.quire("pdf", "in", "-o", "p.pdf", "--strip", "all", "--progress", "none", expect: 0)
        let after = try box.snapshot("in")
        for (name, facts) in before { #expect(after[name] == facts, "\(name) was touched") }
    }

    @Test("--name templates: index, EXIF tags with a default, dates and sizes")
    func templates() throws {
        let box = try Sandbox()
        try box.write(TinyPicture.jpeg(24, 16, exif: .init(model: "EOS 40D", taken: "2023:07:14 09:00:01", orientation: 6)), to: "in/a.jpg")
        try box.write(TinyPicture.jpeg(32, 8), to: "in/b.JPEG")
        try box.setModified("in/b.JPEG", seconds: 1_000_000_000)  // 2001-09-09 01:46:40 UTC
        func names(_ template: Name) throws -> [String] { try box.plan("in", "-o", "o", "--name", template).outputs }
        #expect(try names("{index:04}-{stem}.{ext}") == ["o/0001-a.jpg", "o/0002-b.JPEG"])
        #expect(try names("{exif:Model|unknown}/{name}") == ["o/EOS 40D/a.jpg", "o/unknown/b.JPEG"])
        #expect(try names("{year}/{month}/{day}/{stem}.{ext}") == ["o/2023/07/14/a.jpg", "o/2001/09/09/b.JPEG"])
        #expect(try names("{width}x{height} {stem}.{ext}") == ["o/16x24 a.jpg", "o/32x8 b.JPEG"])
        #expect(try names("{{{folder}}}_{stem}.{ext}") == ["o/{in}_a.jpg", "o/{in}_b.JPEG"])
        let beside = try box.plan("in", "--name", "{dir}/{stem}_s.{ext}")
        #expect(beside.outputs == ["in/a_s.jpg", "in/b_s.JPEG"])
    }

    @Test("A file that has nothing for its name fails alone, by its name and with the cure; the others are done")
    func nameless() throws {
        let box = try Sandbox()
        for (index, model) in ["One", nil, "Two"].enumerated() { try box.write(TinyPicture.jpeg(20 + index, exif: .init(model: model)), to: Name("in/\(index).jpg")) }
        let words: [Name] = ["quire", "run", "in", "-o", "o", "--pdf", "b.pdf", "--json", "--name"]
        let plan = try box.plan("in", "-o", "o", "--name", "{exif:Model}-{stem}.{ext}")
        #expect(plan["files"].list.compactMap { $0["state"].text } == ["planned", "failed", "planned"])
        let ended = try box.run(words + ["{exif:Model}-{stem}.{ext}"])
        #expect(ended.status == 3 && ended.errors.contains("in/1.jpg") && ended.errors.contains("{exif:Model|unknown}"), "\(ended)")
        #expect(box.files(below: "o") == ["One-0.jpg", "Two-2.jpg"])
        #expect(try box.pageWidths("b.pdf") == [20, 22])
        #expect(try box.run(["pdftotext", "b.pdf", "-"]).out.contains("1.jpg"), "its page says so")
        let retried = try box.quire("retry", "--progress", "none", expect: 2)
        #expect(retried.errors.contains("name") && retried.errors.contains("run the command again"), "\(retried)")
        let cured = try box.run(words + ["{exif:Model|unknown}-{stem}.{ext}"])
        #expect(cured.status == 0, "\(cured)")
        #expect(box.files(below: "o") == ["One-0.jpg", "Two-2.jpg", "unknown-1.jpg"])
        #expect(try box.pageWidths("b.pdf") == [20, 21, 22])
    }

    @Test("A file that cannot be looked into for its name fails for what it is, under --name and under a save's name")
    func namelessAndBroken() throws {
        let box = try box("in/a.jpg", "in/c.jpg")
        try box.write("no picture", to: "in/b.jpg")
        try box.write("actions:\n  - save: {name: '{width}-{stem}.{ext}'}\n", to: "r.yaml")
        for (words, folder): ([Name], Name) in [(["--name", "{width}-{stem}.{ext}"], "o1"), (["--recipe", "r.yaml"], "o2")] {
            let ended = try box.run(["quire", "run", "in", "gone.jpg", "-o", folder, "--json", "--progress", "none"] + words)
            #expect(ended.status == 3, "\(ended)")
            let reasons = try ended.object()["failures"].list.compactMap { $0["reason"].text }
            #expect(reasons == ["not-image", "vanished"])
            #expect(box.files(below: folder).count == 2)
        }
        let long = try box.quire("run", "in/a.jpg", "-o", "o3", "--name", Name("{stem}" + String(repeating: "x", count: 300)), "--progress", "none", expect: 3)
        #expect(long.errors.contains("in/a.jpg") && long.errors.contains("too long"), "\(long)")
        #expect(try box.quire("run", "in", "-o", "o3", "--name", "{width/0}.{ext}", expect: 3).errors.contains("division by zero"))
    }

    @Test("An unknown variable is refused with the nearest name, before anything is made")
    func unknownVariable() throws {
        let box = try box("in/a.jpg")
        let ended = try box.quire("run", "in", "-o", "out", "--name", "{stme}.{ext}", expect: 2)
        #expect(ended.errors.contains("'stme'") && ended.errors.contains("'stem'"))
        #expect(try box.quire("run", "in", "--pdf", "{stem}.pdf", expect: 2).errors.contains("{dir}"))
        #expect(box.files() == ["in/a.jpg"])
    }

    @Test("Formats follow extensions, and {ext} keeps its spelling while the format stays")
    func formats() throws {
        let box = try box("in/a.JPG")
        try box.write(TinyPicture.png(20), to: "in/p.png")
        #expect(try box.plan("in", "-o", "o").outputs == ["o/a.JPG", "o/p.png"])
        #expect(try box.plan("in", "-o", "o", "--format", "jpeg").outputs == ["o/a.JPG", "o/p.jpg"])
        #expect(try box.plan("in", "-o", "o", "--format", "webp").outputs == ["o/a.webp", "o/p.webp"])
        try box.quire("run", "in", "-o", "o", "--format", "png", "--progress", "none", expect: 0)
        #expect(box.files(below: "o") == ["a.png", "p.png"])
        #expect(box.read("o/a.png")?.prefix(4) == [0x89, 0x50, 0x4E, 0x47])
    }

    @Test("Two inputs of one output are refused before work, naming both and the flag")
    func collisions() throws {
        let box = try box("in/IMG_1.jpg")
        try box.write(TinyPicture.png(20), to: "in/IMG_1.png")
        let ended = try box.quire("run", "in", "-o", "out", "--format", "jpeg", expect: 2)
        for part in ["in/IMG_1.jpg", "in/IMG_1.png", "--collisions rename"] { #expect(ended.errors.contains(part), "\(part): \(ended)") }
        #expect(!box.exists("out"))
        try box.quire("run", "in", "-o", "out", "--format", "jpeg", "--collisions", "rename", "--progress", "none", expect: 0)
        #expect(box.files(below: "out") == ["IMG_1.jpg", "IMG_1.png.jpg"])
        // A second time: the same names, and nothing new.
        let again = try box.quire("run", "in", "-o", "out", "--format", "jpeg", "--collisions", "rename", "--progress", "none", "--json", expect: 0)
        #expect(box.files(below: "out") == ["IMG_1.jpg", "IMG_1.png.jpg"])
        #expect(try again.object()["done"].number == 0)
    }

    @Test("Names that differ in case only collide, since some file systems know no case")
    func caseFolding() throws {
        let box = try box("in/a.jpg", "in/A.jpg", "in/sub/x.jpg", "in/Sub/x.jpg")
        let ended = try box.quire("run", "in", "-o", "out", expect: 2)
        #expect(ended.errors.contains("in/a.jpg") && ended.errors.contains("in/A.jpg") && ended.errors.contains("in/Sub/x.jpg"))
        let plan = try box.plan("in", "-o", "out", "--collisions", "rename")
        #expect(Set(plan.outputs.map { $0.lowercased() }).count == 4)
    }

    @Test("The same command again makes nothing new and still binds every page, to the same bytes")
    func again() throws {
        let box = try box("in/a.jpg", "in/b.jpg")
        let words: [Name] = ["quire", "run", "in", "-o", "out", "--shrink", "12", "--pdf", "b.pdf", "--json"] + Self.quiet
        #expect(try box.run(words).object()["done"].number == 2)
        let (made, book) = (try box.snapshot("out"), box.read("b.pdf"))
        let second = try box.run(words)
        #expect(second.status == 0)
        let facts = try second.object()
        #expect(facts["done"].number == 0)
        #expect(facts.skipped("skipped_by_reason") == ["up to date": 2])
        #expect(facts["pdf"].list.first?["pages"].number == 2)
        #expect(try box.snapshot("out") == made)
        #expect(box.read("b.pdf") == book)
        // One more input: only that is new, and the book has it.
        try box.write(TinyPicture.jpeg(40), to: "in/aa.jpg")
        let third = try box.run(words).object()
        #expect(third["done"].number == 1)
        #expect(third["pdf"].list.first?["pages"].number == 3)
        box.expectTidy()
    }

    @Test("quire's own outputs are made again when recipe or input changed, each only then")
    func changed() throws {
        let box = try box("in/a.jpg", "in/b.jpg")
        let words: [Name] = ["quire", "run", "in", "-o", "out", "--json"] + Self.quiet
        #expect(try box.run(words + ["--shrink", "12"]).object()["done"].number == 2)
        #expect(try box.run(words + ["--shrink", "10"]).object()["done"].number == 2)
        #expect(try box.width("out/a.jpg") == 10)
        try box.write(TinyPicture.jpeg(8, 30), to: "in/b.jpg")
        let facts = try box.run(words + ["--shrink", "10"]).object()
        #expect(facts["done"].number == 1)
        #expect(facts.skipped("skipped_by_reason") == ["up to date": 1])
        #expect(try box.width("out/b.jpg") == 3)
        #expect(try box.run(words + ["--shrink", "20", "--overwrite", "never"]).object()["done"].number == 0)
        #expect(try box.width("out/a.jpg") == 10)
        #expect(try box.run(words + ["--shrink", "10", "--overwrite", "always"]).object()["done"].number == 2)
    }

    @Test("A file quire did not make is refused before any work; never leaves it, always replaces it")
    func foreign() throws {
        let box = try box("in/a.jpg", "in/b.jpg")
        try box.write("mine", to: "out/b.jpg")
        let refused = try box.quire("run", "in", "-o", "out", expect: 2)
        #expect(refused.errors.contains("out/b.jpg") && refused.errors.contains("--overwrite"))
        #expect(box.files(below: "out") == ["b.jpg"])
        let never = try box.quire("run", "in", "-o", "out", "--overwrite", "never", "--progress", "none", "--json", expect: 0)
        #expect(try never.object()["done"].number == 1)
        #expect(box.text("out/b.jpg") == "mine")
        try box.quire("run", "in", "-o", "out", "--overwrite", "always", "--progress", "none", expect: 0)
        #expect(box.read("out/b.jpg") == box.read("in/b.jpg"))
        // One of quire's that somebody edited since is foreign too.
        try box.write("edited", to: "out/a.jpg")
        #expect(try box.quire("run", "in", "-o", "out", "--shrink", "8", expect: 2).errors.contains("out/a.jpg"))
        #expect(box.text("out/a.jpg") == "edited")
    }

    @Test("A PDF quire did not make is refused, its own is bound again")
    func foreignPDF() throws {
        let box = try box("in/a.jpg")
        try box.write("mine", to: "b.pdf")
        #expect(try box.quire("pdf", "in", "-o", "b.pdf", expect: 2).errors.contains("b.pdf"))
        #expect(box.text("b.pdf") == "mine")
        try box.quire("pdf", "in", "-o", "b.pdf", "--overwrite", "always", "--progress", "none", expect: 0)
        try box.write(TinyPicture.jpeg(30), to: "in/c.jpg")
        try box.quire("pdf", "in", "-o", "b.pdf", "--progress", "none", expect: 0)
        #expect(try box.pageWidths("b.pdf") == [16, 30])
    }

    @Test("An output that is itself an input is refused")
    func outputIsInput() throws {
        let box = try box("in/a.jpg", "in/a_s.jpg")
        let before = try box.snapshot("in")
        for overwrite in [Name("always"), "changed"] {
            let ended = try box.quire("run", "in", "--name", "{dir}/{stem}_s.{ext}", "--shrink", "8", "--overwrite", overwrite, expect: 2)
            #expect(ended.errors.contains("in/a_s.jpg"))
        }
        // -o that is the INPUT folder itself: each output is its input.
        let same = try box.quire("run", "in/a.jpg", "in/a_s.jpg", "-o", "in", "--shrink", "8", "--overwrite", "always", expect: 2)
        #expect(same.errors.contains("--in-place"))
        #expect(try box.snapshot("in") == before)
    }

    @Test("--in-place replaces inputs, and only what an action changes")
    func inPlace() throws {
        let box = try box("in/a.jpg", "in/small.jpg")
        try box.write(TinyPicture.jpeg(64, 48), to: "in/a.jpg")
        let small = try box.snapshot("in")["small.jpg"]
        try box.quire("run", "in", "--in-place", "--shrink", "32", "--progress", "none", expect: 0)
        #expect(try box.width("in/a.jpg") == 32)
        #expect(small != nil)
        #expect(try box.snapshot("in")["small.jpg"] == small, "what no action changes keeps its time too")
        #expect(box.files() == ["in/a.jpg", "in/small.jpg"])
        #expect(try box.quire("run", "in", "--in-place", "-o", "out", expect: 2).errors.contains("--in-place"))
        #expect(try box.quire("run", "in", "--in-place", "--format", "png", expect: 2).errors.contains("in/a.jpg"))
    }

    @Test("A link that is replaced in place stays a link")
    func inPlaceLink() throws {
        let box = try box("real/a.jpg")
        try box.makeFolder("in")
        try box.link("in/l.jpg", to: "../real/a.jpg")
        try box.quire("run", "in", "--in-place", "--shrink", "8", "--progress", "none", expect: 0)
        #expect(try box.isLink("in/l.jpg"))
        #expect(try box.width("real/a.jpg") == 8)
    }

    @Test("--keep-times gives results the time of their inputs, copies too")
    func keepTimes() throws {
        let box = try box("in/a.jpg", "in/b.jpg")
        for name in [Name("in/a.jpg"), "in/b.jpg"] { try box.setModified(name, seconds: 1_000_000_000) }
        try box.write(TinyPicture.jpeg(64), to: "in/a.jpg")
        try box.setModified("in/a.jpg", seconds: 900_000_000)
        try box.quire("run", "in", "-o", "out", "--shrink", "20", "--keep-times", "--progress", "none", expect: 0)
        #expect(try box.modified("out/a.jpg") == 900_000_000)
        #expect(try box.modified("out/b.jpg") == 1_000_000_000)
        try box.quire("run", "in", "-o", "now", "--progress", "none", expect: 0)
        #expect(try box.modified("now/b.jpg") > 1_500_000_000)
    }

    @Test("Everything made has mode 0666 minus the umask", arguments: [("0027", UInt32(0o640)), ("0002", 0o664)])
    func umask(_ mask: String, _ mode: UInt32) throws {
        let box = try box("in/a.jpg", "in/b.jpg")
        try box.setMode("in/a.jpg", 0o600)
        let command = "umask \(mask); exec \"$0\" run in -o out --pdf b.pdf --manifest m --report r.csv --progress none"
        let ended = try box.run(["sh", "-c", Name(command), Name(builtPrograms + "/quire")])
        #expect(ended.status == 0, "\(ended)")
        for name in [Name("out/a.jpg"), "out/b.jpg", "b.pdf", "m", "r.csv"] { #expect(try box.mode(name) == mode, "\(name)") }
        try box.quire("pdf", "in", "-o", "c.pdf", "--progress", "none", expect: 0)
    }

    @Test("--manifest holds inputs, outputs and PDF, and sha256sum -c finds them right")
    func manifest() throws {
        let box = try box("in/a.jpg", "in/-b\\n\nc.jpg")
        try box.write([0], to: "in/zero.jpg")
        try box.quire("run", "in", "-o", "out", "--shrink", "8", "--pdf", "b.pdf", "--manifest", "sums", "--progress", "none", expect: 3)
        let check = try box.run(["sha256sum", "-c", "--strict", "sums"])
        #expect(check.status == 0, "\(check)")
        #expect(check.out.split(separator: "\n").count == 5)
        for part in ["in/a.jpg: OK", "out/a.jpg: OK", "b.pdf: OK"] { #expect(check.out.contains(part)) }
        try box.quire("pdf", "in/a.jpg", "-o", "p.pdf", "--manifest", "sums2", "--progress", "none", expect: 0)
        #expect(try box.run(["sha256sum", "-c", "--strict", "sums2"]).out.split(separator: "\n").map(String.init) == ["in/a.jpg: OK", "p.pdf: OK"])
    }

    @Test("A manifest is whole also when every output was up to date")
    func manifestAgain() throws {
        let box = try box("in/a.jpg")
        let words: [Name] = ["quire", "run", "in", "-o", "out", "--shrink", "8", "--manifest", "sums"] + Self.quiet
        #expect(try box.run(words).status == 0)
        let first = box.read("sums")
        #expect(try box.run(words).status == 0)
        #expect(box.read("sums") == first)
    }

    @Test("Every page of a multi-page file becomes a file of its own, and a page")
    func multiPage() throws {
        let box = try Sandbox()
        try box.write(TinyPicture.png(20), to: "one.png")
        try box.write(TinyPicture.png(24), to: "two.png")
        try box.makeFolder("in")
        #expect(try box.run(["convert", "one.png", "two.png", "in/scan.tif"]).status == 0)
        try box.quire("run", "in", "-o", "out", "--format", "jpeg", "--pdf", "b.pdf", "--progress", "none", expect: 0)
        #expect(box.files(below: "out") == ["scan-1.jpg", "scan-2.jpg"])
        #expect(try box.pageWidths("b.pdf") == [20, 24])
        let numbered = try box.quire("run", "in", "-o", "n", "--format", "jpeg", "--name", "p{page:03}.{ext}", "--progress", "none", expect: 0)
        #expect(box.files(below: "n") == ["p001.jpg", "p002.jpg"], "\(numbered)")
        let renumbered = try box.quire(
            "run", "in", "-o", "n", "--format", "jpeg", "--name", "p{page:03}.{ext}", "--progress", "none", "--json", expect: 0)
        #expect(try renumbered.object()["done"].number == 0)
        // Again: nothing new, the book whole.
        let again = try box.quire("run", "in", "-o", "out", "--format", "jpeg", "--pdf", "b.pdf", "--progress", "none", "--json", expect: 0)
        #expect(try again.object()["done"].number == 0)
        #expect(try box.pageWidths("b.pdf") == [20, 24])
        // Another recipe makes both again; a page that somebody edited is refused.
        try box.quire("run", "in", "-o", "out", "--format", "jpeg", "--shrink", "12", "--progress", "none", expect: 0)
        #expect(try box.width("out/scan-2.jpg") == 12)
        try box.write("mine", to: "out/scan-2.jpg")
        #expect(try box.quire("run", "in", "-o", "out", "--format", "jpeg", "--progress", "none", expect: 2).errors.contains("out/scan-2.jpg"))
        #expect(box.text("out/scan-2.jpg") == "mine")
    }

    /// `in/a.tif` of two pages, 20 and 24 wide, and `in/a-1.tif` of one, 28 wide.
    private func pagedBox() throws -> Sandbox {
        let box = try Sandbox()
        for width in [20, 24, 28] { try box.write(TinyPicture.png(width), to: Name("\(width).png")) }
        try box.makeFolder("in")
        #expect(try box.run(["convert", "20.png", "24.png", "in/a.tif"]).status == 0)
        #expect(try box.run(["convert", "28.png", "in/a-1.tif"]).status == 0)
        return box
    }

    @Test("A page never takes the name of another input's output, whichever is ready first and however often it is run", arguments: ["in", "in/a.tif in/a-1.tif"])
    func takenPageName(inputs: String) throws {
        let box = try pagedBox()
        let words = ["quire", "run"] + inputs.split(separator: " ").map { Name(String($0)) } + ["--format", "png"] + Self.quiet
        for overwrite in [Name("changed"), "changed", "always"] {
            let ended = try box.run(words + ["-o", "out", "--overwrite", overwrite])
            #expect(ended.status == 3, "\(ended)")
            for part in ["in/a.tif: its page 1", "out/a-1.png", "in/a-1.tif", "--name"] { #expect(ended.errors.contains(part), "\(part): \(ended)") }
            #expect(box.files(below: "out") == ["a-1.png"])
            #expect(try box.width("out/a-1.png") == 28)
        }
        // The cure that it names.
        for made in [2, 0] {
            let cured = try box.run(words + ["-o", "cured", "--name", "{dir}/{stem}-{page}.{ext}", "--json"])
            #expect(try cured.status == 0 && cured.object()["done"].number == made, "\(cured)")
            #expect(box.files(below: "cured") == ["a-1-1.png", "a-1.png", "a-2.png"])
        }
        box.expectTidy()
    }

    @Test("A file whose pages would have names longer than a folder can hold fails alone, and again when it is run again")
    func longPageName() throws {
        let box = try pagedBox()
        let long = String(repeating: "x", count: 251)
        try #require(try box.run(["mv", "in/a.tif", Name("in/\(long).tif")]).status == 0)
        let words: [Name] = ["quire", "run", "in", "-o", "out", "--format", "png"] + Self.quiet
        for overwrite in [Name("changed"), "changed", "always"] {
            let ended = try box.run(words + ["--overwrite", overwrite])
            #expect(ended.status == 3 && ended.errors.contains("in/\(long).tif"), "\(ended)")
            #expect(box.files(below: "out") == ["a-1.png"])
        }
    }

    @Test("A new input whose output would be named as a page that stays is refused before work, or gets another name")
    func keptPageName() throws {
        let box = try pagedBox()
        try box.quire("run", "in/a.tif", "-o", "out", "--format", "png", "--progress", "none", expect: 0)
        let words: [Name] = ["quire", "run", "in", "-o", "out", "--format", "png"] + Self.quiet
        let before = try box.snapshot("out")
        let refused = try box.run(words)
        #expect(refused.status == 2, "\(refused)")
        for part in ["in/a.tif", "in/a-1.tif", "out/a-1.png", "--collisions rename"] { #expect(refused.errors.contains(part), "\(part): \(refused)") }
        #expect(try box.snapshot("out") == before)
        for made in [1, 0] {
            #expect(try box.run(words + ["--collisions", "rename", "--json"]).object()["done"].number == made)
            #expect(box.files(below: "out") == ["a-1.png", "a-1.tif.png", "a-2.png"])
            #expect(try (box.width("out/a-1.png"), box.width("out/a-1.tif.png")) == (20, 28))
        }
    }

    @Test("A page never replaces an input, its own neither")
    func pageIsInput() throws {
        let box = try pagedBox()
        try box.write(TinyPicture.png(40), to: "in/a_s-1.png")
        let before = try box.snapshot("in")
        let words: [Name] = ["quire", "run", "in/a.tif", "in/a_s-1.png", "--format", "png", "--overwrite", "always"] + Self.quiet
        let ended = try box.run(words + ["--name", "{dir}/{stem}_s.{ext}"])
        #expect(ended.status == 3 && ended.errors.contains("in/a_s-1.png, which is the input") && ended.errors.contains("--name"), "\(ended)")
        var after = try box.snapshot("in")
        #expect(after.removeValue(forKey: "a_s-1_s.png") != nil)
        #expect(after == before)
        try box.makeFolder("own")
        #expect(try box.run(["convert", "20.png", "24.png", "own/b-1.tif"]).status == 0)
        let tiff = box.read("own/b-1.tif")
        let own = try box.run(["quire", "run", "own", "--name", "own/b.tif", "--format", "tiff", "--rotate", "90", "--overwrite", "always"] + Self.quiet)
        #expect(own.status == 3, "\(own)")
        #expect(box.read("own/b-1.tif") == tiff)
    }

    @Test("Pages of two saves that would have one name fail their file alone, also with --overwrite always; a file found twice is no other file")
    func pagesOfTwoSaves() throws {
        let box = try pagedBox()
        try box.write(
            "actions:\n  - save: {format: png, name: \"{stem}-{page}.{ext}\"}\n  - save: {format: png, name: \"{stem}.{ext}\"}\n", to: "r.yaml")
        try box.write(TinyPicture.png(30), to: "in/z.png")
        let words: [Name] = ["quire", "run", "in/a.tif", "in/z.png", "-o", "out", "--recipe", "r.yaml", "--overwrite", "always"]
        let ended = try box.run(words + Self.quiet)
        #expect(ended.status == 3 && ended.errors.contains("in/a.tif: two of its outputs would be named out/a-1.png"), "\(ended)")
        #expect(box.files(below: "out") == ["z-1.png", "z.png"])
        box.expectTidy()
        let twice: [Name] = ["quire", "run", "in/a.tif", "in/./a.tif", "-o", "twice", "--format", "png", "--name", "{stem}-{page}.{ext}"]
        #expect(try box.run(twice + Self.quiet).status == 0)
        #expect(box.files(below: "twice") == ["a-1.png", "a-2.png"])
    }

    @Test("Names that lead up and down to one place are refused before work, of saves and of renames", arguments: [
        ("actions:\n  - save: {in: a/../b}\n  - save: {in: b}\n", "save 1 and save 2"),
        ("actions:\n  - rename: {to: \"{stem}/../x.{ext}\"}\n", "in/a.jpg and in/b.jpg would both become"),
    ])
    func folded(recipe: String, message: String) throws {
        let box = try box("in/a.jpg", "in/b.jpg")
        try box.write(recipe, to: "r.yaml")
        let ended = try box.quire("run", "in", "-o", "out", "--recipe", "r.yaml", expect: 2)
        #expect(ended.errors.contains(message), "\(ended)")
        #expect(!box.exists("out"))
    }

    @Test("A folder where an output or the PDF should lie is refused")
    func folderInTheWay() throws {
        let box = try box("in/a.jpg", "out/a.jpg/x.jpg", "b.pdf/y.jpg")
        #expect(try box.quire("run", "in", "-o", "out", "--overwrite", "always", expect: 2).errors.contains("out/a.jpg"))
        #expect(try box.quire("pdf", "in", "-o", "b.pdf", "--overwrite", "always", expect: 2).errors.contains("b.pdf"))
    }

    @Test("One PDF a folder with {dir}")
    func bookPerFolder() throws {
        let box = try box("in/x/a.jpg", "in/y/b.jpg", "in/x/c.jpg", "in/d.jpg")
        try box.quire("run", "in", "--pdf", "books/{dir}.pdf", "--progress", "none", expect: 0)
        #expect(box.files(below: "books") == ["in.pdf", "x.pdf", "y.pdf"])
        #expect(try box.pageWidths("books/x.pdf") == [16, 18])
        #expect(try box.pageWidths("books/in.pdf") == [19])
    }

    @Test("A file that failed is a page that says so, is left out, or holds the book back")
    func missingPages() throws {
        let box = try box("in/a.jpg", "in/c.jpg")
        try box.write("no image", to: "in/b.jpg")
        try box.quire("pdf", "in", "-o", "p.pdf", "--progress", "none", expect: 3)
        let text = try box.run(["pdftotext", "p.pdf", "-"])
        #expect(text.out.contains("b.jpg") && text.out.contains("not-image"), "\(text)")
        #expect(try box.run(["qpdf", "--show-npages", "p.pdf"]).out == "3\n")
        try box.quire("pdf", "in", "-o", "s.pdf", "--missing-page", "skip", "--progress", "none", expect: 3)
        #expect(try box.pageWidths("s.pdf") == [16, 17])
        #expect(try box.run(["qpdf", "--show-npages", "s.pdf"]).out == "2\n")
        let held = try box.quire("pdf", "in", "-o", "w.pdf", "--missing-page", "withhold", "--progress", "none", expect: 3)
        #expect(!box.exists("w.pdf"))
        #expect(held.errors.contains("w.pdf"), "a book held back is told of: \(held)")
        // Of several books only that of the failed file.
        try box.write(TinyPicture.jpeg(30), to: "in/whole/d.jpg")
        try box.quire("run", "in", "--pdf", "books/{dir}.pdf", "--missing-page", "withhold", "--progress", "none", expect: 3)
        #expect(box.files(below: "books") == ["whole.pdf"])
        box.expectTidy()
    }
}

extension Sandbox {
    /// Width in pixels, as exiftool sees it.
    func width(_ name: Name) throws -> Int? {
        Int(try run(["exiftool", "-s3", "-ImageWidth", name]).out.split(separator: "\n").first.map(String.init) ?? "")
    }
}
