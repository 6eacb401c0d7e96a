/// A byte stream to a program, on this machine or another: what is sent is its standard input, what arrives its standard output.
///
/// Every channel has one thread of its own. It calls the sink given when the channel was made with `.received` for every
/// chunk in order, then exactly once with `.ended`, and never again. The sink may wait briefly: the channel then reads no
/// more, and the program is held back (memory stays bounded, see `ChannelLimits`). While it waits nothing is written
/// either, so a sink must never wait for somebody who waits in `send` of the same channel.
///
/// All calls may come from any thread and are safe after the end.
public protocol ByteChannel: AnyObject, Sendable {
    /// Queues `bytes`, which travel together: bytes of another call come before or behind, never between.
    ///
    /// Waits while the lane is full; one call larger than the lane is taken once the lane is empty.
    /// False if the channel has ended, or `finish` or `close` was called: then nothing was queued.
    @discardableResult
    func send(_ bytes: [UInt8], _ lane: Lane) -> Bool

    /// Like `send`, but never waits: false also when there is no room.
    func sendIfRoom(_ bytes: [UInt8], _ lane: Lane) -> Bool

    /// The program sees the end of its input once what is queued has been sent; its output is still received.
    func finish()

    /// `finish`, and if the program has not ended within `ChannelLimits.closeMilliseconds`, `abort`. Does not wait.
    func close()

    /// Ends the channel at once, whatever the other side does; what is queued is dropped. Does not wait.
    func abort()
}

/// Outgoing bytes of `control` go before those of `bulk`, but never into the middle of what one `send` gave.
public enum Lane: Int, Sendable, CaseIterable {
    case control, bulk
}

/// What a channel tells its sink.
public enum ChannelEvent: Sendable {
    case received([UInt8])
    case ended(ChannelEnd)
}

public typealias ChannelSink = @Sendable (ChannelEvent) -> Void

/// Why a channel ended.
public enum ChannelEnd: Hashable, Sendable {
    /// The program ended, or was ended by the far system. `standardError` is the last of what it wrote there.
    case exited(ProgramEnd, standardError: String)
    /// The connection broke: link down, host gone, sshd ended. What the program does now is unknown.
    case lost(reason: String, standardError: String)
    /// The far side would not start the program.
    case refused(reason: String)
    /// `abort` was called, or `close` and the program did not end in time.
    case closedByUs
}

/// How a program on the other end of a channel ended.
public enum ProgramEnd: Hashable, Sendable, CustomStringConvertible {
    case status(Int32)
    /// Name of the signal with `SIG`.
    case signal(String)
    /// The far side closed the channel without telling.
    case unknown

    public var isSuccess: Bool { self == .status(0) }

    public var description: String {
        switch self {
        case .status(let code): "exit code \(code)"
        case .signal(let name): name
        case .unknown: "an end without exit code"
        }
    }
}

/// Bounds of every channel.
public enum ChannelLimits {
    /// Queued bytes a lane.
    public static let controlBytesMax = 1 << 20
    public static let bulkBytesMax = 1 << 20
    /// A chunk handed to the sink.
    public static let chunkBytesMax = 256 << 10
    /// Kept of standard error: its last bytes.
    public static let standardErrorBytesMax = 32 << 10
    /// How long `close` lets the program end by itself.
    public static let closeMilliseconds = 5_000
}

extension Lane {
    var bytesMax: Int {
        switch self {
        case .control: ChannelLimits.controlBytesMax
        case .bulk: ChannelLimits.bulkBytesMax
        }
    }
}
