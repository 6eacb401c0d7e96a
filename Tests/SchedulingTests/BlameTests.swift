import JobModel
import Scheduling
import Testing

@Suite("Who is to blame for a file")
struct FileBlameTests {
    @Test("A decoder's verdict is final at once")
    func verdict() {
        var stage = Stage(tasks: 2)
        let first = stage.join(hostA, slots: 1)
        _ = stage.join(hostB, slots: 1)
        #expect(stage.end(first, on: hostA, .fileFault).first == .settle(first[0]))
    }

    @Test("What workers die on is tried on another host before anything else, and fails when they die there too")
    func secondOpinion() {
        var stage = Stage(tasks: 9)
        let first = stage.join(hostA, slots: 1)
        let other = stage.join(hostB, slots: 1)
        #expect(stage.end(first, on: hostA, .workerDied(.crash)) == [.putBack(first[0]), .dispatch(hostA, [attempt(2, 1)])])
        #expect(stage.scheduler.view(of: first[0].task) == .waiting(.failedOn([hostA])))
        let second = stage.end(other, on: hostB).dispatched(to: hostB)
        #expect(second.first == attempt(0, 2))
        #expect(stage.end([second[0]], on: hostB, .workerDied(.hang)).first == .settle(second[0]))
    }

    @Test("With no other host the first death is final, and so it is without retries")
    func onlyHost() {
        var stage = Stage(tasks: 2)
        let first = stage.join(hostA, slots: 1)
        #expect(stage.end(first, on: hostA, .workerDied(.memory)).first == .settle(first[0]))
        var limits = Scheduler.Limits()
        limits.retriesMax = 0
        var strict = Stage(tasks: 2, limits: limits)
        let only = strict.join(hostA, slots: 1)
        _ = strict.join(hostB, slots: 1)
        #expect(strict.end(only, on: hostA, .workerDied(.crash)).first == .settle(only[0]))
    }

    @Test("A file that waits for a second opinion is given up when nobody is left to give one", arguments: [true, false])
    func lastWitnessGone(isLost: Bool) {
        var stage = Stage(tasks: 2)
        let first = stage.join(hostA, slots: 1)
        _ = stage.join(hostB, slots: 1)
        _ = stage.end(first, on: hostA, .workerDied(.crash))
        let commands = stage.react(isLost ? .hostLost(hostB) : .hostLeaving(hostB))
        #expect(commands.contains(.giveUp(first[0], .workersDied(.crash, hosts: 1))))
    }

    @Test("While no host is there at all, such a file waits")
    func nobodyThere() {
        var stage = Stage(tasks: 2)
        let first = stage.join(hostA, slots: 2)
        _ = stage.join(hostB, slots: 1)
        _ = stage.end([first[0]], on: hostA, .workerDied(.crash))
        _ = stage.react(.hostLost(hostB))
        _ = stage.react(.hostLost(hostA))
        #expect(stage.scheduler.readyCount == 1, "the other one was lost while it ran")
        #expect(!stage.join(hostC, slots: 4).isEmpty)
    }

    @Test("Files that kill every worker let no host rest")
    func poison() {
        var stage = Stage(tasks: 200)
        var held = [hostA: stage.join(hostA, slots: 2), hostB: stage.join(hostB, slots: 2), hostC: stage.join(hostC, slots: 2)]
        var settled = 0
        var rounds = 0
        while settled < 200, rounds < 2_000 {
            rounds += 1
            let host = [hostA, hostB, hostC][rounds % 3]
            guard let next = held[host]?.first else { continue }
            held[host]?.removeFirst()
            stage.wait(milliseconds: 50)
            // Every second file is poison, and they come in long rows.
            let isPoison = next.task.rawValue % 100 < 50
            let commands = stage.end([next], on: host, isPoison ? .workerDied(.crash) : .done)
            for other in [hostA, hostB, hostC] { held[other]? += commands.dispatched(to: other) }
            settled += commands.count { if case .settle = $0 { true } else { false } }
            #expect(commands.rests.isEmpty)
        }
        #expect(settled == 200)
    }

