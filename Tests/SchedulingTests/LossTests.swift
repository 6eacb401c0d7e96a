import JobModel
import Scheduling
import SeededNumbers
import Testing

/// A host that has shown its speed, with two slots busy and more work held ahead.
private func loaded(tasks: Int, _ loss: Scheduler.LossPolicy) -> (Stage, held: [Attempt]) {
    var stage = Stage(tasks: tasks, loss: loss)
    let first = stage.join(hostA, slots: 2)
    let more = stage.end([first[0]], on: hostA).dispatched(to: hostA)
    return (stage, [first[1]] + more)
}

@Suite("What must not start twice at the same time")
struct WaitingLossTests {
    private let waits = Scheduler.LossPolicy.waits(milliseconds: 17_000)

    @Test("starts again only when the lease of its lost host is over, also what that had not begun")
    func lease() {
        var (stage, held) = loaded(tasks: 10, waits)
        let lost = held.count
        #expect(lost == 9)
        #expect(stage.react(.hostLost(hostA)).isEmpty)
        #expect(stage.join(hostB, slots: 12).isEmpty, "all of it may start there yet")
        #expect(stage.scheduler.readyCount == 9)
        stage.wait(milliseconds: 16_999)
        #expect(stage.react(.tick).isEmpty)
        stage.wait(milliseconds: 1)
        let again = stage.react(.tick).dispatched(to: hostB)
        #expect(again == held.map { Attempt(task: $0.task, number: 2) })
        #expect(again.allSatisfy { stage.scheduler.mayHaveStarted($0.task) })
        held = again
        #expect(stage.end(held, on: hostB).last == .finished(unsettled: 0))
    }

    @Test("starts at once when the lost host is back, since nothing of its former agent is alive")
    func comesBack() {
        var stage = Stage(tasks: 2, loss: waits)
        _ = stage.join(hostA, slots: 2)
        _ = stage.react(.hostLost(hostA))
        stage.wait(milliseconds: 3_000)
        #expect(stage.join(hostB, slots: 2).isEmpty)
        #expect(stage.react(.hostReady(hostA, Scheduler.HostOffer(slots: 2))).dispatched == [attempt(0, 2), attempt(1, 2)])
    }

    @Test("waits for each host it was lost with by itself")
    func twoHosts() {
        var stage = Stage(tasks: 2, loss: waits)
        _ = stage.join(hostA, slots: 1)
        _ = stage.join(hostB, slots: 1)
        _ = stage.react(.hostLost(hostA))
        stage.wait(milliseconds: 5_000)
        _ = stage.react(.hostLost(hostB))
        #expect(stage.join(hostA, slots: 4) == [attempt(0, 2)])
        stage.wait(milliseconds: 16_999)
        #expect(stage.react(.tick).isEmpty)
        #expect(stage.tick()?.dispatched == [attempt(1, 2)])
    }

