@testable import Imaging
import Recipes
import Testing

@Suite("Tone steps on pictures written down by hand")
struct ToneStepTests {
    private let grey = Pixels(.grey, width: 5, [0, 64, 128, 192, 255])
    /// The same with colours that have to stay where nothing is seen.
    private let rgba = Pixels(.rgb, width: 2, alpha: true, [255, 0, 0, 255, 10, 20, 30, 128])

    private func after(_ pixels: Pixels, _ step: ToneStep) throws -> [Int] { try pixels.after { try $0.apply(step) }.values }

    @Test("Invert turns values over, by an amount, and leaves alpha")
    func invert() throws {
        #expect(try after(grey, .invert(amount: 1)) == [255, 191, 127, 63, 0])
        #expect(try after(grey, .invert(amount: 0.25)) == [64, 96, 128, 160, 191])
        // Half a negative is one grey, in each pixel.
        let all = Pixels(.grey, width: 256, Array(0...255))
        #expect(try after(all, .invert(amount: 0.5)).allSatisfy { $0 == 128 })
        #expect(try after(rgba, .invert(amount: 1)) == [0, 255, 255, 255, 245, 235, 225, 128])
        let deep = Pixels(.rgb, width: 1, deep: true, [0, 1, 65_000])
        #expect(try deep.after { try $0.apply(.invert(amount: 1)) } == Pixels(.rgb, width: 1, deep: true, [65_535, 65_534, 535]))
    }

    @Test("Brightness fades to black and white")
    func brightness() throws {
        #expect(try after(grey, .brightness(-0.5)) == [0, 32, 64, 96, 128])
        #expect(try after(grey, .brightness(0.5)) == [128, 160, 192, 224, 255])
        #expect(try after(grey, .brightness(-1)) == [0, 0, 0, 0, 0])
        #expect(try after(rgba, .brightness(1)) == [255, 255, 255, 255, 255, 255, 255, 128])
    }

    @Test("Contrast goes to one grey and to black and white")
    func contrast() throws {
        #expect(try after(grey, .contrast(-1)) == [128, 128, 128, 128, 128])
        #expect(try after(grey, .contrast(1)) == [0, 0, 255, 255, 255])
        #expect(try after(grey, .contrast(0.2)) == [0, 48, 128, 208, 255])
        #expect(try after(grey, .contrast(-0.25)) == [32, 80, 128, 176, 223])
    }

    @Test("Posterize spreads its levels over the whole range")
    func posterise() throws {
        #expect(try after(grey, .posterise(levels: 2, amount: 1)) == [0, 0, 255, 255, 255])
        #expect(try after(grey, .posterise(levels: 4, amount: 1)) == [0, 85, 170, 255, 255])
        #expect(try after(grey, .posterise(levels: 256, amount: 1)) == grey.values)
        let deep = Pixels(.grey, width: 3, deep: true, [0, 32_767, 32_768])
        #expect(try after(deep, .posterise(levels: 2, amount: 1)) == [0, 0, 65_535])
    }

    @Test("Desaturate and saturation move colours along their grey, by Rec. 709")
    func saturation() throws {
        // 0.2126 of 255 is 54; 0.2126 * 10 + 0.7152 * 20 + 0.0722 * 30 is 18.6.
        #expect(try after(rgba, .desaturate(amount: 1)) == [54, 54, 54, 255, 19, 19, 19, 128])
        #expect(try after(rgba, .saturation(-1)) == [54, 54, 54, 255, 19, 19, 19, 128])
        #expect(try after(rgba, .desaturate(amount: 0.5)) == [155, 27, 27, 255, 14, 19, 24, 128])
        // 18.596 + (10 - 18.596) / 0.3 is below 0; 23.3; 56.6.
        #expect(try after(rgba, .saturation(1)) == [255, 0, 0, 255, 0, 23, 57, 128])
        #expect(try after(grey, .saturation(1)) == grey.values)
        #expect(try after(grey, .desaturate(amount: 1)) == grey.values)
    }

