import Glibc
import Testing

@Suite("Stopping jobs of programs and going on with them", .serialized)
struct ProgramResumeTests {
    /// Ignores TERM, and leaves a process in a session of its own.
    private static let stubborn: Name = "trap '' TERM INT HUP; (setsid sh -c 'sleep 1000; :' &); echo \"$1\" >> began; while [ ! -e go ]; do sleep 0.05; done"

    @Test("The first Ctrl-C starts nothing new and lets programs finish: exit 75, and resume does the rest, none twice")
    func drain() throws {
        let job = try ProgramBox(count: 6)
        let running = try job.start("in", "--jobs", "2", "--", "sh", "-c", ProgramBox.held + "echo \"$1\" >> ended", "sh", "{}")
        try job.untilBegan(2)
        running.signal(SIGINT)
        // Nothing tells when it has heard the signal; programs go on only after it was sent.
        try job.letGo()
        let ended = try running.wait()
        #expect(ended.status == 75 || ended.status == 0, "\(ended)")
        let done = try ended.object()["done"].number ?? 0
        #expect(done >= 2)
        job.expectNothingRuns()
        if ended.status == 75 { try job.quire("resume", "--progress", "none", expect: 0) }
        #expect(job.lines("ended") == (1...6).map { ProgramBox.name($0).description })
    }

    @Test("The second Ctrl-C ends every program and what it left behind before quire exits with 130")
    func cancel() throws {
        let job = try ProgramBox(count: 4)
        let running = try job.start("in", "--jobs", "2", "--return", "out/{/}", "--", "sh", "-c", Self.stubborn, "sh", "{}", "out/{/}")
        try job.untilBegan(2)
        #expect(job.programs().count >= 4)
        running.signal(SIGINT)
        running.signal(SIGTERM)
        let ended = try running.wait()
        #expect(ended.status == 130, "\(ended)")
        job.expectNothingRuns()
        job.box.expectTidy()
        try job.letGo()
        let second = try job.quire("resume", "--progress", "none", "--json", expect: nil)
        #expect(try second.object()["started_twice"]["count"].number == 2, "\(second)")
        job.expectNothingRuns()
    }

    @Test("When the time of --drain is over programs are ended too")
    func drainIsOver() throws {
        let job = try ProgramBox(count: 2)
        let running = try job.start("in", "--drain", "1", "--", "sh", "-c", Self.stubborn, "sh", "{}")
        try job.untilBegan(1)
        running.signal(SIGINT)
        #expect(try running.wait().status == 75)
        job.expectNothingRuns()
    }

    @Test("After kill -9 of quire no program goes on; resume starts what was under way again and says so")
    func headKilled() throws {
        let job = try ProgramBox(count: 5)
        let running = try job.start("in", "--jobs", "2", "--return", "out/{/}", "--", "sh", "-c", Self.stubborn + "; cp \"$1\" \"$2\"", "sh", "{}", "out/{/}")
        try job.untilBegan(2)
        running.signal(SIGKILL)
        #expect(try running.wait().status == -SIGKILL)
        // At once: it is resume that waits until they are gone.
        let second = try job.box.start(["quire", "resume", "--progress", "none", "--json"])
        try eventually("it begins anew") { job.lines("began").count >= 3 }
        #expect(job.processes().allSatisfy { ["quire", "quire-agent"].contains(ProcessTree.name($0)) }, "programs of the dead quire run beside new ones")
        try job.letGo()
        let ended = try second.wait()
        #expect(ended.status == 0, "\(ended)")
        let facts = try ended.object()
        #expect(facts["done"].number == 5)
        #expect(facts["started_twice"]["count"].number == 2)
        #expect(try job.quire("report", expect: 0).out.contains("started twice, since a host or quire itself was lost or ended at once: 2 tasks"))
        #expect(job.box.files(below: "out").count == 5)
        job.box.expectTidy()
        job.expectNothingRuns()
    }

    @Test("With --at-most-once what was under way has failed as lost, and starts again only by retry")
    func atMostOnce() throws {
        let job = try ProgramBox(count: 4)
        let running = try job.start("in", "--jobs", "2", "--at-most-once", "--", "sh", "-c", Self.stubborn, "sh", "{}")
        try job.untilBegan(2)
        running.signal(SIGKILL)
        _ = try running.wait()
        try job.letGo()
        let second = try job.quire("resume", "--progress", "none", "--json", expect: 3)
        let facts = try second.object()
        #expect(facts["done"].number == 2 && facts["failed"].number == 2)
        #expect(facts["failures"].list.first?["reason"].text == "lost")
        #expect(job.lines("began").count == 4, "none was started twice")
        try job.quire("retry", "--reason", "lost", "--progress", "none", expect: 0)
        #expect(job.lines("began").count == 6)
        job.expectNothingRuns()
    }

    @Test("kill -9 of the agent: its programs end, another agent starts them again, and that is said")
    func agentKilled() throws {
        let job = try ProgramBox(count: 3)
        let running = try job.start("in", "--jobs", "2", "--", "sh", "-c", ProgramBox.held, "sh", "{}")
        try job.untilBegan(2)
        let first = job.programs()
        let agent = try #require(ProcessTree.children(of: running.id).first { ProcessTree.name($0) == "quire-agent" })
        kill(agent, SIGKILL)
        try job.untilBegan(4)
        #expect(!first.contains(where: ProcessTree.isAlive), "a program of the dead agent runs beside its second start")
        try job.letGo()
        let ended = try running.wait()
        #expect(ended.status == 0, "\(ended)")
        #expect(try ended.object()["started_twice"]["count"].number == 2)
        job.expectNothingRuns()
    }

    @Test("kill -9 of a minder fails its task, ends its program, and the job goes on")
    func minderKilled() throws {
        let job = try ProgramBox(count: 3)
        let running = try job.start("in", "--jobs", "1", "--", "sh", "-c", ProgramBox.held, "sh", "{}")
        try job.untilBegan(1)
        let agent = try #require(ProcessTree.children(of: running.id).first { ProcessTree.name($0) == "quire-agent" })
        let minder = try #require(ProcessTree.children(of: agent).first)
        kill(minder, SIGKILL)
        try job.letGo()
        let ended = try running.wait()
        #expect(ended.status == 3, "\(ended)")
        let facts = try ended.object()
        #expect(facts["done"].number == 2 && facts["failures"].list.first?["reason"].text == "crashed", "\(ended)")
        #expect(job.lines("began").count == 3, "it is not started again")
        job.expectNothingRuns()
    }

    @Test("quire cancel ends the programs of a job that runs")
    func cancelled() throws {
        let job = try ProgramBox(count: 2)
        let running = try job.start("in", "--drain", "0", "--return", "out/{/}", "--", "sh", "-c", Self.stubborn, "sh", "{}", "out/{/}")
        try job.untilBegan(1)
        try job.quire("cancel", expect: 0)
        #expect(try running.wait().status == 130)
        job.expectNothingRuns()
        job.box.expectTidy()
    }

    @Test("quire cancel after kill -9 returns when no program runs any more, and what they left is gone")
    func cancelledAfterKill() throws {
        let job = try ProgramBox(count: 2)
        let running = try job.start("in", "--return", "out/{/}", "--", "sh", "-c", Name("echo half > \"$2\"; ") + Self.stubborn, "sh", "{}", "out/{/}")
        try job.untilBegan(1)
        running.signal(SIGKILL)
        _ = try running.wait()
        try job.quire("cancel", expect: 0)
        job.expectNothingRuns()
        #expect(job.box.files(below: "out") == [])
    }
}
