import CVips
@testable import Imaging
import Recipes
import Testing

@Suite("Filter steps")
struct FilterStepTests {
    /// A bright dot on dark, and a step of brightness.
    private let dot = Pixels(grey: [10, 10, 10, 10, 10, 10, 10, 10, 10, 10, 10, 10, 200, 10, 10] + Array(repeating: 10, count: 10), width: 5)
    private let ramp = Pixels(grey: [0, 50, 100, 150, 200, 250], width: 3)

    /// Every form a picture comes in without inks.
    private static let forms: [(Pixels.Space, Int?)] = [
        (.grey, nil), (.grey, 255), (.deepGrey, nil), (.deepGrey, 255), (.colour, nil), (.colour, 255), (.deepColour, nil),
        (.deepColour, 255),
    ]

    @Test("Least, middle and greatest of a window", arguments: forms)
    func rank(_ space: Pixels.Space, alpha: Int?) throws {
        func expect(_ share: Double, _ values: [Int]) throws {
            let made = try ramp.spread(to: space, alpha: alpha).after { try $0.rank(window: 3, share: share, amount: 1) }
            #expect(made == Pixels(grey: values, width: 3).spread(to: space, alpha: alpha))
        }
        // Rows 0 50 100 and 150 200 250, their edges repeated outwards.
        try expect(0, [0, 0, 50, 0, 0, 50])
        try expect(0.5, [50, 100, 100, 150, 150, 200])
        try expect(1, [200, 250, 250, 200, 250, 250])
    }

    @Test(
        "A rank is that of the sorted window, whatever its size", arguments: [5, 7, 11, 13],
        [Pixels.Space.grey, .colour, .deepGrey, .deepColour])
    func wideRank(window: Int, _ space: Pixels.Space) throws {
        let (width, height) = (14, 9)
        let bands = space == .colour || space == .deepColour ? 3 : 1
        let top = space == .deepGrey || space == .deepColour ? 65_536 : 256
        // Values without order, and no two rows alike.
        let picture = Pixels(space, width: width, bands: bands, (0..<(width * height * bands)).map { ($0 * $0 * 7919 + 13 * $0) % top })
        let reach = window / 2
        func sorted(_ x: Int, _ y: Int, _ band: Int) -> [Int] {
            var values: [Int] = []
            for row in (y - reach)...(y + reach) {
                for column in (x - reach)...(x + reach) {
                    values.append(picture[min(max(column, 0), width - 1), min(max(row, 0), height - 1)][band])
                }
            }
            return values.sorted()
        }
        for share in [0, 0.1, 0.5, 0.75, 1] {
            let index = Int(Double(window * window - 1) * share)
            let made = try picture.after { try $0.rank(window: window, share: share, amount: 1) }
            for y in 0..<height {
                for x in 0..<width {
                    #expect(made[x, y] == (0..<bands).map { sorted(x, y, $0)[index] }, "\(share) at \(x), \(y)")
                }
            }
        }
    }

    @Test("Least ink is most light")
    func rankOfInk() throws {
        let ink = ramp.spread(to: .ink)
        let least = try ink.after { try $0.rank(window: 3, share: 0, amount: 1) }
        #expect(least == Pixels(grey: [0, 0, 50, 0, 0, 50], width: 3).spread(to: .ink))
    }

    @Test("A window may be larger than the picture")
    func largeWindow() throws {
        let made = try ramp.after { try $0.rank(window: 9, share: 1, amount: 1) }
        #expect(made.values == Array(repeating: 250, count: 6))
    }

    @Test("An amount blends the filtered over the picture", arguments: forms)
    func amount(_ space: Pixels.Space, alpha: Int?) throws {
        let made = try ramp.spread(to: space, alpha: alpha).after { try $0.rank(window: 3, share: 1, amount: 0.5) }
        let expected = Pixels(grey: [100, 150, 175, 175, 225, 250], width: 3).spread(to: space, alpha: alpha)
        #expect(try #require(made.difference(to: expected)) <= 1)
    }

