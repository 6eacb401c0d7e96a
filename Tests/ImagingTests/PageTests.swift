import Foundation
import Imaging
import JobModel
import Recipes
import Testing

@Suite("Pages for the PDF")
struct PageTests {
    private func pages(_ bench: Bench, _ name: String, _ actions: [Action] = []) throws -> FinishedWork {
        let order = PageOrder(spoolFolder: RawPath(bench.path("spool")), digestInput: true)
        let outcome = try bench.perform(name, .page(order), actions)
        guard case .finished(let work) = outcome else {
            Issue.record("\(name): \(outcome)")
            throw Bench.Failed()
        }
        return work
    }

    private func joined(_ bench: Bench, _ source: StreamSource, input: String) throws -> [UInt8] {
        let file: String
        switch source.file {
        case .input: file = input
        case .output: file = "out/t"
        case .spool(let name): file = "spool/" + name.display
        }
        let bytes = try bench.bytes(file)
        return source.ranges.flatMap { bytes[Int($0.offset)..<Int($0.end)] }
    }

    /// Makes a one-page PDF of a page by hand and renders it with poppler at one pixel a point.
    private func render(_ bench: Bench, _ page: PageFacts, input: String) throws {
        var objects: [[UInt8]] = []
        func space(_ colour: PageColour) -> String {
            switch colour {
            case .grey: "/DeviceGray"
            case .rgb: "/DeviceRGB"
            case .cmyk: "/DeviceCMYK"
            case .indexed(let palette):
                "[/Indexed /DeviceRGB \(palette.count / 3 - 1) <\(palette.map { String(format: "%02x", $0) }.joined())>]"
            }
        }
        func image(_ stream: [UInt8], _ colour: PageColour, _ bits: Int, _ coding: PageCoding, _ more: String) -> [UInt8] {
            var filter: String
            switch coding {
            case .jpeg(let inverted, _): filter = "/Filter /DCTDecode" + (inverted ? " /Decode [1 0 1 0 1 0 1 0]" : "")
            case .flate(let predictor):
                filter = "/Filter /FlateDecode"
                if predictor {
                    filter +=
                        " /DecodeParms <</Predictor 15 /Colors \(colour.componentCount) /BitsPerComponent \(bits) /Columns \(page.width)>>"
                }
            case .ccittG4(let black):
                filter =
                    "/Filter /CCITTFaxDecode /DecodeParms <</K -1 /Columns \(page.width) /Rows \(page.height) /BlackIs1 \(black)>>"
            case .jpx: filter = "/Filter /JPXDecode"
            }
            let head =
                "<</Type /XObject /Subtype /Image /Width \(page.width) /Height \(page.height) /ColorSpace \(space(colour))"
                + " /BitsPerComponent \(bits) \(filter) \(more) /Length \(stream.count)>>\nstream\n"
            return Array(head.utf8) + stream + Array("\nendstream".utf8)
        }
        var mask = ""
        if case .alpha(let source, let bits) = page.mask {
            mask = "/SMask 6 0 R"
            objects.append(image(try joined(bench, source, input: input), .grey, bits, .flate(pngPredictor: true), ""))
        }
        let picture = image(try joined(bench, page.stream, input: input), page.colour, page.bitsPerComponent, page.coding, mask)
        let content = "q \(page.width) 0 0 \(page.height) 0 0 cm /I Do Q"
        let all: [[UInt8]] =
            [
                Array("<</Type /Catalog /Pages 2 0 R>>".utf8), Array("<</Type /Pages /Kids [3 0 R] /Count 1>>".utf8),
                Array(
                    "<</Type /Page /Parent 2 0 R /MediaBox [0 0 \(page.width) \(page.height)] /Contents 4 0 R /Resources <</XObject <</I 5 0 R>>>>>>"
                        .utf8),
                Array("<</Length \(content.utf8.count)>>\nstream\n\(content)\nendstream".utf8), picture,
            ] + objects
        var pdf = Array("%PDF-1.7\n".utf8)
        var offsets: [Int] = []
        for (index, object) in all.enumerated() {
            offsets.append(pdf.count)
            pdf += Array("\(index + 1) 0 obj\n".utf8) + object + Array("\nendobj\n".utf8)
        }
        let table = pdf.count
        pdf += Array("xref\n0 \(all.count + 1)\n0000000000 65535 f \n".utf8)
        for offset in offsets { pdf += Array(String(format: "%010d 00000 n \n", offset).utf8) }
        pdf += Array("trailer <</Size \(all.count + 1) /Root 1 0 R>>\nstartxref\n\(table)\n%%EOF\n".utf8)
        try bench.write(pdf, "p.pdf")
        try bench.shell("pdftocairo -png -r 72 -singlefile p.pdf rendered")
    }

