import Foundation
import Glibc
import JobModel
import LinuxSystem
import Testing
import WireProtocol

@Suite("The agent, spoken to as the head does", .serialized)
struct AgentTests {
    @Test("It says hello with its host's facts, works orders and ends with its input")
    func life() throws {
        let session = try AgentSession()
        let facts = try session.start(slots: 2)
        #expect(facts.workerVersion == "fixture-worker 1")
        #expect(facts.slotsMax >= 1 && !facts.hostname.isEmpty)
        session.assign((0..<100).map { "ok \($0)" })
        let reports = try session.reports(100)
        for report in reports.values { if case .failed(let failure) = report.outcome { Issue.record("\(failure)") } }
        session.hangUp()
        #expect(try session.wait() == .exited(code: 0))
        #expect(session.errorText == "")
    }

    @Test("A worker's verdict on a file passes as it is")
    func verdict() throws {
        let session = try AgentSession()
        try session.start(slots: 1)
        session.assign(["fail"])
        let failure = try session.failure(0)
        #expect(failure == TaskFailure(.damaged, "asked to fail"))
    }

    @Test("A file that crashes every worker is blamed alone, and all others are done")
    func poison() throws {
        let session = try AgentSession()
        try session.start(slots: 2)
        session.assign((0..<500).map { $0 == 250 ? "crash" : "ok" })
        let reports = try session.reports(500)
        let failed = reports.filter { if case .failed = $0.value.outcome { true } else { false } }
        #expect(failed.keys.map(\.rawValue) == [250])
        guard case .failed(let failure) = reports[TaskIndex(250)]?.outcome else { throw Unexpected() }
        #expect(failure.reason == .crashed)
        #expect(failure.message == "the worker died twice on it: SIGSEGV; it said: about to ?[31mcrash")
    }

    @Test("Many files that crash among quick ones are each blamed, and no other")
    func manyPoisons() throws {
        let session = try AgentSession()
        try session.start(slots: 3)
        let inputs = (0..<300).map { index in
            switch index % 20 {
            case 3: "crash"
            case 9: "exit-0"
            case 15: "exit-77"
            default: "ok"
            }
        }
        session.assign(inputs)
        let reports = try session.reports(300)
        for (task, report) in reports {
            let reason: FailureReason? = if case .failed(let failure) = report.outcome { failure.reason } else { nil }
            switch inputs[task.position] {
            case "crash", "exit-0": #expect(reason == .crashed)
            case "exit-77": #expect(reason == .memory)
            default: #expect(reason == nil)
            }
        }
    }

    @Test("A crash, a kill or a memory failure that happens once costs nothing", arguments: ["crash-once", "exit-77-once"])
    func once(kind: String) throws {
        let folder = try TemporaryFolder()
        let session = try AgentSession()
        try session.start(slots: 2)
        session.assign(["\(kind):\(folder.path)/marker", "ok", "ok"])
        for report in try session.reports(3).values {
            if case .failed(let failure) = report.outcome { Issue.record("\(failure)") }
        }
    }

    @Test("What a dead worker left of an attempt is removed before the second run, which uses the same name")
    func leftovers() throws {
        let folder = try TemporaryFolder()
        let session = try AgentSession()
        try session.start(slots: 1)
        let kind = WorkKind.process(Self.process(into: folder))
        session.send(.assign([session.order(0, "file-then-crash-once:\(folder.path)/marker", kind: kind)]))
        guard case .finished = try session.reports(1)[TaskIndex(0)]?.outcome else { throw Unexpected() }
        #expect(FileManager.default.fileExists(atPath: folder.path + "/.q0"))
    }

    @Test("A hang is stopped, tried again, and reported as a timeout", arguments: ["sleep", "spin"])
    func hang(kind: String) throws {
        let session = try AgentSession()
        try session.start(slots: 2, timeout: .fixed(seconds: 1))
        session.assign([kind, "ok", "ok"])
        let reports = try session.reports(3)
        guard case .failed(let failure) = reports[TaskIndex(0)]?.outcome else { throw Unexpected() }
        #expect(failure.reason == .timeout)
    }

