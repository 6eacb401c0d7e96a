import Bundles
import Digests
import Foundation
import JobModel
import LinuxSystem
import Testing

/// A host that is this machine: a login shell with a home of its own and, as root, its own /var/tmp and /dev/shm.
private final class PretendedHost: RemoteShell {
    struct Unreachable: Error, Equatable {}

    let scratch: Scratch
    let shell: String
    /// Run by the login shell before any command: what start-up files do.
    var startUp = ""
    /// Run as root before the shell starts, in its mount namespace.
    var mounts = ""
    private(set) var commands = 0
    private(set) var bytesSent = 0

    init(shell: String = "/bin/sh") throws {
        scratch = try Scratch()
        self.shell = shell
        for name in ["home", "vartmp", "shm"] { try FileOperation.createFolders(scratch.path(name)) }
    }

    var home: RawPath { scratch.path("home") }
    static var canMount: Bool { geteuid() == 0 }

    func run(_ command: String, input: [UInt8], limitSeconds: Int) throws(Unreachable) -> ShellAnswer {
        commands += 1
        bytesSent += input.count
        do {
            let inputFile = scratch.path("input-\(commands)")
            try Data(input).write(to: URL(fileURLWithPath: inputFile.display))
            let errors = scratch.path("errors")
            let process = Process()
            let line = startUp.isEmpty ? command : "\(startUp); \(command)"
            if Self.canMount {
                let binds = "mount --bind \(scratch.path("vartmp")) /var/tmp && mount --bind \(scratch.path("shm")) /dev/shm"
                process.executableURL = URL(fileURLWithPath: "/usr/bin/unshare")
                process.arguments = [
                    "-m", "/bin/sh", "-c", "mount --make-rprivate / && \(binds) && \(mounts.isEmpty ? "true" : mounts) && exec \"$@\"", "sh",
                    shell, "-c", line,
                ]
            } else {
                process.executableURL = URL(fileURLWithPath: shell)
                process.arguments = ["-c", line]
            }
            process.environment = ["HOME": home.display, "PATH": "/usr/sbin:/usr/bin:/sbin:/bin"]
            process.standardInput = try FileHandle(forReadingFrom: URL(fileURLWithPath: inputFile.display))
            let output = Pipe()
            process.standardOutput = output
            try Data().write(to: URL(fileURLWithPath: errors.display))
            process.standardError = try FileHandle(forWritingTo: URL(fileURLWithPath: errors.display))
            try process.run()
            let bytes = output.fileHandleForReading.readDataToEndOfFile()
            process.waitUntilExit()
            return ShellAnswer(
                status: process.terminationStatus, output: Array(bytes), errors: String(decoding: try scratch.bytes(errors), as: UTF8.self))
        } catch {
            throw Unreachable()
        }
    }

    /// What `quire-agent --version` of the agent says that this command starts.
    func startedVersion(_ start: String) throws -> (status: Int32?, text: String) {
        let command = start.replacing("\"$d/quire-agent\"", with: "\"$d/quire-agent\" --version")
        try #require(command != start)
        let answer = try run(command, input: [], limitSeconds: 10)
        return (answer.status, String(decoding: answer.output, as: UTF8.self))
    }

    func names(in folder: RawPath) throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: folder.display).sorted()
    }
}

@Suite("Bringing an agent to a host")
struct BootstrapTests {
    private static let version = "quire-agent 0.1.0"

    private func bootstrap() throws -> AgentBootstrap {
        try AgentBootstrap(try freshMaker(Scratch()).agent(product("quire-agent")))
    }

