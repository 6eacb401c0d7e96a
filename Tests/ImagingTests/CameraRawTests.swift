import JobModel
import Recipes
import Testing

@Suite("Raw files of cameras come out as their preview, or developed")
struct CameraRawTests {
    /// A preview that no developed picture looks like.
    private func preview(_ bench: Bench, _ width: Int, _ height: Int) throws -> (bytes: [UInt8], width: Int, height: Int) {
        try bench.shell("convert -size \(width)x\(height) gradient:'#0000ff-#00ff00' -quality 95 p.jpg")
        return (try bench.bytes("p.jpg"), width, height)
    }

    /// Components of one pixel of out/t, 0 to 255.
    private func pixel(_ bench: Bench, _ x: Int, _ y: Int) throws -> [Int] {
        try bench.shell("convert out/t -crop 1x1+\(x)+\(y) -depth 8 rgb:- | od -An -tu1").split(separator: " ").compactMap { Int($0) }
    }

    private func expectNear(_ found: [Int], _ wanted: [Int], sourceLocation: SourceLocation = #_sourceLocation) {
        #expect(found.count == 3 && zip(found, wanted).allSatisfy { abs($0 - $1) <= 3 }, "\(found)", sourceLocation: sourceLocation)
    }

    @Test("The preview is taken, turned upright, and it is said; EXIF goes along without the maker's notes")
    func takesPreview() throws {
        let bench = try Bench()
        let file = DNGFixture(orientation: 6, preview: try preview(bench, 32, 24), scene: DNGFixture.card)
        try bench.write(file.file, "a.dng")
        let work = try bench.finish("a.dng", to: .jpeg, [])
        #expect(work.notes == [.embeddedPreviewUsed])
        try bench.shell("convert p.jpg -rotate 90 p.png")
        #expect(try bench.difference("p.png", "out/t") < 0.02)
        let tags = try bench.shell("exiftool -s3 -n -Orientation -Make -Model -FNumber -ISO -DateTimeOriginal -ExifImageWidth out/t")
        #expect(tags.split(separator: "\n") == ["1", "Kamera", "Modell 1", "5.6", "200", "2020:02:03 04:05:06"])
        #expect(!String(decoding: try bench.bytes("out/t"), as: UTF8.self).contains("private notes"))
        // A page of a PDF is the same.
        let page = PageOrder(spoolFolder: RawPath(bench.path("spool")), digestInput: false)
        guard case .finished(let paged) = try bench.perform("a.dng", .page(page)) else { throw Bench.Failed() }
        #expect(paged.notes == [.embeddedPreviewUsed] && paged.pages.map(\.width) == [32] && paged.pages.map(\.orientation) == [6])
    }

    @Test("Without a preview fit to be looked at the sensor's values are developed, and it is said", arguments: [nil, 16])
    func developsWithoutPreview(_ side: Int?) throws {
        let bench = try Bench()
        let small = try side.map { try preview(bench, $0, $0 * 3 / 4) }
        try bench.write(DNGFixture(orientation: 3, preview: small, scene: DNGFixture.card).file, "a.dng")
        let work = try bench.finish("a.dng", to: .png, [])
        #expect(work.notes == [.developedForLackOfPreview])
        #expect(try bench.shell("identify -format '%m %w %h' out/t") == "PNG 64 48")
        // Turned over: what was on the left is on the right.
        let grey = try pixel(bench, 48, 24)
        #expect(grey.count == 3 && Set(grey).count == 1 && grey[0] > 90, "\(grey)")
        let red = try pixel(bench, 16, 24)
        #expect(red.count == 3 && red[0] > 150 && red[1] < 20 && red[2] < 20, "\(red)")
    }

