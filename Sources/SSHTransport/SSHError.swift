public import LinuxSystem

/// Why a host could not be used; the description ends with what to do about it.
public enum SSHError: Error, Hashable, Sendable {
    /// No address, no route, or nobody listens.
    case unreachable(host: String, reason: String)
    case timedOut(host: String, stage: Stage, seconds: Int)
    /// `line` is what known_hosts would need; `address` what ssh-keyscan can ask, nil where a HostKeyAlias names the key otherwise.
    case hostKeyUnknown(host: String, fingerprint: String, line: String, file: String, port: UInt16, address: String?)
    /// Another key of this type is known. `place` is `file:line`.
    case hostKeyChanged(host: String, fingerprint: String, place: String, knownName: String)
    /// The key is marked `@revoked` in known_hosts.
    case hostKeyRevoked(host: String, fingerprint: String, place: String)
    /// The server took none of our keys. Never tried again by itself: it would fill the server's logs and lock accounts.
    case authenticationRefused(host: String, user: String, offered: [String], tried: [String], notes: [String])
    /// The server hung up before all keys were tried (MaxAuthTries).
    case tooManyKeys(host: String, user: String, tried: [String])
    /// Only the openssh transport can do what the configuration asks for.
    case notSupported(host: String, what: String)
    /// `ssh -G` refused the configuration, or a file it names cannot be used.
    case configuration(host: String, reason: String)
    /// The server speaks no SSH, or none that fits.
    case negotiation(host: String, reason: String)
    case commandFailed(host: String, command: String, ProgramEnd, String)
    /// The connection broke.
    case lost(host: String, reason: String, standardError: String)
    /// Another channel of this session has not ended.
    case busy(host: String)
    /// Given up by us.
    case cancelled(host: String)
    case system(host: String, SystemError)

    /// Where a connection stood when its time was over.
    public enum Stage: Hashable, Sendable {
        case configuration, name, connection, negotiation, login
        case command(String)
    }
}

extension SSHError.Stage: CustomStringConvertible {
    public var description: String {
        switch self {
        case .configuration: "while `ssh -G` read the configuration"
        case .name: "while its name was looked up"
        case .connection: "while connecting"
        case .negotiation: "while keys were exchanged"
        case .login: "while logging in"
        case .command(let command): "while `\(command.prefix(80))` ran"
        }
    }
}

extension SSHError: CustomStringConvertible {
    public var description: String { "\(fault); \(cure)" }

    /// What was tried and what happened, without the cure.
    public var fault: String {
        switch self {
        case .unreachable(let host, let reason): "\(host) cannot be reached: \(reason)"
        case .timedOut(let host, let stage, let seconds): "\(host) gave no answer within \(seconds) s \(stage)"
        case .hostKeyUnknown(let host, let fingerprint, _, let file, _, _): "the host key of \(host) is not known (\(fingerprint), not in \(file))"
        case .hostKeyChanged(let host, let fingerprint, let place, _):
            "the host key of \(host) is not the known one (\(fingerprint), \(place) has another): somebody may be in between"
        case .hostKeyRevoked(let host, let fingerprint, let place): "the host key of \(host) (\(fingerprint)) is revoked by \(place)"
        case .authenticationRefused(let host, let user, let offered, let tried, let notes):
            "\(host) refused the login as \(user) (tried: \(Self.list(tried)); it takes: \(Self.list(offered)))"
                + notes.map { ", \($0)" }.joined()
        case .tooManyKeys(let host, let user, let tried):
            "\(host) refused the login as \(user) after \(tried.count) keys, before all were tried (tried: \(Self.list(tried)))"
        case .notSupported(let host, let what): "\(host): libssh cannot do \(what)"
        case .configuration(let host, let reason): "the ssh configuration for \(host) cannot be used: \(reason)"
        case .negotiation(let host, let reason): "no SSH connection with \(host): \(reason)"
        case .commandFailed(let host, let command, let end, let text):
            "`\(command.prefix(80))` failed on \(host) with \(end)" + (text.isEmpty ? "" : ": " + Self.lastLine(text))
        case .lost(let host, let reason, let text): "\(host) was lost: \(reason)" + (text.isEmpty ? "" : ": " + Self.lastLine(text))
        case .busy(let host): "another program is still running in this connection to \(host)"
        case .cancelled(let host): "the connection to \(host) was given up"
        case .system(let host, let error): "this machine could not serve the connection to \(host): \(error)"
        }
    }

