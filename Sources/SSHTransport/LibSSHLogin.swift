internal import CLibSSH
internal import Glibc
internal import JobModel
internal import LinuxSystem

/// Logs in through libssh: keys of the configuration first, then the agent's, then what a person can type.
///
/// Keys are offered one by one (libssh's own `publickey_auto` offers the whole agent first, and writes `.pub` files).
struct LibSSHLogin {
    private let handle: LibSSHHandle
    private let configuration: HostConfiguration
    private let secrets: SecretKeeper
    private let clock: SetupClock
    private var tried: [String] = []
    private var notes: [String] = []
    private var needsHardwareKey = false
    /// BatchMode asks nobody.
    private var canAsk: Bool { secrets.canAsk && !configuration.asksNobody }

    init(_ handle: LibSSHHandle, _ configuration: HostConfiguration, _ secrets: SecretKeeper, _ clock: SetupClock) {
        self.handle = handle
        self.configuration = configuration
        self.secrets = secrets
        self.clock = clock
    }

    private enum Candidate {
        case file(KeyFile)
        case agent(AgentKeys.Key)
    }

    private enum Outcome {
        case loggedIn
        /// Right, but the server wants something more.
        case partly
        case denied
    }

    mutating func logIn() throws(SSHError) {
        ssh_set_blocking(handle.session, 0)
        if try outcome({ ssh_userauth_none($0, nil) }) == .loggedIn { return }
        let offered = methods()
        if offered.contains("publickey"), try tryKeys() { return }
        let still = methods()
        if canAsk {
            if still.contains("keyboard-interactive"), try askServersQuestions() { return }
            if still.contains("password"), try tryPassword() { return }
        }
        if needsHardwareKey { throw .notSupported(host: handle.host, what: "a hardware key that no agent holds") }
        if offered.contains(where: { $0.hasPrefix("gssapi") }), !offered.contains("publickey") {
            throw .notSupported(host: handle.host, what: "Kerberos logins (the server takes \(offered.joined(separator: ", ")))")
        }
        throw .authenticationRefused(host: handle.host, user: configuration.user, offered: offered, tried: tried, notes: notes)
    }

    private func methods() -> [String] {
        let bits = UInt32(bitPattern: ssh_userauth_list(handle.session, nil))
        let names: [(UInt32, String)] = [
            (SSH_AUTH_METHOD_PUBLICKEY, "publickey"), (SSH_AUTH_METHOD_INTERACTIVE, "keyboard-interactive"),
            (SSH_AUTH_METHOD_PASSWORD, "password"), (SSH_AUTH_METHOD_HOSTBASED, "hostbased"), (SSH_AUTH_METHOD_GSSAPI_MIC, "gssapi-with-mic"),
        ]
        return names.filter { bits & $0.0 != 0 }.map(\.1)
    }

    /// Repeats a call until the server has answered. Not libssh's own waiting: it sits out its whole time on a closed connection.
    private func answer(_ call: (ssh_session) -> Int32) -> Int32 {
        while true {
            let status = call(handle.session)
            guard status == Int32(SSH_AUTH_AGAIN.rawValue) else { return status }
            if ssh_get_status(handle.session) & (SSH_CLOSED | SSH_CLOSED_ERROR) != 0 { return SSH_ERROR }
            let isPending = ssh_get_poll_flags(handle.session) & SSH_WRITE_PENDING != 0
            var watched = pollfd(fd: handle.connection.descriptor, events: Int16(POLLIN | (isPending ? POLLOUT : 0)), revents: 0)
            poll(&watched, 1, -1)
        }
    }

    private func outcome(_ call: (ssh_session) -> Int32) throws(SSHError) -> Outcome {
        try outcome(of: answer(call))
    }

    private func outcome(of status: Int32) throws(SSHError) -> Outcome {
        switch status {
        case Int32(SSH_AUTH_SUCCESS.rawValue): return .loggedIn
        case Int32(SSH_AUTH_PARTIAL.rawValue): return .partly
        case Int32(SSH_AUTH_DENIED.rawValue), Int32(SSH_AUTH_INFO.rawValue): return .denied
        default:
            let reason = handle.lastError
            if reason.contains("Too many authentication failures") {
                throw .tooManyKeys(host: handle.host, user: configuration.user, tried: tried)
            }
            // A server's hanging up while it judges us is its refusal too.
            if ssh_is_connected(handle.session) == 0 || status == SSH_ERROR && !tried.isEmpty {
                throw .authenticationRefused(
                    host: handle.host, user: configuration.user, offered: [], tried: tried, notes: notes + ["then the connection ended: \(reason)"])
            }
            throw .negotiation(host: handle.host, reason: reason)
        }
    }

    // MARK: Keys

