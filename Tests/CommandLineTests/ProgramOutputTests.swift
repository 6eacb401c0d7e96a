import Foundation
import Testing

/// Programs are shell scripts that wait for named pipes, so that a test decides what ends first.
@Suite("What quire exec prints and keeps")
struct ProgramOutputTests {
    private let words: [Name] = ["quire", "exec", "--progress", "none", "--jobs", "2"]

    /// `quire exec ... > out` by way of a shell, so that output can be read while it grows.
    private func start(_ box: Sandbox, _ options: [Name], script: String, redirection: String = "> out 2> errors") throws -> Running {
        try box.write("#!/bin/sh\n" + script, to: "tool")
        try box.setMode("tool", 0o755)
        let quire = Name(builtPrograms + "/quire")
        return try box.start(["bash", "-o", "pipefail", "-c", Name("\"$@\" \(redirection)"), "bash", quire] + words.dropFirst() + options + ["--", "./tool", "{}"])
    }

    /// Lets one program that reads the pipe go on.
    private func open(_ box: Sandbox, _ gate: Name) throws {
        #expect(try box.run(["sh", "-c", "echo > \(gate)"]).status == 0)
    }

    @Test("In the order of the inputs: what ends early waits for the first, and then all is there")
    func inputOrder() throws {
        let box = try Sandbox()
        try box.makePipe("gate")
        let running = try start(box, ["--range", "1-9"], script: "[ $1 != 1 ] || cat gate; echo out $1; echo err $1 >&2; : > done-$1")
        try eventually("the others are done") { (2...9).allSatisfy { box.exists("done-\($0)") } }
        #expect(box.text("out").isEmpty)
        try open(box, "gate")
        #expect(try running.wait().status == 0)
        let (out, errors): ([String], [String]) = ((1...9).map { "out \($0)\n" }, (1...9).map { "err \($0)\n" })
        #expect(box.text("out") == "\n" + out.joined())
        #expect(box.text("errors").hasPrefix(errors.joined()))
    }

    @Test("With --order finish the slow first task is printed last, and the others before it ends")
    func finishOrder() throws {
        let box = try Sandbox()
        try box.makePipe("gate")
        let running = try start(box, ["--range", "1-5", "--order", "finish"], script: "[ $1 != 1 ] || read x < gate; echo $1")
        try eventually("four are printed") { box.text("out").split(separator: "\n").count == 4 }
        #expect(Set(box.text("out").split(separator: "\n")) == ["2", "3", "4", "5"])
        try open(box, "gate")
        #expect(try running.wait().status == 0)
        #expect(box.text("out").hasSuffix("\n1\n"))
    }

    @Test("A program whose output could not be stored has run, and does not run again unasked: its task fails, and others go on")
    func notStored() throws {
        let box = try Sandbox()
        let script = "echo $1 >> runs; echo said $1 >&2; [ $1 != 2 ] || { rm -r state/jobs/*/spool; head -c 100000 /dev/zero; }; echo out $1"
        let ended = try start(box, ["--range", "1-5", "--jobs", "1", "--state-dir", "state"], script: script).wait()
        #expect(ended.status == 3, "\(ended)")
        #expect(box.text("runs") == "1\n2\n3\n4\n5\n")
        #expect(box.text("errors").contains("the program ran, and what it made or printed could not be stored"), "\(box.text("errors"))")
        #expect(box.text("errors").contains("said 2\n") && box.text("out").hasSuffix("out 3\nout 4\nout 5\n"))
    }

    @Test("Tasks that print line after line at the same time are each printed whole, with both streams on one file")
    func wholeTasks() throws {
        let box = try Sandbox()
        let script = "i=0; while [ $i -lt 60 ]; do i=$((i + 1)); echo $1; echo $1 >&2; done"
        #expect(try start(box, ["--range", "1-40", "--order", "finish"], script: script, redirection: "> out 2>&1").wait().status == 0)
        let lines = box.text("out").split(separator: "\n").filter { Int($0) != nil }
        #expect(lines.count == 40 * 120)
        var runs: [Substring] = []
        for line in lines where runs.last != line { runs.append(line) }
        #expect(Set(runs).count == 40 && runs.count == 40, "a task was cut in two")
    }

