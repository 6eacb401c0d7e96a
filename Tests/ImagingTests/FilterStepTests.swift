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
