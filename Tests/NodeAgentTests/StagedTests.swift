import Digests
import Foundation
import Glibc
import JobModel
import LinuxSystem
import Staging
import Testing
import WireProtocol

@Suite("An agent whose files travel", .serialized)
struct StagedTests {
    struct Unexpected: Error {}

    /// A session with a scratch folder and a folder for what comes back.
    private final class Host {
        let scratch: TemporaryFolder
        let target: TemporaryFolder
        let source: TemporaryFolder
        let session: AgentSession

        init(slots: Int = 2, leaseSeconds: UInt32 = 30, epoch: UInt32 = 1, scratch: TemporaryFolder? = nil, awaitReady: Bool = true) throws {
            self.scratch = try scratch ?? TemporaryFolder()
            target = try TemporaryFolder()
            source = try TemporaryFolder()
            session = try AgentSession()
            session.stageFiles(into: target)
            try session.start(
                slots: slots, leaseSeconds: leaseSeconds, epoch: epoch, scratch: self.scratch.path, awaitReady: awaitReady)
        }

        /// An order whose input is a file of this text, filled up to a size.
        func order(_ task: Int, _ text: String, sizeBytes: Int = 0, attempt: UInt32 = 1, outputs: Bool = true) throws -> StagedOrder {
            let path = RawPath(source.path).appending("\(task).order")
            var content = Array(text.utf8)
            if content.count < sizeBytes { content += [UInt8](repeating: 0, count: sizeBytes - content.count) }
            let file = try OpenFile(path, .update(mode: 0o600))
            try file.write(content, at: 0)
            let kind = WorkKind.process(
                ProcessOrder(
                    folder: RawPath("/no/such/output"), format: .jpeg, pages: true, spoolFolder: RawPath("/no/such/spool"), digestInput: false,
                    keepTimes: false))
            return StagedOrder(
                order: WorkOrder(
                    attempt: Attempt(task: TaskIndex(task), number: attempt), input: path, identity: try file.facts().identity, kind: kind,
                    tempName: RawPath(".q\(task)-\(attempt)")), stagesInput: true, stagesOutput: outputs)
        }

        func sendInput(of staged: StagedOrder) {
            let order = staged.order
            session.staging?.sender.add(OutgoingFile(path: order.input, file: .input(order.attempt), identity: order.identity))
        }

        /// Names below the scratch folder, of files only.
        var leftovers: [String] {
            let found = FileManager.default.enumerator(atPath: scratch.path)?.compactMap { $0 as? String } ?? []
            return found.filter { name in
                var isFolder: ObjCBool = false
                return FileManager.default.fileExists(atPath: scratch.path + "/" + name, isDirectory: &isFolder) && !isFolder.boolValue
                    && !name.hasSuffix(".lock")
            }
        }
    }

    /// What the fixture worker writes.
    private func pattern(_ count: Int) -> [UInt8] {
        let block = (0..<1 << 16).map { UInt8(truncatingIfNeeded: $0 &* 7 &+ $0 >> 8) }
        var bytes: [UInt8] = []
        while bytes.count < count { bytes += block }
        return Array(bytes.prefix(count))
    }

    private func content(_ path: String) throws -> [UInt8] { Array(try Data(contentsOf: URL(fileURLWithPath: path))) }

    @Test("Inputs go, outputs and spooled pages come back before their reports, under the head's names; nothing stays")
    func endToEnd() throws {
        let host = try Host()
        let sizes = [0, 1, 65_536, 65_537, 300_000, 5_000_000] + Array(repeating: 700, count: 94)
        let orders = try sizes.enumerated().map { try host.order($0, "make:\($1)", sizeBytes: $1) }
        host.session.send(.assignStaged(orders))
        for order in orders { host.sendInput(of: order) }
        var reports: [TaskIndex: WorkReport] = [:]
        while reports.count < sizes.count {
            guard case .reports(let some) = try host.session.next(where: { if case .reports = $0 { true } else { false } }) else { throw Unexpected() }
            for report in some {
                guard case .finished(let work) = report.outcome else {
                    Issue.record("\(report)")
                    return
                }
                #expect(work.files.map(\.temp) == [RawPath(".q\(report.attempt.task.rawValue)-1")])
                reports[report.attempt.task] = report
            }
        }
        for event in try host.session.staging!.received.drain(2 * sizes.count) {
            guard case .arrived(let file, let path, let digest) = event, let task = file.attempt?.task.position else {
                Issue.record("\(event)")
                continue
            }
            var expected = SHA256Stream()
            let size: Int
            if case .spooled = file { size = sizes[task] + 1 } else { size = sizes[task] }
            let bytes = pattern(size)
            bytes.withUnsafeBytes { expected.update($0) }
            #expect(digest == expected.finish())
            #expect(try content(path.display) == bytes)
        }
        try host.session.serve { host.leftovers.isEmpty }
        host.session.hangUp()
        #expect(try host.session.wait() == .exited(code: 0))
        #expect(try FileManager.default.contentsOfDirectory(atPath: host.scratch.path).isEmpty)
    }

