import Glibc
import JobModel
import LinuxSystem
import SSHTransport
import Synchronization
import Testing

/// What carries bytes to the programs of one suite.
enum Carrier: String, CaseIterable, CustomTestStringConvertible {
    case memory, local, libssh, openssh

    /// With programs that run a shell.
    static let shells: [Carrier] = [.local, .libssh, .openssh]
    static let remote: [Carrier] = [.libssh, .openssh]
    var testDescription: String { rawValue }
}

/// A session and the server behind it, which lives as long as the session is used.
final class Host: Sendable {
    let server: SSHServer?
    let session: any HostSession

    init(_ carrier: Carrier, _ sshdConfiguration: String = "") throws {
        switch carrier {
        case .memory: (server, session) = (nil, MemorySession())
        case .local: (server, session) = (nil, LocalSession())
        case .libssh, .openssh:
            let server = try SSHServer(sshdConfiguration)
            self.server = server
            session = try server.connect(carrier == .libssh ? .libssh : .openssh)
            #expect(session.transport.rawValue == carrier.rawValue)
        }
    }

    func run(_ command: String, outputBytesMax: Int = 1 << 20, limitSeconds: Int = 20) throws -> CommandResult {
        try withExtendedLifetime(self) { try session.run(command, outputBytesMax: outputBytesMax, limitSeconds: limitSeconds) }
    }
}

/// The same promises for every transport.
@Suite(.serialized) struct ConformanceTests {
    @Test(arguments: Carrier.allCases) func `Random bytes come back the same, both ways at once`(_ carrier: Carrier) throws {
        try echo(Host(carrier), mebibytes: 64)
    }

    @Test(arguments: Carrier.remote) func `New session keys under load lose nothing`(_ carrier: Carrier) throws {
        try echo(Host(carrier, "RekeyLimit 1M"), mebibytes: 16)
    }

