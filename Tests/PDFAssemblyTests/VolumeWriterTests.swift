import Foundation
import JobModel
import PDFAssembly
import Testing

/// Magick under either of its names.
private let magick = has("magick") ? "magick" : "convert"

@Suite("A volume") struct VolumeWriterTests {
    @Test(
        "opens without a complaint in qpdf, poppler and mupdf, from one page to three levels of page tree",
        arguments: [1, 64, 65, 4100])
    func opensEverywhere(pages: Int) throws {
        let folder = try ScratchFolder()
        var store = SourceStore()
        let list = (0..<pages).map { greyPage($0, folder: ["a", "b\($0 / 40)"], store: &store) }
        var settings = PDFSettings()
        settings.title = "Mühle (1) \\ <&>"
        settings.author = "A. Uthor"
        settings.dateSeconds = 951_782_400
        try write(try bind(list, store: store, settings: settings), to: folder.path("a.pdf"))
        if has("qpdf") {
            let check = try run("qpdf", ["--check", folder.path("a.pdf")])
            #expect(check.status == 0, "\(check.output)")
            #expect(!check.output.contains("WARNING"), "\(check.output)")
        }
        if has("pdfinfo") {
            let info = try run("pdfinfo", [folder.path("a.pdf")]).output
            #expect(info.contains("Title:           Mühle (1) \\ <&>"), "\(info)")
            #expect(info.contains("Pages:           \(pages)\n"), "\(info)")
            #expect(info.contains("PDF version:     1.7"), "\(info)")
            #expect(!info.contains("rror"), "\(info)")
        }
        if has("mutool") {
            let drawn = try run(
                "mutool", ["draw", "-q", "-o", folder.path("p.png"), "-r", "10", folder.path("a.pdf"), "\(pages)"])
            #expect(
                drawn.status == 0 && drawn.output.replacing("warning: ICC support is not available\n", with: "").isEmpty,
                "\(drawn.output)")
            let outline = try run("mutool", ["show", folder.path("a.pdf"), "outline"]).output
            #expect(outline.contains("\"a\""), "\(outline)")
        }
    }

    @Test("has the same bytes from the same pages")
    func isDeterministic() throws {
        var store = SourceStore()
        let pages = (0..<130).map { greyPage($0, folder: ["x\($0 / 10)"], store: &store) }
        #expect(try bind(pages, store: store) == bind(pages, store: store))
    }

    @Test(
        "gives every JPEG back byte for byte",
        .enabled(if: has("pdfimages") && has(magick), "pdfimages or ImageMagick is not installed"))
    func keepsJPEGs() throws {
        let folder = try ScratchFolder()
        var store = SourceStore()
        var pages: [BookPage] = []
        let kinds = [
            ["-colorspace", "Gray"], ["-colorspace", "sRGB"], ["-colorspace", "sRGB", "-interlace", "JPEG"],
            ["-colorspace", "CMYK"],
        ]
        for (index, options) in kinds.enumerated() {
            let path = folder.path("\(index).jpg")
            try run(magick, ["-size", "60x40", "plasma:fractal", "-seed", "1"] + options + [path])
            pages.append(try jpegPage(try readBytes(path), key: PageKey(task: UInt64(index), page: 0), store: &store))
        }
        try write(try bind(pages, store: store), to: folder.path("a.pdf"))
        try run("pdfimages", ["-j", folder.path("a.pdf"), folder.path("out")])
        for index in kinds.indices {
            // poppler writes CMYK JPEGs through as well.
            let found = try readBytes(folder.path("out-00\(index).jpg"))
            #expect(found == (try readBytes(folder.path("\(index).jpg"))), "page \(index)")
        }
    }

    @Test(
        "shows a picture upright for each of the eight orientations",
        .enabled(if: has("pdftoppm") && has(magick) && has("exiftool"), "pdftoppm, ImageMagick or exiftool is not installed"),
        arguments: 1...8)
    func orientations(orientation: Int) throws {
        let folder = try ScratchFolder()
        let path = folder.path("a.jpg")
        // An F, so that no two of the eight look alike.
        try run(
            magick,
            [
                "-size", "48x72", "xc:white", "-fill", "black", "-draw", "rectangle 8,8 15,63", "-draw", "rectangle 16,8 39,15",
                "-draw", "rectangle 16,32 31,39", "-fill", "red", "-draw", "rectangle 32,56 39,63", "-quality", "95", path,
            ])
        try run("exiftool", ["-q", "-overwrite_original", "-n", "-Orientation=\(orientation)", path])
        try run(magick, [path, "-auto-orient", "-strip", folder.path("upright.png")])
        var store = SourceStore()
        let density = Density(horizontalMilliDPI: 100_000, verticalMilliDPI: 100_000)
        let page = try jpegPage(
            try readBytes(path), key: PageKey(task: 0, page: 0), orientation: orientation, density: density, store: &store)
        try write(try bind([page], store: store), to: folder.path("a.pdf"))
        try run("pdftoppm", ["-r", "100", "-png", "-singlefile", folder.path("a.pdf"), folder.path("shown")])
        let size = try run("identify", ["-format", "%wx%h", folder.path("shown.png")]).output
        #expect(size == (orientation < 5 ? "48x72" : "72x48"))
        let difference = try run("compare", ["-metric", "RMSE", folder.path("shown.png"), folder.path("upright.png"), "null:"])
            .output
        let share = try #require(Double(difference.split(separator: "(").last?.dropLast() ?? ""), "\(difference)")
        // Resampled edges make up to 0.08; a wrong orientation makes more than 0.3.
        #expect(share < 0.1, "orientation \(orientation): \(difference)")
    }
}
