import Foundation
import Testing

@Suite("Every format comes out as what was asked, judged by ImageMagick and libtiff")
struct FormatTests {
    let shop: Workshop
    let fixtures: Workshop

    init() throws {
        shop = try Workshop()
        fixtures = try Fixtures.shop()
    }

    /// One file of each kind, by ImageMagick and libvips.
    private func makeKinds() throws {
        try shop.take(["o1.jpg", "upright.png"], from: fixtures)
        let source = "in/upright.png"
        let recipes: [(String, [String])] = [
            ("grey.jpg", ["-colorspace", "Gray"]), ("progressive.jpg", ["-interlace", "JPEG"]),
            ("cmyk.jpg", ["-colorspace", "CMYK"]),
            ("alpha.png", ["-alpha", "set", "-channel", "A", "-fx", "i/w", "+channel"]), ("PNG8:palette.png", ["-colors", "32"]),
            ("PNG48:deep.png", ["-evaluate", "multiply", "0.7"]), ("bilevel.png", ["-threshold", "50%", "-type", "bilevel"]),
            ("greyalpha.png", ["-colorspace", "Gray", "-alpha", "set", "-channel", "A", "-fx", "j/h", "+channel"]),
            ("interlaced.png", ["-interlace", "PNG"]), ("lzw.tif", ["-compress", "LZW"]),
            ("g4.tif", ["-threshold", "50%", "-compress", "Group4"]),
            ("deflate.tif", ["-compress", "Zip"]), ("packbits.tif", ["-compress", "RLE"]), ("jpegin.tif", ["-compress", "JPEG"]),
            ("plain.tif", ["-compress", "None"]),
            ("deep.tif", ["-depth", "16", "-evaluate", "multiply", "0.7", "-compress", "LZW"]),
            ("cmyk.tif", ["-colorspace", "CMYK", "-compress", "LZW"]), ("still.gif", ["-colors", "64"]),
            ("lossy.webp", ["-quality", "95"]),
            ("lossless.webp", ["-define", "webp:lossless=true"]),
        ]
        for (name, operations) in recipes {
            let parts = name.split(separator: ":").map(String.init)
            let path = parts.count == 2 ? "\(parts[0]):in/\(parts[1])" : "in/\(name)"
            try shop.tool("convert", [source] + operations + [path])
        }
        try shop.tool(
            "convert", source, "(", "-clone", "0", "-negate", ")", "(", "-clone", "0", "-flip", ")", "-compress", "LZW",
            "in/pages.tif")
        try shop.tool("convert", "-delay", "10", source, "(", "-clone", "0", "-negate", ")", "-loop", "0", "in/moving.gif")
        try shop.tool("vips", "copy", source, "in/lossless.jp2[lossless]")
        try shop.tool("heif-enc", "-q", "95", "-o", "in/phone.heic", source)
    }

    private static let lossless = [
        "upright.png", "alpha.png", "palette.png", "deep.png", "bilevel.png", "greyalpha.png", "interlaced.png", "lzw.tif",
        "g4.tif",
        "deflate.tif", "packbits.tif", "plain.tif", "deep.tif", "still.gif", "lossless.webp", "lossless.jp2",
    ]

    @Test(
        "Conversions to PNG, TIFF and WebP keep each pixel where the format can, JPEG comes near and shows transparency on white")
    func conversions() throws {
        try makeKinds()
        let names = shop.files("in")
        var jobs: [String: Job] = [:]
        for (format, ending) in [("png", "png"), ("tiff", "tif"), ("webp", "webp"), ("jpeg", "jpg")] {
            jobs[ending] = try shop.quire(
                "run", "in", "-o", ending, "--format", format, "--collisions", "rename")
        }
        func outputs(_ name: String, _ ending: String) throws -> [String] { try #require(jobs[ending]).file(name).outputs }
        // A sample of 16 bits is one of 65,536 in PNG and TIFF, one of 256 elsewhere.
        for ending in ["png", "tif"] {
            for name in Self.lossless {
                let output = try #require(outputs(name, ending).first)
                let exact = try shop.pictures(["in/\(name)", output], depth: 16)
                shop.expectAlike(exact[0], exact[1], most: 0, mean: 0, "\(name) as \(ending)")
            }
            let deep = try ["deep.png", "deep.tif"].flatMap { try outputs($0, ending) }
            #expect(try shop.tool("identify", ["-format", "%[bit-depth] "] + deep).text == "16 16 ", "\(deep)")
        }
        for (ending, mean) in [("webp", 6.0), ("jpg", 4.0)] {
            for name in names where !name.hasPrefix("cmyk") {
                let output = try #require(outputs(name, ending).first)
                let isDithered = ["bilevel.png", "g4.tif", "palette.png", "still.gif", "moving.gif"].contains(name)
                try shop.expectAlike([(output, "in/\(name)")], mean: isDithered ? mean + 8 : mean)
            }
        }
        for ending in ["png", "webp"] {
            let kept = try outputs("alpha.png", ending) + outputs("greyalpha.png", ending)
            #expect(
                try shop.tool("identify", ["-format", "%A "] + kept).text.split(separator: " ").allSatisfy {
                    $0 != "False" && $0 != "Undefined"
                })
        }
        #expect(try #require(jobs["jpg"]).file("alpha.png").remarks.contains { $0.contains("background") })
        // A document has a file a page, an animation its first frame and a word about it.
        for ending in ["png", "jpg"] {
            #expect(try outputs("pages.tif", ending) == (1...3).map { "\(ending)/pages-\($0).\(ending)" })
            let pages = (1...3).map { ("\(ending)/pages-\($0).\(ending)", "in/pages.tif[\($0 - 1)]") }
            try shop.expectAlike(pages, mean: ending == "png" ? 0 : 4)
            #expect(try outputs("moving.gif", ending).count == 1)
            #expect(try #require(jobs[ending]).file("moving.gif").remarks.contains { $0.contains("first of 2 frames") })
        }
        // Files are of the format their names say.
        let made = ["png", "tif", "webp", "jpg"].flatMap { ending in shop.files(ending).map { "\(ending)/\($0)" } }
        let formats = try shop.tool("identify", ["-format", "%i %m\\n"] + made.map { $0 + "[0]" }).lines
        let magic = ["png": "PNG", "tif": "TIFF", "webp": "WEBP", "jpg": "JPEG"]
        #expect(formats.count == made.count)
        for line in formats {
            let folder = line.split(separator: "/").first.map(String.init) ?? ""
            #expect(line.hasSuffix(" " + (magic[folder] ?? "?")), "\(line)")
        }
    }

