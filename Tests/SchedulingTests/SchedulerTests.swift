import JobModel
import Scheduling
import Testing

private let here = HostIndex(rawValue: 0)
private let there = HostIndex(rawValue: 1)

private func dispatched(_ commands: [Scheduler.Command]) -> [Attempt] {
    commands.flatMap { command -> [Attempt] in
        switch command {
        case .dispatch(_, let attempts): attempts
        case .retract, .cancel, .settle, .putBack, .discard, .giveUp, .rest, .hostBack, .mayClose, .finished: []
        }
    }
}

private func ending(_ attempt: Attempt, _ microseconds: UInt64 = 100_000) -> Scheduler.Ending {
    Scheduler.Ending(attempt: attempt, busyMicroseconds: microseconds)
}

extension Scheduler {
    /// For what does not depend on time.
    fileprivate mutating func react(_ event: Event) -> [Command] { apply(event, at: Instant(microseconds: 0)) }
}

@Suite("Which task goes where")
struct SchedulerTests {
    @Test("A host gets one task a slot before anything is known of their cost")
    func firstShard() {
        var scheduler = Scheduler(taskCount: 100, order: .plan)
        let commands = scheduler.react(.hostReady(here, Scheduler.HostOffer(slots: 4)))
        #expect(dispatched(commands).map(\.task.rawValue) == [0, 1, 2, 3])
        #expect(dispatched(commands).allSatisfy { $0.number == 1 })
    }

    @Test("Afterwards a host holds at most two seconds of unstarted work")
    func boundedQueue() {
        var scheduler = Scheduler(taskCount: 10_000, order: .plan)
        let first = dispatched(scheduler.react(.hostReady(here, Scheduler.HostOffer(slots: 2))))
        _ = scheduler.react(.ended(here, [ending(first[0], 10_000)]))
        // 10 ms a task on 2 slots: 400 tasks are 2 s, and 2 are being worked on.
        #expect(scheduler.inFlightCount == 402)
    }

