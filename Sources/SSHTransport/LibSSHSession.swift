internal import CLibSSH
internal import JobModel
internal import LinuxSystem

/// A host reached through libssh in this process: one thread owns the session, its socket and its channel.
final class LibSSHSession: HostSession {
    let name: String
    let transport = Transport.libssh
    private let connection: TCPConnection
    private let requests: Mailbox<Request>
    private let running = RunningChannel()

    /// A program to start; the answer comes before its first event.
    fileprivate struct Request: Sendable {
        let command: String
        let core: ChannelCore
        let sink: ChannelSink
        let answer: Mailbox<Answer>
    }
    fileprivate typealias Answer = Result<Void, SSHError>

    /// What a setup needs.
    struct Plan: Sendable {
        var name: String
        var configuration: HostConfiguration
        var settings: ConnectionSettings
        var secrets: SecretKeeper
    }

    /// Exchanges keys, verifies the host and logs in on the session's own thread.
    ///
    /// - Returns: nil when the server hung up before it said anything, as one does that has too many connections.
    static func begin(_ plan: Plan, on connection: TCPConnection, _ clock: SetupClock, _ cancellation: Cancellation) throws(SSHError) -> LibSSHSession? {
        let requests = Mailbox<Request>(elementsMax: 1)
        let outcome = Mailbox<Result<Bool, SSHError>>(elementsMax: 1)
        clock.reach(.negotiation)
        SystemThread.detached("ssh \(plan.configuration.hostName)") {
            LibSSHThread(plan: plan, connection: connection).run(requests, outcome, clock)
        }
        return try cancellation.whileRunning({ connection.shutDown() }) { () throws(SSHError) in
            while let milliseconds = clock.waitMilliseconds {
                guard let result = outcome.receiveOne(waitingMilliseconds: milliseconds) else { continue }
                if cancellation.isCancelled { break }
                return try result.get() ? LibSSHSession(plan.name, connection, requests) : nil
            }
            connection.shutDown()
            requests.close()
            if cancellation.isCancelled { throw .cancelled(host: plan.name) }
            throw .timedOut(host: plan.name, stage: clock.stage, seconds: plan.settings.connectSeconds)
        }
    }

    private init(_ name: String, _ connection: TCPConnection, _ requests: Mailbox<Request>) {
        self.name = name
        self.connection = connection
        self.requests = requests
    }

    deinit {
        connection.shutDown()
        requests.close()
    }

    func open(_ command: String, _ sink: @escaping ChannelSink) throws(SSHError) -> any ByteChannel {
        try running.begin(on: name)
        let core: ChannelCore
        do throws(SystemError) { core = try ChannelCore() } catch {
            running.isOver()
            throw .system(host: name, error)
        }
        let connection = connection
        core.onAbort { connection.shutDown() }
        let answer = Mailbox<Answer>(elementsMax: 1)
        guard requests.send(Request(command: command, core: core, sink: running.watching(sink), answer: answer)) else {
            running.isOver()
            throw .cancelled(host: name)
        }
        // Bounded: every blocking call of the thread has its time.
        guard let answer = answer.receiveOne(waitingMilliseconds: LibSSHThread.startSeconds * 3000) else {
            end()
            throw .timedOut(host: name, stage: .command(command), seconds: LibSSHThread.startSeconds * 3)
        }
        do throws(SSHError) { try answer.get() } catch {
            running.isOver()
            throw error
        }
        return running.holds(LibSSHChannel(core, of: self))
    }

    func end() {
        running.end()
        connection.shutDown()
        requests.close()
    }
}

/// The caller's side of a program that runs in a libssh session; keeps the session.
private final class LibSSHChannel: ByteChannel {
    private let core: ChannelCore
    private let session: LibSSHSession

    init(_ core: ChannelCore, of session: LibSSHSession) {
        self.core = core
        self.session = session
    }

    deinit { core.abort() }

    func send(_ bytes: [UInt8], _ lane: Lane) -> Bool { core.lanes.send(bytes, lane, waits: true) }
    func sendIfRoom(_ bytes: [UInt8], _ lane: Lane) -> Bool { core.lanes.send(bytes, lane, waits: false) }
    func finish() { core.finish() }
    func close() { core.close() }
    func abort() { core.abort() }
}

