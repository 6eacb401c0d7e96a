import Foundation
import JobModel
import TerminalUI
import Testing

@Suite struct ProgressRendererTests {
    private func snapshot(_ done: Int, _ phase: ProgressSnapshot.Phase = .working, hosts: Int = 2) -> ProgressSnapshot {
        var snapshot = ProgressSnapshot(job: jobID, phase: phase)
        snapshot.tasksDone = done
        snapshot.tasksTotal = 100
        snapshot.hosts = (0..<hosts).map { HostLine(name: "c\($0)", slots: 2, busy: 1) }
        return snapshot
    }

    @Test("The terminal shows one frame, redrawn in place; messages stand above it and the end replaces it")
    func terminal() {
        var screen = Screen(columns: 40)
        var renderer = ProgressRenderer(mode: .tty, columns: 40, rows: 24, colour: true)
        screen.write(renderer.update(snapshot(1), atSeconds: 0))
        screen.write(renderer.update(snapshot(2), atSeconds: 1))
        screen.write(renderer.message("warning: first\nand its second line"))
        screen.write(renderer.update(snapshot(3, hosts: 1), atSeconds: 2))
        #expect(screen.lines == ["warning: first", "and its second line", "3/100  3%", "c0  1/2 busy  0 done  0/s"])

        let long = String(repeating: "long-", count: 20)
        screen.write(renderer.message(long))
        screen.write(renderer.update(snapshot(4), atSeconds: 3))
        #expect(screen.lines[2...4].joined() == long)
        #expect(screen.lines[5...] == ["4/100  4%", "c0  1/2 busy  0 done  0/s", "c1  1/2 busy  0 done  0/s"])

        var summary = RunSummary(job: jobID, elapsedSeconds: 12)
        for row in nastyRows() where row.outcome == .done { summary.count(row) }
        screen.write(renderer.end(summary))
        #expect(screen.lines[5...].joined() == summary.lines.joined(), "wrapped by the terminal, nothing of the frame left")
        #expect(renderer.update(snapshot(5), atSeconds: 9).isEmpty)
        #expect(renderer.end(summary).isEmpty)
    }

    @Test("A reason to pause that does not fit is printed in full once")
    func longReason() {
        var screen = Screen(columns: 30)
        var renderer = ProgressRenderer(mode: .tty, columns: 30)
        let reason = "/mnt/scans is not mounted; mount it"
        screen.write(renderer.update(snapshot(1, .paused(reason: reason), hosts: 0), atSeconds: 0))
        screen.write(renderer.update(snapshot(1, .paused(reason: reason), hosts: 0), atSeconds: 1))
        #expect(screen.lines == ["paused: /mnt/scans is not moun", "ted; mount it", "1/100  1%  paused: /mnt/scan…"])
    }

    @Test("A narrower terminal leaves no scraps of the wrapped frame behind")
    func resize() {
        var wide = Screen(columns: 60)
        var renderer = ProgressRenderer(mode: .tty, columns: 60)
        let first = renderer.update(workingSnapshot(), atSeconds: 0)
        wide.write(first)
        renderer.resize(columns: 20, rows: 24)
        let next = text(renderer.update(workingSnapshot(), atSeconds: 1))
        let wrapped = wide.lines.enumerated().reduce(0) { rows, line in
            // The terminal wraps anew: as many rows as the line needs at 20 columns, wide characters counted twice.
            rows + (line.element.unicodeScalars.reduce(0) { $0 + ($1.value > 0x3000 ? 2 : 1) } + 19) / 20
        }
        #expect(next.hasPrefix("\r\u{1B}[\(wrapped)A"))
    }

