import JobModel
import JobStore
import LinuxSystem
import Planning

/// What must hold of all outputs before any work: no two of one name, no file of somebody else's, no input overwritten.
///
/// Takes 16 bytes a task until `finish`.
struct PlanChecks {
    private let settings: RunSettings
    private let ledger: OutputLedger
    private let workingFolder: RawPath
    private let recipe: Digest256
    private let wantsPages: Bool
    private var outputs: [RawPath] = []
    private var hashes: [UInt64] = []
    private var inputKeys: [UInt64] = []
    /// Outputs that exist and would be replaced.
    private var replaced: [(key: UInt64, output: RawPath, input: RawPath)] = []
    private var foreign: (count: Int, first: [RawPath]) = (0, [])
    private var knownFolder: (path: RawPath, exists: Bool)?

    init(settings: RunSettings, ledger: OutputLedger, workingFolder: RawPath, recipe: Digest256, wantsPages: Bool) {
        self.settings = settings
        self.ledger = ledger
        self.workingFolder = workingFolder
        self.recipe = recipe
        self.wantsPages = wantsPages
    }

    /// Looks at one task and what lies under its output's name; returns its outcome if that is clear already.
    mutating func look(at task: inout PlannedTask, _ input: ScannedInput) throws(HeadError) -> TaskOutcome? {
        if let failure = input.failure { return TaskOutcome(index: task.index, state: .failed, failure: failure) }
        inputKeys.append(input.fileKey)
        guard let output = task.output else { return nil }
        hashes.append(CollisionKey.hash(output))
        if settings.isInPlace { return try lookInPlace(task, output) }
        return try lookAtOutput(of: &task, output)
    }

    /// A file that this recipe made of itself already is left as it is.
    private func lookInPlace(_ task: PlannedTask, _ output: RawPath) throws(HeadError) -> TaskOutcome? {
        if settings.overwrite == .always { return nil }
        let entry = try journal { () throws(JobStoreError) in try ledger.entry(for: absolute(output)) }
        guard let entry, entry.isInPlace, entry.outputIdentity == task.identity, entry.recipe == recipe, hasPages(entry) else { return nil }
        return TaskOutcome(index: task.index, state: .current, work: entry.work, outputs: [output])
    }

    private mutating func lookAtOutput(of task: inout PlannedTask, _ output: RawPath) throws(HeadError) -> TaskOutcome? {
        let existing = try existing(task, output)
        task.mayReplace = false
        if existing.isEmpty { return nil }
        for file in existing where file.facts.type == .folder {
            throw .usage("\(file.path) is a folder, and the output of \(task.input) would have its name")
        }
        switch settings.overwrite {
        case .never:
            guard !wantsPages else { return try currentOutcome(task, output, existing, anyRecipe: true) ?? refuse(output) }
            return TaskOutcome(index: task.index, state: .skipped, outputs: existing.map(\.path))
        case .always: break
        case .changed:
            if let current = try currentOutcome(task, output, existing, anyRecipe: false) { return current }
            for file in existing where try !isOurs(file.path, file.facts) { return refuse(file.path) }
        }
        task.mayReplace = true
        for file in existing { replaced.append((file.facts.key, file.path, task.input)) }
        return nil
    }

    /// What lies under an output's name; for a file of several pages, what an earlier job made of them.
    private mutating func existing(_ task: PlannedTask, _ output: RawPath) throws(HeadError) -> [(path: RawPath, facts: FileFacts)] {
        let whole = try facts(of: output).map { [(path: output, facts: $0)] }
        // Where the template has the page's number, the name of the first page is that of the whole.
        if let whole, task.pageNumber == nil { return whole }
        var pages: [(path: RawPath, facts: FileFacts)] = []
        while true {
            let path = task.name(of: output, page: pages.count + 1)
            // Another input's output, or somebody's file, says nothing about this one.
            guard let page = try facts(of: path), try isOwn(path, task) else { break }
            pages.append((path, page))
        }
        return pages.isEmpty ? whole ?? [] : pages
    }

