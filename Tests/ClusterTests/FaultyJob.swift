import Foundation
import Synchronization
import Testing

/// What a job of the fault tests is made of; equal ones make equal bytes, wherever they run.
struct Pictures: Hashable {
    var count: Int
    /// Of about a million pixels each: what a worker is busy with for some hundredths of a second.
    var recipe = "actions:\n  - blur: 6\n"
    /// Makes each input as much larger.
    var commentBytes = 0
    /// Makes outputs of some hundred kilobytes each, else of four.
    var isNoisy = false
    var words: [String] = []
}

/// A job whose hosts are about to fail, in a folder and with a state of its own; and what it makes where nothing fails.
final class FaultyJob {
    let folder: TemporaryFolder
    private let pictures: Pictures
    private var hostsFile: String?
    private var hostCount = 0

    /// Bundles are made once for all tests, and kept for the next time.
    private static let cache = programs.appending(path: "cluster-tests").path(percentEncoded: false)

    init(_ pictures: Pictures) throws {
        self.pictures = pictures
        folder = try TemporaryFolder()
        let inputs = folder.url.appending(path: "in")
        try FileManager.default.createDirectory(at: inputs, withIntermediateDirectories: true)
        for index in 0..<pictures.count {
            // Each has another width, so that no two outputs or pages are alike.
            let bytes = GreyPicture.jpeg(1000 + index, 900, commentBytes: pictures.commentBytes, isNoisy: pictures.isNoisy)
            try Data(bytes).write(to: inputs.appending(path: "p\(1000 + index).jpg"))
        }
        try Data(pictures.recipe.utf8).write(to: folder.url.appending(path: "slow.yaml"))
    }

    /// Names the hosts of a testbed, with what holds for all of them.
    func use(_ bed: Testbed, slots: Int = 2, lossSeconds: Int? = 2, leaseSeconds: Int? = 2, only hosts: [String]? = nil) throws {
        var text = "defaults:\n  ssh-config: \(bed.sshConfiguration)\n  slots: \(slots)\n"
        if let lossSeconds { text += "  loss: \(lossSeconds)\n" }
        if let leaseSeconds { text += "  lease: \(leaseSeconds)\n" }
        let names = try hosts ?? bed.hosts
        hostCount = names.count
        text += "hosts:\n" + names.map { "  - \($0)\n" }.joined()
        let file = folder.url.appending(path: "hosts.yaml")
        try Data(text.utf8).write(to: file)
        hostsFile = file.path(percentEncoded: false)
    }

    private var environment: [String: String] {
        [
            "PATH": ProcessInfo.processInfo.environment["PATH"] ?? "/usr/bin:/bin", "HOME": folder.path, "LC_ALL": "C",
            "XDG_CACHE_HOME": Self.cache, "XDG_STATE_HOME": folder.path + "/state", "QUIRE_SLOTS": folder.path + "/slots",
        ]
    }

    private var quire: String { programs.appending(path: "quire").path(percentEncoded: false) }

    /// All hosts begin together, so that none has done it all before the last has come.
    private func hostWords(needsAll: Bool) -> [String] {
        guard let hostsFile else { return [] }
        return ["--hosts", hostsFile] + (needsAll ? ["--min-hosts", "\(hostCount)"] : [])
    }

    /// Starts `quire run` on the hosts, or here where none were named.
    func start(_ words: String..., needsAll: Bool = true) throws -> RunningProgram {
        let hosts = hostWords(needsAll: needsAll)
        return try RunningProgram(
            quire,
            ["run", "in", "--recipe", "slow.yaml", "-o", "out", "--pdf", "book.pdf", "--progress", "json", "--json"] + pictures.words + hosts
                + words,
            in: folder.url, environment: environment)
    }

    /// - Parameter job: its id, or the newest that was stopped.
    func resume(_ job: String? = nil) throws -> RunningProgram {
        try RunningProgram(
            quire, ["resume"] + (job.map { [$0] } ?? []) + ["--progress", "json", "--json"] + hostWords(needsAll: true), in: folder.url, environment: environment)
    }

    // MARK: The same bytes

    /// What was made, by name; the book is the first of them by its own.
    func made() throws -> [String: Data] {
        var all: [String: Data] = [:]
        let book = folder.url.appending(path: "book.pdf")
        if FileManager.default.fileExists(atPath: book.path(percentEncoded: false)) { all["book.pdf"] = try Data(contentsOf: book) }
        let outputs = folder.path + "/out"
        guard FileManager.default.fileExists(atPath: outputs) else { return all }
        for name in try FileManager.default.contentsOfDirectory(atPath: outputs) {
            all["out/" + name] = try Data(contentsOf: URL(filePath: outputs + "/" + name))
        }
        return all
    }

    private static let undisturbed = Mutex<[Pictures: [String: Data]]>([:])

    /// Runs the same here, once for all tests.
    private func reference() throws -> [String: Data] {
        try Self.undisturbed.withLock { known in
            if let made = known[pictures] { return made }
            let job = try FaultyJob(pictures)
            let ended = try job.start().wait()
            guard ended.status == 0 else { throw Trouble("it fails even here: \(ended)") }
            let made = try job.made()
            known[pictures] = made
            return made
        }
    }

