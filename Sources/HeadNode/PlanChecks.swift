import JobModel
import JobStore
import LinuxSystem
import Planning
import TerminalUI

/// What is known of a task before any work.
enum PlanLook {
    /// To be worked on.
    case open
    case settled(TaskOutcome)
    /// Settled if the input's bytes are those the output was made from.
    case doubtful(PlanDoubt)
}

/// An input whose time or place is another than when its output was made.
struct PlanDoubt {
    /// If it has the bytes it had; nil for a file replaced in place whose page is still to be made.
    var outcome: TaskOutcome?
    /// What it had.
    var digest: Digest256
    /// What the ledger shall know then.
    var entries: [LedgerEntry]
    /// What is replaced if not.
    var existing: [ExistingOutput]
    var otherBuild: String?
}

/// What lies under the name of a task's output.
struct ExistingOutput {
    var path: RawPath
    var facts: FileFacts
    /// Whose name it is, from 0.
    var save: Int
}

extension FinishedWork {
    /// SHA-256 of the input, if it was taken or is that of a copy.
    var digestOfInput: Digest256? { inputDigest ?? files.first(where: \.isVerbatim)?.digest }
}

/// What must hold of all outputs before any work: no two of one name, no file of somebody else's, no input overwritten.
///
/// Takes 16 bytes a task until `finish`. A long file, since all checks fill and read the same lists, which are private to it.
struct PlanChecks {
    private let settings: RunSettings
    private let ledger: OutputLedger
    private let workingFolder: RawPath
    private let recipe: Digest256
    private let wantsPages: Bool
    private let build: () throws(HeadError) -> String?
    /// Called now and then while inputs are read to their ends.
    private let digesting: () throws(HeadError) -> Void
    /// Outputs that stay as they are and that another build made.
    private(set) var otherBuilds = RunSummary.OtherBuilds()
    private var outputs: [RawPath] = []
    private var hashes: [UInt64] = []
    private var inputKeys: [UInt64] = []
    /// Outputs that exist and would be replaced.
    private var replaced: [(key: UInt64, output: RawPath, input: RawPath)] = []
    private var foreign: (count: Int, first: [RawPath]) = (0, [])
    private var outputFacts = OutputFacts()

    /// - Parameter build: the one that would make outputs now; asked when there are outputs of an earlier job.
    init(
        settings: RunSettings, ledger: OutputLedger, workingFolder: RawPath, recipe: Digest256, wantsPages: Bool,
        build: @escaping () throws(HeadError) -> String?, digesting: @escaping () throws(HeadError) -> Void
    ) {
        self.build = build
        self.digesting = digesting
        self.settings = settings
        self.ledger = ledger
        self.workingFolder = workingFolder
        self.recipe = recipe
        self.wantsPages = wantsPages
    }

    /// Looks at one task and what lies under its output's name.
    ///
    /// - Parameter unnamed: why its output has no name, if it has none though it should.
    mutating func look(at task: inout PlannedTask, _ input: ScannedInput, unnamed: TaskFailure?) throws(HeadError) -> PlanLook {
        if let failure = input.failure { return .settled(TaskOutcome(index: task.index, state: .failed, failure: failure)) }
        inputKeys.append(input.fileKey)
        if let unnamed { return .settled(TaskOutcome(index: task.index, state: .failed, failure: unnamed)) }
        guard let output = task.output else { return .open }
        for output in task.outputs { hashes.append(CollisionKey.hash(output)) }
        if settings.isInPlace { return try lookInPlace(&task, output) }
        return try lookAtOutputs(of: &task)
    }

    /// A file that this recipe made of itself already is left as it is; a page that is not at hand is made of it as it stands.
    ///
    /// Of whatever build: what it was made from is gone.
    private func lookInPlace(_ task: inout PlannedTask, _ output: RawPath) throws(HeadError) -> PlanLook {
        if settings.overwrite == .always { return .open }
        let entry = try journal { () throws(JobStoreError) in try ledger.entry(for: absolute(output)) }
        guard var entry, entry.isInPlace, entry.recipe == recipe else { return .open }
        let outcome = hasPages(entry) ? TaskOutcome(index: task.index, state: .current, work: entry.work, outputs: [output]) : nil
        if entry.outputIdentity == task.identity {
            if let outcome { return .settled(outcome) }
            task.makePageAlone()
            return .open
        }
        guard settings.identity == .digest, entry.outputIdentity.sizeBytes == task.identity.sizeBytes, let made = entry.work.files.first else { return .open }
        entry.outputIdentity = task.identity
        return .doubtful(PlanDoubt(outcome: outcome, digest: made.digest, entries: [entry], existing: []))
    }

