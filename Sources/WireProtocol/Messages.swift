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
    public static let ownVersions: ClosedRange<UInt16> = 6...6

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
    /// Which worker program runs in them.
    public var worker: WorkerPlace
    /// Folder for staged files on the host; nil takes `/var/tmp/quire-UID`. The agent makes its own folder below it.
    public var scratch: RawPath?
    /// Niceness and idle scheduling of workers; false on the machine the user asked to use in full.
    public var yieldsToOthers: Bool
    /// Address space a worker may take; 0 is no limit.
    public var workerMemoryBytesMax: UInt64
    public var timeout: TimeoutRule
    /// Passed to every worker unread.
    public var work: [UInt8]
    /// What only jobs of programs need; nil for pictures.
    public var programs: ProgramTerms?

    public init(
        job: JobID, epoch: UInt32, leaseSeconds: UInt32, slots: Int, worker: WorkerPlace = .beside, scratch: RawPath? = nil,
        yieldsToOthers: Bool, workerMemoryBytesMax: UInt64, timeout: TimeoutRule, work: [UInt8],
        programs: ProgramTerms? = nil
    ) {
        self.job = job
        self.epoch = epoch
        self.leaseSeconds = leaseSeconds
        self.slots = slots
        self.worker = worker
        self.scratch = scratch
        self.yieldsToOthers = yieldsToOthers
        self.workerMemoryBytesMax = workerMemoryBytesMax
        self.timeout = timeout
        self.work = work
        self.programs = programs
    }
}

/// How an agent runs the programs of a job.
public struct ProgramTerms: Hashable, Sendable {
    /// Slots of the host that one task takes; at least 1.
    public var cpusPerTask: Int
    /// `NAME=VALUE` of the head's user, for hosts that share the files; nil leaves the host's login environment.
    public var environment: [[UInt8]]?
    /// Held by this machine's agent and its minders, so that whoever gets it knows that no program of theirs runs; nil where
    /// the scratch folder has such a lock.
    public var lockFile: RawPath?
    /// Looked for before anything is run, in the working folder or the PATH; nil where the shell will, and for one that is sent.
    public var program: RawPath?
    /// The PATH that `--env` gives the program; nil leaves that of the environment.
    public var searchPath: RawPath?
    /// Absolute.
    public var workingFolder: RawPath
    /// Whether the host has the head's files; else every attempt gets a mirror of its own.
    public var isShared: Bool

    public init(
        cpusPerTask: Int = 1, environment: [[UInt8]]? = nil, lockFile: RawPath? = nil, program: RawPath? = nil, searchPath: RawPath? = nil,
        workingFolder: RawPath, isShared: Bool
    ) {
        self.cpusPerTask = cpusPerTask
        self.environment = environment
        self.lockFile = lockFile
        self.program = program
        self.searchPath = searchPath
        self.workingFolder = workingFolder
        self.isShared = isShared
    }
}

/// Where an agent finds the worker program.
public enum WorkerPlace: Hashable, Sendable {
    /// Beside the agent's own program: this machine's installation.
    case beside
    /// From the bundle of this hash, with the bundle's loader and libraries.
    case bundle(Digest256)
    /// From the bundle of this hash, with the host's own libraries (`worker: host`).
    case bundleOnHostLibraries(Digest256)
    /// The agent's own program, as a minder of programs.
    case minder
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
    /// The host's clock when it said hello, in milliseconds since 1970.
    public var epochMilliseconds: Int64
    /// Of the worker beside the agent; empty where there is none.
    public var workerVersion: String

    public init(
        hostname: String, bootID: String, logicalCPUs: Int, physicalCPUs: Int, slotsMax: Int, memoryBytes: UInt64,
        epochMilliseconds: Int64 = 0, workerVersion: String
    ) {
        self.hostname = hostname
        self.bootID = bootID
        self.logicalCPUs = logicalCPUs
        self.physicalCPUs = physicalCPUs
        self.slotsMax = slotsMax
        self.memoryBytes = memoryBytes
        self.epochMilliseconds = epochMilliseconds
        self.workerVersion = workerVersion
    }
}

/// An order some of whose files are not where the host can see them.
///
/// All paths in it are the head's. For a staged part the agent puts a folder of its own scratch in their place; where a
/// part is shared the head has put in the path under which the host sees it.
public struct StagedOrder: Hashable, Sendable {
    public var order: WorkOrder
    /// The input comes as a transfer; the order waits for it.
    public var stagesInput: Bool
    /// What is made goes back as transfers, before the report; what a program prints does so on every host but this machine.
    public var stagesOutput: Bool
    /// Of a folder INPUT that is staged: what is in it, folders before their content. Its files come as transfers, and the
    /// order waits for all of them.
    public var parts: [CarriedFile]

    public static let partsMax = 20_000

    public init(order: WorkOrder, stagesInput: Bool, stagesOutput: Bool, parts: [CarriedFile] = []) {
        self.order = order
        self.stagesInput = stagesInput
        self.stagesOutput = stagesOutput
        self.parts = parts
    }
}