/// What the session's thread does.
private struct LibSSHThread {
    let plan: LibSSHSession.Plan
    let connection: TCPConnection

    /// For each step of starting a program.
    static let startSeconds = 10

    func run(_ requests: Mailbox<LibSSHSession.Request>, _ outcome: Mailbox<Result<Bool, SSHError>>, _ clock: SetupClock) {
        let handle: LibSSHHandle
        do throws(SSHError) {
            guard let ready = try setUp(clock) else {
                outcome.send(.success(false))
                return
            }
            handle = ready
        } catch {
            outcome.send(.failure(error))
            return
        }
        outcome.send(.success(true))
        handle.limit(toSeconds: Self.startSeconds)
        var isUsable = true
        while let request = requests.receiveOne(waitingMilliseconds: nil) {
            guard isUsable else {
                request.answer.send(.failure(.lost(host: plan.name, reason: "the connection has ended", standardError: "")))
                continue
            }
            do throws(SSHError) {
                let program = try LibSSHProgram(request.command, on: handle, core: request.core)
                request.answer.send(.success(()))
                let end = program.serve(request.sink)
                program.free()
                switch end {
                case .exited, .refused: break
                case .lost, .closedByUs:
                    isUsable = false
                    connection.shutDown()
                }
                request.core.conclude()
                request.sink(.ended(end))
            } catch {
                request.core.conclude()
                request.answer.send(.failure(error))
            }
        }
        connection.shutDown()
        withExtendedLifetime(handle) {}
    }

    /// Nil when the server hung up without a word.
    private func setUp(_ clock: SetupClock) throws(SSHError) -> LibSSHHandle? {
        ssh_set_log_level(Int32(SSH_LOG_NOLOG))
        let configuration = plan.configuration
        let known: KnownHosts
        do throws(SystemError) {
            known = try KnownHosts(files: configuration.userKnownHosts + configuration.globalKnownHosts, name: configuration.knownName)
        } catch {
            throw .configuration(host: plan.name, reason: "\(error)")
        }
        let handle = try LibSSHHandle(
            on: connection, host: plan.name, user: configuration.user, hostKeys: known.algorithms, ciphers: plan.settings.ciphers,
            timeoutSeconds: plan.settings.connectSeconds)
        do throws(SSHError) { try handle.negotiate() } catch {
            if !handle.hasServerBanner { return nil }
            throw error
        }
        try verify(try handle.serverKey(), known)
        clock.reach(.login)
        var login = LibSSHLogin(handle, configuration, plan.secrets, clock)
        try login.logIn()
        return handle
    }

    /// Nothing is told to a server before its key is known to be right.
    private func verify(_ key: String, _ known: KnownHosts) throws(SSHError) {
        let configuration = plan.configuration
        let type = keyType(Base64.decode(key.utf8) ?? [])
        let fingerprint = KnownHosts.fingerprint(key)
        var verdict = known.verdict(type: type, key: key)
        if verdict == .unknown, plan.settings.hostKeys == .acceptNew, let file = configuration.userKnownHosts.first {
            do throws(SystemError) {
                verdict = try KnownHosts.add(name: configuration.knownName, type: type, key: key, isHashed: configuration.hashesKnownHosts, to: file)
            } catch {
                throw .configuration(host: plan.name, reason: "its new host key cannot be written: \(error)")
            }
        }
        switch verdict {
        case .known: return
        case .revoked(let place): throw .hostKeyRevoked(host: plan.name, fingerprint: fingerprint, place: place)
        case .changed(let place):
            throw .hostKeyChanged(host: plan.name, fingerprint: fingerprint, place: place, knownName: configuration.knownName)
        case .needsCertificate: throw .notSupported(host: plan.name, what: "host keys certified by an authority (@cert-authority)")
        case .unknown:
            throw .hostKeyUnknown(
                host: plan.name, fingerprint: fingerprint, line: "\(configuration.knownName) \(type) \(key)",
                file: configuration.userKnownHosts.first?.display ?? "~/.ssh/known_hosts", port: configuration.port, address: configuration.hasAlias ? nil : configuration.hostName)
        }
    }
}
