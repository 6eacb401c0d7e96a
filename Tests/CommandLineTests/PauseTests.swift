import Foundation
import Glibc
import Testing

@Suite("Surroundings at fault: files are not blamed", .serialized)
struct PauseTests {
    @Test("INPUTs whose folder went away make the job wait and go on by itself when it is back")
    func folderComesBack() throws {
        let job = try LongJob()
        let running = try job.start("-o", "out", "--pdf", "b.pdf")
        try job.hold(running)
        #expect(rename(job.box.work + "/in", job.box.work + "/away") == 0)
        job.release(running)
        try eventually("it says that it waits, and for what") { running.errorsSoFar.contains("/in is gone") }
        #expect(rename(job.box.work + "/away", job.box.work + "/in") == 0)
        let ended = try running.wait()
        #expect(ended.status == 0, "\(ended.errors.suffix(1500))")
        #expect(ended.errors.contains("/in is back"))
        let facts = try ended.object()
        #expect(facts["done"].number == LongJob.count && facts["failed"].number == 0)
        #expect(try job.box.pageWidths("b.pdf").count == LongJob.count)
        job.box.expectTidy()
    }

    @Test("Another folder in the place of the INPUT is an unmounted share; with no time to wait the job stops with 75 and goes on later")
    func folderReplaced() throws {
        let job = try LongJob()
        let running = try job.start("-o", "out", "--max-pause", "0")
        try job.hold(running)
        #expect(rename(job.box.work + "/in", job.box.work + "/away") == 0)
        try job.box.makeFolder("in")
        job.release(running)
        let ended = try running.wait()
        #expect(ended.status == 75, "\(ended.errors.suffix(1500))")
        #expect(ended.errors.contains("/in was"))
        let facts = try ended.object()
        #expect(facts["failed"].number == 0)
        #expect(rmdir(job.box.work + "/in") == 0 && rename(job.box.work + "/away", job.box.work + "/in") == 0)
        let second = try job.box.run(["quire", "resume", "--progress", "none", "--json"])
        #expect(second.status == 0, "\(second)")
        #expect(job.box.files(below: "out").count == LongJob.count)
    }

    @Test("A file that went away alone is blamed alone")
    func oneFile() throws {
        let job = try LongJob()
        let running = try job.start("-o", "out")
        try job.hold(running)
        // The last in the order of work; those that are being worked on were read already.
        for name in job.box.files(below: "in") where name.description.hasPrefix("3/p3") { try job.box.remove("in/" + name) }
        job.release(running)
        let ended = try running.wait()
        let facts = try ended.object()
        let failed = facts["failed"].number ?? 0
        #expect(failed > 0 && (facts["done"].number ?? 0) + failed + (facts["left"].number ?? 0) == LongJob.count)
        #expect(ended.errors.contains("\"reason\":\"vanished\"") && !ended.errors.contains("paused"))
    }

    @Test("A full disk makes the job wait until there is room", .enabled(if: SmallDisk.works, SmallDisk.why))
    func roomComesBack() throws {
        let job = try LongJob(count: 40)
        let disk = try SmallDisk(at: job.box.work + "/disk", kilobytes: 200)
        let running = try job.start("-o", "disk/out")
        try eventually("it says that it waits, and for what") { running.errorsSoFar.contains("is full") }
        try disk.resize(kilobytes: 100_000)
        let ended = try running.wait()
        #expect(ended.status == 0, "\(ended.errors.suffix(1500))")
        #expect(ended.errors.contains("going on: the disk below disk/out"))
        let facts = try ended.object()
        #expect(facts["done"].number == 40 && facts["failed"].number == 0)
        withExtendedLifetime(disk) {}
    }

    @Test("A disk that says it has room and takes nothing is not tried over and over", .enabled(if: Machine.canMount))
    func roomThatIsNone() throws {
        let job = try LongJob(count: 40)
        try job.box.makeFolder("disk")
        // Two hundred megabytes free, and no more files.
        #expect(try job.box.run(["mount", "-t", "tmpfs", "-o", "size=200m,nr_inodes=12", "tmpfs", "disk"]).status == 0)
        let ended = try job.start("-o", "disk/out", "--max-pause", "5", "--progress", "plain").wait()
        #expect(try job.box.run(["umount", "disk"]).status == 0)
        #expect(ended.status == 75, "\(ended.errors.suffix(1500))")
        #expect(try ended.object()["failed"].number == 0)
        let tries = ended.errors.components(separatedBy: "going on:").count - 1
        #expect((1...3).contains(tries), "\(tries) tries: \(ended.errors.suffix(1500))")
    }

