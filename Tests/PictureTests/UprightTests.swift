import Foundation
import Testing

@Suite("Pictures stand upright and are touched only when asked")
struct UprightTests {
    let shop: Workshop
    let fixtures: Workshop

    init() throws {
        shop = try Workshop()
        fixtures = try Fixtures.shop()
    }

    @Test("A file that no action changes is copied byte for byte, whatever its format")
    func copies() throws {
        try shop.take(Fixtures.oriented + ["upright.png"], from: fixtures)
        try shop.tool("convert", "in/upright.png", "-compress", "zip", "in/deflate.tif")
        try shop.tool("convert", "in/upright.png", "in/plain.webp")
        try shop.tool("convert", "in/upright.png", "in/plain.gif")
        try shop.quire("run", "in", "-o", "plain")
        try shop.quire("run", "in", "-o", "larger", "--shrink", "240")
        try shop.quire("run", "in/o1.jpg", "in/upright.png", "in/deflate.tif", "-o", "auto", "--rotate", "auto")
        for name in shop.files("in") {
            #expect(try shop.bytes("plain/\(name)") == shop.bytes("in/\(name)"), "\(name) without actions")
            #expect(try shop.bytes("larger/\(name)") == shop.bytes("in/\(name)"), "\(name) already smaller")
        }
        for name in shop.files("auto") {
            #expect(try shop.bytes("auto/\(name)") == shop.bytes("in/\(name)"), "\(name) already upright")
        }
    }

    @Test("All eight orientations come out upright, tag reset, preview gone or upright too, every other tag kept")
    func orientations() throws {
        try shop.take(Fixtures.oriented, from: fixtures)
        try shop.quire("run", "in", "-o", "upright", "--rotate", "auto")
        try shop.quire("run", "in", "-o", "shrunk", "--shrink", "120")
        try shop.write(fixtures.bytes("upright.png"), "upright.png")
        try shop.expectAlike(Fixtures.oriented.map { ("upright/\($0)", "upright.png") }, mean: 3)
        try shop.tool("convert", "upright.png", "-resize", "120x80", "small.png")
        try shop.expectAlike(Fixtures.oriented.map { ("shrunk/\($0)", "small.png") }, mean: 3)
        let files = Fixtures.oriented.flatMap { ["in/\($0)", "upright/\($0)", "shrunk/\($0)"] }
        let tags = try shop.tags(files, "-ThumbnailImage", "-all")
        for name in Fixtures.oriented {
            let before = try #require(tags["in/\(name)"])
            for folder in ["upright", "shrunk"] {
                let after = try #require(tags["\(folder)/\(name)"])
                #expect(["1", nil].contains(after["IFD0:Orientation"]), "\(folder)/\(name)")
                // What describes the pixels, the preview and the file itself changes with the pixels.
                let ofPixels = ["File:", "JFIF:", "IFD1:", "Composite:", "ICC_Profile:"]
                for (key, value) in before where key != "IFD0:Orientation" && !ofPixels.contains(where: key.hasPrefix) {
                    if ["ExifIFD:ExifImageWidth", "ExifIFD:ExifImageHeight"].contains(key) { continue }
                    // Fewer pixels of the same paper: the resolution shrinks with them.
                    if folder == "shrunk", ["IFD0:XResolution", "IFD0:YResolution"].contains(key) {
                        #expect(after[key] == "36", "\(key) of \(folder)/\(name)")
                        continue
                    }
                    #expect(after[key] == value, "\(key) of \(folder)/\(name)")
                }
                let width = folder == "upright" ? "240" : "120"
                #expect([width, nil].contains(after["ExifIFD:ExifImageWidth"]), "\(folder)/\(name)")
                if after["IFD1:ThumbnailImage"] != nil {
                    let preview = try shop.tool("exiftool", "-b", "-ThumbnailImage", "\(folder)/\(name)").output
                    try shop.write(preview, "preview.jpg")
                    try shop.tool("convert", "preview.jpg", "-resize", "120x80!", "preview.png")
                    try shop.expectAlike([("preview.png", "small.png")], mean: 12)
                }
            }
        }
    }

    @Test("--shrink bounds the long side, a box of the upright picture or both sides, and never enlarges")
    func bounds() throws {
        try shop.take(["o1.jpg", "o6.jpg", "upright.png"], from: fixtures)
        let cases: [(String, [Int])] = [
            ("100", [100, 67]), ("300x40", [60, 40]), ("60x300", [60, 40]), ("50%", [120, 80]), ("33%", [79, 53]), ("1", [1, 1]),
            ("5000", [240, 160]),
            ("241x161", [240, 160]),
        ]
        for (index, (bound, size)) in cases.enumerated() {
            try shop.quire("run", "in", "-o", "out\(index)", "--rotate", "auto", "--shrink", bound)
            let pictures = try shop.pictures(["out\(index)/o1.jpg", "out\(index)/o6.jpg", "out\(index)/upright.png"])
            for picture in pictures { #expect(picture.size == size, "--shrink \(bound)") }
        }
    }

    @Test("--rotate turns clockwise, on top of the tag")
    func rotation() throws {
        try shop.take(["o1.jpg", "o6.jpg", "o4.jpg", "upright.png"], from: fixtures)
        for degrees in ["90", "180", "270"] {
            try shop.quire("run", "in", "-o", "r\(degrees)", "--rotate", degrees)
            try shop.tool("convert", "in/upright.png", "-rotate", degrees, "expected.png")
            try shop.expectAlike(shop.files("in").map { ("r\(degrees)/\($0)", "expected.png") }, mean: 3)
            try shop.expectAlike([("r\(degrees)/upright.png", "expected.png")], most: 0, mean: 0)
            let tags = try shop.tags(["r\(degrees)/o6.jpg"])
            #expect(["1", nil].contains(tags["r\(degrees)/o6.jpg"]?["IFD0:Orientation"]))
        }
    }
}
