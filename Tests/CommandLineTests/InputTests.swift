import Testing

@Suite("Inputs")
struct InputTests {
    private func pictures(_ box: Sandbox, _ names: [Name]) throws {
        for (index, name) in names.enumerated() { try box.write(TinyPicture.jpeg(16 + index), to: name) }
    }

    @Test("Pages come in natural order, files before subfolders, however the names were made")
    func order() throws {
        let box = try Sandbox()
        // Widths 16... in the order of the names here; natural order is another.
        try pictures(box, ["in/a sub/1.jpg", "in/IMG_10.jpg", "in/IMG_2.jpg", "in/b/IMG_1.jpg", "in/IMG_1.jpg", "in/Z.jpg"])
        try box.quire("pdf", "in", "-o", "book.pdf", "--progress", "none", expect: 0)
        #expect(try box.pageWidths("book.pdf") == [20, 18, 17, 21, 16, 19])
        try box.expectSound("book.pdf")
        box.expectTidy()
    }

    @Test("INPUTs come in the order they are named, lists in theirs")
    func givenOrder() throws {
        let box = try Sandbox()
        try pictures(box, ["b/2.jpg", "b/1.jpg", "a/1.jpg", "x.jpg", "y.jpg"])
        try box.write("y.jpg\na/1.jpg\n", to: "names")
        let plan = try box.plan("b", "x.jpg", "@names", "--name", "{dir}/{stem}-new.{ext}")
        #expect(plan.inputs == ["b/1.jpg", "b/2.jpg", "x.jpg", "y.jpg", "a/1.jpg"])
    }

    @Test("Names come from standard input, and with -0 end in NUL")
    func standardInput() throws {
        let box = try Sandbox()
        try pictures(box, ["one.jpg", "two\nlines.jpg", "three.jpg"])
        let lines = try box.plan("-", "-o", "out", input: Array("three.jpg\none.jpg\n".utf8))
        #expect(lines.inputs == ["three.jpg", "one.jpg"])
        let nul = try box.plan("-0", "-", "-o", "out", input: Array("two\nlines.jpg\0one.jpg".utf8))
        #expect(nul.inputs == ["two\nlines.jpg", "one.jpg"])
        let mixed = try box.quire("run", "-", "-o", "out", input: Array("one.jpg\0three.jpg\0".utf8), expect: 2)
        #expect(mixed.errors.contains("-0"), "the cure is named: \(mixed)")
    }

    @Test("--sort orders everything: by name, naturally, by date taken, or as given")
    func sorts() throws {
        let box = try Sandbox()
        for (name, date) in [("b/p10.jpg", "2021:01:01 00:00:00"), ("b/p9.jpg", "2023:01:01 00:00:00"), ("a/p1.jpg", "2022:01:01 00:00:00")] {
            try box.write(TinyPicture.jpeg(16, exif: .init(taken: date)), to: Name(name))
        }
        func sorted(_ how: Name?) throws -> [String] {
            try how.map { try box.plan("b", "a", "-o", "out", "--sort", $0, "--collisions", "rename").inputs } ?? box.plan("b", "a", "-o", "out").inputs
        }
        #expect(try sorted(nil) == ["b/p9.jpg", "b/p10.jpg", "a/p1.jpg"])
        #expect(try sorted("given") == ["b/p9.jpg", "b/p10.jpg", "a/p1.jpg"])
        #expect(try sorted("natural") == ["a/p1.jpg", "b/p9.jpg", "b/p10.jpg"])
        #expect(try sorted("name") == ["a/p1.jpg", "b/p10.jpg", "b/p9.jpg"])
        #expect(try sorted("date") == ["b/p10.jpg", "a/p1.jpg", "b/p9.jpg"])
    }

    @Test("Dot names, @eaDir and lost+found are passed over and counted; --hidden takes them")
    func hidden() throws {
        let box = try Sandbox()
        let odd: [Name] = ["in/.snapshot/x.jpg", "in/._p.jpg", "in/@eaDir/t.jpg", "in/lost+found/l.jpg"]
        try pictures(box, ["in/p.jpg"] + odd)
        let usual = try box.plan("in", "-o", "out")
        #expect(usual.inputs == ["in/p.jpg"])
        let skipped = usual.skipped()
        #expect(skipped.first { $0.key.hasPrefix("hidden") }?.value == 2)
        #expect(skipped.first { $0.key.hasPrefix("system folders") }?.value == 2)
        #expect(try box.plan("in", "-o", "out", "--hidden").inputs.count == 5)
        // What is named is meant.
        #expect(try box.plan("in/._p.jpg", "-o", "out").inputs == ["in/._p.jpg"])
    }