    @Test("A copy of the input is not sent back: the head has those bytes")
    func verbatim() throws {
        let host = try Host(slots: 1)
        let order = try host.order(0, "verbatim:900")
        host.session.send(.assignStaged([order]))
        host.sendInput(of: order)
        guard case .finished = try host.session.reports(1)[TaskIndex(0)]?.outcome else { throw Unexpected() }
        let names = try host.session.staging!.received.drain(1).map { if case .arrived(.spooled, _, _) = $0 { "spooled" } else { "\($0)" } }
        #expect(names == ["spooled"])
        try host.session.serve { host.leftovers.isEmpty }
    }

    @Test("Only outputs travel where the input is shared")
    func sharedInput() throws {
        let host = try Host(slots: 1)
        var order = try host.order(0, "make:100")
        order.stagesInput = false
        host.session.send(.assignStaged([order]))
        guard case .finished = try host.session.reports(1)[TaskIndex(0)]?.outcome else { throw Unexpected() }
        #expect(FileManager.default.fileExists(atPath: host.source.path + "/0.order"), "the head's own input stays")
    }

    @Test("A retract gives back orders whose input has not come, and says which others have started")
    func retract() throws {
        let host = try Host(slots: 1)
        let orders = try (0..<3).map { try host.order($0, $0 == 0 ? "nap:2500000" : "make:10") }
        host.session.send(.assignStaged(orders))
        host.sendInput(of: orders[0])
        _ = try host.session.next { if case .load(1, _) = $0 { true } else { false } }
        host.session.send(.retract([0, 1, 2, 9].map { TaskIndex($0) }))
        #expect(try host.session.next { if case .released(let tasks) = $0 { !tasks.isEmpty } else { false } } == .released([1, 2].map { TaskIndex($0) }))
        #expect(try host.session.next { if case .started = $0 { true } else { false } } == .started([0, 9].map { TaskIndex($0) }))
        // Late: it was given back.
        host.sendInput(of: orders[1])
        _ = try host.session.reports(1)
        try host.session.serve { host.leftovers.isEmpty }
        // The same attempt again, as after a lost answer, runs.
        host.session.send(.assignStaged([orders[2]]))
        host.sendInput(of: orders[2])
        guard case .finished = try host.session.reports(1)[TaskIndex(2)]?.outcome else { throw Unexpected() }
    }

    @Test("A cancelled attempt ends with its worker and its files, unreported, and another of the same task runs")
    func cancel() throws {
        let host = try Host(slots: 1)
        let running = try host.order(0, "sleep")
        let waiting = try host.order(1, "make:10")
        host.session.send(.assignStaged([running, waiting]))
        host.sendInput(of: running)
        _ = try host.session.next { if case .load(1, _) = $0 { true } else { false } }
        host.session.send(.cancel([running.order.attempt, waiting.order.attempt, Attempt(task: TaskIndex(99), number: 7)]))
        var answered: [TaskIndex] = []
        while answered.count < 2 {
            let answer = try host.session.next { if case .released = $0 { true } else { false } }
            guard case .released(let tasks) = answer else { throw Unexpected() }
            answered += tasks
        }
        #expect(answered == [TaskIndex(1), TaskIndex(0)])
        let again = try host.order(0, "make:20", attempt: 2)
        host.session.send(.assignStaged([again]))
        host.sendInput(of: again)
        let report = try host.session.reports(1)[TaskIndex(0)]
        #expect(report?.attempt.number == 2)
        guard case .finished = report?.outcome else { throw Unexpected() }
        try host.session.serve { host.leftovers.isEmpty }
    }

    @Test("An order that comes twice runs once; a file for nobody is refused; a broken one is told by nobody")
    func stale() throws {
        let host = try Host(slots: 1)
        let order = try host.order(0, "make:10")
        host.session.send(.assignStaged([order, order]))
        host.session.send(.assignStaged([order]))
        let stray = try host.order(5, "make:10", sizeBytes: 30_000_000)
        host.sendInput(of: stray)
        var changed = try host.order(6, "make:10")
        changed.order.identity.modifiedNanoseconds += 1
        host.session.send(.assignStaged([changed]))
        host.sendInput(of: changed)
        host.sendInput(of: order)
        host.sendInput(of: order)
        _ = try host.session.reports(1)
        let events = try host.session.staging!.sent.drain(4)
        #expect(events.contains { if case .failed(.input(stray.order.attempt), .refused) = $0 { true } else { false } })
        #expect(events.contains(.failed(.input(changed.order.attempt), .changed)))
        host.session.send(.ping(1))
        _ = try host.session.next { $0 == .pong(1) }
        #expect(throws: AgentSession.TimedOut.self) { try host.session.next(seconds: 0.3) { if case .reports = $0 { true } else { false } } }
    }

