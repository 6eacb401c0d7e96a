import JobModel
import TerminalUI
import Testing

@Suite("PDFs too large for some programs")
struct ViewerLimitsTests {
    @Test(
        "The limits of pdf.js, PDFium on Windows and the table of ten digits",
        arguments: [
            (2_145_386_496, []), (2_145_386_497, ["pdf.js"]), (4_294_967_295, ["pdf.js"]), (4_294_967_296, ["pdf.js", "PDFium on Windows"]),
            (9_999_999_999, ["pdf.js", "PDFium on Windows"]), (10_000_000_000, ["pdf.js", "PDFium"]),
        ] as [(UInt64, [String])])
    func limits(bytes: UInt64, programs: [String]) {
        #expect(ViewerLimits.tooLargeFor(bytes: bytes) == programs)
    }

    @Test("The totals name the browsers, programs that do read it, and the cure, in one line")
    func line() {
        var summary = RunSummary(job: JobID(rawValue: "j"))
        summary.volumes = [.init(path: RawPath("small.pdf"), pages: 1, sizeBytes: 2_000_000_000)]
        #expect(!summary.lines.joined().contains("too large"))
        summary.volumes.append(.init(path: RawPath("large.pdf"), pages: 9, sizeBytes: 10_600_000_000))
        #expect(
            summary.lines.last
                == "note: large.pdf (11 GB) is too large for Firefox, Chrome and Edge; Evince, Okular and MuPDF read it, "
                + "--volume-size 2GB makes volumes for all")
        summary.volumes.append(.init(path: RawPath("larger.pdf"), pages: 9, sizeBytes: 2_500_000_000))
        #expect(summary.lines.last?.hasPrefix("note: 2 PDFs (the largest 11 GB) are too large for Firefox, Chrome and Edge;") == true)
        #expect(summary.jsonText.contains("\"pdf.js\""))
    }
}
