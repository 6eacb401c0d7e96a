import Imaging
import JobModel
import Recipes
import Testing

@Suite("Turning and making smaller")
struct TurningTests {
    @Test("A picture of any Orientation comes out upright, its tag reset, as ImageMagick makes it", arguments: 1...8)
    func orientation(_ value: Int) throws {
        let bench = try Bench()
        try bench.shell("\(chart) -quality 95 a.jpg && exiftool -q -n -overwrite_original -Orientation=\(value) a.jpg")
        try bench.shell(
            "convert a.jpg -auto-orient whole.png && convert a.jpg -auto-orient -filter Lanczos -resize 120x120 small.png")
        // Through libjpeg, through libvips with and without a smaller size.
        for (format, name) in [(OutputFormat.jpeg, "out/t"), (.png, "out/t")] {
            let small = try bench.finish("a.jpg", to: format, [.autoOrient, .shrink(.longSide(120)), .save(Save(quality: 100))])
            #expect(small.files.count == 1)
            #expect(try bench.difference("small.png", name) < 0.02)
            #expect(try ["", "1"].contains(bench.shell("exiftool -s3 -n -Orientation \(name)")))
            if value != 1 || format != .jpeg {
                _ = try bench.finish("a.jpg", to: format, [.autoOrient, .save(Save(quality: 100))])
                #expect(try bench.difference("whole.png", name) < 0.02)
            }
        }
    }

    @Test("A JPEG 2000 is turned by its EXIF, in outputs and on pages, and still says so when all else is stripped")
    func turnedJP2() throws {
        let bench = try Bench()
        try bench.shell("\(chart) s.png && vips jp2ksave s.png a.jp2 --lossless && exiftool -q -overwrite_original -Orientation#=6 -Make=Acme a.jp2")
        try bench.shell("convert s.png -rotate 90 r.png")
        _ = try bench.finish("a.jp2", to: .png, [.autoOrient, .save(Save(format: .png))])
        #expect(try bench.difference("r.png", "out/t") == 0)
        _ = try bench.finish("a.jp2", to: .jp2, [.shrink(.longSide(48))])
        #expect(try bench.shell("vipsheader -f width out/t && vipsheader -f height out/t && exiftool -s3 -n -Orientation out/t") == "32\n48\n1")
        let stripped = try bench.finish("a.jp2", to: .jp2, [.strip(.all)], pages: true)
        #expect(try bench.shell("exiftool -f -s3 -n -Orientation -Make -Warning out/t") == "6\n-\n-")
        #expect(try bench.difference("s.png", "out/t") == 0)
        #expect(stripped.pages.first?.orientation == 6)
    }

    @Test("Making smaller turns upright though nobody asked, and bounds the upright picture")
    func shrinkTurns() throws {
        let bench = try Bench()
        try bench.shell("\(chart) a.jpg && exiftool -q -n -overwrite_original -Orientation=6 a.jpg")
        _ = try bench.finish("a.jpg", to: .jpeg, [.shrink(.box(width: 40, height: 60))])
        #expect(try bench.shell("identify -format '%wx%h' out/t") == "40x60")
        #expect(try bench.shell("exiftool -s3 -n -Orientation out/t") == "1")
    }

    @Test("Turns asked for are made after the turn upright, also with a cut behind them")
    func turnsAndCut() throws {
        let bench = try Bench()
        try bench.shell("\(chart) -quality 95 a.jpg && exiftool -q -n -overwrite_original -Orientation=5 a.jpg")
        try bench.shell(
            "convert a.jpg -auto-orient -rotate 90 -flop -filter Lanczos -resize 100x100^ -gravity center -extent 100x100 r.png")
        _ = try bench.finish(
            "a.jpg", to: .png, [.rotate(.quarter), .flip(.horizontal), .fit(Fit(mode: .cover, width: 100, height: 100))])
        #expect(try bench.difference("r.png", "out/t") < 0.02)
    }

    @Test("Turns that undo the stored one only reset the tag and leave the scan as it is")
    func turnsThatCancel() throws {
        let bench = try Bench()
        try bench.shell("\(chart) a.jpg && exiftool -q -n -overwrite_original -Orientation=6 a.jpg")
        let work = try bench.finish("a.jpg", to: .jpeg, [.autoOrient, .rotate(.threeQuarters)])
        #expect(try bench.shell("exiftool -s3 -n -Orientation out/t") == "1")
        #expect(try bench.difference("a.jpg", "out/t") == 0)
        #expect(work.pixels == 0)
    }

    @Test("Border, canvas, blur, sharpen and grey do what ImageMagick and vips do")
    func otherSteps() throws {
        let bench = try Bench()
        try bench.shell("\(chart) a.png && convert a.png -bordercolor red -border 10 b.png && vips colourspace a.png g.png b-w")
        _ = try bench.finish(
            "a.png", to: .png, [.border(Border(width: .pixels(10), colour: Colour(red: 255, green: 0, blue: 0)))])
        #expect(try bench.difference("b.png", "out/t") < 0.002)
        _ = try bench.finish("a.png", to: .png, [.greyscale])
        #expect(try bench.difference("g.png", "out/t") < 0.03)
        #expect(try bench.shell("identify -format '%[channels]' out/t") == "gray")
        try bench.shell("convert a.png -blur 0x2 bl.png")
        _ = try bench.finish("a.png", to: .png, [.blur(sigma: 2)])
        #expect(try bench.difference("bl.png", "out/t") < 0.03)
        _ = try bench.finish("a.png", to: .png, [.canvas(Canvas(width: .pixels(300), height: .pixels(100)))])
        #expect(try bench.shell("identify -format '%wx%h' out/t") == "300x100")
        try bench.shell("convert a.png -gravity center -background white -extent 300x100 c.png")
        #expect(try bench.difference("c.png", "out/t") < 0.002)
        _ = try bench.finish("a.png", to: .png, [.sharpen(sigma: 1)])
        #expect(try bench.difference("a.png", "out/t") > 0)
    }

    @Test("The pixels of a smaller JPEG are those of vips thumbnail", arguments: [600, 1000, 2600, 5300])
    func asVips(_ side: Int) throws {
        let bench = try Bench()
        try bench.shell(
            "convert -seed 3 -size \(side)x\(side * 3 / 4) plasma:fractal -quality 92 a.jpg && vips thumbnail a.jpg v.png 256 --size down --vips-concurrency=1"
        )
        _ = try bench.finish("a.jpg", to: .jpeg, [.shrink(.longSide(256)), .save(Save(quality: 100))])
        #expect(try bench.difference("v.png", "out/t") < 0.012)
    }

    @Test("The same order makes the same bytes again")
    func sameBytes() throws {
        let bench = try Bench()
        try bench.shell("\(chart) a.jpg")
        for format in OutputFormat.allCases {
            let first = try bench.finish("a.jpg", to: format, [.shrink(.percent(40))])
            let second = try bench.finish("a.jpg", to: format, [.shrink(.percent(40))])
            #expect(first.files == second.files)
        }
    }
}
