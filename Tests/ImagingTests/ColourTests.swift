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
        if format == .gif { return }
        try bench.shell("exiftool -q -b -icc_profile out/t > out.icc")
        #expect(try bench.bytes("in.icc") == bench.bytes("out.icc"))
    }

    @Test("Stripping everything converts to sRGB first, so that the picture looks the same", arguments: OutputFormat.allCases)
    func stripConverts(_ format: OutputFormat) throws {
        let bench = try Bench()
        try p3(bench, "a.png")
        try bench.shell("convert s.png -filter Lanczos -resize 100x100 r.png")
        let save = Save(quality: 100, lossless: format == .webp)
        _ = try bench.finish("a.png", to: format, [.shrink(.longSide(100)), .strip(.all), .save(save)])
        #expect(try bench.shell("exiftool -s3 -ICC_Profile:ProfileDescription out/t") == "")
        #expect(try bench.difference("r.png", "out/t") < (format == .gif ? 0.06 : 0.02))
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