    @Test("--include and --exclude choose among what folders hold, repeatedly")
    func globs() throws {
        let box = try Sandbox()
        try pictures(box, ["in/a.jpg", "in/b.png", "in/raw/c.jpg", "in/thumbs/d.jpg", "in/e.JPG"])
        #expect(try box.plan("in", "-o", "o", "--exclude", "thumbs", "--exclude", "raw").inputs == ["in/a.jpg", "in/b.png", "in/e.JPG"])
        #expect(try box.plan("in", "-o", "o", "--include", "a.*", "--include", "*.png").inputs == ["in/a.jpg", "in/b.png"])
        let both = try box.plan("in", "-o", "o", "--include", "*.jpg", "--exclude", "thumbs/*")
        #expect(both.inputs == ["in/a.jpg", "in/raw/c.jpg"])
        #expect(both.skipped()["excluded"] == 3)
        #expect(try box.quire("run", "in", "-o", "o", "--include", "[", expect: 2).errors.contains("["))
    }

    @Test("What lies under -o is never an input, also when -o lies in the INPUT")
    func outputInside() throws {
        let box = try Sandbox()
        try pictures(box, ["in/a.jpg", "in/made/old.jpg"])
        let plan = try box.plan("in", "-o", "in/made")
        #expect(plan.inputs == ["in/a.jpg"])
        #expect(plan.skipped()["inside the output folder"] == 1)
        // Spelled another way it is the same folder.
        try box.link("link", to: "in/made")
        #expect(try box.plan("in", "-o", "link").inputs == ["in/a.jpg"])
    }

    @Test("Files an earlier job made beside their inputs are not taken as inputs")
    func madeEarlier() throws {
        let box = try Sandbox()
        try pictures(box, ["in/a.jpg", "in/b.jpg"])
        let words: [Name] = ["quire", "run", "in", "--name", "{dir}/{stem}_small.{ext}", "--shrink", "8", "--progress", "none"]
        #expect(try box.run(words).status == 0)
        #expect(box.files(below: "in") == ["a.jpg", "a_small.jpg", "b.jpg", "b_small.jpg"])
        let plan = try box.plan("in", "-o", "out")
        #expect(plan.inputs == ["in/a.jpg", "in/b.jpg"])
        #expect(plan.skipped()["made by quire"] == 2)
        // Somebody changed one: it is theirs now.
        try box.write(TinyPicture.jpeg(99), to: "in/b_small.jpg")
        #expect(try box.plan("in", "-o", "out").inputs == ["in/a.jpg", "in/b.jpg", "in/b_small.jpg"])
    }

    @Test("Content decides: a zeroed scan.jpg fails, a text is passed over, a JPEG without extension is taken")
    func content() throws {
        let box = try Sandbox()
        try box.write([UInt8](repeating: 0, count: 4096), to: "in/scan.jpg")
        try box.write("notes\n", to: "in/notes.txt")
        try box.write("", to: "in/empty.jpg")
        try box.write(TinyPicture.jpeg(20), to: "in/bare")
        let ended = try box.quire("run", "in", "-o", "out", "--json", "--progress", "none", "--report", "r.json", expect: 3)
        let facts = try ended.object()
        #expect(facts["done"].number == 1)
        #expect(facts["failed"].number == 2)
        #expect(facts["failures"].list.map { $0["reason"].text } == ["not-image"])
        #expect(facts.skipped("skipped_by_reason") == ["no images": 1])
        #expect(ended.errors.contains("scan.jpg") && ended.errors.contains("not-image"))
        // By the table of --format keep, which goes by extensions alone.
        #expect(box.files(below: "out") == ["bare.png"])
        box.expectTidy()
    }

    @Test("Loops of links end, and links to pictures are taken")
    func links() throws {
        let box = try Sandbox()
        try pictures(box, ["in/deep/a.jpg", "else/b.jpg"])
        try box.link("in/deep/up", to: "..")
        try box.link("in/self", to: ".")
        try box.link("in/other", to: "../else")
        try box.link("in/l.jpg", to: "../else/b.jpg")
        try box.link("in/gone.jpg", to: "nowhere")
        let plan = try box.plan("in", "-o", "out")
        #expect(Set(plan.inputs) == ["in/gone.jpg", "in/l.jpg", "in/deep/a.jpg", "in/other/b.jpg"])
        #expect(plan.skipped()["links to a folder above"] == 2)
        let ended = try box.quire("run", "in", "-o", "out", "--progress", "none", "--json", expect: 3)
        #expect(try ended.object()["failures"].list.map { $0["reason"].text } == ["vanished"])
    }

