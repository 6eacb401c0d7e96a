import JobModel
import JobStore
import LinuxSystem
import Planning
import Recipes
import Variables

/// Turns settings and a listing into a plan in the journal, and refuses what cannot be done before any work is.
struct JobPlanner {
    let settings: RunSettings
    let job: JobID
    let store: JobStore
    let ledger: OutputLedger
    let recipe: Recipe
    let pdf: PDFSettings
    let workingFolder: RawPath
    let display: ProgressDisplay
    let interrupts: InterruptCount
    /// The build that would make outputs now, if that is known: asked only when there are outputs of an earlier job.
    let build: () throws(HeadError) -> String?
    /// Looks into inputs: asked only when names or the order need it.
    let probe: ([ScannedInput]) throws(HeadError) -> [SideWork.Probed]

    /// Rows are written in groups of this many.
    static let rowsAtOnce = 4096

    func plan() throws(HeadError) -> JobPlan {
        let names = try SaveNames(settings, recipe)
        let bookNames = try bookNames()
        var checks = PlanChecks(
            settings: settings, ledger: ledger, workingFolder: workingFolder, recipe: recipeDigest, wantsPages: bookNames != nil, build: build,
            digesting: { () throws(HeadError) in try interrupts.check() })
        var rows = RowWriter(store: store)
        var books = BookList()
        var count = 0
        let needsPlace = recipe.variables.contains(where: \.needsPlace)
        let countsFolders = names?.countsFolders == true || recipe.variables.contains(Variable(.plain(.folderindex)))
        var missing = MissingInputs()
        var roots = InputRoots()
        let add = { (input: ScannedInput, probed: SideWork.Probed?, place: ListPlace) throws(HeadError) in
            let index = TaskIndex(count)
            roots.note(input, in: workingFolder)
            let source = nameSource(input, TaskIndex(place.index), place.folderIndex, probed?.facts)
            var outputs: [FurtherOutput] = []
            var unnamed: TaskFailure?
            if settings.isInPlace {
                outputs = [FurtherOutput(path: try inPlaceName(input, source.format), format: source.format)]
            } else if let names {
                do throws(PlanningError) { outputs = try names.outputs(of: source) } catch { unnamed = try failure(of: probed, error) }
            }
            var book = 0
            if let bookNames {
                let path = try planning { () throws(PlanningError) in try bookNames.finalPath(source).normalized }
                book = books.add(path, index, input.identity.sizeBytes)
            }
            var task = PlannedTask(
                index: index, input: input.path, identity: input.identity, output: outputs.first?.path, format: source.format,
                bookFolder: bookFolder(input), mayReplace: settings.isInPlace, book: book, pageNumber: outputs.first?.pageNumber,
                further: Array(outputs.dropFirst()))
            if needsPlace {
                task.place = InputPlace(
                    relative: input.relative, inputFolderName: source.inputFolderName, index: place.index + 1, folderIndex: source.folderIndex)
            }
            let look = try checks.look(at: &task, input, unnamed: unnamed)
            try rows.add(task, look, &checks)
            count += 1
            if count % Self.rowsAtOnce == 0 { try interrupts.check() }
        }
        let (skipped, leftOut) = try forEachInput(needsProbe: names?.needsProbe == true, countsFolders: countsFolders) { (input, probed, place) throws(HeadError) in
            // Named inputs that are not there fail by name beside others; all of them missing is another thing.
            if count == 0, missing.hold(input, place) { return }
            for held in missing.release() { try add(held.input, nil, held.place) }
            try add(input, probed, place)
        }
        try rows.flush(&checks)
        if count == 0 && !settings.allowsEmpty { throw .noInputs(missing.sentence ?? nothingFound(skipped)) }
        if count == 0, let sentence = missing.sentence { display.message(sentence) }
        try checks.finish(store)
        if books.books.count > 1 { try journal { () throws(JobStoreError) in try store.indexBooks() } }
        let forecasts = try forecasts(of: books.books)
        try checks.finish(books: books.books, forecasts)
        return JobPlan(
            job: job, taskCount: count, recipe: recipe, recipeDigest: recipeDigest, books: books.books, forecasts: forecasts, pdf: pdf,
            skipped: skipped.sorted { $0.key.text < $1.key.text }.map { ($0.key.text, $0.value) },
            otherBuilds: checks.otherBuilds,
            bindsInputsAsTheyAre: settings.purpose == .bind, spoolFolder: spoolFolder(books.books), workingFolder: workingFolder,
            roots: roots, leftOutCount: leftOut)
    }

    // MARK: Books before they are bound

    private func forecasts(of books: [PlannedBook]) throws(HeadError) -> [BookForecast] {
        let takesInputs = settings.purpose == .bind || recipe.isIdentity
        let forecasting = BookForecasting(store: store, settings: pdf, takesInputsAsTheyAre: takesInputs, interrupts: interrupts)
        var forecasts: [BookForecast] = []
        for (index, book) in books.enumerated() {
            let bytes = takesInputs ? book.inputBytes + Self.pageOverheadBytesMax * UInt64(book.inputCount) : 0
            if settings.isDryRun || book.inputCount > pdf.volumePagesMax || bytes > pdf.volumeBytesMax {
                forecasts.append(try forecasting.forecast(index, of: books))
            }
        }
        return forecasts
    }

