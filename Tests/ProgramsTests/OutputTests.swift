import JobModel
import Programs
import Testing

@Suite("Outputs of programs")
struct OutputTests {
    private func spec(_ words: [String], _ returns: [String], shell: Bool = false, kind: ArgumentKind = .file, columns: ColumnSeparator? = nil) throws -> ProgramSpec {
        try ProgramSpec(words: words.map { Array($0.utf8) }, returns: returns.map { Array($0.utf8) }, columns: columns, usesShell: shell, argumentKind: kind)
    }

    private func line(_ spec: ProgramSpec, _ argument: String, _ outputs: [String]) throws -> [String] {
        let values = ProgramValues(argument: RawPath(argument), number: 7, outputs: outputs.map { RawPath($0) })
        return try spec.commandLine(values).map { String(decoding: $0, as: UTF8.self) }
    }

    @Test(
        "An argument that names the output gets the path it shall be written to",
        arguments: [
            ("{.}.mkv", "H"), ("-o{.}.mkv", "-oH"), ("of={.}.mkv", "of=H"), ("'{.}.mkv'", "'H'"), ("--output={.}.mkv", "--output=H"),
            ("[f=mpegts]{.}.mkv|x", "[f=mpegts]H|x"), ("a,{.}.mkv", "a,H"), ("{.}.mkv:{.}.mkv", "H:H"),
        ])
    func mentioned(_ word: String, _ expected: String) throws {
        let spec = try spec(["p", "{}", word], ["{.}.mkv"])
        #expect(try line(spec, "d/a.avi", ["H"]) == ["p", "d/a.avi", expected])
        #expect(spec.isMentioned(output: 0))
    }

    @Test(
        "Another file of a similar name is no mention",
        arguments: [
            ("out/{.}.mkv", "out/d/a.mkv"), ("{.}.mkv2", "d/a.mkv2"), ("x{.}.mkv", "xd/a.mkv"), ("{.}.mkv/x", "d/a.mkv/x"), ("{.}{.}.mkv", "d/ad/a.mkv"),
            ("--o{.}.mkv", "--od/a.mkv"), ("a-o{.}.mkv", "a-od/a.mkv"), ("./{.}.mkv", "./d/a.mkv"), ("{/.}.mkv", "a.mkv"), ("{.}.mkv{#}", "d/a.mkv7"),
        ])
    func notMentioned(_ word: String, _ expected: String) throws {
        let spec = try spec(["p", "{}", word], ["{.}.mkv"])
        #expect(try line(spec, "d/a.avi", ["H"]) == ["p", "d/a.avi", expected])
        #expect(!spec.isMentioned(output: 0))
    }

    @Test("The program's own name is no output, and of two outputs the longer mention counts")
    func several() throws {
        let own = try spec(["{/.}.x", "{}"], ["{/.}.x"])
        #expect(try line(own, "a", ["H"]) == ["a.x", "a"] && !own.isMentioned(output: 0))
        let two = try spec(["p", "{.}.a", "x={.}.a,{.}.b"], ["{.}.a", "x={.}.a,{.}.b"])
        #expect(try line(two, "i", ["H", "J"]) == ["p", "H", "J"])
        let here = try spec(["p", "./{/.}.a", "{/.}.b", "./{/.}.b"], ["{/.}.a", "./{/.}.b"])
        #expect(try line(here, "i", ["H", "J"]) == ["p", "H", "J", "J"])
    }

    @Test("In a text for a shell a mention is quoted like any value")
    func shell() throws {
        let spec = try spec(["cat", "{}", "> {.}.o;", "ls \"{.}.o\" '{.}.o'"], ["{.}.o"], shell: true)
        #expect(try line(spec, "a b", ["h' $x"]) == ["/bin/sh", "-c", #"cat 'a b' > 'h'\'' $x'; ls "h' \$x" 'h'\'' $x'"#])
    }

