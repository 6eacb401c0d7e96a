import Glibc
import JobModel
import LinuxSystem
import Testing

@Suite("Starting processes")
struct ProcessTests {
    @Test("A child has the descriptors named and no others")
    func descriptors() throws {
        // Would be inherited if it were not closed for children; without O_CLOEXEC on purpose.
        let leak = open("/dev/null", O_RDONLY)
        defer { close(leak) }
        let (end, output) = try run("/bin/sh", ["-c", "ls /proc/$$/fd"])
        #expect(end == .exited(code: 0))
        #expect(output.split(separator: "\n") == ["0", "1", "2"])
    }

    @Test("Descriptors may change places")
    func swappedDescriptors() throws {
        let pipe = try Descriptors.pipe()
        let reading = pipe.reading
        let writing = pipe.writing
        var plan = ProcessPlan(RawPath("/bin/sh"))
        plan.arguments = ["-c", "echo to-three >&3; echo to-one"].map { Array($0.utf8) }
        // 1 is what the parent has as 2; 3 is the pipe.
        plan.descriptors = [nil, 2, nil, writing.descriptor]
        var process = try ChildProcess(starting: plan)
        let end = try process.wait()
        #expect(end == .exited(code: 0))
        #expect(try reading.readSome() == "to-three\n")
    }

    @Test("A child has an empty signal mask and default signals, whatever its parent has")
    func signals() throws {
        var blocked = sigset_t()
        sigemptyset(&blocked)
        sigaddset(&blocked, SIGTERM)
        pthread_sigmask(SIG_BLOCK, &blocked, nil)
        signal(SIGPIPE, SIG_IGN)
        defer { pthread_sigmask(SIG_UNBLOCK, &blocked, nil) }
        let (_, output) = try run("/bin/grep", ["-E", "Sig(Blk|Ign)", "/proc/self/status"])
        // 32 and 33 are the C library's own, which it lets nobody change.
        let masks = output.split(separator: "\n").map { UInt64($0.suffix(16), radix: 16).map { $0 & ~(3 << 31) } }
        #expect(masks == [0, 0])
    }

    @Test("Limits and courtesies hold from the first instruction")
    func limits() throws {
        let (_, output) = try run("/bin/sh", ["-c", "ulimit -v; ulimit -f; ulimit -c; nice; cat /proc/self/oom_score_adj"]) {
            plan in
            plan.addressSpaceBytesMax = 1 << 30
            plan.fileBytesMax = 1 << 20
            plan.yieldsToOthers = true
            plan.outOfMemoryScore = 500
        }
        // ulimit -f counts blocks of 512 bytes.
        #expect(output.split(separator: "\n") == ["1048576", "2048", "0", "19", "500"])
        let (_, policy) = try run("/usr/bin/chrt", ["-p", "0"]) { $0.yieldsToOthers = true }
        #expect(policy.contains("SCHED_IDLE"))
    }

    @Test("Environment, arguments of any bytes and the working folder arrive")
    func environment() throws {
        let (_, output) = try run("/bin/sh", ["-c", "pwd; echo \"$ONE\"; printf %s \"$0\" | od -An -tx1", "x"]) { plan in
            plan.environment = [Array("ONE=two words".utf8)]
            plan.arguments[2] = [0xFF, 0x20, 0x0A]
            plan.folder = RawPath("/usr")
        }
        #expect(output == "/usr\ntwo words\n ff 20 0a\n")
    }

    @Test("A group of its own is killed as one")
    func group() throws {
        let pipe = try Descriptors.pipe()
        let reading = pipe.reading
        var plan = ProcessPlan(RawPath("/bin/sh"))
        plan.arguments = ["-c", "sleep 1000 & echo started; wait"].map { Array($0.utf8) }
        plan.leadsGroup = true
        plan.environment = ProcessPlan.inheritedEnvironment()
        var process = try Self.starting(plan, output: pipe.writing)
        #expect(try reading.readSome() == "started\n")
        process.kill()
        let end = try process.wait()
        #expect(end == .killed(signal: SIGKILL))
        // The pipe ends only when the grandchild is dead too.
        #expect(try reading.readSome() == "")
    }

    @Test("A program that is not there is an error that names it, and leaves no child")
    func absent() throws {
        do {
            _ = try ChildProcess(starting: ProcessPlan(RawPath("/no/such/program")))
            Issue.record("started")
        } catch {
            #expect(error.isNotFound)
            #expect(error.subject == "/no/such/program")
        }
        var plan = ProcessPlan(RawPath("/bin/true"))
        plan.folder = RawPath("/no/such/folder")
        #expect(throws: SystemError.self) { _ = try ChildProcess(starting: plan) }
    }

