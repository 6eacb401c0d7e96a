internal import Glibc

/// What /proc tells of a running process at one moment.
public struct ProcessSample: Hashable, Sendable {
    public enum Activity: Hashable, Sendable {
        /// Running or waiting for a CPU: only time it was given counts.
        case runnable
        /// Asleep or in I/O.
        case waiting
        /// Stopped by somebody's signal or a debugger.
        case stopped
    }
    public var activity: Activity
    /// User and system time since its start.
    public var cpuMilliseconds: UInt64
    /// Waiting for block I/O since its start; 0 where the kernel does not account for it.
    public var ioWaitMilliseconds: UInt64
    public var residentBytes: UInt64

    public init(activity: Activity, cpuMilliseconds: UInt64, ioWaitMilliseconds: UInt64, residentBytes: UInt64) {
        self.activity = activity
        self.cpuMilliseconds = cpuMilliseconds
        self.ioWaitMilliseconds = ioWaitMilliseconds
        self.residentBytes = residentBytes
    }

    /// Takes a sample of process `id`; nil once it is gone or a zombie.
    public static func take(of id: Int32) -> ProcessSample? {
        guard let text = readSmallFile("/proc/\(id)/stat") else { return nil }
        return ProcessSample(
            stat: text, ticksPerSecond: UInt64(max(1, sysconf(Int32(_SC_CLK_TCK)))), pageBytes: UInt64(max(1, getpagesize())))
    }

    /// Parses /proc/PID/stat (proc(5)): fields are counted behind the last `)`, since a program's name may hold anything.
    init?(stat: [UInt8], ticksPerSecond: UInt64, pageBytes: UInt64) {
        guard let nameEnd = stat.lastIndex(of: 0x29) else { return nil }
        let fields = stat[(nameEnd + 1)...].split(separator: 0x20)
        // Field 3 of proc(5), the state, is the first here; the delay of block I/O is field 42.
        guard fields.count >= 40, let state = fields[0].first,
            let user = number(fields[11]), let system = number(fields[12]), let resident = number(fields[21]),
            let delay = number(fields[39])
        else { return nil }
        switch state {
        case UInt8(ascii: "R"): activity = .runnable
        case UInt8(ascii: "T"), UInt8(ascii: "t"): activity = .stopped
        case UInt8(ascii: "Z"), UInt8(ascii: "X"), UInt8(ascii: "x"): return nil
        default: activity = .waiting
        }
        cpuMilliseconds = (user &+ system).multipliedReportingOverflow(by: 1000).partialValue / ticksPerSecond
        ioWaitMilliseconds = delay.multipliedReportingOverflow(by: 1000).partialValue / ticksPerSecond
        residentBytes = resident.multipliedReportingOverflow(by: pageBytes).partialValue
    }
}

/// A decimal number that fills `digits`; nil for anything else.
func number(_ digits: some Collection<UInt8>) -> UInt64? {
    if digits.isEmpty { return nil }
    var value: UInt64 = 0
    for digit in digits {
        guard (0x30...0x39).contains(digit) else { return nil }
        let (scaled, tooLarge) = value.multipliedReportingOverflow(by: 10)
        let (sum, overflow) = scaled.addingReportingOverflow(UInt64(digit - 0x30))
        if tooLarge || overflow { return nil }
        value = sum
    }
    return value
}

/// The content of a file of the kernel's, at most 64 KiB; nil when it cannot be read.
///
/// Such files have no size and are read by plain calls; what is absent differs by kernel and is an ordinary answer.
func readSmallFile(_ path: String) -> [UInt8]? {
    let descriptor = open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { return nil }
    defer { close(descriptor) }
    var content: [UInt8] = []
    var chunk = [UInt8](repeating: 0, count: 4096)
    while content.count < 65536 {
        let count = retrying { read(descriptor, &chunk, chunk.count) }
        if count < 0 { return nil }
        if count == 0 { break }
        content.append(contentsOf: chunk.prefix(count))
    }
    return content
}