    @Test("Outputs are rendered and normalised, wherever they lie")
    func paths() throws {
        let spec = try spec(["p"], ["{.}.mkv", "/abs//{/}.log", "../{#3}/./x", "{//}/made"])
        #expect(
            try spec.outputPaths(ProgramValues(argument: RawPath("./d/a.avi"), number: 7)) == ["d/a.mkv", "/abs/a.avi.log", "../007/x", "d/made"].map { RawPath($0) })
    }

    @Test("The input itself is never an output, in whatever spelling; a line's name may be one")
    func input() throws {
        #expect(throws: ProgramError.outputIsInput(template: "{}")) { try spec(["p"], ["{}"]) }
        #expect(throws: ProgramError.outputIsInput(template: "{}")) { try spec(["p"], ["{}"], kind: .folder) }
        for template in ["{//}/{/}", "./{}", "{.}.avi", "{//}//./{/.}.avi"] {
            let spec = try spec(["p"], [template])
            #expect(throws: ProgramError.outputIsInput(template: template)) { try spec.outputPaths(ProgramValues(argument: RawPath("./d/a.avi"), number: 1)) }
        }
        let lines = try spec(["p"], ["{}"], kind: .text)
        #expect(try lines.outputPaths(ProgramValues(argument: RawPath("x"), number: 1)) == [RawPath("x")])
    }

    @Test("A name no file can have fails its task alone, with the template")
    func unusable() throws {
        for (template, argument) in [("{//}/", "a"), ("{/}/..", "a"), ("{.}", ""), ("{/.}.x", String(repeating: "n", count: 254)), ("{}.x", String(repeating: "d/", count: 2100))] {
            let spec = try spec(["p"], [template], kind: .text)
            #expect(throws: ProgramError.self, "\(template)") { try spec.outputPaths(ProgramValues(argument: RawPath(argument), number: 1)) }
        }
        let columns = try spec(["p"], ["{2}.x"], kind: .text, columns: .tab)
        #expect(throws: ProgramError.missingColumn(2, template: "{2}.x", argument: RawPath("one"))) {
            try columns.outputPaths(ProgramValues(argument: RawPath("one"), number: 1))
        }
        let twice = try spec(["p"], ["{.}.x", "{//}/{/.}.x"])
        #expect(throws: ProgramError.repeatedOutput(RawPath("d/a.x"))) { try twice.outputPaths(ProgramValues(argument: RawPath("d/a.b"), number: 1)) }
        #expect(throws: ProgramError.repeatedReturn("{.}.x")) { try spec(["p"], ["{.}.x", "{.}.x"]) }
        #expect(throws: ProgramError.self) { try spec(["p"], [""]) }
    }

    @Test("A command is shown on one line, as a shell reads it back, with final names")
    func display() throws {
        let shown = try spec(["ffmpeg", "-i", "{}", "{.}.mkv"], ["{.}.mkv"])
        #expect(try shown.displayCommand(ProgramValues(argument: RawPath("a b's.avi"), number: 1, outputs: [RawPath("hidden")])) == #"ffmpeg -i 'a b'\''s.avi' 'a b'\''s.mkv'"#)
        let odd = try spec(["p", "", "{}"], [])
        #expect(try odd.displayCommand(ProgramValues(argument: RawPath(bytes: [0x0A, 0xFF, 0x31, 0x27, 0x5C]), number: 1)) == #"p '' "$(printf '\n\3771\047\\')""#)
        let text = try spec(["wc -l < {}"], [], shell: true)
        #expect(try text.displayCommand(ProgramValues(argument: RawPath("a b"), number: 1)) == "wc -l < 'a b'")
        #expect(try text.displayCommand(ProgramValues(argument: RawPath("a\nb"), number: 1)) == #"/bin/sh -c "$(printf 'wc -l < \047a\nb\047')""#)
        #expect(try odd.displayCommand(ProgramValues(argument: RawPath("-%\t\n\n"), number: 1)) == "p '' \"$(printf '\\055%%\\t')\"'\n\n'")
        let dash = try spec(["cp", "{}", "-o{/.}.x", "{/.}.x"], ["{/.}.x"])
        #expect(try dash.displayCommand(ProgramValues(argument: RawPath("./-a.b"), number: 1)) == "cp ./-a.b -o./-a.x ./-a.x")
    }

    @Test("Outputs that were not given are an error, never a trap")
    func missing() throws {
        let spec = try spec(["p", "{.}.mkv"], ["{.}.mkv"])
        #expect(throws: ProgramError.missingOutput(index: 0)) { try spec.commandLine(ProgramValues(argument: RawPath("a"), number: 1)) }
    }
}
