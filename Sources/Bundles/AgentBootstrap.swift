internal import Digests
internal import Glibc
internal import JobModel
internal import LinuxSystem
private import Synchronization

/// Brings the agent to hosts: one for all hosts of a job, used from many threads.
public final class AgentBootstrap: Sendable {
    private let bundle: InstalledBundle
    private let scripts: BootstrapScripts
    /// All files one behind the other, read when the first host needs them.
    private let payload = Mutex<[UInt8]?>(nil)

    private static let probeSecondsMax = 30
    /// 12 MB at a quarter of a megabyte a second, and time to start.
    private static let uploadSecondsMax = 90
    private static let bytesMax: UInt64 = 256 << 20

    public init(_ bundle: InstalledBundle) throws(BundleError) {
        let manifest = bundle.manifest
        guard manifest.kind == .agent, manifest.byteCount <= Self.bytesMax,
            let scripts = BootstrapScripts(name: manifest.folderName(SHA256Stream.self), files: manifest.files)
        else { throw .notABundle("the agent's files have names or sizes that no shell can take") }
        self.bundle = bundle
        self.scripts = scripts
    }

    /// Starts the agent on a host that has it; exits with 127 or 126 where `prepare` is needed first.
    public var startCommand: String { scripts.start() }

    /// Sees to it that the host has this very agent and that it starts; returns the command that starts it.
    ///
    /// A whole one costs one round trip. One that is damaged is replaced.
    ///
    /// - Parameter replaces: replace it even if it seems whole: it started and was not what it should be. Ask for it once;
    ///   an agent that is then still another is a case for the user.
    public func prepare<Shell: RemoteShell>(
        _ shell: Shell, replaces: Bool = false
    ) throws(BootstrapError<Shell.Failure>) -> PreparedAgent {
        let found = try probe(shell)
        if !replaces, let whole = found.places.first(where: { isWhole($0) }) { return PreparedAgent(scripts.start(from: whole.place), wasSent: false) }
        let payload: [UInt8]
        do throws(BundleError) { payload = try allBytes() } catch { throw .bundle(error) }
        var reasons: [String] = []
        for place in BootstrapScripts.places.indices {
            let isThere = found.places.contains { $0.place == place }
            let mark = Self.mark()
            let answer = try ask(shell, scripts.install(at: place, replaces: isThere, mark: mark), mark, payload, limitSeconds: Self.uploadSecondsMax)
            if answer.value("stage")?.first == "done" { return PreparedAgent(scripts.start(from: place), wasSent: true) }
            reasons.append("\(BootstrapScripts.placeNames[place]): \(answer.fault)")
        }
        throw .noPlace(reasons)
    }

    private struct Found {
        struct Place {
            var place: Int
            var sizes: [Substring] = []
            var version: [Substring] = []
        }
        var places: [Place] = []
    }

    private func probe<Shell: RemoteShell>(_ shell: Shell) throws(BootstrapError<Shell.Failure>) -> Found {
        let mark = Self.mark()
        let answer = try ask(shell, scripts.probe(mark: mark), mark, [], limitSeconds: Self.probeSecondsMax)
        let theirs = answer.value("system")?.joined(separator: " ") ?? ""
        let ours = Self.ownSystem()
        guard theirs == ours else { throw .otherSystem(theirs: theirs.isEmpty ? "an unknown system" : theirs, ours: ours) }
        var found = Found()
        for line in answer.lines {
            let words = line.split(separator: " ")
            if words.count == 2, words[0] == "at", let place = Int(words[1]) { found.places.append(Found.Place(place: place)) }
            guard !found.places.isEmpty else { continue }
            if words.first == "sizes" { found.places[found.places.count - 1].sizes = Array(words.dropFirst()) }
            if words.first == "version" { found.places[found.places.count - 1].version = Array(words.dropFirst()) }
        }
        return found
    }

    private func isWhole(_ found: Found.Place) -> Bool {
        let sizes = bundle.manifest.files.flatMap { ["\($0.sizeBytes)", $0.name.display] }
        // The name of the folder is the hash, so the version itself says no more; that it is told says that the agent starts.
        return found.sizes.map(String.init).starts(with: sizes) && found.version.starts(with: ["0", "quire-agent"])
    }

    // MARK: Asking

    /// What a script printed between its marks; whatever the shell's start-up files print stands outside.
    private struct Answer {
        var lines: [Substring]
        var errors: String

        func value(_ key: String) -> [Substring]? {
            lines.first { $0.hasPrefix("\(key) ") }.map { $0.split(separator: " ").dropFirst().map { $0 } }
        }

        /// How far an installation came, in the words of the command that failed.
        var fault: String {
            let stage = value("stage")?.first ?? "start"
            let last = errors.split(whereSeparator: \.isNewline).last.map { String($0.prefix(200)) } ?? ""
            return last.isEmpty ? "the \(stage) failed" : "the \(stage) failed: \(last)"
        }
    }

    private func ask<Shell: RemoteShell>(
        _ shell: Shell, _ command: String, _ mark: String, _ input: [UInt8], limitSeconds: Int
    ) throws(BootstrapError<Shell.Failure>) -> Answer {
        let answer: ShellAnswer
        do throws(Shell.Failure) {
            answer = try shell.run(command, input: input, limitSeconds: limitSeconds)
        } catch {
            throw .shell(error)
        }
        let text = String(decoding: answer.output, as: UTF8.self)
        let lines = text.split(whereSeparator: \.isNewline)
        guard let first = lines.firstIndex(of: mark[...]), let last = lines.lastIndex(of: mark[...]), first < last else {
            let said = (text + "\n" + answer.errors).split(whereSeparator: \.isNewline).last { !$0.allSatisfy(\.isWhitespace) }
            throw .noShell(said: said.map { String($0.prefix(200)) } ?? "")
        }
        return Answer(lines: Array(lines[(first + 1)..<last]), errors: answer.errors)
    }

    private static func mark() -> String { "quire-" + String(UInt64.random(in: .min ... .max), radix: 16) }

    /// As `uname -s -m` prints it.
    private static func ownSystem() -> String {
        var names = utsname()
        guard uname(&names) == 0 else { return "" }
        func text<Field>(_ field: Field) -> String {
            withUnsafeBytes(of: field) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
        }
        return "\(text(names.sysname)) \(text(names.machine))"
    }

    private func allBytes() throws(BundleError) -> [UInt8] {
        try payload.withLock { held throws(BundleError) in
            if let held { return held }
            var bytes: [UInt8] = []
            bytes.reserveCapacity(Int(bundle.manifest.byteCount))
            for (entry, path) in zip(bundle.manifest.files, bundle.paths) {
                let content = try system("read \(path)") { () throws(SystemError) in
                    try OpenFile(path, .read).read(count: Int(entry.sizeBytes), at: 0)
                }
                guard SHA256Stream.digest(of: content) == entry.digest else { throw .wrongContent(entry.name) }
                bytes += content
            }
            held = bytes
            return bytes
        }
    }
}

/// An agent that lies ready on a host.
public struct PreparedAgent: Hashable, Sendable {
    /// Starts it there, with its protocol on standard input and output.
    public var startCommand: String
    /// Whether it had to be sent.
    public var wasSent: Bool

    init(_ startCommand: String, wasSent: Bool) {
        self.startCommand = startCommand
        self.wasSent = wasSent
    }
}
