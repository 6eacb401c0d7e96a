import JobModel
import Scheduling
import SeededNumbers
import Testing

/// What must always hold, kept beside the scheduler from its commands alone.
private struct Ledger {
    struct Held: Equatable {
        var host: HostIndex
        var attempt: Attempt
        var isCancelled = false
    }

    var held: [Held] = []
    /// Reports of lost hosts and reports told twice.
    var stale: [(HostIndex, Attempt)] = []
    var asked: [(HostIndex, [TaskIndex])] = []
    var highest: [TaskIndex: UInt32] = [:]
    var ends: [TaskIndex: Int] = [:]
    var slots: [HostIndex: Int] = [:]
    var takesWork: Set<HostIndex> = []
    var finished = 0
    /// Tasks that may still run on a lost host, and until when.
    var mayRun: [TaskIndex: (host: HostIndex, until: Instant)] = [:]
    /// Tasks that may have started and must not start again.
    var spent: Set<TaskIndex> = []
    var violations: [String] = []

    mutating func perform(_ commands: [Scheduler.Command], allowsDuplicates: Bool, at now: Instant) {
        for command in commands {
            switch command {
            case .dispatch(let host, let attempts):
                if !takesWork.contains(host) { violations.append("\(host) gets work and is not there") }
                for attempt in attempts {
                    if attempt.number <= highest[attempt.task] ?? 0 {
                        violations.append("\(attempt) is not above its predecessors")
                    }
                    highest[attempt.task] = attempt.number
                    if ends[attempt.task] != nil { violations.append("\(attempt) starts after its task has ended") }
                    if let (lost, until) = mayRun[attempt.task], now < until { violations.append("\(attempt) starts while \(lost) may run it") }
                    if spent.contains(attempt.task) { violations.append("\(attempt) starts and may have run") }
                    let others = held.count { $0.attempt.task == attempt.task }
                    if others > (allowsDuplicates ? 1 : 0) {
                        violations.append("\(attempt) starts while \(others) others are in flight")
                    }
                    held.append(Held(host: host, attempt: attempt))
                }
                let ahead = held.count { $0.host == host } - (slots[host] ?? 0)
                if ahead > Scheduler.Limits().shardTasksMax { violations.append("\(host) holds \(ahead) ahead") }
            case .retract(let host, let tasks): asked.append((host, tasks))
            case .cancel(let host, let attempts):
                for index in held.indices where held[index].host == host && attempts.contains(held[index].attempt) {
                    held[index].isCancelled = true
                }
            case .settle(let attempt), .giveUp(let attempt, _): ends[attempt.task, default: 0] += 1
            case .rest(let host, _, _), .mayClose(let host): takesWork.remove(host)
            case .hostBack(let host): takesWork.insert(host)
            case .putBack, .discard: break
            case .finished(let unsettled):
                finished += 1
                if unsettled > 0 { violations.append("it ends with \(unsettled) tasks left") }
                if held.contains(where: { !$0.isCancelled }) { violations.append("it ends with attempts in flight") }
            }
        }
    }
}

