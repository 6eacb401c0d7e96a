import Testing

@Suite("Usage of quire exec")
struct ExecUsageTests {
    @Test("Help tells every flag and placeholder, and has examples that fit 80 columns")
    func help() throws {
        let box = try Sandbox()
        let ended = try box.quire("exec", "--help", expect: 0)
        let parts = [
            "--dirs", "--having", "--recursive", "--only", "--skip", "--args-from", "--columns", "--range", "-0", "--include", "--exclude", "--hidden", "--sort",
            "--sample", "--allow-empty", "--return", "--send", "--env", "--shell", "--ok", "--fail-if-output", "--expect-output", "--timeout", "--grace",
            "--retries", "--halt", "--idempotent", "--at-most-once", "--cpus", "--memory", "--order", "--tag", "--results", "--lines", "--table",
            "--table-format", "--joblog", "--resume", "--overwrite", "--hosts", "--host", "--jobs", "--drain", "--state-dir", "--progress",
            "--json", "--report", "--max-failures", "--keep-going", "--dry-run", "EXAMPLES", "ffmpeg", "flac", "wc", "convert", "cmake", "blender", "{//}", "{#4}",
            "-- <program>",
        ]
        for part in parts { #expect(ended.out.contains(part), "\(part) is missing") }
        #expect(!ended.out.contains("--mixed-codecs"), "it is about pictures")
        for line in ended.out.split(separator: "\n") { #expect(line.count <= 80, "\(line)") }
        let examples = ended.out.split(separator: "EXAMPLES")[1].split(separator: "PLACEHOLDERS")[0]
        #expect(examples.split(separator: "\n").allSatisfy { $0.hasPrefix("  quire exec") || $0.hasPrefix("    -") }, "no example was broken:\n\(examples)")
    }

    @Test(
        "Wrong usage is exit 2 with the flag and what to do on standard error, before anything is read or written",
        arguments: [
            ("a.wav flac {}", "Put -- before the program"),
            ("a.wav flac -s {}", "Put -- before the program"),
            ("a.wav", "Put -- before the program"),
            ("a.wav --", "no program is named"),
            ("-- true", "--args-from FILE or --range"),
            ("a.wav -- no-such-program --help --version -i", "'no-such-program' is in no folder of PATH"),
            ("a.wav -- ./no-such-program", "./no-such-program"),
            ("a.wav -- ./a.wav", "chmod +x"),
            ("a.wav -- tool", "./tool"),
            ("a.wav --range 1-5 -- true", "INPUT and --range"),
            ("a.wav --args-from a.wav -- true", "INPUT and --args-from"),
            ("--range 1-5 --args-from a.wav -- true", "--args-from and --range"),
            ("--range 5-1 -- true", "5-1:-1"),
            ("--range many -- true", "many"),
            ("--range 1-5 --only wav -- true", "--only"),
            ("--range 1-5 --dirs -- true", "--dirs"),
            ("--range 1-5 --include *.wav -- true", "--include"),
            ("--range 1-5 -0 -- true", "-0"),
            ("--range 1-5 --columns tab -- true", "--columns"),
            ("a.wav --columns tab -- true", "--args-from"),
            ("a.wav --only wav --skip mp3 -- true", "--skip"),
            ("a.wav --only wav,, -- true", "--only"),
            ("a.wav --having x -- true", "--dirs"),
            ("a.wav --recursive -- true", "--dirs"),
            ("a.wav --dirs --having ../x -- true", "../x"),
            ("a.wav --dirs --only wav -- true", "--only"),
            ("a.wav --sort date -- true", "--sort"),
            ("- - -- true", "Standard input"),
            ("a.wav --return {} -- true", "the input itself"),
            ("a.wav --return {.}.x --return {.}.x -- true", "twice"),
            ("a.wav --expect-output -- true", "--return"),
            ("a.wav --env NOT_SET_ANYWHERE -- true", "NOT_SET_ANYWHERE"),
            ("a.wav --env =x -- true", "NAME=VALUE"),
            ("a.wav --ok 0,256 -- true", "0,256"),
            ("a.wav --timeout 100% -- true", "100%"),
            ("a.wav --timeout 0 -- true", "--timeout does not take '0'"),
            ("a.wav --grace x -- true", "--grace does not take 'x'"),
            ("a.wav --halt never -- true", "--halt"),
            ("--range 9-x -- true", "--range"),
            ("a.wav --grace 2h -- true", "--grace"),
            ("a.wav --retries -1 -- true", "retries"),
            ("a.wav --retries 101 -- true", "--retries"),
            ("a.wav --retries 1 --at-most-once -- true", "--at-most-once"),
            ("a.wav --idempotent --at-most-once -- true", "--at-most-once"),
            ("a.wav --halt now -- true", "fail=1"),
            ("a.wav --halt now,fail=1 --max-failures 3 -- true", "--max-failures"),
            ("a.wav --cpus 0 -- true", "--cpus does not take '0'"),
            ("a.wav --memory lots -- true", "lots"),
            ("a.wav --memory 0 -- true", "--memory"), ("a.wav --memory 2 -- true", "2G"),
            ("a.wav --order random -- true", "random"),
            ("a.wav --order finish --lines -- true", "--lines"),
            ("a.wav --table (?<n>a --lines -- true", "--lines"),
            ("a.wav --table (?<n>a -- true", "(?<n>a"),
            ("a.wav --table a -- true", "(?<name>...)"),
            ("a.wav --table (?<n>a) --tag -- true", "--tag"),
            ("a.wav --table (?<n>a) --json -- true", "--table-format json"),
            ("a.wav --table-format json -- true", "--table"),
            ("a.wav --resume --overwrite always -- true", "--resume"),
            ("a.wav --shell -- echo '{}", "single quotes"),
            ("a.wav --shell -- echo `ls {}`", "sh -c 'SCRIPT' sh {}"),
            ("a.wav --storage staged -- true", "--hosts FILE"),
            ("a.wav --report x.txt -- true", ".html"),
            ("a.wav --shrik -- true", "--shrik"),
            ("a.wav -j4 -- true", "-j4: write --jobs N"),
            ("a.wav -k -- true", "leave it out"),
            ("a.wav --colsep=, -- true", "--columns"),
            ("a.wav --host , -- true", "names no host"),
            ("a.wav --only a*b -- true", "a*b"),
            ("a.wav --grace never -- true", "--grace does not take"),
            ("a.wav --spool a.wav -- true", "there is a file under this name"),
            ("--args-from . -- true", "this is a folder"),
        ])
    func wrong(_ line: String, _ part: String) throws {
        let box = try Sandbox()
        try box.write("x", to: "a.wav")
        try box.write("#!/bin/sh\n", to: "tool")
        #expect(try box.run(["chmod", "+x", "tool"]).status == 0)
        let ended = try box.run(["quire", "exec"] + line.split(separator: " ").map { Name(String($0)) })
        #expect(ended.status == 2, "\(ended)")
        #expect(ended.errors.contains(part), "\(ended)")
        #expect(ended.output == [])
        #expect(box.files() == ["a.wav", "tool"])
    }

    @Test("A program and its options between one pair of quotes are told from a program that is not installed", arguments: ["wc -l", "./tool -v", "wc -l {}"])
    func oneText(_ text: String) throws {
        let box = try Sandbox()
        try box.write("x", to: "a.wav")
        let ended = try box.quire("exec", "a.wav", "--", Name(text), expect: 2)
        #expect(ended.errors.contains("leave out the quotes around all of it, or say --shell"), "\(ended)")
    }

    @Test("Arguments that are no files are told where they belong")
    func noFiles() throws {
        let box = try Sandbox()
        let ended = try box.run(["quire", "exec", "-", "--", "true"], input: Array("1\n2\n".utf8))
        #expect(ended.status == 4 && ended.errors.contains("no such file or folder: 1, 2; arguments that are no files come from --args-from FILE"), "\(ended)")
    }

    @Test("The program is looked for where the task will look: in the PATH of --env")
    func path() throws {
        let box = try Sandbox()
        try box.write("x", to: "a.wav")
        let ended = try box.quire("exec", "a.wav", "--env", "PATH=\(box.work)", "--", "true", expect: 2)
        #expect(ended.errors.contains("'true' is in no folder of PATH"))
        try box.write("#!/bin/sh\n/bin/echo found\n", to: "bin/only-here")
        #expect(try box.run(["chmod", "+x", "bin/only-here"]).status == 0)
        #expect(try box.quire("exec", "a.wav", "--env", "PATH=\(box.work)/bin", "--", "only-here", expect: 0).out == "found\n")
    }

    @Test("An argument that is not UTF-8 is told by its bytes")
    func bytes() throws {
        let box = try Sandbox()
        let ended = try box.run(["quire", "exec", "a", "--", Name([0xFF, 0x70])])
        #expect(ended.status == 2 && ended.errors.contains("\\xffp"), "\(ended)")
    }
}
