internal import GRDB
public import JobModel
internal import Synchronization
private import WireProtocol

/// The journal of one job: makes a fact durable before it is reported.
///
/// One writer at a time (GRDB serialises them), readers beside it. Calls block on the disk; none is made from an
/// async context. Outcomes, volumes and facts of the job are synced before their calls return, so that a file is never
/// renamed before its winner is on disk; rows of the plan, attempts and commits are not, since losing them costs nothing.
public final class JobStore: Sendable {
    let pool: DatabasePool
    public let file: RawPath
    /// The run that outcomes and attempts belong to; 0 before `beginRun`.
    let run = Atomic<Int>(0)

    /// Opens the journal, creating it when missing. `file` must be UTF-8, since SQLite takes no other names.
    public init(file: RawPath) throws(JobStoreError) {
        guard let name = file.utf8Text else { throw .unreadable(what: file.display, reason: "the state folder's name is not UTF-8") }
        self.file = file
        pool = try translated("open \(name)", file: name) {
            var configuration = Configuration()
            configuration.maximumReaderCount = 4
            configuration.busyMode = .timeout(10)
            configuration.prepareDatabase { database in
                // The wal is fsynced at each commit only where `durable` asks for it.
                // Rows are read and written in the order of the plan: a small part of them at once.
                let cacheKiB = database.configuration.readonly ? 512 : 4096
                try database.execute(sql: "PRAGMA synchronous = NORMAL; PRAGMA cache_size = -\(cacheKiB); PRAGMA temp_store = FILE")
            }
            let pool = try DatabasePool(path: name, configuration: configuration)
            try Schema.prepare(pool, name)
            return pool
        }
    }

    // MARK: Facts of the job

    public func setFact(_ key: String, _ value: [UInt8]) throws(JobStoreError) { try setFacts([(key, value)]) }

    /// Sets all of them or, when it fails, none.
    public func setFacts(_ facts: [(key: String, value: [UInt8])]) throws(JobStoreError) {
        try write("set \(facts.first?.key ?? "facts")", durable: true) { database in try Self.set(facts, in: database) }
    }

    static func set(_ facts: [(key: String, value: [UInt8])], in database: Database) throws {
        let statement = try database.cachedStatement(
            sql: "INSERT INTO job (key, value) VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value")
        for fact in facts { try statement.execute(arguments: [fact.key, data(fact.value)]) }
    }

    public func setFact(_ key: String, _ value: String) throws(JobStoreError) { try setFact(key, Array(value.utf8)) }

    public func fact(_ key: String) throws(JobStoreError) -> [UInt8]? {
        try translated("read \(key)") {
            try pool.read { database in
                try Row.fetchOne(database, sql: "SELECT value FROM job WHERE key = ?", arguments: [key]).map { bytes($0, 0) ?? [] }
            }
        }
    }

    // MARK: The plan

    /// Appends tasks; their indexes continue the plan without a gap.
    public func append(_ tasks: [PlannedTask]) throws(JobStoreError) {
        try write("plan", durable: false) { database in
            let statement = try database.cachedStatement(
                sql: """
                    INSERT INTO task (idx, input, size, modified_ns, output, format, book_folder, may_replace, book,
                        page_number_at, page_number_end, further, place)
                    VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
                    """)
            for task in tasks {
                try statement.execute(arguments: [
                    task.index.position, data(task.input.bytes), Int64(bitPattern: task.identity.sizeBytes),
                    task.identity.modifiedNanoseconds, task.output.map { data($0.bytes) }, task.format.rawValue,
                    data(task.bookFolder.bytes), task.mayReplace, task.book, task.pageNumber?.lowerBound, task.pageNumber?.upperBound,
                    furtherBytes(of: task).map(data), task.place.map { data($0.wireBytes) },
                ])
            }
        }
    }

    /// The planned tasks with these indexes, in plan order.
    public func tasks(_ range: Range<Int>) throws(JobStoreError) -> [PlannedTask] {
        try translated("read plan") {
            try pool.read { database in
                let statement = try database.cachedStatement(sql: "SELECT \(taskColumns) FROM task WHERE idx >= ? AND idx < ? ORDER BY idx")
                return try Row.fetchAll(statement, arguments: [range.lowerBound, range.upperBound]).map { try plannedTask($0) }
            }
        }
    }

    /// The tasks that wait for nothing but work, in plan order, with the bytes of their inputs.
    public func openTasks() throws(JobStoreError) -> (settled: [Range<Int>], sizes: [UInt64], count: Int) {
        try translated("read plan") {
            try pool.read { database in
                var settled: [Range<Int>] = []
                var sizes: [UInt64] = []
                var next = 0
                let rows = try Row.fetchCursor(database, sql: "SELECT idx, state, size FROM task ORDER BY idx")
                while let row = try rows.next() {
                    let index: Int = row[0]
                    precondition(index == next, "task \(next) is missing from the plan")
                    next += 1
                    sizes.append(UInt64(bitPattern: row[2]))
                    if row[1] as Int == TaskState.planned.rawValue { continue }
                    if let last = settled.last, last.upperBound == index {
                        settled[settled.count - 1] = last.lowerBound..<index + 1
                    } else {
                        settled.append(index..<index + 1)
                    }
                }
                return (settled, sizes, next)
            }
        }
    }

