@testable import Imaging
import Recipes
import Testing

@Suite("Decoration steps")
struct DecorationStepTests {
    private let red = Colour(red: 255, green: 0, blue: 0)
    private let grey = Colour(red: 100, green: 100, blue: 100)

    /// Two by two: 10 20, 30 40.
    private let four = Pixels(grey: [10, 20, 30, 40], width: 2)

    private static let spaces = Pixels.Space.allCases

    // MARK: Frames

    @Test("A frame may be as wide as one likes on each side", arguments: spaces)
    func frame(_ space: Pixels.Space) throws {
        let sides = FrameSides(left: 1, top: 0, right: 2, bottom: 1)
        let made = try four.spread(to: space).after { try $0.frame(sides, colour: grey, opacity: 1) }
        #expect(made == Pixels(grey: [100, 10, 20, 100, 100, 100, 30, 40, 100, 100, 100, 100, 100, 100, 100], width: 5).spread(to: space))
    }

    @Test("A frame that is not opaque gives the picture an alpha")
    func faintFrame() throws {
        let sides = FrameSides(left: 1, top: 0, right: 0, bottom: 0)
        let made = try Pixels(.colour, [1, 2, 3], width: 1, height: 1).after { try $0.frame(sides, colour: red, opacity: 0.6) }
        #expect(made == Pixels(.colour, width: 2, bands: 4, [255, 0, 0, 153, 1, 2, 3, 255]))
    }

    @Test("Sides below nothing are drawn over the picture")
    func innerFrame() throws {
        let picture = Pixels(.colour, [0, 0, 200], width: 4, height: 3)
        let sides = FrameSides(left: -1, top: -1, right: 0, bottom: 1)
        let made = try picture.after { try $0.frame(sides, colour: red, opacity: 0.4) }
        #expect(made.width == 4 && made.height == 4 && made.bands == 4)
        let blended = [102, 0, 120, 255]
        #expect(made[0, 0] == blended && made[3, 0] == blended && made[0, 2] == blended)
        #expect(made[1, 1] == [0, 0, 200, 255] && made[3, 2] == [0, 0, 200, 255])
        #expect(made[2, 3] == [255, 0, 0, 102])
        let whole = try picture.after {
            try $0.frame(FrameSides(left: -9, top: 0, right: -9, bottom: 0), colour: red, opacity: 1)
        }
        #expect(whole == Pixels(.colour, [255, 0, 0], width: 4, height: 3))
    }

    // MARK: Corners

    @Test("Corners become transparent, smoothly", arguments: [Pixels.Space.grey, .colour, .deepColour])
    func round(_ space: Pixels.Space) throws {
        let picture = Pixels(grey: Array(repeating: 50, count: 64), width: 8).spread(to: space)
        let made = try picture.after {
            try $0.round(RoundStep(radius: 4, background: .transparent))
        }
        let scale = space == .deepColour ? 257 : 1
        func alpha(_ x: Int, _ y: Int) -> Int { made[x, y][made.bands - 1] / scale }
        // The middle of the corner's pixel is 4.95 from that of the circle, its neighbour's 4.30, the next ones' 3.81 and 3.54.
        #expect(alpha(0, 0) == 0)
        #expect(alpha(1, 0) == 51)
        #expect(alpha(2, 0) == 176)
        #expect(alpha(3, 0) == 246)
        #expect(alpha(1, 1) == 246)
        #expect(alpha(4, 4) == 255)
        for (x, y) in [(0, 0), (1, 0), (2, 0), (3, 1)] {
            #expect(alpha(x, y) == alpha(7 - x, y) && alpha(x, y) == alpha(x, 7 - y) && alpha(x, y) == alpha(7 - x, 7 - y))
            #expect(alpha(x, y) == alpha(y, x))
        }
    }

