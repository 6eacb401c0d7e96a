import Testing

@Suite("What quire exec would run")
struct ExecPlanTests {
    /// The plan that `--dry-run --json` prints.
    private func plan(_ box: Sandbox, _ words: Name..., input: [UInt8]? = nil, _ place: SourceLocation = #_sourceLocation) throws -> JSON {
        let ended = try box.run(["quire", "exec", "--dry-run", "--json", "--progress", "none"] + words, input: input, place)
        #expect(ended.status == 0, "\(ended)", sourceLocation: place)
        return try ended.object(place)
    }

    private func arguments(_ plan: JSON) -> [String] { plan["commands"].list.compactMap { $0["argument"].text } }

    @Test("Any regular file is an input; what a walk leaves out is counted by reason")
    func anyFile() throws {
        let box = try Sandbox()
        for name: Name in ["in/b.txt", "in/a.cfg", "in/IMG_10", "in/IMG_2", "in/.hidden", "in/sub/z", "in/.git/config"] { try box.write("x", to: name) }
        try box.makePipe("in/pipe")
        try box.link("in/broken", to: "nowhere")
        try box.link("in/linked", to: "a.cfg")
        let plan = try plan(box, "in", "--", "wc")
        #expect(arguments(plan) == ["in/IMG_2", "in/IMG_10", "in/a.cfg", "in/b.txt", "in/linked", "in/sub/z"])
        #expect(plan.skipped() == ["hidden (--hidden takes them)": 2, "links to nothing": 1, "named pipes": 1])
    }

    @Test("Paths stay as they were given, below a folder with the INPUT before them; one that begins with a dash gets ./")
    func spelling() throws {
        let box = try Sandbox()
        try box.write("x", to: "sub/a")
        try box.write("x", to: "-rf")
        #expect(arguments(try plan(box, "./sub", "sub/", box.at("sub"), "--", "wc")) == ["./sub/a", "sub/a", box.work + "/sub/a"])
        #expect(arguments(try plan(box, ".", "--", "wc")) == ["./-rf", "./sub/a"])
        #expect(arguments(try plan(box, "-", "-0", "--", "wc", input: Array("-rf\0sub/a\0".utf8))) == ["./-rf", "sub/a"])
    }

    @Test("An output that would be the folder of another one is refused before any work, with both names")
    func nested() throws {
        let box = try Sandbox()
        let own = try box.run(["quire", "exec", "--range", "1-3", "--return", "o/{}", "--return", "o/{}/deep/x", "--", "touch"])
        #expect(own.status == 2 && own.errors.contains("o/1, an output of 1, would be the folder of o/1/deep/x"), "\(own)")
        let others = try box.run(["quire", "exec", "--args-from", "-", "--return", "o/{}", "--", "touch"], input: Array("b/c\na\nB\n".utf8))
        #expect(others.status == 2 && others.errors.contains("o/B, an output of B, would be the folder of o/b/c"), "\(others)")
        #expect(!box.exists("o"))
        let beside = try box.run(["quire", "exec", "--range", "1-2", "--return", "o/{}/x", "--return", "o/{}.x", "--", "touch", "o/{}/x", "o/{}.x"])
        #expect(beside.status == 0, "\(beside)")
    }

    @Test("What --dry-run prints does in sh what the job would do, whatever the names")
    func dryRunInShell() throws {
        let box = try Sandbox()
        let names: [Name] = ["-h.txt", "a b.txt", "it's.txt", "$(touch HACK).txt", "new\nline.txt", "\u{1B}[31m.txt", "100%\\n.txt", Name(Array("bad".utf8) + [0xFF, 0x31] + Array(".txt".utf8))]
        for name in names { try box.write("x", to: name) }
        let shown = try box.quire("exec", "-n", ".", "--return", "{.}.out", "--", "cp", "{}", "{.}.out", expect: 0)
        #expect(!shown.output.contains(0x1B), "a name reached the terminal as it is")
        #expect(shown.out.split(separator: "\n").filter { !$0.hasPrefix("#") }.count == names.count)
        let ended = try box.run(["sh"], input: shown.output)
        #expect(ended.status == 0, "\(ended)")
        let made = box.files()
        try box.quire("exec", ".", "--only", "txt", "--return", "{.}.out", "--overwrite", "always", "--", "cp", "{}", "{.}.out", expect: 0)
        #expect(box.files() == made && made.count == 2 * names.count)
    }

