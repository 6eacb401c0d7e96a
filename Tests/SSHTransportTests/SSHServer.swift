import Glibc
import JobModel
import LinuxSystem
import SSHTransport
import Synchronization

/// A real sshd on a loopback port with its own keys and files; ends with its last reference, and with the test process.
final class SSHServer: Sendable {
    let folder: RawPath
    let port: UInt16
    let user: String
    private let sshd: ChildChannel
    private let hasEnded: Ended

    /// - Parameter configuration: lines put before its own, which win.
    init(_ configuration: String = "", hostKey: RawPath? = nil, port: UInt16? = nil) throws {
        folder = try makeTemporaryFolder()
        self.port = try port ?? unusedPort()
        user = String(cString: getpwuid(getuid()).pointee.pw_name)
        // Where an sshd of root wants to lock a child in.
        if getuid() == 0 { try FileOperation.createFolders(RawPath("/run/sshd"), mode: 0o755) }
        let hostKeyFile = folder.appending("host_ed25519")
        if let hostKey {
            try copyFile(hostKey, to: hostKeyFile, mode: 0o600)
            try copyFile(RawPath("\(hostKey).pub"), to: RawPath("\(hostKeyFile).pub"), mode: 0o644)
        } else {
            try makeKey(hostKeyFile)
        }
        try makeKey(folder.appending("id"))
        try copyFile(folder.appending("id.pub"), to: folder.appending("authorized_keys"), mode: 0o600)
        try writeFile(
            folder.appending("sshd_config"),
            """
            \(configuration)
            Port \(self.port)
            ListenAddress 127.0.0.1
            HostKey \(hostKeyFile)
            PidFile none
            UsePAM no
            StrictModes no
            AuthorizedKeysFile \(folder)/authorized_keys
            PasswordAuthentication no
            KbdInteractiveAuthentication no
            PermitRootLogin yes
            MaxStartups 100
            LogLevel ERROR
            # The start-up files of whoever runs the tests may do anything, and take any time.
            SetEnv HOME=\(folder)

            """)
        var plan = ProcessPlan(RawPath("/usr/sbin/sshd"))
        plan.arguments = ["-D", "-e", "-f", folder.appending("sshd_config").display].map { Array($0.utf8) }
        plan.environment = ProcessPlan.inheritedEnvironment()
        plan.diesWithThread = true
        let hasEnded = Ended()
        self.hasEnded = hasEnded
        sshd = try ChildChannel(plan) { event in if case .ended(let end) = event { hasEnded.tell(end) } }
        try writeKnownHosts()
        try writeClientConfiguration()
        try awaitUntil("sshd listens") { hasEnded.end != nil || isListening(self.port) }
        if let end = hasEnded.end { throw FixtureError("sshd ended: \(end)") }
    }

    deinit { stop() }

    /// Ends the listener and every connection, and removes the files.
    func stop() {
        for process in connections() { kill(process, SIGKILL) }
        sshd.abort()
        _ = try? awaitUntil("sshd ended") { hasEnded.end != nil }
        try? removeFolder(folder)
    }

    var key: RawPath { folder.appending("id") }
    var knownHosts: RawPath { folder.appending("known_hosts") }
    var knownName: String { "[127.0.0.1]:\(port)" }

    func hostKeyLine() throws -> String {
        let words = try readText(folder.appending("host_ed25519.pub")).split(separator: " ")
        return "\(words[0]) \(words[1])"
    }

    func writeKnownHosts(_ text: String? = nil) throws {
        try writeFile(knownHosts, text ?? "\(knownName) \(try hostKeyLine())\n")
    }

    /// - Parameter lines: for `Host test`, before its own, which they win over.
    func writeClientConfiguration(_ lines: String = "") throws {
        try writeFile(
            folder.appending("ssh_config"),
            """
            Host test
            \(lines)
            HostName 127.0.0.1
            Port \(port)
            User \(user)
            IdentityFile \(key)
            IdentityAgent none
            UserKnownHostsFile \(knownHosts)
            GlobalKnownHostsFile none

            """)
    }

    func settings(_ transport: TransportChoice) -> ConnectionSettings {
        var settings = ConnectionSettings()
        settings.transport = transport
        settings.configurationFile = folder.appending("ssh_config")
        settings.connectSeconds = 10
        // So long that no test is passed by the loss that comes after it.
        settings.lossSeconds = 60
        return settings
    }

    let address = HostAddress("test")

    func connect(_ transport: TransportChoice, _ connector: HostConnector = HostConnector()) throws -> any HostSession {
        try connector.connect(to: address, settings(transport))
    }

    /// The processes of connections: all below the listener.
    func connections() -> [Int32] {
        guard let listener = listener() else { return [] }
        let parents = processParents()
        return parents.keys.filter { process in
            var next = process
            while let parent = parents[next], parent > 1 {
                if parent == listener { return true }
                next = parent
            }
            return false
        }
    }

    /// To the sshd of each connection, not to what runs there.
    func signalConnections(_ number: Int32) {
        guard let listener = listener() else { return }
        for (process, parent) in processParents() where parent == listener { kill(process, number) }
    }

