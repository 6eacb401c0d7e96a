import Foundation
import JobModel
import Recipes
import Testing

@Suite("DICOM files are seen as dcmj2pnm shows them")
struct DICOMTests {
    /// 16 x 8 values from -1000 to 2048, as a scanner of tissue measures them.
    static let tissue: [Int] = (0..<128).map { (index: Int) -> Int in index * 24 - 1000 }
    static let soft: [DICOMFixture.Element] = [
        .text(0x0028, 0x1050, "DS", "40\\600"), .text(0x0028, 0x1051, "DS", "400\\2800"),
    ]
    static let rescaled: [DICOMFixture.Element] = [.text(0x0028, 0x1052, "DS", "-1024"), .text(0x0028, 0x1053, "DS", "1.5")]

    /// The picture as dcmj2pnm makes it with these options, and how far off quire's is: 0 for the same pixels.
    private func expectAlike(
        _ bench: Bench, _ name: String, _ options: String, to format: OutputFormat = .png, actions: [Action] = [], most: Double = 0,
        sourceLocation: SourceLocation = #_sourceLocation
    ) throws -> FinishedWork {
        let work = try bench.finish(name, to: format, actions)
        try bench.shell("dcmj2pnm \(options) '\(name)' 'theirs.png'")
        let difference = try bench.difference("theirs.png", "out/t")
        #expect(difference <= most, "\(name) differs by \(difference)", sourceLocation: sourceLocation)
        return work
    }

    @Test("Values are rescaled before the file's first window makes greys of them, signed and not, in 16 bits")
    func window() throws {
        let bench = try Bench()
        let window = DICOMFixture.Element.text(0x0028, 0x1050, "DS", "40")
        let width = DICOMFixture.Element.text(0x0028, 0x1051, "DS", "400")
        let signed = DICOMFixture.grey(Self.tissue, width: 16, signed: true).adding(window, width)
        let unsigned = DICOMFixture.grey(Self.tissue.map { ($0 + 1024) * 2 / 3 }, width: 16, stored: 12).adding(
            window, width, Self.rescaled[0], Self.rescaled[1])
        for (name, file) in [("signed.dcm", signed), ("unsigned.dcm", unsigned)] {
            try bench.write(file.file, name)
            let work = try expectAlike(bench, name, "+Wi 1 +on2")
            #expect(work.notes.isEmpty && work.files.count == 1 && work.files[0].page == nil)
            #expect(try bench.shell("identify -format '%m %w %h %[bit-depth]' out/t") == "PNG 16 8 16")
        }
        // By PS3.3, C.11.2.1.2: all up to 40 - 0.5 - 399 / 2 is black, all above 40 - 0.5 + 399 / 2 white, 40 a step above the middle.
        try bench.write(DICOMFixture.grey([-160, -161, 239, 240, 40, 39], width: 6, signed: true).adding(window, width).file, "edges.dcm")
        _ = try bench.finish("edges.dcm", to: .png, [])
        let greys = try bench.shell("convert out/t -depth 16 -endian LSB gray:- | od -An -tu2").split(separator: " ").compactMap { Int($0) }
        try #require(greys.count == 6)
        #expect(greys[0] == 0 && greys[1] == 0 && greys[2] == 65_535 && greys[3] == 65_535)
        #expect(abs(greys[4] - 32_850) < 90 && abs(greys[5] - 32_686) < 90, "\(greys)")
    }

    @Test("Implicit files are read without anybody's dictionary, in the same way")
    func implicit() throws {
        let bench = try Bench()
        let file = DICOMFixture.grey(Self.tissue, width: 16, signed: true, colours: "MONOCHROME1").adding(Self.soft[0], Self.soft[1])
        try bench.write(file.file, "explicit.dcm")
        _ = try expectAlike(bench, "explicit.dcm", "+Wi 1 +on2")
        let explicit = try bench.bytes("out/t")
        try bench.write(file.stored(as: .implicit).file, "implicit.dcm")
        _ = try expectAlike(bench, "implicit.dcm", "+Wi 1 +on2")
        #expect(try bench.bytes("out/t") == explicit)
        // Of MONOCHROME1 the smallest value is white.
        #expect(try bench.shell("convert out/t -crop 1x1+0+0 -format '%[fx:mean]' info:") == "1")
    }

