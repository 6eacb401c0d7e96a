import Imaging
import JobModel
import Testing

@Suite("Contact sheets")
struct ContactSheetTests {
    private func thumbnail(_ bench: Bench, _ name: String) throws -> [UInt8]? {
        guard case .finished(let work) = try bench.perform(name, .thumbnail(sidePixelsMax: 64)) else { return nil }
        return work.thumbnail
    }

    private func sheet(_ bench: Bench, _ cells: [SheetCell], columns: Int, captions: Bool, format: OutputFormat = .png) throws -> WorkOutcome {
        let order = SheetOrder(
            folder: RawPath(bench.path("out")), format: format, columns: columns, cellSide: 64, hasCaptions: captions, cells: cells)
        return try bench.perform("a.png", .sheet(order))
    }

    private func cell(_ bench: Bench, _ name: String) throws -> SheetCell {
        SheetCell(try thumbnail(bench, name).map(SheetCell.Content.picture) ?? .absent("not-image"), caption: name)
    }

    @Test("Pictures stand in reading order in the middle of their cells, grey ones too; what cannot be shown is a grey square that says why")
    func places() throws {
        let bench = try Bench()
        try bench.shell("convert -size 128x64 xc:red a.png; convert -size 40x40 -colorspace gray xc:gray50 b.png; echo x > bad.jpg")
        let cells = try ["a.png", "b.png", "bad.jpg"].map { try cell(bench, $0) }
        #expect(cells.map { $0.content == .absent("not-image") } == [false, false, true])
        guard case .finished(let work) = try sheet(bench, cells, columns: 2, captions: false) else { throw Bench.Failed() }
        #expect(work.files.map(\.temp.lastComponent) == [RawPath("t")])
        // Two columns and two rows of 64 with gaps of 8, and 8 around.
        #expect(try bench.shell("identify -format '%wx%h' out/t") == "152x152")
        let pixels = try bench.shell("convert out/t -depth 8 -format '%[pixel:p{40,40}] %[pixel:p{40,12}] %[pixel:p{112,40}] %[pixel:p{20,95}] %[pixel:p{112,112}]' info:")
        let seen = pixels.split(separator: " ").map(String.init)
        #expect(seen[0].hasPrefix("srgb(25") || seen[0] == "red", "\(pixels)")
        #expect(seen[1] == "srgb(255,255,255)" || seen[1] == "white", "above a wide picture is paper: \(pixels)")
        #expect(seen[2].contains("12") && seen[3].contains("224"), "\(pixels)")
        #expect(seen[4] == "srgb(255,255,255)" || seen[4] == "white", "an empty cell is paper: \(pixels)")
        let darkest = try Double(bench.shell("convert out/t -crop 48x48+16+88 -format '%[fx:minima]' info:")) ?? 1
        #expect(darkest < 0.4, "no letters on the square: \(darkest)")
    }

    @Test("A long name is shortened to its cell, and one with marks of Pango's is shown as it is")
    func captions() throws {
        let bench = try Bench()
        try bench.shell("convert -size 64x64 xc:white a.png")
        let picture = try #require(try thumbnail(bench, "a.png"))
        for name in ["a", String(repeating: "long name ", count: 30), "<b>&\u{7}ä.jpg", ""] {
            guard case .finished = try sheet(bench, [SheetCell(.picture(picture), caption: name)], columns: 1, captions: true, format: .jpeg) else {
                Issue.record("\(name)")
                continue
            }
            #expect(try bench.shell("identify -format '%wx%h' out/t") == "80x100")
            let ink = try Double(bench.shell("convert out/t -format '%[fx:1-minima]' info:")) ?? 0
            #expect(name.isEmpty ? ink < 0.1 : ink > 0.5, "\(name): \(ink)")
        }
    }

    @Test("A sheet too large is refused")
    func limits() throws {
        let bench = try Bench()
        try bench.shell("convert -size 8x8 xc:white a.png")
        let cells = [SheetCell](repeating: SheetCell(.absent(""), caption: ""), count: SheetOrder.cellsMax + 1)
        #expect(try reason(sheet(bench, cells, columns: 2, captions: false)) == .tooLarge)
        #expect(try reason(sheet(bench, [], columns: 2, captions: false)) == .tooLarge)
    }
}
