import Foundation
import JobModel
import LinuxSystem
import Programs
import Testing
import WireProtocol

/// A real minder, spoken to as the agent speaks to it, and a folder of its own for what programs make.
final class MinderSession {
    let folder: RawPath
    private var process: ChildProcess
    private var input: OpenFile?
    private let output: OpenFile
    private let poll: EventPoll
    private var reader = FrameReader<WorkerMessage>(awaitsMagic: false)
    private var received: [WorkerMessage] = []
    private var buffer = [UInt8](repeating: 0, count: 64 << 10)

    struct Failed: Error, CustomStringConvertible { let description: String }

    /// - Parameters:
    ///   - spec: nil sends no setup.
    ///   - variables: `NAME=VALUE` beside this process's.
    init(_ spec: ProgramSpec?, variables: [String] = [], fileMode: UInt32 = 0o644) throws {
        signal(SIGPIPE, SIG_IGN)
        folder = RawPath(FileManager.default.temporaryDirectory.path).appending("minder-\(UUID().uuidString.prefix(8))")
        try FileOperation.createFolders(folder.appending("spool"))
        let toMinder = try Descriptors.pipe()
        let fromMinder = try Descriptors.pipe()
        var plan = ProcessPlan(try ownExecutable().parent.appending("quire-agent"))
        plan.arguments = [Array("minder".utf8)]
        plan.environment = ProcessPlan.inheritedEnvironment() + variables.map { Array($0.utf8) }
        plan.descriptors = [toMinder.reading.descriptor, fromMinder.writing.descriptor, 2]
        process = try ChildProcess(starting: plan)
        let writing = toMinder.writing
        input = consume writing
        output = fromMinder.reading
        poll = try EventPoll()
        try poll.watch(output.descriptor, for: .readable, tag: 1)
        guard let spec else { return }
        send(.hello(Hello(build: "test")))
        send(.setup(WorkSetup(recipe: spec.canonicalBytes, damage: .fail, limits: WorkLimits(), fileMode: fileMode)))
        guard case .ready = try next() else { throw Failed(description: "no ready") }
    }

    deinit {
        // What the minder may have left is the test's own.
        process.kill()
        do { try FileOperation.removeTree(folder) } catch { Issue.record(error) }
    }

    var id: Int32 { process.id }

    func send(_ command: WorkerCommand) {
        // A minder that has ended takes nothing.
        do { try input?.append(Frame.encode(command)) } catch {}
    }

    func hangUp() { input = nil }
    func terminate() { process.terminate() }
    func kill() { process.kill() }

    /// The next message, at most `seconds` later.
    func next(seconds: Double = 30) throws -> WorkerMessage {
        let deadline = SystemClock.monotonicMilliseconds() + UInt64(seconds * 1000)
        while received.isEmpty {
            let now = SystemClock.monotonicMilliseconds()
            guard now < deadline else { throw Failed(description: "the minder says nothing") }
            if try poll.wait(milliseconds: Int(deadline - now)).isEmpty { continue }
            guard case .bytes(let count) = Descriptors.read(output.descriptor, into: &buffer) else { throw Failed(description: "the minder has ended") }
            reader.feed(buffer[..<count])
            while let message = try reader.next() { received.append(message) }
        }
        return received.removeFirst()
    }

    /// The next report; other messages before it are given to `other`.
    func report(seconds: Double = 30, other: (WorkerMessage) -> Void = { _ in }) throws -> WorkReport {
        while true {
            let message = try next(seconds: seconds)
            if case .report(let report) = message { return report }
            other(message)
        }
    }

    /// Waits for the minder's end.
    func end(seconds: Double = 15) throws -> ProcessEnd {
        let deadline = SystemClock.monotonicMilliseconds() + UInt64(seconds * 1000)
        while SystemClock.monotonicMilliseconds() < deadline {
            if let end = try process.endIfReached() { return end }
            Pause.milliseconds(2)
        }
        throw Failed(description: "the minder goes on")
    }

