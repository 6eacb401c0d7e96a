import Foundation
import JobModel
import LinuxSystem
import Recipes
import Testing
import WireProtocol

@Suite("Pixel fingerprints")
struct FingerprintTests {
    private static let files = FingerprintOrder.Work.process(files: true, pages: false)
    private static let everything = FingerprintOrder.Work.process(files: true, pages: true)

    /// The fingerprint that a worker process of its own takes, as an agent asks for it.
    private func fingerprint(
        _ actions: [Action], _ work: FingerprintOrder.Work = everything, variables: [String: String] = [:]
    ) throws -> Digest256 {
        try taken(actions, work, variables: variables).fingerprint
    }

    private func taken(
        _ actions: [Action], _ work: FingerprintOrder.Work = everything, variables: [String: String] = [:]
    ) throws -> (fingerprint: Digest256, cpuMilliseconds: UInt64) {
        let bench = try Bench()
        let process = Process()
        process.executableURL = URL(fileURLWithPath: try ownExecutable().parent.appending("quire-worker").display)
        process.environment = ProcessInfo.processInfo.environment.merging(variables) { $1 }
        let (input, output) = (Pipe(), Pipe())
        process.standardInput = input
        process.standardOutput = output
        try process.run()
        let setup = WorkSetup(recipe: Recipe(actions: actions).canonicalBytes, damage: .fail, limits: WorkLimits(), fileMode: 0o600)
        let order = WorkOrder(
            attempt: Attempt(task: TaskIndex(0), number: 1), input: RawPath("/nowhere"),
            identity: InputIdentity(sizeBytes: 0, modifiedNanoseconds: 0),
            kind: .fingerprint(FingerprintOrder(folder: RawPath(bench.path("out")), work: work)), tempName: RawPath(".canary"))
        let commands: [WorkerCommand] = [.hello(Hello(build: "test")), .setup(setup), .order(order)]
        try input.fileHandleForWriting.write(contentsOf: Data(commands.flatMap { Frame.encode($0) }))
        try input.fileHandleForWriting.close()
        var reader = FrameReader<WorkerMessage>(awaitsMagic: false)
        reader.feed(Array(output.fileHandleForReading.readDataToEndOfFile()))
        process.waitUntilExit()
        var found: (Digest256, UInt64)?
        while let message = try reader.next() {
            if case .report(let report) = message, case .finished(let work) = report.outcome, let digest = work.fingerprint {
                found = (digest, report.usage.cpuMicroseconds / 1000)
            }
        }
        #expect(try bench.leftovers() == [], "a fingerprint leaves nothing behind")
        return try #require(found)
    }

    @Test("The same work has the same fingerprint in every process, for little effort")
    func repeated() throws {
        let shrink = [Action.autoOrient, .shrink(.longSide(1600))]
        let first = try taken(shrink)
        #expect(try fingerprint(shrink) == first.fingerprint)
        // 0.7 s in a release build.
        #expect(first.cpuMilliseconds < 5_000)
    }

    @Test("Another recipe, other outputs, and pages as they are have other fingerprints")
    func different() throws {
        let all = [
            try fingerprint([]), try fingerprint([], Self.files), try fingerprint([], .page),
            try fingerprint([.shrink(.longSide(1600))]), try fingerprint([.shrink(.longSide(1500))]),
            try fingerprint([.greyscale]), try fingerprint([.save(Save(format: .webp, quality: 60))]),
        ]
        #expect(Set(all).count == all.count)
    }

    @Test("A host whose vector code makes other pixels has another fingerprint", arguments: [200, 1600])
    func vectorCode(side: Int) throws {
        let shrink = [Action.shrink(.longSide(side))]
        #expect(try fingerprint(shrink, Self.files) != fingerprint(shrink, Self.files, variables: ["VIPS_NOVECTOR": "1"]))
    }

    @Test("A disk that takes nothing is told as that, and is no fingerprint")
    func noFolder() throws {
        let bench = try Bench()
        try bench.write([0], "any")
        let order = FingerprintOrder(folder: RawPath(bench.path("none")), work: Self.files)
        guard case .notStored(let fault) = try bench.perform("any", .fingerprint(order)) else {
            Issue.record("it was stored")
            return
        }
        #expect(fault.code == ENOENT)
    }
}
