import JobModel
import LinuxSystem
import Staging
import Supervising
import WireProtocol
import WorkerPool

/// Feeds what happens to the supervisor and performs what it decides. Lives on the process's first thread.
final class Agent {
    private static let wakeTag: UInt64 = 3
    private static let terminateTag: UInt64 = 4
    private static let loadPeriodMilliseconds: UInt64 = 1_000

    /// How far the head has got in telling us our work.
    private enum Phase {
        case awaitingHello
        case awaitingSetup
        case working(Work)
    }

    private struct Work {
        let pool: WorkerPool
        let timeout: TimeoutRule
        /// 0: only the end of the pipe counts.
        let leaseMilliseconds: UInt64
    }

    private let poll: EventPoll
    private let head: HeadLink
    private let terminate: Wake
    private let syncWake: Wake
    private let sync: SyncThreads
    private let hello = Hello(build: agentVersion)
    private var phase = Phase.awaitingHello
    private var supervisor = Supervisor()
    private var gate = ReportGate()
    private var pending: [Supervisor.Event] = []
    private var isFeedingHeld = false
    private var heardMilliseconds: UInt64
    /// As the last worker that became ready said.
    private var workerVersion = ""
    private var toldLoad = Load(busy: 0, waiting: 0)
    private var nextLoadMilliseconds: UInt64 = 0
    private var now: UInt64
    private var exitCode: Int32?
    private var stopCode: Int32?

    private struct Load: Equatable {
        var busy: Int
        var waiting: Int
    }

    /// - Parameter terminate: signalled when the process shall end.
    init(_ streams: consuming StandardStreams, terminate: Wake) throws(SystemError) {
        poll = try EventPoll()
        head = try HeadLink(streams, poll: poll)
        self.terminate = terminate
        syncWake = try Wake()
        sync = SyncThreads(wake: syncWake)
        now = SystemClock.monotonicMilliseconds()
        heardMilliseconds = now
        try poll.watch(terminate.descriptor, for: .readable, tag: Self.terminateTag)
        try poll.watch(syncWake.descriptor, for: .readable, tag: Self.wakeTag)
    }

    /// Works until the head is gone or asks for the end and no worker is left; returns the exit code.
    func run(facts: HostFacts) throws(SystemError) -> Int32 {
        head.send(.hello(hello, facts))
        while true {
            settle()
            if let exitCode { return exitCode }
            let ready = try poll.wait(milliseconds: waitMilliseconds)
            now = SystemClock.monotonicMilliseconds()
            for event in ready { take(event) }
            lookAtClock()
        }
    }

    // Events in.