    @Test("Whatever the login shell is and prints, the agent is sent once and starts", arguments: ["/bin/sh", "/bin/bash", "/usr/bin/fish", "/bin/csh"])
    func shells(shell: String) throws {
        try #require(FileManager.default.isExecutableFile(atPath: shell), "install \(shell)")
        let host = try PretendedHost(shell: shell)
        host.startUp = "echo 'Welcome to this host!'; echo quire-0"
        let bootstrap = try bootstrap()
        #expect(try host.startedVersion(bootstrap.startCommand).status == 127)
        let first = try bootstrap.prepare(host)
        #expect(first.wasSent)
        #expect(try host.startedVersion(first.startCommand).text.contains(Self.version))
        #expect(try host.startedVersion(bootstrap.startCommand).text.contains(Self.version))
        let (commands, bytes) = (host.commands, host.bytesSent)
        #expect(try bootstrap.prepare(host).wasSent == false)
        #expect(host.commands == commands + 1, "an agent that is there costs one round trip")
        #expect(host.bytesSent == bytes)
        let folder = host.home.appending(".cache/quire")
        #expect(try host.names(in: folder).count == 1, "nothing else is left in \(folder)")
        #expect(try FileOperation.facts(of: folder).mode == 0o700)
    }

    @Test("A damaged agent is replaced: cut off, of wrong content, or with another version", arguments: ["cut", "content", "missing"])
    func damaged(how: String) throws {
        let host = try PretendedHost()
        let bootstrap = try bootstrap()
        _ = try bootstrap.prepare(host)
        let folder = host.home.appending(".cache/quire")
        let agent = folder.appending(try host.names(in: folder)[0]).appending("quire-agent")
        switch how {
        case "cut": try OpenFile(agent, .update(mode: 0o700)).truncate(to: 5_000)
        case "content": try OpenFile(agent, .update(mode: 0o700)).write([UInt8](repeating: 0, count: 4_096), at: 0)
        default: try FileOperation.remove(agent)
        }
        let repaired = try bootstrap.prepare(host)
        #expect(repaired.wasSent)
        #expect(try host.startedVersion(repaired.startCommand).text.contains(Self.version))
        #expect(try host.names(in: folder).count == 1)
    }

    @Test("An agent that is asked to be replaced is, though it looks whole")
    func replaced() throws {
        let host = try PretendedHost()
        let bootstrap = try bootstrap()
        _ = try bootstrap.prepare(host)
        #expect(try bootstrap.prepare(host, replaces: true).wasSent)
    }

    @Test("Where the home folder takes no agent, another place does", .enabled(if: PretendedHost.canMount), arguments: [
        "full", "noexec", "readonly",
    ])
    func otherPlace(why: String) throws {
        let host = try PretendedHost()
        try FileOperation.createFolders(host.home.appending(".cache"))
        let options = ["full": "size=1m", "noexec": "noexec,size=300m", "readonly": "ro"][why] ?? ""
        host.mounts = "mount -t tmpfs -o \(options) none \(host.home)/.cache"
        let bootstrap = try bootstrap()
        let agent = try bootstrap.prepare(host)
        #expect(agent.wasSent)
        #expect(try host.startedVersion(agent.startCommand).text.contains(Self.version))
        #expect(try bootstrap.prepare(host).wasSent == false)
        let folder = host.scratch.path("vartmp/quire-\(geteuid())")
        #expect(try FileOperation.facts(of: folder).mode == 0o700)
        #expect(try host.names(in: folder.appending("bundles")).count == 1)
    }

    @Test("Where no place takes it, the reasons of all are told", .enabled(if: PretendedHost.canMount))
    func noPlace() throws {
        let host = try PretendedHost()
        try FileOperation.createFolders(host.home.appending(".cache"))
        host.mounts = ["\(host.home)/.cache", "/var/tmp", "/dev/shm"].map { "mount -t tmpfs -o size=1m none \($0)" }.joined(separator: " && ")
        do throws(BootstrapError<PretendedHost.Unreachable>) {
            _ = try bootstrapOrStop().prepare(host)
            Issue.record("it was put somewhere")
        } catch {
            guard case .noPlace(let reasons) = error else {
                Issue.record("\(error)")
                return
            }
            #expect(reasons.count == 3)
            #expect(reasons.allSatisfy { $0.contains("No space left on device") }, "\(reasons)")
        }
    }