    @Test("The colour below transparent pixels does not come out")
    func transparent() throws {
        // A black opaque pixel beside a transparent red one.
        let picture = Pixels(.colour, width: 2, bands: 4, [0, 0, 0, 255, 255, 0, 0, 0])
        let blurred = try picture.after { try $0.effect(.blur, times: 1, amount: 1) }
        #expect(blurred[0, 0].prefix(3) == [0, 0, 0] && blurred[1, 0].prefix(3) == [0, 0, 0])
        #expect(blurred[0, 0][3] > 0 && blurred[0, 0][3] < 255)
        let greatest = try picture.after { try $0.rank(window: 3, share: 1, amount: 1) }
        #expect(greatest == Pixels(.colour, width: 2, bands: 4, [0, 0, 0, 255, 0, 0, 0, 255]))
    }

    @Test("The most frequent value wins, the lowest of several, and what stands there twice does not")
    func common() throws {
        let picture = Pixels(grey: [1, 1, 1, 2, 2, 2, 9, 9, 9], width: 3)
        let made = try picture.after { try $0.common(window: 3, amount: 1) }
        // In the middle each stands three times; in a corner of the first row 1 and 2 twice each.
        #expect(made.values == [1, 1, 1, 2, 1, 2, 9, 2, 9])
        let dotted = try dot.spread(to: .colour).after { try $0.common(window: 3, amount: 1) }
        #expect(dotted.values.allSatisfy { $0 == 10 })
        // A window of 17 values a side takes the other way of counting.
        let wide = try dot.after { try $0.common(window: 17, amount: 1) }
        #expect(wide.values.allSatisfy { $0 == 10 })
    }

    @Test("Values of 16 bits count by their upper half and give the average of those that won")
    func commonOfDeep() throws {
        let picture = Pixels(.deepGrey, width: 3, bands: 1, [0x1000, 0x1001, 0x1008, 0x5000, 0x10F0, 0x6000, 0x7000, 0x8000, 0x9000])
        let made = try picture.after { try $0.common(window: 3, amount: 1) }
        #expect(made[1, 1] == [(0x1000 + 0x1001 + 0x1008 + 0x10F0 + 2) / 4])
        #expect(made[2, 2] == [0x9000])
    }

    @Test("Effects are Pillow's kernels, upright", arguments: PixelEffect.allCases)
    func effects(_ effect: PixelEffect) throws {
        let made = try dot.after { try $0.effect(effect, times: 1, amount: 1) }
        // What Pillow 9.4 makes of the dot: it in the middle, beside it, above it, and below it to the left.
        let expected: (middle: Int, beside: Int, below: Int) =
            switch effect {
            case .blur: (10, 10, 10)
            case .contour: (255, 65, 65)
            case .detail: (255, 0, 10)
            case .edgeEnhance: (255, 0, 0)
            case .edgeEnhanceMore: (255, 0, 0)
            case .emboss: (255, 128, 128)
            case .findEdges: (255, 0, 0)
            case .smooth: (83, 25, 25)
            case .smoothMore: (94, 20, 20)
            case .sharpen: (255, 0, 0)
            }
        #expect(made[2, 2] == [expected.middle])
        #expect(made[1, 2] == [expected.beside])
        #expect(made[1, 3] == [expected.below])
        let colour = try dot.spread(to: .deepColour, alpha: 255).after { try $0.effect(effect, times: 1, amount: 1) }
        #expect(try #require(colour.difference(to: made.spread(to: .deepColour, alpha: 255))) <= 257)
    }

    @Test("An embossed dot throws its shadow up to the right")
    func emboss() throws {
        let made = try dot.after { try $0.effect(.emboss, times: 1, amount: 1) }
        #expect(made[3, 1] == [0] && made[1, 1] == [128] && made[3, 3] == [128])
    }

    @Test("Repeating an effect does it again")
    func repeated() throws {
        let twice = try dot.after { try $0.effect(.smooth, times: 2, amount: 1) }
        let again = try dot.after { try $0.effect(.smooth, times: 1, amount: 1) }.after { try $0.effect(.smooth, times: 1, amount: 1) }
        #expect(twice == again && twice[2, 2][0] < 83)
    }

