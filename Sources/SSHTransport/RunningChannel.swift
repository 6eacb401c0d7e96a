internal import Synchronization

/// The one channel of a session that has not ended, if any.
final class RunningChannel: Sendable {
    private let state = Mutex(State())

    private struct State {
        var isBusy = false
        var isEnded = false
        weak var channel: (any ByteChannel)?
    }

    /// Throws if there is one already, or the session has ended.
    func begin(on host: String) throws(SSHError) {
        let fault: SSHError? = state.withLock { state in
            if state.isEnded { return .cancelled(host: host) }
            if state.isBusy { return .busy(host: host) }
            state.isBusy = true
            return nil
        }
        if let fault { throw fault }
    }

    func isOver() { state.withLock { $0.isBusy = false } }

    /// A sink that makes room for the next channel just before it tells of the end.
    func watching(_ sink: @escaping ChannelSink) -> ChannelSink {
        { [self] event in
            if case .ended = event { isOver() }
            sink(event)
        }
    }

    /// Remembers the channel, so that `end` reaches it.
    func holds(_ channel: any ByteChannel) -> any ByteChannel {
        let isLate = state.withLock { state in
            state.channel = channel
            return state.isEnded
        }
        if isLate { channel.abort() }
        return channel
    }

    func end() {
        let channel = state.withLock { state in
            state.isEnded = true
            return state.channel
        }
        channel?.abort()
    }
}
