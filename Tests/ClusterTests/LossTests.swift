import Foundation
import Glibc
import Testing

/// Whoever dies: the job goes on, and makes what it would have made.
@Suite("Lost processes", .serialized, .enabled(if: Testbed.isWhole, "needs root rights and namespaces"))
struct LossTests {
    @Test("An agent, a worker and an sshd killed: hosts come back by themselves, and nothing is missing or left behind")
    func killed() throws {
        let bed = try Testbed(hosts: 3)
        let job = try FaultyJob(Pictures(count: 240))
        try job.use(bed)
        let running = try job.start()
        try running.untilDone(2, on: ["h1", "h2", "h3"])
        try bed.hold("h2")
        try bed.kill("/quire-agent$", on: "h1")
        try bed.kill("sshd: root", on: "h3")
        try running.untilSaid("lost h1")
        try running.untilSaid("lost h3")
        // One waits for the other, so that there is work left for both.
        try running.untilMore(on: "h1")
        try bed.hold("h1")
        try running.untilMore(on: "h3")
        try bed.kill("/quire-worker$", on: "h2")
        try bed.release("h1")
        try job.expectSameBytes(try running.wait())
        #expect(try running.done()["h2"] ?? 0 > 2)
        #expect(try running.said("lost h2") == 0)
        try bed.expectNothingLeft(on: ["h1", "h2", "h3"])
    }

    @Test("The head killed: its hosts are free at once, and `quire resume` goes on with them; a second head on the same job is refused")
    func head() throws {
        let bed = try Testbed(hosts: 2)
        let job = try FaultyJob(Pictures(count: 240))
        try job.use(bed)
        let running = try job.start()
        try running.untilDone(3, on: ["h1", "h2"])
        try bed.hold("h1", "h2")
        let second = try job.resume(running.jobID()).wait()
        #expect(second.status == 75 && second.errors.contains("pid \(running.id)"), "\(second)")
        #expect(running.isRunning)
        #expect(try bed.quire(on: "h1").count == 3)

        running.signal(SIGKILL)
        let resumed = try job.resume()
        try resumed.untilDone(1, on: ["h1", "h2"])
        try job.expectSameBytes(try resumed.wait())
        try bed.expectNothingLeft(on: ["h1", "h2"])
    }

    @Test("Ctrl-C lets hosts finish what they work on, twice ends them at once; nothing survives on any of them")
    func interrupted() throws {
        let bed = try Testbed(hosts: 2)
        let job = try FaultyJob(Pictures(count: 240))
        try job.use(bed)
        let running = try job.start()
        try running.untilDone(2, on: ["h1", "h2"])
        try bed.hold("h1", "h2")
        running.signal(SIGINT)
        try running.untilSaid("stopping: waiting up to")
        #expect(running.isRunning)
        try bed.release("h1", "h2")
        #expect(try running.wait(seconds: 20).status == 75)
        try bed.expectNothingLeft(on: ["h1", "h2"])
        #expect(try job.leftovers().filter { !$0.contains("spool") && !$0.contains("partial") } == [])

        let again = try job.resume()
        try again.untilDone(2, on: ["h1", "h2"])
        try bed.hold("h1", "h2")
        again.signal(SIGINT)
        try again.untilSaid("stopping: waiting up to")
        again.signal(SIGINT)
        #expect(try again.wait(seconds: 20).status == 130)
        try bed.expectNothingLeft(on: ["h1", "h2"])
        try job.expectSameBytes(try job.resume().wait())
    }

    @Test("All hosts lost: this machine goes on and says so, and a host that returns takes over again")
    func allLost() throws {
        let bed = try Testbed(hosts: 2)
        let job = try FaultyJob(Pictures(count: 400))
        try job.use(bed)
        let running = try job.start("--jobs", "2")
        try running.untilDone(2, on: ["h1", "h2"])
        let before = try childWorkers(of: running)
        try bed.kill("h1")
        try bed.kill("h2")
        // The work of this machine is held until the host is there.
        try running.until("this machine works") { try running.done().keys.contains { $0 != "h1" && $0 != "h2" } }
        let workers = try childWorkers(of: running).filter { !before.contains($0) }
        #expect(workers.count == 2)
        for worker in workers { kill(worker, SIGSTOP) }
        try running.untilSaid("all hosts are lost: this machine goes on alone")
        try bed.start("h1")
        try running.untilSaid("h1 is back")
        try running.untilMore(on: "h1")
        for worker in workers { kill(worker, SIGCONT) }
        try job.expectSameBytes(try running.wait())
        #expect(try childWorkers(of: running) == [])
        // It was let go, not lost.
        #expect(try running.said("starting it again") == 0)
        try bed.expectNothingLeft(on: ["h1"])
    }

    @Test("No host reachable: each is told with its cure and the exit code is 5; with --local-fallback this machine does it all")
    func none() throws {
        let bed = try Testbed(hosts: 3, ["--sshd", "h2=AuthorizedKeysFile none"])
        try bed.kill("h1")
        try bed.rekey("h3")
        let job = try FaultyJob(Pictures(count: 12))
        try job.use(bed)
        let refused = try job.start(needsAll: false).wait()
        #expect(refused.status == 5, "\(refused)")
        for word in ["h1", "ssh-copy-id", "ssh-keygen -R", "--local-fallback"] { #expect(refused.errors.contains(word), "\(word): \(refused.errors)") }
        #expect(try job.made().isEmpty)
        let ended = try job.start("--local-fallback", needsAll: false).wait()
        #expect(ended.errors.contains("this machine does the work"))
        try job.expectSameBytes(ended)
    }

    /// Workers of this machine's agent.
    private func childWorkers(of head: RunningProgram) throws -> [pid_t] {
        try run("ps", ["-e", "-o", "pid=,pgid=,args="]).lines.compactMap { line in
            let words = line.split(separator: " ", omittingEmptySubsequences: true)
            guard words.count >= 3, words[2].hasSuffix("/quire-worker"), let pid = pid_t(words[0]), try ancestors(of: pid).contains(head.id) else { return nil }
            return pid
        }
    }

    private func ancestors(of process: pid_t) throws -> [pid_t] {
        var all: [pid_t] = []
        var next = process
        while next > 1, let stat = FileManager.default.contents(atPath: "/proc/\(next)/stat") {
            let rest = String(decoding: stat, as: UTF8.self).split(separator: ")").last?.split(separator: " ") ?? []
            guard rest.count > 1, let parent = pid_t(rest[1]) else { break }
            all.append(parent)
            next = parent
        }
        return all
    }
}
