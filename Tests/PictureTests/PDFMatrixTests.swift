import Foundation
import Testing

/// A way to lay out pages, and where by its rule (behaviour.md, The PDF) a picture has to stand.
private enum Layout: CaseIterable, CustomTestStringConvertible {
    case auto, a4, letterWithMargin, ownSize, dpi

    var options: [String] {
        switch self {
        case .auto: []
        case .a4: ["--page-size", "a4"]
        case .letterWithMargin: ["--page-size", "letter", "--margin", "20mm"]
        case .ownSize: ["--page-size", "100x140mm", "--margin", "5mm"]
        case .dpi: ["--dpi", "96"]
        }
    }

    var testDescription: String { options.isEmpty ? "no options" : options.joined(separator: " ") }

    /// Points of the page, and of the picture on it, which stands in its middle.
    func sizes(of kind: PictureKind, _ pixels: [Double]) -> (page: [Double], picture: [Double]) {
        let millimetre = 72 / 25.4
        func fitted(_ paper: [Double], margin: Double) -> (page: [Double], picture: [Double]) {
            let page = (pixels[0] > pixels[1]) == (paper[0] > paper[1]) ? paper : paper.reversed()
            let scale = min((page[0] - 2 * margin) / pixels[0], (page[1] - 2 * margin) / pixels[1])
            return (page, pixels.map { $0 * scale })
        }
        let size: [Double]
        switch self {
        case .auto where kind.isOriented: size = pixels.map { $0 * 72 / 150 }
        // Nothing is stated in these.
        case .auto: size = pixels.map { $0 * 297 * millimetre / pixels.max()! }
        case .dpi: size = pixels.map { $0 * 72 / 96 }
        case .a4: return fitted([210 * millimetre, 297 * millimetre], margin: 0)
        case .letterWithMargin: return fitted([612, 792], margin: 20 * millimetre)
        case .ownSize: return fitted([100 * millimetre, 140 * millimetre], margin: 5 * millimetre)
        }
        return (size, size)
    }

    /// Every kind in every orientation comes once; every kind meets every layout, and so does every orientation.
    var pictures: [(kind: PictureKind, orientation: Int)] {
        let place = Self.allCases.firstIndex(of: self) ?? 0
        return PictureKinds.all.enumerated().flatMap { index, kind in
            kind.orientations.filter { !kind.isOriented || (index + $0) % Self.allCases.count == place }.map { (kind, $0) }
        }
    }
}

@Suite("Every kind of picture in every orientation on every kind of page")
struct PDFMatrixTests {
    let shop: Workshop
    let kinds: Workshop

    init() throws {
        shop = try Workshop()
        kinds = try PictureKinds.shop()
    }

    /// What undoes the way pictures of EXIF Orientation 1 to 8 are stored, in ImageMagick's words.
    private static let uprighting = [
        [], ["-flop"], ["-rotate", "180"], ["-flip"], ["-transpose"], ["-rotate", "90"], ["-transverse"], ["-rotate", "270"],
    ]

