import Programs
import Testing

@Suite("Ranges and terms")
struct TermTests {
    @Test(
        "A range counts as written",
        arguments: [
            ("1-5", [1, 2, 3, 4, 5]), ("1-6:2", [1, 3, 5]), ("-2-2", [-2, -1, 0, 1, 2]), ("-3--1", [-3, -2, -1]), ("3-1:-1", [3, 2, 1]), ("7", [7]),
            ("1-3,10,20-30:5", [1, 2, 3, 10, 20, 25, 30]), ("5-5", [5]), ("5-5:-3", [5]), ("-7", [-7]), ("2--2:-2", [2, 0, -2]), ("1,1", [1, 1]), ("08-10", [8, 9, 10]),
        ] as [(String, [Int64])])
    func counts(_ text: String, _ expected: [Int64]) throws {
        let range = try NumberRange(parsing: text)
        #expect((0..<range.count).map { range[$0] } == expected)
        var all: [Int64] = []
        range.forEach { all.append($0) }
        #expect(all == expected && range.parts.last?.last == expected.last)
        #expect(try NumberRange(parsing: range.text) == range)
    }

    @Test(
        "What is no range, is too long or overflows is refused with what to write",
        arguments: [
            ("", "1-240"), ("a", "1-240"), ("1-", "1-240"), ("1-2-3", "1-240"), ("1:2", "1-240"), ("1-10:0", "step"), ("10-1", "10-1:-1"), ("1-10:-1", "1-10:1"), ("10-1:2", "10-1:-2"),
            ("1-10000001", "10000000 numbers"), ("-999999999999999999-999999999999999999", "10000000 numbers"), ("1-9999999999999999999", "1-240"),
            ("1-10000000,1", "10000000 numbers"), ("1,,2", "1-240"), ("1-5:", "1-240"), ("+1-5", "1-240"), ("1 - 5", "1-240"), ("1-5,", "1-240"),
        ])
    func refused(_ text: String, _ part: String) {
        let error = #expect(throws: ProgramError.self) { try NumberRange(parsing: text) }
        #expect(error?.description.contains(part) == true, "\(error as Any)")
    }

    @Test("The largest range is taken, and steps across all numbers do not overflow")
    func large() throws {
        #expect(try NumberRange(parsing: "1-10000000").count == 10_000_000)
        let wide = try NumberRange(parsing: "-999999999999999999-999999999999999999:999999999999999999")
        #expect(wide.count == 3 && wide[2] == 999_999_999_999_999_999)
    }

    @Test(
        "Time limits are read in the units people write",
        arguments: [
            ("90", TimeLimit.milliseconds(90_000)), ("1.5", .milliseconds(1500)), ("90s", .milliseconds(90_000)), ("10m", .milliseconds(600_000)), ("2h", .milliseconds(7_200_000)),
            ("0.001", .milliseconds(1)), ("1.5m", .milliseconds(90_000)), ("200%", .percentOfMedian(200)), ("101%", .percentOfMedian(101)),
        ])
    func timeLimits(_ text: String, _ expected: TimeLimit) throws {
        #expect(try TimeLimit(parsing: text) == expected)
        #expect(try TimeLimit(parsing: expected.text) == expected)
    }

    @Test("Anything else is no time limit", arguments: ["", "0", "-1", "1e3", "100%", "50%", "%", "1d", "s", "1.", ".5", "1.2345", "31000h", "99999999999999999999", "inf", "1 s", "100001%"])
    func noTimeLimits(_ text: String) {
        #expect(throws: ProgramError.self) { try TimeLimit(parsing: text) }
    }

