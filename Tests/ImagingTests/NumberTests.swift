import Imaging
import JobModel
import Recipes
import Testing

@Suite("Numbers of pixels")
struct NumberTests {
    /// A gradient from 0 to 1 over 64 columns, made into numbers of this kind.
    private func gradient(_ bench: Bench, _ format: String, times scale: Double, plus offset: Double = 0, bands: Int = 1) throws {
        let all = [String](repeating: "m.v", count: bands).joined(separator: " ")
        try bench.shell(
            "vips grey f.v 64 48 && vips cast f.v d.v double && vips linear d.v m.v -- \(scale) \(offset) && vips bandjoin '\(all)' b.v"
                + " && vips cast b.v b2.v \(format) && vips copy b2.v a.tif --interpretation \(bands == 3 ? "srgb" : "b-w")")
        #expect(try bench.shell("vipsheader -f format a.tif").contains(format.uppercased()))
    }

    private func number(_ bench: Bench, _ line: String) throws -> Double { try #require(Double(try bench.shell(line))) }

    @Test("Floating point from 0 to 1 goes from black to white", arguments: [OutputFormat.png, .jpeg, .webp, .gif, .jp2])
    func fractions(_ format: OutputFormat) throws {
        let bench = try Bench()
        for actions in [[], [.shrink(.longSide(32))]] as [[Action]] {
            try gradient(bench, "float", times: 1)
            let work = try bench.finish("a.tif", to: format, actions + [.save(Save(quality: 98))])
            let width = actions.isEmpty ? 64 : 32
            try bench.shell(
                "convert out/t -colorspace Gray -depth 8 g.png"
                    + " && convert -size 48x64 gradient:black-white -rotate 270 -resize \(width)x r.png")
            #expect(try bench.difference("r.png", "g.png") < 0.03)
            #expect(work.notes.contains(.decoderWarning("numbers of 32 bits were brought to 16")))
        }
    }

    @Test("Integers of 32 bits go from black to white, colours and greys, also on a page", arguments: [1, 3])
    func integers(_ bands: Int) throws {
        let bench = try Bench()
        try gradient(bench, "uint", times: 4_294_967_295, bands: bands)
        try bench.shell("convert -size 48x64 gradient:black-white -rotate 270 r.png")
        for format in [OutputFormat.png, .jpeg, .webp] {
            _ = try bench.finish("a.tif", to: format, [.save(Save(quality: 98))])
            #expect(try bench.difference("r.png", "out/t") < 0.03, "\(format)")
        }
        let work = try bench.finish("a.tif", to: .tiff, [], pages: true)
        #expect(work.pages.first?.bitsPerComponent == 16)
        #expect(work.notes == [.decoderWarning("numbers of 32 bits were brought to 16")])
    }

    @Test("A TIFF keeps its numbers through a resize, the largest too", arguments: ["uint", "float", "short", "int"])
    func kept(_ kind: String) throws {
        let bench = try Bench()
        let isSigned = kind == "short" || kind == "int"
        try gradient(bench, kind, times: kind == "uint" ? 4_294_967_295 : 2000, plus: isSigned ? -1000 : 0)
        let work = try bench.finish("a.tif", to: .tiff, [.shrink(.longSide(24))])
        #expect(work.notes == [])
        #expect(try bench.shell("vipsheader -f format out/t").contains(kind.uppercased()))
        let scale = kind == "uint" ? 4_294_967_295 : 2000.0
        #expect(abs(try number(bench, "vips max out/t") - (isSigned ? 1000 : scale)) < scale / 25)
        #expect(abs(try number(bench, "vips avg out/t") - (isSigned ? 0 : scale / 2)) < scale / 50)
    }

    @Test("A TIFF keeps the numbers of its colours and of its transparency through a resize", arguments: ["float", "int", "uint"])
    func keptWithAlpha(_ kind: String) throws {
        let bench = try Bench()
        let shares = [0.127, 0.156, 0.188, 0.8]
        let scale = kind == "float" ? 1.0 : 2_000_000_000
        try plain(bench, shares, kind, times: scale)
        let work = try bench.finish("a.tif", to: .tiff, [.shrink(.longSide(24))])
        #expect(work.notes == [])
        let seen = try pixel(bench, "out/t")
        try #require(seen.count == 4)
        for (share, kept) in zip(shares, seen) { #expect(abs(share - kept / scale) < 0.001, "\(seen)") }
    }

    @Test("Numbers of which nothing says what is black are refused by name, not made black")
    func refused() throws {
        let bench = try Bench()
        for (kind, scale, offset) in [("short", 2000.0, -1000.0), ("int", 2000, 0), ("float", 2000, -1000), ("float", 1.5, 0)] {
            try gradient(bench, kind, times: scale, plus: offset)
            for format in [OutputFormat.png, .jpeg] {
                #expect(reason(try bench.run("a.tif", to: format, [.shrink(.longSide(24))])) == .unsupported, "\(kind)")
            }
            #expect(reason(try bench.run("a.tif", to: .tiff, [.greyscale, .blur(sigma: 2)])) == .unsupported, "\(kind)")
            #expect(try bench.finish("a.tif", to: .tiff, []).files[0].isVerbatim)
        }
        #expect(try bench.leftovers() == ["t"])
    }

    @Test("Brighter than white is cut off, and said")
    func bright() throws {
        let bench = try Bench()
        try gradient(bench, "float", times: 4, bands: 3)
        let work = try bench.finish("a.tif", to: .jpeg, [])
        #expect(work.notes.contains(.decoderWarning("numbers of 32 bits were brought to 16; what is brighter than white, which is 1, was cut off")))
    }

    /// One colour, with or without alpha, as numbers of which `scale` is full.
    private func plain(_ bench: Bench, _ shares: [Double], _ format: String, times scale: Double, saved options: String = "") throws {
        let list = shares.map { "\($0 * scale)" }.joined(separator: " ")
        let zeros = shares.map { _ in "0" }.joined(separator: " ")
        let meaning = format == "float" ? "scrgb" : "srgb"
        try bench.shell(
            "vips black z.v 64 48 --bands \(shares.count) && vips linear z.v d.v '\(zeros)' '\(list)'"
                + " && vips cast d.v k.v \(format) && vips copy k.v 'a.tif\(options)' --interpretation \(meaning)")
    }

    private func pixel(_ bench: Bench, _ name: String) throws -> [Double] {
        try bench.shell("vips getpoint \(name) 5 5 2>/dev/null").split(separator: " ").compactMap { Double($0) }
    }

    @Test("Numbers of 32 bits with a profile keep their look without it, and their numbers with it", arguments: ["float", "uint"])
    func profiles(_ kind: String) throws {
        let bench = try Bench()
        let shares = [200.0 / 255, 110.0 / 255, 60.0 / 255]
        try plain(bench, shares, "uchar", times: 255)
        try bench.shell("vips copy a.tif 'r.tif[profile=p3]' && vips icc_transform r.tif s.tif srgb --embedded")
        let seen = try pixel(bench, "s.tif")
        try #require(seen.count == 3 && seen[0] > 210)
        try plain(bench, shares, kind, times: kind == "float" ? 1 : 4_294_967_295, saved: "[profile=p3]")
        for (format, isStripped) in [(OutputFormat.jpeg, true), (.jpeg, false), (.png, true), (.tiff, true), (.tiff, false)] {
            let actions: [Action] = [.shrink(.longSide(30))] + (isStripped ? [.strip(.all)] : []) + [.save(Save(quality: 100))]
            let work = try bench.finish("a.tif", to: format, actions)
            let isKept = format == .tiff && !isStripped
            #expect(work.notes.isEmpty == isKept, "\(work.notes)")
            #expect(try bench.shell("exiftool -s3 -ICC_Profile:ProfileDescription out/t").isEmpty == isStripped)
            let full = isKept ? (kind == "float" ? 1 : 4_294_967_295) : format == .jpeg ? 255 : 65535.0
            let values = try pixel(bench, "out/t").map { $0 / full * 255 }
            try #require(values.count == 3)
            for (value, meant) in zip(values, isStripped ? seen : [200, 110, 60]) {
                #expect(abs(value - meant) < 2.5, "\(format) \(isStripped) \(values)")
            }
        }
    }

    @Test("Transparency of floating-point numbers stays as it is", arguments: [OutputFormat.png, .webp])
    func transparency(_ format: OutputFormat) throws {
        let bench = try Bench()
        // Half the light is 188 of 255 in sRGB.
        try plain(bench, [0.5, 0.5, 0.5, 0.8], "float", times: 1)
        _ = try bench.finish("a.tif", to: format, [.save(Save(quality: 100, lossless: format == .webp))])
        let full = format == .png ? 257.0 : 1
        let values = try pixel(bench, "out/t").map { $0 / full }
        try #require(values.count == 4)
        for (value, meant) in zip(values, [188, 188, 188, 204.0]) { #expect(abs(value - meant) < 1.5, "\(values)") }
    }
}
