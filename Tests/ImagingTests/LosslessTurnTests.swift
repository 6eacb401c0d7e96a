import ImageFiles
import JobModel
import Recipes
import Testing

@Suite("Turns without loss")
struct LosslessTurnTests {
    /// By Orientation, what jpegtran calls the turn upright.
    private static let turns = [
        (2, "-flip horizontal"), (3, "-rotate 180"), (4, "-flip vertical"), (5, "-transpose"), (6, "-rotate 90"),
        (7, "-transverse"), (8, "-rotate 270"),
    ]

    @Test("A turn upright leaves the coefficients jpegtran makes, tag and sizes true", arguments: turns)
    func asJpegtran(_ orientation: Int, _ turn: String) throws {
        let bench = try Bench()
        try bench.shell(
            """
            \(chart) -quality 80 -sampling-factor 2x2 a.jpg
            exiftool -q -n -overwrite_original -Orientation=\(orientation) -ExifImageWidth=240 -ExifImageHeight=160 a.jpg
            jpegtran -copy none -perfect \(turn) a.jpg > j.jpg && djpeg j.jpg > j.ppm
            """)
        let work = try bench.finish("a.jpg", to: .jpeg, [.autoOrient])
        #expect(work.pixels == 240 * 160)
        try bench.shell("djpeg out/t | cmp - j.ppm")
        let size = orientation < 5 ? "240 160" : "160 240"
        #expect(try bench.shell("exiftool -q -s3 -n -p '$Orientation $ExifImageWidth $ExifImageHeight' out/t") == "1 \(size)")
    }

    @Test("Where a side is no whole number of blocks, or a quality is asked for, the picture is encoded anew")
    func imperfect() throws {
        let bench = try Bench()
        try bench.shell("\(chart) -crop 239x159+0+0 +repage -quality 80 a.jpg && \(chart) -quality 80 -sampling-factor 2x2 b.jpg")
        try bench.shell("convert a.jpg -rotate 90 a.png && jpegtran -perfect -rotate 90 b.jpg > j.jpg")
        _ = try bench.finish("a.jpg", to: .jpeg, [.rotate(.quarter)])
        #expect(try bench.shell("identify -format '%wx%h %Q' out/t") == "159x239 85")
        #expect(try bench.difference("a.png", "out/t") < 0.03)
        _ = try bench.finish("b.jpg", to: .jpeg, [.rotate(.quarter)])
        #expect(try bench.difference("j.jpg", "out/t") == 0)
        #expect(try bench.shell("identify -format '%Q' out/t") == "80")
        _ = try bench.finish("b.jpg", to: .jpeg, [.rotate(.quarter), .save(Save(quality: 40))])
        #expect(try bench.shell("identify -format '%Q' out/t") == "40")
    }

    @Test("The preview is turned with its picture, and all other tags stay")
    func preview() throws {
        let bench = try Bench()
        // 160 x 112 whole blocks, and 160 x 120 that have to be encoded again.
        for height in [112, 120] {
            try bench.shell(
                """
                \(chart) -quality 90 a.jpg && convert a.jpg -resize 160x\(height)! -sampling-factor 2x2 -strip p.jpg
                exiftool -q -n -overwrite_original -Orientation=6 -Make=Canon -XResolution=300 -YResolution=200 -ResolutionUnit=2 -Artist=me \
                -Comment=words '-ThumbnailImage<=p.jpg' a.jpg
                convert p.jpg -rotate 90 p.png
                """)
            _ = try bench.finish("a.jpg", to: .jpeg, [.autoOrient])
            try bench.shell("exiftool -b -ThumbnailImage out/t > q.jpg")
            #expect(try bench.difference("p.png", "q.jpg") < (height == 112 ? 0.005 : 0.03))
            let tags = try bench.shell("exiftool -q -s3 -n -p '$Orientation $XResolution $YResolution $Artist $Comment' out/t")
            #expect(tags == "1 200 300 me words")
        }
    }
}
