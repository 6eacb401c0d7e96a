import Foundation
import Testing

private struct Checked: Decodable {
    struct Host: Decodable {
        struct Check: Decodable {
            var name, state, found: String
            var cure: String?
        }
        var name: String
        var usable: Bool
        var seconds: Double
        var slots: Int?
        var checks: [Check]

        func found(_ name: String) -> String? { checks.first { $0.name == name }?.found }
        var faults: [Check] { checks.filter { $0.state == "fault" } }
    }
    var hosts: [Host]
    var usable: Int
}

/// Files of hosts and keys are the testbed's; so is the home, for caches.
private func quire(_ words: [String], home: String, _ variables: [String: String] = [:]) throws -> Ended {
    var environment = ["PATH": ProcessInfo.processInfo.environment["PATH"] ?? "/usr/bin:/bin", "HOME": home, "LC_ALL": "C"]
    environment.merge(variables) { $1 }
    return try run(programs.appending(path: "quire").path(percentEncoded: false), words, environment: environment)
}

private func check(_ words: [String], home: String, status: Int32, _ variables: [String: String] = [:]) throws -> Checked {
    let ended = try quire(["hosts", "check", "--json"] + words, home: home, variables)
    #expect(ended.status == status, "\(ended)")
    return try JSONDecoder().decode(Checked.self, from: Data(ended.output.utf8))
}

@Suite("quire hosts")
struct HostsCommandTests {
    @Test("This machine is looked at without ssh")
    func localhost() throws {
        let folder = try TemporaryFolder()
        let checked = try check(["--host", "localhost:3"], home: folder.path, status: 0)
        #expect(checked.usable == 1)
        #expect(checked.hosts.first?.slots == 3)
        #expect(checked.hosts.first?.found("clock") == "right")
    }

    @Test("A list of hosts is shown as it is understood, and no list is wrong usage")
    func list() throws {
        let folder = try TemporaryFolder()
        let ended = try quire(["hosts", "list", "--hosts", repository.appending(path: "cluster/hosts.example.yaml").path(percentEncoded: false)], home: folder.path)
        #expect(ended.status == 0)
        #expect(ended.lines.contains { $0.hasPrefix("desk7") && $0.contains("19:00-07:30") }, "\(ended)")
        #expect(try quire(["hosts", "list"], home: folder.path).status == 2)
        #expect(try quire(["hosts", "reload"], home: folder.path).errors.contains("no running job"))
    }

    @Test("Good hosts are told apart from one that is cut off, one with another key and one that refuses the login; each with its cure", .enabled(if: Testbed.isWhole))
    func faults() throws {
        let folder = try TemporaryFolder()
        let bed = try Testbed(hosts: 5, ["--shell", "h5=/usr/bin/fish", "--noise", "h5", "--sshd", "h4=AuthorizedKeysFile none", "--slots", "h1=7"])
        try bed.cut("h2")
        try bed.rekey("h3")
        let start = Date.now
        let checked = try check(["--hosts", bed.hostsFile], home: folder.path, status: 3)
        #expect(Date.now.timeIntervalSince(start) < 40)
        #expect(checked.hosts.map(\.name) == ["h1", "h2", "h3", "h4", "h5"])
        #expect(checked.hosts.map(\.usable) == [true, false, false, false, true])
        #expect(checked.hosts.map { $0.faults.map(\.name) } == [[], ["reachable"], ["host key"], ["login"], []])
        #expect(checked.hosts[2].faults.first?.cure?.contains("ssh-keygen -R") == true)
        #expect(checked.hosts[3].faults.first?.cure?.contains("ssh-copy-id") == true)
        #expect(checked.hosts[0].slots == 7)
        #expect(checked.hosts[0].seconds > 0)
        #expect(checked.hosts[0].found("bundle")?.contains("to be sent") == true)
        #expect(checked.hosts[0].found("pictures") == "not tried yet")
        // Nothing was written there.
        #expect(try bed.files(below: "/var/tmp/home/root/.cache", on: "h1") == [])
    }

