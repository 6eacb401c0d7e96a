public import LinuxSystem
internal import Synchronization

/// One end of a stream within this process, for tests of what speaks over a channel.
///
/// Each end is a channel whose program is the other: it sees `.exited(.status(0))` when the other finished, `.lost` when the
/// other was aborted. Unlike with a program, an end may go on sending after the other has finished.
public final class MemoryChannel: ByteChannel {
    private let core: ChannelCore

    /// Two ends; what is sent into one arrives at the other's sink.
    public static func pair(_ left: @escaping ChannelSink, _ right: @escaping ChannelSink) throws(SystemError) -> (left: MemoryChannel, right: MemoryChannel) {
        let (leftWake, rightWake) = (try Wake(), try Wake())
        // What one end sends wakes the thread of the other.
        let leftEnd = ChannelCore(wake: leftWake, lanesWake: rightWake)
        let rightEnd = ChannelCore(wake: rightWake, lanesWake: leftWake)
        leftEnd.onAbort { rightWake.signal() }
        rightEnd.onAbort { leftWake.signal() }
        SystemThread.detached("memory channel") { deliver(from: rightEnd, to: leftEnd, left) }
        SystemThread.detached("memory channel") { deliver(from: leftEnd, to: rightEnd, right) }
        return (MemoryChannel(leftEnd), MemoryChannel(rightEnd))
    }

    private init(_ core: ChannelCore) { self.core = core }

    deinit { core.abort() }

    @discardableResult
    public func send(_ bytes: [UInt8], _ lane: Lane) -> Bool { core.lanes.send(bytes, lane, waits: true) }
    public func sendIfRoom(_ bytes: [UInt8], _ lane: Lane) -> Bool { core.lanes.send(bytes, lane, waits: false) }
    public func finish() { core.finish() }
    public func close() { core.close() }
    public func abort() { core.abort() }

    private static func deliver(from other: ChannelCore, to end: ChannelCore, _ sink: ChannelSink) {
        func move() throws(SystemError) -> ChannelEnd {
            let poll = try EventPoll()
            try poll.watch(end.wake.descriptor, for: .readable, tag: 0)
            while true {
                if end.isAborted { return .closedByUs }
                if other.isAborted { return .lost(reason: "the other end was aborted", standardError: "") }
                switch other.lanes.next() {
                case .bytes(let bytes):
                    for start in stride(from: 0, to: bytes.count, by: ChannelLimits.chunkBytesMax) where !end.isAborted {
                        sink(.received(Array(bytes[start..<min(start + ChannelLimits.chunkBytesMax, bytes.count)])))
                    }
                case .finished: return .exited(.status(0), standardError: "")
                case .nothingYet:
                    let deadlines = [end.closeDeadline, other.closeDeadline].compactMap { $0 }
                    let now = SystemClock.monotonicMilliseconds()
                    _ = try poll.wait(milliseconds: deadlines.min().map { Int($0 - min(now, $0)) })
                    end.wake.clear()
                }
            }
        }
        let how: ChannelEnd
        do throws(SystemError) { how = try move() } catch { how = .lost(reason: "\(error)", standardError: "") }
        if case .exited = how {
            // The other may still be read from; nothing more is expected of it.
        } else {
            end.abort()
        }
        other.lanes.end()
        sink(.ended(how))
    }
}
