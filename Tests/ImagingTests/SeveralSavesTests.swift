import Imaging
import JobModel
import Recipes
import Testing

@Suite("Several saves in one list")
struct SeveralSavesTests {
    private func finish(
        _ bench: Bench, _ name: String, _ formats: [OutputFormat], _ actions: [Action], pages: Bool = false
    ) throws -> FinishedWork {
        var order = ProcessOrder(
            folder: RawPath(bench.path("out")), format: formats[0], pages: pages, spoolFolder: RawPath(bench.path("spool")),
            digestInput: false, keepTimes: false)
        try bench.shell("mkdir -p more")
        order.further = formats.dropFirst().map { SaveTarget(folder: RawPath(bench.path("more")), format: $0) }
        let outcome = try bench.perform(name, .process(order), actions)
        guard case .finished(let work) = outcome else {
            Issue.record("\(name): \(outcome)")
            throw Bench.Failed()
        }
        return work
    }

    @Test("Master, web size and thumbnail come from one decode, each as the list had made the picture by then")
    func threeSizes() throws {
        let bench = try Bench()
        try bench.shell("\(chart) -quality 95 a.jpg")
        let work = try finish(
            bench, "a.jpg", [.jpeg, .jpeg, .png],
            [
                .save(Save()), .shrink(.longSide(120)), .save(Save(quality: 70, folder: "web")), .greyscale, .shrink(.longSide(30)),
                .save(Save(format: .png, folder: "thumbs")),
            ])
        #expect(work.files.map(\.save) == [0, 1, 2] && work.files.map(\.page) == [nil, nil, nil])
        #expect(work.files.map(\.isVerbatim) == [true, false, false], "what nothing changed yet is copied")
        #expect(try bench.bytes("out/t") == bench.bytes("a.jpg"))
        #expect(try bench.shell("identify -format '%m %wx%h %Q' more/t-s2") == "JPEG 120x80 70")
        #expect(try bench.shell("identify -format '%m %wx%h %[colorspace]' more/t-s3") == "PNG 30x20 Gray")
        #expect(work.pixels == 240 * 160, "decoded once")
        // Each is what a list of its own would have made, but for the intermediate size.
        _ = try bench.finish("a.jpg", to: .jpeg, [.shrink(.longSide(120)), .save(Save(quality: 70))])
        #expect(try bench.difference("out/t", "more/t-s2") < 0.002)
    }

    @Test("A save of a picture that is only turned so far loses nothing")
    func turned() throws {
        let bench = try Bench()
        try bench.shell("\(chart) -quality 80 -sampling-factor 2x2 a.jpg && exiftool -q -overwrite_original -Artist=Ada -Orientation#=6 a.jpg")
        try bench.shell("jpegtran -copy none -perfect -rotate 90 a.jpg | djpeg > j.ppm")
        let work = try finish(
            bench, "a.jpg", [.jpeg, .jpeg, .png],
            [.autoOrient, .save(Save()), .shrink(.longSide(60)), .save(Save(folder: "web")), .save(Save(format: .png, folder: "a"))], pages: true)
        #expect(work.files.map(\.save).sorted() == [0, 1, 2])
        #expect(try bench.shell("djpeg out/t | cmp - j.ppm", mayFail: true) == "")
        #expect(try bench.shell("exiftool -q -s3 -n -Artist -Orientation out/t") == "Ada\n1")
        #expect(try bench.shell("identify -format '%m%wx%h ' more/t-s2 more/t-s3") == "JPEG40x60 PNG40x60")
        #expect(work.pages.count == 1 && work.pages.first?.width == 160)
        // A quality asked for is one to encode at.
        _ = try finish(bench, "a.jpg", [.jpeg, .jpeg], [.autoOrient, .save(Save(quality: 40)), .save(Save(folder: "web"))])
        #expect(try bench.shell("identify -format '%Q ' out/t") == "40")
    }

    @Test("Pages of a file each get every save, and the book takes those of the first")
    func pages() throws {
        let bench = try Bench()
        try bench.shell("\(chart) \\( +clone -negate \\) -compress LZW a.tif")
        let work = try finish(bench, "a.tif", [.png, .jpeg], [.save(Save(format: .png)), .shrink(.longSide(60)), .save(Save(format: .jpeg, folder: "web"))],
            pages: true)
        #expect(Set(work.files.map { "\($0.temp.lastComponent) \($0.save) \($0.page ?? 0)" }) == ["t 0 1", "t-2 0 2", "t-s2 1 1", "t-s2-2 1 2"])
        #expect(try bench.shell("identify -format '%m%w ' out/t out/t-2 more/t-s2 more/t-s2-2") == "PNG240 PNG240 JPEG60 JPEG60")
        #expect(work.pages.count == 2 && work.pages.allSatisfy { $0.width == 240 })
        for page in work.pages {
            guard case .output(let file) = page.stream.file else { continue }
            #expect(work.files[file].save == 0, "a page lies in what the first save made")
        }
    }

    @Test("What is stripped is stripped from every save, and pixels that are encoded are upright in each")
    func metadata() throws {
        let bench = try Bench()
        try bench.shell("\(chart) a.jpg && exiftool -q -overwrite_original -Artist=Ada -Orientation#=6 a.jpg")
        _ = try finish(bench, "a.jpg", [.tiff, .jpeg], [.save(Save(format: .tiff, folder: "a")), .strip(.all), .shrink(.longSide(60)), .save(Save(folder: "b"))])
        #expect(try bench.shell("exiftool -q -s3 -Artist out/t more/t-s2") == "")
        #expect(try bench.shell("identify -format '%wx%h ' out/t more/t-s2") == "160x240 40x60", "both are upright")
    }

    @Test("All frames in one save and the first in another")
    func frames() throws {
        let bench = try Bench()
        try bench.shell("convert -delay 20 -size 40x30 xc:red xc:lime xc:blue a.gif")
        let work = try finish(bench, "a.gif", [.gif, .jpeg], [.shrink(.longSide(20)), .save(Save(allFrames: true)), .save(Save(format: .jpeg, folder: "b"))])
        #expect(try bench.shell("identify -format '%m%wx%h ' out/t") == "GIF20x15 GIF20x15 GIF20x15")
        #expect(try bench.shell("identify -format '%m%wx%h ' more/t-s2") == "JPEG20x15")
        #expect(work.notes.contains(.firstFrameOnly(of: 3)))
    }

    @Test("A file that fails leaves nothing of any save, and an order for another number of outputs is refused")
    func failing() throws {
        let bench = try Bench()
        try bench.shell("\(chart) a.jpg && head -c 3000 a.jpg > cut.jpg && mkdir more")
        var order = ProcessOrder(
            folder: RawPath(bench.path("out")), format: .jpeg, pages: false, spoolFolder: nil, digestInput: false, keepTimes: false)
        let actions: [Action] = [.shrink(.longSide(120)), .save(Save()), .shrink(.longSide(30)), .save(Save(folder: "b"))]
        #expect(try reason(bench.perform("a.jpg", .process(order), actions)) == .unsupported)
        order.further = [SaveTarget(folder: RawPath(bench.path("more")), format: .jpeg)]
        #expect(try reason(bench.perform("cut.jpg", .process(order), actions)) == .truncated)
        #expect(try bench.leftovers().isEmpty && bench.shell("ls more") == "")
    }
}
