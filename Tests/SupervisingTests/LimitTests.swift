import JobModel
import Testing

@testable import Supervising

@Suite("Limits of time and memory")
struct LimitTests {
    private typealias World = SupervisedWorld

    @Test("A task that waits or computes beyond its limit is stopped, tried once more, then reported")
    func timeout() throws {
        var world = World.ready(slots: 1)
        world.assign([0], limitMilliseconds: 3_000)
        world.pass(6_000, activity: .waiting)
        #expect(world.workers[0]?.isKilled == true)
        world.die(0, World.killed)
        world.becomeReady(0)
        #expect(world.orders(0) == [0])
        world.pass(6_000, activity: .runnable, cpuShare: 1)
        #expect(world.workers[0]?.isKilled == true)
        world.die(0, World.killed)
        let failure = try #require(world.failure(0))
        #expect(failure.reason == .timeout)
        #expect(failure.message.contains("3 s"))
    }

    @Test("A worker that queues for a CPU is charged only what it was given")
    func busyHost() {
        var world = World.ready(slots: 1)
        world.assign([0], limitMilliseconds: 3_000)
        world.pass(60_000, activity: .runnable, cpuShare: 0.04)
        #expect(world.workers[0]?.isKilled == false)
        world.pass(60_000, activity: .runnable, cpuShare: 0.04)
        #expect(world.workers[0]?.isKilled == true)
    }

    @Test("A worker that somebody stopped is charged nothing")
    func stopped() {
        var world = World.ready(slots: 1)
        world.assign([0], limitMilliseconds: 1_000)
        world.pass(600_000, activity: .stopped)
        #expect(world.workers[0]?.isKilled == false)
    }

    @Test("An agent that slept for an hour blames nobody")
    func agentSlept() {
        var world = World.ready(slots: 1)
        world.assign([0], limitMilliseconds: 3_000)
        world.pass(1_000, activity: .waiting)
        world.now += 3_600_000
        world.pass(500, activity: .waiting)
        #expect(world.workers[0]?.isKilled == false)
    }

    @Test("Without a limit nothing is stopped")
    func noLimit() {
        var world = World.ready(slots: 1)
        world.assign([0])
        world.pass(3_600_000, activity: .waiting)
        #expect(world.workers[0]?.isKilled == false)
    }

    @Test("Each task is charged for itself alone")
    func chargedAnew() {
        var world = World.ready(slots: 1)
        world.assign(Array(0..<10), limitMilliseconds: 3_000)
        for _ in 0..<10 {
            world.pass(2_500, activity: .waiting)
            world.report(0)
        }
        #expect(world.reports.count == 10)
    }

    @Test("A report that was on its way when the limit struck stands")
    func reportBeatsKill() {
        var world = World.ready(slots: 1)
        world.assign([0, 1], limitMilliseconds: 1_000)
        world.pass(3_000, activity: .waiting)
        #expect(world.workers[0]?.isKilled == true)
        world.report(0)
        #expect(world.hasSucceeded(0))
        world.die(0, World.killed)
        world.becomeReady(0)
        #expect(world.orders(0) == [1])
        #expect(world.reports.count == 1)
    }

    @Test("When the report of the order that took too long arrives after all, the next one in the pipe is not blamed for it")
    func nextIsNotBlamed() {
        var world = World.ready(slots: 1)
        world.assign(Array(0..<9), limitMilliseconds: 1_000)
        world.report(0, wallMicroseconds: 10)
        #expect(world.orders(0) == [1, 2])
        world.pass(3_000, activity: .waiting)
        world.report(0)
        for _ in 0..<2 {
            world.die(0, World.segfault)
            world.becomeReady(0)
            #expect(world.orders(0).first == 2)
            #expect(world.failure(2) == nil)
        }
        world.die(0, World.segfault)
        #expect(world.failure(2)?.reason == .crashed)
    }

    @Test("A killed worker that does not die costs its slot, and gives it back when it does")
    func uninterruptible() {
        var world = World.ready(slots: 2)
        world.assign([0], limitMilliseconds: 1_000)
        world.pass(3_000, activity: .waiting)
        world.assign([1, 2])
        #expect(world.orders(1) == [1])
        world.pass(10_000, activity: .waiting)
        #expect(world.failure(0)?.reason == .timeout)
        #expect(world.readySlots == [2, 1])
        #expect(world.logs.count == 1)
        world.die(0, World.killed)
        #expect(world.readySlots == [2, 1, 2])
        world.becomeReady(0)
        #expect(world.orders(0) == [2])
        #expect(!world.reportedTwice)
    }

    @Test("When every slot hangs the host is unusable")
    func allHang() {
        var world = World.ready(slots: 1)
        world.assign([0, 1], limitMilliseconds: 1_000)
        world.pass(15_000, activity: .waiting)
        #expect(world.unusable.count == 1)
        #expect(world.released == [TaskIndex(1)])
    }

    @Test("Stop does not wait for a worker that cannot be killed")
    func stopWithHanging() {
        var world = World.ready(slots: 1)
        world.assign([0])
        world.apply(.stopped)
        world.pass(11_000, activity: .waiting)
        #expect(world.isFinished)
    }

    @Test("A worker that does not become ready is replaced")
    func neverReady() {
        var world = World(slots: 1)
        world.pass(125_000, activity: .waiting)
        #expect(world.workers[0]?.isKilled == true)
        world.die(0, World.killed)
        #expect(world.workers[0]?.isKilled == false)
    }

    @Test("A worker that holds much memory with no task in hand is replaced")
    func heavy() {
        var world = World.ready(slots: 1)
        world.assign([0, 1, 2])
        world.pass(1_000, activity: .runnable, residentBytes: 1 << 30)
        world.report(0)
        #expect(world.orders(0) == [], "looked at before it gets more")
        world.answerSamples(.waiting, residentBytes: 1 << 30)
        #expect(world.workers[0]?.phase == .inputClosed)
        world.die(0, .exited(code: 0))
        world.becomeReady(0)
        #expect(world.orders(0) == [1])
    }

    @Test("A worker that needed much memory for one task and gave it back stays")
    func heavyTask() {
        var world = World.ready(slots: 1)
        world.assign([0, 1])
        world.pass(1_000, activity: .runnable, residentBytes: 1 << 30)
        world.report(0)
        world.answerSamples(.waiting, residentBytes: 100 << 20)
        #expect(world.workers[0]?.phase == .serving)
        #expect(world.orders(0) == [1])
    }

    @Test("A worker that does not end when its input closes is killed")
    func stubborn() {
        var limits = Supervisor.Limits()
        limits.tasksPerWorkerMax = 1
        var world = World.ready(slots: 1, limits: limits)
        world.assign([0])
        world.report(0)
        world.pass(6_000, activity: .waiting)
        #expect(world.workers[0]?.isKilled == true)
        world.die(0, World.killed)
        #expect(world.logs.isEmpty)
    }

    @Test("An idle agent sets no alarm")
    func idle() {
        var world = World.ready(slots: 2)
        world.pass(2_000, activity: .waiting)
        #expect(world.supervisor.nextDeadlineMilliseconds == nil)
    }
}
