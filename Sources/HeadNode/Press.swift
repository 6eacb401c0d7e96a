import Digests
import JobModel
import JobStore
import LinuxSystem
import PDFAssembly

/// Performs a book's commands on partial files and gives the volumes their names at the end.
struct Press: ~Copyable {
    private let binder: BookBinder
    private let book: Int
    private let threads: CopyThreads
    private var current: VolumeFile?
    private var currentIndex = -1
    private var pageCounts: [Int: Int] = [:]
    private var byteCounts: [Int: UInt64] = [:]
    /// Volumes that are full and wait for their ending.
    private var endings: [(Int, VolumeEnding)] = []
    private var spoolFiles: [RawPath] = []
    private var bytesSinceCheckpoint: UInt64 = 0

    /// - Parameter resumed: what an earlier process bound; its partial file is cut to what is known to be durable.
    init(binder: BookBinder, book: Int, threads: CopyThreads, resuming resumed: ResumedBook?) throws(HeadError) {
        self.binder = binder
        self.book = book
        self.threads = threads
        guard let resumed else { return }
        pageCounts = resumed.pageCounts
        byteCounts = resumed.byteCounts
        let position = resumed.book.position
        binder.progress.add(Int(position.pageCount))
        let path = binder.books[book].partialPath(position.volume, number: book, of: binder.job)
        current = try HeadNode.system("go on with \(binder.books[book].path)") { () throws(SystemError) in
            try VolumeFile(continuing: path, at: position.byteCount, threads: threads)
        }
        currentIndex = position.volume
    }

    /// Binds one page.
    mutating func bind(_ page: BookPage, of record: TaskRecord, into book: inout Book<SHA256Stream>) throws(HeadError) {
        let commands = try pdf { () throws(PDFError) in try book.append(page) }
        for command in commands { try perform(command, page, record) }
        if !endings.isEmpty {
            // The pages behind the cut have been copied onward: until that is durable the old bytes are the only ones.
            try checkpoint(book.position)
            for (index, ending) in endings { try end(index, ending) }
            endings.removeAll()
        }
        if case .picture(let facts) = page.content {
            for source in facts.sources {
                if case .spool(let name) = source.file { spoolFiles.append(binder.spoolFolder.appending(name)) }
            }
        }
        binder.progress.add(1)
        if bytesSinceCheckpoint >= BookBinder.checkpointBytes { try checkpoint(book.position) }
    }

    private mutating func perform(_ command: BookCommand, _ page: BookPage, _ record: TaskRecord) throws(HeadError) {
        switch command {
        case .beginVolume(let index):
            try sync()
            let path = partial(index)
            try HeadNode.system("make the folder of \(binder.books[book].path)") { () throws(SystemError) in
                try FileOperation.createFolders(path.parent)
            }
            current = try HeadNode.system("begin \(binder.books[book].path)") { () throws(SystemError) in try VolumeFile(creating: path, threads: threads) }
            currentIndex = index
        case .write(let volume, let instruction):
            precondition(volume == currentIndex, "volume \(volume) is written while \(currentIndex) grows")
            try write(instruction, page, record)
        case .endVolume(let index, let ending):
            endings.append((index, ending))
        }
    }

    private mutating func write(_ instruction: WriteInstruction, _ page: BookPage, _ record: TaskRecord) throws(HeadError) {
        bytesSinceCheckpoint += instruction.byteCount
        do throws(SystemError) {
            switch instruction {
            case .bytes(let bytes): try current?.write(bytes)
            case .copy(.page(let key, let file), let range):
                precondition(key == page.key, "a page asks for another page's bytes")
                let source = path(of: file, record)
                // Only an input can change under the job.
                try current?.copy(range, of: source, identity: file == .input ? record.task.identity : nil)
            case .copy(.volume(let index), let range):
                let source = partial(index)
                try current?.copy(range, of: source, identity: nil)
            }
        } catch {
            throw Self.failure(error, doing: "bind the page of \(record.task.input)")
        }
    }

