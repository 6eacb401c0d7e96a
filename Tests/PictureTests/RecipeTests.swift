import Foundation
import Testing

@Suite("Each action of a recipe does what ImageMagick does for the same wish")
struct RecipeTests {
    let shop: Workshop
    let fixtures: Workshop

    init() throws {
        shop = try Workshop()
        fixtures = try Fixtures.shop()
        try shop.take(["upright.png", "o6.jpg"], from: fixtures)
    }

    private func apply(_ action: String, to inputs: [String] = ["in/upright.png"], _ name: String, _ more: [String] = []) throws {
        try shop.write(Data("name: \(name)\nactions:\n\(action)".utf8), "\(name).yaml")
        try shop.quire(["run"] + inputs + ["-o", name, "--recipe", "\(name).yaml"] + more)
    }

    private struct Wish {
        let name: String
        let action: String
        let oracle: [String]
        var mean = 0.0
    }

    @Test("Turning, cutting and framing are exact; resizing, blurring and grey are near")
    func actions() throws {
        let white = ["-background", "white"]
        let wishes = [
            Wish(name: "rotate", action: "- rotate: 90", oracle: ["-rotate", "90"]),
            Wish(name: "mirror", action: "- flip: horizontal", oracle: ["-flop"]),
            Wish(name: "flip", action: "- flip: vertical", oracle: ["-flip"]),
            Wish(name: "crop", action: "- crop: 100x60", oracle: ["-gravity", "center", "-crop", "100x60+0+0", "+repage"]),
            Wish(
                name: "corner", action: "- crop: {width: 100, height: 60, gravity: south-east}",
                oracle: ["-gravity", "southeast", "-crop", "100x60+0+0", "+repage"]),
            Wish(
                name: "place", action: "- crop: {width: 50%, height: 25%, left: 10, top: 20}",
                oracle: ["-crop", "120x40+10+20", "+repage"]),
            Wish(name: "shrink", action: "- shrink: 60", oracle: ["-resize", "60x40"], mean: 3),
            Wish(
                name: "cover", action: "- fit: 100x100",
                oracle: ["-resize", "100x100^", "-gravity", "center", "-extent", "100x100"], mean: 3),
            Wish(
                name: "contain", action: "- fit: {size: 120x120, mode: contain, background: '#00f'}",
                oracle: ["-resize", "120x120", "-background", "blue", "-gravity", "center", "-extent", "120x120"], mean: 4),
            Wish(name: "inside", action: "- fit: {size: 100x100, mode: inside}", oracle: ["-resize", "100x100"], mean: 3),
            Wish(name: "enlarge", action: "- fit: {size: 480x480, mode: inside}", oracle: ["-resize", "480x480"], mean: 3),
            Wish(name: "stay", action: "- fit: {size: 480x480, mode: inside, enlarge: no}", oracle: []),
            Wish(
                name: "canvas", action: "- canvas: {size: 300x100, gravity: north-west, background: white}",
                oracle: white + ["-gravity", "northwest", "-extent", "300x100"]),
            Wish(
                name: "border", action: "- border: {width: 5, colour: '#ff0000'}",
                oracle: ["-bordercolor", "red", "-border", "5"]),
            Wish(name: "grey", action: "- greyscale", oracle: ["-colorspace", "LAB", "-channel", "R", "-separate"], mean: 25),
            Wish(name: "blur", action: "- blur: 3", oracle: ["-gaussian-blur", "0x3"], mean: 2),
            Wish(
                name: "several", action: "- rotate: 180\n- crop: 200x100\n- flip: vertical\n- border: 2",
                oracle: [
                    "-rotate", "180", "-gravity", "center", "-crop", "200x100+0+0", "+repage", "-flip", "-bordercolor", "black",
                    "-border", "2",
                ]),
        ]
        for wish in wishes {
            try apply(wish.action, wish.name)
            try shop.tool("convert", ["in/upright.png"] + wish.oracle + ["\(wish.name).png"])
            try shop.expectAlike(
                [("\(wish.name)/upright.png", "\(wish.name).png")], most: wish.mean == 0 ? 0 : 255, mean: wish.mean)
        }
        #expect(try shop.tool("identify", "-format", "%[channels]", "grey/upright.png").text == "gray")
        #expect(try shop.bytes("stay/upright.png") == shop.bytes("in/upright.png"))
    }

