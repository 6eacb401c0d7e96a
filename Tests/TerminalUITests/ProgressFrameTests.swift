import JobModel
import Testing

@testable import TerminalUI

@Suite struct ProgressFrameTests {
    private func lines(_ snapshot: ProgressSnapshot, _ columns: Int, rows: Int = 24) -> [String] {
        ProgressFrame(snapshot, columns: columns, rows: rows).lines.map { $0.text(colour: false) }
    }

    @Test("A wide terminal shows all, hosts in aligned columns by display width")
    func wide() {
        #expect(
            lines(workingSnapshot(), 80) == [
                "312/1,000  31%  3 failed  14.2/s  58 MB/s  48–60 s left",
                "localhost    8/8 busy  201 done            9.1/s",
                "スキャナ室   4/4 busy  108 done  3 failed  5.1/s",
                "c🖥3         0/16 busy    0 done              0/s  unreachable, again in 40 s",
            ])
    }

    @Test("A narrow terminal keeps what matters most")
    func narrow() {
        #expect(
            lines(workingSnapshot(), 50) == [
                "312/1,000  31%  3 failed  14.2/s  48–60 s left",
                "localhost    8/8 busy",
                "スキャナ室   4/4 busy  3 failed",
                "c🖥3         0/16 busy            unreachable, ag…",
            ])
        #expect(
            lines(workingSnapshot(), 20) == [
                "312/1,000  3 failed",
                "localhost",
                "スキャナ…",
                "c🖥3        unreach…",
            ])
    }

    @Test(
        "Every phase says what it is",
        arguments: [
            (
                ProgressSnapshot.Phase.scanning(found: 12_345, skipped: 12),
                "312/1,000  31%  3 failed  12,345 files found, 12 skipped"
            ),
            (.probing, "312/1,000  31%  3 failed  14.2/s  58 MB/s  48–60 s left  reading headers"),
            (.working, "312/1,000  31%  3 failed  14.2/s  58 MB/s  48–60 s left  400 pages bound"),
            (.binding, "312/1,000  31%  3 failed  14.2/s  48–60 s left  binding page 400 of 997"),
            (.finishing, "312/1,000  31%  3 failed  finishing"),
            (.paused(reason: "/mnt/scans is not mounted"), "312/1,000  31%  3 failed  paused: /mnt/scans is not mounted"),
            (.draining(secondsLeft: 12), "312/1,000  31%  3 failed  stopping within 12 s"),
        ])
    func phases(phase: ProgressSnapshot.Phase, expected: String) {
        var snapshot = workingSnapshot()
        snapshot.phase = phase
        snapshot.pagesBound = 400
        snapshot.pagesTotal = 997
        #expect(lines(snapshot, 80)[0] == expected)
    }

    @Test("No line is as wide as the terminal, at any width, in any phase", arguments: 1...100)
    func neverTooWide(columns: Int) {
        let phases: [ProgressSnapshot.Phase] = [
            .scanning(found: 4_000_000, skipped: 77), .working, .binding, .paused(reason: "原因は日本語で長い長い説明 🎉🎉"),
            .draining(secondsLeft: 3),
        ]
        for phase in phases {
            var snapshot = workingSnapshot(done: 3_999_999, failed: 1_000_000)
            snapshot.tasksTotal = 4_000_000
            snapshot.skipped = 12
            snapshot.phase = phase
            snapshot.hosts += [
                HostLine(
                    name: String(repeating: "長", count: 40), slots: 128, busy: 128, done: 9_999_999, failed: 8,
                    state: "x\u{1B}[2Jy")
            ]
            for line in ProgressFrame(snapshot, columns: columns, rows: 24).lines {
                #expect(line.columns <= max(1, columns - 1), "\(line.text(colour: false))")
                #expect(!line.text(colour: false).contains("\u{1B}"))
            }
        }
    }

    @Test("Hosts beyond the limit are counted, and the frame stays in the upper half", arguments: [4, 24, 100])
    func manyHosts(rows: Int) {
        var snapshot = workingSnapshot()
        snapshot.hosts = (1...28).map { HostLine(name: "c\($0)", slots: 4) }
        let lines = lines(snapshot, 80, rows: rows)
        let limit = min(16, rows / 2)
        #expect(lines.count == 1 + limit)
        #expect(lines.last == "… and \(28 - limit + 1) more hosts, 0/\((28 - limit + 1) * 4) busy")
        #expect(self.lines(snapshot, 80, rows: 1).count == 1)
    }

    @Test("Where not all hosts have room the troubled and the busiest are shown, in the order given, and the rest is summed up")
    func chosenHosts() {
        var snapshot = workingSnapshot()
        snapshot.hosts = (1...30).map { HostLine(name: "c\($0)", slots: 4, busy: $0 % 2 == 0 ? 4 : 3) }
        snapshot.hosts[28] = HostLine(name: "c29", slots: 4, state: "unreachable, again in 12 s: No route to host", isTroubled: true)
        let shown = lines(snapshot, 80)
        #expect(shown.count == 13)
        #expect(shown[1...10].map { $0.prefix { $0 != " " } } == ["c2", "c4", "c6", "c8", "c10", "c12", "c14", "c16", "c18", "c20"])
        #expect(shown[11] == "c29  0/4 busy  0 done  0/s  unreachable, again in 12 s: No route to host")
        #expect(shown[12] == "… and 19 more hosts, 62/76 busy")

        // Of a host that was not there yet only its state is known.
        snapshot.hosts = [HostLine(name: "h1", slots: 2, busy: 2, done: 7, rate: 1.5), HostLine(name: "h2", slots: 0, state: "connecting")]
        #expect(lines(snapshot, 80).suffix(2) == ["h1  2/2 busy  7 done  1.5/s", "h2" + String(repeating: " ", count: 27) + "connecting"])

        // However many are in trouble, those that work are seen too.
        snapshot.hosts = (1...30).map { HostLine(name: "c\($0)", slots: 4, state: "lost, again in 9 s", isTroubled: true) }
        for index in 20..<30 { snapshot.hosts[index] = HostLine(name: "w\(index)", slots: 4, busy: 4) }
        let half = lines(snapshot, 80)
        #expect(half.count { $0.hasPrefix("c") } == 5 && half.count { $0.hasPrefix("w") } == 6)
        #expect(half.last == "… and 19 more hosts, 16/76 busy, 15 in trouble")
    }

    @Test("Colour adds escape sequences only, and only where allowed")
    func colour() {
        let line = ProgressFrame(workingSnapshot(), columns: 80, rows: 24).lines[0]
        #expect(line.text(colour: true).contains("\u{1B}[31m3 failed\u{1B}[0m"))
        #expect(!line.text(colour: false).contains("\u{1B}"))
    }
}