    @Test("Corners show the background, those that are asked for", arguments: spaces)
    func roundOnBackground(_ space: Pixels.Space) throws {
        let picture = Pixels(grey: Array(repeating: 50, count: 16), width: 4).spread(to: space)
        let made = try picture.after {
            try $0.round(RoundStep(radius: 2, corners: [.topLeft, .bottomRight], style: .cross, background: .colour(.white)))
        }
        let expected = [255, 255, 50, 50, 255, 255, 50, 50, 50, 50, 255, 255, 50, 50, 255, 255]
        #expect(made == Pixels(grey: expected, width: 4).spread(to: space))
    }

    @Test("A corner is no larger than half the picture, and what was transparent stays so")
    func roundBounds() throws {
        let picture = Pixels(.colour, [9, 9, 9, 100], width: 4, height: 2)
        let made = try picture.after {
            try $0.round(RoundStep(radius: 900, style: .cross, background: .transparent))
        }
        #expect(made[0, 0][3] == 0 && made[1, 0][3] == 100 && made[3, 1][3] == 0)
        let faint = try picture.after {
            try $0.round(RoundStep(radius: 0, corners: [], opacity: 0.5, background: .transparent))
        }
        #expect(faint == Pixels(.colour, [9, 9, 9, 50], width: 4, height: 2))
    }

    // MARK: Shadows

    private func shadow(_ across: Int, _ down: Int, blur: Double = 0, border: Int = 0, background: Paint) -> ShadowStep {
        ShadowStep(
            across: across, down: down, blur: blur, colour: .black, opacity: 0.5, border: border, background: background)
    }

    @Test("A hard shadow on a background", arguments: spaces)
    func shadow(_ space: Pixels.Space) throws {
        let picture = Pixels(grey: [10, 20, 30, 40], width: 2).spread(to: space)
        let made = try picture.after { try $0.dropShadow(shadow(1, -1, border: 1, background: .colour(.white))) }
        #expect(made.width == 5 && made.height == 5)
        let expected = Pixels(
            grey: [255, 255, 255, 255, 255, 255, 255, 128, 128, 255, 255, 10, 20, 128, 255, 255, 30, 40, 255, 255] + [255, 255, 255, 255, 255],
            width: 5)
        // Half of 255 lies between two values.
        let difference = try #require(made.difference(to: expected.spread(to: space)))
        #expect(difference <= (space == .deepGrey || space == .deepColour ? 257 : 1))
    }

    @Test("A shadow without background is transparent where it is soft")
    func softShadow() throws {
        let picture = Pixels(.colour, [200, 0, 0], width: 9, height: 9)
        let made = try picture.after { try $0.dropShadow(shadow(0, 0, blur: 4, border: 6, background: .transparent)) }
        #expect(made.width == 21 && made.bands == 4)
        #expect(made[10, 10] == [200, 0, 0, 255])
        let fall = (0...6).map { made[$0, 10][3] }
        #expect(fall == fall.sorted() && fall[0] <= 1 && fall[5] > 40 && fall[5] < 64)
        #expect(made[5, 10].prefix(3) == [0, 0, 0])
        // The same shape as an alpha gives the same shadow.
        let shaped = try Pixels(.colour, [200, 0, 0, 255], width: 9, height: 9).after {
            try $0.dropShadow(shadow(0, 0, blur: 4, border: 6, background: .transparent))
        }
        #expect(try #require(shaped.difference(to: made)) <= 6)
    }

    @Test("What is transparent throws no shadow")
    func shapedShadow() throws {
        let picture = Pixels(.colour, width: 2, bands: 4, [10, 20, 30, 255, 0, 0, 0, 0])
        let made = try picture.after { try $0.dropShadow(shadow(0, 1, background: .transparent)) }
        #expect(made == Pixels(.colour, width: 2, bands: 4, [10, 20, 30, 255, 0, 0, 0, 0, 0, 0, 0, 128, 0, 0, 0, 0]))
    }

    // MARK: Reflections