    /// The fault for a line that names the host already and has little room.
    public var brief: String {
        switch self {
        // The reason begins with the address.
        case .unreachable(_, let reason): "unreachable: \(reason.split(separator: ": ").last ?? "")"
        case .timedOut(_, let stage, _): "no answer \(stage)"
        case .hostKeyUnknown: "host key not known"
        case .hostKeyChanged: "host key changed"
        case .hostKeyRevoked: "host key revoked"
        case .authenticationRefused, .tooManyKeys: "login refused"
        case .notSupported(_, let what): "libssh cannot do \(what)"
        case .configuration(_, let reason): "ssh configuration: \(reason)"
        case .negotiation(_, let reason): "no SSH: \(reason)"
        case .commandFailed(_, _, let end, _): "its shell failed with \(end)"
        case .lost(_, let reason, _): "lost: \(reason)"
        case .busy: "busy"
        case .cancelled: "given up"
        case .system(_, let error): "\(error)"
        }
    }

    /// The next step for the user, as a half sentence.
    public var cure: String {
        switch self {
        case .unreachable: "check its name, that it is switched on, and that sshd runs there"
        case .timedOut(_, .configuration, _): "look for a hanging `Match exec` in the ssh configuration"
        case .timedOut(_, .name, _): "check the name servers, or give an address"
        case .timedOut(let host, .login, _): "try `ssh \(host) true`; an ssh-agent may wait for you"
        case .timedOut: "check the network and the load there, then try again"
        case .hostKeyUnknown(let host, _, _, let file, let port, let address):
            "compare the fingerprint, then "
                + (address.map { "`ssh-keyscan\(port == 22 ? "" : " -p \(port)") \($0) >> \(file)`" } ?? "`ssh \(Self.bareName(host)) true`")
                + ", or repeat with --accept-new-host-keys"
        case .hostKeyChanged(_, _, let place, let name):
            "only if the host was really set up anew: `ssh-keygen -R '\(name)' -f \(Self.file(of: place))`"
        case .hostKeyRevoked: "do not use this host before its administrator gave it a new key"
        case .authenticationRefused(let host, let user, let offered, _, _):
            offered.contains("publickey")
                ? "make `ssh \(user)@\(Self.bareName(host)) true` work first, for example with ssh-copy-id, or name a key with IdentityFile"
                : "this host takes no keys: use `transport: openssh`, or allow publickey there"
        case .tooManyKeys: "name the right key with IdentityFile and set `IdentitiesOnly yes` for this host in ~/.ssh/config"
        case .notSupported: "set `transport: openssh` for this host"
        case .configuration(let host, _): "see `ssh -G \(Self.bareName(host))`"
        case .negotiation: "check that the port is sshd's and that it is not older than OpenSSH 7"
        case .commandFailed(let host, _, _, _): "try it with `ssh \(Self.bareName(host))`"
        case .lost: "check the network and that host"
        case .busy: "wait for its end"
        case .cancelled: "start again"
        case .system(_, let error): error.cure
        }
    }

    private static func list(_ words: [String]) -> String { words.isEmpty ? "nothing" : words.joined(separator: ", ") }

    private static func lastLine(_ text: String) -> String {
        String(text.split(whereSeparator: \.isNewline).last { $0.contains { !$0.isWhitespace } } ?? "")
    }

    /// `h1` of `h1 (user@10.0.0.3:22)`.
    private static func bareName(_ host: String) -> Substring { host.prefix { $0 != " " } }
    private static func file(of place: String) -> String {
        place.lastIndex(of: ":").map { String(place[..<$0]) } ?? place
    }
}
