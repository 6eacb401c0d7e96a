import JobModel
import Scheduling

/// What can happen in virtual time. Numbers and no references: millions of them pass through the queue.
enum Happening {
    case toAgent(Int32)
    case toHead(Int32)
    /// A slot's order ends, if it still is the one with this token.
    case orderEnds(host: UInt16, slot: UInt16, token: UInt32)
    /// The input of an agent's next order is there.
    case wake(host: UInt16)
    case flush(host: UInt16)
    /// The head sees a connection end.
    case hangUp(host: UInt16, session: UInt32)
    /// The head has heard nothing since the trouble of that number began.
    case silence(host: UInt16, session: UInt32, trouble: UInt32)
    case leaseOver(host: UInt16, session: UInt32, trouble: UInt32)
    /// Nothing of a lost connection can act any more.
    case lossSettled(host: UInt16, session: UInt32)
    case dial(host: UInt16)
    case committed(run: UInt16)
    case tick
    case disturbance
    case cure(Cure)
    case headBack
}

enum Message {
    case assign([HeldOrder])
    case retract([TaskIndex])
    case cancel([Attempt])
    case stop
    case ready(slots: Int)
    case slots(Int)
    case reports([PendingReport])
    case released([TaskIndex])
    case started([TaskIndex])
}

struct Envelope {
    var host: UInt16
    var session: UInt32
    /// Told twice, or long after its connection ended.
    var isStray = false
    var message: Message
}

/// Why a task came back, as often as the head was told so; counted here and never asked of the scheduler.
struct Misfortune {
    /// Deaths of workers and failed transfers.
    var failures = 0
    var hostFaults = 0
    /// Times it was with a host that was lost; whether it had begun there is a guess of the scheduler's.
    var losses = 0
    /// Hosts on which workers died on it.
    var diedOn: Set<Int> = []
    var programFailures = 0
    var failedOn: Set<Int> = []
    /// When it may be tried again.
    var notBefore: UInt64 = 0
}

/// The head's side of a connection.
struct HeadLink {
    /// 0 is none.
    var session: UInt32 = 0
    /// The scheduler was told that the host is ready, and not yet that it is lost or closed.
    var isKnown = false
    var isLeaving = false
    /// Also of a host that went away and came back meanwhile.
    var restsUntil: UInt64?
    /// Every connection the host ever had; the next gets one more.
    var sessionsMade: UInt32 = 0
    /// Of earlier heads: nothing of them can come to this one, whose process has its own descriptors.
    var sessionsBefore: UInt32 = 0
}

/// A job on a cluster in one thread: the scheduler under test, the head's and the agents' conduct, links and time.
///
/// Everything that is not the scheduler is a model of it: messages take time and stay in order, inputs follow their orders
/// over a link of so many bytes a second, an agent starts one order a free slot in the sequence they came. What goes wrong
/// comes from `Trouble`, every number from one seed.
final class Cluster<Tested: SimulatedScheduler> {
    typealias Making = (SchedulerSetup) -> Tested

    let model: ClusterModel
    let setup: SchedulerSetup
    let making: Making
    var scheduler: Tested
    var isHeadUp = true
    /// How often the head was started for this job, from 1.
    var run: UInt16 = 1
    var now: UInt64 = 0
    var queue = EventQueue<Happening>()
    var stepCount = 0
    var agents: [SimulatedAgent]
    var links: [HeadLink]
    var headDownlinkFreeMicroseconds: UInt64 = 0
    var headUplinkFreeMicroseconds: UInt64 = 0
    var headDownlinkMicroseconds: UInt64 = 0
    var headUplinkMicroseconds: UInt64 = 0
    var envelopes: [Envelope?] = []
    var freeEnvelopes: [Int32] = []
    var nextToken: UInt32 = 0
    var plannedTickMicroseconds: UInt64?

    let isExclusive: Bool
    var check: SafetyCheck
    var trouble: Trouble?
    var journal = SimulatedJournal()
    /// What stands under a task's final name: the attempt that made it, 0 for nothing. Empty without trouble.
    var disk: [UInt64] = []
    var commitQueue: [(attempt: Attempt, failed: Bool)] = []
    var commitGroup: [(attempt: Attempt, failed: Bool)] = []
    var isPaused = false
    var isDraining = false
    var isCongested = false
    var boundTask: UInt32?
    /// Tasks that wait for nothing more but a new head; nil until the scheduler has said that it is done.
    var unsettledCount: Int?
    var isOver = false
    /// Slots that work on each task that must not run twice at once, on any machine that is on.
    var executing: [UInt32: Int] = [:]
    /// Starts of each program, over all heads.
    var begun: [UInt32: Int] = [:]
    /// Of tasks that came back: what this head was told of them.
    var misfortunes: [UInt32: Misfortune] = [:]
    /// Where in the reports being applied the next command will be found.
    var nextEnding = 0
    var fencedCount = 0
    var discardedCount = 0
    var duplicateCount = 0
    var retryCount = 0

    var violation: String? { check.violation }