    @Test("--only and --skip choose by extension in any case, also among named files; the rest is warned of once, by extension")
    func kinds() throws {
        let box = try Sandbox()
        for name: Name in ["v/a.MP4", "v/b.avi", "v/c.txt", "v/d.txt", "v/e.nfo", "v/f", "v/g.tar.gz", "h.txt"] { try box.write("x", to: name) }
        let ended = try box.quire("exec", "-n", "v", "h.txt", "--only", "mp4,AVI", "--", "wc", expect: 0)
        #expect(ended.out.split(separator: "\n").prefix(2) == ["wc v/a.MP4", "wc v/b.avi"])
        #expect(ended.errors.contains("6 files of other kinds left out: .txt (3), .gz (1), .nfo (1), without an extension (1)"), "\(ended)")
        #expect(ended.out.contains("left out: 6 of other kinds"))
        #expect(arguments(try plan(box, "v", "--skip", "txt,nfo,tar.gz", "--", "wc")) == ["v/a.MP4", "v/b.avi", "v/f"])
        #expect(arguments(try plan(box, "v", "--only", "*.mp4,.avi", "--", "wc")) == ["v/a.MP4", "v/b.avi"])
        for name: Name in ["v/1.a", "v/1.b", "v/1.c"] { try box.write("x", to: name) }
        let many = try box.quire("exec", "-n", "v", "h.txt", "--only", "mp4", "--", "wc", expect: 0)
        #expect(many.errors.contains("10 files of other kinds left out: .txt (3), .a (1), .avi (1), .b (1), .c (1) and 3 others"), "\(many)")
    }

    @Test("--dirs takes the folders in an INPUT in natural order, --recursive all below, --having only those that hold a name or glob")
    func folders() throws {
        let box = try Sandbox()
        for name: Name in ["p/v10/CMakeLists.txt", "p/v2/CMakeLists.txt", "p/v2/deep/CMakeLists.txt", "p/doc/readme", "p/.git/config", "p/file"] {
            try box.write("x", to: name)
        }
        try box.link("p/v2/up", to: "..")
        #expect(arguments(try plan(box, "--dirs", "p", "--", "ls")) == ["p/doc", "p/v2", "p/v10"])
        let built = try plan(box, "--dirs", "p", "--having", "CMakeLists.txt", "--", "ls")
        #expect(arguments(built) == ["p/v2", "p/v10"])
        #expect(built.skipped() == ["hidden (--hidden takes them)": 1, "folders without what --having asks for": 1])
        let all = try plan(box, "--dirs", "--recursive", "p", "--having", "*.txt", "--", "ls")
        #expect(arguments(all) == ["p/v2", "p/v2/deep", "p/v10"])
        #expect(all.skipped()["links to a folder above"] == 1)
        #expect(arguments(try plan(box, "--dirs", "--recursive", "p", "--exclude", "deep", "--", "ls")) == ["p/doc", "p/v2", "p/v10"])
        // The files that a shell's * names too are no folders.
        let named = try plan(box, "--dirs", "p", "p/file", "--", "ls")
        #expect(arguments(named).count == 3 && named.skipped()["no folders"] == 1)
    }

