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
    let fingerprints: FingerprintCache
    let version: String
    let fileMode: UInt32
    let isInPlace: Bool

    /// For all the canary set takes; a host that is busy with others' work is slow to begin.
    private static let canaryMilliseconds = 120_000
    /// Between two answers while the worker's bundle, about 100 MB, is on its way.
    private static let bundleMilliseconds = 600_000

    func dial(
        _ spec: HostSpec, as host: HostIndex, briefing: Promise<Briefing>, events: Mailbox<HeadEvent>, cancellation: Cancellation,
        progress: @Sendable (String) -> Void
    ) throws(HeadError) -> AgentLink {
        guard case .remote(let address) = spec.place else { preconditionFailure("this machine is not dialled") }
        let session = try ssh { () throws(SSHError) in try connector.connect(to: address, spec.connection, cancellation: cancellation) }
        do throws(HeadError) {
            // A job that ends does not wait for a bundle on its way.
            return try cancellation.whileRunning({ session.end() }) { () throws(HeadError) in
                progress("preparing its agent")
                let command = try bundles.agentCommand(in: session, of: spec.name)
                let connection = try AgentConnection(host: host, events: events) { (sink) throws(HeadError) in
                    try Self.ssh { () throws(SSHError) in try session.open(command, sink) }
                }
                do throws(HeadError) {
                    return try prepare(spec, host, session, connection, briefing, events, progress)
                } catch {
                    connection.close(kill: true)
                    throw error
                }
            }
        } catch {
            session.end()
            throw error
        }
    }

    private func prepare(
        _ spec: HostSpec, _ host: HostIndex, _ session: any HostSession, _ connection: AgentConnection, _ briefing: Promise<Briefing>,
        _ events: Mailbox<HeadEvent>, _ progress: @Sendable (String) -> Void
    ) throws(HeadError) -> AgentLink {
        let greeting = AgentGreeting(connection: connection, build: version, what: "the agent on \(spec.name)")
        let facts = try greeting.hello()
        let staging = HostStaging(
            host: host, name: spec.name, connection: connection, events: events, gatherer: gatherer, fileMode: fileMode, isInPlace: isInPlace)
        connection.stage(with: staging)
        do throws(HeadError) {
            progress("sending its worker")
            let worker = try sendWorker(spec, connection, staging)
            progress("waiting for the plan")
            guard let briefing = briefing.wait() else { throw .interrupted }
            progress("starting its workers")
            let ready = try greeting.setUp(
                AgentSetup(
                    job: briefing.job, epoch: briefing.epoch, leaseSeconds: spec.leaseSeconds, slots: spec.slots ?? facts.slotsMax,
                    worker: worker, scratch: spec.scratch, yieldsToOthers: spec.yieldsToOthers,
                    workerMemoryBytesMax: spec.workerMemoryBytesMax ?? briefing.workerMemoryBytesMax ?? 0, timeout: briefing.timeout,
                    work: briefing.work.wireBytes))
            progress("looking for shared storage")
            staging.view = try SharedStorage(spec: spec, name: spec.name, connection: connection)
                .view(briefing, scratchFreeBytes: ready.scratchFreeBytes)
            progress("comparing its canary set")
            let key = FingerprintCache.key(worker, on: facts, setup: briefing.work.wireBytes, work: briefing.canaries.work)
            try compareFingerprint(spec, connection, ready, briefing, key)
            connection.goLive()
            return AgentLink(
                host: host, name: spec.name, facts: facts, slots: ready.slots, build: greeting.buildText(ready.workerVersion),
                connection: connection, session: session, staging: staging)
        } catch {
            connection.close(kill: true)
            staging.close()
            throw error
        }
    }

    /// Brings the worker's bundle to the host, as far as its files are not there yet.
    private func sendWorker(_ spec: HostSpec, _ connection: AgentConnection, _ staging: HostStaging) throws(HeadError) -> WorkerPlace {
        let bundle = try bundles.worker()
        let hash = bundle.manifest.hash(SHA256Stream.self)
        connection.send(.bundle(hash, bundle.manifest.files))
        while true {
            switch try connection.greeting(waitingMilliseconds: Self.bundleMilliseconds) {
            case .bundleMissing(let indexes):
                var files: [(index: UInt32, path: RawPath)] = []
                for index in indexes {
                    guard Int(index) < bundle.manifest.files.count else { throw .agent("the agent on \(spec.name) asks for a file that is not in the bundle") }
                    files.append((index, bundle.paths[Int(index)]))
                }
                staging.send(files)
            case .bundleReady:
                switch spec.worker {
                case .bundle: return .bundle(hash)
                case .host: return .bundleOnHostLibraries(hash)
                }
            case .log, .load, .slots, .pong: continue
            case .unusable(let why): throw .host("\(spec.name) cannot take the worker: \(why)", mayPass: true)
            case .hello, .ready, .reports, .released, .started, .transfer, .sharedFiles, .tokenLeft:
                throw .agent("the agent on \(spec.name) answered out of turn")
            }
        }
    }

    /// Throws if the host would make other bytes than this machine of the same pictures.
    private func compareFingerprint(
        _ spec: HostSpec, _ connection: AgentConnection, _ ready: ReadyHost, _ briefing: Briefing, _ key: FingerprintCache.Key?
    ) throws(HeadError) {
        guard let wanted = briefing.fingerprint else { return }
        if let key, fingerprints.answer(to: key) == wanted { return }
        connection.send(.assign([briefing.canaries.order(folder: ready.scratch)]))
        while true {
            switch try connection.greeting(waitingMilliseconds: Self.canaryMilliseconds) {
            case .reports(let reports):
                guard let report = reports.first else { continue }
                if try briefing.canaries.digest(in: report, of: spec.name) == wanted {
                    if let key { fingerprints.remember(wanted, to: key) }
                    return
                }
                throw .host(
                    "\(spec.name) makes other bytes of the same pictures (\(ready.workerVersion)): use `worker: bundle` for it, or --mixed-codecs to let it work all the same",
                    mayPass: false)
            case .log, .load, .slots, .pong: continue
            case .unusable(let why): throw .host("\(spec.name) cannot work: \(why)", mayPass: true)
            case .hello, .ready, .released, .started, .transfer, .sharedFiles, .tokenLeft, .bundleMissing, .bundleReady:
                throw .agent("the agent on \(spec.name) answered out of turn")
            }
        }
    }

    private func ssh<Value>(_ body: () throws(SSHError) -> Value) throws(HeadError) -> Value { try Self.ssh(body) }

    private static func ssh<Value>(_ body: () throws(SSHError) -> Value) throws(HeadError) -> Value {
        do throws(SSHError) { return try body() } catch { throw .host("\(error)", mayPass: error.mayPass) }
    }
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
