import JobModel
import Recipes
import Testing

@Suite("Filters and decorations in a recipe")
struct DecorationActionTests {
    private let photo = PictureFacts(width: 600, height: 400, dpi: 254)

    private func read(_ text: String) throws(RecipeError) -> Recipe {
        try Recipe(parsing: FlowText.read("{actions: [\(text)]}"), file: "recipe.yaml")
    }

    private func steps(_ text: String) throws -> [PixelStep] { try read(text).steps(for: photo) }

    private func size(_ text: String) throws -> String {
        let size = try read(text).outputSize(for: photo)
        return "\(size.width)x\(size.height)"
    }

    @Test("Lengths of decorations are worked out to pixels, each of its own side")
    func lengths() throws {
        #expect(
            try steps("{round: {radius: 1cm, corners: [top-left], background: transparent}}") == [
                .decoration(.round(RoundStep(radius: 100, corners: [.topLeft], background: .transparent)))
            ])
        #expect(try steps("{round: \"height\"}") == [.decoration(.round(RoundStep(radius: 200, background: .colour(.white))))])
        let shadow = ShadowStep(
            across: 12, down: -8, blur: 10, colour: .black, opacity: 0.7, border: 20, background: .colour(.white))
        #expect(try steps("{shadow: {y: \"-2%\", colour: black, opacity: 70}}") == [.decoration(.shadow(shadow))])
        #expect(try size("{shadow: {y: \"-2%\"}}") == "652x448")
        #expect(try size("{reflection: {depth: 25%, gap: 10}}") == "600x510")
        #expect(try size("{reflection: 900%}") == "600x800")
        #expect(try size("{contour: {size: 2, offset: 1%}}") == "614x414")
        #expect(try size("{tamogen: {tiles: a.png, width: 50%, height: 1in}}") == "300x254")
        #expect(try size("{imagemagick: {effect: wave, height: 5%}}") == "600x440")
        #expect(try size("{imagemagick: {effect: polaroid, angle: 0}}") == "\(600 + 50 + 12 * 0 + shadowRoom)x\(400 + 25 + 80 + shadowRoom)")
    }

    /// Of a shadow behind 650 x 505 pixels: a hundredth of both sides as offset and twice that on each side.
    private let shadowRoom = 11 + 4 * 11

    @Test("A border may differ on each side, be faint or lie inside")
    func border() throws {
        #expect(try steps("{border: {width: 10, left: 0}}") == [.place(left: 0, top: 10, width: 610, height: 420, background: .black)])
        let sides = FrameSides(left: 6, top: 6, right: 6, bottom: 60)
        #expect(
            try steps("{border: {width: 1%, bottom: 10%, opacity: 50, colour: white}}") == [
                .decoration(.frame(sides, colour: .white, opacity: 0.5))
            ])
        #expect(try size("{border: {width: 30, inside: yes}}") == "600x400")
        #expect(throws: RecipeError.self) { try read("{border: {width: 0}}") }
    }

    @Test("Percents become shares, and what says nothing has its defaults")
    func amounts() throws {
        #expect(try steps("{median: 5}") == [.filter(.rank(window: 5, share: 0.5, amount: 1))])
        #expect(try steps("minimum") == [.filter(.rank(window: 3, share: 0, amount: 1))])
        #expect(try steps("{rank: {rank: 80, amount: 25}}") == [.filter(.rank(window: 3, share: 0.8, amount: 0.25))])
        #expect(try steps("{effect: {filter: find-edges, repeat: 2}}") == [.filter(.effect(.findEdges, times: 2, amount: 1))])
        #expect(try steps("{imagemagick: sharpen}") == [.filter(.unsharp(sigma: 3, gain: 1, amount: 1))])
        #expect(throws: RecipeError.self) { try read("{median: {amount: 0}}") }
    }

    @Test("A window needs a middle")
    func evenWindow() {
        #expect { try read("{common: 4}") } throws: { "\($0)".contains("cannot be '4'; accepted: an odd number from 3 to 49") }
    }

    @Test("Effects that only ImageMagick makes are refused with what to use instead", arguments: ["bullet", "3d-edge", "pencil-sketch"])
    func refused(_ effect: String) {
        #expect { try read("{imagemagick: \(effect)}") } throws: {
            "\($0)".hasPrefix("recipe.yaml:") && "\($0)".contains("use command: {run: \"convert {in}")
        }
    }

    @Test("Texts have their variables filled in, and a file without them fails unless they have a default")
    func text() throws {
        func written(_ text: String) throws -> String? {
            for case .decoration(.text(let step, _)) in try steps(text) { return step.text }
            return nil
        }
        #expect(try written("{text: \"{width}x{height / 2}\"}") == "600x200")
        #expect(try written("{text: \"{exif:Artist|unknown}\"}") == "unknown")
        #expect { try steps("{text: \"{exif:Artist}\"}") } throws: { "\($0)".contains("text of text") && "\($0)".contains("exif:Artist") }
    }

    @Test("Shared files are found in the recipe and keep their place in its encoding")
    func assets() throws {
        let recipe = try read("{watermark: {file: marks/logo.png, width: 20%, turn: 90}}, {mask: oval.png}, highlight, {text: {text: a, font-file: f.ttf}}")
        #expect(recipe.assets.map(\.path) == ["marks/logo.png", "oval.png", "f.ttf"])
        #expect(try Recipe(canonical: recipe.canonicalBytes).assets.count == 3)
        guard case .decoration(.watermark(_, let mark))? = try recipe.steps(for: photo).first else {
            Issue.record("no watermark")
            return
        }
        #expect(mark == MarkStep(method: .offset, placement: Placement(gravity: .southEast, across: 12, down: 8), width: 120, turn: .quarter))
    }

    @Test("Lines wider than any picture are the file's failure, and say so")
    func bounds() throws {
        let wide = try read("{contour: {size: 5000}}")
        #expect { try wide.steps(for: photo) } throws: { "\($0)".contains("size of contour") && "\($0)".contains("at most 4096") }
        for action in ["shadow: {x: 1000000%}", "reflection: {gap: 9000000}", "tamogen: {tiles: a, width: 9000000}", "text: {text: a, size: 9000}"] {
            let recipe = try read("{\(action)}")
            #expect(throws: RecipeError.self) { try recipe.steps(for: photo) }
        }
    }
}