    @Test("Without a window deep values are stretched, over all frames alike, and it is said; 8 bits stay as they are")
    func noWindow() throws {
        let bench = try Bench()
        let frames: [Int] = (0..<64).map { (index: Int) -> Int in index < 32 ? index * 10 + 100 : index * 20 - 340 }
        try bench.write(DICOMFixture.grey(frames, width: 8, stored: 12, frames: 2).file, "two.dcm")
        let work = try bench.finish("two.dcm", to: .png, [])
        #expect(work.notes == [.valuesStretched] && work.files.map(\.page) == [1, 2])
        try bench.shell("dcm2pnm +Wm +on2 +Fa two.dcm theirs")
        for (mine, theirs) in [("t", "theirs.0.png"), ("t-2", "theirs.1.png")] {
            #expect(try bench.difference(theirs, "out/\(mine)") == 0)
        }
        try bench.write(DICOMFixture.bytes(Array(100..<164), width: 8, samples: 1, colours: "MONOCHROME2").file, "small.dcm")
        let small = try bench.finish("small.dcm", to: .png, [])
        #expect(small.notes.isEmpty)
        #expect(try bench.shell("convert out/t -depth 8 gray:- | od -An -tu1 -N4").split(separator: " ") == ["100", "101", "102", "103"])
    }

    @Test("Red, green and blue, luma and chroma, and palettes come out in their colours")
    func colours() throws {
        let bench = try Bench()
        var pixels: [UInt8] = []
        for index in 0..<64 {
            pixels.append(UInt8(index * 4))
            pixels.append(UInt8(255 - index * 3))
            pixels.append(UInt8(index * 7 % 256))
        }
        try bench.write(DICOMFixture.bytes(pixels, width: 8, samples: 3, colours: "RGB").file, "rgb.dcm")
        _ = try expectAlike(bench, "rgb.dcm", "+on")
        #expect(try bench.shell("convert out/t -depth 8 rgb:- | od -An -tu1 -N3").split(separator: " ") == ["0", "255", "0"])
        try bench.write(DICOMFixture.bytes(pixels, width: 8, samples: 3, colours: "YBR_FULL").file, "ybr.dcm")
        _ = try expectAlike(bench, "ybr.dcm", "+on")
        var palette = DICOMFixture.bytes((0..<64).map { UInt8($0 % 4) }, width: 8, samples: 1, colours: "PALETTE COLOR")
        for (index, values) in [[0, 65_535, 0, 32_896], [0, 0, 65_535, 32_896], [65_535, 0, 0, 0]].enumerated() {
            palette = palette.adding(
                .numbers(0x0028, 0x1101 + UInt16(index), "US", [4, 0, 16]), .numbers(0x0028, 0x1201 + UInt16(index), "OW", values))
        }
        for syntax in [DICOMFixture.Syntax.explicit, .implicit] {
            try bench.write(palette.stored(as: syntax).file, "palette.dcm")
            _ = try expectAlike(bench, "palette.dcm", "+on")
        }
        #expect(try bench.shell("convert out/t -depth 8 rgb:- | od -An -tu1 -N6").split(separator: " ") == ["0", "0", "255", "255", "0", "0"])
    }

    @Test("Packed pixels are unpacked: RLE, lossless JPEG and JPEG-LS without loss, baseline JPEG as dcmj2pnm does")
    func packed() throws {
        let bench = try Bench()
        let file = DICOMFixture.grey(Self.tissue.map { $0 + 1024 }, width: 16, stored: 12).adding(Self.soft[0], Self.soft[1])
        try bench.write(file.file, "plain.dcm")
        _ = try bench.finish("plain.dcm", to: .png, [])
        let plain = try bench.bytes("out/t")
        for line in ["dcmcrle", "dcmcjpeg +e1", "dcmcjpeg +el", "dcmcjpls"] {
            try bench.shell("\(line) plain.dcm packed.dcm")
            _ = try bench.finish("packed.dcm", to: .png, [])
            #expect(try bench.bytes("out/t") == plain, "\(line)")
        }
        try bench.shell("\(chart) c.jpg && img2dcm -q c.jpg c.dcm")
        #expect(try expectAlike(bench, "c.dcm", "+on").notes.isEmpty)
        #expect(try bench.difference("c.jpg", "out/t") < 0.02)
    }

