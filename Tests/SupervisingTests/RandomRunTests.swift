import JobModel
import Testing

@testable import Supervising

/// Repeatable numbers (Knuth's MMIX constants): the seed replays a run.
struct Chance {
    private var state: UInt64
    init(seed: UInt64) { state = seed &* 0x9E37_79B9_7F4A_7C15 | 1 }

    mutating func below(_ bound: Int) -> Int {
        state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
        return Int((state >> 33) % UInt64(bound))
    }
}

@Suite("Any sequence of events")
struct RandomRunTests {
    @Test("No order is lost, doubled or run beside one that wants the host alone; healed, everything ends", arguments: 0..<150)
    func anySequence(seed: Int) {
        var chance = Chance(seed: UInt64(seed))
        var limits = Supervisor.Limits()
        limits.tasksPerWorkerMax = 7
        limits.waitingMax = 40
        let slots = 1 + chance.below(4)
        var world = SupervisedWorld(slots: slots, limits: limits)
        var given: Set<Attempt> = []
        var nextTask = 0
        for _ in 0..<600 {
            disturb(&world, &chance, &given, &nextTask)
            #expect(!world.reportedTwice)
        }
        heal(&world)
        if world.unusable.isEmpty {
            let released = Set(world.released)
            for attempt in given {
                let isReported = world.reports[attempt] != nil
                #expect(isReported != released.contains(attempt.task), "task \(attempt.task.rawValue) of seed \(seed)")
            }
            #expect(world.supervisor.held.isEmpty)
        }
        #expect(world.unusable.count <= 1)
        world.apply(.stopped)
        for slot in world.workers.keys.sorted() { world.die(slot, SupervisedWorld.killed) }
        #expect(world.isFinished)
    }

    private func disturb(
        _ world: inout SupervisedWorld, _ chance: inout Chance, _ given: inout Set<Attempt>, _ nextTask: inout Int
    ) {
        let slot = chance.below(world.supervisor.slots.count)
        let worker = world.workers[slot]
        switch chance.below(14) {
        case 0:
            let tasks = Array(nextTask..<nextTask + 1 + chance.below(12))
            nextTask += tasks.count
            for task in tasks { given.insert(Attempt(task: TaskIndex(task), number: 1)) }
            world.assign(tasks, limitMilliseconds: chance.below(2) == 0 ? 1_500 : nil)
        case 1...3 where worker?.phase == .starting && worker?.isKilled == false: world.becomeReady(slot)
        case 4...7 where worker?.orders.isEmpty == false:
            world.report(slot, wallMicroseconds: chance.below(2) == 0 ? 10 : 100_000)
        case 8 where worker != nil && (worker?.isKilled == true || worker?.phase == .inputClosed || chance.below(3) == 0):
            let ends: [WorkerEnd] = [SupervisedWorld.segfault, SupervisedWorld.killed, .exited(code: 77), .exited(code: 0)]
            // A host that is too sick becomes unusable; most runs shall not.
            if worker?.orders.isEmpty == false || worker?.isKilled == true || worker?.phase == .inputClosed
                || chance.below(20) == 0
            {
                world.die(slot, ends[chance.below(ends.count)])
            }
        case 9:
            world.pass(UInt64(chance.below(3_000)), activity: chance.below(2) == 0 ? .waiting : .runnable, cpuShare: 0.5)
        case 10:
            let tasks = (0..<chance.below(3)).map { _ in TaskIndex(chance.below(max(1, nextTask))) }
            world.apply(.retracted(tasks))
        case 12: world.apply(.slotsUsable(1 + chance.below(world.supervisor.slots.count)))
        case 13 where nextTask > 0 && chance.below(3) == 0:
            let unwanted = Attempt(task: TaskIndex(chance.below(nextTask)), number: 1)
            given.remove(unwanted)
            world.apply(.cancelled([unwanted]))
        case 11: world.apply(.feedingHeld(chance.below(3) == 0))
        default:
            world.answerSamples(.runnable, residentBytes: chance.below(3) == 0 ? 1 << 30 : 1 << 20)
        }
    }

    /// No more faults: workers start, work and end as they should.
    private func heal(_ world: inout SupervisedWorld) {
        world.apply(.feedingHeld(false))
        for _ in 0..<5_000 {
            for (slot, worker) in world.workers.sorted(by: { $0.key < $1.key }) {
                if worker.isKilled || worker.phase == .inputClosed {
                    world.die(slot, worker.isKilled ? SupervisedWorld.killed : .exited(code: 0))
                } else if worker.phase == .starting {
                    world.becomeReady(slot)
                } else if !worker.orders.isEmpty {
                    world.report(slot, wallMicroseconds: 10)
                }
            }
            world.answerSamples(.waiting)
            world.now += 100
            world.apply(.tick)
            if world.supervisor.held.isEmpty { return }
        }
    }

    @Test("The same events give the same commands")
    func deterministic() {
        func run() -> [Supervisor.Command] {
            var chance = Chance(seed: 7)
            var supervisor = Supervisor()
            var commands = supervisor.apply(.setup(slots: 4), nowMilliseconds: 0)
            for slot in 0..<4 { commands += supervisor.apply(.workerReady(slot: slot), nowMilliseconds: 1) }
            let tasks = (0..<100).map { _ in SupervisedWorld.order(chance.below(1_000_000)) }
            commands += supervisor.apply(.assigned(tasks), nowMilliseconds: 2)
            commands += supervisor.apply(.retracted(tasks.map(\.work.attempt.task).reversed()), nowMilliseconds: 3)
            return commands
        }
        #expect(run() == run())
    }
}
