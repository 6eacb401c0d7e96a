import Glibc
import JobModel
import LinuxSystem
import Programs
import WireProtocol

/// Runs the programs of one slot, one after another, for an agent that speaks to it as to a worker.
final class Minder {
    /// Exit codes beside 0, which says that nothing was under way when the end was asked for.
    static let brokenCode: Int32 = 1
    static let unusableCode: Int32 = 2
    /// A process that cannot be killed hangs below this one: a fresh minder must go on.
    static let stuckCode: Int32 = 4

    /// Tries to start a program while the system has no room for one more process.
    private static let startingMillisecondsMax: UInt64 = 10_000

    private let poll: EventPoll
    private let agent: AgentPipe
    private let version: String
    private var program: PreparedProgram?
    private var buffer = [UInt8](repeating: 0, count: 64 << 10)
    private var isStuck = false

    init(poll: EventPoll, agent: AgentPipe, version: String) {
        self.poll = poll
        self.agent = agent
        self.version = version
    }

    /// Works until the agent is gone or asks for the end; returns the exit code.
    func run() throws(SystemError) -> Int32 {
        while true {
            // A report is told before the next program starts: what is not told may have run.
            try takeEvents(milliseconds: 0)
            while agent.hasUnsent, !agent.isOver { try takeEvents(milliseconds: nil) }
            if isStuck { return Self.stuckCode }
            if let error = agent.error {
                agent.send(.unusable("the minder cannot understand its agent: \(error)"))
                return Self.brokenCode
            }
            if agent.isOver { return 0 }
            switch agent.nextCommand() {
            case nil: try takeEvents(milliseconds: nil)
            case .hello(let hello):
                do throws(WireError) {
                    _ = try hello.agreed(with: Hello(build: version))
                } catch {
                    agent.send(.unusable("the minder speaks protocol \(Hello.ownVersions), the agent \(hello.versions)"))
                    return Self.unusableCode
                }
            case .setup(let setup):
                do throws(ProgramError) {
                    try prepare(setup)
                } catch {
                    agent.send(.unusable("the program cannot be run: \(error)"))
                    return Self.unusableCode
                }
                agent.send(.ready(Hello(build: version), version: version))
            case .order(let order):
                guard let program else {
                    agent.send(.unusable("an order came before the setup"))
                    return Self.unusableCode
                }
                guard let report = try perform(order, program) else { return WorkerMessage.minderEndedProgramCode }
                agent.send(.report(report))
            // The pipe keeps it.
            case .limitTime: break
            }
        }
    }

    private func takeEvents(milliseconds: Int?) throws(SystemError) {
        for ready in try poll.wait(milliseconds: milliseconds) { agent.take(ready) }
    }

    private func prepare(_ setup: WorkSetup) throws(ProgramError) {
        // Who started us may have been stricter than the user is: a login shell, or the agent of another host.
        umask(Self.mask(of: setup.fileMode))
        program = PreparedProgram(
            try ProgramSpec(canonicalBytes: setup.recipe), environment: ProcessPlan.inheritedEnvironment())
    }

    /// The umask that leaves these bits of a file; of a folder whose owner's peers may neither read nor write nothing else either.
    static func mask(of fileMode: UInt32) -> UInt32 {
        var mask = 0o666 & ~fileMode
        for shift: UInt32 in [0, 3] where mask >> shift & 0o6 == 0o6 { mask |= 0o1 << shift }
        return mask
    }

    // MARK: One order

