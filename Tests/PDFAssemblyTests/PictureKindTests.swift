import Foundation
import JobModel
import PDFAssembly
import Testing

/// A page of `width` x `height` with its samples packed, and the colours a viewer must show for it.
private struct Kind: CustomTestStringConvertible, Sendable {
    var name: String
    var facts: @Sendable (inout SourceStore, PageKey) -> PageFacts
    /// Red, green, blue of each pixel.
    var shown: [[UInt8]]
    var testDescription: String { name }
}

private let side = 8

private func grey(_ shade: Int) -> [UInt8] { [UInt8](repeating: UInt8(shade), count: 3) }

private func packed(_ samples: [Int], bits: Int) -> [UInt8] {
    var bytes: [UInt8] = []
    for row in 0..<side {
        let perRow = samples.count / side
        var value = 0
        var filled = 0
        for sample in samples[(row * perRow)..<((row + 1) * perRow)] {
            value = value << bits | sample
            filled += bits
            while filled >= 8 {
                bytes.append(UInt8(truncatingIfNeeded: value >> (filled - 8)))
                filled -= 8
            }
        }
    }
    return bytes
}

private func flate(
    _ samples: [Int], bits: Int, colour: PageColour, predictor: Bool,
    mask: @escaping @Sendable (inout SourceStore, PageKey) -> PageMask = { _, _ in .none },
    profile: [UInt8]? = nil
) -> @Sendable (inout SourceStore, PageKey) -> PageFacts {
    { store, key in
        let bytes = packed(samples, bits: bits)
        let stream = predictor ? pngRows(bytes, rowBytes: bytes.count / side) : deflatedStored(bytes)
        let profile = profile.map { PageProfile(source: store.add($0, for: key, as: .output(1)), isDeflated: false) }
        return PageFacts(
            width: side, height: side, bitsPerComponent: bits, colour: colour, coding: .flate(pngPredictor: predictor),
            stream: store.add(stream, for: key), mask: mask(&store, key), profile: profile)
    }
}

private let kinds: [Kind] = {
    let ramp = Array(0..<(side * side))
    var kinds: [Kind] = []
    for bits in [1, 2, 4, 8, 16] {
        let most = (1 << bits) - 1
        let samples = ramp.map { (index: Int) -> Int in bits == 16 ? index * 1023 : bits == 8 ? index * 4 : index & most }
        let shown = samples.map { grey($0 * 255 / most) }
        for predictor in [false, true] {
            kinds.append(
                Kind(
                    name: "grey of \(bits) bits\(predictor ? ", PNG rows" : "")",
                    facts: flate(samples, bits: bits, colour: .grey, predictor: predictor), shown: shown))
        }
    }
    for bits in [8, 16] {
        let unit = bits == 8 ? 1 : 257
        let shown = ramp.map { (index: Int) -> [UInt8] in [index * 4, 255 - index * 4, index % 8 * 30].map { UInt8($0) } }
        kinds.append(
            Kind(
                name: "RGB of \(bits) bits",
                facts: flate(shown.flatMap { $0.map { Int($0) * unit } }, bits: bits, colour: .rgb, predictor: true), shown: shown
            ))
    }
    for bits in [1, 2, 4, 8] {
        let count = min(1 << bits, 200)
        let colours = (0..<count).map { (index: Int) -> [UInt8] in
            [index * 37, index * 91, 255 - index].map { UInt8(truncatingIfNeeded: $0) }
        }
        let samples = ramp.map { $0 % colours.count }
        kinds.append(
            Kind(
                name: "palette of \(bits) bits",
                facts: flate(samples, bits: bits, colour: .indexed(palette: colours.flatMap { $0 }), predictor: true),
                shown: samples.map { colours[$0] }))
    }
    kinds.append(
        Kind(
            name: "colour key",
            facts: flate(ramp.map { $0 * 4 }, bits: 8, colour: .grey, predictor: true, mask: { _, _ in .colourKey([40]) }),
            shown: ramp.map { grey($0 == 10 ? 255 : $0 * 4) }))
    kinds.append(
        Kind(
            name: "alpha",
            facts: flate(
                ramp.map { _ in 0 }, bits: 8, colour: .grey, predictor: true,
                mask: { store, key in
                    .alpha(
                        store.add(pngRows((0..<64).map { UInt8($0 * 4) }, rowBytes: side), for: key, as: .output(0)),
                        bitsPerComponent: 8)
                }),
            shown: ramp.map { grey(255 - $0 * 4) }))
    return kinds
}()

