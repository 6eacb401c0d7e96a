import JobModel
import LinuxSystem
import SSHTransport
import WireProtocol

/// An agent whose workers can be fed, on this machine or another.
final class AgentLink: Sendable {
    let host: HostIndex
    let name: String
    let facts: HostFacts
    /// Workers it keeps.
    let slots: Int
    /// What makes outputs there, for the ledger: `quire 0.1.0, libvips 8.14.1, worker 1f0c4be7a92d`; nil when the worker did not say.
    let build: String?
    /// How orders and reports pass between the head's files and the host's.
    private let staging: HostStaging?
    private let connection: AgentConnection
    /// Kept while the agent runs in it.
    private let session: (any HostSession)?

    init(
        host: HostIndex, name: String, facts: HostFacts, slots: Int, build: String?, connection: AgentConnection,
        session: (any HostSession)? = nil, staging: HostStaging? = nil
    ) {
        self.host = host
        self.name = name
        self.facts = facts
        self.slots = slots
        self.build = build
        self.connection = connection
        self.session = session
        self.staging = staging
    }

    /// Bytes of inputs that may wait on the host; nil where nothing travels.
    var stagedBytesMax: UInt64? { staging?.view.stagedBytesMax }

    /// Queues a message; never waits.
    func send(_ message: HeadMessage) {
        if let staging, case .assign(let orders) = message { return staging.assign(orders) }
        if let staging, case .cancel(let attempts) = message {
            let heard = staging.cancelListed(attempts)
            if !heard.isEmpty { connection.send(.cancel(heard)) }
            return staging.withdraw(attempts)
        }
        connection.send(message)
    }

    /// Called several times a second: passes on what found no room.
    func flush() { connection.flush() }

    var isOver: Bool { connection.isOver }
    /// By this machine's monotonic clock.
    var heardMilliseconds: UInt64 { connection.heardMilliseconds }

    /// As if something had been heard now: this machine slept, and nobody is to blame for the silence.
    func forgive() { connection.forgive() }

    /// Breaks the connection; its end is told as for any other loss.
    func abort() { connection.abort() }

    /// The first half of `close`, which waits for nothing: for many hosts at once.
    func beginClosing(kill: Bool) { connection.close(kill: kill) }

    /// What the job may use of the host's slots, if the agent said anything of it.
    var lastShare: AgentConnection.Share? { connection.lastShare }

    /// Whether another machine writes to the folders for results itself, so that a failure to write may be its own.
    var writesWhereItBelongs: Bool { staging?.view.seesTargets == true }

    /// Ends the agent with all its workers: at once if `kill`, else as soon as it notices that nothing more comes; waits for it.
    func close(kill: Bool = false) {
        connection.close(kill: kill)
        // The channel ends within its own limit; a little more for a busy machine.
        _ = connection.awaitEnd(milliseconds: ChannelLimits.closeMilliseconds + 5_000)
        staging?.close()
        session?.end()
    }
}

extension AgentLink {
    /// Starts the agent of this machine, a child process on pipes, and tells it the job; returns when its workers can be fed.
    ///
    /// - Parameters:
    ///   - slots: nil takes what the agent finds.
    ///   - allowsCommands: whether its workers may run the programs of a recipe.
    static func local(
        program: RawPath, events: Mailbox<HeadEvent>, host: HostIndex, build: String, slots chosen: Int?, allowsCommands: Bool = false,
        setup: (HostFacts, Int) -> AgentSetup
    ) throws(HeadError) -> AgentLink {
        let connection = try AgentConnection(host: host, events: events) { (sink) throws(HeadError) in
            var plan = ProcessPlan(program)
            // Told to workers by their environment, never by a message: what comes over a network cannot allow it.
            plan.environment = ProcessPlan.inheritedEnvironment(without: ["QUIRE_ALLOW_COMMANDS"])
            if allowsCommands { plan.environment.append(Array("QUIRE_ALLOW_COMMANDS=yes".utf8)) }
            plan.leadsGroup = true
            do throws(SystemError) {
                return try ChildChannel(plan, standardError: .inherited, sink)
            } catch {
                throw .agent("the agent \(program) cannot be started: \(error); build it with scripts/build")
            }
        }
        let greeting = AgentGreeting(connection: connection, build: build, what: "this machine's agent \(program)")
        do throws(HeadError) {
            let facts = try greeting.hello()
            let slots = chosen ?? facts.slotsMax
            let ready = try greeting.setUp(setup(facts, slots))
            connection.goLive()
            return AgentLink(
                host: host, name: facts.hostname, facts: facts, slots: ready.slots, build: greeting.buildText(facts.workerVersion),
                connection: connection)
        } catch {
            connection.close(kill: true)
            throw error
        }
    }
}

/// What is said before an agent's workers can be fed.
struct AgentGreeting {
    let connection: AgentConnection
    let build: String
    /// For messages: `the agent /usr/lib/quire/quire-agent`, `the agent on h2`.
    let what: String

    func hello() throws(HeadError) -> HostFacts {
        connection.send(.hello(Hello(build: build)))
        guard case .hello(let hello, let facts) = try connection.greeting() else { throw .agent("\(what) did not say hello") }
        do throws(WireError) { _ = try Hello(build: build).agreed(with: hello) } catch { throw .protocolBroken(what, error) }
        return facts
    }

    func setUp(_ setup: AgentSetup) throws(HeadError) -> ReadyHost {
        connection.send(.setup(setup))
        while true {
            switch try connection.greeting() {
            case .ready(let host): return host
            case .unusable(let why): throw .noUsableHost("\(what) cannot work: \(why)")
            case .log, .load, .slots, .pong: continue
            case .hello, .reports, .released, .started, .transfer, .sharedFiles, .tokenLeft, .bundleMissing, .bundleReady, .printed:
                throw .agent("\(what) answered out of turn")
            }
        }
    }

    /// As outputs are recorded with it; nil when the worker said nothing of itself.
    func buildText(_ workerVersion: String) -> String? { workerVersion.isEmpty ? nil : "quire \(build), \(workerVersion)" }
}
