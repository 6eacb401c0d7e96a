/// What the terminal shows of a snapshot: a line of totals and a line a host, none wider than the terminal.
struct ProgressFrame: Equatable, Sendable {
    let lines: [StyledLine]
    /// What would not fit on the line of totals but must be read in full: why the job is paused.
    let cutReason: String?

    /// - Parameters:
    ///   - columns: of the terminal; lines stay one short of it, since a full line makes some terminals wrap.
    ///   - rows: of the terminal; hosts take at most half of them.
    init(_ snapshot: ProgressSnapshot, columns: Int, rows: Int) {
        let room = max(1, columns - 1)
        let totals = Self.totals(snapshot, room: room)
        let hosts = HostLines(snapshot.hosts, room: room, linesMax: min(Self.hostLinesMax, rows / 2)).lines
        lines = [totals.line] + hosts
        cutReason = totals.cutReason
    }

    static let hostLinesMax = 16
    private static let gap = "  "

    /// A part of the line of totals; parts of low rank come into the line first, and all stand in the order given.
    private struct Part {
        let rank: Int
        let text: String
        let style: StyledLine.Style
    }

    private static func totals(_ snapshot: ProgressSnapshot, room: Int) -> (line: StyledLine, cutReason: String?) {
        var parts: [Part] = []
        func add(_ rank: Int, _ text: String, _ style: StyledLine.Style = .plain) {
            parts.append(Part(rank: rank, text: text, style: style))
        }
        if snapshot.tasksTotal > 0 {
            add(0, HumanText.count(snapshot.tasksDone) + "/" + HumanText.count(snapshot.tasksTotal), .bold)
            add(5, HumanText.percent(snapshot.tasksDone, of: snapshot.tasksTotal))
        }
        if snapshot.failed > 0 { add(1, "\(HumanText.count(snapshot.failed)) failed", .red) }
        if snapshot.skipped > 0 { add(8, "\(HumanText.count(snapshot.skipped)) skipped", .dim) }
        let tail = snapshot.phase.tail(pagesBound: snapshot.pagesBound, pagesTotal: snapshot.pagesTotal)
        if snapshot.phase.isMoving {
            if let rate = snapshot.rate { add(4, HumanText.rate(rate)) }
            if let byteRate = snapshot.byteRate { add(6, HumanText.byteRate(byteRate)) }
            if let left = snapshot.secondsLeft, snapshot.tasksDone < snapshot.tasksTotal { add(3, HumanText.timeLeft(left)) }
        }
        if let tail, !tail.isNotable { add(snapshot.phase == .working ? 7 : 2, tail.text, .dim) }

        var chosen: Set<Int> = []
        var used = 0
        let minimumTail = tail.map { $0.isNotable ? gap.count + min(12, DisplayText.columns($0.text)) : 0 } ?? 0
        for place in parts.indices.sorted(by: { (parts[$0].rank, $0) < (parts[$1].rank, $1) }) {
            let width = DisplayText.columns(parts[place].text) + (used > 0 ? gap.count : 0)
            guard used + width + minimumTail <= room || parts[place].rank == 0 else { continue }
            chosen.insert(place)
            used += width
        }

        var line = StyledLine()
        for place in parts.indices where chosen.contains(place) {
            if !line.spans.isEmpty { line.append(gap) }
            line.append(parts[place].text, parts[place].style)
        }
        guard let tail, tail.isNotable else { return (line.cut(to: room), nil) }
        if !line.spans.isEmpty { line.append(gap) }
        line.append(tail.text, .yellow)
        return (line.cut(to: room), line.columns > room ? tail.reason : nil)
    }
}

/// What a phase puts at the end of the line of totals.
private struct PhaseTail {
    let text: String
    /// A notable tail is always there, cut if need be; another one only if there is room.
    let isNotable: Bool
    /// What to print in full above the frame if the tail was cut.
    var reason: String?
}

extension ProgressSnapshot.Phase {
    /// Whether rates and a forecast mean something now.
    var isMoving: Bool {
        switch self {
        case .probing, .working, .binding: true
        case .scanning, .finishing, .paused, .draining: false
        }
    }

    fileprivate func tail(pagesBound: Int, pagesTotal: Int) -> PhaseTail? {
        guard let text = text(pagesBound: pagesBound, pagesTotal: pagesTotal) else { return nil }
        return switch self {
        case .scanning, .draining: PhaseTail(text: text, isNotable: true)
        case .paused: PhaseTail(text: text, isNotable: true, reason: text)
        case .probing, .working, .binding, .finishing: PhaseTail(text: text, isNotable: false)
        }
    }

    /// The phase in words; nil when there is nothing to say beyond the totals.
    func text(pagesBound: Int, pagesTotal: Int) -> String? {
        switch self {
        case .scanning(let found, let skipped):
            "\(HumanText.counted(found, "file")) found" + (skipped > 0 ? ", \(HumanText.count(skipped)) skipped" : "")
        case .probing: "reading headers"
        case .working: pagesTotal > 0 ? "\(HumanText.count(pagesBound)) pages bound" : nil
        case .binding: pagesTotal > 0 ? "binding page \(HumanText.count(pagesBound)) of \(HumanText.count(pagesTotal))" : "finishing"
        case .finishing: "finishing"
        case .paused(let reason): "paused: \(reason)"
        case .draining(let seconds): "stopping within \(max(0, seconds)) s"
        }
    }
}
