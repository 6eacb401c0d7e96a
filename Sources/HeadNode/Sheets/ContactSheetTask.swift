internal import Glibc
public import JobModel
import JobStore
import LinuxSystem
import Planning
import TerminalUI

/// `quire contact-sheet`: what the inputs look like, side by side, as pictures or one PDF.
public struct ContactSheetTask {
    private let settings: RunSettings
    private let output: RawPath
    private let layout: SheetMaker.Layout
    private let programs: Session.Programs

    /// - Parameters:
    ///   - settings: of the inputs; the rest of them has no say.
    ///   - output: its extension decides what is made: `.jpg`, `.png` or `.pdf`. More than one picture are numbered.
    public init(
        _ settings: RunSettings, output: RawPath, columns: Int, rows: Int, cellSide: Int, hasCaptions: Bool, programs: Session.Programs
    ) throws(HeadError) {
        self.settings = settings
        self.output = output
        self.programs = programs
        var layout = SheetMaker.Layout(columns: columns, rows: rows, cellSide: cellSide, hasCaptions: hasCaptions)
        switch output.lowercasedExtension {
        case "jpg", "jpeg": layout.format = .jpeg
        case "pdf":
            layout.format = .jpeg
            // It is bound as any other, whose name is a text.
            if String(validating: output.bytes, as: UTF8.self) == nil {
                throw .usage("'\(output)' is no name in UTF-8, as a PDF has to have; where a folder is called so, go there first")
            }
        case "png": layout.format = .png
        default: throw .usage("\(output): the name of a contact sheet ends in .jpg, .png or .pdf")
        }
        guard layout.cellsOfSheet <= SheetOrder.cellsMax else {
            throw .usage("\(columns) x \(rows) are \(layout.cellsOfSheet) pictures on a sheet; at most \(SheetOrder.cellsMax) have room")
        }
        guard layout.cellsOfSheet * (cellSide + 40) * (cellSide + 40) <= SheetOrder.pixelsMax, layout.pixels <= SheetMaker.messagePixelsMax else {
            throw .usage("a sheet of \(columns) x \(rows) pictures of \(cellSide) pixels is too large; take fewer or smaller ones")
        }
        self.layout = layout
    }

    private var isPDF: Bool { output.lowercasedExtension == "pdf" }

    public func run() throws(HeadError) -> ExitStatus {
        let workingFolder = try system("find the working folder") { () throws(SystemError) in try FileOperation.workingFolder() }
        let place = output.parent.isEmpty ? RawPath(".") : output.parent
        let scratch = workingFolder.appending(place).appending(".quire-contact-sheet-\(getpid())")
        defer { if isPDF { JobFolder.removeWithFiles(scratch) } else { SheetMaker.sweep(place) } }
        guard let made = try makeSheets(workingFolder, place, scratch) else {
            if settings.allowsEmpty { return .done }
            throw .noInputs("no images among the inputs; --allow-empty makes this a success")
        }
        if isPDF { try bind(made.sheets) }
        let (absent, damaged) = (made.faults.absent, made.faults.damaged)
        if damaged > 0 {
            Terminal.writeError(Array("\(HumanText.counted(damaged, "file")) shown as far as \(damaged == 1 ? "it decodes" : "they decode"), marked as damaged\n".utf8))
        }
        if absent > 0 { Terminal.writeError(Array("\(HumanText.counted(absent, "file")) could not be shown; 'quire inspect' says why\n".utf8)) }
        return absent + damaged > 0 ? .someFilesFailed : .done
    }

    /// The sheets in their order, and what is wrong with what they show; nil where there is nothing to show.
    ///
    /// Its agent and signals are gone when it returns: a PDF is bound by a job that has its own.
    private func makeSheets(
        _ workingFolder: RawPath, _ place: RawPath, _ scratch: RawPath
    ) throws(HeadError) -> (sheets: [RawPath], faults: SheetMaker.Faults)? {
        let inbox = JobInbox()
        defer { inbox.close() }
        let state = try StateFolder(named: settings.stateFolder, environment: StateFolder.environment())
        let ledger = try state.ledger()
        let link = try SheetMaker.link(settings, programs: programs, events: inbox.events)
        defer { link.close() }
        let side = SideWork(link: link, events: inbox.events)
        let found = try found(ledger, workingFolder, inbox.interrupts)
        let inputs = try shown(found, ledger, workingFolder, side)
        if inputs.isEmpty { return nil }
        let inputKeys = Set(found.map(\.fileKey))
        if isPDF { try refuseInput(output, inputKeys, ledger, workingFolder) }
        let entries = inputs.map {
            SheetMaker.Entry(
                path: workingFolder.appending($0.path), identity: $0.identity, caption: $0.path.lastComponent.display, absence: $0.failure?.reason)
        }
        let maker = SheetMaker(layout: layout, side: side)
        let folder = isPDF ? scratch : workingFolder.appending(place)
        try system("make the folder \(folder)") { () throws(SystemError) in try FileOperation.createFolders(folder) }
        let progress = SheetProgress(of: entries.count)
        defer { progress.clear() }
        let made = isPDF ? try makePages(entries, maker, scratch, progress) : try write(entries, maker, ledger, workingFolder, place, inputKeys, progress)
        try journal { () throws(JobStoreError) in try ledger.close() }
        return made
    }

