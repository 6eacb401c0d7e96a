import Digests
import JobModel
import JobStore
import LinuxSystem
import PDFAssembly
import Synchronization

/// A PDF that the plan asks for.
struct PlannedBook: Sendable {
    /// Final name when it is one volume; several are numbered before the extension.
    var path: RawPath
    /// Index of the first task whose page goes into it, and the one behind the last.
    var start = 0
    var end: Int
    /// How many inputs it is made of, and their bytes; counted while the plan is made.
    var inputCount = 0
    var inputBytes: UInt64 = 0
    /// Its files, if an earlier process finished it.
    var bound: [BoundVolume]?
    /// What an earlier process bound of it.
    var resumed: ResumedBook?

    init(path: RawPath, start: Int = 0, end: Int) {
        self.path = path
        self.start = start
        self.end = end
    }

    /// The file in which a volume grows. Short and without the book's name: that may be as long as a name can be already.
    ///
    /// - Parameter number: of this book in the plan.
    func partialPath(_ volume: Int, number: Int, of job: JobID) -> RawPath {
        path.parent.appending(".quire-\(job.rawValue)-\(number)-\(volume).partial")
    }

    /// `album.pdf` alone, `album-001.pdf` and so on when there are more.
    func volumePath(_ index: Int, of count: Int) -> RawPath {
        guard count > 1 else { return path }
        let digits = String(index + 1)
        let number = String(repeating: "0", count: max(0, 3 - digits.count)) + digits
        let ending = path.fileExtension.map { "." + String(decoding: $0.bytes, as: UTF8.self) } ?? ""
        return path.parent.appending(RawPath(bytes: path.stem.bytes + Array("-\(number)\(ending)".utf8)))
    }
}

/// A finished PDF file under its final name.
struct BoundVolume: Sendable {
    var path: RawPath
    var pages: Int
    var bytes: UInt64
}

/// What the binder made of all books.
struct BoundBooks: Sendable {
    var volumes: [BoundVolume] = []
    /// Books with a file that failed, under `--missing-page withhold`.
    var withheld: [RawPath] = []
}

/// Binds pages in plan order while tasks still run, on a thread of its own.
///
/// Reads outcomes from the journal up to the mark it is told, so that memory does not grow with the number of pages
/// that wait. Spool files go only when the bytes they were copied to are durable and the position is journalled.
struct BookBinder: Sendable {
    let store: JobStore
    let ledger: OutputLedger
    let job: JobID
    let settings: PDFSettings
    let books: [PlannedBook]
    let spoolFolder: RawPath
    let workingFolder: RawPath
    /// Whether PDFs of the same names may be replaced whoever made them (`--overwrite always`).
    let replacesForeignPDFs: Bool
    let mark: BindingMark
    let progress: PagesProgress
    let roots: InputRoots
    /// Told of files that failed only when they were to be bound.
    let failed: @Sendable (CommittedTask, _ wasCurrent: Bool) -> Void

    /// Bytes copied between two checkpoints; spool files wait that long.
    static let checkpointBytes: UInt64 = 256 << 20
    private static let recordsAtOnce = 256

    /// Binds all books; nil when it was told to abandon them.
    func run() throws(HeadError) -> BoundBooks? {
        var bound = BoundBooks()
        let threads = CopyThreads()
        defer { threads.stop() }
        for index in books.indices {
            if let volumes = books[index].bound {
                bound.volumes += volumes
                progress.add(volumes.reduce(0) { $0 + $1.pages })
                if books.count == 1 { progress.passed(TaskIndex(books[index].end - 1)) }
                continue
            }
            switch try bind(index, threads) {
            case .finished(let volumes): bound.volumes += volumes
            case .withheld: bound.withheld.append(books[index].path)
            case .abandoned: return nil
            }
        }
        return bound
    }

    private enum Ending {
        case finished([BoundVolume])
        /// A file failed and its page is not to be missed.
        case withheld
        case abandoned
    }