    /// The planned tasks of these attempts, in their order.
    public func tasks(of attempts: [Attempt]) throws(JobStoreError) -> [PlannedTask] {
        try translated("read plan") {
            try pool.read { database in
                let statement = try database.cachedStatement(sql: "SELECT \(taskColumns) FROM task WHERE idx = ?")
                return try attempts.map { attempt in
                    guard let row = try Row.fetchOne(statement, arguments: [attempt.task.position]) else {
                        preconditionFailure("task \(attempt.task.rawValue) is not planned")
                    }
                    return try plannedTask(row)
                }
            }
        }
    }

    /// Sets the outputs that the collision rules changed, and whether they may replace what lies there.
    public func rename(_ tasks: [PlannedTask]) throws(JobStoreError) {
        try write("rename outputs", durable: false) { database in
            let statement = try database.cachedStatement(sql: "UPDATE task SET output = ?, may_replace = ?, further = ? WHERE idx = ?")
            for task in tasks {
                try statement.execute(arguments: [task.output.map { data($0.bytes) }, task.mayReplace, furtherBytes(of: task).map(data), task.index.position])
            }
        }
    }

    /// Makes `records(from:below:book:count:)` cost what it returns when tasks of many books come in turns; called once the plan is whole.
    public func indexBooks() throws(JobStoreError) {
        try write("index the books", durable: false) { database in
            try database.execute(sql: "CREATE INDEX IF NOT EXISTS task_book ON task (book, idx)")
        }
    }

    // MARK: Attempts and outcomes

    /// - Parameter isDurable: whether a power cut must not make it forget them: for tasks that may start once only.
    public func recordDispatched(_ attempts: [Attempt], host: String, isDurable: Bool = false, epochMilliseconds: Int64) throws(JobStoreError) {
        let run = run.load(ordering: .relaxed)
        try write("record attempts", durable: isDurable) { database in
            let statement = try database.cachedStatement(
                sql: "INSERT OR REPLACE INTO attempt (task, run, number, host, dispatched_ms) VALUES (?, ?, ?, ?, ?)")
            for attempt in attempts {
                try statement.execute(arguments: [attempt.task.position, run, attempt.number, host, epochMilliseconds])
            }
        }
    }

    /// Records how tasks ended: `won` and `failed` rows with everything a report or the PDF needs later.
    ///
    /// - Parameter programs: what is kept of the programs that were these tasks, recorded with their ends or not at all.
    public func record(_ outcomes: [TaskOutcome], programs: [ProgramRow] = [], epochMilliseconds: Int64) throws(JobStoreError) {
        let run = run.load(ordering: .relaxed)
        try write("record outcomes", durable: true) { database in
            let statement = try database.cachedStatement(
                sql: """
                    UPDATE task SET state = ?, reason = ?, message = ?, work = ?, outputs = ?, cpu_us = ?, wall_us = ?, peak_bytes = ?,
                        host = ?, attempts = ?, run = ? WHERE idx = ?
                    """)
            let ended = try database.cachedStatement(sql: "UPDATE attempt SET ended_ms = ?, outcome = ? WHERE task = ? AND run = ? AND number = ?")
            for outcome in outcomes {
                try statement.execute(arguments: [
                    outcome.state.rawValue, outcome.failure?.reason.rawValue, outcome.failure?.message,
                    outcome.work.map { data($0.wireBytes) }, outcome.outputs.isEmpty ? nil : data(wireList(outcome.outputs)),
                    Int64(clamping: outcome.usage.cpuMicroseconds), Int64(clamping: outcome.usage.wallMicroseconds),
                    Int64(clamping: outcome.usage.peakMemoryBytes), outcome.host, outcome.attempts, run,
                    outcome.index.position,
                ])
                guard outcome.attempts > 0 else { continue }
                try ended.execute(arguments: [
                    epochMilliseconds, outcome.failure?.reason.rawValue ?? "done", outcome.index.position, run, outcome.attempts,
                ])
            }
            try Self.record(programs, run: run, in: database)
        }
    }

    /// Marks recorded winners as having their final names.
    public func recordCommitted(_ tasks: [TaskIndex]) throws(JobStoreError) {
        try write("record commits", durable: false) { database in
            let statement = try database.cachedStatement(sql: "UPDATE task SET state = \(TaskState.committed.rawValue) WHERE idx = ?")
            for task in tasks { try statement.execute(arguments: [task.position]) }
        }
    }

    /// Tasks with their ends from `first` on and below `end`, in plan order, at most `count`; only those of one book if it is given.
    public func records(from first: Int, below end: Int, book: Int? = nil, count: Int) throws(JobStoreError) -> [TaskRecord] {
        let range: StatementArguments = [first, end]
        return try records(
            where: "\(book == nil ? "" : "book = ? AND ")idx >= ? AND idx < ?", book.map { [$0] + range } ?? range, count: count)
    }