    /// What the INPUTs lead to; nothing where none of those named is there.
    private func found(_ ledger: OutputLedger, _ workingFolder: RawPath, _ interrupts: InterruptCount) throws(HeadError) -> [ScannedInput] {
        let rules = try settings.skipRules()
        var found: [ScannedInput] = []
        _ = try InputScanner(settings: settings, rules: rules, ledger: ledger, workingFolder: workingFolder, takesOwnOutputs: true).scan(
            found: { input in found.append(input) }, progress: { () throws(HeadError) in try interrupts.check() })
        var missing = MissingInputs()
        guard found.allSatisfy({ missing.hold($0) }), let sentence = missing.sentence else { return found }
        if !settings.allowsEmpty { throw .noInputs(sentence) }
        Terminal.writeError(Array("\(sentence)\n".utf8))
        return []
    }

    /// Those that get a cell, in their order.
    private func shown(
        _ inputs: [ScannedInput], _ ledger: OutputLedger, _ workingFolder: RawPath, _ side: SideWork
    ) throws(HeadError) -> [ScannedInput] {
        var found = inputs
        if let sort = settings.sort, sort != .given {
            let facts =
                sort.needsProbe
                ? try side.probe(found.map { (workingFolder.appending($0.path), $0.identity) }, keepingTags: []).map(\.facts)
                : [ProbeFacts?](repeating: nil, count: found.count)
            let keys = found.indices.map { SortedInput(path: found[$0].path, takenAt: facts[$0]?.takenAt, identity: found[$0].identity) }
            let order = found.indices.sorted { sort.precedes(keys[$0], keys[$1]) || (!sort.precedes(keys[$1], keys[$0]) && $0 < $1) }
            found = order.map { found[$0] }
        }
        var shown: [ScannedInput] = []
        for input in found where try !isSheet(input, ledger, workingFolder) { shown.append(input) }
        return shown.spread(settings.sampleCount)
    }

    /// Sheets of earlier runs, and other PDFs that quire bound, are not shown unless named, nor what stands where this one will.
    private func isSheet(_ input: ScannedInput, _ ledger: OutputLedger, _ workingFolder: RawPath) throws(HeadError) -> Bool {
        let path = workingFolder.appending(input.path).normalized
        if path == workingFolder.appending(output).normalized { return true }
        if input.root == nil { return false }
        let known = try journal { () throws(JobStoreError) in try ledger.entry(for: path) }
        return known.map { !$0.isInPlace && $0.input == $0.output && $0.identities.contains(input.identity) } ?? false
    }

    /// Pictures: `sheet.jpg` alone, or `sheet-001.jpg`, `sheet-002.jpg`...
    private func write(
        _ entries: [SheetMaker.Entry], _ maker: SheetMaker, _ ledger: OutputLedger, _ workingFolder: RawPath, _ place: RawPath,
        _ inputKeys: Set<UInt64>, _ progress: SheetProgress
    ) throws(HeadError) -> (sheets: [RawPath], faults: SheetMaker.Faults) {
        let count = maker.sheetCount(of: entries.count)
        let names = (0..<count).map { name($0, of: count) }
        // All are looked at before the first is made.
        for name in names {
            try refuseInput(name, inputKeys, ledger, workingFolder)
            try refuseForeign(name, ledger, workingFolder)
        }
        let faults = try maker.make(entries, in: workingFolder.appending(place), looked: progress.show) { (number, file) throws(HeadError) in
            let entry = try LedgerEntry(made: names[number], in: workingFolder, by: JobID(rawValue: "contact-sheet"), standingAt: file.temp)
            try journal { () throws(JobStoreError) in try ledger.record([entry]) }
            try system("name \(names[number])") { () throws(SystemError) in
                try FileOperation.rename(file.temp, replacing: names[number])
                try FileOperation.syncFolder(place)
            }
        }
        progress.clear()
        for name in names { try FactsOutput.write("\(name)\n") }
        return (names, faults)
    }

