import Glibc
import Testing

/// What of a job's processes was there, to see that none survives it.
private struct Processes {
    let ids: [pid_t]
    init(of running: Running) { ids = ProcessTree.descendants(of: running.id) }

    func expectGone(_ place: SourceLocation = #_sourceLocation) throws {
        #expect(ids.count >= 2, "agent and workers were running", sourceLocation: place)
        try eventually("agent and workers have ended: \(ids.filter(ProcessTree.isAlive))") { !ids.contains(where: ProcessTree.isAlive) }
    }
}

@Suite("Stopping and crashing", .serialized)
struct StopTests {
    @Test("The first Ctrl-C or SIGTERM starts nothing new, finishes what runs and exits 75", arguments: [SIGINT, SIGTERM])
    func drain(_ signal: Int32) throws {
        let job = try LongJob()
        let running = try job.start("-o", "out", "--pdf", "b.pdf")
        try job.hold(running)
        let processes = Processes(of: running)
        running.signal(signal)
        try eventually("it says that it stops") { running.errorsSoFar.contains("stopping: waiting up to 30 s") }
        job.release(running)
        let ended = try running.wait()
        #expect(ended.status == 75, "\(ended.errors.suffix(1500))")
        let facts = try ended.object()
        let (done, left) = (facts["done"].number ?? 0, facts["left"].number ?? 0)
        #expect(done >= 3 && left > 0 && done + left == LongJob.count && facts["failed"].number == 0)
        #expect(job.box.files(below: "out").count == done)
        #expect(!job.box.exists("b.pdf"))
        try job.expectNothingHalf()
        job.box.expectTidy()
        try processes.expectGone()
    }

    @Test("The same command after a stop does only what is left")
    func afterStop() throws {
        let job = try LongJob(count: 200)
        let running = try job.start("-o", "out")
        try job.hold(running)
        running.signal(SIGINT)
        try eventually("it says that it stops") { running.errorsSoFar.contains("stopping") }
        job.release(running)
        let first = try running.wait()
        #expect(first.status == 75)
        let done = try first.object()["done"].number ?? 0
        let second = try job.start("-o", "out").wait()
        #expect(second.status == 0)
        #expect(try second.object()["done"].number == 200 - done)
        #expect(job.box.files(below: "out").count == 200)
    }

    @Test("The second signal stops at once with 130")
    func cancel() throws {
        let job = try LongJob()
        let running = try job.start("-o", "out", "--pdf", "b.pdf")
        // Held workers finish nothing: without a second signal it would wait for them.
        try job.hold(running)
        let processes = Processes(of: running)
        running.signal(SIGINT)
        try eventually("it says that it stops") { running.errorsSoFar.contains("stopping") }
        running.signal(SIGINT)
        let ended = try running.wait(seconds: 20)
        #expect(ended.status == 130)
        #expect(try ended.object()["exit_status"].number == 130)
        try processes.expectGone()
        try job.expectNothingHalf()
        #expect(!job.box.exists("b.pdf"))
        job.box.expectTidy()
    }

    @Test("When --drain is over, what still runs is given up with 75")
    func drainIsOver() throws {
        let job = try LongJob()
        let running = try job.start("-o", "out", "--drain", "0")
        try job.hold(running)
        let processes = Processes(of: running)
        running.signal(SIGTERM)
        let ended = try running.wait(seconds: 20)
        #expect(ended.status == 75)
        try processes.expectGone()
        try job.expectNothingHalf()
        job.box.expectTidy()
    }

    @Test("SIGHUP: the job goes on to its end")
    func hangUp() throws {
        let job = try LongJob(count: 150)
        let running = try job.start("-o", "out", "--pdf", "b.pdf")
        try job.hold(running)
        let processes = Processes(of: running)
        running.signal(SIGHUP)
        job.release(running)
        let ended = try running.wait()
        #expect(ended.status == 0)
        #expect(job.box.files(below: "out").count == 150)
        #expect(try job.box.pageWidths("b.pdf").count == 150)
        let logs = job.box.files(below: Name(job.box.state)).filter { $0.description.hasSuffix("/log") }
        #expect(logs.count == 1 && job.box.text(Name(job.box.state + "/") + logs[0]).contains("150 done"))
        try processes.expectGone()
    }

    @Test("Ctrl-C ends a job that still waits for names", arguments: ["-", "@names"])
    func whileListing(_ input: String) throws {
        let box = try Sandbox()
        try box.makePipe("names")
        // Opened to read and write, a pipe never ends.
        let running = try box.start(["sh", "-c", "exec \"$0\" run \"$1\" -o out <>names", Name(builtPrograms + "/quire"), Name(input)])
        try eventually("it plans") { box.exists(Name(box.state + "/quire/outputs.sqlite")) }
        running.signal(SIGINT)
        let ended = try running.wait(seconds: 10)
        #expect(ended.status == 130, "\(ended)")
        #expect(!box.exists("out"))
    }

