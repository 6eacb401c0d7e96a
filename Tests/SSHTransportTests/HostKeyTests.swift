import JobModel
import LinuxSystem
import SSHTransport
import Synchronization
import Testing

/// Who a host is believed to be; the same answers from both transports.
@Suite(.serialized) struct HostKeyTests {
    static let transports: [TransportChoice] = [.libssh, .openssh]

    @Test(arguments: transports) func `An unknown key is refused, with the line that makes it known`(_ transport: TransportChoice) throws {
        let server = try SSHServer()
        try server.writeKnownHosts("")
        let error = try #require(throws: SSHError.self) { try server.connect(transport) }
        guard case .hostKeyUnknown(_, let fingerprint, _, let file, server.port, "127.0.0.1") = error else {
            Issue.record("\(error)")
            return
        }
        #expect(file == server.knownHosts.display)
        #expect("\(error)".contains("ssh-keyscan -p \(server.port) 127.0.0.1 >> \(file)"))
        if transport == .libssh { #expect(try local("ssh-keygen -lf '\(server.folder)/host_ed25519.pub'").contains(fingerprint)) }
        #expect(try readText(server.knownHosts).isEmpty)
    }

    @Test(arguments: transports) func `Accepting new keys writes them once, and then they are known`(_ transport: TransportChoice) throws {
        let server = try SSHServer()
        try server.writeKnownHosts("other ssh-ed25519 AAAA")
        var settings = server.settings(transport)
        settings.hostKeys = .acceptNew
        for _ in 0..<2 { _ = try HostConnector().connect(to: server.address, settings) }
        let lines = try readText(server.knownHosts).split(separator: "\n")
        #expect(lines.count == 2)
        #expect(lines.last.map { String($0) } == "\(server.knownName) \(try server.hostKeyLine())")
        _ = try server.connect(.libssh)
        _ = try server.connect(.openssh)
    }

    /// As behind a name with many addresses: each is read about before either is written down.
    @Test func `Of two machines that come under one new name at once, only one is believed`() throws {
        let (server, other) = (try SSHServer(), try SSHServer())
        try server.writeKnownHosts("")
        try server.writeClientConfiguration("HostKeyAlias farm")
        try copyFile(RawPath("\(server.key).pub"), to: other.folder.appending("authorized_keys"), mode: 0o600)
        var settings = server.settings(.libssh)
        settings.hostKeys = .acceptNew
        let outcomes = Mutex<[SSHError?]>([])
        let threads = [server.port, other.port].map { port in
            SystemThread("connect") { [settings] in
                do throws(SSHError) {
                    _ = try HostConnector().connect(to: HostAddress("test", port: port), settings)
                    outcomes.withLock { $0.append(nil) }
                } catch {
                    outcomes.withLock { $0.append(error) }
                }
            }
        }
        for thread in threads { thread.join() }
        let refusals = outcomes.withLock { $0 }.compactMap(\.self)
        guard refusals.count == 1, case .hostKeyChanged = refusals[0] else {
            Issue.record("\(refusals)")
            return
        }
        #expect(try readText(server.knownHosts).split(separator: "\n").count == 1)
    }

    @Test func `New keys are hashed where the configuration says so, and found again`() throws {
        let server = try SSHServer()
        try server.writeKnownHosts("")
        try server.writeClientConfiguration("HashKnownHosts yes")
        var settings = server.settings(.libssh)
        settings.hostKeys = .acceptNew
        _ = try HostConnector().connect(to: server.address, settings)
        #expect(try readText(server.knownHosts).hasPrefix("|1|"))
        // ssh reads what we wrote, and we what we and ssh-keygen wrote.
        _ = try server.connect(.openssh)
        _ = try server.connect(.libssh)
        try server.writeKnownHosts("\(server.knownName) \(try server.hostKeyLine())\n")
        try local("ssh-keygen -q -H -f '\(server.knownHosts)' 2>&1 && rm '\(server.knownHosts).old'")
        #expect(try readText(server.knownHosts).hasPrefix("|1|"))
        _ = try server.connect(.libssh)
    }

    @Test(arguments: transports) func `A changed key is refused whatever the configuration allows`(_ transport: TransportChoice) throws {
        let server = try SSHServer()
        let other = server.folder.appending("other")
        try makeKey(other)
        let otherLine = try readText(RawPath("\(other).pub")).split(separator: " ").prefix(2).joined(separator: " ")
        try server.writeKnownHosts("# a comment\n\(server.knownName) \(otherLine)\n")
        for configuration in ["", "StrictHostKeyChecking no", "StrictHostKeyChecking accept-new"] {
            try server.writeClientConfiguration(configuration)
            for policy in HostKeyPolicy.allCases {
                var settings = server.settings(transport)
                settings.hostKeys = policy
                let error = try #require(throws: SSHError.self) { try HostConnector().connect(to: server.address, settings) }
                guard case .hostKeyChanged(_, _, let place, server.knownName) = error else {
                    Issue.record("\(error)")
                    continue
                }
                #expect(place == "\(server.knownHosts):2")
                #expect("\(error)".contains("ssh-keygen -R '\(server.knownName)' -f \(server.knownHosts)"))
            }
        }
    }

    @Test func `A revoked key is refused even where another line knows it`() throws {
        let server = try SSHServer()
        let line = try server.hostKeyLine()
        try server.writeKnownHosts("\(server.knownName) \(line)\n@revoked * \(line)\n")
        let error = try #require(throws: SSHError.self) { try server.connect(.libssh) }
        guard case .hostKeyRevoked = error else {
            Issue.record("\(error)")
            return
        }
    }

    @Test(arguments: transports) func `A host with keys of two types is known by either`(_ transport: TransportChoice) throws {
        let ecdsa = try makeTemporaryFolder().appending("ecdsa")
        try makeKey(ecdsa, type: "ecdsa")
        let server = try SSHServer("HostKey \(ecdsa)")
        let ecdsaLine = try readText(RawPath("\(ecdsa).pub")).split(separator: " ").prefix(2).joined(separator: " ")
        for line in [ecdsaLine, try server.hostKeyLine()] {
            try server.writeKnownHosts("\(server.knownName) \(line)\n")
            _ = try server.connect(transport)
        }
        try removeFolder(ecdsa.parent)
    }

    @Test(arguments: transports) func `An alias, patterns and a second file are followed`(_ transport: TransportChoice) throws {
        let server = try SSHServer()
        let line = try server.hostKeyLine()
        let second = server.folder.appending("known_hosts2")
        try server.writeKnownHosts("")
        try writeFile(second, "!farm-2,farm-* \(line)\n")
        try server.writeClientConfiguration("HostKeyAlias farm-1\nUserKnownHostsFile \(server.knownHosts) \(second)")
        _ = try server.connect(transport)
        try server.writeClientConfiguration("HostKeyAlias farm-2\nUserKnownHostsFile \(server.knownHosts) \(second)")
        #expect(throws: SSHError.self) { try server.connect(transport) }
    }
}
