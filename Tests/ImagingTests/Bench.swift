import Foundation
import Imaging
import JobModel
import Recipes
import Testing

/// A folder with an engine beside it: makes fixtures with other programs, runs orders, asks other programs what came out.
final class Bench {
    let folder: String
    /// What the files of a job share.
    var assets: [WorkAsset] = []

    init() throws {
        folder = NSTemporaryDirectory() + "quire-imaging-\(UUID().uuidString)"
        try FileManager.default.createDirectory(atPath: folder + "/out", withIntermediateDirectories: true)
        try FileManager.default.createDirectory(atPath: folder + "/spool", withIntermediateDirectories: true)
    }

    deinit {
        do { try FileManager.default.removeItem(atPath: folder) } catch { print("left \(folder): \(error)") }
    }

    func path(_ name: String) -> String { folder + "/" + name }

    /// Runs a shell line in the folder; what it prints on both outputs, without blanks at the ends.
    @discardableResult
    func shell(_ line: String, mayFail: Bool = false) throws -> String {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/bin/sh")
        process.arguments = ["-c", line]
        process.currentDirectoryURL = URL(fileURLWithPath: folder)
        let pipe = Pipe()
        process.standardOutput = pipe
        process.standardError = pipe
        try process.run()
        let data = pipe.fileHandleForReading.readDataToEndOfFile()
        process.waitUntilExit()
        let text = String(decoding: data, as: UTF8.self).trimmingCharacters(in: .whitespacesAndNewlines)
        if !mayFail { try #require(process.terminationStatus == 0, "\(line): \(text)") }
        return text
    }

    /// Root mean square difference of two pictures by ImageMagick, 0 to 1.
    func difference(_ first: String, _ second: String) throws -> Double {
        let text = try shell("compare -metric RMSE '\(first)' '\(second)' null: 2>&1", mayFail: true)
        let number = text.split(separator: "(").last?.split(separator: ")").first.map(String.init)
        return try #require(number.flatMap(Double.init), "compare said: \(text)")
    }

    func bytes(_ name: String) throws -> [UInt8] { try Array(Data(contentsOf: URL(fileURLWithPath: path(name)))) }

    func write(_ bytes: [UInt8], _ name: String) throws { try Data(bytes).write(to: URL(fileURLWithPath: path(name))) }

    /// Temp and spool files that are there.
    func leftovers() throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: path("out"))
            + FileManager.default.contentsOfDirectory(atPath: path("spool"))
    }

    func identity(_ name: String) throws -> InputIdentity {
        var record = stat()
        try #require(stat(path(name), &record) == 0)
        return InputIdentity(
            sizeBytes: UInt64(record.st_size),
            modifiedSeconds: Int64(record.st_mtim.tv_sec), nanoseconds: Int64(record.st_mtim.tv_nsec))
    }

    // MARK: Orders

    func perform(
        _ name: String, _ kind: WorkKind, _ actions: [Action] = [], damage: DamagePolicy = .fail,
        limits: WorkLimits = WorkLimits(),
        identity: InputIdentity? = nil
    ) throws -> WorkOutcome {
        let recipe = Recipe(actions: actions)
        // libvips' allow-list and error text belong to the process; a worker has one thread, a test run many.
        return try oneAtATime.withLock { try performAlone(name, kind, recipe, damage, limits, identity) }
    }

    private func performAlone(
        _ name: String, _ kind: WorkKind, _ recipe: Recipe, _ damage: DamagePolicy, _ limits: WorkLimits,
        _ identity: InputIdentity?
    ) throws -> WorkOutcome {
        let setup = WorkSetup(recipe: recipe.canonicalBytes, damage: damage, limits: limits, fileMode: 0o640, assets: assets)
        let engine = try ImageEngine(setup: setup)
        let known = try identity ?? self.identity(name)
        let order = WorkOrder(
            attempt: Attempt(task: TaskIndex(3), number: 1), input: RawPath(path(name)), identity: known, kind: kind,
            tempName: RawPath("t"))
        return engine.perform(order).outcome
    }

    func run(
        _ name: String, to format: OutputFormat, _ actions: [Action], pages: Bool = false, folder: Bool = true,
        keepTimes: Bool = false,
        damage: DamagePolicy = .fail, limits: WorkLimits = WorkLimits()
    ) throws -> WorkOutcome {
        var order = ProcessOrder(
            folder: folder ? RawPath(path("out")) : nil, format: format, pages: pages, spoolFolder: RawPath(path("spool")),
            digestInput: false, keepTimes: keepTimes)
        order.movedTimes = Recipe(actions: actions).movedTimes(of: try identity(name))
        return try perform(name, .process(order), actions, damage: damage, limits: limits)
    }

    /// As `run`, for orders that must succeed.
    func finish(
        _ name: String, to format: OutputFormat, _ actions: [Action], pages: Bool = false, folder: Bool = true,
        keepTimes: Bool = false,
        damage: DamagePolicy = .fail
    ) throws -> FinishedWork {
        let outcome = try run(name, to: format, actions, pages: pages, folder: folder, keepTimes: keepTimes, damage: damage)
        guard case .finished(let work) = outcome else {
            Issue.record("\(name) failed: \(outcome)")
            throw Failed()
        }
        return work
    }

    struct Failed: Error {}
}

let oneAtATime = NSLock()

func reason(_ outcome: WorkOutcome) -> FailureReason? {
    switch outcome {
    case .failed(let failure): failure.reason
    case .finished, .notStored: nil
    }
}

/// Concentric colour bands on a gradient: nothing looks the same turned or mirrored.
let chart =
    "convert -size 240x160 gradient:'#204080-#e0c020' -fill red -draw 'rectangle 10,10 60,40' -fill lime -draw 'circle 190,110 210,130' -alpha off -depth 8"
