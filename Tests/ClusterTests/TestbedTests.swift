import Foundation
import Testing

/// Networks, groups and processes of testbeds with this name in it.
private func remains(of bed: String, bridge: String?) throws -> [String] {
    var found: [String] = []
    let files = FileManager.default
    if files.fileExists(atPath: bed) { found.append(bed) }
    if let bridge {
        found += try run("ip", ["-o", "link"]).lines.filter { $0.contains(bridge) }
        for folder in ["/sys/fs/cgroup", "/sys/fs/cgroup/cpu", "/sys/fs/cgroup/cpu,cpuacct"] where files.fileExists(atPath: folder) {
            found += try files.contentsOfDirectory(atPath: folder).filter { $0.hasPrefix(bridge + "h") }
        }
    }
    for process in try files.contentsOfDirectory(atPath: "/proc") where Int32(process) != nil {
        // Processes come and go meanwhile.
        guard let words = files.contents(atPath: "/proc/\(process)/environ") else { continue }
        if String(decoding: words, as: UTF8.self).contains("=\(bed)") { found.append("process \(process)") }
    }
    return found
}

private func bridge(of bed: Testbed) throws -> String {
    "qtb" + String(decoding: try Data(contentsOf: bed.state.appending(path: "id")), as: UTF8.self).trimmingCharacters(in: .whitespacesAndNewlines)
}

@Suite("cluster/testbed", .enabled(if: Testbed.isWhole, "needs root rights and namespaces"))
struct TestbedTests {
    @Test("Hosts are reached through real ssh, each with its own name, home and files, and see none of this machine's")
    func hosts() throws {
        let folder = try TemporaryFolder()
        try Data("here\n".utf8).write(to: folder.url.appending(path: "input"))
        let bed = try Testbed(hosts: 2, in: folder.url)
        for host in ["h1", "h2"] {
            let ended = try bed.ssh(host, "hostname; cat '\(folder.path)/input' ~/mine; echo \(host) >~/mine; nproc >/dev/null && echo works")
            #expect(ended.lines == [host, "works"], "\(ended)")
            #expect(try bed.ssh(host, "cat ~/mine").lines == [host])
        }
        #expect(try bed.ssh("h1", "id -un", as: "alice").lines == ["alice"])
        #expect(String(decoding: try Data(contentsOf: URL(filePath: bed.hostsFile)), as: UTF8.self).contains("- address: h2"))
    }

    @Test("Files are seen where they are shared: all under their names, or one folder under another")
    func sharing() throws {
        let folder = try TemporaryFolder()
        try Data("here\n".utf8).write(to: folder.url.appending(path: "input"))
        let bed = try Testbed(hosts: 1, ["--shared"])
        #expect(try bed.ssh("h1", "cat '\(folder.path)/input'").lines == ["here"])

        let mapped = try Testbed(hosts: 2, ["--share", "h1=\(folder.path):/mnt/scans", "--share-ro", "h2=\(folder.path):/mnt/scans"])
        #expect(try mapped.ssh("h1", "cat /mnt/scans/input && touch /mnt/scans/made").lines == ["here"])
        #expect(FileManager.default.fileExists(atPath: folder.path + "/made"))
        #expect(try mapped.ssh("h2", "cat /mnt/scans/input && touch /mnt/scans/too").status == 1)
        #expect(!FileManager.default.fileExists(atPath: folder.path + "/too"))
    }

