import Foundation
import Testing

@Suite("Pages of a PDF show each picture as it is, by poppler, MuPDF and PDFium")
struct PDFPageTests {
    let shop: Workshop
    let fixtures: Workshop

    init() throws {
        shop = try Workshop()
        fixtures = try Fixtures.shop()
    }

    private func make(_ recipes: [(String, [String])]) throws {
        try FileManager.default.createDirectory(at: shop["in"], withIntermediateDirectories: true)
        for (name, operations) in recipes {
            let parts = name.split(separator: ":").map(String.init)
            let path = parts.count == 2 ? "\(parts[0]):in/\(parts[1])" : "in/\(name)"
            try shop.tool("convert", [fixtures["upright.png"].path] + operations + [path])
        }
    }

    /// Every reader draws the pages at one pixel a point like `expected`.
    private func expectDrawn(_ file: String, like expected: [Picture], mean: [Double], names: [String]) throws {
        for reader in PDFReader.allCases where reader.isHere {
            let pages = try reader.pages(file, in: shop)
            try #require(pages.count == expected.count, "\(reader)")
            for (index, page) in pages.enumerated() {
                shop.expectAlike(page, expected[index], mean: mean[index], "\(names[index]) by \(reader)")
            }
        }
    }

    @Test("JPEGs of every kind go in byte for byte and look right")
    func jpegs() throws {
        try make([
            ("baseline.jpg", ["-quality", "90"]), ("progressive.jpg", ["-interlace", "JPEG"]),
            ("grey.jpg", ["-colorspace", "Gray"]),
            ("cmyk.jpg", ["-colorspace", "CMYK"]), ("source.ppm", []), ("source.pgm", ["-colorspace", "Gray"]),
        ])
        try shop.tool("cjpeg", "-rgb", "-quality", "90", "-outfile", "in/rgbids.jpg", "in/source.ppm")
        try shop.tool("cjpeg", "-restart", "1", "-optimize", "-sample", "1x1", "-outfile", "in/restart.jpg", "in/source.ppm")
        try shop.tool(
            "vips", "icc_transform", fixtures["upright.png"].path, "in/profile.jpg[Q=90]", "p3", "--input-profile", "srgb")
        // CMYK without the Adobe marker: samples are then not inverted, so inverting them by hand makes the same picture.
        let adobe = try shop.bytes("in/cmyk.jpg")
        let segment = try #require(adobe.range(of: Data([0xFF, 0xEE, 0, 14]) + Data("Adobe".utf8)))
        var bare = adobe
        bare.removeSubrange(segment.lowerBound..<(segment.lowerBound + 16))
        try shop.write(bare, "in/bare.jpg")
        for name in ["in/source.ppm", "in/source.pgm"] { try FileManager.default.removeItem(at: shop[name]) }
        let names = shop.files("in")
        try shop.quire(["pdf"] + names.map { "in/\($0)" } + ["-o", "book.pdf", "--dpi", "72"])
        try shop.expectSound("book.pdf")
        let objects = try shop.pictureObjects("book.pdf")
        try #require(objects.count == names.count)
        try shop.tool("pdfimages", "-j", "book.pdf", "out")
        for (index, name) in names.enumerated() {
            let object = try shop.tool("qpdf", "--raw-stream-data", "--show-object=\(objects[index])", "book.pdf").output
            #expect(try object == shop.bytes("in/\(name)"), "\(name)")
            let number = String(1000 + index).dropFirst()
            #expect(try shop.bytes("out-\(number).jpg") == shop.bytes("in/\(name)"), "\(name)")
        }
        // Readers disagree on CMYK without a profile by far less than an inverted or a wrongly converted picture does.
        var expected = try shop.pictures(names.map { "in/\($0)" }, operations: ["-colorspace", "sRGB"])
        if let bare = names.firstIndex(of: "bare.jpg"), let cmyk = names.firstIndex(of: "cmyk.jpg") {
            let inverted = expected[cmyk]
            #expect(inverted.pixel(20, 15)[0] > 200)
            expected[bare] = try shop.picture("in/cmyk.jpg", operations: ["-negate", "-colorspace", "sRGB"])
        }
        try expectDrawn(
            "book.pdf", like: expected,
            mean: names.map { $0 == "profile.jpg" ? 30 : $0 == "cmyk.jpg" || $0 == "bare.jpg" ? 45 : 2 }, names: names)
    }

