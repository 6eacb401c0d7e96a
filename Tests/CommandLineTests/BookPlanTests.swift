import Foundation
import Testing

@Suite("What a book will be, told before and after")
struct BookPlanTests {
    /// Two folders of three pages of about 400 kB each, all different.
    private func box() throws -> Sandbox {
        let box = try Sandbox()
        for (index, folder) in ["a", "a", "a", "b", "b", "b"].enumerated() {
            // A comment holds at most 65,533 bytes: an appended tail makes the rest, which a PDF takes along.
            let picture = TinyPicture.jpeg(20 + index) + [UInt8](repeating: UInt8(index), count: 400_000 + 100 * index)
            try box.write(picture, to: Name("in/\(folder)/\(index).jpg"))
        }
        return box
    }

    private func forecast(_ box: Sandbox, _ words: [Name]) throws -> JSON {
        let ended = try box.run(["quire"] + words + ["--dry-run", "--json", "--progress", "none"])
        #expect(ended.status == 0, "\(ended)")
        return try ended.object()
    }

    @Test("The forecast of quire pdf has the volumes, pages and names that come, and their sizes to a hundredth")
    func forecastIsRight() throws {
        let box = try box()
        for more in [[], ["--volume-size", "1.5MB"], ["--volume-size", "1MB"], ["--volume-pages", "2"]] as [[Name]] {
            let words: [Name] = ["pdf", "in", "-o", "out/album.pdf"] + more
            let planned = try forecast(box, words)["books"].list
            #expect(planned.count == 1)
            let made = try box.run(["quire"] + words + ["--json", "--progress", "none", "--overwrite", "always"])
            #expect(made.status == 0, "\(made)")
            let real = try made.object()["pdf"].list
            let volumes = planned[0]["volumes"].list
            #expect(volumes.map { $0["path"].text } == real.map { $0["path"].text }, "\(more)")
            #expect(volumes.map { $0["pages"].number } == real.map { $0["pages"].number })
            for (volume, file) in zip(volumes, real) {
                let (said, came) = (volume["bytes"].number ?? 0, file["bytes"].number ?? 1)
                #expect(abs(said - came) * 100 < came, "\(said) said, \(came) came")
            }
            #expect(planned[0]["pages"].number == 6 && planned[0]["bytes"].number == volumes.reduce(0) { $0 + ($1["bytes"].number ?? 0) })
        }
        let text = try box.quire("pdf", "in", "-o", "album.pdf", "-n", "--volume-size", "1.5MB", "--progress", "none", expect: 0).out
        #expect(text.contains("PDF: album.pdf, 6 pages, 2.4 MB, in 2 volumes:\n  album-001.pdf: 3 pages, 1.2 MB\n  album-002.pdf: 3 pages, 1.2 MB\n"), "\(text)")
        #expect(text.contains("sizes of PDFs are a forecast: a page a file, nothing encoded anew\n"))
        #expect(!box.exists("album-001.pdf"))
    }

    @Test("Where pictures are to be encoded the forecast tells pages and volumes and no size; books per folder are told apart")
    func unknownSizes() throws {
        let box = try box()
        let shrunk = try forecast(box, ["run", "in", "--pdf", "b.pdf", "--shrink", "10", "--volume-pages", "4"])["books"].list
        #expect(shrunk[0]["bytes"].isNull && shrunk[0]["pages"].number == 6)
        #expect(shrunk[0]["volumes"].list.map { $0["path"].text } == ["b-001.pdf", "b-002.pdf"])
        #expect(shrunk[0]["volumes"].list.map { $0["pages"].number } == [3, 3])
        let perFolder = try forecast(box, ["run", "in", "--pdf", "books/{dir}.pdf"])["books"].list
        #expect(perFolder.map { $0["path"].text } == ["books/a.pdf", "books/b.pdf"] && perFolder.map { $0["pages"].number } == [3, 3])
        #expect(perFolder.allSatisfy { ($0["bytes"].number ?? 0) > 1_200_000 })
        // What an earlier run made is known to the byte.
        try box.write(Array(TinyPicture.jpeg(64, 64)), to: "small/p.jpg")
        let words: [Name] = ["run", "small", "-o", "out", "--pdf", "s.pdf", "--shrink", "32"]
        #expect(try box.run(["quire"] + words + ["--progress", "none"]).status == 0)
        #expect(try forecast(box, words)["books"].list[0]["bytes"].number == box.read("s.pdf")?.count)
    }

