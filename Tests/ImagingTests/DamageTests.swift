import Foundation
import Imaging
import JobModel
import Recipes
import Testing

@Suite("Files that are not right")
struct DamageTests {
    @Test(
        "A file cut anywhere fails, or what decodes is kept when that is wanted", arguments: ["jpg", "png", "webp", "gif", "tif"])
    func cut(_ ending: String) throws {
        let bench = try Bench()
        try bench.shell("convert -seed 5 -size 200x150 plasma:fractal -compress LZW whole.\(ending)")
        let whole = try bench.bytes("whole.\(ending)")
        let format = OutputFormat(keepingExtension: ending)
        for part in 0..<16 {
            let name = "cut\(part).\(ending)"
            try bench.write(Array(whole[..<(whole.count * part / 16)]), name)
            for actions in [[Action.shrink(.longSide(64))], [.rotate(.quarter)]] {
                let outcome = try bench.run(name, to: format, actions)
                let expected: Set<FailureReason> = part == 0 ? [.notImage] : [.truncated, .damaged]
                #expect(reason(outcome).map(expected.contains) == true, "\(name): \(outcome)")
            }
            #expect(try bench.leftovers().isEmpty)
        }
        let half = try bench.run("cut8.\(ending)", to: format, [.shrink(.longSide(64))], damage: .accept)
        switch half {
        case .finished(let work):
            #expect(work.notes.contains { if case .damageAccepted = $0 { true } else { false } })
            #expect(work.files.count == 1)
        case .failed(let failure):
            // Nothing decodes of half a WebP.
            #expect([.truncated, .damaged].contains(failure.reason))
        case .notStored(let fault): Issue.record("\(fault)")
        }
    }

    @Test("A JPEG without its end fails though nothing would be decoded")
    func cutCopy() throws {
        let bench = try Bench()
        try bench.shell("\(chart) a.jpg && head -c -300 a.jpg > b.jpg")
        #expect(try reason(bench.run("b.jpg", to: .jpeg, [.autoOrient])) == .truncated)
    }

    @Test("Zeros, noise and text are no image")
    func noImage() throws {
        let bench = try Bench()
        try bench.write([], "empty.jpg")
        try bench.write([UInt8](repeating: 0, count: 5000), "zero.jpg")
        try bench.write((0..<5000).map { UInt8(truncatingIfNeeded: $0 &* 7 &+ $0 >> 3) }, "noise.jpg")
        try bench.shell("echo hello world > text.jpg")
        for name in ["empty.jpg", "zero.jpg", "noise.jpg", "text.jpg"] {
            #expect(try reason(bench.run(name, to: .jpeg, [.shrink(.longSide(64))])) == .notImage, "\(name)")
        }
    }

    @Test("A picture of more pixels than allowed is refused from its header")
    func bomb() throws {
        let bench = try Bench()
        try bench.shell("\(chart) a.jpg")
        var bytes = try bench.bytes("a.jpg")
        let frame = try #require(bytes.indices.first { bytes[$0] == 0xFF && $0 + 1 < bytes.count && bytes[$0 + 1] == 0xC0 })
        bytes.replaceSubrange((frame + 5)..<(frame + 9), with: [0xFF, 0xDC, 0xFF, 0xDC])
        try bench.write(bytes, "bomb.jpg")
        #expect(try reason(bench.run("bomb.jpg", to: .jpeg, [.shrink(.longSide(64))])) == .tooLarge)
        var limits = WorkLimits()
        limits.pixelsMax = 10_000
        for ending in ["png", "tif", "webp", "gif"] {
            try bench.shell("\(chart) a.\(ending)")
            #expect(try reason(bench.run("a.\(ending)", to: .png, [.shrink(.longSide(64))], limits: limits)) == .tooLarge)
        }
        limits = WorkLimits()
        limits.fileBytesMax = 100
        #expect(try reason(bench.run("a.jpg", to: .png, [.shrink(.longSide(64))], limits: limits)) == .tooLarge)
    }

