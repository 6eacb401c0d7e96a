import ImageFiles
import JobModel
import Testing

@Suite("Kinds of files")
struct KindTests {
    private static func padded(_ bytes: [UInt8], _ rest: String = "") -> [UInt8] {
        bytes + Array(rest.utf8) + [UInt8](repeating: 0, count: 200)
    }

    private static func ftyp(_ brands: String...) -> [UInt8] {
        let body = Array("ftyp\(brands[0])\0\0\0\0\(brands.dropFirst().joined())".utf8)
        return padded([0, 0, 0, UInt8(body.count + 4)] + body)
    }

    private static let examples: [(ImageKind?, [UInt8])] = [
        (.jpeg, padded([0xFF, 0xD8, 0xFF, 0xE1])), (.gif, padded([], "GIF87a")), (.tiff, padded([0x4D, 0x4D, 0, 42])),
        (.tiff, padded([0x49, 0x49, 43, 0, 8, 0])), (.raw, padded([0x49, 0x49, 42, 0, 16, 0, 0, 0, 0x43, 0x52, 2, 0])),
        (.raw, padded([], "FUJIFILMCCD-RAW 0201")), (.raw, padded([], "IIRO\u{8}")), (.raw, padded([0x49, 0x49, 0x55, 0])),
        (.raw, ftyp("crx ", "isom")), (.heif, ftyp("heic", "mif1")), (.heif, ftyp("mif1", "heic")),
        (.avif, ftyp("mif1", "avif", "miaf")),
        (.avif, ftyp("avif", "mif1")), (nil, ftyp("isom", "mp42")), (.jxl, padded([0xFF, 0x0A])),
        (.svg, padded([], "<?xml version='1.0'?>\n<!-- x -->\n<svg ")),
        (nil, padded([], "<?xml version='1.0'?><html>")), (.pdf, padded([], "junk\n%PDF-1.4")), (.netpbm, padded([], "P6 3 4")),
        (nil, padded([], "P8 3 4")),
        (.netpbm, padded([], "Pf\n3 4")), (.hdr, padded([], "#?RADIANCE\n")), (.fits, padded([], "SIMPLE  =     T")),
        (.psd, padded([], "8BPS\0\u{1}")),
        (.xcf, padded([], "gimp xcf v011")), (.dicom, [UInt8](repeating: 0, count: 128) + Array("DICM".utf8)),
        (nil, [UInt8](repeating: 0, count: 1024)),
        (.bmp, padded(Array("BM".utf8) + [UInt8](repeating: 0, count: 12) + [40, 0, 0, 0])),
        (nil, padded([], "BMW is a car maker")), (nil, []),
    ]

    @Test("Content decides", arguments: 0..<examples.count)
    func sniffing(index: Int) {
        let (kind, bytes) = Self.examples[index]
        #expect(ImageKind.sniff(bytes) == kind)
        for count in 0..<bytes.count { _ = ImageKind.sniff(Array(bytes[..<count])) }
    }

    @Test("A TIFF named like a camera's raw file is one")
    func raw() {
        let tiff = Self.padded([0x4D, 0x4D, 0, 42])
        #expect(ImageKind.of(prefix: tiff, lowercasedExtension: "nef") == .raw)
        #expect(ImageKind.of(prefix: tiff, lowercasedExtension: "tif") == .tiff)
        #expect(ImageKind.of(prefix: Self.examples[0].1, lowercasedExtension: "nef") == .jpeg)
        #expect(
            ImageKind.tiff.matchesExtension("dng") && !ImageKind.jpeg.matchesExtension("png")
                && !ImageKind.jpeg.matchesExtension("txt"))
    }

    @Test("Every kind has an extension")
    func extensions() {
        #expect(Set(ImageKind.imageExtensions.compactMap(ImageKind.fromExtension)) == Set(ImageKind.allCases))
    }
}
