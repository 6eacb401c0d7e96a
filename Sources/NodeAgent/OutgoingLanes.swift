import LinuxSystem

/// What shall go to the head, in two lanes: control before bulk, both bounded. Any thread may add.
final class OutgoingLanes: Sendable {
    /// More control bytes than this unread by the head, and the agent starts nothing new.
    static let controlBytesHigh = 8 << 20
    /// A head that lets this much pile up is as good as gone.
    static let controlBytesMax = 64 << 20
    /// Frames of files that wait here; the pipe holds as much again.
    static let bulkFramesMax = 2

    private struct State {
        var control: [UInt8] = []
        var bulk: [[UInt8]] = []
        var isOver = false
    }

    private let state = Monitor(State())
    /// Signalled when something was added from another thread than the poll's.
    let wake: Wake

    init(wake: Wake) { self.wake = wake }

    /// Puts bytes behind those of the control lane; false, and the way is over, when they pile up.
    @discardableResult
    func addControl(_ bytes: [UInt8]) -> Bool {
        state.update { state in
            guard !state.isOver else { return false }
            guard state.control.count + bytes.count <= Self.controlBytesMax else {
                state.isOver = true
                return false
            }
            state.control += bytes
            return true
        }
    }

    /// Puts a frame behind those of the bulk lane, waiting while it is full; false when the way is over.
    func addBulk(_ frame: [UInt8]) -> Bool {
        let isAdded: Bool = state.wait { state in
            if state.isOver { return false }
            guard state.bulk.count < Self.bulkFramesMax else { return nil }
            state.bulk.append(frame)
            return true
        }
        if isAdded { wake.signal() }
        return isAdded
    }

    /// All control bytes, or one bulk frame where there are none; nil when there is nothing.
    func next() -> (bytes: [UInt8], isBulk: Bool)? {
        state.update { state in
            if !state.control.isEmpty {
                defer { state.control = [] }
                return (state.control, false)
            }
            return state.bulk.isEmpty ? nil : (state.bulk.removeFirst(), true)
        }
    }

    var controlBytes: Int { state.update { $0.control.count } }
    var isOver: Bool { state.update { $0.isOver } }

    /// Nobody reads any more: whoever waits is let go.
    func close() { state.update { $0.isOver = true } }
}