@Suite("Whatever happens to hosts and files")
struct WalkTests {
    @Test("no task is lost or ends twice, and the job comes to its end", arguments: 0..<200)
    func walk(seed: UInt64) {
        var random = SeededNumbers(seed: seed)
        let count = 1 + random.below(300)
        let allowsDuplicates = seed % 3 != 0
        let loss: Scheduler.LossPolicy = allowsDuplicates ? .startsElsewhere : [.startsElsewhere, .waits(milliseconds: 15_000), .fails][Int(seed / 3 % 3)]
        var limits = Scheduler.Limits()
        limits.programRetriesMax = Int(seed % 4)
        var stage = Stage(tasks: count, allowsDuplicates: allowsDuplicates, loss: loss, limits: limits)
        var ledger = Ledger()
        var steps = 0
        func perform(_ commands: [Scheduler.Command]) { ledger.perform(commands, allowsDuplicates: allowsDuplicates, at: stage.now) }
        func react(_ event: Scheduler.Event) { perform(stage.react(event)) }
        func join(_ host: HostIndex, slots: Int) {
            ledger.slots[host] = slots
            ledger.mayRun = ledger.mayRun.filter { $0.value.host != host }
            if case .resting? = stage.scheduler.view(of: host)?.idleReason {
            } else {
                ledger.takesWork.insert(host)
            }
            react(.hostReady(host, Scheduler.HostOffer(slots: slots, stagedBytesMax: random.below(2) == 0 ? 1 << 20 : nil)))
        }
        while ledger.finished == 0, steps < 20_000, ledger.violations.isEmpty {
            steps += 1
            // After a while nothing more goes wrong, and the job must end.
            let isCalm = steps > 3_000
            stage.wait(milliseconds: UInt64(random.below(400)))
            let host = HostIndex(rawValue: UInt16(random.below(4)))
            switch random.below(isCalm ? 8 : 16) {
            case 0 where !ledger.takesWork.contains(host): join(host, slots: 1 + random.below(4))
            case 1:
                while let commands = stage.tick(withinMilliseconds: isCalm ? 700_000 : 0) {
                    perform(commands)
                    if isCalm { break }
                }
            case 2 where !ledger.asked.isEmpty:
                let (asked, tasks) = ledger.asked.remove(at: random.below(ledger.asked.count))
                var released: [TaskIndex] = []
                var started: [TaskIndex] = []
                for task in tasks where ledger.held.contains(where: { $0.host == asked && $0.attempt.task == task }) {
                    if random.below(2) == 0 { started.append(task) } else { released.append(task) }
                }
                ledger.held.removeAll { $0.host == asked && released.contains($0.attempt.task) }
                react(.released(asked, released))
                react(.started(asked, started))
            case 8 where ledger.slots[host] != nil && random.below(4) == 0:
                ledger.takesWork.remove(host)
                let lost = ledger.held.filter { $0.host == host }.map(\.attempt)
                ledger.stale += lost.map { (host, $0) }
                switch loss {
                case .startsElsewhere: break
                case .waits(let milliseconds):
                    for attempt in lost { ledger.mayRun[attempt.task] = (host, stage.now.advanced(byMilliseconds: milliseconds)) }
                case .fails: ledger.spent.formUnion(lost.map(\.task))
                }
                ledger.held.removeAll { $0.host == host }
                ledger.asked.removeAll { $0.0 == host }
                react(.hostLost(host))
            case 9 where random.below(4) == 0:
                ledger.takesWork.remove(host)
                react(.hostLeaving(host))
            case 10 where !ledger.stale.isEmpty:
                let (stale, attempt) = ledger.stale.removeLast()
                let commands = stage.end([attempt], on: stale)
                #expect(commands.contains(.discard(attempt)))
                perform(commands)
            case 11 where random.below(4) == 0:
                react(.pause)
                react(.resume)
            case 12 where ledger.takesWork.contains(host):
                ledger.slots[host] = 1 + random.below(4)
                react(.slotsChanged(host, ledger.slots[host] ?? 1))
            default:
                guard !ledger.held.isEmpty else { continue }
                let held = ledger.held.remove(at: random.below(ledger.held.count))
                if random.below(8) == 0 { ledger.stale.append((held.host, held.attempt)) }
                let fates: [Scheduler.Verdict] = [.fileFault, .workerDied(.crash), .transferFailed, .hostFault, .programFailed, .programFailed]
                let verdict = isCalm || random.below(4) > 0 ? .done : fates[random.below(6)]
                if loss == .fails { ledger.spent.insert(held.attempt.task) }
                perform(stage.end([held.attempt], on: held.host, verdict, milliseconds: 1 + UInt64(random.below(3_000))))
            }
        }
        #expect(ledger.violations == [])
        #expect(
            ledger.finished == 1,
            "after \(steps) steps with \(stage.scheduler.readyCount) ready and \(stage.scheduler.inFlightCount) in flight")
        #expect(ledger.ends.count == count)
        #expect(ledger.ends.values.allSatisfy { $0 == 1 })
    }
}
