import Foundation
import Testing

/// Books for archives of pictures of every kind, made once.
enum ArchivalBooks {
    static let made = Result { try make() }

    static let plain = "plain.pdf"
    /// What `quire pdf` and `quire run` make of the same pictures, the latter with nothing to do and with small copies.
    static let archival = ["pdf.pdf", "kept.pdf", "small.pdf"]
    /// Of few pictures, which is quicker to break; without `--pdfa` and with.
    static let few = (plain: "few plain.pdf", archival: "few.pdf")

    private static func make() throws -> Workshop {
        let shop = try Workshop()
        let upright = try Fixtures.shop()["upright.png"].path
        try FileManager.default.createDirectory(at: shop["in/sub"], withIntermediateDirectories: true)
        let pictures: [(String, [String])] = [
            ("cmyk.jpg", ["-colorspace", "CMYK"]), ("progressive.jpg", ["-interlace", "JPEG"]),
            ("grey.jpg", ["-colorspace", "Gray"]),
            ("rgb.png", []), ("grey.png", ["-colorspace", "Gray"]), ("bilevel.png", ["-threshold", "50%", "-type", "bilevel"]),
            ("PNG8:palette.png", ["-colors", "16"]), ("two.png", ["-colorspace", "Gray", "-define", "png:bit-depth=2"]),
            ("four.png", ["-colorspace", "Gray", "-define", "png:bit-depth=4", "-define", "png:color-type=0"]),
            ("PNG48:deep.png", ["-evaluate", "multiply", "0.7"]), ("interlaced.png", ["-interlace", "PNG"]),
            ("alpha.png", ["-alpha", "set", "-channel", "A", "-fx", "i/w", "+channel"]),
            ("greyalpha.png", ["-colorspace", "Gray", "-alpha", "set", "-channel", "A", "-fx", "i/w", "+channel"]),
            ("PNG8:clear.png", ["-fuzz", "1%", "-transparent", "red", "-colors", "16"]),
            ("g4.tif", ["-threshold", "50%", "-compress", "Group4"]), ("lzw.tif", ["-compress", "LZW"]),
            ("cmyk.tif", ["-colorspace", "CMYK", "-compress", "LZW"]),
            ("deepcmyk.tif", ["-colorspace", "CMYK", "-depth", "16", "-evaluate", "multiply", "0.7", "-compress", "Zip"]),
            ("deep.tif", ["-depth", "16", "-evaluate", "multiply", "0.7", "-compress", "Zip"]), ("still.gif", ["-colors", "64"]),
            ("lossless.webp", ["-define", "webp:lossless=true"]), ("photo.webp", ["-quality", "90"]),
            ("source.ppm", []), ("source.pgm", ["-colorspace", "Gray"]),
        ]
        for (name, operations) in pictures {
            let parts = name.split(separator: ":").map(String.init)
            try shop.tool(
                "convert", [upright] + operations + [(parts.count == 2 ? parts[0] + ":" : "") + "in/\(parts.last ?? "")"])
        }
        try shop.tool("cjpeg", "-rgb", "-quality", "90", "-outfile", "in/rgbids.jpg", "in/source.ppm")
        try shop.tool("vips", "icc_transform", upright, "in/display.jpg", "p3", "--input-profile", "srgb")
        try shop.tool("vips", "icc_transform", upright, "in/display.png", "p3", "--input-profile", "srgb")
        try shop.tool("vips", "icc_transform", upright, "in/inks.jpg", "cmyk", "--input-profile", "srgb")
        try shop.tool("heif-enc", "-q", "90", "-o", "in/phone.heic", upright)
        try shop.tool("vips", "copy", "in/rgb.png", "in/boxes.jp2[lossless]")
        try shop.tool("vips", "copy", "in/grey.png", "in/greyboxes.jp2[lossless]")
        try shop.tool("convert", upright, "in/codestream.j2k")
        try shop.tool("vips", "copy", "in/cmyk.tif", "in/inks.jp2[lossless]")
        try shop.tool("tiffcp", "in/lzw.tif", "in/g4.tif", "in/sub/pages.tif")
        for name in ["in/source.ppm", "in/source.pgm"] { try FileManager.default.removeItem(at: shop[name]) }

        // Inks without the Adobe marker; a colour space that says so in the JPEG 2000; profiles that no PDF/A may state.
        try shop.edit("in/cmyk.jpg", to: "in/a bare.jpg") { bytes in
            let segment = try #require(bytes.range(of: Data([0xFF, 0xEE, 0, 14]) + Data("Adobe".utf8)))
            bytes.removeSubrange(segment.lowerBound..<(segment.lowerBound + 16))
        }
        try shop.edit("in/inks.jp2", to: "in/inks.jp2") { bytes in
            let box = try #require(bytes.range(of: Data("colr".utf8)))
            bytes.replaceSubrange(box.upperBound..<(box.upperBound + 7), with: [1, 0, 0, 0, 0, 0, 12])
        }
        for (source, target, byte) in [("display.jpg", "new.jpg", 8), ("inks.jpg", "class.jpg", 12)] {
            try shop.edit("in/\(source)", to: "in/\(target)") { bytes in
                let profile = try #require(bytes.range(of: Data("acsp".utf8))).lowerBound - 36
                bytes[profile + byte] = byte == 8 ? 5 : UInt8(ascii: "n")
            }
        }
        try shop.write(try shop.bytes("in/progressive.jpg").prefix(5000), "in/sub/bröken (1).jpg")

        for name in ["a bare.jpg", "alpha.png", "boxes.jp2", "grey.png", "sub/bröken (1).jpg"] {
            try shop.write(try shop.bytes("in/\(name)"), "few/\(name)")
        }

        let about = ["--title", "Büchlein <&>", "--author", "Ö. N.", "--date", "2024-02-03T04:05:06Z"]
        try shop.quire(["pdf", "in", "-o", plain] + about, status: 3)
        try shop.quire(["pdf", "in", "-o", archival[0], "--pdfa"] + about, status: 3)
        try shop.quire(["run", "in", "--pdf", archival[1], "-o", "out", "--pdfa"] + about, status: 3)
        try shop.quire(["run", "in", "--pdf", archival[2], "--shrink", "100", "--pdfa"] + about, status: 3)
        try shop.quire(["pdf", "few", "-o", few.plain] + about, status: 3)
        try shop.quire(["pdf", "few", "-o", few.archival, "--pdfa"] + about, status: 3)
        return shop
    }
}