    @Test("--format keep follows the fixed table, TIFF keeps its compression, deep pictures their depth, one bit one bit")
    func keeping() throws {
        try makeKinds()
        let job = try shop.quire("run", "in", "-o", "out", "--shrink", "50%")
        #expect(try job.file("phone.heic").outputs == ["out/phone.jpg"])
        #expect(try job.file("lossless.jp2").outputs == ["out/lossless.png"])
        #expect(try job.file("still.gif").outputs == ["out/still.gif"])
        #expect(try job.file("lossy.webp").outputs == ["out/lossy.webp"])
        let compressions = [
            "lzw": "LZW", "deflate": "AdobeDeflate", "packbits": "PackBits", "jpegin": "JPEG", "plain": "None", "deep": "LZW",
            "cmyk": "LZW",
        ]
        for (name, compression) in compressions {
            let text = try shop.tool("tiffinfo", "out/\(name).tif").text
            #expect(text.contains("Compression Scheme: \(compression)"), "\(name): \(text)")
        }
        // The file of three pages stays one or becomes three: the plan says which, and all pages are there.
        let pages = try job.file("pages.tif").outputs
        let sizes = try shop.tool("identify", ["-format", "%wx%h "] + pages).text
        #expect(sizes == "120x80 120x80 120x80 ", "\(pages)")
        #expect(try shop.tool("identify", "-format", "%[bit-depth] ", "out/deep.png", "out/deep.tif").text == "16 16 ")
        for name in shop.files("in") where !name.hasPrefix("cmyk") && name != "pages.tif" && name != "moving.gif" {
            let output = try #require(job.file(name).outputs.first)
            let pictures = try shop.pictures(["in/\(name)"], operations: ["-resize", "120x80"]) + shop.pictures([output])
            shop.expectAlike(pictures[0], pictures[1], mean: ["bilevel.png", "g4.tif"].contains(name) ? 16 : 5, name)
        }
    }

    @Test("--quality is the JPEG's and WebP's quality, 85 by default")
    func quality() throws {
        try shop.take(["upright.png"], from: fixtures)
        try shop.quire("run", "in", "-o", "low", "--format", "jpeg", "--quality", "30")
        try shop.quire("run", "in", "-o", "default", "--format", "jpeg")
        #expect(try shop.tool("identify", "-format", "%Q ", "low/upright.jpg", "default/upright.jpg").text == "30 85 ")
        try shop.quire("run", "in", "-o", "low", "--format", "webp", "--quality", "10")
        try shop.quire("run", "in", "-o", "high", "--format", "webp", "--quality", "100")
        #expect(try shop.bytes("low/upright.webp").count * 2 < shop.bytes("high/upright.webp").count)
    }

    @Test("SVG is read only when allowed")
    func untrusted() throws {
        let picture =
            "<svg xmlns='http://www.w3.org/2000/svg' width='40' height='30'><rect width='40' height='30' fill='#f00'/></svg>"
        try shop.write(Data(picture.utf8), "in/logo.svg")
        let refused = try shop.quire("run", "in", "-o", "out", status: 3)
        #expect(refused.reasons == ["logo.svg": "unsupported"])
        #expect(try refused.file("logo.svg").message.contains("--allow-loader svg"))
        #expect(shop.files("out").isEmpty)
        try shop.quire("run", "in", "-o", "out", "--allow-loader", "svg")
        let drawn = try shop.picture("out/logo.png")
        #expect(drawn.size == [40, 30] && drawn.pixel(20, 15) == [255, 0, 0])
    }
}
