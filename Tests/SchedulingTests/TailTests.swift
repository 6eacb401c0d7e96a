import JobModel
import Scheduling
import Testing

@Suite("The end of a job")
struct TailTests {
    /// Two hosts that have shown their speed, 100 ms a task each; A works on the last task since now, B is idle.
    private func lateTask(allowsDuplicates: Bool = true) -> (Stage, Attempt) {
        var stage = Stage(tasks: 3, allowsDuplicates: allowsDuplicates)
        let first = stage.join(hostA, slots: 1)
        let second = stage.join(hostB, slots: 1)
        stage.wait(milliseconds: 100)
        let last = stage.end(first, on: hostA).dispatched(to: hostA)
        #expect(last == [attempt(2, 1)])
        #expect(stage.end(second, on: hostB) == [.settle(second[0])])
        return (stage, last[0])
    }

    /// As `lateTask`, with the second attempt under way on B.
    private func duplicated() -> (Stage, first: Attempt, second: Attempt) {
        var (stage, first) = lateTask()
        while let commands = stage.tick() {
            if let second = commands.dispatched(to: hostB).first { return (stage, first, second) }
        }
        Issue.record("no second attempt")
        return (stage, first, first)
    }

    @Test("A task that takes over twice what it should starts a second time on an idle host, and not before a second is over")
    func late() {
        var (stage, first) = lateTask()
        stage.wait(milliseconds: 900)
        #expect(stage.react(.tick).isEmpty)
        stage.wait(milliseconds: 100)
        #expect(stage.react(.tick) == [.dispatch(hostB, [attempt(2, 2)])])
        #expect(stage.scheduler.view(of: first.task) == .dispatched([hostA, hostB]))
        stage.wait(milliseconds: 10_000)
        #expect(stage.react(.tick).isEmpty, "there is no third attempt")
    }

    @Test("What a slow host has begun last starts again where it is done much sooner")
    func slowHost() {
        var stage = Stage(tasks: 4, allowsDuplicates: true)
        let slow = stage.join(hostA, slots: 1)
        let quick = stage.join(hostB, slots: 1)
        stage.wait(milliseconds: 1_000)
        let next = stage.end(quick, on: hostB, milliseconds: 1_000).dispatched(to: hostB)
        stage.wait(milliseconds: 9_000)
        #expect(stage.end(slow, on: hostA, milliseconds: 10_000).dispatched(to: hostA) == [attempt(3, 1)])
        #expect(stage.end(next, on: hostB, milliseconds: 1_000).dispatched(to: hostB) == [attempt(3, 2)], "1 s there, 10 s here")
    }

    @Test("Hosts that report nonsensical times are taken for slow ones, and the job goes on")
    func nonsense() {
        var stage = Stage(tasks: 3, allowsDuplicates: true)
        let first = stage.join(hostA, slots: 1)
        let second = stage.join(hostB, slots: 1)
        stage.wait(milliseconds: 100)
        let last = stage.react(.ended(hostA, [Scheduler.Ending(attempt: first[0], busyMicroseconds: .max)])).dispatched(to: hostA)
        #expect(stage.react(.ended(hostB, [Scheduler.Ending(attempt: second[0], busyMicroseconds: .max)])) == [.settle(second[0])])
        #expect(stage.end(last, on: hostA) == [.settle(attempt(2, 1)), .finished(unsettled: 0)])
    }

    @Test("Nothing that must not run twice starts a second time")
    func exclusive() {
        var (stage, _) = lateTask(allowsDuplicates: false)
        stage.wait(milliseconds: 100_000)
        #expect(stage.react(.tick).isEmpty)
        #expect(stage.scheduler.nextDeadline == nil)
    }

    @Test(
        "The first report wins, whoever it is from; the other attempt is called off and its report discarded",
        arguments: [true, false])
    func firstWins(secondIsFirst: Bool) {
        var (stage, first, second) = duplicated()
        let (winner, winnersHost) = secondIsFirst ? (second, hostB) : (first, hostA)
        let (loser, losersHost) = secondIsFirst ? (first, hostA) : (second, hostB)
        #expect(stage.end([winner], on: winnersHost) == [.settle(winner), .cancel(losersHost, [loser]), .finished(unsettled: 0)])
        #expect(stage.end([loser], on: losersHost) == [.discard(loser)])
        #expect(stage.end([winner], on: winnersHost) == [.discard(winner)])
    }

    @Test("A loser holds its slot until it is gone")
    func loserHoldsSlot() {
        var stage = Stage(tasks: 2, allowsDuplicates: true)
        let first = stage.join(hostA, slots: 1)
        let other = stage.join(hostB, slots: 1)
        stage.wait(milliseconds: 100)
        _ = stage.end(other, on: hostB)
        var second: [Attempt] = []
        while second.isEmpty, let commands = stage.tick() { second = commands.dispatched(to: hostB) }
        #expect(second == [attempt(0, 2)])
        #expect(stage.end(second, on: hostB).contains(.cancel(hostA, first)))
        #expect(stage.scheduler.view(of: hostA)?.running == 1)
        #expect(stage.react(.released(hostA, [first[0].task])).isEmpty)
        #expect(stage.scheduler.view(of: hostA)?.running == 0)
    }