    @Test("Agent and worker are sent ahead to those hosts that lack them; then pictures made there are compared with those made here", .enabled(if: Testbed.isWhole))
    func setup() throws {
        let folder = try TemporaryFolder()
        let bed = try Testbed(hosts: 3)
        try bed.kill("h3")
        let first = try quire(["hosts", "setup", "--hosts", bed.hostsFile], home: folder.path)
        #expect(first.status == 3, "\(first)")
        #expect(first.lines.count { $0.contains(": agent and worker sent, ") && $0.hasSuffix(" s") } == 2, "\(first)")
        #expect(first.lines.contains { $0.hasPrefix("h3 (") && $0.contains("switched on") }, "\(first)")

        try bed.start("h3")
        let second = try quire(["hosts", "setup", "--hosts", bed.hostsFile], home: folder.path)
        #expect(second.status == 0, "\(second)")
        #expect(second.lines.filter { $0.hasSuffix(": already there") }.sorted() == ["h1: already there", "h2: already there"])
        for host in ["h1", "h2", "h3"] {
            try eventually("no program of ours is left", seconds: 5) { try bed.programs(on: host) == [] }
            #expect(try bed.files(below: "/var/tmp/quire-0", on: host) == [])
        }

        let checked = try check(["--hosts", bed.hostsFile], home: folder.path, status: 0)
        #expect(checked.hosts.map { $0.found("pictures") } == ["same bytes", "same bytes", "same bytes"])
        // Other code for pixels on this side.
        let worker = folder.url.appending(path: "worker")
        try Data("#!/bin/sh\nVIPS_NOVECTOR=1 exec '\(programs.path(percentEncoded: false))/quire-worker' \"$@\"\n".utf8).write(to: worker)
        try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: worker.path(percentEncoded: false))
        let differing = try check(["--hosts", bed.hostsFile], home: folder.path, status: 5, ["QUIRE_WORKER": worker.path(percentEncoded: false)])
        #expect(differing.hosts.map { $0.faults.map(\.name) } == [["pictures"], ["pictures"], ["pictures"]])
        #expect(differing.hosts[0].faults.first?.cure?.contains("--mixed-codecs") == true, "\(differing)")
        for host in ["h1", "h2", "h3"] { try eventually("no program of ours is left", seconds: 5) { try bed.programs(on: host) == [] } }
    }

    @Test("Shared storage is seen root by root, also under another name, and missed where the file promises it", .enabled(if: Testbed.isWhole))
    func storage() throws {
        let folder = try TemporaryFolder()
        let scans = folder.url.appending(path: "it's scans")
        try FileManager.default.createDirectory(at: scans, withIntermediateDirectories: true)
        try Data("page".utf8).write(to: scans.appending(path: "1.tif"))
        let bed = try Testbed(hosts: 2, ["--share-ro", "h1=\(scans.path(percentEncoded: false)):/mnt/scans"])
        let list = folder.url.appending(path: "hosts.yaml")
        try Data(
            """
            defaults: {ssh-config: \(bed.sshConfiguration), map: {"\(scans.path(percentEncoded: false))": /mnt/scans}}
            hosts:
              - {address: h1, name: maps}
              - {address: h2, name: staged}
            """.utf8
        ).write(to: list)
        let text = String(decoding: try Data(contentsOf: list), as: UTF8.self)
        let words = ["--hosts", list.path(percentEncoded: false), scans.path(percentEncoded: false)]
        let checked = try check(words, home: folder.path, status: 0)
        #expect(checked.hosts.map { $0.found("storage")?.hasSuffix("sees the same files; shared") } == [true, false])

        try Data(text.replacing("defaults: {", with: "defaults: {storage: shared, ").utf8).write(to: list)
        let promised = try check(words, home: folder.path, status: 3)
        #expect(promised.hosts.map(\.usable) == [true, false])
        #expect(promised.hosts[1].faults.first?.cure?.contains("map:") == true)
    }
}
