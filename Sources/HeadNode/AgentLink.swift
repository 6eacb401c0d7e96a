import JobModel
import LinuxSystem
import Synchronization
import WireProtocol

/// The agent of this machine: a child process on pipes, spoken to in the protocol every agent speaks.
///
/// Two threads of its own: one writes what is sent, one reads and puts what arrives into the job's event queue.
final class AgentLink: Sendable {
    let name: String
    let facts: HostFacts
    /// Workers it keeps; fixed once `prepare` has returned.
    let slots: Int
    /// What makes outputs here, for the ledger: `quire 0.1.0, libvips 8.14.1, worker 1f0c4be7a92d`; nil when the worker did not say.
    let build: String?
    private let connection: AgentConnection

    /// Starts the agent and tells it the job; returns when its workers can be fed.
    ///
    /// - Parameter slots: nil takes what the agent finds.
    init(
        program: RawPath, events: Mailbox<HeadEvent>, host: HostIndex, build: String, slots chosen: Int?,
        setup: (HostFacts, Int) -> AgentSetup
    ) throws(HeadError) {
        let incoming = Mailbox<AgentConnection.Incoming>(elementsMax: 1024)
        connection = try AgentConnection(program: program, host: host, greetings: incoming, events: events)
        connection.send(.hello(Hello(build: build)))
        guard case .hello(let hello, let facts) = try connection.greeting(from: incoming) else {
            throw .agent("the agent \(program) did not say hello")
        }
        do throws(WireError) { _ = try Hello(build: build).agreed(with: hello) } catch { throw .protocolBroken("the agent \(program)", error) }
        self.facts = facts
        self.build = facts.workerVersion.isEmpty ? nil : "quire \(build), \(facts.workerVersion)"
        name = facts.hostname
        slots = chosen ?? facts.slotsMax
        connection.send(.setup(setup(facts, slots)))
        while true {
            switch try connection.greeting(from: incoming) {
            case .ready: return
            case .unusable(let why): throw .noUsableHost("this machine cannot work: \(why)")
            case .log, .load, .pong: continue
            case .hello, .reports, .released, .started, .transfer, .sharedFiles, .tokenLeft, .bundleMissing, .bundleReady, .slots: throw .agent("the agent answered out of turn")
            }
        }
    }

    /// Queues a message; waits only while 64 others are still to be written.
    func send(_ message: HeadMessage) { connection.send(message) }

    /// Ends the agent with all its workers: at once if `kill`, else as soon as it notices that nothing more comes.
    func close(kill: Bool = false) { connection.close(kill: kill) }
}

/// The pipes, threads and process below an `AgentLink`.
final class AgentConnection: Sendable {
    enum Incoming: Sendable {
        case message(AgentMessage)
        case gone(String)
    }

    private let outgoing = Mailbox<[UInt8]>(elementsMax: 64)
    private let child: Mutex<ChildProcess>
    private let threads: [SystemThread]

    /// Waits this long for the agent to start and answer.
    static let greetingMilliseconds = 20_000

    init(program: RawPath, host: HostIndex, greetings: Mailbox<Incoming>, events: Mailbox<HeadEvent>) throws(HeadError) {
        do throws(SystemError) {
            let toAgent = try Descriptors.pipe()
            let fromAgent = try Descriptors.pipe()
            var plan = ProcessPlan(program)
            plan.environment = ProcessPlan.inheritedEnvironment()
            plan.descriptors = [toAgent.reading.descriptor, fromAgent.writing.descriptor, 2]
            plan.leadsGroup = true
            child = Mutex(try ChildProcess(starting: plan))
            let writing = PipeEnd(try Descriptors.duplicate(toAgent.writing.descriptor))
            let reading = PipeEnd(try Descriptors.duplicate(fromAgent.reading.descriptor))
            let queue = outgoing
            threads = [
                SystemThread("agent write") { AgentConnection.write(queue, to: writing) },
                SystemThread("agent read") { AgentConnection.read(reading, host, greetings, events) },
            ]
        } catch {
            throw .agent("the agent \(program) cannot be started: \(error); build it with scripts/build")
        }
    }

    func send(_ message: HeadMessage) {
        var bytes = Frame.encode(message)
        if case .hello = message { bytes = magicBytes + bytes }
        outgoing.send(bytes)
    }

    func greeting(from incoming: Mailbox<Incoming>) throws(HeadError) -> AgentMessage {
        guard let first = incoming.receiveOne(waitingMilliseconds: Self.greetingMilliseconds) else {
            throw .agent("the agent said nothing for \(Self.greetingMilliseconds / 1000) s")
        }
        switch first {
        case .message(let message): return message
        case .gone(let why): throw .agent("the agent ended at once: \(why)")
        }
    }

    /// The pipes' threads end with the process, so it is ended first: it may be frozen and never read again.
    func close(kill: Bool) {
        if kill { child.withLock { $0.kill() } }
        outgoing.close()
        child.withLock { child in
            do throws(SystemError) {
                let deadline = SystemClock.monotonicMilliseconds() + 5_000
                while try child.endIfReached() == nil {
                    if SystemClock.monotonicMilliseconds() > deadline { child.kill() }
                    Pause.milliseconds(2)
                }
            } catch {
                child.kill()
            }
        }
        for thread in threads { thread.join() }
    }

    private static func write(_ queue: Mailbox<[UInt8]>, to pipe: PipeEnd) {
        while let batches = queue.receiveAll(waitingMilliseconds: nil) {
            for bytes in batches {
                // A pipe nobody reads any more: the reading thread sees the end and says so.
                do throws(SystemError) { try pipe.file.append(bytes) } catch { return }
            }
        }
    }

    /// What comes up to the first `ready` answers the greeting; all behind it are events of the job.
    private static func read(
        _ pipe: PipeEnd, _ host: HostIndex, _ greetings: Mailbox<Incoming>, _ events: Mailbox<HeadEvent>
    ) {
        var isLive = false
        var frames = FrameReader<AgentMessage>(awaitsMagic: true)
        var why = "its pipe was closed"
        do {
            while true {
                let bytes = try pipe.file.readAvailable(countMax: 1 << 18)
                if bytes.isEmpty { break }
                frames.feed(bytes)
                while let message = try frames.next() {
                    if isLive { events.send(.agent(host, message)) } else { greetings.send(.message(message)) }
                    if case .ready = message { isLive = true }
                }
            }
        } catch {
            why = "\(error)"
        }
        if isLive { events.send(.agentGone(host, why)) } else { greetings.send(.gone(why)) }
    }
}

/// One end of a pipe that a thread keeps open.
private final class PipeEnd: Sendable {
    let file: OpenFile
    init(_ file: consuming OpenFile) { self.file = file }
}