    @Test("Failed transfers are tried again twice, elsewhere if possible")
    func transfers() {
        var stage = Stage(tasks: 1)
        let first = stage.join(hostA, slots: 1)
        _ = stage.join(hostB, slots: 1)
        #expect(stage.end(first, on: hostA, .transferFailed) == [.putBack(first[0]), .dispatch(hostB, [attempt(0, 2)])])
        #expect(
            stage.end([attempt(0, 2)], on: hostB, .transferFailed) == [
                .putBack(attempt(0, 2)), .dispatch(hostA, [attempt(0, 3)]),
            ])
        #expect(
            stage.end([attempt(0, 3)], on: hostA, .transferFailed)
                == [.giveUp(attempt(0, 3), .transfersFailed(times: 3)), .finished(unsettled: 0)])
    }

    @Test("A fault of its host costs a file nothing, however often, and a lost host nothing where it had not begun")
    func environment() {
        var stage = Stage(tasks: 1)
        var held = stage.join(hostA, slots: 1)
        for _ in 0..<10 {
            let commands = stage.end(held, on: hostA, .hostFault)
            #expect(commands.first == .putBack(held[0]))
            held = commands.dispatched
            while stage.scheduler.inFlightCount == 0, let commands = stage.tick() { held = commands.dispatched }
        }
        #expect(held == [attempt(0, 11)])
        _ = stage.react(.hostLost(hostA))
        held = stage.join(hostB, slots: 1)
        #expect(stage.end(held, on: hostB) == [.settle(held[0]), .finished(unsettled: 0)])
    }

    @Test("A task that takes its hosts down is found out alone, and those that were lost with it are done")
    func company() {
        var stage = Stage(tasks: 12)
        let killer = TaskIndex(3)
        var done: Set<TaskIndex> = []
        var givenUp: [Attempt] = []
        var held = stage.join(hostA, slots: 4)
        var rounds = 0
        while stage.scheduler.readyCount + stage.scheduler.inFlightCount > 0, rounds < 100 {
            rounds += 1
            stage.wait(milliseconds: 100)
            let commands: [Scheduler.Command]
            if held.contains(where: { $0.task == killer }) {
                commands = stage.react(.hostLost(hostA))
                held = stage.join(hostA, slots: 4)
            } else {
                done.formUnion(held.map(\.task))
                commands = stage.end(held, on: hostA)
                held = commands.dispatched(to: hostA)
            }
            givenUp += commands.compactMap { if case .giveUp(let attempt, .lost(times: 5)) = $0 { attempt } else { nil } }
        }
        #expect(givenUp.map(\.task) == [killer])
        #expect(done.count == 11)
    }

    @Test("While the job drains a death is no verdict: the file is left for the next run")
    func drain() {
        var stage = Stage(tasks: 2)
        let first = stage.join(hostA, slots: 1)
        _ = stage.join(hostB, slots: 1)
        _ = stage.react(.drain)
        _ = stage.react(.released(hostB, [TaskIndex(1)]))
        #expect(stage.end(first, on: hostA, .workerDied(.crash)) == [.putBack(first[0]), .finished(unsettled: 2)])
    }
}

@Suite("Who is to blame for a host")
struct HostBlameTests {
    @Test("Faults in a row make a host rest, each time twice as long up to ten minutes, and it comes back to one task")
    func backoff() {
        var stage = Stage(tasks: 1_000)
        var held = stage.join(hostA, slots: 3)
        var commands = stage.end(held, on: hostA, .hostFault)
        var rests: [UInt64] = []
        for round in 0..<7 {
            guard
                case .rest(hostA, let until, .faultsInRow)? = commands.first(where: { if case .rest = $0 { true } else { false } }
                )
            else {
                Issue.record("no rest in round \(round)")
                return
            }
            rests.append(until.microseconds(since: stage.now) / 1_000_000)
            #expect(commands.dispatched.isEmpty)
            let back = stage.tick() ?? []
            #expect(stage.now == until)
            #expect(back.first == .hostBack(hostA))
            held = back.dispatched(to: hostA)
            #expect(held.count == 1)
            commands = stage.end(held, on: hostA, round < 6 ? .hostFault : .done)
        }
        #expect(rests == [30, 60, 120, 240, 480, 600, 600])
        #expect(commands.dispatched(to: hostA).count >= 3, "one success ends the trial")
    }

