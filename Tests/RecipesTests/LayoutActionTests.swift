import JobModel
import Recipes
import Testing
import Variables

@Suite("Layout and tone actions worked out for a picture")
struct LayoutActionTests {
    private let photo = PictureFacts(width: 600, height: 400, colourSpace: .srgb, dpi: 254)

    private func read(_ actions: String) throws(RecipeError) -> Recipe {
        try Recipe(parsing: FlowText.read("{actions: [\(actions)]}"), file: "recipe.yaml")
    }

    private func steps(_ actions: String, of picture: PictureFacts? = nil) throws -> [PixelStep] {
        let recipe = try read(actions)
        #expect(try Recipe(canonical: recipe.canonicalBytes) == recipe.resolved, "\(actions)")
        return try recipe.steps(for: picture ?? photo)
    }

    private func size(_ actions: String) throws -> String {
        let size = try read(actions).outputSize(for: photo)
        return "\(size.width)x\(size.height)"
    }

    private func refusal(_ actions: String) -> String {
        do {
            _ = try read(actions).steps(for: photo)
            return ""
        } catch {
            return "\(error)"
        }
    }

    @Test("Scale keeps the shape or not, follows one side, and never enlarges when told so")
    func scale() throws {
        #expect(try size("{scale: 300x300}") == "300x200")
        #expect(try size("{scale: 1200x1200}") == "1200x800")
        #expect(try size("{scale: {size: 300x300, constrain: no}}") == "300x300")
        #expect(try size("{scale: {size: 1200x1200, down-only: yes}}") == "600x400")
        #expect(try size("{scale: {size: 1200x100, constrain: no, down-only: yes}}") == "600x100")
        #expect(try size("{scale: {percent: 12.5}}") == "75x50")
        #expect(try size("{scale: {percent: 300, down-only: yes}}") == "600x400")
        #expect(try size("{scale: {width: \"max(width, height) / 2\"}}") == "300x200")
        #expect(try size("{scale: {height: 1cm}}") == "150x100")
        #expect(try steps("{scale: {width: \"max(width, 9)\", height: 2cm}}") == [.resize(width: 300, height: 200)])
        #expect(refusal("{scale: {percent: 10, width: 5}}").contains("scale takes either a size or percent"))
        #expect(refusal("scale").contains("scale needs size, width, height or percent"))
    }

