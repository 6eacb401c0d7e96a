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
        guard let output = task.output else { return nil }
        hashes.append(CollisionKey.hash(output))
        if settings.isInPlace { return nil }
        inputKeys.append(input.fileKey)
        return try lookAtOutput(of: &task, output)
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
        return entry?.outputIdentity == existing.identity
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
        for file in existing where try !isOurs(file.path, file.facts) { return nil }
        if wantsPages {
            // Pages that were in a spool are gone with it, so such a file is made again.
            let sources = entry.work.pages.flatMap(\.sources)
            guard !sources.isEmpty, sources.allSatisfy({ if case .spool = $0.file { false } else { true } }) else { return nil }
        }
        return TaskOutcome(index: task.index, state: .current, work: entry.work, outputs: made)
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
        hashes = []
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
            outcomes.append(try lookAtOutput(of: &tasks[index], output) ?? TaskOutcome(index: tasks[index].index, state: .planned))
        }
        try journal { () throws(JobStoreError) in
            try store.rename(tasks)
            try store.record(outcomes, epochMilliseconds: SystemClock.epochMilliseconds())
        }
    }

    private mutating func refuseInputsAsOutputs() throws(HeadError) {
        if replaced.isEmpty { return }
        inputKeys.sort()
        for entry in replaced {
            let place = inputKeys.partitionPoint { $0 < entry.key }
            if place < inputKeys.count, inputKeys[place] == entry.key {
                throw .usage(
                    "\(entry.output), the output of \(entry.input), is itself an input; inputs are only replaced with --in-place, so choose another -o or --name")
            }
        }
        replaced = []
        inputKeys = []
    }

    /// A PDF of that name that quire did not make is somebody's.
    func refuseForeignPDFs(_ books: [PlannedBook], _ settings: RunSettings) throws(HeadError) {
        for book in books {
            for path in [book.path, book.volumePath(0, of: 2)] {
                let existing = try HeadNode.system("look at the PDF") { () throws(SystemError) in try FileOperation.factsIfPresent(of: path) }
                guard let existing else { continue }
                if existing.type == .folder { throw .usage("\(path) is a folder; --pdf wants the name of a file") }
                if settings.overwrite == .always { continue }
                guard try isOurs(path, existing) else {
                    throw .usage("\(path) exists and quire did not make it; choose another name, or say --overwrite always to replace it")
                }
            }
        }
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
