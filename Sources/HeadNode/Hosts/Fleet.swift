import JobModel
import LinuxSystem
import WireProtocol

/// The hosts of a job that are not this machine, each with its keeper.
final class Fleet {
    let board = HostBoard()
    private let dialer: HostDialer
    private let events: Mailbox<HeadEvent>
    private let briefing = Promise<Briefing>()
    private var keepers: [HostIndex: HostKeeper] = [:]
    private var nextIndex: UInt16 = 1
    /// Taken off the list, and still at work on what they had begun.
    private var unlisted: Set<HostIndex> = []
    /// Whether this machine is one of the hosts.
    let includesThisMachine: Bool
    let thisMachine: HostSpec?

    /// Begins to connect to all of `specs`.
    init(_ specs: [HostSpec], dialer: HostDialer, events: Mailbox<HeadEvent>) {
        self.dialer = dialer
        self.events = events
        thisMachine = specs.first { $0.place == .thisMachine }
        includesThisMachine = thisMachine != nil
        for spec in specs where spec.place != .thisMachine { add(spec) }
    }

    /// Index 0 is this machine's.
    static let thisMachineIndex = HostIndex(rawValue: 0)

    var remoteCount: Int { keepers.count }
    /// Of agents that lose their head.
    var leaseSecondsMax: UInt32 { keepers.values.map(\.spec.leaseSeconds).max() ?? 0 }

    private func add(_ spec: HostSpec) {
        let index = HostIndex(rawValue: nextIndex)
        nextIndex += 1
        let keeper = HostKeeper(host: index, spec: spec, dialer: dialer, events: events, board: board, briefing: briefing)
        keepers[index] = keeper
        keeper.start()
    }

    /// Lets hosts that are connected begin: from now on they are told of as events.
    func brief(_ briefing: Briefing) { self.briefing.keep(briefing) }

    /// The host holds nothing more and may be let go.
    func closeLink(of host: HostIndex) { keepers[host]?.closeLink() }

    /// Takes the host list as it is now; returns the hosts that are not on it any more, which shall leave.
    func reload(_ specs: [HostSpec]) -> [HostIndex] {
        let wanted = Dictionary(specs.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
        let known = Set(keepers.filter { !unlisted.contains($0.key) }.values.map(\.spec.name))
        for spec in specs where spec.place != .thisMachine && !known.contains(spec.name) { add(spec) }
        let gone = keepers.filter { wanted[$0.value.spec.name] == nil }.keys.sorted()
        unlisted.formUnion(gone)
        return gone
    }

    func isListed(_ host: HostIndex) -> Bool { keepers[host] != nil && !unlisted.contains(host) }

    /// A host that was taken off the list ends with this; its agent is let go by then.
    func remove(_ host: HostIndex) {
        guard let keeper = keepers.removeValue(forKey: host) else { return }
        board.set(host, name: keeper.spec.name, .leftOut("taken off the host list"))
        keeper.end()
        keeper.join()
    }

    /// Ends all keepers; the links are the caller's.
    func end() {
        briefing.close()
        for keeper in keepers.values { keeper.end() }
        for keeper in keepers.values { keeper.join() }
        keepers = [:]
    }
}
