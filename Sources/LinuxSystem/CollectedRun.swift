internal import Glibc
import JobModel

/// What a short helper program printed, and how it ended.
public struct CollectedRun: Sendable {
    /// Standard output and standard error as they came.
    public var output: [UInt8]
    public var end: ProcessEnd

    public static let outputBytesMax = 1 << 20

    /// Runs the program of `plan` to its end and collects what it prints; its descriptors are given here.
    ///
    /// One that takes longer than `limitMilliseconds` is killed: an error with ETIMEDOUT. Output beyond `outputBytesMax` is dropped.
    public static func run(_ plan: ProcessPlan, limitMilliseconds: UInt64) throws(SystemError) -> CollectedRun {
        let pipe = try Descriptors.pipe()
        let reading = pipe.reading
        var plan = plan
        plan.leadsGroup = true
        var process = try start(plan, output: pipe.writing)
        let poll = try EventPoll()
        try poll.watch(reading.descriptor, for: .readable, tag: 0)
        let deadline = SystemClock.monotonicMilliseconds() + limitMilliseconds
        var output: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 64 << 10)
        reading: while true {
            let now = SystemClock.monotonicMilliseconds()
            guard now < deadline else {
                process.kill()
                _ = try process.wait()
                throw SystemError("run", plan.program.display, code: ETIMEDOUT)
            }
            if try poll.wait(milliseconds: Int(deadline - now)).isEmpty { continue }
            switch Descriptors.read(reading.descriptor, into: &buffer) {
            case .bytes(let count): output += buffer[..<min(count, outputBytesMax - output.count)]
            case .nothingYet: continue
            case .ended, .failed: break reading
            }
        }
        return CollectedRun(output: output, end: try process.wait())
    }

    /// Our copy of the writing end is closed on return, so that the pipe ends with the process.
    private static func start(_ plan: ProcessPlan, output: consuming OpenFile) throws(SystemError) -> ChildProcess {
        var plan = plan
        plan.descriptors = [nil, output.descriptor, output.descriptor]
        return try ChildProcess(starting: plan)
    }
}
