import JobModel
import LinuxSystem
import Staging
import Testing

@Suite("When reports may go")
struct ReportGateTests {
    private func report(_ task: Int, files: [String] = []) -> WorkReport {
        var work = FinishedWork()
        work.files = files.map {
            MadeFile(
                temp: RawPath($0), page: nil, sizeBytes: 1, digest: Digest256(bytes: Array(repeating: 0, count: 32)),
                isVerbatim: false)
        }
        return WorkReport(attempt: Attempt(task: TaskIndex(task), number: 1), outcome: .finished(work), usage: .none)
    }

    @Test("A report with files waits for their group; names are relative to the order's folder")
    func relative() {
        var gate = ReportGate()
        gate.add(report(0, files: ["a", "/elsewhere/b"]), folder: RawPath("/out"), spoolFolder: nil, nowMilliseconds: 0)
        #expect(gate.takeReports(isHungry: true, nowMilliseconds: 0).isEmpty)
        #expect(gate.takeGroup(isHungry: false, nowMilliseconds: 499) == nil)
        let group = gate.takeGroup(isHungry: false, nowMilliseconds: 500)
        #expect(group?.files == [RawPath("/out/a"), RawPath("/elsewhere/b")])
    }

    @Test("A group goes at 256 files, or at once for a hungry slot while none is under way")
    func due() {
        var gate = ReportGate()
        for task in 0..<255 { gate.add(report(task, files: ["\(task)"]), folder: nil, spoolFolder: nil, nowMilliseconds: 0) }
        #expect(gate.takeGroup(isHungry: false, nowMilliseconds: 1) == nil)
        gate.add(report(255, files: ["255"]), folder: nil, spoolFolder: nil, nowMilliseconds: 1)
        #expect(gate.takeGroup(isHungry: false, nowMilliseconds: 1)?.files.count == 256)
        gate.add(report(300, files: ["300"]), folder: nil, spoolFolder: nil, nowMilliseconds: 2)
        #expect(gate.takeGroup(isHungry: true, nowMilliseconds: 2) == nil, "one is under way")
        #expect(gate.synced(SyncedGroup(id: 1, failures: [])).count == 256)
        #expect(gate.takeGroup(isHungry: true, nowMilliseconds: 3)?.files.count == 1)
    }

    @Test("A disk that does not keep a file is at fault for its own report only, and no picture is", arguments: [28 as Int32, 5])
    func failures(code: Int32) {
        var gate = ReportGate()
        gate.add(report(0, files: ["a", "b"]), folder: nil, spoolFolder: nil, nowMilliseconds: 0)
        gate.add(report(1, files: ["c"]), folder: nil, spoolFolder: nil, nowMilliseconds: 0)
        _ = gate.takeGroup(isHungry: true, nowMilliseconds: 0)
        let reports = gate.synced(SyncedGroup(id: 1, failures: [(1, SystemError("fdatasync", "b", code: code))]))
        guard case .notStored(let fault) = reports[0].outcome, case .finished = reports[1].outcome else {
            Issue.record("\(reports)")
            return
        }
        #expect(fault.code == code)
    }

    @Test("Pages in the spool are durable before they are reported")
    func spooled() {
        var gate = ReportGate()
        var finished = report(0, files: ["a"])
        guard case .finished(var work) = finished.outcome else { return }
        let digest = Digest256(bytes: Array(repeating: 0, count: 32))
        let source = StreamSource(file: .spool(RawPath("p")), ranges: [ByteRange(offset: 0, count: 9)], digest: digest)
        work.pages = [PageFacts(width: 1, height: 1, bitsPerComponent: 8, colour: .grey, coding: .flate(pngPredictor: false), stream: source)]
        finished.outcome = .finished(work)
        gate.add(finished, folder: RawPath("/out"), spoolFolder: RawPath("/spool"), nowMilliseconds: 0)
        #expect(gate.takeGroup(isHungry: true, nowMilliseconds: 0)?.files == [RawPath("/out/a"), RawPath("/spool/p")])
    }

    @Test("Reports without files wait 10 ms for company, unless a slot is hungry")
    func plain() {
        var gate = ReportGate()
        gate.add(report(0), folder: nil, spoolFolder: nil, nowMilliseconds: 100)
        #expect(gate.takeReports(isHungry: false, nowMilliseconds: 109).isEmpty)
        #expect(gate.nextDeadlineMilliseconds == 110)
        #expect(gate.takeReports(isHungry: false, nowMilliseconds: 110).count == 1)
        gate.add(report(1), folder: nil, spoolFolder: nil, nowMilliseconds: 200)
        #expect(gate.takeReports(isHungry: true, nowMilliseconds: 200).count == 1)
        #expect(gate.isEmpty && gate.nextDeadlineMilliseconds == nil)
    }

    @Test("A disk that does not keep up is told, and groups under way are bounded")
    func congested() {
        var gate = ReportGate()
        var task = 0
        func fill() {
            for _ in 0..<256 {
                gate.add(report(task, files: ["\(task)"]), folder: nil, spoolFolder: nil, nowMilliseconds: 0)
                task += 1
            }
        }
        for _ in 0..<SyncThreads.groupsMax {
            fill()
            #expect(gate.takeGroup(isHungry: false, nowMilliseconds: 0) != nil)
        }
        #expect(!gate.isCongested)
        fill()
        #expect(gate.takeGroup(isHungry: true, nowMilliseconds: 10_000) == nil)
        #expect(gate.isCongested)
        _ = gate.synced(SyncedGroup(id: 3, failures: []))
        #expect(!gate.isCongested)
    }
}
