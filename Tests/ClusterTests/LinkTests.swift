import Foundation
import Testing

/// Links that are cut, slow or flap, and hosts that stop answering without a word.
@Suite("Lost links", .serialized, .enabled(if: Testbed.isWhole, "needs root rights and namespaces"))
struct LinkTests {
    @Test("With the usual settings a host may freeze for 5 s; one that stays frozen is given up within 15 s, and its work goes elsewhere")
    func freeze() throws {
        let bed = try Testbed(hosts: 2)
        let job = try FaultyJob(Pictures(count: 120))
        try job.use(bed, lossSeconds: nil, leaseSeconds: nil)
        let running = try job.start()
        try running.untilDone(2, on: ["h1", "h2"])
        // Else the other host would have done it all by then.
        try bed.hold("h1")
        try bed.freeze("h2")
        let thaw = Date.now.addingTimeInterval(5)
        try running.until("five seconds have passed") { Date.now > thaw }
        try bed.thaw("h2")
        try running.untilMore(on: "h2")
        #expect(try running.said("lost h2") == 0)

        try bed.hold("h2")
        try bed.freeze("h2")
        let frozen = Date.now
        try running.untilSaid("lost h2", seconds: 30)
        // Messages are told once a second.
        #expect(Date.now.timeIntervalSince(frozen) < 16)
        // What it comes out with now is too late.
        try bed.thaw("h2")
        try bed.release("h1")
        try job.expectSameBytes(try running.wait())
        try bed.expectNothingLeft(on: ["h1", "h2"])
    }

    @Test("A link cut while nothing goes over it: the agent there ends with its lease, and the host works again when the link is back")
    func cutIdle() throws {
        let bed = try Testbed(hosts: 2)
        let job = try FaultyJob(Pictures(count: 240))
        try job.use(bed)
        let running = try job.start()
        try running.untilDone(2, on: ["h1", "h2"])
        try bed.hold("h1", "h2")
        let cut = Date.now
        try bed.cut("h1")
        try running.untilSaid("lost h1", seconds: 10)
        try eventually("its agent has ended, and all its files are gone", seconds: 10) {
            try bed.quire(on: "h1") == [] && bed.files(below: "/var/tmp/quire-0", on: "h1") == []
        }
        // The lease is 2 s, and 5 more are granted.
        #expect(Date.now.timeIntervalSince(cut) < 8)
        try bed.heal("h1")
        try running.untilMore(on: "h1")
        try bed.release("h2")
        try job.expectSameBytes(try running.wait())
        #expect(try running.said("lost h2") == 0)
        try bed.expectNothingLeft(on: ["h1", "h2"])
    }

    @Test("A link cut in the middle of large files, on their way there and on their way back", arguments: [true, false])
    func cutBusy(isOnTheWayThere: Bool) throws {
        let pictures =
            isOnTheWayThere
            ? Pictures(count: 40, recipe: "actions:\n  - blur: 2\n", commentBytes: 1_000_000)
            : Pictures(count: 60, recipe: "actions:\n  - blur: 1\n", isNoisy: true, words: ["--quality", "100"])
        let bed = try Testbed(hosts: 2)
        let job = try FaultyJob(pictures)
        try job.use(bed)
        let running = try job.start()
        try running.untilDone(1, on: ["h1", "h2"])
        // It has nearly nothing to do but its own link.
        try bed.hold("h2")
        try bed.slow("h1", "8mbit")
        let before = try bed.bytes("h1")
        try running.until("much has gone over the link") {
            let now = try bed.bytes("h1")
            return isOnTheWayThere ? now.received > before.received + 300_000 : now.sent > before.sent + 300_000
        }
        try bed.cut("h1")
        try running.untilSaid("lost h1", seconds: 10)
        try bed.heal("h1")
        try bed.slow("h1", "off")
        try running.untilMore(on: "h1")
        try bed.release("h2")
        try job.expectSameBytes(try running.wait())
        try bed.expectNothingLeft(on: ["h1", "h2"])
    }

    @Test("A link that comes and goes every other second holds up nobody else, and the job ends while it does")
    func flapping() throws {
        let bed = try Testbed(hosts: 3)
        let job = try FaultyJob(Pictures(count: 400))
        try job.use(bed)
        let running = try job.start()
        try running.untilDone(2, on: ["h1", "h2", "h3"])
        var isCut = false
        var turns = 0
        var next = Date.now
        var done = try running.done()
        while running.isRunning {
            if Date.now >= next {
                if isCut { try bed.heal("h1") } else { try bed.cut("h1") }
                isCut.toggle()
                turns += 1
                next = Date.now.addingTimeInterval(isCut ? 2.5 : 1.5)
                let now = try running.done()
                let isAlmostDone = now.values.reduce(0, +) > 380
                if turns > 1 && !isAlmostDone { #expect(now["h2"] ?? 0 > done["h2"] ?? 0 || now["h3"] ?? 0 > done["h3"] ?? 0, "turn \(turns)") }
                done = now
            }
            usleep(20_000)
            guard turns < 60 else { throw Trouble("it does not end: \(try running.errors().suffix(2000))") }
        }
        #expect(turns >= 2)
        try job.expectSameBytes(try running.wait())
        try bed.heal("h1")
        try bed.expectNothingLeft(on: ["h1", "h2", "h3"])
    }

    @Test("A host that is five times slower than the rest, or stands still, does not decide when the job ends")
    func straggler() throws {
        let bed = try Testbed(hosts: 3)
        // Each takes a whole core half a second.
        let job = try FaultyJob(Pictures(count: 24, recipe: "actions:\n  - blur: 40\n"))
        try job.use(bed, slots: 1, lossSeconds: nil, leaseSeconds: nil)
        let running = try job.start()
        try running.untilDone(1, on: ["h1", "h2", "h3"])
        try bed.cpu("h1", "5%")
        try bed.hold("h2")
        try job.expectSameBytes(try running.wait(seconds: 60))
        // Stopped where it was, it has done nothing since.
        #expect(try running.done()["h2"] ?? 0 <= 3)
        #expect(try running.done()["h3"] ?? 0 >= 12)
        #expect(try running.said("lost") == 0)
        try bed.cpu("h1", "off")
        try bed.expectNothingLeft(on: ["h1", "h2", "h3"])
    }
}
