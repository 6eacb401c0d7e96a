public import Scheduling

/// How long a job takes on a cluster on which nothing goes wrong, and what keeps it from being faster.
public struct Forecast: Sendable {
    /// The share of one host.
    public struct HostShare: Hashable, Sendable {
        public let name: String
        public let slots: Int
        public let taskCount: Int
        /// Of all its slots, from the start of the job to its end.
        public let busyPercent: Int
        /// Of the busier direction of its link; nil where nothing travels.
        public let linkPercent: Int?
    }

    /// What a job cannot be faster than.
    public struct Bounds: Hashable, Sendable {
        /// All work over the speed of all slots together.
        public let workMicroseconds: UInt64
        /// The longest task on the fastest slot.
        public let longestTaskMicroseconds: UInt64
        /// The busier direction over all hosts' links together, or the head's own; 0 where a host sees the files itself.
        public let linkMicroseconds: UInt64

        public var microseconds: UInt64 { max(workMicroseconds, longestTaskMicroseconds, linkMicroseconds) }
    }

    /// What limits a job: the one that would have to grow.
    public enum Limit: Hashable, Sendable {
        /// All slots are busy nearly all the time.
        case slots
        case headLink
        case links([String])
        /// One file takes as long as the job.
        case longestTask
        /// Too few files, or too short a job, to keep the slots busy: connecting, first files, last files.
        case startAndEnd
    }

    public let microseconds: UInt64
    public let bounds: Bounds
    public let hosts: [HostShare]
    /// Of the busier direction of the head's own connection.
    public let headLinkPercent: Int
    public let limit: Limit
    public let stepCount: Int
    public let dispatchedTwiceCount: Int
    /// Set when the job did not come to its end, which is a fault of quire.
    public let violation: String?

    public init(_ model: ClusterModel, order: Scheduler.Order, limits: Scheduler.Limits = Scheduler.Limits()) {
        let cluster = Cluster(model, order: order, limits: limits) { Scheduler($0) }
        cluster.begin()
        cluster.run(untilMicroseconds: .max, stepsMax: .max)
        let end = max(1, cluster.now)
        microseconds = cluster.now
        bounds = Bounds(model)
        hosts = cluster.agents.map { agent in
            let link = max(agent.downlinkMicroseconds, agent.uplinkMicroseconds)
            return HostShare(
                name: agent.model.name, slots: agent.model.slots, taskCount: agent.doneCount,
                busyPercent: min(100, Int(agent.busyMicroseconds * 100 / (UInt64(agent.model.slots) * end))),
                linkPercent: agent.model.link.map { _ in min(100, Int(link * 100 / end)) })
        }
        // More than all of it where second attempts were still on their way at the end.
        headLinkPercent = min(100, Int(max(cluster.headDownlinkMicroseconds, cluster.headUplinkMicroseconds) * 100 / end))
        stepCount = cluster.stepCount
        dispatchedTwiceCount = cluster.duplicateCount
        violation = cluster.violation ?? (cluster.isOver ? nil : "the job does not come to its end")
        limit = Self.limit(hosts, headLinkPercent, bounds, cluster.now)
    }

    private static func limit(_ hosts: [HostShare], _ headLinkPercent: Int, _ bounds: Bounds, _ end: UInt64) -> Limit {
        let slots = max(1, hosts.reduce(0) { $0 + $1.slots })
        let busyPercent = hosts.reduce(0) { $0 + $1.busyPercent * $1.slots } / slots
        let fullLinks = hosts.filter { ($0.linkPercent ?? 0) >= limitingPercent && $0.busyPercent < limitingPercent }
        if headLinkPercent >= limitingPercent && busyPercent < limitingPercent { return .headLink }
        if busyPercent >= limitingPercent { return .slots }
        if !fullLinks.isEmpty { return .links(fullLinks.map(\.name)) }
        if bounds.longestTaskMicroseconds * 100 >= end * UInt64(limitingPercent) { return .longestTask }
        return busyPercent >= headLinkPercent && busyPercent >= 60 ? .slots : .startAndEnd
    }

    private static let limitingPercent = 85
}

extension Forecast.Bounds {
    init(_ model: ClusterModel) {
        let work = model.work
        let total = work.microseconds.reduce(UInt64(0)) { $0 + UInt64($1) }
        let speed = model.hosts.reduce(UInt64(0)) { $0 + UInt64($1.slots) * $1.speedPercent }
        let fastest = max(1, model.hosts.map(\.speedPercent).max() ?? 100)
        workMicroseconds = total * 100 / max(1, speed)
        longestTaskMicroseconds = UInt64(work.microseconds.max() ?? 0) * 100 / fastest
        let links = model.hosts.compactMap(\.link)
        guard links.count == model.hosts.count, !links.isEmpty else {
            linkMicroseconds = 0
            return
        }
        let bytesIn = work.inputKibibytes.reduce(UInt64(0)) { $0 + UInt64($1) << 10 }
        let bytes = max(bytesIn, bytesIn / 100 * work.outputPercent)
        let rate = min(model.headBytesPerSecond, links.reduce(UInt64(0)) { $0 + $1.bytesPerSecond })
        linkMicroseconds = bytes / max(1, rate) * 1_000_000
    }
}

extension ClusterModel {
    /// Many unlike hosts and many small files, to measure the scheduler by.
    public static func large(hostCount: Int, taskCount: Int, seed: UInt64 = 1) -> ClusterModel {
        var chance = Chance(seed: seed)
        let hosts = (0..<hostCount).map { number in
            HostModel(
                name: "h\(number)", slots: chance.within(4...16), speedPercent: chance.within(UInt64(50)...200),
                link: LinkModel(bytesPerSecond: 125_000_000))
        }
        var times: [UInt32] = []
        var sizes: [UInt32] = []
        times.reserveCapacity(taskCount)
        sizes.reserveCapacity(taskCount)
        for _ in 0..<taskCount {
            let size = chance.spread(from: 40, times: 32)
            sizes.append(UInt32(size))
            // In proportion to the bytes, give or take a third.
            times.append(UInt32(size * chance.within(UInt64(800)...1_600)))
        }
        var model = ClusterModel(hosts: hosts, work: WorkModel(microseconds: times, inputKibibytes: sizes))
        model.headBytesPerSecond = 12_500_000_000
        return model
    }

    /// Task indexes, the largest input first, as a job without a PDF starts them.
    public var largestFirst: Scheduler.Order { .ranked(SeedRun.largestFirst(work)) }
}