    @Test(
        "What a PDF cannot carry is encoded so that it can, without loss for lossless sources",
        arguments: [
            ("grey.tif", "-colorspace Gray -compress LZW"), ("rgb.tif", "-compress LZW"), ("deep.tif", "-depth 16 -compress Zip"),
            ("bilevel.tif", "-monochrome -compress Zip"), ("interlaced.png", "-interlace PNG"), ("pal.gif", "-colors 32"),
            ("alpha.png", "-alpha set -channel A -evaluate set 40% +channel"), ("lossless.webp", "-define webp:lossless=true"),
        ])
    func lossless(_ name: String, _ options: String) throws {
        let bench = try Bench()
        try bench.shell("\(chart) \(options) \(name)")
        let work = try pages(bench, name)
        let page = try #require(work.pages.first)
        #expect(work.pages.count == 1)
        if case .jpeg = page.coding { Issue.record("a lossless source became JPEG") }
        try render(bench, page, input: name)
        try bench.shell("convert '\(name)' -background white -flatten reference.png")
        #expect(try bench.difference("reference.png", "rendered.png") < 0.003)
        #expect(work.inputDigest != nil)
    }

    @Test("CMYK without loss keeps four inks")
    func cmyk() throws {
        let bench = try Bench()
        try bench.shell("\(chart) s.png && vips icc_transform s.png a.tif[compression=lzw] cmyk --input-profile srgb")
        let page = try #require(try pages(bench, "a.tif").pages.first)
        #expect(page.colour == .cmyk && page.coding == .flate(pngPredictor: true))
        #expect(page.profile != nil)
        try render(bench, page, input: "a.tif")
        try bench.shell(
            "vips icc_export a.tif x.v 2>/dev/null; convert a.tif -profile /dev/null reference.png 2>/dev/null || convert a.tif reference.png",
            mayFail: true)
        #expect(try bench.shell("pdfimages -list p.pdf | tail -1 | tr -s ' '").contains("cmyk 4 8"))
        try bench.shell("pdfimages -tiff p.pdf x && test -s x-000.tif")
    }

    @Test("Lossy sources become JPEG, with their transparency beside it")
    func lossy() throws {
        let bench = try Bench()
        try bench.shell(
            "\(chart) -alpha set -channel A -evaluate set 40% +channel -quality 90 a.webp && convert a.webp -background white -flatten reference.png"
        )
        let page = try #require(try pages(bench, "a.webp").pages.first)
        guard case .jpeg = page.coding, case .alpha = page.mask else {
            Issue.record("\(page)")
            return
        }
        try render(bench, page, input: "a.webp")
        #expect(try bench.difference("reference.png", "rendered.png") < 0.02)
    }

    @Test("A JPEG's bytes are the page, as they lie in the input")
    func jpeg() throws {
        let bench = try Bench()
        try bench.shell("\(chart) a.jpg && exiftool -q -n -overwrite_original -Orientation=6 a.jpg")
        let work = try pages(bench, "a.jpg")
        #expect(work.pages.map(\.stream.file) == [.input])
        #expect(work.pages.map(\.orientation) == [6])
        #expect(try bench.leftovers().isEmpty)
    }

    @Test("Stripping the position makes a spool copy whose scan is untouched; a file without one stays where it is")
    func strippedJPEG() throws {
        let bench = try Bench()
        try bench.shell(
            "\(chart) a.jpg && cp a.jpg b.jpg && exiftool -q -overwrite_original -GPSLatitude=48 -GPSLatitudeRef=N a.jpg")
        let work = try pages(bench, "a.jpg", [.strip(.gps)])
        #expect(work.pages.map(\.stream.file) == [.spool(RawPath("t"))])
        #expect(work.pages.map(\.carriesGPS) == [false])
        #expect(try bench.difference("a.jpg", "spool/t") == 0)
        #expect(try pages(bench, "b.jpg", [.strip(.gps)]).pages.map(\.stream.file) == [.input])
    }

    @Test("Every page of a TIFF is a page")
    func manyPages() throws {
        let bench = try Bench()
        try bench.shell("\(chart) p.png && convert p.png \\( p.png -resize 50% \\) -compress LZW a.tif")
        let work = try pages(bench, "a.tif")
        #expect(work.pages.map(\.width) == [240, 120])
    }