    @Test("has its own moment, however many wait")
    func manyMoments() {
        var random = SeededNumbers(seed: 6)
        var stage = Stage(tasks: 64, loss: waits)
        let hosts = (0..<64).map { HostIndex(rawValue: UInt16($0)) }
        for host in hosts { _ = stage.join(host, slots: 1) }
        var due: [TaskIndex: Instant] = [:]
        var left = hosts
        while !left.isEmpty {
            let host = left.remove(at: random.below(left.count))
            _ = stage.react(.hostLost(host))
            due[TaskIndex(Int(host.rawValue))] = stage.now.advanced(byMilliseconds: 17_000)
            stage.wait(milliseconds: UInt64(random.below(200)))
        }
        _ = stage.join(HostIndex(rawValue: 64), slots: 64)
        var started = 0
        while let attempts = stage.tick()?.dispatched {
            started += attempts.count
            for attempt in attempts { #expect(due[attempt.task] == stage.now) }
        }
        #expect(started == 64)
    }

    @Test("is free of this where the host gave it back before it was lost")
    func released() {
        var (stage, held) = loaded(tasks: 10, waits)
        let given = held.removeLast()
        _ = stage.react(.pause)
        _ = stage.react(.released(hostA, [given.task]))
        _ = stage.react(.hostLost(hostA))
        _ = stage.react(.resume)
        #expect(stage.join(hostB, slots: 12) == [Attempt(task: given.task, number: 2)])
        #expect(!stage.scheduler.mayHaveStarted(given.task))
    }

    @Test("counts as started when it was called back and the host was lost before it answered")
    func calledBack() {
        var limits = Scheduler.Limits()
        limits.lostAttemptsMax = 1
        var stage = Stage(tasks: 10, loss: waits, limits: limits)
        let first = stage.join(hostA, slots: 1)
        let more = stage.end(first, on: hostA).dispatched(to: hostA)
        #expect(more.count > 1)
        let called = stage.react(.hostLeaving(hostA)).retracted(from: hostA)
        #expect(called == more.map(\.task))
        let commands = stage.react(.hostLost(hostA))
        #expect(commands == more.reversed().map { .giveUp($0, .lost(times: 1)) } + [.finished(unsettled: 0)])
    }

    @Test("is given up after so many hosts")
    func lostAttempts() {
        var stage = Stage(tasks: 1, loss: waits)
        for round in 1...5 {
            _ = stage.join(hostA, slots: 1)
            #expect(stage.scheduler.view(of: TaskIndex(0)) == .dispatched([hostA]))
            let commands = stage.react(.hostLost(hostA))
            #expect(commands == (round < 5 ? [] : [.giveUp(attempt(0, 5), .lost(times: 5)), .finished(unsettled: 0)]))
        }
    }

    @Test("does not keep a job from ending that drains; what waits is left to the next run")
    func drains() {
        var stage = Stage(tasks: 3, loss: waits)
        _ = stage.join(hostA, slots: 2)
        _ = stage.react(.drain)
        #expect(stage.react(.hostLost(hostA)) == [.finished(unsettled: 3)])
    }

    @Test("A report, a release and an answer from before the loss change nothing while it waits")
    func lateMessages() {
        var stage = Stage(tasks: 1, loss: waits)
        let first = stage.join(hostA, slots: 1)
        _ = stage.react(.hostLost(hostA))
        #expect(stage.end(first, on: hostA) == [.discard(first[0])])
        #expect(stage.react(.released(hostA, [TaskIndex(0)])).isEmpty)
        #expect(stage.react(.started(hostA, [TaskIndex(0)])).isEmpty)
        #expect(stage.react(.hostLost(hostA)).isEmpty, "it is lost already, and the wait is no longer for that")
        #expect(stage.join(hostB, slots: 1).isEmpty)
        stage.wait(milliseconds: 17_000)
        #expect(stage.react(.tick).dispatched(to: hostB) == [attempt(0, 2)])
        #expect(stage.end(first, on: hostA) == [.discard(first[0])])
        #expect(stage.end([attempt(0, 2)], on: hostB) == [.settle(attempt(0, 2)), .finished(unsettled: 0)])
        #expect(stage.end([attempt(0, 2)], on: hostB) == [.discard(attempt(0, 2))])
    }

    @Test(
        "What may still run for an earlier head waits at the start of a resumed job, and nothing else does",
        arguments: [Scheduler.Order.plan, .ranked([5, 4, 3, 1])])
    func resumed(order: Scheduler.Order) {
        var settled: [Range<Int>] = []
        if case .plan = order { settled = [0..<1, 2..<3] }
        var stage = Stage(
            tasks: 6, order: order, settled: settled, loss: waits, delayed: [TaskIndex(1), TaskIndex(4)], delayedMilliseconds: 17_000)
        #expect(stage.scheduler.readyCount == 4)
        if case .plan = order { #expect(stage.scheduler.lowestReady == TaskIndex(1)) }
        let first = stage.join(hostA, slots: 8)
        #expect(Set(first.map(\.task.rawValue)) == [3, 5])
        #expect(stage.end(first, on: hostA) == first.map { .settle($0) }, "the job is not over")
        #expect(stage.scheduler.nextDeadline == stage.now.advanced(byMilliseconds: 17_000))
        let later = stage.tick()?.dispatched(to: hostA) ?? []
        #expect(Set(later.map(\.task.rawValue)) == [1, 4])
        #expect(later.allSatisfy { stage.scheduler.mayHaveStarted($0.task) } && !first.contains { stage.scheduler.mayHaveStarted($0.task) })
        #expect(stage.end(later, on: hostA).last == .finished(unsettled: 0))
    }

    @Test("A tick is due when the wait of the lowest is over, and a rest that ends before is not forgotten")
    func deadlines() {
        var stage = Stage(tasks: 100, loss: .waits(milliseconds: 40_000))
        let first = stage.join(hostA, slots: 3)
        _ = stage.join(hostB, slots: 1)
        _ = stage.end(first, on: hostA, .hostFault)
        let rest = stage.scheduler.nextDeadline
        #expect(rest == stage.now.advanced(byMilliseconds: 30_000))
        _ = stage.react(.hostLost(hostB))
        #expect(stage.scheduler.nextDeadline == rest)
        _ = stage.tick()
        #expect(stage.scheduler.nextDeadline == rest?.advanced(byMilliseconds: 10_000))
    }
}

@Suite("What may start at most once")
struct AtMostOnceTests {
    @Test("has failed when its host is lost, and so has all that the host held")
    func lost() {
        var (stage, held) = loaded(tasks: 10, .fails)
        _ = stage.join(hostB, slots: 1)
        let commands = stage.react(.hostLost(hostA))
        #expect(commands.dispatched.isEmpty)
        #expect(Set(commands) == Set(held.map { .giveUp($0, .lost(times: 1)) } + [.finished(unsettled: 0)]))
        #expect(stage.end([held[0]], on: hostA) == [.discard(held[0])], "too late")
    }

    @Test("starts elsewhere when the host gave it back, which says that it had not started")
    func released() {
        var (stage, held) = loaded(tasks: 10, .fails)
        let given = held.removeLast()
        _ = stage.react(.pause)
        _ = stage.react(.released(hostA, [given.task]))
        _ = stage.react(.hostLost(hostA))
        #expect(stage.scheduler.readyCount == 1)
        _ = stage.react(.resume)
        #expect(stage.join(hostB, slots: 1) == [Attempt(task: given.task, number: 2)])
    }

    @Test("has failed with its host also while the job drains")
    func drains() {
        var stage = Stage(tasks: 3, loss: .fails)
        let first = stage.join(hostA, slots: 1)
        _ = stage.react(.drain)
        #expect(stage.react(.hostLost(hostA)) == [.giveUp(first[0], .lost(times: 1)), .finished(unsettled: 2)])
    }

    @Test(
        "has failed with whatever ended its attempt, retries or not",
        arguments: [Scheduler.Verdict.programFailed, .workerDied(.crash), .transferFailed, .hostFault, .fileFault])
    func ended(verdict: Scheduler.Verdict) {
        var limits = Scheduler.Limits()
        limits.programRetriesMax = 3
        var stage = Stage(tasks: 2, loss: .fails, limits: limits)
        let first = stage.join(hostA, slots: 1)
        _ = stage.join(hostB, slots: 1)
        let commands = stage.end(first, on: hostA, verdict)
        let isFinal = commands.contains {
            switch $0 {
            case .settle(first[0]), .giveUp(first[0], _): true
            default: false
            }
        }
        #expect(isFinal)
        #expect(stage.scheduler.readyCount == 0)
    }

    @Test("is tried again where it is certain that it was not started", arguments: [Scheduler.Verdict.transferFailed, .hostFault])
    func notStarted(verdict: Scheduler.Verdict) {
        var stage = Stage(tasks: 1, loss: .fails)
        let first = stage.join(hostA, slots: 1)
        _ = stage.join(hostB, slots: 1)
        let ending = Scheduler.Ending(attempt: first[0], busyMicroseconds: 1, verdict: verdict, mayHaveStarted: false)
        #expect(stage.react(.ended(hostA, [ending])) == [.putBack(first[0]), .dispatch(hostB, [attempt(0, 2)])])
    }

    @Test("costs no more than a host's slots when that is lost, if hosts hold nothing ahead")
    func holdsNothingAhead() {
        var limits = Scheduler.Limits()
        limits.hostQueueMilliseconds = 0
        var stage = Stage(tasks: 1_000, loss: .fails, limits: limits)
        var held = stage.join(hostA, slots: 3)
        for _ in 0..<50 {
            held += stage.end([held.removeFirst()], on: hostA, milliseconds: 1).dispatched
            #expect(held.count == 3)
        }
        #expect(stage.react(.hostLost(hostA)).count == 3)
    }
}
