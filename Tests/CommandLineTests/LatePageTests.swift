import Foundation
import Glibc
import Testing

/// A book whose file was broken, gone or changed is made whole by the same command: no trace of the trouble is in its bytes.
@Suite("Late pages")
struct LatePageTests {
    /// The commands that make `b.pdf` of `in`.
    static let commands: [[Name]] = [
        ["quire", "pdf", "in", "-o", "b.pdf"],
        ["quire", "run", "in", "--pdf", "b.pdf", "--shrink", "40"],
        ["quire", "run", "in", "--pdf", "b.pdf", "-o", "out", "--shrink", "40"],
        ["quire", "run", "in", "--pdf", "b.pdf", "-o", "out"],
    ]
    private static let late: Name = "in/b/3.jpg"
    private static let quietly: [Name] = ["--progress", "none"]

    /// Five pictures in two folders, and the book they make when nothing comes between.
    private func box(_ command: [Name]) throws -> (box: Sandbox, undisturbed: [UInt8]) {
        let box = try Sandbox()
        for (index, name) in ["a/1.jpg", "a/2.png", "b/3.jpg", "b/4.jpg", "b/5.png"].enumerated() {
            let isPNG = name.hasSuffix("png")
            try box.write(isPNG ? TinyPicture.png(60 + index) : TinyPicture.jpeg(60 + index), to: Name("in/" + name))
        }
        let other = try Sandbox()
        for file in box.files(below: "in") { try other.write(box.read("in/" + file) ?? [], to: "in/" + file) }
        #expect(try other.run(command + Self.quietly).status == 0)
        return (box, try #require(other.read("b.pdf")))
    }

    private func expectLate(_ box: Sandbox, _ ended: Ended, _ reason: String, _ undisturbed: [UInt8], _ place: SourceLocation = #_sourceLocation) throws {
        #expect(ended.status == 3 && ended.errors.contains(reason), "\(ended)", sourceLocation: place)
        #expect(box.read("b.pdf") != undisturbed, sourceLocation: place)
        let text = try box.run(["pdftotext", "b.pdf", "-"]).out
        #expect(text.contains("3.jpg") && text.contains(reason), "\(text)", sourceLocation: place)
    }

    private func expectWhole(_ box: Sandbox, _ command: [Name], _ undisturbed: [UInt8], _ place: SourceLocation = #_sourceLocation) throws {
        let again = try box.run(command + Self.quietly)
        #expect(again.status == 0, "\(again)", sourceLocation: place)
        #expect(box.read("b.pdf") == undisturbed, sourceLocation: place)
        box.expectTidy(place)
    }

    @Test("A broken file that was repaired takes the place of its placeholder, byte for byte", arguments: commands)
    func repaired(_ command: [Name]) throws {
        let (box, undisturbed) = try box(command)
        let whole = try #require(box.read(Self.late))
        try box.write("no picture", to: Self.late)
        try expectLate(box, try box.run(command + Self.quietly), "not-image", undisturbed)
        try box.write(whole, to: Self.late)
        try expectWhole(box, command, undisturbed)
    }

    /// Runs the command with workers that wait, and comes between once the plan is made.
    private func disturbed(_ box: Sandbox, _ command: [Name], _ comeBetween: () throws -> Void) throws -> Ended {
        let go = box.root + "/go"
        let worker = Name(box.root + "/worker")
        let waiting = box.root + "/waiting"
        let script = """
            #!/bin/sh
            : >\(waiting)
            while [ ! -e \(go) ]; do sleep 0.01; done
            exec \(builtPrograms)/quire-worker "$@"

            """
        try box.write(script, to: worker)
        try box.setMode(worker, 0o755)
        let running = try box.start(command + Self.quietly, environment: ["QUIRE_WORKER": worker.description])
        // Workers are started once the plan is made.
        try eventually("the plan is made") { box.exists(Name(waiting)) }
        try comeBetween()
        try box.write("", to: Name(go))
        return try running.wait()
    }

    @Test("A file that vanished after the plan was made, and came back", arguments: commands)
    func vanished(_ command: [Name]) throws {
        let (box, undisturbed) = try box(command)
        let whole = try #require(box.read(Self.late))
        let ended = try disturbed(box, command) { try box.remove(Self.late) }
        try expectLate(box, ended, "vanished", undisturbed)
        try box.write(whole, to: Self.late)
        try expectWhole(box, command, undisturbed)
    }

    @Test("A file that changed after the plan was made is taken as it is now by the next run", arguments: commands)
    func changed(_ command: [Name]) throws {
        let (box, undisturbed) = try box(command)
        let whole = try #require(box.read(Self.late))
        try box.write(TinyPicture.jpeg(64, 90), to: Self.late)
        let ended = try disturbed(box, command) { try box.write(whole, to: Self.late) }
        try expectLate(box, ended, "changed", undisturbed)
        try expectWhole(box, command, undisturbed)
    }

    @Test("A file that changed between its work and the binding has a placeholder, and its page in the next run")
    func changedBeforeBinding() throws {
        let command = Self.commands[0]
        let (box, _) = try box(command)
        // The first page is long work, so that the pages behind it wait for it.
        let noise = try box.run(["convert", "-size", "3000x3000", "xc:", "+noise", "Random", "-interlace", "PNG", "in/a/0.png"])
        try #require(noise.status == 0, "\(noise)")
        let running = try box.start(command + ["--jobs", "2", "--progress", "json"])
        try eventually("a later file is done") { running.errorsSoFar.contains("\"path\":\"in/b/3.jpg\"") }
        let workers = ProcessTree.descendants(of: running.id).filter { ProcessTree.name($0) == "quire-worker" }
        for worker in workers { kill(worker, SIGSTOP) }
        try #require(!running.errorsSoFar.contains("\"path\":\"in/a/0.png\""), "the long work was over too early")
        try box.write(TinyPicture.jpeg(30, 30), to: Self.late)
        for worker in workers { kill(worker, SIGCONT) }
        let ended = try running.wait()
        let text = try box.run(["pdftotext", "b.pdf", "-"]).out
        #expect(text.contains("3.jpg") && text.contains("changed"), "\(text) \(ended)")
        #expect(ended.status == 3 && ended.errors.contains("quire retry"), "a page that is not in the book is a file that failed: \(ended)")
        try box.expectSound("b.pdf")
        try box.quire("retry", "--progress", "none", expect: 0)
        try box.quire("pdf", "in", "-o", "c.pdf", "--progress", "none", expect: 0)
        #expect(box.read("b.pdf") == box.read("c.pdf"))
        #expect(try box.pageWidths("b.pdf").contains(30))
    }
}