    @Test("Pages of a run lie in the outputs, or in the spool when only the PDF is wanted")
    func ofRun() throws {
        let bench = try Bench()
        try bench.shell("\(chart) a.jpg && \(chart) -alpha set -channel A -evaluate set 40% +channel b.png")
        #expect(
            try bench.finish("a.jpg", to: .jpeg, [.shrink(.longSide(60))], pages: true).pages.map(\.stream.file) == [.output(0)])
        #expect(try bench.finish("a.jpg", to: .jpeg, [.autoOrient], pages: true).pages.map(\.stream.file) == [.output(0)])
        let only = try bench.finish("a.jpg", to: .jpeg, [.shrink(.longSide(60))], pages: true, folder: false)
        #expect(only.files.isEmpty && only.pages.map(\.stream.file) == [.spool(RawPath("t"))])
        #expect(
            try bench.finish("a.jpg", to: .jpeg, [.autoOrient], pages: true, folder: false).pages.map(\.stream.file) == [.input])
        let webp = try bench.finish("b.png", to: .webp, [.shrink(.longSide(60))], pages: true)
        #expect(webp.files.count == 1 && webp.pages.count == 1)
        let spooled = try bench.finish("b.png", to: .png, [.shrink(.longSide(60))], pages: true, folder: false)
        let page = try #require(spooled.pages.first)
        try render(bench, page, input: "b.png")
        try bench.shell("convert b.png -filter Lanczos -resize 60x60 -background white -flatten reference.png")
        #expect(try bench.difference("reference.png", "rendered.png") < 0.02)
    }

    @Test("Pages of a TIFF that loses its metadata lie in the input as before, and no copy waits for the last of them")
    func strippedTIFF() throws {
        let bench = try Bench()
        try bench.shell(
            "\(chart) -monochrome -duplicate 2 -set comment Nobody -define tiff:rows-per-strip=9999 -compress Group4 a.tif"
                + " && tiffset -s 315 Nobody a.tif")
        let before = try pages(bench, "a.tif")
        let bound = try pages(bench, "a.tif", [.strip(.all)])
        let run = try bench.finish("a.tif", to: .tiff, [.strip(.all)], pages: true, folder: false)
        #expect(before.pages.count == 3 && bound.pages == before.pages && run.pages == before.pages)
        #expect(before.pages.allSatisfy { $0.stream.file == .input })
        #expect(try FileManager.default.contentsOfDirectory(atPath: bench.path("spool")).isEmpty)
    }

    @Test("A PNG is written with row filters where they make it smaller, and without where they do not")
    func rowFilters() throws {
        let bench = try Bench()
        try bench.shell(
            "convert -seed 5 -size 400x300 plasma:fractal -depth 8 photo.png"
                + " && convert photo.png -colors 16 PNG24:drawing.png")
        for name in ["photo.png", "drawing.png"] {
            try bench.shell(
                "convert \(name) -rotate 180 PNG24:r.png && vips copy r.png all.png[filter=all,strip] && vips copy r.png none.png[filter=none,strip]"
            )
            let (all, none) = (try bench.bytes("all.png").count, try bench.bytes("none.png").count)
            #expect(name == "photo.png" ? all < none : none < all)
            let work = try bench.finish(name, to: .png, [.rotate(.half), .strip(.all)], pages: true)
            #expect(try bench.bytes("out/t").count <= min(all, none) + 200, "\(name)")
            #expect(try bench.difference("r.png", "out/t") == 0)
            #expect(work.pages.count == 1)
        }
    }

    @Test("A thumbnail is a small JPEG, also of a damaged file")
    func thumbnail() throws {
        let bench = try Bench()
        try bench.shell("convert -seed 5 -size 400x300 plasma:fractal a.jpg && head -c 9000 a.jpg > b.jpg")
        for name in ["a.jpg", "b.jpg"] {
            guard case .finished(let work) = try bench.perform(name, .thumbnail(sidePixelsMax: 96)), let bytes = work.thumbnail
            else {
                Issue.record("no thumbnail of \(name)")
                continue
            }
            try bench.write(bytes, "thumb.jpg")
            #expect(try bench.shell("identify -format '%m %wx%h' thumb.jpg") == "JPEG 96x72")
        }
    }

    @Test("A page keeps its size on paper when the EXIF that stated it goes", arguments: ["jpg", "png"])
    func resolutionInEXIF(_ ending: String) throws {
        let bench = try Bench()
        try bench.shell(
            "\(chart) +set date:create -strip a.\(ending) && exiftool -q -overwrite_original -JFIF:all= a.\(ending) && exiftool -q -overwrite_original"
                + " -EXIF:XResolution=200 -EXIF:YResolution=200 -EXIF:ResolutionUnit=inches a.\(ending)")
        for strip in [StripPolicy.gps, .all] {
            #expect(try pages(bench, "a.\(ending)", [.strip(strip)]).pages.first?.density?.horizontalMilliDPI == 200_000)
            let format: OutputFormat = ending == "jpg" ? .jpeg : .png
            let work = try bench.finish("a.\(ending)", to: format, [.strip(strip)], pages: true)
            #expect(work.pages.first?.density?.horizontalMilliDPI == 200_000)
        }
    }

    @Test(
        "JPEG 2000 in a PDF tells no place after its metadata were stripped, and its codestream stays",
        arguments: [StripPolicy.gps, .all])
    func strippedJP2(_ strip: StripPolicy) throws {
        let bench = try Bench()
        try bench.shell(
            "\(chart) s.png && vips jp2ksave s.png a.jp2 && exiftool -q -overwrite_original -Make=Acme -GPSLatitude=48.5 -GPSLatitudeRef=N"
                + " -XMP:GPSLatitude=48.5 -XMP:Title=Hello -IPTC:City=Munich a.jp2")
        let page = try #require(try pages(bench, "a.jp2").pages.first)
        #expect(page.carriesGPS)
        let stripped = try #require(try pages(bench, "a.jp2", [.strip(strip)]).pages.first)
        #expect(!stripped.carriesGPS && stripped.coding == page.coding)
        try bench.write(try joined(bench, stripped.stream, input: "a.jp2"), "b.jp2")
        #expect(try bench.shell("exiftool -G1 -a -s b.jp2 | grep -iE 'gps|munich'", mayFail: true) == "")
        #expect(try bench.shell("exiftool -s3 -Make -Title b.jp2") == (strip == .all ? "" : "Acme\nHello"))
        #expect(try bench.difference("a.jp2", "b.jp2") == 0)
    }

    @Test("Previews in a TIFF are no pages, and each page keeps its own depth")
    func pagesOfTIFF() throws {
        let bench = try Bench()
        try bench.shell(
            "\(chart) -colorspace gray -compress lzw grey.tif && convert grey.tif -threshold 50% -monochrome -compress group4 line.tif"
                + " && convert grey.tif -resize 30x preview.tif && tiffset -s 254 1 preview.tif && tiffcp line.tif preview.tif grey.tif a.tif"
                + " && convert grey.tif grey.png && convert line.tif line.png")
        _ = try bench.finish("a.tif", to: .png, [.rotate(.half), .rotate(.half), .save(Save(format: .png))])
        #expect(try bench.shell("ls out && exiftool -s3 -BitDepth out/t && exiftool -s3 -BitDepth out/t-2") == "t\nt-2\n1\n8")
        #expect(try bench.difference("line.png", "out/t") == 0)
        #expect(try bench.difference("grey.png", "out/t-2") == 0)
        #expect(try pages(bench, "a.tif").pages.map(\.bitsPerComponent) == [1, 8])
        guard case .finished(let work) = try bench.perform("a.tif", .probe) else { throw Bench.Failed() }
        #expect(work.probe?.pageCount == 2)
    }

    @Test("Two greys of a palette stay those greys", arguments: [OutputFormat.png, .tiff])
    func greyPalette(_ format: OutputFormat) throws {
        let bench = try Bench()
        try bench.shell(
            "convert -size 40x30 xc:'#333333' -fill '#cccccc' -draw 'rectangle 5,5 20,20' -type palette -depth 1 -define tiff:photometric=palette a.tif"
                + " && convert a.tif r.png")
        _ = try bench.finish("a.tif", to: format, [.rotate(.half), .save(Save(format: format))])
        try bench.shell("convert r.png -rotate 180 r.png")
        #expect(try bench.difference("r.png", "out/t") == 0)
    }

    @Test("A page of more pixels than allowed is too large, though nothing is decoded for it", arguments: ["jpg", "png", "jp2"])
    func tooLargePage(_ ending: String) throws {
        let bench = try Bench()
        try bench.shell("\(chart) s.png && \(ending == "jp2" ? "vips jp2ksave s.png a.jp2" : "convert s.png a.\(ending)")")
        var limits = WorkLimits()
        limits.pixelsMax = 240 * 160 - 1
        let order = PageOrder(spoolFolder: RawPath(bench.path("spool")), digestInput: false)
        #expect(try reason(bench.perform("a.\(ending)", .page(order), limits: limits)) == .tooLarge)
        limits.pixelsMax += 1
        #expect(try reason(bench.perform("a.\(ending)", .page(order), limits: limits)) == nil)
    }
}
