internal import JobModel
internal import LinuxSystem

/// This machine as a host: programs run as children, by `/bin/sh`.
public final class LocalSession: HostSession {
    public let name = "this machine"
    public let transport = Transport.local
    private let running = RunningChannel()

    public init() {}

    public func open(_ command: String, _ sink: @escaping ChannelSink) throws(SSHError) -> any ByteChannel {
        try running.begin(on: name)
        var plan = ProcessPlan(RawPath("/bin/sh"))
        plan.arguments = [Array("-c".utf8), Array(command.utf8)]
        plan.environment = ProcessPlan.inheritedEnvironment()
        plan.leadsGroup = true
        do throws(SystemError) {
            return running.holds(try ChildChannel(plan, running.watching(sink)))
        } catch {
            running.isOver()
            throw .system(host: name, error)
        }
    }

    public func end() { running.end() }
}
