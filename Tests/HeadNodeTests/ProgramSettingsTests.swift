import JobModel
import Programs
import Testing

@testable import HeadNode

@Suite("Settings of programs in the journal")
struct ProgramSettingsTests {
    private func settings(_ change: (inout ProgramSettings) throws -> Void = { _ in }) throws -> RunSettings {
        var program = ProgramSettings(spec: try ProgramSpec(words: [[0x63, 0xFF], Array("{.}".utf8)], returns: [Array("{.}.o".utf8)], columns: .tab))
        try change(&program)
        var settings = RunSettings(purpose: .program, version: "1", command: [])
        settings.program = program
        return settings
    }

    private func carried(_ settings: RunSettings) throws -> RunSettings {
        let facts = JournalledSettings.facts(of: settings)
        #expect(Set(facts.map(\.key)).count == facts.count, "no fact is written twice")
        return try JournalledSettings(Dictionary(uniqueKeysWithValues: facts.map { ($0.key, $0.value) })).settings(version: "1")
    }

    @Test("A job goes on with every setting as it was given")
    func everyField() throws {
        let all = try settings { program in
            program.spec.environment = [EnvironmentVariable(name: [0x41], value: [0xFF, 0x3D])]
            program.spec.acceptedCodes = [0, 3]
            program.spec.forbiddenTexts = [[0xFE]]
            program.spec.expectsOutput = true
            program.spec.graceMilliseconds = 1
            program.spec.streamsLines = true
            program.source = .folders(having: [RawPath("CMakeLists.txt"), RawPath(bytes: [0xFF])], isRecursive: true)
            program.only = ["mp4", "avi"]
            program.skip = ["txt"]
            program.sent = [RawPath(bytes: [0x73, 0xFF])]
            program.timeLimit = .percentOfMedian(200)
            program.retries = 3
            program.halt = try Halt(parsing: "now,fail=10%")
            program.restarting = .never
            program.cpus = .all
            program.memoryBytes = 1 << 31
            program.order = .finish
            program.tagsLines = true
            program.resultsFolder = RawPath("r")
            program.table = .init(pattern: try TablePattern("(?<lines>[0-9]+)"), format: .json)
            program.jobLog = RawPath("log")
            program.resumes = true
        }
        let back = try carried(all)
        #expect(back.purpose == .program && back.program == all.program)
        #expect(try carried(settings()).program == settings().program)
    }

    @Test(
        "Every source of tasks is known again",
        arguments: [
            ProgramSettings.Source.files, .folders(having: [], isRecursive: false), .lines(.standardInput), .lines(.file(RawPath(bytes: [0x61, 0xFF]))),
        ])
    func sources(_ source: ProgramSettings.Source) throws {
        #expect(try carried(settings { $0.source = source }).program?.source == source)
        let numbers = ProgramSettings.Source.numbers(try NumberRange(parsing: "-5-10:3,7,9-1:-2"))
        #expect(try carried(settings { $0.source = numbers }).program?.source == numbers)
    }

    @Test("A journal whose program cannot be read says so")
    func damaged() throws {
        var facts = Dictionary(uniqueKeysWithValues: JournalledSettings.facts(of: try settings()).map { ($0.key, $0.value) })
        facts["set.program"] = [1, 2, 3]
        #expect(throws: HeadError.self) { try JournalledSettings(facts).settings(version: "1") }
        facts["set.program"] = nil
        #expect(throws: HeadError.self) { try JournalledSettings(facts).settings(version: "1") }
    }
}