    /// Poppler draws each picture one pixel too large, which shows where neighbours differ much.
    private static let dithered: Set = [
        "bilevel.png", "clear.png", "g4.tif", "palette.png", "still.gif", "strips.tif", "two.png",
    ]

    @Test("PNG, TIFF, GIF, JPEG 2000 and WebP come out of the PDF pixel by pixel, transparency as a soft mask")
    func lossless() throws {
        let scan = ["-threshold", "50%", "-compress", "Group4"]
        try make([
            ("rgb.png", []), ("grey.png", ["-colorspace", "Gray"]), ("PNG8:palette.png", ["-colors", "16"]),
            ("PNG48:deep.png", ["-evaluate", "multiply", "0.7"]),
            ("interlaced.png", ["-interlace", "PNG"]), ("bilevel.png", ["-threshold", "50%", "-type", "bilevel"]),
            ("alpha.png", ["-alpha", "set", "-channel", "A", "-fx", "i/w", "+channel"]),
            ("two.png", ["-colors", "4", "-define", "png:bit-depth=2"]),
            ("PNG8:clear.png", ["-fuzz", "1%", "-transparent", "red", "-colors", "16"]), ("g4.tif", scan),
            ("lzw.tif", ["-compress", "LZW"]),
            ("deep.tif", ["-depth", "16", "-evaluate", "multiply", "0.7", "-compress", "Zip"]), ("still.gif", ["-colors", "64"]),
            ("lossless.webp", ["-define", "webp:lossless=true"]),
        ])
        try shop.tool("tiffcp", "-c", "g4", "-r", "20", "in/g4.tif", "in/strips.tif")
        try shop.tool("tiffcp", "-c", "lzw", "-t", "-w", "64", "-l", "64", "in/lzw.tif", "in/tiles.tif")
        try shop.tool("convert", "in/rgb.png", "(", "-clone", "0", "-negate", ")", "-compress", "LZW", "in/pages.tif")
        try shop.tool("vips", "copy", "in/rgb.png", "in/lossless.jp2[lossless]")
        let names = shop.files("in").flatMap { $0 == "pages.tif" ? ["pages.tif[0]", "pages.tif[1]"] : [$0] }
        try shop.quire(["pdf"] + shop.files("in").map { "in/\($0)" } + ["-o", "book.pdf", "--dpi", "72"])
        try shop.expectSound("book.pdf")
        let paths = names.map { "in/\($0)" }
        try expectDrawn(
            "book.pdf", like: try shop.pictures(paths), mean: names.map { Self.dithered.contains($0) ? 18 : 1.5 }, names: names)

        let lines = try shop.tool("pdfimages", "-list", "book.pdf").lines.dropFirst(2).map {
            $0.split(separator: " ").map(String.init)
        }
        #expect(lines.filter { $0[2] == "smask" }.count == 1, "only a picture of many transparencies has a soft mask")
        let carried = lines.filter { $0[8] == "ccitt" }.map { $0[0] }
        #expect(carried == names.indices.filter { ["g4.tif", "strips.tif"].contains(names[$0]) }.map { String($0 + 1) })
        #expect(lines.filter { $0[8] == "jpx" }.count == 1)
        #expect(lines.filter { $0[7] == "16" }.count == 2)
        try shop.tool("pdfimages", "-png", "book.pdf", "out")
        for line in lines where line[2] == "image" {
            let name = try #require(Int(line[0]).map { names[$0 - 1] })
            // Where the pixels themselves are transparent their colour is the file's own.
            let options = name == "alpha.png" || name == "clear.png" ? ["-alpha", "off"] : []
            let original = try Picture.parse(
                shop.tool("convert", ["in/\(name)\(name.contains("[") ? "" : "[0]")"] + options + ["-depth", "8", "ppm:-"]).output
            )
            let number = try #require(Int(line[1]).map { String(1000 + $0).dropFirst() })
            let stored = try shop.picture("out-\(number).png")
            if name != "clear.png" { shop.expectAlike(stored, original[0], most: line[7] == "16" ? 1 : 0, mean: 1, name) }
        }
        // All 16 bits of each sample.
        for name in ["deep.png", "deep.tif"] {
            let index = try #require(names.firstIndex(of: name))
            let object = try shop.pictureObjects("book.pdf")[index]
            let samples = try shop.tool("qpdf", "--filtered-stream-data", "--show-object=\(object)", "book.pdf").output
            let original = try shop.tool("convert", "in/\(name)", "-depth", "16", "-endian", "MSB", "rgb:-").output
            #expect(samples == original, "\(name)")
        }
    }

    @Test("Lossy WebP and HEIC come near, an animation shows its first frame with a word about it")
    func lossy() throws {
        try make([("photo.webp", ["-quality", "95"])])
        try shop.tool("heif-enc", "-q", "95", "-o", "in/phone.heic", fixtures["upright.png"].path)
        try shop.tool(
            "convert", "-delay", "10", fixtures["upright.png"].path, "(", "-clone", "0", "-negate", ")", "in/moving.gif")
        let job = try shop.quire("pdf", "in", "-o", "book.pdf", "--dpi", "72")
        #expect(try job.file("moving.gif").remarks.contains { $0.contains("first of 2 frames") })
        try shop.expectSound("book.pdf")
        let names = ["moving.gif", "phone.heic", "photo.webp"]
        let upright = try fixtures.picture("upright.png")
        try expectDrawn("book.pdf", like: [upright, upright, upright], mean: [8, 4, 6], names: names)
    }

    @Test("All eight orientations stand upright in every reader, and their JPEGs are untouched")
    func orientations() throws {
        try shop.take(Fixtures.oriented, from: fixtures)
        try shop.quire("pdf", "in", "-o", "book.pdf", "--dpi", "72")
        try shop.expectSound("book.pdf")
        let upright = try fixtures.picture("upright.png")
        try expectDrawn("book.pdf", like: (1...8).map { _ in upright }, mean: (1...8).map { _ in 3 }, names: Fixtures.oriented)
        for (index, object) in try shop.pictureObjects("book.pdf").enumerated() {
            let bytes = try shop.tool("qpdf", "--raw-stream-data", "--show-object=\(object)", "book.pdf").output
            #expect(try bytes == shop.bytes("in/o\(index + 1).jpg"), "o\(index + 1).jpg")
        }
        // Without places: the markers change, the scan does not.
        try shop.quire("pdf", "in", "-o", "private.pdf", "--dpi", "72", "--strip", "gps")
        try shop.tool("pdfimages", "-j", "private.pdf", "private")
        let tags = try shop.tags((0..<8).map { "private-00\($0).jpg" })
        for index in 0..<8 {
            let name = "private-00\(index).jpg"
            #expect(try JPEGParts(shop.bytes(name)).scan == JPEGParts(shop.bytes("in/o\(index + 1).jpg")).scan)
            #expect(tags[name]?.keys.contains { $0.hasPrefix("GPS") || $0.contains(":GPS") } == false, "\(name)")
        }
        try expectDrawn("private.pdf", like: (1...8).map { _ in upright }, mean: (1...8).map { _ in 3 }, names: Fixtures.oriented)
        // Turned and shrunk pages of a run stand as well.
        try shop.quire("run", "in", "--pdf", "turned.pdf", "--rotate", "90", "--shrink", "160", "--dpi", "72")
        let turned = try fixtures.picture("upright.png", operations: ["-rotate", "90", "-resize", "107x160"])
        try expectDrawn("turned.pdf", like: (1...8).map { _ in turned }, mean: (1...8).map { _ in 4 }, names: Fixtures.oriented)
    }

    @Test("A scan keeps its paper's size, a photo's long side is 297 mm; pages of a given size hold picture and margin")
    func sizes() throws {
        let scan = ["-resize", "300x450!", "-units", "PixelsPerInch", "-density", "300"]
        try make([
            ("1.png", scan), ("2.jpg", scan), ("3.tif", scan), ("4.jpg", scan),
            ("5.jpg", ["-units", "PixelsPerInch", "-density", "72"]), ("6.png", ["-strip"]),
        ])
        try shop.tool(
            "exiftool", "-q", "-overwrite_original", "-Make=Quirecam", "-ExposureTime=1/60", "-FNumber=8", "-ISO=100", "in/4.jpg")
        func expectSizes(_ file: String, _ sizes: [[Double]], sourceLocation: SourceLocation = #_sourceLocation) throws {
            let found = try shop.pageSizes(file)
            #expect(found.count == sizes.count, sourceLocation: sourceLocation)
            for (size, wanted) in zip(found, sizes) {
                #expect(
                    abs(size[0] - wanted[0]) < 0.2 && abs(size[1] - wanted[1]) < 0.2, "\(file): \(found)",
                    sourceLocation: sourceLocation)
            }
        }
        let photo = [841.89 * 2 / 3, 841.89]
        let wide = [841.89, 841.89 * 2 / 3]
        try shop.quire("pdf", "in", "-o", "auto.pdf")
        try expectSizes("auto.pdf", [[72, 108], [72, 108], [72, 108], photo, wide, wide])
        try shop.quire("run", "in", "--pdf", "half.pdf", "--shrink", "50%", "--collisions", "rename")
        try expectSizes("half.pdf", [[72, 108], [72, 108], [72, 108], photo, wide, wide])
        // Who made a picture is asked before its metadata go.
        try shop.quire("run", "in", "--pdf", "stripped.pdf", "--shrink", "50%", "--strip", "all", "--collisions", "rename")
        try expectSizes("stripped.pdf", [[72, 108], [72, 108], [72, 108], photo, wide, wide])
        try shop.quire("run", "in", "--pdf", "edited.pdf", "--strip", "all", "--collisions", "rename")
        try expectSizes("edited.pdf", [[72, 108], [72, 108], [72, 108], photo, wide, wide])
        try shop.quire("pdf", "in", "-o", "private.pdf", "--strip", "all")
        try expectSizes("private.pdf", [[72, 108], [72, 108], [72, 108], photo, wide, wide])
        try shop.quire("pdf", "in", "-o", "dpi.pdf", "--dpi", "150")
        try expectSizes("dpi.pdf", [[144, 216], [144, 216], [144, 216], [144, 216], [115.2, 76.8], [115.2, 76.8]])
        try shop.quire("pdf", "in/1.png", "in/6.png", "-o", "a4.pdf", "--page-size", "a4")
        try expectSizes("a4.pdf", [[595.28, 841.89], [841.89, 595.28]])
        try shop.quire("pdf", "in/6.png", "-o", "letter.pdf", "--page-size", "letter")
        try expectSizes("letter.pdf", [[792, 612]])
        try shop.quire("pdf", "in/6.png", "-o", "square.pdf", "--page-size", "100x100mm", "--margin", "10mm")
        try expectSizes("square.pdf", [[283.46, 283.46]])
        for file in ["auto.pdf", "half.pdf", "a4.pdf", "square.pdf"] { try shop.expectSound(file) }
        for reader in PDFReader.allCases where reader.isHere {
            let page = try reader.pages("square.pdf", in: shop)[0]
            // 80 mm wide, in the middle; its corners are red, green and blue, and the margin is white.
            for (x, y, colour) in [
                (14, 142, [255, 255, 255]), (268, 142, [255, 255, 255]), (142, 40, [255, 255, 255]), (33, 71, [255, 0, 0]),
                (248, 71, [0, 255, 0]), (33, 212, [0, 0, 255]),
            ] {
                let found = page.pixel(x, y)
                #expect(zip(found, colour).allSatisfy { abs($0 - $1) < 12 }, "\(reader) at \(x), \(y): \(found)")
            }
        }
    }

    @Test(
        "PDFium has its say",
        .enabled(if: python != nil, "QUIRE_TEST_PYTHON names no Python with pypdfium2; scripts/test installs it"))
    func pdfiumIsHere() throws {
        try shop.tool(try #require(python), "-c", "import pypdfium2, PIL")
    }
}
