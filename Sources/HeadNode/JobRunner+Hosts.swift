import JobModel
import JobStore
import LinuxSystem
import Scheduling
import TerminalUI
import WireProtocol

/// What one host has done for the job.
struct HostTally {
    var name: String
    var slots: Int
    var busy = 0
    var done = 0
    var failed = 0
    /// Slots the host lets this job use now; nil while it may use all.
    var usable: Int?
    var slotHolders: [JobID] = []
    private var rate = RateEstimator()

    init(name: String, slots: Int) {
        self.name = name
        self.slots = slots
    }

    mutating func count(_ report: WorkReport) {
        switch report.outcome {
        case .finished: done += 1
        case .failed: failed += 1
        case .notStored: break
        }
    }

    mutating func line(atSeconds seconds: Double, state: String, isTroubled: Bool) -> HostLine {
        rate.note(total: Double(done + failed), atSeconds: seconds)
        return HostLine(name: name, slots: usable ?? slots, busy: busy, done: done, failed: failed, rate: rate.perSecond ?? 0, state: state,
            isTroubled: isTroubled)
    }
}

/// The hosts of a running job: how they join, leave and get lost (behaviour.md, Running and Hosts).
extension JobRunner {
    /// While the job waits for its first hosts.
    struct Gathering {
        var hostsMin: Int
        /// Hosts that were tried once and did not come: told when it is known whether the job begins without them.
        var faults: [HostIndex: (why: String, isFinal: Bool)] = [:]
    }

    static let agentRestartsMax = 3
    private static let thisMachine = Fleet.thisMachineIndex

    func name(of host: HostIndex) -> String { tallies[host]?.name ?? links[host]?.name ?? "host \(host.rawValue)" }

    /// With no other hosts this machine begins at once; else the job waits for as many as are wanted.
    func beginWithHosts() throws(HeadError) {
        guard let fleet else {
            return admit(try agents.fullLink())
        }
        gathering = Gathering(hostsMin: settings.hosts.hostsMin)
        if fleet.includesThisMachine {
            let link = try agents.fullLink()
            links[link.host] = link
        }
        try endGatheringIfReady()
    }

    func joined(_ link: AgentLink) {
        toldFaults[link.host] = nil
        if gathering != nil {
            links[link.host] = link
            gathering?.faults[link.host] = nil
            // Cannot fail: a host more is never a reason to stop.
            do throws(HeadError) { try endGatheringIfReady() } catch { halt(error) }
            return
        }
        admit(link)
        guard standsIn else { return }
        standsIn = false
        display.message("\(link.name) is back: this machine lets go of the work")
        letLeave(Self.thisMachine)
    }

    /// Lets the scheduler use a host.
    private func admit(_ link: AgentLink) {
        links[link.host] = link
        leaving.remove(link.host)
        if tallies[link.host] == nil, let settings = settings.program, let shortfall = Reservation(settings).shortfall(on: link.facts) {
            display.message("\(link.name): \(shortfall)")
        }
        if tallies[link.host] == nil { tallies[link.host] = HostTally(name: link.name, slots: link.slots) }
        tallies[link.host]?.slots = link.slots
        tallies[link.host]?.busy = 0
        tallies[link.host]?.usable = nil
        if let limit = course?.limitMilliseconds { link.send(.limitTime(milliseconds: limit)) }
        perform(scheduler.apply(.hostReady(link.host, Scheduler.HostOffer(slots: link.slots, stagedBytesMax: link.stagedBytesMax)), at: .now))
        // Other jobs may have been met while the host was prepared.
        if let share = link.lastShare { changeSlots(of: link.host, share.usable, share.holders) }
    }

    func failedToJoin(_ host: HostIndex, _ why: String, isFinal: Bool) throws(HeadError) {
        guard gathering != nil else { return tellFault(of: host, why, isFinal: isFinal) }
        gathering?.faults[host] = (why, isFinal)
        try endGatheringIfReady()
    }

    /// Whole, with its cure, and not again every minute.
    private func tellFault(of host: HostIndex, _ why: String, isFinal: Bool) {
        guard toldFaults[host] != why else { return }
        toldFaults[host] = why
        display.message(isFinal ? "left out: \(why)" : "\(why); it is tried again now and then")
    }

    private func endGathering(_ gathering: Gathering) {
        self.gathering = nil
        for (host, fault) in gathering.faults.sorted(by: { $0.key < $1.key }) { tellFault(of: host, fault.why, isFinal: fault.isFinal) }
    }

    private func endGatheringIfReady() throws(HeadError) {
        guard let gathering, let fleet else { return }
        if links.count >= gathering.hostsMin {
            endGathering(gathering)
            for link in links.values.sorted(by: { $0.host < $1.host }) { admit(link) }
            return
        }
        guard gathering.faults.count + links.count >= fleet.remoteCount + (fleet.includesThisMachine ? 1 : 0) else { return }
        if settings.hosts.fallsBack {
            endGathering(gathering)
            display.message("no usable host: this machine does the work, and others when they come")
            for link in links.values.sorted(by: { $0.host < $1.host }) { admit(link) }
            try standIn()
            return
        }
        let wanted = gathering.hostsMin == 1 ? "" : " (\(links.count) of \(gathering.hostsMin) wanted)"
        let reasons = gathering.faults.sorted { $0.key < $1.key }.map { "\n  \($0.value.why)" }.joined()
        halt(.noUsableHost("no usable host\(wanted):\(reasons)\n  or let this machine do it alone with --local-fallback"))
        self.gathering = nil
    }

    /// This machine works in place of hosts that are not there.
    private func standIn() throws(HeadError) {
        guard links[Self.thisMachine] == nil else { return }
        standsIn = true
        admit(try agents.fullLink())
    }

