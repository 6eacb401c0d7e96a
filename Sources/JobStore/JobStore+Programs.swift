internal import GRDB
public import JobModel

/// What is kept of the program that a task was.
public struct ProgramRow: Hashable, Sendable {
    public var task: TaskIndex
    /// Nil when no program was started.
    public var result: ProgramResult?

    public init(task: TaskIndex, result: ProgramResult?) {
        self.task = task
        self.result = result
    }
}

/// A task of `quire exec` that ended, for those who print it, file it and put it into tables.
public struct ProgramRecord: Sendable {
    public var task: PlannedTask
    public var outcome: TaskOutcome
    /// Nil when no program was started.
    public var result: ProgramResult?
    /// Its place in the order of ends, from 1; a task that was done again has a new one.
    public var sequence: Int
    public var isFiled: Bool
    /// What `recordCells` kept.
    public var cells: [UInt8]?
}

/// Which of the things that are done with an ended program's output.
public enum ProgramMark: String, Sendable {
    /// It is in the folder of results and the log of jobs.
    case filed
    /// It is on standard output and standard error.
    case printed
}

/// What programs printed, and what was done with it.
extension JobStore {
    static func record(_ programs: [ProgramRow], run: Int, in database: Database) throws {
        if programs.isEmpty { return }
        let statement = try database.cachedStatement(
            sql: """
                INSERT OR REPLACE INTO program (task, run, exit_code, signal, started_ms, output_size, errors_size, output, errors,
                    output_file, errors_file)
                VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
                """)
        for program in programs {
            let result = program.result
            let (code, signal): (Int32?, Int32?) =
                switch result?.end {
                case .exited(let code): (code, nil)
                case .killed(let signal): (nil, signal)
                case nil: (nil, nil)
                }
            try statement.execute(arguments: [
                program.task.position, run, code, signal, result?.startedEpochMilliseconds,
                Int64(clamping: result?.output.sizeBytes ?? 0), Int64(clamping: result?.errors.sizeBytes ?? 0),
                result?.output.wholeBytes.map(data), result?.errors.wholeBytes.map(data), result?.output.spooledName.map { data($0.bytes) },
                result?.errors.spooledName.map { data($0.bytes) },
            ])
        }
    }

    /// Tasks that ended after the one with this place in the order of ends, in that order, at most `count`.
    ///
    /// Ends before a task whose files have not their final names yet.
    ///
    /// - Parameter mark: leaves out those that have it.
    public func programs(endedAfter sequence: Int, without mark: ProgramMark?, count: Int) throws(JobStoreError) -> [ProgramRecord] {
        let unmarked = mark.map { " AND \($0.rawValue) = 0" } ?? ""
        let found = try programs(where: "sequence > ?\(unmarked) ORDER BY sequence", [sequence], count: count)
        return Array(found.prefix { $0.outcome.state != .won })
    }

    /// Tasks with indexes in `range` that ended, in plan order, at most `count`; those that are printed only if asked for.
    public func programs(in range: Range<Int>, withPrinted: Bool, count: Int) throws(JobStoreError) -> [ProgramRecord] {
        try programs(
            where: "program.task >= ? AND program.task < ?\(withPrinted ? "" : " AND printed = 0") ORDER BY program.task",
            [range.lowerBound, range.upperBound], count: count)
    }

    /// What is kept of one task's program; nil where it has not ended or started none.
    public func program(of task: TaskIndex) throws(JobStoreError) -> ProgramResult? {
        try programs(in: task.position..<task.position + 1, withPrinted: true, count: 1).first?.result
    }

    /// All tasks of the plan below this index have their final end.
    public func endedBelow() throws(JobStoreError) -> Int {
        try translated("read the plan") {
            try pool.read { database in
                let states = "\(TaskState.planned.rawValue), \(TaskState.won.rawValue)"
                return try Int.fetchOne(
                    database,
                    sql: "SELECT coalesce((SELECT idx FROM task WHERE state IN (\(states)) ORDER BY idx LIMIT 1), (SELECT count(*) FROM task))") ?? 0
            }
        }
    }

