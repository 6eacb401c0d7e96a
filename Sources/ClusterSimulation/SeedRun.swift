import JobModel
internal import Scheduling

/// One simulated job with all that goes wrong in it, made from a seed; the same seed gives the same run.
///
/// First safety: faults come while the job runs. Then liveness: all is healed, and the job must come to its end.
public struct SeedRun: Sendable {
    public let seed: UInt64
    /// The rule that was broken, in words; nil is a run without fault.
    public let violation: String?
    public let taskCount: Int
    public let hostCount: Int
    /// What could go wrong in this run.
    public let kinds: [String]
    /// Virtual time at the end.
    public let microseconds: UInt64
    public let stepCount: Int
    /// Starts of the head.
    public let runCount: Int
    public let failedCount: Int
    public let goodCount: Int
    /// Reports of connections that had ended.
    public let fencedCount: Int
    public let discardedCount: Int
    public let duplicateCount: Int
    /// Tries of programs that had failed.
    public let retryCount: Int
    /// Programs that must not run twice at once and were started again, each after its loss.
    public let startedAgainCount: Int

    /// Runs quire's own scheduler.
    public init(seed: UInt64, tasksMax: Int = 600) {
        self.init(seed: seed, tasksMax: tasksMax) { Scheduler($0) }
    }

    /// Runs any scheduler.
    public init<Tested: SimulatedScheduler>(seed: UInt64, tasksMax: Int = 600, making: @escaping (SchedulerSetup) -> Tested) {
        var chance = Chance(seed: seed)
        let hosts = Self.hosts(&chance)
        let count = Int(min(UInt64(tasksMax), chance.spread(from: 1, times: UInt64(tasksMax))))
        let work = Self.work(count, &chance)
        let kinds = Set(Trouble.Kind.allCases.filter { _ in chance.oneIn(3) })
        let conduct: Trouble.Conduct = [.idempotent, .exclusive, .onceOnly, .exclusive, .files, .files, .files, .files][chance.below(8)]
        let badOneIn = [0, 0, 10, 40, 200][chance.below(5)]
        // A killer brings down a machine each time it is tried; more than a few leave no time for anything else.
        let natures = (0..<count).map { task -> UInt8 in
            guard badOneIn > 0, chance.oneIn(badOneIn) else { return Trouble.Nature.good.rawValue }
            if chance.oneIn(10) { return Trouble.Nature.killer.rawValue }
            let bad: [Trouble.Nature] = conduct == .files ? [.broken, .poison] : [.failing, .flaky, .flaky, .picky, .picky, .poison]
            return bad[chance.below(bad.count)].rawValue
        }
        let totalMicroseconds = work.microseconds.reduce(UInt64(0)) { $0 + UInt64($1) }
        let slots = hosts.reduce(0) { $0 + $1.slots }
        let span = totalMicroseconds / UInt64(slots) + 20_000_000
        let trouble = Trouble(
            chance: chance, kinds: kinds, conduct: conduct, natures: natures,
            meanMicroseconds: max(100_000, span / UInt64(chance.within(2...40))))
        var model = ClusterModel(hosts: hosts, work: work)
        model.headBytesPerSecond = chance.spread(from: 1_000_000, times: 1_000)
        model.latencyMicroseconds = chance.spread(from: 50, times: 1_000)
        model.reportDelayMicroseconds = chance.spread(from: 1_000, times: 500)
        model.leaseMicroseconds = 15_000_000
        // The sooner a loss is noticed, the longer the lost host works on.
        if conduct.isExclusive { model.silenceMicroseconds = chance.within(UInt64(2_000_000)...12_000_000) }
        var limits = Scheduler.Limits()
        if conduct != .files { limits.programRetriesMax = chance.below(5) }
        if conduct == .onceOnly { limits.hostQueueMilliseconds = 0 }
        let order: Scheduler.Order = chance.oneIn(2) ? .plan : .ranked(Self.largestFirst(work))
        let cluster = Cluster(model, order: order, limits: limits, trouble: trouble, making: making)
        for host in cluster.agents.indices.dropFirst() where kinds.contains(.joinAndLeave) && chance.oneIn(3) {
            cluster.agents[host].isListed = false
            cluster.queue.plan(.cure(.join(UInt16(host))), at: chance.below(span))
        }
        cluster.begin()
        if count == 0 || !kinds.isEmpty { cluster.queue.plan(.disturbance, at: chance.below(span / 4 + 1)) }
        let troubleEnds = chance.within(span / 2...span * 3)
        let stepsMax = 20_000 + count * 2_000
        cluster.run(untilMicroseconds: troubleEnds, stepsMax: stepsMax)
        if !cluster.isOver && cluster.violation == nil {
            cluster.now = max(cluster.now, troubleEnds)
            cluster.healAll()
            // Slow hosts, files tried several times, rests that have doubled, dials a minute apart.
            let slowest = UInt64(hosts.map(\.speedPercent).min() ?? 100)
            let longest = UInt64(work.microseconds.max() ?? 0) * 100 / slowest
            let bytes = (0..<count).reduce(UInt64(0)) { $0 + work.inputBytes($1) + work.outputBytes($1) }
            let narrowest = min(model.headBytesPerSecond, hosts.compactMap(\.link?.bytesPerSecond).min() ?? .max)
            let travel = bytes * 1_000_000 / narrowest
            let limit = troubleEnds + 8 * span * 100 / slowest + 20 * longest + 4 * travel + 3_600_000_000
            cluster.run(untilMicroseconds: limit, stepsMax: stepsMax + cluster.stepCount)
            if !cluster.isOver { cluster.check.fail("all is healed, and the job does not come to its end (\(cluster.check.readyCount) ready, \(cluster.check.flyingCount) in flight)") }
        }
        if cluster.isOver && cluster.violation == nil {
            cluster.checkEverything()
            cluster.checkEnd()
        }
        self.seed = seed
        violation = cluster.violation
        taskCount = count
        hostCount = hosts.count
        self.kinds = Trouble.Kind.allCases.filter(kinds.contains).map { "\($0)" } + (conduct == .files ? [] : ["\(conduct)"]) + (badOneIn > 0 ? ["badFiles"] : [])
        microseconds = cluster.now
        stepCount = cluster.stepCount
        runCount = Int(cluster.run)
        failedCount = cluster.check.failedCount
        goodCount = cluster.check.settledCount
        fencedCount = cluster.fencedCount
        discardedCount = cluster.discardedCount
        duplicateCount = cluster.duplicateCount
        retryCount = cluster.retryCount
        startedAgainCount = conduct == .exclusive ? cluster.begun.values.count { $0 > 1 } : 0
    }

