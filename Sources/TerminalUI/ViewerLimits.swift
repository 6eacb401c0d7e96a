public import JobModel

/// Which programs a PDF is too large for.
///
/// pdf.js takes the whole file into one array of at most 2,145,386,496 bytes; PDFium has file lengths of 32 bits on Windows;
/// at 10^10 bytes offsets pass the ten digits of a cross-reference table, and the stream that takes its place is read by
/// PDFium with offsets of 32 bits (pdf.md, sections 0 and 7). Poppler, MuPDF and qpdf read all of them.
public enum ViewerLimits {
    private static let wholeFileBytesMax: UInt64 = 2_145_386_496
    private static let lengthBytesMax: UInt64 = 4_294_967_295
    private static let tableBytesMax: UInt64 = 9_999_999_999

    /// Stable names for programs; none for a PDF that all read.
    public static func tooLargeFor(bytes: UInt64) -> [String] {
        if bytes > tableBytesMax { return ["pdf.js", "PDFium"] }
        if bytes > lengthBytesMax { return ["pdf.js", "PDFium on Windows"] }
        return bytes > wholeFileBytesMax ? ["pdf.js"] : []
    }

    /// One line about all PDFs of a run that some program cannot read, with the cure; nil when there are none.
    public static func sentence(of pdfs: [(path: RawPath, bytes: UInt64)]) -> String? {
        let large = pdfs.filter { !tooLargeFor(bytes: $0.bytes).isEmpty }
        guard let largest = large.max(by: { $0.bytes < $1.bytes }) else { return nil }
        let browsers =
            switch tooLargeFor(bytes: largest.bytes).last {
            case "PDFium": "Firefox, Chrome and Edge"
            case "PDFium on Windows": "Firefox, and for Chrome and Edge on Windows"
            default: "Firefox"
            }
        let size = HumanText.bytes(largest.bytes)
        let subject =
            large.count == 1
            ? "\(largest.path.display) (\(size)) is" : "\(HumanText.count(large.count)) PDFs (the largest \(size)) are"
        let what = large.count == 1 ? "it" : "them"
        return "\(subject) too large for \(browsers); Evince, Okular and MuPDF read \(what), --volume-size 2GB makes volumes for all"
    }
}
