internal import GRDB
public import JobModel
internal import Synchronization

/// Attempts of programs, which must not start twice without anybody knowing.
///
/// An attempt without an end may have run: it runs yet, or its host or its head was lost. One that never started, or failed and is
/// tried again, gets an end that says so.
extension JobStore {
    /// Ends attempts of this process's run that settle nothing: given back unstarted, or failed with further tries to come.
    ///
    /// - Parameter outcome: `released`, or the reason of the failure.
    public func recordEnded(
        _ tasks: [TaskIndex], on host: String, outcome: String, epochMilliseconds: Int64
    ) throws(JobStoreError) {
        let run = run.load(ordering: .relaxed)
        try write("record ends of attempts", durable: false) { database in
            let statement = try database.cachedStatement(
                sql: "UPDATE attempt SET ended_ms = ?, outcome = ? WHERE task = ? AND run = ? AND host = ? AND ended_ms IS NULL")
            for task in tasks { try statement.execute(arguments: [epochMilliseconds, outcome, task.position, run, host]) }
        }
    }

    /// An open task that a process before this one had started, or given to a host, when it ended.
    public struct UnendedTask: Hashable, Sendable {
        public var index: TaskIndex
        /// Where it may run yet, each once.
        public var hosts: Set<String>
        /// The highest number of an attempt without an end.
        public var attempts: UInt32
    }

    /// Open tasks with attempts of earlier runs that have no end, in plan order.
    public func unendedTasks() throws(JobStoreError) -> [UnendedTask] {
        let run = run.load(ordering: .relaxed)
        return try translated("read attempts") {
            try pool.read { database in
                let rows = try Row.fetchCursor(
                    database,
                    sql: """
                        SELECT attempt.task, attempt.host, attempt.number FROM attempt JOIN task ON task.idx = attempt.task
                        WHERE attempt.ended_ms IS NULL AND attempt.run < ? AND task.state = \(TaskState.planned.rawValue)
                        ORDER BY attempt.task
                        """, arguments: [run])
                var found: [UnendedTask] = []
                while let row = try rows.next() {
                    let index = TaskIndex(row[0] as Int)
                    if found.last?.index != index { found.append(UnendedTask(index: index, hosts: [], attempts: 0)) }
                    found[found.count - 1].hosts.insert(row[1])
                    found[found.count - 1].attempts = max(found[found.count - 1].attempts, row[2])
                }
                return found
            }
        }
    }

    /// Tasks below `end`, from `first` on, that were started although an earlier attempt of theirs may have run: its host or its head was
    /// lost. In plan order, at most `count`.
    public func startedTwice(from first: Int, below end: Int, count: Int) throws(JobStoreError) -> [TaskIndex] {
        try translated("read attempts") {
            try pool.read { database in
                try Int.fetchAll(database, sql: "SELECT DISTINCT one.task \(Self.startedTwice) ORDER BY one.task LIMIT ?", arguments: [first, end, count])
                    .map { TaskIndex($0) }
            }
        }
    }

    /// How many there are of these in all.
    public func startedTwiceCount() throws(JobStoreError) -> Int {
        try translated("count attempts") {
            try pool.read { database in
                try Int.fetchOne(database, sql: "SELECT count(DISTINCT one.task) \(Self.startedTwice)", arguments: [0, Int.max]) ?? 0
            }
        }
    }

    private static let startedTwice = """
        FROM attempt one JOIN attempt another ON another.task = one.task
        WHERE one.ended_ms IS NULL AND one.task >= ? AND one.task < ? AND (another.run, another.number) > (one.run, one.number)
            AND coalesce(another.outcome, '') <> 'released'
        """

    /// How the programs of these tasks ended, of those that started one; without what they printed.
    public func programEnds(in range: Range<Int>) throws(JobStoreError) -> [TaskIndex: ProgramResult.End] {
        try translated("read how programs ended") {
            try pool.read { database in
                let rows = try Row.fetchAll(
                    database, sql: "SELECT task, exit_code, signal FROM program WHERE task >= ? AND task < ?",
                    arguments: [range.lowerBound, range.upperBound])
                var ends: [TaskIndex: ProgramResult.End] = [:]
                for row in rows {
                    if let code = row[1] as Int32? {
                        ends[TaskIndex(row[0] as Int)] = .exited(code: code)
                    } else if let signal = row[2] as Int32? {
                        ends[TaskIndex(row[0] as Int)] = .killed(signal: signal)
                    }
                }
                return ends
            }
        }
    }
}
