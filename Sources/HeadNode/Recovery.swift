import Digests
import JobModel
import JobStore
import LinuxSystem
import PDFAssembly
import Recipes

/// Brings journal and disk to agreement before a job is gone on with: what is recorded as done is looked at, what is not as it
/// was recorded is opened again.
///
/// In this order: recorded winners get their names; outputs that no longer fit are opened; books that can be gone on with are
/// found; pages whose bytes are gone are opened; temp files of work that was in flight go.
final class Recovery {
    private let job: OpenJob
    private let plan: JobPlan
    private let interrupts: InterruptCount
    var store: JobStore { job.store }
    private var reopenedCount = 0

    /// Tasks looked at between two looks at Ctrl-C.
    private static let tasksAtOnce = 512

    struct Found {
        var books: [PlannedBook]
        /// Where the process before may have left temp files, and a worker of it may be writing one yet.
        var untidyFolders: Set<RawPath>
    }

    init(job: OpenJob, plan: JobPlan, interrupts: InterruptCount) {
        self.job = job
        self.plan = plan
        self.interrupts = interrupts
    }

    func run() throws(HeadError) -> Found {
        try finishWinners()
        try checkOutputs()
        var books = plan.books
        for index in books.indices { try look(at: &books[index], index) }
        let lost = try journal { () throws(JobStoreError) in try store.withLostAttempts() }
        let untidy = Set(lost.flatMap(plan.outputFolders))
        for folder in untidy { JobFolder.sweep(folder, of: job.job, keepingPartials: true) }
        try Spool(folder: plan.spoolFolder, job: job.job, isOfPrograms: plan.program != nil).removeUnfinished(store)
        if reopenedCount > 0 { job.display.message("\(reopenedCount) done once more: their outputs or pages are not there any more, or changed") }
        return Found(books: books, untidyFolders: untidy)
    }

    // MARK: Tasks

    /// Opens failed tasks again, with their inputs as they are now.
    func reopenFailed(_ reasons: Set<FailureReason>?) throws(HeadError) {
        var opened = 0
        var unnamed = 0
        var changed = 0
        try forEach([.failed]) { (record) throws(HeadError) in
            guard let reason = record.outcome.failure?.reason, reasons?.contains(reason) ?? true else { return nil }
            if hasNoName(record) {
                unnamed += 1
                return nil
            }
            if try isChangedSinceDone(record.task) {
                changed += 1
                return nil
            }
            if opened == 0 { try journal { () throws(JobStoreError) in try store.setFact("state", JobState.running.rawValue) } }
            opened += 1
            var task = record.task
            switch plan.program?.kind {
            case .file, nil: break
            // These have no identity.
            case .folder, .text: return task
            }
            // One that is not there now fails for that when it is worked on.
            do throws(SystemError) { task.identity = try FileOperation.facts(of: task.input).identity } catch {}
            guard let done = try doneInPlace(task) else { return task }
            if !plan.books.isEmpty {
                task.makePageAlone()
                return task
            }
            let outcome = TaskOutcome(index: task.index, state: .current, work: done.work, outputs: task.outputs)
            try journal { () throws(JobStoreError) in try store.record([outcome], epochMilliseconds: SystemClock.epochMilliseconds()) }
            return nil
        }
        if unnamed > 0 {
            let text = "\(unnamed) of the failed got no output name when the job was planned, and are not done by retry; mend them or change --name, and run the command again"
            if opened == 0 { throw .usage(text) }
            job.display.message(text)
        }
        if changed > 0 {
            let text = "\(changed) of the failed \(changed == 1 ? "is" : "are") not what the recipe left in place, and \(changed == 1 ? "is" : "are") not done by retry; run the command again"
            if opened == 0 { throw .usage(text) }
            job.display.message(text)
        }
        guard opened > 0 else {
            let which = reasons.map { " as " + $0.map(\.rawValue).sorted().joined(separator: " or ") } ?? ""
            throw .usage("no \(plan.program == nil ? "file" : "task") of job \(job.job.rawValue) failed\(which)")
        }
    }

