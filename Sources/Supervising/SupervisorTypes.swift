public import JobModel

/// An order as the agent holds it.
public struct SupervisedOrder: Hashable, Sendable {
    public var work: WorkOrder
    /// CPU time and waiting an attempt may take; nil is no limit.
    public var limitMilliseconds: UInt64?
    /// What ended the first run; a second end of any kind is reported.
    var strike: Strike?

    public init(_ work: WorkOrder, limitMilliseconds: UInt64?) {
        self.work = work
        self.limitMilliseconds = limitMilliseconds
    }

    /// Runs while no other slot works: the host had too little memory for it beside others.
    var wantsHostAlone: Bool { strike == .memory }
}

/// Why a worker ended with a task in hand.
enum Strike: Hashable, Sendable {
    case crash
    case timeout
    case memory
}

/// How a worker's process ended.
public enum WorkerEnd: Hashable, Sendable, CustomStringConvertible {
    case exited(code: Int32)
    case killed(signal: Int32, name: String)

    public var description: String {
        switch self {
        case .exited(let code): "exit code \(code)"
        case .killed(_, let name): name
        }
    }

    /// 77 is a worker's own word for it (WorkerMessage); SIGKILL that we did not send comes from the kernel's memory killer.
    var isMemory: Bool {
        switch self {
        case .exited(let code): code == 77
        case .killed(let signal, _): signal == 9
        }
    }
}

/// What was seen of a worker's process at one moment; times count from its start.
public struct WorkerSample: Hashable, Sendable {
    public enum Activity: Hashable, Sendable {
        /// Running or waiting for a CPU.
        case runnable
        /// Asleep or in I/O.
        case waiting
        /// Stopped by somebody's signal.
        case stopped
    }
    public var activity: Activity
    public var cpuMilliseconds: UInt64
    public var ioWaitMilliseconds: UInt64
    public var residentBytes: UInt64

    public init(activity: Activity, cpuMilliseconds: UInt64, ioWaitMilliseconds: UInt64, residentBytes: UInt64) {
        self.activity = activity
        self.cpuMilliseconds = cpuMilliseconds
        self.ioWaitMilliseconds = ioWaitMilliseconds
        self.residentBytes = residentBytes
    }
}

extension Supervisor {
    /// What happened. Slots count from 0.
    public enum Event: Hashable, Sendable {
        /// The head's setup: how many workers to keep.
        case setup(slots: Int)
        case assigned([SupervisedOrder])
        case retracted([TaskIndex])
        /// Nobody wants these any more, started or not: no report of them is needed.
        case cancelled([Attempt])
        /// How many workers may have an order at once, of those the setup named; at least 1.
        case slotsUsable(Int)
        case workerReady(slot: Int)
        case workerReported(slot: Int, WorkReport)
        /// The worker says, or its greeting shows, that the setup cannot be worked.
        case workerUnusable(slot: Int, String)
        /// It sent what is no message, or closed its output.
        case workerMisbehaved(slot: Int, String)
        /// The worker is dead and reaped, and all it wrote before was given already.
        case workerEnded(slot: Int, WorkerEnd, lastWords: String)
        /// No process could be made; `isFinal` when trying again cannot help (no such file, not executable).
        case spawnFailed(slot: Int, String, isFinal: Bool)
        /// Answers `sample`; nil when the process was gone.
        case sampled(slot: Int, WorkerSample?)
        /// The way to the head, or the disk, is behind: start nothing new while true.
        case feedingHeld(Bool)
        /// The head asked for the end or is gone: kill everything.
        case stopped
        /// `nextDeadlineMilliseconds` was reached.
        case tick
    }

    /// What must be done, in order.
    public enum Command: Hashable, Sendable {
        case spawn(slot: Int)
        case feed(slot: Int, WorkOrder)
        /// Ask the worker to end by closing its input; it holds no order.
        case closeInput(slot: Int)
        case kill(slot: Int)
        case sample(slot: Int)
        /// A dead worker may have left files of this attempt: remove them.
        case discardTemporaries(WorkOrder)
        /// The end of an attempt; `of` is its order, whose folder the report's names are relative to.
        case report(WorkReport, of: WorkOrder)
        /// These are given back: asked for by a retract, more than the queue holds, or the host is unusable.
        case released([TaskIndex])
        /// Which retracted tasks had started, have ended or are not known; behind the `released` of the same retract.
        case started([TaskIndex])
        /// A cancelled attempt holds no slot any more and is not reported. One that a worker has behind another is reported instead.
        case cancelled(Attempt)
        /// How many slots serve; sent with the first ready worker and whenever it changes.
        case ready(slots: Int)
        /// The environment is at fault: nothing starts any more, and what had not started is released. Sent once.
        case unusable(String)
        case log(String)
        /// After `stopped`: no worker is left, or only such as cannot be killed.
        case finished
    }

    /// The bounds a supervisor works within.
    public struct Limits: Hashable, Sendable {
        /// Orders held and not started.
        public var waitingMax = 8_192
        /// A worker that died this often without finishing anything in between makes the host unusable.
        public var idleDeathsMax = 5
        /// Wait after the first such death; it doubles with each.
        public var firstRestMilliseconds: UInt64 = 100
        /// From spawn to ready, of time charged as for a task.
        public var startingMilliseconds: UInt64 = 120_000
        /// A killed worker that is not dead by then is in uninterruptible I/O.
        public var dyingMilliseconds: UInt64 = 10_000
        /// Between closing a worker's input and killing it.
        public var retiringMilliseconds: UInt64 = 5_000
        public var samplePeriodMilliseconds: UInt64 = 500
        /// A worker that holds more with no task in hand is replaced.
        public var idleResidentBytesMax: UInt64 = 768 << 20
        public var tasksPerWorkerMax = 10_000
        /// A worker whose last task took less gets one order ahead: waiting for the pipe's round trip would halve the rate
        /// of trivial tasks.
        public var quickTaskMicroseconds: UInt64 = 5_000
        /// Whether an order whose worker died runs once more in a fresh one.
        public var runsTwice = true
        /// Whether the time and memory of workers at work are looked at.
        public var samplesWork = true
        public init() {}

        /// For minders: what they run may not be started twice, and its time and memory are its own. They end by themselves, so a
        /// kill takes longer.
        public static var minders: Limits {
            var limits = Limits()
            limits.runsTwice = false
            limits.samplesWork = false
            limits.tasksPerWorkerMax = 1_000_000
            return limits
        }
    }
}
