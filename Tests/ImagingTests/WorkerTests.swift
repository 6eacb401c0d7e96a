import Foundation
import JobModel
import LinuxSystem
import Recipes
import Testing
import WireProtocol

@Suite("The worker program")
struct WorkerTests {
    /// Runs quire-worker with these bytes on its input; its messages, exit status and what it printed on stderr.
    private func talk(_ bytes: [UInt8]) throws -> (messages: [WorkerMessage], status: Int32) {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: try ownExecutable().parent.appending("quire-worker").display)
        let input = Pipe()
        let output = Pipe()
        process.standardInput = input
        process.standardOutput = output
        try process.run()
        try input.fileHandleForWriting.write(contentsOf: Data(bytes))
        try input.fileHandleForWriting.close()
        let answer = output.fileHandleForReading.readDataToEndOfFile()
        process.waitUntilExit()
        var reader = FrameReader<WorkerMessage>(awaitsMagic: false)
        reader.feed(Array(answer))
        var messages: [WorkerMessage] = []
        while let message = try reader.next() { messages.append(message) }
        return (messages, process.terminationStatus)
    }

    private func setup(_ recipe: [UInt8]) -> [UInt8] {
        Frame.encode(WorkerCommand.hello(Hello(build: "test")))
            + Frame.encode(WorkerCommand.setup(WorkSetup(recipe: recipe, damage: .fail, limits: WorkLimits(), fileMode: 0o644)))
    }

    @Test("Orders are answered in their order, and the end of input is the end")
    func orders() throws {
        let bench = try Bench()
        try bench.shell("\(chart) a.jpg")
        let identity = try bench.identity("a.jpg")
        var bytes = setup(Recipe(actions: [.shrink(.longSide(50))]).canonicalBytes)
        let process = ProcessOrder(
            folder: RawPath(bench.path("out")), format: .jpeg, pages: false, spoolFolder: nil, digestInput: true, keepTimes: false
        )
        for index in 0..<5 {
            let order = WorkOrder(
                attempt: Attempt(task: TaskIndex(index), number: 1),
                input: RawPath(bench.path(index == 3 ? "none.jpg" : "a.jpg")),
                identity: identity, kind: .process(process), tempName: RawPath("t\(index)"))
            bytes += Frame.encode(WorkerCommand.order(order))
        }
        let (messages, status) = try talk(bytes)
        #expect(status == 0)
        guard case .ready(_, let version)? = messages.first else {
            Issue.record("\(messages)")
            return
        }
        #expect(version.hasPrefix("libvips "))
        let reports = messages.compactMap { message -> WorkReport? in
            if case .report(let report) = message { report } else { nil }
        }
        #expect(reports.map(\.attempt.task.position) == [0, 1, 2, 3, 4])
        #expect(reports.map { reason($0.outcome) } == [nil, nil, nil, .vanished, nil])
        #expect(try bench.shell("identify -format '%wx%h ' out/*") == "50x33 50x33 50x33 50x33")
    }

    @Test("A recipe nobody can read makes the worker unusable")
    func badRecipe() throws {
        let (messages, status) = try talk(setup([1, 2, 3, 250]))
        #expect(status == 2)
        guard case .unusable? = messages.last else {
            Issue.record("\(messages)")
            return
        }
    }

    @Test("Noise on its input ends the worker with a word about it")
    func noise() throws {
        let (messages, status) = try talk([UInt8](repeating: 0x5A, count: 64))
        #expect(status == 1)
        #expect(messages.count == 1)
    }
}
