internal import GRDB

/// The tables of `job.sqlite`; a later build adds migrations and never edits one that was released.
///
/// - job: facts of the job as key and value (settings, recipe, state).
/// - task: one row an input, in plan order; `state` as in `TaskState`; `work` is a `FinishedWork`, `outputs` the final
///   names, both in the binary form of `WireProtocol`.
/// - attempt: one row a try; `ended_ms` is null while it runs or when it was lost.
/// - volume: one row a PDF volume that was finished.
enum Schema {
    static func migrate(_ pool: DatabasePool) throws {
        var migrator = DatabaseMigrator()
        migrator.registerMigration("1") { database in
            try database.execute(
                sql: """
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
                        state INTEGER NOT NULL DEFAULT 0,
                        reason TEXT,
                        message TEXT,
                        work BLOB,
                        outputs BLOB,
                        cpu_us INTEGER,
                        wall_us INTEGER,
                        peak_bytes INTEGER,
                        host TEXT,
                        attempts INTEGER NOT NULL DEFAULT 0
                    );
                    CREATE TABLE attempt (
                        task INTEGER NOT NULL,
                        number INTEGER NOT NULL,
                        host TEXT NOT NULL,
                        dispatched_ms INTEGER NOT NULL,
                        ended_ms INTEGER,
                        outcome TEXT,
                        PRIMARY KEY (task, number)
                    ) WITHOUT ROWID;
                    CREATE TABLE volume (
                        book INTEGER NOT NULL,
                        number INTEGER NOT NULL,
                        path BLOB NOT NULL,
                        pages INTEGER NOT NULL,
                        bytes INTEGER NOT NULL,
                        PRIMARY KEY (book, number)
                    ) WITHOUT ROWID;
                    """)
        }
        try migrator.migrate(pool)
    }
}
