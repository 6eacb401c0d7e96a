import Glibc
import Testing

/// What no job may take away, and what it says instead.
@Suite("What is not quire's stays")
struct SafetyTests {
    private func box(_ names: Name...) throws -> Sandbox {
        let box = try Sandbox()
        for (index, name) in names.enumerated() { try box.write(TinyPicture.jpeg(16 + index), to: name) }
        return box
    }

    @Test("A volume's name that somebody's file has: no volume is named, and --overwrite always replaces it")
    func foreignVolume() throws {
        let box = try box()
        // Each about 0.6 MB of noise behind its end, so that two volumes are needed.
        for index in 1...3 { try box.write(TinyPicture.jpeg(16 + index) + [UInt8](repeating: 7, count: 600_000), to: Name("in/\(index).jpg")) }
        try box.write("mine", to: "C/album-002.pdf")
        let words: [Name] = ["quire", "pdf", "in", "-o", "C/album.pdf", "--volume-size", "1MB", "--progress", "none"]
        let refused = try box.run(words)
        #expect(refused.status == 2 && refused.errors.contains("C/album-002.pdf") && refused.errors.contains("--overwrite"), "\(refused)")
        #expect(box.text("C/album-002.pdf") == "mine")
        #expect(box.files(below: "C") == ["album-002.pdf"])
        #expect(try box.run(words + ["--overwrite", "always"]).status == 0)
        #expect(box.files(below: "C").count >= 2 && box.text("C/album-002.pdf").hasPrefix("%PDF-"))
        // Now they are quire's own.
        #expect(try box.run(words).status == 0)
    }

    @Test("A PDF never takes the place of an input, under its own name or a volume's")
    func pdfIsInput() throws {
        let box = try box("D/a.jpg", "D/a-002.jpg", "D/b.jpg")
        try box.link("here", to: "D")
        let before = try box.snapshot("D")
        for target in [Name("D/b.jpg"), "D/a.jpg", "here/b.jpg"] {
            let ended = try box.quire("pdf", "D", "-o", target, "--overwrite", "always", expect: 2)
            #expect(ended.errors.contains("input"), "\(ended)")
        }
        #expect(try box.snapshot("D") == before)
    }

    @Test("A PDF never takes the place of an output of the same job")
    func pdfIsOutput() throws {
        let box = try box("in/p01.jpg", "in/q.jpg")
        for target in [Name("o/p01.jpg"), "./o/p01.jpg", Name(box.work + "/o/P01.jpg")] {
            let ended = try box.quire("run", "in", "-o", "o", "--pdf", target, "--overwrite", "always", expect: 2)
            #expect(ended.errors.contains("output"), "\(ended)")
        }
        #expect(!box.exists("o"))
    }