    @Test("The end tells exit codes and signals apart, and wakes a poll")
    func ends() throws {
        var process = try ChildProcess(starting: Self.shell("exit 7"))
        if let exit = process.exitDescriptor {
            let poll = try EventPoll()
            try poll.watch(exit, for: .readable, tag: 9)
            #expect(try poll.wait(milliseconds: 10_000).map(\.tag) == [9])
        }
        let end = try process.wait()
        #expect(end == .exited(code: 7))
        var other = try ChildProcess(starting: Self.shell("kill -ABRT $$"))
        let otherEnd = try other.wait()
        #expect(otherEnd == .killed(signal: SIGABRT))
        #expect(otherEnd.description == "SIGABRT")
    }

    @Test("A child that dies with its thread dies with its thread")
    func diesWithThread() throws {
        let kept = Kept()
        let thread = SystemThread("parent") {
            do {
                let pipe = try Descriptors.pipe()
                var plan = Self.shell("exec sleep 60")
                plan.environment = ProcessPlan.inheritedEnvironment()
                plan.diesWithThread = true
                let process = try Self.starting(plan, output: pipe.writing)
                let reading = pipe.reading
                // Kept by us, so that only the thread's end can kill it.
                kept.process = consume process
                kept.reading = consume reading
            } catch {
                Issue.record(error)
            }
        }
        thread.join()
        let start = SystemClock.monotonicMilliseconds()
        let rest = try kept.reading?.readSome()
        #expect(rest == "")
        #expect(SystemClock.monotonicMilliseconds() - start < 30_000, "it ended only when its sleep did")
    }

    /// @unchecked because the thread that writes it is joined before it is read.
    private final class Kept: @unchecked Sendable {
        var process: ChildProcess?
        var reading: OpenFile?
    }

    private static func shell(_ script: String) -> ProcessPlan {
        var plan = ProcessPlan(RawPath("/bin/sh"))
        plan.arguments = ["-c", script].map { Array($0.utf8) }
        return plan
    }

    private static func starting(_ plan: ProcessPlan, output: consuming OpenFile) throws(SystemError) -> ChildProcess {
        var plan = plan
        plan.descriptors = [nil, output.descriptor, nil]
        return try ChildProcess(starting: plan)
    }
}

extension OpenFile {
    /// One read of a pipe, as text; empty at its end.
    func readSome() throws -> String {
        var buffer = [UInt8](repeating: 0, count: 4096)
        switch Descriptors.read(descriptor, into: &buffer) {
        case .bytes(let count): return String(decoding: buffer[..<count], as: UTF8.self)
        case .nothingYet, .ended: return ""
        case .failed(let error): throw error
        }
    }
}

@Suite("Buffers and groups")
struct BufferTests {
    @Test("Bytes leave in order through a full pipe, and no more are taken than the bound")
    func outgoing() throws {
        let pipe = try Descriptors.pipe()
        try Descriptors.setNonBlocking(pipe.writing.descriptor)
        var outgoing = OutgoingBytes(bytesMax: 1 << 20)
        let sent = (0..<(1 << 20)).map { UInt8(truncatingIfNeeded: $0 &* 31) }
        let fits = outgoing.append(sent)
        let passes = outgoing.append([1])
        #expect(fits && !passes)
        var received: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 65536)
        var wasBlocked = false
        while received.count < sent.count {
            switch outgoing.write(to: pipe.writing.descriptor) {
            case .blocked: wasBlocked = true
            case .done: break
            case .failed(let error): throw error
            }
            guard case .bytes(let count) = Descriptors.read(pipe.reading.descriptor, into: &buffer) else { break }
            received += buffer[..<count]
        }
        #expect(wasBlocked)
        #expect(received == sent)
        #expect(outgoing.isEmpty)
    }

    @Test("A group tells which of its files could not be made durable")
    func sync() throws {
        let wake = try Wake()
        let threads = SyncThreads(wake: wake)
        defer { threads.stop() }
        let folder = "/tmp/quire-sync-\(getpid())"
        mkdir(folder, 0o700)
        defer { rmdir(folder) }
        let files = (0..<20).map { RawPath("\(folder)/\($0)") }
        for (index, file) in files.enumerated() where index != 7 { _ = try OpenFile(file, .create(mode: 0o600)) }
        defer { for file in files { try? FileOperation.removeIfPresent(file) } }
        threads.start(SyncGroup(id: 42, files: files))
        threads.start(SyncGroup(id: 43, files: []))
        let poll = try EventPoll()
        try poll.watch(wake.descriptor, for: .readable, tag: 1)
        var finished: [SyncedGroup] = []
        while finished.count < 2 {
            #expect(try !poll.wait(milliseconds: 20_000).isEmpty)
            wake.clear()
            finished += threads.takeFinished()
        }
        let group = try #require(finished.first { $0.id == 42 })
        #expect(group.failures.map(\.index) == [7])
        #expect(group.failures.first?.error.isNotFound == true)
        #expect(finished.contains { $0.id == 43 && $0.failures.isEmpty })
    }
}