    @Test("A pulled plug, a frozen and a crashed host answer nothing until they are mended")
    func faults() throws {
        let bed = try Testbed(hosts: 3)
        func answers(_ host: String) throws -> Bool { try bed.ssh(host, "echo yes", timeoutSeconds: 1).lines == ["yes"] }
        try bed.cut("h1")
        try bed.freeze("h2")
        try bed.ssh("h3", "echo kept >/var/tmp/file; nohup sleep 987 >/dev/null 2>&1 &")
        #expect(try bed.programs(on: "h3") == ["sleep 987"])
        try bed.kill("h3")
        for host in ["h1", "h2", "h3"] { #expect(try !answers(host), "\(host)") }

        try bed.heal("h1")
        try bed.thaw("h2")
        try bed.start("h3")
        for host in ["h1", "h2", "h3"] { try eventually("\(host) answers") { try answers(host) } }
        #expect(try bed.programs(on: "h3") == [])
        #expect(try bed.ssh("h3", "cat /var/tmp/file").lines == ["kept"])
        try bed.kill("sshd", on: "h3")
        #expect(try !answers("h3"))
        try bed.start("h3")
        #expect(try answers("h3"))
    }

    @Test("A slow link and a small share of a processor take longer; a full disk takes nothing; another key is refused")
    func limits() throws {
        let bed = try Testbed(hosts: 2)
        func seconds(_ body: () throws -> Ended) rethrows -> Double {
            let start = Date.now
            _ = try body()
            return Date.now.timeIntervalSince(start)
        }
        try bed.slow("h1", "8mbit")
        #expect(try seconds { try bed.ssh("h1", "head -c 1500000 /dev/zero") } > 1)
        try bed.slow("h1", "off")
        try bed.cpu("h2", "25%")
        // One second of processor time.
        #expect(try seconds { try bed.ssh("h2", "ulimit -t 1; while :; do :; done") } > 2)
        try bed.cpu("h2", "off")

        try bed.fill("h1")
        #expect(try bed.ssh("h1", "echo x >/var/tmp/file").status != 0)
        try bed.unfill("h1")
        #expect(try bed.ssh("h1", "echo x >/var/tmp/file").status == 0)
        try bed.rekey("h1")
        #expect(try bed.ssh("h1", "true").errors.contains("HOST IDENTIFICATION HAS CHANGED"))
    }

    @Test("Odd hosts: another login shell, one that talks, none of the image libraries, a line for sshd")
    func oddHosts() throws {
        let bed = try Testbed(
            hosts: 4, ["--shell", "h1=/usr/bin/fish", "--shell", "h2=/bin/csh", "--noise", "h3", "--noise", "h1", "--bare", "h4", "--sshd", "h4=SetEnv COLOUR=red"])
        #expect(try bed.ssh("h1", "status is-login; echo $FISH_VERSION").lines.last?.first?.isNumber == true)
        #expect(try bed.ssh("h1", "true").output.contains("Welcome to h1!"))
        #expect(try bed.ssh("h2", "echo $shell").lines == ["/bin/csh"])
        #expect(try bed.ssh("h3", "true").output.contains("Welcome to h3!"))
        let bare = try bed.ssh("h4", "ls /usr/lib/*/libvips.so* /usr/lib/*/libjpeg*; echo $COLOUR")
        #expect(bare.lines == ["red"], "\(bare)")
        #expect(try bed.ssh("h3", "ls /usr/lib/*/libjpeg*").output.contains("libjpeg"))
    }

    @Test("Nothing is left after `down`, nor when the process it was made for is killed, nor of one that was killed while it was made")
    func nothingLeft() throws {
        let bed = try Testbed(hosts: 2)
        try bed.ssh("h1", "nohup sleep 986 >/dev/null 2>&1 &")
        try bed.freeze("h1")
        let name = try bridge(of: bed)
        try bed.end()
        #expect(try remains(of: bed.state.path(percentEncoded: false), bridge: name) == [])

        let owner = try RunningProgram("sleep", ["985"])
        let ended = try run(Testbed.script, ["--name", "owned-\(owner.id)", "up", "2", "--with-pid", "\(owner.id)"])
        let state = try #require(ended.lines.last)
        #expect(try run("ssh", ["-F", state + "/ssh_config", "h1", "true"]).status == 0)
        owner.signal(SIGKILL)
        try eventually("its hosts are gone") { try remains(of: state, bridge: nil) == [] }

        let maker = try RunningProgram(Testbed.script, ["--name", "half-\(owner.id)", "up", "3"])
        let half = state.replacing("owned-", with: "half-")
        try eventually("it makes hosts") { FileManager.default.fileExists(atPath: half + "/h1/holder") }
        maker.signal(SIGKILL)
        _ = try maker.wait()
        let next = try Testbed(hosts: 1)
        #expect(try remains(of: half, bridge: nil) == [])
        #expect(try next.ssh("h1", "true").status == 0)
    }

    @Test("Wrong words are answered with what to do")
    func usage() throws {
        let bed = try Testbed(hosts: 1)
        let again = try run(Testbed.script, ["--name", bed.name, "up", "1"])
        #expect(again.status == 1 && again.errors.contains("cluster/testbed --name \(bed.name) down"), "\(again)")
        #expect(try bed.ssh("h1", "true").status == 0)
        #expect(try run(Testbed.script, ["--name", bed.name, "cut", "h9"]).errors.contains("there are: h1"))
        #expect(try run(Testbed.script, ["--name", bed.name, "cpu", "h1", "0.2"]).errors.contains("write 20%"))
        #expect(try run(Testbed.script, ["dance"]).status == 2)
    }
}

@Suite("cluster/testbed without rights")
struct LoopbackTestbedTests {
    @Test("Hosts are sshd processes of the user, and say what they cannot do")
    func ordinaryUser() throws {
        // As root, another account plays the user.
        let user = getuid() == 0 ? ["setpriv", "--reuid=1", "--regid=1", "--clear-groups"] : []
        let folder = try TemporaryFolder()
        try FileManager.default.setAttributes([.posixPermissions: 0o777], ofItemAtPath: folder.path)
        // The scripts may lie where that account cannot look.
        try run("cp", ["-r", repository.appending(path: "cluster").path(percentEncoded: false), folder.path])
        func testbed(_ words: String...) throws -> Ended {
            try run("env", ["XDG_RUNTIME_DIR=\(folder.path)"] + user + [folder.path + "/cluster/testbed"] + words)
        }
        let up = try testbed("up", "2", "--with-pid", "\(ProcessInfo.processInfo.processIdentifier)")
        defer { try? _ = testbed("down") }
        try #require(up.status == 0, "\(up)")
        #expect(up.errors.contains("cut, heal, slow"))
        let state = try #require(up.lines.last)
        #expect(try testbed("cut", "h1").errors.contains("needs root rights"))
        #expect(String(decoding: try Data(contentsOf: URL(filePath: state + "/hosts.yaml")), as: UTF8.self).contains("scratch: \(state)/h2/scratch"))
        #expect(try testbed("ps", "h1").output.contains("sshd"))
        try #require(try testbed("kill", "h1").status == 0)
        #expect(try !testbed("ps", "h1").output.contains("sshd"))
        #expect(try testbed("start", "h1").status == 0)
        #expect(try testbed("ps", "h1").output.contains("sshd"))
        #expect(try testbed("down").status == 0)
        #expect(try remains(of: state, bridge: nil) == [])
    }
}
