public import JobModel

/// A program to start and what the new process shall be.
///
/// Every process started so has an empty signal mask, default signals, no core dumps, and only the descriptors named here.
public struct ProcessPlan: Sendable {
    /// Path of the executable; nothing is looked up on a PATH.
    public var program: RawPath
    /// What the program is told as its own name; nil is its path.
    public var name: [UInt8]?
    /// Without the program's own name, which is put first.
    public var arguments: [[UInt8]] = []
    /// `NAME=VALUE` each; the whole environment of the new process.
    public var environment: [[UInt8]] = []
    /// Working folder; nil is the parent's.
    public var folder: RawPath?
    /// The n-th becomes descriptor n; nil stands for /dev/null. At most 16.
    public var descriptors: [Int32?] = [nil, nil, nil]
    /// Leads a process group of its own, so that a terminal's signals do not reach it.
    public var leadsGroup = false
    /// Leads a session of its own, and a group: it has no terminal, and whoever asks for one fails instead of waiting for it.
    public var leadsSession = false
    /// Killed when the *thread* that starts it ends: start it from one that lives as long as the process.
    public var diesWithThread = false
    /// Nice 19, SCHED_IDLE and idle I/O: takes only what others leave. Refused courtesies are passed over.
    public var yieldsToOthers = false
    /// 0 to 1000: how much rather than others the kernel picks this process when memory runs out.
    public var outOfMemoryScore: Int32 = 0
    /// 0 is no limit of its own.
    public var addressSpaceBytesMax: UInt64 = 0
    public var fileBytesMax: UInt64 = 0
    /// Soft limit of open files; nil is this process's own.
    public var openFilesMax: UInt64?

    public init(_ program: RawPath) {
        self.program = program
    }

    /// This process's environment without the variables `names`.
    public static func inheritedEnvironment(without names: [String] = []) -> [[UInt8]] {
        currentEnvironment().filter { variable in
            !names.contains { variable.starts(with: Array($0.utf8) + [0x3D]) }
        }
    }
}

/// How a program is started: an executable by its own name, or one of a bundle through the bundle's loader.
public struct ProgramStart: Hashable, Sendable {
    /// What the kernel executes.
    public var program: RawPath
    public var arguments: [[UInt8]]
    /// `NAME=VALUE` each, beside those it gets anyway.
    public var variables: [[UInt8]]

    public init(_ program: RawPath, arguments: [[UInt8]] = [], variables: [[UInt8]] = []) {
        self.program = program
        self.arguments = arguments
        self.variables = variables
    }
}

/// How a process ended.
public enum ProcessEnd: Hashable, Sendable, CustomStringConvertible {
    case exited(code: Int32)
    case killed(signal: Int32)

    /// From the status that waitpid(2) gives.
    init(status: Int32) {
        self = status & 0x7F == 0 ? .exited(code: (status >> 8) & 0xFF) : .killed(signal: status & 0x7F)
    }

    public var description: String {
        switch self {
        case .exited(let code): "exit code \(code)"
        case .killed(let signal): signalName(signal)
        }
    }
}

/// The usual name of a signal, `signal 77` for one without.
public func signalName(_ number: Int32) -> String {
    let names: [Int32: String] = [
        1: "SIGHUP", 2: "SIGINT", 3: "SIGQUIT", 4: "SIGILL", 5: "SIGTRAP", 6: "SIGABRT", 7: "SIGBUS", 8: "SIGFPE", 9: "SIGKILL",
        10: "SIGUSR1", 11: "SIGSEGV", 12: "SIGUSR2", 13: "SIGPIPE", 14: "SIGALRM", 15: "SIGTERM", 24: "SIGXCPU", 25: "SIGXFSZ",
        31: "SIGSYS",
    ]
    return names[number] ?? "signal \(number)"
}
