public import LinuxSystem
public import JobModel

/// A program of this machine on pipes.
public final class ChildChannel: ByteChannel {
    /// Starts `plan`'s program; its three standard descriptors are set here.
    public init(_ plan: ProcessPlan, keepsStandardError: Bool = true, _ sink: @escaping ChannelSink) throws(SystemError) {
        throw SystemError("spawn", plan.program.display, code: 38)
    }

    public func send(_ bytes: [UInt8], _ lane: Lane) -> Bool { false }
    public func sendIfRoom(_ bytes: [UInt8], _ lane: Lane) -> Bool { false }
    public func finish() {}
    public func close() {}
    public func abort() {}
}
