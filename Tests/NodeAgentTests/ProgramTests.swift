import Bundles
import Digests
import Foundation
import Glibc
import JobModel
import LinuxSystem
import Programs
import Testing
import WireProtocol

@Suite("An agent that runs programs", .serialized)
struct ProgramTests {
    struct Unexpected: Error {}

    /// A session with minders on this machine, and the folder that programs work in.
    private final class Host {
        let folder: TemporaryFolder
        let session: AgentSession

        /// - Parameters:
        ///   - script: what each task runs; its argument is `$1`.
        ///   - scratch: makes this a host of its own, not this machine's agent.
        init(
            _ script: String, slots: Int = 1, folder: TemporaryFolder? = nil, program: String? = nil, cpusPerTask: Int = 1, epoch: UInt32 = 1,
            scratch: TemporaryFolder? = nil, environment: [String]? = nil, awaitReady: Bool = true, slotsFolder: String? = nil, job: String = "job",
            start: ProgramStart? = nil, variables: [String] = [], changing: (inout ProgramSpec) -> Void = { _ in }
        ) throws {
            self.folder = try folder ?? TemporaryFolder()
            try FileOperation.createFolders(RawPath(self.folder.path).appending("spool"))
            session = try AgentSession(variables: variables, slotsFolder: slotsFolder, start: start)
            var spec = try ProgramSpec(words: ["/bin/sh", "-c", script, "sh", "{}"].map { Array($0.utf8) })
            changing(&spec)
            let path = RawPath(self.folder.path)
            let terms = ProgramTerms(
                cpusPerTask: cpusPerTask, environment: environment.map { $0.map { Array($0.utf8) } },
                lockFile: scratch == nil ? path.appending("programs.lock") : nil, program: program.map { RawPath($0) }, workingFolder: path, isShared: true)
            try session.start(
                slots: slots, leaseSeconds: scratch == nil ? 0 : 30, job: job, epoch: epoch, scratch: scratch?.path, awaitReady: awaitReady,
                spec: spec, programs: terms, place: { .minder })
        }

        func order(_ task: Int, _ argument: String, attempt: UInt32 = 1, limitMilliseconds: UInt64? = nil) -> WorkOrder {
            let path = RawPath(folder.path)
            return session.order(
                task, argument,
                kind: .program(
                    ProgramOrder(
                        argument: RawPath(argument), kind: .text, number: Int64(task), workingFolder: path, outputs: [],
                        spoolFolder: path.appending("spool"), limitMilliseconds: limitMilliseconds)), attempt: attempt)
        }

        func assign(_ arguments: [String]) { session.send(.assign(arguments.enumerated().map { order($0, $1) })) }

        /// The process id that a program wrote to a file there.
        func id(_ name: String) throws -> Int32 {
            let path = folder.path + "/" + name
            var id: Int32?
            try session.serve(seconds: 20) {
                guard FileManager.default.fileExists(atPath: path) else { return false }
                let text = try String(contentsOfFile: path, encoding: .utf8)
                if text.hasSuffix("\n") { id = Int32(text.dropLast()) }
                return id != nil
            }
            guard let id else { throw Unexpected() }
            return id
        }

        var unusable: String {
            get throws {
                guard case .unusable(let text) = try session.next(where: { if case .unusable = $0 { true } else { false } }) else { throw Unexpected() }
                return text
            }
        }
    }

    private func isRunning(_ id: Int32) -> Bool { ProcessSample.take(of: id) != nil }

    private func eventually(_ condition: () throws -> Bool) rethrows -> Bool {
        let deadline = SystemClock.monotonicMilliseconds() + 15_000
        while SystemClock.monotonicMilliseconds() < deadline {
            if try condition() { return true }
            usleep(2_000)
        }
        return try condition()
    }

    private func text(_ report: WorkReport?) -> String? {
        guard case .whole(let bytes)? = report?.program?.output else { return nil }
        return String(decoding: bytes, as: UTF8.self)
    }

    @Test("Programs run in all slots, and each end and what was printed is reported")
    func life() throws {
        let host = try Host("echo \"<$1>\"; exit $(($1 % 3 == 1))", slots: 3)
        host.assign((0..<200).map { "\($0)" })
        let reports = try host.session.reports(200)
        for (task, report) in reports {
            #expect(text(report) == "<\(task.rawValue)>\n")
            switch report.outcome {
            case .failed(let failure): #expect(failure.reason == .exitCode && task.rawValue % 3 == 1)
            case .finished: #expect(task.rawValue % 3 != 1)
            case .notStored: Issue.record("not stored")
            }
        }
        host.session.hangUp()
        #expect(try host.session.wait() == .exited(code: 0))
        #expect(host.session.errorText == "")
    }