    /// Sends through `cat` from a thread of its own and compares on the channel's.
    private func echo(_ host: Host, mebibytes: Int) throws {
        var generator = SystemRandomNumberGenerator()
        let block = (0..<(1 << 17)).flatMap { _ in withUnsafeBytes(of: generator.next()) { Array($0) } }
        let received = Mutex((bytes: 0, wrong: 0))
        let ended = Ended()
        let channel = try host.session.open("cat") { event in
            switch event {
            case .ended(let end): ended.tell(end)
            case .received(let bytes):
                received.withLock { received in
                    var start = 0
                    while start < bytes.count {
                        let at = received.bytes % block.count
                        let count = min(bytes.count - start, block.count - at)
                        let isEqual = bytes.withUnsafeBytes { got in block.withUnsafeBytes { memcmp(got.baseAddress! + start, $0.baseAddress! + at, count) == 0 } }
                        if !isEqual { received.wrong += 1 }
                        received.bytes += count
                        start += count
                    }
                }
            }
        }
        for _ in 0..<mebibytes { #expect(channel.send(block, .bulk)) }
        channel.finish()
        try awaitUntil("cat ends", seconds: 60) { ended.end != nil }
        #expect(ended.end == .exited(.status(0), standardError: ""))
        received.withLock {
            #expect($0.bytes == mebibytes << 20)
            #expect($0.wrong == 0)
        }
    }

    @Test(arguments: Carrier.shells) func `Control goes before bulk that waits`(_ carrier: Carrier) throws {
        let host = try Host(carrier)
        let gate = Mailbox<Void>(elementsMax: 1)
        let order = Mutex([UInt8]())
        let ended = Ended()
        let isHeld = Ended()
        let channel = try host.session.open("cat") { event in
            switch event {
            case .received(let bytes):
                if bytes.first == 1 {
                    isHeld.tell(.closedByUs)
                    _ = gate.receiveOne(waitingMilliseconds: 20_000)
                }
                order.withLock { order in for byte in bytes where order.last != byte { order.append(byte) } }
            case .ended(let end): ended.tell(end)
            }
        }
        channel.send([1], .control)
        // The channel's thread is in the sink now: what is queued meanwhile waits.
        try awaitUntil("first byte is back") { isHeld.end != nil }
        for _ in 0..<4 { #expect(channel.sendIfRoom([UInt8](repeating: 2, count: 256 << 10), .bulk)) }
        #expect(!channel.sendIfRoom([2], .bulk), "the lane is full")
        #expect(channel.sendIfRoom([3], .control), "the other is not")
        gate.send(())
        channel.finish()
        try awaitUntil("cat ends") { ended.end != nil }
        #expect(order.withLock { $0 } == [1, 3, 2])
    }

    @Test(arguments: Carrier.shells) func `The end tells exit code and last words`(_ carrier: Carrier) throws {
        let host = try Host(carrier)
        let result = try host.run("head -c 50000 /dev/zero | tr '\\0' x >&2; echo oops >&2; echo out; exit 7")
        #expect(result.end == .status(7))
        #expect(result.output == Array("out\n".utf8))
        #expect(result.standardError.hasSuffix("xoops\n") && result.standardError.utf8.count == 32 << 10)
    }

    @Test(arguments: [Carrier.local, .libssh]) func `A program ended by a signal is told by its name`(_ carrier: Carrier) throws {
        #expect(try Host(carrier).run("kill -TERM $$").end == .signal("SIGTERM"))
    }

    @Test(arguments: Carrier.shells) func `Programs run one after another in one session`(_ carrier: Carrier) throws {
        let host = try Host(carrier)
        let folder = try makeTemporaryFolder()
        let upload = [UInt8](repeating: 0x5A, count: 5_000_001)
        let target = folder.appending("upload").display
        let stored = try host.session.run("cat > '\(target)' && wc -c < '\(target)'", input: upload)
        #expect(stored.end.isSuccess && String(decoding: stored.output, as: UTF8.self).filter(\.isNumber) == "5000001")
        for number in 0..<5 { #expect(try host.run("echo \(number)").output == Array("\(number)\n".utf8)) }
        let ended = Ended()
        let agent = try host.session.open("cat") { if case .ended(let end) = $0 { ended.tell(end) } }
        #expect(throws: SSHError.busy(host: host.session.name)) { try host.run("true") }
        agent.close()
        try awaitUntil("cat ends") { ended.end != nil }
        #expect(ended.end == .exited(.status(0), standardError: ""))
        try removeFolder(folder)
    }

    @Test(arguments: Carrier.shells) func `A command over its time or its output is ended`(_ carrier: Carrier) throws {
        #expect { try Host(carrier).run("sleep 100", limitSeconds: 1) } throws: { error in
            if case SSHError.timedOut(_, .command("sleep 100"), seconds: 1) = error { true } else { false }
        }
        #expect { try Host(carrier).run("cat /dev/zero", outputBytesMax: 1 << 20) } throws: { error in
            if case SSHError.commandFailed = error { true } else { false }
        }
    }

    @Test(arguments: Carrier.shells) func `A slow consumer holds the program back instead of filling memory`(_ carrier: Carrier) throws {
        let host = try Host(carrier)
        let ended = Ended()
        let count = Mutex(0)
        let before = try residentBytes()
        let channel = try host.session.open("cat /dev/zero") { event in
            switch event {
            case .received:
                Pause.milliseconds(20)
                count.withLock { $0 += 1 }
            case .ended(let end): ended.tell(end)
            }
        }
        try awaitUntil("some chunks") { count.withLock { $0 } >= 60 }
        #expect(try residentBytes() - before < 60 << 20)
        channel.abort()
        try awaitUntil("the end") { ended.end != nil }
        #expect(ended.end == .closedByUs)
    }

    @Test(arguments: Carrier.allCases) func `Closing and aborting may be repeated, and the end is told once`(_ carrier: Carrier) throws {
        let host = try Host(carrier)
        let ended = Ended()
        let channel = try host.session.open("cat") { if case .ended(let end) = $0 { ended.tell(end) } }
        channel.close()
        channel.close()
        channel.finish()
        try awaitUntil("the end") { ended.end != nil }
        channel.abort()
        channel.abort()
        channel.close()
        #expect(!channel.send([1], .bulk) && !channel.sendIfRoom([1], .control))
        #expect(ended.count == 1)
        #expect(ended.end == .exited(.status(0), standardError: ""))
    }

    @Test(arguments: Carrier.allCases) func `A sender that waits for room is freed by the end`(_ carrier: Carrier) throws {
        let host = try Host(carrier)
        let ended = Ended()
        let channel = try host.session.open("sleep 100") { if case .ended(let end) = $0 { ended.tell(end) } }
        let outcome = Mailbox<Bool>(elementsMax: 1)
        let sender = SystemThread("sender") {
            while channel.send([UInt8](repeating: 0, count: 1 << 20), .bulk) {}
            outcome.send(true)
        }
        #expect(outcome.receiveOne(waitingMilliseconds: 300) == nil, "nobody reads, so it must wait")
        channel.abort()
        #expect(outcome.receiveOne(waitingMilliseconds: 10_000) == true)
        sender.join()
        try awaitUntil("the end") { ended.end != nil }
    }
}

/// What faults of the far side do.
@Suite(.serialized) struct FaultTests {
    /// Both ways at once, until told to stop.
    private final class Load: Sendable {
        let ended = Ended()
        let channel: any ByteChannel
        private let sender: SystemThread