/// Pixels of a binary PPM.
private func pixels(_ ppm: [UInt8]) throws -> (width: Int, height: Int, colours: [[UInt8]]) {
    let head = ppm.prefix(20).split(maxSplits: 4, whereSeparator: { $0 == 0x0A || $0 == 0x20 })
    let numbers = head[1...3].compactMap { Int(String(decoding: $0, as: UTF8.self)) }
    try #require(numbers.count == 3)
    let body = Array(ppm.suffix(numbers[0] * numbers[1] * 3))
    return (numbers[0], numbers[1], stride(from: 0, to: body.count, by: 3).map { Array(body[$0..<($0 + 3)]) })
}

@Suite("A picture") struct PictureKindTests {
    @Test("of each kind shows the colours it has", .enabled(if: has("pdftoppm"), "pdftoppm is not installed"), arguments: kinds)
    private func shows(kind: Kind) throws {
        let folder = try ScratchFolder()
        var store = SourceStore()
        let key = PageKey(task: 0, page: 0)
        let page = BookPage(key: key, content: .picture(kind.facts(&store, key)), folder: [])
        var settings = PDFSettings()
        settings.dotsPerInch = 72
        // Enlarged so far that viewers do not blend neighbours; centres of pixels are compared.
        let zoom = 10
        try write(try bind([page], store: store, settings: settings), to: folder.path("a.pdf"))
        let check = try run("pdftoppm", ["-r", "\(72 * zoom)", "-singlefile", folder.path("a.pdf"), folder.path("a")])
        #expect(check.output.isEmpty, "\(check.output)")
        let found = try pixels(try readBytes(folder.path("a.ppm")))
        try #require(found.width == side * zoom && found.height == side * zoom)
        let wrong = kind.shown.indices.filter { index in
            let (row, column) = (index / side * zoom + zoom / 2, index % side * zoom + zoom / 2)
            return zip(found.colours[row * side * zoom + column], kind.shown[index]).contains { abs(Int($0) - Int($1)) > 2 }
        }
        #expect(wrong.isEmpty, "pixels \(wrong)")
        if has("qpdf") {
            let check = try run("qpdf", ["--check", folder.path("a.pdf")])
            #expect(check.status == 0, "\(check.output)")
        }
    }

    @Test(
        "of a fax keeps black black in both photometrics",
        .enabled(if: has("pdftoppm") && has("convert") && has("exiftool"), "a tool is missing"), arguments: [false, true])
    func fax(isBlackZero: Bool) throws {
        let folder = try ScratchFolder()
        let tiff = folder.path("a.tif")
        try run(
            "convert",
            [
                "-size", "64x64", "xc:white", "-fill", "black", "-draw", "rectangle 0,0 31,15", "-depth", "1", "-monochrome",
                "-define", "quantum:polarity=\(isBlackZero ? "min-is-black" : "min-is-white")", "-define",
                "tiff:rows-per-strip=64",
                "-compress", "Group4", tiff,
            ])
        let facts = try run("exiftool", ["-n", "-s3", "-StripOffsets", "-StripByteCounts", "-PhotometricInterpretation", tiff])
            .output
            .split(separator: "\n").compactMap { Int($0) }
        try #require(facts.count == 3 && facts[2] == (isBlackZero ? 1 : 0), "\(facts)")
        var store = SourceStore()
        let key = PageKey(task: 0, page: 0)
        var stream = store.add(try readBytes(tiff), for: key)
        stream.ranges = [ByteRange(offset: UInt64(facts[0]), count: UInt64(facts[1]))]
        let page = PageFacts(
            width: 64, height: 64, bitsPerComponent: 1, colour: .grey, coding: .ccittG4(blackIsOne: isBlackZero), stream: stream)
        var settings = PDFSettings()
        settings.dotsPerInch = 72
        try write(
            try bind([BookPage(key: key, content: .picture(page), folder: [])], store: store, settings: settings),
            to: folder.path("a.pdf"))
        try run("pdftoppm", ["-r", "72", "-singlefile", folder.path("a.pdf"), folder.path("a")])
        let found = try pixels(try readBytes(folder.path("a.ppm")))
        #expect(found.colours[2 * 64 + 2] == [0, 0, 0])
        #expect(found.colours[40 * 64 + 40] == [255, 255, 255])
    }

