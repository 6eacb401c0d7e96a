import Foundation
import Glibc
import Testing

@Suite("Going on with a job, at odd moments")
struct ResumeCornerTests {
    private func journal(_ box: Sandbox) throws -> Name {
        let jobs = box.state + "/quire/jobs"
        return Name(jobs + "/" + (try FileManager.default.contentsOfDirectory(atPath: jobs)[0]) + "/job.sqlite")
    }

    @Test("Killed while its inputs are listed, with rows of the plan written, it lists them anew and does every one once")
    func whilePlanning() throws {
        let count = 4500
        let box = try Sandbox()
        try box.write("no picture", to: "in/0.jpg")
        let script = "i=1; while [ $i -lt \(count) ]; do ln in/0.jpg in/$i.jpg; i=$((i+1)); done"
        #expect(try box.run(["sh", "-c", Name(script)]).status == 0)
        let fifo = box.root + "/list"
        #expect(try box.run(["mkfifo", Name(fifo)]).status == 0)
        let running = try box.start(["quire", "run", "@" + Name(fifo), "-o", "out", "--keep-going", "--progress", "none"])
        // The list does not end, so neither does the plan.
        let names = (0..<count).map { "in/\($0).jpg\n" }.joined()
        let list = open(fifo, O_WRONLY | O_CLOEXEC)
        try #require(list >= 0)
        defer { close(list) }
        var rest = Array(names.utf8)[...]
        while !rest.isEmpty {
            let written = rest.withUnsafeBytes { Glibc.write(list, $0.baseAddress, $0.count) }
            try #require(written > 0)
            rest = rest.dropFirst(written)
        }
        let journal = try journal(box)
        try eventually("rows are written") { (Int((try? box.run(["sqlite3", journal, "SELECT count(*) FROM task"]).out.split(separator: "\n").first).map { String($0) } ?? "") ?? 0) > 4000 }
        running.signal(SIGKILL)
        _ = try running.wait()
        try FileManager.default.removeItem(atPath: fifo)
        try box.write(names, to: Name(fifo))
        let ended = try box.quire("resume", "--progress", "none", "--json", expect: 3)
        let summary = try ended.object()
        #expect(summary["failed"].number == count && summary["left"].number == 0)
        #expect(try box.run(["sqlite3", journal, "SELECT count(*), count(DISTINCT input) FROM task"]).out == "\(count)|\(count)\n")
    }

    @Test("A page that became a placeholder when it was bound stays one when the job is killed and gone on with")
    func placeholder() throws {
        func book(killed: Bool) throws -> (Sandbox, Ended) {
            let box = try Sandbox()
            // The first page is long work, so that the pages behind it wait for it.
            try box.makeFolder("in")
            let long = try box.run(["convert", "-seed", "1", "-size", "3000x3000", "plasma:tomato", "-interlace", "PNG", "in/0.png"])
            try #require(long.status == 0, "\(long)")
            for index in 1...5 { try box.write(TinyPicture.jpeg(20 + index), to: Name("in/\(index).jpg")) }
            let fault = Fault(calls: "rename", kind: .kill, number: 1)
            let words: [Name] = ["quire", "pdf", "in", "-o", "b.pdf", "--jobs", "2", "--progress", "json"]
            let running = try box.start(words, environment: killed ? try fault.environment(in: box) : [:])
            try eventually("a later file is done") { running.errorsSoFar.contains("\"path\":\"in/3.jpg\"") }
            let workers = ProcessTree.descendants(of: running.id).filter { ProcessTree.name($0) == "quire-worker" }
            for worker in workers { kill(worker, SIGSTOP) }
            try #require(!running.errorsSoFar.contains("\"path\":\"in/0.png\""), "the long work was over too early")
            try box.write(TinyPicture.jpeg(30, 30), to: "in/3.jpg")
            for worker in workers { kill(worker, SIGCONT) }
            return (box, try running.wait())
        }
        let (whole, undisturbed) = try book(killed: false)
        #expect(undisturbed.status == 3, "\(undisturbed)")
        let (box, died) = try book(killed: true)
        #expect(died.status == -9 && !box.exists("b.pdf"), "\(died)")
        let resumed = try box.quire("resume", "--progress", "none", expect: 3)
        #expect(resumed.errors.contains("in/3.jpg") || resumed.errors.isEmpty)
        #expect(box.read("b.pdf") == whole.read("b.pdf"))
        #expect(try box.run(["pdftotext", "b.pdf", "-"]).out.contains("changed"))
    }

    @Test("A journal of another version is refused with what to do, and hinders no other job")
    func otherVersion() throws {
        let box = try Sandbox()
        try box.write(TinyPicture.jpeg(20), to: "in/a.jpg")
        let fault = Fault(calls: "rename", kind: .kill, number: 1)
        let words: [Name] = ["quire", "run", "in", "-o", "out", "--progress", "none"]
        #expect(try box.run(words, environment: try fault.environment(in: box)).status == -9)
        let journal = try journal(box)
        #expect(try box.run(["sqlite3", journal, "PRAGMA user_version = 99"]).status == 0)
        let id = String(journal.description.split(separator: "/").dropLast().last ?? "")
        let refused = try box.quire("resume", Name(id))
        #expect([1, 2].contains(refused.status) && refused.errors.contains("version 99") && refused.errors.contains("use the quire that made it"), "\(refused)")
        let list = try box.quire("jobs", "--json", expect: 0).object().list
        #expect(list.count == 1 && list[0]["fault"].text?.contains("version 99") == true)
        #expect(try box.run(words).status == 0)
        #expect(box.files(below: "out") == ["a.jpg"])
    }

    @Test("cancel of a job whose process does not answer asks twice and says so; the job is cancelled as soon as it can answer")
    func frozen() throws {
        let job = try LongJob(count: 60)
        let running = try job.start("-o", "out", "--drain", "0")
        try job.hold(running)
        let id = try #require(job.id(running))
        running.signal(SIGSTOP)
        let refused = try job.box.quire("cancel", Name(id), expect: 75)
        #expect(refused.errors.contains("pid \(running.id)"), "\(refused)")
        running.signal(SIGCONT)
        #expect(try running.wait().status == 130)
        #expect(try job.box.quire("jobs", "--json", expect: 0).object().list.map { $0["state"].text } == ["cancelled"])
        job.box.expectTidy()
    }
}
