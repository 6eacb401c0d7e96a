import Bundles
import JobModel
import LinuxSystem
import Staging
import Supervising
import WireProtocol
import WorkerPool

/// Feeds what happens to the supervisor and performs what it decides. Lives on the process's first thread.
///
/// What may hang in a disk or share is done by threads of its own (`StagedFiles`, `SlotWatch`, `SharedStorageLook`,
/// `Preparation`), which wake the poll here: a ping is answered at once whatever they do.
final class Agent {
    private static let wakeTag: UInt64 = 3
    private static let terminateTag: UInt64 = 4
    private static let filesTag: UInt64 = 5
    /// After a stop was asked for, workers that do not die keep the agent no longer than this.
    private static let stoppingMillisecondsMax: UInt64 = 4_000
    /// As above, with minders, which end their programs first.
    private static let stoppingMindersMillisecondsMax: UInt64 = 7_000

    /// How far the head has got in telling us our work.
    enum Phase {
        case awaitingHello
        case awaitingSetup
        /// What comes meanwhile is kept.
        case preparing(AgentSetup, Preparation, [HeadLink.Input])
        case working(Work)
    }

    struct Work {
        let pool: WorkerPool
        let timeout: TimeoutRule
        /// 0: only the end of the pipe counts.
        let leaseMilliseconds: UInt64
        let slots: Int
        let slotWatch: SlotWatch
        /// Whether its workers are minders of programs.
        let isMinding: Bool
        /// Held as long as programs may run.
        let lock: ProgramsLock?
    }

    let poll: EventPoll
    let head: HeadLink
    private let terminate: Wake
    private let syncWake: Wake
    /// Signalled by all threads but those that sync.
    let filesWake: Wake
    let sync: SyncThreads
    let files: StagedFiles
    let bundleReceiver: BundleReceiver
    /// Kept from being removed while workers run from it.
    var bundle: (hash: Digest256, stored: StoredBundle)?
    var bundleHash: Digest256?
    let sharedStorage: SharedStorageLook
    private let sharedAnswers = Mailbox<AgentMessage>(elementsMax: 256)
    let capacity: Capacity
    let hello = Hello(build: agentVersion)
    var phase = Phase.awaitingHello
    var supervisor = Supervisor()
    var strays = StrayPrograms()
    /// What programs get for a soft limit of open files.
    let openFilesMax: UInt64?
    var gate = ReportGate()
    var pending: [Supervisor.Event] = []
    var isFeedingHeld = false
    private var heardMilliseconds: UInt64
    /// As the last worker that became ready said.
    var workerVersion = ""
    var toldLoad = Load(busy: 0, waiting: 0)
    var nextLoadMilliseconds: UInt64 = 0
    var toldShare: SlotShare?
    var hadWork = false
    var now: UInt64
    var exitCode: Int32?
    var stopCode: Int32?
    private var stopByMilliseconds: UInt64?

    struct Load: Equatable {
        var busy: Int
        var waiting: Int
    }

    /// - Parameters:
    ///   - terminate: signalled when the process shall end.
    ///   - openFilesMax: the soft limit that this process was started with; nil leaves its own.
    init(_ streams: consuming StandardStreams, capacity: Capacity, terminate: Wake, openFilesMax: UInt64?) throws(SystemError) {
        self.openFilesMax = openFilesMax
        poll = try EventPoll()
        let filesWake = try Wake()
        self.filesWake = filesWake
        head = try HeadLink(streams, poll: poll, wake: filesWake)
        self.capacity = capacity
        self.terminate = terminate
        syncWake = try Wake()
        sync = SyncThreads(wake: syncWake)
        bundleReceiver = BundleReceiver(wake: filesWake)
        files = StagedFiles(lanes: head.lanes, bundle: bundleReceiver, wake: filesWake)
        let answers = sharedAnswers
        sharedStorage = SharedStorageLook { answer in
            answers.send(answer)
            filesWake.signal()
        }
        now = SystemClock.monotonicMilliseconds()
        heardMilliseconds = now
        try poll.watch(terminate.descriptor, for: .readable, tag: Self.terminateTag)
        try poll.watch(syncWake.descriptor, for: .readable, tag: Self.wakeTag)
        try poll.watch(filesWake.descriptor, for: .readable, tag: Self.filesTag)
    }

    /// Works until the head is gone or asks for the end and no worker is left; returns the exit code.
    func run(facts: HostFacts) throws(SystemError) -> Int32 {
        defer { takeAway() }
        head.send(.hello(hello, facts))
        while true {
            settle()
            if let exitCode { return exitCode }
            if let stopByMilliseconds, now >= stopByMilliseconds { return stopCode ?? 0 }
            let ready = try poll.wait(milliseconds: waitMilliseconds)
            now = SystemClock.monotonicMilliseconds()
            for event in ready { take(event) }
            lookAtClock()
        }
    }

    /// Leaves nothing on the host.
    private func takeAway() {
        if case .working(let work) = phase { work.slotWatch.close() }
        head.lanes.close()
        files.remove()
    }

