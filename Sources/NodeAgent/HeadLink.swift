import LinuxSystem
import WireProtocol

/// The way to the head: frames in from what was standard input, frames out to what was standard output.
final class HeadLink {
    static let inputTag: UInt64 = 1
    static let outputTag: UInt64 = 2
    /// Frames of files written before the poll's thread looks at something else.
    private static let bulkFramesAtOnceMax = 16

    enum Input {
        case message(HeadMessage)
        /// Bytes of a file.
        case chunk(TransferID, [UInt8])
        /// The head is gone, or its stream was cut.
        case ended
        case broken(WireError)
    }

    private let input: OpenFile
    private let output: OpenFile
    private let poll: EventPoll
    private var reader = FrameReader<HeadMessage>(awaitsMagic: true)
    let lanes: OutgoingLanes
    /// What is being written: whole frames, begun in the order they shall go.
    private var underWay = OutgoingBytes(bytesMax: OutgoingLanes.controlBytesMax)
    private var buffer = [UInt8](repeating: 0, count: 1 << 17)
    private var isBlocked = false
    /// There is more to write than was written at once.
    private(set) var wantsFlush = false

    init(_ streams: consuming StandardStreams, poll: EventPoll, wake: Wake) throws(SystemError) {
        try Descriptors.setNonBlocking(streams.input.descriptor)
        try Descriptors.setNonBlocking(streams.output.descriptor)
        try poll.watch(streams.input.descriptor, for: .readable, tag: Self.inputTag)
        input = streams.input
        output = streams.output
        self.poll = poll
        lanes = OutgoingLanes(wake: wake)
        lanes.addControl(magicBytes)
    }

    /// The head reads no more: what is sent is dropped.
    var isBroken: Bool { lanes.isOver }

    var isCongested: Bool { lanes.controlBytes + underWay.count > OutgoingLanes.controlBytesHigh }

    /// Puts a message at the end of the control lane; `flush` sends.
    func send(_ message: AgentMessage) { lanes.addControl(Frame.encode(message)) }

    /// Writes as much as the head takes now: control first, and bulk only while there is no control.
    func flush() {
        wantsFlush = false
        var bulkFrames = 0
        while !isBroken {
            if underWay.isEmpty {
                guard let next = lanes.next() else { return setBlocked(false) }
                if next.isBulk { bulkFrames += 1 }
                // It is empty and takes as much as a lane holds.
                _ = underWay.append(next.bytes)
            }
            switch underWay.write(to: output.descriptor) {
            case .done:
                if bulkFrames < Self.bulkFramesAtOnceMax { continue }
                wantsFlush = true
                return setBlocked(false)
            case .blocked: return setBlocked(true)
            case .failed: lanes.close()
            }
        }
    }

    private func setBlocked(_ blocked: Bool) {
        guard blocked != isBlocked else { return }
        isBlocked = blocked
        if !blocked { return poll.forget(output.descriptor) }
        do throws(SystemError) {
            try poll.watch(output.descriptor, for: .writable, tag: Self.outputTag)
        } catch {
            lanes.close()
        }
    }

    /// Takes what has arrived: nil when nothing has, empty when it is no whole message yet.
    func receive() -> [Input]? {
        switch Descriptors.read(input.descriptor, into: &buffer) {
        case .bytes(let count):
            reader.feed(buffer[..<count])
            var inputs: [Input] = []
            do throws(WireError) {
                while let framed = try reader.nextFrame() {
                    switch framed {
                    case .message(let message): inputs.append(.message(message))
                    case .bulk(let id, let bytes): inputs.append(.chunk(id, bytes))
                    }
                }
            } catch {
                inputs.append(.broken(error))
                poll.forget(input.descriptor)
            }
            return inputs
        case .nothingYet: return nil
        case .ended, .failed:
            poll.forget(input.descriptor)
            return [.ended]
        }
    }
}