/// What the head sees at a path, for the agent to compare: whether both see one file.
public struct SharedFileQuestion: Hashable, Sendable {
    /// As the host would name it.
    public var path: RawPath
    public var identity: InputIdentity
    /// SHA-256 of the first `headBytes` bytes.
    public var headDigest: Digest256
    public static let headBytes = 65_536

    public init(path: RawPath, identity: InputIdentity, headDigest: Digest256) {
        self.path = path
        self.identity = identity
        self.headDigest = headDigest
    }
}

public enum HeadMessage: Hashable, Sendable {
    case hello(Hello)
    /// Which bundle the worker comes from; answered by `bundleMissing`, and by `bundleReady` once its files have come.
    case bundle(Digest256, [BundleEntry])
    case setup(AgentSetup)
    /// A shard: orders in the sequence they shall start.
    case assign([WorkOrder])
    case assignStaged([StagedOrder])
    /// Give back what has not started; answered by `released` and `started`.
    case retract([TaskIndex])
    /// Another attempt has won: end these; each is answered by `released` when it has ended, or by a report that does not count.
    case cancel([Attempt])
    case transfer(TransferMessage)
    /// Whether the host sees these very files; answered by `sharedFiles`.
    case lookForShared([SharedFileQuestion])
    /// Leave a file of this name and content, for the head to look for; answered by `tokenLeft`.
    case leaveToken(folder: RawPath, name: RawPath, content: [UInt8])
    case ping(UInt64)
    /// Files that every staged attempt finds in their places (`--send`), folders before their content. Its files come as
    /// transfers; orders wait for all of them. Sent at most once, before the first order.
    case carry([CarriedFile])
    /// From now on programs without a limit of their own may run so long, also those that run already.
    case limitTime(milliseconds: UInt64)
    /// End now, with all workers; what they had in hand is not reported.
    case stop
}

public enum AgentMessage: Hashable, Sendable {
    case hello(Hello, HostFacts)
    /// The indexes of the bundle's files that are not on the host yet.
    case bundleMissing([UInt32])
    /// The bundle is whole.
    case bundleReady
    /// Workers are ready to be fed.
    case ready(ReadyHost)
    /// Ends of attempts: files on shared storage are durable, staged ones have been sent before.
    case reports([WorkReport])
    /// Which retracted tasks had not started, or cancelled ones have ended.
    case released([TaskIndex])
    /// Which retracted tasks go on, or have ended and are reported.
    case started([TaskIndex])
    case transfer(TransferMessage)
    /// In the order asked.
    case sharedFiles([Bool])
    /// Nil when the file could be written.
    case tokenLeft(StorageFault?)
    case pong(UInt64)
    /// How many slots are computing, for the display.
    case load(busySlots: Int, waitingOrders: Int)
    /// Slots this job may use now, and which jobs hold the others.
    case slots(usable: Int, heldBy: [JobID])
    /// What a program prints while it runs (`--lines`), in its order; at most `printedBytesMax` at once.
    case printed(Attempt, ProgramStream, [UInt8])
    /// A worker cannot be started or keeps dying without a task: the environment is at fault.
    case unusable(String)
    case log(String)

    public static let printedBytesMax = 64 << 10
}

/// What a host whose workers are ready has to give.
public struct ReadyHost: Hashable, Sendable {
    public var slots: Int
    public var workerVersion: String
    /// Room for staged files; 0 where nothing is staged.
    public var scratchFreeBytes: UInt64
    /// The agent's own folder for this job; empty where nothing is staged.
    public var scratch: RawPath

    public init(slots: Int, workerVersion: String, scratchFreeBytes: UInt64 = 0, scratch: RawPath = RawPath("")) {
        self.slots = slots
        self.workerVersion = workerVersion
        self.scratchFreeBytes = scratchFreeBytes
        self.scratch = scratch
    }
}

/// From an agent to one of its workers, as frames on the worker's standard input, without magic bytes.
///
/// First `hello`, then `setup` once; then orders, each answered by one report, in the order they came.
/// End of input means: finish the order in hand and exit with 0.
public enum WorkerCommand: Hashable, Sendable {
    case hello(Hello)
    case setup(WorkSetup)
    case order(WorkOrder)
    /// As `HeadMessage.limitTime`, for a minder.
    case limitTime(milliseconds: UInt64)
}

/// From a worker to its agent, as frames on what was the worker's standard output when it started.
///
/// The worker moves that descriptor aside and points descriptor 1 at its standard error, so that nothing a
/// library prints gets between frames. Exit codes: 0 end of input, 77 out of memory with an order in hand, and
/// `minderEndedProgramCode`.
public enum WorkerMessage: Hashable, Sendable {
    /// Sent once the setup was taken; `version` names libvips and the build.
    case ready(Hello, version: String)
    case report(WorkReport)
    /// As `AgentMessage.printed`.
    case printed(Attempt, ProgramStream, [UInt8])
    /// The setup cannot be worked: libraries missing, recipe unreadable. The worker exits.
    case unusable(String)

    /// Exit code of a minder that was told to end, or lost its agent, and ended the program of an order it had not reported;
    /// with 0 none was under way.
    public static let minderEndedProgramCode: Int32 = 3
}
