import Foundation
import JobModel
import PDFAssembly
import Testing

private func facts(
    _ width: Int, _ height: Int, dpi: (Int, Int)? = nil, orientation: Int = 1, camera: Bool = false
) -> PageFacts {
    let stream = StreamSource(file: .input, ranges: [ByteRange(offset: 0, count: 10)], digest: PlainSHA256.digest(of: []))
    return PageFacts(
        width: width, height: height, bitsPerComponent: 8, colour: .grey, coding: .flate(pngPredictor: false), stream: stream,
        orientation: orientation,
        density: dpi.map { Density(horizontalMilliDPI: UInt32($0.0 * 1000), verticalMilliDPI: UInt32($0.1 * 1000)) },
        isFromCamera: camera)
}

/// `MediaBox`, `UserUnit` and matrix as the file spells them.
private func spelling(_ facts: PageFacts, _ change: (inout PDFSettings) -> Void = { _ in }) throws -> (
    box: String, matrix: String
) {
    var settings = PDFSettings()
    change(&settings)
    var writer = try TestWriter(settings: settings)
    let page = BookPage(key: PageKey(task: 0, page: 0), content: .picture(facts), folder: [])
    var text = ""
    for case .bytes(let bytes) in try writer.append(page) { text += String(decoding: bytes, as: UTF8.self) }
    let box = try #require(text.firstMatch(of: /MediaBox\[0 0 ([^\/]*)\/(UserUnit (\d+))?/))
    let matrix = try #require(text.firstMatch(of: /q (.*) cm/))
    return (String(box.1.dropLast()) + (box.3.map { " x\($0)" } ?? ""), String(matrix.1))
}

@Suite("A page") struct PageSizeTests {
    @Test("keeps the physical size a scanner states, from 100 to 2,400 dpi")
    func physical() throws {
        #expect(try spelling(facts(2480, 3508, dpi: (300, 300))).box == "595.2 841.92")
        #expect(try spelling(facts(100, 200, dpi: (100, 100))).box == "72 144")
        #expect(try spelling(facts(2400, 4800, dpi: (2400, 2400))).box == "72 144")
        #expect(try spelling(facts(600, 600, dpi: (200, 100))).box == "216 432")
    }

    @Test("has a long side of 297 mm when the file states nothing usable or comes from a camera")
    func ownShape() throws {
        #expect(try spelling(facts(4000, 3000)).box == "841.89 631.418")
        #expect(try spelling(facts(4000, 3000, dpi: (72, 72))).box == "841.89 631.418")
        #expect(try spelling(facts(4000, 3000, dpi: (2401, 2401))).box == "841.89 631.418")
        #expect(try spelling(facts(4000, 3000, dpi: (300, 300), camera: true)).box == "841.89 631.418")
        #expect(try spelling(facts(1728, 1100, dpi: (204, 98))).box == "635.334 841.89", "a fax's pixels are not square")
    }

    @Test("is measured upright")
    func upright() throws {
        #expect(try spelling(facts(4000, 3000, orientation: 6)).box == "631.418 841.89")
        #expect(try spelling(facts(600, 400, dpi: (100, 200), orientation: 8)).box == "144 432")
    }

    @Test("obeys --dpi, --page-size and --margin")
    func wishes() throws {
        #expect(try spelling(facts(720, 360, dpi: (300, 300), camera: true)) { $0.dotsPerInch = 72 }.box == "720 360")
        #expect(
            try spelling(facts(720, 360)) {
                $0.dotsPerInch = 72
                $0.margin = PaperLength(milliPoints: 10_000)
            } == ("740 380", "720 0 0 360 10 10"))
        #expect(try spelling(facts(100, 200)) { $0.pageSize = .a4 } == ("595.276 841.89", "420.945 0 0 841.89 87.165 0"))
        #expect(try spelling(facts(200, 100)) { $0.pageSize = .a4 } == ("841.89 595.276", "841.89 0 0 420.945 0 87.165"))
        #expect(
            try spelling(facts(612, 792)) {
                $0.pageSize = .letter
                $0.margin = PaperLength(milliPoints: 72_000)
            } == ("612 792", "468 0 0 605.647 72 93.176"))
    }

    @Test("stays within what viewers show: 3 to 14,400 units, and a user unit beyond")
    func limits() throws {
        #expect(try spelling(facts(10_000, 1)) == ("841.89 3", "841.89 0 0 0.084 0 1.458"))
        #expect(try spelling(facts(1, 1, dpi: (100, 100))) == ("3 3", "0.72 0 0 0.72 1.14 1.14"))
        #expect(try spelling(facts(2_000_100, 100, dpi: (100, 100))).box == "14258.139 3 x101")
        #expect(try spelling(facts(20_000, 20_000, dpi: (100, 100))).box == "14400 14400")
        #expect(try spelling(facts(10_000_000, 10_000_000)) { $0.dotsPerInch = 1 }.box == "14400 14400 x50000")
    }

    @Test("of impossible wishes is refused")
    func impossible() {
        let changes: [(inout PDFSettings) -> Void] = [
            { $0.dotsPerInch = 0 }, { $0.margin = PaperLength(milliPoints: -1) },
            {
                $0.pageSize = .a4
                $0.margin = PaperLength(milliPoints: 300_000)
            },
            { $0.pageSize = .paper(width: PaperLength(milliPoints: 0), height: PaperLength(milliPoints: 1)) },
            { $0.title = String(repeating: "x", count: 5000) }, { $0.dateSeconds = .max },
        ]
        for change in changes {
            var settings = PDFSettings()
            change(&settings)
            #expect(throws: PDFError.self) { try TestWriter(settings: settings) }
        }
    }
}