extension Workshop {
    fileprivate func edit(_ name: String, to target: String, _ change: (inout Data) throws -> Void) throws {
        var data = try bytes(name)
        try change(&data)
        try write(data, target)
    }

    /// A sound book of `ArchivalBooks`, broken.
    fileprivate func broken(_ breakage: ArchivalRule.Breakage) throws -> Data {
        var data = try bytes(ArchivalBooks.few.archival)
        func latin(_ text: String) throws -> Data { try #require(text.data(using: .isoLatin1)) }
        switch breakage {
        case .replace(let old, let new):
            let table = try #require(data.range(of: Data("\nxref\n".utf8), options: .backwards)).lowerBound
            let place = try #require(data.range(of: try latin(old), options: .backwards), "\(old) is not in the book")
            let room = place.lowerBound < table ? place.count : 0
            let text = try latin(new)
            try #require(place.lowerBound >= table || text.count <= room, "no room for \(new)")
            data.replaceSubrange(place, with: text + Data(repeating: 0x20, count: max(0, room - text.count)))
        case .trailer(let more):
            let place = try #require(data.range(of: Data("\ntrailer\n<<".utf8), options: .backwards))
            data.insert(contentsOf: try latin(more), at: place.upperBound)
        case .append(let more): data += try latin(more)
        case .plain: data = try bytes(ArchivalBooks.few.plain)
        case .encrypted:
            let file = "encrypted-\(UUID().uuidString).pdf"
            try tool("qpdf", "--encrypt", "", "owner", "256", "--", ArchivalBooks.few.archival, file)
            data = try bytes(file)
        }
        return data
    }
}

@Suite("PDF/A-2b, by the rules of ISO 19005-2 that a book of pictures can break")
struct ArchivalTests {
    let shop: Workshop

    init() throws { shop = try ArchivalBooks.made.get() }

    @Test("Books of all kinds of pictures keep every rule", arguments: ArchivalBooks.archival)
    func kept(book: String) throws {
        let file = try ArchivalFile(try shop.bytes(book), in: shop)
        for rule in ArchivalRule.all {
            let complaints = rule.complaints(file)
            #expect(complaints.isEmpty, "\(rule.testDescription): \(complaints.prefix(5))")
        }
    }

