import Glibc
import Testing

@Suite("Running programs")
struct ProgramTests {
    @Test("A program runs once for each input, gets any bytes of its name, and what it prints comes in the order of inputs")
    func names() throws {
        let job = try ProgramBox()
        let names: [Name] = ["a b", "c\nd", Name([0xFF, 0xFE, 0x2E, 0x78]), "-n", "{}", "$(id)", "'\"\\"]
        for name in names { try job.box.write("x", to: Name("in/") + name) }
        let words = names.map { Name("in/") + $0 }
        let ended = try job.box.run(["quire", "exec", "--progress", "none", "--jobs", "2"] + words + ["--", "printf", "%s\\0", "{}"])
        #expect(ended.status == 0, "\(ended)")
        #expect(ended.output == words.flatMap { $0.bytes + [0] })
    }

    @Test("A program has the user's folder and environment, an empty standard input and no descriptor but three")
    func surroundings() throws {
        let job = try ProgramBox(count: 1)
        let script: Name = "pwd; echo $OWN; wc -c; for n in 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 50 99 100; do [ -e /proc/self/fd/$n ] && echo has $n; done; :"
        let ended = try job.exec("in", "--", "sh", "-c", script, "sh", "{}", environment: ["OWN": "mine"], expect: 0)
        #expect(ended.out == "\(job.box.work)\nmine\n0\n")
    }

    @Test("Programs that fail are named with code and last words, exit 3, and retry runs exactly these again")
    func retry() throws {
        let job = try ProgramBox(count: 6)
        let script: Name = "echo \"$1\" >> runs; [ -e mended ] || case $1 in *2.txt|*5.txt) echo no luck >&2; exit 7;; esac"
        let ended = try job.exec("--json", "in", "--", "sh", "-c", script, "sh", "{}", expect: 3)
        let facts = try ended.object()
        #expect(facts["done"].number == 4 && facts["failed"].number == 2)
        let group = facts["failures"].list.first
        #expect(group?["reason"].text == "exit-code")
        #expect(group?["first"].list.first?["message"].text?.hasPrefix("exit code 7: no luck") == true)
        try job.box.write("", to: "mended")
        try job.quire("retry", "--reason", "signal", "--progress", "none", expect: 2)
        let second = try job.quire("retry", "--reason", "exit-code", "--progress", "none", "--json", expect: 0)
        #expect(try second.object()["done"].number == 6)
        #expect(job.lines("runs") == (1...6).map { ProgramBox.name($0).description }.flatMap { $0.hasSuffix("2.txt") || $0.hasSuffix("5.txt") ? [$0, $0] : [$0] })
        #expect(try second.object()["started_twice"]["count"].number == 0, "a failed start is known to be over")
    }

    @Test("--retries starts what failed again after a wait, and counts neither as started twice nor as failed what succeeds then")
    func retries() throws {
        let job = try ProgramBox(count: 2)
        let script: Name = "echo \"$1\" >> runs; case $1 in *1.txt) [ $(grep -c 1.txt runs) -ge 3 ];; *) exit 5;; esac"
        let ended = try job.exec("--json", "in", "--retries", "2", "--return", "out/{/}", "--", "sh", "-c", Name("echo > \"$2\"; ") + script, "sh", "{}", "out/{/}", expect: 3)
        let facts = try ended.object()
        #expect(facts["done"].number == 1 && facts["failed"].number == 1)
        #expect(facts["started_twice"]["count"].number == 0)
        #expect(job.lines("runs").count == 6, "three starts of each")
        #expect(job.box.files(below: "out") == ["001.txt"])
    }

    @Test("Reports tell the exit code of every task, and jobs and report know the job")
    func reports() throws {
        let job = try ProgramBox(count: 3)
        try job.exec("in", "--ok", "0,4", "--report", "r.json", "--", "sh", "-c", "case $1 in *1.txt) exit 4;; *2.txt) kill -SEGV $$;; esac", "sh", "{}", expect: 3)
        let files = try JSON(parsing: job.box.read("r.json") ?? [])["files"].list
        #expect(files.map { $0["exit_code"].number } == [4, nil, 0])
        #expect(files.map { $0["signal"].text } == [nil, "SIGSEGV", nil])
        #expect(files.map { $0["reason"].text } == [nil, "signal", nil])
        let text = try job.quire("report", expect: 0).out
        #expect(text.contains("signal: 1 task") && !text.contains("file"))
        #expect(try job.quire("jobs", expect: 0).out.contains("finished with failures"))
    }

    @Test("An output is seen under its name only when its program has succeeded; a failed one leaves nothing")
    func partial() throws {
        let job = try ProgramBox(count: 2)
        let script = ProgramBox.held + "case $1 in *2.txt) exit 1;; esac; echo whole > \"$2\""
        let running = try job.start(
            "in", "--jobs", "2", "--return", "out/{/.}.res", "--", "sh", "-c", Name("echo half > \"$2\"; ") + script, "sh", "{}", "out/{/.}.res")
        try job.untilBegan(2)
        try eventually("both have written") { job.box.files(below: "out").count == 2 }
        #expect(job.box.files(below: "out").allSatisfy { $0.description.hasPrefix(".quire-") })
        try job.letGo()
        #expect(try running.wait().status == 3)
        #expect(job.box.files(below: "out") == ["001.res"])
        #expect(job.box.text("out/001.res") == "whole\n")
        job.box.expectTidy()
    }

