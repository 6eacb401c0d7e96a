public import JobModel

/// A host as the user names it.
public struct HostAddress: Hashable, Sendable, CustomStringConvertible {
    /// A name, an address or an alias of the ssh configuration.
    public var name: String
    /// Nil is what the ssh configuration says, else the login name here.
    public var user: String?
    /// Nil is what the ssh configuration says, else 22.
    public var port: UInt16?

    public init(_ name: String, user: String? = nil, port: UInt16? = nil) {
        self.name = name
        self.user = user
        self.port = port
    }

    public var description: String {
        (user.map { $0 + "@" } ?? "") + name + (port.map { ":\($0)" } ?? "")
    }
}

/// What carries the bytes to a host.
public enum Transport: String, Sendable, CaseIterable {
    /// In this process: faster, with precise errors.
    case libssh
    /// A child `ssh`: knows jump hosts, certificates, Kerberos and hardware keys.
    case openssh
    /// A child process on pipes.
    case local
}

/// Which transport a host shall have.
public enum TransportChoice: String, Sendable, CaseIterable {
    /// libssh, and openssh for what only that can do.
    case auto
    case libssh
    case openssh
}

/// What to do about a host whose key is not in known_hosts. A key that differs from a known one is always refused.
public enum HostKeyPolicy: String, Sendable, CaseIterable {
    case strict
    /// Writes it into the first user known_hosts file, then trusts it.
    case acceptNew
}

/// How hosts are connected to; the same for all of a job unless a host has its own.
public struct ConnectionSettings: Sendable {
    public var transport = TransportChoice.auto
    /// Tried before those of the ssh configuration.
    public var identityFiles: [RawPath] = []
    public var hostKeys = HostKeyPolicy.strict
    /// For name, connection, keys and login together, not for a person typing a passphrase. ConnectTimeout of the configuration can only shorten it.
    public var connectSeconds = 20
    /// A peer that acknowledges nothing for this long is lost (TCP_USER_TIMEOUT and keepalives; ServerAlive with openssh).
    public var lossSeconds = 12
    /// In order of preference. AES-GCM first: fastest with the processor's instructions, and safe from Terrapin.
    public var ciphers = "aes256-gcm@openssh.com,aes128-gcm@openssh.com,chacha20-poly1305@openssh.com,aes256-ctr,aes128-ctr"
    /// In place of the configuration's user and global files; new keys go into the first.
    public var knownHostsFiles: [RawPath]?
    /// `ssh -F`: in place of the user's and the system's configuration; `none` for no file at all.
    public var configurationFile: RawPath?

    public init() {}
}