    private static func hosts(_ chance: inout Chance) -> [HostModel] {
        let count = chance.within(1...(chance.oneIn(10) ? 40 : 8))
        return (0..<count).map { number in
            let link = chance.oneIn(2) ? nil : LinkModel(bytesPerSecond: chance.spread(from: 1_000_000, times: 200))
            return HostModel(
                name: "h\(number)", slots: Int(chance.spread(from: 1, times: 16)), speedPercent: chance.oneIn(3) ? chance.spread(from: 20, times: 16) : 100,
                link: link, scratchBytes: chance.oneIn(4) ? chance.spread(from: 1 << 20, times: 1_000) : 64 << 30)
        }
    }

    private static func work(_ count: Int, _ chance: inout Chance) -> WorkModel {
        let least = chance.spread(from: 500, times: 8_000)
        let spreadOfTimes = chance.oneIn(3) ? UInt64(1_000) : 8
        let sizes = (0..<count).map { _ in UInt32(clamping: chance.spread(from: 4, times: 4_096)) }
        let isBySize = chance.oneIn(2)
        let times = sizes.map { size -> UInt32 in
            let time = isBySize ? least * UInt64(size) / 256 + 100 : chance.spread(from: least, times: spreadOfTimes)
            return UInt32(clamping: min(time, 120_000_000))
        }
        return WorkModel(microseconds: times, inputKibibytes: sizes, outputPercent: UInt64(chance.below(120)))
    }

    static func largestFirst(_ work: WorkModel) -> [UInt32] {
        (0..<UInt32(work.count)).sorted { (work.inputKibibytes[Int($1)], $0) < (work.inputKibibytes[Int($0)], $1) }
    }
}

extension Cluster {
    /// What must be so when the job says it is over.
    func checkEnd() {
        guard let trouble else { return }
        if check.readyCount > 0 || check.flyingCount > 0 { check.fail("the job is over with \(check.readyCount + check.flyingCount) tasks left") }
        for task in 0..<setup.taskCount {
            switch trouble.nature(task) {
            case .good: if check.isSettled(task) && disk[task] == 0 { check.fail("task \(task) is done and its output is missing") }
            case .flaky, .picky: break
            case .broken, .poison, .killer, .failing: if check.isSettled(task) { check.fail("task \(task) cannot be done, and was") }
            }
        }
    }
}
