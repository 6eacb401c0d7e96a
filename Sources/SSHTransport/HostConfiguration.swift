internal import Glibc
internal import JobModel
internal import LinuxSystem

/// What `ssh -G HOST` says: the configuration ssh itself would use, with every Include and Match done.
struct HostConfiguration: Equatable {
    var hostName: String
    var port: UInt16
    var user: String
    var addressFamily: String
    var identityFiles: [RawPath]
    /// `BatchMode yes`.
    var asksNobody: Bool
    var identitiesOnly: Bool
    /// Path of the agent's socket.
    var identityAgent: RawPath?
    var userKnownHosts: [RawPath]
    var globalKnownHosts: [RawPath]
    /// How known_hosts spells the host.
    var knownName: String
    var hasAlias: Bool
    var hashesKnownHosts: Bool
    var connectSeconds: Int?
    /// The first host a connection goes to, where it is not the host itself.
    var jump: String?
    /// Keywords only the openssh transport can follow, with their values.
    var needsOpenSSH: [String]

    /// Where the process runs, as far as tokens and defaults ask for it.
    struct Surroundings {
        var home: String
        var user: String
        var uid: UInt32
        var agentSocket: String?
        var exists: (RawPath) -> Bool
        var variable: (String) -> String?
    }

    init?(_ text: String, host typed: String, _ here: Surroundings) {
        var values: [String: [String]] = [:]
        for line in text.split(separator: "\n") {
            let parts = line.split(separator: " ", maxSplits: 1)
            guard parts.count == 2 else { continue }
            values[parts[0].lowercased(), default: []].append(String(parts[1]))
        }
        func first(_ keyword: String) -> String? { values[keyword]?.first.flatMap { $0 == "none" ? nil : $0 } }
        guard let hostName = first("hostname"), let port = first("port").flatMap({ UInt16($0) }), let user = first("user") else { return nil }
        self.hostName = hostName
        self.port = port
        self.user = user
        let alias = first("hostkeyalias")
        let knownName = alias ?? (port == 22 ? hostName.lowercased() : "[\(hostName.lowercased())]:\(port)")
        self.knownName = knownName
        hasAlias = alias != nil
        addressFamily = first("addressfamily") ?? "any"
        identitiesOnly = first("identitiesonly") == "yes"
        hashesKnownHosts = first("hashknownhosts") == "yes"
        connectSeconds = first("connecttimeout").flatMap { Int($0) }
        var needs: [String] = []

        func expanded(_ path: String, _ keyword: String) -> RawPath? {
            var text = path.hasPrefix("~/") ? here.home + path.dropFirst(1) : path
            let tokens: [Character: String] = [
                "%": "%", "d": here.home, "u": here.user, "h": hostName, "n": typed, "p": "\(port)", "r": user, "i": "\(here.uid)",
                "k": alias ?? typed,
            ]
            var result = ""
            while let letter = text.first {
                text.removeFirst()
                if letter == "%", let token = text.first {
                    guard let value = tokens[token] else {
                        needs.append("\(keyword) \(path)")
                        return nil
                    }
                    result += value
                    text.removeFirst()
                } else if letter == "$", text.hasPrefix("{"), let end = text.firstIndex(of: "}") {
                    result += here.variable(String(text[text.index(after: text.startIndex)..<end])) ?? ""
                    text = String(text[text.index(after: end)...])
                } else {
                    result.append(letter)
                }
            }
            return RawPath(result)
        }
        /// One a line.
        func paths(_ keyword: String, _ name: String) -> [RawPath] {
            (values[keyword] ?? []).filter { $0 != "none" }.compactMap { expanded($0, name) }
        }
        /// All on one line.
        func files(_ keyword: String) -> [RawPath] {
            (first(keyword) ?? "").split(separator: " ").compactMap { expanded(String($0), keyword) }
        }

        userKnownHosts = files("userknownhostsfile")
        globalKnownHosts = files("globalknownhostsfile")
        identityFiles = paths("identityfile", "IdentityFile")
        switch values["identityagent"]?.first {
        case "none": identityAgent = nil
        case nil, "SSH_AUTH_SOCK": identityAgent = here.agentSocket.map { RawPath($0) }
        case .some(let path) where path.hasPrefix("$") && !path.hasPrefix("${"): identityAgent = here.variable(String(path.dropFirst())).map { RawPath($0) }
        case .some(let path): identityAgent = expanded(path, "IdentityAgent")
        }

        asksNobody = first("batchmode") == "yes" || first("batchmode") == "true"
        jump = first("proxyjump").map { String($0.prefix { $0 != "," }) } ?? first("proxycommand")
        for (keyword, name) in [
            ("proxyjump", "ProxyJump"), ("proxycommand", "ProxyCommand"), ("pkcs11provider", "PKCS11Provider"), ("bindaddress", "BindAddress"),
            ("bindinterface", "BindInterface"), ("knownhostscommand", "KnownHostsCommand"), ("revokedhostkeys", "RevokedHostKeys"),
        ] {
            if let value = first(keyword) { needs.append("\(name) \(value)") }
        }
        if first("pubkeyauthentication") == "no" || first("pubkeyauthentication") == "false" { needs.append("PubkeyAuthentication no") }
        for file in paths("certificatefile", "CertificateFile") where here.exists(file) { needs.append("CertificateFile \(file)") }
        for file in identityFiles {
            let certificate = RawPath(bytes: file.bytes + Array("-cert.pub".utf8))
            if here.exists(certificate) { needs.append("the certificate \(certificate)") }
        }
        needsOpenSSH = needs
    }