    private mutating func end(_ index: Int, _ ending: VolumeEnding) throws(HeadError) {
        pageCounts[index] = ending.pageCount
        if index == currentIndex {
            try HeadNode.system("finish \(binder.books[book].path)") { () throws(SystemError) in
                guard var file = current.take() else { preconditionFailure("volume \(index) ends before it began") }
                try file.truncate(to: ending.keptByteCount)
                for instruction in ending { try write(instruction, to: &file) }
                try file.sync()
                byteCounts[index] = file.byteCount
            }
            currentIndex = -1
        } else {
            let path = partial(index)
            byteCounts[index] = try HeadNode.system("finish \(path)") { () throws(SystemError) in try ending.write(to: path) }
        }
    }

    private func write(_ instruction: WriteInstruction, to file: inout VolumeFile) throws(SystemError) {
        guard case .bytes(let bytes) = instruction else { preconditionFailure("an ending copies nothing") }
        try file.write(bytes)
    }

    private mutating func sync() throws(HeadError) {
        do throws(SystemError) { try current?.sync() } catch { throw Self.failure(error, doing: "write \(binder.books[book].path)") }
    }

    /// Bytes durable, position journalled, only then the spool files gone (architecture, section 5).
    private mutating func checkpoint(_ position: BookPosition) throws(HeadError) {
        try sync()
        try journal { () throws(JobStoreError) in
            try binder.store.setFact(BookFact.position(book), "\(position.pageCount) \(position.volume) \(position.byteCount)")
        }
        try dropSpoolFiles()
        bytesSinceCheckpoint = 0
    }

    private mutating func dropSpoolFiles() throws(HeadError) {
        for path in spoolFiles {
            try HeadNode.system("tidy the spool") { () throws(SystemError) in try FileOperation.removeIfPresent(path) }
        }
        spoolFiles.removeAll()
    }

    /// Ends the last volume and gives all their final names.
    consuming func finish(_ book: consuming Book<SHA256Stream>) throws(HeadError) -> [BoundVolume] {
        try checkpoint(book.position)
        for command in book.finish() {
            guard case .endVolume(let index, let ending) = command else { preconditionFailure("a finished book only ends volumes") }
            try end(index, ending)
        }
        let count = pageCounts.count
        let targets = (0..<count).map { binder.books[self.book].volumePath($0, of: count) }
        // All are looked at before the first gets its name: a book is there whole or not at all.
        let existing: [InputIdentity?]
        do throws(HeadError) {
            existing = try targets.map { (target) throws(HeadError) in try replaceable(target) }
        } catch {
            try removePartials()
            throw error
        }
        let bound = targets.enumerated().map { BoundVolume(path: $1, pages: pageCounts[$0] ?? 0, bytes: byteCounts[$0] ?? 0) }
        // Recorded first: a crash on the way leaves no PDF that the next run would take for somebody else's.
        try record(bound, replacing: existing)
        for (index, target) in targets.enumerated() { try name(target, partial(index), replaces: existing[index] != nil) }
        try journal { () throws(JobStoreError) in try binder.store.removeFacts([BookFact.position(self.book)]) }
        return bound
    }

    /// The file of this name, which may be replaced; one that may not is an error.
    private func replaceable(_ target: RawPath) throws(HeadError) -> InputIdentity? {
        let facts = try HeadNode.system("look at \(target)") { () throws(SystemError) in
            try FileOperation.factsIfPresent(of: target, followingLinks: false)
        }
        guard let facts else { return nil }
        let entry = try journal { () throws(JobStoreError) in
            try binder.ledger.entry(for: binder.workingFolder.appending(target).normalized)
        }
        let isOurs = entry?.identities.contains(facts.identity) == true
        // A PDF of an earlier run of this job has no input of its own and is replaced.
        if isOurs, let entry, entry.job == binder.job, entry.isInPlace || !isOfABook(entry) {
            throw .usage("the PDF \(target) would replace an output of this job, so it was not kept; choose another name for one of them")
        }
        guard isOurs || binder.replacesForeignPDFs else {
            throw .usage(
                "\(target) exists and quire did not make it, so the PDF was not kept; move it away, choose another name, "
                    + "or say --overwrite always to replace it, and go on with 'quire resume'")
        }
        return facts.identity
    }

