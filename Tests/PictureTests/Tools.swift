import Foundation
import Testing

/// The repository this test file lies in.
let repository = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()

/// The folder of the debug programs: what scripts/test names, else the one beside the test bundle.
private let programs: URL =
    if let folder = ProcessInfo.processInfo.environment["QUIRE_BUILD"] {
        URL(filePath: folder)
    } else {
        Bundle.main.executableURL?.deletingLastPathComponent() ?? repository.appending(path: ".build/debug")
    }

/// Real photos and odd files that lie beside the repository on some machines.
let samples: URL? = {
    let folder = repository.deletingLastPathComponent().appending(path: "shared/samples")
    return FileManager.default.fileExists(atPath: folder.path) ? folder : nil
}()

/// What ended a program: its exit status and what it wrote.
struct Ended {
    let status: Int32
    let output: Data
    let errors: String

    var text: String { String(decoding: output, as: UTF8.self) }
    var lines: [String] { text.split(separator: "\n").map(String.init) }
}

/// Runs a program to its end in `folder`; its input is empty. Debian's own programs come before others of the same name.
func launch(_ program: String, _ arguments: [String], in folder: URL) throws -> Ended {
    let process = Process()
    process.executableURL = URL(filePath: program.contains("/") ? program : "/usr/bin/env")
    process.arguments = program.contains("/") ? arguments : [program] + arguments
    process.currentDirectoryURL = folder
    var environment = ProcessInfo.processInfo.environment
    environment["PATH"] = "/usr/bin:/bin:" + (environment["PATH"] ?? "")
    environment["LC_ALL"] = "C.UTF-8"
    environment["SOURCE_DATE_EPOCH"] = nil
    process.standardInput = FileHandle.nullDevice
    // Files, not pipes: nothing a program leaves behind can hold these open for the test.
    let place = FileManager.default.temporaryDirectory.appending(path: "quire-pictures-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: place, withIntermediateDirectories: true)
    // Its own, or all tests would wait for each other.
    environment["QUIRE_SLOTS"] = place.path(percentEncoded: false) + "/slots"
    process.environment = environment
    defer { try? FileManager.default.removeItem(at: place) }
    let (output, errors) = (place.appending(path: "output"), place.appending(path: "errors"))
    for file in [output, errors] { try Data().write(to: file) }
    process.standardOutput = try FileHandle(forWritingTo: output)
    process.standardError = try FileHandle(forWritingTo: errors)
    try process.run()
    process.waitUntilExit()
    return Ended(
        status: process.terminationStatus, output: try Data(contentsOf: output),
        errors: String(decoding: try Data(contentsOf: errors), as: UTF8.self))
}

/// A folder of its own for one test, gone with the value, and what tests do in it.
final class Workshop: Sendable {
    let url: URL

    init() throws {
        url = FileManager.default.temporaryDirectory.appending(path: "quire-pictures-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
    }

    deinit {
        // Nothing depends on it: the system empties its temporary folder.
        try? FileManager.default.removeItem(at: url)
    }

    subscript(_ name: String) -> URL { url.appending(path: name) }

    func bytes(_ name: String) throws -> Data { try Data(contentsOf: self[name]) }

    func write(_ data: Data, _ name: String) throws {
        try FileManager.default.createDirectory(at: self[name].deletingLastPathComponent(), withIntermediateDirectories: true)
        try data.write(to: self[name])
    }

    func exists(_ name: String) -> Bool { FileManager.default.fileExists(atPath: self[name].path) }

    /// Copies of `files` of another workshop, keeping their names unless `to` names the folder.
    func take(_ files: [String], from other: Workshop, to folder: String = "in") throws {
        for file in files { try write(try other.bytes(file), "\(folder)/\(file)") }
    }

    /// Names of all files below a folder, sorted, relative to it.
    func files(_ folder: String) -> [String] {
        (FileManager.default.enumerator(atPath: self[folder].path)?.compactMap { $0 as? String } ?? []).filter {
            var isFolder: ObjCBool = false
            return FileManager.default.fileExists(atPath: self["\(folder)/\($0)"].path, isDirectory: &isFolder)
                && !isFolder.boolValue
        }.sorted()
    }

    /// A program of others, which has to succeed.
    @discardableResult
    func tool(_ program: String, _ arguments: String..., statuses: Set<Int32> = [0]) throws -> Ended {
        try tool(program, arguments, statuses: statuses)
    }

    @discardableResult
    func tool(_ program: String, _ arguments: [String], statuses: Set<Int32> = [0]) throws -> Ended {
        let ended = try launch(program, arguments, in: url)
        guard statuses.contains(ended.status) else {
            throw ToolFailure(text: "\(program) \(arguments.joined(separator: " ")): \(ended.status) \(ended.errors)")
        }
        return ended
    }

    struct ToolFailure: Error, CustomStringConvertible {
        let text: String
        var description: String { text }
    }

    /// `quire` in this folder with a journal of its own.
    @discardableResult
    func quire(_ arguments: String..., status: Int32 = 0) throws -> Job { try quire(arguments, status: status) }

    @discardableResult
    func quire(_ arguments: [String], status: Int32 = 0) throws -> Job {
        let report = "report-\(UUID().uuidString).json"
        let all = arguments + ["--state-dir", self["state"].path, "--progress", "none", "--json", "--report", report]
        let ended = try launch(programs.appending(path: "quire").path, all, in: url)
        #expect(ended.status == status, "quire \(arguments.joined(separator: " "))\n\(ended.errors)")
        return Job(
            facts: (try? JSONDecoder().decode(Job.Facts.self, from: ended.output)) ?? Job.Facts(),
            files: (try? JSONDecoder().decode(Job.Report.self, from: bytes(report)).files) ?? [], errors: ended.errors)
    }
}

/// What a run of quire told.
struct Job {
    struct Facts: Decodable {
        struct Volume: Decodable {
            let path: String
            let pages: Int
            let bytes: Int
        }
        var done = 0
        var failed = 0
        var pdf: [Volume] = []
        var notes: [Note] = []
    }
    struct Note: Decodable {
        let text: String
    }
    struct Report: Decodable { let files: [File] }
    struct File: Decodable {
        let path: String
        let outcome: String
        let outputs: [String]
        let reason: String?
        let message: String
        private let notes: [Note]
        var remarks: [String] { notes.map(\.text) }
    }

    let facts: Facts
    let files: [File]
    let errors: String

    /// The reason of each failed file, by the last part of its name.
    var reasons: [String: String] {
        var reasons: [String: String] = [:]
        for file in files { if let reason = file.reason { reasons[URL(filePath: file.path).lastPathComponent] = reason } }
        return reasons
    }

    func file(_ name: String) throws -> File {
        try #require(files.first { URL(filePath: $0.path).lastPathComponent == name }, "\(name) is not in the report")
    }
}
