import Foundation
import Glibc
import Synchronization
import Testing

/// The repository this test file lies in.
let repository = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()

/// The folder of the debug programs: what scripts/test names, else the one beside the test bundle.
let programs: URL =
    if let folder = ProcessInfo.processInfo.environment["QUIRE_BUILD"] {
        URL(filePath: folder)
    } else {
        Bundle.main.executableURL?.deletingLastPathComponent() ?? repository.appending(path: ".build/debug")
    }

struct Trouble: Error, CustomStringConvertible {
    let description: String
    init(_ description: String) { self.description = description }
}

struct Ended: CustomStringConvertible {
    let status: Int32
    let output: String
    let errors: String

    var lines: [String] { output.split(separator: "\n").map(String.init) }
    var description: String { "status \(status)\noutput: \(output)\nerrors: \(errors)" }
}

/// A program that runs beside the test, such as a quire whose hosts are about to fail. Ends with the value.
final class RunningProgram {
    let id: pid_t
    private let words: [String]
    private let place: TemporaryFolder
    private let end = ProgramEnd()

    private final class ProgramEnd: Sendable {
        let status = Mutex<Int32?>(nil)
    }

    init(_ program: String, _ arguments: [String], in folder: URL? = nil, environment: [String: String]? = nil) throws {
        words = [program] + arguments
        place = try TemporaryFolder()
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
        // Files, not pipes: a child left behind cannot hold these open for the test.
        posix_spawn_file_actions_addopen(&actions, 1, place.path + "/output", O_WRONLY | O_CREAT, 0o644)
        posix_spawn_file_actions_addopen(&actions, 2, place.path + "/errors", O_WRONLY | O_CREAT | O_APPEND, 0o644)
        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        var defaults = sigset_t()
        sigfillset(&defaults)
        posix_spawnattr_setsigdefault(&attributes, &defaults)
        var none = sigset_t()
        sigemptyset(&none)
        posix_spawnattr_setsigmask(&attributes, &none)
        posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK))
        // `env` changes the folder and becomes the program.
        let folderPath = folder?.path(percentEncoded: false) ?? FileManager.default.currentDirectoryPath
        let environment = environment ?? ProcessInfo.processInfo.environment
        let arguments = (["env", "-C", folderPath] + words).map { strdup($0) } + [nil]
        let variables = environment.map { strdup("\($0.key)=\($0.value)") } + [nil]
        defer { for word in arguments + variables { free(word) } }
        var child: pid_t = 0
        let code = posix_spawnp(&child, "env", &actions, &attributes, arguments, variables)
        guard code == 0 else { throw Trouble("\(words[0]) cannot be started: \(String(cString: strerror(code)))") }
        id = child
        Thread.detachNewThread { [id, end] in
            var status: Int32 = 0
            while waitpid(id, &status, 0) < 0 && errno == EINTR {}
            end.status.withLock { $0 = status & 0x7F == 0 ? (status >> 8) & 0xFF : -(status & 0x7F) }
        }
    }

    deinit {
        if isRunning { Glibc.kill(-id, SIGKILL) }
    }

    var isRunning: Bool { end.status.withLock { $0 == nil } }
    func signal(_ number: Int32) { Glibc.kill(id, number) }

    /// Standard error so far.
    func errors() throws -> String { try text("errors") }

    private func text(_ name: String) throws -> String {
        String(decoding: try Data(contentsOf: place.url.appending(path: name)), as: UTF8.self)
    }

    /// - Returns: its exit code, or minus the signal it died of, and what it said.
    func wait(seconds: Double = 120) throws -> Ended {
        do {
            try eventually("\(words.joined(separator: " ")) ends", seconds: seconds) { !isRunning }
        } catch {
            Glibc.kill(-id, SIGKILL)
            throw Trouble("\(error); it said: \(try errors().suffix(2000))")
        }
        return Ended(status: end.status.withLock { $0 ?? -1 }, output: try text("output"), errors: try errors())
    }
}

/// Runs a program to its end; its input is empty. Without `environment` it has the test's own.
@discardableResult
func run(
    _ program: String, _ arguments: [String], in folder: URL? = nil, environment: [String: String]? = nil, seconds: Double = 120
) throws -> Ended {
    try RunningProgram(program, arguments, in: folder, environment: environment).wait(seconds: seconds)
}

/// Looks again and again until something holds; an error after a time no healthy run needs.
func eventually(_ what: String, seconds: Double = 30, _ condition: () throws -> Bool) throws {
    let deadline = Date.now.addingTimeInterval(seconds)
    while try !condition() {
        guard Date.now < deadline else { throw Trouble("waited \(seconds) s in vain until \(what)") }
        usleep(2000)
    }
}

/// A folder of its own for one test, gone with the value.
final class TemporaryFolder: Sendable {
    let url: URL

    init() throws {
        url = FileManager.default.temporaryDirectory.appending(path: "quire-cluster-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
    }

    deinit {
        // Nothing depends on it: the system empties its temporary folder.
        try? FileManager.default.removeItem(at: url)
    }

    var path: String { url.path(percentEncoded: false) }
}

/// The program under test, with a state folder of its own.
enum QuireProgram {
    static let path = programs.appending(path: "quire").path(percentEncoded: false)

    static func environment(state: String) -> [String: String] {
        ["PATH": ProcessInfo.processInfo.environment["PATH"] ?? "/usr/bin:/bin", "HOME": state, "XDG_STATE_HOME": state, "LC_ALL": "C"]
    }
}
