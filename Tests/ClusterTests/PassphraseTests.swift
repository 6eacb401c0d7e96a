import Foundation
import Testing

/// Hosts whose only key is encrypted.
private final class LockedHosts {
    static let passphrase = "correct horse"
    let bed: Testbed
    let folder: TemporaryFolder
    var hostsFile: String { folder.path + "/hosts.yaml" }

    init(hosts count: Int, _ options: [String] = []) throws {
        bed = try Testbed(hosts: count, options)
        folder = try TemporaryFolder()
        let files = FileManager.default
        let key = folder.path + "/key"
        for suffix in ["", ".pub"] { try files.copyItem(atPath: bed.state.appending(path: "user_key\(suffix)").path(percentEncoded: false), toPath: key + suffix) }
        let locked = try run("ssh-keygen", ["-q", "-p", "-P", "", "-N", Self.passphrase, "-f", key])
        guard locked.status == 0 else { throw Trouble("no passphrase: \(locked)") }
        let configuration = try text(bed.sshConfiguration).replacing(bed.state.appending(path: "user_key").path(percentEncoded: false), with: key)
            .replacing("BatchMode yes", with: "BatchMode no")
        try Data(configuration.utf8).write(to: folder.url.appending(path: "ssh_config"))
        try Data(text(bed.hostsFile).replacing(bed.sshConfiguration, with: folder.path + "/ssh_config").utf8).write(to: URL(filePath: hostsFile))
    }

    private func text(_ path: String) throws -> String { String(decoding: try Data(contentsOf: URL(filePath: path)), as: UTF8.self) }

    func quire(_ words: [String], typing answers: [(question: String, answer: String)]) throws -> Ended {
        try runOnTerminal([QuireProgram.path] + words, answers: answers, environment: QuireProgram.environment(state: folder.path + "/state"))
    }

    /// Files below the state folder in which the passphrase stands.
    func leaks() throws -> [String] { try run("grep", ["-rlF", Self.passphrase, folder.path + "/state"]).lines }
}

@Suite("Questions on the terminal", .enabled(if: Testbed.isWhole, "needs root rights and namespaces"), .serialized)
struct PassphraseTests {
    private static let question = "Enter passphrase for key '"

    @Test("A key's passphrase is asked for once for all hosts, unseen, and kept nowhere; the job then runs on them")
    func once() throws {
        let hosts = try LockedHosts(hosts: 3)
        let reference = try Reference.made.get()
        let pdf = hosts.folder.path + "/book.pdf"
        let ended = try hosts.quire(
            ["run", reference.inputs, "--recipe", reference.recipe, "--pdf", pdf, "--hosts", hosts.hostsFile, "--min-hosts", "3"],
            typing: [(Self.question, LockedHosts.passphrase + "\n")])
        #expect(ended.status == 0, "\(ended)")
        #expect(ended.output.components(separatedBy: Self.question).count == 2, "\(ended)")
        #expect(ended.errors.hasPrefix("echo off\necho at the end on"), "\(ended.errors)")
        #expect(!ended.output.contains(LockedHosts.passphrase))
        #expect(try hosts.leaks() == [])
        #expect(try Data(contentsOf: URL(filePath: pdf)) == reference.pdf)
    }

    @Test("Three wrong passphrases, or none, leave the key out, with the cure; hosts check asks like a job, and nobody where there is no terminal")
    func wrong() throws {
        let hosts = try LockedHosts(hosts: 2)
        let wrong = try hosts.quire(["hosts", "check", "--hosts", hosts.hostsFile], typing: Array(repeating: (Self.question, "wrong\n"), count: 4))
        #expect(wrong.status == 5, "\(wrong)")
        #expect(wrong.output.components(separatedBy: Self.question).count == 4)
        #expect(wrong.output.contains("was not opened"))
        let declined = try hosts.quire(["hosts", "setup", "--hosts", hosts.hostsFile], typing: [(Self.question, "\n")])
        #expect(declined.status == 5 && declined.output.components(separatedBy: Self.question).count == 2, "\(declined)")
        let right = try hosts.quire(["hosts", "check", "--hosts", hosts.hostsFile], typing: [(Self.question, LockedHosts.passphrase + "\n")])
        #expect(right.status == 0 && right.output.contains("2 of 2 hosts"), "\(right)")

        let alone = try run(
            "setsid", ["--wait", QuireProgram.path, "hosts", "check", "--hosts", hosts.hostsFile], environment: QuireProgram.environment(state: hosts.folder.path))
        #expect(alone.status == 5 && alone.output.contains("nobody can be asked: ssh-add it"), "\(alone)")
    }

    @Test("Ctrl-C at the question ends the command and leaves the terminal as it was")
    func interrupted() throws {
        let hosts = try LockedHosts(hosts: 2)
        let reference = try Reference.made.get()
        let ended = try hosts.quire(
            ["run", reference.inputs, "-o", hosts.folder.path + "/out", "--hosts", hosts.hostsFile], typing: [(Self.question, "\u{3}")])
        #expect([75, 130].contains(ended.status), "\(ended)")
        #expect(ended.errors.hasSuffix("echo at the end on\n"), "\(ended.errors)")
        let checked = try hosts.quire(["hosts", "check", "--hosts", hosts.hostsFile], typing: [(Self.question, "\u{3}")])
        #expect(checked.status == 130 && checked.errors.hasSuffix("echo at the end on\n"), "\(checked)")
    }
}
