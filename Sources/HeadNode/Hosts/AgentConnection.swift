import JobModel
import LinuxSystem
import SSHTransport
import Synchronization
import WireProtocol

/// Frames to and from one agent, over whatever channel reaches it.
///
/// What arrives answers the greeting until `goLive`; from then on it is an event of the job. Files go past both, to whoever
/// stages them.
final class AgentConnection: Sendable {
    enum Incoming: Sendable {
        case message(AgentMessage)
        case gone(String)
    }

    /// What takes files and reports of staged tasks; called on the channel's thread, in the order of arrival.
    protocol Stager: AnyObject, Sendable {
        func take(_ message: TransferMessage)
        func take(_ transfer: TransferID, _ bytes: [UInt8])
        /// Reports that wait for their files, and are then told as events.
        func take(_ reports: [WorkReport])
        /// These are not on the host any more.
        func released(_ tasks: [TaskIndex])
        /// Nothing more comes.
        func end()
    }

    private enum Phase {
        case greeting
        case live
        case over
    }

    private let host: HostIndex
    private let events: Mailbox<HeadEvent>
    private let greetings = Mailbox<Incoming>(elementsMax: 4_096)
    private let phase = Mutex(Phase.greeting)
    private let reader: Mutex<FrameReader<AgentMessage>>
    private let stager = Mutex<(any Stager)?>(nil)
    private let channel = Mutex<(any ByteChannel)?>(nil)
    private let waiting = Mutex(Waiting())
    private let heard: Atomic<UInt64>
    /// An end that we asked for is no event: by then another agent may work under the same index.
    private let isClosing = Atomic<Bool>(false)
    private let share = Mutex<Share?>(nil)
    /// Closed at the end, for whoever waits for it.
    private let ending = Mailbox<String>(elementsMax: 1)

    /// Slots of its host that the job may use, and whose jobs hold the others.
    struct Share: Sendable {
        var usable: Int
        var holders: [JobID]
    }

    /// Messages that found no room in the channel; the scheduler bounds what one host may hold.
    private struct Waiting {
        var frames: [[UInt8]] = []
        var bytes = 0
    }

    /// More than this unsent, and the connection is as good as lost.
    private static let waitingBytesMax = 64 << 20
    /// A login shell may print so much before the agent speaks.
    static let noiseBytesMax = 64 << 10
    /// Waits this long for the agent to start and answer.
    static let greetingMilliseconds = 20_000
    /// Less than the shortest lease.
    private static let signOfLifeMilliseconds: UInt64 = 500

    /// - Parameter open: makes the channel that gives what arrives to the sink.
    init(
        host: HostIndex, events: Mailbox<HeadEvent>, open: (@escaping ChannelSink) throws(HeadError) -> any ByteChannel
    ) throws(HeadError) {
        self.host = host
        self.events = events
        reader = Mutex(FrameReader(awaitsMagic: true, noiseBytesMax: Self.noiseBytesMax))
        heard = Atomic(SystemClock.monotonicMilliseconds())
        let opened = try open { [weak self] event in self?.take(event) }
        channel.withLock { $0 = opened }
        opened.send(magicBytes, .control)
    }

    /// When the peer was last heard of, by this machine's monotonic clock.
    var heardMilliseconds: UInt64 { heard.load(ordering: .relaxed) }

    func forgive() { heard.store(SystemClock.monotonicMilliseconds(), ordering: .relaxed) }

    /// As the agent said last; it tells only changes, the first perhaps before the job knows of the host.
    var lastShare: Share? { share.withLock { $0 } }

    // MARK: Out

    /// Queues a message; never waits.
    func send(_ message: HeadMessage) {
        let frame = Frame.encode(message)
        let isTooMuch = waiting.withLock { waiting in
            waiting.frames.append(frame)
            waiting.bytes += frame.count
            return waiting.bytes > Self.waitingBytesMax
        }
        if isTooMuch { abort() }
        flush()
    }

    /// Gives the channel what it has room for now; called now and then.
    func flush() {
        guard let channel = channel.withLock({ $0 }) else { return }
        waiting.withLock { waiting in
            var sent = 0
            while sent < waiting.frames.count, channel.sendIfRoom(waiting.frames[sent], .control) {
                waiting.bytes -= waiting.frames[sent].count
                sent += 1
            }
            waiting.frames.removeFirst(sent)
        }
    }

    /// Sends bytes of files; waits for room, false once the connection is over. Not from the channel's own thread.
    func sendBulk(_ bytes: [UInt8]) -> Bool { channel.withLock { $0 }?.send(bytes, .bulk) ?? false }

    // MARK: In