    @Test("Fit takes free places, a bleed and lengths; canvas takes free places and no colour at all")
    func fitAndCanvas() throws {
        #expect(try steps("{fit: {size: 100x100, align-x: 0}}") == [.resize(width: 150, height: 100), .cut(left: 0, top: 0, width: 100, height: 100)])
        #expect(try steps("{fit: {size: 100x100, align-x: 80}}").last == .cut(left: 40, top: 0, width: 100, height: 100))
        #expect(
            try steps("{fit: {width: \"min(width, height)\", height: height, bleed: 10}}") == [
                .cut(left: 60, top: 40, width: 480, height: 320), .resize(width: 600, height: 400), .cut(left: 100, top: 0, width: 400, height: 400),
            ])
        #expect(
            try steps("{canvas: {size: 700x500, align-x: 25, align-y: 100, background: transparent}}")
                == [.layout(.place(left: 25, top: 100, width: 700, height: 500, .transparent))])
        #expect(
            try steps("{canvas: {size: 700x500, align-y: 0}}")
                == [.place(left: 50, top: 0, width: 700, height: 500, background: .white)])
    }

    @Test("Crop takes lengths off all sides or each; shares are of the side they lie along")
    func crop() throws {
        #expect(try steps("{crop: {mode: all, length: 10%}}") == [.cut(left: 60, top: 40, width: 480, height: 320)])
        #expect(try steps("{crop: {mode: sides, left: 1cm, bottom: 25%}}") == [.cut(left: 100, top: 0, width: 500, height: 300)])
        #expect(try steps("{crop: {mode: all, length: 0}}") == [])
        #expect(refusal("{crop: {mode: all, length: 50%}}").contains("leave nothing"))
        #expect(refusal("{crop: {mode: all}}").contains("crop needs length"))
        #expect(refusal("{crop: {mode: sides}}").contains("crop needs left, top, right or bottom"))
        #expect(refusal("{crop: {mode: auto, size: 8x6}}").contains("only with mode: size"))
        #expect(refusal("{crop: {size: 8x6, right: 1}}").contains("only with mode: sides"))
    }

    @Test("Behind an automatic crop the actions wait for the size it leaves, over all saves")
    func waiting() throws {
        let recipe = try read("{border: {width: 10}}, {crop: {mode: auto}}, {scale: 50x50}, invert, {save: {in: a}}, {crop: {mode: all, length: 10%}}, {save: {in: b}}")
        let stages = try recipe.stages(for: photo)
        #expect(stages[0].count == 4 && stages[1].count == 1)
        guard case .later(let first) = stages[0][2], case .later(let second) = stages[1][0] else {
            Issue.record("\(stages)")
            return
        }
        #expect(try first.steps(width: 200, height: 400, hasAlpha: false) == [.resize(width: 25, height: 50)])
        #expect(try second.steps(width: 30, height: 50, hasAlpha: false) == [.cut(left: 3, top: 5, width: 24, height: 40)])
        // The steps up to a save begin those up to the next.
        let short = try steps("{crop: {mode: auto}}, {scale: 50x50}")
        #expect(try steps("{crop: {mode: auto}}, {scale: 50x50}, greyscale").starts(with: short) && short.count == 2)
        #expect(throws: RecipeError.self) { try recipe.outputSize(for: photo) }
        #expect(try steps("{crop: {mode: auto, tolerance: 3, background: red}}")
            == [.layout(.trim(tolerance: 3, background: Colour(red: 255, green: 0, blue: 0)))])
    }

    @Test("Right angles stay exact turns and keep their canonical form; others make room or keep the size")
    func rotate() throws {
        #expect(try steps("{rotate: 90}") == [.rotate(.quarter)])
        #expect(try steps("{rotate: -90}") == [.rotate(.threeQuarters)])
        #expect(try steps("{rotate: 360}") == [])
        #expect(String(decoding: try read("{rotate: 180}").canonicalBytes, as: UTF8.self).contains("\nrotate degrees=180\n"))
        // 600 cos 30 + 400 sin 30 is 719.6; 600 sin 30 + 400 cos 30 is 646.4.
        #expect(try steps("{rotate: 30}") == [.layout(.turn(degrees: 30, width: 720, height: 647, .transparent))])
        #expect(
            try steps("{rotate: {degrees: -15, expand: no, background: black}}")
                == [.layout(.turn(degrees: 345, width: 600, height: 400, Backdrop(colour: .black)))])
        #expect(try read("{rotate: 90}, {transpose: transverse}").turnsWithoutLoss)
        #expect(try !read("{rotate: 89}").turnsWithoutLoss)
    }

    @Test("Transpose is made of flips and turns")
    func transpose() throws {
        #expect(try steps("transpose") == [])
        #expect(try steps("transpose", of: PictureFacts(width: 4, height: 3, orientation: 6)) == [.orient(6)])
        #expect(try steps("{transpose: transpose}") == [.flip(.horizontal), .rotate(.threeQuarters)])
        #expect(try size("{transpose: transverse}") == "400x600")
        #expect(try steps("{transpose: flip-vertical}") == [.flip(.vertical)])
    }

    @Test("A grid adds lines between copies, or keeps the number of pixels; tiles double; offsets wrap")
    func tiles() throws {
        #expect(try size("grid") == "1200x800")
        #expect(try size("{grid: {columns: 3, rows: 1, column-line: 1%}}") == "1812x400")
        #expect(try size("{grid: {columns: 2, rows: 2, keep-size: yes}}") == "600x400")
        #expect(try steps("{grid: {columns: 1, rows: 1, row-line: 5}}") == [])
        #expect(try size("{mirror: horizontal}") == "1200x400" && size("mirror") == "1200x800")
        #expect(try steps("{offset: {right: 110%, down: -1cm}}") == [.layout(.offset(right: 60, down: -100))])
        #expect(try steps("{offset: {right: 0, down: 100%}}") == [])
        // Grids of grids end where no picture can be.
        let grids = Array(repeating: "{grid: {columns: 100, rows: 100}}", count: 5).joined(separator: ", ")
        #expect(refusal(grids).contains("grid would make a side of"))
    }

    @Test("Perspective works out where corners go, makes room, and refuses what has no shape")
    func perspective() throws {
        #expect(try steps("perspective") == [])
        guard case .layout(.perspective(let corners, let width, let height, _))? = try steps("{perspective: {shear-x: 45}}").first else {
            Issue.record("no perspective")
            return
        }
        #expect((width, height) == (1000, 400))
        #expect(abs(corners.topLeft.x - 400) < 1e-6 && abs(corners.bottomLeft.x) < 1e-6 && abs(corners.topRight.x - 1000) < 1e-6)
        // Turned by 60 degrees, with the eye 1200 pixels away: the right side is 300 sin 60 deeper and so much smaller.
        guard case .layout(.perspective(let turned, _, let high, _))? = try steps("{perspective: {turn: 60}}").first else { return }
        let ratio = (turned.bottomRight.y - turned.topRight.y) / (turned.bottomLeft.y - turned.topLeft.y)
        #expect(abs(ratio - (1200 - 259.8) / (1200 + 259.8)) < 1e-3)
        #expect(high > 400)
        let moved = Quadrilateral(topLeft: Spot(x: 60, y: 0), topRight: Spot(x: 600, y: -20), bottomRight: Spot(x: 600, y: 400), bottomLeft: Spot(x: 0, y: 400))
        #expect(
            try steps("{perspective: {top-left-x: 10%, top-right-y: -20, expand: no, background: white}}")
                == [.layout(.perspective(moved, width: 600, height: 400, Backdrop(colour: .white)))])
        #expect(refusal("{perspective: {top-left-x: 700, top-left-y: 500}}").contains("no shape with four corners"))
        #expect(refusal("{perspective: {turn: 80, tilt: 80, shear-x: 80, shear-y: 80, distance: 60}}") != "")
    }

    @Test("Tones that have nothing to do leave the picture to be copied")
    func tones() throws {
        let clear = PictureFacts(width: 6, height: 4, hasAlpha: true, colourSpace: .grey)
        #expect(try steps("{background: red}") == [])
        #expect(try steps("{background: red}", of: clear) == [.tone(.background(Backdrop(colour: Colour(red: 255, green: 0, blue: 0))))])
        #expect(try steps("{background: {opacity: 50}}, {flatten: white}", of: clear).count == 2)
        #expect(try steps("desaturate, {saturation: 9}", of: clear) == [])
        #expect(try steps("{brightness: 0}, {contrast: 0}, {saturation: 0}") == [])
        #expect(try steps("{convert-mode: RGB}, {convert-mode: YCbCr}") == [])
        #expect(try steps("{convert-mode: LA}", of: clear) == [])
        #expect(try steps("{convert-mode: 1}, {convert-mode: L}").count == 2)
        // Colours a grey picture was given can be taken away again; alpha it was given be flattened.
        #expect(try steps("colorize, greyscale", of: clear).last == .greyscale)
        #expect(try steps("color-to-alpha, {flatten: white}").count == 2)
        #expect(try steps("{brightness: -40}, {posterize: 3}, {warm-up: {amount: 25}}").first == .tone(.brightness(-0.4)))
        #expect(refusal("{brightness: 101}").contains("-100 to 100"))
        #expect(refusal("{convert-mode: cmyk}, {save: png}").contains("cannot hold cmyk"))
        #expect(refusal("{convert-mode: cmyk}, invert, {save: png}") == "")
        #expect(try steps("{colour-to-alpha: {by: top-left}}, equalise") == steps("{color-to-alpha: {by: top-left}}, equalize"))
    }
}