    @Test("Auto contrast stretches each component or all as one")
    func autoContrast() throws {
        let dull = Pixels(.rgb, width: 3, [50, 100, 120, 60, 120, 124, 100, 200, 140])
        #expect(try after(dull, .autoContrast(cutoff: 0, .each, amount: 1)) == [0, 0, 0, 51, 51, 51, 255, 255, 255])
        // 50 to 200 becomes 0 to 255.
        #expect(try after(dull, .autoContrast(cutoff: 0, .together, amount: 1)) == [0, 85, 119, 17, 119, 126, 85, 255, 153])
        #expect(try after(dull, .autoContrast(cutoff: 0, .together, amount: 0)) == dull.values)
        let flat = Pixels(.grey, width: 2, [80, 80])
        #expect(try after(flat, .autoContrast(cutoff: 0, .each, amount: 1)) == [80, 80])
        // A tenth off either end of ten pixels is one.
        let ends = Pixels(.grey, width: 10, [0, 100, 100, 100, 108, 108, 108, 120, 120, 255])
        #expect(try after(ends, .autoContrast(cutoff: 0.1, .each, amount: 1)) == [0, 0, 0, 0, 102, 102, 102, 255, 255, 255])
        let deep = Pixels(.grey, width: 3, deep: true, [1000, 2001, 3000])
        #expect(try after(deep, .autoContrast(cutoff: 0, .each, amount: 1)) == [0, 32_800, 65_535])
    }

    @Test("Colours that nobody sees have no say in a histogram")
    func hiddenColours() throws {
        let hidden = Pixels(.grey, width: 3, alpha: true, [0, 0, 100, 255, 200, 255])
        #expect(try after(hidden, .autoContrast(cutoff: 0, .each, amount: 1)) == [0, 0, 0, 255, 255, 255])
        #expect(try after(hidden, .equalise(.each, amount: 1)) == [0, 0, 0, 255, 255, 255])
    }

    @Test("Equalize gives each value its rank")
    func equalise() throws {
        // Ranks at or below, less the darkest pixel: 0, 1/4, 3/4 (two pixels), 1.
        let picture = Pixels(.grey, width: 5, [10, 20, 30, 30, 250])
        #expect(try after(picture, .equalise(.each, amount: 1)) == [0, 64, 191, 191, 255])
        let deep = Pixels(.grey, width: 5, deep: true, [10, 20, 30, 30, 250])
        #expect(try after(deep, .equalise(.together, amount: 1)) == [0, 16_384, 49_151, 49_151, 65_535])
        #expect(try after(Pixels(.grey, width: 2, [9, 9]), .equalise(.each, amount: 1)) == [9, 9])
    }

    @Test("Colorize puts two colours for black and white, of grey and of colour pictures")
    func colourise() throws {
        let (black, white) = (Colour(red: 10, green: 20, blue: 30), Colour(red: 210, green: 220, blue: 130))
        let made = try grey.after { try $0.apply(.colourise(black: black, white: white, amount: 1)) }
        #expect(made.form == .rgb && !made.isDeep)
        #expect(made.values == [10, 20, 30, 60, 70, 55, 110, 120, 80, 161, 171, 105, 210, 220, 130])
        // Red counts for 54: 10 + 200 * 54 / 255.
        #expect(try after(rgba, .colourise(black: black, white: white, amount: 1)) == [52, 62, 51, 255, 25, 35, 37, 128])
        let deep = Pixels(.grey, width: 1, deep: true, [65_535])
        let lit = try deep.after { try $0.apply(.colourise(black: black, white: white, amount: 1)) }
        #expect(lit == Pixels(.rgb, width: 1, deep: true, [210 * 257, 220 * 257, 130 * 257]))
        // Half of it over white and black.
        let half = Pixels(.grey, width: 2, [0, 255])
        #expect(try after(half, .colourise(black: black, white: white, amount: 0.5)) == [5, 10, 15, 233, 238, 193])
    }

    @Test("Warm up colours the middle and leaves black and white")
    func warmUp() throws {
        let made = try after(grey, .warmUp(midtone: Colour(red: 191, green: 128, blue: 64), brighten: 0, amount: 1))
        #expect(Array(made[0..<3]) == [0, 0, 0] && Array(made[12...]) == [255, 255, 255])
        // The middle becomes the colour itself: 128 + 4 (191 / 255 - 0.5) * 128 * 127 / 255.
        #expect(abs(made[6] - 191) <= 1 && abs(made[7] - 129) <= 1 && abs(made[8] - 64) <= 1)
    }