    func order(
        _ argument: String = "x", kind: JobModel.ArgumentKind = .text, task: Int = 1, outputs: [String] = [], limitMilliseconds: UInt64? = nil,
        identity: InputIdentity = InputIdentity(sizeBytes: 0, modifiedNanoseconds: 0), mirror: RawPath? = nil
    ) -> WorkOrder {
        order(RawPath(argument), kind: kind, task: task, outputs: outputs.map { folder.appending($0) }, limitMilliseconds: limitMilliseconds, identity: identity, mirror: mirror)
    }

    func order(
        _ argument: RawPath, kind: JobModel.ArgumentKind, task: Int = 1, outputs: [RawPath] = [], limitMilliseconds: UInt64? = nil,
        identity: InputIdentity = InputIdentity(sizeBytes: 0, modifiedNanoseconds: 0), mirror: RawPath? = nil, input: RawPath? = nil
    ) -> WorkOrder {
        WorkOrder(
            attempt: Attempt(task: TaskIndex(task), number: 1), input: input ?? argument, identity: identity,
            kind: .program(
                ProgramOrder(
                    argument: argument, kind: kind, number: Int64(task), workingFolder: folder, outputs: outputs,
                    spoolFolder: folder.appending("spool"), limitMilliseconds: limitMilliseconds, mirror: mirror)),
            tempName: RawPath(".quire-job-\(task)-1"))
    }

    /// Runs one order to its report.
    func run(_ order: WorkOrder, seconds: Double = 30) throws -> WorkReport {
        send(.order(order))
        return try report(seconds: seconds)
    }

    // Files.

    func write(_ text: String, to name: String) throws -> InputIdentity {
        let file = try OpenFile(folder.appending(name), .update(mode: 0o644))
        try file.truncate(to: 0)
        try file.write(Array(text.utf8), at: 0)
        return try file.facts().identity
    }

    func content(of path: RawPath) throws -> [UInt8] {
        let file = try OpenFile(path, .read)
        return try file.read(count: Int(try file.facts().identity.sizeBytes), at: 0)
    }

    func text(of name: String) throws -> String { String(decoding: try content(of: folder.appending(name)), as: UTF8.self) }

    /// All names in a folder of the session's, hidden ones too, without the spool.
    func names(in name: String = "") throws -> [String] {
        try FolderListing.names(of: folder.appending(name)).map(\.name.display).filter { $0 != "spool" }.sorted()
    }
}

extension ProgramSpec {
    /// `/bin/sh -c SCRIPT sh {} RETURN...`: the argument is `$1`, outputs are `$2` and so on.
    static func script(
        _ script: String, mentioned: [String] = [], returns: [String]? = nil, changing: (inout ProgramSpec) -> Void = { _ in }
    ) throws -> ProgramSpec {
        var spec = try ProgramSpec(
            words: (["/bin/sh", "-c", script, "sh", "{}"] + mentioned).map { Array($0.utf8) }, returns: (returns ?? mentioned).map { Array($0.utf8) })
        changing(&spec)
        return spec
    }
}

extension WorkReport {
    var failure: TaskFailure? {
        switch outcome {
        case .failed(let failure): failure
        case .finished, .notStored: nil
        }
    }

    var files: [MadeFile]? {
        switch outcome {
        case .finished(let work): work.files
        case .failed, .notStored: nil
        }
    }

    /// What the program printed, where it travels whole.
    func text(_ stream: ProgramStream) -> String? {
        let captured: ProgramResult.Captured? =
            switch stream {
            case .output: program?.output
            case .errors: program?.errors
            }
        switch captured {
        case .whole(let bytes): return String(decoding: bytes, as: UTF8.self)
        case .spooled, nil: return nil
        }
    }
}

/// Whether a process runs; one that has ended and is not reaped does not.
func isRunning(_ id: Int32) -> Bool { ProcessSample.take(of: id) != nil }

/// Waits until a condition holds, at most `seconds`.
func eventually(seconds: Double = 15, _ condition: () throws -> Bool) rethrows -> Bool {
    let deadline = SystemClock.monotonicMilliseconds() + UInt64(seconds * 1000)
    while SystemClock.monotonicMilliseconds() < deadline {
        if try condition() { return true }
        Pause.milliseconds(2)
    }
    return try condition()
}
