import Foundation
import Glibc
import Testing

/// Hosts with no room, with other jobs and other users, and files that kill whoever opens them.
@Suite("Full and busy hosts", .enabled(if: Testbed.isWhole, "needs root rights and namespaces"), .serialized)
struct BusyHostTests {
    private static let words = ["-o", "out", "--recipe", "../blur.yaml", "--pdf", "b.pdf"]

    @Test("A host whose disk is full, before or in the middle of a job, does no harm; the others finish")
    func full() throws {
        let place = try Workplace("slow 48 in")
        try place.finish("here", Self.words)
        let bed = try Testbed(hosts: 3)
        // No room for an agent, to begin with.
        try bed.fill("h3")
        let hosts = ["--hosts", bed.hostsFile]
        let running = try place.start("there", ["run", "in", "--progress", "json"] + Self.words + hosts + ["--min-hosts", "2"])
        try eventually("files are done", seconds: 60) { try running.isRunning && files(in: running) >= 3 }
        for host in ["h1", "h2"] { try bed.execute(on: host, "pkill", "-STOP", "-f", "/quire-worker$") }
        try bed.fill("h1")
        for host in ["h1", "h2"] { try bed.execute(on: host, "pkill", "-CONT", "-f", "/quire-worker$") }
        let ended = try running.wait()
        #expect(ended.status == 0, "\(ended)")
        #expect(ended.errors.contains("h1: its scratch did not take a file"), "\(ended)")
        try place.expectSameResults("here", "there")
        for host in ["h1", "h2", "h3"] {
            try bed.unfill(host)
            // The place where a bundle found no room may stay, empty.
            let left = try bed.files(below: "/var/tmp/quire-0", on: host).filter { !$0.hasSuffix("/bundles") }
            #expect(left == [], "on \(host)")
        }
    }

    @Test("Two jobs of two users on one host share its slots, and each says who holds the others")
    func sharedSlots() throws {
        let place = try Workplace("slow 64 in")
        try place.finish("here", Self.words)
        let bed = try Testbed(hosts: 1)
        let root = try place.hosts(bed, "address: h1, slots: 4", file: "root.yaml")
        let alice = try place.hosts(bed, "address: h1, slots: 4, user: alice", file: "alice.yaml")
        let jobs = try [("one", root), ("two", alice)].map { name, hosts in
            try place.start(name, ["run", "in", "--progress", "json"] + Self.words + hosts)
        }
        var most = 0
        var before: Set<String> = []
        try eventually("both are done", seconds: 90) {
            // What is open in two looks was open at one moment between them.
            let now = Set(Self.opened(on: "h1", of: bed) { $0.contains("/quire-") && $0.contains("/in/") }.map { "\($0.process) \($0.file)" })
            most = max(most, now.intersection(before).count)
            before = now
            return !jobs.contains { $0.isRunning }
        }
        for (job, name) in zip(jobs, ["one", "two"]) {
            let ended = try job.wait()
            #expect(ended.status == 0, "\(ended)")
            #expect(ended.errors.contains("slots held by job "), "\(name) says nothing of the other")
            try place.expectSameResults("here", name)
        }
        // A job has one slot always.
        #expect((2...5).contains(most), "\(most) pictures were worked on at once on 4 slots")
    }

    @Test("A file that kills every worker that opens it is given up after it was tried; its hosts do not rest and all else is done")
    func poison() throws {
        let place = try Workplace("slow 24 in")
        try place.finish("here", Self.words)
        let bed = try Testbed(hosts: 2, ["--share", "\(place.path):/mnt/work"])
        let hosts = try place.hosts(bed, defaults: "map: {\(place.path): /mnt/work}", "address: h1", "address: h2")
        // Large, so that each worker that has it open can be caught.
        try place.make("mkdir there; cp -a in there/in; convert \"$photo\" -resize '6000x4500!' there/in/1/poison.jpg")
        let running = try place.start("there", ["run", "in", "--progress", "json"] + Self.words + ["--missing-page", "skip"] + hosts)
        var killed: Set<pid_t> = []
        try eventually("it ends", seconds: 90) {
            for (process, _) in ["h1", "h2"].flatMap({ Self.opened(on: $0, of: bed) { $0.hasSuffix("/poison.jpg") } }) {
                if Glibc.kill(process, SIGSEGV) == 0 { killed.insert(process) }
            }
            return !running.isRunning
        }
        let ended = try running.wait()
        #expect(ended.status == 3, "\(ended)")
        #expect(killed.count >= 2, "it was not tried again")
        #expect(!ended.errors.contains(" rests for "), "\(ended)")
        #expect(ended.errors.contains("\"reason\":\"crashed\""), "\(ended)")
        try place.make("rm there/in/1/poison.jpg")
        try place.expectSameResults("here", "there")
    }

    private func files(in running: RunningProgram) throws -> Int {
        try running.errors().split(separator: "\n").count { $0.hasPrefix("{\"event\":\"file\"") }
    }

    /// Workers of a host that have a file open whose name holds. They are seen from here, since the host's namespaces lie below ours.
    private static func opened(on host: String, of bed: Testbed, _ holds: (String) -> Bool) -> [(process: pid_t, file: String)] {
        let files = FileManager.default
        let holder = files.contents(atPath: bed.state.path(percentEncoded: false) + "/\(host)/holder").map { String(decoding: $0, as: UTF8.self) } ?? ""
        func network(_ process: Substring) -> String? { try? files.destinationOfSymbolicLink(atPath: "/proc/\(process)/ns/net") }
        guard let own = network(holder.prefix { $0.isNumber }) else { return [] }
        // Processes and their files come and go meanwhile.
        return ((try? files.contentsOfDirectory(atPath: "/proc")) ?? []).compactMap { name in
            guard let process = pid_t(name), network(name[...]) == own,
                let words = files.contents(atPath: "/proc/\(process)/cmdline"), words.range(of: Data("quire-worker".utf8)) != nil
            else { return nil }
            let open = ((try? files.contentsOfDirectory(atPath: "/proc/\(process)/fd")) ?? []).compactMap { number in
                try? files.destinationOfSymbolicLink(atPath: "/proc/\(process)/fd/\(number)")
            }
            return open.first(where: holds).map { (process, $0) }
        }
    }
}
