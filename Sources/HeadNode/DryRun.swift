import JobModel
import JobStore
import LinuxSystem
import Recipes
import TerminalUI

/// `--dry-run`: the plan on standard output, for people or with `--json` as one object; nothing is written or remembered.
///
/// JSON: `actions` (array of text), `tasks`, `bytes_in`, `skipped` (array of `reason`, `count`), `pdf` (array of paths),
/// `files` (array of `path`, `output` or null, `format`, `state`: `planned`, `current`, `skipped` or `failed`, `replaces`).
struct DryRun {
    let settings: RunSettings
    let plan: JobPlan
    let store: JobStore

    func print() throws(HeadError) {
        if settings.printsJSON { try printJSON() } else { try printText() }
    }

    private var actions: [String] {
        plan.bindsInputsAsTheyAre ? ["bind the inputs as they are"] : plan.recipe.sentences
    }

    private func printText() throws(HeadError) {
        var text = "actions:\n" + actions.map { "  \($0)\n" }.joined()
        var bytes: UInt64 = 0
        try store.forEachRecord(in: 0..<plan.taskCount) { (record) throws(HeadError) in
            bytes += record.task.identity.sizeBytes
            text += record.task.input.display
            if let output = record.task.output { text += " -> \(output.display)" }
            switch record.outcome.state {
            case .failed: text += " (will fail: \(record.outcome.failure?.message ?? ""))"
            case .current: text += " (up to date)"
            case .skipped: text += " (left as it is)"
            case .planned, .won, .committed: if record.task.mayReplace { text += " (replaces it)" }
            }
            text += "\n"
            if text.utf8.count > 1 << 16 {
                try FactsOutput.write(text)
                text = ""
            }
        }
        for book in plan.books { text += "PDF: \(book.path)\n" }
        for (reason, count) in plan.skipped { text += "passed over: \(count) \(reason)\n" }
        text += "\(HumanText.counted(plan.taskCount, "file")), \(HumanText.bytes(bytes)); nothing was written\n"
        try FactsOutput.write(text)
    }

    /// Piece by piece: a plan may have millions of files.
    private func printJSON() throws(HeadError) {
        var bytes: UInt64 = 0
        try store.forEachRecord(in: 0..<plan.taskCount) { record in bytes += record.task.identity.sizeBytes }
        let skipped = plan.skipped.map { JSONValue.object([("reason", .string($0.reason)), ("count", .integer($0.count))]) }
        let value = JSONValue.object([
            ("actions", .array(actions.map(JSONValue.string))), ("tasks", .integer(plan.taskCount)), ("bytes_in", .size(bytes)),
            ("skipped", .array(skipped)), ("pdf", .array(plan.books.map { .path($0.path) })), ("files", .array([])),
        ])
        let ending = "]\n}"
        let frame = value.prettyText
        precondition(frame.hasSuffix("[" + ending), "the plan does not end with its files: \(frame.suffix(20))")
        var text = String(frame.dropLast(ending.count))
        var isFirst = true
        try store.forEachRecord(in: 0..<plan.taskCount) { (record) throws(HeadError) in
            text += isFirst ? "\n" : ",\n"
            isFirst = false
            text += file(record).prettyText.split(separator: "\n").map { "    " + $0 }.joined(separator: "\n")
            if text.utf8.count > 1 << 16 {
                try FactsOutput.write(text)
                text = ""
            }
        }
        try FactsOutput.write(text + (isFirst ? "" : "\n  ") + ending + "\n")
    }

    private func file(_ record: TaskRecord) -> JSONValue {
        let state =
            switch record.outcome.state {
            case .planned, .won, .committed: "planned"
            case .current: "current"
            case .skipped: "skipped"
            case .failed: "failed"
            }
        var fields = JSONValue.pathFields("path", record.task.input)
        fields += record.task.output.map { JSONValue.pathFields("output", $0) } ?? [("output", .null)]
        fields += [("format", .string(record.task.format.rawValue)), ("state", .string(state)), ("replaces", .bool(record.task.mayReplace))]
        return .object(fields)
    }
}
