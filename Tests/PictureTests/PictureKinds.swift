import Foundation
import Testing

/// A kind of image file, as programs of others make it, and what is promised of its page.
struct PictureKind: Sendable {
    enum Promise {
        /// The file is the stream.
        case bytes
        /// The pixels are the file's.
        case pixels
        /// The picture looks the same.
        case looks
    }

    let name: String
    let promise: Promise
    /// Pictures in the file.
    var pages = 1
    /// Whether the file can state an orientation; if not it is only made upright.
    var isOriented = true
    /// Mean difference a sample that readers may show: they turn inks into colours each in their own way.
    var mean = 6.0
    /// What ImageMagick needs to show it right, where it does not by itself.
    var correction: [String] = []
    /// The kind with the same pixels, where ImageMagick turns this one half by its tag and half not (group 3 and JPEG in TIFF).
    var reference: String?
    /// How far samples may be off: a colour map has 16 bits, and one program rounds them where another cuts them off.
    var mostOff = 0

    var orientations: ClosedRange<Int> { isOriented ? 1...8 : 1...1 }

    func file(_ orientation: Int) -> String { Self.file(name, orientation) }

    func referenceFile(_ orientation: Int) -> String { Self.file(reference ?? name, orientation) }

    private static func file(_ name: String, _ orientation: Int) -> String {
        let dot = name.firstIndex(of: ".") ?? name.endIndex
        return "\(name[..<dot])-\(orientation)\(name[dot...])"
    }
}

/// A file of every kind in every orientation it can state, made once: a smooth picture of 240 x 160 when upright, at 150 dpi.
enum PictureKinds {
    static let made = Result { try make() }

    static func shop() throws -> Workshop { try made.get() }

    static let all: [PictureKind] =
        convertKinds.map(\.0) + [
            PictureKind(name: "bare.jpg", promise: .bytes, mean: 35, correction: ["-negate"]),
            PictureKind(name: "ycck.jpg", promise: .bytes, mean: 35), PictureKind(name: "rgbids.jpg", promise: .bytes),
            PictureKind(name: "strips.tif", promise: .pixels, mean: 10), PictureKind(name: "lsb.tif", promise: .pixels, mean: 10),
            PictureKind(name: "g3.tif", promise: .pixels, mean: 10, reference: "g4.tif"),
            PictureKind(name: "bitlzw.tif", promise: .pixels, mean: 10),
            PictureKind(name: "tiles.tif", promise: .pixels), PictureKind(name: "planar.tif", promise: .pixels),
            PictureKind(name: "jpegstrip.tif", promise: .looks, reference: "lzw.tif"),
            PictureKind(name: "jpegrgb.tif", promise: .looks, reference: "lzw.tif"),
            PictureKind(name: "jpegstrips.tif", promise: .looks, reference: "lzw.tif"),
            PictureKind(name: "pages.tif", promise: .pixels, pages: 3, mean: 10),
            PictureKind(name: "whole.jp2", promise: .pixels, isOriented: false),
            PictureKind(name: "phone.heic", promise: .looks, isOriented: false),
        ]

    /// Those that ImageMagick makes of a picture in one step, and how.
    private static let convertKinds: [(PictureKind, [String])] = {
        let grey = ["-colorspace", "Gray"]
        let bilevel = grey + ["-threshold", "50%"]
        let opacity = ["-alpha", "copy"]
        func png(_ type: Int, _ depth: Int) -> [String] {
            ["-define", "png:color-type=\(type)", "-define", "png:bit-depth=\(depth)"]
        }
        func pixels(_ name: String, mean: Double = 6) -> PictureKind { PictureKind(name: name, promise: .pixels, mean: mean) }
        return [
            (PictureKind(name: "baseline.jpg", promise: .bytes), ["-quality", "90"]),
            (PictureKind(name: "progressive.jpg", promise: .bytes), ["-interlace", "JPEG"]),
            (PictureKind(name: "grey.jpg", promise: .bytes), grey),
            (PictureKind(name: "cmyk.jpg", promise: .bytes, mean: 35), ["-colorspace", "CMYK"]),
            (pixels("rgb.png"), png(2, 8)), (pixels("rgb16.png"), ["-depth", "16", "-evaluate", "multiply", "0.7"] + png(2, 16)),
            (pixels("grey1.png", mean: 10), bilevel + png(0, 1)), (pixels("grey2.png"), grey + ["-depth", "2"] + png(0, 2)),
            (pixels("grey4.png"), grey + ["-depth", "4"] + png(0, 4)), (pixels("grey8.png"), grey + png(0, 8)),
            (pixels("grey16.png"), grey + ["-depth", "16", "-evaluate", "multiply", "0.7"] + png(0, 16)),
            (pixels("palette1.png", mean: 10), ["+dither", "-colors", "2"] + png(3, 1)),
            (pixels("palette4.png", mean: 10), ["+dither", "-colors", "16"] + png(3, 4)),
            (pixels("palette8.png"), ["+dither", "-colors", "200"] + png(3, 8)),
            (pixels("greyalpha.png"), grey + opacity + png(4, 8)), (pixels("rgba.png"), opacity + png(6, 8)),
            (pixels("rgba16.png"), opacity + ["-depth", "16", "-evaluate", "multiply", "0.7"] + png(6, 16)),
            (pixels("interlaced.png"), ["-interlace", "PNG"]),
            (pixels("interlaced1.png", mean: 10), bilevel + ["-interlace", "PNG"] + png(0, 1)),
            (pixels("key.png"), ["-fill", "red", "-draw", "rectangle 0,60 30,90", "-transparent", "red"] + png(2, 8)),
            (pixels("palettekey.png", mean: 10), ["-transparent", "red", "+dither", "-colors", "16"] + png(3, 8)),
            (pixels("g4.tif", mean: 10), bilevel + ["-compress", "Group4", "-define", "tiff:rows-per-strip=9999"]),
            (pixels("lzw.tif"), ["-compress", "LZW"]), (pixels("deflate.tif"), ["-compress", "Zip"]),
            (pixels("packbits.tif"), ["-compress", "RLE"]), (pixels("plain.tif"), ["-compress", "None"]),
            (pixels("deep.tif"), ["-depth", "16", "-evaluate", "multiply", "0.7", "-compress", "Zip"]),
            (
                PictureKind(name: "palette.tif", promise: .pixels, mean: 10, mostOff: 1),
                ["+dither", "-colors", "16", "-type", "Palette", "-compress", "LZW"]
            ),
            (pixels("cmyk.tif", mean: 35), ["-colorspace", "CMYK", "-compress", "LZW"]),
            (PictureKind(name: "lab.tif", promise: .looks, mean: 10), ["-colorspace", "Lab", "-compress", "LZW"]),
            (pixels("lossless.webp"), ["-define", "webp:lossless=true"]),
            (PictureKind(name: "lossy.webp", promise: .looks, mean: 8), ["-quality", "95"]),
            (PictureKind(name: "still.gif", promise: .pixels, isOriented: false, mean: 10), ["+dither", "-colors", "64"]),
        ]
    }()