    @Test("When one of two attempts is lost, given back or dies, the other one goes on", arguments: 0..<4)
    func oneIsLeft(how: Int) {
        var (stage, first, second) = duplicated()
        switch how {
        case 0: #expect(stage.react(.hostLost(hostA)).isEmpty)
        case 1: #expect(stage.react(.released(hostA, [first.task])).isEmpty)
        case 2: #expect(stage.end([first], on: hostA, .workerDied(.crash)) == [.discard(first)])
        default: #expect(stage.end([first], on: hostA, .hostFault) == [.discard(first)])
        }
        #expect(stage.scheduler.inFlightCount == 1)
        #expect(stage.end([second], on: hostB) == [.settle(second), .finished(unsettled: 0)])
    }

    @Test("Workers that die on both attempts prove the file guilty")
    func bothDie() {
        var (stage, first, second) = duplicated()
        _ = stage.end([first], on: hostA, .workerDied(.crash))
        #expect(stage.end([second], on: hostB, .workerDied(.crash)).first == .settle(second))
    }

    @Test("When both hosts are lost the task starts again under a number of its own")
    func bothLost() {
        var (stage, _, second) = duplicated()
        _ = stage.react(.hostLost(hostA))
        _ = stage.react(.hostLost(hostB))
        #expect(stage.join(hostC, slots: 1) == [attempt(2, second.number + 1)])
    }

    @Test("A task that takes its hosts down is not started on two at a time again, and is given up in the end")
    func killer() {
        var (stage, _, second) = duplicated()
        _ = stage.react(.hostLost(hostA))
        _ = stage.join(hostA, slots: 1)
        _ = stage.react(.hostLost(hostB))
        var held = [attempt(2, second.number + 1)]
        var commands: [Scheduler.Command] = []
        for _ in 0..<3 {
            #expect(stage.scheduler.view(of: TaskIndex(2)) == .dispatched([hostA]))
            _ = stage.join(hostB, slots: 1)
            stage.wait(milliseconds: 600_000)
            #expect(stage.react(.tick).isEmpty, "B is idle and does not get it as well")
            _ = stage.react(.hostLost(hostB))
            commands = stage.react(.hostLost(hostA))
            held = stage.join(hostA, slots: 1)
        }
        #expect(held.isEmpty)
        #expect(commands == [.giveUp(attempt(2, 5), .lost(times: 5)), .finished(unsettled: 0)])
    }

    @Test("At most a tenth of all slots work on second attempts")
    func tenth() {
        var stage = Stage(tasks: 40, allowsDuplicates: true)
        let slow = stage.join(hostA, slots: 20)
        let quick = stage.join(hostB, slots: 20)
        stage.wait(milliseconds: 100)
        _ = stage.end([slow[0]], on: hostA)
        _ = stage.end(quick, on: hostB)
        var second = 0
        for _ in 0..<20 {
            stage.wait(milliseconds: 1_000)
            second += stage.react(.tick).dispatched(to: hostB).count
        }
        #expect(second == 4)
    }

    @Test("Past the spool bound no second attempt is made")
    func bounded() {
        var (stage, _) = lateTask()
        _ = stage.react(.bound(TaskIndex(1)))
        stage.wait(milliseconds: 60_000)
        #expect(stage.react(.tick).isEmpty)
    }

    // MARK: Calling back

    /// A holds unstarted tasks of 100 ms each, B has just come and found nothing to do.
    private func unbalanced() -> (Stage, retracted: [TaskIndex], held: [Attempt]) {
        var stage = Stage(tasks: 42)
        let first = stage.join(hostA, slots: 2)
        stage.wait(milliseconds: 100)
        let held = first.dropFirst() + stage.end([first[0]], on: hostA).dispatched(to: hostA)
        #expect(held.count == 41)
        let commands = stage.react(.hostReady(hostB, Scheduler.HostOffer(slots: 3)))
        #expect(commands.dispatched.isEmpty, "nothing moves before the other host has let it go")
        return (stage, commands.retracted(from: hostA), Array(held))
    }

    @Test("An idle host gets what another has not started, once that has let it go")
    func balance() {
        var (stage, retracted, held) = unbalanced()
        #expect(retracted.count == 3, "one a slot, as its speed is not known")
        #expect(retracted.map(\.rawValue) == [39, 40, 41], "what would start last")
        #expect(stage.react(.tick).isEmpty, "they are asked for once")
        let commands = stage.react(.released(hostA, retracted))
        #expect(commands.dispatched(to: hostB) == retracted.map { Attempt(task: $0, number: 2) })
        #expect(commands.dispatched(to: hostA).isEmpty)
        let late = held.filter { retracted.contains($0.task) }
        #expect(stage.end(late, on: hostA) == late.map { .discard($0) })
    }

    @Test("What has started after all stays where it is and is not asked for again")
    func startedAfterAll() {
        var (stage, retracted, _) = unbalanced()
        let next = stage.react(.started(hostA, retracted)).retracted(from: hostA)
        #expect(!next.isEmpty && Set(next).isDisjoint(with: retracted))
    }

    @Test("A host that reports what it was asked for instead of answering has done it")
    func reportedMeanwhile() {
        var (stage, retracted, held) = unbalanced()
        let crossed = held.filter { retracted.contains($0.task) }
        #expect(
            stage.end(crossed, on: hostA).filter { if case .settle = $0 { true } else { false } } == crossed.map { .settle($0) })
        #expect(stage.react(.released(hostA, retracted)).dispatched.isEmpty)
    }

    @Test("A host that is lost before it answers has let everything go")
    func lostMeanwhile() {
        var (stage, retracted, _) = unbalanced()
        let commands = stage.react(.hostLost(hostA))
        #expect(commands.dispatched(to: hostB).count == 3)
        #expect(stage.react(.released(hostA, retracted)).isEmpty)
    }
}