    @Test("Files in a report are durable before it is sent, and one that is not there is told as not stored")
    func durable() throws {
        let folder = try TemporaryFolder()
        let session = try AgentSession()
        try session.start(slots: 2)
        let kind = WorkKind.process(Self.process(into: folder))
        session.send(.assign((0..<600).map { session.order($0, $0 == 300 ? "vanishing-file" : "file", kind: kind) }))
        let reports = try session.reports(600)
        let lost = reports.filter { if case .notStored(let fault) = $0.value.outcome { fault.code == ENOENT } else { false } }
        #expect(lost.keys.map(\.rawValue) == [300])
    }

    @Test("A retract gives back what has not started, and every order is either reported or released")
    func retract() throws {
        let session = try AgentSession()
        try session.start(slots: 1, timeout: .none)
        session.assign(["noise"] + Array(repeating: "ok", count: 2_000))
        session.send(.retract((0..<2_001).map { TaskIndex($0) }))
        guard case .released(let released) = try session.next(where: { if case .released = $0 { true } else { false } }) else {
            throw Unexpected()
        }
        #expect(Set(released).count == released.count)
        let reports = try session.reports(2_001 - released.count)
        #expect(Set(reports.keys).isDisjoint(with: released))
    }

    @Test("Pings are answered before any setup and while workers are busy")
    func ping() throws {
        let session = try AgentSession()
        session.send(.ping(1))
        try session.start(slots: 1)
        session.assign(["spin"])
        session.send(.ping(2))
        for number in [1, 2] as [UInt64] { _ = try session.next { $0 == .pong(number) } }
    }

    @Test("No worker outlives the agent", arguments: ["hang up", "stop", "SIGTERM", "SIGKILL"])
    func orphans(end: String) throws {
        let session = try AgentSession()
        try session.start(slots: 3)
        session.assign(["sleep", "spin", "spin"])
        let isBusy: (AgentMessage) -> Bool = { if case .load(3, _) = $0 { true } else { false } }
        _ = try session.next(where: isBusy)
        let workers = AgentSession.children(of: session.processID)
        #expect(workers.count == 3)
        switch end {
        case "hang up": session.hangUp()
        case "stop": session.send(.stop)
        case "SIGTERM": session.terminateAgent()
        default: session.killAgent()
        }
        let expected: [String: ProcessEnd] = ["SIGTERM": .exited(code: 143), "SIGKILL": .killed(signal: 9)]
        #expect(try session.wait() == expected[end] ?? .exited(code: 0))
        try eventually("workers are gone") { workers.allSatisfy { !isRunning($0) } }
    }

    @Test("A terminal's signals do not stop it")
    func terminalSignals() throws {
        let session = try AgentSession()
        try session.start(slots: 1)
        kill(session.processID, SIGINT)
        kill(session.processID, SIGHUP)
        session.assign(["ok"])
        _ = try session.reports(1)
    }

    @Test("Workers that cannot live make the host unusable, in their own words")
    func unusable() throws {
        let session = try AgentSession(variables: ["QUIRE_FIXTURE_DIES=1"])
        try session.start(slots: 1, awaitReady: false)
        session.assign(["ok"])
        guard case .unusable(let text) = try session.next(where: { if case .unusable = $0 { true } else { false } }) else {
            throw Unexpected()
        }
        #expect(text.contains("exit code 127") && text.contains("cannot find a library"))
        guard case .released([TaskIndex(0)]) = try session.next(where: { if case .released = $0 { true } else { false } }) else {
            throw Unexpected()
        }
    }

    @Test("A missing worker program is told at once, with its path")
    func missingWorker() throws {
        let session = try AgentSession(worker: RawPath("/no/such/quire-worker"))
        try session.start(slots: 1, awaitReady: false)
        guard case .unusable(let text) = try session.next(where: { if case .unusable = $0 { true } else { false } }) else {
            throw Unexpected()
        }
        #expect(text.contains("/no/such/quire-worker"))
    }

