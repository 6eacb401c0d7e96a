import JobModel
import Scheduling
import SeededNumbers
import Testing

@Suite("Hosts that come and go")
struct HostTests {
    @Test("A leaving host gives back what it has not started and may end when the rest is done")
    func leaving() {
        var stage = Stage(tasks: 100)
        let first = stage.join(hostA, slots: 2)
        let more = stage.end([first[0]], on: hostA).dispatched
        let commands = stage.react(.hostLeaving(hostA))
        #expect(commands == [.retract(hostA, ([first[1]] + more).map(\.task).sorted())])
        #expect(stage.react(.hostLeaving(hostA)).isEmpty, "told twice")
        #expect(stage.react(.started(hostA, [first[1].task, more[0].task])).isEmpty)
        #expect(stage.react(.released(hostA, more.dropFirst().map(\.task))).isEmpty)
        #expect(stage.end([first[1]], on: hostA) == [.settle(first[1])])
        #expect(stage.end([more[0]], on: hostA) == [.settle(more[0]), .mayClose(hostA)])
        #expect(stage.react(.hostLost(hostA)).isEmpty)
        #expect(stage.scheduler.view(of: hostA)?.idleReason == .away)
        #expect(stage.join(hostA, slots: 1).count == 1)
    }

    @Test("A host that holds nothing may go at once, and one that is wanted again while it leaves stays")
    func changesItsMind() {
        var idle = Stage(tasks: 0)
        _ = idle.join(hostA, slots: 1)
        #expect(idle.react(.hostLeaving(hostA)) == [.mayClose(hostA)])
        var stage = Stage(tasks: 10)
        let first = stage.join(hostA, slots: 1)
        _ = stage.react(.hostLeaving(hostA))
        #expect(stage.join(hostA, slots: 2).count == 1)
        #expect(stage.end(first, on: hostA).dispatched.count > 0)
    }

    @Test("A host that joins in mid-run takes its part, one task a slot before it is known")
    func joins() {
        var stage = Stage(tasks: 1_000)
        let first = stage.join(hostA, slots: 2)
        _ = stage.end([first[0]], on: hostA)
        #expect(stage.join(hostB, slots: 3).count == 3)
    }

    @Test("More slots are filled at once, fewer take no more before enough has ended")
    func slots() {
        var stage = Stage(tasks: 20)
        let first = stage.join(hostA, slots: 2)
        _ = stage.join(hostB, slots: 1)
        #expect(stage.react(.slotsChanged(hostA, 4)).dispatched(to: hostA).count == 2)
        #expect(stage.react(.slotsChanged(hostA, 1)).isEmpty)
        #expect(stage.end([first[0]], on: hostA, .fileFault) == [.settle(first[0])])
        #expect(stage.end([first[1]], on: hostA, .fileFault) == [.settle(first[1])])
    }

    @Test("A host that was lost starts anew with one task a slot, though its speed is remembered")
    func comesBack() {
        var stage = Stage(tasks: 1_000)
        let first = stage.join(hostA, slots: 2)
        _ = stage.end([first[0]], on: hostA)
        _ = stage.react(.hostLost(hostA))
        #expect(stage.join(hostA, slots: 2).count == 2)
        #expect(stage.scheduler.view(of: hostA)?.taskMicroseconds == 100_000)
    }

    @Test("What a lost host had not started costs its tasks nothing")
    func unstartedLoss() {
        var limits = Scheduler.Limits()
        limits.lostAttemptsMax = 2
        var stage = Stage(tasks: 10, limits: limits)
        for _ in 0..<5 {
            let first = stage.join(hostA, slots: 1)
            // The first ends, so that the host holds the others ahead; the second is taken for started when it is lost.
            guard let head = first.first else { break }
            _ = stage.end([head], on: hostA)
            let commands = stage.react(.hostLost(hostA))
            #expect(!commands.contains { if case .giveUp(let attempt, _) = $0 { attempt.task.rawValue > 8 } else { false } })
        }
    }