    private func reflection(_ depth: Int, gap: Int, background: Paint, scales: Bool = false) -> ReflectionStep {
        ReflectionStep(depth: depth, gap: gap, opacity: 0.5, blur: 0, scales: scales, background: background)
    }

    @Test("The picture stands mirrored below, fading into the background", arguments: spaces)
    func reflect(_ space: Pixels.Space) throws {
        let made = try four.spread(to: space).after { try $0.reflect(reflection(2, gap: 1, background: .colour(.white))) }
        // Half of 30 and of white, then a quarter of 10.
        let expected = Pixels(grey: [10, 20, 30, 40, 255, 255, 143, 148, 194, 196], width: 2).spread(to: space)
        #expect(try #require(made.difference(to: expected)) <= (space == .deepGrey || space == .deepColour ? 257 : 1))
    }

    @Test("Without background the reflection is transparent; it is no deeper than the picture")
    func reflectTransparent() throws {
        let made = try four.spread(to: .colour).after { try $0.reflect(reflection(99, gap: 0, background: .transparent)) }
        #expect(made.height == 4 && made.bands == 4)
        #expect(made[0, 2] == [30, 30, 30, 128] && made[1, 3] == [20, 20, 20, 64])
        let half = try four.spread(to: .colour).after { try $0.reflect(reflection(1, gap: 0, background: .transparent, scales: true)) }
        #expect(half.height == 3 && half[0, 2][0] > 10 && half[0, 2][0] < 30)
        let none = try four.after { try $0.reflect(reflection(0, gap: 1, background: .colour(.white))) }
        #expect(none.values == [10, 20, 30, 40, 255, 255])
    }

    // MARK: Masks and gloss

    @Test("A mask makes transparent where it is dark, stretched over the picture")
    func mask() throws {
        let shape = Pixels(grey: [0, 255, 128, 64], width: 2)
        let made = try four.spread(to: .colour, alpha: 128).after { try $0.mask(with: try shape.image()) }
        #expect(stride(from: 3, to: 16, by: 4).map { made.values[$0] } == [0, 128, 64, 32])
        let deep = try four.spread(to: .deepColour).after { try $0.mask(with: try shape.image()) }
        #expect(stride(from: 3, to: 16, by: 4).map { deep.values[$0] } == [0, 65535, 128 * 257, 64 * 257])
        let large = try Pixels(grey: Array(repeating: 7, count: 36), width: 6).after { try $0.mask(with: try shape.image()) }
        #expect(large.width == 6 && large.bands == 2 && large[0, 0][1] < large[5, 0][1])
        // A transparent shape says as much as a dark one; of colours the lightness counts.
        let clear = Pixels(.colour, [255, 255, 255, 0], width: 1, height: 1)
        #expect(try four.after { try $0.mask(with: try clear.image()) }[0, 0][1] == 0)
    }

    @Test("A gloss lies over what is not transparent", arguments: spaces)
    func highlight(_ space: Pixels.Space) throws {
        let gloss = Pixels(.colour, [255, 255, 255, 102], width: 2, height: 2)
        let made = try four.spread(to: space).after { try $0.highlight(with: try gloss.image(), opacity: 0.5) }
        // A fifth of white.
        let expected = Pixels(grey: [59, 67, 75, 83], width: 2).spread(to: space)
        #expect(try #require(made.difference(to: expected)) <= (space == .deepGrey || space == .deepColour ? 257 : 2))
        let hidden = Pixels(.colour, [0, 0, 0, 0], width: 2, height: 2)
        #expect(try hidden.after { try $0.highlight(with: try gloss.image(), opacity: 1) }.values.allSatisfy { $0 == 0 })
    }

    // MARK: Contours

