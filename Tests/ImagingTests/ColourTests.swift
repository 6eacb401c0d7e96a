import Imaging
import JobModel
import Recipes
import Testing

@Suite("Colour")
struct ColourTests {
    /// The chart in Display P3, with the profile in the file.
    private func p3(_ bench: Bench, _ name: String) throws {
        try bench.shell("\(chart) -quality 100 s.png && vips icc_transform s.png '\(name)' p3 --embedded --input-profile srgb")
    }

    @Test("A profile stays with a picture that is encoded again, unchanged", arguments: OutputFormat.allCases)
    func profileStays(_ format: OutputFormat) throws {
        let bench = try Bench()
        try p3(bench, "a.jpg[Q=98]")
        try bench.shell("exiftool -q -b -icc_profile a.jpg > in.icc && test -s in.icc")
        _ = try bench.finish("a.jpg", to: format, [.shrink(.longSide(100))])
        if format == .gif || format == .jp2 { return }
        try bench.shell("exiftool -q -b -icc_profile out/t > out.icc")
        #expect(try bench.bytes("in.icc") == bench.bytes("out.icc"))
    }

    @Test("Stripping everything converts to sRGB first, so that the picture looks the same", arguments: OutputFormat.allCases)
    func stripConverts(_ format: OutputFormat) throws {
        let bench = try Bench()
        try p3(bench, "a.png")
        try bench.shell("convert s.png -filter Lanczos -resize 100x100 r.png")
        var save = Save(quality: 100, lossless: format == .webp || format == .jp2)
        if format == .avif { save.subsampling = .full }
        _ = try bench.finish("a.png", to: format, [.shrink(.longSide(100)), .strip(.all), .save(save)])
        #expect(try bench.shell("exiftool -s3 -ICC_Profile:ProfileDescription out/t") == "")
        // ImageMagick takes the components of an AVIF of full colour resolution for something else than they are.
        if format == .avif { try bench.shell("mv out/t t.avif && heif-convert t.avif out/t.png && mv out/t.png out/t") }
        #expect(try bench.difference("r.png", "out/t") < (format == .gif ? 0.06 : 0.02))
    }

    @Test("A JPEG 2000 has no place for a profile here, so its colours are converted and look the same")
    func convertsForJP2() throws {
        let bench = try Bench()
        try p3(bench, "a.png")
        try bench.shell("convert s.png -filter Lanczos -resize 100x100 r.png")
        _ = try bench.finish("a.png", to: .jp2, [.shrink(.longSide(100)), .save(Save(lossless: true))])
        #expect(try bench.difference("r.png", "out/t") < 0.02)
    }

    @Test("A GIF has no place for a profile here, so its colours are converted and look the same, also from 16 bits")
    func convertsForGIF() throws {
        let bench = try Bench()
        try bench.shell("convert -size 60x40 xc:'rgb(230,60,30)' -depth 8 s.png")
        try bench.shell("vips icc_transform s.png a.tif p3 --embedded --input-profile srgb --depth 16")
        _ = try bench.finish("a.tif", to: .gif, [])
        #expect(try bench.difference("s.png", "out/t") < 0.01)
    }

    @Test(
        "A grey picture's profile for one component stays with one component, and is applied where there are three",
        arguments: OutputFormat.allCases)
    func greyProfileInThree(_ format: OutputFormat) throws {
        let bench = try Bench()
        try bench.write(GreyProfile.ofGamma1, "grey.icc")
        try bench.shell("convert -size 60x40 xc:'gray(55)' -depth 8 g.png && vips copy g.png 'a.tif[profile=grey.icc]'")
        var save = Save(quality: 100, lossless: format == .webp || format == .jp2)
        if format == .avif { save.subsampling = .full }
        let work = try bench.finish("a.tif", to: format, [.shrink(.longSide(30)), .save(save)])
        #expect(work.notes == [])
        let space = try bench.shell("exiftool -s3 -ICC-header:ColorSpaceData out/t")
        switch format {
        case .jpeg, .png, .tiff:
            #expect(space == "GRAY")
            #expect(try bench.shell("vipsheader -f bands out/t") == "1")
            try bench.shell("vips icc_import out/t l.v --embedded && vips colourspace l.v o.png b-w")
        case .webp, .avif, .gif, .jp2:
            #expect(space == "")
            try bench.shell("vips extract_band out/t o.png 0")
        }
        // 55 of 255 of the light is 128 in sRGB.
        #expect(abs(try #require(Double(try bench.shell("vips avg o.png"))) - 128) < 3, "\(format)")
    }

