import LinuxSystem
import JobModel
import WireProtocol

/// The minder's way to its agent: commands in, messages out, and the wish that it end. Never blocks but in `EventPoll`.
final class AgentPipe {
    static let inputTag: UInt64 = 1
    static let outputTag: UInt64 = 2
    static let terminateTag: UInt64 = 3

    /// With more unread by the agent, nothing more is read of what a program prints.
    private static let outgoingBytesHigh = 256 << 10
    private static let outgoingBytesMax = 64 << 20

    private let poll: EventPoll
    private let input: OpenFile
    private let output: OpenFile
    private let terminate: Wake
    private var reader = FrameReader<WorkerCommand>(awaitsMagic: false)
    private var outgoing = OutgoingBytes(bytesMax: outgoingBytesMax)
    private var buffer = [UInt8](repeating: 0, count: 64 << 10)
    private var isBlocked = false
    private var commands: [WorkerCommand] = []
    /// What programs without a limit of their own may take; told at any time.
    private(set) var limitMilliseconds: UInt64?
    /// The agent is gone or asks for the end: nothing is started any more, and what runs is ended.
    private(set) var isOver = false
    /// What the agent sent is no command.
    private(set) var error: WireError?

    /// - Parameter terminate: signalled when the process shall end.
    init(_ streams: consuming StandardStreams, poll: EventPoll, terminate: Wake) throws(SystemError) {
        try Descriptors.setNonBlocking(streams.input.descriptor)
        try Descriptors.setNonBlocking(streams.output.descriptor)
        try poll.watch(streams.input.descriptor, for: .readable, tag: Self.inputTag)
        try poll.watch(terminate.descriptor, for: .readable, tag: Self.terminateTag)
        input = streams.input
        output = streams.output
        self.poll = poll
        self.terminate = terminate
    }

    var isBehind: Bool { outgoing.count > Self.outgoingBytesHigh }
    var hasUnsent: Bool { !outgoing.isEmpty }

    func nextCommand() -> WorkerCommand? { commands.isEmpty ? nil : commands.removeFirst() }

    func send(_ message: WorkerMessage) {
        if !outgoing.append(Frame.encode(message)) { isOver = true }
        if !isBlocked { flush() }
    }

    /// What follows from a readiness whose tag is one of this type's.
    func take(_ ready: EventPoll.Ready) {
        switch ready.tag {
        case Self.inputTag: receive()
        case Self.outputTag: flush()
        case Self.terminateTag:
            terminate.clear()
            isOver = true
        default: preconditionFailure("tag \(ready.tag) is not the agent's")
        }
    }

    private func receive() {
        switch Descriptors.read(input.descriptor, into: &buffer) {
        case .bytes(let count):
            reader.feed(buffer[..<count])
            do throws(WireError) {
                while let command = try reader.next() {
                    switch command {
                    case .limitTime(let milliseconds): limitMilliseconds = milliseconds
                    case .hello, .setup, .order: commands.append(command)
                    }
                }
            } catch {
                self.error = error
                endOfInput()
            }
        case .nothingYet: break
        case .ended, .failed: endOfInput()
        }
    }

    private func endOfInput() {
        poll.forget(input.descriptor)
        isOver = true
    }

    private func flush() {
        switch outgoing.write(to: output.descriptor) {
        case .done: setBlocked(false)
        case .blocked: setBlocked(true)
        case .failed:
            setBlocked(false)
            isOver = true
        }
    }

    private func setBlocked(_ blocked: Bool) {
        guard blocked != isBlocked else { return }
        isBlocked = blocked
        if !blocked { return poll.forget(output.descriptor) }
        do throws(SystemError) {
            try poll.watch(output.descriptor, for: .writable, tag: Self.outputTag)
        } catch {
            isOver = true
        }
    }
}
