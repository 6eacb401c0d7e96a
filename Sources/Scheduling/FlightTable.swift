import JobModel

/// One attempt that a host has.
struct Flight: Sendable {
    var task: UInt32
    var number: UInt32
    var rank: UInt32
    var host: UInt16
    var marks: Marks = []
    /// In units of a task of mean size, as it was guessed at dispatch.
    var cost: Float
    /// Bytes that travel to the host for it.
    var stagedBytes: UInt64
    /// When it is taken to have started; meaningful once `running`.
    var since = Instant(microseconds: 0)
    /// Neighbours in the host's list; `next` chains unused places of the table as well.
    var previous: Int32 = FlightTable.none
    var next: Int32 = FlightTable.none
    /// The other attempt at the same task.
    var twin: Int32 = FlightTable.none

    struct Marks: OptionSet, Sendable {
        let rawValue: UInt8
        /// Among the first of its host, as many as it has slots: hosts start what they get in order.
        static let running = Marks(rawValue: 1)
        /// The host said that it has started: of no use to call back.
        static let saidStarted = Marks(rawValue: 2)
        /// Asked for by `retract`, not answered yet.
        static let calledBack = Marks(rawValue: 4)
        /// Lost against its twin, but still on the host.
        static let cancelled = Marks(rawValue: 8)
        /// The second slot that a task has taken.
        static let extra = Marks(rawValue: 16)
        /// The one task of a host on trial.
        static let trial = Marks(rawValue: 32)
        /// The only attempt on its host.
        static let alone = Marks(rawValue: 64)
    }

    var attempt: Attempt { Attempt(task: TaskIndex(rawValue: task), number: number) }
    var isCallable: Bool { marks.isDisjoint(with: [.running, .saidStarted, .calledBack, .cancelled]) }
}

/// All attempts in flight, found by task: memory in proportion to them, not to the job.
///
/// A table of places that are used again, and an open-addressed index over it whose order nobody sees.
struct FlightTable: Sendable {
    static let none: Int32 = -1

    private var places: [Flight] = []
    private var freePlace = none
    /// Task in the upper half, place + 1 in the lower; 0 is empty. Of twins one is in it.
    private var index = [UInt64](repeating: 0, count: 64)
    private var indexedCount = 0
    private(set) var count = 0

    subscript(place: Int32) -> Flight {
        get { places[Int(place)] }
        _modify { yield &places[Int(place)] }
    }

    /// Places that exist, used or not.
    var placeCount: Int { places.count }

    func isUsed(_ place: Int32) -> Bool { places[Int(place)].number > 0 }

    /// An attempt at the task; of two either one.
    func any(of task: UInt32) -> Int32? {
        var slot = home(task)
        while index[slot] != 0 {
            if UInt32(index[slot] >> 32) == task { return Int32(truncatingIfNeeded: index[slot] & 0xFFFF_FFFF) - 1 }
            slot = (slot + 1) & (index.count - 1)
        }
        return nil
    }

    func place(of attempt: Attempt) -> Int32? {
        guard let place = any(of: attempt.task.rawValue) else { return nil }
        if self[place].number == attempt.number { return place }
        let twin = self[place].twin
        return twin != Self.none && self[twin].number == attempt.number ? twin : nil
    }

    /// The attempt at the task that this host has.
    func place(of task: UInt32, on host: Int) -> Int32? {
        guard let place = any(of: task) else { return nil }
        if Int(self[place].host) == host { return place }
        let twin = self[place].twin
        return twin != Self.none && Int(self[twin].host) == host ? twin : nil
    }

    /// Adds an attempt; traps if the task has one and this is not meant as its twin, or if it has two.
    mutating func insert(_ flight: Flight, asTwin: Bool) -> Int32 {
        let place: Int32
        if freePlace != Self.none {
            place = freePlace
            freePlace = places[Int(place)].next
            places[Int(place)] = flight
        } else {
            place = Int32(places.count)
            places.append(flight)
        }
        count += 1
        if asTwin {
            guard let other = any(of: flight.task), self[other].twin == Self.none else {
                preconditionFailure("task \(flight.task) has no attempt to be the twin of, or two")
            }
            self[other].twin = place
            self[place].twin = other
        } else {
            if 2 * (indexedCount + 1) > index.count { grow() }
            put(flight.task, place)
            indexedCount += 1
        }
        return place
    }

    mutating func remove(_ place: Int32) {
        let (task, twin) = (self[place].task, self[place].twin)
        if twin != Self.none {
            self[twin].twin = Self.none
            index[slot(of: task)] = UInt64(task) << 32 | UInt64(twin + 1)
        } else {
            erase(slot(of: task))
            indexedCount -= 1
        }
        self[place].number = 0
        self[place].next = freePlace
        freePlace = place
        count -= 1
    }

    private func home(_ task: UInt32) -> Int {
        Int((UInt64(task) &* 0x9E37_79B9_7F4A_7C15) >> UInt64(64 - index.count.trailingZeroBitCount))
    }

    private func slot(of task: UInt32) -> Int {
        var slot = home(task)
        while UInt32(index[slot] >> 32) != task || index[slot] == 0 { slot = (slot + 1) & (index.count - 1) }
        return slot
    }

    private mutating func put(_ task: UInt32, _ place: Int32) {
        var slot = home(task)
        while index[slot] != 0 {
            precondition(UInt32(index[slot] >> 32) != task, "task \(task) is in flight already")
            slot = (slot + 1) & (index.count - 1)
        }
        index[slot] = UInt64(task) << 32 | UInt64(place + 1)
    }

    private mutating func grow() {
        let old = index
        index = [UInt64](repeating: 0, count: 2 * old.count)
        for entry in old where entry != 0 { put(UInt32(entry >> 32), Int32(truncatingIfNeeded: entry & 0xFFFF_FFFF) - 1) }
    }

    /// Closes the gap, so that no search stops short of what stood behind it.
    private mutating func erase(_ slot: Int) {
        let mask = index.count - 1
        var gap = slot
        var probe = slot
        while true {
            probe = (probe + 1) & mask
            guard index[probe] != 0 else { break }
            let wanted = home(UInt32(index[probe] >> 32))
            if (probe - wanted) & mask >= (probe - gap) & mask {
                index[gap] = index[probe]
                gap = probe
            }
        }
        index[gap] = 0
    }
}
