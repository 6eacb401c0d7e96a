import Foundation
import Glibc
import JobModel
import LinuxSystem
import Programs
import WireProtocol

/// A real `quire-agent` with fixture workers, spoken to as the head speaks to it.
final class AgentSession {
    private var process: ChildProcess
    private let toAgent: AgentInput
    /// Private to this session, so that it waits for no other's slots, unless another is named.
    private let ownSlots: TemporaryFolder
    /// Files both ways, once `stageFiles` was called.
    private(set) var staging: HeadStaging?
    private let fromAgent: OpenFile
    private let errors: OpenFile
    private let poll: EventPoll
    private var reader = FrameReader<AgentMessage>(awaitsMagic: true)
    private var buffer = [UInt8](repeating: 0, count: 65536)
    private var received: [AgentMessage] = []
    private(set) var hasEnded = false

    struct TimedOut: Error, CustomStringConvertible {
        let description: String
    }

    /// The folder that the build puts programs in: the one this test program runs from.
    static var productFolder: RawPath {
        get throws { try ownExecutable().parent }
    }

    /// - Parameters:
    ///   - slotsFolder: for locks shared with other sessions.
    ///   - start: how the agent is started; nil takes the built one.
    init(variables: [String] = [], worker: RawPath? = nil, slotsFolder: String? = nil, start: ProgramStart? = nil) throws {
        ownSlots = try TemporaryFolder()
        // The agent may be dead when we write.
        signal(SIGPIPE, SIG_IGN)
        let folder = try Self.productFolder
        let input = try Descriptors.pipe()
        let output = try Descriptors.pipe()
        let noise = try Descriptors.pipe()
        var plan = ProcessPlan(start?.program ?? folder.appending("quire-agent"))
        plan.arguments = start?.arguments ?? []
        let program = worker ?? folder.appending("fixture-worker")
        plan.environment =
            ProcessPlan.inheritedEnvironment(without: ["QUIRE_WORKER", "QUIRE_SLOTS"] + variables.map { String($0.prefix { $0 != "=" }) }) + [Array("QUIRE_SLOTS=\(slotsFolder ?? ownSlots.path)".utf8)] + [Array("QUIRE_WORKER=".utf8) + program.bytes]
            + variables.map { Array($0.utf8) }
        plan.descriptors = [input.reading.descriptor, output.writing.descriptor, noise.writing.descriptor]
        plan.leadsGroup = true
        process = try ChildProcess(starting: plan)
        let writing = input.writing
        toAgent = AgentInput(writing)
        fromAgent = output.reading
        errors = noise.reading
        poll = try EventPoll()
        try poll.watch(fromAgent.descriptor, for: .readable, tag: 1)
        try Descriptors.setNonBlocking(errors.descriptor)
        write(magicBytes)
    }

    var processID: Int32 { process.id }

    /// Hello and setup; returns the agent's facts once its workers are ready.
    @discardableResult
    func start(
        slots: Int, timeout: TimeoutRule = .none, memoryBytesMax: UInt64 = 0, recipe: String = "", recipeBytes: [UInt8]? = nil, leaseSeconds: UInt32 = 0,
        job: String = "job", epoch: UInt32 = 1, scratch: String? = nil, yieldsToOthers: Bool = false, awaitReady: Bool = true,
        spec: ProgramSpec? = nil, programs: ProgramTerms? = nil,
        place: () throws -> WorkerPlace = { .beside }
    ) throws -> HostFacts {
        send(.hello(Hello(build: "test")))
        let worker = try place()
        let work = WorkSetup(recipe: spec?.canonicalBytes ?? recipeBytes ?? Array(recipe.utf8), damage: .fail, limits: WorkLimits(), fileMode: 0o600)
        send(
            .setup(
                AgentSetup(
                    job: JobID(rawValue: job), epoch: epoch, leaseSeconds: leaseSeconds, slots: slots, worker: worker, scratch: scratch.map { RawPath($0) },
                    yieldsToOthers: yieldsToOthers,
                    workerMemoryBytesMax: memoryBytesMax, timeout: timeout, work: work.wireBytes, programs: programs)))
        guard case .hello(_, let facts) = try next(where: { if case .hello = $0 { true } else { false } }) else { fatalError() }
        if awaitReady { _ = try next { if case .ready = $0 { true } else { false } } }
        return facts
    }

    func send(_ message: HeadMessage) {
        write(Frame.encode(message))
    }

    func write(_ bytes: [UInt8]) { _ = toAgent.write(bytes) }

    /// Sends files, and stores those that come in `folder` by their names.
    func stageFiles(into folder: TemporaryFolder) {
        staging = HeadStaging(toAgent, folder)
    }

    /// As when the head dies.
    func hangUp() { toAgent.close() }

