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
        let name = name
        return try collectOutput(
            host: name, stage: .command(command), milliseconds: limitSeconds * 1000, input: input, outputBytesMax: outputBytesMax,
            starting: { (sink) throws(SSHError) in try open(command, sink) })
    }
}

/// Runs a program in a channel to its end, giving it `input` and taking its output.
func collectOutput(
    host: String, stage: SSHError.Stage, milliseconds: Int, input: [UInt8] = [], outputBytesMax: Int, cancellation: Cancellation = Cancellation(),
    starting start: (@escaping ChannelSink) throws(SSHError) -> any ByteChannel
) throws(SSHError) -> CommandResult {
    let command = if case .command(let text) = stage { text } else { "ssh -G" }
    let events = Mailbox<ChannelEvent>(elementsMax: 16)
    let channel = try start { events.send($0) }
    // Closed at last: what the channel's thread still has is dropped then, so it never waits for nobody.
    defer { events.close() }
    let deadline = SystemClock.monotonicMilliseconds() + UInt64(milliseconds)
    return try cancellation.whileRunning({ channel.abort() }) { () throws(SSHError) in
        var sending = InputPieces(input)
        var output: [UInt8] = []
        while true {
            let patience = sending.advance(channel)
            let now = SystemClock.monotonicMilliseconds()
            guard now < deadline else {
                channel.abort()
                throw .timedOut(host: host, stage: stage, seconds: milliseconds / 1000)
            }
            switch events.receiveOne(waitingMilliseconds: min(patience ?? .max, Int(deadline - now))) {
            case nil: continue
            case .received(let bytes):
                output += bytes
                guard output.count <= outputBytesMax else {
                    channel.abort()
                    throw .commandFailed(host: host, command: command, .unknown, "it wrote more than \(outputBytesMax) bytes")
                }
            case .ended(.exited(let end, let text)): return CommandResult(end: end, output: output, standardError: text)
            case .ended(.lost(let reason, let text)): throw .lost(host: host, reason: reason, standardError: text)
            case .ended(.refused(let reason)): throw .commandFailed(host: host, command: command, .unknown, reason)
            case .ended(.closedByUs): throw .cancelled(host: host)
            }
        }
    }
}

/// A program's whole input, given to its channel piece by piece without ever waiting in `send`: its output must be taken meanwhile.
private struct InputPieces {
    private var rest: ArraySlice<UInt8>
    /// Cut off once, however often there is no room for it.
    private var piece: [UInt8] = []
    private var isFinished = false
    private var pauseMilliseconds = 1

    /// What the lane holds keeps a link of half a gigabit a second busy for so long.
    private static let pauseMillisecondsMax = 16

    init(_ bytes: [UInt8]) { rest = bytes[...] }

    /// Gives what there is room for; the milliseconds after which to try again, nil when all is given.
    mutating func advance(_ channel: any ByteChannel) -> Int? {
        while true {
            if piece.isEmpty {
                piece = Array(rest.prefix(ChannelLimits.chunkBytesMax))
                rest = rest.dropFirst(piece.count)
            }
            if piece.isEmpty {
                if !isFinished { channel.finish() }
                isFinished = true
                return nil
            }
            guard channel.sendIfRoom(piece, .bulk) else {
                defer { pauseMilliseconds = min(2 * pauseMilliseconds, Self.pauseMillisecondsMax) }
                return pauseMilliseconds
            }
            piece = []
            pauseMilliseconds = 1
        }
    }
}