    /// What opj_compress makes of 16-bit values, as a bare codestream of `bits` a value.
    private func codestream(_ bench: Bench, _ values: [Int], width: Int, bits: String, _ options: String = "") throws -> [UInt8] {
        try bench.write(values.flatMap { [UInt8(truncatingIfNeeded: $0), UInt8(truncatingIfNeeded: $0 >> 8)] }, "v.rawl")
        try bench.shell("opj_compress -i v.rawl -o v.j2k -F \(width),\(values.count / width),1,\(bits) -n 3 \(options)")
        return try bench.bytes("v.j2k")
    }

    @Test("JPEG 2000 inside: values of 12 bits, signed and not, are rescaled and seen through the window as plain ones")
    func jpeg2000() throws {
        let bench = try Bench()
        let window = [DICOMFixture.Element.text(0x0028, 0x1050, "DS", "40"), .text(0x0028, 0x1051, "DS", "400")]
        let signed = DICOMFixture.grey(Self.tissue, width: 16, signed: true).adding(window[0], window[1])
        let values = Self.tissue.map { ($0 + 1024) * 2 / 3 }
        let unsigned = DICOMFixture.grey(values, width: 16, stored: 12).adding(window[0], window[1], Self.rescaled[0], Self.rescaled[1])
        for (plain, stored, bits) in [(signed, Self.tissue, "16,s"), (unsigned, values, "12,u")] {
            try bench.write(plain.file, "plain.dcm")
            _ = try bench.finish("plain.dcm", to: .png, [])
            let expected = try bench.bytes("out/t")
            let code = try codestream(bench, stored, width: 16, bits: bits)
            try bench.write(plain.packed([code], as: .jpeg2000Lossless).file, "j2k.dcm")
            _ = try bench.finish("j2k.dcm", to: .png, [])
            #expect(try bench.bytes("out/t") == expected, "\(bits)")
            // Cut into pieces of the encoder's choice.
            try bench.write(plain.packed([Array(code[..<100]), Array(code[100...])], as: .jpeg2000).file, "j2k.dcm")
            _ = try bench.finish("j2k.dcm", to: .png, [])
            #expect(try bench.bytes("out/t") == expected, "\(bits)")
        }
    }

    @Test("JPEG 2000 inside: each frame of many is its own, in one piece or in several; colours come out as they went in")
    func jpeg2000Frames() throws {
        let bench = try Bench()
        let frames = [Array(Self.tissue.map { $0 + 1000 }), Self.tissue.map { 3000 - $0 }, Self.tissue.map { _ in 77 }]
        let plain = DICOMFixture.grey(Array(frames.joined()), width: 16, frames: 3)
        try bench.write(plain.file, "plain.dcm")
        #expect(try bench.finish("plain.dcm", to: .png, []).files.count == 3)
        let names = ["out/t", "out/t-2", "out/t-3"]
        let expected = try names.map { try bench.bytes($0) }
        let codes = try frames.map { try codestream(bench, $0, width: 16, bits: "16,u") }
        let halves = codes.flatMap { [Array($0[..<120]), Array($0[120...])] }
        for fragments in [codes, halves] {
            try bench.write(plain.packed(fragments, as: .jpeg2000Lossless).file, "j2k.dcm")
            let work = try bench.finish("j2k.dcm", to: .png, [])
            #expect(work.notes == [.valuesStretched])
            #expect(try names.map { try bench.bytes($0) } == expected, "\(fragments.count) fragments")
        }
        try bench.shell("\(chart) -crop 64x48+0+0 +repage a.ppm && opj_compress -i a.ppm -o a.j2k -mct 1 && convert a.ppm rgb.rgb")
        let rgb = DICOMFixture.bytes(try bench.bytes("rgb.rgb"), width: 64, samples: 3, colours: "RGB")
        // Nothing is subsampled, whatever a file says that should not say so.
        try bench.shell("opj_compress -i a.ppm -o p.j2k -mct 0")
        var pictures: [[UInt8]] = []
        for colours in ["YBR_FULL", "YBR_FULL_422"] {
            let plain = DICOMFixture.bytes(try bench.bytes("rgb.rgb"), width: 64, samples: 3, colours: colours)
            try bench.write(plain.packed([try bench.bytes("p.j2k")], as: .jpeg2000Lossless).file, "y.dcm")
            _ = try bench.finish("y.dcm", to: .png, [])
            pictures.append(try bench.bytes("out/t"))
        }
        #expect(pictures[0] == pictures[1])
        for (colours, planes) in [("YBR_RCT", 0), ("RGB", 1)] {
            var file = rgb.packed([try bench.bytes("a.j2k")], as: .jpeg2000Lossless)
            file.elements.removeAll { $0.group == 0x0028 && [0x0004, 0x0006].contains($0.tag) }
            try bench.write(file.adding(.text(0x0028, 0x0004, "CS", colours), .numbers(0x0028, 0x0006, "US", [planes])).file, "c.dcm")
            _ = try bench.finish("c.dcm", to: .png, [])
            #expect(try bench.difference("a.ppm", "out/t") == 0, "\(colours)")
        }
    }

