import Bundles
import Digests
import JobModel
import LinuxSystem
import SSHTransport
import WireProtocol

/// Connects to a host and prepares its agent until its workers can be fed.
///
/// What the host lacks is sent: the agent first, through the login shell, then over its own protocol the worker. Before its
/// first shard a host is asked which of the head's files it sees, and runs the canary set: its digest must be the job's. A host
/// whose answer is known, and cannot have changed, is not asked for it again.
struct HostDialer: Sendable {
    let connector: HostConnector
    let bundles: HostBundles
    let gatherer: Gatherer
    /// Nil asks every host.
    let fingerprints: FingerprintCache?
    let version: String
    let fileMode: UInt32
    let isInPlace: Bool
    /// The job's tasks are programs: hosts need no worker.
    var runsPrograms = false

    /// For all the canary set takes; a host that is busy with others' work is slow to begin.
    private static let canaryMilliseconds = 120_000
    /// Between two answers while the worker's bundle, about 200 MB, is on its way.
    private static let bundleMilliseconds = 600_000

    func dial(
        _ spec: HostSpec, as host: HostIndex, briefing: Promise<Briefing>, events: Mailbox<HeadEvent>, cancellation: Cancellation,
        progress: @Sendable (String) -> Void
    ) throws(HeadError) -> AgentLink {
        guard case .remote(let address) = spec.place else { preconditionFailure("this machine is not dialled") }
        let session = try connect(to: address, spec, cancellation)
        // A job that ends does not wait for a bundle on its way.
        return try cancellation.whileRunning({ session.end() }) { () throws(HeadError) in
            let reached = try reach(spec, as: host, over: session, events: events, progress: progress)
            do throws(HeadError) {
                progress("waiting for the plan")
                guard let briefing = briefing.wait() else { throw .interrupted }
                let ready = try begin(reached, briefing, progress)
                reached.connection.goLive()
                return AgentLink(
                    host: host, name: spec.name, facts: reached.facts, slots: ready.slots,
                    build: reached.greeting.buildText(ready.workerVersion), connection: reached.connection, session: session,
                    staging: reached.staging)
            } catch {
                reached.abandon()
                throw error
            }
        }
    }

    func connect(to address: HostAddress, _ spec: HostSpec, _ cancellation: Cancellation = Cancellation()) throws(HeadError) -> any HostSession {
        do throws(SSHError) {
            return try connector.connect(to: address, spec.connection, cancellation: cancellation)
        } catch {
            throw HeadError(error)
        }
    }

    /// Brings agent and worker to a connected host; on an error the session is ended.
    func reach(
        _ spec: HostSpec, as host: HostIndex, over session: any HostSession, events: Mailbox<HeadEvent>, progress: @Sendable (String) -> Void
    ) throws(HeadError) -> ReachedHost {
        do throws(HeadError) {
            progress("preparing its agent")
            let agent = try startAgent(spec, host, session, events)
            let connection = agent.greeting.connection
            let staging = HostStaging(
                host: host, name: spec.name, connection: connection, events: events, gatherer: gatherer, fileMode: fileMode, isInPlace: isInPlace)
            do throws(HeadError) {
                connection.stage(with: staging)
                var (worker, workerBytes) = (WorkerPlace.minder, UInt64(0))
                if !runsPrograms {
                    progress("sending its worker")
                    (worker, workerBytes) = try sendWorker(spec, connection, staging)
                }
                return ReachedHost(
                    spec: spec, session: session, connection: connection, staging: staging, greeting: agent.greeting, facts: agent.facts,
                    worker: worker, agentBytesSent: agent.bytesSent, workerBytesSent: workerBytes)
            } catch {
                connection.close(kill: true)
                staging.close()
                throw error
            }
        } catch {
            session.end()
            throw error
        }
    }

    private struct GreetedAgent {
        var greeting: AgentGreeting
        var facts: HostFacts
        var bytesSent: UInt64
    }

    /// Starts the agent and waits for its greeting.
    ///
    /// One that does not greet may be damaged in a way that neither its size nor its version shows: it is replaced, once.
    private func startAgent(
        _ spec: HostSpec, _ host: HostIndex, _ session: any HostSession, _ events: Mailbox<HeadEvent>
    ) throws(HeadError) -> GreetedAgent {
        var replaces = false
        while true {
            let (command, sentBytes) = try bundles.agentCommand(in: session, of: spec.name, replaces: replaces)
            let connection = try AgentConnection(host: host, events: events) { (sink) throws(HeadError) in
                do throws(SSHError) { return try session.open(command, sink) } catch { throw HeadError(error) }
            }
            let greeting = AgentGreeting(connection: connection, build: version, what: "the agent on \(spec.name)")
            do throws(HeadError) {
                return GreetedAgent(greeting: greeting, facts: try greeting.hello(), bytesSent: sentBytes)
            } catch {
                connection.close(kill: true)
                if replaces { throw error }
                replaces = true
            }
        }
    }

    /// Has the workers started, and finds out whether they do what the job wants.
    func begin(_ reached: ReachedHost, _ briefing: Briefing, _ progress: @Sendable (String) -> Void) throws(HeadError) -> ReadyHost {
        switch briefing.tasks {
        case .pictures(let canaries, let fingerprint): try begin(reached, briefing, canaries, fingerprint, progress)
        case .programs(let programs): try begin(reached, briefing, programs, progress)
        }
    }