    @Test("A halt is a manner and a number of failures")
    func halts() throws {
        for text in ["soon,fail=1", "now,fail=10%", "now,fail=100%", "soon,fail=12"] { #expect(try Halt(parsing: text).text == text) }
        #expect(try Halt(parsing: "now,fail=10%").failures(of: 25) == 3 && Halt(parsing: "now,fail=10%").failures(of: 1) == 1)
        #expect(try Halt(parsing: "soon,fail=7").failures(of: 3) == 7)
        for text in ["", "now", "fail=1", "now,fail=0", "now,fail=101%", "later,fail=1", "now,fail=", "now,fail=-1", "now,fail=1,x", "now,success=1", "now,fail=1.5"] {
            #expect(throws: ProgramError.self, "\(text)") { try Halt(parsing: text) }
        }
    }

    @Test("CPUs and exit codes")
    func others() throws {
        #expect(try Cpus(parsing: "all") == .all && Cpus(parsing: "4") == .count(4) && Cpus(parsing: "4").text == "4")
        for text in ["", "0", "-1", "4097", "half", "1.5", "999999999999"] { #expect(throws: ProgramError.self) { try Cpus(parsing: text) } }
        #expect(try ProgramSpec.exitCodes(parsing: "1,0,1") == [0, 1] && ProgramSpec.exitCodes(parsing: "255") == [255])
        for text in ["", "256", "-1", "0,", "a"] { #expect(throws: ProgramError.self) { try ProgramSpec.exitCodes(parsing: text) } }
    }
}

@Suite("Tables out of printed text")
struct TableTests {
    @Test("Named groups are columns in the order they begin in")
    func columns() throws {
        let pattern = try TablePattern(#"(?<lines>\d+)\s+(?<words>\d+)\s+(?:(?<b>x)|(?<bytes>\d+))"#)
        #expect(pattern.columnNames == ["lines", "words", "b", "bytes"])
        let reader = pattern.reader()
        #expect(reader.row(of: "  12  34 567 a.txt\n 1 2 3") == ["12", "34", nil, "567"])
        #expect(reader.row(of: "nothing") == [nil, nil, nil, nil])
        #expect(reader.row(of: "") == [nil, nil, nil, nil])
    }

    @Test("Anchors mean lines, and Windows line ends do no harm")
    func lines() throws {
        let reader = try TablePattern(#"^errors: (?<errors>[0-9]+)\r?$"#).reader()
        #expect(reader.row(of: "begin\nerrors: 7\nend") == ["7"])
        #expect(reader.row(of: "begin\r\nerrors: 8\r\nend\r\n") == ["8"])
        #expect(reader.row(of: "no errors: 7") == [nil])
    }

    @Test("What only looks like a group is none")
    func lookalikes() throws {
        #expect(try TablePattern(#"[(?<no>](?<yes>a)(?=b)\(?"#).columnNames == ["yes"])
        #expect(try TablePattern(#"(?P<py>a)(?<other>b)"#).columnNames == ["py", "other"])
    }

    @Test(
        "A wrong pattern is shown with what is wrong",
        arguments: [#"(?<n>\d+"#, "(a)", "", "*", "(?<n>a)(?<n>b)", "[", "(?<1>a)"])
    func wrong(_ text: String) {
        let error = #expect(throws: ProgramError.self) { try TablePattern(text) }
        #expect(error?.description.contains(text) == true && error?.description.contains("\n") == false, "\(error as Any)")
    }

    @Test("Totals add whole numbers and decimals exactly, and leave out columns of words")
    func totals() throws {
        var totals = TableTotals(columns: 6)
        for index in 0..<10 { totals.add(["\(index)", "0.1", "a", index == 3 ? nil : "-1.25", "", "1e3"]) }
        #expect(totals.texts == ["45", "1.0", nil, "-11.25", nil, "10000.0"])
        var large = TableTotals(columns: 2)
        for _ in 0..<3 { large.add(["999999999999999999", "-0.000000001"]) }
        #expect(large.texts == ["2999999999999999997", "-0.000000003"])
        var mixed = TableTotals(columns: 2)
        mixed.add(["1", "inf"])
        mixed.add(["n/a", "1"])
        #expect(mixed.texts == [nil, nil])
    }
}
