internal import LinuxSystem
internal import Synchronization

/// A connection to a host on which programs can be started, one after another.
///
/// One program at a time: `open` and `run` throw `.busy` while another channel of the session has not ended.
public protocol HostSession: AnyObject, Sendable {
    /// For messages: what was typed, with what it stands for.
    var name: String { get }
    var transport: Transport { get }

    /// Starts `command` with the user's login shell there (quote for any shell: `sh -c '...'`).
    ///
    /// - Parameter sink: see `ByteChannel`.
    func open(_ command: String, _ sink: @escaping ChannelSink) throws(SSHError) -> any ByteChannel

    /// Ends the session and what runs in it at once, from any thread; does not wait.
    ///
    /// A session nobody refers to any more ends too.
    func end()
}

/// What a program that has ended left.
public struct CommandResult: Hashable, Sendable {
    public var end: ProgramEnd
    public var output: [UInt8]
    /// The last `ChannelLimits.standardErrorBytesMax` of it.
    public var standardError: String
}

extension HostSession {
    /// Runs `command` to its end with `input` as its standard input; an exit code other than 0 is no error.
    ///
    /// - Parameter outputBytesMax: more output than this ends the command with an error.
    /// - Parameter limitSeconds: for the whole command, input included.
    public func run(
        _ command: String, input: [UInt8] = [], outputBytesMax: Int = 1 << 20, limitSeconds: Int = 60
    ) throws(SSHError) -> CommandResult {
        let events = Mailbox<ChannelEvent>(elementsMax: 16)
        let channel = try open(command) { events.send($0) }
        // Closed last: a sink that finds it closed drops what it has, so the channel's thread never waits for nobody.
        defer { events.close() }
        let deadline = SystemClock.monotonicMilliseconds() + UInt64(limitSeconds) * 1000
        var rest = input[...]
        var output: [UInt8] = []
        while true {
            let isSending = !rest.isEmpty
            if isSending {
                let piece = Array(rest.prefix(ChannelLimits.chunkBytesMax))
                // Never waits in `send`: the command's output must be taken meanwhile.
                if channel.sendIfRoom(piece, .bulk) { rest = rest.dropFirst(piece.count) }
                if rest.isEmpty { channel.finish() }
            } else if input.isEmpty {
                channel.finish()
            }
            let now = SystemClock.monotonicMilliseconds()
            guard now < deadline else {
                channel.abort()
                throw .timedOut(host: name, stage: .command(command), seconds: limitSeconds)
            }
            let event = events.receiveOne(waitingMilliseconds: isSending ? 1 : Int(deadline - now))
            switch event {
            case nil: continue
            case .received(let bytes):
                output += bytes
                guard output.count <= outputBytesMax else {
                    channel.abort()
                    throw .commandFailed(host: name, command: command, .unknown, "it wrote more than \(outputBytesMax) bytes")
                }
            case .ended(.exited(let end, let text)): return CommandResult(end: end, output: output, standardError: text)
            case .ended(.lost(let reason, let text)): throw .lost(host: name, reason: reason, standardError: text)
            case .ended(.refused(let reason)): throw .commandFailed(host: name, command: command, .unknown, reason)
            case .ended(.closedByUs): throw .cancelled(host: name)
            }
        }
    }
}
