import Foundation
import Glibc
import Testing

/// The folder of the debug programs: what scripts/test names, else the one beside the test bundle.
let builtPrograms: String =
    ProcessInfo.processInfo.environment["QUIRE_BUILD"]
    ?? Bundle.main.executableURL?.deletingLastPathComponent().path(percentEncoded: false) ?? ".build/debug"

/// How a program ended and what it said.
struct Ended: CustomStringConvertible {
    /// The exit code, or minus the signal it died of.
    let status: Int32
    let output: [UInt8]
    let errorBytes: [UInt8]

    var out: String { String(decoding: output, as: UTF8.self) }
    var errors: String { String(decoding: errorBytes, as: UTF8.self) }
    var description: String { "status \(status)\noutput: \(out)\nerrors: \(errors)" }

    /// Standard output as one JSON object.
    func object(_ place: SourceLocation = #_sourceLocation) throws -> JSON { try JSON(parsing: output, place) }
    /// Every line of standard error as a JSON object.
    func events(_ place: SourceLocation = #_sourceLocation) throws -> [JSON] {
        try errorBytes.split(separator: 0x0A).map { try JSON(parsing: Array($0), place) }
    }
}

/// JSON as read by Foundation, with lookups that give nil instead of trapping.
struct JSON {
    let value: Any
    init(_ value: Any) { self.value = value }
    init(parsing bytes: [UInt8], _ place: SourceLocation = #_sourceLocation) throws {
        do {
            value = try JSONSerialization.jsonObject(with: Data(bytes), options: .fragmentsAllowed)
        } catch {
            Issue.record("no JSON: \(String(decoding: bytes.prefix(2000), as: UTF8.self))", sourceLocation: place)
            throw error
        }
    }
    subscript(_ key: String) -> JSON { JSON((value as? [String: Any])?[key] ?? NSNull()) }
    var text: String? { value as? String }
    var number: Int? { (value as? NSNumber)?.intValue }
    var flag: Bool? { value as? Bool }
    var list: [JSON] { (value as? [Any] ?? []).map { JSON($0) } }
    var keys: Set<String> { Set((value as? [String: Any] ?? [:]).keys) }
    var isNull: Bool { value is NSNull }
}

/// A program that runs; a test that forgets it does not leave it behind.
final class Running {
    let id: pid_t
    private let sandbox: Sandbox
    private let outputFile: String
    private let errorFile: String
    private let done = DispatchSemaphore(value: 0)
    private let result = StatusBox()
    private var hasEnded = false

    private final class StatusBox: @unchecked Sendable {  // Written before the semaphore is signalled, read after it was waited for.
        var status: Int32 = 0
    }

    fileprivate init(_ words: [Name], _ sandbox: Sandbox, environment: [String: String], input: [UInt8]?) throws {
        self.sandbox = sandbox
        let mark = UUID().uuidString
        outputFile = sandbox.root + "/output-\(mark)"
        errorFile = sandbox.root + "/errors-\(mark)"
        let inputFile = input == nil ? "/dev/null" : sandbox.root + "/input-\(mark)"
        if let input { try sandbox.write(input, to: Name(inputFile)) }
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_addopen(&actions, 0, inputFile, O_RDONLY, 0)
        // Files, not pipes: a program left behind cannot hold these open for the test.
        posix_spawn_file_actions_addopen(&actions, 1, outputFile, O_WRONLY | O_CREAT, 0o644)
        posix_spawn_file_actions_addopen(&actions, 2, errorFile, O_WRONLY | O_CREAT | O_APPEND, 0o644)
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
        func strings(_ words: [[UInt8]]) -> [UnsafeMutablePointer<CChar>?] {
            words.map { word in (word + [0]).withUnsafeBufferPointer { $0.withMemoryRebound(to: CChar.self) { strdup($0.baseAddress!) } } }
                + [nil]
        }
        // `env` changes the folder and becomes the program.
        let arguments = strings((["env", "-C", Name(sandbox.work)] + words).map(\.bytes))
        let variables = strings(environment.map { Array("\($0.key)=\($0.value)".utf8) })
        defer { for word in arguments + variables { free(word) } }
        var child: pid_t = 0
        let code = posix_spawnp(&child, arguments[0]!, &actions, &attributes, arguments, variables)
        guard code == 0 else { throw Trouble("\(words[0]) cannot be started: \(String(cString: strerror(code)))") }
        id = child
        Thread.detachNewThread { [id, done, result] in
            var status: Int32 = 0
            while waitpid(id, &status, 0) < 0 && errno == EINTR {}
            result.status = status & 0x7F == 0 ? (status >> 8) & 0xFF : -(status & 0x7F)
            done.signal()
        }
    }

    deinit {
        if !hasEnded { Glibc.kill(-id, SIGKILL) }
    }

    /// Standard error so far.
    var errorsSoFar: String { sandbox.text(Name(errorFile)) }

    func signal(_ number: Int32) { Glibc.kill(id, number) }

