import Foundation

/// The repository this test file lies in.
let repository = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()

/// The folder of the debug programs: what scripts/test names, else the one beside the test bundle.
let programs: URL =
    if let folder = ProcessInfo.processInfo.environment["QUIRE_BUILD"] {
        URL(filePath: folder)
    } else {
        Bundle.main.executableURL?.deletingLastPathComponent() ?? repository.appending(path: ".build/debug")
    }

struct Ended {
    let status: Int32
    let output: String
    let errors: String

    var lines: [String] { output.split(separator: "\n").map(String.init) }
}

/// Runs a program to its end; its input is empty. Without `environment` it has the test's own.
@discardableResult
func run(
    _ program: String, _ arguments: [String], in folder: URL? = nil, environment: [String: String]? = nil
) throws -> Ended {
    let process = Process()
    process.executableURL = program.contains("/") ? URL(filePath: program) : URL(filePath: "/usr/bin/env")
    process.arguments = program.contains("/") ? arguments : [program] + arguments
    process.currentDirectoryURL = folder
    process.environment = environment
    process.standardInput = FileHandle.nullDevice
    // Files, not pipes: a child left behind by a script cannot hold these open for the test.
    let place = try TemporaryFolder()
    let (output, errors) = (place.url.appending(path: "output"), place.url.appending(path: "errors"))
    for file in [output, errors] { try Data().write(to: file) }
    process.standardOutput = try FileHandle(forWritingTo: output)
    process.standardError = try FileHandle(forWritingTo: errors)
    try process.run()
    process.waitUntilExit()
    return Ended(
        status: process.terminationStatus, output: String(decoding: try Data(contentsOf: output), as: UTF8.self),
        errors: String(decoding: try Data(contentsOf: errors), as: UTF8.self))
}

/// A folder of its own for one test, gone with the value.
final class TemporaryFolder {
    let url: URL

    init() throws {
        url = FileManager.default.temporaryDirectory.appending(path: "quire-scripts-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
    }

    deinit {
        // Nothing depends on it: the system empties its temporary folder.
        try? FileManager.default.removeItem(at: url)
    }

    var path: String { url.path(percentEncoded: false) }
}
