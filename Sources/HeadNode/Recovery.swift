import JobModel
import JobStore
import LinuxSystem

/// Brings journal and disk to agreement before a job is gone on with: what is recorded as done is looked at, what is not as it
/// was recorded is opened again.
///
/// In this order: recorded winners get their names; outputs that no longer fit are opened; books that can be gone on with are
/// found; pages whose bytes are gone are opened; temp files of work that was in flight go.
final class Recovery {
    private let job: OpenJob
    private let plan: JobPlan
    private let interrupts: InterruptCount
    private var store: JobStore { job.store }
    /// Books with a task that was opened again.
    private var touchedBooks: Set<Int> = []
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
        let inFlight = try journal { () throws(JobStoreError) in try store.inFlight() }
        let untidy = Set(inFlight.compactMap { $0.output?.parent })
        for folder in untidy { JobFolder.sweep(folder, of: job.job, keepingPartials: true) }
        try Spool(folder: plan.spoolFolder, job: job.job).removeUnfinished(store)
        if reopenedCount > 0 { job.display.message("\(reopenedCount) done once more: their outputs or pages are not there any more, or changed") }
        return Found(books: books, untidyFolders: untidy)
    }

    // MARK: Tasks

    /// Opens failed tasks again, with their inputs as they are now.
    func reopenFailed(_ reasons: Set<FailureReason>?) throws(HeadError) {
        var opened = 0
        try forEach([.failed]) { (record) throws(HeadError) in
            guard let reason = record.outcome.failure?.reason, reasons?.contains(reason) ?? true else { return nil }
            if opened == 0 { try journal { () throws(JobStoreError) in try store.setFact("state", JobState.running.rawValue) } }
            opened += 1
            var task = record.task
            // One that is not there now fails for that when it is worked on.
            do throws(SystemError) { task.identity = try FileOperation.facts(of: task.input).identity } catch {}
            return task
        }
        guard opened > 0 else {
            let which = reasons.map { " as " + $0.map(\.rawValue).sorted().joined(separator: " or ") } ?? ""
            throw .usage("no file of job \(job.job.rawValue) failed\(which)")
        }
    }

    private func finishWinners() throws(HeadError) {
        let committer = Committer(
            store: store, ledger: job.ledger, job: job.job, recipe: plan.recipeDigest, isInPlace: job.settings.isInPlace,
            replacesForeign: job.settings.overwrite == .always, workingFolder: plan.workingFolder, finishesOthers: true)
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
        touchedBooks.formUnion(tasks.map(\.book))
    }

    // MARK: Books

    private func look(at book: inout PlannedBook, _ index: Int) throws(HeadError) {
        let volumes = try journal { () throws(JobStoreError) in try store.volumes(ofBook: index) }
        if !volumes.isEmpty, !touchedBooks.contains(index), try areThere(volumes) {
            book.bound = volumes.map { BoundVolume(path: $0.path, pages: $0.pages, bytes: $0.bytes) }
            return
        }
        try bindAnew(book, index)
    }

    /// Whether the files are those that got these names.
    private func areThere(_ volumes: [VolumeRow]) throws(HeadError) -> Bool {
        for volume in volumes {
            let facts = try system("look at the PDF") { () throws(SystemError) in try FileOperation.factsIfPresent(of: volume.path, followingLinks: false) }
            let path = plan.workingFolder.appending(volume.path).normalized
            let entry = try journal { () throws(JobStoreError) in try job.ledger.entry(for: path) }
            guard let facts, facts.identity == entry?.outputIdentity else { return false }
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
            try store.removeFacts(["book \(index) position"])
            try store.removeReplacedPages(book.start..<book.end, ofBook: index)
        }
        try reopenSpooled(from: book.start, below: book.end, ofBook: index)
    }

    /// Opens tasks whose pages are wanted and whose bytes are in no file any more.
    private func reopenSpooled(from start: Int, below end: Int, ofBook index: Int) throws(HeadError) {
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
                for page in record.outcome.work?.pages ?? [] where page.isSpooled {
                    guard try spool.holds(page) else {
                        opened.append(record.task)
                        break
                    }
                }
            }
            reopenedCount += opened.count
            try reopen(opened)
            next = last.task.index.position + 1
        }
    }
}
