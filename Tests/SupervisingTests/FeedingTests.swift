import JobModel
import Testing

@testable import Supervising

@Suite("Which worker gets which order")
struct FeedingTests {
    @Test("Every slot gets a worker at setup, and the head hears once that they serve")
    func setup() {
        let world = SupervisedWorld.ready(slots: 3)
        #expect(world.workers.keys.sorted() == [0, 1, 2])
        #expect(world.readySlots == [3])
    }

    @Test("Orders start in the order they came, one a worker")
    func order() {
        var world = SupervisedWorld.ready(slots: 2)
        world.assign([5, 3, 9, 1])
        #expect(world.orders(0) == [5] && world.orders(1) == [3])
        world.report(1)
        #expect(world.orders(1) == [9])
        world.report(0)
        #expect(world.orders(0) == [1])
        #expect(world.reports.count == 2)
    }

    @Test("Orders that came before any worker was ready wait for it")
    func early() {
        var world = SupervisedWorld(slots: 1)
        world.assign([1])
        #expect(world.orders(0) == [])
        world.becomeReady(0)
        #expect(world.orders(0) == [1])
    }

    @Test("A worker whose tasks are quick gets one order ahead while enough are left for the others")
    func prefetch() {
        var world = SupervisedWorld.ready(slots: 2)
        world.assign(Array(0..<8))
        #expect(world.orders(0) == [0])
        world.report(0, wallMicroseconds: 50)
        #expect(world.orders(0) == [2, 3])
        world.report(0, wallMicroseconds: 50)
        #expect(world.orders(0) == [3, 4])
        world.report(0, wallMicroseconds: 50)
        // Two are left, for two slots.
        #expect(world.orders(0) == [4, 5])
        world.report(0, wallMicroseconds: 50)
        #expect(world.orders(0) == [5])
    }

    @Test("A worker whose tasks are slow gets nothing ahead")
    func slow() {
        var world = SupervisedWorld.ready(slots: 1)
        world.assign(Array(0..<8))
        world.report(0, wallMicroseconds: 100_000)
        #expect(world.orders(0) == [1])
    }

    @Test("A retract gives back what has not started, and nothing a worker has")
    func retract() {
        var world = SupervisedWorld.ready(slots: 1)
        world.assign([1, 2, 3, 4])
        world.apply(.retracted([TaskIndex(1), TaskIndex(3), TaskIndex(77)]))
        #expect(world.released == [TaskIndex(3)])
        #expect(world.started == [TaskIndex(1), TaskIndex(77)])
        world.report(0)
        #expect(world.orders(0) == [2])
    }

    @Test("A cancelled order goes without a report, waiting or at a worker, which is killed for it")
    func cancel() {
        var world = SupervisedWorld.ready(slots: 1)
        world.assign([1, 2, 3])
        world.apply(.cancelled([1, 2, 88].map { Attempt(task: TaskIndex($0), number: 1) }))
        #expect(world.workers[0]?.isKilled == true)
        #expect(world.cancelled.map(\.task) == [TaskIndex(2)], "the other still has its slot")
        world.die(0, SupervisedWorld.killed)
        #expect(world.cancelled.map(\.task) == [TaskIndex(2), TaskIndex(1)])
        #expect(world.discarded == [Attempt(task: TaskIndex(1), number: 1)])
        world.becomeReady(0)
        #expect(world.orders(0) == [3])
        world.report(0)
        #expect(world.reports.keys.map(\.task) == [TaskIndex(3)] && world.released.isEmpty)
        #expect(world.supervisor.held.isEmpty)
    }

    @Test("An order that waits for its second run is cancelled like any other")
    func cancelPinned() {
        var world = SupervisedWorld.ready(slots: 1)
        world.assign([1, 2])
        world.die(0, .exited(code: 77))
        world.apply(.cancelled([Attempt(task: TaskIndex(1), number: 1)]))
        #expect(world.cancelled.count == 1)
        world.becomeReady(0)
        #expect(world.orders(0) == [2])
        #expect(world.reports.isEmpty)
    }

