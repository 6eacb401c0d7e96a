internal import Bundles
internal import JobModel
internal import LinuxSystem
internal import WireProtocol
internal import WorkerPool

/// The program `quire-agent`: one per host and job, started by the head on pipes.
///
/// Ends when its standard input ends, when the head says stop, or on SIGTERM; never leaves a worker behind.
public enum AgentProgram {
    /// Runs to the end and returns the exit code. Called once, on the process's first thread.
    public static func run(arguments: [String]) -> Int32 {
        if arguments.dropFirst() == ["--version"] {
            print("quire-agent \(agentVersion)")
            return 0
        }
        guard arguments.count <= 1 else {
            complain("this program is started by quire and takes no arguments but --version")
            return 2
        }
        do throws(SystemError) {
            // Four descriptors a worker: the usual 1,024 would end at 250 slots.
            let openFilesMax = try raiseOpenFilesLimit()
            // While this agent runs its bundle, if it comes from one, is not removed as an old one.
            let bundle = StoredBundle.own(.agent)
            // From a bundle it works for another machine, whose recipes run no programs here, whatever the environment says.
            if bundle != nil { removeEnvironmentVariable("QUIRE_ALLOW_COMMANDS") }
            let terminate = try Wake()
            // Before any other thread. A terminal's signals are the head's affair: it tells us what they mean.
            let signals = SignalWatch { signal in
                switch signal {
                case .terminate: terminate.signal()
                case .interrupt, .hangUp, .windowChange, .resumed, .reload: break
                }
            }
            let code = try withExtendedLifetime((signals, bundle)) { () throws(SystemError) -> Int32 in
                let capacity = Capacity.ofThisMachine()
                let agent = try Agent(try Descriptors.takeStandardStreams(), capacity: capacity, terminate: terminate, openFilesMax: openFilesMax)
                return try agent.run(facts: hostFacts(capacity))
            }
            return code
        } catch {
            complain("\(error)")
            return 1
        }
    }

    private static func hostFacts(_ capacity: Capacity) -> HostFacts {
        var version = ""
        do throws(SystemError) {
            version = try WorkerProgram.version(of: ProgramStart(try WorkerProgram.path()))
        } catch {
            // An agent from a bundle has none beside it. Else the head hears of it again, as unusable, should it want workers.
            if !error.isNotFound { complain("cannot ask the worker for its version: \(error)") }
        }
        return HostFacts(
            hostname: capacity.hostname, bootID: capacity.bootID, logicalCPUs: capacity.logicalCPUs,
            physicalCPUs: capacity.physicalCPUs, slotsMax: capacity.slotsMax, memoryBytes: capacity.memoryBytes,
            epochMilliseconds: SystemClock.epochMilliseconds(), workerVersion: version)
    }
}