    /// Whether this is a volume of this book, or of no input at all.
    private func isOfABook(_ entry: LedgerEntry) -> Bool {
        entry.input == entry.output || entry.input == binder.workingFolder.appending(binder.books[book].path).normalized
    }

    private func name(_ target: RawPath, _ source: RawPath, replaces: Bool) throws(HeadError) {
        try HeadNode.system("name \(target)") { () throws(SystemError) in
            if replaces {
                try FileOperation.rename(source, replacing: target)
            } else {
                try FileOperation.rename(source, toNew: target)
            }
            try FileOperation.syncFolder(target.parent)
        }
    }

    /// Records in journal and ledger what is about to be named.
    private func record(_ volumes: [BoundVolume], replacing existing: [InputIdentity?]) throws(HeadError) {
        let (store, book) = (binder.store, book)
        let entries = try volumes.indices.map { (index) throws(HeadError) in
            var entry = try LedgerEntry(made: volumes[index].path, of: binder.books[book].path, in: binder.workingFolder, by: binder.job, standingAt: partial(index))
            entry.replaced = existing[index]
            return entry
        }
        try journal { () throws(JobStoreError) in
            try binder.ledger.record(entries)
            try store.recordVolumes(volumes.map { VolumeRow(path: $0.path, pages: $0.pages, bytes: $0.bytes) }, ofBook: book)
        }
    }

    private static func failure(_ error: SystemError, doing: String) -> HeadError {
        error.code == staleCode ? .inputChanged(error.subject) : .system(doing: doing, error)
    }

    /// Stops where it is: what is durable can be gone on with.
    mutating func abandon() {
        threads.abandon()
        current = nil
    }

    /// Leaves nothing of an unfinished book behind.
    mutating func removePartials() throws(HeadError) {
        threads.abandon()
        current = nil
        for index in 0...max(currentIndex, pageCounts.keys.max() ?? 0) {
            let path = partial(index)
            try HeadNode.system("tidy up") { () throws(SystemError) in try FileOperation.removeIfPresent(path) }
        }
        try journal { () throws(JobStoreError) in try binder.store.removeFacts([BookFact.position(book)]) }
    }

    private func partial(_ volume: Int) -> RawPath { binder.books[book].partialPath(volume, number: book, of: binder.job) }

    private func path(of file: PageFile, _ record: TaskRecord) -> RawPath {
        switch file {
        case .input: record.task.input
        case .output(let index): record.outcome.outputs[index]
        case .spool(let name): binder.spoolFolder.appending(name)
        }
    }
}

extension LedgerEntry {
    /// Of a file that has no input of its own: a PDF, a report, a manifest. A volume names its book in place of an input.
    ///
    /// - Parameter place: where it stands before it gets its name; nil if it has it.
    init(
        made path: RawPath, of book: RawPath? = nil, in workingFolder: RawPath, by job: JobID, standingAt place: RawPath? = nil
    ) throws(HeadError) {
        let facts = try HeadNode.system("look at \(path)") { () throws(SystemError) in try FileOperation.facts(of: place ?? path) }
        let path = workingFolder.appending(path).normalized
        self.init(
            output: path, outputIdentity: facts.identity, input: book.map { workingFolder.appending($0).normalized } ?? path,
            inputIdentity: facts.identity, recipe: SHA256Stream.digest(of: []), work: FinishedWork(), isInPlace: false, job: job)
    }
}

/// Keys of a book's facts in the journal.
enum BookFact {
    /// Pages, volume and bytes of its partial file that are durable.
    static func position(_ book: Int) -> String { "book \(book) position" }
}
