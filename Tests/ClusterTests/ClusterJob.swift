import Foundation
import Testing

/// Photos and what this machine alone makes of them: made once for all tests of a process.
///
/// The recipe is slow, so that faults come in the middle of the work.
final class Reference: Sendable {
    static let count = 60
    static let made = Result { try Reference() }

    let folder: TemporaryFolder
    var inputs: String { folder.path + "/in" }
    var recipe: String { folder.path + "/slow.yaml" }
    let pdf: Data

    private init() throws {
        folder = try TemporaryFolder()
        let (inputs, recipe) = (folder.path + "/in", folder.path + "/slow.yaml")
        let made = try run(
            programs.appending(path: "sample-archive").path(percentEncoded: false), [inputs, "--count", "\(Self.count)", "--size", "1200x900"])
        guard made.status == 0 else { throw Trouble("no photos: \(made)") }
        try Data("actions:\n  - auto-orient\n  - blur: 6\n".utf8).write(to: URL(filePath: recipe))
        let local = try run(
            ClusterJob.quire, ["run", inputs, "--recipe", recipe, "-o", folder.path + "/out", "--pdf", folder.path + "/local.pdf", "--progress", "none"],
            environment: ClusterJob.environment(state: folder.path + "/state"))
        guard local.status == 0 else { throw Trouble("the run on this machine failed: \(local)") }
        pdf = try Data(contentsOf: folder.url.appending(path: "local.pdf"))
    }
}

/// One job on the hosts of a testbed, in folders of its own.
///
///     let bed = try Testbed(hosts: 3)
///     let job = try ClusterJob(bed)
///     let running = try job.start()
///     try job.untilBusy(running)
///     try bed.kill("h2")
///     try job.expectSameBytes(running.wait())
final class ClusterJob {
    static let quire = programs.appending(path: "quire").path(percentEncoded: false)

    let bed: Testbed
    let folder: TemporaryFolder
    let reference: Reference

    init(_ bed: Testbed) throws {
        self.bed = bed
        folder = try TemporaryFolder()
        reference = try Reference.made.get()
    }

    static func environment(state: String) -> [String: String] {
        ["PATH": ProcessInfo.processInfo.environment["PATH"] ?? "/usr/bin:/bin", "HOME": state, "XDG_STATE_HOME": state, "LC_ALL": "C"]
    }

    private var environment: [String: String] { Self.environment(state: folder.path + "/state") }
    var pdf: URL { folder.url.appending(path: "book.pdf") }

    /// Starts `quire run` on the testbed's hosts, events on standard error.
    func start(_ options: [String] = []) throws -> RunningProgram {
        try RunningProgram(
            Self.quire,
            [
                "run", reference.inputs, "--recipe", reference.recipe, "-o", folder.path + "/out", "--pdf", pdf.path(percentEncoded: false),
                "--hosts", bed.hostsFile, "--progress", "json", "--json",
            ] + options, environment: environment)
    }

    /// Runs another command with the job's state folder, such as `resume`.
    func quire(_ words: String...) throws -> Ended { try run(Self.quire, words, environment: environment) }

    /// Waits until so many files are done.
    func untilBusy(_ running: RunningProgram, files: Int = 4) throws {
        try eventually("\(files) files are done", seconds: 60) {
            guard running.isRunning else { throw Trouble("it ended before \(files) files were done: \(try running.errors().suffix(2000))") }
            return try Self.filesDone(running.errors()) >= files
        }
    }

    static func filesDone(_ events: String) -> Int { events.split(separator: "\n").count { $0.hasPrefix("{\"event\":\"file\"") } }

    /// All is done, nothing failed, and the PDF is the one this machine makes alone.
    func expectSameBytes(_ ended: Ended, _ place: SourceLocation = #_sourceLocation) throws {
        #expect(ended.status == 0, "\(ended.errors.suffix(3000))", sourceLocation: place)
        guard FileManager.default.fileExists(atPath: pdf.path(percentEncoded: false)) else {
            Issue.record("there is no PDF", sourceLocation: place)
            return
        }
        #expect(try Data(contentsOf: pdf) == reference.pdf, "other bytes than this machine makes alone", sourceLocation: place)
        let outputs = try FileManager.default.subpathsOfDirectory(atPath: folder.path + "/out").filter { $0.hasSuffix(".jpg") }
        #expect(outputs.count == Reference.count, sourceLocation: place)
    }

    /// No program of ours and no file of a job is left on these hosts; agents have 5 s after the job for that.
    func expectNothingLeft(on hosts: [String], _ place: SourceLocation = #_sourceLocation) throws {
        for host in hosts {
            try eventually("\(host) has no program of ours", seconds: 5) { try bed.programs(on: host) == [] }
            let files = try bed.files(below: "/var/tmp/quire-0", on: host).filter { !$0.contains("/bundles") }
            // Folders named after host and start of the machine stay, empty.
            let kept = try files.filter { try bed.execute(on: host, "test", "-d", $0).status != 0 }
            #expect(kept == [], "left on \(host)", sourceLocation: place)
        }
    }
}
