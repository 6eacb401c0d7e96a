internal import GRDB

/// The tables of `job.sqlite`, version 4; read them with `sqlite3` at any time, also while the job runs.
///
/// - job: facts of the job as key and value. `state` is planning, running, stopped, finished, failed (finished, and some
///   files failed) or cancelled; `status` the exit code of the last run that ended; `version`, `command` (arguments joined by NUL),
///   `recipe` (its canonical encoding), `started_ms`, `tasks`, `done`, `failed`, `skipped` (counts, once it ended), `spool`
///   (folder), `umask`, `working-folder`, `book N position` (pages, volume, bytes that are durable in a partial file),
///   `program` (what decides the tasks of `quire exec` but for their arguments, as a digest in hexadecimal);
///   `set.NAME` are the settings and `pdf.NAME` those of the PDF.
/// - task: one row an input, in plan order; `state` as in `TaskState`; `work` is a `FinishedWork`, `outputs` the final
///   names, `further` the planned outputs of saves behind the first, and `place` what
///   its texts ask of an input's place (both null where there is nothing), all four in the binary form of `WireProtocol`; `run` is the run that recorded the end.
/// - attempt: one row a try; `ended_ms` is null while it runs or when it was lost.
/// - run: one row a process that worked on the job: the first, and each `resume` or `retry`; `build` is what it ran.
/// - book: one row a PDF, with the task of its first page and the one behind its last.
/// - volume: one row a PDF file that has its final name.
/// - passed_over: inputs the listing left out, counted by reason.
/// - program: one row a task of `quire exec` that ended, in the order of their ends (`sequence`), also if no program was started:
///   then `exit_code` and `signal` are both null, else one of them. Of what was printed, `output` and `errors` hold all where it is
///   short, else `output_file` and `errors_file` name files in the spool, which go when they are printed. `filed` and `printed` are 1
///   once the task is in `--results` and `--joblog`, and on standard output; `cells` is what `--table` found.
///
/// Paths are bytes as the file system has them; times are milliseconds since 1970 UTC.
enum Schema {
    static let version = 4
    /// The version before: without `further` and `place` of tasks, which are added when such a file is opened.
    private static let earlierVersion = 3
    /// `quir`, for `file` and other programs that look into SQLite's header.
    private static let applicationID = 0x7175_6972

    /// Makes the tables in an empty file; refuses what another version made.
    static func prepare(_ pool: DatabasePool, _ name: String) throws {
        // Read first: whoever only looks at a live journal takes no lock from its writer.
        let (found, isEmpty) = try pool.read { database in
            (
                try Int.fetchOne(database, sql: "PRAGMA user_version") ?? 0,
                try isWithoutTables(database)
            )
        }
        // Looked at again with the writer's lock: whoever lists jobs may have opened the empty file too.
        if isEmpty { return try pool.write { if try isWithoutTables($0) { try create(in: $0) } } }
        // Its quire may be at work on it yet: columns that it does not know of are nothing to it.
        if found == earlierVersion { return try pool.write(addColumns) }
        guard found == version else {
            throw JobStoreError.unreadable(
                what: name, reason: "it is of version \(max(found, 1)) and this quire reads version \(version); use the quire that made it")
        }
    }

    private static func addColumns(in database: Database) throws {
        // Whoever lists jobs may have done it meanwhile.
        guard try Int.fetchOne(database, sql: "PRAGMA user_version") == earlierVersion else { return }
        try database.execute(sql: "ALTER TABLE task ADD COLUMN further BLOB; ALTER TABLE task ADD COLUMN place BLOB; PRAGMA user_version = \(version)")
    }

    private static func isWithoutTables(_ database: Database) throws -> Bool {
        try Int.fetchOne(database, sql: "SELECT count(*) FROM sqlite_master") == 0
    }

    private static func create(in database: Database) throws {
        try database.execute(
            sql: """
                PRAGMA user_version = \(version);
                PRAGMA application_id = \(applicationID);
                CREATE TABLE job (key TEXT PRIMARY KEY, value BLOB NOT NULL) WITHOUT ROWID;
                CREATE TABLE task (
                    idx INTEGER PRIMARY KEY,
                    input BLOB NOT NULL,
                    size INTEGER NOT NULL,
                    modified_ns INTEGER NOT NULL,
                    output BLOB,
                    format TEXT NOT NULL,
                    book_folder BLOB NOT NULL,
                    may_replace INTEGER NOT NULL,
                    book INTEGER NOT NULL,
                    page_number_at INTEGER,
                    page_number_end INTEGER,
                    further BLOB,
                    place BLOB,
                    state INTEGER NOT NULL DEFAULT 0,
                    reason TEXT,
                    message TEXT,
                    work BLOB,
                    outputs BLOB,
                    cpu_us INTEGER,
                    wall_us INTEGER,
                    peak_bytes INTEGER,
                    host TEXT,
                    attempts INTEGER NOT NULL DEFAULT 0,
                    run INTEGER
                );
                CREATE TABLE attempt (
                    task INTEGER NOT NULL,
                    run INTEGER NOT NULL,
                    number INTEGER NOT NULL,
                    host TEXT NOT NULL,
                    dispatched_ms INTEGER NOT NULL,
                    ended_ms INTEGER,
                    outcome TEXT,
                    PRIMARY KEY (task, run, number)
                ) WITHOUT ROWID;
                CREATE TABLE run (
                    number INTEGER PRIMARY KEY,
                    build TEXT NOT NULL,
                    host TEXT NOT NULL,
                    pid INTEGER NOT NULL,
                    started_ms INTEGER NOT NULL,
                    ended_ms INTEGER
                );
                CREATE TABLE book (
                    number INTEGER PRIMARY KEY,
                    path BLOB NOT NULL,
                    first INTEGER NOT NULL,
                    behind_last INTEGER NOT NULL
                );
                CREATE TABLE volume (
                    book INTEGER NOT NULL,
                    number INTEGER NOT NULL,
                    path BLOB NOT NULL,
                    pages INTEGER NOT NULL,
                    bytes INTEGER NOT NULL,
                    PRIMARY KEY (book, number)
                ) WITHOUT ROWID;
                CREATE TABLE program (
                    sequence INTEGER PRIMARY KEY,
                    task INTEGER NOT NULL UNIQUE,
                    run INTEGER NOT NULL,
                    exit_code INTEGER,
                    signal INTEGER,
                    started_ms INTEGER,
                    output_size INTEGER NOT NULL,
                    errors_size INTEGER NOT NULL,
                    filed INTEGER NOT NULL DEFAULT 0,
                    printed INTEGER NOT NULL DEFAULT 0,
                    output BLOB,
                    errors BLOB,
                    output_file BLOB,
                    errors_file BLOB,
                    cells BLOB
                );
                CREATE TABLE passed_over (reason TEXT PRIMARY KEY, count INTEGER NOT NULL) WITHOUT ROWID;
                """)
    }
}