    private func isOwn(_ path: RawPath, _ task: PlannedTask) throws(HeadError) -> Bool {
        let entry = try journal { () throws(JobStoreError) in try ledger.entry(for: absolute(path)) }
        return entry?.input == absolute(task.input)
    }

    private mutating func refuse(_ output: RawPath) -> TaskOutcome? {
        foreign.count += 1
        if foreign.first.count < 3 { foreign.first.append(output) }
        return nil
    }

    private func absolute(_ path: RawPath) -> RawPath { workingFolder.appending(path).normalized }

    private func isOurs(_ output: RawPath, _ existing: FileFacts) throws(HeadError) -> Bool {
        let entry = try journal { () throws(JobStoreError) in try ledger.entry(for: absolute(output)) }
        return entry?.identities.contains(existing.identity) == true
    }

    /// The outcome of a task whose outputs an earlier job made from the same input in the same way.
    private func currentOutcome(
        _ task: PlannedTask, _ output: RawPath, _ existing: [(path: RawPath, facts: FileFacts)], anyRecipe: Bool
    ) throws(HeadError) -> TaskOutcome? {
        guard let first = existing.first else { return nil }
        let entry = try journal { () throws(JobStoreError) in try ledger.entry(for: absolute(first.path)) }
        guard let entry, entry.input == absolute(task.input),
            anyRecipe || (entry.inputIdentity == task.identity && entry.recipe == recipe)
        else { return nil }
        let made = entry.work.files.map { file in file.page.map { task.name(of: output, page: $0) } ?? output }
        guard made == existing.map(\.path) else { return nil }
        for file in existing {
            let entry = try journal { () throws(JobStoreError) in try ledger.entry(for: absolute(file.path)) }
            guard entry?.outputIdentity == file.facts.identity else { return nil }
        }
        guard hasPages(entry) else { return nil }
        return TaskOutcome(index: task.index, state: .current, work: entry.work, outputs: made)
    }

    /// Whether the pages that are wanted can be had without work: those that were in a spool are gone with it.
    private func hasPages(_ entry: LedgerEntry) -> Bool {
        guard wantsPages else { return true }
        let sources = entry.work.pages.flatMap(\.sources)
        return !sources.isEmpty && sources.allSatisfy { if case .spool = $0.file { false } else { true } }
    }

    /// Most runs write into an empty folder: one look at it saves a look for each file.
    private mutating func facts(of output: RawPath) throws(HeadError) -> FileFacts? {
        let folder = output.parent.isEmpty ? RawPath(".") : output.parent
        if knownFolder?.path != folder {
            let exists = try HeadNode.system("look at the output folder") { () throws(SystemError) in
                try FileOperation.factsIfPresent(of: folder) != nil
            }
            knownFolder = (folder, exists)
        }
        guard knownFolder?.exists == true else { return nil }
        return try HeadNode.system("look at the outputs") { () throws(SystemError) in
            try FileOperation.factsIfPresent(of: output, followingLinks: false)
        }
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
        var outcomes: [TaskOutcome] = []
        for index in tasks.indices {
            guard let output = tasks[index].output else { continue }
            hashes.append(CollisionKey.hash(output))
            outcomes.append(try lookAtOutput(of: &tasks[index], output) ?? TaskOutcome(index: tasks[index].index, state: .planned))
        }
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

extension RawPath {
    /// `album-012.pdf` as `album.pdf`; the name itself when it has no number.
    var withoutVolumeNumber: RawPath {
        let digits = stem.bytes.reversed().prefix { (0x30...0x39).contains($0) }.count
        let start = stem.bytes.dropLast(digits)
        guard digits >= 3, start.last == 0x2D else { return self }
        return RawPath(bytes: Array(start.dropLast()) + (fileExtension.map { [0x2E] + $0.bytes } ?? []))
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
