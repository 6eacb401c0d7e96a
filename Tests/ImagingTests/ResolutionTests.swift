import JobModel
import Recipes
import Testing

@Suite("A stated resolution is what readers find, and pixels stay as they are")
struct ResolutionTests {
    private static let wanted = Action(ResolutionSetting(dpi: 240))

    /// What two other programs read of out/t.
    private func stated(_ bench: Bench, _ ending: String) throws -> String {
        try bench.shell("cp out/t o.\(ending) && identify -units PixelsPerInch -format '%[fx:round(resolution.x)] %[fx:round(resolution.y)]' 'o.\(ending)[0]'")
    }

    @Test(
        "Files that nothing else changes keep their coded pixels",
        arguments: [
            ("plain.jpg", "-density 72"), ("bare.jpg", "-strip"), ("grey.jpg", "-colorspace gray -density 72"), ("inks.jpg", "-colorspace CMYK"),
            ("plain.png", "-density 72"), ("bare.png", "-strip"), ("plain.tif", "-density 72"), ("plain.webp", ""),
        ])
    func kept(_ name: String, _ options: String) throws {
        let bench = try Bench()
        try bench.shell("\(chart) \(options) -units PixelsPerInch '\(name)'")
        let ending = String(name.split(separator: ".")[1])
        let format = OutputFormat(keepingExtension: ending)
        let work = try bench.finish(name, to: format, [Self.wanted], pages: ending == "jpg")
        #expect(work.pixels == 0 && work.notes.isEmpty)
        if ending == "webp" {
            #expect(try bench.shell("exiftool -s3 -n -XResolution -YResolution -ResolutionUnit out/t") == "240\n240\n2")
        } else if name == "inks.jpg" {
            #expect(try bench.shell("exiftool -s3 -n -XResolution -ResolutionUnit out/t") == "240\n2")
        } else {
            #expect(try stated(bench, ending) == "240 240", "\(name)")
        }
        #expect(try bench.difference("\(ending):\(name)", "\(ending):out/t") == 0)
        if ending == "jpg" {
            #expect(work.pages.first?.density == Density(horizontalMilliDPI: 240_000, verticalMilliDPI: 240_000))
        }
        // Once more it changes nothing.
        let before = try bench.bytes("out/t")
        try bench.shell("cp out/t again.\(ending)")
        _ = try bench.finish("again.\(ending)", to: format, [Self.wanted])
        #expect(try bench.bytes("out/t") == before)
    }

    @Test("EXIF says the same as the container, its other tags stay", arguments: ["jpg", "png", "webp", "tif"])
    func exif(_ ending: String) throws {
        let bench = try Bench()
        try bench.shell("\(chart) a.\(ending) && exiftool -q -overwrite_original -Artist=Me -XResolution=72 -YResolution=72 -ResolutionUnit=cm a.\(ending)")
        _ = try bench.finish("a.\(ending)", to: OutputFormat(keepingExtension: ending), [Self.wanted])
        #expect(try bench.shell("exiftool -s3 -n -EXIF:XResolution -EXIF:YResolution -EXIF:ResolutionUnit -EXIF:Artist out/t") == "240\n240\n2\nMe")
    }

    @Test("Pictures encoded anew or turned without loss state it too, however much smaller they were made")
    func encoded() throws {
        let bench = try Bench()
        try bench.shell("\(chart) -density 100 -units PixelsPerInch a.jpg && \(chart) -depth 16 a.png")
        for (format, ending) in [(OutputFormat.jpeg, "jpg"), (.png, "png"), (.tiff, "tif")] {
            for name in ["a.jpg", "a.png"] {
                _ = try bench.finish(name, to: format, [.shrink(.longSide(80)), Self.wanted])
                #expect(try stated(bench, ending) == "240 240", "\(name) as \(ending)")
            }
        }
        _ = try bench.finish("a.jpg", to: .jpeg, [.rotate(.quarter), Self.wanted])
        #expect(try stated(bench, "jpg") == "240 240")
        let gif = try bench.finish("a.png", to: .gif, [Self.wanted])
        #expect(gif.notes.contains(.metadataDropped("resolution")))
    }

    @Test("AVIF and JPEG 2000 state it in the place of the input's, in EXIF too", arguments: [OutputFormat.avif, .jp2])
    func whenEncoded(_ format: OutputFormat) throws {
        let bench = try Bench()
        try bench.shell(
            "\(chart) -resize 40x -density 72 -units PixelsPerInch -strip a.jpg && exiftool -q -Artist=Me -XResolution=72 -YResolution=72 -o b.jpg a.jpg")
        let asked: [Action] = [Self.wanted, .save(Save(format: format))]
        for (name, actions) in [("a.jpg", asked), ("b.jpg", asked), ("b.jpg", [.strip(.all)] + asked)] {
            let work = try bench.finish(name, to: format, actions)
            #expect(work.notes.isEmpty, "\(name)")
            let exif = try bench.shell("exiftool -s3 -n -EXIF:XResolution -EXIF:YResolution -EXIF:Artist out/t | xargs")
            let artist = name == "b.jpg" && actions.count == 2 ? " Me" : ""
            #expect(exif == (format == .avif || !artist.isEmpty ? "240 240" + artist : ""), "\(name)")
            // 240 dots an inch are 94.49 a centimetre.
            if format == .jp2 { #expect(try bench.shell("exiftool -s3 -CaptureXResolution out/t").hasPrefix("94.4"), "\(name)") }
        }
    }

    @Test("All pages of a TIFF state it")
    func pages() throws {
        let bench = try Bench()
        try bench.shell("\(chart) a.png && convert a.png a.png a.png -density 100 -units PixelsPerInch -compress lzw a.tif")
        _ = try bench.finish("a.tif", to: .tiff, [Self.wanted])
        #expect(try bench.shell("identify -units PixelsPerInch -format '%[fx:round(resolution.x)] ' tiff:out/t") == "240 240 240")
    }
}
