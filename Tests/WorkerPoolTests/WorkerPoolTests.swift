import Foundation
import JobModel
import LinuxSystem
import Testing
import WireProtocol

@testable import WorkerPool

/// A pool of fixture workers and the poll it lives in.
private final class PoolDriver {
    let poll: EventPoll
    let pool: WorkerPool
    var events: [WorkerPool.Event] = []

    init(recipe: String = "", start: ProgramStart? = nil, memoryBytesMax: UInt64 = 0, minding: MinderSettings? = nil) throws {
        poll = try EventPoll()
        pool = WorkerPool(
            WorkerSettings(
                start: try start ?? ProgramStart(ownExecutable().parent.appending("fixture-worker")), hello: Hello(build: "test"),
                setup: WorkSetup(recipe: Array(recipe.utf8), damage: .fail, limits: WorkLimits(), fileMode: 0o600),
                yieldsToOthers: false,
                addressSpaceBytesMax: memoryBytesMax, minding: minding),
            poll: poll)
    }

    /// Waits for the next event, at most 20 s.
    func next() throws -> WorkerPool.Event? {
        let deadline = SystemClock.monotonicMilliseconds() + 20_000
        while events.isEmpty && SystemClock.monotonicMilliseconds() < deadline {
            for ready in try poll.wait(milliseconds: 100) { pool.take(ready, into: &events) }
            pool.collectEnds(into: &events)
        }
        return events.isEmpty ? nil : events.removeFirst()
    }

    /// How the worker in the first slot ends, whatever else happens before.
    func end() throws -> ProcessEnd? {
        while let event = try next() {
            if case .ended(0, let end, _) = event { return end }
        }
        return nil
    }

    func spawnReady(_ slot: Int) throws {
        try pool.spawn(slot: slot)
        guard case .ready(slot, _, "fixture") = try next() else {
            Issue.record("worker \(slot) is not ready")
            return
        }
    }

    func feed(_ slot: Int, _ input: String, task: Int = 0) {
        pool.feed(
            slot: slot,
            WorkOrder(
                attempt: Attempt(task: TaskIndex(task), number: 1), input: RawPath(input),
                identity: InputIdentity(sizeBytes: 0, modifiedNanoseconds: 0), kind: .probe, tempName: RawPath("t")))
    }
}

@Suite("Worker processes")
struct WorkerPoolTests {
    @Test("A worker takes its setup, works, and ends when its input is closed")
    func life() throws {
        let driver = try PoolDriver()
        try driver.spawnReady(0)
        driver.feed(0, "ok", task: 5)
        guard case .reported(0, let report) = try driver.next() else { throw Unexpected() }
        #expect(report.attempt.task == TaskIndex(5))
        driver.pool.closeInput(slot: 0)
        guard case .ended(0, .exited(code: 0), lastWords: "") = try driver.next() else { throw Unexpected() }
        #expect(driver.pool.processIDs.isEmpty)
    }

