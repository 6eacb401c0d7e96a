import Glibc
import Testing

@Suite("Going on with a job", .serialized)
struct ResumeTests {
    /// The PDF of a run that nothing disturbed, or all its volumes.
    private func undisturbed(_ job: LongJob, _ words: Name...) throws -> [[UInt8]] {
        let ended = try job.box.run(["quire", "run", "in", "--recipe", "slow.yaml", "--progress", "none", "--pdf", "whole.pdf"] + words)
        #expect(ended.status == 0, "\(ended)")
        return volumes(job, "whole")
    }

    private func volumes(_ job: LongJob, _ name: String) -> [[UInt8]] {
        job.box.files().filter { $0.description.hasPrefix(name) && $0.description.hasSuffix(".pdf") }.compactMap { job.box.read($0) }
    }

    private func attempts(_ job: LongJob, _ id: String, _ condition: String) throws -> Int {
        let journal = "\(job.box.state)/quire/jobs/\(id)/job.sqlite"
        let ended = try job.box.run(["sqlite3", Name(journal), Name("SELECT count(*) FROM attempt WHERE \(condition)")])
        #expect(ended.status == 0, "\(ended)")
        return Int(ended.out.split(separator: "\n").first ?? "") ?? -1
    }

    @Test(
        "After kill -9 of quire, resume does only what is left, and the PDF has the bytes of an undisturbed run",
        arguments: [["-o", "out"], [], ["--volume-pages", "7"], ["-o", "out", "--volume-pages", "7"]])
    func headKilled(_ more: [String]) throws {
        let job = try LongJob(count: 200)
        let cut = more.contains("--volume-pages")
        let whole = try cut ? undisturbed(job, "--volume-pages", "7") : undisturbed(job)
        #expect(whole.count == (cut ? 32 : 1), "each of the four folders begins a volume or goes into the one before")
        let running = try job.box.start(["quire", "run", "in", "--recipe", "slow.yaml", "--progress", "json", "--json", "--pdf", "b.pdf"] + more.map { Name($0) })
        // With volumes of seven pages some are full, so pages were bound whose bytes lie nowhere else.
        try job.untilBusy(running, files: 40)
        for worker in job.workers(running) { kill(worker, SIGSTOP) }
        let id = try #require(job.id(running))
        let workers = job.workers(running)
        running.signal(SIGKILL)
        #expect(try running.wait().status == -SIGKILL)
        try eventually("its workers are gone") { !workers.contains(where: ProcessTree.isAlive) }
        let second = try job.box.quire("resume", "--progress", "none", "--json", expect: 0)
        let facts = try second.object()
        #expect(facts["job"].text == id)
        #expect(facts["done"].number == 200 && facts["failed"].number == 0)
        #expect(volumes(job, "b") == whole)
        let done = try attempts(job, id, "run = 1 AND outcome = 'done'")
        #expect(done >= 40)
        #expect(try attempts(job, id, "run = 2") == 200 - done, "what was done is not done again")
        if more.contains("out") { #expect(job.box.files(below: "out").count == 200) }
        job.box.expectTidy()
    }

    @Test("A PDF that is half bound and cannot be gone on with is bound anew, and pages it alone held are made again", arguments: ["shorter", "gone"])
    func partialDamaged(_ how: String) throws {
        let job = try LongJob(count: 200)
        let whole = try undisturbed(job, "--volume-pages", "7")
        let running = try job.start("--pdf", "b.pdf", "--volume-pages", "7")
        // The third volume is begun once the pages of the first are durable in it and nowhere else.
        try eventually("two volumes are full") { job.box.files().contains { $0.description.hasSuffix("-0-2.partial") } }
        let workers = job.workers(running)
        running.signal(SIGKILL)
        _ = try running.wait()
        try eventually("its workers are gone") { !workers.contains(where: ProcessTree.isAlive) }
        let partial = try #require(job.box.files().first { $0.description.hasSuffix("-0-0.partial") })
        if how == "gone" { try job.box.remove(partial) } else { try job.box.write("%PDF", to: partial) }
        let second = try job.box.quire("resume", "--progress", "plain", "--json", expect: 0)
        #expect(second.errors.contains("done once more"))
        #expect(volumes(job, "b") == whole)
        job.box.expectTidy()
    }

    @Test("A fault between the records of two volumes leaves no book of one of them: resume ends with all")
    func volumesRecordedTogether() throws {
        let job = try LongJob(count: 20)
        let whole = try undisturbed(job, "--volume-pages", "5")
        let running = try job.start("--pdf", "b.pdf", "--volume-pages", "5")
        try job.hold(running)
        let id = try #require(job.id(running))
        func journal(_ statement: Name) throws {
            let ended = try job.box.run(["sqlite3", "-cmd", ".timeout 10000", Name("\(job.box.state)/quire/jobs/\(id)/job.sqlite"), statement])
            #expect(ended.status == 0, "\(ended)")
        }
        try journal("CREATE TRIGGER cut BEFORE INSERT ON volume WHEN new.number = 2 BEGIN SELECT RAISE(ABORT, 'cut'); END")
        job.release(running)
        #expect(try running.wait().status == 75)
        #expect(volumes(job, "b").count == 0)
        try journal("DROP TRIGGER cut")
        try job.box.quire("resume", "--progress", "none", expect: 0)
        #expect(volumes(job, "b") == whole)
        job.box.expectTidy()
    }

    @Test("Ctrl-C while a job is taken up again ends with 75, and it can be gone on with")
    func stoppedEarly() throws {
        let job = try LongJob(count: 3)
        #expect(mkfifo(job.box.work + "/list", 0o600) == 0)
        // Whoever reads the list waits as long as somebody may write to it.
        let writer = open(job.box.work + "/list", O_RDWR | O_CLOEXEC)
        defer { close(writer) }
        let first = try job.box.start(["quire", "run", "@list", "-o", "out", "--shrink", "20", "--progress", "none"])
        func entry() throws -> JSON? { try job.box.quire("jobs", "--json", expect: 0).object().list.first }
        func state() throws -> String? { try entry()?["state"].text }
        try eventually("the job is recorded") { (try? entry()?["command"].list.count) ?? 0 > 1 }
        first.signal(SIGKILL)
        _ = try first.wait()
        let second = try job.box.start(["quire", "resume", "--progress", "none"])
        try eventually("it is taken up") { (try? state()) == "running" }
        second.signal(SIGINT)
        let ended = try second.wait()
        #expect(ended.status == 75 && ended.errors.contains("quire resume"), "\(ended)")
        #expect(try state() == "interrupted")
    }

    @Test("After Ctrl-C the end names the command that goes on, and that command finishes the job", arguments: [1, 2])
    func stopped(_ signals: Int) throws {
        let job = try LongJob(count: 200)
        let whole = try undisturbed(job)
        let running = try job.start("-o", "out", "--pdf", "b.pdf", "--report", "r.json", "--manifest", "m.txt", "--progress", "plain")
        try eventually("files are done") { job.box.files(below: "out").count { !$0.description.contains(".quire") } > 3 }
        for worker in job.workers(running) { kill(worker, SIGSTOP) }
        running.signal(SIGINT)
        try eventually("it says that it stops") { running.errorsSoFar.contains("stopping") }
        if signals == 2 { running.signal(SIGINT) } else { job.release(running) }
        let ended = try running.wait()
        #expect(ended.status == (signals == 2 ? 130 : 75))
        let id = try #require(try ended.object()["job"].text)
        #expect(ended.errors.contains("go on with: quire resume \(id)"), "\(ended.errors.suffix(500))")
        let second = try job.box.quire("resume", Name(String(id.dropLast(2))), "--progress", "none", "--json", expect: 0)
        #expect(try second.object()["done"].number == 200)
        #expect(volumes(job, "b") == whole)
        #expect(try job.box.run(["sha256sum", "-c", "--quiet", "m.txt"]).status == 0)
        #expect(try JSON(parsing: job.box.read("r.json") ?? [])["files"].list.count == 200)
        job.box.expectTidy()
    }

    @Test("An output that was changed or removed since it was made is looked at: made again, or kept and reported")
    func outputsGone() throws {
        let job = try LongJob(count: 200)
        let running = try job.start("-o", "out")
        try job.hold(running)
        let id = try #require(job.id(running))
        running.signal(SIGKILL)
        _ = try running.wait()
        let made = job.box.files(below: "out").filter { !$0.description.contains(".quire") }
        try #require(made.count >= 2)
        try job.box.remove(Name("out/") + made[0])
        try job.box.write("mine", to: Name("out/") + made[1])
        let second = try job.box.quire("resume", Name(id), "--progress", "none", "--json", expect: 3)
        #expect(try second.object()["done"].number == 199)
        #expect(job.box.exists(Name("out/") + made[0]))
        #expect(job.box.text(Name("out/") + made[1]) == "mine")
    }

    @Test("A job that another quire works on is refused with host, pid and job; a finished one has nothing left")
    func refused() throws {
        let job = try LongJob(count: 200)
        let running = try job.start("-o", "out")
        try job.hold(running)
        let id = try #require(job.id(running))
        let other = try job.box.quire("resume", Name(id), expect: 75)
        #expect(other.errors.contains("pid \(running.id), job \(id)"), "\(other)")
        let none = try job.box.quire("resume", expect: 2)
        #expect(none.errors.contains("quire jobs"), "\(none)")
        job.release(running)
        #expect(try running.wait().status == 0)
        let done = try job.box.quire("resume", Name(id), expect: 0)
        #expect(done.errors.contains("finished already"))
        #expect(try job.box.quire("resume", "2031", expect: 2).errors.contains("quire jobs"))
    }

    @Test("resume works from another folder, with another umask, and keeps what the job began with")
    func elsewhere() throws {
        let job = try LongJob(count: 200)
        let running = try job.start("-o", "out", "--jobs", "1")
        try job.hold(running)
        running.signal(SIGKILL)
        _ = try running.wait()
        let second = try job.box.run(["sh", "-c", "cd / && umask 077 && exec \"$0\" resume --progress none", Name(builtPrograms + "/quire")])
        #expect(second.status == 0, "\(second)")
        let made = job.box.files(below: "out")
        #expect(made.count == 200)
        #expect(Set(try made.map { try job.box.mode(Name("out/") + $0) }).count == 1)
    }

    @Test("The failed files of a finished job are done again once they are mended, and the PDF is as if they had always been whole")
    func retry() throws {
        let box = try Sandbox()
        for index in 1...9 { try box.write(TinyPicture.jpeg(20 + index), to: "in/p\(index).jpg") }
        try box.quire("run", "in", "-o", "good", "--pdf", "whole.pdf", "--progress", "none", expect: 0)
        let picture = try #require(box.read("in/p4.jpg"))
        try box.write(Array(picture.prefix(picture.count / 2)), to: "in/p4.jpg")
        try box.write("no picture", to: "in/p7.jpg")
        let first = try box.quire("run", "in", "-o", "out", "--pdf", "b.pdf", "--shrink", "4000", "--progress", "none", "--json", expect: 3)
        let id = try #require(try first.object()["job"].text)
        let reasons = try first.object()["failures"].list.compactMap { $0["reason"].text }
        #expect(reasons.count == 2)
        #expect(first.errors.contains("quire retry \(id) --reason \(reasons[0])") || first.errors.isEmpty)
        try box.write(picture, to: "in/p4.jpg")
        let none = try box.quire("retry", "--reason", "timeout", expect: 2)
        #expect(none.errors.contains("no file of job \(id) failed as timeout"), "\(none)")
        try box.quire("retry", "--progress", "none", expect: 3)
        try box.write(TinyPicture.jpeg(27), to: "in/p7.jpg")
        let last = try box.quire("retry", Name(id), "--progress", "none", "--json", expect: 0)
        #expect(try last.object()["done"].number == 9)
        #expect(box.read("b.pdf") == box.read("whole.pdf"))
        #expect(box.files(below: "out").count == 9)
        box.expectTidy()
    }
}

@Suite("Looking after jobs", .serialized)
struct JobsTests {
    private func states(_ box: Sandbox) throws -> [String?] { try box.quire("jobs", "--json", expect: 0).object().list.map { $0["state"].text } }