    @Test("JPEG 2000 inside that is damaged, cut or of another size fails that file; what decodes is kept where damage is accepted")
    func jpeg2000Damaged() throws {
        let bench = try Bench()
        let noise = (0..<64 * 64).map { index in index &* 40_503 % 4096 }
        let plain = DICOMFixture.grey(noise, width: 64, stored: 12)
        let code = try codestream(bench, noise, width: 64, bits: "12,u")
        let cut = Array(code[..<(code.count * 2 / 3)])
        var size = code
        size[11] = 1
        for (name, bytes) in [("cut", cut), ("size", size), ("none", Array(code[..<20])), ("zeros", [UInt8](repeating: 0, count: 400))] {
            try bench.write(plain.packed([bytes], as: .jpeg2000).file, "\(name).dcm")
            #expect(try reason(bench.run("\(name).dcm", to: .png, [])) == .damaged, "\(name)")
        }
        #expect(try bench.leftovers() == [])
        let kept = try bench.finish("cut.dcm", to: .png, [], damage: .accept)
        #expect(kept.notes.contains { if case .damageAccepted = $0 { true } else { false } })
        #expect(try bench.shell("identify -format '%wx%h' out/t") == "64x64")
    }

    @Test("A transfer syntax nobody reads is unsupported and named; what holds no picture says so")
    func unsupported() throws {
        let bench = try Bench()
        let file = DICOMFixture.grey(Array(repeating: 0, count: 128), width: 16).packed([[1, 2]], as: .jpeg2000Components)
        try bench.write(file.file, "j2k.dcm")
        guard case .failed(let failure) = try bench.run("j2k.dcm", to: .png, []) else { throw Bench.Failed() }
        #expect(failure.reason == .unsupported && failure.message.contains("JPEG 2000"), "\(failure)")
        var none = DICOMFixture.grey([1, 2], width: 2)
        none.elements.removeLast()
        try bench.write(none.file, "none.dcm")
        guard case .failed(let empty) = try bench.run("none.dcm", to: .png, []) else { throw Bench.Failed() }
        #expect(empty.reason == .unsupported && empty.message.contains("holds no picture"), "\(empty)")
    }

    @Test("The distance of pixels becomes the resolution, and no patient's data gets into any output")
    func privacy() throws {
        let bench = try Bench()
        let file = DICOMFixture.grey(Self.tissue, width: 16, signed: true).adding(
            Self.soft[0], Self.soft[1], .text(0x0028, 0x0030, "DS", "0.254\\0.127"))
        try bench.write(file.file, "a.dcm")
        for (format, ending) in [(OutputFormat.png, "png"), (.tiff, "tif"), (.jpeg, "jpg"), (.webp, "webp")] {
            let work = try bench.finish("a.dcm", to: format, [], pages: true)
            let bytes = try bench.bytes("out/t")
            #expect(!String(decoding: bytes, as: UTF8.self).contains("SECRET"), "\(format)")
            #expect(work.pages.count == 1 && work.pages[0].profile == nil)
            if format != .webp {
                let stated = try bench.shell("cp out/t o.\(ending) && identify -units PixelsPerInch -format '%[fx:round(resolution.x)] %[fx:round(resolution.y)]' o.\(ending)")
                #expect(stated == "200 100", "\(format)")
            }
        }
        let outcome = try bench.perform("a.dcm", .probe)
        guard case .finished(let probed) = outcome, let facts = probed.probe else { throw Bench.Failed() }
        #expect(facts.kind == .dicom && facts.width == 16 && facts.height == 8 && facts.bitsPerBand == 16 && facts.tags.isEmpty)
    }

