public import JobModel

/// What a run came to: filled row by row or at once, shown by `lines`, `jsonText`, reports and the `end` event.
///
/// Memory is bounded: of each reason the first five names are kept, whatever the number of rows.
public struct RunSummary: Sendable {
    public var job: JobID
    public var status: ExitStatus
    public var elapsedSeconds: Double
    /// Tasks that were planned and have no outcome, because the run was stopped.
    public var left: Int
    public private(set) var done = 0
    public private(set) var failed = 0
    public private(set) var skipped = 0
    public private(set) var bytesIn: UInt64 = 0
    public private(set) var bytesOut: UInt64 = 0
    public private(set) var filesMade = 0
    /// Folder the files were made in, for people; nil when they lie beside their inputs or there are none.
    public var folder: RawPath?
    public var volumes: [Volume] = []
    /// Whether `quire resume` can go on with the job.
    public var isResumable = false
    /// Where the journal is kept, if the command named it: commands about the job must name it too.
    public var stateFolder: RawPath?
    /// PDFs that an earlier run made for the same books and that are no part of them any more; nobody deleted them.
    public var staleVolumes: [RawPath] = []
    /// Outputs that were left as they are and that another build made.
    public var otherBuilds = OtherBuilds()
    /// Whether actions of the recipe or names of outputs refuse files too, and not only decoders.
    public var hasPickyActions = false
    /// Nil for jobs of pictures.
    public var programs: ProgramWords?
    /// In the order of `FailureReason`.
    public var failures: [FailureGroup] { FailureReason.allCases.compactMap { groups[$0] } }
    /// In the order they first came up.
    public private(set) var notes: [NoteCount] = []
    /// In the order they first came up.
    public private(set) var skippedByReason: [SkipCount] = []

    private var groups: [FailureReason: FailureGroup] = [:]

    /// A PDF that was made.
    public struct Volume: Sendable {
        public var path: RawPath
        public var pages: Int
        public var sizeBytes: UInt64
        public init(path: RawPath, pages: Int, sizeBytes: UInt64) {
            self.path = path
            self.pages = pages
            self.sizeBytes = sizeBytes
        }
    }

    /// Outputs of other builds: how many, and the first few builds by name.
    public struct OtherBuilds: Hashable, Sendable {
        public private(set) var count: Int
        /// At most `namesMax`, in the order they came up.
        public private(set) var names: [String]

        public init(count: Int = 0, names: [String] = []) {
            self.count = count
            self.names = names
        }

        public mutating func note(_ build: String, outputs: Int) {
            count += outputs
            if names.count < RunSummary.namesMax, !names.contains(build) { names.append(build) }
        }
    }

    /// Failures of one reason.
    public struct FailureGroup: Sendable {
        public struct Named: Sendable {
            public let path: RawPath
            public let message: String
        }
        public let reason: FailureReason
        public fileprivate(set) var count = 0
        /// At most `namesMax`, in the order they came.
        public fileprivate(set) var first: [Named] = []
    }

    public struct NoteCount: Sendable {
        public let note: ReportNote
        public fileprivate(set) var count: Int
        /// `12 files carry GPS`
        public var text: String { HumanText.counted(count, note.singular, note.plural) }
    }

    public struct SkipCount: Sendable {
        public let reason: String
        public fileprivate(set) var count: Int
    }

    public static let namesMax = 5
    /// Reasons for skipping that are counted apart; further ones are counted as `other`, and further kinds of notes not at all.
    public static let kindsMax = 40

    public init(job: JobID, status: ExitStatus = .done, elapsedSeconds: Double = 0, left: Int = 0, folder: RawPath? = nil) {
        self.job = job
        self.status = status
        self.elapsedSeconds = elapsedSeconds
        self.left = left
        self.folder = folder
    }

    /// Counts one input's outcome, its bytes, outputs and notes.
    public mutating func count(_ row: ReportRow) {
        bytesIn = saturatingSum(bytesIn, row.bytesIn)
        bytesOut = saturatingSum(bytesOut, row.bytesOut)
        switch row.outcome {
        case .done:
            done += 1
            filesMade += row.outputs.count
        case .failed: countFailure(row)
        case .skipped: countSkipped(reason: row.message)
        }
        // Totals speak of files, so two warnings of one file count once.
        var told: Set<String> = []
        for note in row.notes where told.insert(note.key).inserted { self.count(note) }
    }

    /// Counts a file as failed that was counted as done or skipped before: it changed while the job ran.
    public mutating func recount(_ row: ReportRow, wasSkipped: Bool) {
        if wasSkipped { skipped -= 1 } else { done -= 1 }
        countFailure(row)
    }

