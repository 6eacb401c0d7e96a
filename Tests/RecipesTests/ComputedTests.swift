import JobModel
import Recipes
import Testing
import Variables

@Suite("What is worked out for each picture")
struct ComputedTests {
    private func read(_ text: String) throws(RecipeError) -> Recipe { try Recipe(parsing: FlowText.read(text), file: "recipe.yaml") }

    private let photo = PictureFacts(width: 600, height: 400, dpi: 254)

    @Test("Lengths take units, shares and arithmetic over the picture as the actions before left it")
    func lengths() throws {
        #expect(try read("{actions: [{border: {width: 1cm}}]}").outputSize(for: photo) == (800, 600))
        #expect(try read("{actions: [{canvas: {width: width + 10, height: \"min(width, height) / 2\"}}]}").outputSize(for: photo) == (610, 200))
        #expect(try read("{actions: [{shrink: 300}, {canvas: {width: 50% + 1px, height: height}}]}").outputSize(for: photo) == (151, 200))
        #expect(try read("{actions: [{crop: {width: 1in, height: 25.4mm}}]}").outputSize(for: photo) == (254, 254))
    }

    @Test("A length that comes out as none is the file's failure, and says what came out")
    func unanswered() throws {
        let recipe = try read("{actions: [{border: {width: 300 - width}}]}")
        #expect { try recipe.steps(for: photo) } throws: { "\($0)".contains("'300-width' comes out as -300 pixels") }
        let tagged = try read("{actions: [{border: {width: \"exif:FNumber * 2\"}}]}")
        #expect { try tagged.steps(for: photo) } throws: { "\($0)".contains("the file has no exif:FNumber") }
        #expect(tagged.variables == [Variable(.tag(.exif, name: "FNumber"))])
    }

    @Test(
        "Arithmetic that gives no length for any file is refused where it stands",
        arguments: ["-5", "1 / 0", "pow(10, 60)", "sqrt(0 - 1)", "99999999999999999999", "10000001px", "5 - 5"])
    func constants(_ text: String) {
        #expect { try read("{actions: [{scale: {width: \"\(text)\"}}]}") } throws: { "\($0)".hasPrefix("recipe.yaml:1:28: width cannot be '\(text)'") }
    }

    @Test("Arithmetic over numbers alone that gives a length is taken", arguments: ["2 * 3", "0.4", "max(1, 5) + 2px"])
    func soundConstants(_ text: String) throws {
        _ = try read("{actions: [{scale: {width: \"\(text)\"}}]}")
    }

    @Test("More pixels than a job allows are refused before any is made, those on the way to a smaller result too")
    func tooManyPixels() throws {
        var photo = photo
        photo.pixelsMax = 600 * 400
        func expect(_ actions: String, _ text: String) throws {
            let recipe = try read("{actions: \(actions)}")
            #expect { try recipe.steps(for: photo) } throws: {
                guard case .tooManyPixels? = ($0 as? RecipeError)?.problem else { return false }
                return "\($0)".hasPrefix(text)
            }
        }
        try expect("[{canvas: 1000000x1000000}]", "canvas would make a picture of 1000000 x 1000000 pixels; the limit is 240000 pixels")
        try expect("[{grid: {columns: 2, rows: 1}}, {shrink: 10}]", "grid would make a picture of 1200 x 400 pixels")
        try expect("[{fit: {size: 10x400, mode: cover}}, {fit: {size: 700x10, mode: cover}}]", "fit would make a picture of 700 x")
        #expect(try read("{actions: [{canvas: 400x600}, {rotate: 90}]}").outputSize(for: photo) == (600, 400))
    }

    @Test("A slip in arithmetic is told with its place and the nearest name")
    func slips() {
        #expect {
            try read("{actions: [{border: {width: \"min(widht, 5)\"}}]}")
        } throws: { "\($0)".hasPrefix("recipe.yaml:1:29:") && "\($0)".contains("did you mean 'width'?") }
    }

    @Test("Each save ends a stage; the next goes on from there, and a turn is made once, where it is first needed")
    func stages() throws {
        let recipe = try read("{actions: [{save: {in: master}}, {shrink: 200}, {save: {in: web}}, {shrink: 20}, {save: {name: \"{stem}_t.{ext}\"}}]}")
        #expect(recipe.saves.count == 3)
        let turned = PictureFacts(width: 400, height: 600, orientation: 6)
        #expect(
            try recipe.stages(for: turned) == [[], [.orient(6), .resize(width: 200, height: 133)], [.resize(width: 20, height: 13)]])
        #expect(try Recipe(canonical: recipe.canonicalBytes) == recipe.resolved)
        #expect(!recipe.isIdentity)
    }

    @Test("Texts of any kind survive the canonical encoding")
    func texts() throws {
        let recipe = Recipe(actions: [.shrink(.longSide(9)), .save(Save(name: "a b\\c {stem} é\u{1F642}\n=.jpg", folder: "x y"))])
        #expect(try Recipe(canonical: recipe.canonicalBytes) == recipe.resolved)
        #expect(recipe.canonicalBytes.allSatisfy { $0 < 0x7F })
    }
}
