import JobModel
import LinuxSystem
import Staging
import Supervising
import WireProtocol
import WorkerPool

// What the supervisor decides, and what the workers say.
extension Agent {
    private static let loadPeriodMilliseconds: UInt64 = 1_000

    func take(_ events: [WorkerPool.Event]) {
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
            case .printed(_, let attempt, let stream, let bytes): head.send(.printed(attempt, stream, bytes))
            case .unusable(let slot, let text): pending.append(.workerUnusable(slot: slot, text))
            case .misbehaved(let slot, let text): pending.append(.workerMisbehaved(slot: slot, text))
            case .ended(let slot, let end, let lastWords):
                let ended = Supervisor.Event.workerEnded(slot: slot, WorkerEnd(end), lastWords: lastWords)
                if isMinding, !minderCleanEnds.contains(end) { strays.hold(ended, nowMilliseconds: now) } else { pending.append(ended) }
            }
        }
    }

    /// Tells the ends of minders that were killed, once nothing of their programs is left.
    func sweepStrays() {
        guard case .working(let work) = phase, !strays.isEmpty else { return }
        let swept = strays.sweep(minders: work.pool.processIDs, nowMilliseconds: now)
        pending += swept.ends
        if !swept.ends.isEmpty, swept.areLeft {
            head.send(.log("what a program left cannot be killed: it hangs in the kernel, perhaps on a dead share"))
        }
    }

    /// Works through all that is pending and sends what there is to send.
    func settle() {
        sweepStrays()
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
        askForSlots()
        head.flush()
        // What programs print is the most there may be on the way to the head.
        if case .working(let work) = phase, work.isMinding { work.pool.setReading(!head.isCongested) }
        if head.isBroken { stop(code: 0) }
    }

    func perform(_ command: Supervisor.Command) {
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
        case .report(let report, let order):
            if files.isCancelled(report.attempt, order) {
                // Too late to be stopped: nobody wants its report, and its files are in our way.
                discardTemporaries(of: order)
                files.ended(report.attempt)
                head.send(.released([report.attempt.task]))
                return
            }
            if files.finish(report, of: order) { return }
            gate.add(report, folder: order.kind.folder, spoolFolder: order.kind.spoolFolder, nowMilliseconds: now)
        case .released(let tasks):
            files.released(tasks)
            head.send(.released(tasks))
        case .started(let tasks): head.send(.started(tasks))
        case .cancelled(let attempt):
            files.ended(attempt)
            head.send(.released([attempt.task]))
        case .ready(let slots):
            head.send(
                .ready(ReadyHost(slots: slots, workerVersion: workerVersion, scratchFreeBytes: files.freeBytes, scratch: files.folder)))
        case .unusable(let text): head.send(.unusable(text))
        case .log(let text): head.send(.log(text))
        case .finished: exitCode = stopCode ?? 0
        }
    }

    private var pool: WorkerPool {
        guard case .working(let work) = phase else { preconditionFailure("no setup yet") }
        return work.pool
    }

    func tell(_ reports: [WorkReport]) {
        // One report fits into a frame, since it came in one; many large ones together might not.
        var batch: [WorkReport] = []
        var bytes = 0
        for report in reports where !files.sendIfPrinted(report) {
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
        let shallHold = head.isCongested || gate.isCongested || files.isCongested
        guard shallHold != isFeedingHeld else { return }
        isFeedingHeld = shallHold
        pending.append(.feedingHeld(shallHold))
    }

    var currentLoad: Load { Load(busy: supervisor.busySlots, waiting: supervisor.waitingOrders + files.waitingCount) }

    private func tellLoad() {
        guard now >= nextLoadMilliseconds, case .working = phase else { return }
        nextLoadMilliseconds = now + Self.loadPeriodMilliseconds
        let load = currentLoad
        if load == toldLoad { return }
        toldLoad = load
        head.send(.load(busySlots: load.busy, waitingOrders: load.waiting))
    }

    private func askForSlots() {
        guard case .working(let work) = phase else { return }
        let hasWork = supervisor.busySlots + supervisor.waitingOrders > 0
        work.slotWatch.update(hasWork: hasWork, changed: hasWork != hadWork, busy: supervisor.busySlots)
        hadWork = hasWork
    }
}
