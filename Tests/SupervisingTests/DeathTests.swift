import JobModel
import Testing

@testable import Supervising

@Suite("Who is blamed when a worker dies")
struct DeathTests {
    private typealias World = SupervisedWorld

    @Test("A crash buys one second run, in a fresh worker that gets nothing beside it")
    func crashOnce() {
        var world = World.ready(slots: 1)
        world.assign(Array(0..<6))
        world.die(0, World.segfault)
        #expect(world.reports.isEmpty)
        #expect(world.discarded == [Attempt(task: TaskIndex(0), number: 1)])
        world.becomeReady(0)
        #expect(world.orders(0) == [0])
        world.report(0, wallMicroseconds: 10)
        #expect(world.hasSucceeded(0))
        #expect(world.orders(0).first == 1)
    }

    @Test("A second crash is reported once, with the signal and what the worker said")
    func crashTwice() throws {
        var world = World.ready(slots: 1)
        world.assign([0, 1])
        world.die(0, World.segfault)
        world.becomeReady(0)
        world.die(0, World.segfault, lastWords: "heap corrupted")
        let failure = try #require(world.failure(0))
        #expect(failure.reason == .crashed)
        #expect(failure.message.contains("SIGSEGV") && failure.message.contains("heap corrupted"))
        world.becomeReady(0)
        #expect(world.orders(0) == [1])
    }

    @Test("An exit with a task in hand is a crash, whatever the code", arguments: [0, 1, 127])
    func exits(code: Int32) {
        var world = World.ready(slots: 1)
        world.assign([0])
        for _ in 0..<2 {
            world.die(0, .exited(code: code))
            world.becomeReady(0)
        }
        #expect(world.failure(0)?.reason == .crashed)
    }

    @Test("The first order not reported is blamed; the one behind it in the pipe goes back free of cost")
    func prefetchedIsFree() {
        var world = World.ready(slots: 1)
        world.assign(Array(0..<9))
        world.report(0, wallMicroseconds: 10)
        #expect(world.orders(0) == [1, 2])
        world.die(0, World.segfault)
        world.becomeReady(0)
        #expect(world.orders(0) == [1])
        world.die(0, World.segfault)
        #expect(world.failure(1)?.reason == .crashed)
        world.becomeReady(0)
        // It is next, and may crash twice itself before it is blamed.
        #expect(world.orders(0) == [2])
        world.die(0, World.segfault)
        #expect(world.failure(2) == nil)
    }

    @Test("While one order waits for its second run, other slots go on")
    func othersGoOn() {
        var world = World.ready(slots: 2)
        world.assign(Array(0..<6))
        world.die(0, World.segfault)
        world.report(1)
        #expect(world.orders(1) == [2])
    }

    @Test("Out of memory: the second run has the host to itself", arguments: [WorkerEnd.exited(code: 77), World.killed])
    func memory(end: WorkerEnd) {
        var world = World.ready(slots: 3)
        world.assign(Array(0..<9))
        world.die(0, end)
        world.becomeReady(0)
        #expect(world.orders(0) == [], "others still work")
        world.report(1)
        #expect(world.orders(1) == [] && world.orders(0) == [])
        world.report(2)
        #expect(world.orders(0) == [0])
        #expect(world.orders(1) == [] && world.orders(2) == [])
        world.report(0)
        #expect(world.hasSucceeded(0))
        #expect(world.orders(0) == [3] && world.orders(1) == [4] && world.orders(2) == [5])
    }

    @Test("Out of memory twice, the second time alone, is the file's fault")
    func memoryTwice() {
        var world = World.ready(slots: 2)
        world.assign([0])
        for _ in 0..<2 {
            world.die(0, .exited(code: 77))
            world.becomeReady(0)
        }
        #expect(world.failure(0)?.reason == .memory)
    }

    @Test("Two that ran out of memory have the host one after the other")
    func memoryTwoAtOnce() {
        var world = World.ready(slots: 3)
        world.assign([0, 1, 2, 3])
        world.die(0, .exited(code: 77))
        world.die(1, .exited(code: 77))
        world.becomeReady(1)
        world.report(2)
        world.becomeReady(0)
        #expect(world.orders(0) == [0] && world.orders(1) == [] && world.orders(2) == [])
        world.report(0)
        #expect(world.orders(0) == [] && world.orders(1) == [1] && world.orders(2) == [])
        world.report(1)
        #expect(world.orders(0) == [3])
    }

    @Test("A crash beside a memory failure runs again first")
    func crashThenMemory() {
        var world = World.ready(slots: 2)
        world.assign([0, 1, 2])
        world.die(0, .exited(code: 77))
        world.die(1, World.segfault)
        world.becomeReady(0)
        #expect(world.orders(0) == [])
        world.becomeReady(1)
        #expect(world.orders(1) == [1])
        world.report(1)
        #expect(world.orders(0) == [0])
    }

