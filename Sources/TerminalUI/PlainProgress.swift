extension ProgressSnapshot {
    /// One line for a log: `1 min 12 s: 312 of 1,000 done (31%), 3 failed, 14.2/s, 58 MB/s, 48–60 s left, 22 of 24 slots busy`,
    /// behind it the hosts that have something to say.
    var plainLine: String {
        var parts: [String] = []
        if tasksTotal > 0 {
            let share = HumanText.percent(tasksDone, of: tasksTotal)
            parts.append("\(HumanText.count(tasksDone)) of \(HumanText.count(tasksTotal)) done (\(share))")
        }
        if failed > 0 { parts.append("\(HumanText.count(failed)) failed") }
        if skipped > 0 { parts.append("\(HumanText.count(skipped)) skipped") }
        if phase.isMoving {
            if let rate { parts.append(HumanText.rate(rate)) }
            if let byteRate { parts.append(HumanText.byteRate(byteRate)) }
            if let secondsLeft, tasksDone < tasksTotal { parts.append(HumanText.timeLeft(secondsLeft)) }
            let slots = hosts.reduce(0) { $0 + $1.slots }
            if slots > 0 { parts.append("\(hosts.reduce(0) { $0 + $1.busy }) of \(HumanText.counted(slots, "slot")) busy") }
        }
        if let text = phase.text(pagesBound: pagesBound, pagesTotal: pagesTotal) { parts.append(text) }
        if parts.isEmpty { parts.append(phase.name) }
        var line = HumanText.duration(elapsedSeconds) + ": " + parts.joined(separator: ", ")
        let troubled = hosts.filter { !$0.state.isEmpty }
        for host in troubled.prefix(Self.troubledHostsMax) { line += "; \(host.name): \(host.state)" }
        if troubled.count > Self.troubledHostsMax {
            line += "; \(HumanText.counted(troubled.count - Self.troubledHostsMax, "more host"))"
        }
        return line
    }

    private static let troubledHostsMax = 5
}
