import Foundation
import Testing

@Suite("What programs read and people see")
struct FactsTests {
    private func box() throws -> Sandbox {
        let box = try Sandbox()
        try box.write(TinyPicture.jpeg(24), to: "in/a.jpg")
        try box.write(TinyPicture.png(20), to: "in/sub/b \"q\".png")
        try box.write("none", to: "in/note.txt")
        return box
    }

    @Test("--dry-run shows actions, inputs, outputs and what is passed over, and makes nothing")
    func dryRunText() throws {
        let box = try box()
        let ended = try box.quire(
            "run", "in", "-n", "-o", "out", "--pdf", "b.pdf", "--rotate", "auto", "--shrink", "1600", "--format", "jpeg", "--progress", "none",
            expect: 0)
        #expect(
            ended.out == """
                actions:
                  turn upright as Orientation says
                  shrink to a long side of 1600 px
                  save as jpeg, quality 85
                in/a.jpg -> out/a.jpg
                in/sub/b "q".png -> out/sub/b "q".jpg
                PDF: b.pdf, 2 pages, size known when they are made
                passed over: 1 no images
                2 files, \(Self.size(of: box)); nothing was written

                """, "\(ended.out)")
        #expect(ended.errors == "")
        #expect(box.files() == ["in/a.jpg", "in/note.txt", "in/sub/b \"q\".png"])
        #expect(box.files(below: Name(box.state + "/quire/jobs")) == [])
    }

    private static func size(of box: Sandbox) -> String {
        let bytes = (box.read("in/a.jpg")?.count ?? 0) + (box.read("in/sub/b \"q\".png")?.count ?? 0)
        return String(format: "%.1f kB", Double(bytes) / 1000)
    }

    @Test("--dry-run --json is one object of the documented shape")
    func dryRunJSON() throws {
        let box = try box()
        let plan = try box.plan("in", "-o", "out", "--pdf", "b.pdf", "--shrink", "10")
        #expect(plan.keys == ["actions", "tasks", "bytes_in", "skipped", "pdf", "books", "files"])
        #expect(plan["tasks"].number == 2)
        #expect(plan["pdf"].list.map(\.text) == ["b.pdf"])
        #expect(plan["books"].list.map(\.keys) == [["path", "pages", "bytes", "withheld", "encoded_anew", "volumes"]])
        #expect(plan["books"].list[0]["volumes"].list.map(\.keys) == [["path", "pages", "bytes", "too_large_for"]])
        #expect(plan["actions"].list.map(\.text).first == "shrink to a long side of 10 px")
        let files = plan["files"].list
        for file in files { #expect(file.keys == ["path", "output", "format", "state", "replaces"]) }
        #expect(files.map { $0["format"].text } == ["jpeg", "png"])
        #expect(files.map { $0["state"].text } == ["planned", "planned"])
        try box.quire("run", "in", "-o", "out", "--shrink", "10", "--progress", "none", expect: 0)
        try box.write(TinyPicture.jpeg(25), to: "in/a.jpg")
        let second = try box.plan("in", "-o", "out", "--shrink", "10")["files"].list
        #expect(second.map { $0["state"].text } == ["planned", "current"])
        #expect(second.map { $0["replaces"].flag } == [true, false])
        #expect(try box.plan("in", "--pdf", "b.pdf")["files"].list.allSatisfy { $0["output"].isNull })
    }

    @Test("A path that is not UTF-8 has its exact bytes in JSON as base64")
    func base64() throws {
        let box = try Sandbox()
        let name = Name([0x61, 0xE9, 0x2E] + Array("jpg".utf8))
        try box.write(TinyPicture.jpeg(24), to: Name("in/") + name)
        let file = try box.plan("in", "-o", "out")["files"].list[0]
        #expect(file["path_base64"].text.flatMap { Data(base64Encoded: $0) } == Data(Array("in/".utf8) + name.bytes))
        #expect(file["output_base64"].text.flatMap { Data(base64Encoded: $0) } == Data(Array("out/".utf8) + name.bytes))
    }

    @Test("run --json puts one object with the documented members on standard output, and progress stays off it")
    func runJSON() throws {
        let box = try box()
        try box.write("zero", to: "in/bad.jpg")
        let ended = try box.quire("run", "in", "-o", "out", "--pdf", "b.pdf", "--json", "--progress", "plain", expect: 3)
        let facts = try ended.object()
        #expect(
            facts.keys.isSuperset(of: [
                "job", "exit_status", "done", "failed", "skipped", "left", "seconds", "bytes_in", "bytes_out", "files_made", "folder", "pdf", "stale_pdf",
                "failures", "skipped_by_reason", "notes",
            ]))
        #expect(facts["exit_status"].number == 3)
        #expect([facts["done"].number, facts["failed"].number, facts["skipped"].number, facts["left"].number] == [2, 1, 1, 0])
        #expect(facts["files_made"].number == 2)
        #expect(facts["pdf"].list.map { $0["pages"].number } == [3])
        #expect(facts["pdf"].list.map { $0["bytes"].number } == [box.read("b.pdf")?.count])
        #expect(facts["failures"].list.first?["first"].list.map { $0["path"].text } == ["in/bad.jpg"])
    }

    @Test("Without --json standard output stays empty")
    func silentOutput() throws {
        let box = try box()
        for progress in [Name("plain"), "json", "none", "tty", "auto"] {
            let ended = try box.quire("run", "in", "-o", "out", "--overwrite", "always", "--progress", progress, expect: 0)
            #expect(ended.output == [], "--progress \(progress)")
        }
    }

    @Test("--progress json: every line is an event; start first, a file event for each input, end last")
    func events() throws {
        let box = try box()
        try box.write("zero", to: "in/bad.jpg")
        let events = try box.quire("run", "in", "-o", "out", "--progress", "json", expect: 3).events()
        let kinds = events.map { $0["event"].text ?? "" }
        #expect(Set(kinds) == ["start", "file", "progress", "end"])
        #expect(kinds.first { $0 != "progress" } == "start")
        #expect(kinds.last == "end" && kinds.filter { $0 == "end" }.count == 1)
        let start = events.first { $0["event"].text == "start" }
        #expect(start?["tasks"].number == 3)
        #expect(start?["command"].list.map { $0.text ?? "" }.dropFirst() == ["run", "in", "-o", "out", "--progress", "json"])
        let files = events.filter { $0["event"].text == "file" }
        #expect(Set(files.map { $0["path"].text }) == ["in/a.jpg", "in/bad.jpg", "in/sub/b \"q\".png"])
        #expect(files.first { $0["path"].text == "in/a.jpg" }?["outputs"].list.map(\.text) == ["out/a.jpg"])
        let bad = files.first { $0["path"].text == "in/bad.jpg" }
        #expect(bad?["outcome"].text == "failed" && bad?["reason"].text == "not-image")
        #expect(events.last?["exit_status"].number == 3)
        let job = start?["job"].text
        #expect(job != nil && events.last?["job"].text == job)
    }

    @Test("--progress plain and none: no control characters; failures are grouped with the first names")
    func plain() throws {
        let box = try box()
        for index in 1...8 { try box.write("zero", to: "in/bad\(index).jpg") }
        for progress in [Name("plain"), "none"] {
            let ended = try box.quire("run", "in", "-o", "out", "--overwrite", "always", "--progress", progress, expect: 3)
            #expect(!ended.errorBytes.contains(0x1B) && !ended.errorBytes.contains(0x0D))
            #expect(ended.errors.contains("2 done, 8 failed, 1 skipped in"))
            #expect(ended.errors.contains("not-image: 8 files"))
            // The five that ended first: which of the eight those are depends on the workers.
            #expect(ended.errors.split(separator: "\n").count { $0.hasPrefix("  in/bad") } == 5 && ended.errors.contains("… and 3 more"))
            #expect(ended.errors.contains("skipped: 1 (no images)"))
        }
        let coloured = try box.quire("run", "in/a.jpg", "-o", "o2", "--progress", "tty", environment: ["NO_COLOR": "1"], expect: 0)
        #expect(!coloured.errors.contains("\u{1B}[1m") && !coloured.errors.contains("\u{1B}[31m"))
    }

    @Test("A file's name cannot send control sequences to the terminal")
    func controlSequences() throws {
        let box = try Sandbox()
        try box.write("zero", to: "in/\u{1B}]0;owned\u{7}.jpg")
        for progress in [Name("plain"), "none", "json"] {
            let ended = try box.quire("run", "in", "-o", "out", "--progress", progress, expect: 3)
            #expect(!ended.errorBytes.contains(0x1B) && !ended.errorBytes.contains(0x07), "--progress \(progress)")
        }
        let plan = try box.quire("run", "in", "-n", "-o", "out", "--progress", "none", expect: 0)
        #expect(!plan.output.contains(0x1B))
    }

    @Test("--report has one entry an input in .json, .csv and .html")
    func reports() throws {
        let box = try box()
        try box.write("zero", to: "in/bad.jpg")
        try box.write(Array(TinyPicture.jpeg(640, 480).dropLast(600)), to: "in/cut.jpg")
        for name in ["r.json", "r.csv", "sub/r.html"] {
            try box.quire("run", "in", "-o", "out", "--overwrite", "always", "--report", Name(name), "--progress", "none", expect: 3)
        }
        let report = try JSON(parsing: box.read("r.json") ?? [])
        #expect(Set(report["files"].list.map { $0["path"].text }) == ["in/a.jpg", "in/bad.jpg", "in/cut.jpg", "in/sub/b \"q\".png"])
        #expect(report["files"].list.map { $0["reason"].text } == [nil, "not-image", "truncated", nil])
        let csv = box.text("r.csv").split(separator: "\r\n")
        #expect(csv.count == 5)
        #expect(csv[0].hasPrefix("path,outcome,reason,message,outputs"))
        #expect(csv.contains { $0.hasPrefix("\"in/sub/b \"\"q\"\".png\",done,") })
        let html = box.text("sub/r.html")
        #expect(html.contains("in/cut.jpg") && html.contains("not-image") && html.contains("b &quot;q&quot;.png"))
        #expect(html.contains("data:image/jpeg;base64,"), "the cut picture decodes in part and has a thumbnail")
        #expect(!html.contains("src=\"http") && !html.contains("href=\"http"))
        #expect(try box.quire("run", "in", "-o", "out", "--report", "r.txt", expect: 2).errors.contains(".html, .csv or .json"))
        box.expectTidy()
    }

    @Test("GPS in a book without --strip is told, with it there is none")
    func gpsNote() throws {
        let box = try Sandbox()
        #expect(try box.run(["sample-archive", "in", "--count", "4", "--size", "160x120"]).status == 0)
        #expect(try box.quire("pdf", "in", "-o", "a.pdf", "--progress", "none", expect: 0).errors.contains("2 files carry GPS"))
        let stripped = try box.quire("pdf", "in", "-o", "b.pdf", "--strip", "gps", "--progress", "none", expect: 0)
        #expect(!stripped.errors.contains("GPS"))
    }

    @Test("inspect tells kind, size and tags, as text and JSON; what is no image is told apart")
    func inspect() throws {
        let box = try Sandbox()
        try box.write(TinyPicture.jpeg(24, 16, exif: .init(model: "EOS 40D", taken: "2023:07:14 09:00:01", orientation: 6)), to: "a.jpg")
        try box.write("text", to: "b.jpg")
        let text = try box.quire("inspect", "a.jpg", expect: 0)
        for part in ["a.jpg", "jpeg", "24 x 16", "2023:07:14 09:00:01", "{exif:Model}", "EOS 40D"] { #expect(text.out.contains(part), "\(part): \(text)") }
        let ended = try box.quire("inspect", "--json", "a.jpg", "gone.jpg", "b.jpg", ".", expect: 3)
        let list = try ended.object().list
        #expect(list.map { $0["path"].text } == ["a.jpg", "gone.jpg", "b.jpg", "."])
        #expect(
            list[0].keys == [
                "path", "kind", "width", "height", "pages", "bands", "bits", "orientation", "icc_profile", "alpha", "dpi", "taken_at", "bytes",
                "tags", "variables",
            ])
        #expect(list[0]["orientation"].number == 6 && list[0]["width"].number == 24 && list[0]["bytes"].number == box.read("a.jpg")?.count)
        #expect(list[0]["tags"]["Model"].text == "EOS 40D")
        #expect(list.dropFirst().map { $0["error"]["reason"].text } == ["vanished", "not-image", "not-image"])
        #expect(try box.quire("inspect", "b.jpg", expect: 3).errors.contains("b.jpg: not-image"))
    }

    @Test("doctor tells what it checked, as text and JSON, and cures what is wrong with exit 5")
    func doctor() throws {
        let box = try Sandbox()
        let text = try box.quire("doctor", expect: 0)
        for part in ["processors", "slots", "agent and worker", "journal", "this machine can work"] { #expect(text.out.contains(part)) }
        let facts = try box.quire("doctor", "--json", expect: 0).object()
        #expect(facts.keys == ["version", "usable", "checks"])
        #expect(facts["usable"].flag == true)
        for check in facts["checks"].list { #expect(check.keys == ["name", "state", "found", "cure"]) }
        let broken = try box.quire("doctor", "--json", environment: ["QUIRE_AGENT": "/nowhere/quire-agent"], expect: 5).object()
        #expect(broken["usable"].flag == false)
        #expect(broken["checks"].list.contains { $0["state"].text == "fault" && $0["cure"].text != nil })
        let worker = try box.quire("doctor", environment: ["QUIRE_WORKER": "/bin/false"], expect: 5)
        #expect(worker.out.contains("cure:"))
        try box.write("", to: "file")
        #expect(try box.quire("doctor", "--state-dir", "file/x", expect: 5).out.contains("--state-dir"))
    }
}