    @Test("Each line is an argument as it stands; empty lines are left out and counted")
    func lines() throws {
        let box = try Sandbox()
        let text: [UInt8] = Array("a b\n\n-n\n  two  \n\nlast".utf8)
        let read = try plan(box, "--args-from", "-", "--", "echo", "{#}", "{}", input: text)
        #expect(read["commands"].list.map { $0["command"].list.compactMap(\.text) } == [
            ["echo", "1", "a b"], ["echo", "2", "-n"], ["echo", "3", "  two  "], ["echo", "4", "last"],
        ])
        #expect(read.skipped() == ["empty lines": 2])
        try box.write([0x61, 0x0A, 0x62, 0, 0xFF, 0], to: "list")
        let exact = try plan(box, "--args-from", "list", "-0", "--", "echo")
        #expect(exact["commands"].list.map { $0["argument_base64"].text ?? $0["argument"].text } == ["a\nb", "/w=="])
        let columns = try plan(box, "--args-from", "-", "--columns", "comma", "--", "echo", "{2}", "{1}", input: Array("a,b\nc\n".utf8))
        #expect(columns["commands"].list.map { $0["command"].list.compactMap(\.text) } == [["echo", "b", "a"], ["echo", "", "c"]])
    }

    @Test("A range gives its numbers, {#} is the number itself, and a sample is spread over it")
    func range() throws {
        let box = try Sandbox()
        let frames = try plan(box, "--range", "1-240:100,-2", "--", "echo", "{}", "{#4}")
        #expect(frames["commands"].list.map { $0["command"].list.compactMap(\.text) } == [["echo", "1", "0001"], ["echo", "101", "0101"], ["echo", "201", "0201"], ["echo", "-2", "-0002"]])
        #expect(arguments(try plan(box, "--range", "1-10000000", "--sample", "4", "--", "echo")) == ["1", "2500001", "5000001", "7500001"])
    }

    @Test("--sort orders all, --sample takes some spread over all")
    func order() throws {
        let box = try Sandbox()
        for number in [10, 9, 1, 2] { try box.write("x", to: "d\(number)/f") }
        #expect(arguments(try plan(box, "d10/f", "d9/f", "d1/f", "--sort", "natural", "--", "wc")) == ["d1/f", "d9/f", "d10/f"])
        #expect(arguments(try plan(box, "d10/f", "d9/f", "d1/f", "d2/f", "--sample", "2", "--", "wc")) == ["d10/f", "d1/f"])
    }

    @Test("No input is exit 4 and says why; --allow-empty makes it a success")
    func nothing() throws {
        let box = try Sandbox()
        try box.write("x", to: "in/a.txt")
        #expect(try box.quire("exec", "-n", "in", "--only", "mp4", "--", "wc", expect: 4).errors.contains("1 .txt"))
        #expect(try box.quire("exec", "-n", "gone", "--", "wc", expect: 4).errors.contains("gone"))
        #expect(try box.quire("exec", "-n", "--args-from", "/dev/null", "--", "wc", expect: 4).errors.contains("no lines"))
        try box.quire("exec", "-n", "in", "--only", "mp4", "--allow-empty", "--", "wc", expect: 0)
    }

    @Test("What an earlier job made is left out of its folder, said with the cure, and taken where it is named")
    func madeEarlier() throws {
        let box = try Sandbox()
        try box.write("x", to: "in/a.txt")
        try box.quire("exec", "in", "--return", "made/{/}", "--", "cp", "{}", "made/{/}", expect: 0)
        let ended = try box.quire("exec", "-n", "made", "--", "wc", expect: 4)
        #expect(ended.errors.contains("1 made by quire; what earlier jobs made is taken where it is named, such as DIR/*"), "\(ended)")
        #expect(arguments(try plan(box, "made/a.txt", "--", "wc")) == ["made/a.txt"])
    }

    @Test("Words that are meant for a shell are told of, and handed on as they are")
    func shellWords() throws {
        let box = try Sandbox()
        try box.write("x", to: "a.txt")
        let ended = try box.quire("exec", "-n", "a.txt", "--", "wc", "{}", "|", "sort", expect: 0)
        #expect(ended.errors.contains("'|' is handed to the program like any argument"), "\(ended)")
        #expect(ended.out.hasPrefix("wc a.txt '|' sort\n"))
        #expect(try box.quire("exec", "-n", "a.txt", "--shell", "--", "wc {} | sort", expect: 0).errors.contains("no shell is between") == false)
    }

    @Test("The dry run's lines are the commands: a shell that reads them does what exec would")
    func commands() throws {
        let box = try Sandbox()
        try box.write("one\n", to: Name(Array("in/it's $(x) ".utf8) + [0xFF, 0x0A]))
        try box.write("two\n", to: "in/b")
        try box.makeFolder("out")
        let ended = try box.quire("exec", "-n", "in", "--return", "out/{#}", "--", "cp", "{}", "out/{#}", expect: 0)
        #expect(ended.out.contains("# makes out/1"), "\(ended)")
        #expect(box.files(below: "out") == [] && box.files(below: Name(box.state + "/quire/jobs")) == [], "nothing is written")
        try box.write(ended.output, to: "script")
        #expect(try box.run(["bash", "script"]).status == 0)
        #expect(box.text("out/1") + box.text("out/2") == "two\none\n")
    }

    // MARK: Outputs

    @Test(
        "Outputs that cannot be are refused before any work, with the names and the cure",
        arguments: [
            ("in --return x -- touch x", ["in/a.txt and in/b.txt would both make x", "--return"]),
            ("in --return {/.}.X --return {/.}.x -- touch", ["two --return of in/a.txt give a.X and a.x"]),
            ("in/a.txt in/A.txt --return out/{/.} -- touch", ["in/a.txt and in/A.txt would both make"]),
            ("in/b.txt in/a.txt --return {//}/b.txt -- touch", ["in/b.txt", "input"]),
            ("in/a.txt in/b.txt --return up/../in/{#}.txt --return ./in/../in/b.txt.{#} --return taken/{#} -- touch", ["taken/1", "did not make", "--overwrite"]),
            ("in/a.txt --return folder -- touch", ["folder is a folder"]),
            ("in/a.txt --return tool --send tool -- touch --overwrite always", ["--send", "tool"]),
            ("in/a.txt --return log.txt --joblog log.txt -- touch", ["--joblog", "output"]),
            ("in/a.txt --joblog in/a.txt -- touch", ["--joblog", "in/a.txt"]),
            ("in/a.txt --report r.csv --return r.csv -- touch", ["--report", "output"]),
            ("in/a.txt --send gone -- touch", ["--send gone"]),
        ])
    func refused(line: String, parts: [String]) throws {
        let box = try Sandbox()
        for name: Name in ["in/a.txt", "in/b.txt", "in/A.txt", "taken/1", "folder/x", "tool", "up/x"] { try box.write("mine", to: name) }
        if !line.contains("in/A.txt") { try box.remove("in/A.txt") }
        var words = line.split(separator: " ").map(String.init)
        // Options stand before the program.
        if words.suffix(2) == ["--overwrite", "always"] { words = ["--overwrite", "always"] + words.dropLast(2) }
        let before = try box.snapshot(".")
        let ended = try box.run(["quire", "exec"] + words.map { Name($0) })
        #expect(ended.status == 2, "\(ended)")
        for part in parts { #expect(ended.errors.contains(part), "\(part) in \(ended)") }
        #expect(try box.snapshot(".") == before)
    }

    @Test("The same file given twice is worked on once where it has an output; --overwrite never leaves what is there")
    func twice() throws {
        let box = try Sandbox()
        for name: Name in ["in/a", "in/b", "out/b"] { try box.write("x", to: name) }
        let plan = try plan(box, "in/a", "./in/a", "in/b", "--overwrite", "never", "--return", "out/{/}", "--", "touch", "out/{/}")
        #expect(plan["commands"].list.compactMap { $0["state"].text } == ["planned", "skipped", "skipped"])
    }
}