    @Test("Solarizing turns values around from the threshold on", arguments: forms)
    func solarize(_ space: Pixels.Space, alpha: Int?) throws {
        let picture = Pixels(grey: [0, 127, 128, 255], width: 4).spread(to: space, alpha: alpha)
        let made = try picture.after { try $0.solarize(threshold: 128, amount: 1) }
        #expect(made == Pixels(grey: [0, 127, 127, 0], width: 4).spread(to: space, alpha: alpha))
        let half = try picture.after { try $0.solarize(threshold: 128, amount: 0.5) }
        let expected = Pixels(grey: [0, 127, 128, 128], width: 4).spread(to: space, alpha: alpha)
        #expect(try #require(half.difference(to: expected)) <= 257)
    }

    @Test("An even picture becomes white paper, a dark line a dark stroke")
    func sketch() throws {
        let even = Pixels(.colour, [80, 80, 80], width: 8, height: 8)
        let paper = try even.after { try $0.sketch(details: 1, amount: 1) }
        #expect(paper.space == .grey && paper.values.allSatisfy { $0 >= 252 })
        var line = Pixels(grey: Array(repeating: 200, count: 81), width: 9)
        for y in 0..<9 { line.values[y * 9 + 4] = 50 }
        for (space, alpha) in Self.forms {
            let made = try line.spread(to: space, alpha: alpha).after { try $0.sketch(details: 1, amount: 1) }
            let full = space == .deepGrey || space == .deepColour ? 65535 : 255
            #expect(made[4, 4][0] < full / 2 && made[0, 4][0] > full * 9 / 10)
            #expect(made.bands == (alpha == nil ? 1 : 2))
            let half = try line.spread(to: space, alpha: alpha).after { try $0.sketch(details: 1, amount: 0.5) }
            #expect(half.bands == line.spread(to: space, alpha: alpha).bands)
        }
    }

    @Test("A steeper curve keeps the middle and both ends")
    func sigmoid() throws {
        let picture = Pixels(.deepColour, width: 5, bands: 3, [0, 16384, 32768, 49152, 65535].flatMap { [$0, $0, $0] })
        let made = try picture.after { try $0.contrastSigmoid(factor: 5, middle: 0.5, amount: 1) }
        #expect(made[0, 0] == [0, 0, 0] && made[4, 0] == [65535, 65535, 65535])
        #expect(abs(made[2, 0][0] - 32768) <= 2)
        #expect(made[1, 0][0] < 12000 && made[3, 0][0] > 53000)
    }

    @Test("An unsharp mask makes the dark side darker and the bright side brighter", arguments: [Pixels.Space.grey, .ink, .deepColour])
    func unsharp(_ space: Pixels.Space) throws {
        let edge = Pixels(grey: [50, 50, 50, 50, 200, 200, 200, 200], width: 8).spread(to: space)
        let made = try edge.after { try $0.unsharp(sigma: 1, gain: 1, amount: 1) }
        let scale = space == .deepColour ? 257 : 1
        let (dark, bright) = space == .ink ? (made[4, 0][0], made[3, 0][0]) : (made[3, 0][0], made[4, 0][0])
        #expect(dark < 50 * scale && bright > 200 * scale)
    }

    @Test("A surface of one colour keeps it under every blur", arguments: [1, 3, 8, 40.0])
    func flatBlur(sigma: Double) throws {
        for picture in [
            Pixels(.colour, [100, 150, 201], width: 9, height: 7), Pixels(.colour, [100, 150, 201, 128], width: 9, height: 7),
            Pixels(.deepGrey, [40_000], width: 9, height: 7), Pixels(.ink, [10, 0, 128, 250], width: 9, height: 7),
        ] {
            #expect(try picture.after { try $0.apply(.blur(sigma: sigma)) } == picture)
        }
    }

