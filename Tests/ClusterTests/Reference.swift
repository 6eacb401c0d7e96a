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
            QuireProgram.path, ["run", inputs, "--recipe", recipe, "-o", folder.path + "/out", "--pdf", folder.path + "/local.pdf", "--progress", "none"],
            environment: QuireProgram.environment(state: folder.path + "/state"))
        guard local.status == 0 else { throw Trouble("the run on this machine failed: \(local)") }
        pdf = try Data(contentsOf: folder.url.appending(path: "local.pdf"))
    }
}
