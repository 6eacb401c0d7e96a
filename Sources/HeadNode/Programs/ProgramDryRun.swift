import JobModel
import JobStore
import LinuxSystem
import Programs
import TerminalUI

/// What `quire exec --dry-run` prints: the commands, one a line as a shell reads them, and all else in its comments.
///
/// With `--json` an object of `tasks` (count), `skipped` (array of `reason`, `count`), `commands` (array of `argument`, `number`,
/// `command` (array of words), `outputs` (array of paths), `state`: `planned`, `current`, `skipped`, `done-earlier` or `failed`,
/// `replaces`). Words and paths that are not UTF-8 have their exact bytes in members that end in `_base64`.
struct ProgramDryRun {
    let settings: RunSettings
    let plan: JobPlan
    let program: ProgramPlan
    let store: JobStore

    private static let bytesAtOnce = 1 << 16

    func print() throws(HeadError) {
        if settings.printsJSON { try printJSON() } else { try printText() }
    }

    private func printText() throws(HeadError) {
        var text = ""
        var open = 0
        try store.forEachRecord(in: 0..<plan.taskCount) { (record) throws(HeadError) in
            if record.outcome.state == .planned { open += 1 }
            text += try line(record)
            if text.utf8.count > Self.bytesAtOnce {
                try FactsOutput.write(text)
                text = ""
            }
        }
        for (reason, count) in plan.skipped { text += "# left out: \(HumanText.count(count)) \(reason)\n" }
        text += "# \(HumanText.counted(open, "command")) of \(HumanText.counted(plan.taskCount, "task")); nothing was started or written\n"
        try FactsOutput.write(text)
    }

    private func line(_ record: TaskRecord) throws(HeadError) -> String {
        let command = program.displayCommand(of: record.task)
        switch record.outcome.state {
        case .planned, .won, .committed:
            let outputs = try program.outputs(of: record.task)
            if outputs.isEmpty { return command + "\n" }
            return "\(command)  # makes \(outputs.map(\.display).joined(separator: ", "))\(record.task.mayReplace ? ", replacing what is there" : "")\n"
        case .current: return "# up to date: \(command)\n"
        case .skipped: return "# \(record.outcome.outputs.isEmpty ? "given twice" : "output exists"): \(command)\n"
        case .doneEarlier: return "# done by an earlier job: \(command)\n"
        case .failed: return "# will fail (\(RawPath(record.outcome.failure?.message ?? "").display)): \(command)\n"
        }
    }

    /// Piece by piece: a plan may have millions of tasks.
    private func printJSON() throws(HeadError) {
        let skipped = plan.skipped.map { JSONValue.object([("reason", .string($0.reason)), ("count", .integer($0.count))]) }
        let value = JSONValue.object([("tasks", .integer(plan.taskCount)), ("skipped", .array(skipped)), ("commands", .array([]))])
        let ending = "]\n}"
        let frame = value.prettyText
        precondition(frame.hasSuffix("[" + ending), "the plan does not end with its commands: \(frame.suffix(20))")
        var text = String(frame.dropLast(ending.count))
        var isFirst = true
        try store.forEachRecord(in: 0..<plan.taskCount) { (record) throws(HeadError) in
            text += (isFirst ? "\n    " : ",\n    ") + (try command(record)).text
            isFirst = false
            if text.utf8.count > Self.bytesAtOnce {
                try FactsOutput.write(text)
                text = ""
            }
        }
        try FactsOutput.write(text + (isFirst ? "" : "\n  ") + ending + "\n")
    }

    private func command(_ record: TaskRecord) throws(HeadError) -> JSONValue {
        let (words, outputs) = try program.words(of: record.task)
        var fields = JSONValue.pathFields("argument", record.task.input)
        fields.append(("number", .integer(Int(program.number(of: record.task)))))
        fields += JSONValue.pathsFields("command", words.map { RawPath(bytes: $0) })
        fields += JSONValue.pathsFields("outputs", outputs)
        fields += [("state", .string(record.outcome.state.planWord)), ("replaces", .bool(record.task.mayReplace))]
        return .object(fields)
    }
}