    /// More than a page takes beside its picture, with its share of tables and nodes.
    private static let pageOverheadBytesMax: UInt64 = 2_000

    // MARK: Inputs in their order

    /// Streams the inputs where it can; an order over all of them, a probe or a sample needs the whole list in memory.
    ///
    /// Returns what was passed over, and how many inputs are not in the sample.
    private func forEachInput(
        needsProbe: Bool, countsFolders: Bool, _ add: (ScannedInput, SideWork.Probed?, ListPlace) throws(HeadError) -> Void
    ) throws(HeadError) -> (skipped: [SkipReason: Int], leftOut: Int) {
        var folders = FolderCounts()
        var all: [ScannedInput] = []
        let collects = needsProbe || settings.sort.map { $0 != .given } == true || settings.sampleCount != nil
        var found = 0
        let skipped = try scanner().scan(
            found: { (input) throws(HeadError) in
                found += 1
                if collects {
                    all.append(input)
                } else {
                    try add(input, nil, ListPlace(index: found - 1, folderIndex: countsFolders ? folders.next(in: input.path.parent) : 1))
                }
            },
            progress: { () throws(HeadError) in
                try interrupts.check()
                display.scanning(found: found, skipped: 0)
            })
        guard collects else { return (skipped, 0) }
        let sortsByContent = settings.sort?.needsProbe == true
        var probed = sortsByContent ? try probe(all) : [SideWork.Probed?](repeating: nil, count: all.count)
        var order = Array(all.indices)
        if let sort = settings.sort, sort != .given {
            let keys = all.indices.map { SortedInput(path: all[$0].path, takenAt: probed[$0]?.facts?.takenAt, identity: all[$0].identity) }
            order.sort { sort.precedes(keys[$0], keys[$1]) || (!sort.precedes(keys[$1], keys[$0]) && $0 < $1) }
        }
        // A sample has the names that its files have among all.
        let places = order.enumerated().map { index, input in
            ListPlace(index: index, folderIndex: countsFolders ? folders.next(in: all[input].path.parent) : 1)
        }
        let taken = Array(order.indices).spread(settings.sampleCount)
        if needsProbe, !sortsByContent {
            for (place, found) in zip(taken, try probe(taken.map { all[order[$0]] })) { probed[order[place]] = found }
        }
        for place in taken { try add(all[order[place]], probed[order[place]], places[place]) }
        return (skipped, all.count - taken.count)
    }

    private func scanner() throws(HeadError) -> InputScanner {
        var rules = try settings.skipRules()
        for folder in SaveNames.folders(settings, recipe) { rules.ownFolders.append(try Places.resolved(folder, in: workingFolder)) }
        return InputScanner(settings: settings, rules: rules, ledger: ledger, workingFolder: workingFolder)
    }

    private func nothingFound(_ skipped: [SkipReason: Int]) -> String {
        if skipped.isEmpty { return "no images among the inputs; --allow-empty makes this a success" }
        let reasons = skipped.sorted { $0.key.text < $1.key.text }.map { "\($0.value) \($0.key.text)" }
        return "no images to work on; passed over: \(reasons.joined(separator: ", ")). --allow-empty makes this a success"
    }

    // MARK: Names

    private func bookNames() throws(HeadError) -> OutputNames? {
        guard let text = settings.pdf else { return nil }
        let template = try planning { () throws(PlanningError) in try NameTemplate(text) }
        guard template.isPerFolder else {
            throw .usage("--pdf '\(text)': only {dir}, {subdir} and {folder} make one PDF per folder; write other braces as {{ and }}")
        }
        return OutputNames(outputFolder: nil, template: template)
    }

    private func nameSource(_ input: ScannedInput, _ index: TaskIndex, _ folderIndex: Int, _ facts: ProbeFacts?) -> NameSource {
        let folder = input.root ?? input.path.parent
        let name = folder.lastComponent.isEmpty || folder == RawPath(".") ? workingFolder.lastComponent : folder.lastComponent
        return NameSource(
            path: input.path, relative: input.relative, inputFolderName: name,
            format: recipe.outputFormat(forExtension: input.path.lowercasedExtension), task: index, folderIndex: folderIndex,
            identity: input.identity, probe: facts)
    }

    /// Why a file whose output gets no name fails. The template was read before, so the reason is in the file.
    private func failure(of probed: SideWork.Probed?, _ error: PlanningError) throws(HeadError) -> TaskFailure {
        switch error {
        case .missingValue, .noResult, .unusableName, .nameTooLong: break
        case .badTemplate, .badPattern: throw .usage("\(error)")
        }
        // A file that cannot be read has nothing for a name, and that is what is to be told of it.
        if case .failed(let failure)? = probed {
            return TaskFailure(failure.reason, "\(failure.message); its name is made of what is in it, so mend it and run the command again")
        }
        return TaskFailure(.unsupported, "its output gets no name: \(error)")
    }

