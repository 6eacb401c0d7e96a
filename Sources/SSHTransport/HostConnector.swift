public import JobModel


/// Connects to hosts. One for a whole job: it shares passphrases and the gate between all hosts.
public final class HostConnector: Sendable {
    public init(gate: ConnectGate = ConnectGate(), secrets: SecretKeeper = SecretKeeper()) {
    }

    /// Connects, verifies the host key and logs in; waits for at most `settings.connectSeconds` beside a person's typing.
    public func connect(
        to address: HostAddress, _ settings: ConnectionSettings, cancellation: Cancellation = Cancellation()
    ) throws(SSHError) -> any HostSession {
        throw .notSupported(host: "\(address)", what: "anything yet")
    }
}

/// Lets another thread give up a `connect` that is under way.
public final class Cancellation: Sendable {
    public init() {}
    public func cancel() {}
}

/// Staggers connects, since an sshd drops some of many that come at once (MaxStartups 10:30:100).
public final class ConnectGate: Sendable {
    public init(unauthenticatedMax: Int = 8) {}
}

/// Passphrases and passwords, each asked once for all hosts, held in memory only.
public final class SecretKeeper: Sendable {
    /// What a person is asked for.
    public enum Question: Hashable, Sendable {
        case passphrase(key: RawPath)
        case password(user: String, host: String)
        /// keyboard-interactive: the server's own words.
        case prompt(String, user: String, host: String, isEchoed: Bool)
    }

    /// - Parameter ask: one question at a time, on a host's thread; nil declines. Without it nobody is asked.
    public init(ask: (@Sendable (Question) -> [UInt8]?)? = nil) {}
}
