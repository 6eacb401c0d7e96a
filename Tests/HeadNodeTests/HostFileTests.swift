import Foundation
import HeadNode
import JobModel
import SSHTransport
import Testing

/// A host file on disk for one test.
private func hosts(_ text: String) throws -> [HostSpec] { try read(text).get() }

private func complaint(_ text: String) throws -> String {
    switch try read(text) {
    case .success(let hosts): "no complaint, but \(hosts.map(\.name))"
    case .failure(let error): "\(error)"
    }
}

private func read(_ text: String) throws -> Result<[HostSpec], HeadError> {
    let folder = FileManager.default.temporaryDirectory.appending(path: "quire-hosts-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    let file = folder.appending(path: "hosts.yaml").path(percentEncoded: false)
    try Data(text.utf8).write(to: URL(filePath: file))
    do throws(HeadError) { return .success(try HostFile(reading: RawPath(file)).hosts) } catch {
        // The folder has another name in every run.
        let words = "\(error)".replacingOccurrences(of: folder.path(percentEncoded: false) + "/", with: "")
        return .failure(.usage(words))
    }
}

@Suite("Lists of hosts")
struct HostFileTests {
    @Test("Every field, and defaults below them")
    func fields() throws {
        let all = try hosts(
            """
            defaults:
              user: scans
              port: 2222
              slots: 8
              identity: keys/quire
              ssh-config: /etc/quire/ssh_config
            hosts:
              - address: tower1
                name: big
                user: me
                port: 2200
                slots: 3
                memory: 2GiB
                storage: shared
                map: {/srv/scans/: /mnt/scans, "/srv/out": /mnt/out}
                scratch: /fast/quire
                nice: none
                hours: 22:00-07:30
                tags: [night, gpu]
                transport: openssh
                worker: host
                loss: 30
                lease: 40
                known-hosts: [/a, /b]
              - tower2:4
              - other@tower3
              - localhost
            """)
        #expect(all.map(\.name) == ["big", "tower2", "tower3", "localhost"])
        let host = try #require(all.first)
        #expect(host.place == .remote(HostAddress("tower1", user: "me", port: 2200)))
        #expect(host.slots == 3)
        #expect(host.workerMemoryBytesMax == 2 << 30)
        #expect(host.storage == .shared)
        #expect(host.mappings == [
            .init(head: RawPath("/srv/scans"), host: RawPath("/mnt/scans")), .init(head: RawPath("/srv/out"), host: RawPath("/mnt/out")),
        ])
        #expect(host.scratch == RawPath("/fast/quire"))
        #expect(!host.yieldsToOthers)
        #expect(host.hours == .init(fromMinute: 22 * 60, toMinute: 7 * 60 + 30))
        #expect(host.tags == ["night", "gpu"])
        #expect(host.connection.transport == .openssh)
        #expect(host.worker == .host)
        #expect(host.connection.lossSeconds == 30)
        #expect(host.leaseSeconds == 40)
        #expect(host.connection.knownHostsFiles == [RawPath("/a"), RawPath("/b")])
        #expect(host.connection.configurationFile == RawPath("/etc/quire/ssh_config"))
        #expect(host.connection.identityFiles.first?.display.hasSuffix("/keys/quire") == true)
        #expect(host.connection.identityFiles.first?.isAbsolute == true)

        #expect(all[1].place == .remote(HostAddress("tower2", user: "scans", port: 2222)))
        #expect(all[1].slots == 4)
        #expect(all[1].yieldsToOthers)
        #expect(all[1].storage == .auto)
        #expect(all[2].slots == 8)
        #expect(all[3].place == .thisMachine)
        #expect(!all[3].yieldsToOthers)
    }

    @Test("The file of the repository is read whole")
    func example() throws {
        let file = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../../cluster/hosts.example.yaml")
        let hosts = try HostFile(reading: RawPath(file.path(percentEncoded: false))).hosts
        #expect(hosts.count >= 3)
        #expect(hosts.contains { $0.place == .thisMachine })
    }

    @Test(
        "A list on the command line",
        arguments: [
            ("a", ["a"]), ("a,b:4,user@c", ["a", "b", "user@c"]), ("[fe80::1]:2,me@[::1]", ["fe80::1", "me@::1"]),
            ("localhost:3,a", ["localhost", "a"]),
        ])
    func commandLine(text: String, accounts: [String]) throws {
        #expect(try HostFile(commandLine: text).hosts.map { "\($0.place)" } == accounts)
    }

    @Test("Slots and names of a list on the command line")
    func commandLineDetails() throws {
        let hosts = try HostFile(commandLine: "a,b:4,user@c,x@d,y@d").hosts
        #expect(hosts.map(\.slots) == [nil, 4, nil, nil, nil])
        // Two accounts of one host are two hosts, and are told apart.
        #expect(hosts.map(\.name) == ["a", "b", "c", "x@d", "y@d"])
    }

    @Test("What is no list of hosts is refused", arguments: ["", "a,", "a:0", "a:x", "a:5000", "@a", "-oProxyCommand=x", "a b", "[::1", "a,a", "me@localhost", "$(x)"])
    func refusedLists(text: String) {
        #expect(throws: HeadError.self) { try HostFile(commandLine: text) }
    }

    @Test(
        "Errors name file, line and column, and what was meant",
        arguments: [
            ("hosts:\n  - address: a\n    slot: 3\n", "hosts.yaml:3:5: unknown field of a host 'slot'; did you mean 'slots'?"),
            ("hosts:\n  - address: a\n    slots: 0\n", "hosts.yaml:3:12: number of slots cannot be '0'; accepted: 1 to 4096"),
            ("host:\n  - a\n", "hosts.yaml:1:1: unknown key 'host'; did you mean 'hosts'?"),
            ("hosts:\n  - slots: 3\n", "hosts.yaml:2:5: a host needs address: a name, an IP address or an alias of ~/.ssh/config"),
            ("- a\n- b\n- a\n", "hosts.yaml:3:3: a is listed twice"),
            ("- {address: a, name: x}\n- {address: b, name: x}\n", "hosts.yaml:2:3: two hosts are called 'x'; give one of them another name"),
            ("- {address: a, hours: 25:00-26:00}\n", "hosts.yaml:1:23: span of hours cannot be '25:00-26:00'; accepted: such as 22:00-07:00, in this machine's time"),
            ("- {address: a, storage: nfs}\n", "hosts.yaml:1:25: storage cannot be 'nfs'; accepted: auto, staged, shared"),
            ("- {address: a, nice: 5}\n", "hosts.yaml:1:22: nice level cannot be '5'; accepted: 19 (workers take only what others leave), none"),
            ("- {address: a, map: {scans: /mnt}}\n", "hosts.yaml:1:22: folder here cannot be 'scans'; accepted: a map of folders here to folders there, such as /srv/scans: /mnt/scans"),
            ("- {address: a, scratch: tmp}\n", "hosts.yaml:1:25: scratch cannot be 'tmp'; accepted: a path from / on, as that host sees it"),
            ("- {address: -oProxyCommand=x}\n", "hosts.yaml:1:13: address cannot be '-oProxyCommand=x'; accepted: a name, an IP address or an alias of ~/.ssh/config"),
            ("- {address: localhost, port: 22}\n", "hosts.yaml:1:13: localhost is this machine itself, without ssh; write 127.0.0.1 for its sshd"),
            ("- {address: localhost, storage: staged}\n", "hosts.yaml:1:24: storage is of no use for localhost, which is this machine itself"),
            ("defaults: {address: a}\nhosts: [a]\n", "hosts.yaml:1:12: address is a host's own and cannot stand in defaults"),
            ("- {address: a, slots: 1, slots: 2}\n", "hosts.yaml"),
            ("hosts: []\n", "hosts.yaml:1:8: hosts must be a list of at least one host, each with a dash: - address: tower1"),
            ("hosts: [\n", "hosts.yaml:2:1"),
            ("", "the host file is empty"),
        ])
    func errors(text: String, message: String) throws {
        let said = try complaint(text)
        #expect(said.contains(message), "\(said)")
    }

    @Test("A file that is not there is named")
    func missing() {
        #expect(throws: HeadError.self) { try HostFile(reading: RawPath("/no/such/hosts.yaml")) }
    }
}
