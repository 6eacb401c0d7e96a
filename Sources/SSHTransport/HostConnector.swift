internal import JobModel
internal import LinuxSystem

/// Connects to hosts. One for a whole job: it shares passphrases and the gate between all hosts.
public final class HostConnector: Sendable {
    private let gate: ConnectGate
    private let secrets: SecretKeeper

    public init(gate: ConnectGate = ConnectGate(), secrets: SecretKeeper = SecretKeeper()) {
        self.gate = gate
        self.secrets = secrets
        Terminal.ignoreBrokenPipes()
        // A host takes about ten descriptors, and 1,024 is what many systems begin with.
        do throws(SystemError) { try raiseOpenFilesLimit() } catch {}
    }

    /// Connects, verifies the host key and logs in; waits for at most `settings.connectSeconds` beside a person's typing.
    ///
    /// A login that was refused is never tried again, by no transport.
    /// - Parameter cancellation: ends it with `.cancelled` at once, whatever it waits for.
    public func connect(
        to address: HostAddress, _ settings: ConnectionSettings, cancellation: Cancellation = Cancellation()
    ) throws(SSHError) -> any HostSession {
        let deadline = SystemClock.monotonicMilliseconds() + UInt64(settings.connectSeconds) * 1000
        let configuration = try HostConfiguration(of: address, settings, milliseconds: settings.connectSeconds * 1000, cancellation)
        let name = "\(address.name) (\(configuration.user)@\(configuration.hostName):\(configuration.port))"
        if cancellation.isCancelled { throw .cancelled(host: name) }
        let door = configuration.jump ?? "\(configuration.hostName):\(configuration.port)"
        let now = SystemClock.monotonicMilliseconds()
        guard gate.enter(door, waitingMilliseconds: Int(deadline - min(now, deadline)), cancellation) else {
            if cancellation.isCancelled { throw .cancelled(host: name) }
            throw .timedOut(host: name, stage: .connection, seconds: settings.connectSeconds)
        }
        defer { gate.leave(door) }
        let attempt = Attempt(address: address, name: name, configuration: configuration, settings: settings, deadline: deadline)
        switch settings.transport {
        case .openssh: return try attempt.openssh(cancellation)
        case .libssh:
            if let what = configuration.needsOpenSSH.first { throw .notSupported(host: name, what: what) }
            return try attempt.libssh(secrets, cancellation)
        case .auto:
            guard configuration.needsOpenSSH.isEmpty else { return try attempt.openssh(cancellation) }
            do throws(SSHError) {
                return try attempt.libssh(secrets, cancellation)
            } catch {
                guard case .notSupported = error else { throw error }
                return try attempt.openssh(cancellation)
            }
        }
    }
}

private struct Attempt {
    let address: HostAddress
    let name: String
    let configuration: HostConfiguration
    let settings: ConnectionSettings
    let deadline: UInt64

    /// A server that hangs up before its first word has too many others at its door.
    private static let hangUpsMax = 5

    func libssh(_ secrets: SecretKeeper, _ cancellation: Cancellation) throws(SSHError) -> any HostSession {
        let plan = LibSSHSession.Plan(name: name, configuration: configuration, settings: settings, secrets: secrets)
        let connectDeadline = configuration.connectSeconds.map { min(deadline, SystemClock.monotonicMilliseconds() + UInt64($0) * 1000) } ?? deadline
        for hangUps in 0..<Self.hangUpsMax {
            let connection = try TCPConnection.open(
                configuration.hostName, port: configuration.port, family: configuration.addressFamily, lossSeconds: settings.lossSeconds,
                deadline: connectDeadline, label: name, seconds: configuration.connectSeconds ?? settings.connectSeconds, cancellation: cancellation)
            let clock = SetupClock(.negotiation, deadline: deadline)
            if let session = try LibSSHSession.begin(plan, on: connection, clock, cancellation) { return session }
            guard pauseBeforeAnother(hangUps, cancellation) else { break }
        }
        throw hungUp
    }

    func openssh(_ cancellation: Cancellation) throws(SSHError) -> any HostSession {
        for hangUps in 0..<Self.hangUpsMax {
            let clock = SetupClock(.login, deadline: deadline)
            if let session = try OpenSSHSession.begin(address, name, configuration, settings, clock, cancellation) { return session }
            guard pauseBeforeAnother(hangUps, cancellation) else { break }
        }
        throw hungUp
    }

    /// False when there is no time for another attempt.
    private func pauseBeforeAnother(_ hangUps: Int, _ cancellation: Cancellation) -> Bool {
        let pause = UInt32.random(in: 50...200) << hangUps
        guard SystemClock.monotonicMilliseconds() + UInt64(pause) < deadline else { return false }
        let bell = Mailbox<Never>(elementsMax: 1)
        cancellation.whileRunning({ bell.close() }) { _ = bell.receiveOne(waitingMilliseconds: Int(pause)) }
        return true
    }

    private var hungUp: SSHError {
        .negotiation(host: name, reason: "it hung up without a word, several times (no sshd, or MaxStartups reached)")
    }
}
