import JobModel
import Scheduling
import Testing

private func retries(_ count: Int) -> Scheduler.Limits {
    var limits = Scheduler.Limits()
    limits.programRetriesMax = count
    return limits
}

@Suite("A program that fails")
struct ProgramTests {
    @Test("has failed for good when no retries were asked for, and nobody thinks the worse of its host")
    func final() {
        var stage = Stage(tasks: 40)
        var held = stage.join(hostA, slots: 1)
        var settled = 0
        while !held.isEmpty {
            let commands = stage.end([held.removeFirst()], on: hostA, .programFailed)
            settled += commands.settled.count
            #expect(commands.rests.isEmpty)
            held += commands.dispatched
        }
        #expect(settled == 40)
    }

    @Test("is tried again after 1 s, then 2 s, doubled up to a minute")
    func backoff() {
        var stage = Stage(tasks: 1, limits: retries(8))
        var held = stage.join(hostA, slots: 1)
        var waits: [UInt64] = []
        for number in UInt32(1)...8 {
            #expect(stage.end(held, on: hostA, .programFailed) == [.putBack(attempt(0, number))])
            let failed = stage.now
            #expect(stage.scheduler.view(of: hostA)?.idleReason == stage.scheduler.nextDeadline.map { .waits(until: $0) })
            #expect(stage.scheduler.view(of: TaskIndex(0)) == stage.scheduler.nextDeadline.map { .waiting(.until($0)) })
            held = stage.tick()?.dispatched(to: hostA) ?? []
            waits.append(stage.now.microseconds(since: failed) / 1_000_000)
        }
        #expect(waits == [1, 2, 4, 8, 16, 32, 60, 60])
        #expect(held == [attempt(0, 9)])
        #expect(stage.end(held, on: hostA, .programFailed) == [.settle(attempt(0, 9)), .finished(unsettled: 0)])
    }

    @Test("is not tried again before its moment, whatever else happens")
    func notEarlier() {
        var stage = Stage(tasks: 1, limits: retries(1))
        let first = stage.join(hostA, slots: 1)
        _ = stage.end(first, on: hostA, .programFailed)
        stage.wait(milliseconds: 999)
        #expect(stage.join(hostB, slots: 4).isEmpty)
        #expect(stage.react(.tick).isEmpty)
        stage.wait(milliseconds: 1)
        #expect(stage.react(.tick).dispatched(to: hostB) == [attempt(0, 2)])
    }

    @Test("waits for a host that has not failed it, however busy that is")
    func anotherHost() {
        var stage = Stage(tasks: 4, limits: retries(2))
        let first = stage.join(hostA, slots: 1)
        let other = stage.join(hostB, slots: 1)
        let next = stage.end(first, on: hostA, .programFailed).dispatched(to: hostA)
        stage.wait(milliseconds: 1_000)
        #expect(stage.react(.tick).isEmpty)
        #expect(stage.scheduler.view(of: TaskIndex(0)) == .waiting(.failedOn([hostA])))
        let later = stage.end(next, on: hostA).dispatched(to: hostA)
        #expect(later == [attempt(3, 1)], "A is free, and had its try")
        _ = stage.end(later, on: hostA)
        #expect(stage.scheduler.view(of: hostA)?.idleReason == .onlyWorkItFailed)
        #expect(stage.end(other, on: hostB).dispatched(to: hostB) == [attempt(0, 2)])
    }

    @Test("may be tried where it failed when all hosts have had it, and not once another one is there")
    func allTried() {
        var stage = Stage(tasks: 1, limits: retries(5))
        let first = stage.join(hostA, slots: 1)
        _ = stage.join(hostB, slots: 1)
        _ = stage.end(first, on: hostA, .programFailed)
        _ = stage.tick()
        _ = stage.end([attempt(0, 2)], on: hostB, .programFailed)
        let third = stage.tick()?.dispatched ?? []
        #expect(third == [attempt(0, 3)])
        // Whichever has it.
        for host in [hostA, hostB] { _ = stage.end(third, on: host, .programFailed) }
        _ = stage.react(.pause)
        while stage.tick() != nil {}
        _ = stage.react(.hostReady(hostC, Scheduler.HostOffer(slots: 1)))
        #expect(stage.react(.resume) == [.dispatch(hostC, [attempt(0, 4)])])
    }

    @Test("is tried where it failed when the other host goes away", arguments: [true, false])
    func otherGoes(isLost: Bool) {
        var stage = Stage(tasks: 3, limits: retries(2))
        let first = stage.join(hostA, slots: 1)
        _ = stage.join(hostB, slots: 1)
        let second = stage.end(first, on: hostA, .programFailed).dispatched
        stage.wait(milliseconds: 1_000)
        #expect(stage.end(second, on: hostA).dispatched.isEmpty)
        let commands = stage.react(isLost ? .hostLost(hostB) : .hostLeaving(hostB))
        #expect(commands.dispatched(to: hostA).first == attempt(0, 2))
    }