    func records(where condition: String, _ arguments: StatementArguments, count: Int) throws(JobStoreError) -> [TaskRecord] {
        let rows = try translated("read outcomes") {
            try pool.read { database in
                let statement = try database.cachedStatement(
                    sql: """
                        SELECT \(taskColumns), \(outcomeColumns)
                        FROM task WHERE \(condition) ORDER BY idx LIMIT ?
                        """)
                return try Row.fetchAll(statement, arguments: arguments + [count])
            }
        }
        var records: [TaskRecord] = []
        for row in rows { records.append(try taskRecord(row)) }
        return records
    }

    /// Records the volumes of a book in their order, all or none: who goes on takes those it finds for the whole book.
    public func recordVolumes(_ volumes: [VolumeRow], ofBook book: Int) throws(JobStoreError) {
        try write("record volumes", durable: true) { database in
            for (number, volume) in volumes.enumerated() {
                try database.execute(
                    sql: "INSERT OR REPLACE INTO volume (book, number, path, pages, bytes) VALUES (?, ?, ?, ?, ?)",
                    arguments: [book, number, data(volume.path.bytes), volume.pages, Int64(bitPattern: volume.bytes)])
            }
        }
    }

    /// Folds the write-ahead log into the database and closes it.
    public func close() throws(JobStoreError) {
        try translated("close") {
            try pool.close()
        }
    }

    func write(_ doing: String, durable: Bool, _ updates: @Sendable (Database) throws -> Void) throws(JobStoreError) {
        try translated(doing) {
            try pool.writeWithoutTransaction { database in
                // A pragma is void inside a transaction, so it stands before it; two levels, one writer.
                try database.execute(sql: durable ? "PRAGMA synchronous = FULL" : "PRAGMA synchronous = NORMAL")
                try database.inTransaction(.immediate) {
                    try updates(database)
                    return .commit
                }
            }
        }
    }
}

let taskColumns =
    "idx, input, size, modified_ns, task.output, format, book_folder, may_replace, book, page_number_at, page_number_end, further, place"

/// Those behind `taskColumns` in the rows that `taskRecord` reads.
let outcomeColumns = "state, reason, message, work, outputs, cpu_us, wall_us, peak_bytes, host, attempts"
/// The number of columns in both.
let recordColumnCount = 23

func taskRecord(_ row: Row) throws(JobStoreError) -> TaskRecord { TaskRecord(task: try plannedTask(row), outcome: try taskOutcome(row)) }

private func plannedTask(_ row: Row) throws(JobStoreError) -> PlannedTask {
    var task = PlannedTask(
        index: TaskIndex(row[0] as Int), input: RawPath(bytes: bytes(row, 1) ?? []),
        identity: InputIdentity(sizeBytes: UInt64(bitPattern: row[2]), modifiedNanoseconds: row[3]),
        output: bytes(row, 4).map { RawPath(bytes: $0) }, format: OutputFormat(rawValue: row[5]) ?? .png,
        bookFolder: RawPath(bytes: bytes(row, 6) ?? []), mayReplace: row[7], book: row[8], pageNumber: pageNumber(row),
        further: try furtherOutputs(row))
    task.place = try inputPlace(row)
    return task
}

private func pageNumber(_ row: Row) -> Range<Int>? {
    guard let start = row[9] as Int?, let end = row[10] as Int?, start <= end else { return nil }
    return start..<end
}

private func taskOutcome(_ row: Row) throws(JobStoreError) -> TaskOutcome {
    let index = TaskIndex(row[0] as Int)
    guard let state = TaskState(rawValue: row[13]) else { throw .unreadable(what: "task \(index.rawValue)", reason: "unknown state") }
    var outcome = TaskOutcome(index: index, state: state)
    do throws(WireError) {
        if let work = bytes(row, 16) { outcome.work = try FinishedWork(wireBytes: work) }
        if let outputs = bytes(row, 17) {
            var reader = WireReader(outputs)
            outcome.outputs = try reader.array()
            try reader.end()
        }
    } catch {
        throw .unreadable(what: "task \(index.rawValue)", reason: "\(error)")
    }
    if let name = row[14] as String? {
        guard let reason = FailureReason(rawValue: name) else { throw .unreadable(what: "task \(index.rawValue)", reason: "reason '\(name)'") }
        outcome.failure = TaskFailure(reason, row[15] ?? "")
    }
    outcome.usage = WorkUsage(
        cpuMicroseconds: UInt64(clamping: row[18] as Int64? ?? 0), wallMicroseconds: UInt64(clamping: row[19] as Int64? ?? 0),
        peakMemoryBytes: UInt64(clamping: row[20] as Int64? ?? 0))
    outcome.host = row[21]
    outcome.attempts = row[22]
    return outcome
}

private func wireList(_ paths: [RawPath]) -> [UInt8] {
    var writer = WireWriter()
    writer.put(paths)
    return writer.bytes
}