    /// A task is current only if all its outputs are; else all are made again, from one decode.
    private mutating func lookAtOutputs(of task: inout PlannedTask) throws(HeadError) -> PlanLook {
        var existing: [ExistingOutput] = []
        for save in task.outputs.indices {
            existing += try self.existing(task, save)
            task.setMayReplace(false, save: save)
        }
        if existing.isEmpty { return .open }
        for file in existing where file.facts.type == .folder {
            throw .usage("\(file.path) is a folder, and the output of \(task.input) would have its name")
        }
        switch settings.overwrite {
        case .never:
            let taken = Set(existing.map(\.save))
            if let missing = task.outputs.indices.first(where: { !taken.contains($0) }) {
                throw .usage(
                    "\(existing[0].path) is there and \(task.outputs[missing]) is not: --overwrite never leaves or makes all outputs of a file; use --overwrite changed")
            }
            guard wantsPages else { return .settled(TaskOutcome(index: task.index, state: .skipped, outputs: existing.map(\.path))) }
            let look = try compare(task, existing, anyRecipe: true)
            if case .open = look { refuse(existing[0].path) }
            return look
        case .always: break
        case .changed:
            let look = try compare(task, existing, anyRecipe: false)
            guard case .open = look else { return look }
            for file in existing where try !isOurs(file.path, file.facts) {
                refuse(file.path)
                return .open
            }
        }
        replace(existing, by: &task)
        return .open
    }

    private mutating func replace(_ existing: [ExistingOutput], by task: inout PlannedTask) {
        for file in existing {
            task.setMayReplace(true, save: file.save)
            replaced.append((file.facts.key, file.path, task.input))
        }
    }

    /// What lies under an output's name; for a file of several pages, what an earlier job made of them.
    private mutating func existing(_ task: PlannedTask, _ save: Int) throws(HeadError) -> [ExistingOutput] {
        guard let output = task.output(ofSave: save) else { return [] }
        let whole = try outputFacts.facts(of: output).map { [ExistingOutput(path: output, facts: $0, save: save)] }
        // Where the template has the page's number, the name of the first page is that of the whole.
        if let whole, task.pageNumber(ofSave: save) == nil { return whole }
        var pages: [ExistingOutput] = []
        while true {
            let path = task.name(of: output, page: pages.count + 1, save: save)
            // Another input's output, or somebody's file, says nothing about this one.
            guard let page = try outputFacts.facts(of: path), try isOwn(path, task) else { break }
            pages.append(ExistingOutput(path: path, facts: page, save: save))
        }
        return pages.isEmpty ? whole ?? [] : pages
    }

    private func isOwn(_ path: RawPath, _ task: PlannedTask) throws(HeadError) -> Bool {
        let entry = try journal { () throws(JobStoreError) in try ledger.entry(for: absolute(path)) }
        return entry?.input == absolute(task.input) || settings.identity == .digest && entry?.inputIdentity.sizeBytes == task.identity.sizeBytes
    }

    private mutating func refuse(_ output: RawPath) {
        foreign.count += 1
        if foreign.first.count < 3 { foreign.first.append(output) }
    }

    private func absolute(_ path: RawPath) -> RawPath { workingFolder.appending(path).normalized }

    private func isOurs(_ output: RawPath, _ existing: FileFacts) throws(HeadError) -> Bool {
        let entry = try journal { () throws(JobStoreError) in try ledger.entry(for: absolute(output)) }
        return entry?.identities.contains(existing.identity) == true
    }

    /// Whether an earlier job made a task's outputs from the same input in the same way.
    private mutating func compare(_ task: PlannedTask, _ existing: [ExistingOutput], anyRecipe: Bool) throws(HeadError) -> PlanLook {
        guard let first = existing.first else { return .open }
        let entry = try journal { () throws(JobStoreError) in try ledger.entry(for: absolute(first.path)) }
        guard let entry, anyRecipe || entry.recipe == recipe, hasPages(entry) else { return .open }
        let made = entry.work.files.compactMap { task.name(of: $0) }
        // By save here, by page where they were made.
        guard made.count == entry.work.files.count, made.sorted() == existing.map(\.path).sorted() else { return .open }
        var entries: [LedgerEntry] = []
        for file in existing {
            let entry = try journal { () throws(JobStoreError) in try ledger.entry(for: absolute(file.path)) }
            guard let entry, entry.outputIdentity == file.facts.identity else { return .open }
            entries.append(entry)
        }
        let otherBuild = anyRecipe ? nil : try otherBuild(of: entry)
        if otherBuild != nil && settings.redoesOtherBuilds { return .open }
        let outcome = TaskOutcome(index: task.index, state: .current, work: entry.work, outputs: made)
        if entry.input == absolute(task.input), anyRecipe || entry.inputIdentity == task.identity {
            if let otherBuild { otherBuilds.note(otherBuild, outputs: made.count) }
            return .settled(outcome)
        }
        guard settings.identity == .digest, !anyRecipe, entry.inputIdentity.sizeBytes == task.identity.sizeBytes, let digest = entry.work.digestOfInput else {
            return .open
        }
        for index in entries.indices {
            entries[index].input = absolute(task.input)
            entries[index].inputIdentity = task.identity
        }
        return .doubtful(PlanDoubt(outcome: outcome, digest: digest, entries: entries, existing: existing, otherBuild: otherBuild))
    }