    @Test("Each rule finds what breaks it", arguments: ArchivalRule.all)
    func found(rule: ArchivalRule) throws {
        let sound = try ArchivalFile(try shop.bytes(ArchivalBooks.few.archival), in: shop)
        #expect(rule.complaints(sound).isEmpty && !rule.broken.isEmpty)
        for breakage in rule.broken {
            let file = try ArchivalFile(try shop.broken(breakage), in: shop)
            #expect(!rule.complaints(file).isEmpty, "\(breakage)")
        }
    }

    @Test("Pictures go into an archive as untouched as without, and look the same", arguments: [PDFReader.poppler, .mupdf])
    func untouched(reader: PDFReader) throws {
        let names = shop.files("in")
        let (plain, archival) = (ArchivalBooks.plain, ArchivalBooks.archival[0])
        for file in [plain] + ArchivalBooks.archival { try shop.expectSound(file) }
        func streams(_ file: String) throws -> [Data] {
            try shop.pictureObjects(file).map { try shop.tool("qpdf", "--raw-stream-data", "--show-object=\($0)", file).output }
        }
        let carried = try streams(archival)
        #expect(try carried == streams(plain))
        for name in names where name.hasSuffix(".jpg") && !name.contains("bröken") {
            #expect(try carried.contains(shop.bytes("in/\(name)")), "\(name)")
        }
        let (before, after) = (try reader.pages(plain, in: shop), try reader.pages(archival, in: shop))
        try #require(before.count == after.count && before.count == names.count + 1)
        for (index, (page, other)) in zip(before, after).enumerated() {
            let difference = try #require(page.difference(other), "page \(index + 1)")
            // Readers have inks of their own for bare CMYK; letters of the placeholder are drawn otherwise.
            #expect(difference.mean < 30, "page \(index + 1): \(difference)")
        }
        // Six pictures of bare CMYK and the placeholder; elsewhere a profile is at most rounded otherwise.
        #expect(before.indices.count { (before[$0].difference(after[$0])?.mean ?? 255) >= 1 } <= 7)
    }

    @Test("CMYK without a profile looks as libvips shows it, in Ghostscript too, which does not complain")
    func inks() throws {
        let names = ["cmyk.jpg", "cmyk.tif", "inks.jp2"]
        try shop.quire(["pdf"] + names.map { "in/\($0)" } + ["-o", "inks.pdf", "--pdfa", "--dpi", "72"])
        let printed = try shop.tool(
            "gs", "-q", "-dNOPAUSE", "-dBATCH", "-dPDFSTOPONERROR", "-sDEVICE=ppmraw", "-r72", "-sOutputFile=-", "inks.pdf")
        #expect(printed.errors.isEmpty, "\(printed.errors)")
        let pages = [
            "ghostscript": try Picture.parse(printed.output), "poppler": try PDFReader.poppler.pages("inks.pdf", in: shop),
        ]
        for (index, name) in names.enumerated() {
            try shop.tool("vips", "icc_transform", "in/\(name)", "seen.png", "srgb", "--input-profile", "cmyk")
            let seen = try shop.picture("seen.png")
            for (reader, drawn) in pages { shop.expectAlike(drawn[index], seen, mean: 8, "\(name) by \(reader)") }
        }
    }

    @Test("A book for archives is another book: of its own identity, and the same bytes again")
    func identity() throws {
        try shop.quire("pdf", "in/rgb.png", "in/cmyk.jpg", "-o", "one.pdf", "--pdfa", "--jobs", "1")
        try shop.quire("pdf", "in/rgb.png", "in/cmyk.jpg", "-o", "two.pdf", "--pdfa", "--jobs", "2")
        #expect(try shop.bytes("one.pdf") == shop.bytes("two.pdf"))
        // What a recipe asks for counts as much as a flag, and a flag takes it back.
        try shop.write(Data("actions: []\npdf: {pdfa: true}\n".utf8), "archive.yaml")
        for (file, flags) in [("three.pdf", []), ("four.pdf", ["--no-pdfa"])] {
            try shop.quire(["run", "in/rgb.png", "in/cmyk.jpg", "--recipe", "archive.yaml", "--pdf", file] + flags)
            let claims = try shop.bytes(file).range(of: Data("pdfaid:part".utf8)) != nil
            #expect(claims == flags.isEmpty)
        }
        let identifiers = try ["one.pdf", "three.pdf", "four.pdf"].map { try shop.tool("mutool", "show", $0, "trailer/ID").text }
        #expect(identifiers[0] == identifiers[1] && identifiers[1] != identifiers[2], "\(identifiers)")
    }
}