    @Test("--tag begins each line with the exact bytes of the argument, and ends the last one")
    func tag() throws {
        let box = try Sandbox()
        let odd = Name([0x61, 0xFF, 0x20, 0x62])
        try box.write("1\n\n2", to: odd)
        try box.write("x", to: "c")
        let ended = try box.run(words + ["--tag", odd, "c", "--", "cat"])
        #expect(ended.status == 0)
        let tag = odd.bytes + [0x09]
        #expect(ended.output == tag + Array("1\n\n".utf8) + tag + Array("2\nc\tx\n".utf8))
    }

    @Test("--lines shows whole lines while the program runs, and nothing twice")
    func lines() throws {
        let box = try Sandbox()
        try box.makePipe("gate")
        let running = try start(box, ["--range", "7-7", "--lines", "--tag"], script: "echo one; echo two >&2; read x < gate; echo three; printf four")
        try eventually("the first line is there") { box.text("out") == "7\tone\n" && box.text("errors") == "7\ttwo\n" }
        try open(box, "gate")
        #expect(try running.wait().status == 0)
        #expect(box.text("out") == "7\tone\n7\tthree\n7\tfour\n")
        #expect(box.text("errors").components(separatedBy: "two").count == 2)
    }

    @Test("300 MB of output pass through in bounded memory", arguments: [false, true])
    func memory(showsLines: Bool) throws {
        let box = try Sandbox()
        try box.makePipe("gate")
        let running = try start(
            box, ["--range", "1-7"] + (showsLines ? ["--lines"] : []), script: "[ $1 != 7 ] || read x < gate; yes 0123456789 | head -c 52428800",
            redirection: "> out 2> errors")
        let size = { (try? box.facts("out").st_size) ?? 0 }
        try eventually("six tasks are printed", seconds: 120) { size() == 6 * 52_428_800 }
        for process in ProcessTree.descendants(of: running.id) {
            let status = (try? String(contentsOfFile: "/proc/\(process)/status", encoding: .utf8)) ?? ""
            let peak = status.split(separator: "\n").first { $0.hasPrefix("VmHWM:") }.flatMap { Int($0.filter(\.isNumber)) } ?? 0
            #expect(peak < 128 << 10, "\(ProcessTree.name(process)) took \(peak) KiB")
        }
        try open(box, "gate")
        #expect(try running.wait().status == 0)
        #expect(size() == 7 * 52_428_800)
        #expect(!box.files(below: Name(box.state)).contains { $0.description.contains("/spool/") })
    }

    @Test("A reader that takes nothing for a while stops no task and loses nothing")
    func slowReader() throws {
        let box = try Sandbox()
        try box.makePipe("gate")
        let running = try start(
            box, ["--range", "1-40"], script: "head -c 100000 /dev/zero | tr '\\0' x; echo $1; : > done-$1", redirection: "| { read x < gate; cat > out; }")
        try eventually("all tasks are done") { (1...40).allSatisfy { box.exists("done-\($0)") } }
        try open(box, "gate")
        #expect(try running.wait().status == 0)
        let numbers: [String] = box.text("out").split(separator: "\n").map { $0.filter(\.isNumber) }
        #expect(numbers == (1...40).map { String($0) })
    }

    @Test("A reader that goes ends the job quietly, and resume prints the rest")
    func readerGone() throws {
        let box = try Sandbox()
        let running = try start(box, ["--range", "1-300"], script: "echo $1", redirection: "2> errors | head -1")
        let ended = try running.wait()
        #expect(ended.status == 75 && ended.out == "1\n", "\(ended)")
        #expect(!box.text("errors").contains("standard output"), "\(box.text("errors"))")
        let rest = try box.quire("resume", "--progress", "none", expect: 0).out.split(separator: "\n").compactMap { Int($0) }
        #expect(!rest.isEmpty && rest.count < 300 && rest == Array((1...300).suffix(rest.count)))
    }