    private func bootstrapOrStop() -> AgentBootstrap {
        do { return try bootstrap() } catch { fatalError("\(error)") }
    }

    @Test("A folder that somebody else made for us is not used", .enabled(if: PretendedHost.canMount))
    func strangersFolder() throws {
        let host = try PretendedHost()
        try FileOperation.createFolders(host.home.appending(".cache"))
        let trap = host.scratch.path("vartmp/quire-\(geteuid())")
        try FileOperation.createFolders(trap)
        try #require(chown(trap.display, 12_345, 12_345) == 0)
        host.mounts = "mount -t tmpfs -o ro none \(host.home)/.cache"
        _ = try bootstrap().prepare(host)
        #expect(try host.names(in: trap.appending("bundles")) == [])
        #expect(try host.names(in: host.scratch.path("shm/quire-\(geteuid())/bundles")).count == 1)
    }

    /// Nothing else than where a link leads can be seen of it, so its maker could turn it to a folder of his own at any moment.
    @Test("A link that somebody else made is not followed, though it leads to a folder of ours", .enabled(if: PretendedHost.canMount))
    func strangersLink() throws {
        let host = try PretendedHost()
        try FileOperation.createFolders(host.home.appending(".cache"))
        let target = host.scratch.path("ours")
        try FileOperation.createFolders(target)
        let trap = host.scratch.path("vartmp/quire-\(geteuid())")
        try #require(symlink(target.display, trap.display) == 0 && lchown(trap.display, 12_345, 12_345) == 0)
        host.mounts = "mount -t tmpfs -o ro none \(host.home)/.cache"
        _ = try bootstrap().prepare(host)
        #expect(try host.names(in: host.scratch.path("shm/quire-\(geteuid())/bundles")).count == 1)
        #expect(try host.startedVersion(bootstrap().startCommand).status == 0)
    }

    @Test("Another system is refused by name before anything is sent")
    func otherSystem() throws {
        let host = try PretendedHost()
        let folder = host.scratch.path("bin")
        try FileOperation.createFolders(folder)
        try OpenFile(folder.appending("uname"), .create(mode: 0o755)).write(Array("#!/bin/sh\n[ $1 = -s ] && echo Linux || echo riscv64\n".utf8), at: 0)
        host.startUp = "PATH=\(folder):$PATH; export PATH"
        let ours = try run(ProgramStart(RawPath("/bin/uname")), ["-s", "-m"]).output
        let expected = BootstrapError<PretendedHost.Unreachable>.otherSystem(
            theirs: "Linux riscv64", ours: String(decoding: ours.dropLast(), as: UTF8.self))
        let bootstrap = try bootstrap()
        #expect(throws: expected) { try bootstrap.prepare(host) }
        #expect(host.bytesSent == 0)
    }

    @Test("A login that allows no commands is told with its own words")
    func noCommands() throws {
        let host = try PretendedHost()
        host.startUp = "echo This account is currently not available.; exit 1"
        let bootstrap = try bootstrap()
        #expect(throws: BootstrapError<PretendedHost.Unreachable>.noShell(said: "This account is currently not available.")) {
            try bootstrap.prepare(host)
        }
    }

    @Test("Many heads at once leave one whole agent")
    func race() async throws {
        let host = try PretendedHost()
        let home = host.home
        let bootstrap = try bootstrap()
        let names = try await withThrowingTaskGroup(of: Bool.self) { group in
            for _ in 0..<4 {
                group.addTask { @Sendable in
                    let other = try PretendedHost()
                    other.startUp = "HOME=\(home); export HOME"
                    return try bootstrap.prepare(other).wasSent
                }
            }
            return try await group.reduce(into: 0) { $0 += $1 ? 1 : 0 }
        }
        #expect(names >= 1)
        #expect(try host.names(in: home.appending(".cache/quire")).count == 1)
        #expect(try host.startedVersion(bootstrap.startCommand).text.contains(Self.version))
    }
}