    @Test("Positions are those of the upright picture: a turned photo is cut where a viewer shows it")
    func uprightPositions() throws {
        try apply("- crop: {width: 40, height: 30, left: 200, top: 0}", to: ["in/o6.jpg"], "corner")
        let picture = try shop.picture("corner/o6.jpg")
        #expect(picture.size == [40, 30])
        let middle = picture.pixel(20, 15)
        #expect(middle[1] > 230 && middle[0] < 30 && middle[2] < 30, "not the green corner: \(middle)")
    }

    @Test("Sharpening raises contrast at edges and leaves plain parts alone")
    func sharpening() throws {
        try apply("- blur: 2\n", "soft")
        try apply("- blur: 2\n- sharpen: 1.5\n", "sharp")
        let pictures = try shop.pictures(["soft/upright.png", "sharp/upright.png"])
        func steepest(_ picture: Picture) -> Int {
            (30..<50).map { abs(picture.pixel($0, 15)[0] - picture.pixel($0 + 1, 15)[0]) }.max() ?? 0
        }
        #expect(steepest(pictures[1]) > steepest(pictures[0]))
        #expect(pictures[1].pixel(15, 15) == pictures[0].pixel(15, 15))
    }

    @Test("Flattening puts transparency on the colour asked for; converting colours makes CMYK, grey and sRGB files")
    func coloursAndAlpha() throws {
        try shop.tool("convert", "-size", "40x30", "xc:none", "-fill", "red", "-draw", "rectangle 0,0 19,29", "in/half.png")
        try apply("- flatten: '#0000ff'", to: ["in/half.png"], "flat")
        let flat = try shop.picture("flat/half.png")
        #expect(flat.pixel(5, 5) == [255, 0, 0] && flat.pixel(30, 5) == [0, 0, 255])
        #expect(try shop.tool("identify", "-format", "%[channels]", "flat/half.png").text == "srgb")
        try apply("- save: jpeg", to: ["in/half.png"], "white")
        let white = try shop.picture("white/half.jpg").pixel(32, 5)
        #expect(white.allSatisfy { $0 > 245 }, "\(white)")
        try apply("- convert-colour: cmyk\n- save: tiff", "cmyk")
        try apply("- convert-colour: grey", "grey")
        try apply("- convert-colour: srgb", to: ["cmyk/upright.tif"], "back")
        let spaces = try shop.tool(
            "identify", "-format", "%[colorspace] ", "cmyk/upright.tif", "grey/upright.png", "back/upright.tif"
        ).text
        #expect(spaces == "CMYK Gray sRGB ")
        try shop.expectAlike([("back/upright.tif", "in/upright.png")], mean: 25)
    }

    @Test("save chooses format, quality, progression and compression; keep drops all other metadata; flags come before save")
    func saving() throws {
        try apply("- save: {format: jpeg, quality: 40, progressive: yes}", "jpeg")
        #expect(try shop.tool("identify", "-format", "%m %Q %[interlace]", "jpeg/upright.jpg").text == "JPEG 40 JPEG")
        try apply("- save: {format: tiff, compression: deflate}", "tiff")
        #expect(try shop.tool("tiffinfo", "tiff/upright.tif").text.contains("AdobeDeflate"))
        try apply("- save: {format: webp, lossless: yes}", "webp")
        try shop.expectAlike([("webp/upright.webp", "in/upright.png")], most: 0, mean: 0)
        try apply("- save: {format: png, png-compression: 0}", "png")
        #expect(try shop.bytes("png/upright.png").count >= 240 * 160 * 3)
        try apply("- border: 3\n- save: {format: png}", "flags", ["--shrink", "120"])
        #expect(try shop.picture("flags/upright.png").size == [120, 81])
        try apply("- shrink: 50%\n- keep: [copyright]", to: ["in/o6.jpg"], "keep")
        let tags = try #require(try shop.tags(["keep/o6.jpg"])["keep/o6.jpg"])
        #expect(tags["IFD0:Copyright"] == "Nobody")
        #expect(
            !tags.keys.contains {
                $0.hasPrefix("GPS") || $0.hasPrefix("XMP") || $0.hasPrefix("ExifIFD:Date") || $0 == "IFD0:Make"
            }, "\(tags)")
    }
}
