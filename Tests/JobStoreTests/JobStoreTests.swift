import Foundation
import JobModel
import JobStore
import Testing

private func withFolder(_ body: (RawPath) throws -> Void) throws {
    let path = FileManager.default.temporaryDirectory.appendingPathComponent("quire-test-\(UUID().uuidString)").path
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(atPath: path) }
    try body(RawPath(path))
}

private let digest = Digest256(bytes: Array(repeating: 7, count: 32))

private func task(_ index: Int, book: Int = 0) -> PlannedTask {
    PlannedTask(
        index: TaskIndex(index), input: RawPath(bytes: [0xFF, UInt8(index & 0xFF)]),
        identity: InputIdentity(sizeBytes: .max, modifiedNanoseconds: -1), output: index % 2 == 0 ? nil : RawPath("out/\(index)"), format: .webp,
        bookFolder: RawPath("a/b"), mayReplace: index % 3 == 0, book: book)
}

@Suite("The journal")
struct JobStoreTests {
    @Test("A plan comes back as it was written, also after closing")
    func plan() throws {
        try withFolder { folder in
            let tasks = (0..<10).map { task($0, book: $0 / 5) }
            do {
                let store = try JobStore(file: folder.appending("job.sqlite"))
                try store.append(tasks)
                try store.setFact("status", "running")
                try store.close()
            }
            let store = try JobStore(file: folder.appending("job.sqlite"))
            #expect(try store.tasks(2..<7) == Array(tasks[2..<7]))
            #expect(try store.tasks(of: [9, 0].map { Attempt(task: TaskIndex($0), number: 1) }) == [tasks[9], tasks[0]])
            #expect(try store.records(from: 0, below: 10, book: 1, count: 99).map(\.task) == Array(tasks[5...]))
            #expect(try store.fact("status") == Array("running".utf8))
            #expect(try store.fact("nothing") == nil)
            try store.close()
        }
    }

    @Test("Attempts of an earlier process without an end are found with their hosts, and those started again are told; released ones never started")
    func unended() throws {
        try withFolder { folder in
            let store = try JobStore(file: folder.appending("job.sqlite"))
            try store.append((0..<5).map { task($0) })
            func begin() throws { _ = try store.beginRun(build: "b", host: "h", process: 1, epochMilliseconds: 1) }
            func dispatch(_ index: Int, _ number: UInt32, on host: String) throws {
                try store.recordDispatched([Attempt(task: TaskIndex(index), number: number)], host: host, isDurable: true, epochMilliseconds: 1)
            }
            func end(_ index: Int, _ number: UInt32) throws {
                let outcome = TaskOutcome(index: TaskIndex(index), state: .committed, work: FinishedWork(), host: "h", attempts: number)
                try store.record([outcome], epochMilliseconds: 2)
            }
            try begin()
            for index in 0..<5 { try dispatch(index, 1, on: index == 1 ? "far" : "near") }
            try dispatch(1, 2, on: "near")
            try store.recordEnded([TaskIndex(3)], on: "near", outcome: "released", epochMilliseconds: 2)
            try store.recordEnded([TaskIndex(4)], on: "near", outcome: "exit-code", epochMilliseconds: 2)
            try end(0, 1)
            #expect(try store.unendedTasks().isEmpty, "what this process began is its own affair")
            try begin()
            let found = try store.unendedTasks()
            #expect(found.map(\.index.position) == [1, 2])
            #expect(found.map(\.hosts) == [["far", "near"], ["near"]])
            #expect(try store.startedTwice(from: 0, below: 5, count: 9).map(\.position) == [1])
            for index in 1..<5 {
                try dispatch(index, 1, on: "near")
                try end(index, 1)
            }
            #expect(try store.startedTwice(from: 0, below: 5, count: 9).map(\.position) == [1, 2])
            #expect(try store.startedTwice(from: 2, below: 5, count: 9).map(\.position) == [2])
            #expect(try store.startedTwiceCount() == 2)
            #expect(try store.unendedTasks().isEmpty)
            try store.close()
        }
    }