    // Events in.

    private func take(_ ready: EventPoll.Ready) {
        switch ready.tag {
        case HeadLink.inputTag: _ = takeInput()
        case HeadLink.outputTag: break  // `settle` flushes.
        case Self.wakeTag:
            syncWake.clear()
            for group in sync.takeFinished() { tell(gate.synced(group)) }
        case Self.filesTag:
            filesWake.clear()
            takeFromThreads()
        case Self.terminateTag:
            terminate.clear()
            stop(code: 128 + 15)
        default:
            guard case .working(let work) = phase else { preconditionFailure("tag \(ready.tag) without a pool") }
            var events: [WorkerPool.Event] = []
            work.pool.take(ready, into: &events)
            take(events)
        }
    }

    private func takeFromThreads() {
        for outcome in files.takeOutcomes() { take(outcome) }
        for outcome in bundleReceiver.take() { take(outcome) }
        for answer in sharedAnswers.receiveAll(waitingMilliseconds: 0) ?? [] { head.send(answer) }
        switch phase {
        case .preparing(let setup, let preparation, let kept):
            guard let outcome = preparation.take() else { break }
            finishPreparing(setup, outcome, kept)
        case .working(let work): if let share = work.slotWatch.takeShare() { take(share, of: work) }
        case .awaitingHello, .awaitingSetup: break
        }
    }

    private func take(_ outcome: StagedFiles.Outcome) {
        switch outcome {
        case .start(let order): assign([order])
        case .report(let report, let order): perform(.report(report, of: order))
        case .violated(let text): refuse("the head broke the protocol: \(text)")
        case .unusable(let text): refuse(text)
        case .log(let text): head.send(.log(text))
        }
    }

    private func take(_ outcome: BundleReceiver.Outcome) {
        switch outcome {
        case .missing(let indexes): head.send(.bundleMissing(indexes))
        case .ready(let stored):
            if let bundleHash { bundle = (bundleHash, stored) }
            head.send(.bundleReady)
        case .failed(let text): refuse(text)
        }
    }

    private func take(_ share: SlotShare, of work: Work) {
        pending.append(.slotsUsable(share.usable))
        // While there is no work nothing is held, which says nothing of the host.
        guard hadWork, share != (toldShare ?? SlotShare(usable: work.slots, heldBy: [])) else { return }
        toldShare = share
        head.send(.slots(usable: share.usable, heldBy: share.heldBy))
    }

    /// Takes what the head sent; false if that is nothing.
    private func takeInput() -> Bool {
        guard let inputs = head.receive() else { return false }
        heardMilliseconds = now
        for input in inputs { take(input) }
        return true
    }

    private func lookAtClock() {
        if let deadline = supervisor.nextDeadlineMilliseconds, now >= deadline { pending.append(.tick) }
        guard case .working(let work) = phase else { return }
        work.pool.killOverdue(nowMilliseconds: now)
        if work.pool.mustLookForEnds {
            var events: [WorkerPool.Event] = []
            work.pool.collectEnds(into: &events)
            take(events)
        }
        guard work.leaseMilliseconds > 0, stopCode == nil, now > heardMilliseconds + work.leaseMilliseconds else { return }
        // Looked for once more, so that an agent that was itself stopped for a while does not take that for silence.
        if !takeInput() {
            complain("nothing heard of the head for \(work.leaseMilliseconds / 1000) s")
            stop(code: 0)
        }
    }

    private var waitMilliseconds: Int? {
        // What `settle` found out last is worked at once: that the head reads no more.
        if !pending.isEmpty || head.wantsFlush { return 0 }
        var deadlines = [supervisor.nextDeadlineMilliseconds, gate.nextDeadlineMilliseconds, stopByMilliseconds].compactMap { $0 }
        if case .working(let work) = phase {
            if currentLoad != toldLoad { deadlines.append(nextLoadMilliseconds) }
            if work.leaseMilliseconds > 0 { deadlines.append(heardMilliseconds + work.leaseMilliseconds + 1) }
            if work.pool.mustLookForEnds || !strays.isEmpty { deadlines.append(now + 5) }
            if let due = work.pool.nextDeadlineMilliseconds { deadlines.append(due) }
        }
        return deadlines.min().map { Int(clamping: $0 - min($0, now)) }
    }

    /// Tells the head why nothing can be done, and ends.
    func refuse(_ text: String) {
        complain(text)
        head.send(.unusable(text))
        stop(code: 1)
    }

    /// Whether the workers are minders of programs.
    var isMinding: Bool {
        switch phase {
        case .working(let work): work.isMinding
        case .awaitingHello, .awaitingSetup, .preparing: false
        }
    }

    func stop(code: Int32) {
        if stopCode != nil { return }
        stopCode = code
        stopByMilliseconds = now + (isMinding ? Self.stoppingMindersMillisecondsMax : Self.stoppingMillisecondsMax)
        pending.append(.stopped)
    }
}
