import JobModel
import Testing

@testable import Supervising

@Suite("Minders, whose programs may not run twice")
struct MinderTests {
    private typealias World = SupervisedWorld

    @Test("A minder that dies with an order in hand is reported at once, and its order never runs again", arguments: [World.killed, World.segfault, .exited(code: 3)])
    private func dies(end: WorkerEnd) throws {
        var world = World.ready(slots: 1, limits: .minders)
        world.assign([0, 1])
        world.die(0, end)
        let failure = try #require(world.failure(0))
        #expect(failure.reason == .crashed && failure.message.contains("\(end)"))
        #expect(world.discarded == [Attempt(task: TaskIndex(0), number: 1)])
        world.becomeReady(0)
        #expect(world.orders(0) == [1])
    }

    @Test("What was behind it in the pipe had not started, and runs")
    func behind() {
        var world = World.ready(slots: 1, limits: .minders)
        world.assign(Array(0..<10))
        world.report(0, wallMicroseconds: 10)
        #expect(world.orders(0) == [1, 2])
        world.die(0, World.killed)
        #expect(world.failure(1)?.reason == .crashed && world.failure(2) == nil)
        world.becomeReady(0)
        #expect(world.orders(0) == [2])
    }

    @Test("An order that started behind a cancelled one is reported if its minder says so, else it runs", arguments: [0, 3] as [Int32])
    func cancelled(code: Int32) {
        var world = World.ready(slots: 1, limits: .minders)
        world.assign(Array(0..<10))
        world.report(0, wallMicroseconds: 10)
        world.apply(.cancelled([Attempt(task: TaskIndex(1), number: 1)]))
        // It had ended before the minder heard of it.
        world.report(0, wallMicroseconds: 10)
        #expect(world.hasSucceeded(1))
        world.die(0, .exited(code: code))
        #expect((world.failure(2)?.reason == .crashed) == (code == 3))
        world.becomeReady(0)
        #expect(world.orders(0) == [code == 3 ? 3 : 2])
    }

    @Test("On a host that has become unusable what may have run is reported, not given back")
    func unusable() {
        var world = World.ready(slots: 2, limits: .minders)
        world.assign([0, 1, 2])
        world.apply(.workerUnusable(slot: 1, "no more"))
        world.die(0, World.killed)
        #expect(world.failure(0)?.reason == .crashed)
        #expect(world.released == [TaskIndex(2)])
    }

    @Test("Nobody looks at the time or memory of a program")
    func samples() {
        var world = World.ready(slots: 1, limits: .minders)
        world.assign([0], limitMilliseconds: 1_000)
        #expect(world.supervisor.nextDeadlineMilliseconds.map { $0 > world.now + 100 } ?? true)
        world.pass(600_000, activity: .waiting, residentBytes: 100 << 30)
        #expect(world.workers[0]?.isKilled == false && world.reports.isEmpty)
        world.report(0)
        #expect(world.workers[0]?.phase == .serving)
    }
}
