import JobModel

/// How progress is shown on stderr (`--progress`; the caller resolves `auto`).
public enum ProgressMode: String, CaseIterable, Sendable {
    /// Redrawn in place, at most ten times a second.
    case tty
    /// One line every ten seconds, and at once when the job pauses or stops, for logs. `update` counts the first ten from 0 s.
    case plain
    /// Events for programs, one JSON object a line.
    case json
    /// No progress; messages and the end are still shown.
    case none
}

/// Turns snapshots, messages and outcomes into bytes for stderr; decides nothing and does no I/O.
///
/// Every method returns the bytes to be written at once, in the order of the calls; often none. Time is the caller's: seconds of
/// any monotonic clock.
///
/// Events of `json`: every line is an object whose `event` is
/// - `start`: the members of `JobFacts` (`job`, `version`, `command`, `started_at`, `tasks`, `hosts`, `folder`) and `messages`;
/// - `file`: those of `ReportRow` (`path`, `outcome`, `outputs`, `reason`, `message`, `notes`, `bytes_in`, ...);
/// - `progress`, at most one a second but at once when the phase changes or there is a message: `job`, those of
///   `ProgressSnapshot` (`phase`, `done`, `total`, `failed`, `skipped`, ...) and `messages`;
/// - `end`: those of `RunSummary` (`exit_status`, `done`, `failures`, `pdf`, ...) and `messages`.
/// `messages` is an array of warnings, each told once. Members may be added, never renamed.
public struct ProgressRenderer: Sendable {
    public let mode: ProgressMode
    private var columns: Int
    private var rows: Int
    private let colour: Bool

    private var last: (snapshot: ProgressSnapshot, seconds: Double)?
    private var frame: ProgressFrame?
    private var failureLines = 0
    private var hasEnded = false
    /// Messages no event has carried yet (`json`, before there is a snapshot).
    private var pending: [String] = []

    /// - Parameters:
    ///   - columns: of the terminal; only `tty` asks.
    ///   - rows: of the terminal.
    ///   - colour: false where NO_COLOR is set or the terminal has none.
    public init(mode: ProgressMode, columns: Int = 80, rows: Int = 24, colour: Bool = false) {
        self.mode = mode
        self.columns = max(1, columns)
        self.rows = max(1, rows)
        self.colour = colour
    }

    /// Failures shown while the job runs; the rest is told at the end and in reports.
    public static let failureLinesMax = 20
    private static let pendingMax = 1000

    /// Whether a snapshot of this phase would be shown now, so that the caller need not make one in vain.
    public func wantsUpdate(phase: ProgressSnapshot.Phase, atSeconds now: Double) -> Bool {
        if hasEnded { return false }
        guard let intervalSeconds = mode.intervalSeconds else { return false }
        if mode == .plain {
            // A log wants a line now and then; a job that is over by then needs none.
            let isUrgent = phase.isUrgent && phase.isNews(after: last?.snapshot.phase)
            return now - (last?.seconds ?? 0) >= intervalSeconds || isUrgent
        }
        guard let last else { return true }
        return now - last.seconds >= intervalSeconds || phase.isNews(after: last.snapshot.phase)
    }

    /// Tells once what the job is; only `json` shows it.
    public mutating func start(_ facts: JobFacts) -> [UInt8] {
        switch mode {
        case .json:
            // What was shown of the search for inputs is over; a message waits for the next snapshot.
            last = nil
            return event("start", facts.fields + [takeMessages()])
        case .tty, .plain, .none: return []
        }
    }

    /// Shows how far the job is, unless the last time was too short ago.
    public mutating func update(_ snapshot: ProgressSnapshot, atSeconds now: Double) -> [UInt8] {
        guard wantsUpdate(phase: snapshot.phase, atSeconds: now) else { return [] }
        last = (snapshot, now)
        switch mode {
        case .tty: return redraw(snapshot)
        case .plain: return line(snapshot.plainLine)
        case .json: return event("progress", progressFields(snapshot))
        case .none: return []
        }
    }

    /// Prints a warning of one or more lines above the progress, where it scrolls away like any output.
    public mutating func message(_ text: String) -> [UInt8] {
        switch mode {
        case .tty, .plain, .none:
            return above(text.split(whereSeparator: \.isNewline).map { StyledLine(String($0)) })
        case .json:
            if pending.count < Self.pendingMax { pending.append(text) }
            guard let last, !hasEnded else { return [] }
            return event("progress", progressFields(last.snapshot))
        }
    }

    /// Tells of one input's outcome: every one as an event, for people the first failures only.
    public mutating func file(_ row: ReportRow) -> [UInt8] {
        switch mode {
        case .none: return []
        case .json: return event("file", row.fields)
        case .tty, .plain:
            guard row.outcome == .failed, failureLines <= Self.failureLinesMax else { return [] }
            failureLines += 1
            guard failureLines <= Self.failureLinesMax else {
                return above([StyledLine("further failures are counted, and listed by --report and quire report", .dim)])
            }
            var line = StyledLine("failed", .red)
            line.append(": \(row.path.display): \(row.reason.map { $0.rawValue + ": " } ?? "")\(row.message)")
            return above([line])
        }
    }