    @Test("Kinds nobody vouches for are refused with the flag that admits them")
    func untrusted() throws {
        let bench = try Bench()
        try bench.shell(
            "echo '<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"40\" height=\"30\"><rect width=\"40\" height=\"30\" fill=\"red\"/></svg>' > a.svg"
        )
        guard case .failed(let failure) = try bench.run("a.svg", to: .png, []) else {
            Issue.record("an SVG was taken")
            return
        }
        #expect(failure.reason == .unsupported && failure.message.contains("--allow-loader svg"))
        var limits = WorkLimits()
        limits.allowedLoaders = ["svg"]
        #expect(try reason(bench.run("a.svg", to: .png, [], limits: limits)) == nil)
        #expect(try bench.shell("identify -format '%wx%h' out/t") == "40x30")
    }

    @Test("An input that changed, vanished or is no file is said to be so")
    func inputs() throws {
        let bench = try Bench()
        try bench.shell("\(chart) a.jpg")
        let order = ProcessOrder(
            folder: RawPath(bench.path("out")), format: .jpeg, pages: false, spoolFolder: nil, digestInput: false,
            keepTimes: false)
        var identity = try bench.identity("a.jpg")
        identity.modifiedNanoseconds += 1
        #expect(try reason(bench.perform("a.jpg", .process(order), identity: identity)) == .changed)
        identity = try bench.identity("a.jpg")
        identity.sizeBytes += 1
        #expect(try reason(bench.perform("a.jpg", .process(order), identity: identity)) == .changed)
        #expect(try reason(bench.perform("gone.jpg", .process(order), identity: identity)) == .vanished)
        #expect(try reason(bench.perform("out", .process(order), identity: identity)) == .unreadable)
    }

    @Test("A full disk is no fault of the file, and leaves nothing")
    func fullDisk() throws {
        let bench = try Bench()
        try bench.shell(
            "\(chart) a.jpg && mkdir full && (mount -t tmpfs -o size=4k tmpfs full 2>/dev/null || rmdir full)", mayFail: true)
        guard FileManager.default.fileExists(atPath: bench.path("full")) else { return }
        defer { _ = try? bench.shell("umount full", mayFail: true) }
        let order = ProcessOrder(
            folder: RawPath(bench.path("full")), format: .png, pages: false, spoolFolder: nil, digestInput: false,
            keepTimes: false)
        let outcome = try bench.perform("a.jpg", .process(order), [.shrink(.longSide(200))])
        guard case .notStored(let fault) = outcome else {
            Issue.record("it is the disk that is full: \(outcome)")
            return
        }
        #expect(fault.code == ENOSPC)
        #expect(try bench.shell("ls full") == "")
    }

    @Test("A camera's raw file is refused, not taken for the small picture in it")
    func raw() throws {
        let bench = try Bench()
        try bench.shell("\(chart) tiff:a.nef")
        #expect(try reason(bench.run("a.nef", to: .jpeg, [.shrink(.longSide(50))])) == .unsupported)
        let page = PageOrder(spoolFolder: RawPath(bench.path("spool")), digestInput: false)
        #expect(try reason(bench.perform("a.nef", .page(page))) == .unsupported)
    }

    @Test("A picture longer than its new format allows is too large, not damaged", arguments: [OutputFormat.jpeg, .webp, .gif])
    func longerThanFormat(_ format: OutputFormat) throws {
        let bench = try Bench()
        try bench.shell("vips black a.png 70000 4")
        #expect(try reason(bench.run("a.png", to: format, [.rotate(.half)])) == .tooLarge)
        #expect(try bench.leftovers() == [])
    }

    @Test("Bits turned over anywhere end in a result or a reason, never in a crash")
    func bitFlips() throws {
        let bench = try Bench()
        for ending in ["jpg", "png", "tif", "webp", "gif"] {
            try bench.shell(
                "convert -seed 9 -size 80x60 plasma:fractal w.\(ending) && exiftool -q -overwrite_original -Artist=A -GPSLatitude=1 -GPSLatitudeRef=N w.\(ending) || true"
            )
            let whole = try bench.bytes("w.\(ending)")
            var state: UInt64 = 12345
            for round in 0..<60 {
                var bytes = whole
                for _ in 0..<(1 + round % 5) {
                    state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
                    bytes[Int(state >> 33) % bytes.count] ^= UInt8(1 << (state >> 20 & 7))
                }
                try bench.write(bytes, "f.\(ending)")
                _ = try bench.run(
                    "f.\(ending)", to: OutputFormat(keepingExtension: ending),
                    [.autoOrient, .shrink(.longSide(40)), .strip(.gps)], pages: true)
                _ = try bench.perform("f.\(ending)", .probe)
            }
        }
    }
}
