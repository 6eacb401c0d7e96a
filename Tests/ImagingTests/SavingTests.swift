import JobModel
import Recipes
import Testing

@Suite("Saving")
struct SavingTests {
    /// Noise, so that quality tells in bytes.
    private let noisy = "convert -seed 5 -size 160x120 plasma:fractal -depth 8"

    @Test("The quality is lowered until the file fits its size, with its metadata", arguments: [OutputFormat.jpeg, .webp, .avif, .jp2])
    func sizeMax(_ format: OutputFormat) throws {
        let bench = try Bench()
        try bench.shell("\(noisy) a.png && exiftool -q -overwrite_original -EXIF:Artist=me a.png")
        _ = try bench.finish("a.png", to: format, [.save(Save(format: format))])
        let whole = try bench.bytes("out/t").count
        let wanted = UInt64(whole * 3 / 5)
        let save = Save(format: format, sizeMax: ByteSize(bytes: wanted), tolerancePercent: 0, qualityMin: 1)
        _ = try bench.finish("a.png", to: format, [.save(save)])
        let count = try bench.bytes("out/t").count
        #expect(count <= Int(wanted) && count > Int(wanted) * 7 / 10)
        #expect(try bench.shell("exiftool -s3 -Artist out/t") == "me")
        let before = try bench.bytes("out/t")
        _ = try bench.finish("a.png", to: format, [.save(save)])
        #expect(try bench.bytes("out/t") == before)
    }

    @Test("A size that no quality reaches fails the file, or the smallest is kept and said so; a file that fits is copied")
    func sizeMissed() throws {
        let bench = try Bench()
        try bench.shell("\(noisy) -quality 95 a.jpg")
        var save = Save(sizeMax: ByteSize(bytes: 900))
        guard case .failed(let failure) = try bench.run("a.jpg", to: .jpeg, [.save(save)]) else {
            Issue.record("it was made")
            return
        }
        #expect(failure.reason == .tooLarge && failure.message.contains("at quality 20"))
        save.sizeMissed = .keep
        let kept = try bench.finish("a.jpg", to: .jpeg, [.shrink(.percent(90)), .save(save)])
        #expect(kept.notes.contains { if case .sizeMissed = $0 { true } else { false } })
        #expect(try bench.shell("identify -format '%Q' out/t") == "20")
        save.sizeMax = ByteSize(bytes: 1_000_000)
        #expect(try bench.finish("a.jpg", to: .jpeg, [.save(save)]).files.map(\.isVerbatim) == [true])
    }

    @Test("Chroma is stored as asked for, through libjpeg and through libvips")
    func subsampling() throws {
        let bench = try Bench()
        try bench.shell("\(chart) a.jpg && \(chart) a.png")
        for (subsampling, factor) in [(ChromaSubsampling.full, "1x1"), (.half, "2x1"), (.quarter, "2x2")] {
            for name in ["a.jpg", "a.png"] {
                _ = try bench.finish(name, to: .jpeg, [.shrink(.percent(80)), .save(Save(quality: 92, subsampling: subsampling))])
                #expect(try bench.shell("identify -format '%[jpeg:sampling-factor]' out/t").hasPrefix(factor), "\(name) \(factor)")
                #expect(try bench.shell("identify -format '%Q' out/t") == "92")
            }
        }
        for (subsampling, name) in [(ChromaSubsampling.full, "4:4:4"), (.quarter, "4:2:0")] {
            _ = try bench.finish("a.png", to: .avif, [.save(Save(format: .avif, subsampling: subsampling))])
            #expect(try bench.shell("exiftool -s3 -ChromaFormat out/t").contains(name))
        }
    }

    @Test("A palette PNG has at most the colours asked for, dithered or not")
    func palette() throws {
        let bench = try Bench()
        try bench.shell("\(chart) -depth 16 a.png")
        for (colours, most) in [(PaletteSize.two, 2), (.sixteen, 16), (.all, 256)] {
            _ = try bench.finish("a.png", to: .png, [.save(Save(colours: colours, effort: 0))])
            #expect(try bench.shell("exiftool -s3 -ColorType out/t") == "Palette")
            #expect(try #require(Int(bench.shell("identify -format '%k' out/t"))) <= most)
        }
        _ = try bench.finish("a.png", to: .png, [.save(Save(colours: .sixteen))])
        let dithered = try bench.bytes("out/t")
        _ = try bench.finish("a.png", to: .png, [.save(Save(colours: .sixteen, ditherPercent: 0))])
        #expect(try bench.bytes("out/t") != dithered)
    }

    @Test("TIFF in every compression and layout, read by libtiff")
    func tiff() throws {
        let bench = try Bench()
        try bench.shell("\(chart) -resize 600x400 a.png && convert a.png -monochrome b.png")
        for (compression, name) in [
            (TIFFCompression.none, "None"), (.lzw, "LZW"), (.deflate, "AdobeDeflate"), (.packbits, "PackBits"), (.jpeg, "JPEG"),
        ] {
            _ = try bench.finish("a.png", to: .tiff, [.save(Save(format: .tiff, quality: nil, tiffCompression: compression))])
            #expect(try bench.shell("tiffinfo out/t | grep 'Compression Scheme'").hasSuffix(name))
            #expect(try bench.difference("a.png", "out/t") < (compression == .jpeg ? 0.03 : 0.0001))
        }
        _ = try bench.finish("b.png", to: .tiff, [.save(Save(format: .tiff, tiffCompression: .ccittG4))])
        #expect(try bench.shell("tiffinfo out/t").contains("CCITT Group 4"))
        // Group 4 holds two tones and JPEG 8 bits without alpha: what is used instead is said.
        for (name, compression) in [("a.png", TIFFCompression.ccittG4), ("d.png", .jpeg)] {
            try bench.shell("convert a.png -alpha set -channel A -evaluate set 40% d.png")
            let other = try bench.finish(name, to: .tiff, [.save(Save(format: .tiff, tiffCompression: compression))])
            #expect(other.notes == [.compressionReplaced("\(compression.rawValue) cannot hold its pixels, deflate does")])
            #expect(try bench.shell("tiffinfo out/t | grep 'Compression Scheme'").hasSuffix("AdobeDeflate"))
        }
        _ = try bench.finish("a.png", to: .tiff, [.save(Save(format: .tiff, layout: .tiles))])
        #expect(try bench.shell("tiffinfo out/t").contains("Tile Width: 256"))
        let work = try bench.finish("a.png", to: .tiff, [.save(Save(format: .tiff, layout: .pyramid))], pages: true)
        #expect(work.pages.count == 1 && work.pages.first?.width == 600)
        #expect(try bench.shell("tiffinfo out/t | grep -c 'Tile Width'") != "1")
        #expect(try bench.difference("a.png", "out/t[0]") < 0.0001)
    }

