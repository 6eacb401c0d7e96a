import JobModel
import JobStore
import LinuxSystem
import TerminalUI

/// `--sample` of `quire run`: what the spread of inputs came to, on a contact sheet, before the rest is begun.
struct SampleSheet {
    let settings: RunSettings
    let programs: Session.Programs
    let state: StateFolder
    let job: JobID
    let workingFolder: RawPath
    /// Inputs that are not in the sample.
    let leftOutCount: Int

    /// Cells on it; of a larger sample these many, evenly spread.
    private static let shownMax = 100

    /// Makes the sheet and shows where it is. Returns whether the rest shall be worked on now.
    ///
    /// What the sample made stays, whatever comes of this. Throws `interrupted` alone.
    func offer(_ status: ExitStatus) throws(HeadError) -> Bool {
        switch status {
        case .done, .someFilesFailed: break
        case .internalError, .usage, .noInputs, .noUsableHost, .verificationFailed, .stoppedResumable, .cancelled: return false
        }
        // The job's own is gone; without one Ctrl-C would wait for whoever comes next.
        let inbox = JobInbox()
        defer { inbox.close() }
        do throws(HeadError) {
            let (entries, pdfs) = try made()
            if settings.pdf != nil, settings.outputFolder == nil, !entries.contains(where: { $0.absence == nil }) {
                if pdfs.isEmpty {
                    let text = "no PDF was made of the sample"
                    tell(text, [("error", .string(text))])
                } else {
                    tell("the sample is bound in \(Self.list(pdfs))", JSONValue.pathsFields("pdfs", pdfs))
                }
            } else if !entries.isEmpty {
                let sheet = try makeSheet(entries.spread(Self.shownMax), inbox.events)
                tell("the sample is shown on \(sheet)", JSONValue.pathFields("sheet", sheet))
            }
        } catch {
            if case .interrupted = error { throw error }
            tell("the sample cannot be shown: \(error)", [("error", .string("\(error)"))])
        }
        if leftOutCount == 0 { return false }
        // Names from standard input are gone, and in a script nobody is asked.
        guard ControllingTerminal.canAsk, Terminal.errorIsTerminal, !settings.readsStandardInput, !settings.printsJSON, settings.progress != .json else {
            tell("go on with all inputs: the same command without --sample; what is done stays")
            return false
        }
        let question = "Work on the other \(HumanText.counted(leftOutCount, "input")) now? [y/N] "
        let answer = ControllingTerminal.ask(question, echoes: true, isGivenUp: { inbox.interrupts.isInterrupted })
        try inbox.interrupts.check()
        switch answer {
        case .line(let line): return ["y", "yes"].contains(String(decoding: line, as: UTF8.self).lowercased())
        case .none: return false
        case .interrupted: throw .interrupted
        }
    }

    /// - Parameter fields: what `--progress json` tells instead; nil where that has nothing to tell.
    private func tell(_ text: String, _ fields: [(String, JSONValue)]? = nil) {
        switch settings.progress {
        case .json:
            guard let fields else { return }
            let event = JSONValue.object([("event", .string("sample"))] + fields + [("left_out", .integer(leftOutCount))])
            Terminal.writeError(Array((event.text + "\n").utf8))
        case .tty, .plain, .none: Terminal.writeError(Array("\(text)\n".utf8))
        }
    }

    /// The first names, and how many more there are.
    private static func list(_ paths: [RawPath]) -> String {
        let named = paths.prefix(3).map(\.display).joined(separator: ", ")
        return paths.count > 3 ? "\(named) and \(HumanText.counted(paths.count - 3, "PDF")) more" : named
    }

    /// All outputs of each input, and those inputs that failed; and the PDFs.
    private func made() throws(HeadError) -> (entries: [SheetMaker.Entry], pdfs: [RawPath]) {
        let store = try journal { () throws(JobStoreError) in try JobStore(file: JobCatalogue(state: state).journalPath(job)) }
        let count = try journal { () throws(JobStoreError) in try store.taskCounts() }.total
        var entries: [SheetMaker.Entry] = []
        try store.forEachRecord(in: 0..<count) { (record) throws(HeadError) in
            switch record.outcome.state {
            case .planned: return
            case .failed:
                entries.append(
                    SheetMaker.Entry(
                        path: workingFolder.appending(record.task.input), identity: record.task.identity,
                        caption: record.task.input.lastComponent.display, absence: record.outcome.failure?.reason ?? .damaged))
            case .won, .committed, .current, .skipped, .doneEarlier:
                for output in record.outcome.outputs { if let entry = try entry(output) { entries.append(entry) } }
            }
        }
        var pdfs: [RawPath] = []
        try journal { () throws(JobStoreError) in
            for book in try store.books().indices { pdfs += try store.volumes(ofBook: book).map(\.path) }
            try store.close()
        }
        return (entries, pdfs)
    }

    /// Nil for one that somebody took away.
    private func entry(_ output: RawPath) throws(HeadError) -> SheetMaker.Entry? {
        let path = workingFolder.appending(output)
        do throws(SystemError) {
            return SheetMaker.Entry(path: path, identity: try FileOperation.facts(of: path).identity, caption: path.lastComponent.display)
        } catch {
            if error.isNotFound { return nil }
            throw .system(doing: "look at the sample", error)
        }
    }

    /// Lies with the job's journal and goes with it.
    private func makeSheet(_ entries: [SheetMaker.Entry], _ events: Mailbox<HeadEvent>) throws(HeadError) -> RawPath {
        let link = try SheetMaker.link(settings, programs: programs, events: events)
        defer { link.close() }
        let columns = min(6, entries.count)
        let layout = SheetMaker.Layout(columns: columns, rows: (entries.count + columns - 1) / columns)
        let folder = try system("find the job's folder") { () throws(SystemError) in try FileOperation.resolved(state.jobFolder(job)) }
        let path = folder.appending("sample.jpg")
        _ = try SheetMaker(layout: layout, side: SideWork(link: link, events: events)).make(entries, in: folder) { (_, file) throws(HeadError) in
            try system("name \(path)") { () throws(SystemError) in try FileOperation.rename(file.temp, replacing: path) }
        }
        return path
    }
}
