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

    /// Files on it; a larger sample shows these many, evenly spread.
    private static let shownMax = 100

    /// Makes the sheet and shows where it is. Returns whether the rest shall be worked on now.
    func offer(_ status: ExitStatus) throws(HeadError) -> Bool {
        switch status {
        case .done, .someFilesFailed: break
        case .internalError, .usage, .noInputs, .noUsableHost, .verificationFailed, .stoppedResumable, .cancelled: return false
        }
        let entries = try entries()
        if !entries.isEmpty { tell("the sample is shown on \(try makeSheet(entries.spread(Self.shownMax)))") }
        // Names from standard input are gone, and in a script nobody is asked.
        guard ControllingTerminal.canAsk, Terminal.errorIsTerminal, !settings.readsStandardInput, !settings.printsJSON else {
            tell("go on with all inputs: the same command without --sample; what is done stays")
            return false
        }
        switch ControllingTerminal.ask("Work on all inputs now? [y/N] ", echoes: true, isGivenUp: { false }) {
        case .line(let answer): return ["y", "yes"].contains(String(decoding: answer, as: UTF8.self).lowercased())
        case .none, .interrupted: return false
        }
    }

    private func tell(_ text: String) { Terminal.writeError(Array("\(text)\n".utf8)) }

    /// The first output of each, and where there is none the input.
    private func entries() throws(HeadError) -> [SheetMaker.Entry] {
        let store = try journal { () throws(JobStoreError) in try JobStore(file: JobCatalogue(state: state).journalPath(job)) }
        let count = try journal { () throws(JobStoreError) in try store.taskCounts() }.total
        var entries: [SheetMaker.Entry] = []
        try store.forEachRecord(in: 0..<count) { (record) throws(HeadError) in
            switch record.outcome.state {
            case .failed, .planned: return
            case .won, .committed, .current, .skipped, .doneEarlier: break
            }
            let path = workingFolder.appending(record.outcome.outputs.first ?? record.task.input)
            do throws(SystemError) {
                entries.append(SheetMaker.Entry(path: path, identity: try FileOperation.facts(of: path).identity, caption: path.lastComponent.display))
            } catch {
                if !error.isNotFound { throw .system(doing: "look at the sample", error) }
            }
        }
        try journal { () throws(JobStoreError) in try store.close() }
        return entries
    }

    /// Lies with the job's journal and goes with it.
    private func makeSheet(_ entries: [SheetMaker.Entry]) throws(HeadError) -> RawPath {
        let events = Mailbox<HeadEvent>(elementsMax: HeadEvent.queueMax)
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
