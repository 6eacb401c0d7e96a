import Foundation
import Testing

@Suite("Damaged, cut and monstrous files are refused by name")
struct DamageTests {
    let shop: Workshop
    let fixtures: Workshop

    init() throws {
        shop = try Workshop()
        fixtures = try Fixtures.shop()
    }

    @Test("Files cut at every sixteenth fail as truncated or damaged, and give what decodes when that is accepted")
    func truncation() throws {
        let source = fixtures["upright.png"].path
        try FileManager.default.createDirectory(at: shop["whole"], withIntermediateDirectories: true)
        try shop.write(fixtures.bytes("o1.jpg"), "whole/baseline.jpg")
        for (name, options) in [
            ("progressive.jpg", ["-interlace", "JPEG"]), ("rgb.png", []), ("interlaced.png", ["-interlace", "PNG"]),
            ("lzw.tif", ["-compress", "LZW"]), ("strips.tif", ["-compress", "None"]), ("lossy.webp", []), ("still.gif", []),
        ] { try shop.tool("convert", [source] + options + ["whole/\(name)"]) }
        try shop.tool("vips", "copy", source, "whole/lossless.jp2[lossless]")
        try shop.tool("heif-enc", "-q", "90", "-o", "whole/phone.heic", source)
        let names = shop.files("whole")
        for name in names {
            let bytes = try shop.bytes("whole/\(name)")
            for sixteenth in 1..<16 { try shop.write(bytes.prefix(bytes.count * sixteenth / 16), "cut/\(sixteenth)-\(name)") }
        }
        let count = names.count * 15
        let job = try shop.quire("run", "cut", "-o", "out", "--shrink", "100", status: 3)
        for (name, reason) in job.reasons { #expect(["truncated", "damaged"].contains(reason), "\(name): \(reason)") }
        let passed = job.files.filter { $0.outcome == "done" }.map(\.path)
        #expect(passed.isEmpty, "\(passed)")
        #expect(job.facts.failed == count)
        #expect(shop.files("out").isEmpty)
        // Even where nothing would be decoded.
        let copying = try shop.quire("run", "cut", "-o", "copies", status: 3)
        #expect(copying.files.filter { $0.outcome == "done" }.map(\.path).isEmpty)

        let lenient = try shop.quire("run", "cut", "-o", "kept", "--shrink", "100", "--accept-damaged", status: 3)
        let kept = lenient.files.filter { $0.outcome == "done" }
        #expect(kept.allSatisfy { file in file.remarks.contains { $0.hasPrefix("damaged, accepted") } })
        #expect(kept.count > count / 3, "\(kept.count) of \(count)")
        for name in ["8-baseline.jpg", "8-progressive.jpg", "12-rgb.png"] {
            #expect(kept.contains { $0.path.hasSuffix("/" + name) }, "\(name)")
        }
        // The upper half of half a photo is right.
        let half = try shop.picture("kept/15-baseline.jpg", operations: ["-crop", "100x40+0+0"])
        let whole = try shop.picture(source, operations: ["-resize", "100x67", "-crop", "100x40+0+0"])
        shop.expectAlike(half, whole, mean: 4, "kept/15-baseline.jpg")
    }

    private func crc(_ bytes: [UInt8]) -> UInt32 {
        ~bytes.reduce(UInt32.max) { sum, byte in
            (0..<8).reduce(sum ^ UInt32(byte)) { value, _ in value & 1 == 1 ? 0xEDB8_8320 ^ (value >> 1) : value >> 1 }
        }
    }

    private func big(_ value: UInt32) -> [UInt8] { (0..<4).map { UInt8(truncatingIfNeeded: value >> (24 - 8 * UInt32($0))) } }

    @Test("Headers that claim more pixels than allowed are refused as too large, quickly")
    func bombs() throws {
        var png = [UInt8](try fixtures.bytes("upright.png"))
        png.replaceSubrange(16..<24, with: big(90_000) + big(90_000))
        png.replaceSubrange(29..<33, with: big(crc(Array(png[12..<29]))))
        try shop.write(Data(png), "in/bomb.png")
        var jpeg = [UInt8](try fixtures.bytes("o1.jpg"))
        let start: [UInt8] = [0xFF, 0xC0, 0, 17]
        let frame = try #require((2..<(jpeg.count - 8)).last { Array(jpeg[$0..<($0 + 4)]) == start })
        jpeg.replaceSubrange((frame + 5)..<(frame + 9), with: [0xFF, 0xDC, 0xFF, 0xDC])
        try shop.write(Data(jpeg), "in/bomb.jpg")
        let before = ContinuousClock.now
        let job = try shop.quire("run", "in", "-o", "out", "--shrink", "100", status: 3)
        #expect(job.reasons == ["bomb.png": "too-large", "bomb.jpg": "too-large"])
        #expect(ContinuousClock.now - before < .seconds(20))
        try shop.take(["upright.png"], from: fixtures, to: "small")
        #expect(
            try shop.quire("run", "small", "-o", "out", "--shrink", "9", "--max-pixels", "38399", status: 3).reasons == [
                "upright.png": "too-large"
            ])
        try shop.quire("run", "small", "-o", "out", "--shrink", "9", "--max-pixels", "38400")
    }

    @Test("What is no picture says so, however it is named")
    func noPictures() throws {
        try shop.write(Data(count: 5000), "in/zeros.jpg")
        try shop.write(Data("hello, world\n".utf8), "in/text.png")
        try shop.write(Data(), "in/empty.tif")
        let job = try shop.quire("run", "in", "-o", "out", status: 3)
        #expect(job.reasons == ["zeros.jpg": "not-image", "text.png": "not-image", "empty.tif": "not-image"])
    }

    @Test("A photo of which bytes in the middle are lost fails as damaged")
    func holes() throws {
        try shop.tool("convert", "-seed", "7", "-size", "800x600", "plasma:", "-quality", "90", "whole.jpg")
        let whole = try shop.bytes("whole.jpg")
        let middle = whole.count / 2
        var zeros = whole
        zeros.replaceSubrange(middle..<(middle + 300), with: Data(count: 300))
        try shop.write(zeros, "in/zeros.jpg")
        try shop.write(whole.prefix(middle) + whole.dropFirst(middle + 3000), "in/hole.jpg")
        let job = try shop.quire("run", "in", "-o", "out", "--shrink", "200", status: 3)
        #expect(job.reasons == ["zeros.jpg": "damaged", "hole.jpg": "damaged"])
        let kept = try shop.quire("run", "in", "-o", "kept", "--shrink", "200", "--accept-damaged")
        #expect(kept.files.allSatisfy { file in file.remarks.contains { $0.hasPrefix("damaged, accepted") } })
    }
}
