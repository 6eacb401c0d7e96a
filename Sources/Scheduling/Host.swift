/// What the scheduler knows of one host.
struct Host: Sendable {
    var phase = Phase.away
    var offer = Scheduler.HostOffer(slots: 0)
    var list = HostList()
    var pace = Pace()
    var ledger = HostLedger()
    /// Since it came, it has shown how long its tasks take: nothing is given to it ahead before that.
    var isProven = false
    /// Attempts it got on trial.
    var trialCount = 0
    /// Slots without an attempt; negative when there are fewer slots than there were.
    var idleSlots: Int { offer.slots - list.count }

    enum Phase: Hashable, Sendable {
        /// Never ready, lost or closed; what is remembered of it counts when it comes back.
        case away
        case working
        /// Back from a rest, with one task at a time until one succeeds.
        case onTrial
        case resting(until: Instant, Scheduler.RestReason)
        case leaving

        var takesWork: Bool {
            switch self {
            case .working, .onTrial: true
            case .away, .resting, .leaving: false
            }
        }
    }
}

/// The attempts a host has, in the order it was given them; the first `runningCount` are taken for started.
struct HostList: Sendable {
    var head = FlightTable.none
    var tail = FlightTable.none
    var firstUnstarted = FlightTable.none
    var count = 0
    var runningCount = 0
    /// Of the attempts behind the running ones.
    var unstartedCost = 0.0
    var unstartedStagedBytes: UInt64 = 0

    var unstartedCount: Int { count - runningCount }
}

/// How quickly a host works: a moving average over its last tasks, weighted by their cost.
struct Pace: Sendable {
    private var busyMicroseconds = 0.0
    private var cost = 0.0
    /// From start to report, less the time a slot was busy: transfers, syncs and messages.
    private(set) var lagMicroseconds = 0.0

    private static let decay = 1 - 1.0 / 32

    /// What a task of mean size takes a slot; nil before the first success.
    var taskMicroseconds: Double? { cost > 0 ? busyMicroseconds / cost : nil }

    mutating func learn(busyMicroseconds busy: Double, cost units: Float, lagMicroseconds lag: Double?) {
        busyMicroseconds = busyMicroseconds * Self.decay + busy
        cost = cost * Self.decay + Double(units)
        if let lag { lagMicroseconds += (lag - lagMicroseconds) / 8 }
    }
}

/// What a host is blamed for: its own faults in a row, and files that others could do. Time and successes forgive.
struct HostLedger: Sendable {
    var faultsInRow = 0
    /// Workers that died here without a file done between them, whoever is to blame.
    var deathsInRow = 0
    /// Files on which workers died here and not elsewhere, less what is forgiven.
    private var marks = 0.0
    private var markedAt = Instant(microseconds: 0)
    /// Rests so far, less those forgiven: each doubles the next.
    private var rests = 0
    private var restedUntil = Instant(microseconds: 0)
    private(set) var lastReason = Scheduler.RestReason.failsWhatOthersDo
    private var successes = 0

    private static let marksMax = 3.0
    private static let markHalfLifeMicroseconds = 300e6
    /// A host may fail one in so many of what others can do.
    private static let successesPerMark = 20.0
    private static let successesPerRest = 100

    mutating func noteSuccess() {
        (faultsInRow, deathsInRow) = (0, 0)
        marks = max(0, marks - 1 / Self.successesPerMark)
        successes += 1
        if successes == Self.successesPerRest {
            successes = 0
            rests = max(0, rests - 1)
        }
    }

    /// Another host did a file on which a worker died here; true when that has happened too often.
    mutating func mark(_ now: Instant) -> Bool {
        var age = Double(now.microseconds(since: markedAt))
        while marks > 0.01, age >= Self.markHalfLifeMicroseconds {
            marks /= 2
            age -= Self.markHalfLifeMicroseconds
        }
        markedAt = now
        marks += 1
        return marks >= Self.marksMax
    }

    /// Starts a rest and tells its end.
    mutating func rest(_ now: Instant, _ reason: Scheduler.RestReason, _ limits: Scheduler.Limits) -> Instant {
        // As long again without a rest as the longest one forgives all.
        if now.microseconds(since: restedUntil) > limits.restMillisecondsMax * 1000 { rests = 0 }
        let milliseconds = min(limits.restMillisecondsMin << UInt64(min(rests, 20)), limits.restMillisecondsMax)
        rests += 1
        (faultsInRow, marks, successes) = (0, 0, 0)
        lastReason = reason
        restedUntil = now.advanced(byMilliseconds: milliseconds)
        return restedUntil
    }

    /// A rest that is not over though the host came back meanwhile.
    func isResting(_ now: Instant) -> Instant? { restedUntil > now ? restedUntil : nil }
}

/// What is remembered of a task that has been dispatched and came back, or runs twice.
struct TaskHistory: Sendable {
    /// The highest so far.
    var number: UInt32 = 0
    var losses = 0
    /// Deaths of workers and failed transfers.
    var failures = 0
    var hostFaults = 0
    /// Hosts on which workers died on it.
    var diedOn: [UInt16] = []
    var lastDeath = Scheduler.Death.crash
    /// Tries in which its program failed, and the hosts of these.
    var programFailures = 0
    var failedOn: [UInt16] = []
    /// An attempt of it was lost and may have run.
    var mayHaveStarted = false

    func hasFailed(on host: Int) -> Bool { diedOn.contains(UInt16(host)) || failedOn.contains(UInt16(host)) }
}

/// A task that is ready for some hosts only.
struct ChoosyTask: Sendable {
    var rank: UInt32
    var task: UInt32
    /// Must not run there. Given to any other host before all other work.
    var avoided: [UInt16]
    var reason: Reason
    /// Lost with its hosts so often that it must have the next one to itself.
    var isAlone = false

    enum Reason: Hashable, Sendable {
        /// Workers died on the file: when no other host is left it is given up.
        case suspect
        /// Its program failed: when no other host is left any will do, until another comes.
        case failed
        /// The fault was the host's, and any host is better than none.
        case fault
    }
}

/// A task that is ready from a moment on.
struct DelayedTask: Sendable {
    var rank: UInt32
    var task: UInt32
    /// It may still run there. When that host is ready again nothing of its former agent is alive.
    var mayRunOn: UInt16?
}
