import Testing

@Suite("What is done already, by content and by build")
struct IdentityTests {
    private func touch(_ box: Sandbox, _ names: Name..., time: Name = "2001-02-03") throws {
        #expect(try box.run(["touch", "-d", time] + names).status == 0)
    }

    /// Two of 20 pixels, which are made smaller, and one that is small enough.
    private func box() throws -> Sandbox {
        let box = try Sandbox()
        // Bytes behind the end of the picture: another file of the same size, and a picture all the same.
        for (index, name) in (["in/a.jpg", "in/sub/b.jpg"] as [Name]).enumerated() { try box.write(TinyPicture.jpeg(20 + index) + [1], to: name) }
        try box.write(TinyPicture.jpeg(6, 6), to: "in/small.jpg")
        return box
    }

    private func again(_ box: Sandbox, _ words: Name..., environment: [String: String] = [:]) throws -> JSON {
        let ended = try box.run(["quire", "run"] + words + ["-o", "out", "--shrink", "8", "--progress", "none", "--json"], environment: environment)
        #expect(ended.status == 0, "\(ended)")
        return try ended.object()
    }

    @Test("By digest, touched inputs are done already, one with other bytes of the same size is made again, and what was found is remembered")
    func touched() throws {
        let box = try box()
        #expect(try again(box, "in", "--pdf", "b.pdf", "--identity", "digest")["done"].number == 3)
        let (made, book) = (try box.snapshot("out"), try #require(box.read("b.pdf")))
        try touch(box, "in/a.jpg", "in/sub/b.jpg", "in/small.jpg")
        let same = try again(box, "in", "--pdf", "b.pdf", "--identity", "digest")
        #expect(same["done"].number == 0 && same["skipped"].number == 3)
        #expect(try box.snapshot("out") == made)
        #expect(box.read("b.pdf") == book)
        #expect(try again(box, "in")["done"].number == 0, "the new times are known now")
        try box.write(TinyPicture.jpeg(21) + [2], to: "in/sub/b.jpg")
        try touch(box, "in/a.jpg", "in/sub/b.jpg", time: "2002-02-03")
        #expect(try again(box, "in", "--identity", "digest")["done"].number == 1)
        try touch(box, "in/a.jpg", "in/sub/b.jpg", "in/small.jpg", time: "2003-02-03")
        #expect(try again(box, "in")["done"].number == 3, "by time they are other files")
    }

    @Test("By digest, inputs that moved elsewhere are done already")
    func moved() throws {
        let box = try box()
        #expect(try again(box, "in", "--identity", "digest")["done"].number == 3)
        let made = try box.snapshot("out")
        #expect(try box.run(["cp", "-r", "in", "new home"]).status == 0)
        #expect(try box.run(["rm", "-r", "in"]).status == 0)
        #expect(try again(box, "new home", "--identity", "digest")["done"].number == 0)
        #expect(try box.snapshot("out") == made)
        #expect(try again(box, "new home")["done"].number == 0, "the new place is known now")
    }

    @Test("What was made without a digest is made again once, but for copies, whose digest is their own")
    func withoutDigest() throws {
        let box = try box()
        #expect(try again(box, "in")["done"].number == 3)
        try touch(box, "in/a.jpg", "in/sub/b.jpg", "in/small.jpg")
        #expect(try again(box, "in", "--identity", "digest")["done"].number == 2)
        try touch(box, "in/a.jpg", "in/sub/b.jpg", "in/small.jpg", time: "2002-02-03")
        #expect(try again(box, "in", "--identity", "digest")["done"].number == 0)
    }

    @Test("By digest, a file replaced in place is left as it is when only its time is another; a dry run remembers nothing")
    func inPlace() throws {
        let box = try box()
        let words: [Name] = ["quire", "run", "in", "--in-place", "--shrink", "8", "--identity", "digest", "--json", "--progress", "none"]
        #expect(try box.run(words).object()["done"].number == 3)
        try touch(box, "in/a.jpg", "in/sub/b.jpg", "in/small.jpg")
        for _ in 1...2 {
            let states = try box.run(words + ["--dry-run"]).object()["files"].list.compactMap { $0["state"].text }
            #expect(Set(states).count == 1 && states.count == 3)
        }
        let before = try box.snapshot("in")
        let second = try box.run(words).object()
        #expect(second["done"].number == 0 && second["skipped"].number == 3)
        #expect(try box.snapshot("in") == before)
    }

    @Test("Outputs of another build are left and counted, copies apart, and made again with --redo-other-builds")
    func builds() throws {
        let box = try box()
        #expect(try again(box, "in")["other_builds"]["count"].number == 0)
        // Another program by its digest, and the same by what it does.
        let worker = try #require(box.read(Name(builtPrograms + "/quire-worker")))
        try box.write(worker + [0], to: "quire-worker")
        #expect(try box.run(["chmod", "+x", "quire-worker"]).status == 0)
        let other = ["QUIRE_WORKER": box.work + "/quire-worker"]
        let left = try again(box, "in", environment: other)
        #expect(left["done"].number == 0 && left["other_builds"]["count"].number == 2)
        let builds = left["other_builds"]["builds"].list.compactMap(\.text)
        #expect(builds.count == 1 && builds[0].hasPrefix("quire ") && builds[0].contains(", libvips ") && builds[0].contains(", worker "), "\(builds)")
        let told = try box.quire("report", expect: 0)
        #expect(told.out.contains("2 outputs are of another build (\(builds[0])); --redo-other-builds makes them again"), "\(told)")
        let redone = try again(box, "in", "--redo-other-builds", environment: other)
        #expect(redone["done"].number == 2 && redone["skipped"].number == 1 && redone["other_builds"]["count"].number == 0)
        #expect(try again(box, "in", environment: other)["other_builds"]["count"].number == 0)
        #expect(try again(box, "in")["other_builds"]["count"].number == 2)
    }
}
