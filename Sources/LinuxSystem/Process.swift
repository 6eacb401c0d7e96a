private import CLinux
internal import Glibc
public import JobModel

/// A process we started, with one owner who must wait for it.
///
/// Letting go of one that still runs kills it: nothing started here outlives its owner by accident.
public struct ChildProcess: ~Copyable, Sendable {
    public let id: Int32
    /// Readable once the process has ended; nil before Linux 5.3, where `endIfReached` must be asked now and then.
    public let exitDescriptor: Int32?
    private let leadsGroup: Bool
    private var end: ProcessEnd?
    /// What the process took, with those of its own children that it waited for; nothing before its end was taken.
    public private(set) var usage = ProcessUsage()

    public init(starting plan: ProcessPlan) throws(SystemError) {
        id = try start(plan)
        leadsGroup = plan.leadsGroup || plan.leadsSession
        let descriptor = quire_open_process(id)
        exitDescriptor = descriptor >= 0 ? descriptor : nil
    }

    deinit {
        if end == nil {
            Glibc.kill(id, SIGKILL)
            // Not waited for long: a process in uninterruptible I/O would hold us. Init inherits what is left.
            var status: Int32 = 0
            waitpid(id, &status, WNOHANG)
        }
        if let exitDescriptor { close(exitDescriptor) }
    }

    /// How the process ended, or nil while it runs.
    public mutating func endIfReached() throws(SystemError) -> ProcessEnd? {
        try reap(options: WNOHANG)
    }

    /// Whether it has ended, without taking its end: until that is taken its id, and its group's, cannot be another's.
    public var hasEnded: Bool {
        if end != nil { return true }
        var record = siginfo_t()
        return retrying { waitid(P_PID, id_t(id), &record, WEXITED | WNOHANG | WNOWAIT) } == 0 && record.si_signo == SIGCHLD
    }

    /// Waits for the end.
    public mutating func wait() throws(SystemError) -> ProcessEnd {
        guard let end = try reap(options: 0) else { throw SystemError("waitpid", "process \(id)", code: ECHILD) }
        return end
    }

    /// Sends SIGTERM, or to its whole group if it leads one.
    public func terminate() { send(SIGTERM) }

    /// Sends SIGKILL, or to its whole group if it leads one.
    public func kill() { send(SIGKILL) }

    /// As `terminate`, and wakes what somebody stopped, so that it can end.
    public func terminateAndContinue() {
        send(SIGTERM)
        send(SIGCONT)
    }

    private func send(_ signal: Int32) {
        // Until it is reaped its id cannot be another's.
        if end == nil { Glibc.kill(leadsGroup ? -id : id, signal) }
    }

    private mutating func reap(options: Int32) throws(SystemError) -> ProcessEnd? {
        if let end { return end }
        var status: Int32 = 0
        var record = rusage()
        let found = retrying { wait4(id, &status, options, &record) }
        guard found >= 0 else { throw .last("waitpid", "process \(id)") }
        if found == id {
            end = ProcessEnd(status: status)
            usage = ProcessUsage(record)
        }
        return end
    }
}

/// Lends the plan as C strings to the spawn call.
private func start(_ plan: ProcessPlan) throws(SystemError) -> Int32 {
    let words = [plan.name ?? plan.program.bytes] + plan.arguments
    for bytes in words + plan.environment where bytes.contains(0) {
        throw SystemError("spawn", "an argument or variable with a NUL byte", code: EINVAL)
    }
    let arguments = CStringVector(words)
    let environment = CStringVector(plan.environment)
    let descriptors = plan.descriptors.map { $0 ?? -1 }
    var failedCall: UnsafePointer<CChar>?
    func spawn(folder: UnsafePointer<CChar>?) -> (child: Int32, code: Int32) {
        plan.program.withCString { program in
            descriptors.withUnsafeBufferPointer { descriptors in
                var request = quire_spawn_plan(
                    program: program, arguments: arguments.pointer, environment: environment.pointer, folder: folder,
                    descriptors: descriptors.baseAddress, descriptor_count: Int32(descriptors.count),
                    leads_group: plan.leadsGroup ? 1 : 0, leads_session: plan.leadsSession ? 1 : 0, dies_with_thread: plan.diesWithThread ? 1 : 0,
                    yields: plan.yieldsToOthers ? 1 : 0, oom_score: plan.outOfMemoryScore,
                    address_space_bytes_max: plan.addressSpaceBytesMax, file_bytes_max: plan.fileBytesMax,
                    open_files_max: plan.openFilesMax ?? 0)
                let child = quire_spawn(&request, &failedCall)
                return (child, errno)
            }
        }
    }
    let (child, code) = plan.folder.map { folder in folder.withCString { spawn(folder: $0) } } ?? spawn(folder: nil)
    guard child > 0 else {
        throw SystemError(failedCall.map { String(cString: $0) } ?? "spawn", plan.program.display, code: code)
    }
    return child
}

/// A NULL-terminated array of C strings, freed with its owner.
private struct CStringVector: ~Copyable {
    let pointer: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>
    private let count: Int

    init(_ strings: [[UInt8]]) {
        count = strings.count
        pointer = .allocate(capacity: count + 1)
        for (index, bytes) in strings.enumerated() {
            let copy = UnsafeMutablePointer<CChar>.allocate(capacity: bytes.count + 1)
            for (offset, byte) in bytes.enumerated() { copy[offset] = CChar(bitPattern: byte) }
            copy[bytes.count] = 0
            (pointer + index).initialize(to: copy)
        }
        (pointer + count).initialize(to: nil)
    }

    deinit {
        for index in 0..<count { pointer[index]?.deallocate() }
        pointer.deallocate()
    }
}

/// Lets this process, and what it starts, have as many open files as the system allows it; returns how many it had.
@discardableResult
public func raiseOpenFilesLimit() throws(SystemError) -> UInt64 {
    var limit = rlimit()
    let resource = __rlimit_resource_t(RLIMIT_NOFILE.rawValue)
    guard getrlimit(resource, &limit) == 0 else { throw .last("getrlimit", "open files") }
    let before = limit.rlim_cur
    limit.rlim_cur = limit.rlim_max
    guard setrlimit(resource, &limit) == 0 else { throw .last("setrlimit", "open files") }
    return UInt64(before)
}

/// The variables of this process, as `NAME=VALUE`.
func currentEnvironment() -> [[UInt8]] {
    var variables: [[UInt8]] = []
    var next = environ
    while let variable = next.pointee {
        variables.append(Array(UnsafeRawBufferPointer(start: variable, count: strlen(variable))))
        next += 1
    }
    return variables
}

/// A variable of this process's environment.
public func environmentVariable(_ name: String) -> RawPath? {
    getenv(name).map { RawPath(cString: $0) }
}

/// Takes a variable out of this process's environment; for the beginning of a process, before it has threads.
public func removeEnvironmentVariable(_ name: String) { unsetenv(name) }