    @Test("goes on being kept from the host that failed it when it is called back from another")
    func calledBack() {
        var stage = Stage(tasks: 2, limits: retries(2))
        let first = stage.join(hostA, slots: 1)
        let second = stage.join(hostB, slots: 1)
        _ = stage.end(first, on: hostA, .programFailed)
        _ = stage.end(second, on: hostB)
        #expect(stage.tick()?.dispatched(to: hostB) == [attempt(0, 2)])
        #expect(stage.react(.released(hostB, [TaskIndex(0)])).dispatched == [attempt(0, 3)])
        #expect(stage.scheduler.view(of: TaskIndex(0)) == .dispatched([hostB]))
    }

    @Test("leaves the job open while it waits; a job that drains leaves it to the next run", arguments: [true, false])
    func waitingIsNotDone(drainsFirst: Bool) {
        var stage = Stage(tasks: 1, limits: retries(1))
        let first = stage.join(hostA, slots: 1)
        if drainsFirst {
            _ = stage.react(.drain)
            #expect(stage.end(first, on: hostA, .programFailed) == [.putBack(first[0]), .finished(unsettled: 1)])
        } else {
            #expect(stage.end(first, on: hostA, .programFailed) == [.putBack(first[0])])
            #expect(stage.react(.drain) == [.finished(unsettled: 1)])
        }
        #expect(stage.scheduler.view(of: TaskIndex(0)) == .waiting(.draining))
        #expect(stage.tick()?.isEmpty != false)
    }

    @Test("shows that its host works: it may hold work ahead from then on")
    func proves() {
        var stage = Stage(tasks: 100)
        let first = stage.join(hostA, slots: 1)
        #expect(stage.end(first, on: hostA, .programFailed).dispatched.count > 1)
    }

    @Test("and succeeds on other hosts again and again makes the host rest where it fails")
    func sickHost() {
        var stage = Stage(tasks: 100, limits: retries(3))
        var held = [hostA: stage.join(hostA, slots: 1), hostB: stage.join(hostB, slots: 1)]
        var rests: [HostIndex] = []
        var settled = 0
        for round in 0..<1_000 where settled < 100 {
            stage.wait(milliseconds: 200)
            let host = round % 2 == 0 ? hostA : hostB
            let commands: [Scheduler.Command]
            if let next = held[host]?.first {
                held[host]?.removeFirst()
                commands = stage.end([next], on: host, host == hostA ? .programFailed : .done)
            } else {
                commands = stage.react(.tick)
            }
            for other in [hostA, hostB] { held[other]? += commands.dispatched(to: other) }
            rests += commands.rests
            settled += commands.settled.count
        }
        #expect(rests.first == hostA && !rests.contains(hostB))
        #expect(settled == 100, "all were done on B")
    }

    @Test("and succeeds where it failed before speaks against no host")
    func flaky() {
        var stage = Stage(tasks: 60, limits: retries(3))
        var held = [hostA: stage.join(hostA, slots: 1), hostB: stage.join(hostB, slots: 1)]
        var settled = 0
        for round in 0..<5_000 where settled < 60 {
            stage.wait(milliseconds: 200)
            let host = round % 2 == 0 ? hostA : hostB
            let commands: [Scheduler.Command]
            if let next = held[host]?.first {
                held[host]?.removeFirst()
                commands = stage.end([next], on: host, next.number < 3 ? .programFailed : .done)
            } else {
                commands = stage.react(.tick)
            }
            for other in [hostA, hostB] { held[other]? += commands.dispatched(to: other) }
            #expect(commands.rests.isEmpty)
            settled += commands.settled.count
        }
        #expect(settled == 60)
    }

    @Test("while a second attempt of it runs is not tried a third time")
    func twin() {
        var stage = Stage(tasks: 3, allowsDuplicates: true, limits: retries(1))
        let first = stage.join(hostA, slots: 1)
        let second = stage.join(hostB, slots: 1)
        stage.wait(milliseconds: 100)
        let last = stage.end(first, on: hostA).dispatched(to: hostA)
        _ = stage.end(second, on: hostB)
        var twin: [Attempt] = []
        while twin.isEmpty, let commands = stage.tick() { twin = commands.dispatched(to: hostB) }
        #expect(stage.end(last, on: hostA, .programFailed) == [.discard(last[0])])
        #expect(stage.end(twin, on: hostB, .programFailed) == [.settle(twin[0]), .finished(unsettled: 0)])
    }
}
