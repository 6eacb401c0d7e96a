import JobModel
import JobStore
import LinuxSystem
import TerminalUI

/// `--joblog FILE`: a line a task as it ends, as GNU parallel writes and reads them (parallel(1), `--joblog`).
///
/// `Seq` is the place in the plan from 1; `Host` is `:` for this machine; `Send` is 0, `Receive` the bytes of standard output. `Exitval`
/// is never 0 for a task that failed: 1 if its program ended with 0, 255 if none was started.
final class ProgramLog {
    static let header = "Seq\tHost\tStarttime\tJobRuntime\tSend\tReceive\tExitval\tSignal\tCommand\n"

    private let file: OpenFile
    private let thisMachine: String
    private var offset: UInt64

    /// Opens the file at its end; one that is there must be such a log or empty.
    init(_ path: RawPath, thisMachine: String) throws(HeadError) {
        try Self.check(path)
        self.thisMachine = thisMachine
        let file = try system("open the log of jobs") { () throws(SystemError) in try OpenFile(path, .update(mode: 0o666)) }
        var last: [UInt8] = []
        do throws(SystemError) {
            offset = try file.facts().identity.sizeBytes
            if offset > 0 { last = try file.read(count: 1, at: offset - 1) }
        } catch {
            throw .system(doing: "look at the log of jobs", error)
        }
        self.file = file
        if offset == 0 {
            try append(Self.header)
        } else if last != [0x0A] {
            // A process was stopped within a line.
            try append("\n")
        }
    }

    /// Refuses what is no log of jobs, before any work.
    static func check(_ path: RawPath) throws(HeadError) {
        let start = try system("look at --joblog \(path)") { () throws(SystemError) -> [UInt8]? in
            guard let facts = try FileOperation.factsIfPresent(of: path) else { return [] }
            guard facts.type == .regular else { return nil }
            return try OpenFile(path, .read).read(count: header.utf8.count, at: 0)
        }
        guard let start, start.isEmpty || start == Array(header.utf8) else {
            throw .usage("--joblog \(path): there is something else under this name, and no log of jobs; name another file or move it away")
        }
    }

    func add(_ lines: [String]) throws(HeadError) {
        if !lines.isEmpty { try append(lines.joined()) }
    }

    func line(_ record: ProgramRecord, command: String) -> String {
        let result = record.result
        var (code, signal): (Int32, Int32) =
            switch result?.end {
            case .exited(let code): (code, 0)
            case .killed(let signal): (0, signal)
            case nil: (255, 0)
            }
        if record.outcome.state == .failed, code == 0, signal == 0 { code = 1 }
        let host = record.outcome.host.flatMap { $0.isEmpty || $0 == thisMachine ? nil : $0 } ?? ":"
        let runtime = HumanText.thousandths(Int64(clamping: record.outcome.usage.wallMicroseconds / 1000))
        let fields = [
            "\(record.task.index.position + 1)", host, HumanText.thousandths(result?.startedEpochMilliseconds ?? 0),
            String(repeating: " ", count: max(0, 10 - runtime.count)) + runtime, "0", "\(result?.output.sizeBytes ?? 0)", "\(code)", "\(signal)",
            // A line feed as parallel writes it.
            String(command.map { $0.isNewline ? "\0" : $0 }),
        ]
        return fields.joined(separator: "\t") + "\n"
    }

    private func append(_ text: String) throws(HeadError) {
        let bytes = Array(text.utf8)
        try system("write the log of jobs") { () throws(SystemError) in try file.write(bytes, at: offset) }
        offset += UInt64(bytes.count)
    }
}