    @Test("A full scratch is the disk's fault: the attempt is told as not stored")
    func fullScratch() throws {
        guard geteuid() == 0 else { return }
        let scratch = try TemporaryFolder()
        guard mount("tmpfs", scratch.path, "tmpfs", 0, "size=1m") == 0 else { return }
        defer { umount2(scratch.path, Int32(MNT_DETACH)) }
        let host = try Host(slots: 1, scratch: scratch)
        let orders = [try host.order(0, "make:10", sizeBytes: 3_000_000), try host.order(1, "make:10")]
        host.session.send(.assignStaged(orders))
        for order in orders { host.sendInput(of: order) }
        let reports = try host.session.reports(2)
        guard case .notStored(let fault) = reports[TaskIndex(0)]?.outcome else { throw Unexpected() }
        #expect(fault.code == ENOSPC)
        guard case .finished = reports[TaskIndex(1)]?.outcome else { throw Unexpected() }
    }

    @Test("Pings are answered while 64 MiB flow each way")
    func pingUnderLoad() throws {
        let host = try Host(slots: 1)
        let orders = try (0..<8).map { try host.order($0, "make:8388608", sizeBytes: 8 << 20) }
        host.session.send(.assignStaged(orders))
        for order in orders { host.sendInput(of: order) }
        var slowest: UInt64 = 0
        var done = 0
        var number: UInt64 = 0
        while done < 8 {
            number += 1
            let asked = SystemClock.monotonicMilliseconds()
            host.session.send(.ping(number))
            _ = try host.session.next { $0 == .pong(number) }
            slowest = max(slowest, SystemClock.monotonicMilliseconds() - asked)
            while case .reports(let reports)? = try? host.session.next(seconds: 0.01, where: { if case .reports = $0 { true } else { false } }) {
                done += reports.count
            }
        }
        #expect(number > 3, "asked \(number) times")
        #expect(slowest < 3_000, "the slowest answer took \(slowest) ms")
        #expect(try host.session.staging!.received.drain(16).allSatisfy { if case .arrived = $0 { true } else { false } })
    }

