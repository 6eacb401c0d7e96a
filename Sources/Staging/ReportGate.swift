public import JobModel
public import LinuxSystem

/// Holds reports back until the files they name are durable, and gathers them into few messages.
///
/// Pure: says which group to sync and which reports may go. A group is 256 files or 500 ms old, and goes at once when
/// somebody waits for it and no other is under way.
public struct ReportGate: Sendable {
    public static let groupFilesMax = 256
    public static let groupMillisecondsMax: UInt64 = 500
    public static let batchReportsMax = 256
    /// Reports without files wait for company this long.
    public static let batchMillisecondsMax: UInt64 = 10

    private struct Group {
        var reports: [WorkReport] = []
        var files: [RawPath] = []
        /// By place in `files`: the report it belongs to.
        var owners: [Int] = []
        var sinceMilliseconds: UInt64 = 0
    }

    private var plain: [WorkReport] = []
    private var plainSinceMilliseconds: UInt64 = 0
    private var open = Group()
    private var underWay: [UInt64: Group] = [:]
    private var lastID: UInt64 = 0

    public init() {}

    /// The disk does not keep up: start nothing new.
    public var isCongested: Bool { underWay.count >= SyncThreads.groupsMax && open.files.count >= Self.groupFilesMax }

    /// Whether nothing is held back.
    public var isEmpty: Bool { plain.isEmpty && open.reports.isEmpty && underWay.isEmpty }

    /// Takes a report; `folder` is where its file names begin, absolute ones aside, and `spoolFolder` has its spooled pages.
    public mutating func add(_ report: WorkReport, folder: RawPath?, spoolFolder: RawPath?, nowMilliseconds now: UInt64) {
        let files: [RawPath] =
            switch report.outcome {
            case .finished(let work): work.files.map { folder?.appending($0.temp) ?? $0.temp } + spooled(work, spoolFolder)
            case .failed, .notStored: []
            }
        if files.isEmpty {
            if plain.isEmpty { plainSinceMilliseconds = now }
            plain.append(report)
            return
        }
        if open.reports.isEmpty { open.sinceMilliseconds = now }
        open.files += files
        open.owners += Array(repeating: open.reports.count, count: files.count)
        open.reports.append(report)
    }

    private func spooled(_ work: FinishedWork, _ folder: RawPath?) -> [RawPath] {
        guard let folder else { return [] }
        var names: Set<RawPath> = []
        for source in work.pages.flatMap(\.sources) { if case .spool(let name) = source.file { names.insert(name) } }
        return names.sorted().map { folder.appending($0) }
    }

    /// Reports that may be sent now. `isHungry`: a slot is idle until the head hears of them.
    public mutating func takeReports(isHungry: Bool, nowMilliseconds now: UInt64) -> [WorkReport] {
        let isDue = isHungry || plain.count >= Self.batchReportsMax || now >= plainSinceMilliseconds + Self.batchMillisecondsMax
        guard !plain.isEmpty, isDue else { return [] }
        let reports = Array(plain.prefix(Self.batchReportsMax))
        plain.removeFirst(reports.count)
        return reports
    }

    /// A group whose files shall be synced now.
    public mutating func takeGroup(isHungry: Bool, nowMilliseconds now: UInt64) -> SyncGroup? {
        let isDue =
            open.files.count >= Self.groupFilesMax || now >= open.sinceMilliseconds + Self.groupMillisecondsMax
            || isHungry && underWay.isEmpty
        guard !open.reports.isEmpty, isDue, underWay.count < SyncThreads.groupsMax else { return nil }
        lastID += 1
        underWay[lastID] = open
        defer { open = Group() }
        return SyncGroup(id: lastID, files: open.files)
    }

    /// The reports of a group that was synced; a disk that does not keep a file is at fault, never the picture in it.
    public mutating func synced(_ result: SyncedGroup) -> [WorkReport] {
        guard var group = underWay.removeValue(forKey: result.id) else {
            preconditionFailure("group \(result.id) is not under way")
        }
        for (index, error) in result.failures {
            group.reports[group.owners[index]].outcome = .notStored(StorageFault(code: error.code, call: error.call))
        }
        return group.reports
    }

    /// When something falls due by time alone.
    public var nextDeadlineMilliseconds: UInt64? {
        var deadline: UInt64?
        if !plain.isEmpty { deadline = plainSinceMilliseconds + Self.batchMillisecondsMax }
        if !open.reports.isEmpty, underWay.count < SyncThreads.groupsMax {
            let due = open.sinceMilliseconds + Self.groupMillisecondsMax
            deadline = min(deadline ?? due, due)
        }
        return deadline
    }
}
