import JobModel
import Programs
import TerminalUI
import WireProtocol

/// What each task of a program has of its host to itself (`--cpus`, `--memory`), and how many therefore run there at a time.
struct Reservation: Sendable {
    let cpus: Cpus
    let memoryBytes: UInt64?

    init(_ settings: ProgramSettings) {
        cpus = settings.cpus
        memoryBytes = settings.memoryBytes
    }

    /// Of the host's slots; a task that asks for more than there are gets them all.
    func cpusPerTask(on host: HostFacts) -> Int {
        switch cpus {
        case .count(let count): min(count, max(1, host.slotsMax))
        case .all: max(1, host.slotsMax)
        }
    }

    /// At least 1.
    ///
    /// - Parameter chosen: what the user allows this host at a time; nil leaves it to the host.
    func slots(on host: HostFacts, chosen: Int?) -> Int {
        let perTask = cpusPerTask(on: host)
        var slots = chosen ?? max(1, host.slotsMax / perTask)
        if perTask > 1 { slots = min(slots, host.slotsMax / perTask) }
        if let memoryBytes { slots = min(slots, Int(clamping: host.memoryBytes / max(1, memoryBytes))) }
        return max(1, slots)
    }

    /// What a task asks for beyond what the host has, in words; it runs there all the same, with nothing beside it.
    func shortfall(on host: HostFacts) -> String? {
        var wishes: [String] = []
        if case .count(let count) = cpus, count > host.slotsMax { wishes.append("\(count) CPUs of \(host.slotsMax)") }
        if let memoryBytes, memoryBytes > host.memoryBytes {
            wishes.append("\(HumanText.bytes(memoryBytes)) of memory of \(HumanText.bytes(host.memoryBytes))")
        }
        return wishes.isEmpty ? nil : "each task asks for \(wishes.joined(separator: " and ")): they run there one at a time"
    }
}