    init(_ model: ClusterModel, order: Scheduler.Order, limits: Scheduler.Limits, trouble: Trouble? = nil, making: @escaping Making) {
        self.model = model
        self.making = making
        let sizes = TaskSizes(model.work.inputKibibytes.lazy.map { UInt64($0) << 10 })
        let conduct = trouble?.conduct ?? .files
        let loss: Scheduler.LossPolicy =
            switch conduct {
            case .files, .idempotent: .startsElsewhere
            case .exclusive: .waits(milliseconds: model.leaseMicroseconds / 1000)
            case .onceOnly: .fails
            }
        setup = SchedulerSetup(
            taskCount: model.work.count, order: order, settled: [], sizes: sizes, allowsDuplicates: !conduct.isExclusive, loss: loss,
            limits: limits)
        scheduler = making(setup)
        agents = model.hosts.map { SimulatedAgent($0) }
        links = Array(repeating: HeadLink(), count: model.hosts.count)
        check = SafetyCheck(taskCount: model.work.count)
        self.trouble = trouble
        isExclusive = conduct.isExclusive
        if trouble != nil { disk = [UInt64](repeating: 0, count: model.work.count) }
    }

    /// Runs until the job is over, a rule is broken or the limits are reached.
    func run(untilMicroseconds: UInt64, stepsMax: Int) {
        while !isOver, check.violation == nil {
            guard let next = queue.nextMicroseconds else { return check.fail("nothing more can happen, and the job is not over") }
            if next > untilMicroseconds { return }
            guard stepCount < stepsMax else { return check.fail("more than \(stepsMax) steps") }
            step()
        }
    }

    func step() {
        guard let (microseconds, happening) = queue.takeNext() else { return }
        now = max(now, microseconds)
        stepCount += 1
        switch happening {
        case .toAgent(let place): arriveAtAgent(place)
        case .toHead(let place): arriveAtHead(place)
        case .orderEnds(let host, let slot, let token): orderEnds(Int(host), Int(slot), token)
        case .wake(let host):
            agents[Int(host)].wakeMicroseconds = nil
            feed(Int(host))
        case .flush(let host): flush(Int(host))
        case .hangUp(let host, let session): loseLink(Int(host), session)
        case .silence(let host, let session, let number):
            if agents[Int(host)].troubleCount == number, !agents[Int(host)].isReachable { loseLink(Int(host), session) }
        case .leaseOver(let host, let session, let number): leaseOver(Int(host), session, number)
        case .lossSettled(let host, let session): lossSettled(Int(host), session)
        case .dial(let host): dial(Int(host))
        case .committed(let run): if run == self.run && isHeadUp { finishCommit() }
        case .tick: tick()
        case .disturbance: disturb()
        case .cure(let cure): self.cure(cure)
        case .headBack: restartHead()
        }
        if trouble != nil { checkTheWhole() }
    }

    // MARK: Messages

    func send(_ message: Message, toAgent host: Int) {
        guard links[host].session != 0 else { return }
        let place = store(Envelope(host: UInt16(host), session: links[host].session, message: message))
        let arrival = max(agents[host].lastToAgentMicroseconds, now + latency())
        agents[host].lastToAgentMicroseconds = arrival
        queue.plan(.toAgent(place), at: arrival)
    }

    func send(_ message: Message, toHeadFrom host: Int) {
        let place = store(Envelope(host: UInt16(host), session: agents[host].session, message: message))
        guard agents[host].isReachable else {
            agents[host].heldToHead.append(place)
            return
        }
        let arrival = max(agents[host].lastToHeadMicroseconds, now + latency())
        agents[host].lastToHeadMicroseconds = arrival
        queue.plan(.toHead(place), at: arrival)
    }

    private func latency() -> UInt64 {
        guard trouble != nil else { return model.latencyMicroseconds }
        return model.latencyMicroseconds + (trouble?.chance.below(model.latencyMicroseconds * 4 + 1) ?? 0)
    }

    func store(_ envelope: Envelope) -> Int32 {
        if let place = freeEnvelopes.popLast() {
            envelopes[Int(place)] = envelope
            return place
        }
        envelopes.append(envelope)
        return Int32(envelopes.count - 1)
    }

    func open(_ place: Int32) -> Envelope? {
        defer {
            envelopes[Int(place)] = nil
            freeEnvelopes.append(place)
        }
        return envelopes[Int(place)]
    }

    /// When bytes that follow a control message are over, on a link of the host and the head's own, each taken in turn.
    func transfer(_ bytes: UInt64, down: Bool, _ host: Int) -> UInt64 {
        guard let link = agents[host].model.link, bytes > 0 else { return now }
        let there = bytes * 1_000_000 / link.bytesPerSecond
        let here = bytes * 1_000_000 / model.headBytesPerSecond
        if down {
            headDownlinkMicroseconds += here
            agents[host].downlinkMicroseconds += there
            headDownlinkFreeMicroseconds = max(headDownlinkFreeMicroseconds, now) + here
            agents[host].downlinkFreeMicroseconds = max(max(agents[host].downlinkFreeMicroseconds, now) + there, headDownlinkFreeMicroseconds)
            return agents[host].downlinkFreeMicroseconds
        }
        headUplinkMicroseconds += here
        agents[host].uplinkMicroseconds += there
        headUplinkFreeMicroseconds = max(headUplinkFreeMicroseconds, now) + here
        agents[host].uplinkFreeMicroseconds = max(max(agents[host].uplinkFreeMicroseconds, now) + there, headUplinkFreeMicroseconds)
        return agents[host].uplinkFreeMicroseconds
    }
}
