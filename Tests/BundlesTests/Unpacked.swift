import Bundles
import Foundation
import JobModel
import LinuxSystem
import Recipes
import Testing
import WireProtocol

/// A folder for one test, gone with it.
final class Scratch {
    let folder: RawPath

    init() throws {
        let path = NSTemporaryDirectory() + "quire-bundles-\(UUID().uuidString)"
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
        folder = RawPath(path)
    }

    deinit {
        do { try FileManager.default.removeItem(atPath: folder.display) } catch { print("left \(folder): \(error)") }
    }

    func path(_ name: String) -> RawPath { folder.appending(name) }

    func write(_ bytes: [UInt8], _ name: String) throws { try Data(bytes).write(to: URL(fileURLWithPath: path(name).display)) }

    func bytes(_ path: RawPath) throws -> [UInt8] { try Array(Data(contentsOf: URL(fileURLWithPath: path.display))) }
}

/// Takes all digests anew.
func freshMaker(_ scratch: Scratch) -> BundleMaker { BundleMaker(cacheFolder: scratch.path("cache"), remembers: false) }

/// A program beside this test program.
func product(_ name: String) throws -> RawPath { try ownExecutable().parent.appending(name) }

extension InstalledBundle {
    func bytes(of index: Int) throws -> [UInt8] { try Array(Data(contentsOf: URL(fileURLWithPath: paths[index].display))) }

    /// Lays the files out as they shall be on a host.
    func unpack(into folder: RawPath) throws {
        for (index, entry) in manifest.files.enumerated() {
            let path = folder.appending(entry.name)
            try FileOperation.createFolders(path.parent, mode: 0o700)
            try OpenFile(path, .create(mode: entry.mode)).write(try bytes(of: index), at: 0)
        }
    }
}

/// Runs a program with this input; what it prints on both outputs.
@discardableResult
func run(_ start: ProgramStart, _ more: [String] = [], input: [UInt8] = [], hidesLibraries: Bool = false) throws -> (status: Int32, output: [UInt8], errors: String) {
    let process = Process()
    let words = start.arguments.map { String(decoding: $0, as: UTF8.self) } + more
    if hidesLibraries {
        // Not one library of this machine is left, its C library and its loader included.
        process.executableURL = URL(fileURLWithPath: "/usr/bin/unshare")
        let script = "d=$(mktemp -d) && mount --make-rprivate / && mount --bind $d \(systemLibraries) && exec \"$@\""
        process.arguments = ["-m", "/bin/sh", "-c", script, "sh", start.program.display] + words
    } else {
        process.executableURL = URL(fileURLWithPath: start.program.display)
        process.arguments = words
    }
    var environment = ["LC_ALL": "C.UTF-8", "PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "HOME": "/", "VIPS_CONCURRENCY": "1"]
    for variable in start.variables {
        let parts = String(decoding: variable, as: UTF8.self).split(separator: "=", maxSplits: 1)
        environment[String(parts[0])] = String(parts[1])
    }
    process.environment = environment
    let (standardInput, output, errors) = (Pipe(), Pipe(), Pipe())
    process.standardInput = standardInput
    process.standardOutput = output
    process.standardError = errors
    try process.run()
    try standardInput.fileHandleForWriting.write(contentsOf: Data(input))
    try standardInput.fileHandleForWriting.close()
    let bytes = output.fileHandleForReading.readDataToEndOfFile()
    let text = errors.fileHandleForReading.readDataToEndOfFile()
    process.waitUntilExit()
    return (process.terminationStatus, Array(bytes), String(decoding: text, as: UTF8.self))
}

/// Where this machine's own libraries are, all of them.
let systemLibraries = "/usr/lib/x86_64-linux-gnu"
let canHideLibraries = geteuid() == 0 && FileManager.default.fileExists(atPath: systemLibraries)

/// What a worker reports of these orders, and what it printed beside.
func work(
    _ start: ProgramStart, _ recipe: Recipe, _ orders: [WorkOrder], loaders: [String] = [], hidesLibraries: Bool = false
) throws -> [WorkOutcome] {
    var limits = WorkLimits()
    limits.allowedLoaders = loaders
    let setup = WorkSetup(recipe: recipe.canonicalBytes, damage: .fail, limits: limits, fileMode: 0o600)
    let commands: [WorkerCommand] = [.hello(Hello(build: "test")), .setup(setup)] + orders.map { .order($0) }
    let (status, output, errors) = try run(start, input: commands.flatMap { Frame.encode($0) }, hidesLibraries: hidesLibraries)
    try #require(status == 0, "the worker said: \(errors)")
    var reader = FrameReader<WorkerMessage>(awaitsMagic: false)
    reader.feed(output)
    var outcomes: [WorkOutcome] = []
    while let message = try reader.next() {
        if case .report(let report) = message { outcomes.append(report.outcome) }
    }
    return outcomes
}