    @Test("A volume's name that is somebody's file is refused before any work where the forecast has so many volumes")
    func foreignVolume() throws {
        let box = try box()
        try box.write("mine", to: "album-002.pdf")
        let refused = try box.quire("pdf", "in", "-o", "album.pdf", "--volume-size", "1.5MB", "--progress", "json", expect: 2)
        #expect(refused.errors.contains("album-002.pdf exists and quire did not make it"), "\(refused)")
        #expect(!refused.errors.contains("\"event\":\"start\""))
        #expect(box.text("album-002.pdf") == "mine" && !box.exists("album-001.pdf"))
        // One volume takes no number, so the file is in nobody's way.
        try box.quire("pdf", "in", "-o", "album.pdf", "--progress", "none", expect: 0)
        #expect(box.text("album-002.pdf") == "mine")
    }

    @Test("Volumes that an earlier run left are named and not deleted; other books and other people's files are not")
    func staleVolumes() throws {
        let box = try box()
        try box.quire("pdf", "in/a", "-o", "album-009.pdf", "--progress", "none", expect: 0)
        try box.write("mine", to: "album-008.pdf")
        let first = try box.quire("pdf", "in", "-o", "album.pdf", "--volume-pages", "2", "--progress", "none", "--json", expect: 0)
        #expect(try first.object()["stale_pdf"].list.count == 0)
        #expect(try first.object()["pdf"].list.count == 4)
        let second = try box.quire("pdf", "in", "-o", "album.pdf", "--volume-pages", "3", "--progress", "none", "--json", expect: 0)
        #expect(try second.object()["stale_pdf"].list.map { $0.text } == ["album-003.pdf", "album-004.pdf"])
        #expect(second.errors.contains("note: album-003.pdf, album-004.pdf: left from an earlier run"), "\(second)")
        let whole = try box.quire("pdf", "in", "-o", "album.pdf", "--progress", "none", "--json", expect: 0)
        #expect(try whole.object()["stale_pdf"].list.map { $0.text } == (1...4).map { "album-00\($0).pdf" })
        try box.remove("album-003.pdf")
        try box.remove("album-004.pdf")
        let cut = try box.quire("pdf", "in", "-o", "album.pdf", "--volume-pages", "3", "--progress", "none", "--json", expect: 0)
        #expect(try cut.object()["stale_pdf"].list.map { $0.text } == ["album.pdf"])
        #expect(box.exists("album.pdf") && box.exists("album-008.pdf") && box.exists("album-009.pdf"))
    }

    @Test("A PDF that cannot find room is refused before any work, saying how much is missing", .enabled(if: SmallDisk.works, SmallDisk.why))
    func noRoom() throws {
        let box = try box()
        let disk = try SmallDisk(at: box.work + "/disk", kilobytes: 1000)
        let refused = try box.quire("pdf", "in", "-o", "disk/new/b.pdf", "--progress", "json", expect: 75)
        #expect(refused.errors.contains("the PDF disk/new/b.pdf will take about 2.4 MB, and disk has 1.0 MB free: free 1.4 MB there"), "\(refused)")
        #expect(!refused.errors.contains("\"event\":\"start\"") && box.files(below: "disk") == [])
        // A plan is shown all the same.
        let plan = try box.quire("pdf", "in", "-o", "disk/b.pdf", "-n", "--progress", "none", expect: 0)
        #expect(plan.out.contains("PDF: disk/b.pdf, 6 pages, 2.4 MB") && plan.errors.contains("free 1.4 MB there"), "\(plan)")
        try disk.resize(kilobytes: 8000)
        try box.quire("pdf", "in", "-o", "disk/b.pdf", "--progress", "none", expect: 0)
        withExtendedLifetime(disk) {}
    }

    @Test("Equal files may fit where all of them would not: it says so and goes on", .enabled(if: SmallDisk.works, SmallDisk.why))
    func equalFilesFit() throws {
        let box = try Sandbox()
        let picture = TinyPicture.jpeg(24) + [UInt8](repeating: 7, count: 300_000)
        for index in 1...6 { try box.write(picture, to: Name("in/\(index).jpg")) }
        let disk = try SmallDisk(at: box.work + "/disk", kilobytes: 1000)
        let ended = try box.quire("pdf", "in", "-o", "disk/b.pdf", "--progress", "none", expect: 0)
        #expect(ended.errors.contains("will take about 1.8 MB, and disk has 1.0 MB free; going on"), "\(ended)")
        #expect(try box.pageWidths("disk/b.pdf").count == 6)
        withExtendedLifetime(disk) {}
    }
}
