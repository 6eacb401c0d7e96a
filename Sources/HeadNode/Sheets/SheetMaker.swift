internal import Glibc
import JobModel
import LinuxSystem
import Recipes
import WireProtocol

/// Makes contact sheets with this machine's workers, some sheets at a time: memory holds the small pictures of these alone.
struct SheetMaker {
    /// A file to be shown.
    struct Entry {
        /// Absolute.
        var path: RawPath
        var identity: InputIdentity
        var caption: String
        /// Known to be nothing that can be shown.
        var absence: FailureReason?
    }

    /// How sheets look.
    struct Layout: Sendable {
        var format = OutputFormat.jpeg
        var columns = 6
        var rows = 5
        var cellSide = 240
        var hasCaptions = true
        var cellsOfSheet: Int { columns * rows }
        /// Of all cells of a sheet.
        var pixels: Int { cellsOfSheet * cellSide * cellSide }
    }

    let layout: Layout
    let side: SideWork

    /// Sheets that are worked on together, so that every core has something to do.
    private static let sheetsAtOnce = 4
    /// Cells of sheets that travel to workers in one message: a byte a pixel is more than any small JPEG takes.
    static let messagePixelsMax = 24 << 20

    /// The agent of this machine, set up for sheets and for looking at headers.
    static func link(_ settings: RunSettings, programs: Session.Programs, events: Mailbox<HeadEvent>) throws(HeadError) -> AgentLink {
        let work = WorkSetup(
            recipe: Recipe(actions: []).canonicalBytes, damage: .fail, limits: settings.limits, fileMode: 0o666 & ~OpenJob.currentUmask)
        return try AgentLink.local(program: programs.agent, events: events, host: Fleet.thisMachineIndex, build: settings.version, slots: settings.slots) {
            _, slots in
            AgentSetup(
                job: JobID(rawValue: "contact-sheet"), epoch: 1, leaseSeconds: 0, slots: slots, yieldsToOthers: false,
                workerMemoryBytesMax: settings.workerMemoryBytesMax ?? 0, timeout: .byInputSize, work: work.wireBytes)
        }
    }

    /// How the names of sheets begin that are not whole yet.
    static let tempStart = Array(".quire-contact-sheet-\(getpid())-".utf8)

    /// Removes sheets that got no name, where the making of them was broken off. What resists is left.
    static func sweep(_ folder: RawPath) {
        do throws(SystemError) {
            for entry in try LinuxSystem.FolderListing.entries(of: folder, where: { $0.bytes.starts(with: tempStart) }) {
                try FileOperation.removeIfPresent(folder.appending(entry.name))
            }
        } catch {
            return
        }
    }

    func sheetCount(of entries: Int) -> Int { (entries + layout.cellsOfSheet - 1) / layout.cellsOfSheet }

    /// Makes all sheets; `made` gets each with its number from 0 under a temp name in `folder`, in no order.
    ///
    /// Returns what is wrong with some of them.
    ///
    /// - Parameter looked: is told after each picture how many of the entries are ready to be shown.
    func make(
        _ entries: [Entry], in folder: RawPath, looked: (Int) -> Void = { _ in }, made: (Int, MadeFile) throws(HeadError) -> Void
    ) throws(HeadError) -> Faults {
        var faults = Faults()
        let step = layout.cellsOfSheet * max(1, min(Self.sheetsAtOnce, Self.messagePixelsMax / layout.pixels))
        for start in stride(from: 0, to: entries.count, by: step) {
            let group = Array(entries[start..<min(entries.count, start + step)])
            let pictures = try pictures(group, &faults) { looked(start + $0) }
            let first = start / layout.cellsOfSheet
            try side.perform(
                sheetCount(of: group.count),
                order: { index in sheet(first + index, Array(group.indices.dropFirst(index * layout.cellsOfSheet).prefix(layout.cellsOfSheet)), pictures, folder) },
                each: { (report) throws(HeadError) in
                    switch report.outcome {
                    case .finished(let work):
                        guard let file = work.files.first else { throw .agent("a worker told nothing of the sheet it made") }
                        try made(report.attempt.task.position, file)
                    case .failed(let failure): throw .usage("the contact sheet cannot be made: \(failure.message)")
                    case .notStored(let fault):
                        throw .system(doing: "write the contact sheet", SystemError(fault.call, folder.display, code: fault.code))
                    }
                })
        }
        return faults
    }

    /// Files that are not shown as they should be.
    struct Faults {
        /// Could not be shown.
        var absent = 0
        /// Shown as far as they decode.
        var damaged = 0
    }

    private func pictures(_ entries: [Entry], _ faults: inout Faults, looked: (Int) -> Void) throws(HeadError) -> [SheetCell] {
        var pictures = entries.map { SheetCell(.absent($0.absence?.rawValue ?? ""), caption: $0.caption) }
        let shown = entries.indices.filter { entries[$0].absence == nil }
        var count = entries.count - shown.count
        try side.perform(
            shown.count,
            order: { number in
                let entry = entries[shown[number]]
                return WorkOrder(
                    attempt: Attempt(task: TaskIndex(shown[number]), number: 1), input: entry.path, identity: entry.identity,
                    kind: .thumbnail(sidePixelsMax: layout.cellSide), tempName: RawPath(".quire-thumbnail-\(number)"))
            },
            each: { (report) throws(HeadError) in
                let place = report.attempt.task.position
                switch report.outcome {
                case .finished(let work):
                    guard let bytes = work.thumbnail else { throw .agent("a worker told nothing of the small picture it made") }
                    pictures[place].content = .picture(bytes)
                    if work.notes.contains(where: { if case .damageAccepted = $0 { true } else { false } }) {
                        faults.damaged += 1
                        pictures[place].caption += " (damaged)"
                    }
                case .failed(let failure): pictures[place].content = .absent(failure.reason.rawValue)
                case .notStored: preconditionFailure("a small picture is not stored")
                }
                count += 1
                looked(count)
            })
        faults.absent += pictures.count { if case .absent = $0.content { true } else { false } }
        return pictures
    }

    private func sheet(_ number: Int, _ places: [Int], _ pictures: [SheetCell], _ folder: RawPath) -> WorkOrder {
        let cells = places.map { pictures[$0] }
        let order = SheetOrder(
            folder: folder, format: layout.format, columns: layout.columns, cellSide: layout.cellSide, hasCaptions: layout.hasCaptions, cells: cells)
        return WorkOrder(
            attempt: Attempt(task: TaskIndex(number), number: 1), input: folder, identity: InputIdentity(sizeBytes: 0, modifiedNanoseconds: 0),
            kind: .sheet(order), tempName: RawPath(bytes: Self.tempStart + Array("\(number)".utf8)))
    }
}
