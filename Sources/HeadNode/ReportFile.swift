import Digests
import JobModel
import JobStore
import LinuxSystem
import TerminalUI
import WireProtocol

/// A file that appears whole or not at all: written beside its name, synced, renamed.
struct WholeFile: ~Copyable {
    private let path: RawPath
    private let temp: RawPath
    private let file: OpenFile
    private var pending: [UInt8] = []
    private var offset: UInt64 = 0

    init(_ path: RawPath, temp name: String) throws(SystemError) {
        self.path = path
        temp = path.parent.appending(name)
        if !path.parent.isEmpty { try FileOperation.createFolders(path.parent) }
        try FileOperation.removeIfPresent(temp)
        file = try OpenFile(temp, .create(mode: 0o666))
    }

    mutating func write(_ bytes: [UInt8]) throws(SystemError) {
        pending += bytes
        if pending.count > 1 << 18 { try flush() }
    }

    private mutating func flush() throws(SystemError) {
        try file.write(pending, at: offset)
        offset += UInt64(pending.count)
        pending.removeAll(keepingCapacity: true)
    }

    /// Gives it its name, which a later job may replace: the ledger has it before it is there.
    consuming func finish(_ ledger: OutputLedger?, _ job: JobID, _ workingFolder: RawPath) throws {
        try flush()
        try file.syncData()
        if let ledger {
            var entry = try LedgerEntry(made: path, in: workingFolder, by: job, standingAt: temp)
            // Still there under this name if a crash comes before the rename.
            let (known, existing) = (try ledger.entry(for: entry.output), try FileOperation.factsIfPresent(of: path)?.identity)
            entry.replaced = existing.flatMap { known?.identities.contains($0) == true ? $0 : nil }
            try ledger.record([entry])
        }
        try FileOperation.rename(temp, replacing: path)
        try FileOperation.syncFolder(path.parent)
    }
}

/// `--report`: every input with what became of it, from the journal.
struct ReportFile {
    let path: RawPath
    let store: JobStore
    /// Where the report is remembered as quire's own; nil where the job is over and its ledger not at hand.
    let ledger: OutputLedger?
    let job: JobID
    let taskCount: Int
    /// Of the job: its inputs' names hold there.
    let workingFolder: RawPath
    /// Whether tasks are runs of a program.
    let isOfPrograms: Bool
    /// Whether the job's recipe geotags.
    var hasPlaces = false
    private let format: ReportFormat

    /// Failures that get a thumbnail in an HTML report; decoding thousands of broken files would take longer than the job.
    static let thumbnailsMax = 200
    private static let thumbnailSidePixels = 160

    init(
        _ path: RawPath, store: JobStore, ledger: OutputLedger? = nil, job: JobID, taskCount: Int, workingFolder: RawPath, isOfPrograms: Bool
    ) throws(HeadError) {
        guard let format = ReportFormat(path: path) else {
            throw .usage("--report \(path): the name must end in .html, .csv or .json")
        }
        self.path = path
        self.store = store
        self.ledger = ledger
        self.job = job
        self.taskCount = taskCount
        self.workingFolder = workingFolder
        self.isOfPrograms = isOfPrograms
        self.format = format
    }

    func write(_ facts: JobFacts, _ summary: RunSummary, _ side: SideWork?) throws(HeadError) {
        let thumbnails = format == .html && !isOfPrograms ? try thumbnails(side) : [:]
        var writer = ReportWriter(format, isOfPrograms: isOfPrograms, hasPlaces: hasPlaces)
        do {
            var file = try WholeFile(path, temp: ".quire-\(job.rawValue)-report")
            try file.write(writer.header(facts))
            var next = 0
            while next < taskCount {
                let records = try store.records(from: next, below: taskCount, count: 512)
                let range = next..<min(taskCount, next + max(1, records.count))
                let ends = isOfPrograms ? try store.programEnds(in: range) : [:]
                let twice = isOfPrograms ? Set(try store.startedTwice(from: range.lowerBound, below: range.upperBound, count: range.count)) : []
                for record in records {
                    var row = ReportRow(record.task, record.outcome)
                    row.programEnd = ends[record.task.index].map { ReportRow.ProgramEnd($0) }
                    if twice.contains(record.task.index) { row.notes.append(.startedTwice) }
                    row.thumbnailJPEG = thumbnails[record.task.index]
                    try file.write(writer.row(row))
                }
                next += max(1, records.count)
            }
            try file.write(writer.footer(summary))
            try file.finish(ledger, job, workingFolder)
        } catch let error as HeadError {
            throw error
        } catch let error as SystemError {
            throw .system(doing: "write the report \(path)", error)
        } catch let error as JobStoreError {
            throw .journal(error)
        } catch {
            throw .usage("the report \(path) cannot be written: \(error)")
        }
    }

