import Foundation
import Testing

@Suite("The same pictures make the same pages, whichever way they are bound")
struct PDFSamePagesTests {
    let shop: Workshop
    /// One file of every kind, stored in an orientation of its own where it can state one.
    let everyKind: [String]

    init() throws {
        shop = try Workshop()
        let kinds = try PictureKinds.shop()
        everyKind = PictureKinds.all.enumerated().map { index, kind in kind.file(kind.isOriented ? index % 8 + 1 : 1) }
        try shop.take(everyKind, from: kinds)
        try shop.tool("convert", "-delay", "10", "in/\(everyKind[0])", "(", "-clone", "0", "-negate", ")", "in/moving.gif")
    }

    @Test(
        "A book of a run has the same bytes with -o and without it",
        arguments: [
            [], ["--shrink", "120"], ["--rotate", "90"], ["--strip", "all"], ["--format", "png"], ["--format", "jpeg"],
        ])
    func withAndWithoutFiles(actions: [String]) throws {
        let options = actions + ["--collisions", "rename"]
        let alone = try shop.quire(["run", "in", "--pdf", "alone.pdf"] + options)
        let beside = try shop.quire(["run", "in", "--pdf", "beside.pdf", "-o", "out"] + options)
        #expect(alone.facts.done == everyKind.count + 1 && beside.facts.done == alone.facts.done)
        #expect(try shop.bytes("alone.pdf") == shop.bytes("beside.pdf"))
        // A second run binds the outputs that are there already.
        try shop.quire(["run", "in", "--pdf", "again.pdf", "-o", "out"] + options)
        #expect(try shop.bytes("again.pdf") == shop.bytes("alone.pdf"))
        #expect(shop.files(".").filter { $0.contains(".quire") }.isEmpty, "spool files are left")
    }

    @Test("A run without actions binds what 'quire pdf' binds, of all kinds that stay what they are")
    func pdfAndRun() throws {
        // These two become another format in a run.
        for name in ["whole-1.jp2", "phone-1.heic"] { try FileManager.default.removeItem(at: shop["in/\(name)"]) }
        try shop.quire("run", "in", "--pdf", "run.pdf")
        try shop.quire("pdf", "in", "-o", "bound.pdf")
        #expect(try shop.bytes("run.pdf") == shop.bytes("bound.pdf"))
    }

    @Test("A book has the same bytes twice, by one worker or three, on a disk or in memory")
    func anywhere() throws {
        let memory = URL(filePath: "/dev/shm/quire-pictures-\(UUID().uuidString)")
        defer { try? FileManager.default.removeItem(at: memory) }
        try FileManager.default.createDirectory(at: memory, withIntermediateDirectories: true)
        try FileManager.default.copyItem(at: shop["in"], to: memory.appending(path: "in"))
        for (index, jobs) in ["1", "3"].enumerated() {
            try shop.quire("pdf", "in", "-o", "disk\(index).pdf", "--jobs", jobs)
            try shop.quire(
                "pdf", memory.appending(path: "in").path, "-o", memory.appending(path: "books/\(index).pdf").path, "--jobs", jobs)
            #expect(try shop.bytes("disk\(index).pdf") == shop.bytes("disk0.pdf"))
            #expect(try Data(contentsOf: memory.appending(path: "books/\(index).pdf")) == shop.bytes("disk0.pdf"))
        }
    }

    @Test("One odd file of each sort never stops a book: the rest is bound, and each has a page that says what is wrong")
    func oddFiles() throws {
        func write(_ name: String, _ bytes: Data) throws { try shop.write(bytes, "odd/\(name)") }
        func jpegMarker(_ old: UInt8, _ new: UInt8) throws -> Data {
            var bytes = try shop.bytes("in/\(everyKind[0])")
            let frame = try #require(bytes.range(of: Data([0xFF, old, 0, 17])))
            bytes[frame.lowerBound + 1] = new
            return bytes
        }
        let photo = try shop.bytes("in/\(everyKind[0])")
        let scan = try #require(everyKind.first { $0.hasPrefix("g4-") })
        var noHeight = photo
        let frame = try #require(photo.range(of: Data([0xFF, 0xC0, 0, 17])))
        noHeight.replaceSubrange((frame.lowerBound + 5)..<(frame.lowerBound + 7), with: [0, 0])
        var deep = photo
        deep[frame.lowerBound + 4] = 12
        try write("01 good.jpg", photo)
        try write("02 empty.jpg", Data())
        try write("03 zeros.png", Data(count: 4000))
        try write("04 text.tif", Data("II*\0 not really".utf8))
        try write("05 cut.jpg", photo.prefix(photo.count / 2))
        try write("06 lossless.jpg", jpegMarker(0xC0, 0xC3))
        try write("07 twelve bits.jpg", deep)
        try write("08 no height.jpg", noHeight)
        for (name, kind) in [
            ("09 cut.png", "rgb-"), ("10 cut.webp", "lossless-"), ("11 cut.jp2", "whole-"), ("12 cut.heic", "phone-"),
        ] {
            let whole = try shop.bytes(
                "in/\(try #require(everyKind.first { $0.hasPrefix(kind) && $0.hasSuffix(name.suffix(3)) }))")
            try write(name, whole.prefix(whole.count * 2 / 3))
        }
        try write("13 cut.tif", shop.bytes("in/\(scan)").prefix(60))
        try write("14 cut.gif", shop.bytes("in/still-1.gif").prefix(900))
        try write("15 named wrongly.tif", photo)
        try write("16 good.tif", shop.bytes("in/\(scan)"))
        let job = try shop.quire("pdf", "odd", "-o", "odd.pdf", status: 3)
        try shop.expectSound("odd.pdf")
        #expect(try shop.pageSizes("odd.pdf").count == 16)
        #expect(
            job.files.filter { $0.outcome == "done" }.map { URL(filePath: $0.path).lastPathComponent.prefix(2) } == [
                "01", "15", "16",
            ])
        for (index, file) in job.files.enumerated() {
            let text = try shop.tool("pdftotext", "-f", "\(index + 1)", "-l", "\(index + 1)", "odd.pdf", "-").text
            #expect(text.contains(URL(filePath: file.path).lastPathComponent) == (file.outcome != "done"), "\(text)")
            #expect(file.outcome == "done" || !file.message.isEmpty)
        }
    }
}