    @Test("A blur is a Gaussian, and transparent pixels give it no colour")
    func blur() throws {
        var values = [Int](repeating: 0, count: 21 * 21)
        values[10 * 21 + 10] = 60_000
        let made = try Pixels(.deepGrey, width: 21, bands: 1, values).after { try $0.apply(.blur(sigma: 2)) }
        // The middle of a Gaussian of sigma 2 in the plane is 1 / (2 pi sigma^2) = 0.0398.
        #expect(abs(made[10, 10][0] - 2387) < 60, "\(made[10, 10])")
        #expect(abs(made[12, 10][0] - 1448) < 60 && made[12, 10] == made[10, 12], "\(made[12, 10])")
        let edge = Pixels(.colour, width: 2, bands: 4, [200, 100, 50, 255, 0, 0, 0, 0])
        let soft = try edge.after { try $0.apply(.blur(sigma: 1)) }
        #expect(soft[0, 0].prefix(3) == [200, 100, 50] && soft[1, 0].prefix(3) == [200, 100, 50])
        #expect(soft[0, 0][3] < 255 && soft[1, 0][3] > 0)
    }

    @Test("Sharpening leaves opacity alone, takes no halo from what is not seen, and inks stay the inks they are")
    func sharpen() throws {
        // Two greys side by side, then nothing, black below one half of it and white below the other.
        let row = [100, 100, 100, 140, 140, 140].flatMap { [$0, $0, $0, 255] } + [0, 0, 0, 0] + [255, 255, 255, 0]
        for deep in [false, true] {
            let picture = Pixels(.rgb, width: 8, alpha: true, deep: deep, (row + row + row).map { deep ? $0 * 257 : $0 })
            let made = try picture.after { try $0.apply(.sharpen(sigma: 1)) }
            let scale = deep ? 257 : 1
            #expect((0..<8).allSatisfy { made[$0, 1][3] == picture[$0, 1][3] })
            #expect(made[2, 1][0] < 100 * scale && made[3, 1][0] > 140 * scale)
            #expect(abs(made[5, 1][0] - 140 * scale) <= 2 * scale, "\(made)")
        }
        let inks = [50, 0, 200, 10, 50, 0, 200, 10, 90, 0, 200, 10, 90, 0, 200, 10]
        let ink = Pixels(.ink, width: 4, bands: 4, inks)
        let deepInk = try Pixels(.deepColour, width: 4, bands: 4, inks.map { $0 * 257 }).image().interpreted(as: VIPS_INTERPRETATION_CMYK)
        for (scale, picture) in [(1, try ink.image()), (257, deepInk)] {
            var rendering = Rendering(picture)
            try rendering.apply(.sharpen(sigma: 1))
            let made = try Pixels(of: rendering.image)
            #expect(made[1, 0][0] < 50 * scale && made[2, 0][0] > 90 * scale, "\(made)")
            let others = zip([0, 200, 10], 1...3).allSatisfy { level, band in (0..<4).allSatisfy { abs(made[$0, 0][band] - level * scale) < scale } }
            #expect(others, "\(made)")
        }
        let profile: [UInt8] = [1, 2, 3]
        var rendering = Rendering(try ink.image(profile: profile))
        try rendering.apply(.sharpen(sigma: 1))
        #expect(rendering.image.blob("icc-profile-data") == profile)
    }

    @Test("Profile and resolution stay, inks stay inks where they can")
    func header() throws {
        let profile: [UInt8] = [1, 2, 3]
        let steps: [(inout Rendering) throws -> Void] = [
            { try $0.rank(window: 3, share: 0, amount: 0.5) }, { try $0.common(window: 3, amount: 1) },
            { try $0.effect(.sharpen, times: 2, amount: 0.5) }, { try $0.effect(.findEdges, times: 1, amount: 1) },
            { try $0.solarize(threshold: 100, amount: 0.5) }, { try $0.unsharp(sigma: 2, gain: 1, amount: 1) },
            { try $0.softBlur(sigma: 2, amount: 0.5) }, { try $0.contrastSigmoid(factor: 3, middle: 0.5, amount: 1) },
        ]
        for (index, step) in steps.enumerated() {
            for picture in [dot.spread(to: .colour), dot.spread(to: .deepColour, alpha: 200)] {
                var rendering = Rendering(try picture.image(profile: profile))
                try step(&rendering)
                #expect(rendering.image.blob("icc-profile-data") == profile, "step \(index)")
                #expect(rendering.image.resolution == (3, 3), "step \(index)")
            }
            let ink = try dot.spread(to: .ink).after(step)
            #expect(ink.bands == 4 || [3, 4, 7].contains(index), "step \(index)")
        }
    }
}
