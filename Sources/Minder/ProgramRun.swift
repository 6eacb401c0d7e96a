import Glibc
import JobModel
import LinuxSystem
import Programs
import WireProtocol

/// One program from its start until nothing of it is left: the process, its group, and whatever they left behind.
final class ProgramRun {
    static let outputTag: UInt64 = 4
    static let errorsTag: UInt64 = 5
    static let exitTag: UInt64 = 6

    /// Why it was ended by us.
    enum Ending: Hashable {
        case timeout(limitMilliseconds: UInt64)
        /// The agent is gone or wants it so: there will be no report.
        case stopped
        /// What it printed could not be stored.
        case notStored(StorageFault)
    }

    /// After its main process has ended, what still holds its streams may finish: `tee` behind a shell's `>(tee log)`.
    private static let farewellMillisecondsMax: UInt64 = 200
    /// A killed process that is not dead by then hangs in the kernel.
    private static let dyingMillisecondsMax: UInt64 = 10_000
    /// As above, when nobody waits for a report.
    private static let stoppedDyingMillisecondsMax: UInt64 = 1_000
    /// Grace when nobody waits for a report.
    private static let stoppedGraceMillisecondsMax: UInt64 = 1_000
    /// Where the kernel does not tell of ends.
    private static let lookMilliseconds: UInt64 = 5
    /// Of a stream after the last process has ended: more than a pipe holds only comes from a stranger that was given its end.
    private static let drainedBytesMax = 2 << 20

    private let poll: EventPoll
    private let agent: AgentPipe
    private let attempt: Attempt
    private let limitMilliseconds: UInt64?
    private let graceMilliseconds: UInt64
    private let passesLines: Bool
    private var process: ChildProcess
    private var buffer: [UInt8]
    private var isReading = true
    private var exitIsSeen = false
    private var killAt: UInt64?
    private var isKilled = false

    let output: Capture
    let errors: Capture
    let startedMilliseconds = SystemClock.monotonicMilliseconds()
    let startedEpochMilliseconds = SystemClock.epochMilliseconds()
    private(set) var ending: Ending?
    private(set) var neededKill = false
    /// A process of it cannot be killed.
    private(set) var isStuck = false
    private(set) var end: ProcessEnd?
    private(set) var usage = ProcessUsage()

    /// Starts the program; its descriptors are null, output and errors, and none else.
    ///
    /// - Parameters:
    ///   - buffer: lent for reading, so that no run needs one of its own.
    init(
        _ plan: ProcessPlan, of order: WorkOrder, _ program: ProgramOrder, spec: ProgramSpec, poll: EventPoll, agent: AgentPipe,
        buffer: [UInt8]
    ) throws(SystemError) {
        self.poll = poll
        self.agent = agent
        self.buffer = buffer
        attempt = order.attempt
        limitMilliseconds = program.limitMilliseconds
        graceMilliseconds = UInt64(spec.graceMilliseconds)
        passesLines = spec.streamsLines
        let output = try Descriptors.pipe()
        let errors = try Descriptors.pipe()
        try Descriptors.setNonBlocking(output.reading.descriptor)
        try Descriptors.setNonBlocking(errors.reading.descriptor)
        process = try Self.start(plan, output: output.writing, errors: errors.writing)
        let spools = ProgramResult.spoolNames(for: order.tempName).map { program.spoolFolder.appending($0) }
        self.output = Capture(pipe: output.reading, spoolPath: spools[0], forbidden: spec.forbiddenTexts, passesLines: passesLines)
        self.errors = Capture(pipe: errors.reading, spoolPath: spools[1], forbidden: spec.forbiddenTexts, passesLines: passesLines)
        try poll.watch(self.output.pipe.descriptor, for: .readable, tag: Self.outputTag)
        try poll.watch(self.errors.pipe.descriptor, for: .readable, tag: Self.errorsTag)
        if let exit = process.exitDescriptor { try poll.watch(exit, for: .readable, tag: Self.exitTag) }
    }

    /// Our copies of the writing ends are closed on return, so that the pipes end with the program.
    private static func start(_ plan: ProcessPlan, output: consuming OpenFile, errors: consuming OpenFile) throws(SystemError) -> ChildProcess {
        var plan = plan
        plan.descriptors = [nil, output.descriptor, errors.descriptor]
        return try ChildProcess(starting: plan)
    }

    // MARK: Until nothing is left

    /// Watches over the program until it has ended, by itself or by us, and nothing it started is left.
    func watch() throws(SystemError) {
        while !exitIsSeen, !isStuck {
            decide()
            if process.exitDescriptor == nil { exitIsSeen = process.hasEnded }
            if !exitIsSeen, !isStuck { try wait() }
        }
        if ending == nil, exitIsSeen { try farewell() }
        if let exit = process.exitDescriptor { poll.forget(exit) }
        try sweep()
        drain(output, .output)
        drain(errors, .errors)
        output.finish()
        errors.finish()
        if ending == nil, let fault = output.fault ?? errors.fault { ending = .notStored(StorageFault(code: fault.code, call: fault.call)) }
    }