    private func name(_ number: Int, of count: Int) -> RawPath {
        if count == 1 { return output }
        let digits = String(number + 1)
        let padded = String(repeating: "0", count: max(0, max(3, String(count).count) - digits.count)) + digits
        let ending = output.fileExtension.map { Array(".".utf8) + $0.bytes } ?? []
        return output.parent.appending(RawPath(bytes: output.stem.bytes + Array("-\(padded)".utf8) + ending))
    }

    private func refuseForeign(_ path: RawPath, _ ledger: OutputLedger, _ workingFolder: RawPath) throws(HeadError) {
        if settings.overwrite == .always { return }
        guard let facts = try factsIfPresent(path) else { return }
        guard settings.overwrite == .changed, try isOwnSheet(path, facts, ledger, workingFolder) else {
            throw .usage("\(path) exists and is no contact sheet that quire made; choose another name, or say --overwrite always to replace it")
        }
    }

    /// Inputs are only read, whatever may be replaced; a sheet of an earlier run among them is made again.
    private func refuseInput(_ path: RawPath, _ inputKeys: Set<UInt64>, _ ledger: OutputLedger, _ workingFolder: RawPath) throws(HeadError) {
        guard let facts = try factsIfPresent(path), try !isOwnSheet(path, facts, ledger, workingFolder) else { return }
        let target = try system("look at \(path)") { () throws(SystemError) in try FileOperation.factsIfPresent(of: path) }
        if let target, inputKeys.contains(target.key) { throw .usage("\(path) is itself an input; choose another name for the contact sheet") }
    }

    private func factsIfPresent(_ path: RawPath) throws(HeadError) -> FileFacts? {
        try system("look at \(path)") { () throws(SystemError) in try FileOperation.factsIfPresent(of: path, followingLinks: false) }
    }

    private func isOwnSheet(_ path: RawPath, _ facts: FileFacts, _ ledger: OutputLedger, _ workingFolder: RawPath) throws(HeadError) -> Bool {
        let known = try journal { () throws(JobStoreError) in try ledger.entry(for: workingFolder.appending(path).normalized) }
        return known.map { !$0.isInPlace && $0.input == $0.output && $0.identities.contains(facts.identity) } ?? false
    }

    private func makePages(
        _ entries: [SheetMaker.Entry], _ maker: SheetMaker, _ folder: RawPath, _ progress: SheetProgress
    ) throws(HeadError) -> (sheets: [RawPath], faults: SheetMaker.Faults) {
        let faults = try maker.make(entries, in: folder, looked: progress.show) { (number, file) throws(HeadError) in
            let path = page(number, in: folder)
            try system("name \(path)") { () throws(SystemError) in try FileOperation.rename(file.temp, replacing: path) }
        }
        return ((0..<maker.sheetCount(of: entries.count)).map { page($0, in: folder) }, faults)
    }

    private func page(_ number: Int, in folder: RawPath) -> RawPath { folder.appending("sheet-\(number + 1).jpg") }

    /// One PDF, bound from the sheets as any other pictures are.
    private func bind(_ sheets: [RawPath]) throws(HeadError) {
        var binding = RunSettings(purpose: .bind, version: settings.version, command: settings.command)
        binding.inputs = sheets.map { .path($0) }
        binding.pdf = String(decoding: output.bytes, as: UTF8.self).replacing("{", with: "{{").replacing("}", with: "}}")
        binding.overwrite = settings.overwrite
        binding.stateFolder = settings.stateFolder
        binding.slots = settings.slots
        binding.progress = .none
        let status = try Session(binding, programs: programs).run()
        guard status == .done else { throw .agent("the sheets could not be bound; the lines above say why") }
    }
}

/// How many pictures are ready to be shown, on standard error.
private final class SheetProgress {
    private var line: CountProgress
    private let startMilliseconds = SystemClock.monotonicMilliseconds()

    init(of count: Int) {
        line = CountProgress("pictures", of: count, isTerminal: Terminal.errorIsTerminal, columns: Terminal.size().columns)
    }

    func show(_ done: Int) {
        let bytes = line.note(done: done, atSeconds: Double(SystemClock.monotonicMilliseconds() - startMilliseconds) / 1000)
        if !bytes.isEmpty { Terminal.writeError(bytes) }
    }

    func clear() {
        let bytes = line.clear()
        if !bytes.isEmpty { Terminal.writeError(bytes) }
    }
}

extension Array {
    /// So many elements, evenly over all; all where there are not more, or nothing is said.
    func spread(_ wanted: Int?) -> [Element] {
        guard let wanted, wanted < count else { return self }
        return (0..<wanted).map { self[$0 * count / wanted] }
    }
}