    @Test("A second Ctrl-C ends it at once even where the first cannot be heard")
    func whileOpening() throws {
        let box = try Sandbox()
        try box.makePipe("names")
        // Nobody writes: opening the list waits for ever, as a lost share does.
        let running = try box.start(["quire", "run", "@names", "-o", "out"])
        try eventually("it plans") { box.exists(Name(box.state + "/quire/outputs.sqlite")) }
        running.signal(SIGINT)
        // Two signals at once would count as one.
        try eventually("it is gone", seconds: 10) {
            running.signal(SIGINT)
            return !ProcessTree.isAlive(running.id)
        }
        #expect(try running.wait().status == 130)
    }

    @Test("kill -9 of quire: agent and workers end, nothing half is left, and the same command finishes the job")
    func headKilled() throws {
        let job = try LongJob(count: 200)
        let running = try job.start("-o", "out", "--pdf", "b.pdf")
        try job.hold(running)
        let processes = Processes(of: running)
        running.signal(SIGKILL)
        #expect(try running.wait().status == -SIGKILL)
        try processes.expectGone()
        try job.expectNothingHalf()
        #expect(!job.box.exists("b.pdf"))
        let second = try job.start("-o", "out", "--pdf", "b.pdf").wait()
        #expect(second.status == 0, "\(second.errors.suffix(1500))")
        #expect(job.box.files(below: "out").filter { !$0.description.contains(".quire-") }.count == 200)
        #expect(try job.box.pageWidths("b.pdf").count == 200)
    }

    @Test("kill -9 of a worker: its file is tried again, the worker replaced, and nothing is lost")
    func workerKilled() throws {
        let job = try LongJob(count: 150)
        let running = try job.start("-o", "out", "--pdf", "b.pdf", "--report", "r.json")
        try job.hold(running)
        let before = job.workers(running)
        #expect(!before.isEmpty)
        kill(before[0], SIGKILL)
        // The file is tried again with no other beside it, so the others must get on.
        job.release(running)
        try eventually("the worker is replaced") { job.workers(running).contains { !before.contains($0) } || !ProcessTree.isAlive(running.id) }
        #expect(ProcessTree.isAlive(running.id), "the job was over before a worker was seen")
        let ended = try running.wait()
        #expect(ended.status == 0, "\(ended.errors.suffix(1500))")
        let facts = try ended.object()
        #expect(facts["done"].number == 150 && facts["failed"].number == 0)
        #expect(try job.box.pageWidths("b.pdf").count == 150)
        job.box.expectTidy()
    }

    @Test("A file that kills its worker every time fails as crashed, and the others are done")
    func poison() throws {
        let box = try Sandbox()
        for index in 1...8 { try box.write(TinyPicture.jpeg(16 + index), to: "in/p\(index).jpg") }
        // Large, so that each worker that has it open can be caught.
        try box.write(TinyPicture.jpeg(5000, 4000), to: "in/poison.jpg")
        try box.write("actions:\n  - blur: 20\n", to: "slow.yaml")
        let running = try box.start(["quire", "run", "in", "--recipe", "slow.yaml", "-o", "out", "--progress", "none", "--json", "--report", "r.json"])
        var killed: Set<pid_t> = []
        try eventually("it ends or a worker opens the file", seconds: 60) {
            for process in ProcessTree.descendants(of: running.id) where ProcessTree.hasOpen(process, "poison.jpg") {
                if kill(process, SIGSEGV) == 0 { killed.insert(process) }
            }
            return !ProcessTree.isAlive(running.id)
        }
        let ended = try running.wait()
        #expect(ended.status == 3, "\(ended)")
        let facts = try ended.object()
        #expect(facts["done"].number == 8)
        #expect(facts["failures"].list.map { $0["reason"].text } == ["crashed"])
        #expect(killed.count >= 2, "it was tried again")
        #expect(box.files(below: "out").count == 8)
        box.expectTidy()
    }

    @Test("A file too large for its worker's memory is tried again alone and fails as memory; the others are done")
    func tooLittleMemory() throws {
        let box = try Sandbox()
        for index in 1...8 { try box.write(TinyPicture.jpeg(16 + index), to: "in/p\(index).jpg") }
        try box.write(TinyPicture.jpeg(6000, 4500), to: "in/huge.jpg")
        let ended = try box.run([
            "quire", "run", "in", "--rotate", "90", "-o", "out", "--worker-memory", "200MB", "--progress", "none", "--json",
        ])
        #expect(ended.status == 3, "\(ended)")
        let facts = try ended.object()
        #expect(facts["done"].number == 8)
        #expect(facts["failures"].list.map { $0["reason"].text } == ["memory"])
        #expect(ended.errors.contains("with the host to itself"), "it was tried again")
        box.expectTidy()
    }

    @Test("A file that appears under an output's name while the job runs is not replaced")
    func appearing() throws {
        let job = try LongJob(count: 100)
        let running = try job.start("-o", "out", "--pdf", "b.pdf")
        try job.hold(running)
        // The last of the plan: files in natural order, folders too.
        let last: Name = "out/3/p99.jpg"
        #expect(!job.box.exists(last))
        try job.box.write("mine", to: last)
        job.release(running)
        let ended = try running.wait()
        #expect(ended.status == 3, "\(ended.errors.suffix(1500))")
        #expect(job.box.text(last) == "mine")
        #expect(ended.errors.contains("appeared while the job ran"))
        #expect(try ended.object()["done"].number == 99)
        job.box.expectTidy()
    }

