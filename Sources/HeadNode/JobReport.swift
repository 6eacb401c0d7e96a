public import JobModel
import JobStore
import LinuxSystem
import Recipes
import TerminalUI

/// `quire report`: what became of a job so far, from its journal; also while it runs.
public struct JobReport {
    private let job: String?
    private let file: RawPath?
    private let stateFolder: RawPath?
    private let printsJSON: Bool

    /// - Parameter file: nil puts the summary on standard output.
    public init(job: String?, file: RawPath?, stateFolder: RawPath?, printsJSON: Bool) {
        self.job = job
        self.file = file
        self.stateFolder = stateFolder
        self.printsJSON = printsJSON
    }

    public func run() throws(HeadError) -> ExitStatus {
        let state = try StateFolder(named: stateFolder, environment: StateFolder.environment())
        let catalogue = JobCatalogue(state: state)
        let entry = try catalogue.find(job, "job to report on") { $0.isPlanned }
        let store = try journal { () throws(JobStoreError) in try JobStore(file: catalogue.journalPath(entry.id)) }
        let facts = try journal { () throws(JobStoreError) in try store.facts() }
        guard facts["tasks"] != nil else { throw .usage("job \(entry.id.rawValue) is being planned; there is nothing to report yet") }
        let total = entry.counts.total
        let summary = try summary(entry, facts, store, total)
        if let file { try write(file, entry, facts, store, summary, state) }
        if printsJSON {
            try FactsOutput.write(summary.jsonText)
        } else if file == nil {
            let lines = ["job \(entry.id.rawValue): \(entry.standing.rawValue)"] + summary.lines
            try FactsOutput.write(lines.map { $0 + "\n" }.joined())
        }
        try journal { () throws(JobStoreError) in try store.close() }
        return .done
    }

    private func summary(_ entry: JobEntry, _ facts: [String: [UInt8]], _ store: JobStore, _ total: Int) throws(HeadError) -> RunSummary {
        let status = facts["status"].flatMap { Int32(String(decoding: $0, as: UTF8.self)) }.flatMap { ExitStatus(rawValue: $0) }
        let milliseconds = try journal { () throws(JobStoreError) in try store.workedMilliseconds() }
        var summary = RunSummary(
            job: entry.id, status: status ?? .done, elapsedSeconds: Double(milliseconds) / 1000, left: entry.counts.open, folder: entry.outputFolder)
        summary.isResumable = entry.isResumable
        summary.stateFolder = stateFolder
        if let bytes = facts["recipe"] {
            do throws(RecipeError) { summary.hasPickyActions = try Recipe(canonical: bytes).hasPickyActions || JournalledSettings(facts).path("name") != nil } catch {
                // One of another build, which this one need not read to tell what became of its files.
                summary.hasPickyActions = true
            }
        }
        summary.otherBuilds = OtherBuildsFact.read(facts[OtherBuildsFact.key])
        let (passedOver, books) = try journal { () throws(JobStoreError) in (try store.passedOver(), try store.books()) }
        for (reason, count) in passedOver { summary.countSkipped(reason: reason, count) }
        if JournalledSettings(facts).purpose == .program { summary.programs = try ProgramWords(store) }
        try store.forEachRecord(in: 0..<total) { record in
            if record.outcome.state != .planned { summary.count(ReportRow(record.task, record.outcome)) }
        }
        for index in books.indices {
            let volumes = try journal { () throws(JobStoreError) in try store.volumes(ofBook: index) }
            summary.volumes += volumes.map { RunSummary.Volume(path: $0.path, pages: $0.pages, sizeBytes: $0.bytes) }
        }
        return summary
    }

    private func write(
        _ file: RawPath, _ entry: JobEntry, _ facts: [String: [UInt8]], _ store: JobStore, _ summary: RunSummary, _ state: StateFolder
    ) throws(HeadError) {
        let here = try system("find the working folder") { () throws(SystemError) in try FileOperation.workingFolder() }
        let ledger = try state.ledger()
        try refuseForeign(file, here, ledger)
        let job = JobFacts(
            job: entry.id, version: String(decoding: facts["version"] ?? [], as: UTF8.self), command: entry.command,
            startedAt: CalendarText.timestamp(epochSeconds: entry.started / 1000), tasks: entry.counts.total, folder: entry.outputFolder)
        try ReportFile(
            file, store: store, job: entry.id, taskCount: entry.counts.total, workingFolder: entry.workingFolder,
            isOfPrograms: summary.programs != nil
        ).write(job, summary, nil)
        let made = try LedgerEntry(made: file, in: here, by: entry.id)
        try journal { () throws(JobStoreError) in
            try ledger.record([made])
            try ledger.close()
        }
    }

    /// A report replaces a report, never a file that quire did not make.
    private func refuseForeign(_ file: RawPath, _ here: RawPath, _ ledger: OutputLedger) throws(HeadError) {
        let facts = try system("look at \(file)") { () throws(SystemError) in try FileOperation.factsIfPresent(of: file, followingLinks: false) }
        guard let facts, facts.identity.sizeBytes > 0 || facts.type != .regular else { return }
        let known = try journal { () throws(JobStoreError) in try ledger.entry(for: here.appending(file).normalized) }
        guard let known, known.outputIdentity == facts.identity, known.input == known.output, !known.isInPlace else {
            throw .usage("\(file) exists and is no report that quire made; choose another name")
        }
    }
}
