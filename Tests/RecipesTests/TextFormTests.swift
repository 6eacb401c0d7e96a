import JobModel
import Recipes
import SeededNumbers
import Testing

@Suite("How people write values")
struct TextFormTests {
    @Test(
        "Bounds",
        arguments: [
            ("1600", ShrinkBound.longSide(1600)), ("1600x1200", .box(width: 1600, height: 1200)),
            ("1600X1200", .box(width: 1600, height: 1200)),
            ("50%", .percent(50)), ("12.5%", .percent(12.5)), ("100%", .percent(100)), ("0", nil), ("", nil), ("0x5", nil),
            ("101%", nil),
            ("0%", nil), ("1600px", .longSide(1600)), ("800 px x 600px", .box(width: 800, height: 600)), ("50 %", .percent(50)), ("px800", nil), ("50px%", nil), ("8px00", nil), ("800px×600px", .box(width: 800, height: 600)), ("16 00", nil),
            ("5px5", nil), ("px", nil), ("-5", nil), ("+5", nil), ("1e3", nil), ("inf%", nil), ("0x1p3%", nil), ("5x", nil),
            ("x5", nil),
            ("5x5x5", nil), ("99999999999999999999999", nil), (".5%", nil), ("5.%", nil), ("1.2.3%", nil), (" 5", .longSide(5)),
            ("٥", nil),
        ] as [(String, ShrinkBound?)])
    func bounds(_ text: String, _ expected: ShrinkBound?) {
        #expect((try? ShrinkBound(parsing: text)) == expected)
        if let expected { #expect((try? ShrinkBound(parsing: expected.text)) == expected) }
    }

    @Test(
        "Sizes of data",
        arguments: [
            ("9.9GB", 9_900_000_000), ("500MB", 500_000_000), ("2GiB", 2 << 30), ("2g", 2 << 30), ("1kb", 1000), ("1K", 1024),
            ("12", 12),
            ("12B", 12), ("1.5KiB", 1536), ("1.0005kB", nil), ("0", 0), ("4TiB", 4 << 40), ("999999999999TB", nil),
            ("9999999999999", nil), ("GB", nil), ("-1GB", nil),
            ("1 GB", 1_000_000_000), ("1 0GB", nil), ("1XB", nil), ("", nil), ("1..5GB", nil), ("½GB", nil),
        ] as [(String, UInt64?)])
    func sizes(_ text: String, _ expected: UInt64?) {
        #expect((try? ByteSize(parsing: text))?.bytes == expected)
    }

    @Test(
        "Colours",
        arguments: [
            ("#ff8000", Colour(red: 255, green: 128, blue: 0)), ("#F80", Colour(red: 255, green: 136, blue: 0)),
            ("White", .white),
            ("gray", Colour(red: 128, green: 128, blue: 128)), ("#ff80", nil), ("ff8000", nil), ("#ggg", nil), ("#", nil),
            ("", nil), ("#é00", nil),
        ] as [(String, Colour?)])
    func colours(_ text: String, _ expected: Colour?) {
        #expect((try? Colour(parsing: text)) == expected)
        if let expected { #expect((try? Colour(parsing: expected.text)) == expected) }
    }

    @Test(
        "Pages and lengths",
        arguments: [
            ("a4", PageSize.a4), ("A4", .a4), ("210x297mm", .a4), ("210mmx297mm", .a4), ("21cmx297mm", .a4),
            ("8.5x11in", .letter),
            ("612x792pt", .letter), ("auto", .auto), ("210x297", nil), ("1x1pt", nil), ("9999999x1mm", nil), ("a9", nil),
            ("x", nil), ("", nil),
            ("210inx297", nil),
        ] as [(String, PageSize?)])
    func pages(_ text: String, _ expected: PageSize?) {
        #expect((try? PageSize(parsing: text)) == expected)
    }

    @Test("A millimetre read as text is the millimetre the settings count in")
    func lengths() throws {
        for tenths in 1...20_000 {
            let text = "\(tenths / 10).\(tenths % 10)mm"
            #expect(try PaperLength(parsing: text) == PaperLength(tenthsOfMillimetre: tenths))
        }
        #expect(try PaperLength(parsing: "0").milliPoints == 0)
        #expect(throws: RecipeError.self) { try PaperLength(parsing: "10") }
        #expect(throws: RecipeError.self) { try PaperLength(parsing: "201in") }
    }

    @Test(
        "Moments",
        arguments: [
            ("1970-01-01", 0), ("2000-02-29", 951_782_400), ("2024-05-01T12:00:00Z", 1_714_564_800),
            ("1714564800", 1_714_564_800),
            ("9999-12-31T23:59:59Z", 253_402_300_799), ("2100-02-29", nil), ("2023-13-01", nil), ("2023-1-1", nil),
            ("2024-05-01T12:00:00", nil),
            ("2024-05-01T25:00:00Z", nil), ("1969-12-31", nil), ("2024-05-01T12:00:00+02:00", nil), ("", nil),
            ("99999999999999999", nil),
        ] as [(String, Int64?)])
    func moments(_ text: String, _ expected: Int64?) {
        #expect((try? Moment(parsing: text))?.seconds == expected)
    }

    @Test("Random text is read or refused, never a trap", .timeLimit(.minutes(1)))
    func fuzz() {
        var random = SeededNumbers(seed: 3)
        let parts = Array("0123456789.%xX#-:TZaAmpctigbGKB é\u{0}×٣").map(String.init) + ["99999999999", "in", "mm", "GiB", "TB"]
        for _ in 0..<25_000 {
            let text = (0..<random.below(9)).map { _ in parts[random.below(parts.count)] }.joined()
            _ = try? ShrinkBound(parsing: text)
            _ = try? ByteSize(parsing: text)
            _ = try? Colour(parsing: text)
            _ = try? PageSize(parsing: text)
            _ = try? PaperLength(parsing: text)
            _ = try? Moment(parsing: text)
            if let extent = try? Extent(parsing: text) { #expect((try? Extent(parsing: extent.text)) == extent) }
        }
    }
}