    @Test("Any bytes are a name: not UTF-8, line feeds, quotes, leading dashes")
    func anyBytes() throws {
        let box = try Sandbox()
        let names: [Name] = [
            Name([0xFF, 0xFE, 0x2E] + Array("jpg".utf8)), Name(Array("caf".utf8) + [0xE9] + Array(".jpg".utf8)), "two\nlines.jpg", "-rf.jpg",
            "it's \"so\".jpg", "$(id) `id` ;*?.jpg", "tab\there.jpg", "back\\slash.jpg", "e\u{301}.jpg", "\u{E9}.jpg", "{braces}.jpg", " .jpg",
        ]
        try pictures(box, names.map { Name("in/") + $0 })
        try pictures(box, [names[0], names[3]])
        let tree = try box.quire("run", "in", "-o", "out", "--progress", "json", "--json", "--pdf", "b.pdf", "--manifest", "sums", expect: 0)
        #expect(box.files(below: "out") == names.sorted())
        #expect(try tree.events().filter { $0["event"].text == "file" }.count == names.count)
        #expect(try box.pageWidths("b.pdf").count == names.count)
        #expect(try box.run(["sha256sum", "-c", "--strict", "--quiet", "sums"]).status == 0)
        try box.quire("run", "--progress", "none", "-o", "named", "--", names[0], names[3], expect: 0)
        #expect(box.files(below: "named") == [names[0], names[3]].sorted())
    }

    @Test("What is named and not there fails by name, and the rest is done")
    func missing() throws {
        let box = try Sandbox()
        try pictures(box, ["a.jpg"])
        let ended = try box.quire("run", "gone.jpg", "a.jpg", "-o", "out", "--progress", "none", "--json", expect: 3)
        let facts = try ended.object()
        #expect(facts["done"].number == 1)
        #expect(facts["failures"].list.first?["reason"].text == "vanished")
        #expect(ended.errors.contains("gone.jpg"))
        #expect(box.files(below: "out") == ["a.jpg"])
        #expect(try box.quire("run", "@nolist", "-o", "out").errors.contains("nolist"))
    }

    @Test("Named pipes are no images and hold nothing up")
    func pipes() throws {
        let box = try Sandbox()
        try pictures(box, ["in/a.jpg"])
        try box.makePipe("in/pipe.jpg")
        let plan = try box.plan("in", "-o", "out")
        #expect(plan.inputs == ["in/a.jpg"])
        #expect(plan.skipped()["named pipes"] == 1)
        try box.quire("run", "in/pipe.jpg", "-o", "out", "--progress", "none", expect: 3)
    }

    @Test("Files and folders without read permission fail as denied")
    func denied() throws {
        let box = try Sandbox()
        try pictures(box, ["in/a.jpg", "in/b.jpg", "in/closed/c.jpg"])
        try box.setMode("in/b.jpg", 0)
        try box.setMode("in/closed", 0)
        defer { try? box.setMode("in/closed", 0o755) }
        let ended = try box.run(Machine.obeyingRights + [Name(builtPrograms + "/quire"), "run", "in", "-o", "out", "--progress", "none", "--json"])
        #expect(ended.status == 3, "\(ended)")
        let failures = try ended.object()["failures"].list
        #expect(failures.map { $0["reason"].text } == ["denied"])
        #expect(failures.map { $0["count"].number } == [2])
        #expect(box.files(below: "out") == ["a.jpg"])
    }

    @Test("Nothing found is exit 4, and says what was passed over; --allow-empty makes it 0")
    func empty() throws {
        let box = try Sandbox()
        try box.makeFolder("in")
        #expect(try box.quire("run", "in", "-o", "out", expect: 4).errors.contains("--allow-empty"))
        try box.write("x", to: "in/notes.txt")
        let ended = try box.quire("run", "in", "-o", "out", expect: 4)
        #expect(ended.errors.contains("1 no images") && ended.errors.contains("--allow-empty"))
        try box.quire("run", "in", "-o", "out", "--allow-empty", "--progress", "none", expect: 0)
        try box.quire("pdf", "in", "-o", "b.pdf", "--allow-empty", "--progress", "none", expect: 0)
        #expect(try box.quire("run", "-o", "out", expect: 2).errors.contains("INPUT"))
    }

    @Test("--sample takes a few, spread over all")
    func sample() throws {
        let box = try Sandbox()
        for index in 1...20 { try box.write(TinyPicture.jpeg(16), to: "in/p\(index).jpg") }
        #expect(try box.plan("in", "-o", "out", "--sample", "4").inputs == ["in/p1.jpg", "in/p6.jpg", "in/p11.jpg", "in/p16.jpg"])
        #expect(try box.plan("in", "-o", "out", "--sample", "50").inputs.count == 20)
    }

    @Test("A file named twice is worked on once")
    func twice() throws {
        let box = try Sandbox()
        try pictures(box, ["in/a.jpg"])
        let ended = try box.quire("run", "in", "in/a.jpg", "./in/a.jpg", "-o", "out", "--progress", "none", "--json", expect: 0)
        #expect(try ended.object()["done"].number == 1)
        #expect(box.files(below: "out") == ["a.jpg"])
    }
}
