internal import Glibc
internal import JobModel
internal import LinuxSystem
internal import Synchronization

/// A host reached through a child `ssh` that keeps one connection (`ssh -M`), and one more child for each program on it.
///
/// Nothing is asked of anybody (BatchMode). The children end with this process, however it ends.
final class OpenSSHSession: HostSession {
    let name: String
    let transport = Transport.openssh
    private let master: ChildChannel
    private let folder: ControlFolder
    private let address: HostAddress
    private let settings: ConnectionSettings
    private let program: RawPath
    private let running = RunningChannel()

    /// What the master prints once it is logged in and takes commands.
    private static let ready = "quire-ready"

    /// - Returns: nil when the server hung up before it said anything, as one does that has too many connections.
    static func begin(
        _ address: HostAddress, _ name: String, _ configuration: HostConfiguration, _ settings: ConnectionSettings,
        _ clock: SetupClock, _ cancellation: Cancellation
    ) throws(SSHError) -> OpenSSHSession? {
        let program = try OpenSSHProgram.path(for: name)
        let folder: ControlFolder
        let events = Mailbox<ChannelEvent>(elementsMax: 16)
        let master: ChildChannel
        do throws(SystemError) {
            folder = try ControlFolder()
            let plan = Self.plan(program, address, settings, masterOptions(configuration, settings, folder))
            master = try ChildChannel(plan) { events.sendIfRoom($0) }
        } catch {
            throw .system(host: name, error)
        }
        return try cancellation.whileRunning({ master.abort() }) { () throws(SSHError) in
            var output: [UInt8] = []
            while let milliseconds = clock.waitMilliseconds {
                switch events.receiveOne(waitingMilliseconds: milliseconds) {
                case nil: continue
                case .received(let bytes):
                    output += bytes.prefix(4096)
                    guard String(decoding: output, as: UTF8.self).contains(Self.ready) else { continue }
                    return OpenSSHSession(name, master, folder, address, settings, program)
                case .ended(.exited(_, let text)):
                    let words = OpenSSHWords(text, host: name, configuration: configuration, seconds: settings.connectSeconds)
                    if words.isHangUp { return nil }
                    throw words.error
                case .ended(.lost(let reason, _)), .ended(.refused(let reason)): throw .negotiation(host: name, reason: reason)
                case .ended(.closedByUs): throw .cancelled(host: name)
                }
            }
            master.abort()
            throw .timedOut(host: name, stage: .login, seconds: settings.connectSeconds)
        }
    }

    private init(
        _ name: String, _ master: ChildChannel, _ folder: ControlFolder, _ address: HostAddress, _ settings: ConnectionSettings, _ program: RawPath
    ) {
        self.name = name
        self.master = master
        self.folder = folder
        self.address = address
        self.settings = settings
        self.program = program
    }

    deinit { master.abort() }

    func open(_ command: String, _ sink: @escaping ChannelSink) throws(SSHError) -> any ByteChannel {
        try running.begin(on: name)
        let options = [
            "ControlMaster=no", "BatchMode=yes", "LogLevel=ERROR", "RequestTTY=no", "RemoteCommand=none", "PermitLocalCommand=no",
            "ClearAllForwardings=yes",
            // Only through the master: a new login would be another than the one whose key was verified.
            "ProxyCommand=exit 255",
        ]
        var plan = Self.plan(program, address, settings, ["-S", folder.socket.display] + options.flatMap { ["-o", $0] })
        plan.arguments.append(Array(command.utf8))
        do throws(SystemError) {
            let channel = try ChildChannel(plan, running.watching(sink), reading: Self.reading)
            return running.holds(OpenSSHChannel(channel, of: self))
        } catch {
            running.isOver()
            throw .system(host: name, error)
        }
    }

    func end() {
        running.end()
        master.abort()
    }

    /// 255 is ssh's own: the connection broke, or the program ended by a signal, which ssh does not tell.
    private static func reading(_ end: ProcessEnd, _ text: String) -> ChannelEnd {
        guard end == .exited(code: 255) else { return .exited(ProgramEnd(end), standardError: text) }
        let reason = text.trimmingLineEnd
        if reason.contains("request failed on channel") || reason.contains("open failed") { return .refused(reason: reason) }
        return .lost(reason: reason.isEmpty ? "ssh ended with exit code 255" : reason, standardError: text)
    }

    private static func plan(_ program: RawPath, _ address: HostAddress, _ settings: ConnectionSettings, _ words: [String]) -> ProcessPlan {
        var plan = ProcessPlan(program)
        plan.arguments = OpenSSHProgram.addressing(address, settings, extra: words)
        plan.environment = ProcessPlan.inheritedEnvironment()
        plan.leadsGroup = true
        plan.diesWithThread = true
        return plan
    }