    @Test("A recipe chooses the window: the file's, smallest to largest, or its own centre and width")
    func chosenWindow() throws {
        let bench = try Bench()
        let plain = DICOMFixture.grey(Self.tissue, width: 16, signed: true)
        try bench.write(plain.file, "none.dcm")
        try bench.write(plain.adding(Self.soft[0], Self.soft[1]).file, "soft.dcm")
        _ = try expectAlike(bench, "soft.dcm", "+Wi 1 +on2", actions: [Action(DICOMReading(window: .file))])
        #expect(try expectAlike(bench, "soft.dcm", "+Wm +on2", actions: [Action(DICOMReading(window: .minMax))]).notes.isEmpty)
        _ = try expectAlike(bench, "none.dcm", "+Ww -600 1500 +on2", actions: [Action(DICOMReading(centre: -600, width: 1500))])
        guard case .failed(let failure) = try bench.run("none.dcm", to: .png, [Action(DICOMReading(window: .file))]) else {
            throw Bench.Failed()
        }
        #expect(failure.reason == .unsupported && failure.message.contains("names no window"), "\(failure)")
    }

    @Test("The usual case: a part of the picture, stated to have 300 dpi")
    func cropAndResolution() throws {
        let bench = try Bench()
        try bench.write(DICOMFixture.grey(Self.tissue, width: 16, signed: true).adding(Self.soft[0], Self.soft[1]).file, "a.dcm")
        let crop = Action.crop(Crop(width: .pixels(8), height: .pixels(4)))
        _ = try bench.finish("a.dcm", to: .png, [crop, Action(ResolutionSetting(dpi: 300))])
        #expect(try bench.shell("identify -units PixelsPerInch -format '%m %w %h %[fx:round(resolution.x)]' out/t") == "PNG 8 4 300")
    }

    @Test("An enhanced file's frames have windows and rescalings of their own")
    func enhanced() throws {
        let bench = try Bench()
        let plain = DICOMFixture.grey(Self.tissue.map { $0 + 1024 }, width: 16, stored: 12).adding(
            Self.soft[0], Self.soft[1], Self.rescaled[0], Self.rescaled[1])
        try bench.write(plain.file, "plain.dcm")
        _ = try bench.finish("plain.dcm", to: .png, [])
        let expected = try bench.bytes("out/t")
        for syntax in [DICOMFixture.Syntax.explicit, .implicit] {
            let empty = DICOMFixture().stored(as: syntax)
            let window = empty.adding(sequence: 0x0028, 0x9132, Self.soft).elements
            let values = empty.adding(sequence: 0x0028, 0x9145, Self.rescaled).elements
            let file = DICOMFixture.grey(Self.tissue.map { $0 + 1024 }, width: 16, stored: 12).stored(as: syntax)
                .adding(sequence: 0x5200, 0x9229, window + values)
            try bench.write(file.file, "enhanced.dcm")
            #expect(try bench.finish("enhanced.dcm", to: .png, []).notes.isEmpty)
            #expect(try bench.bytes("out/t") == expected)
        }
    }

    /// The greys of a picture, 0 to 1.
    private func greys(_ bench: Bench, _ name: String) throws -> [Double] {
        try bench.shell("convert \(name) -depth 16 -endian LSB gray:- | od -An -v -tu2").split(whereSeparator: \.isWhitespace).compactMap { Double($0) }
            .map { $0 / 65_535 }
    }

