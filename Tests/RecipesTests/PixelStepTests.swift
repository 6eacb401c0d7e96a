import JobModel
import Recipes
import SeededNumbers
import Testing

@Suite("What an action does to one picture")
struct PixelStepTests {
    private func steps(_ actions: [Action], _ width: Int, _ height: Int, orientation: Int = 1) throws -> [PixelStep] {
        try Recipe(actions: actions).steps(for: PictureFacts(width: width, height: height, orientation: orientation))
    }

    @Test("A picture that is already upright and small enough is left alone")
    func untouched() throws {
        #expect(try steps([.autoOrient, .shrink(.longSide(1600))], 1600, 1200).isEmpty)
        #expect(try steps([.shrink(.longSide(1600))], 1600, 1200, orientation: 6).isEmpty)
        #expect(try steps([.shrink(.percent(100)), .strip(.all)], 16, 12).isEmpty)
        let facts = PictureFacts(width: 5, height: 5, colourSpace: .grey)
        #expect(try Recipe(actions: [.greyscale, .flatten(background: .white)]).steps(for: facts).isEmpty)
    }

    @Test("A picture that is changed at all is turned upright first, and bounds count for the upright picture")
    func upright() throws {
        #expect(try steps([.autoOrient], 20, 10, orientation: 6) == [.orient(6)])
        #expect(
            try steps([.shrink(.box(width: 100, height: 400))], 800, 400, orientation: 8)
                == [.orient(8), .resize(width: 100, height: 200)])
        #expect(
            try steps([.rotate(.quarter), .shrink(.box(width: 100, height: 400))], 800, 400) == [
                .rotate(.quarter), .resize(width: 100, height: 200),
            ])
    }

    @Test("Shrinking never enlarges, stays inside its bound, touches it, and keeps the shape to a pixel")
    func shrinking() throws {
        var random = SeededNumbers(seed: 5)
        for _ in 0..<25_000 {
            let (width, height) = (1 + random.below(70_000), 1 + random.below(70_000))
            let (boxWidth, boxHeight) = (1 + random.below(5000), 1 + random.below(5000))
            let size = try Recipe(actions: [.shrink(.box(width: boxWidth, height: boxHeight))])
                .outputSize(for: PictureFacts(width: width, height: height))
            #expect(size.width <= min(width, boxWidth) && size.height <= min(height, boxHeight))
            #expect((width, height) == size || size.width == boxWidth || size.height == boxHeight)
            let exact = Double(size.width) * Double(height) / Double(width)
            let other = Double(size.height) * Double(width) / Double(height)
            #expect(
                size.width == 1 || size.height == 1 || abs(exact - Double(size.height)) <= 0.5
                    || abs(other - Double(size.width)) <= 0.5)
        }
    }

    @Test("Fit fills, contains or stays inside its box")
    func fitting() throws {
        let wide = (1000, 500)
        func fit(_ mode: Fit.Mode, enlarge: Bool = true, _ size: Int = 100) throws -> [PixelStep] {
            try steps([.fit(Fit(mode: mode, width: size, height: size, enlarge: enlarge))], wide.0, wide.1)
        }
        #expect(try fit(.cover) == [.resize(width: 200, height: 100), .cut(left: 50, top: 0, width: 100, height: 100)])
        #expect(try fit(.inside) == [.resize(width: 100, height: 50)])
        #expect(
            try fit(.contain) == [
                .resize(width: 100, height: 50), .place(left: 0, top: 25, width: 100, height: 100, background: .white),
            ])
        #expect(try fit(.cover, enlarge: false, 2000).isEmpty)
        #expect(try fit(.cover, enlarge: false, 600) == [.cut(left: 200, top: 0, width: 600, height: 500)])
        #expect(try fit(.inside, 2000) == [.resize(width: 2000, height: 1000)])
    }

    @Test("A crop stays inside the picture wherever it is asked for")
    func cropping() throws {
        #expect(
            try steps([.crop(Crop(width: .percent(50), height: .pixels(10), gravity: .southEast))], 100, 100) == [
                .cut(left: 50, top: 90, width: 50, height: 10)
            ])
        #expect(try steps([.crop(Crop(width: .pixels(500), height: .pixels(500)))], 100, 80).isEmpty)
        #expect(
            try steps([.crop(Crop(width: .pixels(50), height: .pixels(50), left: .pixels(80), top: .pixels(999)))], 100, 80)
                == [.cut(left: 80, top: 79, width: 20, height: 1)])
        #expect(
            try steps([.canvas(Canvas(width: .pixels(50), height: .pixels(120)))], 100, 80) == [
                .place(left: -25, top: 20, width: 50, height: 120, background: .white)
            ])
        #expect(
            try steps([.border(Border(width: .percent(10)))], 100, 80) == [
                .place(left: 10, top: 10, width: 120, height: 100, background: .black)
            ])
    }

    @Test("A hundred greedy actions end in numbers, not in a trap")
    func greedy() throws {
        let huge = Action.canvas(Canvas(width: .percent(10_000), height: .percent(10_000)))
        let border = Action.border(Border(width: .pixels(10_000_000)))
        let fit = Action.fit(Fit(mode: .cover, width: 10_000_000, height: 1))
        for last in [huge, border, fit] {
            let actions = Array(repeating: huge, count: 49) + Array(repeating: border, count: 49) + [fit, last]
            let size = try Recipe(actions: actions).outputSize(for: PictureFacts(width: Int(UInt32.max), height: 1))
            #expect(size.width > 0 && size.height > 0)
        }
    }
}
