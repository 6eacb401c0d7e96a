import JobModel

/// The upper part of the page: totals, failures grouped by reason, notes and skipped inputs.
enum HTMLReportSummary {
    static func markup(_ summary: RunSummary) -> String {
        var text = "<div id=\"totals\">"
        for tile in tiles(summary) {
            text += "<div class=\"tile \(tile.kind)\"><strong>\(escaped(tile.figure))</strong>"
            text += "<span>\(escaped(tile.label))</span></div>"
        }
        text += "</div>\n"
        text += "<p>\(escaped(summary.totalsLine))</p>\n"
        if summary.isResumable { text += "<p>Go on with <code>\(escaped(summary.command("resume")))</code>: what is done stays done.</p>\n" }
        if summary.failed > 0 { text += "<h2>Failures</h2>\n" + summary.failures.map { group($0, summary) }.joined() }
        let others =
            summary.notes.map(\.text) + summary.pdfNotes + (summary.programs?.notes ?? []) + summary.skippedByReason.map { "\(HumanText.count($0.count)) skipped: \($0.reason)" }
        if !others.isEmpty {
            text += "<h2>Notes</h2>\n<ul>" + others.map { "<li>\(escaped($0))</li>" }.joined() + "</ul>"
        }
        return text
    }

    private static func tiles(_ summary: RunSummary) -> [(kind: String, figure: String, label: String)] {
        var tiles = [("done", HumanText.count(summary.done), "done")]
        tiles.append((summary.failed > 0 ? "failed" : "", HumanText.count(summary.failed), "failed"))
        tiles.append(("", HumanText.count(summary.skipped), "skipped"))
        if summary.left > 0 { tiles.append(("failed", HumanText.count(summary.left), "not done yet")) }
        tiles.append(("", HumanText.duration(summary.elapsedSeconds), "elapsed"))
        if summary.programs == nil { tiles.append(("", HumanText.bytes(summary.bytesIn), "read")) }
        tiles.append(("", HumanText.bytes(summary.bytesOut), "written"))
        return tiles
    }

    private static func group(_ group: RunSummary.FailureGroup, _ summary: RunSummary) -> String {
        var text = "<details class=\"group\" open=\"open\"><summary><b>\(group.reason.rawValue)</b> "
        text += "\(HumanText.counted(group.count, summary.taskNoun))</summary><ul>"
        for named in group.first {
            text += "<li><code>\(escaped(named.path.display))</code> \(escaped(named.message))</li>"
        }
        let more = group.count - group.first.count
        if more > 0 { text += "<li>… and \(HumanText.count(more)) more</li>" }
        return text + "</ul><p class=\"hint\">Next: \(escaped(summary.nextStep(of: group)))</p></details>\n"
    }
}
