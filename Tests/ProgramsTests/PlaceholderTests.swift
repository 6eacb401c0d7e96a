import JobModel
import Programs
import Testing

@Suite("Placeholders")
struct PlaceholderTests {
    @Test(
        "Each placeholder gives its part of the path",
        arguments: [
            // argument, {.}, {/}, {//}, {/.}
            ["a.tar.gz", "a.tar", "a.tar.gz", ".", "a.tar"],
            [".hidden", ".hidden", ".hidden", ".", ".hidden"],
            ["x/.hidden.txt", "x/.hidden", ".hidden.txt", "x", ".hidden"],
            ["dir.x/file", "dir.x/file", "file", "dir.x", "file"],
            ["/a/b/c.wav", "/a/b/c", "c.wav", "/a/b", "c"],
            ["/c.wav", "/c", "c.wav", "/", "c"],
            ["dir/", "dir", "dir", ".", "dir"],
            ["a//b.c", "a//b", "b.c", "a", "b"],
            ["/", "/", "/", "/", "/"],
            ["..", "..", "..", ".", ".."],
            ["a/..", "a/..", "..", "a", ".."],
            ["name.", "name", "name.", ".", "name"],
            ["", "", "", ".", ""],
            ["-x y.z", "-x y", "-x y.z", ".", "-x y"],
            ["été/ü.é", "été/ü", "ü.é", "été", "ü"],
        ])
    func parts(_ row: [String]) throws {
        #expect(try filled(["p", "{}", "{.}", "{/}", "{//}", "{/.}"], row[0]) == ["p"] + row)
    }

    @Test("Any bytes but NUL pass exactly, also in the words around")
    func bytes() throws {
        let name = (1...255).map { UInt8($0) }.filter { $0 != 0x2F && $0 != 0x2E }
        let spec = try ProgramSpec(words: [[0xFF], [0xFE] + Array("{/.}".utf8) + [0x80]])
        let line = try spec.commandLine(ProgramValues(argument: RawPath(bytes: [0xC3, 0x2F] + name + [0x2E, 0xC0]), number: 1))
        #expect(line == [[0xFF], [0xFE] + name + [0x80]])
    }

    @Test(
        "The number is padded with zeros to so many digits",
        arguments: [("{#}", 7, "7"), ("{#4}", 7, "0007"), ("{#4}", 12345, "12345"), ("{#4}", -5, "-0005"), ("{#20}", 1, "00000000000000000001"), ("f{#2}.png", 3, "f03.png")]
    )
    func number(_ template: String, _ number: Int64, _ expected: String) throws {
        #expect(try filled(["p", template, "{}"], "a", number: number)[1] == expected)
    }

    @Test(
        "What is no placeholder stays as it is",
        arguments: [
            "{print $1}", "{0}", "{#04}", "{#0}", "{#21}", "{#a}", "{", "}", "{x}", "{ }", "{./}", "{...}", "{1}", "x{2,3}", "{\u{FFFD}}", "{##}", "{//.}",
        ])
    func literal(_ text: String) throws {
        #expect(try filled(["p", text, "{}"], "a.b") == ["p", text, "a.b"])
    }

    @Test("Braces around a placeholder are braces")
    func nested() throws {
        #expect(try filled(["p", "{{}}", "{{.}", "${}"], "a.b") == ["p", "{a.b}", "{a", "$a.b"])
    }

    @Test("Without any placeholder the path comes last, with one nothing is added, and the program may hold one")
    func added() throws {
        #expect(try filled(["wc", "-l"], "a") == ["wc", "-l", "a"])
        #expect(try filled(["wc", "{print}"], "a") == ["wc", "{print}", "a"])
        #expect(try filled(["echo", "{#}"], "a", number: 3) == ["echo", "3"])
        #expect(try filled(["{}", "--version"], "./run") == ["./run", "--version"])
    }

    @Test("Columns are cut by their separator, and one that is not there is empty")
    func columns() throws {
        func cut(_ separator: String, _ line: String) throws -> [String] {
            try filled(["{1}", "{2}", "{3}", "{}"], line, columns: ColumnSeparator(parsing: Array(separator.utf8)))
        }
        #expect(try cut("tab", "a b\tc") == ["a b", "c", "", "a b\tc"])
        #expect(try cut("\\t", "a\t\tc") == ["a", "", "c", "a\t\tc"])
        #expect(try cut("comma", "a,b,c,d") == ["a", "b", "c", "a,b,c,d"])
        #expect(try cut(",", ",b") == ["", "b", "", ",b"])
        #expect(try cut("blanks", "  a \t b ") == ["a", "b", "", "  a \t b "])
        #expect(try cut("::", "a::b:::c") == ["a", "b", ":c", "a::b:::c"])
        #expect(try cut("::", ":::") == ["", ":", "", ":::"])
        #expect(try cut("tab", "") == ["", "", "", ""])
        #expect(try cut("blanks", "") == ["", "", "", ""])
        #expect(try filled(["{1.}", "{1/}", "{1//}", "{1/.}", "{12}"], "d/a.b;x", columns: .bytes([0x3B])) == ["d/a", "a.b", "d", "a", ""])
        #expect(throws: ProgramError.self) { try ColumnSeparator(parsing: []) }
        #expect(throws: ProgramError.self) { try ProgramSpec(words: [[0x61]], columns: .bytes([])) }
    }

    @Test("What no program can be given is refused before any work")
    func refused() throws {
        #expect(throws: ProgramError.noProgram) { try ProgramSpec(words: []) }
        #expect(throws: ProgramError.noProgram) { try ProgramSpec(words: [[]]) }
        #expect(throws: ProgramError.holdsNUL("an argument of the program")) { try ProgramSpec(words: [[0x61, 0]]) }
        let long = [UInt8](repeating: 0x61, count: ProgramSpec.argumentBytesMax + 1)
        #expect(throws: ProgramError.self) { try ProgramSpec(words: [long]) }
        #expect(throws: ProgramError.self) { try ProgramSpec(words: Array(repeating: [0x61], count: ProgramSpec.wordsMax + 1)) }
        let spec = try ProgramSpec(words: [[0x61], Array("{}{}".utf8)])
        #expect(throws: ProgramError.argumentTooLong(bytes: 140_000)) {
            try spec.commandLine(ProgramValues(argument: RawPath(bytes: Array(long.prefix(70_000))), number: 1))
        }
    }
}

/// The command line of one task as strings.
func filled(_ words: [String], _ argument: String, number: Int64 = 1, columns: ColumnSeparator? = nil) throws -> [String] {
    let spec = try ProgramSpec(words: words.map { Array($0.utf8) }, columns: columns, argumentKind: .text)
    return try spec.commandLine(ProgramValues(argument: RawPath(argument), number: number)).map { String(decoding: $0, as: UTF8.self) }
}