    @Test("A worker that reports what it was not given is killed, and its order counts as crashed")
    func foreignReport() {
        var world = World.ready(slots: 1)
        world.assign([0])
        for _ in 0..<2 {
            world.apply(.workerReported(slot: 0, World.finished(Attempt(task: TaskIndex(9), number: 1))))
            #expect(world.workers[0]?.isKilled == true)
            world.die(0, World.killed)
            world.becomeReady(0)
        }
        #expect(world.failure(0)?.reason == .crashed)
        #expect(world.reports.count == 1)
    }

    @Test("A stale report of an older attempt is not taken for the one in hand")
    func staleAttempt() {
        var world = World.ready(slots: 1)
        world.apply(.assigned([World.order(0, attempt: 2)]))
        world.apply(.workerReported(slot: 0, World.finished(Attempt(task: TaskIndex(0), number: 1))))
        #expect(world.reports.isEmpty)
    }

    @Test("Deaths without a task rest longer each time, and the fifth in a row makes the host unusable")
    func idleDeaths() {
        var world = World(slots: 1)
        world.assign([0, 1])
        var rests: [UInt64] = []
        for _ in 0..<4 {
            world.die(0, .exited(code: 127), lastWords: "no library")
            let start = world.now
            while world.workers[0] == nil, let due = world.supervisor.nextDeadlineMilliseconds {
                world.now = due
                world.apply(.tick)
            }
            rests.append(world.now - start)
        }
        #expect(rests == [100, 200, 400, 800])
        world.die(0, .exited(code: 127), lastWords: "no library")
        #expect(world.unusable.count == 1)
        #expect(world.unusable.first?.contains("no library") == true)
        #expect(world.released == [TaskIndex(0), TaskIndex(1)])
        #expect(world.workers.isEmpty)
    }

    @Test("A task that was finished in between starts the count anew")
    func idleDeathsReset() {
        var world = World.ready(slots: 1)
        for round in 0..<12 {
            world.die(0, .exited(code: 1))
            world.now += 10_000
            world.apply(.tick)
            world.becomeReady(0)
            if round % 3 == 2 {
                world.assign([round])
                world.report(0)
            }
        }
        #expect(world.unusable.isEmpty)
    }

    @Test("A program that cannot be started at all is told at once")
    func spawnFails() {
        var world = World(slots: 2)
        world.assign([0])
        world.workers[0] = nil
        world.apply(.spawnFailed(slot: 0, "no such file", isFinal: true))
        #expect(world.unusable == ["no such file"])
        #expect(world.released == [TaskIndex(0)])
        world.assign([1])
        #expect(world.released == [TaskIndex(0), TaskIndex(1)])
    }

    @Test("A stop that comes before a start is known to have failed is finished with that", arguments: [true, false])
    func spawnFailsDuringStop(isFinal: Bool) {
        var world = World(slots: 1)
        world.apply(.stopped)
        world.workers[0] = nil
        world.apply(.spawnFailed(slot: 0, "no such file", isFinal: isFinal))
        #expect(world.isFinished)
        #expect(world.unusable.isEmpty)
    }

    @Test("When a worker finds the setup unworkable, orders at others still end, and what waits goes back")
    func unusable() {
        var world = World.ready(slots: 2)
        world.assign([0, 1, 2])
        world.apply(.workerUnusable(slot: 0, "libvips is missing"))
        #expect(world.unusable == ["libvips is missing"])
        #expect(world.released == [TaskIndex(2)])
        world.report(1)
        #expect(world.hasSucceeded(1))
        world.die(0, .exited(code: 1))
        #expect(world.released == [TaskIndex(2), TaskIndex(0)])
        #expect(world.workers[0] == nil)
    }

    @Test("Stop kills every worker, and is finished when the last is dead")
    func stop() {
        var world = World.ready(slots: 2)
        world.assign([0, 1, 2])
        world.apply(.stopped)
        #expect(world.workers.values.allSatisfy { $0.isKilled })
        world.die(0, World.killed)
        #expect(!world.isFinished)
        world.die(1, World.killed)
        #expect(world.isFinished)
        #expect(world.reports.isEmpty, "what was cut off is nobody's fault")
        #expect(world.discarded.count == 2)
    }

    @Test("Stop before any setup is finished at once")
    func stopEarly() {
        var supervisor = Supervisor()
        #expect(supervisor.apply(.stopped, nowMilliseconds: 0) == [.finished])
    }
}