    /// Takes the progress away and shows what the run came to. Afterwards only messages are shown, and with `json` nothing.
    public mutating func end(_ summary: RunSummary) -> [UInt8] {
        guard !hasEnded else { return [] }
        let erased = erase()
        frame = nil
        hasEnded = true
        switch mode {
        case .json: return event("end", summary.fields + [takeMessages()])
        case .tty, .plain, .none:
            var lines = summary.lines.map { StyledLine($0) }
            lines[0] = StyledLine(summary.totalsLine, .bold)
            return erased + printed(lines)
        }
    }

    /// The terminal has another size now; the next update is drawn to it.
    public mutating func resize(columns: Int, rows: Int) {
        self.columns = max(1, columns)
        self.rows = max(1, rows)
    }

    /// Others wrote to the terminal (the job was stopped and continued): the next frame is drawn below instead of over the last
    /// one.
    public mutating func forgetFrame() {
        frame = nil
    }

    /// What takes the progress that stands on the terminal away, and what draws the same again from the cursor on; nil while none
    /// stands there. For those who write to the terminal between two calls and leave the cursor at the start of a line.
    public var standing: StandingFrame? {
        frame.map { StandingFrame(erase: erase(), draw: drawn($0)) }
    }

    // MARK: Terminal

    private mutating func redraw(_ snapshot: ProgressSnapshot) -> [UInt8] {
        let next = ProgressFrame(snapshot, columns: columns, rows: rows)
        if let reason = next.cutReason, reason != frame?.cutReason {
            let start = erase() + printed([StyledLine(reason, .yellow)])
            frame = next
            return start + drawn(next)
        }
        let start = cursorToFrameStart()
        frame = next
        return start + drawn(next)
    }

    /// Lines above the frame, the frame again below them.
    private mutating func above(_ lines: [StyledLine]) -> [UInt8] {
        let start = erase() + printed(lines)
        guard frame != nil, let last else { return start }
        let next = ProgressFrame(last.snapshot, columns: columns, rows: rows)
        frame = next
        return start + drawn(next)
    }

    private func printed(_ lines: [StyledLine]) -> [UInt8] {
        Array(lines.map { $0.text(colour: colour && mode == .tty) + "\n" }.joined().utf8)
    }

    /// The frame from the cursor on, with wrapping off: a terminal that measures a character otherwise than we do must not break
    /// a line.
    private func drawn(_ frame: ProgressFrame) -> [UInt8] {
        var text = "\u{1B}[?7l"
        for line in frame.lines { text += line.text(colour: colour) + "\u{1B}[K\n" }
        return Array((text + "\u{1B}[J\u{1B}[?7h").utf8)
    }

    private func cursorToFrameStart() -> [UInt8] {
        guard let frame else { return [] }
        // Terminals that became narrower have wrapped the lines they show.
        let rowsUsed = frame.lines.reduce(0) { $0 + max(1, ($1.columns + columns - 1) / columns) }
        return Array("\r\u{1B}[\(rowsUsed)A".utf8)
    }

    private func erase() -> [UInt8] {
        frame == nil ? [] : cursorToFrameStart() + Array("\u{1B}[J".utf8)
    }

    private func line(_ text: String) -> [UInt8] {
        Array((DisplayText.harmless(text) + "\n").utf8)
    }

    // MARK: Events

    private func event(_ name: String, _ fields: [(String, JSONValue)]) -> [UInt8] {
        JSONValue.object([("event", .string(name))] + fields).bytes + [0x0A]
    }

    private mutating func progressFields(_ snapshot: ProgressSnapshot) -> [(String, JSONValue)] {
        [("job", .string(snapshot.job.rawValue))] + snapshot.fields + [takeMessages()]
    }

    private mutating func takeMessages() -> (String, JSONValue) {
        defer { pending = [] }
        return ("messages", .array(pending.map(JSONValue.string)))
    }
}

/// Bytes for standard error around the output of others; see `ProgressRenderer.standing`.
public struct StandingFrame: Sendable {
    public var erase: [UInt8]
    public var draw: [UInt8]
}

extension ProgressMode {
    /// Least time between two updates of one phase; nil for no updates.
    fileprivate var intervalSeconds: Double? {
        switch self {
        case .tty: 0.1
        case .plain: 10
        case .json: 1
        case .none: nil
        }
    }
}

extension ProgressSnapshot.Phase {
    /// Whether this is another phase, or another cause to pause; numbers that only count on are no news.
    /// Something a person who reads the log should see at once.
    fileprivate var isUrgent: Bool {
        switch self {
        case .paused, .draining: true
        case .scanning, .probing, .working, .binding, .finishing: false
        }
    }

    fileprivate func isNews(after old: Self?) -> Bool {
        guard let old else { return true }
        if case .paused(let reason) = self, case .paused(let oldReason) = old { return reason != oldReason }
        return name != old.name
    }
}