    /// Runs an order's program; nil when it was ended because the agent wants no more.
    private func perform(_ order: WorkOrder, _ prepared: PreparedProgram) throws(SystemError) -> WorkReport? {
        let started = SystemClock.monotonicMicroseconds()
        func report(_ outcome: WorkOutcome, _ run: ProgramRun? = nil) -> WorkReport {
            WorkReport(
                attempt: order.attempt, outcome: outcome,
                usage: WorkUsage(
                    cpuMicroseconds: run?.usage.cpuMicroseconds ?? 0, wallMicroseconds: SystemClock.monotonicMicroseconds() - started,
                    peakMemoryBytes: run?.usage.peakMemoryBytes ?? 0),
                program: run.flatMap(result))
        }
        guard case .program(let program) = order.kind else {
            return report(.failed(TaskFailure(.unsupported, "a minder runs programs and nothing else")))
        }
        if let failure = InputCheck.failure(of: order, program) { return report(.failed(failure)) }
        let places: OutputPlaces
        let temporary = program.mirror.map { RawPath(bytes: $0.bytes + Array("-tmp".utf8)) }
        do throws(SystemError) {
            places = try OutputPlaces(program, tempName: order.tempName, isMentioned: prepared.isMentioned)
            if let temporary {
                try FileOperation.removeTree(temporary)
                _ = try FileOperation.createFolder(temporary, mode: 0o700)
            }
        } catch {
            return report(placesOutcome(error))
        }
        defer { if let temporary { removeIfPossible(temporary) } }
        let run: ProgramRun
        do throws(LaunchError) {
            let plan = try prepared.plan(program, outputs: places.paths, temporary: temporary)
            guard let started = try start(plan, of: order, program, prepared.spec) else {
                places.removeAll()
                return nil
            }
            run = started
        } catch {
            places.removeAll()
            return report(.failed(TaskFailure(.exitCode, "cannot be started: \(error)")))
        }
        try run.watch()
        isStuck = run.isStuck
        let outcome: WorkOutcome?
        do throws(SystemError) {
            outcome = try Verdict(run, prepared.spec, places, files: { () throws(SystemError) in
                try places.files { () throws(SystemError) in
                    try takeEvents(milliseconds: 0)
                    return !agent.isOver
                }
            }).outcome
        } catch {
            outcome =
                error.isOfTheFileSystem
                ? .notStored(StorageFault(code: error.code, call: error.call))
                : .failed(TaskFailure(.output, "what it made cannot be read: \(error)"))
        }
        switch outcome {
        case nil:
            places.removeAll()
            for capture in [run.output, run.errors] { removeIfPossible(capture) }
        case .failed, .notStored: places.removeAll()
        case .finished: break
        }
        return outcome.map { report($0, run) }
    }

    /// Nil when the end is asked for while the system has no room for one more process.
    private func start(
        _ plan: ProcessPlan, of order: WorkOrder, _ program: ProgramOrder, _ spec: ProgramSpec
    ) throws(LaunchError) -> ProgramRun? {
        var plan = plan
        let deadline = SystemClock.monotonicMilliseconds() + Self.startingMillisecondsMax
        while !agent.isOver {
            do throws(SystemError) {
                return try ProgramRun(plan, of: order, program, spec: spec, poll: poll, agent: agent, buffer: buffer)
            } catch {
                switch error.code {
                // A script that does not say what runs it is the shell's.
                case ENOEXEC where plan.program != RawPath("/bin/sh"):
                    plan.arguments.insert(plan.program.bytes, at: 0)
                    plan.program = RawPath("/bin/sh")
                    plan.name = nil
                case EAGAIN, ENOMEM, EMFILE, ENFILE:
                    guard SystemClock.monotonicMilliseconds() < deadline else { throw .system(error) }
                    do throws(SystemError) { try takeEvents(milliseconds: 50) } catch { throw .system(error) }
                default: throw .system(error)
                }
            }
        }
        return nil
    }

    private func result(_ run: ProgramRun) -> ProgramResult? {
        let end: ProgramResult.End =
            switch run.end {
            case .exited(let code): .exited(code: code)
            case .killed(let signal): .killed(signal: signal)
            // It hangs, but will run no more.
            case nil: .killed(signal: SIGKILL)
            }
        return ProgramResult(
            end: end, startedEpochMilliseconds: run.startedEpochMilliseconds, output: run.output.captured, errors: run.errors.captured)
    }

    /// What failed was no fault of the task's, unless a folder may not be written to.
    private func placesOutcome(_ error: SystemError) -> WorkOutcome {
        if error.isDenied { return .failed(TaskFailure(.denied, "no output can be made: \(error)")) }
        return .notStored(StorageFault(code: error.code, call: error.call))
    }

    private func removeIfPossible(_ folder: RawPath) {
        do throws(SystemError) { try FileOperation.removeTree(folder) } catch {}
    }

    private func removeIfPossible(_ capture: Capture) {
        do throws(SystemError) { try capture.discard() } catch {}
    }
}
