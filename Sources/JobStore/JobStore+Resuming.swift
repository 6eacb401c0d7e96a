internal import GRDB
public import JobModel
internal import Synchronization

/// A PDF of the plan as the journal keeps it.
public struct BookRow: Hashable, Sendable {
    public var path: RawPath
    /// Index of the first task whose page goes into it, and the one behind the last.
    public var start: Int
    public var end: Int
    public init(path: RawPath, start: Int, end: Int) {
        self.path = path
        self.start = start
        self.end = end
    }
}

/// A PDF file that got its final name.
public struct VolumeRow: Hashable, Sendable {
    public var path: RawPath
    public var pages: Int
    public var bytes: UInt64
    public init(path: RawPath, pages: Int, bytes: UInt64) {
        self.path = path
        self.pages = pages
        self.bytes = bytes
    }
}

/// How many tasks are in which state.
public struct TaskCounts: Hashable, Sendable {
    public var done = 0
    public var failed = 0
    public var skipped = 0
    public var open = 0
    public init() {}
    public var total: Int { done + failed + skipped + open }
}

/// What a later process needs to take a job up again.
extension JobStore {
    /// All facts of the job.
    public func facts() throws(JobStoreError) -> [String: [UInt8]] {
        try translated("read the job's facts") {
            try pool.read { database in
                let rows = try Row.fetchAll(database, sql: "SELECT key, value FROM job")
                return Dictionary(uniqueKeysWithValues: rows.map { ($0[0] as String, bytes($0, 1) ?? []) })
            }
        }
    }

    public func removeFacts(_ keys: [String]) throws(JobStoreError) {
        try write("remove facts", durable: true) { database in
            for key in keys { try database.execute(sql: "DELETE FROM job WHERE key = ?", arguments: [key]) }
        }
    }

    /// Looks at every page of the file; a damaged one is refused, for what it tells of outputs may be wrong.
    public func check() throws(JobStoreError) {
        let found = try translated("check \(file.display)", file: file.display) {
            try pool.read { try String.fetchAll($0, sql: "PRAGMA quick_check(3)") }
        }
        guard found == ["ok"] else { throw .damaged(file: file.display, findings: found.joined(separator: "; ")) }
    }

    // MARK: Runs

    /// The run of this process; 0 before `beginRun`.
    public var runNumber: Int { run.load(ordering: .relaxed) }

    /// Begins a run of this process; outcomes and attempts belong to it from now on. Returns its number, from 1.
    public func beginRun(build: String, host: String, process: Int32, epochMilliseconds: Int64) throws(JobStoreError) -> Int {
        let number = try translated("read the runs") {
            try pool.read { try Int.fetchOne($0, sql: "SELECT coalesce(max(number), 0) FROM run") ?? 0 } + 1
        }
        try write("begin a run", durable: true) { database in
            try database.execute(
                sql: "INSERT INTO run (number, build, host, pid, started_ms) VALUES (?, ?, ?, ?, ?)",
                arguments: [number, build, host, process, epochMilliseconds])
        }
        run.store(number, ordering: .relaxed)
        return number
    }

    /// What this process's run works with, once that is known.
    public func setBuild(_ build: String) throws(JobStoreError) {
        let number = run.load(ordering: .relaxed)
        try write("record the build", durable: false) { try $0.execute(sql: "UPDATE run SET build = ? WHERE number = ?", arguments: [build, number]) }
    }

    /// What the run before this one worked with; nil for the first.
    public func earlierBuild() throws(JobStoreError) -> String? {
        let number = run.load(ordering: .relaxed)
        return try translated("read the runs") {
            try pool.read { try String.fetchOne($0, sql: "SELECT build FROM run WHERE number < ? ORDER BY number DESC LIMIT 1", arguments: [number]) }
        }
    }

    /// Ends this process's run, and sets these facts with it.
    public func endRun(epochMilliseconds: Int64, _ facts: [(key: String, value: [UInt8])]) throws(JobStoreError) {
        let number = run.load(ordering: .relaxed)
        try write("end the run", durable: true) { database in
            try database.execute(sql: "UPDATE run SET ended_ms = ? WHERE number = ?", arguments: [epochMilliseconds, number])
            try Self.set(facts, in: database)
        }
    }

    /// Milliseconds that the runs before this one lasted.
    public func earlierMilliseconds() throws(JobStoreError) -> Int64 { try milliseconds(below: runNumber) }

    /// Milliseconds that all runs lasted, as far as they got.
    public func workedMilliseconds() throws(JobStoreError) -> Int64 { try milliseconds(below: .max) }

    /// A run that was killed, or still works, counts up to the last report it recorded.
    private func milliseconds(below number: Int) throws(JobStoreError) -> Int64 {
        try translated("read the runs") {
            try pool.read { database in
                try Int64.fetchOne(
                    database,
                    sql: """
                        SELECT sum(max(0, coalesce(ended_ms, (SELECT max(attempt.ended_ms) FROM attempt WHERE attempt.run = run.number),
                            started_ms) - started_ms)) FROM run WHERE number < ?
                        """, arguments: [number]) ?? 0
            }
        }
    }

    // MARK: The plan

    /// Forgets a plan that was not whole when its process ended.
    public func clearPlan() throws(JobStoreError) {
        try write("clear the plan", durable: false) { database in
            try database.execute(sql: "DELETE FROM task; DELETE FROM attempt; DELETE FROM program; DELETE FROM book; DELETE FROM passed_over")
        }
    }

