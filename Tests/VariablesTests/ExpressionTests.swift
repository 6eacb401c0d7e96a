import Testing
import Variables

@Suite struct ExpressionTests {
    private let context = ExpressionContext(
        values: VariableValues(
            plain: [.width: .number(400), .height: .number(300), .stem: .text("dsc 01"), .index: .number(7), .year: .number(2024)],
            tags: [
                "exif:FNumber": "f/5.6", "exif:ExposureTime": "1/250", "exif:Model": "X100", "exif:DateTimeOriginal": "2024:02:29 07:05:09",
                "xmp:dc:title": "Sea",
            ]),
        side: 200, dpi: 300)

    @Test(arguments: [
        ("min(width, height) / 2", 150.0), ("2.54cm", 300), ("25.4 mm + 10px", 310), ("10%", 20), ("-5 + 2 * 3", 1), ("(1+2)*3", 9),
        ("72pt", 300), ("1 inch", 300), ("1in/1cm", 2.54), ("exif:FNumber * 2", 11.2), ("1 / exif:ExposureTime", 250),
        ("round(7 / 2)", 4), ("pow(2, 10)", 1024), ("pow(2,-1)", 0.5), ("max(1,2,3)", 3), ("exif:DateTimeOriginal.weekday", 4),
        ("8-4-2", 2), ("--3", 3), ("abs(3-8)", 5),
    ])
    func `arithmetic follows the usual rules`(text: String, wanted: Double) throws {
        #expect(abs(try Expression(text).number(in: context) - wanted) < 1e-9)
    }

    @Test(arguments: [
        "", "1 +", "width height", "2cm * 3cm", "2 / 3cm", "stem + 1", "widht", "import os", "__class__", "1..2", "(1", "1)", "sqrt()",
        "pow(1)", "5 furlongs", "exif:", "exif:DateTimeOriginal.season", "upper(3)", "0x10", "1e9", "nan", "width.year", "a=b", "'x'",
    ])
    func `what is no expression is refused when it is read`(text: String) {
        #expect(throws: VariableError.self) { try Expression(text) }
    }

    @Test func `brackets within brackets end at a level`() {
        let deep = String(repeating: "(", count: 200) + "1" + String(repeating: ")", count: 200)
        #expect(throws: VariableError.self) { try Expression(deep) }
        #expect(throws: VariableError.self) { try Expression(String(repeating: "-", count: 400) + "1") }
    }

    @Test func `a wrong name is told with the nearest right one`() {
        #expect {
            try Expression("min(widht, 5)")
        } throws: { "\($0)".contains("at character 5") && "\($0)".contains("did you mean 'width'?") }
    }

    @Test func `no result is an error, not a number`() {
        #expect(throws: VariableError.noResult("a division by zero")) { try Expression("1 / (width - 400)").number(in: context) }
        #expect(throws: VariableError.self) { try Expression("sqrt(-1)").number(in: context) }
        #expect(throws: VariableError.notANumber(Variable(.tag(.exif, name: "Model")), value: "X100")) {
            try Expression("exif:Model + 1").number(in: context)
        }
    }

    @Test(arguments: [
        ("{stem}_{width}x{height}", "dsc 01_400x300"), ("{index:04}", "0007"), ("{width / 3}", "133.3333"), ("{{a}}", "{a}"),
        ("{exif:Artist|unknown} {exif:DateTimeOriginal.year}", "unknown 2024"), ("{exif:DateTimeOriginal.month}", "02"),
        ("{exif:DateTimeOriginal.monthname}", "February"), ("{xmp:dc:title}", "Sea"), ("{upper(stem)}", "DSC 01"), ("{title(stem)}", "Dsc 01"),
        ("{exif:Artist|}", ""), ("plain", "plain"), ("{year}", "2024"), ("{exif:ExposureTime}", "1/250"),
    ])
    func `texts are filled in`(text: String, wanted: String) throws {
        #expect(try TextTemplate(text).rendered(in: context) == wanted)
    }

    @Test func `a missing tag without a default is an error that names it`() throws {
        let template = try TextTemplate("(c) {exif:Artist}")
        #expect(throws: VariableError.missing(Variable(.tag(.exif, name: "Artist")))) { try template.rendered(in: context) }
    }

    @Test(arguments: ["{", "}", "{a", "{stem:04}", "{width:99}", "{width:x}", "{}", "{width}}", "{{width}"])
    func `braces must match`(text: String) {
        #expect(throws: VariableError.self) { try TextTemplate(text) }
    }

    /// Any bytes end in an expression or an error, and what is read renders or says why not.
    @Test func `random texts never trap`() {
        var state: UInt64 = 42
        func next(_ count: Int) -> Int {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return Int(state >> 33) % count
        }
        let pieces = [
            "width", "height", "min(", "max(", ")", "(", "+", "-", "*", "/", "1", "2.5", "cm", "%", ",", " ", "exif:", "FNumber", ".year", "{", "}",
            ":04", "|", "é", "🙂", "pow(", "upper(", "stem", "\n", "..", "9999999999999999999999",
        ]
        for _ in 0..<20_000 {
            let text = (0..<next(12)).map { _ in pieces[next(pieces.count)] }.joined()
            do throws(VariableError) { _ = try Expression(text).number(in: context) } catch {}
            do throws(VariableError) { _ = try TextTemplate("{" + text + "}").rendered(in: context) } catch {}
        }
    }
}
