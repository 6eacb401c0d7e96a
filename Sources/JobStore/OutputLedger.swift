internal import GRDB
public import JobModel
private import WireProtocol

/// A file that quire made, as the ledger remembers it.
public struct LedgerEntry: Hashable, Sendable {
    /// Absolute path of the output.
    public var output: RawPath
    /// Size and time the output had when it got its final name.
    public var outputIdentity: InputIdentity
    /// Absolute path of what it was made from.
    public var input: RawPath
    public var inputIdentity: InputIdentity
    /// Of recipe and everything else that decides the bytes.
    public var recipe: Digest256
    /// All that the task made: a PDF takes its page from here when the output is current.
    public var work: FinishedWork
    /// The input was replaced by its output: it stays an input.
    public var isInPlace: Bool
    public var job: JobID
    /// What stood under the name when this was recorded, just before the rename, if quire had made it: after a crash between the
    /// two it stands there still.
    public var replaced: InputIdentity?
    /// The build that made it; nil where no work was needed.
    public var build: String?

    /// What may stand under the name and is quire's.
    public var identities: Set<InputIdentity> { Set([outputIdentity, replaced].compactMap { $0 }) }

    public init(
        output: RawPath, outputIdentity: InputIdentity, input: RawPath, inputIdentity: InputIdentity, recipe: Digest256,
        work: FinishedWork, isInPlace: Bool, job: JobID, replaced: InputIdentity? = nil, build: String? = nil
    ) {
        self.output = output
        self.outputIdentity = outputIdentity
        self.input = input
        self.inputIdentity = inputIdentity
        self.recipe = recipe
        self.work = work
        self.isInPlace = isInPlace
        self.job = job
        self.replaced = replaced
        self.build = build
    }
}

/// Which files quire made, over all jobs of this state folder: so that its own outputs are never taken for inputs
/// and never for somebody else's work, also after the job's own journal is pruned.
///
/// Jobs share the ledger; a writer waits up to 30 s for another. Rows are written in the job's commit groups.
public final class OutputLedger: Sendable {
    private let pool: DatabasePool

    public init(file: RawPath) throws(JobStoreError) {
        guard let name = file.utf8Text else { throw .unreadable(what: file.display, reason: "the state folder's name is not UTF-8") }
        pool = try translated("open \(name)") {
            var configuration = Configuration()
            configuration.busyMode = .timeout(30)
            configuration.maximumReaderCount = 4
            // Synced before the renames that rest on it: after a power cut no output stands there that nobody knows.
            configuration.prepareDatabase { try $0.execute(sql: "PRAGMA synchronous = FULL") }
            let pool = try DatabasePool(path: name, configuration: configuration)
            var migrator = DatabaseMigrator()
            migrator.registerMigration("1") { database in
                try database.execute(
                    sql: """
                        CREATE TABLE output (
                            folder BLOB NOT NULL,
                            name BLOB NOT NULL,
                            size INTEGER NOT NULL,
                            modified_ns INTEGER NOT NULL,
                            input BLOB NOT NULL,
                            input_size INTEGER NOT NULL,
                            input_modified_ns INTEGER NOT NULL,
                            recipe BLOB NOT NULL,
                            work BLOB NOT NULL,
                            in_place INTEGER NOT NULL,
                            job TEXT NOT NULL,
                            PRIMARY KEY (folder, name)
                        ) WITHOUT ROWID
                        """)
            }
            migrator.registerMigration("2") { database in
                try database.execute(
                    sql: """
                        ALTER TABLE output ADD COLUMN replaced_size INTEGER;
                        ALTER TABLE output ADD COLUMN replaced_modified_ns INTEGER;
                        ALTER TABLE output ADD COLUMN build TEXT;
                        """)
            }
            try migrator.migrate(pool)
            return pool
        }
    }

    public func record(_ entries: [LedgerEntry]) throws(JobStoreError) {
        if entries.isEmpty { return }
        try translated("record outputs") {
            try pool.write { database in
                let statement = try database.cachedStatement(sql: "INSERT OR REPLACE INTO output VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)")
                for entry in entries {
                    try statement.execute(arguments: [
                        data(entry.output.parent.bytes), data(entry.output.lastComponent.bytes),
                        Int64(bitPattern: entry.outputIdentity.sizeBytes), entry.outputIdentity.modifiedNanoseconds,
                        data(entry.input.bytes), Int64(bitPattern: entry.inputIdentity.sizeBytes),
                        entry.inputIdentity.modifiedNanoseconds, data(entry.recipe.bytes), data(entry.work.wireBytes), entry.isInPlace,
                        entry.job.rawValue, entry.replaced.map { Int64(bitPattern: $0.sizeBytes) }, entry.replaced?.modifiedNanoseconds, entry.build,
                    ])
                }
            }
        }
    }

    /// What is known of the file with this absolute path.
    public func entry(for output: RawPath) throws(JobStoreError) -> LedgerEntry? {
        let row = try translated("look up output") {
            try pool.read { database in
                try Row.fetchOne(
                    database.cachedStatement(sql: "SELECT * FROM output WHERE folder = ? AND name = ?"),
                    arguments: [data(output.parent.bytes), data(output.lastComponent.bytes)])
            }
        }
        guard let row else { return nil }
        do throws(WireError) {
            return LedgerEntry(
                output: output, outputIdentity: InputIdentity(sizeBytes: UInt64(bitPattern: row["size"]), modifiedNanoseconds: row["modified_ns"]),
                input: RawPath(bytes: bytes(row, 4) ?? []),
                inputIdentity: InputIdentity(sizeBytes: UInt64(bitPattern: row["input_size"]), modifiedNanoseconds: row["input_modified_ns"]),
                recipe: try Digest256(wireBytes: [32] + (bytes(row, 7) ?? [])), work: try FinishedWork(wireBytes: bytes(row, 8) ?? []),
                isInPlace: row["in_place"], job: JobID(rawValue: row["job"]), replaced: replacedIdentity(row), build: row["build"])
        } catch {
            throw .unreadable(what: "ledger row of \(output.display)", reason: "\(error)")
        }
    }

    /// Names in this absolute folder that an earlier job made there and that are not its inputs too, with their identities then.
    public func namesMade(in folder: RawPath) throws(JobStoreError) -> [RawPath: Set<InputIdentity>] {
        try translated("look up folder") {
            try pool.read { database in
                let rows = try Row.fetchAll(
                    database.cachedStatement(sql: "SELECT name, size, modified_ns, replaced_size, replaced_modified_ns FROM output WHERE folder = ? AND in_place = 0"),
                    arguments: [data(folder.bytes)])
                return Dictionary(
                    uniqueKeysWithValues: rows.map { row in
                        let made = InputIdentity(sizeBytes: UInt64(bitPattern: row[1]), modifiedNanoseconds: row[2])
                        return (RawPath(bytes: bytes(row, 0) ?? []), Set([made, replacedIdentity(row)].compactMap { $0 }))
                    })
            }
        }
    }

    public func close() throws(JobStoreError) {
        try translated("close") { try pool.close() }
    }
}

private func replacedIdentity(_ row: Row) -> InputIdentity? {
    guard let size = row["replaced_size"] as Int64?, let modified = row["replaced_modified_ns"] as Int64? else { return nil }
    return InputIdentity(sizeBytes: UInt64(bitPattern: size), modifiedNanoseconds: modified)
}