    @Test("A full disk behind standard output is named and stops the job, and resume prints what was not printed")
    func fullDisk() throws {
        let box = try Sandbox()
        #expect(try start(box, ["--range", "1-5"], script: "echo $1", redirection: "> /dev/full 2> errors").wait().status == 75)
        #expect(box.text("errors").contains("standard output: No space left on device"), "\(box.text("errors"))")
        #expect(try box.quire("resume", "--progress", "none", expect: 0).out == "1\n2\n3\n4\n5\n")
    }

    @Test("A closed standard output is told as one that is full is, and no file of quire's takes what programs print")
    func closedOutput() throws {
        let box = try Sandbox()
        let ended = try start(box, ["--range", "1-2"], script: "echo printed $1", redirection: ">&- 2> errors").wait()
        #expect(ended.status == 75 && box.text("errors").contains("standard output"), "\(ended) \(box.text("errors"))")
        #expect(try box.quire("resume", "--progress", "none", expect: 0).out == "printed 1\nprinted 2\n")
    }

    @Test("Killed while it prints: resume goes on in order and leaves nothing out")
    func killed() throws {
        let box = try Sandbox()
        try box.makePipe("gate")
        let running = try start(box, ["--range", "1-20"], script: "[ $1 != 10 ] || [ -e again ] || read x < gate; head -c 40000 /dev/zero | tr '\\0' x; echo $1")
        try eventually("nine are printed") { box.text("out").hasSuffix("x9\n") }
        let quire = try #require(ProcessTree.descendants(of: running.id).first { ProcessTree.name($0) == "quire" })
        kill(quire, SIGKILL)
        _ = try running.wait()
        try box.write("", to: "again")
        let rest = try box.quire("resume", "--progress", "none", expect: 0).out.split(separator: "\n").compactMap { Int($0.filter(\.isNumber)) }
        #expect(rest.count >= 11 && rest == Array((1...20).suffix(rest.count)), "\(rest)")
    }

    @Test("--results keeps both streams and the facts of each task under its argument, also of those that failed")
    func results() throws {
        let box = try Sandbox()
        for name: Name in ["a", "d/b", "../up"] { try box.write("data \(name)\n", to: name) }
        let ended = try box.run(words + ["--results", "kept", "a", "d/b", "../up", "--", "sh", "-c", "cat \"$1\"; echo bad >&2; [ $1 != a ]", "x", "{}"])
        #expect(ended.status == 3 && ended.out == "data a\ndata d/b\ndata ../up\n")
        let folders: [Name] = ["%2E%2E/up", "a", "d/b"]
        let kept = ["result.json", "stderr", "stdout"].flatMap { (file: String) in folders.map { Name("\($0)/\(file)") } }
        #expect(box.files(below: "kept") == kept.sorted())
        #expect(box.text("kept/d/b/stdout") == "data d/b\n" && box.text("kept/a/stderr") == "bad\n")
        let failed = try JSON(parsing: box.read("kept/a/result.json") ?? [])
        #expect(failed["exit_code"].number == 1 && failed["signal"].isNull && failed["state"].text == "failed" && failed["reason"].text == "exit-code")
        #expect(failed["argument"].text == "a" && failed["command"].text?.contains("x a") == true && failed["attempts"].number == 1)
        let done = try JSON(parsing: box.read("kept/d/b/result.json") ?? [])
        #expect(done["exit_code"].number == 0 && done["state"].text == "done" && done["stdout_bytes"].number == 9)
    }