    private mutating func tryKeys() throws(SSHError) -> Bool {
        let agent = configuration.identityAgent.flatMap { AgentKeys($0) }
        defer { agent?.end() }
        var candidates: [Candidate] = []
        var seen: [[UInt8]] = []
        for path in configuration.identityFiles {
            switch KeyFile.find(path) {
            case .absent: continue
            case .unusable(let why): notes.append(why)
            case .publicOnly(let blob):
                if let key = agent?.all.first(where: { $0.blob == blob }) { candidates.append(.agent(key)) }
                else if keyType(blob).hasPrefix("sk-") { needsHardwareKey = true }
                else { notes.append("\(path) has only its public half, and no agent holds the other") }
                seen.append(blob)
            case .usable(let file):
                if let blob = file.publicKey {
                    seen.append(blob)
                    if let key = agent?.all.first(where: { $0.blob == blob }) {
                        candidates.append(.agent(key))
                        continue
                    }
                    if keyType(blob).hasPrefix("sk-") {
                        needsHardwareKey = true
                        continue
                    }
                }
                candidates.append(.file(file))
            }
        }
        if let agent, !configuration.identitiesOnly {
            candidates += agent.all.filter { key in
                !seen.contains(key.blob) && ["ssh-ed25519", "ssh-rsa", "ecdsa-sha2-", "sk-"].contains { keyType(key.blob).hasPrefix($0) }
                    && !keyType(key.blob).contains("-cert-")
            }.map { .agent($0) }
        }
        if let agent, !candidates.isEmpty {
            do throws(SystemError) {
                // Taken over by libssh, and closed with the session.
                let descriptor = try agent.filteredSocket()
                if ssh_set_agent_socket(handle.session, descriptor) != SSH_OK { Glibc.close(descriptor) }
            } catch {
                throw .system(host: handle.host, error)
            }
        }
        for candidate in candidates {
            let outcome: Outcome
            switch candidate {
            case .agent(let key):
                tried.append("\(key.comment) (agent)")
                agent?.show([key])
                outcome = try self.outcome { ssh_userauth_agent($0, nil) }
            case .file(let file): outcome = try tryFile(file)
            }
            switch outcome {
            case .loggedIn: return true
            case .partly: return false
            case .denied: continue
            }
        }
        return false
    }

    /// Asks the server first whether it would take the key, so that nobody types a passphrase for nothing.
    private mutating func tryFile(_ file: KeyFile) throws(SSHError) -> Outcome {
        if file.isEncrypted && !canAsk {
            notes.append("\(file.path) has a passphrase and nobody can be asked: ssh-add it")
            return .denied
        }
        tried.append(file.path.display)
        if let blob = file.publicKey {
            var key: ssh_key?
            guard let type = withCString(keyType(blob), { ssh_key_type_from_name($0) }),
                ssh_pki_import_pubkey_base64(Base64.encode(blob), type, &key) == SSH_OK, let key
            else {
                notes.append("\(file.path) is of a kind libssh does not know")
                return .denied
            }
            defer { ssh_key_free(key) }
            guard try outcome({ ssh_userauth_try_publickey($0, nil, key) }) == .loggedIn else { return .denied }
        }
        guard let key = privateKey(file) else { return .denied }
        defer { ssh_key_free(key) }
        return try outcome { ssh_userauth_publickey($0, nil, key) }
    }

    private func withCString<Result>(_ text: String, _ body: (UnsafePointer<CChar>) -> Result) -> Result? { text.withCString(body) }

    private mutating func privateKey(_ file: KeyFile) -> ssh_key? {
        var text: [UInt8]? = file.text
        if file.isEncrypted {
            clock.pause()
            text = secrets.openedKey(file.path) { passphrase in
                guard let key = Self.importKey(file.text, passphrase: passphrase) else { return nil }
                defer { ssh_key_free(key) }
                var opened: UnsafeMutablePointer<CChar>?
                guard ssh_pki_export_privkey_base64(key, nil, nil, nil, &opened) == SSH_OK, let opened else { return nil }
                defer { ssh_string_free_char(opened) }
                return Array(String(cString: opened).utf8)
            }
            clock.resume()
        }
        let key = text.flatMap { Self.importKey($0, passphrase: nil) }
        if key == nil { notes.append(file.isEncrypted ? "\(file.path) was not opened" : "\(file.path) is no private key libssh can read") }
        return key
    }

    private static func importKey(_ text: [UInt8], passphrase: [UInt8]?) -> ssh_key? {
        var key: ssh_key?
        let text = text.map { CChar(bitPattern: $0) } + [0]
        // An empty one, never none: libssh would ask on the terminal itself.
        let words = (passphrase ?? []).map { CChar(bitPattern: $0) } + [0]
        return ssh_pki_import_privkey_base64(text, words, nil, nil, &key) == SSH_OK ? key : nil
    }

    // MARK: What a person types

    private mutating func askServersQuestions() throws(SSHError) -> Bool {
        tried.append("keyboard-interactive")
        let roundsMax = 10
        for _ in 0..<roundsMax {
            let status = answer { ssh_userauth_kbdint($0, nil, nil) }
            guard status == Int32(SSH_AUTH_INFO.rawValue) else { return try outcome(of: status) == .loggedIn }
            for index in 0..<max(0, ssh_userauth_kbdint_getnprompts(handle.session)) {
                var echo: CChar = 0
                let prompt = ssh_userauth_kbdint_getprompt(handle.session, UInt32(index), &echo).map { String(cString: $0) } ?? ""
                clock.pause()
                let answer = secrets.answer(to: .prompt(prompt, user: configuration.user, host: handle.host, isEchoed: echo != 0))
                clock.resume()
                guard let answer else { return false }
                _ = ssh_userauth_kbdint_setanswer(handle.session, UInt32(index), answer.map { CChar(bitPattern: $0) } + [0])
            }
        }
        return false
    }

    private mutating func tryPassword() throws(SSHError) -> Bool {
        clock.pause()
        let password = secrets.answer(to: .password(user: configuration.user, host: handle.host))
        clock.resume()
        guard let password else { return false }
        tried.append("password")
        let text = password.map { CChar(bitPattern: $0) } + [0]
        return try outcome { ssh_userauth_password($0, nil, text) } == .loggedIn
    }
}