    @Test("quire jobs lists newest first what runs, was stopped, died, finished and failed; prune forgets only what is over")
    func list() throws {
        let job = try LongJob()
        let box = job.box
        #expect(try states(box) == [])
        try box.write("no picture", to: "bad.jpg")
        try box.quire("run", "bad.jpg", "-o", "bad", "--progress", "none", expect: 3)
        try box.quire("run", "in/0/p4.jpg", "-o", "one", "--progress", "none", expect: 0)
        let dead = try job.start("-o", "out1")
        try job.hold(dead)
        dead.signal(SIGKILL)
        _ = try dead.wait()
        let running = try job.start("-o", "out2")
        try job.hold(running)
        let id = try #require(job.id(running))
        let list = try box.quire("jobs", "--json", expect: 0).object().list
        #expect(list.map { $0["state"].text } == ["running", "interrupted", "finished", "finished with failures"])
        let entry = try #require(list.first { $0["id"].text == id })
        #expect(entry["tasks"].number == LongJob.count && (entry["done"].number ?? 0) >= 3)
        #expect(entry["holder"].text?.contains("pid \(running.id)") == true)
        let table = try box.quire("jobs", expect: 0).out
        #expect(table.contains(id) && table.contains("finished with failures") && table.contains("/out2"))
        let report = try box.quire("report", Name(id), "--json", expect: 0).object()
        #expect((report["done"].number ?? 0) >= 3 && (report["left"].number ?? 0) > 0)
        try box.quire("jobs", "prune", "--all-finished", expect: 0)
        #expect(Set(try states(box).compactMap { $0 }) == ["running", "interrupted"])
        #expect(box.exists("one/p4.jpg"))
        running.signal(SIGINT)
        running.signal(SIGINT)
        _ = try running.wait()
    }

