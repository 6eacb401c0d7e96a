import Foundation
import Testing

@Suite("Real photos and odd files end as a right output or a clear refusal", .enabled(if: samples != nil, "no ../shared/samples"))
struct SampleTests {
    let shop: Workshop

    init() throws {
        shop = try Workshop()
    }

    private static let refusals = [
        "cmyktest.pdf": "unsupported", "logo.svg": "unsupported",
        "subsampled.tif": "unsupported",
        "truncated.jpg": "truncated",
    ]

    @Test("Copied, all are whole; worked on, all stand upright, bounded and without metadata, in files and on pages")
    func everything() throws {
        let folder = try #require(samples)
        let copies = try shop.quire("run", folder.path, "-o", "copies", status: 3)
        #expect(copies.reasons == Self.refusals)
        for file in copies.files where file.outcome == "done" && !file.path.hasSuffix(".HEIC") && !file.path.hasSuffix(".jp2") && !file.path.hasSuffix(".dcm") {
            let output = try #require(file.outputs.first)
            #expect(try shop.bytes(output) == Data(contentsOf: URL(filePath: file.path)), "\(output)")
        }
        let job = try shop.quire(
            "run", folder.path, "-o", "out", "--rotate", "auto", "--shrink", "300", "--strip", "all", "--pdf", "album.pdf",
            status: 3)
        #expect(job.reasons == Self.refusals.merging(["corrupted.jpg": "damaged"]) { old, _ in old })
        let made = job.files.flatMap(\.outputs)
        // The DICOM file has four frames.
        let frames = 3
        #expect(made.count == job.facts.done + frames)
        let sizes = try shop.tool("identify", ["-format", "%w %h %[orientation]\n"] + made.map { $0 + "[0]" }).lines
        #expect(sizes.count == made.count)
        for (name, line) in zip(made, sizes) {
            let numbers = line.split(separator: " ")
            #expect(numbers.prefix(2).allSatisfy { (Int($0) ?? 999) <= 300 }, "\(name): \(line)")
            #expect(["Undefined", "TopLeft"].contains(numbers.last.map(String.init)), "\(name): \(line)")
        }
        let allowed = [
            "File:", "Composite:", "JFIF:", "PNG:", "PNG-pHYs:", "GIF:", "ICC", "Adobe:", "RIFF:", "IFD0:", "IFD1:", "Photoshop:",
        ]
        for (name, tags) in try shop.tags(made) {
            let left = tags.keys.filter { key in
                !allowed.contains { key.hasPrefix($0) } || key.contains("GPS") || key.hasSuffix(":Make")
            }
            #expect(left.isEmpty, "\(name): \(left)")
        }
        // The numbered photos show the same picture for all eight orientations.
        for shape in ["landscape", "portrait"] {
            let names = (1...8).map { "out/exif/orientation/\(shape)_\($0).jpg" }
            let pictures = try shop.pictures(names)
            for (name, picture) in zip(names, pictures) { shop.expectAlike(picture, pictures[0], mean: 8, name) }
        }
        try shop.expectSound("album.pdf")
        #expect(try shop.pageSizes("album.pdf").count == job.files.count + 3)
        for reader in PDFReader.allCases where reader != .mupdf && reader.isHere {
            #expect(try reader.pages("album.pdf", in: shop).count == job.files.count + 3, "\(reader)")
        }
    }

    @Test(
        "Bound as they are: every picture has its page, the JPEGs byte for byte, and photos lie as they were held"
    )
    func book() throws {
        let folder = try #require(samples)
        let job = try shop.quire("pdf", folder.path, "-o", "book.pdf", status: 3)
        #expect(job.reasons == Self.refusals)
        try shop.expectSound("book.pdf")
        let pages = try shop.pageSizes("book.pdf")
        #expect(pages.count == job.files.count + 3)
        let lines = try shop.tool("pdfimages", "-list", "book.pdf").lines.dropFirst(2).map {
            $0.split(separator: " ").map(String.init)
        }
        for line in lines where line[2] == "image" && line[8] == "jpeg" {
            let page = try #require(Int(line[0]))
            let path = job.files[page - 1].path
            guard path.hasSuffix(".jpg") else { continue }
            let bytes = try shop.tool("qpdf", "--raw-stream-data", "--show-object=\(line[10])", "book.pdf").output
            let original = try Data(contentsOf: URL(filePath: path))
            #expect(bytes == original, "\(path)")
        }
        for (index, file) in job.files.enumerated() where file.path.contains("/orientation/") {
            #expect(file.path.contains("portrait") == (pages[index][0] < pages[index][1]), "\(file.path): \(pages[index])")
        }
    }
}