    @Test("--manifest and --report replace no input, no output, no PDF, not each other and nothing of somebody's")
    func sideFiles() throws {
        let box = try box("in/a.jpg", "in/b.html")
        try box.write("mine", to: "notes.csv")
        try box.link("link.json", to: "notes.csv")
        let before = try box.snapshot("in")
        let always: [Name] = ["quire", "run", "in", "-o", "out", "--pdf", "b.pdf", "--progress", "none", "--overwrite", "always"]
        for words: [Name] in [
            ["--manifest", "in/a.jpg"], ["--report", "in/b.html"], ["--manifest", "out/a.jpg"], ["--manifest", "out/../b.pdf"], ["--manifest", "b-002.pdf"],
            ["--manifest", "r.csv", "--report", "./r.csv"], ["--manifest", "in"],
        ] {
            let ended = try box.run(always + words)
            #expect(ended.status == 2 && ended.errors.contains(words[1].description), "\(words): \(ended)")
        }
        #expect(try box.snapshot("in") == before)
        #expect(!box.exists("out") && !box.exists("b.pdf"))
        let words: [Name] = ["quire", "run", "in", "-o", "out", "--progress", "none"]
        for target in [Name("notes.csv"), "link.json"] {
            let ended = try box.run(words + ["--report", target])
            #expect(ended.status == 2 && ended.errors.contains(target.description) && ended.errors.contains("--overwrite"), "\(ended)")
        }
        #expect(box.text("notes.csv") == "mine")
        // An empty file is nobody's, one's own is replaced, and always replaces.
        try box.write("", to: "r.csv")
        for _ in 1...2 { #expect(try box.run(words + ["--report", "r.csv", "--manifest", "m"]).status == 0) }
        #expect(try box.run(words + ["--report", "notes.csv", "--overwrite", "always"]).status == 0)
        #expect(box.text("notes.csv") != "mine")
    }

    @Test("--in-place a second time does nothing, and with another recipe it works again")
    func inPlaceAgain() throws {
        let box = try box("in/a.jpg")
        try box.write(TinyPicture.jpeg(64, 48), to: "in/a.jpg")
        let words: [Name] = ["quire", "run", "in", "--in-place", "--json", "--progress", "none"]
        #expect(try box.run(words + ["--shrink", "50%"]).object()["done"].number == 1)
        let again = try box.run(words + ["--shrink", "50%"])
        #expect(again.status == 0)
        #expect(try again.object()["done"].number == 0)
        #expect(try box.width("in/a.jpg") == 32)
        #expect(try box.run(words + ["--shrink", "8"]).object()["done"].number == 1)
        #expect(try box.width("in/a.jpg") == 8)
    }

    /// Files whose pages are encoded for a PDF, and one whose bytes go into it.
    private func boxOfKinds() throws -> Sandbox {
        let box = try Sandbox()
        try box.makeFolder("in")
        for (name, depth) in [("a.gif", "8"), ("b.webp", "8"), ("c.tif", "16"), ("d.jpg", "8")] {
            let made = try box.run(["convert", "-size", "61x40", "gradient:red-blue", "-depth", Name(depth), Name("in/" + name)])
            try #require(made.status == 0, "\(made)")
        }
        return box
    }

    @Test("In place and with a PDF, a recipe is done to a file once, however often the command is run")
    func inPlacePages() throws {
        let box = try boxOfKinds()
        let words: [Name] = ["quire", "run", "in", "--in-place", "--shrink", "50%", "--progress", "none"]
        #expect(try box.run(words).status == 0)
        let once = try box.snapshot("in")
        for _ in 1...3 {
            let ended = try box.run(words + ["--pdf", "b.pdf", "--manifest", "m", "--report", "r.json"])
            #expect(ended.status == 0, "\(ended)")
            #expect(try box.snapshot("in") == once)
            #expect(try box.pageWidths("b.pdf") == [31, 31, 31, 31])
            try box.expectSound("b.pdf")
            #expect(try box.run(["sha256sum", "-c", "--status", "m"]).status == 0)
        }
        // By the bytes too, where the times are others.
        #expect(try box.run(["quire", "run", "in", "--in-place", "--shrink", "40%", "--identity", "digest", "--progress", "none"]).status == 0)
        #expect(try box.run(["touch", "-d", "2001-02-03", "in/a.gif", "in/b.webp", "in/c.tif", "in/d.jpg"]).status == 0)
        let touched = try box.snapshot("in")
        try box.quire("run", "in", "--in-place", "--shrink", "40%", "--identity", "digest", "--pdf", "b.pdf", "--progress", "none", expect: 0)
        #expect(try box.snapshot("in") == touched)
        #expect(try box.pageWidths("b.pdf") == [12, 12, 12, 12])
        box.expectTidy()
    }

    @Test("In place, times are moved once, in the file and in its page of the PDF")
    func inPlaceTimes() throws {
        let box = try Sandbox()
        try box.write(TinyPicture.jpeg(20, exif: .init(taken: "2024:01:01 10:00:00")), to: "in/a.jpg")
        try box.write("actions:\n  - time-shift: {days: 1}\n", to: "r.yaml")
        let words: [Name] = ["quire", "run", "in", "--in-place", "--recipe", "r.yaml", "--progress", "none"]
        for pdf: [Name] in [[], ["--pdf", "b.pdf"], ["--pdf", "b.pdf"]] {
            #expect(try box.run(words + pdf).status == 0)
            let taken = try box.run(["exiftool", "-s3", "-DateTimeOriginal", "in/a.jpg"]).out
            #expect(taken == "2024:01:02 10:00:00\n")
        }
        #expect(try box.run(["pdfimages", "-all", "b.pdf", "page"]).status == 0)
        #expect(box.read("page-000.jpg") == box.read("in/a.jpg"))
    }

    @Test("In place, retry leaves alone what is finished, and binds its pages")
    func inPlaceRetry() throws {
        let box = try boxOfKinds()
        let whole = try #require(box.read("in/d.jpg"))
        try box.write("no picture", to: "in/d.jpg")
        let words: [Name] = ["quire", "run", "in", "--in-place", "--shrink", "50%", "--progress", "none"]
        #expect(try box.run(words + ["--pdf", "b.pdf"]).status == 3)
        let finished = try box.snapshot("in")
        try box.write(whole, to: "in/d.jpg")
        try box.quire("retry", "--progress", "none", expect: 0)
        let after = try box.snapshot("in")
        for name in ["a.gif", "b.webp", "c.tif"] as [Name] { #expect(after[name] == finished[name]) }
        #expect(try box.pageWidths("b.pdf") == [31, 31, 31, 31])
        #expect(try box.width("in/d.jpg") == 31)
        // What another job of the same recipe has done since is done.
        for pdf: [Name] in [[], ["--pdf", "c.pdf"]] {
            try box.write("no picture", to: "in/d.jpg")
            let failed = try box.run(words + pdf + ["--json"])
            #expect(failed.status == 3, "\(failed)")
            try box.write(whole, to: "in/d.jpg")
            #expect(try box.run(words).status == 0)
            let done = try box.snapshot("in")
            try box.quire("retry", Name(try #require(try failed.object()["job"].text)), "--progress", "none", expect: 0)
            #expect(try box.snapshot("in") == done)
        }
        #expect(try box.pageWidths("c.pdf") == [31, 31, 31, 31])
        box.expectTidy()
    }

    @Test("In place, names that differ in case only are two files, and one file named twice is one")
    func inPlaceNames() throws {
        let box = try box("in/img.jpg", "in/IMG.jpg")
        let ended = try box.quire("run", "in", "in/img.jpg", "--in-place", "--shrink", "8", "--progress", "none", "--json", expect: 0)
        let facts = try ended.object()
        #expect(facts["done"].number == 2)
        #expect(facts.skipped("skipped_by_reason") == ["found twice": 1])
        #expect(try box.width("in/img.jpg") == 8)
        #expect(try box.width("in/IMG.jpg") == 8)
    }

    @Test("A file named twice has both its pages in the PDF, and one output")
    func twicePages() throws {
        let box = try box("a.jpg", "b.jpg")
        let words: [Name] = ["quire", "run", "a.jpg", "b.jpg", "a.jpg", "-o", "out", "--progress", "none", "--json"]
        for shrink: [Name] in [["--shrink", "12"], []] {
            let ended = try box.run(words + shrink + ["--pdf", "b.pdf"])
            #expect(ended.status == 0, "\(ended)")
            #expect(box.files(below: "out") == ["a.jpg", "b.jpg"])
            #expect(try box.pageWidths("b.pdf") == (shrink.isEmpty ? [16, 17, 16] : [12, 12, 12]))
            // Both pages are the same picture: both times its bytes.
            let again = try box.run(words + shrink + ["--pdf", "b.pdf"])
            #expect(try again.object()["done"].number == 0, "\(again)")
            #expect(try box.pageWidths("b.pdf") == (shrink.isEmpty ? [16, 17, 16] : [12, 12, 12]))
        }
        box.expectTidy()
    }

    @Test("A place that is spelled otherwise is the same place, and INPUTs that are worked on in place are claimed too")
    func locks() throws {
        let job = try LongJob()
        try job.box.link("link", to: "out")
        try job.box.makeFolder("out")
        let running = try job.start("-o", "out")
        try job.hold(running)
        for spelling in [Name("link"), "in/../out"] {
            let ended = try job.box.quire("run", "in", "-o", spelling, "--progress", "none", expect: 75)
            #expect(ended.errors.contains("in use"), "\(ended)")
        }
        running.signal(SIGINT)
        running.signal(SIGINT)
        _ = try running.wait()
        let inPlace = try job.start("--in-place")
        try job.hold(inPlace)
        for words: [Name] in [["--in-place"], ["--name", "{dir}/{stem}_s.{ext}"]] {
            let ended = try job.box.run(["quire", "run", "./in", "--shrink", "8", "--progress", "none"] + words)
            #expect(ended.status == 75 && ended.errors.contains("in use"), "\(ended)")
        }
        inPlace.signal(SIGINT)
        inPlace.signal(SIGINT)
        _ = try inPlace.wait()
    }

    @Test("What a killed job left stays for resume until its PDF is made by another, and no temp file is ever an input")
    func sweep() throws {
        let job = try LongJob()
        let running = try job.start("-o", "out", "--pdf", "b.pdf")
        try job.hold(running)
        let id = try #require(job.id(running))
        let picture = TinyPicture.jpeg(16)
        // As workers and binder leave them; one of a job that this state folder does not know.
        let left: [Name] = [Name("out/.quire-\(id)-39-1"), Name(".quire-\(id)-0-0.partial"), Name(".quire-spool-\(id)/.quire-\(id)-7-1")]
        let other = Name("out/.quire-20200101-000000-abcd-1-1")
        for name in left + [other] { try job.box.write(picture, to: name) }
        // Alive, it is left alone.
        try job.box.quire("run", "in/0/p4.jpg", "-o", "out2", "--pdf", "c.pdf", "--progress", "none", expect: 0)
        for name in left { #expect(job.box.exists(name), "\(name)") }
        running.signal(SIGKILL)
        _ = try running.wait()
        try job.box.write(picture, to: "out/mine.jpg")
        let found = try job.box.plan("out", "-o", "new", "--hidden", "--collisions", "rename")
        #expect(found.inputs.contains("out/mine.jpg"))
        #expect(!found.inputs.contains { $0.contains(".quire-") })
        try eventually("no worker is left") { job.workers(running).isEmpty }
        try job.box.quire("run", "in/0/p4.jpg", "-o", "out", "--pdf", "c.pdf", "--progress", "none", "--overwrite", "always", expect: 0)
        for name in left { #expect(job.box.exists(name), "\(name)") }
        try job.box.quire("run", "in/0/p4.jpg", "-o", "out", "--pdf", "./b.pdf", "--progress", "none", "--overwrite", "always", expect: 0)
        for name in left { #expect(!job.box.exists(name), "\(name)") }
        #expect(job.box.exists(other))
    }

    @Test("{folderindex} counts on where folders come in turns")
    func folderIndex() throws {
        let box = try box("x/a.jpg", "y/b.jpg", "x/c.jpg", "y/d.jpg")
        let plan = try box.plan("x/a.jpg", "y/b.jpg", "x/c.jpg", "y/d.jpg", "-o", "o", "--name", "{folder}{folderindex}.{ext}")
        #expect(plan.outputs == ["o/x1.jpg", "o/y1.jpg", "o/x2.jpg", "o/y2.jpg"])
    }

    @Test("Pages come to the right book also where folders come in turns")
    func booksInTurns() throws {
        let box = try box("x/a.jpg", "y/b.jpg", "x/c.jpg", "y/d.jpg")
        try box.quire("pdf", "x/a.jpg", "y/b.jpg", "x/c.jpg", "y/d.jpg", "-o", "books/{folder}.pdf", "--progress", "none", expect: 0)
        #expect(try box.pageWidths("books/x.pdf") == [16, 18])
        #expect(try box.pageWidths("books/y.pdf") == [17, 19])
    }

    @Test("All named inputs missing is exit 4 with their names; --allow-empty makes it 0")
    func allMissing() throws {
        let box = try box("a.jpg")
        let ended = try box.quire("run", "gone.jpg", "lost.jpg", "-o", "out", "--progress", "none", expect: 4)
        #expect(ended.errors.contains("gone.jpg") && ended.errors.contains("lost.jpg"))
        try box.quire("run", "gone.jpg", "-o", "out", "--allow-empty", "--progress", "none", expect: 0)
        let some = try box.quire("run", "gone.jpg", "a.jpg", "lost.jpg", "-o", "out", "--progress", "none", "--json", expect: 3)
        #expect(try some.object()["failures"].list.first?["count"].number == 2)
    }

    @Test("A named pipe is no image at once, for inspect too")
    func inspectPipe() throws {
        let box = try box()
        try box.makePipe("pipe.jpg")
        let ended = try box.quire("inspect", "pipe.jpg", expect: 3)
        #expect(ended.errors.contains("not-image: it is a named pipe"))
    }

    @Test("An agent that goes at once is a fault that doctor tells")
    func doctorWithoutAgent() throws {
        let box = try box()
        let ended = try box.quire("doctor", environment: ["QUIRE_AGENT": "/bin/true"], expect: 5)
        #expect(ended.out.contains("fault") && ended.out.contains("cure"), "\(ended)")
    }

    @Test("Facts that cannot be printed are exit 1; a reader that has enough is a success")
    func fullOutput() throws {
        let box = try box("in/a.jpg")
        let program = Name(builtPrograms + "/quire")
        for command in ["run in -n -o out", "run in -n --json -o out", "inspect in/a.jpg", "inspect --json in/a.jpg", "doctor", "run in -o out --json", "--help"] {
            let full = try box.run(["sh", "-c", Name("exec \"$0\" \(command) > /dev/full"), program])
            #expect(full.status == 1 && full.errors.contains("standard output"), "\(command): \(full)")
            let closed = try box.run(["bash", "-c", Name("\"$0\" \(command) | true; exit ${PIPESTATUS[0]}"), program])
            #expect(closed.status == 0, "\(command): \(closed)")
        }
    }

    @Test("A report that cannot be written does not keep the manifest back")
    func reportFails() throws {
        let box = try box("in/a.jpg")
        try box.write("a file, no folder", to: "f")
        let ended = try box.quire("run", "in", "-o", "out", "--report", "f/r.csv", "--manifest", "sums", "--progress", "none")
        #expect(ended.status != 0 && ended.errors.contains("f"), "\(ended)")
        #expect(try box.run(["sha256sum", "-c", "--strict", "sums"]).status == 0)
    }
}