        init(_ host: Host) throws {
            let (ended, count) = (ended, Reference(0))
            let channel = try host.session.open("cat") { event in
                switch event {
                case .received(let bytes): count.value.withLock { $0 += bytes.count }
                case .ended(let end): ended.tell(end)
                }
            }
            self.channel = channel
            sender = SystemThread("load") { while channel.send([UInt8](repeating: 7, count: 128 << 10), .bulk) {} }
            try awaitUntil("bytes flow") { count.value.withLock { $0 } > 4 << 20 }
        }

        func finish() { sender.join() }
    }

    final class Reference: Sendable {
        let value: Mutex<Int>
        init(_ value: Int) { self.value = Mutex(value) }
    }

    @Test(arguments: Carrier.remote) func `A killed sshd is noticed at once, in the middle of bulk`(_ carrier: Carrier) throws {
        let host = try Host(carrier)
        let load = try Load(host)
        host.server?.signalConnections(SIGKILL)
        try awaitUntil("the loss", seconds: 10) { load.ended.end != nil }
        guard case .lost = load.ended.end else {
            Issue.record("\(String(describing: load.ended.end))")
            return
        }
        load.finish()
        #expect(throws: SSHError.self) { try host.run("true", limitSeconds: 5) }
    }

    @Test(arguments: Carrier.remote) func `A frozen sshd cannot hold an abort`(_ carrier: Carrier) throws {
        let host = try Host(carrier)
        let load = try Load(host)
        host.server?.signalConnections(SIGSTOP)
        // Until every buffer on the way is full.
        Pause.milliseconds(300)
        load.channel.abort()
        try awaitUntil("the end", seconds: 10) { load.ended.end != nil }
        #expect(load.ended.end == .closedByUs)
        load.finish()
    }

    @Test func `A hundred connections leave no descriptor and no thread`() throws {
        let server = try SSHServer()
        func once(_ transport: TransportChoice) throws {
            let session = try server.connect(transport)
            #expect(try session.run("echo hi").output == Array("hi\n".utf8))
            session.end()
        }
        for _ in 0..<3 { try once(.libssh); try once(.openssh) }
        try awaitUntil("connections end") { server.connections().isEmpty }
        let before = try ownResources()
        for _ in 0..<100 { try once(.libssh) }
        for _ in 0..<5 { try once(.openssh) }
        var after = before
        // Other suites run beside this one: some threads and files may be theirs.
        try awaitUntil("threads and descriptors are gone") {
            after = try ownResources()
            return after.descriptors < before.descriptors + 30 && after.threads < before.threads + 30
        }
        #expect(after.bytes < before.bytes + 30 << 20)
        try awaitUntil("connections end") { server.connections().isEmpty }
    }
}

func residentBytes() throws -> Int {
    Int(try readText(RawPath("/proc/self/statm")).split(separator: " ")[1])! * 4096
}

func ownResources() throws -> (descriptors: Int, threads: Int, bytes: Int) {
    func count(_ folder: String) -> Int {
        guard let directory = opendir(folder) else { return 0 }
        defer { closedir(directory) }
        var count = 0
        while readdir(directory) != nil { count += 1 }
        return count
    }
    return (count("/proc/self/fd"), count("/proc/self/task"), try residentBytes())
}

/// `cat`, or a program that reads nothing, at the other end of a stream in memory.
final class MemorySession: HostSession {
    let name = "memory"
    let transport = Transport.local
    private let programs = Mutex<[MemoryChannel]>([])
    private let held = Mailbox<Void>(elementsMax: 1)

    func open(_ command: String, _ sink: @escaping ChannelSink) throws(SSHError) -> any ByteChannel {
        let held = held
        let itself = Mailbox<MemoryChannel>(elementsMax: 1)
        let known = Known()
        do throws(SystemError) {
            let (near, far) = try MemoryChannel.pair(sink) { event in
                guard let channel = known.channel ?? itself.receiveOne(waitingMilliseconds: 20_000) else { return }
                known.channel = channel
                switch event {
                case .received(let bytes) where command == "cat": channel.send(bytes, .bulk)
                case .received: _ = held.receiveOne(waitingMilliseconds: 20_000)
                case .ended: channel.finish()
                }
            }
            itself.send(far)
            programs.withLock { $0.append(far) }
            return near
        } catch {
            throw .system(host: name, error)
        }
    }

    deinit { held.close() }

    func end() { for channel in programs.withLock({ $0 }) { channel.abort() } }

    private final class Known: Sendable {
        private let state = Mutex<MemoryChannel?>(nil)
        var channel: MemoryChannel? {
            get { state.withLock { $0 } }
            set { state.withLock { $0 = newValue } }
        }
    }
}
