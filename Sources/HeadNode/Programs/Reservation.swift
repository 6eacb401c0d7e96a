import JobModel
import Programs
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
}