    @Test("Programs have the environment that was given, and no more open files than the agent was given")
    func environment() throws {
        let limit = rlimit.openFiles
        let host = try Host("env; ulimit -n", environment: ["PATH=/usr/bin:/bin", "ONLY=this"])
        host.assign(["x"])
        let lines = try #require(text(try host.session.reports(1)[TaskIndex(0)])).split(separator: "\n").map(String.init)
        #expect(lines.contains("ONLY=this") && !lines.contains { $0.hasPrefix("HOME=") || $0.hasPrefix("VIPS_CONCURRENCY=") })
        #expect(lines.last == "\(limit)")
    }

    @Test("A cancelled program is ended, what it left too, and its slot takes the next one")
    func cancel() throws {
        let host = try Host("[ $1 = next ] && exit 0; setsid sleep 1000 & echo $! > left; echo $$ > main; trap '' TERM; while :; do sleep 1; done")
        host.assign(["long"])
        let (left, main) = (try host.id("left"), try host.id("main"))
        host.session.send(.cancel([Attempt(task: TaskIndex(0), number: 1)]))
        _ = try host.session.next { $0 == .released([TaskIndex(0)]) }
        #expect(!isRunning(left) && !isRunning(main))
        host.session.send(.assign([host.order(1, "next")]))
        #expect(try host.session.reports(1)[TaskIndex(1)]?.program?.end == .exited(code: 0))
    }

