import Testing

@testable import TerminalUI

@Suite struct HumanTextTests {
    @Test(
        "Counts have separators and plurals",
        arguments: [
            (0, "0 files"), (1, "1 file"), (999, "999 files"), (1000, "1,000 files"), (1_234_567, "1,234,567 files"),
            (-1200, "-1,200 files"),
        ])
    func counts(value: Int, expected: String) {
        #expect(HumanText.counted(value, "file") == expected)
    }

    @Test(
        "Sizes use units of 1,000 and never show four digits",
        arguments: [
            (UInt64(0), "0 bytes"), (1, "1 byte"), (999, "999 bytes"), (1000, "1.0 kB"), (9949, "9.9 kB"), (9950, "10 kB"),
            (999_499, "999 kB"),
            (999_500, "1.0 MB"), (312_000_000, "312 MB"), (9_900_000_000, "9.9 GB"), (UInt64.max, "18 EB"),
        ])
    func sizes(value: UInt64, expected: String) {
        #expect(HumanText.bytes(value) == expected)
    }

    @Test(
        "Durations have at most two units, and rounding carries over",
        arguments: [
            (0.0, "0 s"), (0.44, "0.4 s"), (12, "12 s"), (59.6, "1 min"), (72, "1 min 12 s"), (3599.7, "1 h"),
            (11_040, "3 h 4 min"),
            (86_399, "1 d"), (183_600, "2 d 3 h"), (-.infinity, "0 s"), (.nan, "0 s"), (1e300, "11,574,074 d 2 h"),
        ])
    func durations(seconds: Double, expected: String) {
        #expect(HumanText.duration(seconds) == expected)
    }

    @Test(
        "Rates stay readable from one an hour to a million a second",
        arguments: [
            (0.0, "0/s"), (14.2, "14.2/s"), (1204, "1,204/s"), (0.35, "0.35/s"), (0.05, "3.0/min"), (0.0007, "2.5/h"),
            (.infinity, "0/s"),
        ])
    func rates(perSecond: Double, expected: String) {
        #expect(HumanText.rate(perSecond) == expected)
    }

    @Test(
        "What is left is a range, and no false precision",
        arguments: [
            (48.0...60.0, "48–60 s left"), (50...130, "50 s to 2 min left"), (170...185, "about 3 min left"),
            (7200...80000, "over 2.0 h left"),
            (180...300, "3–5 min left"), (0...0, "about 0 s left"),
        ])
    func timeLeft(range: ClosedRange<Double>, expected: String) {
        #expect(HumanText.timeLeft(range) == expected)
    }

    @Test("100% is shown only when all is done")
    func percent() {
        #expect(HumanText.percent(999_999, of: 1_000_000) == "99%")
        #expect(HumanText.percent(1_000_000, of: 1_000_000) == "100%")
    }

    @Test(
        "Widths: marks take no column, East Asian characters and emoji two",
        arguments: [
            ("abc", 3), ("cafe\u{301}", 4), ("日本", 4), ("한국", 4), ("👩‍🔬x", 3), ("🇩🇪", 2), ("❤️", 2),
            ("ﾊﾝｶｸ", 4), ("…–", 2), ("", 0),
        ])
    func widths(text: String, columns: Int) {
        #expect(DisplayText.columns(text) == columns)
    }

    @Test("A cut text never exceeds its room and ends in an ellipsis", arguments: 0...12)
    func cut(room: Int) {
        let text = "a日b本c語"
        let cut = DisplayText.cut(text, to: room)
        #expect(DisplayText.columns(cut) <= room)
        #expect(room >= 9 ? cut == text : room == 0 ? cut.isEmpty : cut.hasSuffix("…"))
    }

    @Test("Escape sequences and direction overrides in names are shown, not obeyed")
    func harmless() {
        #expect(DisplayText.harmless("a\u{1B}[2Jb\u{9B}\u{202E}c\n") == "a\\x1B[2Jb\\u{9B}\\u{202E}c\\x0A")
        #expect(DisplayText.harmless("日本 👩‍🔬") == "日本 👩‍🔬")
    }

    @Test("Table columns are aligned by display width")
    func table() {
        var table = TextTable([.init("host"), .init("slots", .right), .init("state")])
        table.add(["スキャナ", "4", "ready"])
        table.add(["c1", "128", ""])
        #expect(
            table.lines() == [
                "host      slots  state",
                "スキャナ      4  ready",
                "c1          128",
            ])
        #expect(table.lines(columnsMax: 12)[0] == "host      s…")
    }
}