    /// Whether a task failed since its output got no name. Names are given while the plan is made.
    private func hasNoName(_ record: TaskRecord) -> Bool {
        guard plan.program == nil, !plan.bindsInputsAsTheyAre, !job.settings.isInPlace, record.task.output == nil else { return false }
        // One found twice has no output either, for its page alone, and was tried.
        return record.outcome.attempts == 0 && SaveNames.makesFiles(job.settings, plan.recipe)
    }

    /// Whether a file that only wants its page, since the recipe was done to it in place, is another one by now, which nothing was
    /// done to.
    private func isChangedSinceDone(_ task: PlannedTask) throws(HeadError) -> Bool {
        guard plan.program == nil, job.settings.isInPlace, task.output == nil else { return false }
        let path: RawPath
        let identity: InputIdentity
        do throws(SystemError) {
            path = try FileOperation.resolved(plan.workingFolder.appending(task.input))
            identity = try FileOperation.facts(of: path).identity
        } catch {
            // It fails for that when it is worked on.
            return false
        }
        let entry = try journal { () throws(JobStoreError) in try job.ledger.entry(for: path.normalized) }
        guard let entry, entry.isInPlace, entry.recipe == plan.recipeDigest else { return true }
        return entry.outputIdentity != identity
    }

    /// What is known of a task's file that is what the recipe made of it in place, and is not to be put through it once more.
    private func doneInPlace(_ task: PlannedTask) throws(HeadError) -> LedgerEntry? {
        guard let entry = try entryInPlace(task), entry.outputIdentity == task.identity else { return nil }
        return entry.job == plan.job || job.settings.overwrite != .always ? entry : nil
    }

    /// What the ledger has of a file that this recipe replaced.
    private func entryInPlace(_ task: PlannedTask) throws(HeadError) -> LedgerEntry? {
        guard job.settings.isInPlace, let output = task.output else { return nil }
        let entry = try journal { () throws(JobStoreError) in try job.ledger.entry(for: plan.workingFolder.appending(output).normalized) }
        guard let entry, entry.isInPlace, entry.recipe == plan.recipeDigest else { return nil }
        return entry
    }

    private func finishWinners() throws(HeadError) {
        // Winners without names are of the process that died, not of this one.
        let build = try journal { () throws(JobStoreError) in try store.earlierBuild() }
        let committer = Committer(
            store: store, ledger: job.ledger, job: job.job, recipe: plan.recipeDigest, isInPlace: job.settings.isInPlace,
            movesTimes: plan.recipe.fileTimeShift != nil, replacesForeign: job.settings.overwrite == .always, workingFolder: plan.workingFolder,
            outputRoot: job.outputRoot, build: build, finishesOthers: true, program: plan.program)
        while true {
            try interrupts.check()
            // What is finished or opened is won no more, so the first ones are always others.
            let winners = try journal { () throws(JobStoreError) in
                try store.records(in: [.won], from: 0, count: Committer.groupTasksMax)
            }
            if winners.isEmpty { return }
            let lost = try committer.finish(winners, epochMilliseconds: SystemClock.epochMilliseconds())
            try reopen(lost)
        }
    }

    private func checkOutputs() throws(HeadError) {
        // An input that was replaced is what its task made of it, whatever became of it since.
        if job.settings.isInPlace { return }
        // A program that has run does not run again because somebody moved what it made.
        if let program = job.settings.program, program.restarting != .freely { return }
        try forEach([.committed, .current]) { (record) throws(HeadError) in
            for output in record.outcome.outputs {
                let facts = try system("look at the outputs") { () throws(SystemError) in
                    try FileOperation.factsIfPresent(of: output, followingLinks: false)
                }
                let path = plan.workingFolder.appending(output).normalized
                let entry = try journal { () throws(JobStoreError) in try job.ledger.entry(for: path) }
                guard let facts, facts.identity == entry?.outputIdentity else {
                    reopenedCount += 1
                    return record.task
                }
            }
            return nil
        }
    }