    @Test("WebP: lossless is exact, nearly lossless nearly, effort counts")
    func webp() throws {
        let bench = try Bench()
        try bench.shell("\(noisy) a.png")
        _ = try bench.finish("a.png", to: .webp, [.save(Save(format: .webp, lossless: true, effort: 1))])
        try bench.shell("dwebp -quiet out/t -o b.png")
        #expect(try bench.difference("a.png", "b.png") == 0)
        let exact = try bench.bytes("out/t").count
        _ = try bench.finish("a.png", to: .webp, [.save(Save(format: .webp, quality: 20, nearLossless: true))])
        #expect(try bench.bytes("out/t").count < exact)
        try bench.shell("dwebp -quiet out/t -o b.png")
        #expect(try bench.difference("a.png", "b.png") < 0.02)
    }

    @Test("AVIF and JPEG 2000 keep colours, alpha, profile, EXIF, XMP and resolution, as others read them", arguments: [OutputFormat.avif, .jp2])
    func newFormats(_ format: OutputFormat) throws {
        let bench = try Bench()
        try bench.shell(
            """
            \(chart) -density 300 -units PixelsPerInch a.jpg
            exiftool -q -overwrite_original -Artist=me -Orientation#=6 -XMP:Title=Hello -XResolution=300 -YResolution=300 a.jpg
            \(chart) -alpha set -channel A -evaluate set 40% r.png && convert a.jpg -rotate 90 -strip u.png
            """)
        let work = try bench.finish("a.jpg", to: format, [.autoOrient, .save(Save(format: format, quality: 90))])
        #expect(work.notes == [])
        #expect(try bench.shell("exiftool -q -n -p '$Artist $Title $EXIF:Orientation $EXIF:XResolution $ImageWidth' out/t") == "me Hello 1 300 160")
        let ending = format.fileExtension
        try bench.shell("cp out/t b.\(ending) && vips copy b.\(ending) b.png 2>/dev/null")
        #expect(try bench.difference("u.png", "b.png") < 0.03)
        #expect(try bench.shell("identify -format '%wx%h' b.\(ending)") == "160x240")
        if format == .avif { #expect(try bench.shell("heif-info b.avif").contains("image: 160x240")) }
        if format == .jp2 { #expect(try bench.shell("exiftool -s3 -CaptureXResolution out/t").hasPrefix("118.11")) }
        _ = try bench.finish("r.png", to: format, [.save(Save(format: format))])
        try bench.shell("cp out/t r.\(ending) && vips copy r.\(ending) s.png 2>/dev/null")
        #expect(try bench.difference("r.png", "s.png") < 0.03)
    }

    @Test("Lossless JPEG 2000 is exact, in 16 bits too")
    func losslessJP2() throws {
        let bench = try Bench()
        try bench.shell("convert -seed 5 -size 60x40 plasma:fractal -depth 16 a.png")
        _ = try bench.finish("a.png", to: .jp2, [.save(Save(format: .jp2, lossless: true))])
        try bench.shell("cp out/t b.jp2 && vips copy b.jp2 b.png")
        #expect(try bench.difference("a.png", "b.png") == 0)
        #expect(try bench.shell("identify -format '%z' b.png") == "16")
    }

    @Test("A JPEG 2000 goes into a PDF as it is, an AVIF as JPEG")
    func pages() throws {
        let bench = try Bench()
        try bench.shell("\(chart) a.png")
        let jp2 = try bench.finish("a.png", to: .jp2, [.save(Save(format: .jp2))], pages: true)
        #expect(jp2.pages.map(\.stream.file) == [.output(0)])
        let avif = try bench.finish("a.png", to: .avif, [.save(Save(format: .avif))], pages: true)
        #expect(avif.pages.count == 1)
        if case .jpeg = avif.pages.first?.coding {} else { Issue.record("\(avif.pages)") }
    }

    @Test("One output's metadata can be less than the others'")
    func metadata() throws {
        let bench = try Bench()
        try bench.shell("\(chart) a.jpg && exiftool -q -overwrite_original -Artist=me -GPSLatitude=48.5 -GPSLatitudeRef=N a.jpg")
        for (policy, wanted) in [(SavedMetadata.all, "me 48.5"), (.withoutPlace, "me -"), (.none, "- -")] {
            for actions in [[], [Action.shrink(.percent(50))]] {
                _ = try bench.finish("a.jpg", to: .jpeg, actions + [.save(Save(metadata: policy))])
                #expect(try bench.shell("exiftool -f -q -n -p '$Artist $GPSLatitude' out/t") == wanted)
            }
        }
    }
}
