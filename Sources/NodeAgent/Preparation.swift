import JobModel
import LinuxSystem
import WireProtocol

/// What a job needs before its first worker: a place for its files, the lock of its programs, and the program itself.
struct Prepared: Sendable {
    /// Nil for this machine's agent, which has all its head's files before it.
    var scratch: Scratch?
    /// Nil where the scratch folder has the lock, and for jobs without programs.
    var lock: ProgramsLock?

    var lockDescriptor: Int32? { lock?.descriptor ?? scratch?.lockDescriptor }
}

/// Makes ready what a job needs, from a thread of its own: an older agent's end may be waited for, and shares may hang.
final class Preparation: Sendable {
    enum Outcome: Sendable {
        case ready(Prepared)
        /// For the user, with what to do.
        case failed(String)
    }

    private let outcome = Mailbox<Outcome>(elementsMax: 1)
    private let thread: SystemThread

    /// - Parameter wake: signalled when it is done.
    init(_ setup: AgentSetup, capacity: Capacity, wake: Wake) {
        let outcome = outcome
        thread = SystemThread("prepare") {
            outcome.send(Self.prepare(setup, capacity))
            wake.signal()
        }
    }

    /// Whether anything may have to be waited for.
    static func isNeeded(for setup: AgentSetup) -> Bool { needsScratch(setup) || setup.programs != nil }

    /// A host of its own gets a place for files; this machine's agent has all its head's files before it.
    private static func needsScratch(_ setup: AgentSetup) -> Bool { setup.leaseSeconds > 0 || setup.scratch != nil }

    private static func prepare(_ setup: AgentSetup, _ capacity: Capacity) -> Outcome {
        var prepared = Prepared()
        do throws(ScratchError) {
            if needsScratch(setup) {
                prepared.scratch = try Scratch.claim(job: setup.job, epoch: setup.epoch, named: setup.scratch, capacity: capacity)
            }
        } catch {
            return .failed("\(error)")
        }
        guard let programs = setup.programs else { return .ready(prepared) }
        if let text = missingProgram(programs) {
            prepared.scratch?.remove()
            return .failed(text)
        }
        do throws(ProgramsLockError) {
            if let file = programs.lockFile { prepared.lock = try ProgramsLock.take(file, epoch: setup.epoch) }
        } catch {
            return .failed("\(error)")
        }
        return .ready(prepared)
    }

    /// Why no task could start its program; nil when it is there, or only the task itself can know.
    private static func missingProgram(_ terms: ProgramTerms) -> String? {
        guard let program = terms.program, !program.isEmpty else { return nil }
        let added = terms.searchPath.map { [Array("PATH=".utf8) + $0.bytes] } ?? []
        let lookup = ProgramLookup(environment: (terms.environment ?? ProcessPlan.inheritedEnvironment()) + added)
        if lookup.find(program.bytes, in: terms.workingFolder) != nil { return nil }
        let name = program.display
        if !terms.isShared { return "\(name) is not there: install it, or send it with --send" }
        guard program.bytes.contains(0x2F) else { return "\(name) is not there: install it, or name the folder it is in" }
        do throws(SystemError) {
            let facts = try FileOperation.facts(of: terms.workingFolder.appending(program))
            return facts.type == .folder ? "\(name) is a folder and no program" : "\(name) may not be run: make it executable with chmod +x"
        } catch {
            return "\(name) is not there: \(error.reason)"
        }
    }

    /// How it went, once it is done.
    func take() -> Outcome? { outcome.receiveOne(waitingMilliseconds: 0) }
}

/// Why this machine's programs cannot be started.
enum ProgramsLockError: Error, CustomStringConvertible {
    case system(SystemError)
    case held(RawPath, holder: String)

    var description: String {
        switch self {
        case .system(let error): "the lock of the job's programs cannot be taken: \(error)"
        case .held(let path, let holder):
            "programs of an earlier start of this job still run on this machine (\(path.display) is held, first by process \(holder)): end them, then go on with quire resume"
        }
    }
}

/// The lock that this machine's agent and its minders hold as long as any program of the job may run.
final class ProgramsLock: Sendable {
    private static let waitMillisecondsMax: UInt64 = 10_000
    private let lock: FileLock

    var descriptor: Int32 { lock.descriptor }

    private init(_ lock: consuming FileLock) { self.lock = lock }

    /// Takes the lock, waiting some seconds for minders of an earlier agent to end their programs.
    static func take(_ path: RawPath, epoch: UInt32) throws(ProgramsLockError) -> ProgramsLock {
        let deadline = SystemClock.monotonicMilliseconds() + waitMillisecondsMax
        while true {
            let outcome: FileLock.Outcome
            do throws(SystemError) {
                outcome = try FileLock.take(path, holder: "\(OwnProcess.id) \(epoch)")
            } catch {
                throw .system(error)
            }
            switch consume outcome {
            case .taken(let lock): return ProgramsLock(lock)
            case .heldBy(let holder):
                guard SystemClock.monotonicMilliseconds() < deadline else { throw .held(path, holder: holder) }
                Pause.milliseconds(10)
            }
        }
    }
}