    @Test("A staged host holds no more bytes ahead than it has room for, and no more than 64 MiB a shard")
    func staged() {
        let sizes = TaskSizes([UInt64](repeating: 1 << 20, count: 1_000))
        var small = Stage(tasks: 1_000, sizes: sizes)
        let first = small.join(hostA, slots: 2, stagedBytesMax: 10 << 20)
        _ = small.end([first[0]], on: hostA, milliseconds: 1)
        #expect(small.scheduler.view(of: hostA)?.unstarted == 10)
        var large = Stage(tasks: 1_000, sizes: sizes)
        let other = large.join(hostA, slots: 2, stagedBytesMax: 1 << 40)
        #expect(large.end([other[0]], on: hostA, milliseconds: 1).dispatched.count == 65)
        var shared = Stage(tasks: 1_000, sizes: sizes)
        let third = shared.join(hostA, slots: 2)
        #expect(shared.end([third[0]], on: hostA, milliseconds: 1).dispatched.count == 998)
    }

    @Test("A file larger than all the room goes when a slot is free for it")
    func larger() {
        var stage = Stage(tasks: 3, sizes: TaskSizes([1 << 30, 1 << 30, 1 << 30]))
        let first = stage.join(hostA, slots: 1, stagedBytesMax: 1 << 20)
        #expect(first.count == 1)
        #expect(stage.end(first, on: hostA, milliseconds: 1).dispatched.count == 1)
    }

    @Test("Large files are expected to take longer once they have been seen to")
    func costs() {
        var random = SeededNumbers(seed: 7)
        let sizes = (0..<20_000).map { _ in UInt64(random.below(2) == 0 ? 1 << 20 : 9 << 20) }
        var stage = Stage(tasks: 20_000, sizes: TaskSizes(sizes))
        var held = stage.join(hostA, slots: 1)
        // 10 ms a MiB.
        for _ in 0..<2_000 {
            let next = held.removeFirst()
            let milliseconds = (sizes[next.task.position] >> 20) * 10
            stage.wait(milliseconds: milliseconds)
            held += stage.end([next], on: hostA, milliseconds: milliseconds).dispatched
        }
        let ahead = held.dropFirst().reduce(0) { $0 + (sizes[$1.task.position] >> 20) * 10 }
        #expect(ahead > 900 && ahead < 2_300, "it holds \(ahead) ms of work")
    }

    @Test("Of several hosts none holds more ahead than its part of what is left")
    func shares() {
        var stage = Stage(tasks: 100)
        let first = stage.join(hostA, slots: 1)
        _ = stage.join(hostB, slots: 1)
        #expect(stage.end(first, on: hostA, milliseconds: 1).dispatched.count == 1 + 97 / 8)
    }

    @Test("A view tells why a host idles and a task waits")
    func views() {
        var stage = Stage(tasks: 4)
        #expect(stage.scheduler.view(of: hostA) == nil)
        #expect(stage.scheduler.view(of: TaskIndex(0)) == .waiting(.noHost))
        let first = stage.join(hostA, slots: 2)
        #expect(stage.scheduler.view(of: hostA)?.idleReason == nil)
        #expect(stage.scheduler.view(of: TaskIndex(1)) == .dispatched([hostA]))
        #expect(stage.scheduler.view(of: TaskIndex(3)) == .waiting(.hostsFull))
        _ = stage.react(.congested(true))
        _ = stage.end([first[0]], on: hostA)
        #expect(stage.scheduler.view(of: first[0].task) == .settled)
        #expect(stage.scheduler.view(of: hostA)?.idleReason == .congested)
        #expect(stage.scheduler.view(of: TaskIndex(3)) == .waiting(.congested))
        _ = stage.react(.bound(TaskIndex(1)))
        _ = stage.react(.congested(false))
        #expect(stage.scheduler.view(of: hostA)?.idleReason == .spoolFull)
        #expect(stage.scheduler.view(of: TaskIndex(3)) == .waiting(.spoolFull))
        _ = stage.react(.pause)
        #expect(stage.scheduler.view(of: hostA)?.idleReason == .paused)
        _ = stage.react(.drain)
        #expect(stage.scheduler.view(of: TaskIndex(3)) == .waiting(.draining))
    }

    @Test("Sizes are kept to a tenth of a percent, never too small")
    func sizes() {
        let all: [UInt64] = [0, 1, 2_047, 2_048, 2_049, 4_095, 4_096, 4_097, 1 << 20, (1 << 20) + 1, 123_456_789, 2_047 << 30]
        let sizes = TaskSizes(all)
        for (index, bytes) in all.enumerated() {
            let kept = sizes[TaskIndex(index)]
            #expect(kept >= bytes && kept <= bytes + bytes / 1_000)
        }
        #expect(sizes[TaskIndex(all.count)] == 0)
        #expect(TaskSizes([.max])[TaskIndex(0)] == 2_047 << 30)
    }
}