    private func take(_ ready: EventPoll.Ready) {
        switch ready.tag {
        case HeadLink.inputTag: _ = takeInput()
        case HeadLink.outputTag: break  // `settle` flushes.
        case Self.wakeTag:
            syncWake.clear()
            for group in sync.takeFinished() { tell(gate.synced(group)) }
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

    /// Takes what the head sent; false if that is nothing.
    private func takeInput() -> Bool {
        guard let inputs = head.receive() else { return false }
        heardMilliseconds = now
        for input in inputs { take(input) }
        return true
    }

    private func take(_ input: HeadLink.Input) {
        switch input {
        case .message(let message): take(message)
        case .ended: stop(code: 0)
        case .broken(let error):
            complain("the head sent what is no message: \(error)")
            stop(code: 1)
        }
    }

    private func take(_ message: HeadMessage) {
        switch (message, phase) {
        case (.ping(let number), _): head.send(.pong(number))
        case (.stop, _): stop(code: 0)
        case (.hello(let theirs), .awaitingHello):
            do throws(WireError) {
                _ = try hello.agreed(with: theirs)
                phase = .awaitingSetup
            } catch {
                refuse("this agent speaks protocol \(hello.versions), the head \(theirs.versions)")
            }
        case (.setup(let setup), .awaitingSetup): setUp(setup)
        case (.assign(let orders), .working(let work)):
            pending.append(
                .assigned(
                    orders.map {
                        SupervisedOrder($0, limitMilliseconds: work.timeout.limitMilliseconds(inputBytes: $0.identity.sizeBytes))
                    }))
        case (.retract(let tasks), .working): pending.append(.retracted(tasks))
        case (.hello, .awaitingSetup), (.hello, .working), (.setup, .awaitingHello), (.setup, .working),
            (.assign, .awaitingHello),
            (.assign, .awaitingSetup), (.retract, .awaitingHello), (.retract, .awaitingSetup), (.bundle, _), (.assignStaged, _),
            (.cancel, _), (.transfer, _), (.lookForShared, _), (.leaveToken, _):
            refuse("the head sent its messages in a wrong order")
        }
    }

    private func setUp(_ setup: AgentSetup) {
        do {
            let settings = WorkerSettings(
                start: ProgramStart(try WorkerProgram.path()), hello: hello, setup: try WorkSetup(wireBytes: setup.work),
                yieldsToOthers: setup.yieldsToOthers, addressSpaceBytesMax: setup.workerMemoryBytesMax)
            phase = .working(
                Work(
                    pool: WorkerPool(settings, poll: poll), timeout: setup.timeout,
                    leaseMilliseconds: UInt64(setup.leaseSeconds) * 1000))
            pending.append(.setup(slots: setup.slots))
        } catch {
            refuse("the setup cannot be worked: \(error)")
        }
    }

    private func take(_ events: [WorkerPool.Event]) {
        for event in events {
            switch event {
            case .ready(let slot, let theirs, let version):
                workerVersion = version
                do throws(WireError) {
                    _ = try hello.agreed(with: theirs)
                    pending.append(.workerReady(slot: slot))
                } catch {
                    pending.append(
                        .workerUnusable(slot: slot, "the worker speaks protocol \(theirs.versions), this agent \(hello.versions)")
                    )
                }
            case .reported(let slot, let report): pending.append(.workerReported(slot: slot, report))
            case .unusable(let slot, let text): pending.append(.workerUnusable(slot: slot, text))
            case .misbehaved(let slot, let text): pending.append(.workerMisbehaved(slot: slot, text))
            case .ended(let slot, let end, let lastWords):
                pending.append(.workerEnded(slot: slot, WorkerEnd(end), lastWords: lastWords))
            }
        }
    }

    /// Tells the head why nothing can be done, and ends.
    private func refuse(_ text: String) {
        complain(text)
        head.send(.unusable(text))
        stop(code: 1)
    }

    private func stop(code: Int32) {
        if stopCode != nil { return }
        stopCode = code
        pending.append(.stopped)
    }

    private func lookAtClock() {
        if let deadline = supervisor.nextDeadlineMilliseconds, now >= deadline { pending.append(.tick) }
        guard case .working(let work) = phase else { return }
        if work.pool.mustLookForEnds {
            var events: [WorkerPool.Event] = []
            work.pool.collectEnds(into: &events)
            take(events)
        }
        guard work.leaseMilliseconds > 0, now > heardMilliseconds + work.leaseMilliseconds else { return }
        // Looked for once more, so that an agent that was itself stopped for a while does not take that for silence.
        if !takeInput() {
            complain("nothing heard of the head for \(work.leaseMilliseconds / 1000) s")
            stop(code: 0)
        }
    }

    private var waitMilliseconds: Int? {
        // What `settle` found out last is worked at once: that the head reads no more.
        if !pending.isEmpty { return 0 }
        var deadlines = [supervisor.nextDeadlineMilliseconds, gate.nextDeadlineMilliseconds].compactMap { $0 }
        if case .working(let work) = phase {
            if currentLoad != toldLoad { deadlines.append(nextLoadMilliseconds) }
            if work.leaseMilliseconds > 0 { deadlines.append(heardMilliseconds + work.leaseMilliseconds + 1) }
            if work.pool.mustLookForEnds { deadlines.append(now + 5) }
        }
        return deadlines.min().map { Int(clamping: $0 - min($0, now)) }
    }

    // Commands out.

    /// Works through all that is pending and sends what there is to send.
    private func settle() {
        var next = 0
        while next < pending.count {
            let event = pending[next]
            next += 1
            for command in supervisor.apply(event, nowMilliseconds: now) { perform(command) }
            if next == pending.count { holdOrRelease() }
        }
        pending.removeAll(keepingCapacity: true)
        let isHungry = supervisor.isHungry
        while let group = gate.takeGroup(isHungry: isHungry, nowMilliseconds: now) { sync.start(group) }
        while true {
            let reports = gate.takeReports(isHungry: isHungry, nowMilliseconds: now)
            if reports.isEmpty { break }
            tell(reports)
        }
        tellLoad()
        head.flush()
        if head.isBroken { stop(code: 0) }
    }

    private func perform(_ command: Supervisor.Command) {
        switch command {
        case .spawn(let slot):
            do throws(SystemError) {
                try pool.spawn(slot: slot)
            } catch {
                let text = "cannot start a worker: \(error)"
                pending.append(
                    .spawnFailed(slot: slot, text, isFinal: error.isNotFound || error.isDenied || error.isNotExecutable))
            }
        case .feed(let slot, let order): pool.feed(slot: slot, order)
        case .closeInput(let slot): pool.closeInput(slot: slot)
        case .kill(let slot): pool.kill(slot: slot)
        case .sample(let slot): pending.append(.sampled(slot: slot, pool.sample(slot: slot).map(WorkerSample.init)))
        case .discardTemporaries(let order): discardTemporaries(of: order)
        case .report(let report, let order): gate.add(report, folder: order.kind.folder, spoolFolder: order.kind.spoolFolder, nowMilliseconds: now)
        case .released(let tasks): head.send(.released(tasks))
        case .ready(let slots): head.send(.ready(ReadyHost(slots: slots, workerVersion: workerVersion)))
        case .unusable(let text): head.send(.unusable(text))
        case .log(let text): head.send(.log(text))
        case .finished: exitCode = stopCode ?? 0
        }
    }

    private var pool: WorkerPool {
        guard case .working(let work) = phase else { preconditionFailure("no setup yet") }
        return work.pool
    }

    private func tell(_ reports: [WorkReport]) {
        // One report fits into a frame, since it came in one; many large ones together might not.
        var batch: [WorkReport] = []
        var bytes = 0
        for report in reports {
            let more = report.bytesAtMost
            if batch.count == ReportGate.batchReportsMax || !batch.isEmpty && bytes + more > Frame.payloadBytesMax / 4 {
                head.send(.reports(batch))
                batch.removeAll()
                bytes = 0
            }
            batch.append(report)
            bytes += more
        }
        if !batch.isEmpty { head.send(.reports(batch)) }
    }

    private func holdOrRelease() {
        let shallHold = head.isCongested || gate.isCongested
        guard shallHold != isFeedingHeld else { return }
        isFeedingHeld = shallHold
        pending.append(.feedingHeld(shallHold))
    }

    private var currentLoad: Load { Load(busy: supervisor.busySlots, waiting: supervisor.waitingOrders) }

    private func tellLoad() {
        guard now >= nextLoadMilliseconds, case .working = phase else { return }
        nextLoadMilliseconds = now + Self.loadPeriodMilliseconds
        let load = currentLoad
        if load == toldLoad { return }
        toldLoad = load
        head.send(.load(busySlots: load.busy, waitingOrders: load.waiting))
    }
}
