import Testing

@Suite("What earlier jobs of quire exec did")
struct ExecResumeTests {
    /// Runs a program that writes its argument into `ran` and fails where a file `bad-ARGUMENT` stands; returns what ran, sorted.
    private func run(_ box: Sandbox, _ options: [Name], _ lines: String, word: Name = "{}", expect status: Int32, _ place: SourceLocation = #_sourceLocation) throws -> [String] {
        try box.write("", to: "ran")
        let words: [Name] = ["quire", "exec", "--args-from", "-", "--progress", "none"] + options
            + ["--", "sh", "-c", "echo \"$1\" >> ran; test ! -e \"bad-$1\"", "sh", word]
        let ended = try box.run(words, input: Array(lines.utf8))
        #expect(ended.status == status, "\(ended)", sourceLocation: place)
        return box.text("ran").split(separator: "\n").map(String.init).sorted()
    }

    @Test("--resume runs exactly what failed and what is new, whatever was reordered, added or removed between")
    func reordered() throws {
        let box = try Sandbox()
        try box.write("", to: "bad-b")
        #expect(try run(box, [], "a\nb\nc\nd\n", expect: 3) == ["a", "b", "c", "d"])
        try box.remove("bad-b")
        #expect(try run(box, ["--resume"], "e\nd\nb\na\n", expect: 0) == ["b", "e"])
        #expect(try run(box, ["--resume"], "a\nb\nc\nd\ne\nf\n", expect: 0) == ["f"], "what a resumed job left out counts as done")
        #expect(try run(box, [], "a\n", expect: 0) == ["a"], "without --resume all of it runs")
        #expect(try run(box, ["--resume"], "a\nx\n", word: "{}.", expect: 0) == ["a.", "x."], "another command line is another task")
    }

    @Test("What failed last runs again, also if an earlier job did it; a line given more often than before is new")
    func newest() throws {
        let box = try Sandbox()
        #expect(try run(box, [], "a\nb\nb\n", expect: 0) == ["a", "b", "b"])
        try box.write("", to: "bad-a")
        #expect(try run(box, [], "a\n", expect: 3) == ["a"])
        try box.remove("bad-a")
        #expect(try run(box, ["--resume"], "b\nb\na\nb\n", expect: 0) == ["a", "b"])
    }

    @Test("A file that changed, or another folder to start in, makes a task a new one")
    func inputs() throws {
        let box = try Sandbox()
        for name: Name in ["in/a", "in/b"] { try box.write("x", to: name) }
        func run(_ options: Name...) throws -> [String] {
            try box.write("", to: "ran")
            let ended = try box.run(["quire", "exec", "in", "--progress", "none"] + options + ["--", "sh", "-c", "echo \"$1\" >> ran", "sh"])
            #expect(ended.status == 0, "\(ended)")
            return box.text("ran").split(separator: "\n").map(String.init).sorted()
        }
        #expect(try run() == ["in/a", "in/b"])
        #expect(try run("--resume") == [])
        try box.setModified("in/b", seconds: 1_000_000_000)
        #expect(try run("--resume") == ["in/b"])
        #expect(try run("--resume", "--env", "X=1") == ["in/a", "in/b"], "a variable is part of what was run")
        #expect(try run("--resume", "--grace", "1") == [], "how long it may take to end is not")
    }

    @Test("What retry did of folders and lines is done for --resume too")
    func retried() throws {
        let box = try Sandbox()
        for name: Name in ["p/a/x", "p/b/x"] { try box.write("x", to: name) }
        for source: [Name] in [["p", "--dirs"], ["--range", "1-2"]] {
            let words: [Name] = source + ["--", "sh", "-c", "echo >> ran; test -e good", "sh"]
            #expect(try box.run(["quire", "exec", "--progress", "none"] + words).status == 3)
            try box.write("", to: "good")
            #expect(try box.run(["quire", "retry", "--progress", "none"]).status == 0)
            try box.write("", to: "ran")
            #expect(try box.run(["quire", "exec", "--progress", "none", "--resume"] + words).status == 0)
            #expect(box.text("ran") == "", "\(source[0])")
            try box.remove("good")
        }
    }

    @Test("Outputs that are as the same command made them are left; with another command, input or a missing output they are made again")
    func current() throws {
        let box = try Sandbox()
        for name: Name in ["in/a", "in/b"] { try box.write("x", to: name) }
        func run(_ script: Name, _ options: Name...) throws -> [String] {
            try box.write("", to: "ran")
            let ended = try box.run(
                ["quire", "exec", "in", "--progress", "none", "--return", "out/{/}.1", "--return", "out/{/}.2"] + options
                    + ["--", "sh", "-c", script, "sh", "{}", "out/{/}.1", "out/{/}.2"])
            #expect(ended.status == 0, "\(ended)")
            return box.text("ran").split(separator: "\n").map(String.init).sorted()
        }
        let copy: Name = "echo \"$1\" >> ran; cp \"$1\" \"$2\"; cp \"$1\" \"$3\""
        #expect(try run(copy) == ["in/a", "in/b"])
        #expect(box.files(below: "out") == ["a.1", "a.2", "b.1", "b.2"])
        #expect(try run(copy) == [])
        try box.remove("out/a.2")
        #expect(try run(copy, "--resume") == [], "it was done, wherever its outputs are now")
        #expect(try run(copy) == ["in/a"])
        try box.write("y", to: "in/b")
        try box.setModified("in/b", seconds: 1_000_000_000)
        #expect(try run(copy) == ["in/b"])
        #expect(box.text("out/b.2") == "y")
        #expect(try run(copy + ";") == ["in/a", "in/b"])
        // Somebody's own file is not replaced by the next run.
        try box.write("mine, and longer", to: "out/a.1")
        let ended = try box.run(["quire", "exec", "in/a", "--return", "out/{/}.1", "--", "cp", "{}", "out/{/}.1"])
        #expect(ended.status == 2 && ended.errors.contains("did not make"), "\(ended)")
        box.expectTidy()
    }
}
