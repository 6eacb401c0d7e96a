import JobModel
import Programs
import Testing

@testable import HeadNode
@testable import JobStore

@Suite("What is kept and printed of programs")
struct ProgramFilingTests {
    private func record(
        _ argument: RawPath, index: Int = 0, end: ProgramResult.End? = .exited(code: 0), state: TaskState = .committed, output: [UInt8] = [],
        wallMicroseconds: UInt64 = 12_034_567, host: String? = "here"
    ) -> ProgramRecord {
        let task = PlannedTask(
            index: TaskIndex(index), input: argument, identity: InputIdentity(sizeBytes: 1, modifiedNanoseconds: 0), output: nil, format: .png,
            bookFolder: RawPath(""), mayReplace: false, book: 0)
        let outcome = TaskOutcome(
            index: task.index, state: state, usage: WorkUsage(cpuMicroseconds: 1, wallMicroseconds: wallMicroseconds, peakMemoryBytes: 1), host: host,
            attempts: 1)
        let result = end.map {
            ProgramResult(end: $0, startedEpochMilliseconds: 1_700_000_000_007, output: .whole(output), errors: .whole([]))
        }
        return ProgramRecord(task: task, outcome: outcome, result: result, sequence: index + 1, isFiled: false, cells: nil)
    }

    @Test(
        "A path's results stand under the same path below --results, and never outside",
        arguments: [
            ("a/b.txt", "a/b.txt"), ("/a/b", "a/b"), ("./a//b/", "a/b"), ("../x", "%2E%2E/x"), ("a/../../x", "a/%2E%2E/%2E%2E/x"), (".hidden", ".hidden"),
            ("50%.txt", "50%25.txt"), ("a/stdout", "a/%73tdout"), ("result.json", "%72esult.json"), (".", "%2E"), ("/", "%2E"), ("a\nb", "a%0Ab"),
        ])
    func paths(path: String, name: String) {
        #expect(ResultName.path(RawPath(path)).display == name)
    }

    @Test(
        "A line's results stand in one folder, whatever it holds",
        arguments: [("a b", "a b"), ("a/b", "a%2Fb"), ("..", "%2E%2E"), (".x", "%2Ex"), ("a\tb", "a%09b"), ("", "%"), ("%", "%25"), ("007", "007")])
    func lines(line: String, name: String) {
        #expect(ResultName.text(RawPath(line)).display == name)
    }

    @Test("Long names are cut, differ where the whole differs, and keep bytes that are not UTF-8")
    func longNames() {
        let long = [UInt8](repeating: 0x61, count: 400)
        let (one, other) = (ResultName.text(RawPath(bytes: long + [1])), ResultName.text(RawPath(bytes: long + [2])))
        #expect(one.bytes.count == ResultName.componentBytesMax && one != other && one.bytes.starts(with: long.prefix(150)))
        #expect(ResultName.text(RawPath(bytes: [0xFF, 0x2F])).bytes == [0xFF, 0x25, 0x32, 0x46])
    }

    @Test("Every line begins with the tag however the bytes come, and the last one is ended")
    func tags() {
        for cut in 0...7 {
            var tag = LineTag(RawPath(bytes: [0xFF]), isForTerminal: false)
            let bytes = Array("ab\n\ncd\ne".utf8)
            let tagged = tag.tagged(Array(bytes[..<cut])) + tag.tagged(Array(bytes[cut...])) + tag.end()
            let expected: [UInt8] = [0xFF, 9, 0x61, 0x62, 10, 10, 0xFF, 9, 0x63, 0x64, 10, 0xFF, 9, 0x65, 10]
            #expect(tagged == expected, "cut at \(cut)")
        }
        var harmless = LineTag(RawPath("a\u{1B}[2J"), isForTerminal: true)
        #expect(!harmless.tagged([0x61]).contains(0x1B))
    }

    private func table(_ pattern: String, _ format: ProgramSettings.TableFormat) throws -> ProgramTable {
        ProgramTable(ProgramSettings.Table(pattern: try TablePattern(pattern), format: format), source: .files)
    }

    @Test("Rows of CSV are quoted where they must be, missing cells empty, and sums exact")
    func csv() throws {
        var table = try table(#"(?<n>[\d.]+) (?<word>[^\n]*)"#, .csv)
        var text = table.header
        let tasks: [(RawPath, String, ProgramResult.End)] = [
            (RawPath("a,b"), "0.1 say \"x\"", .exited(code: 0)), (RawPath(bytes: [0x66, 0xFF]), "0.2 y", .killed(signal: 9)), (RawPath("c"), "none", .exited(code: 3)),
        ]
        for (name, output, end) in tasks {
            text += table.row(record(name, end: end), table.cells(in: Array(output.utf8)))
        }
        text += table.footer(isWhole: true)
        let lines = text.split(separator: 0x0A, omittingEmptySubsequences: false).map { RawPath(bytes: Array($0)) }
        let expected: [RawPath] = [
            RawPath("file,exit_code,seconds,n,word"), RawPath(#""a,b",0,12.034,0.1,"say ""x""""#),
            RawPath(bytes: [0x66, 0xFF] + Array(",137,12.034,0.2,y".utf8)), RawPath("c,3,12.034,,"), RawPath("total,,36.102,0.3,"), RawPath(""),
        ]
        #expect(lines == expected)
        #expect(table.unmatchedCount == 1)
    }

    @Test("JSON has numbers as numbers, text as text, and no sums of a part")
    func json() throws {
        var table = try table(#"(?<n>\S+) (?<seconds>\S+)"#, .json)
        var text = table.header + table.row(record(RawPath("a")), table.cells(in: Array("007 x".utf8)))
        text += table.row(record(RawPath("b"), end: nil), table.cells(in: Array("-1.5 12".utf8)))
        #expect(
            String(decoding: text + table.footer(isWhole: false), as: UTF8.self) == """
                {"rows": [
                {"file":"a","exit_code":0,"seconds":12.034,"n":"007","seconds_2":"x"},
                {"file":"b","exit_code":null,"seconds":12.034,"n":-1.5,"seconds_2":12}
                ], "totals": null}

                """)
        #expect(String(decoding: table.footer(isWhole: true), as: UTF8.self).contains(#""totals": {"seconds":24.068,"n":5.5}"#))
    }

    @Test("Cells come back from the journal as they were, also none and empty ones")
    func cells() throws {
        for cells: [String?] in [[], ["a", nil, ""], ["ä\n"]] { #expect(try ProgramTable.cells(from: ProgramTable.bytes(of: cells)) == cells) }
    }
}