    func killAgent() { process.kill() }
    func terminateAgent() { process.terminate() }

    func order(
        _ index: Int, _ input: String, kind: WorkKind = .probe, sizeBytes: UInt64 = 0, attempt: UInt32 = 1
    ) -> WorkOrder {
        WorkOrder(
            attempt: Attempt(task: TaskIndex(index), number: attempt), input: RawPath(input),
            identity: InputIdentity(sizeBytes: sizeBytes, modifiedNanoseconds: 0), kind: kind, tempName: RawPath(".q\(index)"))
    }

    func assign(_ inputs: [String]) {
        send(.assign(inputs.enumerated().map { order($0, $1) }))
    }

    /// The first message, from now on or unread, that `wanted` accepts; others are kept.
    func next(seconds: Double = 30, where wanted: (AgentMessage) -> Bool) throws -> AgentMessage {
        let deadline = SystemClock.monotonicMilliseconds() + UInt64(seconds * 1000)
        while true {
            if let index = received.firstIndex(where: wanted) { return received.remove(at: index) }
            try receive(until: deadline)
        }
    }

    /// Collects reports until there are `count`, by task.
    func reports(_ count: Int, seconds: Double = 60) throws -> [TaskIndex: WorkReport] {
        var found: [TaskIndex: WorkReport] = [:]
        while found.count < count {
            guard
                case .reports(let reports) = try next(seconds: seconds, where: { if case .reports = $0 { true } else { false } })
            else { fatalError() }
            for report in reports {
                guard found.updateValue(report, forKey: report.attempt.task) == nil else {
                    throw TimedOut(description: "task \(report.attempt.task.rawValue) was reported twice")
                }
            }
        }
        return found
    }

    /// How many attempts were reported in what came so far and was not looked at.
    func takeReports() -> Int {
        var count = 0
        received.removeAll { message in
            guard case .reports(let reports) = message else { return false }
            count += reports.count
            return true
        }
        return count
    }

    /// Takes what comes until `condition` holds.
    func serve(seconds: Double = 60, until condition: () throws -> Bool) throws {
        let deadline = SystemClock.monotonicMilliseconds() + UInt64(seconds * 1000)
        repeat { try receive(until: deadline, atMostMilliseconds: 10) } while try !condition()
    }

    private func receive(until deadline: UInt64, atMostMilliseconds: Int = .max) throws {
        let now = SystemClock.monotonicMilliseconds()
        guard now < deadline, !hasEnded else {
            throw TimedOut(
                description: hasEnded ? "the agent ended; \(errorText)" : "no such message; \(received.suffix(5)); \(errorText)")
        }
        guard !(try poll.wait(milliseconds: min(Int(deadline - now), atMostMilliseconds))).isEmpty else { return }
        switch Descriptors.read(fromAgent.descriptor, into: &buffer) {
        case .bytes(let count):
            reader.feed(buffer[..<count])
            while let framed = try reader.nextFrame() {
                switch framed {
                case .message(.transfer(let message)): staging?.take(message)
                case .message(let message): received.append(message)
                case .bulk(let id, let bytes): staging?.take(bytes, of: id)
                }
            }
        case .nothingYet: break
        case .ended, .failed: hasEnded = true
        }
    }

    /// What the agent wrote to its standard error so far.
    var errorText: String {
        var text: [UInt8] = []
        while case .bytes(let count) = Descriptors.read(errors.descriptor, into: &buffer) { text += buffer[..<count] }
        return String(decoding: text, as: UTF8.self)
    }

    /// Waits for the agent's end.
    func wait(seconds: Double = 30) throws -> ProcessEnd {
        let deadline = SystemClock.monotonicMilliseconds() + UInt64(seconds * 1000)
        while SystemClock.monotonicMilliseconds() < deadline {
            if !hasEnded { try? receive(until: deadline) }
            if let end = try process.endIfReached() { return end }
            usleep(1000)
        }
        throw TimedOut(description: "the agent goes on; \(errorText)")
    }

    /// CPU time of the agent so far.
    var agentCPUMilliseconds: UInt64 { ProcessSample.take(of: process.id)?.cpuMilliseconds ?? 0 }

    /// Ids of the processes that a process started and that still run.
    static func children(of id: Int32) -> [Int32] {
        let folders = (try? FileManager.default.contentsOfDirectory(atPath: "/proc")) ?? []
        return folders.compactMap { Int32($0) }.filter { child in
            guard let stat = try? String(contentsOfFile: "/proc/\(child)/stat", encoding: .utf8),
                let end = stat.lastIndex(of: ")")
            else {
                return false
            }
            let fields = stat[stat.index(after: end)...].split(separator: " ")
            return fields.count > 1 && fields[0] != "Z" && fields[1] == "\(id)"
        }
    }
}
