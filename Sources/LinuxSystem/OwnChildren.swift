private import CLinux
internal import Glibc

/// What a process and those of its children that it waited for took.
public struct ProcessUsage: Hashable, Sendable {
    public var cpuMicroseconds: UInt64 = 0
    /// Of the largest of them.
    public var peakMemoryBytes: UInt64 = 0

    public init() {}

    init(_ record: rusage) {
        let seconds = record.ru_utime.tv_sec + record.ru_stime.tv_sec
        let rest = record.ru_utime.tv_usec + record.ru_stime.tv_usec
        cpuMicroseconds = UInt64(max(0, seconds * 1_000_000 + Int(rest)))
        peakMemoryBytes = UInt64(max(0, record.ru_maxrss)) * 1024
    }

    public mutating func add(_ other: ProcessUsage) {
        cpuMicroseconds += other.cpuMicroseconds
        peakMemoryBytes = max(peakMemoryBytes, other.peakMemoryBytes)
    }
}

/// The children of this process, those among them that descendants left behind: they come to a subreaper.
public enum OwnChildren {
    /// From now on what descendants leave behind is a child of this process.
    public static func adoptOrphans() throws(SystemError) {
        guard quire_become_subreaper() == 0 else { throw .last("prctl", "PR_SET_CHILD_SUBREAPER") }
    }

    public enum Reaped: Sendable {
        case one(ProcessUsage)
        /// There are children, and none has ended.
        case nothingYet
        case noChildren
    }

    /// Takes the end of any child. For one whose children have no other owner: a `ChildProcess` would wait for its own in vain.
    public static func reapAny() throws(SystemError) -> Reaped {
        try reap(-1)
    }

    /// Takes the end of a child that no `ChildProcess` owns.
    public static func reap(_ id: Int32) throws(SystemError) -> Reaped {
        var status: Int32 = 0
        var record = rusage()
        let found = retrying { wait4(id, &status, WNOHANG, &record) }
        if found > 0 { return .one(ProcessUsage(record)) }
        if found == 0 { return .nothingYet }
        guard errno == ECHILD else { throw .last("waitpid", "any child") }
        return .noChildren
    }

    /// Sends SIGKILL to a child, and first to its whole group if that is not this process's own: a group that forks all the time
    /// is gone at once.
    public static func kill(_ id: Int32) {
        let group = getpgid(id)
        if group > 1, group != getpgrp() { Glibc.kill(-group, SIGKILL) }
        Glibc.kill(id, SIGKILL)
    }

    /// Ids of the children, ended and not reaped ones among them.
    public static func ids() -> [Int32] { children(of: getpid()) }

    /// By the kernel's own list (proc(5), children), else by looking at every process.
    private static func children(of parent: Int32) -> [Int32] {
        guard let tasks = names(in: "/proc/\(parent)/task") else { return [] }
        var found: [Int32] = []
        for task in tasks {
            guard let text = readSmallFile("/proc/\(parent)/task/\(task)/children") else { return childrenByParents(parent) }
            found += text.split(separator: 0x20).compactMap { number($0).map { Int32(clamping: $0) } }
        }
        return found
    }

    private static func childrenByParents(_ parent: Int32) -> [Int32] {
        (names(in: "/proc") ?? []).filter { id in
            guard let text = readSmallFile("/proc/\(id)/stat"), let end = text.lastIndex(of: 0x29) else { return false }
            let fields = text[(end + 1)...].split(separator: 0x20)
            return fields.count > 1 && number(fields[1]) == UInt64(parent)
        }
    }

    /// The names in a folder that are numbers; nil when it is gone.
    private static func names(in folder: String) -> [Int32]? {
        guard let stream = opendir(folder) else { return nil }
        defer { closedir(stream) }
        var found: [Int32] = []
        while let record = readdir(stream) {
            let id = withUnsafePointer(to: &record.pointee.d_name) { tuple in
                tuple.withMemoryRebound(to: CChar.self, capacity: 256) { strtol($0, nil, 10) }
            }
            if id > 0 { found.append(Int32(clamping: id)) }
        }
        return found
    }
}
