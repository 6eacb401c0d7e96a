import Glibc
import JobModel
import LinuxSystem
import SSHTransport
import Synchronization
import Testing

/// Who we are to a host, and how a login that fails is told.
@Suite(.serialized) struct LoginTests {
    static let transports: [TransportChoice] = [.libssh, .openssh]

    @Test(arguments: transports) func `A refused login tells what was tried, and is tried once`(_ transport: TransportChoice) throws {
        let server = try SSHServer()
        try writeFile(server.folder.appending("authorized_keys"), "")
        let error = try #require(throws: SSHError.self) { try server.connect(transport) }
        guard case .authenticationRefused(_, server.user, let offered, let tried, _) = error else {
            Issue.record("\(error)")
            return
        }
        #expect(offered == ["publickey"])
        if transport == .libssh { #expect(tried == [server.key.display]) }
        #expect("\(error)".contains("ssh-copy-id"))
    }

    @Test(arguments: transports) func `A wrong user is refused`(_ transport: TransportChoice) throws {
        let server = try SSHServer()
        let address = HostAddress("test", user: "nobody-here")
        let error = try #require(throws: SSHError.self) { try HostConnector().connect(to: address, server.settings(transport)) }
        guard case .authenticationRefused(_, "nobody-here", _, _, _) = error else {
            Issue.record("\(error)")
            return
        }
    }

    @Test(arguments: transports) func `Seven keys in the agent do not hide the one the configuration names`(_ transport: TransportChoice) throws {
        let server = try SSHServer("MaxAuthTries 6")
        let agent = try SSHAgent(in: server.folder)
        for number in 0..<7 { try agent.add(named: "extra\(number)") }
        try server.writeClientConfiguration("IdentityAgent \(agent.socket)")
        // Ssh itself offers a key it reads from a file behind all those of an agent.
        if transport == .libssh { #expect(try server.connect(transport).run("echo in").output == Array("in\n".utf8)) }
        // Also where only the agent has its private half.
        try agent.add(server.key)
        try local("rm '\(server.key)'")
        #expect(try server.connect(transport).run("echo in").output == Array("in\n".utf8))
    }

    @Test(arguments: transports) func `Too many keys are told as such, with the cure`(_ transport: TransportChoice) throws {
        let server = try SSHServer("MaxAuthTries 6")
        let agent = try SSHAgent(in: server.folder)
        for number in 0..<7 { try agent.add(named: "extra\(number)") }
        try agent.add(server.key)
        try local("rm '\(server.key)' '\(server.key).pub'")
        try server.writeClientConfiguration("IdentityAgent \(agent.socket)")
        let error = try #require(throws: SSHError.self) { try server.connect(transport) }
        guard case .tooManyKeys = error else {
            Issue.record("\(error)")
            return
        }
        #expect("\(error)".contains("IdentitiesOnly yes"))
    }

    @Test func `A session keeps no thread and no hold on the agent once it is logged in`() throws {
        let server = try SSHServer()
        let agent = try SSHAgent(in: server.folder)
        try agent.add(server.key)
        try local("rm '\(server.key)'")
        try server.writeClientConfiguration("IdentityAgent \(agent.socket)")
        let session = try server.connect(.libssh)
        try awaitUntil("the thread that filters keys ends", seconds: 5) { try threadNames().allSatisfy { $0 != "ssh-agent keys" } }
        #expect(try session.run("echo in").output == Array("in\n".utf8))
    }

    private func threadNames() throws -> [String] {
        try local("cat /proc/\(getpid())/task/*/comm 2>/dev/null || true").split(separator: "\n").map { String($0) }
    }

    @Test func `IdentitiesOnly keeps other keys of the agent at home`() throws {
        let server = try SSHServer()
        let agent = try SSHAgent(in: server.folder)
        try agent.add(named: "extra")
        try writeFile(server.folder.appending("authorized_keys"), readText(server.folder.appending("extra.pub")))
        try server.writeClientConfiguration("IdentityAgent \(agent.socket)")
        _ = try server.connect(.libssh)
        try server.writeClientConfiguration("IdentityAgent \(agent.socket)\nIdentitiesOnly yes")
        #expect(throws: SSHError.self) { try server.connect(.libssh) }
    }

    @Test func `A passphrase is asked once for many hosts, and nobody is asked where there is nobody`() throws {
        let server = try SSHServer()
        try local("ssh-keygen -q -p -N secret -P '' -f '\(server.key)'")
        let asked = Mutex<[SecretKeeper.Question]>([])
        let connector = HostConnector(
            secrets: SecretKeeper { question in
                asked.withLock { asked in
                    asked.append(question)
                    return Array((asked.count == 1 ? "wrong" : "secret").utf8)
                }
            })
        let failures = Mutex<[String]>([])
        let threads = (0..<4).map { number in
            SystemThread("connect \(number)") {
                do { _ = try server.connect(.libssh, connector).run("true") } catch { failures.withLock { $0.append("\(error)") } }
            }
        }
        for thread in threads { thread.join() }
        #expect(failures.withLock { $0 } == [])
        #expect(asked.withLock { $0 } == [.passphrase(key: server.key), .passphrase(key: server.key)], "once wrong, once right")

        let error = try #require(throws: SSHError.self) { try server.connect(.libssh) }
        #expect("\(error)".contains("ssh-add"))
    }

    @Test(arguments: ["rsa", "ecdsa"]) func `Keys of older kinds log in too, also without their public half beside them`(_ type: String) throws {
        let server = try SSHServer()
        let key = server.folder.appending(type)
        try makeKey(key, type: "\(type) -m PEM")
        try writeFile(server.folder.appending("authorized_keys"), readText(RawPath("\(key).pub")))
        try server.writeClientConfiguration("IdentityFile \(key)")
        _ = try server.connect(.libssh)
        try local("rm '\(key).pub'")
        _ = try server.connect(.libssh)
        #expect(try FileOperation.factsIfPresent(of: RawPath("\(key).pub")) == nil, "none is written")
    }

    @Test func `What libssh cannot do goes through ssh by itself`() throws {
        let server = try SSHServer()
        try writeFile(
            server.folder.appending("ssh_config"),
            """
            Host far
            ProxyJump near
            Host far near
            HostName 127.0.0.1
            Port \(server.port)
            User \(server.user)
            IdentityFile \(server.key)
            IdentityAgent none
            UserKnownHostsFile \(server.knownHosts)

            """)
        let session = try HostConnector().connect(to: HostAddress("far"), server.settings(.auto))
        #expect(session.transport == .openssh)
        #expect(try session.run("echo far").output == Array("far\n".utf8))
        let error = try #require(throws: SSHError.self) { try HostConnector().connect(to: HostAddress("far"), server.settings(.libssh)) }
        guard case .notSupported(_, "ProxyJump near") = error else {
            Issue.record("\(error)")
            return
        }
    }

    @Test(arguments: ["beside its key", "named last"]) func `A certificate logs in through ssh`(_ place: String) throws {
        let server = try SSHServer()
        try makeKey(server.folder.appending("ca"))
        try writeFile(
            server.folder.appending("authorized_keys"), "cert-authority \(readText(server.folder.appending("ca.pub")))")
        try local("ssh-keygen -q -s '\(server.folder)/ca' -I me -n '\(server.user)' '\(server.key).pub'")
        if place == "named last" {
            let certificate = server.folder.appending("a certificate")
            try local("mv '\(server.key)-cert.pub' '\(certificate)'")
            try server.writeClientConfiguration("CertificateFile \(server.folder)/absent\nCertificateFile \"\(certificate)\"")
        }
        #expect(try server.connect(.auto).transport == .openssh)
    }
}

/// An ssh-agent of the test's own.
final class SSHAgent: Sendable {
    let socket: RawPath
    private let folder: RawPath
    private let agent: ChildChannel

    init(in folder: RawPath) throws {
        self.folder = folder
        socket = folder.appending("agent")
        var plan = ProcessPlan(RawPath("/usr/bin/ssh-agent"))
        plan.arguments = [Array("-D".utf8), Array("-a".utf8), socket.bytes]
        plan.environment = ProcessPlan.inheritedEnvironment()
        plan.diesWithThread = true
        agent = try ChildChannel(plan) { _ in }
        let socket = socket
        try awaitUntil("the agent listens") { try FileOperation.factsIfPresent(of: socket) != nil }
    }

    deinit { agent.abort() }

    func add(named name: String) throws {
        let key = folder.appending(name)
        try makeKey(key)
        try add(key)
    }

    func add(_ key: RawPath) throws { try local("SSH_AUTH_SOCK='\(socket)' ssh-add -q '\(key)'") }
}
