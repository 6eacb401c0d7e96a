import JobModel

/// How an attempt ended, as the agent tells it.
enum Fate: UInt8 {
    case done
    /// The decoder's verdict on the file.
    case fileFault
    case programFailed
    /// Two workers died of it.
    case workerDied
    /// The bytes that arrived were not those that were sent.
    case transferFailed
    /// The host's disk is full, or a library is missing.
    case hostFault
    /// The machine is brought down by it, agent and all; never told.
    case killsAgent
}

/// An order an agent has not started.
struct HeldOrder {
    var attempt: Attempt
    /// When its input has arrived whole.
    var arrivesMicroseconds: UInt64
    /// Whether the bytes that arrive are the wrong ones.
    var isDamaged: Bool
}

/// An order in a slot.
struct RunningOrder {
    var attempt: Attempt
    var startedMicroseconds: UInt64
    var endsMicroseconds: UInt64
    var fate: Fate
    /// Tells the planned end from one that a freeze moved.
    var token: UInt32
}

struct PendingReport {
    var attempt: Attempt
    var busyMicroseconds: UInt64
    var fate: Fate
    /// When its output is with the head.
    var readyMicroseconds: UInt64
}

/// One host with its agent: what it holds, what it runs, and what is wrong with it.
struct SimulatedAgent {
    let model: HostModel
    /// Which connection its agent belongs to; 0 is none. A new agent has a higher one.
    var session: UInt32 = 0
    /// Slots this job may use now; other jobs may have some.
    var slots: Int
    var isAlive = false
    var isListed = true
    /// The machine is off.
    var isDown = false
    var frozenSince: UInt64?
    var cutSince: UInt64?
    /// Counts freezes and cuts, so that a deadline knows whether it is still meant.
    var troubleCount: UInt32 = 0
    var isDiskFull = false
    /// Every worker dies at once here: a broken library.
    var isSick = false
    /// Percent of the model's speed.
    var pacePercent: UInt64 = 100

    private var orders: [HeldOrder] = []
    private var firstOrder = 0
    var running: [RunningOrder?]
    var busySlots = 0
    var reports: [PendingReport] = []
    /// When reports are sent next; nil while none is planned.
    var flushMicroseconds: UInt64?
    var wakeMicroseconds: UInt64?
    var downlinkFreeMicroseconds: UInt64 = 0
    var uplinkFreeMicroseconds: UInt64 = 0
    var lastToAgentMicroseconds: UInt64 = 0
    var lastToHeadMicroseconds: UInt64 = 0
    /// Messages that wait for a cut to heal or a thaw, in the order they were sent.
    var heldToAgent: [Int32] = []
    var heldToHead: [Int32] = []

    var busyMicroseconds: UInt64 = 0
    var downlinkMicroseconds: UInt64 = 0
    var uplinkMicroseconds: UInt64 = 0
    /// Orders that ended since the agent began.
    var endedCount = 0
    /// Tasks whose result came from here, over all its agents.
    var doneCount = 0

    init(_ model: HostModel) {
        self.model = model
        slots = model.slots
        running = Array(repeating: nil, count: model.slots)
    }

    var heldCount: Int { orders.count - firstOrder }
    var held: ArraySlice<HeldOrder> { orders[firstOrder...] }
    var isReachable: Bool { !isDown && cutSince == nil && frozenSince == nil }

    mutating func hold(_ order: HeldOrder) { orders.append(order) }

    var nextOrder: HeldOrder? { firstOrder < orders.count ? orders[firstOrder] : nil }

    mutating func dropNextOrder() {
        firstOrder += 1
        if firstOrder == orders.count || firstOrder >= 4_096 {
            orders.removeFirst(firstOrder)
            firstOrder = 0
        }
    }

    /// Takes out the orders the body does not want kept.
    mutating func keepOrders(where isKept: (HeldOrder) -> Bool) {
        orders.removeFirst(firstOrder)
        firstOrder = 0
        orders.removeAll { !isKept($0) }
    }

    mutating func delayArrivals(since: UInt64, by duration: UInt64) {
        for place in orders.indices where orders[place].arrivesMicroseconds > since { orders[place].arrivesMicroseconds += duration }
    }

    var freeSlot: Int? { busySlots < slots ? running.firstIndex { $0 == nil } : nil }

    /// The agent is gone, and with it all it had.
    mutating func die() {
        isAlive = false
        orders = []
        firstOrder = 0
        for slot in running.indices { running[slot] = nil }
        busySlots = 0
        reports = []
        flushMicroseconds = nil
        wakeMicroseconds = nil
        heldToAgent = []
    }
}