    @Test("An attempt that was lost is remembered also when its task was made by another: it may have left temp files")
    func lostAttempts() throws {
        try withFolder { folder in
            let store = try JobStore(file: folder.appending("job.sqlite"))
            try store.append((0..<3).map { task($0) })
            func dispatch(_ index: Int, _ number: UInt32) throws {
                try store.recordDispatched([Attempt(task: TaskIndex(index), number: number)], host: "h", epochMilliseconds: 1)
            }
            try dispatch(0, 1)
            try dispatch(1, 1)
            try dispatch(1, 2)
            let ends = [(0, 1), (1, 2)].map { TaskOutcome(index: TaskIndex($0), state: .won, work: FinishedWork(), outputs: [], host: "h", attempts: $1) }
            try store.record(ends, epochMilliseconds: 2)
            #expect(try store.withLostAttempts().map(\.index.position) == [1])
            try store.close()
        }
    }

    @Test("Outcomes are kept whole, and what is settled is told from what is open")
    func outcomes() throws {
        try withFolder { folder in
            let store = try JobStore(file: folder.appending("job.sqlite"))
            try store.append((0..<6).map { task($0) })
            var work = FinishedWork()
            work.files = [MadeFile(temp: RawPath("t"), page: nil, sizeBytes: 3, digest: digest, isVerbatim: false)]
            let won = TaskOutcome(
                index: TaskIndex(1), state: .won, work: work, outputs: [RawPath(bytes: [0xFE])],
                usage: WorkUsage(cpuMicroseconds: 1, wallMicroseconds: 2, peakMemoryBytes: 3), host: "h", attempts: 2)
            let failed = TaskOutcome(index: TaskIndex(2), state: .failed, failure: TaskFailure(.noSpace, "full"), attempts: 1)
            try store.recordDispatched([Attempt(task: TaskIndex(1), number: 2)], host: "h", epochMilliseconds: 5)
            try store.record([won, failed], epochMilliseconds: 6)
            try store.recordCommitted([TaskIndex(1)])
            let records = try store.records(from: 1, below: 3, count: 10)
            var committed = won
            committed.state = .committed
            #expect(records.map(\.outcome) == [committed, failed])
            let open = try store.openTasks()
            #expect(open.settled == [1..<3])
            #expect(open.count == 6)
            try store.close()
        }
    }

    @Test("What programs printed is kept with their ends, and what was printed on is told from what was not")
    func programs() throws {
        try withFolder { folder in
            let store = try JobStore(file: folder.appending("job.sqlite"))
            try store.append((0..<4).map { task($0) })
            _ = try store.beginRun(build: "b", host: "h", process: 1, epochMilliseconds: 1)
            let short = ProgramResult(
                end: .exited(code: 3), startedEpochMilliseconds: 1_700_000_000_123, output: .whole([0xFF, 0, 0x0A]), errors: .whole([]))
            let long = ProgramResult(
                end: .killed(signal: 9), startedEpochMilliseconds: 7, output: .spooled(name: RawPath(bytes: [0xFE]), sizeBytes: 1 << 40),
                errors: .whole([1]))
            func end(_ index: Int, _ result: ProgramResult?, state: TaskState = .committed) throws {
                try store.record(
                    [TaskOutcome(index: TaskIndex(index), state: state, host: "h", attempts: 1)],
                    programs: [ProgramRow(task: TaskIndex(index), result: result)], epochMilliseconds: 2)
            }
            try end(2, short)
            try end(0, long, state: .failed)
            try end(1, nil, state: .failed)
            try end(3, short, state: .won)
            #expect(try store.programs(endedAfter: 0, without: .filed, count: 9).map(\.task.index.position) == [2, 0, 1], "a winner without its name is not told of yet")
            let all = try store.programs(in: 0..<9, withPrinted: true, count: 9)
            #expect(all.map(\.task) == (0..<4).map { task($0) })
            #expect(all.map(\.result) == [long, nil, short, short])
            #expect(try store.program(of: TaskIndex(0)) == long)

            try store.mark([TaskIndex(2), TaskIndex(0)], .filed)
            try store.mark([TaskIndex(0)], .printed)
            try store.recordCells([(TaskIndex(1), [5])])
            try store.recordCommitted([TaskIndex(3)])
            #expect(try store.programs(endedAfter: 0, without: .filed, count: 9).map(\.task.index.position) == [1, 3])
            #expect(try store.programs(endedAfter: 1, without: nil, count: 9).map(\.task.index.position) == [0, 1, 3])
            #expect(try store.programs(in: 0..<9, withPrinted: false, count: 9).map(\.task.index.position) == [1, 2, 3])
            #expect(try store.programs(endedAfter: 0, without: .printed, count: 9).map(\.task.index.position) == [2, 1, 3])
            #expect(try store.printableByteCount(withPrinted: false) == 6 && store.printableByteCount(withPrinted: true) == 6 + 1 + (1 << 40))
            #expect(try store.firstUnprinted() == TaskIndex(1))
            #expect(try store.programs(in: 1..<2, withPrinted: true, count: 9).first?.cells == [5])

            try store.reopen([task(0)])
            #expect(try store.program(of: TaskIndex(0)) == nil)
            try end(0, short)
            let again = try #require(try store.programs(in: 0..<1, withPrinted: false, count: 1).first)
            #expect(again.sequence > 4 && !again.isFiled, "what was done again is printed again")
            try store.close()
        }
    }

