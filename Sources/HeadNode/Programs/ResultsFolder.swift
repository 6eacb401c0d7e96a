import JobModel
import JobStore
import LinuxSystem
import TerminalUI

/// `--results DIR`: a folder a task with `stdout`, `stderr` and `result.json`, each put there whole; `result.json` last.
///
/// Members of `result.json`: `job`, `number` (place in the plan from 1), `argument`, `command`, `exit_code` or `signal` (both null where
/// no program was started), `started_at`, `seconds`, `cpu_seconds`, `peak_bytes`, `host`, `attempts`, `state` (done or failed),
/// `reason`, `message`, `stdout_bytes`, `stderr_bytes`.
struct ResultsFolder: Sendable {
    /// Absolute.
    let folder: RawPath
    let job: JobID
    let argumentsArePaths: Bool
    let output: CapturedOutput

    func keep(_ record: ProgramRecord, command: String) throws(HeadError) {
        let place = try place(of: record)
        try system("make a folder for results") { () throws(SystemError) in try FileOperation.createFolders(place) }
        if let result = record.result {
            try keep(result.output, as: "stdout", in: place, record)
            try keep(result.errors, as: "stderr", in: place, record)
        } else {
            // Those of an earlier job would be taken for this one's.
            try system("remove an earlier result") { () throws(SystemError) in
                for name in ["stdout", "stderr"] { try FileOperation.removeIfPresent(place.appending(name)) }
            }
        }
        try write("result.json", in: place, record) { (file) throws(HeadError) in
            let bytes = Array((JSONValue.object(members(record, command)).prettyText + "\n").utf8)
            try system("write a result") { () throws(SystemError) in try file.append(bytes) }
        }
    }

    /// Two tasks with the same argument, or with `a` and `/a`, have a folder each: that of the one that ends later ends in its number.
    private func place(of record: ProgramRecord) throws(HeadError) -> RawPath {
        let name = argumentsArePaths ? ResultName.path(record.task.input) : ResultName.text(record.task.input)
        let place = folder.appending(name)
        let earlier = try system("look at an earlier result") { () throws(SystemError) in
            try FileOperation.factsIfPresent(of: place.appending("result.json"))?.type == .regular
                ? try OpenFile(place.appending("result.json"), .read).read(count: 256, at: 0) : []
        }
        let start = String(decoding: earlier, as: UTF8.self)
        guard start.hasPrefix(Self.start(job)), !start.hasPrefix(Self.start(job) + Self.number(record.task)) else { return place }
        return RawPath(bytes: place.bytes + Array("%-\(record.task.index.position + 1)".utf8))
    }

    private static func start(_ job: JobID) -> String { "{\n  \"job\": \"\(job.rawValue)\",\n" }
    private static func number(_ task: PlannedTask) -> String { "  \"number\": \(task.index.position + 1),\n" }

    private func keep(_ captured: ProgramResult.Captured, as name: String, in place: RawPath, _ record: ProgramRecord) throws(HeadError) {
        try write(name, in: place, record) { (file) throws(HeadError) in
            _ = try output.read(captured) { (bytes) throws(HeadError) in
                try system("write a result") { () throws(SystemError) in try file.append(bytes) }
            }
        }
    }

    private func write(
        _ name: String, in place: RawPath, _ record: ProgramRecord, _ body: (borrowing OpenFile) throws(HeadError) -> Void
    ) throws(HeadError) {
        let temp = place.appending(".quire-\(job.rawValue)-\(record.task.index.position)-\(name)")
        do throws(HeadError) {
            let file = try system("write a result") { () throws(SystemError) in
                try FileOperation.removeIfPresent(temp)
                return try OpenFile(temp, .create(mode: 0o666))
            }
            try body(file)
            try system("name a result") { () throws(SystemError) in try FileOperation.rename(temp, replacing: place.appending(name)) }
        } catch {
            // The fault that counts is the first.
            do throws(SystemError) { try FileOperation.removeIfPresent(temp) } catch {}
            throw error
        }
    }

    private func members(_ record: ProgramRecord, _ command: String) -> [(String, JSONValue)] {
        let (outcome, result) = (record.outcome, record.result)
        let (code, signal): (JSONValue, JSONValue) =
            switch result?.end {
            case .exited(let code): (.integer(Int(code)), .null)
            case .killed(let signal): (.null, .integer(Int(signal)))
            case nil: (.null, .null)
            }
        let started = result.map { CalendarText.timestamp(epochSeconds: $0.startedEpochMilliseconds / 1000) }
        var members: [(String, JSONValue)] = [("job", .string(job.rawValue)), ("number", .integer(record.task.index.position + 1))]
        members += JSONValue.pathFields("argument", record.task.input)
        members += [("command", .string(command)), ("exit_code", code), ("signal", signal), ("started_at", .optional(started))]
        members += [
            ("seconds", .number(Double(outcome.usage.wallMicroseconds) / 1e6)), ("cpu_seconds", .number(Double(outcome.usage.cpuMicroseconds) / 1e6)),
            ("peak_bytes", .size(outcome.usage.peakMemoryBytes)), ("host", .optional(outcome.host)), ("attempts", .integer(Int(outcome.attempts))),
        ]
        members += [
            ("state", .string(outcome.state == .failed ? "failed" : "done")), ("reason", .optional(outcome.failure?.reason.rawValue)),
            ("message", .optional(outcome.failure?.message)), ("stdout_bytes", .size(result?.output.sizeBytes ?? 0)),
            ("stderr_bytes", .size(result?.errors.sizeBytes ?? 0)),
        ]
        return members
    }
}
