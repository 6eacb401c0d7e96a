import Foundation
import Testing

@Suite("Colours look the same afterwards, with their profile or without it")
struct ColourTests {
    let shop: Workshop
    let fixtures: Workshop

    init() throws {
        shop = try Workshop()
        fixtures = try Fixtures.shop()
    }

    private func profiles(_ names: [String]) throws -> [String: String] {
        try shop.tags(names).mapValues { $0["ICC-header:ProfileConnectionSpace"] ?? "" }
    }

    @Test("Shrinking keeps a wide profile with its numbers; stripping converts to sRGB first, 16 bits stay 16")
    func wideProfile() throws {
        let upright = fixtures["upright.png"].path
        for (name, options) in [
            ("p3.jpg[Q=95]", []), ("p3.png", []), ("p3.tif", []), ("p3.webp[lossless]", []), ("p3-16.png", ["--depth", "16"]),
        ] {
            try FileManager.default.createDirectory(at: shop["in"], withIntermediateDirectories: true)
            try shop.tool("vips", ["icc_transform", upright, "in/\(name)", "p3", "--input-profile", "srgb"] + options)
        }
        let names = shop.files("in")
        try shop.quire("run", "in", "-o", "kept", "--shrink", "120")
        try shop.quire("run", "in", "-o", "stripped", "--shrink", "120", "--strip", "all")
        try shop.tool("convert", upright, "-resize", "120x80", "srgb.png")
        try shop.tool("convert", "in/p3.png", "-strip", "-resize", "120x80", "p3-numbers.png")
        // The fixture can tell the two apart.
        let apart = try #require(try shop.picture("srgb.png").difference(shop.picture("p3-numbers.png")))
        #expect(apart.mean > 5)
        try shop.expectAlike(names.map { ("kept/\($0)", "p3-numbers.png") }, mean: 4)
        try shop.expectAlike(names.map { ("stripped/\($0)", "srgb.png") }, mean: 4)
        for name in names {
            let profile = try shop.tool("exiftool", "-b", "-ICC_Profile", "in/\(name)").output
            #expect(profile.count > 100, "\(name)")
            #expect(try shop.tool("exiftool", "-b", "-ICC_Profile", "kept/\(name)").output == profile, "\(name)")
            #expect(try shop.tool("exiftool", "-b", "-ICC_Profile", "stripped/\(name)").output.isEmpty, "\(name)")
        }
        let depths = try shop.tool("identify", "-format", "%[bit-depth] ", "kept/p3-16.png", "stripped/p3-16.png", "kept/p3.png")
            .text
        #expect(depths == "16 16 8 ")
    }

    @Test("CMYK stays CMYK in JPEG and TIFF, and turns into what a colour-managed reader shows where it cannot stay")
    func cmyk() throws {
        try FileManager.default.createDirectory(at: shop["in"], withIntermediateDirectories: true)
        let upright = fixtures["upright.png"].path
        try shop.tool("vips", "icc_transform", upright, "in/profiled.jpg[Q=95]", "cmyk", "--input-profile", "srgb")
        try shop.tool("vips", "icc_transform", upright, "in/profiled.tif[compression=deflate]", "cmyk", "--input-profile", "srgb")
        try shop.tool("vips", "icc_transform", upright, "srgb.png", "srgb", "--input-profile", "srgb")
        try shop.write(try shop.tool("exiftool", "-b", "-ICC_Profile", "srgb.png").output, "srgb.icc")
        let names = ["profiled.jpg", "profiled.tif"]
        for name in names { try shop.tool("convert", "in/\(name)", "-profile", "srgb.icc", "-resize", "120x80", "\(name).png") }
        try shop.quire("run", "in", "-o", "kept", "--shrink", "120")
        try shop.quire("run", "in", "-o", "stripped", "--shrink", "120", "--strip", "all")
        try shop.quire("run", "in", "-o", "png", "--shrink", "120", "--format", "png", "--collisions", "rename")
        let spaces = try shop.tool("identify", ["-format", "%[colorspace] "] + names.map { "kept/\($0)" }).text
        #expect(spaces == "CMYK CMYK ")
        for name in names {
            #expect(try shop.tool("exiftool", "-b", "-ICC_Profile", "kept/\(name)").output.count > 100, "\(name)")
            try shop.tool("convert", "kept/\(name)", "-profile", "srgb.icc", "kept-\(name).png")
            try shop.expectAlike([("kept-\(name).png", "\(name).png"), ("stripped/\(name)", "\(name).png")], mean: 4)
        }
        #expect(try shop.tool("identify", ["-format", "%[colorspace] "] + names.map { "stripped/\($0)" }).text == "sRGB sRGB ")
        for file in shop.files("png") {
            let picture = try shop.picture("png/\(file)")
            let other = try shop.picture("profiled.jpg.png")
            shop.expectAlike(picture, other, mean: 4, file)
        }
    }
}