    /// Goes over the tasks in these states and opens those that `body` returns.
    private func forEach(_ states: [TaskState], from first: Int = 0, _ body: (TaskRecord) throws(HeadError) -> PlannedTask?) throws(HeadError) {
        var next = first
        while true {
            try interrupts.check()
            let records = try journal { () throws(JobStoreError) in try store.records(in: states, from: next, count: Self.tasksAtOnce) }
            guard let last = records.last else { return }
            var opened: [PlannedTask] = []
            for record in records {
                if let task = try body(record) { opened.append(task) }
            }
            try reopen(opened)
            next = last.task.index.position + 1
        }
    }

    private func reopen(_ tasks: [PlannedTask]) throws(HeadError) {
        try journal { () throws(JobStoreError) in try store.reopen(tasks) }
    }

    // MARK: Books

    private func look(at book: inout PlannedBook, _ index: Int) throws(HeadError) {
        let range = book.start..<book.end
        let (volumes, isOpen) = try journal { () throws(JobStoreError) in
            (try store.volumes(ofBook: index), try store.hasOpenTasks(range, ofBook: index))
        }
        if !volumes.isEmpty, !isOpen, try finishNaming(volumes, book, index) {
            book.bound = volumes.map { BoundVolume(path: $0.path, pages: $0.pages, bytes: $0.bytes) }
            return
        }
        if volumes.isEmpty, let resumed = try replay(book, index) {
            book.resumed = resumed
            return try reopenSpooled(from: resumed.task, skipping: resumed.pagesOfTask, below: book.end, ofBook: index)
        }
        try bindAnew(book, index)
    }

    /// Whether all files of a book are those that were recorded; one that has not its name yet gets it.
    private func finishNaming(_ volumes: [VolumeRow], _ book: PlannedBook, _ index: Int) throws(HeadError) -> Bool {
        var unnamed: [(partial: RawPath, path: RawPath)] = []
        for (number, volume) in volumes.enumerated() {
            let partial = book.partialPath(number, number: index, of: job.job)
            let entry = try journal { () throws(JobStoreError) in try job.ledger.entry(for: plan.workingFolder.appending(volume.path).normalized) }
            let (named, left) = try system("look at the PDF") { () throws(SystemError) in
                (try FileOperation.factsIfPresent(of: volume.path, followingLinks: false), try FileOperation.factsIfPresent(of: partial))
            }
            guard let entry else { return false }
            if named?.identity == entry.outputIdentity { continue }
            guard left?.identity == entry.outputIdentity, named == nil || named?.identity == entry.replaced else { return false }
            unnamed.append((partial, volume.path))
        }
        for (partial, path) in unnamed {
            try system("name \(path)") { () throws(SystemError) in
                try FileOperation.rename(partial, replacing: path)
                try FileOperation.syncFolder(path.parent)
            }
        }
        try journal { () throws(JobStoreError) in try store.removeFacts([BookFact.position(index)]) }
        return true
    }

    /// Places the pages again that an earlier process bound; nil if what it left cannot be gone on with.
    private func replay(_ planned: PlannedBook, _ index: Int) throws(HeadError) -> ResumedBook? {
        let fact = try journal { () throws(JobStoreError) in try store.fact(BookFact.position(index)) }
        guard let fact, let position = BookPosition(fact: fact), try arePartialsThere(planned, index, position) else { return nil }
        let pages = BookPages(missingPage: plan.pdf.missingPage)
        var resumed = ResumedBook(
            book: try pdf { () throws(PDFError) in try Book<SHA256Stream>(settings: plan.pdf) }, task: planned.start, pagesOfTask: 0)
        var next = planned.start
        while next < planned.end {
            try interrupts.check()
            let records = try journal { () throws(JobStoreError) in
                try store.records(from: next, below: planned.end, book: plan.books.count > 1 ? index : nil, count: Self.tasksAtOnce)
            }
            guard let last = records.last else { return nil }
            for record in records {
                if record.outcome.state == .planned { return nil }
                let ofRecord = pages.pages(of: record)
                for (number, page) in ofRecord.enumerated() {
                    for command in try pdf({ () throws(PDFError) in try resumed.book.append(page) }) {
                        // What was written is in the files; only an ending may have been under way.
                        guard case .endVolume(let volume, let ending) = command else { continue }
                        let path = planned.partialPath(volume, number: index, of: job.job)
                        let facts = try system("look at the PDF") { () throws(SystemError) in try FileOperation.factsIfPresent(of: path) }
                        guard let facts, facts.identity.sizeBytes >= ending.keptByteCount else { return nil }
                        resumed.pageCounts[volume] = ending.pageCount
                        resumed.byteCounts[volume] = try system("finish \(path)") { () throws(SystemError) in try ending.write(to: path) }
                    }
                    resumed.task = record.task.index.position
                    resumed.pagesOfTask = number + 1
                    if resumed.book.position == position {
                        // A file of several pages that changed in the middle of them is in the book whole or not at all.
                        return number + 1 < ofRecord.count && pages.obstacle(to: record) != nil ? nil : resumed
                    }
                    if resumed.book.position.pageCount >= position.pageCount { return nil }
                }
            }
            next = last.task.index.position + 1
        }
        return nil
    }