    @Test("--results of lines: each in one folder, and a line that comes twice has two")
    func resultsOfLines() throws {
        let box = try Sandbox()
        try box.write("../x\nsame\nsame\n", to: "list")
        #expect(try box.run(words + ["--args-from", "list", "--results", "kept", "--", "echo"]).status == 0)
        let folders: Set<String> = Set(box.files(below: "kept").map { String($0.description.split(separator: "/")[0]) })
        // The one that ends later has its number in its name.
        #expect(folders == ["%2E.%2Fx", "same", "same%-2"] || folders == ["%2E.%2Fx", "same", "same%-3"], "\(folders)")
    }

    @Test("--joblog is read by GNU parallel, grows with retry, and no other file is overwritten")
    func jobLog() throws {
        let box = try Sandbox()
        let words = words + ["--range", "1-4", "--joblog", "log", "--", "sh", "-c"]
        #expect(try box.run(words + ["[ $1 != 3 ] || [ -e ok ] || exit 7; [ $1 != 4 ] || [ -e ok ] || kill -9 $$; echo $1", "x", "{}"]).status == 3)
        let rows = box.text("log").split(separator: "\n").map { $0.split(separator: "\t", omittingEmptySubsequences: false) }
        #expect(rows[0].joined(separator: " ") == "Seq Host Starttime JobRuntime Send Receive Exitval Signal Command")
        let bySeq = Dictionary(uniqueKeysWithValues: rows.dropFirst().map { (String($0[0]), $0) })
        #expect(bySeq.count == 4 && rows.allSatisfy { $0.count == 9 })
        #expect(bySeq["1"]?[1] == ":" && bySeq["1"]?[5] == "2" && bySeq["3"]?[6] == "7" && bySeq["4"]?[7] == "9")
        let again = try box.run(["sh", "-c", "cp log copy; parallel --resume-failed --joblog copy echo again {} ::: 1 2 3 4 < /dev/null | sort"])
        #expect(again.out == "again 3\nagain 4\n", "\(again)")
        try box.write("", to: "ok")
        #expect(try box.quire("retry", "--progress", "none", expect: 0).out == "3\n4\n")
        #expect(box.text("log").split(separator: "\n").count == 7 && box.text("log").components(separatedBy: "Seq\t").count == 2)

        try box.write("a letter\n", to: "log")
        let refused = try box.run(words + ["touch worked"])
        #expect(refused.status == 2 && refused.errors.contains("--joblog") && refused.errors.contains("no log of jobs"), "\(refused)")
        #expect(box.text("log") == "a letter\n" && !box.exists("worked"))
    }

    @Test("A job whose reader goes leaves each task once in --joblog, also with --order finish")
    func jobLogOnce() throws {
        let box = try Sandbox()
        let running = try start(box, ["--range", "1-300", "--joblog", "log", "--order", "finish"], script: "echo $1", redirection: "2> errors | head -1")
        #expect(try running.wait().status == 75)
        try box.quire("resume", "--progress", "none", expect: 0)
        let numbers: [Int] = box.text("log").split(separator: "\n").dropFirst().compactMap { $0.split(separator: "\t").first.flatMap { Int($0) } }
        #expect(numbers.sorted() == Array(1...300), "\(numbers.count) lines")
    }

