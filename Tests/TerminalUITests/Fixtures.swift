import Foundation
import JobModel
import TerminalUI

let jobID = JobID(rawValue: "20260131-093000-k3")

func text(_ bytes: [UInt8]) -> String { String(decoding: bytes, as: UTF8.self) }

/// A job half-way: three hosts, one of them in trouble.
func workingSnapshot(done: Int = 312, failed: Int = 3) -> ProgressSnapshot {
    var snapshot = ProgressSnapshot(job: jobID, phase: .working)
    snapshot.tasksDone = done
    snapshot.tasksTotal = 1000
    snapshot.failed = failed
    snapshot.bytesIn = 1_276_000_000
    snapshot.elapsedSeconds = 22
    snapshot.rate = 14.2
    snapshot.byteRate = 58_000_000
    snapshot.secondsLeft = 48...60
    snapshot.hosts = [
        HostLine(name: "localhost", slots: 8, busy: 8, done: 201, rate: 9.1),
        HostLine(name: "スキャナ室", slots: 4, busy: 4, done: 108, failed: 3, rate: 5.1),
        HostLine(name: "c🖥3", slots: 16, state: "unreachable, again in 40 s"),
    ]
    return snapshot
}

func facts() -> JobFacts {
    JobFacts(
        job: jobID, version: "1.0", command: ["quire", "run", "scans", "-o", "finished", "--name", "<b>&\"x\""],
        startedAt: "2026-01-31T09:30:00Z", tasks: 5, hosts: ["localhost", "c1"], folder: RawPath("finished"))
}

/// One row of every outcome, with the names and texts that break careless writers.
func nastyRows() -> [ReportRow] {
    [
        ReportRow(
            path: RawPath("scans/a \"b\", c.jpg"), outcome: .done,
            outputs: [RawPath("finished/a1.jpg"), RawPath("finished/a2.jpg")],
            notes: [ReportNote(.contentIs(.png)), .carriesGPS], bytesIn: 5_000_000, bytesOut: 400_000, seconds: 0.25, host: "c1",
            attempts: 1),
        ReportRow(
            path: RawPath(bytes: Array("scans/caf".utf8) + [0xE9, 0x2E, 0x6A, 0x70, 0x67]), outcome: .failed, reason: .truncated,
            message: "ends after 4,096 of 9,000 bytes", bytesIn: 4096, seconds: 0.01, host: "スキャナ室", attempts: 1,
            thumbnailJPEG: [0xFF, 0xD8, 0xFF, 0xD9]),
        ReportRow(
            path: RawPath("scans/<script>alert('x')</script>&amp;.png"), outcome: .failed, reason: .crashed,
            message: "signal 11\u{1B}[2J & \u{7}]]>", attempts: 2),
        ReportRow(path: RawPath("scans/two\nlines.tif"), outcome: .skipped, message: "is current"),
        ReportRow(
            path: RawPath("scans/日本 🎉.heic"), outcome: .done, outputs: [RawPath(bytes: [0x66, 0xFF])], bytesIn: 1, seconds: 3,
            attempts: 1),
    ]
}

func report(_ format: ReportFormat, _ rows: [ReportRow]) -> [UInt8] {
    var writer = ReportWriter(format)
    var summary = RunSummary(job: jobID, status: .someFilesFailed, elapsedSeconds: 72, folder: RawPath("finished"))
    var bytes = writer.header(facts())
    for row in rows {
        bytes += writer.row(row)
        summary.count(row)
    }
    return bytes + writer.footer(summary)
}

func json(_ bytes: [UInt8]) throws -> [String: Any] {
    guard let object = try JSONSerialization.jsonObject(with: Data(bytes)) as? [String: Any] else { throw NotAnObject() }
    return object
}

struct NotAnObject: Error {}

/// What a program prints on stdout, given `input` on stdin.
func output(of command: [String], input: [UInt8]) throws -> String {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    process.arguments = command
    let (stdin, stdout) = (Pipe(), Pipe())
    process.standardInput = stdin
    process.standardOutput = stdout
    try process.run()
    stdin.fileHandleForWriting.write(Data(input))
    try stdin.fileHandleForWriting.close()
    let data = stdout.fileHandleForReading.readDataToEndOfFile()
    process.waitUntilExit()
    return String(decoding: data, as: UTF8.self)
}