    @Test("Jobs that began within one second are listed newest first too")
    func sameSecond() throws {
        let box = try Sandbox()
        try box.write(TinyPicture.jpeg(20), to: "in/a.jpg")
        let folders = (1...6).map { "out\($0)" }
        for folder in folders { try box.quire("run", "in", "-o", Name(folder), "--progress", "none", expect: 0) }
        let listed = try box.quire("jobs", "--json", expect: 0).object().list.compactMap { $0["output"].text?.split(separator: "/").last }
        #expect(listed.map(String.init) == folders.reversed())
    }

    @Test("cancel ends a running job, which cannot be gone on with then; what it made stays and nothing half does")
    func cancelRunning() throws {
        let job = try LongJob()
        let running = try job.start("--pdf", "b.pdf", "-o", "out")
        try job.untilBusy(running)
        let id = try #require(job.id(running))
        let cancelled = try job.box.quire("cancel", Name(id), expect: 0)
        #expect(cancelled.out.contains("cancelled"))
        #expect(try running.wait().status == 130)
        #expect(try states(job.box) == ["cancelled"])
        #expect(job.box.files(below: "out").count >= 3)
        job.box.expectTidy()
        #expect(try job.box.quire("resume", Name(id), expect: 2).errors.contains("was cancelled"))
        #expect(try job.box.quire("resume", expect: 2).errors.contains("quire jobs"))
    }