    /// Counts inputs that were skipped without a row of their own (found by the listing).
    public mutating func countSkipped(reason: String, _ number: Int = 1) {
        skipped += number
        let reason = reason.isEmpty ? "other" : reason
        if let place = skippedByReason.firstIndex(where: { $0.reason == reason }) {
            skippedByReason[place].count += number
        } else if skippedByReason.count < Self.kindsMax {
            skippedByReason.append(SkipCount(reason: reason, count: number))
        } else if let place = skippedByReason.firstIndex(where: { $0.reason == "other" }) {
            skippedByReason[place].count += number
        } else {
            skippedByReason.append(SkipCount(reason: "other", count: number))
        }
    }

    /// Counts a note that no row carries.
    public mutating func count(_ note: ReportNote, _ number: Int = 1) {
        if let place = notes.firstIndex(where: { $0.note.key == note.key }) {
            notes[place].count += number
        } else if notes.count < Self.kindsMax {
            notes.append(NoteCount(note: note, count: number))
        }
    }

    private mutating func countFailure(_ row: ReportRow) {
        guard let reason = row.reason else { preconditionFailure("\(row.path) failed without a reason") }
        failed += 1
        var group = groups[reason] ?? FailureGroup(reason: reason)
        group.count += 1
        if group.first.count < Self.namesMax { group.first.append(.init(path: row.path, message: row.message)) }
        groups[reason] = group
    }
}

private func saturatingSum(_ left: UInt64, _ right: UInt64) -> UInt64 {
    let (sum, overflow) = left.addingReportingOverflow(right)
    return overflow ? .max : sum
}

extension RunSummary {
    /// `job`, `exit_status`, `done`, `failed`, `skipped`, `left`, `seconds`, `bytes_in`, `bytes_out`, `files_made`, `folder` (or
    /// null), `pdf` (array of `path`, `pages`, `bytes`, `too_large_for`: array of text), `stale_pdf` (array of paths),
    /// `other_builds` (`count` of outputs, `builds`: array of text), `failures` (array of `reason`, `count`, `next`, `first`: array of `path`
    /// and `message`), `skipped_by_reason` (array of `reason`, `count`), `notes` (array of `note`, `count`, `text`); of programs also
    /// `started_twice` (`count`, `first`: array of `path`).
    var fields: [(String, JSONValue)] {
        let groups = failures.map { group in
            JSONValue.object([
                ("reason", .string(group.reason.rawValue)), ("count", .integer(group.count)),
                ("next", .string(nextStep(of: group))),
                (
                    "first",
                    .array(
                        group.first.map { .object(JSONValue.pathFields("path", $0.path) + [("message", .string($0.message))]) })
                ),
            ])
        }
        var fields: [(String, JSONValue)] = [
            ("job", .string(job.rawValue)), ("exit_status", .integer(Int(status.rawValue))), ("done", .integer(done)),
            ("failed", .integer(failed)), ("skipped", .integer(skipped)), ("left", .integer(left)),
            ("seconds", .number(elapsedSeconds)),
            ("bytes_in", .size(bytesIn)), ("bytes_out", .size(bytesOut)), ("files_made", .integer(filesMade)),
        ]
        fields += folder.map { JSONValue.pathFields("folder", $0) } ?? [("folder", .null)]
        fields += [
            (
                "pdf",
                .array(
                    volumes.map {
                        .object(
                            JSONValue.pathFields("path", $0.path) + [
                                ("pages", .integer($0.pages)), ("bytes", .size($0.sizeBytes)),
                                ("too_large_for", .array(ViewerLimits.tooLargeFor(bytes: $0.sizeBytes).map(JSONValue.string))),
                            ])
                    })
            ),
            ("stale_pdf", .array(staleVolumes.map(JSONValue.path))),
            (
                "other_builds",
                .object([("count", .integer(otherBuilds.count)), ("builds", .array(otherBuilds.names.map(JSONValue.string)))])
            ),
            ("failures", .array(groups)),
            (
                "skipped_by_reason",
                .array(
                    skippedByReason.map {
                        .object([("reason", .string($0.reason)), ("count", .integer($0.count))])
                    })
            ),
            (
                "notes",
                .array(
                    notes.map {
                        .object([("note", .string($0.note.key)), ("count", .integer($0.count)), ("text", .string($0.text))])
                    })
            ),
        ]
        if let programs { fields.append(programs.field) }
        return fields
    }

    /// The final facts that `--json` puts on stdout: one object, a line feed at its end. Its keys are those of the `end` event
    /// but `event`; keys may be added, never renamed.
    public var jsonText: String { JSONValue.object(fields).prettyText + "\n" }
}