    @Test("Rescaled values keep their fractions, and each kind of window is the standard's, on slopes of either sign")
    func windowFunctions() throws {
        let bench = try Bench()
        // As the uptake in PET: all of it lies between 0 and 4.
        let values = (0..<128).map { $0 * 32 }
        for (slope, intercept) in [(0.001, -0.5), (-0.001, 3.5)] {
            let rescaled = values.map { Double($0) * slope + intercept }
            let kinds: [(String, Double, Double, (Double) -> Double)] = [
                ("LINEAR", 1.5, 2.2, { ($0 - 1) / 1.2 + 0.5 }), ("LINEAR", 1, 0.5, { ($0 - 1) / 0.5 + 0.5 }),
                ("LINEAR_EXACT", 1.5, 2, { ($0 - 1.5) / 2 + 0.5 }), ("SIGMOID", 1.5, 2, { 1 / (1 + exp(-4 * ($0 - 1.5) / 2)) }),
            ]
            for (function, centre, width, grey) in kinds {
                let file = DICOMFixture.grey(values, width: 16, stored: 12).adding(
                    .text(0x0028, 0x1052, "DS", "\(intercept)"), .text(0x0028, 0x1053, "DS", "\(slope)"),
                    .text(0x0028, 0x1056, "CS", function), .text(0x0028, 0x1050, "DS", "\(centre)"), .text(0x0028, 0x1051, "DS", "\(width)"))
                try bench.write(file.file, "a.dcm")
                _ = try bench.finish("a.dcm", to: .png, [])
                let found = try greys(bench, "out/t")
                try #require(found.count == values.count)
                let off = zip(found, rescaled).map { abs($0 - min(1, max(0, grey($1)))) }.max() ?? 1
                #expect(off < 0.0005, "\(function) \(slope): \(off)")
                // A window asked for is seen by the same function; from smallest to largest is always a line.
                _ = try bench.finish("a.dcm", to: .png, [Action(DICOMReading(window: .minMax))])
                let least = rescaled.min() ?? 0, most = rescaled.max() ?? 1
                let line = zip(try greys(bench, "out/t"), rescaled).map { abs($0 - ($1 - least) / (most - least)) }.max() ?? 1
                #expect(line < 0.0005, "\(function) \(slope): \(line)")
            }
        }
    }

    @Test("Overlays stay out of the picture, and the highest of one bit is white")
    func overlays() throws {
        let bench = try Bench()
        let plain = DICOMFixture.grey(Self.tissue, width: 16, signed: true).adding(Self.soft[0], Self.soft[1])
        try bench.write(plain.file, "plain.dcm")
        _ = try bench.finish("plain.dcm", to: .png, [])
        let expected = try bench.bytes("out/t")
        let plane: [DICOMFixture.Element] = [
            .numbers(0x6000, 0x0010, "US", [8]), .numbers(0x6000, 0x0011, "US", [16]), .text(0x6000, 0x0040, "CS", "G"),
            .numbers(0x6000, 0x0050, "SS", [1, 1]), .numbers(0x6000, 0x0100, "US", [1]), .numbers(0x6000, 0x0102, "US", [0]),
            .numbers(0x6000, 0x3000, "OW", Array(repeating: 0x0FF0, count: 8)),
        ]
        try bench.write(plain.adding(plane).file, "overlay.dcm")
        try bench.shell("dcm2pnm +Wi 1 +on2 overlay.dcm theirs.png")
        _ = try bench.finish("overlay.dcm", to: .png, [])
        #expect(try bench.bytes("out/t") == expected)
        #expect(try bench.difference("theirs.png", "out/t") > 0.1, "which the other program draws")
        var bits = DICOMFixture.grey([0b1010_0101, 0b0000_1111], width: 2, stored: 1)
        bits.elements.removeAll { $0.group == 0x0028 && [0x0010, 0x0011, 0x0100].contains($0.tag) }
        let shape: [DICOMFixture.Element] = [
            .numbers(0x0028, 0x0010, "US", [4]), .numbers(0x0028, 0x0011, "US", [8]), .numbers(0x0028, 0x0100, "US", [1]),
        ]
        try bench.write(bits.adding(shape).file, "bits.dcm")
        _ = try bench.finish("bits.dcm", to: .png, [])
        #expect(try bench.shell("convert out/t -depth 8 gray:- | od -An -tu1 -N8").split(separator: " ") == ["255", "0", "255", "0", "0", "255", "0", "255"])
    }

    @Test("A file is told by its mark behind a preamble that is the head of a TIFF, and by its name where it has no preamble")
    func preambles() throws {
        let bench = try Bench()
        let plain = DICOMFixture.grey(Self.tissue, width: 16, signed: true).adding(Self.soft[0], Self.soft[1])
        try bench.write(plain.file, "plain.dcm")
        _ = try bench.finish("plain.dcm", to: .png, [])
        let expected = try bench.bytes("out/t")
        var headed = plain.file
        headed.replaceSubrange(0..<8, with: [0x49, 0x49, 42, 0, 8, 0, 2, 0])
        try bench.write(headed, "headed.dcm")
        try bench.write(headed, "headed")
        // From behind the preamble, the mark and the elements of group 2.
        let data = plain.file.dropFirst(132)
        let start = try #require(data.indices.first { data[$0...].starts(with: [8, 0, 0x16, 0, 0x55, 0x49]) })
        try bench.write(Array(data[start...]), "bare.dcm")
        for name in ["headed.dcm", "headed", "bare.dcm"] {
            _ = try bench.finish(name, to: .png, [])
            #expect(try bench.bytes("out/t") == expected, "\(name)")
        }
        try bench.shell("cp bare.dcm bare.bin")
        #expect(try reason(bench.run("bare.bin", to: .png, [])) == .notImage)
    }

