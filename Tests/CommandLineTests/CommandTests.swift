import Glibc
import Testing

/// A job of pictures that a script is let loose on, with a folder for temporary files of its own.
private struct CommandJob {
    let box: Sandbox
    private let words: [Name]
    var environment: [String: String] { ["TMPDIR": box.root + "/" + temporary] }
    private let temporary: String

    /// - Parameter script: of a shell; `$1` and `$2` are the two files, `$work` is the working folder. A line in the file `pids` there
    ///   names each process that shall not survive.
    init(_ script: String, pictures: Int = 1, words: [Name] = [], temporary: String = "tmp") throws {
        box = try Sandbox()
        self.words = words
        self.temporary = temporary
        try box.makeFolder(Name(box.root + "/" + temporary))
        for index in 1...pictures { try box.write(TinyPicture.jpeg(40), to: "in/p\(index).jpg") }
        try box.write("work='\(box.work)'\n" + script + "\n", to: "tool")
        try box.write("actions:\n  - command: \"sh '\(box.work)/tool' {in} {out}\"\n", to: "r.yaml")
    }

    func start() throws -> Running {
        try box.start(
            ["quire", "run", "in", "-o", "out", "--recipe", "r.yaml", "--allow-commands", "--progress", "json", "--jobs", "1"] + words,
            environment: environment)
    }

    func untilHanging() throws { try eventually("the script hangs") { box.exists("hanging") } }

    var processes: [pid_t] { box.text("pids").split(separator: "\n").compactMap { pid_t($0) } }

    func expectNothingLeft(_ place: SourceLocation = #_sourceLocation) throws {
        #expect(!processes.isEmpty, sourceLocation: place)
        try eventually("\(processes.filter(ProcessTree.isAlive)) are gone") { !processes.contains(where: ProcessTree.isAlive) }
        try eventually("the program's folder is gone: \(left)") { left.isEmpty }
        box.expectTidy(place)
    }

    private var left: [Name] { box.files(below: Name(box.root + "/" + temporary)) }

    /// Hangs with a child, and with a daemon in a session of its own.
    static let hanging = """
        setsid sleep 1000 & echo $! >>"$work/pids"
        sleep 1000 & echo $! >>"$work/pids"
        echo $$ >>"$work/pids"; : >"$work/hanging"
        wait
        """
}

@Suite("What a command action starts ends with it", .serialized)
struct CommandTests {
    @Test("A worker killed with -9 takes the program along, with a daemon it made and its files; the picture gets a second try")
    func workerKilled() throws {
        let job = try CommandJob("if [ ! -e \"$work/pids\" ]; then\n\(CommandJob.hanging)\nfi\ncp \"$1\" \"$2\"")
        let running = try job.start()
        try job.untilHanging()
        let agent = try #require(ProcessTree.children(of: running.id).first { ProcessTree.name($0) == "quire-agent" })
        for worker in ProcessTree.children(of: agent) { kill(worker, SIGKILL) }
        let ended = try running.wait()
        #expect(ended.status == 0, "\(ended)")
        #expect(try job.box.width("out/p1.jpg") == 40)
        try job.expectNothingLeft()
    }

    @Test("When a picture's time is up, nothing of its program is left")
    func timeout() throws {
        let job = try CommandJob(CommandJob.hanging, words: ["--timeout", "1"])
        let ended = try job.start().wait()
        #expect(ended.status == 3 && ended.errors.contains("\"reason\":\"timeout\""), "\(ended)")
        try job.expectNothingLeft()
    }

    @Test("Ctrl-C twice, or the agent killed with the head, leaves no program behind", arguments: [SIGINT, SIGKILL])
    func stopped(signal: Int32) throws {
        let job = try CommandJob(CommandJob.hanging)
        let running = try job.start()
        try job.untilHanging()
        if signal == SIGINT {
            running.signal(SIGINT)
            try eventually("it says that it stops") { running.errorsSoFar.contains("stopping") }
            running.signal(SIGINT)
            #expect(try running.wait(seconds: 20).status == 130)
        } else {
            for process in [running.id] + ProcessTree.children(of: running.id) { kill(process, SIGKILL) }
            _ = try running.wait()
        }
        #expect(!job.processes.isEmpty)
        try eventually("nothing of it runs") { !job.processes.contains(where: ProcessTree.isAlive) }
    }

    @Test("A program that reads its input, prints megabytes and leaves a daemon is neither waited for nor kept")
    func noisy() throws {
        let job = try CommandJob(
            """
            read line && exit 1
            head -c 30000000 /dev/zero >&2; head -c 30000000 /dev/zero
            setsid sleep 1000 & echo $! >>"$work/pids"
            cp "$1" "$2"
            """)
        let ended = try job.start().wait()
        #expect(ended.status == 0, "\(ended.errors.prefix(3000))")
        try job.expectNothingLeft()
    }

    @Test("What it writes is held to the limits of its job; no picture, a pipe or nothing at all fails the file")
    func limits() throws {
        for (script, told) in [
            ("convert -size 300x300 xc:red png:\"$2\"", "too-large"), ("mkfifo \"$2\"", "wrote no {out}"), ("echo text >\"$2\"", "no picture"),
            ("kill -SEGV $$", "SIGSEGV"), ("exec no-such-program", "not found"),
        ] {
            let job = try CommandJob("echo $$ >\"$work/pids\"\n" + script, words: ["--max-pixels", "80000"])
            let ended = try job.start().wait()
            #expect(ended.status == 3 && ended.errors.contains(told), "\(told): \(ended)")
            #expect(job.box.files(below: "out") == [])
            try job.expectNothingLeft()
        }
    }

    @Test("Temporary files may lie in a folder of any name")
    func oddFolder() throws {
        let job = try CommandJob("echo $$ >\"$work/pids\"; cp \"$1\" \"$2\"", temporary: "t [1]{in}%é")
        let ended = try job.start().wait()
        #expect(ended.status == 0, "\(ended)")
        try job.expectNothingLeft()
    }

    @Test("A stopped or failed job whose recipe runs programs goes on here, and is refused on hosts")
    func resumed() throws {
        let job = try CommandJob(
            ": >\"$work/hanging\"; echo $$ >>\"$work/pids\"; while [ ! -e \"$work/go\" ]; do sleep 0.02; done; [ -e \"$work/well\" ] && cp \"$1\" \"$2\"",
            pictures: 3)
        let running = try job.start()
        try job.untilHanging()
        running.signal(SIGINT)
        try eventually("it says that it stops") { running.errorsSoFar.contains("stopping") }
        try job.box.write("", to: "go")
        #expect(try running.wait().status == 75)
        let elsewhere = try job.box.quire("resume", "--host", "tower", expect: 2)
        #expect(elsewhere.errors.contains("this machine alone"), "\(elsewhere)")
        try job.box.quire("resume", environment: job.environment, expect: 3)
        let failed = try job.box.quire("retry", "--host", "tower", expect: 2)
        #expect(failed.errors.contains("this machine alone"), "\(failed)")
        try job.box.write("", to: "well")
        try job.box.quire("retry", environment: job.environment, expect: 0)
        #expect(job.box.files(below: "out").count == 3)
        try job.expectNothingLeft()
    }
}