    @Test("A head that says nothing more is given up with its lease: workers and files go")
    func lease() throws {
        let host = try Host(slots: 1, leaseSeconds: 3)
        let order = try host.order(0, "spin")
        host.session.send(.assignStaged([order]))
        host.sendInput(of: order)
        _ = try host.session.next { if case .load(1, _) = $0 { true } else { false } }
        let workers = AgentSession.children(of: host.session.processID)
        #expect(workers.count == 1)
        #expect(try host.session.wait(seconds: 8) == .exited(code: 0))
        for worker in workers { #expect(kill(worker, 0) != 0) }
        #expect(try FileManager.default.contentsOfDirectory(atPath: host.scratch.path).isEmpty)
    }

    @Test("A later epoch ends the agent of an earlier one, also one that is frozen, and takes its place", arguments: [false, true])
    func takeOver(isFrozen: Bool) throws {
        let old = try Host(slots: 1)
        let order = try old.order(0, "spin")
        old.session.send(.assignStaged([order]))
        old.sendInput(of: order)
        _ = try old.session.next { if case .load(1, _) = $0 { true } else { false } }
        let workers = AgentSession.children(of: old.session.processID)
        if isFrozen { kill(old.session.processID, SIGSTOP) }
        let new = try Host(slots: 1, epoch: 2, scratch: old.scratch)
        // It is ready: so nothing of the older one lives.
        for worker in workers { #expect(kill(worker, 0) != 0 || !AgentSession.children(of: old.session.processID).contains(worker)) }
        #expect(try old.session.wait() == (isFrozen ? .killed(signal: SIGKILL) : .exited(code: 143)))
        let again = try new.order(0, "make:5", attempt: 2)
        new.session.send(.assignStaged([again]))
        new.sendInput(of: again)
        _ = try new.session.reports(1)
    }

    @Test("An agent of the same or an earlier epoch is refused, and says by whom", arguments: [1, 2] as [UInt32])
    func staleEpoch(epoch: UInt32) throws {
        let first = try Host(slots: 1, epoch: 2)
        let second = try Host(slots: 1, epoch: epoch, scratch: first.scratch, awaitReady: false)
        guard case .unusable(let text) = try second.session.next(where: { if case .unusable = $0 { true } else { false } }) else { throw Unexpected() }
        #expect(text.contains("epoch 2") && text.contains("process \(first.session.processID)"))
        #expect(try second.session.wait() == .exited(code: 1))
        first.session.send(.ping(3))
        _ = try first.session.next { $0 == .pong(3) }
    }

    @Test("What an agent left that was killed is swept by the next one, of any job")
    func swept() throws {
        let first = try Host(slots: 1)
        let order = try first.order(0, "spin")
        first.session.send(.assignStaged([order]))
        first.sendInput(of: order)
        _ = try first.session.next { if case .load(1, _) = $0 { true } else { false } }
        first.session.killAgent()
        _ = try first.session.wait()
        #expect(first.leftovers.count == 1)
        let session = try AgentSession()
        try session.start(slots: 1, leaseSeconds: 30, job: "another", scratch: first.scratch.path)
        #expect(first.leftovers.isEmpty)
        session.terminateAgent()
        #expect(try session.wait() == .exited(code: 143))
        #expect(try FileManager.default.contentsOfDirectory(atPath: first.scratch.path).isEmpty)
    }

    @Test("A place that others can write to, or a link, is refused", arguments: ["open", "link"])
    func planted(how: String) throws {
        let scratch = try TemporaryFolder()
        let own = scratch.path + "/quire-\(geteuid())"
        if how == "open" {
            try FileManager.default.createDirectory(atPath: own, withIntermediateDirectories: false)
            chmod(own, 0o777)
        } else {
            try FileManager.default.createSymbolicLink(atPath: own, withDestinationPath: NSTemporaryDirectory())
        }
        let session = try AgentSession()
        try session.start(slots: 1, leaseSeconds: 30, scratch: scratch.path, awaitReady: false)
        guard case .unusable(let text) = try session.next(where: { if case .unusable = $0 { true } else { false } }) else { throw Unexpected() }
        #expect(text.contains(own))
    }

    @Test("A head that sends files past its window is cut off")
    func overrun() throws {
        let host = try Host(slots: 1)
        let header = TransferHeader(
            id: TransferID(rawValue: 1), file: .input(Attempt(task: TaskIndex(0), number: 1)),
            identity: InputIdentity(sizeBytes: 1, modifiedNanoseconds: 0), mode: 0o640)
        host.session.send(.transfer(.credit(bytes: 1)))
        guard case .unusable = try host.session.next(where: { if case .unusable = $0 { true } else { false } }) else { throw Unexpected() }
        #expect(try host.session.wait() == .exited(code: 1))
        let other = try Host(slots: 1)
        other.session.send(.transfer(.end(header.id, Digest256(bytes: Array(repeating: 0, count: 32)))))
        guard case .unusable = try other.session.next(where: { if case .unusable = $0 { true } else { false } }) else { throw Unexpected() }
    }

    @Test("It tells which files it sees as the head does, and leaves tokens")
    func shared() throws {
        let host = try Host(slots: 1)
        let path = RawPath(host.source.path).appending("file")
        try Data(repeating: 7, count: 100_000).write(to: URL(fileURLWithPath: path.display))
        let identity = try FileOperation.facts(of: path).identity
        var digest = SHA256Stream()
        [UInt8](repeating: 7, count: SharedFileQuestion.headBytes).withUnsafeBytes { digest.update($0) }
        let seen = SharedFileQuestion(path: path, identity: identity, headDigest: digest.finish())
        var other = seen
        other.identity.modifiedNanoseconds += 1
        var absent = seen
        absent.path = path.appending("absent")
        var different = seen
        different.headDigest = Digest256(bytes: Array(repeating: 1, count: 32))
        host.session.send(.lookForShared([seen, other, absent, different]))
        #expect(try host.session.next { if case .sharedFiles = $0 { true } else { false } } == .sharedFiles([true, false, false, false]))
        host.session.send(.leaveToken(folder: RawPath(host.target.path), name: RawPath("token"), content: [1, 2, 3]))
        #expect(try host.session.next { if case .tokenLeft = $0 { true } else { false } } == .tokenLeft(nil))
        #expect(try content(host.target.path + "/token") == [1, 2, 3])
        host.session.send(.leaveToken(folder: RawPath("/no/such/folder"), name: RawPath("token"), content: []))
        guard case .tokenLeft(let fault?) = try host.session.next(where: { if case .tokenLeft = $0 { true } else { false } }) else { throw Unexpected() }
        #expect(fault.code == ENOENT)
    }
}

extension Mailbox {
    /// The next `count` values.
    func drain(_ count: Int) throws -> [Element] {
        try (0..<count).map { _ in
            guard let element = receiveOne(waitingMilliseconds: 30_000) else { throw TimedOut() }
            return element
        }
    }
}

struct TimedOut: Error {}