    @Test("A background goes under what is transparent; half a background stays half transparent")
    func background() throws {
        let picture = Pixels(.rgb, width: 2, alpha: true, [200, 100, 0, 255, 200, 100, 0, 0])
        let blue = Colour(red: 0, green: 0, blue: 255)
        let solid = try picture.after { try $0.apply(.background(Backdrop(colour: blue))) }
        #expect(solid == Pixels(.rgb, width: 2, [200, 100, 0, 0, 0, 255]))
        let half = Backdrop(colour: blue, opacity: 0.4)
        #expect(try after(picture, .background(half)) == [200, 100, 0, 255, 0, 0, 255, 102])
        // 0.5 + 0.4 * 0.5 is 0.7; five parts of the picture and two of blue.
        let mixed = Pixels(.rgb, width: 1, alpha: true, deep: true, [35_000, 7000, 0, 32_768])
        let made = try after(mixed, .background(half))
        #expect(abs(made[0] - 25_000) <= 2 && abs(made[1] - 5000) <= 2 && abs(made[2] - 18_724) <= 2 && abs(made[3] - 45_875) <= 1)
    }

    @Test("Colour to alpha takes a colour out: on that colour the picture is as before")
    func colourToAlpha() throws {
        let picture = Pixels(.rgb, width: 4, [255, 255, 255, 0, 0, 0, 255, 127, 127, 102, 204, 255])
        let made = try picture.after { try $0.apply(.colourToAlpha(.value(.white))) }
        #expect(made.bands == 4)
        #expect(Array(made.values[0..<4])[3] == 0)
        #expect(Array(made.values[4..<8]) == [0, 0, 0, 255])
        // As far from white as the component that is farthest: 128 of 255.
        #expect(Array(made.values[8..<12]) == [255, 0, 0, 128])
        #expect(made.values[15] == 153)
        let again = try made.after { try $0.apply(.background(Backdrop(colour: .white))) }
        #expect(again.difference(to: picture) ?? 255 <= 1)
        // Of a grey picture, grey stays; the corner's colour is found; a colour takes a grey picture to RGB.
        #expect(try Pixels(.grey, width: 2, [255, 51]).after { try $0.apply(.colourToAlpha(.value(.white))) }
            == Pixels(.grey, width: 2, alpha: true, [255, 0, 0, 204]))
        let corner = try Pixels(.grey, width: 2, [100, 100, 0, 100]).after { try $0.apply(.colourToAlpha(.bottomLeft)) }
        #expect(corner.values[5] == 0 && corner.values[1] == 100)
        let coloured = try grey.after { try $0.apply(.colourToAlpha(.value(Colour(red: 255, green: 0, blue: 0)))) }
        #expect(coloured.form == .rgb && coloured.bands == 4)
        let deep = try Pixels(.grey, width: 1, deep: true, [13_107]).after { try $0.apply(.colourToAlpha(.value(.white))) }
        #expect(deep == Pixels(.grey, width: 1, alpha: true, deep: true, [0, 52_428]))
    }

    @Test("Modes: components and alpha as named, 16 bits kept where the mode has them")
    func modes() throws {
        let deep = Pixels(.rgb, width: 1, alpha: true, deep: true, [65_535, 0, 0, 32_768])
        let expected: [(PixelMode, Pixels.Form, Int, Bool)] = [
            (.bilevel, .grey, 1, false), (.grey, .grey, 1, true), (.greyWithAlpha, .grey, 2, true), (.rgb, .rgb, 3, true),
            (.rgbWithAlpha, .rgb, 4, true), (.ycbcr, .rgb, 3, true), (.cmyk, .cmyk, 4, false), (.palette, .rgb, 4, false),
        ]
        for (mode, form, bands, isDeep) in expected {
            for picture in [deep, Pixels(.rgb, width: 1, [255, 0, 0]), Pixels(.grey, width: 1, [99]), Pixels(.cmyk, width: 1, [0, 255, 255, 0])] {
                let made = try picture.after { try $0.apply(.mode(mode, dithers: true)) }
                #expect(made.form == form, "\(mode) of \(picture)")
                #expect(made.bands == (mode == .palette && picture != deep ? 3 : bands), "\(mode) of \(picture)")
                #expect(made.isDeep == (isDeep && picture.isDeep), "\(mode) of \(picture)")
            }
        }
        // Without alpha the picture lies on white: half of red.
        let rgb = try after(deep, .mode(.rgb, dithers: true))
        #expect(rgb[0] == 65_535 && abs(rgb[1] - 32_767) <= 1)
        #expect(try after(Pixels(.grey, width: 1, [99]), .mode(.rgbWithAlpha, dithers: true)) == [99, 99, 99, 255])
    }

    @Test("Black and white is cut at the middle, or dithered to the same mean")
    func bilevel() throws {
        #expect(try after(grey, .mode(.bilevel, dithers: false)) == [0, 0, 255, 255, 255])
        let flat = Pixels(.grey, width: 16, [Int](repeating: 64, count: 256))
        let dithered = try after(flat, .mode(.bilevel, dithers: true))
        #expect(dithered.allSatisfy { $0 == 0 || $0 == 255 })
        #expect(abs(dithered.reduce(0, +) / 256 - 64) <= 6)
        // By hand: 100 is black and 7/16 of its error make 100 + 43 white, whose error of -112 makes 100 - 49 black.
        #expect(try after(Pixels(.grey, width: 3, [100, 100, 100]), .mode(.bilevel, dithers: true)) == [0, 255, 0])
    }

    @Test("A palette leaves 256 colours at most")
    func palette() throws {
        let many = Pixels(.rgb, width: 64, (0..<(64 * 16)).flatMap { [$0 % 256, $0 / 4, $0 * 7 % 256] })
        let made = try after(many, .mode(.palette, dithers: false))
        #expect(Set(stride(from: 0, to: made.count, by: 3).map { Array(made[$0..<($0 + 3)]) }).count <= 256)
        #expect(Set(stride(from: 0, to: made.count, by: 3).map { Array(made[$0..<($0 + 3)]) }).count > 100)
    }

    private static let steps: [ToneStep] = [
        .autoContrast(cutoff: 0, .each, amount: 1), .background(Backdrop(colour: .black, opacity: 0.5)), .brightness(0.2),
        .contrast(0.2), .desaturate(amount: 0.5), .equalise(.together, amount: 1), .invert(amount: 1),
        .posterise(levels: 4, amount: 1), .saturation(0.5),
        .colourToAlpha(.value(.white)), .colourise(black: .black, white: .white, amount: 1),
        .warmUp(midtone: .black, brighten: 0.5, amount: 0.5), .mode(.rgb, dithers: true),
    ]

    @Test("The profile stays with values it still explains, and goes where the picture was taken to sRGB")
    func profile() throws {
        let picture = Pixels(.rgb, width: 2, [200, 30, 40, 50, 160, 70])
        for (number, step) in Self.steps.enumerated() {
            _ = try picture.after(profile: "p3") {
                try $0.apply(step)
                #expect($0.image.has("icc-profile-data") == (number < 9), "\(step)")
            }
        }
        let red = try picture.after(profile: "p3") { try $0.apply(.mode(.rgb, dithers: true)) }
        #expect(red.values[0] > 210, "P3 is wider, so the same colour has more red in sRGB")
    }

    @Test("Every form of pixels goes through every step; CMYK comes out as sRGB that looks like it")
    func forms() throws {
        let pictures = [
            Pixels(.grey, width: 2, [10, 250]), Pixels(.grey, width: 2, alpha: true, [10, 255, 250, 9]),
            Pixels(.rgb, width: 1, alpha: true, deep: true, [1, 2, 3, 4]), Pixels(.cmyk, width: 2, [0, 0, 0, 0, 0, 0, 0, 255]),
        ]
        for step in Self.steps { for picture in pictures { _ = try after(picture, step) } }
        let inks = try pictures[3].after { try $0.apply(.invert(amount: 1)) }
        #expect(inks.form == .rgb && inks.bands == 3)
        // Paper becomes black, and black ink light.
        #expect(inks.values[0] < 10 && inks.values[3] > 180)
    }
}
