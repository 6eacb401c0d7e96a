public import JobModel
public import LinuxSystem

/// Where the worker's executable is and what it says of itself.
public enum WorkerProgram {
    /// `quire-worker` beside this program, or what the variable QUIRE_WORKER names.
    public static func path() throws(SystemError) -> RawPath {
        if let named = environmentVariable("QUIRE_WORKER"), named.isAbsolute { return named }
        return try ownExecutable().parent.appending("quire-worker")
    }

    public static let versionMillisecondsMax: UInt64 = 5_000
    /// A killed process that takes longer hangs in I/O that cannot be interrupted.
    private static let reapingMillisecondsMax: UInt64 = 1_000

    /// The first line that the worker prints when `--version` is added to its start, at most 200 bytes; empty if it prints none in time.
    public static func version(of start: ProgramStart) throws(SystemError) -> String {
        let pipe = try Descriptors.pipe()
        let reading = pipe.reading
        var plan = ProcessPlan(start.program)
        plan.arguments = start.arguments + [Array("--version".utf8)]
        plan.environment = WorkerSettings.environment(of: start)
        plan.diesWithThread = true
        var process = try launch(plan, output: pipe.writing)
        let poll = try EventPoll()
        try poll.watch(reading.descriptor, for: .readable, tag: 0)
        let deadline = SystemClock.monotonicMilliseconds() + versionMillisecondsMax
        var text: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 200)
        reading: while !text.contains(0x0A) && text.count < 200 {
            let now = SystemClock.monotonicMilliseconds()
            guard now < deadline else { break }
            if try poll.wait(milliseconds: Int(deadline - now)).isEmpty { continue }
            switch Descriptors.read(reading.descriptor, into: &buffer) {
            case .bytes(let count): text += buffer[..<count]
            case .nothingYet: continue
            case .ended, .failed: break reading
            }
        }
        process.kill()
        // Reaped here, or it would stay a zombie beside the workers for the agent's whole life.
        poll.forget(reading.descriptor)
        let reapedBy = SystemClock.monotonicMilliseconds() + reapingMillisecondsMax
        while try process.endIfReached() == nil, SystemClock.monotonicMilliseconds() < reapedBy { _ = try poll.wait(milliseconds: 1) }
        return String(decoding: text.prefix(200).prefix { $0 != 0x0A }, as: UTF8.self)
    }

    /// Our copy of the writing end is closed on return, so that the pipe ends with the process.
    private static func launch(_ plan: ProcessPlan, output: consuming OpenFile) throws(SystemError) -> ChildProcess {
        var plan = plan
        plan.descriptors = [nil, output.descriptor, nil]
        return try ChildProcess(starting: plan)
    }
}
