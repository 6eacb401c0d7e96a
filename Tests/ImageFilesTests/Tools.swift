import Foundation
import ImageFiles
import JobModel
import Testing

/// The programs that serve as oracles; tests that need one are skipped where it is not installed.
enum Tool {
    static let isExiftoolHere = isInstalled("exiftool") && isInstalled("convert") && isInstalled("identify")

    static func isInstalled(_ name: String) -> Bool {
        ["/usr/bin/", "/usr/local/bin/"].contains { FileManager.default.isExecutableFile(atPath: $0 + name) }
    }

    /// What `arguments` print; a program that fails fails the test unless `status` says otherwise.
    @discardableResult
    static func run(_ arguments: [String], in folder: URL, mayFail: Bool = false) throws -> Data {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = arguments
        process.currentDirectoryURL = folder
        let output = Pipe()
        process.standardOutput = output
        process.standardError = FileHandle.nullDevice
        try process.run()
        let data = output.fileHandleForReading.readDataToEndOfFile()
        process.waitUntilExit()
        if !mayFail { try #require(process.terminationStatus == 0, "\(arguments.joined(separator: " "))") }
        return data
    }

    /// Every tag of every file: `Group1:Tag` to its values in order, but for what the file system tells.
    static func tags(_ names: [String], in folder: URL) throws -> [String: [String: String]] {
        let data = try run(
            ["exiftool", "-j", "-a", "-u", "-G1:4", "-s", "-n", "-api", "largefilesupport=1"] + names, in: folder, mayFail: true)
        let list = try #require(try JSONSerialization.jsonObject(with: data) as? [[String: Any]])
        var found: [String: [String: String]] = [:]
        for entry in list {
            let name = try #require(entry["SourceFile"] as? String)
            // exiftool counts copies of a name over all groups, so that a tag more in one renames those in others.
            var values: [String: [(copy: Int, value: String)]] = [:]
            for (key, value) in entry where !key.hasPrefix("System:") && key != "SourceFile" {
                let parts = key.split(separator: ":").map(String.init)
                let copy = parts.count == 3 ? Int(parts[1].dropFirst(4)) ?? 0 : 0
                values["\(parts[0]):\(parts[parts.count - 1])", default: []].append((copy, "\(value)"))
            }
            found[name] = values.mapValues { $0.sorted { $0.copy < $1.copy }.map(\.value).joined(separator: " | ") }
        }
        return found
    }

    /// ImageMagick's digest of the decoded pixels of every frame.
    static func pixels(_ name: String, in folder: URL) throws -> String {
        String(
            decoding: try run(["identify", "-quiet", "-format", "%w %h %#\n", name], in: folder, mayFail: true), as: UTF8.self)
    }
}

/// A folder that goes with the test.
final class TemporaryFolder {
    let url: URL

    init() throws {
        url = FileManager.default.temporaryDirectory.appendingPathComponent("imagefiles-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
    }

    deinit { try? FileManager.default.removeItem(at: url) }

    func write(_ bytes: [UInt8], as name: String) throws { try Data(bytes).write(to: url.appendingPathComponent(name)) }
    func read(_ name: String) throws -> [UInt8] { [UInt8](try Data(contentsOf: url.appendingPathComponent(name))) }
}

/// Sample pictures that lie beside the repository on developers' machines; empty elsewhere.
enum Samples {
    static let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent()
        .deletingLastPathComponent().appendingPathComponent("shared/samples")

    static let names: [String] = {
        guard let list = FileManager.default.enumerator(atPath: folder.path) else { return [] }
        return list.compactMap { $0 as? String }.filter { $0.contains(".") }.sorted()
    }()

    static func read(_ name: String) throws -> [UInt8] { [UInt8](try Data(contentsOf: folder.appendingPathComponent(name))) }
}

/// Not cryptographic: tells different bytes from equal ones.
struct TestDigest: DigestStream {
    private var state: UInt64 = 0xCBF2_9CE4_8422_2325
    init() {}
    mutating func update(_ bytes: UnsafeRawBufferPointer) {
        for byte in bytes { state = (state ^ UInt64(byte)) &* 0x100_0000_01B3 }
    }
    mutating func finish() -> Digest256 {
        Digest256(bytes: (0..<32).map { UInt8(truncatingIfNeeded: state >> UInt64($0 % 8 * 8)) })
    }
}

func edited(_ bytes: [UInt8], _ kind: ImageKind, _ edits: [MetadataEdit]) throws -> [UInt8] {
    let source = MemorySource(bytes)
    return try editMetadata(edits, of: source, kind: kind).joined(from: source)
}

func editedIfSupported(_ bytes: [UInt8], _ kind: ImageKind, _ edits: [MetadataEdit]) throws -> [UInt8]? {
    do {
        return try edited(bytes, kind, edits)
    } catch ImageFileError.unsupported {
        return nil
    }
}