    @Test("A log of jobs is never an input: not taken from a folder, refused where it is named, or where it is the report")
    func jobLogIsNoInput() throws {
        let box = try Sandbox()
        for name: Name in ["in/a", "in/empty"] { try box.write("", to: name) }
        let words = words + ["--joblog", "in/log"]
        for _ in 1...2 { #expect(try box.run(words + ["in", "--", "echo"]).out == "in/a\nin/empty\n") }
        let named = try box.run(Array(words.dropLast()) + ["in/empty", "in/a", "in/empty", "--", "echo"])
        #expect(named.status == 2 && named.errors.contains("that is an input"), "\(named)")
        #expect(box.text("in/empty") == "")
        let report = try box.run(Array(words.dropLast()) + ["r.csv", "--report", "./r.csv", "in", "--", "echo"])
        #expect(report.status == 2 && report.errors.contains("give them two names"), "\(report)")
    }

    @Test("A log of jobs in use by a live quire is refused with exit 75")
    func jobLogInUse() throws {
        let box = try Sandbox()
        try box.makePipe("gate")
        let running = try start(box, ["--range", "1-1", "--joblog", "log"], script: "echo > begun; read -r line < gate")
        try eventually("it runs") { box.exists("begun") }
        let other = try box.run(words + ["--range", "1-1", "--joblog", "./log", "--", "touch", "worked"])
        #expect(other.status == 75 && other.errors.contains("log"), "\(other)")
        #expect(!box.exists("worked"))
        try open(box, "gate")
        #expect(try running.wait().status == 0)
    }

    @Test("An input that is not there has its row, its line in the log and its result, and none of an earlier job")
    func notThere() throws {
        let box = try Sandbox()
        for name: Name in ["a", "b"] { try box.write("7\n", to: name) }
        let words = words + ["a", "b", "--results", "kept", "--joblog", "log", "--table", "(?<n>.+)", "--", "cat"]
        #expect(try box.run(words).status == 0)
        #expect(box.text("kept/a/stdout") == "7\n")
        try box.remove("a")
        let ended = try box.run(words)
        let rows = ended.out.split(separator: "\n").map { $0.split(separator: ",", omittingEmptySubsequences: false) }
        #expect(ended.status == 3 && rows.map { String($0[0]) } == ["file", "a", "b", "total"], "\(ended)")
        #expect(rows[1][1...].joined(separator: ",") == ",0.000," && rows[2][3] == "7")
        let last = box.text("log").split(separator: "\n").suffix(2).map { $0.split(separator: "\t")[6] }
        #expect(last == ["255", "0"])
        #expect(box.text("kept/a/result.json").contains("\"vanished\"") && !box.exists("kept/a/stdout") && box.text("kept/b/stdout") == "7\n")
    }

    @Test("--table makes the numbers that wc prints into rows with sums, also in a job that goes on")
    func table() throws {
        let box = try Sandbox()
        for number in 1...5 { try box.write(String(repeating: "one two\n", count: number), to: "f\(number)") }
        let pattern: Name = #"(?<lines>\d+) +(?<words>\d+) +(?<bytes>\d+)"#
        let files: [Name] = (1...5).map { "f\($0)" }
        let ended = try box.run(words + files + ["--table", pattern, "--", "wc"])
        let rows = ended.out.split(separator: "\n").map { $0.split(separator: ",", omittingEmptySubsequences: false) }
        let first: [String] = rows.map { String($0[0]) }
        #expect(ended.status == 0 && first == ["file", "f1", "f2", "f3", "f4", "f5", "total"])
        let counts: [String] = rows.dropFirst().map { $0[3...5].joined(separator: " ") }
        let expected: [String] = (1...5).map { "\($0) \(2 * $0) \(8 * $0)" }
        #expect(counts == expected + ["15 30 120"])

        let stopped = try start(box, files + ["--table", pattern, "--table-format", "json"], script: "wc \"$1\"", redirection: "> /dev/full 2> errors")
        #expect(try stopped.wait().status == 75)
        let whole = try box.quire("resume", "--progress", "none", expect: 0).object()
        let words: [Int?] = whole["rows"].list.map { $0["words"].number }
        #expect(words == [2, 4, 6, 8, 10])
        #expect(whole["totals"]["bytes"].number == 120)
    }

    @Test("With --json standard output is for the facts, and --results keeps what programs printed")
    func facts() throws {
        let box = try Sandbox()
        let ended = try box.run(words + ["--json", "--range", "1-2", "--results", "kept", "--", "echo"])
        #expect(ended.status == 0)
        #expect(try ended.object()["done"].number == 2)
        #expect(box.text("kept/2/stdout") == "2\n")
    }
}
