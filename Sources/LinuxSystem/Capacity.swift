private import CLinux
internal import Glibc

/// What this machine has to give to this process.
public struct Capacity: Hashable, Sendable {
    public var hostname: String
    /// Random for every start of the machine; empty where the kernel does not tell.
    public var bootID: String
    /// CPUs by affinity and cgroup quota, rounded up.
    public var logicalCPUs: Int
    /// Cores behind the CPUs of the affinity, never more than `logicalCPUs`.
    public var physicalCPUs: Int
    /// The machine's memory, or less where a cgroup allows less.
    public var memoryBytes: UInt64

    /// A slot's share of memory: libvips with one thread on ordinary pictures stays below (behaviour.md, Hosts).
    public static let memoryBytesPerSlot: UInt64 = 512 << 20

    /// One slot a CPU, fewer if memory would be short, at least 1.
    public var slotsMax: Int {
        min(max(1, logicalCPUs), max(1, Int(clamping: memoryBytes / Self.memoryBytesPerSlot)))
    }

    public init(hostname: String, bootID: String, logicalCPUs: Int, physicalCPUs: Int, memoryBytes: UInt64) {
        self.hostname = hostname
        self.bootID = bootID
        self.logicalCPUs = logicalCPUs
        self.physicalCPUs = physicalCPUs
        self.memoryBytes = memoryBytes
    }

    /// Looks at the machine. What the kernel does not tell is taken as one CPU, or as no limit.
    public static func ofThisMachine() -> Capacity {
        let allowed = allowedCPUs()
        var quotaCPUs: Int?
        var memory = readSmallFile("/proc/meminfo").flatMap { memoryTotalBytes(meminfo: $0) } ?? memoryBytesPerSlot
        for group in ControlGroup.all(cgroup: readSmallFile("/proc/self/cgroup") ?? []) {
            for folder in group.folders {
                if let cpus = group.quotaCPUs(in: folder) { quotaCPUs = min(quotaCPUs ?? cpus, cpus) }
                if let bytes = group.memoryBytesMax(in: folder) { memory = min(memory, bytes) }
            }
        }
        let logical = max(1, min(allowed.count, quotaCPUs ?? allowed.count))
        let cores = Set(allowed.map { cpu in coreName(of: cpu) })
        return Capacity(
            hostname: ownHostname(), bootID: text(readSmallFile("/proc/sys/kernel/random/boot_id") ?? []), logicalCPUs: logical,
            physicalCPUs: max(1, min(logical, cores.count)), memoryBytes: memory)
    }

    private static func allowedCPUs() -> [Int32] {
        var numbers = [Int32](repeating: 0, count: 4096)
        let count = quire_allowed_cpus(&numbers, Int32(numbers.count))
        return count > 0 ? Array(numbers.prefix(Int(count))) : [0]
    }

    /// Package and core of a CPU; a CPU the kernel says nothing of is a core of its own.
    private static func coreName(of cpu: Int32) -> String {
        let folder = "/sys/devices/system/cpu/cpu\(cpu)/topology/"
        guard let package = readSmallFile(folder + "physical_package_id"), let core = readSmallFile(folder + "core_id") else {
            return "cpu \(cpu)"
        }
        return text(package) + "/" + text(core)
    }

    private static func ownHostname() -> String {
        var buffer = [CChar](repeating: 0, count: 256)
        guard gethostname(&buffer, buffer.count - 1) == 0 else { return "localhost" }
        return String(decoding: buffer.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    /// MemTotal of /proc/meminfo in bytes.
    static func memoryTotalBytes(meminfo: [UInt8]) -> UInt64? {
        for line in meminfo.split(separator: 0x0A) where line.starts(with: Array("MemTotal:".utf8)) {
            let words = line.split(separator: 0x20)
            guard words.count >= 2, let kilobytes = number(words[1]), kilobytes < 1 << 50 else { return nil }
            return kilobytes * 1024
        }
        return nil
    }
}

/// One line of /proc/self/cgroup: the group's controllers and where it lies below the usual mount.
struct ControlGroup: Hashable {
    enum Version: Hashable {
        /// The controllers, as `cpu,cpuacct`.
        case first(controllers: [String])
        case second
    }
    let version: Version
    let path: String

    /// Parses /proc/self/cgroup (cgroups(7)): `hierarchy:controllers:path` a line, `0::path` for version 2.
    static func all(cgroup: [UInt8]) -> [ControlGroup] {
        cgroup.split(separator: 0x0A).compactMap { line in
            let parts = line.split(separator: 0x3A, maxSplits: 2, omittingEmptySubsequences: false)
            guard parts.count == 3, parts[2].first == 0x2F else { return nil }
            let path = String(decoding: parts[2], as: UTF8.self)
            if parts[1].isEmpty { return ControlGroup(version: .second, path: path) }
            let controllers = parts[1].split(separator: 0x2C).map { String(decoding: $0, as: UTF8.self) }
            return ControlGroup(version: .first(controllers: controllers), path: path)
        }
    }

    /// This group's folder and all above it: a limit of any of them holds. In a container the path may not exist, its root does.
    var folders: [String] {
        let mount: String
        switch version {
        case .second: mount = "/sys/fs/cgroup"
        case .first(let controllers):
            if controllers.contains("cpu") {
                mount = "/sys/fs/cgroup/cpu"
            } else if controllers.contains("memory") {
                mount = "/sys/fs/cgroup/memory"
            } else {
                return []
            }
        }
        var folders: [String] = []
        var rest = path.split(separator: "/")
        while !rest.isEmpty && folders.count < 64 {
            folders.append(mount + "/" + rest.joined(separator: "/"))
            rest.removeLast()
        }
        return folders + [mount]
    }

    func quotaCPUs(in folder: String) -> Int? {
        switch version {
        case .second: readSmallFile(folder + "/cpu.max").flatMap { Self.quotaCPUs(cpuMax: $0) }
        case .first:
            Self.quotaCPUs(
                quota: readSmallFile(folder + "/cpu.cfs_quota_us"), period: readSmallFile(folder + "/cpu.cfs_period_us"))
        }
    }

    func memoryBytesMax(in folder: String) -> UInt64? {
        let name =
            switch version {
            case .second: "/memory.max"
            case .first: "/memory.limit_in_bytes"
            }
        return readSmallFile(folder + name).flatMap { Self.limit($0) }
    }

    /// `cpu.max` of version 2: quota and period in microseconds, or `max`; nil is no limit.
    static func quotaCPUs(cpuMax: [UInt8]) -> Int? {
        let words = cpuMax.split { $0 == 0x20 || $0 == 0x0A }
        guard words.count == 2 else { return nil }
        return quotaCPUs(quota: Array(words[0]), period: Array(words[1]))
    }

    /// A quota of -1, `max` or nonsense is no limit; part of a CPU counts as one.
    static func quotaCPUs(quota: [UInt8]?, period: [UInt8]?) -> Int? {
        guard let quota = quota.flatMap({ limit($0) }), let period = period.flatMap({ limit($0) }), period > 0 else { return nil }
        return max(1, Int(clamping: quota / period + (quota % period == 0 ? 0 : 1)))
    }

    /// A number of the kernel's; nil for `max`, -1 and anything else that is no number.
    static func limit(_ content: [UInt8]) -> UInt64? {
        number(content.prefix { $0 != 0x0A })
    }
}

/// A line of the kernel's without its end.
private func text(_ content: [UInt8]) -> String {
    String(decoding: content.prefix { $0 != 0x0A }, as: UTF8.self)
}