    private func bind(_ index: Int, _ threads: CopyThreads) throws(HeadError) -> Ending {
        let resumed = books[index].resumed
        var book = if let resumed { resumed.book } else { try pdf { () throws(PDFError) in try Book<SHA256Stream>(settings: settings) } }
        var press = try Press(binder: self, book: index, threads: threads, resuming: resumed)
        let bookPages = BookPages(missingPage: settings.missingPage)
        var next = resumed?.task ?? books[index].start
        while next < books[index].end {
            let position = next
            guard let reached = mark.wait(beyond: position) else {
                press.abandon()
                return .abandoned
            }
            let end = min(reached, books[index].end)
            let records = try journal { () throws(JobStoreError) in
                try store.records(from: position, below: end, book: books.count > 1 ? index : nil, count: Self.recordsAtOnce)
            }
            for var record in records {
                // A task without an end below the mark was stopped by a fault: its book cannot be bound now.
                if mark.isAbandoned || record.outcome.state == .planned {
                    press.abandon()
                    return .abandoned
                }
                let isBegun = record.task.index.position == resumed?.task
                if !isBegun, let obstacle = bookPages.obstacle(to: record) {
                    if obstacle.reason != .damaged, let fault = roots.root(of: record.task.input)?.fault {
                        throw .surroundings("\(fault). Nothing is lost: quire resume goes on then")
                    }
                    try fail(&record, obstacle)
                }
                if record.outcome.state == .failed && settings.missingPage == .withhold {
                    try press.removePartials()
                    return .withheld
                }
                for page in bookPages.pages(of: record).dropFirst(isBegun ? resumed?.pagesOfTask ?? 0 : 0) {
                    try press.bind(page, of: record, into: &book)
                }
                if books.count == 1 { progress.passed(record.task.index) }
            }
            next = records.count < Self.recordsAtOnce ? end : records[records.count - 1].task.index.position + 1
        }
        return .finished(try press.finish(book))
    }

    /// Before its page is: whoever goes on with the job places the same one.
    private func fail(_ record: inout TaskRecord, _ failure: TaskFailure) throws(HeadError) {
        let wasCurrent = record.outcome.state == .current
        (record.outcome.state, record.outcome.failure, record.outcome.work) = (.failed, failure, nil)
        let outcome = record.outcome
        try journal { () throws(JobStoreError) in try store.record([outcome], epochMilliseconds: SystemClock.epochMilliseconds()) }
        failed(CommittedTask(task: record.task, outcome: outcome), wasCurrent)
    }
}

/// Up to where the binder may bind: moved by the main thread, which never waits for the binder.
final class BindingMark: Sendable {
    private let position = Atomic<Int>(0)
    private let abandoned = Atomic<Bool>(false)
    private let news = Mailbox<Bool>(elementsMax: 1)

    /// All tasks below this index have their final end.
    func advance(to index: Int) {
        position.store(index, ordering: .releasing)
        news.sendIfRoom(true)
    }

    /// No mark will follow: stop before the next page.
    func abandon() {
        abandoned.store(true, ordering: .releasing)
        news.close()
    }

    var isAbandoned: Bool { abandoned.load(ordering: .acquiring) }

    /// The mark once it is beyond `index`; nil when the books are abandoned.
    func wait(beyond index: Int) -> Int? {
        while !isAbandoned {
            let reached = position.load(ordering: .acquiring)
            if reached > index { return reached }
            _ = news.receiveOne(waitingMilliseconds: nil)
        }
        return nil
    }
}

/// How far the binder is: written by it, read by the main thread.
final class PagesProgress: Sendable {
    private let count = Atomic<Int>(0)
    private let tasks = Atomic<Int>(0)

    func add(_ pages: Int) { count.add(pages, ordering: .relaxed) }
    var pages: Int { count.load(ordering: .relaxed) }

    /// All pages of tasks below this index are in a PDF.
    var tasksBelow: Int { tasks.load(ordering: .relaxed) }
    func passed(_ task: TaskIndex) { tasks.store(task.position + 1, ordering: .relaxed) }
}

func pdf<Result: ~Copyable>(_ body: () throws(PDFError) -> Result) throws(HeadError) -> Result {
    do throws(PDFError) {
        return try body()
    } catch {
        switch error {
        case .invalidSettings(let why): throw .usage("the PDF cannot be made so: \(why)")
        case .invalidPage(let why), .invalidCheckpoint(let why): throw .agent("a page cannot be bound: \(why)")
        case .volumeFull: throw .agent("a PDF volume is full and was not cut")
        }
    }
}