    /// Small pictures of the failures that decode at all; those there are when it is interrupted or the agent ends, since the
    /// report says all it must without them.
    private func thumbnails(_ side: SideWork?) throws(HeadError) -> [TaskIndex: [UInt8]] {
        guard let side else { return [:] }
        var failed: [PlannedTask] = []
        try store.forEachRecord(in: 0..<taskCount) { record in
            if record.outcome.state == .failed, failed.count < Self.thumbnailsMax { failed.append(record.task) }
        }
        var pictures: [TaskIndex: [UInt8]] = [:]
        do throws(HeadError) {
            try side.perform(
                failed.count,
                order: { index in
                    WorkOrder(
                        attempt: Attempt(task: TaskIndex(index), number: 1), input: workingFolder.appending(failed[index].input),
                        identity: failed[index].identity, kind: .thumbnail(sidePixelsMax: Self.thumbnailSidePixels),
                        tempName: RawPath(".quire-thumbnail-\(index)"))
                },
                each: { (report) throws(HeadError) in
                    if case .finished(let work) = report.outcome { pictures[failed[report.attempt.task.position].index] = work.thumbnail }
                })
        } catch {
            switch error {
            case .interrupted, .agent, .noUsableHost, .noRoom: break
            case .usage, .recipe, .noInputs, .system, .inputChanged, .surroundings, .halted, .output, .journal, .busy, .protocolBroken, .host: throw error
            }
        }
        return pictures
    }
}

/// `--manifest`: SHA-256 of every input, output and PDF volume in the form `sha256sum -c` reads.
struct Manifest {
    let path: RawPath
    let store: JobStore
    let ledger: OutputLedger
    let plan: JobPlan
    let isInPlace: Bool

    func write(_ volumes: [BoundVolume]) throws(HeadError) {
        do {
            var file = try WholeFile(path, temp: ".quire-\(plan.job.rawValue)-manifest")
            var next = 0
            while next < plan.taskCount {
                let records = try store.records(from: next, below: plan.taskCount, count: 512)
                for record in records {
                    guard let work = record.outcome.work else { continue }
                    // An input that was replaced is its output now.
                    let isReplaced = isInPlace && !record.outcome.outputs.isEmpty
                    if !isReplaced, let digest = inputDigest(record, work) { try file.write(line(digest, record.task.input)) }
                    for (made, output) in zip(work.files, record.outcome.outputs) {
                        try file.write(line(made.digest, isReplaced ? record.task.input : output))
                    }
                }
                next += max(1, records.count)
            }
            for volume in volumes { try file.write(line(try digest(of: volume.path), volume.path)) }
            try file.finish(ledger, plan.job, plan.workingFolder)
        } catch let error as HeadError {
            throw error
        } catch let error as SystemError {
            throw .system(doing: "write the manifest \(path)", error)
        } catch let error as JobStoreError {
            throw .journal(error)
        } catch {
            throw .usage("the manifest \(path) cannot be written: \(error)")
        }
    }

    /// Of an input that is current and was never read for its digest, read now; nil for one that changed or went away since.
    private func inputDigest(_ record: TaskRecord, _ work: FinishedWork) -> Digest256? {
        if let digest = work.inputDigest { return digest }
        guard case .digest(let digest, let identity) = FileDigest.reading(record.task.input), identity == record.task.identity else { return nil }
        return digest
    }

    private func line(_ digest: Digest256, _ path: RawPath) -> [UInt8] { ManifestLine(digest: digest, path: path).bytes }

    private func digest(of path: RawPath) throws(SystemError) -> Digest256 { try SHA256Stream.digest(of: try OpenFile(path, .read)) }
}