    /// The build that made an output, if it is not the one that would make it now; a copied file is the same by all.
    private func otherBuild(of entry: LedgerEntry) throws(HeadError) -> String? {
        guard let made = entry.build, !entry.work.files.allSatisfy(\.isVerbatim), let ours = try build() else { return nil }
        return made == ours ? nil : made
    }

    /// Reads the inputs of doubtful tasks; returns the outcomes of all that are clear then.
    ///
    /// An input that is what the ledger says is remembered with the time and place it has now, and not read again next time.
    mutating func settle(_ tasks: inout [PlannedTask], _ looks: [PlanLook]) throws(HeadError) -> [TaskOutcome] {
        let isEqual = try compareDigests(tasks, looks)
        var outcomes: [TaskOutcome] = []
        var renewed: [LedgerEntry] = []
        for (index, look) in looks.enumerated() {
            switch look {
            case .open: continue
            case .settled(let outcome):
                outcomes.append(outcome)
                noteKeptPages(outcome, tasks[index])
            case .doubtful(let doubt):
                guard isEqual.contains(index) else {
                    // In place an input is replaced anyway.
                    if !settings.isInPlace { replace(doubt.existing, by: &tasks[index]) }
                    continue
                }
                renewed += doubt.entries
                guard let outcome = doubt.outcome else {
                    tasks[index].makePageAlone()
                    continue
                }
                outcomes.append(outcome)
                noteKeptPages(outcome, tasks[index])
                if let build = doubt.otherBuild { otherBuilds.note(build, outputs: outcome.outputs.count) }
            }
        }
        if !settings.isDryRun { try journal { () throws(JobStoreError) in try ledger.record(renewed) } }
        return outcomes
    }

    /// Pages that stay have names that no other file's output may get.
    private mutating func noteKeptPages(_ outcome: TaskOutcome, _ task: PlannedTask) {
        if outcome.outputs == task.outputs { return }
        for name in outcome.outputs where !task.outputs.contains(name) { hashes.append(CollisionKey.hash(name)) }
    }

    /// The doubtful tasks whose inputs have the bytes they had.
    private func compareDigests(_ tasks: [PlannedTask], _ looks: [PlanLook]) throws(HeadError) -> Set<Int> {
        var isEqual: Set<Int> = []
        let doubts = looks.indices.compactMap { index in if case .doubtful(let doubt) = looks[index] { (index, doubt.digest) } else { nil } }
        if doubts.isEmpty { return [] }
        let threads = DigestThreads<(index: Int, digest: Digest256)> { (mark, found) throws(HeadError) in
            try digesting()
            // What cannot be read, or is another file than was listed, fails by its name when it is worked on.
            if case .digest(mark.digest, let identity) = found, identity == tasks[mark.index].identity { isEqual.insert(mark.index) }
        }
        defer { threads.stop() }
        for (index, digest) in doubts { try threads.add(tasks[index].input, (index, digest)) }
        try threads.finish()
        return isEqual
    }

    /// Whether the pages that are wanted can be had without work: those that were in a spool are gone with it.
    private func hasPages(_ entry: LedgerEntry) -> Bool {
        guard wantsPages else { return true }
        let sources = entry.work.pages.flatMap(\.sources)
        return !sources.isEmpty && sources.allSatisfy { if case .spool = $0.file { false } else { true } }
    }

    /// The checks that need all tasks; with `--collisions rename` it renames in the journal.
    mutating func finish(_ store: JobStore) throws(HeadError) {
        let checks = self
        let collisions = Collisions(settings: settings, workingFolder: workingFolder) { (path, task) throws(HeadError) in
            try checks.isOwn(path, task)
        }
        try relook(at: collisions.settle(hashes, store), store)
        hashes.sort()
        inputKeys.sort()
        if foreign.count > 0 {
            let others = foreign.count > foreign.first.count ? " and \(foreign.count - foreign.first.count) more" : ""
            throw .usage(
                "refusing to overwrite what quire did not make: \(foreign.first.map(\.display).joined(separator: ", "))\(others); "
                    + "choose another folder, or say --overwrite never to leave them or --overwrite always to replace them")
        }
        try refuseInputsAsOutputs()
    }