    private func arePartialsThere(_ book: PlannedBook, _ index: Int, _ position: BookPosition) throws(HeadError) -> Bool {
        for volume in 0...position.volume {
            let path = book.partialPath(volume, number: index, of: job.job)
            let facts = try system("look at the PDF") { () throws(SystemError) in try FileOperation.factsIfPresent(of: path) }
            guard let facts, volume < position.volume || facts.identity.sizeBytes >= position.byteCount else { return false }
        }
        return true
    }

    private func bindAnew(_ book: PlannedBook, _ index: Int) throws(HeadError) {
        let folder = book.path.parent.isEmpty ? RawPath(".") : book.path.parent
        let start = Array(".quire-\(job.job.rawValue)-\(index)-".utf8)
        try system("tidy up") { () throws(SystemError) in
            guard try FileOperation.factsIfPresent(of: folder) != nil else { return }
            for entry in try LinuxSystem.FolderListing.entries(of: folder, where: { $0.bytes.starts(with: start) && $0.fileExtension == RawPath("partial") }) {
                try FileOperation.removeIfPresent(folder.appending(entry.name))
            }
        }
        try journal { () throws(JobStoreError) in
            try store.removeVolumes(ofBook: index)
            try store.removeFacts([BookFact.position(index)])
        }
        try reopenSpooled(from: book.start, skipping: 0, below: book.end, ofBook: index)
    }

    /// Opens tasks whose pages are wanted and whose bytes are in no file any more.
    ///
    /// - Parameter bound: pages of the first task that are in the PDF already.
    private func reopenSpooled(from start: Int, skipping bound: Int, below end: Int, ofBook index: Int) throws(HeadError) {
        let spool = Spool(folder: plan.spoolFolder, job: job.job)
        var next = start
        while next < end {
            try interrupts.check()
            let records = try journal { () throws(JobStoreError) in
                try store.records(from: next, below: end, book: plan.books.count > 1 ? index : nil, count: Self.tasksAtOnce)
            }
            guard let last = records.last else { return }
            var opened: [PlannedTask] = []
            for record in records {
                let pages = (record.outcome.work?.pages ?? []).dropFirst(record.task.index.position == start ? bound : 0)
                for page in pages where page.isSpooled {
                    guard try spool.holds(page) else {
                        opened.append(try forItsPage(record.task))
                        break
                    }
                }
            }
            reopenedCount += opened.count
            try reopen(opened)
            next = last.task.index.position + 1
        }
    }

    /// A task that is done but for its page. Of a file replaced in place it is made of what the recipe left; if that is not there
    /// any more, the task fails for it.
    private func forItsPage(_ task: PlannedTask) throws(HeadError) -> PlannedTask {
        guard let entry = try entryInPlace(task) else { return task }
        var task = task
        task.identity = entry.outputIdentity
        task.makePageAlone()
        return task
    }
}

extension BookPosition {
    /// From `pages volume bytes`.
    init?(fact: [UInt8]) {
        let words = String(decoding: fact, as: UTF8.self).split(separator: " ")
        guard words.count == 3, let pages = UInt64(words[0]), let volume = Int(words[1]), let bytes = UInt64(words[2]), pages > 0, volume >= 0 else {
            return nil
        }
        self.init(pageCount: pages, volume: volume, byteCount: bytes)
    }
}
