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

    public init(start: ProgramStart, hello: Hello, setup: WorkSetup, yieldsToOthers: Bool, addressSpaceBytesMax: UInt64) {
        self.start = start
        self.hello = hello
        self.setup = setup
        self.yieldsToOthers = yieldsToOthers
        self.addressSpaceBytesMax = addressSpaceBytesMax
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
        plan.environment = Self.environment(of: start)
        plan.descriptors = [input, output, errors]
        plan.diesWithThread = true
        plan.yieldsToOthers = yieldsToOthers
        plan.outOfMemoryScore = 500
        plan.addressSpaceBytesMax = addressSpaceBytesMax
        plan.fileBytesMax = Self.fileBytesMax
        return plan
    }
}
