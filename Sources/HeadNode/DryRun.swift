import JobModel
import JobStore
import LinuxSystem
import Recipes
import TerminalUI

/// `--dry-run`: the plan on standard output, for people or with `--json` as one object; nothing is written or remembered.
///
/// JSON: `actions` (array of text), `tasks`, `bytes_in`, `skipped` (array of `reason`, `count`), `pdf` (array of paths),
/// `books` (array of `path`, `pages`, `bytes` or null, `withheld`, `encoded_anew`, `volumes`: array of `path`, `pages`, `bytes`,
/// `too_large_for`),
/// `files` (array of `path`, `output` or null, `format`, `state`: `planned`, `current`, `skipped` or `failed`, `replaces`,
/// and where the recipe saves more than once `further`: array of `output`, `format`, `replaces`).
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
            if !record.task.outputs.isEmpty { text += " -> \(record.task.outputs.map(\.display).joined(separator: ", "))" }
            switch record.outcome.state {
            case .failed: text += " (will fail: \(record.outcome.failure?.message ?? ""))"
            case .current: text += " (up to date)"
            case .skipped: text += " (left as it is)"
            case .doneEarlier: text += " (done by an earlier job)"
            case .planned, .won, .committed: text += replacement(record.task)
            }
            text += "\n"
            if text.utf8.count > 1 << 16 {
                try FactsOutput.write(text)
                text = ""
            }
        }
        for book in plan.forecasts {
            text += lines(book)
            if text.utf8.count > 1 << 16 {
                try FactsOutput.write(text)
                text = ""
            }
        }
        text += forecastEnding
        for (reason, count) in plan.skipped { text += "passed over: \(count) \(reason)\n" }
        text += "\(HumanText.counted(plan.taskCount, "file")), \(HumanText.bytes(bytes)); nothing was written\n"
        try FactsOutput.write(text)
    }

    private func replacement(_ task: PlannedTask) -> String {
        if settings.isInPlace, task.output == nil { return " (up to date; its page is made of it)" }
        let replaced = task.outputs.indices.filter { task.mayReplace(save: $0) }
        if replaced.isEmpty { return "" }
        return task.outputs.count == 1 ? " (replaces it)" : " (replaces \(replaced.map { task.outputs[$0].display }.joined(separator: ", ")))"
    }

    private func lines(_ book: BookForecast) -> String {
        if book.isWithheld { return "PDF: \(book.path), withheld, since a file fails\n" }
        let pages = HumanText.counted(book.pages, "page")
        var text = "PDF: \(book.path), " + (book.bytes.map { "\(pages), \(HumanText.bytes($0))" } ?? "\(pages), size known when they are made")
        guard book.volumes.count > 1 else { return text + "\n" }
        text += ", in \(HumanText.count(book.volumes.count)) volumes:\n"
        for volume in book.volumes {
            let size = volume.bytes.map { ", \(HumanText.bytes($0))" } ?? ""
            text += "  \(volume.path): \(HumanText.counted(volume.pages, "page"))\(size)\n"
        }
        return text
    }

    /// What the figures of the books rest on, and who cannot read what they say.
    private var forecastEnding: String {
        let sized = plan.forecasts.filter { $0.bytes != nil && !$0.isWithheld }
        if sized.isEmpty { return "" }
        let anew = sized.reduce(0) { $0 + $1.encodedAnewCount }
        var text = "sizes of PDFs are a forecast: a page a file, nothing encoded anew"
        if anew > 0 { text += "; \(HumanText.counted(anew, "file")) must be, and will take more or less" }
        let volumes = sized.flatMap(\.volumes).map { (path: $0.path, bytes: $0.bytes ?? 0) }
        return text + "\n" + (ViewerLimits.sentence(of: volumes).map { "note: \($0)\n" } ?? "")
    }

    private func value(_ book: BookForecast) -> JSONValue {
        let volumes = book.volumes.map { volume in
            let fields: [(String, JSONValue)] = [
                ("pages", .integer(volume.pages)), ("bytes", volume.bytes.map(JSONValue.size) ?? .null),
                ("too_large_for", .array(ViewerLimits.tooLargeFor(bytes: volume.bytes ?? 0).map(JSONValue.string))),
            ]
            return JSONValue.object(JSONValue.pathFields("path", volume.path) + fields)
        }
        let fields: [(String, JSONValue)] = [
            ("pages", .integer(book.pages)), ("bytes", book.bytes.map(JSONValue.size) ?? .null), ("withheld", .bool(book.isWithheld)),
            ("encoded_anew", .integer(book.encodedAnewCount)), ("volumes", .array(volumes)),
        ]
        return .object(JSONValue.pathFields("path", book.path) + fields)
    }

    /// Piece by piece: a plan may have millions of files.
    private func printJSON() throws(HeadError) {
        var bytes: UInt64 = 0
        try store.forEachRecord(in: 0..<plan.taskCount) { record in bytes += record.task.identity.sizeBytes }
        let skipped = plan.skipped.map { JSONValue.object([("reason", .string($0.reason)), ("count", .integer($0.count))]) }
        let value = JSONValue.object([
            ("actions", .array(actions.map(JSONValue.string))), ("tasks", .integer(plan.taskCount)), ("bytes_in", .size(bytes)),
            ("skipped", .array(skipped)), ("pdf", .array(plan.books.map { .path($0.path) })),
            ("books", .array(plan.forecasts.map(value))), ("files", .array([])),
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
        var fields = JSONValue.pathFields("path", record.task.input)
        fields += record.task.output.map { JSONValue.pathFields("output", $0) } ?? [("output", .null)]
        fields += [("format", .string(record.task.format.rawValue)), ("state", .string(record.outcome.state.planWord)), ("replaces", .bool(record.task.mayReplace))]
        if !record.task.further.isEmpty {
            let further = record.task.further.map { output in
                JSONValue.object(
                    JSONValue.pathFields("output", output.path)
                        + [("format", .string(output.format.rawValue)), ("replaces", .bool(output.mayReplace))])
            }
            fields.append(("further", .array(further)))
        }
        return .object(fields)
    }
}
