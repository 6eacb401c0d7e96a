import JobModel

/// The report as one page: totals, grouped failures, notes and a table of the inputs.
///
/// The markup is well-formed XML too, so that a strict parser can check that everything is escaped and closed. Totals are known
/// last and therefore come last in the file; the style sheet shows them first.
struct HTMLReport: Sendable {
    /// Whether rows are runs of a program, whose input need not be a file.
    private let isOfPrograms: Bool
    private var failedListed = 0
    private var othersListed = 0
    private var leftOut = 0
    private var thumbnails = 0

    /// Rows of failed inputs, and as many of all others: what a browser can sort in a second or two.
    static let rowsMax = 100_000
    /// Pictures on one page; some kilobytes each.
    static let thumbnailsMax = 1000

    init(isOfPrograms: Bool = false) { self.isOfPrograms = isOfPrograms }

    mutating func header(_ facts: JobFacts) -> [UInt8] {
        var about = [("Job", facts.job.rawValue), ("Command", facts.command.joined(separator: " "))]
        if let startedAt = facts.startedAt { about.append(("Started", startedAt)) }
        if !facts.hosts.isEmpty { about.append(("Hosts", facts.hosts.joined(separator: ", "))) }
        if let folder = facts.folder { about.append(("Outputs", folder.display)) }
        about.append(("Made by", "quire " + facts.version))
        let rows = about.map { "<dt>\(escaped($0.0))</dt><dd>\(escaped($0.1))</dd>" }.joined()
        let titles = [
            (isOfPrograms ? "Task" : "Input", "t"), ("Outcome", "t"), ("Details", "t"), ("In", "n"), ("Out", "n"), ("Time", "n"), ("Host", "t"),
        ]
        let heads = titles.map { "<th scope=\"col\"><button type=\"button\" data-kind=\"\($0.1)\">\($0.0)</button></th>" }
            .joined()
        return Array(
            """
            <!DOCTYPE html>
            <html lang="en">
            <head>
            <meta charset="utf-8" />
            <meta name="viewport" content="width=device-width, initial-scale=1" />
            <meta name="color-scheme" content="light dark" />
            <meta http-equiv="Content-Security-Policy" content="\(HTMLReportAssets.policy)" />
            <title>quire report: \(escaped(facts.job.rawValue))</title>
            <style>
            \(HTMLReportAssets.style)
            </style>
            <script>\(HTMLReportAssets.earlyScript)</script>
            </head>
            <body>
            <main>
            <header><h1>quire report</h1><details><summary>About this job</summary><dl>\(rows)</dl></details></header>
            <section id="files">
            <h2>\(isOfPrograms ? "Tasks" : "Files")</h2>
            <div id="tools" role="group" aria-label="Show">
            <button type="button" data-show="all" aria-pressed="true">All</button>
            <button type="button" data-show="failed" aria-pressed="false">Failed</button>
            <button type="button" data-show="skipped" aria-pressed="false">Skipped</button>
            <button type="button" data-show="done" aria-pressed="false">Done</button>
            <input type="search" id="find" placeholder="Find in names and messages" aria-label="Find in names and messages" />
            </div>
            <div id="scroll"><table>
            <thead><tr>\(heads)</tr></thead>
            <tbody>

            """.utf8)
    }

    mutating func row(_ row: ReportRow) -> [UInt8] {
        guard makeRoom(for: row.outcome) else { return [] }
        let outcome = row.outcome.rawValue
        let label = row.reason?.rawValue ?? outcome
        var text = "<tr class=\"\(outcome)\"><td>\(escaped(row.path.display))"
        // An arrow tells outputs from the input above them without another column.
        for output in row.outputs { text += "<small>→ \(escaped(output.display))</small>" }
        text += "</td><td><b>\(escaped(label))</b></td><td>\(details(row))</td>"
        text += figure("\(row.bytesIn)", row.bytesIn > 0 ? HumanText.bytes(row.bytesIn) : "")
        text += figure("\(row.bytesOut)", row.bytesOut > 0 ? HumanText.bytes(row.bytesOut) : "")
        text += figure("\(row.seconds.isFinite ? row.seconds : 0)", row.attempts > 0 ? HumanText.duration(row.seconds) : "")
        text += "<td>\(escaped(row.host ?? ""))</td></tr>\n"
        return Array(text.utf8)
    }

    mutating func footer(_ summary: RunSummary) -> [UInt8] {
        let leftOutText =
            leftOut == 0
            ? ""
            : "<p class=\"hint\">\(HumanText.counted(leftOut, "more row")) left out here; a .csv or .json report holds all.</p>"
        return Array(
            """
            </tbody>
            </table></div>
            <button type="button" id="more" hidden="hidden">Show more</button>
            \(leftOutText)
            </section>
            <section id="summary">
            \(HTMLReportSummary.markup(summary))
            </section>
            </main>
            <script>
            \(HTMLReportAssets.script)
            </script>
            </body>
            </html>

            """.utf8)
    }

    /// A cell that is sorted by `value` and reads `text`.
    private func figure(_ value: String, _ text: String) -> String { "<td data-v=\"\(value)\">\(text)</td>" }

    private mutating func makeRoom(for outcome: ReportRow.Outcome) -> Bool {
        switch outcome {
        case .failed:
            guard failedListed < Self.rowsMax else { break }
            failedListed += 1
            return true
        case .done, .skipped:
            guard othersListed < Self.rowsMax else { break }
            othersListed += 1
            return true
        }
        leftOut += 1
        return false
    }

    private mutating func details(_ row: ReportRow) -> String {
        var text = escaped(row.message)
        // A failure says it in its message; here for those that --ok accepts.
        if row.outcome == .done, let code = row.exitCode, code != 0 { text += "<small>exit code \(code)</small>" }
        if row.attempts > 1 { text += "<small>\(HumanText.counted(row.attempts, "attempt"))</small>" }
        for note in row.notes { text += "<small>\(escaped(note.text))</small>" }
        if row.outcome == .failed, let picture = row.thumbnailJPEG, thumbnails < Self.thumbnailsMax {
            thumbnails += 1
            text += "<img alt=\"what could be decoded\" loading=\"lazy\" decoding=\"async\" src=\"data:image/jpeg;base64,"
            text += Base64.encode(picture) + "\" />"
        }
        return text
    }
}

/// Text for element content and quoted attributes; control characters, which XML has not, are made visible.
func escaped(_ text: String) -> String {
    let text = DisplayText.harmless(text)
    guard text.utf8.contains(where: { $0 == 0x26 || $0 == 0x3C || $0 == 0x3E || $0 == 0x22 || $0 == 0x27 }) else { return text }
    var result = ""
    for scalar in text.unicodeScalars {
        switch scalar {
        case "&": result += "&amp;"
        case "<": result += "&lt;"
        case ">": result += "&gt;"
        case "\"": result += "&quot;"
        case "'": result += "&#39;"
        default: result.unicodeScalars.append(scalar)
        }
    }
    return result
}
