import Testing

@Suite("Usage and exit codes")
struct UsageTests {
    @Test("quire alone shows help and is a success")
    func alone() throws {
        let box = try Sandbox()
        let ended = try box.quire(expect: 0)
        for part in ["run", "pdf", "inspect", "doctor", "EXAMPLES", "EXIT CODES"] { #expect(ended.out.contains(part), "\(part)") }
        #expect(ended.errors == "")
        #expect(box.files(below: Name(box.root)) == [] || !box.exists(Name(box.state + "/quire")), "help leaves nothing behind")
    }

    @Test(
        "Help tells every flag and has examples",
        arguments: [
            (
                "run",
                [
                    "-o", "--output", "--pdf", "--name", "--in-place", "--recipe", "--rotate", "--shrink", "--strip", "--format", "--quality",
                    "--include", "--exclude", "--hidden", "--sort", "--sample", "--allow-empty", "-0", "--collisions", "--overwrite",
                    "--keep-times", "--manifest", "--report", "--jobs", "--timeout", "--drain", "--state-dir", "--spool", "--progress", "--json",
                    "-n", "--dry-run", "--accept-damaged", "--allow-loader", "--page-size", "--margin", "--missing-page", "--volume-size",
                    "--volume-pages", "--date", "--title", "{exif:TAG}", "auto-orient", "EXAMPLES",
                ]
            ),
            ("pdf", ["-o", "--output", "--strip", "--page-size", "--margin", "--missing-page", "--sort", "--json", "EXAMPLES"]),
            ("inspect", ["--json", "--allow-loader", "EXAMPLES"]),
            ("doctor", ["--json", "--state-dir"]),
        ])
    func help(_ command: String, _ parts: [String]) throws {
        let box = try Sandbox()
        let ended = try box.quire(Name(command), "--help", expect: 0)
        for part in parts { #expect(ended.out.contains(part), "\(part) is missing") }
        #expect(ended.errors == "")
        #expect(try box.quire("help", Name(command), expect: 0).out == ended.out)
    }

    @Test("--version is one line")
    func version() throws {
        let box = try Sandbox()
        let ended = try box.quire("--version", expect: 0)
        #expect(ended.out.split(separator: "\n").count == 1 && ended.out.contains("."))
    }

    @Test("Completion scripts are made, and bash reads its own", arguments: ["bash", "zsh", "fish"])
    func completion(_ shell: String) throws {
        let box = try Sandbox()
        let ended = try box.quire("--generate-completion-script", Name(shell), expect: 0)
        #expect(ended.out.contains("quire") && ended.out.contains("collisions"))
        if shell == "bash" {
            try box.write(ended.output, to: "completion")
            #expect(try box.run(["bash", "-n", "completion"]).status == 0)
        }
    }

    @Test(
        "Wrong usage is exit 2 with the word and the way to help on standard error",
        arguments: [
            (["run", "in", "-o", "out", "--shrik", "10"], "--shrik"),
            (["run", "in", "-o", "out", "--jobs", "0"], "--jobs"),
            (["run", "in", "-o", "out", "--jobs", "many"], "many"),
            (["run", "in", "-o", "out", "--shrink", "wide"], "--shrink cannot be 'wide'; accepted: "),
            (["run", "in", "-o", "out", "--shrink", "-5"], "shrink"),
            (["run", "in", "-o", "out", "--shrink", "99999999999999999999"], "99999999999999999999"),
            (["run", "in", "-o", "out", "--rotate", "45"], "45"),
            (["run", "in", "-o", "out", "--strip", "some"], "some"),
            (["run", "in", "-o", "out", "--quality", "0"], "quality"),
            (["run", "in", "-o", "out", "--format", "bmp"], "bmp"),
            (["run", "in", "-o", "out", "--sort", "size"], "size"),
            (["run", "in", "-o", "out", "--collisions", "merge"], "merge"),
            (["run", "in", "-o", "out", "--overwrite", "maybe"], "maybe"),
            (["run", "in", "-o", "out", "--progress", "loud"], "loud"),
            (["run", "in", "--pdf", "b.pdf", "--page-size", "a99"], "a99"),
            (["run", "in", "--pdf", "b.pdf", "--margin", "400mm", "--page-size", "a4"], "margin"),
            (["run", "in", "--pdf", "b.pdf", "--missing-page", "hide"], "hide"),
            (["run", "in", "-o", "out", "--worker-memory", "lots"], "lots"),
            (["run", "in", "-o", "out", "--sample", "0"], "--sample"),
            (["run", "in", "-o", "out", "--name", "{index:-4}"], "width"),
            (["run", "in", "-o", "out", "--recipe", "none.yaml"], "none.yaml"),
            (["run", "@none", "-o", "out"], "none"),
            (["pdf", "in"], "output"),
            (["run"], "INPUT"),
            (["inspect"], "files"),
            (["frobnicate"], "'frobnicate' is no subcommand of quire; 'quire --help' shows them"),
            (["rnu", "in", "-o", "out"], "did you mean 'quire run'?"),
            (["recipe", "chek", "r.yaml"], "did you mean 'quire recipe check'?"),
            (["run", "in", "-o", ""], "-o"),
        ])
    func wrong(_ words: [String], _ part: String) throws {
        let box = try Sandbox()
        try box.write(TinyPicture.jpeg(16), to: "in/a.jpg")
        let ended = try box.run([Name("quire")] + words.map { Name($0) })
        #expect(ended.status == 2, "\(ended)")
        #expect(ended.errors.contains(part), "\(ended)")
        #expect(ended.output == [])
        #expect(box.files() == ["in/a.jpg"])
    }

    @Test("A name that may hold variables has to be UTF-8: it is refused, and nothing is written elsewhere", arguments: ["run --pdf", "pdf -o", "run -o out --name", "contact-sheet -o"])
    func notUTF8(_ words: String) throws {
        let box = try Sandbox()
        try box.write(TinyPicture.jpeg(16), to: "in/a.jpg")
        let words = words.split(separator: " ").map { Name(String($0)) }
        let ended = try box.run(["quire", words[0], "in"] + words.dropFirst() + [Name([0x64, 0xFF, 0x2F, 0x72, 0x2E, 0x70, 0x64, 0x66])])
        #expect(ended.status == 2 && ended.errors.contains("UTF-8"), "\(ended)")
        #expect(box.files() == ["in/a.jpg"])
    }

    @Test("A PDF of contact sheets has the name it was given, with line breaks and braces")
    func oddSheet() throws {
        let box = try Sandbox()
        try box.write(TinyPicture.jpeg(16), to: "in/a.jpg")
        try box.quire("contact-sheet", "in", "-o", "a\n{b}.pdf", expect: 0)
        #expect(box.files() == ["a\n{b}.pdf", "in/a.jpg"])
    }

    @Test("A wrong flag points to help")
    func pointsToHelp() throws {
        let box = try Sandbox()
        #expect(try box.quire("run", "in", "--shrik", "10", expect: 2).errors.contains("quire run --help"))
    }

    @Test(
        "Recipe mistakes are told with file, line, column and the nearest name",
        arguments: [
            ("actions:\n  - auto-orient\n  - shrnk: 1600\n", "r.yaml:3:5: ", "'shrink'"),
            ("actions:\n  - fit: {sise: 10x10}\n", "r.yaml:2:11: ", "'size'"),
            ("actions:\n  - shrink: wide\n", "r.yaml:2:13: ", "wide"),
            ("actoins:\n  - auto-orient\n", "r.yaml:1:1: ", "'actions'"),
            ("actions:\n  - save\n  - auto-orient\n", "r.yaml:2:5: ", "save must be the last"),
            ("actions:\n  - auto-orient\npdf: {page-sise: a4}\n", "r.yaml:3:7: ", "'page-size'"),
            ("actions: auto-orient\n", "r.yaml:1:10: ", "list"),
            ("actions:\n  - [\n", "r.yaml:3:1: ", "YAML"),
            ("", "r.yaml", "actions"),
        ])
    func recipes(_ text: String, _ place: String, _ part: String) throws {
        let box = try Sandbox()
        try box.write(TinyPicture.jpeg(16), to: "in/a.jpg")
        try box.write(text, to: "r.yaml")
        let ended = try box.quire("run", "in", "-o", "out", "--recipe", "r.yaml", expect: 2)
        #expect(ended.errors.contains(place) && ended.errors.contains(part), "\(ended.errors)")
        #expect(!box.exists("out"))
    }

    @Test("A recipe and the flags that say the same plan the same; flags come before the recipe's save")
    func recipeAndFlags() throws {
        let box = try Sandbox()
        try box.write(TinyPicture.jpeg(40), to: "in/a.jpg")
        try box.write("name: web\nactions:\n  - auto-orient\n  - shrink: 20\n  - strip: all\n  - save: {format: png}\npdf: {page-size: a4}\n", to: "r.yaml")
        let byFile = try box.plan("in", "-o", "out", "--recipe", "r.yaml")
        let byFlags = try box.plan("in", "-o", "out", "--rotate", "auto", "--shrink", "20", "--strip", "all", "--format", "png")
        #expect(byFile["actions"].list.map(\.text) == byFlags["actions"].list.map(\.text))
        #expect(byFile.outputs == ["out/a.png"])
        let both = try box.plan("in", "-o", "out", "--recipe", "r.yaml", "--shrink", "10")["actions"].list.compactMap(\.text)
        let place = both.firstIndex { $0.contains("10 px") } ?? 0
        #expect(both.count == 5 && place > (both.firstIndex { $0.contains("20 px") } ?? 9) && both.last?.hasPrefix("save as png") == true, "\(both)")
        try box.quire("run", "in", "-o", "out", "--recipe", "r.yaml", "--progress", "none", expect: 0)
        #expect(try box.width("out/a.png") == 20)
    }

    @Test("A second quire that writes to the same place is refused with 75, naming host, pid and job")
    func busy() throws {
        let job = try LongJob()
        let running = try job.start("-o", "out", "--pdf", "b.pdf")
        try job.hold(running)
        let pid = "\(running.id)"
        let id = try #require(job.id(running))
        for words in [["-o", "out"], ["-o", "./out/"], ["--pdf", "b.pdf"]] as [[Name]] {
            let second = try job.box.run(["quire", "run", "in"] + words)
            #expect(second.status == 75, "\(words): \(second)")
            #expect(second.errors.contains("pid \(pid)") && second.errors.contains(id), "\(second)")
        }
        let pdf = try job.box.quire("pdf", "in", "-o", "b.pdf", expect: 75)
        #expect(pdf.errors.contains("b.pdf"))
        running.signal(9)
        _ = try running.wait()
    }
}