    @Test("kill -9 of the agent: another one is started, and every file is made")
    func agentKilled() throws {
        let job = try LongJob()
        let running = try job.start("-o", "out")
        try job.hold(running)
        let processes = Processes(of: running)
        for agent in ProcessTree.children(of: running.id) { kill(agent, SIGKILL) }
        let ended = try running.wait(seconds: 60)
        #expect(ended.status == 0, "\(ended.errors.suffix(1500))")
        #expect(ended.errors.contains("starting it again"))
        try processes.expectGone()
        try job.expectNothingHalf()
        job.box.expectTidy()
    }

    @Test("An agent that dies again and again: exit 75, and the file is not blamed")
    func agentKilledOften() throws {
        let job = try LongJob()
        let running = try job.start("-o", "out")
        try job.hold(running)
        var killed: Set<pid_t> = []
        while killed.count < 4, ProcessTree.name(running.id) == "quire" {
            for agent in ProcessTree.children(of: running.id) where killed.insert(agent).inserted { kill(agent, SIGKILL) }
            usleep(2000)
        }
        let ended = try running.wait(seconds: 60)
        #expect(ended.status == 75, "\(ended.errors.suffix(1500))")
        #expect(!ended.errors.contains("\"outcome\":\"failed\""))
        try job.expectNothingHalf()
    }

    @Test("A full disk: exit 75 with what to do, nothing half, and the rest after making room", .enabled(if: SmallDisk.works, SmallDisk.why))
    func diskFull() throws {
        let box = try Sandbox()
        #expect(try box.run(["sample-archive", "in", "--count", "4", "--size", "320x240"]).status == 0)
        for index in 1...8 { try box.write(TinyPicture.jpeg(32 + index, commentBytes: 60_000), to: "in/t\(index).jpg") }
        let disk = try SmallDisk(at: box.work + "/disk", kilobytes: 300)
        let words: [Name] = ["quire", "run", "in", "-o", "disk/out", "--shrink", "300", "--quality", "95", "--progress", "none", "--json"]
        let ended = try box.run(words + ["--max-pause", "0"])
        #expect(ended.status == 75, "\(ended)")
        #expect(ended.errors.contains("free some space"), "\(ended)")
        #expect(try ended.object()["failed"].number == 0, "the disk is at fault, not the files")
        for name in box.files(below: "disk/out") {
            let bytes = box.read(Name("disk/out/") + name) ?? []
            #expect(bytes.suffix(2) == [0xFF, 0xD9], "\(name) is not whole")
        }
        box.expectTidy()
        try disk.resize(kilobytes: 8000)
        let second = try box.run(words)
        #expect(second.status == 0, "\(second)")
        #expect(box.files(below: "disk/out").count == 12)
        withExtendedLifetime(disk) {}
    }

    @Test("A full disk under the PDF: exit 75, and no PDF", .enabled(if: SmallDisk.works, SmallDisk.why))
    func diskFullForPDF() throws {
        let box = try Sandbox()
        for index in 1...12 { try box.write(TinyPicture.jpeg(32 + index, commentBytes: 60_000), to: "in/t\(index).jpg") }
        let disk = try SmallDisk(at: box.work + "/disk", kilobytes: 300)
        let ended = try box.quire("pdf", "in", "-o", "disk/b.pdf", "--progress", "none", expect: 75)
        #expect(ended.errors.contains("free some space"), "\(ended)")
        #expect(box.files(below: "disk") == [])
        try disk.resize(kilobytes: 8000)
        try box.quire("pdf", "in", "-o", "disk/b.pdf", "--progress", "none", expect: 0)
        #expect(try box.pageWidths("disk/b.pdf").count == 12)
        withExtendedLifetime(disk) {}
    }
}

/// A tmpfs of a few hundred kilobytes; needs the right to mount.
final class SmallDisk {
    private let path: String

    static let why: Comment = "mounting a small file system needs root"
    static let works: Bool = {
        guard let box = try? Sandbox(), let disk = try? SmallDisk(at: box.work + "/disk", kilobytes: 64) else { return false }
        withExtendedLifetime(disk) {}
        return true
    }()

    init(at path: String, kilobytes: Int) throws {
        self.path = path
        mkdir(path, 0o755)
        guard mount("tmpfs", path, "tmpfs", 0, "size=\(kilobytes)k") == 0 else { throw Trouble("mount: \(String(cString: strerror(errno)))") }
    }

    func resize(kilobytes: Int) throws {
        guard mount("tmpfs", path, "tmpfs", UInt(MS_REMOUNT), "size=\(kilobytes)k") == 0 else {
            throw Trouble("remount: \(String(cString: strerror(errno)))")
        }
    }

    deinit { umount2(path, Int32(MNT_DETACH)) }
}
