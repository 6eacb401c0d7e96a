import JobModel

// The last try of a task that was lost with its hosts again and again is made alone on a host: what else was lost with them
// is innocent, and a task that takes its hosts down is found out without company.
extension Scheduler {
    /// Losses after which a task runs alone.
    var lossesInCompanyMax: Int { max(1, limits.lostAttemptsMax - 1) }

    /// Keeps one host free for such tasks while there are any, and gives it back afterwards.
    mutating func keepQuarantine() {
        if let host = quarantine {
            guard !hosts[host].phase.takesWork || (hosts[host].list.count == 0 && aloneIndex(for: host) == nil) else { return }
            quarantine = nil
            if hosts[host].phase.takesWork { wanting.insert(host) }
        }
        guard let task = choosy.first(where: { $0.isAlone && $0.rank < rankBound }) else { return }
        let able = hosts.indices.filter { hosts[$0].phase.takesWork && !task.avoided.contains(UInt16($0)) }
        guard let emptiest = able.min(by: { (hosts[$0].list.count, $0) < (hosts[$1].list.count, $1) }) else { return }
        quarantine = emptiest
        wanting.insert(emptiest)
        if isPlacing { callBack(from: emptiest, costMax: .infinity) }
    }

    func aloneIndex(for host: Int) -> Int? {
        choosy.firstIndex { $0.isAlone && $0.rank < rankBound && !$0.avoided.contains(UInt16(host)) }
    }
}