    @Test(
        "in CMYK shows its colours with and without Adobe's inversion",
        .enabled(if: has("pdftoppm") && has("convert"), "a tool is missing"))
    func cmyk() throws {
        let folder = try ScratchFolder()
        // ImageMagick writes Adobe's marker and inverted values.
        try run(
            "convert", ["-size", "16x16", "xc:cmyk(255,0,0,0)", "-colorspace", "CMYK", "-quality", "95", folder.path("a.jpg")])
        var store = SourceStore()
        let bytes = try readBytes(folder.path("a.jpg"))
        let page = try jpegPage(bytes, key: PageKey(task: 0, page: 0), store: &store)
        guard case .picture(let facts) = page.content else { return }
        #expect(facts.coding == .jpeg(invertedCMYK: true, colourTransform: nil))
        var settings = PDFSettings()
        settings.dotsPerInch = 72
        try write(try bind([page], store: store, settings: settings), to: folder.path("a.pdf"))
        try run("pdftoppm", ["-r", "72", "-singlefile", folder.path("a.pdf"), folder.path("a")])
        let colour = try pixels(try readBytes(folder.path("a.ppm"))).colours[100]
        #expect(colour[0] < 60 && colour[1] > 120 && colour[2] > 180, "cyan is \(colour)")
    }

    @Test("with the profile of another shares its object, and so do equal pictures")
    func shares() throws {
        var store = SourceStore()
        let profile = [UInt8](repeating: 7, count: 300)
        let pages = (0..<4).map { index in
            let key = PageKey(task: UInt64(index), page: 0)
            let facts = flate(Array(repeating: index / 2, count: 64), bits: 8, colour: .grey, predictor: true, profile: profile)(
                &store, key)
            return BookPage(key: key, content: .picture(facts), folder: [])
        }
        let text = String(decoding: try bind(pages, store: store), as: UTF8.self)
        #expect(text.ranges(of: "/Subtype/Image").count == 2)
        #expect(text.ranges(of: "/N 1/Alternate/DeviceGray").count == 1)
        #expect(text.ranges(of: "/Type/Page/").count == 4)
    }

    @Test("whose facts contradict the format is refused and leaves the writer as it was")
    func refused() throws {
        var store = SourceStore()
        let key = PageKey(task: 0, page: 0)
        let good = flate(Array(repeating: 1, count: 64), bits: 8, colour: .grey, predictor: true)(&store, key)
        var writer = try TestWriter(settings: PDFSettings())
        _ = try writer.append(BookPage(key: key, content: .picture(good), folder: []))
        let before = writer.checkpoint()
        let changes: [(inout PageFacts) -> Void] = [
            { $0.width = 0 }, { $0.height = -1 }, { $0.width = .max }, { $0.bitsPerComponent = 3 }, { $0.orientation = 9 },
            { $0.colour = .indexed(palette: [1, 2]) }, { $0.mask = .colourKey([1, 2]) }, { $0.mask = .colourKey([256]) },
            { $0.stream.ranges = [] }, { $0.stream.ranges = [ByteRange(offset: .max, count: .max)] },
            { $0.stream.ranges = Array(repeating: ByteRange(offset: 0, count: 1 << 30), count: 3) },
            { $0.coding = .jpeg(invertedCMYK: true, colourTransform: nil) },
            { $0.coding = .jpeg(invertedCMYK: false, colourTransform: 2) },
            { $0.coding = .ccittG4(blackIsOne: false) },
        ]
        for (index, change) in changes.enumerated() {
            var facts = good
            change(&facts)
            #expect(throws: PDFError.self, "change \(index)") {
                try writer.append(BookPage(key: key, content: .picture(facts), folder: []))
            }
        }
        #expect(writer.checkpoint() == before)
    }

    @Test("of JPEG 2000 has the depth its own data state, which image dictionaries do not know")
    func depths() throws {
        var store = SourceStore()
        let key = PageKey(task: 0, page: 0)
        var facts = flate(Array(repeating: 1, count: 64), bits: 8, colour: .grey, predictor: true)(&store, key)
        facts.coding = .jpx(rawCodestream: false)
        facts.bitsPerComponent = 12
        let file = try bind([BookPage(key: key, content: .picture(facts), folder: [])], store: store)
        let text = String(decoding: file, as: UTF8.self)
        #expect(text.contains("/JPXDecode") && !text.contains("/BitsPerComponent"))
    }
}
