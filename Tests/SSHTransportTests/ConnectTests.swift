import Glibc
import JobModel
import LinuxSystem
import SSHTransport
import Synchronization
import Testing

/// Reaching hosts, many at once, and failing to.
@Suite(.serialized) struct ConnectTests {
    static let transports: [TransportChoice] = [.libssh, .openssh]

    @Test(arguments: transports) func `A host where nobody listens is told at once`(_ transport: TransportChoice) throws {
        let server = try SSHServer()
        let address = HostAddress("test", port: try unusedPort())
        let error = try #require(throws: SSHError.self) { try HostConnector().connect(to: address, server.settings(transport)) }
        guard case .unreachable(_, let reason) = error else {
            Issue.record("\(error)")
            return
        }
        #expect(reason.contains("refused"))
    }

    @Test(arguments: transports) func `A name without an address is told`(_ transport: TransportChoice) throws {
        let server = try SSHServer()
        let error = try #require(throws: SSHError.self) { try HostConnector().connect(to: HostAddress("no-such.invalid"), server.settings(transport)) }
        guard case .unreachable = error else {
            Issue.record("\(error)")
            return
        }
    }

    @Test(arguments: transports) func `A server that never says a word costs the time given and no more`(_ transport: TransportChoice) throws {
        let (server, silent) = (try SSHServer(), try SilentServer())
        var settings = server.settings(transport)
        settings.connectSeconds = 1
        let before = SystemClock.monotonicMilliseconds()
        let error = try #require(throws: SSHError.self) { try HostConnector().connect(to: HostAddress("test", port: silent.port), settings) }
        guard case .timedOut = error else {
            Issue.record("\(error)")
            return
        }
        #expect(SystemClock.monotonicMilliseconds() - before < 10_000)
    }

    @Test(arguments: transports) func `A connect can be given up from another thread`(_ transport: TransportChoice) throws {
        let (server, silent) = (try SSHServer(), try SilentServer())
        let cancellation = Cancellation()
        let outcome = Mailbox<SSHError>(elementsMax: 1)
        let thread = SystemThread("connect") {
            do throws(SSHError) {
                _ = try HostConnector().connect(to: HostAddress("test", port: silent.port), server.settings(transport), cancellation: cancellation)
            } catch {
                outcome.send(error)
            }
        }
        #expect(outcome.receiveOne(waitingMilliseconds: 200) == nil)
        cancellation.cancel()
        guard case .cancelled = outcome.receiveOne(waitingMilliseconds: 8_000) else {
            Issue.record("not given up")
            return
        }
        thread.join()
    }

    /// A `Match exec` that hangs, and a place at the door that is not free.
    @Test(arguments: ["configuration", "gate"]) func `A connect that waits for something of ours can be given up too`(_ wait: String) throws {
        let (server, silent) = (try SSHServer(), try SilentServer())
        let connector = HostConnector(gate: ConnectGate(unauthenticatedMax: 1))
        let address = HostAddress("test", port: silent.port)
        let (first, second) = (Cancellation(), Cancellation())
        let outcome = Mailbox<SSHError>(elementsMax: 2)
        func connect(_ cancellation: Cancellation) -> SystemThread {
            let settings = server.settings(.libssh)
            return SystemThread("connect") {
                do throws(SSHError) { _ = try connector.connect(to: address, settings, cancellation: cancellation) } catch { outcome.send(error) }
            }
        }
        var threads: [SystemThread] = []
        if wait == "configuration" {
            try server.writeClientConfiguration("Match exec \"sleep 60\"\nHost test")
        } else {
            threads.append(connect(first))
            try awaitUntil("the first is at the door") { silent.hasVisitor }
        }
        threads.append(connect(second))
        #expect(outcome.receiveOne(waitingMilliseconds: 500) == nil, "it waits")
        second.cancel()
        let error = outcome.receiveOne(waitingMilliseconds: 8_000)
        if case .cancelled = error {} else { Issue.record("\(String(describing: error))") }
        first.cancel()
        for thread in threads { thread.join() }
    }

    @Test func `As many descriptors as the system allows are taken, for many hosts need many`() throws {
        var limit = rlimit()
        let resource = __rlimit_resource_t(RLIMIT_NOFILE.rawValue)
        try #require(getrlimit(resource, &limit) == 0)
        limit.rlim_cur = limit.rlim_max - 1
        try #require(setrlimit(resource, &limit) == 0)
        _ = HostConnector()
        try #require(getrlimit(resource, &limit) == 0)
        #expect(limit.rlim_cur == limit.rlim_max)
    }

    @Test func `A bad line in the configuration is told with ssh's own words`() throws {
        let server = try SSHServer()
        try server.writeClientConfiguration("NoSuchKeyword yes")
        let error = try #require(throws: SSHError.self) { try server.connect(.auto) }
        guard case .configuration(_, let reason) = error else {
            Issue.record("\(error)")
            return
        }
        #expect(reason.contains("terminating") || reason.contains("nosuchkeyword"))
    }

    /// The server drops every connection above eight that are not logged in.
    @Test func `Forty connects at once to one strict server all succeed`() throws {
        let server = try SSHServer("MaxStartups 8:100:8")
        let connector = HostConnector()
        let failures = Mutex<[String]>([])
        let threads = (0..<40).map { number in
            SystemThread("connect \(number)") {
                var settings = server.settings(.libssh)
                settings.connectSeconds = 60
                do { _ = try connector.connect(to: server.address, settings) } catch { failures.withLock { $0.append("\(error)") } }
            }
        }
        for thread in threads { thread.join() }
        #expect(failures.withLock { $0 } == [])
    }
}
