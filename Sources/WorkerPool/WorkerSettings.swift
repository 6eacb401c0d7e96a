public import JobModel
public import LinuxSystem
public import WireProtocol

/// What all workers of a pool share.
public struct WorkerSettings: Sendable {
    public var start: ProgramStart
    public var hello: Hello
    public var setup: WorkSetup
    /// Nice 19, SCHED_IDLE and idle I/O.
    public var yieldsToOthers: Bool
    /// 0 is no limit.
    public var addressSpaceBytesMax: UInt64
    /// Nil for workers.
    public var minding: MinderSettings?

    public init(
        start: ProgramStart, hello: Hello, setup: WorkSetup, yieldsToOthers: Bool, addressSpaceBytesMax: UInt64, minding: MinderSettings? = nil
    ) {
        self.start = start
        self.hello = hello
        self.setup = setup
        self.yieldsToOthers = yieldsToOthers
        self.addressSpaceBytesMax = addressSpaceBytesMax
        self.minding = minding
    }

    /// No picture is as large; a worker run wild shall not fill a disk.
    static let fileBytesMax: UInt64 = 64 << 30

    /// One thread a worker: slots are the parallelism. Two malloc arenas keep long-lived workers small. Without the Swift
    /// runtime's backtraces, where they are installed, a crash is over at once and leaves its own signal.
    static let fixedVariables = [
        "VIPS_CONCURRENCY=1", "OMP_NUM_THREADS=1", "MALLOC_ARENA_MAX=2", "LC_ALL=C.UTF-8", "SWIFT_BACKTRACE=enable=no",
    ]

    /// What a worker gets of the agent's own environment, so that pictures do not depend on who started the agent.
    static let keptVariables = ["PATH", "HOME", "TMPDIR", "LD_LIBRARY_PATH"]

    static func environment(of start: ProgramStart) -> [[UInt8]] {
        let kept = ProcessPlan.inheritedEnvironment().filter { variable in
            keptVariables.contains { variable.starts(with: Array($0.utf8) + [0x3D]) }
                || variable.starts(with: Array("QUIRE_".utf8))
        }
        return kept + fixedVariables.map { Array($0.utf8) } + start.variables
    }

    /// How a worker is started with these ends of its pipes.
    func plan(input: Int32, output: Int32, errors: Int32) -> ProcessPlan {
        var plan = ProcessPlan(start.program)
        plan.arguments = start.arguments
        plan.descriptors = [input, output, errors]
        plan.yieldsToOthers = yieldsToOthers
        plan.outOfMemoryScore = 500
        if let minding {
            // Programs have their limits and their environment from it. It outlives us for the moment that it takes to end them.
            plan.environment = minding.environment + start.variables
            if let lock = minding.lockDescriptor { plan.descriptors.append(lock) }
            plan.openFilesMax = minding.openFilesMax
            return plan
        }
        plan.environment = Self.environment(of: start)
        plan.diesWithThread = true
        plan.addressSpaceBytesMax = addressSpaceBytesMax
        plan.fileBytesMax = Self.fileBytesMax
        return plan
    }
}

/// What minders get beside what workers do; all but the lock is handed on to programs.
public struct MinderSettings: Sendable {
    /// `NAME=VALUE` each.
    public var environment: [[UInt8]]
    /// A lock's descriptor: it stays locked as long as a minder lives. Nil where there is none.
    public var lockDescriptor: Int32?
    /// Soft limit of open files; nil leaves this process's.
    public var openFilesMax: UInt64?

    public init(environment: [[UInt8]], lockDescriptor: Int32?, openFilesMax: UInt64?) {
        self.environment = environment
        self.lockDescriptor = lockDescriptor
        self.openFilesMax = openFilesMax
    }
}