    /// The first task that is not printed, whether it has ended or is still open; nil when all are.
    public func firstUnprinted() throws(JobStoreError) -> TaskIndex? {
        try translated("read what was printed") {
            try pool.read { database in
                let ended = try Int.fetchOne(database, sql: "SELECT min(task) FROM program WHERE printed = 0")
                let open = try Int.fetchOne(
                    database,
                    sql: "SELECT idx FROM task WHERE state IN (\(TaskState.planned.rawValue), \(TaskState.won.rawValue)) ORDER BY idx LIMIT 1")
                return [ended, open].compactMap(\.self).min().map { TaskIndex($0) }
            }
        }
    }

    /// Bytes that programs printed and that are to be shown; those shown already only if asked for.
    public func printableByteCount(withPrinted: Bool) throws(JobStoreError) -> UInt64 {
        try translated("read what was printed") {
            try pool.read { database in
                let condition = withPrinted ? "" : " WHERE printed = 0"
                return UInt64(clamping: try Int64.fetchOne(database, sql: "SELECT sum(output_size + errors_size) FROM program\(condition)") ?? 0)
            }
        }
    }

    /// Remembers that these were filed or printed. Not synced: after a crash of the machine a few may be once more.
    public func mark(_ tasks: [TaskIndex], _ mark: ProgramMark) throws(JobStoreError) {
        if tasks.isEmpty { return }
        try write("record what was printed", durable: false) { database in
            let statement = try database.cachedStatement(sql: "UPDATE program SET \(mark.rawValue) = 1 WHERE task = ?")
            for task in tasks { try statement.execute(arguments: [task.position]) }
        }
    }

    /// Keeps what was found in outputs, which are not needed for a table any more then.
    public func recordCells(_ cells: [(task: TaskIndex, cells: [UInt8])]) throws(JobStoreError) {
        if cells.isEmpty { return }
        try write("record rows of the table", durable: false) { database in
            let statement = try database.cachedStatement(sql: "UPDATE program SET cells = ? WHERE task = ?")
            for row in cells { try statement.execute(arguments: [data(row.cells), row.task.position]) }
        }
    }

    private func programs(where condition: String, _ arguments: StatementArguments, count: Int) throws(JobStoreError) -> [ProgramRecord] {
        let rows = try translated("read what programs printed") {
            try pool.read { database in
                let statement = try database.cachedStatement(
                    sql: """
                        SELECT \(taskColumns), \(outcomeColumns), sequence, filed, exit_code, signal, started_ms, output_size, errors_size,
                            program.output, errors, output_file, errors_file, cells
                        FROM program JOIN task ON idx = program.task WHERE \(condition) LIMIT ?
                        """)
                return try Row.fetchAll(statement, arguments: arguments + [count])
            }
        }
        var records: [ProgramRecord] = []
        for row in rows {
            let record = try taskRecord(row)
            let first = recordColumnCount
            records.append(
                ProgramRecord(
                    task: record.task, outcome: record.outcome, result: Self.result(row, first + 2), sequence: row[first],
                    isFiled: row[first + 1], cells: bytes(row, first + 11)))
        }
        return records
    }

    /// - Parameter first: the column of the exit code.
    private static func result(_ row: Row, _ first: Int) -> ProgramResult? {
        let end: ProgramResult.End
        if let code = row[first] as Int32? {
            end = .exited(code: code)
        } else if let signal = row[first + 1] as Int32? {
            end = .killed(signal: signal)
        } else {
            return nil
        }
        func captured(size: Int, whole: Int, file: Int) -> ProgramResult.Captured {
            if let name = bytes(row, file) { return .spooled(name: RawPath(bytes: name), sizeBytes: UInt64(clamping: row[size] as Int64)) }
            return .whole(bytes(row, whole) ?? [])
        }
        return ProgramResult(
            end: end, startedEpochMilliseconds: row[first + 2] ?? 0, output: captured(size: first + 3, whole: first + 5, file: first + 7),
            errors: captured(size: first + 4, whole: first + 6, file: first + 8))
    }
}

extension ProgramResult.Captured {
    fileprivate var wholeBytes: [UInt8]? {
        switch self {
        case .whole(let bytes): bytes
        case .spooled: nil
        }
    }

    fileprivate var spooledName: RawPath? {
        switch self {
        case .whole: nil
        case .spooled(let name, _): name
        }
    }
}