    @Test("A killed minder: its task is reported as crashed, once, when nothing of its program is left; the next one runs")
    func killedMinder() throws {
        let host = try Host("[ $1 = next ] && exit 0; setsid sleep 1000 & echo $! > left; (setsid sleep 1000 & echo $! > deep) & echo $$ > main; wait")
        host.assign(["long", "next"])
        let ids = [try host.id("left"), try host.id("deep"), try host.id("main")]
        let minders = AgentSession.children(of: host.session.processID)
        #expect(minders.count == 1)
        kill(minders[0], SIGKILL)
        let reports = try host.session.reports(2)
        for id in ids { #expect(!isRunning(id)) }
        guard case .failed(let failure)? = reports[TaskIndex(0)]?.outcome else { throw Unexpected() }
        #expect(failure.reason == .crashed && failure.message == "its minder ended while the program may have run: SIGKILL")
        #expect(reports[TaskIndex(1)]?.program?.end == .exited(code: 0))
        #expect(host.session.takeReports() == 0)
    }

    @Test("Whatever ends the agent, no program is left, and the lock is free once none is", arguments: ["hang up", "stop", "terminate", "kill", "kill all of its group"])
    func ends(how: String) throws {
        let host = try Host("trap '' TERM HUP; setsid sleep 1000 & echo $! > left; echo $$ > main; while :; do sleep 1; done", slots: 2)
        host.assign(["a"])
        let (main, left) = (try host.id("main"), try host.id("left"))
        let lock = RawPath(host.folder.path).appending("programs.lock")
        #expect(try FileLock.holder(of: lock) != nil)
        switch how {
        case "hang up": host.session.hangUp()
        case "stop": host.session.send(.stop)
        case "terminate": host.session.terminateAgent()
        case "kill": kill(host.session.processID, SIGKILL)
        default: host.session.killAgent()
        }
        defer { kill(left, SIGKILL) }
        // As long as it runs the lock is held.
        #expect(try eventually { try FileLock.holder(of: lock) == nil })
        if how == "kill all of its group" {
            // Nobody is left to look for what the program had started, but the program itself dies with its minder.
            #expect(eventually { !isRunning(main) })
        } else {
            #expect(!isRunning(main) && !isRunning(left))
        }
        _ = try host.session.wait()
    }

    @Test("The next agent of this machine waits until the programs of a killed one are gone")
    func nextAgent() throws {
        let first = try Host("trap '' TERM; echo $$ > main; while :; do sleep 1; done")
        first.assign(["a"])
        let main = try first.id("main")
        kill(first.session.processID, SIGKILL)
        let second = try Host("exit 0", folder: first.folder, epoch: 2)
        #expect(!isRunning(main))
        second.assign(["b"])
        _ = try second.session.reports(1)
    }

    @Test("A newer agent of a host takes the place of an older one when its programs are gone, also a frozen or killed one", arguments: ["works", "frozen", "killed"])
    func takeOver(state: String) throws {
        let scratch = try TemporaryFolder()
        let old = try Host("trap '' TERM; echo $$ > main; while :; do sleep 1; done", scratch: scratch)
        old.assign(["a"])
        let main = try old.id("main")
        switch state {
        case "frozen": kill(old.session.processID, SIGSTOP)
        case "killed": kill(old.session.processID, SIGKILL)
        default: break
        }
        let new = try Host("exit 0", folder: old.folder, epoch: 2, scratch: scratch)
        #expect(!isRunning(main))
        new.assign(["b"])
        _ = try new.session.reports(1)
    }

    @Test("A program that is not there is told before any task, with the cure")
    func missing() throws {
        #expect(try Host("", program: "no-such-program", awaitReady: false).unusable == "no-such-program is not there: install it, or name the folder it is in")
        #expect(try Host("", program: "./nothing", awaitReady: false).unusable == "./nothing is not there: No such file or directory")
        let folder = try TemporaryFolder()
        try Data("x".utf8).write(to: URL(fileURLWithPath: folder.path + "/tool"))
        #expect(try Host("", folder: folder, program: "./tool", awaitReady: false).unusable == "./tool may not be run: make it executable with chmod +x")
        _ = try Host("", program: "sh")
    }

    @Test("A limit that is told while programs run ends them, and holds for minders that come later")
    func limit() throws {
        let host = try Host("echo $$ > main; sleep 1000")
        host.assign(["a"])
        _ = try host.id("main")
        host.session.send(.limitTime(milliseconds: 100))
        #expect(try host.session.failure(0)?.reason == .timeout)
        let old = AgentSession.children(of: host.session.processID)
        kill(old[0], SIGKILL)
        // Else it would be given to the dying one.
        try host.session.serve { ![[], old].contains(AgentSession.children(of: host.session.processID)) }
        host.session.send(.assign([host.order(1, "b")]))
        #expect(try host.session.failure(1)?.reason == .timeout)
    }

    @Test("What is printed comes while the program runs, all of it, and a head that does not read makes it wait")
    func printed() throws {
        let host = try Host("seq 1 3000000; echo done > done", changing: { $0.streamsLines = true })
        host.assign(["a"])
        // Nothing is read meanwhile: there is room for some megabytes on the way, not for all.
        _ = try host.session.next { if case .printed = $0 { true } else { false } }
        #expect(!FileManager.default.fileExists(atPath: host.folder.path + "/done"))
        var bytes = 0
        var report: WorkReport?
        while report == nil {
            switch try host.session.next(where: { message in
                switch message {
                case .printed, .reports: true
                default: false
                }
            }) {
            case .printed(_, _, let more): bytes += more.count
            case .reports(let reports): report = reports.first
            default: throw Unexpected()
            }
        }
        #expect(report?.program?.output.sizeBytes == 22_888_896)
        // The first was looked at above.
        #expect(bytes > 22_888_896 - (2 * AgentMessage.printedBytesMax) && bytes < 22_888_896)
    }

    @Test("A task of two CPUs takes two of the host's slots, and no more tasks run than these allow")
    func cpus() throws {
        let slots = try TemporaryFolder()
        let host = try Host("echo > at-$1; while [ ! -e go ]; do sleep 0.01; done", slots: 2, cpusPerTask: 2, slotsFolder: slots.path)
        host.assign(["0", "1", "2"])
        func held() throws -> Int {
            try FolderListing.entries(of: RawPath(slots.path)).count { entry in
                guard entry.name.display.hasPrefix("slot-") else { return false }
                return try FileLock.holder(of: RawPath(slots.path).appending(entry.name), users: .everybody) != nil
            }
        }
        try host.session.serve { try held() == 4 && FileManager.default.fileExists(atPath: host.folder.path + "/at-1") }
        #expect(!FileManager.default.fileExists(atPath: host.folder.path + "/at-2"))
        // Another job finds three of the four taken at most: its one task runs, without locks of its own.
        let other = try Host("exit 0", slots: 2, cpusPerTask: 2, slotsFolder: slots.path, job: "other")
        other.assign(["x"])
        _ = try other.session.reports(1)
        try Data().write(to: URL(fileURLWithPath: host.folder.path + "/go"))
        _ = try host.session.reports(3)
    }

    @Test("An agent from a bundle starts its minders through the bundle's own loader")
    func fromBundle() throws {
        let home = try TemporaryFolder()
        let bundle = try BundleMaker(cacheFolder: RawPath(home.path).appending("made"), remembers: false).agent(try AgentSession.productFolder.appending("quire-agent"))
        let folder = RawPath(home.path).appending(bundle.manifest.folderName(SHA256Stream.self))
        for (entry, path) in zip(bundle.manifest.files, bundle.paths) {
            let target = folder.appending(entry.name)
            try FileOperation.createFolders(target.parent)
            try FileManager.default.copyItem(atPath: FileOperation.resolved(path).display, toPath: target.display)
            try FileOperation.setMode(target, entry.mode)
        }
        let host = try Host("echo $1; tr '\\0' ' ' < /proc/$PPID/cmdline", start: BundleLayout.agentStart(in: folder), variables: ["HOME=\(home.path)"])
        host.assign(["from a bundle"])
        let lines = try #require(text(try host.session.reports(1)[TaskIndex(0)])).split(separator: "\n").map(String.init)
        #expect(lines.first == "from a bundle")
        #expect(lines.last?.hasPrefix("\(folder)/ld.so") == true && lines.last?.hasSuffix("quire-agent minder ") == true)
        host.session.hangUp()
        #expect(try host.session.wait() == .exited(code: 0))
    }
}

extension rlimit {
    /// Of this process: what it starts gets the same.
    fileprivate static var openFiles: UInt64 {
        var limit = rlimit()
        getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
        return UInt64(limit.rlim_cur)
    }
}