    /// Records what all tasks share, now that the last is in the journal: the plan is whole from here on.
    public func finishPlan(
        books: [BookRow], passedOver: [(reason: String, count: Int)], _ facts: [(key: String, value: [UInt8])]
    ) throws(JobStoreError) {
        try write("finish the plan", durable: true) { database in
            for (number, book) in books.enumerated() {
                try database.execute(
                    sql: "INSERT INTO book (number, path, first, behind_last) VALUES (?, ?, ?, ?)",
                    arguments: [number, data(book.path.bytes), book.start, book.end])
            }
            for (reason, count) in passedOver {
                try database.execute(sql: "INSERT OR REPLACE INTO passed_over (reason, count) VALUES (?, ?)", arguments: [reason, count])
            }
            try Self.set(facts, in: database)
        }
    }

    public func books() throws(JobStoreError) -> [BookRow] {
        try translated("read the books") {
            try pool.read { database in
                try Row.fetchAll(database, sql: "SELECT path, first, behind_last FROM book ORDER BY number").map {
                    BookRow(path: RawPath(bytes: bytes($0, 0) ?? []), start: $0[1], end: $0[2])
                }
            }
        }
    }

    public func passedOver() throws(JobStoreError) -> [(reason: String, count: Int)] {
        try translated("read what was passed over") {
            try pool.read { database in
                try Row.fetchAll(database, sql: "SELECT reason, count FROM passed_over ORDER BY reason").map { ($0[0] as String, $0[1] as Int) }
            }
        }
    }

    // MARK: Tasks

    /// Goes over all tasks, which takes a while for millions.
    public func taskCounts() throws(JobStoreError) -> TaskCounts {
        try translated("count tasks") {
            try pool.read { database in
                var counts = TaskCounts()
                for row in try Row.fetchAll(database, sql: "SELECT state, count(*) FROM task GROUP BY state") {
                    let number: Int = row[1]
                    switch TaskState(rawValue: row[0]) {
                    case .planned, nil: counts.open += number
                    case .won, .committed: counts.done += number
                    case .failed: counts.failed += number
                    case .current, .skipped, .doneEarlier: counts.skipped += number
                    }
                }
                return counts
            }
        }
    }

    /// Tasks in one of these states from `first` on, with their ends, in plan order, at most `count`.
    public func records(in states: [TaskState], from first: Int, count: Int) throws(JobStoreError) -> [TaskRecord] {
        let list = states.map { String($0.rawValue) }.joined(separator: ", ")
        return try records(where: "state IN (\(list)) AND idx >= ?", [first], count: count)
    }

    /// Lets tasks be done once more, as these now stand: inputs may have another identity, and outputs may be wanted no more.
    public func reopen(_ tasks: [PlannedTask]) throws(JobStoreError) {
        if tasks.isEmpty { return }
        try write("reopen tasks", durable: false) { database in
            let statement = try database.cachedStatement(
                sql: """
                    UPDATE task SET state = \(TaskState.planned.rawValue), reason = NULL, message = NULL, work = NULL, outputs = NULL,
                        cpu_us = NULL, wall_us = NULL, peak_bytes = NULL, host = NULL, attempts = 0, run = NULL, size = ?, modified_ns = ?,
                        output = ?, may_replace = ?, further = ?
                    WHERE idx = ?
                    """)
            let program = try database.cachedStatement(sql: "DELETE FROM program WHERE task = ?")
            for task in tasks {
                try statement.execute(arguments: [
                    Int64(bitPattern: task.identity.sizeBytes), task.identity.modifiedNanoseconds, task.output.map { data($0.bytes) },
                    task.mayReplace, furtherBytes(of: task).map(data), task.index.position,
                ])
                try program.execute(arguments: [task.index.position])
            }
        }
    }

    /// Tasks of which an attempt has no end: those in flight, and those whose host was lost and that were made elsewhere since.
    public func withLostAttempts() throws(JobStoreError) -> [PlannedTask] {
        let attempts = try translated("read attempts") {
            try pool.read { database in
                try Row.fetchAll(
                    database,
                    sql: "SELECT DISTINCT task FROM attempt WHERE ended_ms IS NULL ORDER BY task"
                ).map { Attempt(task: TaskIndex($0[0] as Int), number: 1) }
            }
        }
        return try tasks(of: attempts)
    }

    // MARK: Books

    public func volumes(ofBook book: Int) throws(JobStoreError) -> [VolumeRow] {
        try translated("read volumes") {
            try pool.read { database in
                try Row.fetchAll(database, sql: "SELECT path, pages, bytes FROM volume WHERE book = ? ORDER BY number", arguments: [book]).map {
                    VolumeRow(path: RawPath(bytes: bytes($0, 0) ?? []), pages: $0[1], bytes: UInt64(bitPattern: $0[2]))
                }
            }
        }
    }

    /// Forgets the volumes of a book that is bound anew.
    public func removeVolumes(ofBook book: Int) throws(JobStoreError) {
        try write("forget volumes", durable: true) { database in
            try database.execute(sql: "DELETE FROM volume WHERE book = ?", arguments: [book])
        }
    }

    /// Whether a task of the book waits for work.
    public func hasOpenTasks(_ tasks: Range<Int>, ofBook book: Int) throws(JobStoreError) -> Bool {
        try translated("read plan") {
            try pool.read { database in
                try Bool.fetchOne(
                    database,
                    sql: "SELECT EXISTS (SELECT 1 FROM task WHERE idx >= ? AND idx < ? AND book = ? AND state = \(TaskState.planned.rawValue))",
                    arguments: [tasks.lowerBound, tasks.upperBound, book]) ?? false
            }
        }
    }
}