    private func begin(
        _ reached: ReachedHost, _ briefing: Briefing, _ canaries: CanarySet, _ fingerprint: Digest256?, _ progress: @Sendable (String) -> Void
    ) throws(HeadError) -> ReadyHost {
        let (spec, facts) = (reached.spec, reached.facts)
        progress("starting its workers")
        let setup = AgentSetup(
            job: briefing.job, epoch: briefing.epoch, leaseSeconds: spec.leaseSeconds, slots: spec.slots ?? facts.slotsMax,
            worker: reached.worker, scratch: spec.scratch, yieldsToOthers: spec.yieldsToOthers,
            workerMemoryBytesMax: spec.workerMemoryBytesMax ?? briefing.workerMemoryBytesMax ?? 0, timeout: briefing.timeout,
            work: briefing.work.wireBytes)
        let ready: ReadyHost
        do throws(HeadError) {
            ready = try reached.greeting.setUp(setup)
        } catch .noUsableHost(let why) where spec.worker == .host {
            throw .host("\(why); it uses that host's own libraries: install libvips and libexif there, or use `worker: bundle` for it", mayPass: false)
        }
        progress("looking for shared storage")
        reached.staging.view = try SharedStorage(spec: spec, name: spec.name, connection: reached.connection)
            .view(briefing, scratchFreeBytes: ready.scratchFreeBytes)
        progress("comparing its canary set")
        let key = FingerprintCache.key(reached.worker, on: facts, setup: briefing.work.wireBytes, work: canaries.work)
        if let fingerprint { try compare(fingerprint, spec, reached.connection, ready, canaries, key) }
        return ready
    }

    /// Brings the worker's bundle to the host, as far as its files are not there yet.
    private func sendWorker(
        _ spec: HostSpec, _ connection: AgentConnection, _ staging: HostStaging
    ) throws(HeadError) -> (place: WorkerPlace, sentBytes: UInt64) {
        let bundle = try bundles.worker()
        let hash = bundle.manifest.hash(SHA256Stream.self)
        connection.send(.bundle(hash, bundle.manifest.files))
        var sentBytes: UInt64 = 0
        while true {
            switch try connection.greeting(waitingMilliseconds: Self.bundleMilliseconds) {
            case .bundleMissing(let indexes):
                var files: [(index: UInt32, path: RawPath)] = []
                for index in indexes {
                    guard Int(index) < bundle.manifest.files.count else { throw .agent("the agent on \(spec.name) asks for a file that is not in the bundle") }
                    files.append((index, bundle.paths[Int(index)]))
                    sentBytes += bundle.manifest.files[Int(index)].sizeBytes
                }
                staging.send(files)
            case .bundleReady:
                switch spec.worker {
                case .bundle: return (.bundle(hash), sentBytes)
                case .host: return (.bundleOnHostLibraries(hash), sentBytes)
                }
            case .log, .load, .slots, .pong: continue
            case .unusable(let why): throw .host("\(spec.name) cannot take the worker: \(why)", mayPass: true)
            case .hello, .ready, .reports, .released, .started, .transfer, .sharedFiles, .tokenLeft, .printed:
                throw .agent("the agent on \(spec.name) answered out of turn")
            }
        }
    }

    /// Throws if the host would make other bytes than this machine of the same pictures.
    private func compare(
        _ wanted: Digest256, _ spec: HostSpec, _ connection: AgentConnection, _ ready: ReadyHost, _ canaries: CanarySet,
        _ key: FingerprintCache.Key?
    ) throws(HeadError) {
        if let key, fingerprints?.answer(to: key) == wanted { return }
        connection.send(.assign([canaries.order(folder: ready.scratch)]))
        while true {
            switch try connection.greeting(waitingMilliseconds: Self.canaryMilliseconds) {
            case .reports(let reports):
                guard let report = reports.first else { continue }
                if try canaries.digest(in: report, of: spec.name) == wanted {
                    if let key { fingerprints?.remember(wanted, to: key) }
                    return
                }
                throw .host(
                    "\(spec.name) makes other bytes of the same pictures (\(ready.workerVersion)): use `worker: bundle` for it, or --mixed-codecs to let it work all the same",
                    mayPass: false)
            case .log, .load, .slots, .pong: continue
            case .unusable(let why): throw .host("\(spec.name) cannot work: \(why)", mayPass: true)
            case .hello, .ready, .released, .started, .transfer, .sharedFiles, .tokenLeft, .bundleMissing, .bundleReady, .printed:
                throw .agent("the agent on \(spec.name) answered out of turn")
            }
        }
    }
}

/// A host whose agent runs, and that has its worker.
struct ReachedHost {
    let spec: HostSpec
    let session: any HostSession
    let connection: AgentConnection
    let staging: HostStaging
    let greeting: AgentGreeting
    let facts: HostFacts
    let worker: WorkerPlace
    /// 0 where it was there already; the worker's without the files an older bundle there has.
    let agentBytesSent: UInt64
    let workerBytesSent: UInt64

    /// Breaks it off.
    func abandon() {
        connection.close(kill: true)
        staging.close()
        session.end()
    }

    /// Lets the agent end, which has nothing to do, and waits for that.
    func close() {
        connection.close(kill: false)
        _ = connection.awaitEnd(milliseconds: ChannelLimits.closeMilliseconds + 5_000)
        staging.close()
        session.end()
    }
}

extension HeadError {
    init(_ error: SSHError) { self = .host("\(error)", mayPass: error.mayPass, brief: error.brief) }
}

extension SSHError {
    /// Whether another try later may end otherwise. What a person must decide or set up is not tried again: refused logins fill
    /// logs and lock accounts.
    var mayPass: Bool {
        switch self {
        case .unreachable, .timedOut, .lost, .busy, .cancelled, .system, .commandFailed: true
        case .hostKeyUnknown, .hostKeyChanged, .hostKeyRevoked, .authenticationRefused, .tooManyKeys, .notSupported, .configuration,
            .negotiation: false
        }
    }
}
