import Foundation
import Glibc
import Testing

/// Inputs, folders and disks that turn bad under a job.
@Suite("Bad input and bad places")
struct BadDayTests {
    @Test("What cannot be read fails by name and all else is finished")
    func unreadable() throws {
        let box = try Sandbox()
        for index in 1...3 { try box.write(TinyPicture.jpeg(16 + index), to: "in/\(index).jpg") }
        try box.setMode("in/2.jpg", 0)
        // A folder with the name of a picture is a folder.
        try box.write(TinyPicture.jpeg(30), to: "in/x.jpg/y.jpg")
        var random = SystemRandomNumberGenerator()
        try box.write((0..<100_000).map { _ in UInt8.random(in: 0...255, using: &random) }, to: "in/noise.jpg")
        try box.write([], to: "in/empty.jpg")
        // EXIF whose directory lies behind the end of its block.
        var astray = TinyPicture.jpeg(31, exif: TinyPicture.Exif(model: "Camera"))
        if let start = astray.indices.first(where: { astray[$0...].starts(with: Array("MM".utf8) + [0, 42]) }) {
            astray.replaceSubrange((start + 4)..<(start + 8), with: [0x7F, 0xFF, 0xFF, 0xF0])
        }
        try box.write(astray, to: "in/astray.jpg")
        let words: [Name] = ["quire", "run", "in", "-o", "out", "--pdf", "b.pdf", "--shrink", "10", "--rotate", "auto", "--progress", "none", "--json"]
        let ended = try box.run(Machine.obeyingRights + [Name(builtPrograms + "/quire")] + words.dropFirst())
        #expect(ended.status == 3, "\(ended)")
        let reasons = try ended.object()["failures"].list.map { "\($0["reason"].text ?? ""): \($0["count"].number ?? 0)" }
        #expect(Set(reasons) == ["denied: 1", "not-image: 2"], "\(ended)")
        #expect(box.files(below: "out") == ["1.jpg", "3.jpg", "astray.jpg", "x.jpg/y.jpg"])
        #expect(try box.run(["qpdf", "--show-npages", "b.pdf"]).out == "7\n")
        box.expectTidy()
    }

    @Test("An output folder that may not be written to fails what would go there, naming it")
    func readOnly() throws {
        let box = try Sandbox()
        for index in 1...3 { try box.write(TinyPicture.jpeg(16 + index), to: "in/\(index).jpg") }
        try box.makeFolder("out")
        try box.setMode("out", 0o555)
        let ended = try box.run(Machine.obeyingRights + [Name(builtPrograms + "/quire"), "run", "in", "-o", "out", "--progress", "none"])
        #expect(ended.status == 3 && ended.errors.contains("denied: 3 files") && ended.errors.contains("right"), "\(ended)")
        #expect(box.files(below: "out").isEmpty)
    }

    @Test("A file that vanishes or grows between plan and work fails as that, and the others are finished")
    func unstable() throws {
        let job = try LongJob(count: 120)
        let running = try job.start("-o", "out", "--jobs", "1")
        try job.hold(running)
        // Those planned last are not begun yet.
        let plan = try job.box.plan("in", "-o", "elsewhere").inputs
        let last = plan.suffix(2).map { Name($0) }
        try job.box.remove(last[0])
        try job.box.write((job.box.read(last[1]) ?? []) + [0], to: last[1])
        job.release(running)
        let ended = try running.wait(seconds: 120)
        #expect(ended.status == 3)
        let failures = try ended.object()["failures"].list.map { $0["reason"].text ?? "" }
        #expect(Set(failures) == ["vanished", "changed"], "\(ended.errors.suffix(1000))")
        #expect(job.box.files(below: "out").count == 118)
    }

    @Test(
        "A disk that is full stops the job with 75 and nothing half-made, and with room it is gone on with to the same bytes",
        .enabled(if: Machine.canMount, "needs the right to mount"), arguments: [24, 60, 150, 300])
    func fullDisk(kilobytes: Int) throws {
        let box = try Sandbox()
        for index in 1...12 { try box.write(TinyPicture.jpeg(400 + index, 300, commentBytes: 20_000), to: "in/\(index).jpg") }
        let words: [Name] = ["quire", "run", "in", "-o", "disk/out", "--pdf", "disk/b.pdf", "--max-pause", "0", "--progress", "plain"]
        try box.makeFolder("disk")
        let whole = try box.run(words)
        #expect(whole.status == 0, "\(whole)")
        func made() -> [Name: [UInt8]] { Dictionary(uniqueKeysWithValues: box.files(below: "disk").map { ($0, box.read("disk/" + $0) ?? []) }) }
        let reference = made()
        _ = try box.run(["rm", "-r", "disk", Name(box.state)])
        try box.makeFolder("disk")
        let mounted = try box.run(["mount", "-t", "tmpfs", "-o", Name("size=\(kilobytes)k"), "tmpfs", "disk"])
        #expect(mounted.status == 0, "\(mounted)")
        defer { _ = try? box.run(["umount", "-l", "disk"]) }
        let ended = try box.run(words)
        #expect(ended.status == 75 && ended.errors.contains("No space left on device") && ended.errors.contains("free some space"), "\(ended)")
        for (name, bytes) in made() where !name.description.contains(".quire-") { #expect(bytes == reference[name], "\(name)") }
        #expect(try box.run(["mount", "-o", "remount,size=10m", "disk"]).status == 0)
        let resumed = try box.quire("resume", "--progress", "plain")
        #expect(resumed.status == 0, "\(resumed)")
        #expect(made() == reference)
    }
}