    @Test("No more slots have orders than are usable; one more usable slot starts at once, one fewer ends its task first")
    func usable() {
        var world = SupervisedWorld.ready(slots: 3)
        world.apply(.slotsUsable(1))
        world.assign(Array(1...9))
        #expect(world.supervisor.busySlots == 1)
        world.apply(.slotsUsable(3))
        #expect(world.supervisor.busySlots == 3)
        world.apply(.slotsUsable(2))
        #expect(world.supervisor.busySlots == 3)
        world.report(0)
        #expect(world.supervisor.busySlots == 2 && world.orders(0) == [])
        world.report(1)
        #expect(world.supervisor.busySlots == 2)
    }

    @Test("With one usable slot a second run comes before what waits")
    func usableAndPinned() {
        var world = SupervisedWorld.ready(slots: 2)
        world.apply(.slotsUsable(1))
        world.assign([1, 2, 3])
        world.die(0, .exited(code: 1))
        #expect(world.orders(1) == [2])
        world.becomeReady(0)
        world.report(1)
        #expect(world.orders(0) == [1] && world.orders(1) == [])
    }

    @Test("A retract of nothing held is answered too, since the head waits for the answer")
    func emptyRetract() {
        var world = SupervisedWorld.ready(slots: 1)
        #expect(world.apply(.retracted([TaskIndex(1)])) == [.released([]), .started([TaskIndex(1)])])
    }

    @Test("What passes the bound of waiting orders goes back to the head")
    func bound() {
        var limits = Supervisor.Limits()
        limits.waitingMax = 3
        var world = SupervisedWorld(slots: 1, limits: limits)
        world.assign([0, 1, 2, 3, 4])
        #expect(world.released == [TaskIndex(3), TaskIndex(4)])
    }

    @Test("An attempt that comes twice runs once")
    func twice() {
        var world = SupervisedWorld.ready(slots: 2)
        world.assign([1])
        world.assign([1])
        #expect(world.orders(0) == [1] && world.orders(1) == [])
        #expect(world.logs.count == 1)
    }

    @Test("A new attempt of a task that is still at a worker is an order of its own")
    func newAttempt() {
        var world = SupervisedWorld.ready(slots: 2)
        world.assign([1])
        world.apply(.assigned([SupervisedWorld.order(1, attempt: 2)]))
        #expect(world.orders(0) == [1] && world.orders(1) == [1])
    }

    @Test("Nothing starts while feeding is held, and all that waits when it no longer is")
    func held() {
        var world = SupervisedWorld.ready(slots: 2)
        world.apply(.feedingHeld(true))
        world.assign([1, 2])
        #expect(world.orders(0) == [] && world.orders(1) == [])
        world.apply(.feedingHeld(false))
        #expect(world.orders(0) == [1] && world.orders(1) == [2])
    }

    @Test("A second setup changes nothing")
    func secondSetup() {
        var world = SupervisedWorld.ready(slots: 1)
        world.apply(.setup(slots: 4))
        #expect(world.workers.count == 1 && world.logs.count == 1)
    }

    @Test("A slot that idles while nothing waits is hungry; a busy host is not")
    func hungry() {
        var world = SupervisedWorld.ready(slots: 2)
        #expect(world.supervisor.isHungry)
        world.assign([1])
        #expect(world.supervisor.isHungry)
        world.assign([2])
        #expect(!world.supervisor.isHungry)
        #expect(world.supervisor.busySlots == 2)
    }

    @Test("A worker is replaced after its share of tasks, and never with an order in its pipe")
    func tasksMax() {
        var limits = Supervisor.Limits()
        limits.tasksPerWorkerMax = 5
        var world = SupervisedWorld.ready(slots: 1, limits: limits)
        world.assign(Array(0..<20))
        for _ in 0..<5 { world.report(0, wallMicroseconds: 10) }
        #expect(world.workers[0]?.phase == .inputClosed)
        world.die(0, .exited(code: 0))
        world.becomeReady(0)
        #expect(world.orders(0).first == 5)
        #expect(world.logs.isEmpty)
    }
}