    /// What holds of a task under its new name takes the place of what was found under the old one.
    private mutating func relook(at renamed: [PlannedTask], _ store: JobStore) throws(HeadError) {
        if renamed.isEmpty { return }
        var tasks = renamed
        var looks: [PlanLook] = []
        for index in tasks.indices {
            if tasks[index].output == nil {
                looks.append(.open)
                continue
            }
            for output in tasks[index].outputs { hashes.append(CollisionKey.hash(output)) }
            looks.append(try lookAtOutputs(of: &tasks[index]))
        }
        let settled = try settle(&tasks, looks)
        let isSettled = Set(settled.map(\.index))
        let outcomes = settled + tasks.filter { $0.output != nil && !isSettled.contains($0.index) }.map { TaskOutcome(index: $0.index, state: .planned) }
        try journal { () throws(JobStoreError) in
            try store.rename(tasks)
            try store.record(outcomes, epochMilliseconds: SystemClock.epochMilliseconds())
        }
    }

    private mutating func refuseInputsAsOutputs() throws(HeadError) {
        for entry in replaced where inputKeys.containsSorted(entry.key) {
            throw .usage(
                "\(entry.output), the output of \(entry.input), is itself an input; inputs are only replaced with --in-place, so choose another -o or --name")
        }
        replaced = []
    }

    /// Whether a task's output has this name, however the name is spelled without links.
    private func isOutput(_ path: RawPath) -> Bool {
        let whole = absolute(path)
        let spellings = [path.normalized, whole] + (whole.relative(to: workingFolder).map { [$0] } ?? [])
        return spellings.contains { hashes.containsSorted(CollisionKey.hash($0)) }
    }

    /// What stands under the names of PDFs, reports and manifests; last of all, since it needs every output and input.
    mutating func finish(books: [PlannedBook], _ forecasts: [BookForecast]) throws(HeadError) {
        for book in books where isOutput(book.path) {
            throw .usage("the PDF \(book.path) and an output would have one name; choose another for one of them")
        }
        try forEachVolume(of: books, forecasts) { (path, facts, isChecked) throws(HeadError) in
            if let facts {
                if facts.type == .folder { throw .usage("\(path) is a folder; --pdf wants the name of a file") }
                if inputKeys.containsSorted(facts.key) { throw .usage("\(path) is itself an input; choose another name for the PDF") }
            }
            guard isChecked, settings.overwrite != .always else { return }
            guard let facts, try isOurs(path, facts) else {
                throw .usage("\(path) exists and quire did not make it; choose another name, or say --overwrite always to replace it")
            }
        }
        try SideFiles(settings, workingFolder).check(
            books, isInput: { inputKeys.containsSorted($0.key) }, isOutput: isOutput, isOurs: { (path, facts) throws(HeadError) in try isOurs(path, facts) })
        hashes = []
        inputKeys = []
    }

    /// All files that exist under the name of a PDF or of a volume of it; each folder is read once. How many volumes there
    /// will be shows at the end, so only the name of one, of the first of several and of those forecast are known to be taken
    /// (`isChecked`).
    private func forEachVolume(
        of books: [PlannedBook], _ forecasts: [BookForecast], _ body: (RawPath, FileFacts?, _ isChecked: Bool) throws(HeadError) -> Void
    ) throws(HeadError) {
        let forecastNames = Dictionary(grouping: forecasts.flatMap { $0.volumes.map(\.path) }, by: \.parent)
        for (folder, books) in Dictionary(grouping: books, by: \.path.parent).sorted(by: { $0.key < $1.key }) {
            let names = Set(books.map(\.path.lastComponent))
            let numbered = Set(books.map { $0.volumePath(0, of: 2) } + (forecastNames[folder] ?? []))
            let entries: [FolderEntry]
            do throws(SystemError) {
                entries = try LinuxSystem.FolderListing.entries(of: folder, where: { names.contains($0) || names.contains($0.withoutVolumeNumber) })
            } catch {
                if error.isNotFound { continue }
                // A folder that may be written to but not read: only whole names can be asked for.
                for path in books.map(\.path) + numbered.sorted() {
                    let facts = try HeadNode.system("look at the PDF") { () throws(SystemError) in try FileOperation.factsIfPresent(of: path) }
                    if let facts { try body(path, facts, true) }
                }
                continue
            }
            for entry in entries {
                try body(folder.appending(entry.name), entry.facts, names.contains(entry.name) || numbered.contains(folder.appending(entry.name)))
            }
        }
    }
}

extension Array where Element: Comparable {
    /// Whether an ascending array has this element.
    func containsSorted(_ element: Element) -> Bool {
        let place = partitionPoint { $0 < element }
        return place < count && self[place] == element
    }
}

extension Array {
    /// The index of the first element for which `isBefore` does not hold, in an array where such elements stand last.
    func partitionPoint(_ isBefore: (Element) -> Bool) -> Int {
        var low = 0
        var high = count
        while low < high {
            let middle = (low + high) / 2
            if isBefore(self[middle]) { low = middle + 1 } else { high = middle }
        }
        return low
    }
}