    /// The job came to its end with all that an undisturbed run makes, to the byte, and left nothing beside it.
    func expectSameBytes(_ ended: Ended, _ place: SourceLocation = #_sourceLocation) throws {
        #expect(ended.status == 0, "\(ended.errors.suffix(3000))", sourceLocation: place)
        let (mine, wanted) = (try made(), try reference())
        #expect(wanted.count == pictures.count + 1, sourceLocation: place)
        #expect(mine.keys.sorted() == wanted.keys.sorted(), "files of other names", sourceLocation: place)
        #expect(wanted.keys.filter { mine[$0] != wanted[$0] }.sorted() == [], "files of other bytes", sourceLocation: place)
        #expect(try leftovers() == [], sourceLocation: place)
    }

    /// Temp files and folders beside what was made.
    func leftovers() throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: folder.path).filter { $0.hasPrefix(".") && $0.contains("quire") }
            + made().keys.filter { $0.contains(".quire-") }
    }
}

extension RunningProgram {
    /// Looks at it now and then until something holds.
    func until(_ what: String, seconds: Double = 60, _ condition: () throws -> Bool) throws {
        do {
            try eventually(what, seconds: seconds) {
                if try condition() { return true }
                if !isRunning { throw Trouble("it ended before \(what)") }
                usleep(20_000)
                return false
            }
        } catch {
            throw Trouble("\(error); it said: \(try errors().suffix(3000))")
        }
    }

    /// Files that are done, by the host that did them.
    func done() throws -> [String: Int] {
        var done: [String: Int] = [:]
        for line in try errors().split(separator: "\n") where line.hasPrefix("{\"event\":\"file\"") {
            guard let start = line.range(of: "\"host\":\"") else { continue }
            done[String(line[start.upperBound...].prefix { $0 != "\"" }), default: 0] += 1
        }
        return done
    }

    /// Waits until each of the hosts has done so many files.
    func untilDone(_ files: Int, on hosts: [String]) throws {
        try until("\(hosts) have done \(files) files each") {
            let done = try done()
            return hosts.allSatisfy { done[$0] ?? 0 >= files }
        }
    }

    /// Waits until a host has done more than it has now.
    func untilMore(on host: String) throws {
        let before = try done()[host] ?? 0
        try until("\(host) does more files") { try done()[host] ?? 0 > before + 2 }
    }

    /// Waits until so many of the messages have `text` in them.
    func untilSaid(_ text: String, times: Int = 1, seconds: Double = 60) throws {
        try until("it says '\(text)'", seconds: seconds) { try said(text) >= times }
    }

    /// Its job's.
    func jobID() throws -> String {
        guard let start = try errors().firstRange(of: "\"job\":\"") else { throw Trouble("it has told no job") }
        return String(try errors()[start.upperBound...].prefix { $0 != "\"" })
    }

    func said(_ text: String) throws -> Int { try errors().components(separatedBy: text).count - 1 }
}

extension Testbed {
    /// Its hosts by name, h1 first.
    var hosts: [String] {
        get throws {
            let lines = String(decoding: try Data(contentsOf: URL(filePath: hostsFile)), as: UTF8.self).split(separator: "\n")
            return lines.compactMap { line in line.range(of: "- address: ").map { String(line[$0.upperBound...]) } }
        }
    }

    /// Stops the workers of some hosts where they are; their agents are well.
    func hold(_ hosts: String...) throws { for host in hosts { try execute(on: host, "pkill", "-STOP", "-f", "/quire-worker$") } }
    func release(_ hosts: String...) throws { for host in hosts { try execute(on: host, "pkill", "-CONT", "-f", "/quire-worker$") } }

    /// Agents and workers there.
    func quire(on host: String) throws -> [String] { try programs(on: host).filter { $0.contains("quire-") } }

    /// Waits until no program of quire's runs on a host, and nothing of the job is on its disk.
    func expectNothingLeft(on hosts: [String], seconds: Double = 7) throws {
        for host in hosts {
            try eventually("nothing of quire runs on \(host): \(try quire(on: host))", seconds: seconds) { try quire(on: host) == [] }
            #expect(try files(below: "/var/tmp/quire-0", on: host) == [], "on \(host)")
        }
    }

    /// Bytes that went over its link, in the direction as the host sees it.
    func bytes(_ host: String) throws -> (received: Int, sent: Int) {
        let id = String(decoding: try Data(contentsOf: state.appending(path: "id")), as: UTF8.self).trimmingCharacters(in: .whitespacesAndNewlines)
        func count(_ name: String) throws -> Int {
            let file = URL(filePath: "/sys/class/net/qtb\(id)\(host)/statistics/\(name)_bytes")
            let text = String(decoding: try Data(contentsOf: file), as: UTF8.self).trimmingCharacters(in: .whitespacesAndNewlines)
            guard let number = Int(text) else { throw Trouble("\(file) says '\(text)'") }
            return number
        }
        // What this end of the cable transmits the host receives.
        return (received: try count("tx"), sent: try count("rx"))
    }
}