    @Test("Two faults, or faults with a success between them, are forgiven")
    func notInRow() {
        var stage = Stage(tasks: 1_000)
        var held = stage.join(hostA, slots: 1)
        for round in 0..<30 {
            let commands = stage.end([held.removeFirst()], on: hostA, round % 3 == 2 ? .done : .hostFault)
            #expect(commands.rests.isEmpty)
            held += commands.dispatched
        }
    }

    @Test("What it had not started when it began to rest is called back; late faults do not prolong the rest")
    func restCallsBack() {
        var stage = Stage(tasks: 1_000)
        let first = stage.join(hostA, slots: 4)
        let more = stage.end([first[0]], on: hostA).dispatched
        #expect(more.count > 1)
        let commands = stage.end(Array(first[1...3]), on: hostA, .transferFailed)
        #expect(commands.rests == [hostA])
        let unstarted = commands.retracted(from: hostA)
        #expect(unstarted.count == more.count - 4, "four more were taken for started when slots fell free")
        let deadline = stage.scheduler.nextDeadline
        #expect(stage.end([more[0]], on: hostA, .transferFailed) == [.putBack(more[0])])
        #expect(stage.scheduler.nextDeadline == deadline)
        guard case .resting? = stage.scheduler.view(of: hostA)?.idleReason else {
            Issue.record("it does not say that it rests")
            return
        }
    }

    @Test("A host whose workers die on what others can do rests; the others do not")
    func sickHost() {
        var stage = Stage(tasks: 100)
        var held = [hostA: stage.join(hostA, slots: 2), hostB: stage.join(hostB, slots: 2)]
        var rests: [HostIndex] = []
        var settled = 0
        for round in 0..<400 where settled < 100 {
            stage.wait(milliseconds: 100)
            let host = round % 2 == 0 ? hostA : hostB
            guard let next = held[host]?.first else { continue }
            held[host]?.removeFirst()
            let commands = stage.end([next], on: host, host == hostA ? .workerDied(.crash) : .done)
            for other in [hostA, hostB] { held[other]? += commands.dispatched(to: other) }
            rests += commands.rests
            settled += commands.count { if case .settle = $0 { true } else { false } }
            if !rests.isEmpty { #expect(commands.dispatched(to: hostA).isEmpty || commands.contains(.hostBack(hostA))) }
        }
        #expect(rests.first == hostA && !rests.contains(hostB))
        #expect(settled == 100, "no file was lost to the sick host")
    }

    @Test("Too little memory is no fault of a small host")
    func smallHost() {
        var stage = Stage(tasks: 40)
        var held = [hostA: stage.join(hostA, slots: 1), hostB: stage.join(hostB, slots: 1)]
        for round in 0..<60 {
            let host = round % 2 == 0 ? hostA : hostB
            guard let next = held[host]?.first else { continue }
            held[host]?.removeFirst()
            let commands = stage.end([next], on: host, host == hostA ? .workerDied(.memory) : .done)
            #expect(commands.rests.isEmpty)
            for other in [hostA, hostB] { held[other]? += commands.dispatched(to: other) }
        }
    }

    @Test("Leaving and coming back, or losing its link, does not end a rest")
    func comesBackEarly() {
        var stage = Stage(tasks: 100)
        let first = stage.join(hostA, slots: 3)
        _ = stage.end(first, on: hostA, .hostFault)
        _ = stage.react(.hostLost(hostA))
        #expect(stage.join(hostA, slots: 3).isEmpty)
        #expect(stage.tick()?.dispatched(to: hostA).count == 1)
    }
}
