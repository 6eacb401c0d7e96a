import Foundation
import ImageFiles
import JobModel
import Testing

@Suite("Page facts", .enabled(if: Tool.isExiftoolHere))
struct PageFactsTests {
    private let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    private func facts(_ bytes: [UInt8]) throws -> PageFactsResult {
        let kind = try #require(ImageKind.sniff(Array(bytes.prefix(ImageKind.sniffBytes))))
        return try pageFacts(of: MemorySource(bytes), kind: kind, in: .output(0), hashing: TestDigest.self)
    }

    private func page(_ bytes: [UInt8]) throws -> PageFacts {
        guard case .ready(let pages) = try facts(bytes) else { throw ImageFileError.unsupported("\(try facts(bytes))") }
        #expect(pages.count == 1)
        return pages[0]
    }

    private func needsEncoding(_ bytes: [UInt8]) throws -> Bool {
        if case .needsEncoding = try facts(bytes) { return true }
        return false
    }

    @Test("A JPEG goes in whole, with what follows it; its digest is the file's")
    func jpeg() throws {
        let bytes =
            try Fixture.make(
                "a.jpg", in: folder, convert: ["-density", "300", "-units", "PixelsPerInch"], tags: ["-EXIF:Orientation#=6"]) + [
                1, 2, 3,
            ]
        let page = try page(bytes)
        #expect(
            page.width == 48 && page.height == 32 && page.bitsPerComponent == 8 && page.colour == .rgb && page.orientation == 6)
        #expect(page.coding == .jpeg(invertedCMYK: false, colourTransform: nil))
        #expect(page.stream.ranges == [ByteRange(offset: 0, count: UInt64(bytes.count))] && page.stream.file == .output(0))
        #expect(page.stream.digest == TestDigest.digest(of: bytes))
        #expect(
            page.density == Density(horizontalMilliDPI: 300_000, verticalMilliDPI: 300_000) && !page.isFromCamera
                && !page.carriesGPS)
        let grey = try self.page(try Fixture.make("g.jpg", in: folder, convert: ["-colorspace", "gray", "-interlace", "JPEG"]))
        #expect(grey.colour == .grey)
    }

    @Test("CMYK with Adobe's marker is inverted, RGB by component names is not transformed")
    func colours() throws {
        let cmyk = try Fixture.make("c.jpg", in: folder, convert: ["-colorspace", "CMYK"])
        let page = try page(cmyk)
        #expect(page.colour == .cmyk && page.coding == .jpeg(invertedCMYK: true, colourTransform: nil))
        var rgb = try Fixture.make("r.jpg", in: folder, convert: ["-sampling-factor", "4:4:4"])
        let file = try JPEGFile(reading: MemorySource(rgb))
        // Without JFIF, and its components named: a file as some RGB encoders write it.
        let frame = try #require(file.segments(of: .coding(0xC0)).first).range
        let scan = try #require(file.segments(of: .coding(0xDA)).first).range
        for (index, name) in Array("RGB".utf8).enumerated() {
            rgb[Int(frame.offset) + 10 + 3 * index] = name
            rgb[Int(scan.offset) + 5 + 2 * index] = name
        }
        let jfif = try #require(file.segments(of: .jfif).first).range
        rgb.removeSubrange(Int(jfif.offset)..<Int(jfif.end))
        #expect(try self.page(rgb).coding == .jpeg(invertedCMYK: false, colourTransform: 0))
    }

    @Test("A position in EXIF, XMP or a picture behind the first is reported; a camera is told from a scanner")
    func metadata() throws {
        let exif = Fixture.EXIF(isLittle: true).bytes
        let withEXIF = Fixture.jpeg(segments: [(0xE1, Fixture.exifSignature + exif)])
        #expect(try page(withEXIF).carriesGPS && page(withEXIF).isFromCamera)
        #expect(
            try page(Fixture.jpeg(segments: [(0xE1, Fixture.xmpSignature + Fixture.xmp("exif:GPSLatitude='1'>"))])).carriesGPS)
        #expect(try page(Fixture.jpeg(tail: withEXIF)).carriesGPS)
        #expect(try !page(try edited(Fixture.jpeg(tail: withEXIF), .jpeg, [.dropGPS])).carriesGPS)
        let scanned = try Fixture.make(
            "s.jpg", in: folder, tags: ["-EXIF:Make=Scanco", "-EXIF:Model=Flatbed", "-EXIF:DateTimeOriginal=2020:01:01 00:00:00"])
        #expect(try !page(scanned).isFromCamera)
    }

    @Test("A JPEG that breaks off is truncated; processes and depths PDF does not know are encoded anew")
    func refusals() throws {
        let whole = Fixture.jpeg()
        #expect(throws: ImageFileError.truncated("the file ends before its picture does")) { try facts(Array(whole.dropLast(2))) }
        for marker in [0xC3, 0xC9, 0xCA] as [UInt8] {
            var changed = whole
            changed[try #require(whole.firstRange(of: [0xFF, 0xC0])).lowerBound + 1] = marker
            #expect(try needsEncoding(changed))
        }
        var deep = whole
        deep[try #require(whole.firstRange(of: [0xFF, 0xC0])).lowerBound + 4] = 12
        #expect(try needsEncoding(deep))
    }

    /// As much of a profile as anyone looks at before using it.
    private func profile(_ space: String, version: UInt8 = 4) -> [UInt8] {
        var bytes = [UInt8](repeating: 7, count: 200)
        bytes.replaceSubrange(0..<4, with: [0, 0, 0, 200])
        bytes[8] = version
        bytes.replaceSubrange(12..<20, with: Array("mntr\(space)".utf8))
        bytes.replaceSubrange(36..<40, with: Array("acsp".utf8))
        return bytes
    }

    @Test("An ICC profile in chunks of any order is put together, and left out when it does not fit the pixels")
    func iccProfile() throws {
        func file(_ profile: [UInt8], count: UInt8 = 2) -> [UInt8] {
            let signature = Array("ICC_PROFILE\0".utf8)
            return Fixture.jpeg(segments: [
                (0xE2, signature + [2, count] + profile[90...]), (0xFE, [1]), (0xE2, signature + [1, count] + profile[..<90]),
            ])
        }
        let grey = profile("GRAY")
        let bytes = file(grey)
        let found = try #require(try page(bytes).profile)
        let joined = found.source.ranges.flatMap { bytes[Int($0.offset)..<Int($0.end)] }
        #expect(joined == grey && !found.isDeflated)
        #expect(found.source.digest == TestDigest.digest(of: grey))
        #expect(try page(file(profile("RGB "))).profile == nil)
        #expect(try page(file(profile("GRAY", version: 5))).profile == nil)
        #expect(try page(file(grey, count: 3)).profile == nil)
    }

    @Test("A PNG's profile goes in compressed as it is, when it is sound")
    func compressedProfile() throws {
        let plain = try Fixture.make("a.png", in: folder, convert: ["-depth", "8", "-define", "png:color-type=2"])
        func file(_ profile: [UInt8], spoiled: Bool = false) -> [UInt8] {
            var low: UInt32 = 1
            var high: UInt32 = 0
            for byte in profile {
                low = (low + UInt32(byte)) % 65_521
                high = (high + low) % 65_521
            }
            let checksum = high << 16 | (spoiled ? low ^ 1 : low)
            let length = UInt16(profile.count)
            let stored: [UInt8] = [1, UInt8(length & 255), UInt8(length >> 8), UInt8(~length & 255), UInt8(~length >> 8)]
            let ending: [UInt8] = [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: checksum >> UInt32($0)) }
            let data: [UInt8] = Array("p\0\0".utf8) + [0x78, 0x01] + stored + profile + ending
            let header = 33
            return Array(plain[..<header]) + Fixture.pngChunk("iCCP", data) + plain[header...]
        }
        let bytes = file(profile("RGB "))
        let found = try #require(try page(bytes).profile)
        #expect(found.isDeflated && found.source.ranges.count == 1)
        #expect(found.source.ranges.first.map { bytes[Int($0.offset)] } == 0x78)
        #expect(try page(file(profile("GRAY"))).profile == nil)
        #expect(try page(file(profile("RGB "), spoiled: true)).profile == nil)
    }

    @Test(
        "Densities below 10 or above 9,600 dpi count as none", arguments: [(5, false), (10, true), (9600, true), (9601, false)])
    func densities(dpi: Int, isKnown: Bool) throws {
        let jfif = Array("JFIF\0".utf8) + [1, 2, 1, UInt8(dpi >> 8), UInt8(dpi & 255), UInt8(dpi >> 8), UInt8(dpi & 255), 0, 0]
        #expect(try (page(Fixture.jpeg(segments: [(0xE0, jfif)])).density != nil) == isKnown)
    }

    @Test(
        "PNG types 0, 2 and 3 go in as they are",
        arguments: [
            (["-colorspace", "gray", "-depth", "8"], PageColour.grey, 8), (["-depth", "16"], .rgb, 16),
            (["-monochrome"], .grey, 1),
        ])
    func png(convert: [String], colour: PageColour, bits: Int) throws {
        let bytes = try Fixture.make("a.png", in: folder, convert: convert)
        let page = try page(bytes)
        #expect(page.colour == colour && page.bitsPerComponent == bits && page.coding == .flate(pngPredictor: true))
        let pixels = page.stream.ranges.flatMap { bytes[Int($0.offset)..<Int($0.end)] }
        #expect(page.stream.digest == TestDigest.digest(of: pixels))
    }

    @Test("Palettes, colour keys and soft masks of PNG")
    func transparency() throws {
        let palette = try page(try Fixture.make("p.png", in: folder, convert: ["-colors", "5", "-define", "png:color-type=3"]))
        guard case .indexed(let entries) = palette.colour else {
            Issue.record("not indexed: \(palette.colour)")
            return
        }
        #expect(entries.count == 15)
        #expect(try needsEncoding(try Fixture.make("i.png", in: folder, convert: ["-interlace", "PNG"])))
        #expect(
            try needsEncoding(
                try Fixture.make("a.png", in: folder, convert: ["-alpha", "set", "-channel", "A", "-evaluate", "set", "50%"])))
        _ = try Fixture.make(
            "k.gif", in: folder, convert: ["-colors", "4", "-fill", "#f00", "-draw", "rectangle 0,0 9,9", "-transparent", "#f00"])
        try Tool.run(["convert", "k.gif", "k.png"], in: folder.url)
        let keyed = try page(try folder.read("k.png"))
        guard case .colourKey(let key) = keyed.mask else {
            Issue.record("no colour key: \(keyed.mask)")
            return
        }
        #expect(key.count == 1)
    }

    @Test("A PNG with a wrong checksum is damaged, one that breaks off truncated")
    func damagedPNG() throws {
        var bytes = try Fixture.make("a.png", in: folder)
        #expect(throws: ImageFileError.truncated("the file ends before its picture does")) {
            try facts(Array(bytes.dropLast(12)))
        }
        let data = try #require(bytes.firstRange(of: Array("IDAT".utf8))).upperBound
        bytes[data + 5] ^= 1
        #expect(throws: ImageFileError.damaged("the checksum of an IDAT chunk is wrong")) { try facts(bytes) }
    }

    @Test("Pixels that no reader can decode from the first byte on are damaged, though all lengths and checksums are right")
    func undecodable() throws {
        func png(_ pixels: [UInt8]) -> [UInt8] {
            [0x89, 0x50, 0x4E, 0x47, 13, 10, 26, 10] + Fixture.pngChunk("IHDR", [0, 0, 0, 1, 0, 0, 0, 1, 8, 0, 0, 0, 0])
                + Fixture.pngChunk("IDAT", pixels) + Fixture.pngChunk("IEND", [])
        }
        let zlib: [UInt8] = [0x78, 1, 1, 2, 0, 0xFD, 0xFF, 0, 9, 0, 11, 0, 10]
        #expect(try page(png(zlib)).width == 1)
        #expect(throws: ImageFileError.damaged("the pixels are no compressed data")) { try facts(png(Array("garbage".utf8))) }
        #expect(throws: ImageFileError.damaged("a PNG without pixels")) { try facts(png([])) }
        // As some encoders pad; a book of it would look cut off.
        #expect(try needsEncoding(png(zlib + [UInt8](repeating: 0, count: 16))))

        var fax = try Fixture.make(
            "a.tif", in: folder, convert: ["-monochrome", "-define", "tiff:rows-per-strip=32", "-compress", "group4"])
        let strip = try #require(try page(fax).stream.ranges.first)
        try #require(strip.count >= 32)
        for index in 0..<32 { fax[Int(strip.offset) + index] = 0 }
        #expect(throws: ImageFileError.damaged("the data of page 1 begin with zeros")) { try facts(fax) }
    }

    @Test("Group 4 strips go in as they are; everything else of TIFF is encoded anew", .enabled(if: Tool.isInstalled("tiffcp")))
    func tiff() throws {
        let bytes = try Fixture.make(
            "a.tif", in: folder,
            convert: [
                "-monochrome", "-duplicate", "2", "-density", "200", "-units", "PixelsPerInch", "-define",
                "tiff:rows-per-strip=32", "-compress", "group4",
            ])
        guard case .ready(let pages) = try facts(bytes) else {
            Issue.record("\(try facts(bytes))")
            return
        }
        #expect(pages.count == 3)
        #expect(pages.allSatisfy { $0.width == 48 && $0.height == 32 && $0.bitsPerComponent == 1 && $0.colour == .grey })
        #expect(pages[2].density == Density(horizontalMilliDPI: 200_000, verticalMilliDPI: 200_000))
        #expect(try needsEncoding(try Fixture.make("z.tif", in: folder, convert: ["-compress", "zip"])))
        try Tool.run(["tiffcp", "-r", "8", "-c", "g4", "a.tif", "s.tif"], in: folder.url)
        #expect(try needsEncoding(try folder.read("s.tif")))
        try Tool.run(["tiffcp", "s.tif", "a.tif", "z.tif", "b.tif"], in: folder.url)
        guard case .partly(let mixed, _) = try facts(try folder.read("b.tif")) else {
            Issue.record("\(try facts(try folder.read("b.tif")))")
            return
        }
        #expect(mixed.map { $0 != nil } == [false, false, false, true, true, true, false])
        #expect(mixed.compactMap { $0?.stream.digest } == pages.map(\.stream.digest))
    }

    @Test(
        "One JPEG strip of a TIFF is a JPEG once its tables stand in front; strips, tiles and CMYK are encoded anew",
        .enabled(if: Tool.isInstalled("tiffcp")))
    func jpegInTIFF() throws {
        let source = try Fixture.make("a.tif", in: folder, convert: ["-depth", "8", "-compress", "none", "-orient", "RightTop"])
        #expect(try needsEncoding(source))
        let codings: [(mode: String, coding: PageCoding)] = [
            ("jpeg", .jpeg(invertedCMYK: false, colourTransform: nil)),
            ("jpeg:r", .jpeg(invertedCMYK: false, colourTransform: 0)),
        ]
        for (mode, coding) in codings {
            try Tool.run(["tiffcp", "-c", mode, "-r", "9999", "a.tif", "j.tif"], in: folder.url)
            let bytes = try folder.read("j.tif")
            let page = try page(bytes)
            #expect(
                page.coding == coding && page.colour == .rgb && page.width == 48 && page.height == 32 && page.orientation == 6)
            let jpeg = page.stream.ranges.flatMap { bytes[Int($0.offset)..<Int($0.end)] }
            #expect(page.stream.digest == TestDigest.digest(of: jpeg))
            let file = try JPEGFile(reading: MemorySource(jpeg))
            #expect(file.frame.width == 48 && file.frame.height == 32)
            #expect(throws: ImageFileError.self) { try facts(Array(bytes[..<Int(page.stream.ranges[1].end - 9)])) }
        }
        for options in [["-r", "16"], ["-t", "-w", "16", "-l", "16"]] {
            try Tool.run(["tiffcp", "-c", "jpeg"] + options + ["a.tif", "j.tif"], in: folder.url)
            #expect(try needsEncoding(try folder.read("j.tif")), "\(options)")
        }
        _ = try Fixture.make("c.tif", in: folder, convert: ["-depth", "8", "-colorspace", "CMYK", "-compress", "none"])
        try Tool.run(["tiffcp", "-c", "jpeg", "-r", "9999", "c.tif", "j.tif"], in: folder.url)
        #expect(try needsEncoding(try folder.read("j.tif")))
    }

    @Test("JPEG 2000 goes in whole when PDF knows its colours")
    func jp2() throws {
        guard let name = Samples.names.first(where: { $0.hasSuffix(".jp2") }) else { return }
        let bytes = try Samples.read(name)
        let page = try page(bytes)
        #expect(page.coding == .jpx(rawCodestream: false) && page.colour == .rgb && page.width == 800 && page.height == 400)
        #expect(throws: ImageFileError.self) { try facts(Array(bytes.dropLast(100))) }
        let start = try #require(bytes.firstRange(of: [0xFF, 0x4F, 0xFF, 0x51])).lowerBound
        #expect(try self.page(Array(bytes[start...])).coding == .jpx(rawCodestream: true))
        try Mutation.exercise(Array(bytes[..<400]), .jp2)
    }

    @Test(
        "A PDF image made from the facts alone decodes to the file's pixels", .enabled(if: Tool.isInstalled("pdfimages")),
        arguments: [
            ("a.png", ["-depth", "8"]),
            ("b.png", ["-colors", "9", "-depth", "8", "-define", "png:bit-depth=16", "-define", "png:color-type=2"]),
            ("c.png", ["-colors", "7", "-define", "png:color-type=3"]), ("d.png", ["-monochrome"]),
            ("e.tif", ["-monochrome", "-compress", "group4"]),
            ("f.tif", ["-monochrome", "-negate", "-define", "quantum:polarity=min-is-black", "-compress", "group4"]),
        ])
    func decoded(name: String, convert: [String]) throws {
        let bytes = try Fixture.make(name, in: folder, convert: convert)
        let page = try page(bytes)
        try folder.write(minimalPDF(page, bytes), as: "page.pdf")
        try Tool.run(["pdfimages", "-png", "page.pdf", "out"], in: folder.url)
        // Eight bits are what pdfimages writes.
        func pixels(_ name: String) throws -> Data {
            try Tool.run(["convert", name, "-depth", "8", "-colorspace", "sRGB", "-type", "TrueColor", "rgb:-"], in: folder.url)
        }
        #expect(try pixels("out-000.png") == pixels(name))
    }

    /// One image XObject on one page, written without looking at the picture.
    private func minimalPDF(_ page: PageFacts, _ bytes: [UInt8]) -> [UInt8] {
        let data = page.stream.ranges.flatMap { bytes[Int($0.offset)..<Int($0.end)] }
        let space =
            switch page.colour {
            case .grey: "/DeviceGray"
            case .rgb: "/DeviceRGB"
            case .cmyk: "/DeviceCMYK"
            case .indexed(let palette):
                "[/Indexed /DeviceRGB \(palette.count / 3 - 1) <\(palette.map { String(format: "%02x", $0) }.joined())>]"
            }
        let filter =
            switch page.coding {
            case .flate:
                "/FlateDecode /DecodeParms <</Predictor 15 /Colors \(page.colour.componentCount)"
                    + " /BitsPerComponent \(page.bitsPerComponent) /Columns \(page.width)>>"
            case .ccittG4(let blackIsOne):
                "/CCITTFaxDecode /DecodeParms <</K -1 /Columns \(page.width) /Rows \(page.height) /BlackIs1 \(blackIsOne)>>"
            case .jpeg: "/DCTDecode"
            case .jpx: "/JPXDecode"
            }
        var pdf = Array("%PDF-1.7\n".utf8)
        var offsets: [Int] = []
        func add(_ object: String, _ stream: [UInt8]? = nil) {
            offsets.append(pdf.count)
            pdf += Array("\(offsets.count) 0 obj\n\(object)\n".utf8)
            if let stream { pdf += Array("stream\n".utf8) + stream + Array("\nendstream\n".utf8) }
            pdf += Array("endobj\n".utf8)
        }
        add("<</Type/Catalog/Pages 2 0 R>>")
        add("<</Type/Pages/Kids[3 0 R]/Count 1>>")
        add("<</Type/Page/Parent 2 0 R/MediaBox[0 0 48 32]/Contents 4 0 R/Resources<</XObject<</I 5 0 R>>>>>>")
        let content = Array("48 0 0 32 0 0 cm /I Do".utf8)
        add("<</Length \(content.count)>>", content)
        add(
            "<</Type/XObject/Subtype/Image/Width \(page.width)/Height \(page.height)/ColorSpace \(space)"
                + "/BitsPerComponent \(page.bitsPerComponent)"
                + "/Filter \(filter)/Length \(data.count)>>", data)
        let table = pdf.count
        pdf += Array("xref\n0 6\n0000000000 65535 f \n".utf8)
        for offset in offsets { pdf += Array((String(format: "%010d", offset) + " 00000 n \n").utf8) }
        return pdf + Array("trailer<</Size 6/Root 1 0 R>>\nstartxref\n\(table)\n%%EOF\n".utf8)
    }
}