    @Test("A grey picture of 16 bits keeps its transparency when its profile is applied", arguments: [OutputFormat.png, .webp, .avif])
    func transparentGreyWithProfile(_ format: OutputFormat) throws {
        let bench = try Bench()
        try bench.write(GreyProfile.ofGamma1, "grey.icc")
        try bench.shell("vips black z.v 60 40 --bands 2 && vips linear z.v d.v '0 0' '14135 32768' && vips cast d.v u.v ushort")
        try bench.shell("vips copy u.v 'a.tif[profile=grey.icc]' --interpretation grey16")
        let actions: [Action] = format == .png ? [.strip(.all)] : []
        let work = try bench.finish("a.tif", to: format, actions + [.save(Save(quality: 100, lossless: format == .webp))])
        #expect(work.notes == (format == .png ? [] : [.depthReduced]))
        let bands = format == .png ? 2 : 4
        #expect(try bench.shell("vipsheader -f bands out/t 2>/dev/null") == "\(bands)")
        try bench.shell("vips extract_band out/t g.v 0 && vips extract_band out/t alpha.v \(bands - 1)")
        let scale = format == .png ? 257.0 : 1
        #expect(abs(try #require(Double(try bench.shell("vips avg g.v"))) / scale - 128) < 3)
        #expect(abs(try #require(Double(try bench.shell("vips avg alpha.v"))) / scale - 127.5) < 1.5)
    }

    @Test("Greys in three components with a profile for one, as libvips writes them, are grey again", arguments: ["webp", "avif"])
    func greyInThree(_ ending: String) throws {
        let bench = try Bench()
        try bench.write(GreyProfile.ofGamma1, "grey.icc")
        try bench.shell("convert -size 60x40 xc:'gray(55)' -depth 8 g.png && vips copy g.png 'g.tif[profile=grey.icc]'")
        try bench.shell("vips copy g.tif 'a.\(ending)[lossless]' && vipsheader -f bands a.\(ending)")
        _ = try bench.finish("a.\(ending)", to: .png, [.strip(.all)])
        #expect(abs(try #require(Double(try bench.shell("vips avg out/t"))) - 128) < 3)
        _ = try bench.finish("a.\(ending)", to: .jpeg, [])
        #expect(try bench.shell("vipsheader -f bands out/t && exiftool -s3 -ICC-header:ColorSpaceData out/t") == "1\nGRAY")
    }

    /// A PNG with one more chunk behind its header.
    private func png(_ bench: Bench, _ picture: String, with chunk: [UInt8]) throws {
        try bench.shell("convert -size 64x64 \(picture) -define png:exclude-chunks=all -define png:color-type=2 a.png")
        var bytes = try bench.bytes("a.png")
        bytes.insert(contentsOf: chunk, at: 33)
        try bench.write(bytes, "a.png")
    }

    @Test("The gamma a PNG states is obeyed, so that it looks the same in all formats", arguments: [OutputFormat.png, .jpeg, .webp])
    func gamma(_ format: OutputFormat) throws {
        let bench = try Bench()
        let linear: [UInt8] = [0, 0, 0, 4] + Array("gAMA".utf8) + [0, 1, 0x86, 0xA0, 0x31, 0xE8, 0x96, 0x5F]
        try png(bench, "xc:'rgb(100,100,100)'", with: linear)
        let seen = try bench.shell("convert a.png -alpha off -colorspace sRGB -depth 8 gray:- | od -An -tu1 -N1")
        #expect(seen == "168")
        let work = try bench.finish("a.png", to: format, [.shrink(.longSide(8)), .save(Save(quality: 100))])
        #expect(work.notes == [])
        #expect(abs(try #require(Double(try bench.shell("vips avg out/t"))) - 168) < 2)
    }

    @Test("A PNG that states sRGB's gamma is what it is; one that states another code for its colours is said to lose it")
    func statedColours() throws {
        let bench = try Bench()
        let usual: [UInt8] = [0, 0, 0, 4] + Array("gAMA".utf8) + [0, 0, 0xB1, 0x8F, 0x0B, 0xFC, 0x61, 0x05]
        try png(bench, "xc:'rgb(100,110,120)'", with: usual)
        let plain = try bench.finish("a.png", to: .png, [.shrink(.longSide(8))])
        #expect(plain.notes == [])
        #expect(try bench.shell("vips avg out/t").hasPrefix("110"))
        let perceptual: [UInt8] = [0, 0, 0, 4] + Array("cICP".utf8) + [9, 16, 0, 1, 77, 35, 35, 254]
        try png(bench, "xc:'rgb(100,110,120)'", with: perceptual)
        let coded = try bench.finish("a.png", to: .png, [.shrink(.longSide(8))])
        #expect(coded.notes == [.metadataDropped("cICP, so its colours may differ")])
        #expect(try bench.finish("a.png", to: .png, []).notes == [])
    }

