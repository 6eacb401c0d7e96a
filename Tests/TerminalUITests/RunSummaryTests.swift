import Foundation
import JobModel
import TerminalUI
import Testing

@Suite struct RunSummaryTests {
    private func summary() -> RunSummary {
        var summary = RunSummary(job: jobID, status: .someFilesFailed, elapsedSeconds: 72, folder: RawPath("finished"))
        for number in 1...1000 {
            var row = ReportRow(
                path: RawPath("scans/\(number).jpg"), outcome: .done, outputs: [RawPath("finished/\(number).jpg")],
                bytesIn: 4_176_000)
            if number <= 12 { row.notes = [.carriesGPS] }
            if number <= 3 { row.notes.append(ReportNote(.contentIs(.png))) }
            if number == 1 { row.notes.append(ReportNote(.contentIs(.tiff))) }
            summary.count(row)
        }
        for number in 1...7 {
            summary.count(
                ReportRow(
                    path: RawPath("scans/bad\(number).jpg"), outcome: .failed, reason: .truncated, message: "ends early"))
        }
        summary.count(ReportRow(path: RawPath("a\nb"), outcome: .failed, reason: .unreadable, message: "input/output error"))
        summary.countSkipped(reason: "hidden", 2)
        summary.volumes = [.init(path: RawPath("album.pdf"), pages: 997, sizeBytes: 312_000_000)]
        return summary
    }

    @Test("The end tells what was made, what failed and what to do, what to note and what was skipped")
    func lines() {
        #expect(
            summary().lines == [
                "1,000 done, 8 failed, 2 skipped in 1 min 12 s (14.0/s, 58 MB/s); "
                    + "1,000 files in finished/, album.pdf (997 pages, 312 MB)",
                "unreadable: 1 file",
                "  a\\x0ab: input/output error",
                "  next: look at the disk or share these lie on, then: quire retry 20260131-093000-k3 --reason unreadable",
                "truncated: 7 files",
                "  scans/bad1.jpg: ends early",
                "  scans/bad2.jpg: ends early",
                "  scans/bad3.jpg: ends early",
                "  scans/bad4.jpg: ends early",
                "  scans/bad5.jpg: ends early",
                "  … and 2 more",
                "  next: copy these again from where they came from, then: quire retry 20260131-093000-k3 --reason truncated; or run again "
                    + "with --accept-damaged to keep what decodes",
                "note: 12 files carry GPS",
                "note: 3 files whose content disagrees with the extension",
                "skipped: 2 (hidden)",
            ])
    }

    @Test("A small clean run is one line; a stopped one says how to go on")
    func short() {
        var summary = RunSummary(job: jobID, elapsedSeconds: 0.4)
        summary.count(ReportRow(path: RawPath("a.jpg"), outcome: .done, outputs: [RawPath("b.jpg")], bytesIn: 1_000_000))
        #expect(summary.lines == ["1 done in 0.4 s (2.5/s, 2.5 MB/s); 1 file"])
        summary.left = 1200
        summary.isResumable = true
        #expect(summary.lines.last == "1,200 not done yet; go on with: quire resume 20260131-093000-k3")
        summary.left = 0
        summary.stateFolder = RawPath("my state")
        #expect(summary.lines.last == "not finished yet; go on with: quire resume 20260131-093000-k3 --state-dir 'my state'")
        #expect(RunSummary(job: jobID).lines == ["0 done in 0 s"])
    }

    @Test("Thousands of PDFs are summed up")
    func manyVolumes() {
        var summary = RunSummary(job: jobID, elapsedSeconds: 1)
        summary.volumes = (1...2000).map { .init(path: RawPath("\($0).pdf"), pages: 3, sizeBytes: 1_000_000) }
        #expect(summary.totalsLine == "0 done in 1.0 s; 2,000 PDFs (6,000 pages, 2.0 GB)")
    }

    @Test("Kept names, reasons and notes are bounded while the counts stay right")
    func bounded() {
        var summary = RunSummary(job: jobID)
        for number in 0..<10_000 {
            summary.count(ReportRow(path: RawPath("f"), outcome: .failed, reason: .damaged, message: "m"))
            summary.countSkipped(reason: "because \(number)")
        }
        #expect(summary.failed == 10_000 && summary.skipped == 10_000)
        #expect(summary.failures[0].count == 10_000 && summary.failures[0].first.count == RunSummary.namesMax)
        #expect(summary.skippedByReason.count == RunSummary.kindsMax + 1)
        #expect(summary.skippedByReason.reduce(0) { $0 + $1.count } == 10_000)
    }

    @Test("Every reason has a next step")
    func nextSteps() {
        for reason in FailureReason.allCases {
            var summary = RunSummary(job: jobID)
            summary.count(ReportRow(path: RawPath("f"), outcome: .failed, reason: reason, message: "m"))
            #expect(summary.failures.first?.nextStep(retry: "again").isEmpty == false)
            #expect(summary.lines.contains { $0.hasPrefix("\(reason.rawValue): 1 file") })
        }
    }

    @Test("Where actions refuse files too, the next step is about the recipe")
    func pickyActions() {
        var summary = RunSummary(job: jobID)
        summary.count(ReportRow(path: RawPath("f"), outcome: .failed, reason: .unsupported, message: "m"))
        #expect(summary.lines.contains { $0.hasPrefix("  next: convert these") })
        summary.hasPickyActions = true
        #expect(summary.lines.contains { $0.hasPrefix("  next: change the recipe") })
    }

    @Test("--json gives the same facts under the documented keys")
    func facts() throws {
        let object = try json(Array(summary().jsonText.utf8))
        #expect(
            Set(object.keys) == [
                "job", "exit_status", "done", "failed", "skipped", "left", "seconds", "bytes_in", "bytes_out", "files_made",
                "folder", "pdf", "stale_pdf", "other_builds",
                "failures", "skipped_by_reason", "notes",
            ])
        #expect(object["done"] as? Int == 1000 && object["bytes_in"] as? Int == 4_176_000_000)
        let groups = try #require(object["failures"] as? [[String: Any]])
        #expect(groups.map { $0["reason"] as? String } == ["unreadable", "truncated"])
        #expect((groups[1]["first"] as? [Any])?.count == 5 && groups[1]["count"] as? Int == 7)
        #expect((object["pdf"] as? [[String: Any]])?[0]["pages"] as? Int == 997)
    }
}
