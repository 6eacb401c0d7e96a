import JobModel
import JobStore
import Programs
import Testing

@testable import HeadNode

@Suite("Plans of programs")
struct ProgramPlanTests {
    private func plan(
        _ words: [String], returns: [String] = [], source: ProgramSettings.Source = .files, folder: String = "/w",
        _ change: (inout ProgramSpec) -> Void = { _ in }
    ) throws -> ProgramPlan {
        var spec = try ProgramSpec(words: words.map { Array($0.utf8) }, returns: returns.map { Array($0.utf8) })
        change(&spec)
        var settings = ProgramSettings(spec: spec)
        settings.source = source
        return try ProgramPlan(settings, workingFolder: RawPath(folder))
    }

    private func task(_ input: String, _ index: Int = 0, size: UInt64 = 1) -> PlannedTask {
        PlannedTask(
            index: TaskIndex(index), input: RawPath(input), identity: InputIdentity(sizeBytes: size, modifiedNanoseconds: 2), output: nil, format: .png,
            bookFolder: RawPath(""), mayReplace: false, book: 0)
    }

    @Test("A task's number is its place from 1, and in a range the number itself")
    func numbers() throws {
        #expect(try plan(["a"]).number(of: task("x", 4)) == 5)
        #expect(try plan(["a"], source: .numbers(NumberRange(parsing: "-3-3"))).number(of: task("-3", 4)) == -3)
    }

    @Test("Outputs are told as the user sees them, and one that cannot be filled in names its task")
    func outputs() throws {
        let plan = try plan(["cp", "{}", "o/{/.}.mkv"], returns: ["o/{/.}.mkv", "{//}/../{#3}.log"])
        #expect(try plan.outputs(of: task("in/a.avi", 6)) == [RawPath("o/a.mkv"), RawPath("in/../007.log")])
        #expect(plan.displayCommand(of: task("in/a b.avi")) == "cp 'in/a b.avi' 'o/a b.mkv'")
        let bad = try self.plan(["cp"], returns: ["{/}x/"])
        #expect { try bad.outputs(of: task("in/a")) } throws: { "\($0)".contains("in/a: ") }
    }

    @Test("What decides what a task does makes its digest another, and nothing else does")
    func digests() throws {
        let digest = try plan(["wc", "{}"]).digest(of: task("a"))
        #expect(try plan(["wc", "{}"]).digest(of: task("a", 7, size: 9)) == digest, "place and input's state are not of the command")
        #expect(try plan(["wc", "{}"]) { $0.graceMilliseconds = 1 }.digest(of: task("a")) == digest)
        let others = [
            try plan(["wc", "{}"]).digest(of: task("b")), try plan(["wc", "-l", "{}"]).digest(of: task("a")),
            try plan(["wc", "{}"], folder: "/v").digest(of: task("a")), try plan(["wc", "{}"], returns: ["x"]).digest(of: task("a")),
            try plan(["wc", "{}"]) { $0.environment = [EnvironmentVariable(name: [0x61], value: [])] }.digest(of: task("a")),
            try plan(["wc", "{}"]) { $0.acceptedCodes = [0, 1] }.digest(of: task("a")),
        ]
        #expect(Set(others + [digest]).count == others.count + 1)
        let numbered = try plan(["wc", "{#}", "{}"])
        #expect(try numbered.digest(of: task("a", 1)) != numbered.digest(of: task("a", 2)), "{#} is part of the command line")
    }

    @Test("Of equal tasks as many are done as the newest job did, and older jobs are not asked for the rest")
    func equalTasks() {
        func key(_ letter: UInt8, _ index: Int = 0) -> TaskKey { TaskKey(Digest256(bytes: [UInt8](repeating: letter, count: 32)), index: TaskIndex(index)) }
        var known = KnownTasks([key(1, 0), key(2, 1), key(1, 2), key(3, 3), key(1, 4)])
        known.note(key(1), isDone: true)
        known.note(key(2), isDone: false)
        known.endJob()
        for letter: UInt8 in [1, 1, 1, 2, 3, 9] { known.note(key(letter), isDone: true) }
        known.endJob()
        #expect(known.done.sorted() == [0, 3])
        #expect(known.areAllDecided)
    }
}