    @Test("Further outputs of a task are kept, and a journal of the version before gets room for them")
    func furtherOutputs() throws {
        try withFolder { folder in
            let file = folder.appending("job.sqlite")
            var several = task(0)
            several.further = [
                FurtherOutput(path: RawPath(bytes: [0xFF]), format: .png, mayReplace: true, pageNumber: 3..<7),
                FurtherOutput(path: RawPath("b"), format: .webp),
            ]
            several.place = InputPlace(relative: RawPath("x/\u{e4}.jpg"), inputFolderName: RawPath(bytes: [0xFE]), index: 1, folderIndex: 70)
            let store = try JobStore(file: file)
            try store.append([several, task(1)])
            #expect(try store.tasks(0..<2) == [several, task(1)])
            several.setOutput(RawPath("c"), ofSave: 2)
            several.further[0].mayReplace = false
            try store.rename([several])
            #expect(try store.records(from: 0, below: 1, count: 1).map(\.task) == [several])
            #expect(several.output(ofSave: 2) == RawPath("c") && several.output(ofSave: 3) == nil)
            try store.close()

            let python = Process()
            python.executableURL = URL(fileURLWithPath: "/usr/bin/python3")
            python.arguments = [
                "-c", "import sqlite3,sys; c=sqlite3.connect(sys.argv[1]); c.executescript('ALTER TABLE task DROP COLUMN further; ALTER TABLE task DROP COLUMN place; PRAGMA user_version=3')",
                file.display,
            ]
            try python.run()
            python.waitUntilExit()
            try #require(python.terminationStatus == 0)
            let older = try JobStore(file: file)
            #expect(try older.tasks(0..<2).map(\.further) == [[], []])
            try older.rename([several])
            #expect(try older.tasks(0..<1).map(\.further) == [several.further])
            try older.close()
        }
    }

    @Test("A file that is no journal is refused with its name")
    func foreignFile() throws {
        try withFolder { folder in
            let file = folder.appending("job.sqlite")
            try Data("this is no database, whatever its name says, and it is long enough to be looked at".utf8).write(to: URL(fileURLWithPath: file.display))
            #expect(throws: JobStoreError.self) { _ = try JobStore(file: file) }
        }
    }

    @Test("The ledger knows what was made where, and which names are inputs too")
    func ledger() throws {
        try withFolder { folder in
            let ledger = try OutputLedger(file: folder.appending("outputs.sqlite"))
            let identity = InputIdentity(sizeBytes: 1, modifiedNanoseconds: 2)
            func entry(_ output: String, inPlace: Bool = false) -> LedgerEntry {
                LedgerEntry(
                    output: RawPath(output), outputIdentity: identity, input: RawPath("/in"), inputIdentity: identity, recipe: digest,
                    work: FinishedWork(), isInPlace: inPlace, job: JobID(rawValue: "j"))
            }
            try ledger.record([entry("/o/a"), entry("/o/b", inPlace: true), entry("/p/c")])
            try ledger.record([entry("/o/a")])
            #expect(try ledger.entry(for: RawPath("/o/a")) == entry("/o/a"))
            #expect(try ledger.entry(for: RawPath("/o/x")) == nil)
            #expect(try ledger.namesMade(in: RawPath("/o")) == [RawPath("a"): [identity]])
            try ledger.close()
        }
    }
}