    @Test("Asked for, a raw file is developed to the colours of its scene, in 8 or 16 bits, of whole or half size")
    func develops() throws {
        let bench = try Bench()
        // A camera that sees half as much red as green: its own white balance makes grey of that again.
        let file = DNGFixture(preview: try preview(bench, 64, 48), neutral: (0.5, 1, 0.8), scene: DNGFixture.card)
        try bench.write(file.file, "a.dng")
        let work = try bench.finish("a.dng", to: .png, [Action(RawDevelopment(balance: .camera, brightness: 1))])
        #expect(work.notes.isEmpty)
        // 20% and 50% of the light, by the curve of sRGB (IEC 61966-2-1).
        expectNear(try pixel(bench, 16, 24), [124, 124, 124])
        expectNear(try pixel(bench, 48, 24), [188, 0, 0])
        _ = try bench.finish(
            "a.dng", to: .png, [Action(RawDevelopment(balance: .daylight, quality: .half, depth: .sixteen, brightness: 1))])
        #expect(try bench.shell("identify -format '%w %h %[bit-depth]' out/t") == "32 24 16")
        let daylight = try pixel(bench, 8, 12)
        #expect(daylight.count == 3 && daylight[0] < 100 && daylight[1] > 110, "\(daylight)")
        let bright = try bench.finish("a.dng", to: .png, [Action(RawDevelopment(balance: .camera, quality: .fast, brightness: 2))])
        #expect(bright.notes.isEmpty)
        expectNear(try pixel(bench, 16, 24), [170, 170, 170])
    }

    @Test("A DNG is one whatever its name says, never the thumbnail a TIFF reader sees in it")
    func namedTIFF() throws {
        let bench = try Bench()
        try bench.write(DNGFixture(preview: try preview(bench, 40, 30), scene: DNGFixture.card).file, "a.tif")
        let work = try bench.finish("a.tif", to: .tiff, [])
        #expect(work.notes.contains(.contentIs(.raw)) && work.notes.contains(.embeddedPreviewUsed))
        #expect(try bench.shell("identify -format '%m %w %h' out/t") == "TIFF 40 30")
    }

    @Test("A file that ends before its pixels do is truncated, one that only looks raw is refused")
    func damaged() throws {
        let bench = try Bench()
        let whole = DNGFixture(scene: DNGFixture.card).file
        try bench.write(Array(whole.dropLast(500)), "short.dng")
        #expect(try reason(bench.run("short.dng", to: .jpeg, [])) == .truncated)
        // Lossless JPEG that lies behind the end of the file.
        var beyond = whole
        let compression = try #require(whole.indices.first { whole[$0...].starts(with: [3, 1, 3, 0, 1, 0, 0, 0, 1, 0]) })
        let offset = try #require(whole.indices.first { whole[$0...].starts(with: [0x11, 1, 4, 0, 1, 0, 0, 0, 0, 8, 0, 0]) })
        beyond[compression + 8] = 7
        beyond[offset + 10] = 1
        try bench.write(beyond, "beyond.dng")
        #expect(try reason(bench.run("beyond.dng", to: .jpeg, [])) == .truncated)
        try bench.write(Array("IIRO".utf8) + [UInt8](repeating: 7, count: 4000), "noise.orf")
        #expect(try reason(bench.run("noise.orf", to: .jpeg, [])) == .unsupported)
        let withPreview = DNGFixture(preview: try preview(bench, 64, 48), scene: DNGFixture.card).file
        try bench.write(Array(withPreview.dropLast(200)), "preview.dng")
        // Half a preview is never shown for a whole picture; here the sensor's values are all there.
        #expect(try reason(bench.run("preview.dng", to: .jpeg, [])) == .truncated)
        let kept = try bench.finish("preview.dng", to: .jpeg, [], damage: .accept)
        #expect(kept.notes.contains(.developedForLackOfPreview))
        var limits = WorkLimits()
        limits.pixelsMax = 64 * 48 - 1
        try bench.write(whole, "large.dng")
        #expect(try reason(bench.run("large.dng", to: .jpeg, [], limits: limits)) == .tooLarge)
    }

    @Test("A picture of another format is turned upright when only its format or its quality changes")
    func uprightByFormat() throws {
        let bench = try Bench()
        try bench.shell("\(chart) a.jpg && exiftool -q -overwrite_original -n -Orientation=6 a.jpg && convert a.jpg -auto-orient upright.png")
        _ = try bench.finish("a.jpg", to: .png, [])
        #expect(try bench.difference("upright.png", "out/t") == 0)
        _ = try bench.finish("a.jpg", to: .jpeg, [.save(Save(format: .jpeg, quality: 90))])
        #expect(try bench.difference("upright.png", "out/t") < 0.03)
        #expect(try bench.shell("exiftool -s3 -n -Orientation out/t") == "1")
    }
}