    @Test("A frame's own window and rescaling end with it: the next without any has the file's")
    func ownWindowOfOneFrame() throws {
        let bench = try Bench()
        let values = Self.tissue.map { $0 + 1024 }
        let whole: [DICOMFixture.Element] = [
            .text(0x0028, 0x1050, "DS", "1500"), .text(0x0028, 0x1051, "DS", "3000"), .text(0x0028, 0x1056, "CS", "SIGMOID"),
        ]
        try bench.write(DICOMFixture.grey(values, width: 16, stored: 12).adding(whole[0], whole[1], whole[2]).file, "plain.dcm")
        _ = try bench.finish("plain.dcm", to: .png, [])
        let plain = try bench.bytes("out/t")
        let soft = DICOMFixture.grey(values, width: 16, stored: 12).adding(Self.soft[0], Self.soft[1], Self.rescaled[0], Self.rescaled[1])
        try bench.write(soft.file, "soft.dcm")
        _ = try bench.finish("soft.dcm", to: .png, [])
        let own = try bench.bytes("out/t")
        let empty = DICOMFixture()
        let group = empty.adding(sequence: 0x0028, 0x9132, Self.soft).adding(sequence: 0x0028, 0x9145, Self.rescaled).elements
        let file = DICOMFixture.grey(values + values + values, width: 16, stored: 12, frames: 3)
            .adding(whole[0], whole[1], whole[2]).adding(sequence: 0x5200, 0x9230, items: [[], group, []])
        try bench.write(file.file, "three.dcm")
        #expect(try bench.finish("three.dcm", to: .png, []).notes.isEmpty)
        #expect(try bench.bytes("out/t") == plain)
        #expect(try bench.bytes("out/t-2") == own, "without the file's SIGMOID")
        #expect(try bench.bytes("out/t-3") == plain)
    }

    @Test("A file that ends early, damaged pixels and a picture too large fail by their reasons")
    func damaged() throws {
        let bench = try Bench()
        let whole = DICOMFixture.grey(Self.tissue, width: 16, signed: true).file
        try bench.write(Array(whole.dropLast(40)), "short.dcm")
        #expect(try reason(bench.run("short.dcm", to: .png, [])) == .truncated)
        try bench.shell("\(chart) c.jpg && img2dcm -q c.jpg c.dcm")
        var bytes = try bench.bytes("c.dcm")
        for index in bytes.count / 2..<bytes.count / 2 + 400 { bytes[index] = UInt8(truncatingIfNeeded: index &* 37) }
        try bench.write(bytes, "broken.dcm")
        #expect(try reason(bench.run("broken.dcm", to: .png, [])) == .damaged)
        // Run lengths whose second half is said to lie outside of the file: the decoder would read other memory.
        try bench.write(DICOMFixture.grey(Self.tissue, width: 16, signed: true).file, "plain.dcm")
        try bench.shell("dcmcrle plain.dcm rle.dcm")
        var runs = try bench.bytes("rle.dcm")
        let head = try #require(runs.indices.first { runs[$0...].starts(with: [2, 0, 0, 0, 64, 0, 0, 0]) })
        runs.replaceSubrange((head + 8)..<(head + 12), with: [0, 0xFF, 0xFF, 0x7F])
        try bench.write(runs, "runs.dcm")
        #expect(try reason(bench.run("runs.dcm", to: .png, [])) == .damaged)
        #expect(try reason(bench.run("runs.dcm", to: .png, [], damage: .accept)) == .damaged)
        #expect(try bench.leftovers() == [])
        var limits = WorkLimits()
        limits.pixelsMax = 127
        try bench.write(whole, "large.dcm")
        #expect(try reason(bench.run("large.dcm", to: .png, [], limits: limits)) == .tooLarge)
    }
}