    @Test("cancel of a job that still lists its inputs leaves nothing of it")
    func cancelPlanning() throws {
        let job = try LongJob(count: 3)
        #expect(mkfifo(job.box.work + "/list", 0o600) == 0)
        let writer = open(job.box.work + "/list", O_RDWR | O_CLOEXEC)
        defer { close(writer) }
        let running = try job.box.start(["quire", "run", "@list", "-o", "out", "--shrink", "20", "--progress", "none"])
        try eventually("the job is known") { (try? states(job.box)) == ["running"] }
        #expect(try job.box.quire("cancel", expect: 0).out.contains("cancelled"))
        #expect(try running.wait().status == 130)
        #expect(try states(job.box) == [])
    }

    @Test("cancel of a job whose process died removes its temp files, spool and half-bound PDF, never outputs")
    func cancelDead() throws {
        let job = try LongJob()
        let running = try job.start("--pdf", "b.pdf")
        try job.hold(running)
        let workers = job.workers(running)
        running.signal(SIGKILL)
        _ = try running.wait()
        try eventually("its workers are gone") { !workers.contains(where: ProcessTree.isAlive) }
        #expect(job.box.files().contains { $0.description.contains(".quire-") })
        try job.box.quire("cancel", expect: 0)
        #expect(try states(job.box) == ["cancelled"])
        job.box.expectTidy()
    }

    @Test("report tells of a finished job what its run told, as text and as a file")
    func report() throws {
        let box = try Sandbox()
        for index in 1...5 { try box.write(TinyPicture.jpeg(20 + index), to: "in/p\(index).jpg") }
        try box.write("no picture", to: "in/p3.jpg")
        let ended = try box.quire("run", "in", "-o", "out", "--pdf", "b.pdf", "--progress", "none", "--json", expect: 3)
        let told = try ended.object()
        let again = try box.quire("report", "--json", expect: 0).object()
        for key in ["job", "done", "failed", "skipped", "left", "bytes_in", "bytes_out", "files_made", "exit_status"] {
            #expect("\(again[key].value)" == "\(told[key].value)", "\(key)")
        }
        #expect(again["pdf"].list.map { $0["pages"].number } == [5])
        let text = try box.quire("report", expect: 0).out
        #expect(text.contains("finished with failures") && text.contains("quire retry"))
        try box.quire("report", Name(String(try #require(told["job"].text).prefix(16))), "r.json", expect: 0)
        #expect(try JSON(parsing: box.read("r.json") ?? [])["files"].list.count == 5)
        try box.quire("report", "r.json", expect: 0)
        try box.write("mine", to: "r.csv")
        try box.quire("report", "r.csv", expect: 2)
        #expect(box.text("r.csv") == "mine")
    }
}
