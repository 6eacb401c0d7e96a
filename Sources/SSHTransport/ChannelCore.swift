internal import Glibc
internal import LinuxSystem
internal import Synchronization

/// What every channel has between its callers and its thread.
///
/// The thread holds the core and never the channel: a channel nobody refers to any more is aborted.
final class ChannelCore: Sendable {
    let lanes: OutgoingLanes
    let wake: Wake
    private let asked = Mutex(Asked())

    private struct Asked {
        var isAborted = false
        var closeDeadline: UInt64?
        var isOver = false
        var interrupt: (@Sendable () -> Void)?
    }

    convenience init() throws(SystemError) {
        let wake = try Wake()
        self.init(wake: wake, lanesWake: wake)
    }

    /// - Parameter wake: of the thread that receives; `lanesWake` of the one that takes what is sent.
    init(wake: Wake, lanesWake: Wake) {
        self.wake = wake
        lanes = OutgoingLanes(wake: lanesWake)
    }

    /// What frees the channel's thread from any call it may hang in; called at most once, and at once if abort came first.
    func onAbort(_ interrupt: @escaping @Sendable () -> Void) {
        let isLate = asked.withLock { asked in
            if !asked.isAborted { asked.interrupt = interrupt }
            return asked.isAborted
        }
        if isLate { interrupt() }
    }

    func finish() { lanes.finish() }

    func close() {
        asked.withLock { asked in
            if asked.closeDeadline == nil { asked.closeDeadline = SystemClock.monotonicMilliseconds() + UInt64(ChannelLimits.closeMilliseconds) }
        }
        lanes.finish()
    }

    func abort() {
        let interrupt = asked.withLock { asked in
            if asked.isOver { return nil as (@Sendable () -> Void)? }
            asked.isAborted = true
            defer { asked.interrupt = nil }
            return asked.interrupt
        }
        interrupt?()
        lanes.end()
        wake.signal()
    }

    /// Whether the channel shall end now.
    var isAborted: Bool {
        let now = SystemClock.monotonicMilliseconds()
        return asked.withLock { $0.isAborted || ($0.closeDeadline ?? .max) <= now }
    }

    /// When `isAborted` becomes true by itself.
    var closeDeadline: UInt64? { asked.withLock { $0.closeDeadline } }

    /// The channel's thread is done: later calls change nothing.
    func conclude() {
        asked.withLock { asked in
            asked.isOver = true
            asked.interrupt = nil
        }
        lanes.end()
    }
}
