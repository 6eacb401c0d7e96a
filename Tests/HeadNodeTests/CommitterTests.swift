import Foundation
import JobModel
import JobStore
import Testing

@testable import HeadNode

@Suite("Outputs get their names all together or not at all")
struct CommitterTests {
    /// A task with three saves, and a journal and ledger of its own, gone with the value.
    private final class Bench {
        let path: String
        let store: JobStore
        let ledger: OutputLedger
        let committer: Committer
        let task: PlannedTask

        init() throws {
            path = FileManager.default.temporaryDirectory.appending(path: "quire-commit-\(UUID().uuidString)").path(percentEncoded: false)
            try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
            let folder = RawPath(path)
            store = try JobStore(file: folder.appending("job.sqlite"))
            ledger = try OutputLedger(file: folder.appending("outputs.sqlite"))
            committer = Committer(
                store: store, ledger: ledger, job: JobID(rawValue: "job"), recipe: Digest256(bytes: Array(repeating: 1, count: 32)), isInPlace: false,
                replacesForeign: false, workingFolder: folder, outputRoot: nil, build: "test")
            task = PlannedTask(
                index: TaskIndex(0), input: folder.appending("a.jpg"), identity: InputIdentity(sizeBytes: 1, modifiedNanoseconds: 0),
                output: folder.appending("a.tif"), format: .tiff, bookFolder: RawPath(""), mayReplace: false, book: 0,
                further: [FurtherOutput(path: folder.appending("web.jpg"), format: .jpeg), FurtherOutput(path: folder.appending("small.png"), format: .png)])
            try store.append([task])
        }

        deinit {
            // Nothing depends on it: the system empties its temporary folder.
            try? FileManager.default.removeItem(atPath: path)
        }

        /// What a worker tells that made these saves.
        func commit(_ saves: [Int]) throws -> TaskOutcome? {
            var work = FinishedWork()
            for save in saves {
                let temp = TempName.name(RawPath(".quire-t"), save: save, page: 0)
                try Data("abc".utf8).write(to: URL(filePath: path + "/" + temp.display))
                work.files.append(
                    MadeFile(
                        temp: RawPath(path).appending(temp), page: nil, sizeBytes: 3, digest: Digest256(bytes: Array(repeating: 2, count: 32)),
                        isVerbatim: false, save: save))
            }
            let report = WorkReport(attempt: Attempt(task: task.index, number: 1), outcome: .finished(work), usage: .none)
            return try committer.commit([SettledReport(task: task, report: report, host: "h1")], epochMilliseconds: 1).first?.outcome
        }

        func pictures() throws -> [String] {
            try FileManager.default.contentsOfDirectory(atPath: path).filter { !$0.contains(".sqlite") }.sorted()
        }
    }

    @Test("All saves of a picture are named; a report that tells of some of them fails it, and leaves none")
    func incomplete() throws {
        let bench = try Bench()
        let half = try bench.commit([0, 2])
        #expect(half?.state == .failed && half?.failure?.message == "the worker on h1 told of 2 of its 3 outputs")
        #expect(try bench.pictures() == [])
        #expect(try bench.store.records(in: [.failed], from: 0, count: 9).count == 1)
        #expect(try bench.commit([0, 1, 2])?.state == .committed)
        #expect(try bench.pictures() == ["a.tif", "small.png", "web.jpg"])
    }

    @Test("A file of somebody's under the name of the last save keeps all of the picture's outputs away")
    func taken() throws {
        let bench = try Bench()
        try Data("mine".utf8).write(to: URL(filePath: bench.path + "/small.png"))
        let outcome = try bench.commit([0, 1, 2])
        #expect(outcome?.state == .failed && outcome?.failure?.reason == .denied)
        #expect(try bench.pictures() == ["small.png"])
        #expect(try Data(contentsOf: URL(filePath: bench.path + "/small.png")) == Data("mine".utf8))
    }
}