    private func inPlaceName(_ input: ScannedInput, _ format: OutputFormat) throws(HeadError) -> RawPath {
        guard OutputNames.fileExtension(of: input.relative, as: format) == input.path.fileExtension else {
            throw .usage("\(input.path) cannot be replaced in place: it would become \(format.rawValue); use -o or --name for files that change their format")
        }
        // A link stays a link: what it points to is replaced.
        if input.failure != nil { return input.path }
        return try HeadNode.system("find \(input.path)") { () throws(SystemError) in try FileOperation.resolved(input.path) }
    }

    /// Folders for bookmarks: below the INPUT, and the INPUT's own name first when there are several.
    private func bookFolder(_ input: ScannedInput) -> RawPath {
        guard let root = input.root else { return RawPath(bytes: []) }
        return settings.inputs.count > 1 ? root.lastComponent.appending(input.relative.parent) : input.relative.parent
    }

    private func spoolFolder(_ books: [PlannedBook]) -> RawPath {
        let beside = books.first?.path.parent ?? RawPath(".")
        return (settings.spoolFolder ?? (beside.isEmpty ? RawPath(".") : beside)).appending(".quire-spool-\(job.rawValue)")
    }

    private var recipeDigest: Digest256 { JobPlan.digest(of: recipe, settings) }
}

/// The PDFs of a plan in the order their first page comes.
private struct BookList {
    private(set) var books: [PlannedBook] = []
    private var indexes: [RawPath: Int] = [:]

    mutating func add(_ path: RawPath, _ index: TaskIndex, _ bytes: UInt64) -> Int {
        let place = indexes[path] ?? books.count
        if place == books.count {
            indexes[path] = place
            books.append(PlannedBook(path: path, start: index.position, end: 0))
        }
        books[place].end = index.position + 1
        books[place].inputCount += 1
        books[place].inputBytes += bytes
        return place
    }
}

/// Counts inputs per folder for `{folderindex}`, also where folders come in turns, as under `--sort` or in lists.
private struct FolderCounts {
    private var counts: [RawPath: Int] = [:]
    /// With more folders than this they are forgotten together, and each counts from 1 again when it comes once more.
    private static let foldersMax = 100_000

    mutating func next(in folder: RawPath) -> Int {
        if counts.count >= Self.foldersMax, counts[folder] == nil { counts.removeAll(keepingCapacity: true) }
        counts[folder, default: 0] += 1
        return counts[folder] ?? 1
    }
}

/// Where an input stands among all, also where only a sample of them is worked on.
struct ListPlace {
    /// From 0.
    var index: Int
    /// In its folder, from 1.
    var folderIndex: Int
}

/// Named inputs that are not there, held back until one comes that is.
struct MissingInputs {
    private var held: [(input: ScannedInput, place: ListPlace)] = []
    /// Beyond this many they become tasks that fail one by one.
    private static let heldMax = 10_000
    private static let shownMax = 3

    mutating func hold(_ input: ScannedInput, _ place: ListPlace = ListPlace(index: 0, folderIndex: 1)) -> Bool {
        guard input.root == nil, input.failure?.reason == .vanished, held.count < Self.heldMax else { return false }
        held.append((input, place))
        return true
    }

    mutating func release() -> [(input: ScannedInput, place: ListPlace)] {
        defer { held.removeAll() }
        return held
    }

    /// Names those that are held; nil when there are none.
    var sentence: String? {
        if held.isEmpty { return nil }
        let names = held.prefix(Self.shownMax).map(\.input.path.display).joined(separator: ", ")
        let others = held.count > Self.shownMax ? " and \(held.count - Self.shownMax) more" : ""
        return "there is no such file or folder: \(names)\(others)"
    }
}

/// Writes plan rows, and outcomes known before any work, in groups.
private struct RowWriter {
    let store: JobStore
    private var tasks: [PlannedTask] = []
    private var looks: [PlanLook] = []

    init(store: JobStore) { self.store = store }

    mutating func add(_ task: PlannedTask, _ look: PlanLook, _ checks: inout PlanChecks) throws(HeadError) {
        tasks.append(task)
        looks.append(look)
        if tasks.count >= JobPlanner.rowsAtOnce { try flush(&checks) }
    }

    mutating func flush(_ checks: inout PlanChecks) throws(HeadError) {
        let outcomes = try checks.settle(&tasks, looks)
        let tasks = tasks
        try journal { () throws(JobStoreError) in
            if !tasks.isEmpty { try store.append(tasks) }
            if !outcomes.isEmpty { try store.record(outcomes, epochMilliseconds: SystemClock.epochMilliseconds()) }
        }
        self.tasks.removeAll(keepingCapacity: true)
        looks.removeAll(keepingCapacity: true)
    }
}

func planning<Result>(_ body: () throws(PlanningError) -> Result) throws(HeadError) -> Result {
    do throws(PlanningError) { return try body() } catch { throw .usage("\(error)") }
}