    private func decide() {
        let now = SystemClock.monotonicMilliseconds()
        if agent.isOver, ending != .stopped {
            // Also of one that has all its grace left.
            beginEnding(.stopped, graceMilliseconds: min(graceMilliseconds, Self.stoppedGraceMillisecondsMax), now)
        } else if ending == nil, let fault = output.fault ?? errors.fault {
            let grace = min(graceMilliseconds, Self.stoppedGraceMillisecondsMax)
            beginEnding(.notStored(StorageFault(code: fault.code, call: fault.call)), graceMilliseconds: grace, now)
        } else if ending == nil, let limit, now >= startedMilliseconds + limit {
            beginEnding(.timeout(limitMilliseconds: limit), graceMilliseconds: graceMilliseconds, now)
        }
        guard let killAt, now >= killAt else { return }
        if !isKilled {
            isKilled = true
            neededKill = true
            process.kill()
        }
        isStuck = now >= killAt + dyingMilliseconds
    }

    private func beginEnding(_ reason: Ending, graceMilliseconds: UInt64, _ now: UInt64) {
        ending = reason
        killAt = min(killAt ?? .max, now + graceMilliseconds)
        if !isKilled { process.terminateAndContinue() }
    }

    private var limit: UInt64? { limitMilliseconds ?? agent.limitMilliseconds }
    private var dyingMilliseconds: UInt64 { ending == .stopped ? Self.stoppedDyingMillisecondsMax : Self.dyingMillisecondsMax }

    /// Lets what the main process left finish its writing for a moment: then it is killed, whatever it is.
    private func farewell() throws(SystemError) {
        let deadline = SystemClock.monotonicMilliseconds() + Self.farewellMillisecondsMax
        read(output, .output)
        read(errors, .errors)
        while !(output.hasEnded && errors.hasEnded), !agent.isOver {
            let now = SystemClock.monotonicMilliseconds()
            guard now < deadline else { return }
            try wait(atMostMilliseconds: deadline - now)
        }
    }

    /// Kills and reaps all that is left. Whatever a descendant leaves comes to us, so no round finds less than there is.
    private func sweep() throws(SystemError) {
        let deadline = SystemClock.monotonicMilliseconds() + dyingMilliseconds
        // Before the main process is reaped: until then no other group can have its number.
        process.kill()
        if isStuck { return }
        end = try process.wait()
        usage = process.usage
        while true {
            switch try OwnChildren.reapAny() {
            case .one(let more): usage.add(more)
            case .noChildren: return
            case .nothingYet:
                for id in OwnChildren.ids() { OwnChildren.kill(id) }
                guard SystemClock.monotonicMilliseconds() < deadline else {
                    isStuck = true
                    return
                }
                try wait(atMostMilliseconds: 1)
            }
        }
    }

    // MARK: What it prints

    private func wait(atMostMilliseconds: UInt64 = .max) throws(SystemError) {
        setReading(!(passesLines && agent.isBehind))
        let now = SystemClock.monotonicMilliseconds()
        var deadlines: [UInt64] = []
        if exitIsSeen {
            deadlines.append(now + atMostMilliseconds)
        } else {
            if let killAt { deadlines.append(isKilled ? killAt + dyingMilliseconds : killAt) }
            if ending == nil, let limit { deadlines.append(startedMilliseconds + limit) }
            if process.exitDescriptor == nil { deadlines.append(now + Self.lookMilliseconds) }
        }
        for ready in try poll.wait(milliseconds: deadlines.min().map { Int(clamping: $0 - min($0, now)) }) {
            switch ready.tag {
            case Self.outputTag: read(output, .output)
            case Self.errorsTag: read(errors, .errors)
            case Self.exitTag:
                exitIsSeen = true
                if let exit = process.exitDescriptor { poll.forget(exit) }
            default: agent.take(ready)
            }
        }
    }

    private func setReading(_ reading: Bool) {
        guard reading != isReading else { return }
        isReading = reading
        for (capture, tag) in [(output, Self.outputTag), (errors, Self.errorsTag)] where !capture.hasEnded {
            if reading {
                // A pipe that cannot be watched is read when the program has ended.
                do throws(SystemError) { try poll.watch(capture.pipe.descriptor, for: .readable, tag: tag) } catch {}
            } else {
                poll.forget(capture.pipe.descriptor)
            }
        }
    }

    private func read(_ capture: Capture, _ stream: ProgramStream) {
        guard !capture.hasEnded else { return }
        _ = capture.read(into: &buffer) { agent.send(.printed(attempt, stream, $0)) }
        if capture.hasEnded { poll.forget(capture.pipe.descriptor) }
    }

    private func drain(_ capture: Capture, _ stream: ProgramStream) {
        var drained = 0
        while !capture.hasEnded, drained < Self.drainedBytesMax {
            let count = capture.read(into: &buffer) { agent.send(.printed(attempt, stream, $0)) }
            if count == 0 { break }
            drained += count
        }
        capture.finishLines { agent.send(.printed(attempt, stream, $0)) }
        poll.forget(capture.pipe.descriptor)
    }
}