    private static func masterOptions(_ configuration: HostConfiguration, _ settings: ConnectionSettings, _ folder: ControlFolder) -> [String] {
        let interval = max(1, settings.lossSeconds / 4)
        var options = [
            "ControlPersist=no", "BatchMode=yes", "LogLevel=ERROR", "ClearAllForwardings=yes", "ForwardAgent=no", "ForwardX11=no", "RequestTTY=no",
            "RemoteCommand=none", "Compression=no", "PermitLocalCommand=yes", "LocalCommand=echo \(ready)", "Ciphers=\(settings.ciphers)",
            "ServerAliveInterval=\(interval)", "ServerAliveCountMax=\(max(1, settings.lossSeconds / interval - 1))",
            "ConnectTimeout=\(min(configuration.connectSeconds ?? .max, settings.connectSeconds))",
            "StrictHostKeyChecking=\(settings.hostKeys == .strict ? "yes" : "accept-new")", "UpdateHostKeys=no",
        ]
        if let files = settings.knownHostsFiles {
            options += ["UserKnownHostsFile=" + files.map { "\"\($0)\"" }.joined(separator: " "), "GlobalKnownHostsFile=/dev/null"]
        }
        return ["-M", "-N", "-S", folder.socket.display] + options.flatMap { ["-o", $0] } + settings.identityFiles.flatMap { ["-i", $0.display] }
    }
}

/// A program's `ssh`; keeps the session.
private final class OpenSSHChannel: ByteChannel {
    private let channel: ChildChannel
    private let session: OpenSSHSession

    init(_ channel: ChildChannel, of session: OpenSSHSession) {
        self.channel = channel
        self.session = session
    }

    func send(_ bytes: [UInt8], _ lane: Lane) -> Bool { channel.send(bytes, lane) }
    func sendIfRoom(_ bytes: [UInt8], _ lane: Lane) -> Bool { channel.sendIfRoom(bytes, lane) }
    func finish() { channel.finish() }
    func close() { channel.close() }
    func abort() { channel.abort() }
}

/// A private folder for the master's socket, removed with its last reference.
private final class ControlFolder: Sendable {
    let socket: RawPath
    private let path: RawPath

    /// In /tmp whatever TMPDIR says: a socket's path has 108 bytes, of which ssh adds 17.
    init() throws(SystemError) {
        var name = Array("/tmp/quire-ssh-XXXXXX".utf8CString)
        guard mkdtemp(&name) != nil else { throw .last("mkdtemp", "/tmp/quire-ssh-XXXXXX") }
        path = RawPath(bytes: name.dropLast().map { UInt8(bitPattern: $0) })
        socket = path.appending("s")
    }

    deinit {
        // What is left in /tmp is the system's to sweep.
        do throws(SystemError) {
            try FileOperation.removeIfPresent(socket)
            try FileOperation.removeEmptyFolder(path)
        } catch {}
    }
}

/// What ssh said when it could not connect, as an error of ours.
struct OpenSSHWords {
    private let text: String
    private let host: String
    private let configuration: HostConfiguration
    private let seconds: Int

    init(_ text: String, host: String, configuration: HostConfiguration, seconds: Int) {
        self.text = text
        self.host = host
        self.configuration = configuration
        self.seconds = seconds
    }

    var isHangUp: Bool { text.contains("kex_exchange_identification:") }

    var error: SSHError {
        func has(_ words: String) -> Bool { text.contains(words) }
        let fingerprint = text.split(whereSeparator: \.isWhitespace).first { $0.hasPrefix("SHA256:") }
            .map { $0.last == "." ? String($0.dropLast()) : String($0) } ?? "fingerprint not told"
        if has("HOST IDENTIFICATION HAS CHANGED") {
            let place = text.split(whereSeparator: \.isNewline).first { $0.hasPrefix("Offending") }?.split(separator: " ").last
            return .hostKeyChanged(host: host, fingerprint: fingerprint, place: place.map { String($0) } ?? "known_hosts", knownName: configuration.knownName)
        }
        if has("revoked") && has("host key") { return .hostKeyRevoked(host: host, fingerprint: fingerprint, place: "known_hosts") }
        if has("host key is known for") || has("Host key verification failed") {
            return .hostKeyUnknown(
                host: host, fingerprint: fingerprint, line: "", file: configuration.userKnownHosts.first?.display ?? "~/.ssh/known_hosts",
                port: configuration.port, address: configuration.hasAlias || configuration.jump != nil ? nil : configuration.hostName)
        }
        if has("Too many authentication failures") { return .tooManyKeys(host: host, user: configuration.user, tried: []) }
        if let refusal = text.split(whereSeparator: \.isNewline).last(where: { $0.contains("Permission denied (") }),
            let start = refusal.lastIndex(of: "("), let end = refusal.lastIndex(of: ")"), start < end
        {
            let offered = refusal[refusal.index(after: start)..<end].split(separator: ",").map { String($0) }
            return .authenticationRefused(host: host, user: configuration.user, offered: offered, tried: ["what ssh has"], notes: [])
        }
        if has("timed out") { return .timedOut(host: host, stage: .connection, seconds: seconds) }
        if ["Could not resolve", "Connection refused", "No route to host", "is unreachable", "Name or service"].contains(where: has) {
            return .unreachable(host: host, reason: text.trimmingLineEnd)
        }
        if has("Bad configuration") || has("configuration option") { return .configuration(host: host, reason: text.trimmingLineEnd) }
        return .negotiation(host: host, reason: text.trimmingLineEnd)
    }
}