    @Test(
        "At most ten redraws a second on a terminal, one line in ten seconds in a log, one event a second",
        arguments: [
            (ProgressMode.tty, 401), (.plain, 4), (.json, 41), (.none, 0),
        ])
    func throttling(mode: ProgressMode, expected: Int) {
        var renderer = ProgressRenderer(mode: mode)
        var drawn = 0
        // 40,960 updates in forty seconds, at times a binary fraction holds exactly.
        for tick in 0...40_960 where !renderer.update(snapshot(tick / 410), atSeconds: Double(tick) / 1024).isEmpty { drawn += 1 }
        #expect(drawn <= expected && drawn >= expected * 9 / 10)
        #expect(
            renderer.update(snapshot(100, .draining(secondsLeft: 9)), atSeconds: 40.001).isEmpty == (mode == .none),
            "that a job stops is shown at once")
        #expect(!renderer.wantsUpdate(phase: .draining(secondsLeft: 9), atSeconds: 40.002))
    }

    @Test("The log line is complete and names the hosts in trouble")
    func plain() {
        var renderer = ProgressRenderer(mode: .plain)
        #expect(
            text(renderer.update(workingSnapshot(), atSeconds: 22)) == """
                22 s: 312 of 1,000 done (31%), 3 failed, 14.2/s, 58 MB/s, 48–60 s left, 12 of 28 slots busy; \
                c🖥3: unreachable, again in 40 s

                """)
        #expect(text(renderer.message("a\u{1B}[2Jb\n")) == "a\\x1B[2Jb\n")
    }

    @Test("Failures are named as they come, the first twenty of them", arguments: [ProgressMode.tty, .plain])
    func failures(mode: ProgressMode) {
        var renderer = ProgressRenderer(mode: mode)
        var shown = ""
        for number in 1...50 {
            shown += text(
                renderer.file(ReportRow(path: RawPath("f\(number)"), outcome: .failed, reason: .damaged, message: "bad")))
            shown += text(renderer.file(ReportRow(path: RawPath("g\(number)"), outcome: .done)))
        }
        let lines = shown.split(separator: "\n")
        #expect(lines.count == 21)
        #expect(lines[19] == "failed: f20: damaged: bad")
    }

    @Test("json tells nothing of the search for inputs any more once the job has started")
    func messageAfterStart() {
        var renderer = ProgressRenderer(mode: .json)
        #expect(!renderer.update(snapshot(0, .scanning(found: 3, skipped: 0)), atSeconds: 0).isEmpty)
        _ = renderer.start(facts())
        #expect(renderer.message("take care").isEmpty)
        let event = String(decoding: renderer.update(snapshot(1), atSeconds: 0.1), as: UTF8.self)
        #expect(event.contains("\"working\"") && event.contains("take care"))
    }

    @Test("json writes one valid event a line and nothing else, and loses no message")
    func events() throws {
        var renderer = ProgressRenderer(mode: .json)
        var bytes = renderer.message("too early")
        bytes += renderer.start(facts())
        for row in nastyRows() { bytes += renderer.file(row) }
        bytes += renderer.update(workingSnapshot(), atSeconds: 0)
        bytes += renderer.message("line 1\nline 2")
        bytes += renderer.update(snapshot(9, .paused(reason: "x")), atSeconds: 0.1)
        var summary = RunSummary(job: jobID, status: .someFilesFailed)
        for row in nastyRows() { summary.count(row) }
        bytes += renderer.end(summary)

        let lines = bytes.split(separator: 0x0A)
        #expect(bytes.last == 0x0A)
        let events = try lines.map { try json(Array($0)) }
        #expect(
            events.map { $0["event"] as? String } == ["start"] + Array(repeating: "file", count: 5) + [
                "progress", "progress", "progress", "end",
            ])
        #expect(events[0]["messages"] as? [String] == ["too early"])
        #expect(
            Set(events[0].keys) == ["event", "job", "version", "command", "started_at", "tasks", "hosts", "folder", "messages"])
        #expect(events[1]["outputs"] as? [String] == ["finished/a1.jpg", "finished/a2.jpg"])
        #expect(events[3]["reason"] as? String == "crashed")
        #expect(events[6]["messages"] as? [String] == [])
        #expect(events[6]["seconds_left"] as? [Double] == [48, 60])
        #expect((events[6]["hosts"] as? [[String: Any]])?.map { $0["slots"] as? Int } == [8, 4, 16])
        #expect(events[7]["messages"] as? [String] == ["line 1\nline 2"])
        #expect(events[8]["phase"] as? String == "paused" && events[8]["reason"] as? String == "x")
        #expect(events[9]["exit_status"] as? Int == 3 && events[9]["failed"] as? Int == 2)
    }
}
