import Testing

@Suite("quire plan --simulate")
struct PlanTests {
    private func box() throws -> Sandbox {
        let box = try Sandbox()
        for number in 0..<40 { try box.write([UInt8](repeating: 0, count: 400_000), to: Name("in/\(number).jpg")) }
        try box.write("none", to: "in/note.txt")
        return box
    }

    private func plan(_ words: [Name], in box: Sandbox) throws -> Ended {
        let ended = try box.run(["quire", "plan", "--simulate", "in"] + words)
        #expect(ended.status == 0, "\(ended)")
        return ended
    }

    @Test("A host more makes a job shorter while slots limit it, by as much as the forecast of one host says")
    func slots() throws {
        let box = try box()
        let words: [Name] = ["--json", "--speed", "0.2", "--link-speed", "1GB", "--head-link-speed", "10GB"]
        let one = try plan(words + ["--host", "a:2"], in: box).object()
        let two = try plan(words + ["--host", "a:2,b:2"], in: box).object()
        #expect(one["files"].number == 40 && one["bytes_in"].number == 16_000_000)
        // 40 files of half a second's work each on two slots.
        let seconds = try #require(one["seconds"].number)
        #expect((10...12).contains(seconds))
        #expect(one["limit"].text == "slots")
        #expect(one["further_host"]["seconds"].number == two["seconds"].number)
        #expect(two["seconds"].number.map { (5...6).contains($0) } == true)
        #expect(two["hosts"].list.map { $0["files"].number ?? 0 }.reduce(0, +) == 40)
        #expect(box.files(below: "in").count == 41)
        #expect(box.files(below: Name(box.state + "/quire/jobs")) == [])
    }

    @Test("Where this machine's link limits a job, that is said and one more host brings nothing")
    func headLink() throws {
        let box = try box()
        let words: [Name] = ["--speed", "1000", "--head-link-speed", "1MB", "--host", "a:4,b:4"]
        let facts = try plan(words + ["--json"], in: box).object()
        #expect(facts["limit"].text == "head_link")
        let text = try plan(words, in: box).out
        #expect(text.contains("what limits it: this machine's link"))
        #expect(text.contains("one more host like a: no gain worth it"))
    }

    @Test("Without --simulate, hosts or inputs it says what is missing")
    func usage() throws {
        let box = try box()
        #expect(try box.quire("plan", "in", "--host", "a", expect: 2).errors.contains("--simulate"))
        #expect(try box.quire("plan", "--simulate", "in", expect: 2).errors.contains("--hosts FILE"))
        try box.makeFolder("empty")
        _ = try box.quire("plan", "--simulate", "empty", "--host", "a", expect: 4)
    }
}