    @Test("A folder that went away before its files were bound stops the job with 75, and no file is blamed")
    func goneBeforeBinding() throws {
        let box = try Sandbox()
        for index in 1...5 { try box.write(TinyPicture.jpeg(20 + index), to: "in/p\(index).jpg") }
        #expect(mkfifo(box.work + "/list", 0o600) == 0)
        let writer = open(box.work + "/list", O_RDWR | O_CLOEXEC)
        let running = try box.start(["quire", "pdf", "@list", "-o", "b.pdf", "--progress", "none"])
        func entry() throws -> JSON? { try box.quire("jobs", "--json", expect: 0).object().list.first }
        try eventually("the job is recorded") { (try? entry()?["command"].list.count) ?? 0 > 1 }
        let id = try #require(try entry()?["id"].text)
        func journal(_ statement: Name) throws {
            let ended = try box.run(["sqlite3", "-cmd", ".timeout 10000", Name("\(box.state)/quire/jobs/\(id)/job.sqlite"), statement])
            #expect(ended.status == 0, "\(ended)")
        }
        // All files are done then, and no page is bound.
        try journal("CREATE TRIGGER cut BEFORE INSERT ON job WHEN new.key LIKE 'book %' BEGIN SELECT RAISE(ABORT, 'cut'); END")
        for index in 1...5 { _ = Array("in/p\(index).jpg\n".utf8).withUnsafeBytes { write(writer, $0.baseAddress, $0.count) } }
        close(writer)
        #expect(try running.wait().status == 75)
        try journal("DROP TRIGGER cut")
        #expect(rename(box.work + "/in", box.work + "/away") == 0)
        let gone = try box.quire("resume", "--progress", "none", "--json", expect: 75)
        #expect(gone.errors.contains("/in is gone"), "\(gone)")
        #expect(try gone.object()["failed"].number == 0)
        #expect(rename(box.work + "/away", box.work + "/in") == 0)
        try box.quire("resume", "--progress", "none", expect: 0)
        #expect(try box.pageWidths("b.pdf").count == 5)
        box.expectTidy()
    }

    @Test("INPUT . is looked after too when the job is gone on with")
    func currentFolder() throws {
        let job = try LongJob()
        let quire = Name(builtPrograms + "/quire")
        let words: [Name] = ["run", ".", "--recipe", "../slow.yaml", "-o", Name(job.box.work + "/out"), "--progress", "json", "--json"]
        let first = try job.box.start(["sh", "-c", "cd in && exec \"$0\" \"$@\"", quire] + words)
        try job.hold(first)
        first.signal(SIGKILL)
        _ = try first.wait()
        let running = try job.box.start(Machine.obeyingRights + [quire, "resume", "--max-pause", "0", "--progress", "json", "--json"])
        try job.hold(running)
        chmod(job.box.work + "/in", 0)
        job.release(running)
        let ended = try running.wait()
        chmod(job.box.work + "/in", 0o755)
        #expect(ended.status == 75, "\(ended.errors.suffix(1500))")
        #expect(try ended.object()["failed"].number == 0)
    }

    /// Sixty files that end too early and are taken first, then good ones.
    private func manyBroken() throws -> Sandbox {
        let box = try Sandbox()
        let picture = TinyPicture.jpeg(64, commentBytes: 40_000)
        for index in 1...60 { try box.write(Array(picture.dropLast(200)), to: "in/a/\(index).jpg") }
        for index in 1...400 { try box.write(TinyPicture.jpeg(32), to: "in/b/\(index).jpg") }
        return box
    }

    @Test("Fifty equal failures in a row stop the job with 75, and --keep-going does not")
    func manyEqualFailures() throws {
        let box = try manyBroken()
        let words: [Name] = ["quire", "run", "in", "-o", "out", "--shrink", "16", "--progress", "none", "--json", "--jobs", "2"]
        let ended = try box.run(words)
        #expect(ended.status == 75, "\(ended)")
        #expect(ended.errors.contains("50 files in a row failed as truncated") && ended.errors.contains("--keep-going"))
        #expect((50...60).contains(try ended.object()["failed"].number ?? 0))
        let resumed = try box.run(["quire", "resume", "--keep-going", "--progress", "none", "--json"])
        #expect(resumed.status == 3, "\(resumed)")
        #expect(box.files(below: "out").count == 400)
        let other = try box.run(words + ["--keep-going", "--overwrite", "always"])
        #expect(other.status == 3)
        let facts = try other.object()
        #expect(facts["failed"].number == 60 && facts["done"].number == 400)
    }

    @Test("--max-failures stops the job at a number or a share of all files", arguments: ["7", "2%"])
    func maxFailures(_ limit: String) throws {
        let box = try manyBroken()
        let ended = try box.run(
            ["quire", "run", "in", "-o", "out", "--shrink", "16", "--progress", "none", "--json", "--jobs", "1", "--max-failures", Name(limit)])
        #expect(ended.status == 75, "\(ended)")
        #expect(ended.errors.contains(limit == "7" ? "7 files have failed" : "10 files have failed"), "\(ended)")
    }

    @Test("A share of failures that means nothing is a usage error", arguments: ["0", "101%", "x", "-3", "5 %", "1.5%"])
    func badLimit(_ limit: String) throws {
        let box = try manyBroken()
        #expect(try box.run(["quire", "run", "in", "-o", "out", "--shrink", "16", "--max-failures", Name(limit)]).status == 2)
    }

    @Test("An output folder that was unmounted is not written to behind its back, neither now nor when the job is gone on with", .enabled(if: SmallDisk.works, SmallDisk.why))
    func outputUnmounted() throws {
        let job = try LongJob()
        var disk: SmallDisk? = try SmallDisk(at: job.box.work + "/disk", kilobytes: 20_000)
        let running = try job.start("-o", "disk/out")
        try job.hold(running)
        let path = job.box.work + "/disk"
        try #require(umount2(path, Int32(MNT_DETACH)) == 0)
        job.release(running)
        let ended = try running.wait()
        #expect(ended.status == 75, "\(ended.errors.suffix(1500))")
        #expect(ended.errors.contains("disk/out"))
        #expect(job.box.files(below: "disk").allSatisfy { $0.description.contains(".quire-") }, "nothing has a final name there")
        let refused = try job.box.run(["quire", "resume", "--progress", "none"])
        #expect(refused.status == 75 && refused.errors.contains("mount that again"), "\(refused)")
        disk = nil
        _ = disk
    }
}