    @Test(
        "Every task is settled once and the end is announced once", arguments: [Scheduler.Order.plan, .ranked([4, 2, 0, 1, 3])])
    func runsToTheEnd(order: Scheduler.Order) {
        var scheduler = Scheduler(taskCount: 5, order: order)
        var open = dispatched(scheduler.react(.hostReady(here, Scheduler.HostOffer(slots: 2))))
        var settled: [UInt32] = []
        var finished = 0
        while !open.isEmpty {
            let attempt = open.removeFirst()
            for command in scheduler.react(.ended(here, [ending(attempt)])) {
                switch command {
                case .dispatch(_, let more): open += more
                case .settle(let done): settled.append(done.task.rawValue)
                case .finished(let unsettled):
                    finished += 1
                    #expect(unsettled == 0)
                case .retract, .cancel, .putBack, .discard, .giveUp, .rest, .hostBack, .mayClose:
                    Issue.record("unexpected \(command)")
                }
            }
        }
        #expect(settled.sorted() == [0, 1, 2, 3, 4])
        #expect(finished == 1)
        if case .ranked(let ranks) = order { #expect(settled == ranks) }
    }

    @Test("A lost host's tasks run elsewhere under a new attempt, and its late report is discarded")
    func lostHost() {
        var scheduler = Scheduler(taskCount: 2, order: .plan)
        let first = dispatched(scheduler.react(.hostReady(here, Scheduler.HostOffer(slots: 2))))
        _ = scheduler.react(.hostReady(there, Scheduler.HostOffer(slots: 2)))
        let again = dispatched(scheduler.react(.hostLost(here)))
        #expect(again == first.map { Attempt(task: $0.task, number: 2) })
        #expect(scheduler.react(.ended(here, [ending(first[0])])) == [.discard(first[0])])
        #expect(scheduler.react(.ended(there, [ending(again[0])])).first == .settle(again[0]))
    }

    @Test("A report that comes twice settles once")
    func duplicateReport() {
        var scheduler = Scheduler(taskCount: 3, order: .plan)
        let first = dispatched(scheduler.react(.hostReady(here, Scheduler.HostOffer(slots: 1))))
        #expect(scheduler.react(.ended(here, [ending(first[0])])).first == .settle(first[0]))
        #expect(scheduler.react(.ended(here, [ending(first[0])])) == [.discard(first[0])])
    }

    @Test("A host lost twice is lost once")
    func lostTwice() {
        var scheduler = Scheduler(taskCount: 3, order: .plan)
        _ = scheduler.react(.hostReady(here, Scheduler.HostOffer(slots: 1)))
        _ = scheduler.react(.hostLost(here))
        #expect(scheduler.react(.hostLost(here)).isEmpty)
        #expect(scheduler.readyCount == 3)
    }

    @Test("A task that loses five hosts is given up")
    func givenUp() {
        var scheduler = Scheduler(taskCount: 1, order: .plan)
        for round in 1...5 {
            let attempts = dispatched(scheduler.react(.hostReady(here, Scheduler.HostOffer(slots: 1))))
            #expect(attempts.map(\.number) == [UInt32(round)])
            let commands = scheduler.react(.hostLost(here))
            if round == 5 {
                #expect(commands == [.giveUp(Attempt(task: TaskIndex(0), number: 5), .lost(times: 5)), .finished(unsettled: 0)])
            }
        }
    }

    @Test("A task that was given back in pauses, however often, is not given up when its host is lost once")
    func givenBack() {
        var scheduler = Scheduler(taskCount: 1, order: .plan)
        var attempts = dispatched(scheduler.react(.hostReady(here, Scheduler.HostOffer(slots: 1))))
        for _ in 1...10 { attempts = dispatched(scheduler.react(.released(here, attempts.map(\.task)))) }
        #expect(attempts.map(\.number) == [11])
        #expect(scheduler.react(.hostLost(here)).isEmpty)
        #expect(dispatched(scheduler.react(.hostReady(here, Scheduler.HostOffer(slots: 1)))).map(\.number) == [12])
    }

    @Test("Draining calls back what has not started and ends when the rest is in")
    func drain() {
        var scheduler = Scheduler(taskCount: 100, order: .plan)
        let first = dispatched(scheduler.react(.hostReady(here, Scheduler.HostOffer(slots: 2))))
        let more = dispatched(scheduler.react(.ended(here, [ending(first[0])])))
        let running = [first[1], more[0]]
        #expect(scheduler.react(.drain) == [.retract(here, ([first[1]] + more).map(\.task).sorted())])
        #expect(scheduler.react(.released(here, more.dropFirst().map(\.task))).isEmpty)
        let last = scheduler.react(.ended(here, running.map { ending($0) }))
        #expect(last == running.map { .settle($0) } + [.finished(unsettled: 97)])
    }

    @Test("A pause calls back what has not started and ends nothing; going on dispatches it again as another attempt")
    func pause() {
        var scheduler = Scheduler(taskCount: 3, order: .plan)
        let first = dispatched(scheduler.react(.hostReady(here, Scheduler.HostOffer(slots: 3))))
        #expect(scheduler.react(.pause) == [.retract(here, first.map(\.task))])
        #expect(scheduler.react(.pause).isEmpty)
        #expect(scheduler.react(.released(here, [first[1].task, first[2].task])).isEmpty)
        #expect(scheduler.react(.ended(here, [ending(first[0])])) == [.settle(first[0])])
        let again = dispatched(scheduler.react(.resume))
        #expect(again == first.dropFirst().map { Attempt(task: $0.task, number: 2) })
        #expect(scheduler.react(.ended(here, again.map { ending($0) })).last == .finished(unsettled: 0))
    }

    @Test("While too much waits to be recorded nothing is dispatched, and what runs is left alone")
    func congested() {
        var scheduler = Scheduler(taskCount: 3, order: .plan)
        let first = dispatched(scheduler.react(.hostReady(here, Scheduler.HostOffer(slots: 1))))
        #expect(scheduler.react(.congested(true)).isEmpty)
        #expect(scheduler.react(.ended(here, [ending(first[0])])) == [.settle(first[0])])
        let rest = dispatched(scheduler.react(.congested(false)))
        #expect(rest.map(\.task.rawValue) == [1, 2])
        #expect(scheduler.react(.congested(true)).isEmpty)
        #expect(scheduler.react(.ended(here, rest.map { ending($0) })).last == .finished(unsettled: 0))
    }

    @Test("A job that is stopped while it is paused ends, and one that has nothing left")
    func endOfPause() {
        var stopped = Scheduler(taskCount: 3, order: .plan)
        _ = stopped.react(.pause)
        #expect(stopped.react(.hostReady(here, Scheduler.HostOffer(slots: 2))).isEmpty)
        #expect(stopped.react(.drain) == [.finished(unsettled: 3)])
        var done = Scheduler(taskCount: 1, order: .plan)
        let first = dispatched(done.react(.hostReady(here, Scheduler.HostOffer(slots: 1))))
        _ = done.react(.pause)
        #expect(done.react(.ended(here, [ending(first[0])])) == [.settle(first[0]), .finished(unsettled: 0)])
    }

    @Test("A release that comes after the report changes nothing")
    func lateRelease() {
        var scheduler = Scheduler(taskCount: 1, order: .plan)
        let first = dispatched(scheduler.react(.hostReady(here, Scheduler.HostOffer(slots: 1))))
        _ = scheduler.react(.ended(here, [ending(first[0])]))
        #expect(scheduler.react(.released(here, [first[0].task])).isEmpty)
        #expect(scheduler.readyCount == 0)
    }

    @Test("Past the bound nothing is dispatched until it moves")
    func bounded() {
        var scheduler = Scheduler(taskCount: 10, order: .plan)
        _ = scheduler.react(.bound(TaskIndex(1)))
        let first = dispatched(scheduler.react(.hostReady(here, Scheduler.HostOffer(slots: 4))))
        #expect(first.map(\.task.rawValue) == [0])
        #expect(dispatched(scheduler.react(.bound(TaskIndex(3)))).map(\.task.rawValue) == [1, 2])
    }

    @Test("A job without tasks is finished as soon as a host is there")
    func empty() {
        var scheduler = Scheduler(taskCount: 0, order: .plan)
        #expect(scheduler.react(.hostReady(here, Scheduler.HostOffer(slots: 1))) == [.finished(unsettled: 0)])
    }
}