    @Test("A recipe that cannot be worked is the setup's fault, told in the worker's words")
    func badRecipe() throws {
        let session = try AgentSession()
        try session.start(slots: 2, recipe: "unusable", awaitReady: false)
        _ = try session.next { $0 == .unusable("the recipe cannot be read") }
    }

    @Test("A head of another protocol is refused with both versions")
    func otherProtocol() throws {
        let session = try AgentSession()
        session.send(.hello(Hello(versions: 90...91, build: "future")))
        guard case .unusable(let text) = try session.next(where: { if case .unusable = $0 { true } else { false } }) else {
            throw Unexpected()
        }
        #expect(text.contains("90...91"))
        #expect(try session.wait() == .exited(code: 1))
    }

    @Test("Whoever is no head gets a line and exit code 1")
    func stranger() throws {
        let session = try AgentSession()
        session.write(Array("SSH-2.0-OpenSSH_9.9\r\n".utf8))
        // The magic was sent already; this is a broken frame.
        #expect(try session.wait() == .exited(code: 1))
        #expect(session.errorText.hasPrefix("quire-agent: the head sent what is no message"))
    }

    @Test("A head that falls silent is given up when its lease is over")
    func lease() throws {
        let session = try AgentSession()
        try session.start(slots: 1, leaseSeconds: 1)
        session.assign(["spin"])
        #expect(try session.wait(seconds: 10) == .exited(code: 0))
    }

    @Test("A head that reads nothing for a while loses nothing")
    func slowHead() throws {
        let session = try AgentSession()
        try session.start(slots: 2)
        for batch in 0..<8 { session.send(.assign((0..<1_000).map { session.order(batch * 1_000 + $0, "pid") })) }
        // A pong behind all that: the agent did not stop listening.
        session.send(.ping(9))
        _ = try session.next { $0 == .pong(9) }
        _ = try session.reports(8_000)
    }

    @Test("It prints its version, and refuses other arguments with exit code 2")
    func arguments() throws {
        let agent = try AgentSession.productFolder.appending("quire-agent")
        for (arguments, code) in [(["--version"], Int32(0)), (["--nonsense"], 2), (["a", "b"], 2)] {
            var plan = ProcessPlan(agent)
            plan.arguments = arguments.map { Array($0.utf8) }
            var process = try ChildProcess(starting: plan)
            let end = try process.wait()
            #expect(end == .exited(code: code))
        }
    }

    private static func process(into folder: TemporaryFolder) -> ProcessOrder {
        ProcessOrder(
            folder: RawPath(folder.path), format: .jpeg, pages: false, spoolFolder: nil, digestInput: false, keepTimes: false)
    }

    private func isRunning(_ id: Int32) -> Bool {
        guard let stat = try? String(contentsOfFile: "/proc/\(id)/stat", encoding: .utf8), let end = stat.lastIndex(of: ")")
        else { return false }
        return !stat[end...].hasPrefix(") Z")
    }

    /// Waits for what other processes do; up to 20 s.
    private func eventually(_ what: Comment, _ condition: () -> Bool) throws {
        let deadline = SystemClock.monotonicMilliseconds() + 20_000
        while !condition() {
            guard SystemClock.monotonicMilliseconds() < deadline else {
                Issue.record(what)
                return
            }
            usleep(2_000)
        }
    }

    struct Unexpected: Error {}
}

extension AgentSession {
    func failure(_ task: Int) throws -> TaskFailure? {
        guard case .failed(let failure) = try reports(1)[TaskIndex(task)]?.outcome else { return nil }
        return failure
    }
}

/// A folder that goes with its owner.
final class TemporaryFolder: Sendable {
    let path: String
    init() throws {
        path = NSTemporaryDirectory() + "quire-agent-" + UUID().uuidString
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    }
    deinit { try? FileManager.default.removeItem(atPath: path) }
}