    @Test("Several outputs of a task appear together or not at all")
    func together() throws {
        let job = try ProgramBox(count: 1)
        let running = try job.start(
            "in", "--return", "a/{/}", "--return", "b/{/}", "--", "sh", "-c", ProgramBox.held + "echo 1 > \"$2\"; echo 2 > \"$3\"", "sh", "{}", "a/{/}", "b/{/}")
        try job.untilBegan(1)
        try job.box.write("somebody's", to: "b/001.txt")
        try job.letGo()
        let ended = try running.wait()
        #expect(ended.status == 3 && ended.out.contains("appeared while the job ran"), "\(ended)")
        #expect(job.box.files(below: "a") == [])
        #expect(job.box.text("b/001.txt") == "somebody's")
        job.box.expectTidy()
    }

    @Test("The same command again runs nothing whose outputs are current, and an output that quire made may be made again")
    func current() throws {
        let job = try ProgramBox(count: 3)
        func again() throws -> JSON { try job.exec("--json", "in", "--return", "out/{/}", "--", "cp", "{}", "out/{/}", expect: 0).object() }
        #expect(try again()["done"].number == 3)
        #expect(try again()["done"].number == 0)
        try job.box.write("other\n", to: ProgramBox.name(2))
        #expect(try again()["done"].number == 1)
        #expect(job.box.text("out/002.txt") == "other\n")
    }

    @Test("Two jobs that make the same output at the same time: the later one fails by name, and the file is whole")
    func sameOutput() throws {
        let job = try ProgramBox(count: 1)
        let words: [Name] = ["in", "--return", "out", "--", "sh", "-c"]
        let slow = try job.box.start(
            ["quire", "exec", "--progress", "none", "--json"] + words + [ProgramBox.held + "echo slow > \"$2\"", "sh", "{}", "out"])
        try job.untilBegan(1)
        #expect(try job.box.run(["quire", "exec", "--progress", "none"] + words + ["echo quick > \"$2\"", "sh", "{}", "out"]).status == 0)
        try job.letGo()
        let ended = try slow.wait()
        #expect(ended.status == 3 && ended.out.contains("out appeared while the job ran"), "\(ended)")
        #expect(job.box.text("out") == "quick\n")
        job.box.expectTidy()
    }

    @Test("A program that takes longer than --timeout is ended with all it started, also if it ignores TERM")
    func timeout() throws {
        let job = try ProgramBox(count: 2)
        let script: Name = "case $1 in *1.txt) trap '' TERM; (setsid sleep 1000 &); while :; do sleep 1; done;; esac"
        let ended = try job.exec("--json", "in", "--timeout", "0.5", "--grace", "0.2", "--", "sh", "-c", script, "sh", "{}", expect: 3)
        let facts = try ended.object()
        #expect(facts["done"].number == 1)
        #expect(facts["failures"].list.first?["reason"].text == "timeout")
        job.expectNothingRuns()
    }

    @Test("A limit in percent of the median ends what takes much longer than others")
    func medianTimeout() throws {
        let job = try ProgramBox(count: 8)
        let script: Name = "case $1 in *1.txt) sleep 1000;; *) sleep 0.1;; esac"
        let facts = try job.exec("--json", "in", "--jobs", "2", "--timeout", "200%", "--", "sh", "-c", script, "sh", "{}", expect: 3).object()
        #expect(facts["done"].number == 7)
        #expect(facts["failures"].list.first?["reason"].text == "timeout")
        job.expectNothingRuns()
    }

    @Test("--halt now ends what runs, --halt soon lets it finish; both exit 3, and resume does the rest", arguments: ["now", "soon"])
    func halt(_ manner: String) throws {
        let job = try ProgramBox(count: 6)
        let script = Name("echo \"$1\" >> began; case $1 in *1.txt) while [ $(wc -l < began) -lt 2 ]; do sleep 0.02; done; [ -e mended ]; exit $?;; esac; ")
        let rest: Name = manner == "now" ? "[ -e mended ] || sleep 1000" : "sleep 0.3"
        let ended = try job.exec("--json", "in", "--jobs", "2", "--halt", Name("\(manner),fail=1"), "--", "sh", "-c", script + rest, "sh", "{}", expect: 3)
        let facts = try ended.object()
        #expect(facts["failed"].number == 1, "\(ended)")
        let (done, left) = (facts["done"].number ?? 0, facts["left"].number ?? 0)
        // What was handed to the slot already, and one order ahead of it, may start before it can be called back.
        #expect(manner == "now" ? done == 0 : (1...3).contains(done), "\(ended)")
        #expect(done + left == 5 && left >= 2)
        job.expectNothingRuns()
        try job.box.write("", to: "mended")
        let second = try job.quire("resume", "--progress", "none", "--json", expect: 3)
        #expect(try second.object()["done"].number == 5, "the failed one stays failed")
        let twice = try second.object()["started_twice"]["count"].number ?? -1
        #expect(manner == "now" ? (1...left).contains(twice) : twice == 0, "what was ended may have had effects, what never started has none")
    }

    @Test("--cpus all runs one task at a time, whatever the machine has")
    func wholeMachine() throws {
        let job = try ProgramBox(count: 6)
        try job.exec("in", "--cpus", "all", "--", "sh", "-c", "mkdir lock || exit 1; sleep 0.05; rmdir lock; : \"$1\"", "sh", "{}", expect: 0)
    }

    @Test("A program that cannot be started fails each task with the reason")
    func missing() throws {
        let job = try ProgramBox(count: 1)
        let ended = try job.exec("in", "--", "no-such-program-at-all", "{}")
        #expect(ended.status != 0 && ended.errors.contains("no-such-program-at-all"), "\(ended)")
        job.expectNothingRuns()
    }
}