    @Test("A line around an opaque picture, with a filled space between")
    func contourOfRectangle() throws {
        let step = ContourStep(size: 1, offset: 1, colour: .black, fill: red, opacity: 1, showsPicture: true)
        let made = try Pixels(.colour, [1, 2, 3], width: 1, height: 1).after { try $0.contour(step) }
        #expect(made.width == 5 && made.height == 5 && made.bands == 3)
        #expect(made[0, 2] == [0, 0, 0] && made[1, 2] == [255, 0, 0] && made[2, 2] == [1, 2, 3])
        var hollow = step
        hollow.showsPicture = false
        hollow.opacity = 0
        let line = try Pixels(.colour, [1, 2, 3], width: 1, height: 1).after { try $0.contour(hollow) }
        #expect(line[0, 0] == [0, 0, 0, 255] && line[2, 2][3] == 0 && line[1, 1][3] == 0)
    }

    @Test("A line follows the shape of what is not transparent", arguments: [Pixels.Space.colour, .deepColour, .grey])
    func contourOfShape(_ space: Pixels.Space) throws {
        var picture = Pixels(grey: [90], width: 1).spread(to: space, alpha: 255)
        let full = picture.values.last ?? 0
        let step = ContourStep(size: 2, offset: 1, colour: .black, fill: .white, opacity: 1, showsPicture: true)
        let made = try picture.after { try $0.contour(step) }
        #expect(made.width == 7)
        let alpha = made.bands - 1
        #expect(made[3, 3] == picture.values)
        // Beside the dot white, farther out black; nothing in the corners.
        #expect(made[2, 3][0] == full && made[2, 3][alpha] == full)
        #expect(made[1, 3][0] == 0 && made[1, 3][alpha] == full)
        #expect(made[0, 3][0] == 0 && made[0, 3][alpha] == full)
        #expect(made[0, 0][alpha] == 0)
        picture.values[alpha] = 0
        let nothing = try picture.after { try $0.contour(step) }
        #expect(stride(from: alpha, to: nothing.values.count, by: nothing.bands).allSatisfy { nothing.values[$0] == 0 })
    }

    @Test("A soft edge ends where it is half as opaque")
    func softShape() throws {
        let row = Pixels(grey: [255, 100, 60, 30, 0, 0, 0, 0], width: 8)
        let grown = try Pixels(of: try DistanceField(to: try row.image()).grown(by: 2))
        #expect(grown.values.prefix(4).allSatisfy { $0 >= 253 } && grown.values[4...].allSatisfy { $0 <= 2 })
    }

    // MARK: Marks

    private let mark = Pixels(.colour, width: 2, bands: 4, [200, 200, 200, 255, 0, 0, 0, 0])

