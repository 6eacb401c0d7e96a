public import JobModel

/// What a peer says first, behind the magic bytes.
public struct Hello: Hashable, Sendable {
    public var versions: ClosedRange<UInt16>
    /// Digest or version text of the build; outputs record it.
    public var build: String
    public init(versions: ClosedRange<UInt16> = Hello.ownVersions, build: String) {
        self.versions = versions
        self.build = build
    }
    public static let ownVersions: ClosedRange<UInt16> = 1...1

    /// The highest version both sides speak.
    public func agreed(with other: Hello) throws(WireError) -> UInt16 {
        let version = min(versions.upperBound, other.versions.upperBound)
        guard version >= max(versions.lowerBound, other.versions.lowerBound) else {
            throw .versionMismatch(ours: versions, theirs: other.versions)
        }
        return version
    }
}

/// What the head asks of an agent for one job.
public struct AgentSetup: Hashable, Sendable {
    public var job: JobID
    /// Rises with every start of the head for this job; an agent of a lower epoch must give way.
    public var epoch: UInt32
    /// How long an agent whose head fell silent works on; 0 for the local agent, whose pipe end is the head's death.
    public var leaseSeconds: UInt32
    public var slots: Int
    /// Niceness and idle scheduling of workers; false on the machine the user asked to use in full.
    public var yieldsToOthers: Bool
    /// Address space a worker may take; 0 is no limit.
    public var workerMemoryBytesMax: UInt64
    public var timeout: TimeoutRule
    /// Passed to every worker unread.
    public var work: [UInt8]

    public init(
        job: JobID, epoch: UInt32, leaseSeconds: UInt32, slots: Int, yieldsToOthers: Bool, workerMemoryBytesMax: UInt64,
        timeout: TimeoutRule, work: [UInt8]
    ) {
        self.job = job
        self.epoch = epoch
        self.leaseSeconds = leaseSeconds
        self.slots = slots
        self.yieldsToOthers = yieldsToOthers
        self.workerMemoryBytesMax = workerMemoryBytesMax
        self.timeout = timeout
        self.work = work
    }
}

/// How long one attempt may take: CPU time and I/O wait of its worker, not wall clock (architecture, section 3).
public enum TimeoutRule: Hashable, Sendable {
    case none
    case fixed(seconds: UInt32)
    /// 120 s + 1 s a megabyte of input + 2 s a megapixel, which the agent cannot see: it counts 4 s a megabyte more.
    case byInputSize

    public func limitMilliseconds(inputBytes: UInt64) -> UInt64? {
        switch self {
        case .none: nil
        case .fixed(let seconds): UInt64(seconds) * 1000
        case .byInputSize: 120_000 + min(inputBytes, 1 << 40) / 1000 * 5
        }
    }
}

/// What an agent tells of its host.
public struct HostFacts: Hashable, Sendable {
    public var hostname: String
    public var bootID: String
    public var logicalCPUs: Int
    public var physicalCPUs: Int
    /// Logical CPUs this process may use by affinity and cgroup quota, and by memory at 512 MB a slot.
    public var slotsMax: Int
    public var memoryBytes: UInt64
    public var workerVersion: String

    public init(
        hostname: String, bootID: String, logicalCPUs: Int, physicalCPUs: Int, slotsMax: Int, memoryBytes: UInt64, workerVersion: String
    ) {
        self.hostname = hostname
        self.bootID = bootID
        self.logicalCPUs = logicalCPUs
        self.physicalCPUs = physicalCPUs
        self.slotsMax = slotsMax
        self.memoryBytes = memoryBytes
        self.workerVersion = workerVersion
    }
}

public enum HeadMessage: Hashable, Sendable {
    case hello(Hello)
    case setup(AgentSetup)
    /// A shard: orders in the sequence they shall start.
    case assign([WorkOrder])
    /// Give back what has not started; answered by `released`.
    case retract([TaskIndex])
    case ping(UInt64)
    /// End now, with all workers; what they had in hand is not reported.
    case stop
}

public enum AgentMessage: Hashable, Sendable {
    case hello(Hello, HostFacts)
    /// Workers are ready to be fed; `slots` of them.
    case ready(slots: Int)
    /// Ends of attempts whose files are durable on the host's disk.
    case reports([WorkReport])
    /// Which retracted tasks had not started; the others go on.
    case released([TaskIndex])
    case pong(UInt64)
    /// How many slots are computing, for the display.
    case load(busySlots: Int, waitingOrders: Int)
    /// A worker cannot be started or keeps dying without a task: the environment is at fault.
    case unusable(String)
    case log(String)
}

/// From an agent to one of its workers, as frames on the worker's standard input, without magic bytes.
///
/// First `hello`, then `setup` once; then orders, each answered by one report, in the order they came.
/// End of input means: finish the order in hand and exit with 0.
public enum WorkerCommand: Hashable, Sendable {
    case hello(Hello)
    case setup(WorkSetup)
    case order(WorkOrder)
}

/// From a worker to its agent, as frames on what was the worker's standard output when it started.
///
/// The worker moves that descriptor aside and points descriptor 1 at its standard error, so that nothing a
/// library prints gets between frames. Exit codes: 0 end of input, 77 out of memory with an order in hand.
public enum WorkerMessage: Hashable, Sendable {
    /// Sent once the setup was taken; `version` names libvips and the build.
    case ready(Hello, version: String)
    case report(WorkReport)
    /// The setup cannot be worked: libraries missing, recipe unreadable. The worker exits.
    case unusable(String)
}
