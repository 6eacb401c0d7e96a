import Foundation
import Testing

/// Real hosts on this machine for one test, made by `cluster/testbed` and gone with the value, also when the test process is killed.
///
///     let bed = try Testbed(hosts: 3)
///     try bed.cut("h2")
final class Testbed: Sendable {
    let name: String
    /// Holds `hosts.yaml` and `ssh_config`.
    let state: URL

    static let script = repository.appending(path: "cluster/testbed").path(percentEncoded: false)

    /// Whether links, disks and processors of hosts can be made to fail here.
    static var isWhole: Bool { getuid() == 0 && !hasNoNamespaces }
    private static let hasNoNamespaces: Bool =
        ((try? run("unshare", ["--net", "--uts", "--mount", "--pid", "--fork", "ip", "link", "add", "qtb0", "type", "bridge"]))?.status ?? 1) != 0

    /// - Parameter options: those of `cluster/testbed up`, such as `["--cpu", "20%", "--bare", "h2"]`.
    init(hosts count: Int, _ options: [String] = [], in folder: URL? = nil) throws {
        name = "test-\(UUID().uuidString.prefix(8).lowercased())"
        let ended = try run(
            Self.script, ["--name", name, "up", "\(count)"] + options + ["--with-pid", "\(ProcessInfo.processInfo.processIdentifier)"],
            in: folder)
        guard ended.status == 0, let path = ended.lines.last else { throw Trouble("no testbed: \(ended.errors)") }
        state = URL(filePath: path)
    }

    deinit {
        do { try end() } catch { Issue.record("the testbed cannot be taken down: \(error)") }
    }

    /// May be called more than once.
    func end() throws { try testbed("down") }

    // What quire and ssh are pointed at.

    var hostsFile: String { state.appending(path: "hosts.yaml").path(percentEncoded: false) }
    var sshConfiguration: String { state.appending(path: "ssh_config").path(percentEncoded: false) }

    // Faults; `host` is h1, h2 ...

    func cut(_ host: String) throws { try testbed("cut", host) }
    func heal(_ host: String) throws { try testbed("heal", host) }
    /// - Parameter rate: such as `100mbit`; `off` ends it.
    func slow(_ host: String, _ rate: String) throws { try testbed("slow", host, rate) }
    /// - Parameter share: such as `20%` of a core; `off` ends it.
    func cpu(_ host: String, _ share: String) throws { try testbed("cpu", host, share) }
    func freeze(_ host: String) throws { try testbed("freeze", host) }
    func thaw(_ host: String) throws { try testbed("thaw", host) }
    /// A crash of the host; its disk stays.
    func kill(_ host: String) throws { try testbed("kill", host) }
    /// Kills the processes there with `program` in their command line.
    func kill(_ program: String, on host: String) throws { try testbed("kill", host, program) }
    func start(_ host: String) throws { try testbed("start", host) }
    func fill(_ host: String) throws { try testbed("fill", host) }
    func unfill(_ host: String) throws { try testbed("unfill", host) }
    /// Another host key than known_hosts has.
    func rekey(_ host: String) throws { try testbed("rekey", host) }

    // Looks.

    /// The command lines of the processes there, sshd's own left out.
    func programs(on host: String) throws -> [String] {
        try testbed("ps", host).lines.dropFirst().map { line in
            line.split(separator: " ", maxSplits: 6, omittingEmptySubsequences: true).last.map(String.init) ?? ""
        }.filter { !$0.contains("sshd") }
    }

    /// What lies below a folder there, without the folder itself; empty too where there is none.
    func files(below folder: String, on host: String) throws -> [String] {
        try testbed("exec", host, "sh", "-c", #"[ ! -d "$1" ] || find "$1" -mindepth 1"#, "find", folder).lines
    }

    func log(of host: String) throws -> String { try testbed("log", host).output }

    /// Runs a program there without ssh.
    @discardableResult
    func execute(on host: String, _ words: String...) throws -> Ended { try run(Self.script, ["--name", name, "exec", host] + words) }

    /// Runs a command there through the machine's own ssh.
    @discardableResult
    func ssh(_ host: String, _ command: String, timeoutSeconds: Int = 5, as user: String? = nil) throws -> Ended {
        let account = user.map { ["-l", $0] } ?? []
        return try run("ssh", ["-F", sshConfiguration, "-o", "ConnectTimeout=\(timeoutSeconds)"] + account + [host, command])
    }

    @discardableResult
    private func testbed(_ words: String...) throws -> Ended {
        let ended = try run(Self.script, ["--name", name] + words)
        guard ended.status == 0 else { throw Trouble("testbed \(words.joined(separator: " ")): \(ended.errors)") }
        return ended
    }
}
