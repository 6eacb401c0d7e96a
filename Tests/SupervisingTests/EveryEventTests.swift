import JobModel
import Testing

@testable import Supervising

/// A slot's state that a supervisor can be brought to.
enum Situation: CaseIterable {
    case resting, starting, idle, busy, ahead, weighing, retiring, killedForTime, killedForLies, killedIdle, abandoned, unusable,
        stopping, stopped

    /// A world of two slots with slot 0 in this state, and whether a process is there.
    var world: SupervisedWorld {
        var limits = Supervisor.Limits()
        limits.tasksPerWorkerMax = 50
        var world =
            self == .starting || self == .resting ? SupervisedWorld(slots: 2, limits: limits) : .ready(slots: 2, limits: limits)
        switch self {
        case .resting: world.die(0, .exited(code: 1))
        case .starting, .idle: break
        case .busy: world.assign([0, 1, 2], limitMilliseconds: 1_000)
        case .ahead:
            world.assign(Array(0..<9), limitMilliseconds: 1_000)
            world.report(0, wallMicroseconds: 10)
        case .weighing:
            world.assign([0, 1, 2])
            world.pass(1_000, activity: .runnable, residentBytes: 1 << 30)
            world.report(0)
        case .retiring:
            for task in 0..<50 {
                world.assign([task])
                world.report(0)
            }
        case .killedForTime:
            world.assign([0], limitMilliseconds: 1_000)
            world.pass(3_000, activity: .waiting)
        case .killedForLies:
            world.assign([0])
            world.apply(.workerMisbehaved(slot: 0, "sent nonsense"))
        case .killedIdle: world.apply(.workerMisbehaved(slot: 0, "sent nonsense"))
        case .abandoned:
            world.assign([0], limitMilliseconds: 1_000)
            world.pass(14_000, activity: .waiting)
        case .unusable:
            world.apply(.workerUnusable(slot: 1, "no libvips"))
        case .stopping:
            world.assign([0])
            world.apply(.stopped)
        case .stopped:
            world.apply(.stopped)
            world.die(0, SupervisedWorld.killed)
            world.die(1, SupervisedWorld.killed)
        }
        return world
    }

    /// What slot 0 is in, to see that the recipe above still leads there.
    func matches(_ state: SlotState) -> Bool {
        switch (self, state) {
        case (.resting, .resting), (.starting, .starting), (.retiring, .retiring), (.abandoned, .abandoned),
            (.stopping, .killing),
            (.stopped, .vacant):
            true
        case (.idle, .serving(let serving)), (.unusable, .serving(let serving)): serving.load == .none
        case (.busy, .serving(let serving)): serving.load.first != nil && serving.load.prefetched == nil
        case (.ahead, .serving(let serving)): serving.load.prefetched != nil
        case (.weighing, .serving(let serving)): serving.load == .weighing
        case (.killedForTime, .killing(let killing)): killing.cause == .timeout
        case (.killedForLies, .killing(let killing)): killing.load.first != nil && killing.cause != .timeout
        case (.killedIdle, .killing(let killing)): killing.load == .none
        default: false
        }
    }
}

@Suite("Every event in every state")
struct EveryEventTests {
    @Test("The situations are what they are called", arguments: Situation.allCases)
    func situations(situation: Situation) {
        let state = situation.world.supervisor.slots[0].state
        #expect(situation.matches(state), "\(state)")
    }

    /// Events that can come whatever a slot does. Those of a worker come only from one that is there.
    private func events(_ world: SupervisedWorld) -> [Supervisor.Event] {
        var events: [Supervisor.Event] = [
            .setup(slots: 3), .assigned([SupervisedWorld.order(500), SupervisedWorld.order(501), SupervisedWorld.order(0)]),
            .assigned([]),
            .retracted((0..<600).map { TaskIndex($0) }), .retracted([]), .feedingHeld(true), .feedingHeld(false), .slotsUsable(1), .stopped, .tick,
            .sampled(slot: 0, nil),
            .sampled(
                slot: 0,
                WorkerSample(activity: .waiting, cpuMilliseconds: 1 << 60, ioWaitMilliseconds: 1 << 60, residentBytes: 1 << 60)),
            .sampled(slot: 0, WorkerSample(activity: .stopped, cpuMilliseconds: 0, ioWaitMilliseconds: 0, residentBytes: 0)),
        ]
        guard let worker = world.workers[0] else { return events }
        let ends: [WorkerEnd] = [.exited(code: 0), .exited(code: 77), SupervisedWorld.segfault, SupervisedWorld.killed]
        events += ends.map { .workerEnded(slot: 0, $0, lastWords: "words") }
        events += [
            .workerReady(slot: 0), .workerUnusable(slot: 0, "unusable"), .workerMisbehaved(slot: 0, "lied"),
            .workerReported(slot: 0, SupervisedWorld.finished(Attempt(task: TaskIndex(404), number: 1))),
        ]
        if let order = worker.orders.first { events.append(.workerReported(slot: 0, SupervisedWorld.finished(order.attempt))) }
        if case .starting = world.supervisor.slots[0].state {
            events += [.spawnFailed(slot: 0, "no", isFinal: true), .spawnFailed(slot: 0, "no", isFinal: false)]
        }
        return events
    }

    @Test("The books stay right, and no order vanishes", arguments: Situation.allCases)
    func books(situation: Situation) {
        let before = situation.world
        for event in events(before) {
            var world = before
            follow(event, &world)
            world.apply(event)
            let settled = Set(world.reports.keys.map(\.task)).union(world.released)
            for attempt in before.supervisor.held where !world.supervisor.isStopped {
                #expect(world.supervisor.held.contains(attempt) || settled.contains(attempt.task), "\(event) lost \(attempt)")
            }
            #expect(!world.reportedTwice, "\(event)")
            if before.isFinished { #expect(world.workers.isEmpty, "\(event) woke the dead") }
            // Whatever happened, a stop ends it.
            world.apply(.stopped)
            for slot in world.workers.keys.sorted() {
                #expect(world.workers[slot]?.isKilled == true, "\(event)")
                world.die(slot, SupervisedWorld.killed)
            }
            #expect(world.isFinished, "\(event)")
        }
    }

    /// Keeps the pretended worker in step with what the event says of it.
    private func follow(_ event: Supervisor.Event, _ world: inout SupervisedWorld) {
        switch event {
        case .workerEnded(let slot, _, _), .spawnFailed(let slot, _, _): world.workers[slot] = nil
        case .workerReady(let slot): world.workers[slot]?.phase = .serving
        case .workerReported(let slot, let report):
            if world.workers[slot]?.orders.first?.attempt == report.attempt { world.workers[slot]?.orders.removeFirst() }
        case .setup, .assigned, .retracted, .cancelled, .slotsUsable, .workerUnusable, .workerMisbehaved, .sampled, .feedingHeld, .stopped, .tick: break
        }
    }
}
