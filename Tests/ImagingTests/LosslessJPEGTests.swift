import JobModel
import Recipes
import Testing

@Suite("Lossless JPEG")
struct LosslessJPEGTests {
    private func lossless(_ edit: LosslessJPEG) -> Action { Action(edit) }

    /// Its message, for an order that must fail.
    private func refusal(_ bench: Bench, _ name: String, _ edit: LosslessJPEG) throws -> String {
        guard case .failed(let failure) = try bench.run(name, to: .jpeg, [lossless(edit)]) else { return "" }
        #expect(failure.reason == .unsupported)
        return failure.message
    }

    private static let operations: [(LosslessJPEG.Operation, String)] = [
        (.rotate90, "-rotate 90"), (.rotate180, "-rotate 180"), (.rotate270, "-rotate 270"), (.flipHorizontal, "-flip horizontal"),
        (.flipVertical, "-flip vertical"), (.transpose, "-transpose"), (.transverse, "-transverse"), (.greyscale, "-grayscale"),
    ]

    @Test("Each operation makes jpegtran's coefficients, trimmed where it has to be", arguments: operations)
    func asJpegtran(_ operation: LosslessJPEG.Operation, _ switches: String) throws {
        let bench = try Bench()
        // 4:2:0 of odd sizes, 4:2:2 and 4:4:0, grey, CMYK, progressive, restart markers, arithmetic coding, 16-bit tables.
        try bench.shell(
            """
            \(chart) -crop 235x151+0+0 +repage a.ppm && cjpeg -quality 80 -sample 2x2 a.ppm > odd.jpg
            cjpeg -quality 80 -sample 2x1 -restart 2 a.ppm > wide.jpg && cjpeg -quality 80 -sample 1x2 -progressive a.ppm > high.jpg
            cjpeg -quality 80 -grayscale a.ppm > grey.jpg && cjpeg -quality 80 -arithmetic a.ppm > arithmetic.jpg
            cjpeg -quality 3 a.ppm > deep.jpg && convert a.ppm -colorspace CMYK -quality 80 ink.jpg
            """)
        for name in ["odd", "wide", "high", "grey", "arithmetic", "deep", "ink"] where !(operation == .greyscale && name == "ink") {
            let trimmed = operation == .greyscale ? "" : "-trim"
            try bench.shell("jpegtran -copy none \(trimmed) \(switches) \(name).jpg > j.jpg && djpeg j.jpg > j.ppm")
            _ = try bench.finish("\(name).jpg", to: .jpeg, [lossless(LosslessJPEG(operation, edges: .trim))])
            #expect(try bench.shell("djpeg out/t | cmp - j.ppm", mayFail: true) == "", "\(name)")
            let kinds = try bench.shell("file -b \(name).jpg | grep -c progressive; file -b out/t | grep -c progressive", mayFail: true)
            #expect(kinds == (name == "high" ? "1\n1" : "0\n0"), "\(name)")
        }
    }

    @Test("What cannot be turned without loss is refused with its size and the cure")
    func refused() throws {
        let bench = try Bench()
        try bench.shell("\(chart) -crop 235x151+0+0 +repage -sampling-factor 2x2 a.jpg && \(chart) a.png")
        #expect(try refusal(bench, "a.jpg", LosslessJPEG(.rotate90)).contains("235 x 151 pixels in blocks of 16 x 16, so 7 rows"))
        #expect(try refusal(bench, "a.jpg", LosslessJPEG(.rotate180)).contains("11 columns at its right and 7 rows"))
        #expect(try refusal(bench, "a.jpg", LosslessJPEG(.rotate180)).contains("edges: trim"))
        #expect(try refusal(bench, "a.jpg", LosslessJPEG(.transpose)) == "")
        #expect(try refusal(bench, "a.png", LosslessJPEG()).contains("use auto-orient"))
        let crop = LosslessJPEG(.crop, width: .pixels(50), height: .pixels(40), left: .pixels(21), top: .pixels(16))
        #expect(try refusal(bench, "a.jpg", crop).contains("'edges: trim' begins at 16, 16"))
        #expect(try bench.leftovers() == ["t"])
    }

    @Test("A crop is jpegtran's, measured in the upright picture, which stays as it is stored")
    func crop() throws {
        let bench = try Bench()
        try bench.shell("\(chart) -quality 90 -sampling-factor 2x2 a.jpg && cp a.jpg b.jpg && exiftool -q -n -overwrite_original -Orientation=6 b.jpg")
        let crop = LosslessJPEG(.crop, width: .pixels(50), height: .pixels(40), left: .pixels(21), top: .pixels(16), edges: .trim)
        try bench.shell("jpegtran -copy none -crop 50x40+21+16 a.jpg | djpeg > j.ppm")
        _ = try bench.finish("a.jpg", to: .jpeg, [lossless(crop)])
        try bench.shell("djpeg out/t | cmp - j.ppm")
        // Shown turned clockwise: its top 48 rows are the 48 columns at the left of what is stored.
        let top = LosslessJPEG(.crop, height: .pixels(48), top: .pixels(0))
        try bench.shell("jpegtran -copy none -crop 48x160+0+0 b.jpg | djpeg > j.ppm")
        _ = try bench.finish("b.jpg", to: .jpeg, [lossless(top)])
        try bench.shell("djpeg out/t | cmp - j.ppm")
        #expect(try bench.shell("exiftool -s3 -n -Orientation out/t") == "6")
    }

