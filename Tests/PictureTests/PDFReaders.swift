import Foundation
import Testing

/// The Python that has pypdfium2; nil where scripts/test could not install it.
let python = ProcessInfo.processInfo.environment["QUIRE_TEST_PYTHON"]

/// Programs that draw the pages of a PDF.
enum PDFReader: String, CaseIterable {
    case poppler, mupdf, pdfium

    var isHere: Bool {
        switch self {
        case .poppler, .mupdf: true
        case .pdfium: python != nil
        }
    }

    private static let drawing = """
        import sys, pypdfium2
        for page in pypdfium2.PdfDocument(sys.argv[1]):
            picture = page.render(scale=float(sys.argv[2]) / 72).to_pil().convert("RGB")
            sys.stdout.buffer.write(b"P6 %d %d 255\\n" % picture.size + picture.tobytes())
        """

    /// Every page; one pixel a point unless told otherwise.
    func pages(_ file: String, in shop: Workshop, dpi: Double = 72) throws -> [Picture] {
        let dpi = "\(dpi)"
        switch self {
        case .poppler: return try Picture.parse(try shop.tool("pdftoppm", "-r", dpi, file).output)
        case .mupdf:
            return try Picture.parse(try shop.tool("mutool", "draw", "-q", "-r", dpi, "-F", "ppm", "-o", "-", file).output)
        case .pdfium: return try Picture.parse(try shop.tool(try #require(python), "-c", Self.drawing, file, dpi).output)
        }
    }
}

extension Workshop {
    /// Sound by qpdf, and without a word of complaint from poppler and mutool.
    func expectSound(_ file: String, sourceLocation: SourceLocation = #_sourceLocation) throws {
        let qpdf = try tool("qpdf", "--check", file, statuses: [0, 2, 3])
        #expect(
            qpdf.status == 0 && !qpdf.text.contains("WARNING"), "\(file): \(qpdf.text)\(qpdf.errors)",
            sourceLocation: sourceLocation)
        let poppler = try tool("pdfinfo", file)
        #expect(poppler.errors.isEmpty, "\(file): \(poppler.errors)", sourceLocation: sourceLocation)
        let mutool = try tool("mutool", "show", file, "trailer")
        #expect(
            mutool.errors.replacing("warning: ICC support is not available\n", with: "").isEmpty, "\(mutool.errors)",
            sourceLocation: sourceLocation)
    }

    /// Widths and heights in points, by poppler.
    func pageSizes(_ file: String) throws -> [[Double]] {
        try tool("pdfinfo", "-f", "1", "-l", "9999", file).lines.filter { $0.hasPrefix("Page") && $0.contains("size:") }.map {
            line in
            line.split(separator: ":")[1].split(separator: " ").compactMap { Double($0) }
        }
    }

    /// Object number of each page's pictures, without soft masks, in page order.
    func pictureObjects(_ file: String) throws -> [String] {
        try tool("pdfimages", "-list", file).lines.dropFirst(2).map { $0.split(separator: " ").map(String.init) }
            .filter { $0[2] == "image" }.map { $0[10] }
    }
}