    func wait(seconds: Double = 60, _ place: SourceLocation = #_sourceLocation) throws -> Ended {
        if done.wait(timeout: .now() + seconds) == .timedOut {
            let tree = ProcessTree.descendants(of: id)
            for process in [id] + tree { Glibc.kill(process, SIGKILL) }
            done.wait()
            hasEnded = true
            throw Trouble("it did not end within \(seconds) s; it said: \(errorsSoFar.suffix(2000))")
        }
        hasEnded = true
        return Ended(status: result.status, output: sandbox.read(Name(outputFile)) ?? [], errorBytes: sandbox.read(Name(errorFile)) ?? [])
    }
}

/// Looks again and again until something holds; an error after a time no healthy run needs.
func eventually(_ what: String, seconds: Double = 30, _ condition: () -> Bool) throws {
    let deadline = Date.now.addingTimeInterval(seconds)
    while !condition() {
        guard Date.now < deadline else { throw Trouble("waited \(seconds) s in vain until \(what)") }
        usleep(2000)
    }
}

extension Sandbox {
    var environment: [String: String] {
        // Nothing of the tester's own, and a locale that knows no UTF-8: names are bytes. Slots of its own, or all tests would wait for each other.
        [
            "PATH": ProcessInfo.processInfo.environment["PATH"] ?? "/usr/bin:/bin", "HOME": root + "/home", "XDG_STATE_HOME": state,
            "LC_ALL": "C", "QUIRE_SLOTS": root + "/slots",
        ]
    }

    /// Starts a program of this package, or with a `/`-less name that is none of ours one from the PATH.
    func start(_ words: [Name], environment more: [String: String] = [:], input: [UInt8]? = nil) throws -> Running {
        let ours = ["quire", "quire-agent", "quire-worker", "sample-archive"].contains(words[0].description)
        let program = ours ? Name(builtPrograms + "/") + words[0] : words[0]
        if ours && !exists(program) { throw Trouble("\(program) is not there; scripts/test builds it, or name its folder in QUIRE_BUILD") }
        return try Running([program] + words.dropFirst(), self, environment: environment.merging(more) { $1 }, input: input)
    }

    /// Runs a program to its end.
    @discardableResult
    func run(
        _ words: [Name], environment more: [String: String] = [:], input: [UInt8]? = nil, _ place: SourceLocation = #_sourceLocation
    ) throws -> Ended {
        try start(words, environment: more, input: input).wait(seconds: 60, place)
    }

    @discardableResult
    func quire(
        _ words: Name..., environment more: [String: String] = [:], input: [UInt8]? = nil, expect status: Int32? = nil,
        _ place: SourceLocation = #_sourceLocation
    ) throws -> Ended {
        let ended = try run(["quire"] + words, environment: more, input: input, place)
        if let status { #expect(ended.status == status, "\(ended)", sourceLocation: place) }
        return ended
    }

    /// The plan that `--dry-run --json` prints.
    func plan(_ words: Name..., input: [UInt8]? = nil, _ place: SourceLocation = #_sourceLocation) throws -> JSON {
        let ended = try run(["quire", "run", "--dry-run", "--json", "--progress", "none"] + words, input: input, place)
        #expect(ended.status == 0, "\(ended)", sourceLocation: place)
        return try ended.object(place)
    }

    /// Nothing under a temporary name is left below the working folder.
    func expectTidy(_ place: SourceLocation = #_sourceLocation) {
        let left = files().filter { $0.description.contains(".quire") }
        #expect(left == [], "temporary files stay behind", sourceLocation: place)
    }
}

extension JSON {
    /// The inputs of a plan, in order.
    var inputs: [String] { self["files"].list.compactMap { $0["path"].text } }
    /// The outputs of a plan, in order.
    var outputs: [String] { self["files"].list.compactMap { $0["output"].text } }
    /// What a plan or summary passed over, by reason.
    func skipped(_ key: String = "skipped") -> [String: Int] {
        Dictionary(uniqueKeysWithValues: self[key].list.map { ($0["reason"].text ?? "", $0["count"].number ?? 0) })
    }
}

/// Processes and their children, from /proc.
enum ProcessTree {
    static func children(of process: pid_t) -> [pid_t] {
        let tasks = (try? FileManager.default.contentsOfDirectory(atPath: "/proc/\(process)/task")) ?? []
        return tasks.flatMap { task in
            let text = (try? String(contentsOfFile: "/proc/\(process)/task/\(task)/children", encoding: .utf8)) ?? ""
            return text.split(separator: " ").compactMap { pid_t($0) }
        }
    }

    static func descendants(of process: pid_t) -> [pid_t] {
        children(of: process).flatMap { [$0] + descendants(of: $0) }
    }

    /// False for a process that has ended and waits to be reaped.
    static func isAlive(_ process: pid_t) -> Bool {
        guard let text = try? String(contentsOfFile: "/proc/\(process)/stat", encoding: .utf8), let end = text.lastIndex(of: ")") else { return false }
        return !text[end...].hasPrefix(") Z") && !text[end...].hasPrefix(") X")
    }

    /// Whether a process has a file open or mapped whose name ends so.
    static func hasOpen(_ process: pid_t, _ ending: String) -> Bool {
        let open = (try? FileManager.default.contentsOfDirectory(atPath: "/proc/\(process)/fd")) ?? []
        if open.contains(where: { ((try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/\(process)/fd/\($0)")) ?? "").hasSuffix(ending) }) {
            return true
        }
        return ((try? String(contentsOfFile: "/proc/\(process)/maps", encoding: .utf8)) ?? "").contains(ending + "\n")
    }

    /// Threads of a process by name.
    static func tasksNamed(_ process: pid_t, _ name: String) -> [String] {
        let tasks = (try? FileManager.default.contentsOfDirectory(atPath: "/proc/\(process)/task")) ?? []
        return tasks.filter { ((try? String(contentsOfFile: "/proc/\(process)/task/\($0)/comm", encoding: .utf8)) ?? "").hasPrefix(name) }
    }

    static func name(_ process: pid_t) -> String {
        let text = (try? String(contentsOfFile: "/proc/\(process)/cmdline", encoding: .utf8)) ?? ""
        return URL(filePath: String(text.prefix { $0 != "\0" })).lastPathComponent
    }
}