    @Test("A mark stands where it is put, and its transparent pixels show the picture", arguments: spaces)
    func watermark(_ space: Pixels.Space) throws {
        let picture = Pixels(grey: Array(repeating: 40, count: 12), width: 4)
        func expect(_ placement: Placement, opacity: Double = 1, turn: QuarterTurn? = nil, _ value: Int, at places: [Int]) throws {
            let made = try picture.spread(to: space).after {
                try $0.watermark(with: try mark.image(), MarkStep(method: .offset, placement: placement, turn: turn, opacity: opacity))
            }
            var expected = picture
            for place in places { expected.values[place] = value }
            let difference = try #require(made.difference(to: expected.spread(to: space)))
            // Inks are worked out through a profile.
            if space != .ink { #expect(difference <= (space == .deepGrey || space == .deepColour ? 257 : 1), "\(made)") }
        }
        try expect(Placement(gravity: .northWest), 200, at: [0])
        try expect(Placement(gravity: .southEast), 200, at: [10])
        try expect(Placement(gravity: .southEast, across: 1, down: 1), 200, at: [5])
        try expect(Placement(gravity: .centre), opacity: 0.5, 120, at: [5])
        try expect(Placement(gravity: .northEast), turn: .quarter, 200, at: [3])
        try expect(Placement(gravity: .northEast), turn: .half, 200, at: [3])
        // Outside on the left only what is transparent is left.
        try expect(Placement(gravity: .northWest, across: -1), 200, at: [])
    }

    @Test("A colour is the colour it names in the space of the picture's profile; black and white stay themselves")
    func colourByProfile() throws {
        func frame(_ picture: Pixels, _ profile: String, _ colour: Colour) throws -> [Int] {
            try picture.after(profile: profile) {
                try $0.frame(FrameSides(left: 1, top: 0, right: 0, bottom: 0), colour: colour, opacity: 1)
            }[0, 0]
        }
        let grey = [100, 100, 100]
        for (space, alpha) in [(Pixels.Space.colour, false), (.colour, true), (.deepColour, false)] {
            let scale = space == .deepColour ? 257 : 1
            let picture = Pixels(space, (grey + (alpha ? [255] : [])).map { $0 * scale }, width: 1, height: 1)
            // sRGB's red is #ea3323 in Display P3.
            let red = try frame(picture, "p3", Colour(red: 255, green: 0, blue: 0))
            #expect(zip(red, [0xEA, 0x33, 0x23, 255]).allSatisfy { abs($0 - $1 * scale) <= 2 * scale }, "\(red)")
            #expect(try frame(picture, "p3", .white).prefix(3).allSatisfy { $0 == 255 * scale })
            #expect(try frame(picture, "p3", .black).prefix(3).allSatisfy { $0 == 0 })
        }
        let ink = Pixels(.ink, [10, 20, 30, 40], width: 1, height: 1)
        #expect(try frame(ink, "cmyk", .white) == [0, 0, 0, 0])
        let black = try frame(ink, "cmyk", .black)
        #expect(black[3] > 150 && black.prefix(3).allSatisfy { $0 < 255 }, "\(black)")
    }

    @Test("A mark larger than the picture is made no larger than the picture")
    func hugeMark() throws {
        let picture = Pixels(grey: Array(repeating: 40, count: 12), width: 4)
        for (gravity, across) in [(Gravity.centre, 0), (.northWest, -20_000), (.southEast, -20_000)] {
            let made = try picture.after {
                try $0.watermark(
                    with: try Pixels(.colour, [200, 200, 200], width: 2, height: 2).image(),
                    MarkStep(method: .offset, placement: Placement(gravity: gravity, across: across), width: 60_000))
            }
            #expect(made.values.allSatisfy { $0 == 200 })
        }
        let outside = try picture.after {
            try $0.watermark(
                with: try Pixels(.colour, [200, 200, 200], width: 2, height: 2).image(),
                MarkStep(method: .offset, placement: Placement(gravity: .northWest, across: 4)))
        }
        #expect(outside == picture)
    }

    @Test("A mark on inks is inks, of the same lightness")
    func watermarkOfInk() throws {
        let picture = Pixels(.ink, [0, 0, 0, 0], width: 2, height: 1)
        let made = try picture.after {
            try $0.watermark(
                with: try Pixels(.colour, [0, 0, 0], width: 1, height: 1).image(),
                MarkStep(method: .offset, placement: Placement(gravity: .northWest)))
        }
        #expect(made.bands == 4 && made[1, 0] == [0, 0, 0, 0])
        #expect(made[0, 0].reduce(0, +) > 400, "\(made)")
        // What the mark was converted by is not said to be the picture's profile.
        var rendering = Rendering(try picture.image())
        try rendering.watermark(
            with: try Pixels(.colour, [0, 0, 0], width: 1, height: 1).image(),
            MarkStep(method: .offset, placement: Placement(gravity: .northWest)))
        #expect(!rendering.image.has("icc-profile-data"))
    }

    @Test("A mark is repeated over the picture, or brought to its size")
    func watermarkMethods() throws {
        let picture = Pixels(grey: Array(repeating: 40, count: 10), width: 5)
        let tiled = try picture.after {
            try $0.watermark(with: try mark.image(), MarkStep(method: .tile, placement: Placement(gravity: .centre)))
        }
        #expect(tiled.values == [200, 40, 200, 40, 200, 200, 40, 200, 40, 200])
        let even = Pixels(.colour, [200, 200, 200], width: 1, height: 1)
        let scaled = try picture.after {
            try $0.watermark(with: try even.image(), MarkStep(method: .scale, placement: Placement(gravity: .west), opacity: 0.5))
        }
        #expect(scaled.values == [40, 120, 120, 40, 40, 40, 120, 120, 40, 40])
        let wide = try picture.after {
            try $0.watermark(with: try even.image(), MarkStep(method: .offset, placement: Placement(gravity: .northEast), width: 2))
        }
        #expect(wide.values == [40, 40, 40, 200, 200, 40, 40, 40, 200, 200])
    }

    @Test("A mark on a transparent picture is opaque itself")
    func watermarkOnTransparent() throws {
        let picture = Pixels(.colour, [9, 9, 9, 0], width: 2, height: 1)
        let made = try picture.after {
            try $0.watermark(with: try mark.image(), MarkStep(method: .offset, placement: Placement(gravity: .northWest)))
        }
        #expect(made[0, 0] == [200, 200, 200, 255] && made[1, 0][3] == 0)
    }

    // MARK: Texts

    private func text(_ text: String, gravity: Gravity = .northWest, size: Double = 20) -> TextStep {
        TextStep(text: text, font: "DejaVu Sans", size: size, colour: red, placement: Placement(gravity: gravity))
    }

    @Test("A text stands in its colour at its place and nowhere else", arguments: spaces)
    func write(_ space: Pixels.Space) throws {
        let picture = Pixels(grey: Array(repeating: 250, count: 3200), width: 80).spread(to: space)
        let made = try picture.after { try $0.write(text("I", gravity: .southEast)) }
        let background = picture[0, 0]
        #expect(made[79, 39] != background && made[79, 30] == made[79, 39] && made[70, 39] == background && made[79, 20] == background)
        if space == .colour {
            let large = try picture.after { try $0.write(text("I", size: 40)) }
            #expect((0..<10).contains { large[$0, 15] == [255, 0, 0] })
        }
        let lying = try picture.after {
            var step = text("I", gravity: .southEast)
            step.turn = .quarter
            try $0.write(step)
        }
        #expect(lying[70, 39] != background && lying[79, 30] == background)
        #expect(try picture.after { try $0.write(text(" \n ")) } == picture)
    }

    @Test("A text may hold what Pango takes for marks")
    func writeMarks() throws {
        let picture = Pixels(.colour, [255, 255, 255], width: 300, height: 40)
        let made = try picture.after { try $0.write(text("<b> & \u{1} \"x\" &amp;")) }
        #expect(made != picture)
        let plain = try picture.after { try $0.write(text("b")) }
        let bold = try picture.after { try $0.write(text("<b>b</b>")) }
        #expect(plain != bold)
    }

    @Test("Lines around the letters and shadows below them")
    func writeOutlined() throws {
        let picture = Pixels(.colour, [255, 255, 255], width: 40, height: 40)
        var step = text("I", gravity: .centre)
        let plain = try picture.after { try $0.write(step) }
        step.outline = 2
        step.outlineColour = Colour(red: 0, green: 0, blue: 255)
        let outlined = try picture.after { try $0.write(step) }
        let inked = (0..<40).filter { plain[$0, 20] != [255, 255, 255] }
        let left = try #require(inked.first)
        #expect(outlined[left - 1, 20] == [0, 0, 255] && outlined[left - 3, 20] == [255, 255, 255])
        #expect(outlined[left + 1, 20] == plain[left + 1, 20])
        step.outline = 0
        step.shadow = 4
        let shadowed = try picture.after { try $0.write(step) }
        let right = try #require(inked.last)
        #expect(shadowed[right + 3, 20][0] < 128 && shadowed[left - 2, 20] == [255, 255, 255])
    }

    // MARK: Mosaics

    @Test("Each cell shows the tile most like it, in the cell's colour")
    func mosaic() throws {
        var picture = Pixels(.colour, [10, 10, 10], width: 4, height: 2)
        for place in [2, 3, 6, 7] { picture.values.replaceSubrange((place * 3)..<(place * 3 + 3), with: [220, 220, 200]) }
        let dark = Pixels(.colour, width: 2, bands: 3, [0, 0, 0, 40, 40, 40, 0, 0, 0, 40, 40, 40])
        let light = Pixels(.colour, [200, 200, 200], width: 2, height: 2)
        let made = try picture.after {
            try $0.mosaic(of: [try light.image(), try dark.image()], columns: 2, rows: 1, width: 4, height: 2)
        }
        #expect(made[0, 0] == [0, 0, 0] && made[1, 1] == [20, 20, 20])
        #expect(made[2, 0] == [220, 220, 200] && made[3, 1] == [220, 220, 200])
    }

    @Test("Cells fill any canvas, of any picture", arguments: spaces)
    func mosaicSizes(_ space: Pixels.Space) throws {
        let picture = Pixels(grey: Array(repeating: 77, count: 30), width: 5).spread(to: space)
        let tile = Pixels(.colour, [100, 100, 100], width: 3, height: 3)
        let made = try picture.after { try $0.mosaic(of: [try tile.image()], columns: 3, rows: 9, width: 7, height: 11) }
        #expect(made.width == 7 && made.height == 11)
        let scale = space == .deepGrey || space == .deepColour ? 257 : 1
        #expect(made.space == (picture.bands == 1 ? .grey : .colour) && made == Pixels(made.space, made[0, 0], width: 7, height: 11))
        if space != .ink { #expect(abs(made.values[0] - picture.values[0] / scale) <= 1) }
    }

    // MARK: Headers

    @Test("Profile and resolution stay")
    func header() throws {
        let profile: [UInt8] = [1, 2, 3]
        let gloss = try Pixels(.colour, [255, 255, 255, 102], width: 2, height: 2).image()
        let step = ContourStep(size: 1, offset: 1, colour: .black, fill: red, opacity: 0.5, showsPicture: true)
        let steps: [(inout Rendering) throws -> Void] = [
            { try $0.frame(FrameSides(left: 1, top: -1, right: 1, bottom: 1), colour: .black, opacity: 0.5) },
            { try $0.round(RoundStep(radius: 1, corners: [.topLeft], background: .colour(.white))) },
            { try $0.dropShadow(shadow(1, 1, blur: 2, border: 2, background: .colour(.white))) },
            { try $0.dropShadow(shadow(1, 1, blur: 2, border: 2, background: .transparent)) },
            { try $0.reflect(reflection(1, gap: 1, background: .colour(.white))) }, { try $0.reflect(reflection(1, gap: 1, background: .transparent)) },
            { try $0.mask(with: gloss) }, { try $0.highlight(with: gloss, opacity: 1) }, { try $0.contour(step) },
            { try $0.watermark(with: gloss, MarkStep(method: .tile, placement: Placement(gravity: .centre))) },
            { try $0.watermark(with: gloss, MarkStep(method: .offset, placement: Placement(gravity: .centre))) },
            { try $0.write(text("x")) }, { try $0.mosaic(of: [gloss], columns: 1, rows: 1, width: 3, height: 3) },
        ]
        for (index, step) in steps.enumerated() {
            for picture in [four.spread(to: .colour), four.spread(to: .deepColour, alpha: 200), four.spread(to: .grey)] {
                var rendering = Rendering(try picture.image(profile: profile))
                try step(&rendering)
                #expect(rendering.image.blob("icc-profile-data") == profile, "step \(index)")
                #expect(rendering.image.resolution == (3, 3), "step \(index)")
            }
        }
    }
}
