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

    func sheetCount(of entries: Int) -> Int { (entries + layout.cellsOfSheet - 1) / layout.cellsOfSheet }

    /// Makes all sheets; `made` gets each with its number from 0 under a temp name in `folder`, in no order.
    ///
    /// Returns how many files could not be shown.
    func make(
        _ entries: [Entry], in folder: RawPath, made: (Int, MadeFile) throws(HeadError) -> Void
    ) throws(HeadError) -> Int {
        var absent = 0
        let step = layout.cellsOfSheet * max(1, min(Self.sheetsAtOnce, Self.messagePixelsMax / layout.pixels))
        for start in stride(from: 0, to: entries.count, by: step) {
            let group = Array(entries[start..<min(entries.count, start + step)])
            let pictures = try pictures(group)
            absent += pictures.count { $0 == nil }
            let first = start / layout.cellsOfSheet
            try side.perform(
                sheetCount(of: group.count),
                order: { index in sheet(first + index, Array(group.indices.dropFirst(index * layout.cellsOfSheet).prefix(layout.cellsOfSheet)), group, pictures, folder) },
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
        return absent
    }

    private func pictures(_ entries: [Entry]) throws(HeadError) -> [[UInt8]?] {
        var pictures = [[UInt8]?](repeating: nil, count: entries.count)
        try side.perform(
            entries.count,
            order: { index in
                WorkOrder(
                    attempt: Attempt(task: TaskIndex(index), number: 1), input: entries[index].path, identity: entries[index].identity,
                    kind: .thumbnail(sidePixelsMax: layout.cellSide), tempName: RawPath(".quire-thumbnail-\(index)"))
            },
            each: { (report) throws(HeadError) in
                if case .finished(let work) = report.outcome { pictures[report.attempt.task.position] = work.thumbnail }
            })
        return pictures
    }

    private func sheet(_ number: Int, _ places: [Int], _ entries: [Entry], _ pictures: [[UInt8]?], _ folder: RawPath) -> WorkOrder {
        let cells = places.map { SheetCell(picture: pictures[$0], caption: entries[$0].caption) }
        let order = SheetOrder(
            folder: folder, format: layout.format, columns: layout.columns, cellSide: layout.cellSide, hasCaptions: layout.hasCaptions, cells: cells)
        return WorkOrder(
            attempt: Attempt(task: TaskIndex(number), number: 1), input: folder, identity: InputIdentity(sizeBytes: 0, modifiedNanoseconds: 0),
            kind: .sheet(order), tempName: RawPath(".quire-contact-sheet-\(getpid())-\(number)"))
    }
}