    @Test("A grey picture with a grey profile survives a strip")
    func greyProfile() throws {
        let bench = try Bench()
        try bench.shell("\(chart) -colorspace Gray -depth 8 g.png && \(chart) s.png")
        // A grey profile made by ImageMagick's own builtin is not to be had; an RGB one on grey must not break anything either.
        try bench.shell("vips profile_load p3 --out-nothing", mayFail: true)
        try bench.shell(
            "vips icc_transform s.png p3.jpg p3 --embedded --input-profile srgb && exiftool -q -b -icc_profile p3.jpg > p3.icc")
        try bench.shell("convert g.png -quality 98 g.jpg && exiftool -q -overwrite_original '-icc_profile<=p3.icc' g.jpg")
        let work = try bench.finish("g.jpg", to: .jpeg, [.shrink(.longSide(100)), .strip(.all), .save(Save(quality: 98))])
        #expect(work.files.count == 1)
        try bench.shell("convert g.png -resize 100x100 r.png")
        #expect(try bench.difference("r.png", "out/t") < 0.03)
    }

    @Test("A CMYK JPEG stays CMYK; a strip and formats without ink make it sRGB")
    func cmyk() throws {
        let bench = try Bench()
        try bench.shell("\(chart) s.png && vips icc_transform s.png a.jpg[Q=98] cmyk --input-profile srgb")
        #expect(try bench.shell("identify -format '%[colorspace]' a.jpg") == "CMYK")
        _ = try bench.finish("a.jpg", to: .jpeg, [.shrink(.longSide(100)), .save(Save(quality: 98))])
        #expect(try bench.shell("identify -format '%[colorspace]' out/t") == "CMYK")
        try bench.shell("exiftool -q -b -icc_profile out/t > out.icc && test -s out.icc")
        for (format, actions) in [(OutputFormat.jpeg, [Action.strip(.all)]), (.png, []), (.webp, [])] {
            _ = try bench.finish("a.jpg", to: format, [.shrink(.longSide(100))] + actions + [.save(Save(quality: 98))])
            #expect(try bench.shell("identify -format '%[colorspace]' out/t") == "sRGB")
            try bench.shell("convert s.png -filter Lanczos -resize 100x100 r.png")
            // Saturated colours do not exist in ink.
            #expect(try bench.difference("r.png", "out/t") < 0.2)
        }
    }