    /// Asks ssh; bounded by `milliseconds`, since a `Match exec` runs anything.
    init(of address: HostAddress, _ settings: ConnectionSettings, milliseconds: Int, _ cancellation: Cancellation) throws(SSHError) {
        let host = "\(address)"
        var plan = ProcessPlan(try OpenSSHProgram.path(for: host))
        plan.arguments = OpenSSHProgram.addressing(address, settings, extra: ["-G"])
        plan.environment = ProcessPlan.inheritedEnvironment()
        plan.leadsGroup = true
        let result = try collectOutput(
            host: host, stage: .configuration, milliseconds: milliseconds, outputBytesMax: 1 << 20, cancellation: cancellation,
            starting: { (sink) throws(SSHError) in
                do throws(SystemError) { return try ChildChannel(plan, sink) } catch { throw .system(host: host, error) }
            })
        guard result.end.isSuccess else { throw .configuration(host: host, reason: result.standardError.trimmingLineEnd) }
        let here = Surroundings(
            home: environmentVariable("HOME")?.display ?? "/", user: localUser(), uid: getuid(),
            agentSocket: environmentVariable("SSH_AUTH_SOCK")?.display, exists: { $0.withCString { access($0, F_OK) == 0 } },
            variable: { environmentVariable($0)?.display })
        guard let configuration = HostConfiguration(String(decoding: result.output, as: UTF8.self), host: address.name, here) else {
            throw .configuration(host: host, reason: "`ssh -G` named no host, port or user")
        }
        self = configuration
        if let files = settings.knownHostsFiles { (userKnownHosts, globalKnownHosts) = (files, []) }
        identityFiles = settings.identityFiles + identityFiles.filter { !settings.identityFiles.contains($0) }
    }
}

/// The login name of this process's user; its number where it has none.
private func localUser() -> String {
    guard let record = getpwuid(getuid()) else { return "\(getuid())" }
    return String(cString: record.pointee.pw_name)
}

extension String {
    /// The last line with something in it.
    var trimmingLineEnd: String { split(whereSeparator: \.isNewline).last { !$0.allSatisfy(\.isWhitespace) }.map { String($0) } ?? "" }
}

/// The `ssh` of this machine and how it is told where to go.
enum OpenSSHProgram {
    static func path(for host: String) throws(SSHError) -> RawPath {
        let folders = (environmentVariable("PATH") ?? RawPath("/usr/bin:/bin")).bytes.split(separator: 0x3A)
        for folder in folders {
            let program = RawPath(bytes: Array(folder)).appending("ssh")
            if program.isAbsolute, program.withCString({ access($0, X_OK) }) == 0 { return program }
        }
        throw .configuration(host: host, reason: "there is no `ssh` on the PATH (Debian: apt install openssh-client)")
    }

    static func addressing(_ address: HostAddress, _ settings: ConnectionSettings, extra: [String]) -> [[UInt8]] {
        var words: [[UInt8]] = []
        if let file = settings.configurationFile { words += [Array("-F".utf8), file.bytes] }
        if let port = address.port { words += [Array("-p".utf8), Array("\(port)".utf8)] }
        if let user = address.user { words += [Array("-l".utf8), Array(user.utf8)] }
        words += extra.map { Array($0.utf8) }
        // Behind `--` a name can never be an option.
        return words + [Array("--".utf8), Array(address.name.utf8)]
    }
}