    /// Found by its parent, us, and its configuration on its command line.
    private func listener() -> Int32? {
        processParents().first { process, parent in
            guard parent == getpid(), let line = try? readText(RawPath("/proc/\(process)/cmdline")) else { return false }
            return line.contains("\(folder)/sshd_config")
        }?.key
    }
}

/// How something ended, told by its thread.
final class Ended: Sendable {
    private let state = Mutex<(end: ChannelEnd?, count: Int)>((nil, 0))
    func tell(_ end: ChannelEnd) { state.withLock { $0 = (end, $0.count + 1) } }
    var end: ChannelEnd? { state.withLock { $0.end } }
    var count: Int { state.withLock { $0.count } }
}

struct FixtureError: Error, CustomStringConvertible {
    let description: String
    init(_ description: String) { self.description = description }
}

/// Waits until `condition` holds; throws after `seconds`.
func awaitUntil(_ what: String, seconds: Int = 20, _ condition: () throws -> Bool) throws {
    let deadline = SystemClock.monotonicMilliseconds() + UInt64(seconds) * 1000
    while try !condition() {
        guard SystemClock.monotonicMilliseconds() < deadline else { throw FixtureError("waited \(seconds) s in vain: \(what)") }
        Pause.milliseconds(5)
    }
}

// MARK: Files and processes

func makeTemporaryFolder() throws -> RawPath {
    var name = Array("\(environmentVariable("TMPDIR")?.display ?? "/tmp")/ssh-test-XXXXXX".utf8CString)
    guard mkdtemp(&name) != nil else { throw SystemError.last("mkdtemp", "") }
    return RawPath(bytes: name.dropLast().map { UInt8(bitPattern: $0) })
}

func writeFile(_ path: RawPath, _ text: String, mode: UInt32 = 0o600) throws {
    try FileOperation.removeIfPresent(path)
    try OpenFile(path, .create(mode: mode)).write(Array(text.utf8), at: 0)
}

/// Also of /proc, whose files tell no size.
func readText(_ path: RawPath) throws -> String {
    let file = try OpenFile(path, .read)
    return String(decoding: try file.read(count: 1 << 20, at: 0), as: UTF8.self)
}

func copyFile(_ source: RawPath, to target: RawPath, mode: UInt32) throws { try writeFile(target, readText(source), mode: mode) }

func removeFolder(_ folder: RawPath) throws { _ = try local("rm -rf '\(folder)'") }

/// Runs a shell command here; throws unless it succeeds.
@discardableResult
func local(_ command: String) throws -> String {
    let result = try LocalSession().run(command)
    guard result.end.isSuccess else { throw FixtureError("\(command): \(result.end): \(result.standardError)") }
    return String(decoding: result.output, as: UTF8.self)
}

func makeKey(_ path: RawPath, passphrase: String = "", type: String = "ed25519") throws {
    try local("ssh-keygen -q -t \(type) -N '\(passphrase)' -C '\(path.lastComponent)' -f '\(path)'")
}

func processParents() -> [Int32: Int32] {
    var parents: [Int32: Int32] = [:]
    guard let directory = opendir("/proc") else { return [:] }
    defer { closedir(directory) }
    while let entry = readdir(directory) {
        let name = withUnsafePointer(to: &entry.pointee.d_name) { $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) } }
        guard let process = Int32(name), let line = try? readText(RawPath("/proc/\(process)/stat")), let end = line.lastIndex(of: ")") else { continue }
        let words = line[line.index(after: end)...].split(separator: " ")
        if words.count > 1, let parent = Int32(words[1]) { parents[process] = parent }
    }
    return parents
}

/// A socket on a loopback port that listens, or only once listened.
private func loopbackSocket(port: UInt16 = 0) throws -> (descriptor: Int32, port: UInt16) {
    let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
    address.sin_port = port.bigEndian
    var size = socklen_t(MemoryLayout<sockaddr_in>.size)
    let status = withUnsafeMutablePointer(to: &address) {
        $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { bind(descriptor, $0, size) == 0 && getsockname(descriptor, $0, &size) == 0 }
    }
    guard descriptor >= 0, status else { throw SystemError.last("bind", "127.0.0.1") }
    return (descriptor, UInt16(bigEndian: address.sin_port))
}

func unusedPort() throws -> UInt16 {
    let (descriptor, port) = try loopbackSocket()
    close(descriptor)
    return port
}

/// Listens and never says a word.
final class SilentServer: Sendable {
    let port: UInt16
    private let descriptor: Int32
    init() throws {
        (descriptor, port) = try loopbackSocket()
        listen(descriptor, 16)
    }
    /// Whether somebody has connected: the first is never taken in.
    var hasVisitor: Bool {
        var watched = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
        return poll(&watched, 1, 0) == 1
    }
    deinit { close(descriptor) }
}

func isListening(_ port: UInt16) -> Bool {
    let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
    defer { close(descriptor) }
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
    address.sin_port = port.bigEndian
    return withUnsafePointer(to: &address) {
        $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { Glibc.connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size)) == 0 }
    }
}
