import Foundation
import Testing

/// Each fault ends in the same bytes as the run on this machine alone.
@Suite(
    "Jobs on hosts that fail",
    .enabled(if: Testbed.isWhole && ProcessInfo.processInfo.environment["QUIRE_TEST_FAULTS"] != nil, "needs root rights, namespaces and QUIRE_TEST_FAULTS"),
    .serialized)
struct HostFaultTests {
    /// Slow enough that three of them are still at work when something happens to one.
    private static let slow = ["--cpu", "25%"]

    @Test("Nothing fails: staged and shared files, odd login shells, noise, a host without image libraries")
    func undisturbed() throws {
        let bed = try Testbed(hosts: 4, ["--shell", "h1=/usr/bin/fish", "--noise", "h1", "--shell", "h2=/bin/csh", "--noise", "h3", "--bare", "h4"])
        let job = try ClusterJob(bed)
        try job.expectSameBytes(job.start(["--min-hosts", "4"]).wait())
        try job.expectNothingLeft(on: ["h1", "h2", "h3", "h4"])

        let shared = try ClusterJob(try Testbed(hosts: 2, ["--shared"]))
        try shared.expectSameBytes(shared.start(["--storage", "shared", "--min-hosts", "2"]).wait())
    }

    @Test("A host crashes, and another's agent and workers are killed", arguments: ["host", "quire-agent", "quire-worker", "sshd"])
    func crash(of what: String) throws {
        let bed = try Testbed(hosts: 3, Self.slow)
        let job = try ClusterJob(bed)
        let running = try job.start()
        try job.untilBusy(running)
        if what == "host" { try bed.kill("h2") } else { try bed.kill(what, on: "h2") }
        try job.expectSameBytes(running.wait())
        try job.expectNothingLeft(on: what == "host" ? ["h1", "h3"] : ["h1", "h2", "h3"])
    }

    @Test("A plug is pulled and never put back: noticed in 15 s, and the host's own programs end")
    func cut() throws {
        let bed = try Testbed(hosts: 3, Self.slow)
        let job = try ClusterJob(bed)
        let running = try job.start()
        try job.untilBusy(running)
        try bed.cut("h2")
        try job.expectSameBytes(running.wait())
        try eventually("the agent that lost its head has ended", seconds: 30) { try bed.programs(on: "h2") == [] }
    }

    @Test("A host freezes for 5 s and goes on; one that never thaws is done without")
    func freeze() throws {
        let bed = try Testbed(hosts: 3, Self.slow)
        let job = try ClusterJob(bed)
        let running = try job.start()
        try job.untilBusy(running)
        try bed.freeze("h2")
        try bed.freeze("h3")
        let thaw = Date.now.addingTimeInterval(5)
        try eventually("five seconds have passed") { Date.now > thaw }
        try bed.thaw("h2")
        try job.expectSameBytes(running.wait())
    }

    @Test("The scratch disk of a host is full")
    func full() throws {
        let bed = try Testbed(hosts: 2, Self.slow)
        let job = try ClusterJob(bed)
        let running = try job.start()
        try job.untilBusy(running)
        try bed.fill("h2")
        try job.expectSameBytes(running.wait())
    }

    @Test("The head is killed: its agents end with all their children, and quire resume makes the same PDF")
    func head() throws {
        let bed = try Testbed(hosts: 2, Self.slow)
        let job = try ClusterJob(bed)
        let running = try job.start()
        try job.untilBusy(running)
        running.signal(SIGKILL)
        _ = try running.wait()
        try eventually("no program of ours is left", seconds: 20) { try bed.programs(on: "h1") + bed.programs(on: "h2") == [] }
        try job.expectSameBytes(job.quire("resume"))
    }

    @Test("No host can be reached: exit code 5 with a cure for each; with --local-fallback this machine does the work; hosts lost in mid-job too")
    func nobody() throws {
        let bed = try Testbed(hosts: 2, Self.slow)
        try bed.rekey("h1")
        try bed.kill("h2")
        let job = try ClusterJob(bed)
        let refused = try job.start().wait()
        #expect(refused.status == 5, "\(refused)")
        #expect(refused.errors.contains("ssh-keygen -R") && refused.errors.contains("h2"), "\(refused)")
        try job.expectSameBytes(job.start(["--local-fallback"]).wait())

        let lost = try Testbed(hosts: 2, Self.slow)
        let second = try ClusterJob(lost)
        let running = try second.start()
        try second.untilBusy(running)
        try lost.kill("h1")
        try lost.kill("h2")
        try second.expectSameBytes(running.wait())
    }
}