    func lost(_ host: HostIndex, _ why: String) {
        suspects.removeAll { $0.host == host }
        let link = links.removeValue(forKey: host)
        tallies[host]?.busy = 0
        abandoned.formUnion(open.values.flatMap(plan.outputFolders))
        let wasExpected = leaving.remove(host) != nil
        perform(scheduler.apply(.hostLost(host), at: .now))
        if host == Self.thisMachine {
            if !wasExpected { restartAgent(why) }
            return
        }
        link?.close(kill: true)
        if !wasExpected { display.message("lost \(link?.name ?? name(of: host)): \(why); \(lossText)") }
        guard gathering == nil, links.isEmpty, stop == nil, !isAllDispatched else { return }
        display.message("all hosts are lost: this machine goes on alone, and takes them back when they return")
        do throws(HeadError) { try standIn() } catch { halt(error) }
    }

    private var lossText: String {
        switch course?.settings.restarting {
        case nil: "its files go elsewhere"
        case .freely: "its tasks go elsewhere"
        case .whenLost: "its tasks start again once nothing of them can run there any more"
        case .never: "its tasks have failed, since they may have run"
        }
    }

    /// This machine's agent is started again three times (architecture, section 3); no file is blamed for it.
    private func restartAgent(_ why: String) {
        let error = HeadError.agent("the agent on \(name(of: Self.thisMachine)) ended: \(why)")
        guard stop == nil, agentRestarts < Self.agentRestartsMax else {
            halt(error)
            return perform(scheduler.apply(.drain, at: .now))
        }
        agentRestarts += 1
        display.message("\(error); starting it again")
        do throws(HeadError) { admit(try agents.restart()) } catch { halt(error) }
    }

    func letLeave(_ host: HostIndex) {
        guard links[host] != nil, leaving.insert(host).inserted else { return }
        perform(scheduler.apply(.hostLeaving(host), at: .now))
    }

    /// The host holds nothing of the job any more.
    func close(_ host: HostIndex) {
        guard let link = links.removeValue(forKey: host) else { return }
        if host == Self.thisMachine {
            agents.close(kill: false)
            leaving.remove(host)
        } else if fleet?.isListed(host) == true {
            fleet?.closeLink(of: host)
        } else {
            fleet?.remove(host)
            link.close()
        }
    }

    func unusable(_ host: HostIndex, _ why: String) {
        let error = HeadError.agent("\(name(of: host)) cannot work: \(why)")
        guard host != Self.thisMachine else { return halt(error) }
        display.message("\(error)")
        links[host]?.abort()
    }

    func failed(_ attempts: [Attempt], on host: HostIndex, _ verdict: Scheduler.Verdict, _ why: String) {
        display.message("\(name(of: host)): \(why)")
        let reports = attempts.map { WorkReport(attempt: $0, outcome: .failed(TaskFailure(.unreadable, why)), usage: .none) }
        settle(reports, from: host, verdict: verdict)
    }

    func changeSlots(of host: HostIndex, _ usable: Int, _ holders: [JobID]) {
        tallies[host]?.usable = usable
        tallies[host]?.slotHolders = holders
        perform(scheduler.apply(.slotsChanged(host, max(1, usable)), at: .now))
    }

    /// The host file was changed: new hosts join, and those that are not in it any more leave.
    func reloadHosts() {
        guard let fleet, settings.hosts.file != nil else { return display.message("this job has no host file to read again") }
        do throws(HeadError) {
            let gone = fleet.reload(try HostList.specs(of: settings.hosts))
            display.message("read the host file again: \(fleet.remoteCount) hosts\(gone.isEmpty ? "" : ", of which \(gone.count) leave")")
            for host in gone where links[host] != nil { letLeave(host) }
            for host in gone where links[host] == nil { fleet.remove(host) }
        } catch {
            display.message("the hosts stay as they are: \(error)")
        }
    }

    /// Lets all remote agents end, at once if `kill`; this machine's is needed for the report yet.
    func endHosts(kill: Bool) {
        let remote = links.filter { $0.key != Self.thisMachine }.map(\.value)
        if course != nil { for link in remote { link.send(.stop) } }
        for link in remote { link.beginClosing(kill: kill) }
        for link in remote { link.close(kill: kill) }
        links = links.filter { $0.key == Self.thisMachine }
    }

    /// Called several times a second.
    func lookAfterHosts() {
        for link in links.values { link.flush() }
        if let deadline = scheduler.nextDeadline, Instant.now >= deadline { perform(scheduler.apply(.tick, at: .now)) }
    }

    var hostLines: [HostLine] {
        let now = SystemClock.monotonicMilliseconds()
        var lines: [HostLine] = []
        if links[Self.thisMachine] != nil || fleet == nil { if let line = line(Self.thisMachine, state: "", isTroubled: false) { lines.append(line) } }
        for (host, entry) in fleet?.board.all ?? [] {
            if tallies[host] == nil { tallies[host] = HostTally(name: entry.name, slots: 0) }
            if let line = line(host, state: entry.state.text(nowMilliseconds: now), isTroubled: entry.state.isTroubled) { lines.append(line) }
        }
        return lines
    }

    private func line(_ host: HostIndex, state: String, isTroubled: Bool) -> HostLine? {
        guard var tally = tallies[host] else { return nil }
        var words = state
        if words.isEmpty, let usable = tally.usable, usable < tally.slots, let holder = tally.slotHolders.first {
            words = "slots held by job \(holder.rawValue)"
        }
        var isTroubled = isTroubled
        if words.isEmpty, let reason = scheduler.view(of: host)?.idleReason {
            words = reason.text
            if case .resting = reason { isTroubled = true }
        }
        let line = tally.line(atSeconds: display.seconds, state: words, isTroubled: isTroubled)
        tallies[host] = tally
        return line
    }
}
