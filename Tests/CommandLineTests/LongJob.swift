import Foundation
import Glibc
import Testing

/// A job with more work than a test waits for, so that it can be stopped in the middle.
///
/// Its pictures take some hundredths of a second each; a test holds it by stopping its workers, so nothing depends on speed.
final class LongJob {
    let box: Sandbox
    static let count = 400

    init(count: Int = LongJob.count) throws {
        box = try Sandbox()
        let picture = TinyPicture.jpeg(1200, 900)
        for index in 1...count { try box.write(picture, to: "in/\(index % 4)/p\(index).jpg") }
        try box.write("actions:\n  - blur: 6\n", to: "slow.yaml")
    }

    /// Starts `quire run in --recipe slow.yaml --progress json` with more words.
    func start(_ words: Name...) throws -> Running {
        try box.start(["quire", "run", "in", "--recipe", "slow.yaml", "--progress", "json", "--json"] + words)
    }

    /// Waits until some files are done and workers are in the middle of others.
    func untilBusy(_ running: Running, files: Int = 3) throws {
        try eventually("\(files) files are done") { Self.fileEvents(running) >= files }
    }

    /// As `untilBusy`, and stops the workers there.
    func hold(_ running: Running) throws {
        try untilBusy(running)
        for worker in workers(running) { kill(worker, SIGSTOP) }
    }

    func release(_ running: Running) {
        for worker in workers(running) { kill(worker, SIGCONT) }
    }

    func workers(_ running: Running) -> [pid_t] { ProcessTree.descendants(of: running.id).filter { ProcessTree.name($0) == "quire-worker" } }

    static func fileEvents(_ running: Running) -> Int { running.errorsSoFar.split(separator: "\n").count { $0.hasPrefix("{\"event\":\"file\"") } }

    func id(_ running: Running) -> String? {
        let text = running.errorsSoFar
        guard let start = text.range(of: "\"event\":\"start\",\"job\":\"") else { return nil }
        return String(text[start.upperBound...].prefix { $0 != "\"" })
    }

    /// Every file under a final name is a whole JPEG, and the book is not there or whole.
    func expectNothingHalf(_ place: SourceLocation = #_sourceLocation) throws {
        for name in box.files(below: "out") where !name.description.contains(".quire-") {
            let bytes = box.read(Name("out/") + name) ?? []
            #expect(bytes.prefix(2) == [0xFF, 0xD8] && bytes.suffix(2) == [0xFF, 0xD9], "\(name) is not whole", sourceLocation: place)
        }
        if box.exists("b.pdf") { try box.expectSound("b.pdf", place) }
    }
}