    /// The next answer before the connection is live.
    func greeting(waitingMilliseconds: Int = greetingMilliseconds) throws(HeadError) -> AgentMessage {
        let deadline = SystemClock.monotonicMilliseconds() + UInt64(waitingMilliseconds)
        while true {
            let now = SystemClock.monotonicMilliseconds()
            guard now < deadline else { throw .agent("the agent said nothing for \(waitingMilliseconds / 1000) s") }
            switch greetings.receiveOne(waitingMilliseconds: Int(min(deadline - now, Self.signOfLifeMilliseconds))) {
            case .message(let message): return message
            case .gone(let why): throw .agent("the agent ended at once: \(why)")
            // Its lease runs while it prepares what may take long.
            case nil: send(.ping(0))
            }
        }
    }

    /// From now on files go to `stager`.
    func stage(with stager: any Stager) { self.stager.withLock { $0 = stager } }

    /// From now on what arrives is an event of the job; what has arrived already is told first.
    func goLive() {
        phase.withLock { phase in
            for incoming in greetings.receiveAll(waitingMilliseconds: 0) ?? [] {
                switch incoming {
                case .message(let message): deliver(message)
                case .gone(let why): events.send(.agentGone(host, why))
                }
            }
            switch phase {
            case .greeting: phase = .live
            case .live, .over: break
            }
        }
    }

    private func take(_ event: ChannelEvent) {
        switch event {
        case .received(let bytes):
            heard.store(SystemClock.monotonicMilliseconds(), ordering: .relaxed)
            do throws(WireError) {
                try reader.withLock { (reader) throws(WireError) in
                    reader.feed(bytes)
                    while let frame = try reader.nextFrame() { take(frame) }
                }
            } catch {
                end("it sent what is no message: \(error)")
                abort()
            }
        case .ended(let end): self.end(Self.text(of: end))
        }
    }

    private func take(_ frame: Framed<AgentMessage>) {
        switch frame {
        case .bulk(let transfer, let bytes): stager.withLock { $0 }?.take(transfer, bytes)
        case .message(.transfer(let message)): stager.withLock { $0 }?.take(message)
        case .message(.pong): break
        case .message(let message):
            if case .slots(let usable, let holders) = message { share.withLock { $0 = Share(usable: usable, holders: holders) } }
            phase.withLock { phase in
                switch phase {
                // A peer that floods us before it was asked anything is none.
                case .greeting: if !greetings.sendIfRoom(.message(message)) { abort() }
                case .live: deliver(message)
                case .over: break
                }
            }
        }
    }

    private func deliver(_ message: AgentMessage) {
        if let stager = stager.withLock({ $0 }) {
            if case .reports(let reports) = message { return stager.take(reports) }
            if case .released(let tasks) = message { stager.released(tasks) }
        }
        events.send(.agent(host, message))
    }

    /// Told once, by the channel's end or by its first nonsense.
    private func end(_ why: String) {
        let wasLive = phase.withLock { phase in
            defer { phase = .over }
            switch phase {
            case .greeting:
                greetings.sendIfRoom(.gone(why))
                return false
            case .live: return true
            case .over: return false
            }
        }
        stager.withLock { $0 }?.end()
        if wasLive, !isClosing.load(ordering: .relaxed) { events.send(.agentGone(host, why)) }
        ending.sendIfRoom(why)
        ending.close()
    }

    private static func text(of end: ChannelEnd) -> String {
        let (reason, words): (String, String) =
            switch end {
            case .exited(let program, let text): ("it ended with \(program)", text)
            case .lost(let reason, let text): ("the connection was lost: \(reason)", text)
            case .refused(let reason): ("it could not be started: \(reason)", "")
            case .closedByUs: ("it was stopped", "")
            }
        let last = words.split(whereSeparator: \.isNewline).last { !$0.allSatisfy(\.isWhitespace) }
        return reason + (last.map { " (\($0))" } ?? "")
    }

    // MARK: End

    /// Waits for the end; nil when it has not come within the time.
    func awaitEnd(milliseconds: Int) -> String? { ending.receiveOne(waitingMilliseconds: milliseconds) }

    var isOver: Bool {
        phase.withLock { phase in
            switch phase {
            case .greeting, .live: false
            case .over: true
            }
        }
    }

    /// Ends the connection: at once, or as soon as the agent notices that nothing more comes. Its end is not told.
    func close(kill: Bool) {
        isClosing.store(true, ordering: .relaxed)
        let channel = channel.withLock { $0 }
        if kill { channel?.abort() } else { channel?.close() }
    }

    func abort() { channel.withLock { $0 }?.abort() }
}