    @Test("The picture of these tests tells all orientations apart")
    func orientationsDiffer() throws {
        let upright = try Fixtures.shop()["upright.png"].path
        let turned = try Self.uprighting.map { try shop.picture(upright, operations: $0) }
        for (index, one) in turned.enumerated() {
            for other in turned[..<index] { #expect(one.difference(other).map { $0.mean > 35 } ?? true, "\(index + 1)") }
        }
    }

    @Test(
        "is drawn alike by poppler, MuPDF and PDFium, and like ImageMagick shows it, where it belongs", arguments: Layout.allCases
    )
    private func drawn(_ layout: Layout) throws {
        let pictures = layout.pictures
        let files = pictures.map { kinds[$0.kind.file($0.orientation)].path }
        try shop.quire(["pdf"] + files + ["-o", "book.pdf"] + layout.options)
        try shop.expectSound("book.pdf")
        let pages = zip(pictures, files).flatMap { picture, file in
            (0..<picture.kind.pages).map {
                (
                    kind: picture.kind, orientation: picture.orientation, file: "\(file)[\($0)]",
                    reference: "\(kinds[picture.kind.referenceFile(picture.orientation)].path)[\($0)]"
                )
            }
        }
        let sizes = try shop.pageSizes("book.pdf")
        try #require(sizes.count == pages.count)

        // Readers draw edges a pixel off: the larger the picture, the less that weighs.
        let dpi = layout == .dpi ? 96.0 : layout == .auto ? 72 : layout == .ownSize ? 48 : 36
        var drawing: [String] = []
        for (index, page) in pages.enumerated() {
            let wanted = layout.sizes(of: page.kind, [240, 160])
            #expect(zip(sizes[index], wanted.page).allSatisfy { abs($0 - $1) < 0.1 }, "\(page.file): \(sizes[index])")
            let canvas = wanted.page.map { Int(($0 * dpi / 72).rounded(.up)) }
            let picture = wanted.picture.map { Int(($0 * dpi / 72).rounded()) }
            drawing += ["(", page.reference, "-background", "white", "-alpha", "remove", "-alpha", "off"] + page.kind.correction
            drawing += Self.uprighting[page.orientation - 1] + ["-colorspace", "sRGB", "-depth", "8"]
            drawing += [
                "-resize", "\(picture[0])x\(picture[1])!", "-gravity", "center", "-extent", "\(canvas[0])x\(canvas[1])", ")",
            ]
        }
        let expected = try Picture.parse(try shop.tool("convert", drawing + ["-depth", "8", "ppm:-"]).output)
        let readers = PDFReader.allCases.filter(\.isHere)
        let drawn = try readers.map { try $0.pages("book.pdf", in: shop, dpi: dpi) }
        for (index, page) in pages.enumerated() {
            let name = "\(page.kind.name), orientation \(page.orientation), \(layout.testDescription)"
            for (reader, pictures) in zip(readers, drawn) {
                try #require(pictures.count == pages.count, "\(reader)")
                expectNear(pictures[index], expected[index], page.kind.mean, "\(name) by \(reader)")
            }
            for other in 1..<readers.count {
                expectNear(
                    drawn[0][index], drawn[other][index], page.kind.mean, "\(name) by \(readers[0]) and \(readers[other])")
            }
        }
        try expectContent(pages, in: "book.pdf")
    }

    /// Readers round a page's size to pixels each in their own way.
    private func expectNear(_ one: Picture, _ other: Picture, _ mean: Double, _ what: String) {
        #expect(abs(one.width - other.width) < 2 && abs(one.height - other.height) < 2, "\(what): \(one.size), \(other.size)")
        let (width, height) = (min(one.width, other.width), min(one.height, other.height))
        shop.expectAlike(one.cut(width, height), other.cut(width, height), mean: mean, what)
    }

    /// JPEGs come out byte for byte, and whatever else has no loss pixel by pixel.
    private func expectContent(_ pages: [(kind: PictureKind, orientation: Int, file: String, reference: String)], in file: String)
        throws
    {
        let lines = try shop.tool("pdfimages", "-list", file).lines.dropFirst(2).map {
            $0.split(separator: " ").map(String.init)
        }.filter { $0[2] == "image" }
        try #require(lines.count == pages.count)
        func path(_ line: [String], _ ending: String) throws -> String {
            "out-\(String(try #require(Int(line[1])) + 1000).dropFirst()).\(ending)"
        }
        try shop.tool("pdfimages", "-j", file, "out")
        for (page, line) in zip(pages, lines) where page.kind.promise == .bytes {
            let original = try Data(contentsOf: URL(filePath: String(page.file.dropLast(3))))
            #expect(try shop.bytes(path(line, "jpg")) == original, "\(page.file)")
        }
        try shop.tool("pdfimages", "-png", file, "out")
        // Four inks come out as colours; that their samples are kept is another test.
        let pairs = zip(pages, lines).filter { $0.0.kind.promise == .pixels && $0.1[5] != "cmyk" }
        let opaque = ["-alpha", "off", "-depth", "8"]
        func decoded(_ names: [String]) throws -> [Picture] {
            try Picture.parse(try shop.tool("convert", names + opaque + ["ppm:-"]).output)
        }
        let originals = try decoded(pairs.map(\.0.reference))
        let stored = try decoded(try pairs.map { try path($0.1, "png") })
        try #require(originals.count == pairs.count && stored.count == pairs.count)
        for (index, pair) in pairs.enumerated() {
            // Of 16 bits one program rounds away what another cuts off.
            let most = pair.1[7] == "16" ? 1 : pair.0.kind.mostOff
            shop.expectAlike(stored[index], originals[index], most: most, mean: 1, pair.0.file)
        }
    }
}