    @Test("Many workers run at once, each in its slot")
    func many() throws {
        let driver = try PoolDriver()
        for slot in 0..<5 { try driver.pool.spawn(slot: slot) }
        for _ in 0..<5 { guard case .ready = try driver.next() else { throw Unexpected() } }
        for slot in 0..<5 { driver.feed(slot, "ok", task: slot * 10) }
        var seen: [Int: TaskIndex] = [:]
        for _ in 0..<5 {
            guard case .reported(let slot, let report) = try driver.next() else { throw Unexpected() }
            seen[slot] = report.attempt.task
        }
        for slot in 0..<5 { #expect(seen[slot] == TaskIndex(slot * 10)) }
        #expect(Set(driver.pool.processIDs).count == 5)
    }

    @Test("A crash tells its signal and the worker's last words, made harmless")
    func crash() throws {
        let driver = try PoolDriver()
        try driver.spawnReady(0)
        driver.feed(0, "crash")
        guard case .ended(0, let end, let words) = try driver.next() else { throw Unexpected() }
        #expect(end == .killed(signal: 11))
        #expect(words == "about to ?[31mcrash")
    }

    @Test("What a worker printed before a finished task is not quoted for the next")
    func wordsOfOthers() throws {
        let driver = try PoolDriver()
        try driver.spawnReady(0)
        driver.feed(0, "noise")
        guard case .reported = try driver.next() else { throw Unexpected() }
        driver.feed(0, "exit-0")
        guard case .ended(0, .exited(code: 0), let words) = try driver.next() else { throw Unexpected() }
        #expect(words.utf8.count <= LastWords.textBytesMax)
    }

    @Test("What a library prints gets between no frames")
    func noise() throws {
        let driver = try PoolDriver()
        try driver.spawnReady(0)
        for task in 0..<20 {
            driver.feed(0, "noise", task: task)
            guard case .reported(0, let report) = try driver.next() else { throw Unexpected() }
            #expect(report.attempt.task == TaskIndex(task))
        }
    }

    @Test("Bytes that are no message are told once")
    func garbage() throws {
        let driver = try PoolDriver()
        try driver.spawnReady(0)
        driver.feed(0, "garbage")
        guard case .misbehaved(0, _) = try driver.next() else { throw Unexpected() }
        driver.pool.kill(slot: 0)
        guard case .ended(0, .killed(signal: 9), _) = try driver.next() else { throw Unexpected() }
    }

    @Test("A recipe the worker cannot work is told in its words")
    func unusable() throws {
        let driver = try PoolDriver(recipe: "unusable")
        try driver.pool.spawn(slot: 0)
        guard case .unusable(0, "the recipe cannot be read") = try driver.next() else { throw Unexpected() }
        guard case .ended(0, .exited(code: 1), _) = try driver.next() else { throw Unexpected() }
    }

    @Test("A setup larger than a pipe arrives whole")
    func largeSetup() throws {
        let driver = try PoolDriver(recipe: String(repeating: "long ", count: 200_000))
        try driver.spawnReady(0)
    }

    @Test("A worker that takes more memory than allowed fails alone, by its own exit code")
    func memory() throws {
        let driver = try PoolDriver(memoryBytesMax: 400 << 20)
        try driver.spawnReady(0)
        driver.feed(0, "bloat:1000")
        guard case .ended(0, .exited(code: 77), _) = try driver.next() else { throw Unexpected() }
    }

    @Test("Feeding a worker that is dead already does no harm")
    func feedTheDead() throws {
        let driver = try PoolDriver()
        try driver.spawnReady(0)
        driver.pool.kill(slot: 0)
        for task in 0..<100 { driver.feed(0, "ok", task: task) }
        var ended = false
        while !ended, let event = try driver.next() { if case .ended = event { ended = true } }
        #expect(ended)
    }

    @Test("A program that is not there is an error")
    func absent() throws {
        let driver = try PoolDriver(start: ProgramStart(RawPath("/no/such/worker")))
        #expect(throws: SystemError.self) { try driver.pool.spawn(slot: 0) }
    }

    @Test("A worker is started through another program, with variables of its own")
    func throughALoader() throws {
        let fixture = try ownExecutable().parent.appending("fixture-worker").bytes
        let driver = try PoolDriver(start: ProgramStart(RawPath("/usr/bin/env"), arguments: [fixture]))
        try driver.spawnReady(0)
        let dying = try PoolDriver(
            start: ProgramStart(RawPath("/usr/bin/env"), arguments: [fixture], variables: [Array("QUIRE_FIXTURE_DIES=1".utf8)]))
        try dying.pool.spawn(slot: 0)
        guard case .ended(0, .exited(code: 127), _) = try dying.next() else { throw Unexpected() }
    }

    @Test("A minder is asked to end, and killed only when it does not in its time")
    func askedFirst() throws {
        func driver(_ script: String) throws -> PoolDriver {
            let start = ProgramStart(RawPath("/bin/sh"), arguments: ["-c", script].map { Array($0.utf8) })
            return try PoolDriver(
                start: start, minding: MinderSettings(environment: ProcessPlan.inheritedEnvironment(), lockDescriptor: nil, openFilesMax: 100))
        }
        let ready = "head -c 20 > /dev/null; echo noise; while :; do sleep 0.01; done"
        let obedient = try driver("[ $(ulimit -n) = 100 ] || exit 9; trap 'exit 5' TERM; \(ready)")
        try obedient.pool.spawn(slot: 0)
        // It has begun: it says something.
        _ = try obedient.poll.wait(milliseconds: 20_000)
        obedient.pool.kill(slot: 0)
        #expect(try obedient.end() == .exited(code: 5))
        let deaf = try driver("trap '' TERM; \(ready)")
        try deaf.pool.spawn(slot: 0)
        _ = try deaf.poll.wait(milliseconds: 20_000)
        deaf.pool.kill(slot: 0)
        let due = try #require(deaf.pool.nextDeadlineMilliseconds)
        deaf.pool.killOverdue(nowMilliseconds: due - 1)
        #expect(deaf.pool.processIDs.allSatisfy { ProcessSample.take(of: $0) != nil } && deaf.pool.processIDs.count == 1)
        deaf.pool.killOverdue(nowMilliseconds: due)
        #expect(try deaf.end() == .killed(signal: 9))
    }

    @Test("A program's version is its first line; one that says nothing has none")
    func version() throws {
        #expect(try WorkerProgram.version(of: ProgramStart(ownExecutable().parent.appending("fixture-worker"))) == "fixture-worker 1")
        #expect(try WorkerProgram.version(of: ProgramStart(RawPath("/usr/bin/test"))) == "")
    }

    @Test("Asking for a version leaves no zombie behind")
    func versionIsReaped() throws {
        // A name of its own, since other tests run fixture workers at the same time.
        let name = "reaped-\(getpid())"
        let folder = FileManager.default.temporaryDirectory.path
        let link = "\(folder)/\(name)"
        try FileManager.default.createSymbolicLink(
            atPath: link, withDestinationPath: try ownExecutable().parent.appending("fixture-worker").display)
        defer { do { try FileManager.default.removeItem(atPath: link) } catch { Issue.record(error) } }
        #expect(try WorkerProgram.version(of: ProgramStart(RawPath(link))) == "fixture-worker 1")
        let left = try FileManager.default.contentsOfDirectory(atPath: "/proc").filter { process in
            guard let stat = FileManager.default.contents(atPath: "/proc/\(process)/stat") else { return false }
            return String(decoding: stat, as: UTF8.self).contains("(\(name))")
        }
        #expect(left.isEmpty)
    }

    struct Unexpected: Error {}
}

@Suite("Last words")
struct LastWordsTests {
    @Test("The last lines that fit are kept, newest last")
    func lines() {
        var words = LastWords()
        for line in 0..<1_000 { words.add(Array("line \(line)\n".utf8)[...]) }
        #expect(words.text.hasSuffix("line 998; line 999"))
        #expect(words.text.utf8.count <= LastWords.textBytesMax)
    }

    @Test(
        "Whatever bytes come, the text is short, one line and without control characters",
        arguments: [
            [UInt8](repeating: 0xFF, count: 10_000), [UInt8](repeating: 0x1B, count: 5_000),
            Array(String(repeating: "é", count: 5_000).utf8),
            Array("\u{202E}gpj.exe\r\n\t\u{0007}".utf8), [],
        ])
    func harmless(bytes: [UInt8]) {
        var words = LastWords()
        words.add(bytes[...])
        #expect(words.text.utf8.count <= LastWords.textBytesMax)
        #expect(!words.text.unicodeScalars.contains { $0.value < 0x20 || $0.value == 0x7F || $0.value == 0x202E })
    }
}
