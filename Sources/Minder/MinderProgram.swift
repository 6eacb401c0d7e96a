internal import Glibc
internal import LinuxSystem
internal import WireProtocol

/// The program `quire-agent minder`: one a slot, in the place of a worker, started by the agent on pipes.
///
/// Ends when its standard input ends or on SIGTERM, and takes its program with it. Nothing a program started outlives its task:
/// this process is the parent of whatever its descendants leave behind.
public enum MinderProgram {
    /// Inherited from the agent: the lock that says whether programs of the job may run here.
    public static let lockDescriptor: Int32 = 3

    /// Runs to the end and returns the exit code. Called once, on the process's first thread.
    ///
    /// - Parameter version: what the agent hears of this build.
    public static func run(version: String) -> Int32 {
        nameProcess("quire-minder")
        do throws(SystemError) {
            let terminate = try Wake()
            // Before any other thread. A terminal's signals are the head's affair: it tells us what they mean.
            let signals = SignalWatch { signal in
                switch signal {
                case .terminate: terminate.signal()
                case .interrupt, .hangUp, .windowChange, .resumed, .reload: break
                }
            }
            Descriptors.closeInChildren(lockDescriptor)
            try OwnChildren.adoptOrphans()
            return try withExtendedLifetime(signals) { () throws(SystemError) -> Int32 in
                let poll = try EventPoll()
                let agent = try AgentPipe(try Descriptors.takeStandardStreams(), poll: poll, terminate: terminate)
                return try Minder(poll: poll, agent: agent, version: version).run()
            }
        } catch {
            let line = Array("quire-minder: \(error)\n".utf8)
            // Nobody may be left to read it.
            _ = write(2, line, line.count)
            return 1
        }
    }
}