    private static func make() throws -> Workshop {
        let shop = try Workshop()
        let upright = try Fixtures.shop()["upright.png"].path
        // PPM has no place for anything but the picture.
        try shop.tool("convert", Fixtures.storing.flatMap { ["(", upright] + $0 + [")"] } + ["-scene", "1", "stored-%d.ppm"])
        let stored = (1...8).map { "stored-\($0).ppm" }
        let density = ["-units", "PixelsPerInch", "-density", "150"]
        for (kind, operations) in convertKinds {
            let name = kind.file(1).replacing("-1.", with: kind.isOriented ? "-%d." : "-1.")
            let sources = kind.isOriented ? stored : [stored[0]]
            try shop.tool("convert", density + sources + density + operations + ["+adjoin", "-scene", "1", name])
        }
        for orientation in 1...8 {
            func name(_ kind: String) -> String { kind.replacing(".", with: "-\(orientation).") }
            try shop.tool("cjpeg", "-rgb", "-quality", "90", "-outfile", name("rgbids.jpg"), "stored-\(orientation).ppm")
            let adobe = try shop.bytes(name("cmyk.jpg"))
            let segment = try #require(adobe.range(of: Data([0xFF, 0xEE, 0, 14]) + Data("Adobe".utf8)))
            // Without the marker samples are not inverted; its last byte says whether they are YCCK.
            var (bare, ycck) = (adobe, adobe)
            bare.removeSubrange(segment.lowerBound..<(segment.lowerBound + 16))
            ycck[segment.lowerBound + 15] = 2
            try shop.write(bare, name("bare.jpg"))
            try shop.write(ycck, name("ycck.jpg"))
            for (result, options) in [
                ("strips.tif", ["-c", "g4", "-r", "20", "g4.tif"]), ("lsb.tif", ["-c", "g4", "-f", "lsb2msb", "g4.tif"]),
                ("g3.tif", ["-c", "g3:2d", "-r", "30", "g4.tif"]), ("bitlzw.tif", ["-c", "lzw", "g4.tif"]),
                ("tiles.tif", ["-c", "lzw", "-t", "-w", "64", "-l", "64", "lzw.tif"]),
                ("planar.tif", ["-p", "separate", "lzw.tif"]),
                ("jpegstrip.tif", ["-c", "jpeg:90", "-r", "9999", "lzw.tif"]),
                ("jpegrgb.tif", ["-c", "jpeg:r:90", "-r", "9999", "lzw.tif"]),
                ("jpegstrips.tif", ["-c", "jpeg:90", "-r", "32", "lzw.tif"]),
                ("pages.tif", ["g4.tif", "deflate.tif", "bitlzw.tif"]),
            ] {
                try shop.tool("tiffcp", options.map { $0.hasSuffix(".tif") ? name($0) : $0 } + [name(result)])
            }
        }
        try shop.tool("vips", "copy", upright, "whole-1.jp2[lossless]")
        try shop.tool("heif-enc", "-q", "95", "-o", "phone-1.heic", upright)
        var edits: [String] = []
        for orientation in 1...8 {
            if orientation > 1 { edits.append("-execute") }
            edits += ["-q", "-overwrite_original", "-IFD0:Orientation#=\(orientation)"]
            edits += ["-IFD0:XResolution=150", "-IFD0:YResolution=150", "-IFD0:ResolutionUnit#=2"]
            edits += all.filter(\.isOriented).map { $0.file(orientation) }
        }
        try shop.tool("exiftool", edits)
        // exiftool writes the first directory of a TIFF alone.
        for orientation in 1...8 {
            for page in 1...2 {
                try shop.tool("tiffset", "-d", "\(page)", "-s", "274", "\(orientation)", "pages-\(orientation).tif")
            }
        }
        return shop
    }
}