    @Test("The inks of a JPEG without Adobe's marker are taken as they lie in it, as a PDF shows them")
    func cmykWithoutMarker() throws {
        let bench = try Bench()
        try bench.shell("\(chart) s.png && vips icc_transform s.png a.tif cmyk --input-profile srgb")
        // libvips writes the inks of a JPEG turned over, behind a marker that says so.
        try bench.shell("vips invert a.tif i.v && vips copy i.v i.jpg[Q=98,strip] && vips copy a.tif a.jpg[Q=98,strip]")
        var bytes = try bench.bytes("i.jpg")
        let marker = try #require(
            bytes.indices.first { bytes[$0...].starts(with: [0xFF, 0xEE, 0x00, 0x0E] + Array("Adobe".utf8)) })
        bytes.removeSubrange(marker..<(marker + 16))
        try bench.write(bytes, "i.jpg")
        for name in ["i.jpg", "a.jpg"] {
            _ = try bench.finish(name, to: .png, [.shrink(.longSide(100))])
            try bench.shell("convert s.png -filter Lanczos -resize 100x100 r.png")
            #expect(try bench.difference("r.png", "out/t") < 0.2, "\(name)")
        }
    }

    /// A JPEG 2000 file with another `colr` box instead of the one libvips writes.
    private func jpeg2000(_ bench: Bench, of name: String, colr content: [UInt8]) throws {
        try bench.shell("vips jp2ksave \(name) a.jp2 --lossless")
        var bytes = try bench.bytes("a.jp2")
        func big(_ value: Int) -> [UInt8] { [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: value >> $0) } }
        func number(_ place: Int) -> Int { bytes[place..<(place + 4)].reduce(0) { $0 << 8 | Int($1) } }
        let header = try #require(bytes.indices.first { bytes[$0...].starts(with: "jp2h".utf8) }) - 4
        let box = try #require(bytes.indices.first { bytes[$0...].starts(with: "colr".utf8) }) - 4
        let old = number(box)
        bytes.replaceSubrange(header..<(header + 4), with: big(number(header) - old + 8 + content.count))
        bytes.replaceSubrange(box..<(box + old), with: big(8 + content.count) + Array("colr".utf8) + content)
        try bench.write(bytes, "a.jp2")
    }

    @Test("Four inks in JPEG 2000 stay inks, numbered or with a profile, or from OpenJPEG, which has no number for them")
    func inksOfJPEG2000() throws {
        let bench = try Bench()
        try bench.shell("\(chart) s.png && vips icc_transform s.png a.tif cmyk --input-profile srgb")
        try bench.shell("exiftool -q -b -icc_profile a.tif > p.icc && convert s.png -filter Lanczos -resize 100x100 r.png")
        let profile = try bench.bytes("p.icc")
        for content in [[1, 0, 0, 0, 0, 0, 12], [1, 0, 0, 0, 0, 0, 0], [2, 0, 0] + profile] as [[UInt8]] {
            try jpeg2000(bench, of: "a.tif", colr: content)
            _ = try bench.finish("a.jp2", to: .tiff, [.shrink(.longSide(100))])
            #expect(try bench.shell("vipsheader out/t").contains("4 bands, cmyk"), "\(content.prefix(7))")
            _ = try bench.finish("a.jp2", to: .png, [.shrink(.longSide(100))])
            #expect(try bench.difference("r.png", "out/t") < 0.2, "\(content.prefix(7))")
        }
        try jpeg2000(bench, of: "a.tif", colr: [1, 0, 0, 0, 0, 0, 16])
        _ = try bench.finish("a.jp2", to: .tiff, [.shrink(.longSide(100))])
        #expect(try bench.shell("vipsheader out/t").contains("4 bands, srgb"))
    }

    @Test("A profile in JPEG 2000 is obeyed")
    func profileOfJPEG2000() throws {
        let bench = try Bench()
        try p3(bench, "a.png")
        try bench.shell("exiftool -q -b -icc_profile a.png > p.icc && convert s.png -filter Lanczos -resize 100x100 r.png")
        try jpeg2000(bench, of: "a.png", colr: [2, 0, 0] + bench.bytes("p.icc"))
        _ = try bench.finish("a.jp2", to: .png, [.shrink(.longSide(100)), .strip(.all)])
        #expect(try bench.difference("r.png", "out/t") < 0.02)
        _ = try bench.finish("a.jp2", to: .png, [.shrink(.longSide(100))])
        #expect(try bench.shell("exiftool -q -b -icc_profile out/t | cmp - p.icc") == "")
    }

    @Test("16 bits stay in PNG and TIFF and are reduced for JPEG and WebP, with a note")
    func depth() throws {
        let bench = try Bench()
        try bench.shell("\(chart) -depth 16 -define png:bit-depth=16 a.png && \(chart) -filter Lanczos -resize 100x100 r.png")
        for format in [OutputFormat.png, .tiff, .jpeg, .webp] {
            let work = try bench.finish("a.png", to: format, [.shrink(.longSide(100)), .save(Save(quality: 98))])
            let keeps = format == .png || format == .tiff
            #expect(work.notes == (keeps ? [] : [.depthReduced]))
            #expect(try bench.shell("identify -format '%z' out/t") == (keeps ? "16" : "8"))
            #expect(try bench.difference("r.png", "out/t") < 0.03)
        }
    }

    @Test("Transparency lies on white in a JPEG, with a note, and stays elsewhere")
    func alpha() throws {
        let bench = try Bench()
        try bench.shell(
            "convert -size 120x80 xc:'#ff000000' -fill '#0000ff80' -draw 'rectangle 20,20 90,60' -define png:color-type=6 a.png")
        try bench.shell(
            "convert a.png -background white -flatten r.png && convert a.png -depth 16 -define png:bit-depth=16 d.png")
        for name in ["a.png", "d.png"] {
            let work = try bench.finish(name, to: .jpeg, [.save(Save(quality: 100))])
            #expect(work.notes.contains(.alphaFlattened))
            #expect(try bench.difference("r.png", "out/t") < 0.03)
        }
        for format in [OutputFormat.png, .webp, .tiff] {
            let work = try bench.finish("a.png", to: format, [.shrink(.longSide(60))])
            #expect(work.notes.isEmpty)
            #expect(try bench.shell("identify -format '%[channels]' out/t") == "srgba")
        }
    }

    @Test("A palette picture is made smaller in full colour")
    func palette() throws {
        let bench = try Bench()
        try bench.shell("\(chart) -colors 16 png8:a.png && convert a.png -filter Lanczos -resize 100x100 png24:r.png")
        _ = try bench.finish("a.png", to: .png, [.shrink(.longSide(100))])
        #expect(try bench.difference("r.png", "out/t") < 0.02)
    }

    @Test("Selections and spot colours change nothing of the look", arguments: [OutputFormat.jpeg, .png, .tiff])
    func extraComponents(_ format: OutputFormat) throws {
        let bench = try Bench()
        try bench.shell(
            "\(chart) c.png && vips black b.v 240 160 --bands 2 && vips bandjoin 'c.png b.v' d.v"
                + " && vips copy d.v a.tif --interpretation srgb && convert c.png -filter Lanczos -resize 100x100 r.png")
        let work = try bench.finish("a.tif", to: format, [.shrink(.longSide(100)), .save(Save(quality: 98))])
        #expect(work.notes == [])
        if format == .tiff {
            #expect(try bench.shell("vipsheader -f bands out/t") == "5")
            try bench.shell("vips extract_band out/t out/three.png 0 --n 3 && mv out/three.png out/t")
        }
        #expect(try bench.difference("r.png", "out/t") < 0.02)
    }

    @Test("Of several components behind the colours the one said to be alpha hides what it hides", arguments: [OutputFormat.jpeg, .png, .tiff])
    func alphaBesideSpot(_ format: OutputFormat) throws {
        let bench = try Bench()
        // Transparent on the left, a spot colour that covers nothing everywhere.
        try bench.shell("\(chart) c.png && convert -size 240x160 xc:black -fill white -draw 'rectangle 120,0 239,159' -depth 8 m.png")
        try bench.shell("vips black b.v 240 160 && vips bandjoin 'c.png m.png b.v' d.v && vips copy d.v a.tif --interpretation srgb")
        try bench.shell("vips bandjoin 'c.png m.png' rgba.png && convert rgba.png -background white -flatten -filter Lanczos -resize 120x80 r.png")
        var bytes = try bench.bytes("a.tif")
        // libvips says of both that they are alpha.
        let both: [UInt8] = [0x52, 0x01, 3, 0, 2, 0, 0, 0, 2, 0, 2, 0]
        let entry = try #require(bytes.indices.first { bytes[$0...].starts(with: both) })
        bytes[entry + 10] = 0
        try bench.write(bytes, "a.tif")
        let work = try bench.finish("a.tif", to: format, [.shrink(.longSide(120)), .save(Save(quality: 98))])
        #expect(work.notes.contains(.metadataDropped("spot colours or selections beside the transparency")))
        #expect(work.notes.contains(.alphaFlattened) == (format == .jpeg))
        try bench.shell("convert out/t -background white -flatten o.png")
        #expect(try bench.difference("r.png", "o.png") < 0.05)
    }

    @Test("A picture with spot colours becomes grey, then black and white, without them")
    func greyBesideSpots() throws {
        let bench = try Bench()
        try bench.shell(
            "\(chart) c.png && vips black b.v 240 160 --bands 2 && vips bandjoin 'c.png b.v' d.v"
                + " && vips copy d.v a.tif --interpretation srgb && convert c.png -colorspace Gray -threshold 50% r.png")
        _ = try bench.finish("a.tif", to: .png, [.greyscale, Action(ModeConversion(.bilevel, dither: false))])
        #expect(try bench.difference("r.png", "out/t") < 0.1)
        #expect(try bench.shell("vipsheader -f bands out/t") == "1")
    }

    @Test("JPEG 2000 and HEIC are read", arguments: ["jp2", "heic"])
    func otherKinds(_ ending: String) throws {
        let bench = try Bench()
        try bench.shell("\(chart) s.png && convert s.png -filter Lanczos -resize 100x100 r.png")
        if ending == "heic" {
            // Debian's libvips has no HEVC encoder in every installation; then AVIF does.
            let made = try bench.shell(
                "vips heifsave s.png a.heic --Q 95 2>&1 || vips heifsave s.png a.heic --Q 95 --compression av1 2>&1",
                mayFail: true)
            guard try bench.shell("test -s a.heic && echo yes", mayFail: true) == "yes" else {
                print("no HEIF encoder here: \(made)")
                return
            }
        } else {
            try bench.shell("vips jp2ksave s.png a.jp2 --Q 95")
        }
        _ = try bench.finish("a.\(ending)", to: .jpeg, [.autoOrient, .shrink(.longSide(100)), .save(Save(quality: 98))])
        #expect(try bench.difference("r.png", "out/t") < 0.03)
    }
}