    @Test("Each of several is worked out for what the one before it left, trimmed")
    func severalSteps() throws {
        let bench = try Bench()
        try bench.shell("\(chart) -crop 235x151+0+0 +repage a.ppm && cjpeg -quality 80 -sample 2x2 a.ppm > a.jpg")
        // 235 x 151 leave 144 x 235: half of 144 are 72, in the middle from 36, which the block at 32 holds.
        let half = LosslessJPEG(.crop, width: .percent(50), edges: .trim)
        try bench.shell("jpegtran -copy none -trim -rotate 90 a.jpg > r.jpg && jpegtran -copy none -crop 72x235+36+0 r.jpg > j.jpg && djpeg j.jpg > j.ppm")
        _ = try bench.finish("a.jpg", to: .jpeg, [lossless(LosslessJPEG(.rotate90, edges: .trim)), lossless(half)])
        #expect(try bench.shell("djpeg out/t | cmp - j.ppm", mayFail: true) == "")
        #expect(try bench.shell("identify -format '%wx%h' out/t") == "76x235")
        // A part that begins at a block's corner is larger than asked for, and the right edge of the next is the picture's.
        let part = LosslessJPEG(.crop, width: .pixels(50), height: .pixels(40), left: .pixels(21), top: .pixels(16), edges: .trim)
        let last = LosslessJPEG(.crop, width: .pixels(23), left: .pixels(32), edges: .trim)
        try bench.shell("jpegtran -copy none -crop 23x40+48+16 a.jpg > j.jpg && djpeg j.jpg > j.ppm")
        _ = try bench.finish("a.jpg", to: .jpeg, [lossless(part), lossless(last)])
        #expect(try bench.shell("djpeg out/t | cmp - j.ppm", mayFail: true) == "")
        // Upright the picture is 151 x 235, and the rows at the bottom of what is stored are its right columns.
        try bench.shell("exiftool -q -n -overwrite_original -Orientation=6 a.jpg")
        let left = LosslessJPEG(.crop, width: .pixels(23), left: .pixels(0), edges: .trim)
        let grey = [lossless(left), lossless(LosslessJPEG(edges: .trim)), lossless(LosslessJPEG(.greyscale)), lossless(half)]
        _ = try bench.finish("a.jpg", to: .jpeg, grey)
        #expect(try bench.shell("identify -format '%wx%h %[channels]' out/t") == "12x235 gray")
    }

    @Test("An upright file is copied; auto turns the others and resets the tag, on top of a turn too")
    func auto() throws {
        let bench = try Bench()
        try bench.shell("\(chart) -quality 90 -sampling-factor 2x2 a.jpg && cp a.jpg b.jpg && exiftool -q -n -overwrite_original -Orientation=8 b.jpg")
        #expect(try bench.finish("a.jpg", to: .jpeg, [lossless(LosslessJPEG())]).files.map(\.isVerbatim) == [true])
        _ = try bench.finish("b.jpg", to: .jpeg, [lossless(LosslessJPEG()), lossless(LosslessJPEG(.rotate90))])
        #expect(try bench.difference("a.jpg", "out/t") == 0)
        #expect(try bench.shell("exiftool -s3 -n -Orientation out/t") == "1")
    }

    @Test("Coding anew loses nothing, and copies the metadata asked for")
    func codedAnew() throws {
        let bench = try Bench()
        try bench.shell("\(chart) -quality 90 a.ppm && cjpeg -quality 90 a.ppm > a.jpg && exiftool -q -overwrite_original -Artist=me -Comment=words a.jpg")
        for (copy, wanted) in [(LosslessJPEG.Copying.all, "me words"), (.comments, "- words"), (.none, "- -")] {
            _ = try bench.finish("a.jpg", to: .jpeg, [lossless(LosslessJPEG(.none, progressive: .yes, copy: copy))])
            #expect(try bench.shell("exiftool -f -q -p '$Artist $Comment' out/t") == wanted)
            #expect(try bench.difference("a.jpg", "out/t") == 0)
            #expect(try bench.shell("file -b out/t").contains("progressive"))
        }
        _ = try bench.finish("a.jpg", to: .jpeg, [lossless(LosslessJPEG(.none, optimise: false))])
        let plain = try bench.bytes("out/t").count
        _ = try bench.finish("a.jpg", to: .jpeg, [lossless(LosslessJPEG(.none))])
        #expect(try bench.bytes("out/t").count < plain)
    }

    @Test("What stands behind the picture goes, and is said; padding is nothing")
    func trailer() throws {
        let bench = try Bench()
        try bench.shell("\(chart) -quality 90 a.jpg && (cat a.jpg; printf film) > film.jpg && (cat a.jpg; head -c 500 /dev/zero) > padded.jpg")
        let dropped = WorkNote.metadataDropped("what stands behind the picture")
        #expect(try bench.finish("film.jpg", to: .jpeg, [lossless(LosslessJPEG(.rotate180))]).notes == [dropped])
        #expect(!String(decoding: try bench.bytes("out/t"), as: UTF8.self).contains("film"))
        #expect(try bench.finish("padded.jpg", to: .jpeg, [lossless(LosslessJPEG(.rotate180))]).notes == [])
        #expect(try bench.finish("film.jpg", to: .jpeg, [lossless(LosslessJPEG(.rotate180)), .strip(.all)]).notes == [])
    }

    @Test("A cut file fails, and is kept as far as it goes where damage is accepted")
    func damaged() throws {
        let bench = try Bench()
        try bench.shell("\(chart) -quality 90 b.jpg && head -c 4000 b.jpg > a.jpg")
        #expect([.truncated, .damaged].contains(reason(try bench.run("a.jpg", to: .jpeg, [lossless(LosslessJPEG(.rotate180))]))))
        let kept = try bench.finish("a.jpg", to: .jpeg, [lossless(LosslessJPEG(.rotate180))], damage: .accept)
        #expect(kept.notes.contains { if case .damageAccepted = $0 { true } else { false } })
    }
}
