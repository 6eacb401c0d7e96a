import LinuxSystem
import WireProtocol

/// The way to the head: frames in from what was standard input, frames out to what was standard output.
final class HeadLink {
    static let inputTag: UInt64 = 1
    static let outputTag: UInt64 = 2
    /// More than this unread by the head, and the agent starts nothing new.
    static let backlogBytesHigh = 8 << 20
    /// A head that lets this much pile up is as good as gone.
    static let backlogBytesMax = 64 << 20

    enum Input {
        case message(HeadMessage)
        /// The head is gone, or its stream was cut.
        case ended
        case broken(WireError)
    }

    private let input: OpenFile
    private let output: OpenFile
    private let poll: EventPoll
    private var reader = FrameReader<HeadMessage>(awaitsMagic: true)
    private var outgoing = OutgoingBytes(bytesMax: HeadLink.backlogBytesMax)
    private var buffer = [UInt8](repeating: 0, count: 65536)
    private var isBlocked = false
    /// The head reads no more: what is sent is dropped.
    private(set) var isBroken = false

    init(_ streams: consuming StandardStreams, poll: EventPoll) throws(SystemError) {
        try Descriptors.setNonBlocking(streams.input.descriptor)
        try Descriptors.setNonBlocking(streams.output.descriptor)
        try poll.watch(streams.input.descriptor, for: .readable, tag: Self.inputTag)
        input = streams.input
        output = streams.output
        self.poll = poll
        append(magicBytes)
    }

    var isCongested: Bool { outgoing.count > Self.backlogBytesHigh }

    /// Puts a message at the end of what is to be sent; `flush` sends.
    func send(_ message: AgentMessage) {
        append(Frame.encode(message))
    }

    private func append(_ bytes: [UInt8]) {
        if !isBroken && !outgoing.append(bytes) { isBroken = true }
    }

    func flush() {
        if isBroken || outgoing.isEmpty { return }
        switch outgoing.write(to: output.descriptor) {
        case .done:
            if isBlocked { poll.forget(output.descriptor) }
            isBlocked = false
        case .blocked:
            if isBlocked { return }
            isBlocked = true
            do throws(SystemError) {
                try poll.watch(output.descriptor, for: .writable, tag: Self.outputTag)
            } catch {
                isBroken = true
            }
        case .failed: isBroken = true
        }
    }

    /// Takes what has arrived: nil when nothing has, empty when it is no whole message yet.
    func receive() -> [Input]? {
        switch Descriptors.read(input.descriptor, into: &buffer) {
        case .bytes(let count):
            reader.feed(buffer[..<count])
            var messages: [Input] = []
            do throws(WireError) {
                while let message = try reader.next() { messages.append(.message(message)) }
            } catch {
                messages.append(.broken(error))
                poll.forget(input.descriptor)
            }
            return messages
        case .nothingYet: return nil
        case .ended, .failed:
            poll.forget(input.descriptor)
            return [.ended]
        }
    }
}
