import Foundation
import Testing

@Suite("A journal that lost its end, or more")
struct JournalCutTests {
    /// A small job killed in its middle, and ways to bring that moment back.
    private struct Stopped {
        let job = SmallJob.run
        let box: Sandbox
        let folder: String

        init() throws {
            let box = try job.box()
            self.box = box
            let fault = Fault(calls: "rename", kind: .kill, number: 6)
            let ended = try box.run(job.words, environment: try fault.environment(in: box))
            guard ended.status == -9 else { throw Trouble("it was not killed: \(ended)") }
            try eventually("no worker is left") { ProcessTree.below(box.root).isEmpty }
            let jobs = box.state + "/quire/jobs"
            folder = jobs + "/" + (try FileManager.default.contentsOfDirectory(atPath: jobs)[0])
            try shell("cp -a work kept-work && cp -a state kept-state")
        }

        func shell(_ command: String) throws {
            let ended = try box.run(["sh", "-c", Name("cd \(box.root) && " + command)])
            guard ended.status == 0 else { throw Trouble("\(command): \(ended)") }
        }

        func bringBack() throws { try shell("rm -rf work/* work/.quire* state && cp -a kept-work/. work/ && cp -a kept-state state") }
        func size(_ file: String) -> Int { Int((try? box.facts(Name(folder + "/" + file)))?.st_size ?? 0) }
    }

    /// Going on ends right, or it is refused with what to do, and that ends right.
    private func expectRightEnd(_ stopped: Stopped, _ reference: [Name: [UInt8]], _ what: String) throws {
        let resumed = try stopped.box.quire("resume", "--progress", "plain")
        #expect(resumed.status >= 0 && resumed.status < 100, "it crashed, \(what): \(resumed)")
        if resumed.status != 0 {
            #expect(resumed.errors.contains("command again") || resumed.errors.contains("no job"), "no cure, \(what): \(resumed)")
            let again = try stopped.box.run(stopped.job.words)
            #expect(again.status == 0, "\(what): \(resumed)\nagain: \(again)")
        }
        let made = stopped.job.made(in: stopped.box)
        for (name, bytes) in reference { #expect(made[name] == bytes, "\(name) differs, \(what): \(resumed)") }
    }

    @Test("Cut between any two records, it is gone on with to the same bytes")
    func frames() throws {
        let stopped = try Stopped()
        let reference = try stopped.job.undisturbed()
        let size = stopped.size("job.sqlite-wal")
        // A header of 32 bytes, then frames of 24 bytes and a page (sqlite.org/fileformat2.html, section 4).
        let frame = 24 + 4096
        let count = (size - 32) / frame
        #expect(count > 10)
        for kept in stride(from: 0, through: count, by: FailTheNthTests.isThorough ? 1 : max(1, count / 7)) {
            try stopped.bringBack()
            try stopped.shell("truncate -s \(32 + kept * frame) \(stopped.folder)/job.sqlite-wal")
            try expectRightEnd(stopped, reference, "\(kept) of \(count) frames")
        }
    }

    @Test("A page lost or overwritten is refused, or does no harm; never a crash")
    func pages() throws {
        let stopped = try Stopped()
        let reference = try stopped.job.undisturbed()
        try stopped.shell("sqlite3 \(stopped.folder)/job.sqlite 'PRAGMA wal_checkpoint(TRUNCATE)' && rm -rf kept-state && cp -a state kept-state")
        let count = stopped.size("job.sqlite") / 4096
        #expect(count > 5)
        for page in stride(from: 0, to: count, by: FailTheNthTests.isThorough ? 1 : max(1, count / 4)) {
            for damage in ["truncate -s \(page * 4096)", "dd if=/dev/urandom conv=notrunc bs=4096 count=1 seek=\(page) status=none of="] {
                try stopped.bringBack()
                try stopped.shell(damage.hasSuffix("=") ? "\(damage)\(stopped.folder)/job.sqlite" : "\(damage) \(stopped.folder)/job.sqlite")
                try expectRightEnd(stopped, reference, "page \(page) of \(count), \(damage)")
            }
        }
    }

    @Test("The journal of a job that runs can be copied and read with sqlite3")
    func live() throws {
        let job = try LongJob(count: 60)
        let running = try job.start("-o", "out")
        try job.hold(running)
        let id = try #require(job.id(running))
        let journal = Name(job.box.state + "/quire/jobs/\(id)/job.sqlite")
        #expect(try job.box.run(["sqlite3", journal, ".backup copy.sqlite"]).status == 0)
        job.release(running)
        #expect(try job.box.run(["sqlite3", "copy.sqlite", "PRAGMA integrity_check; SELECT count(*) FROM task"]).out == "ok\n60\n")
        #expect(try running.wait(seconds: 120).status == 0)
    }
}
