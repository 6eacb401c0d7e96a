import JobModel
import JobStore
import Programs
import TerminalUI
import WireProtocol

/// `--table`: a row a task out of what it printed, and sums below them.
///
/// Columns: the argument, `exit_code` (128 and the signal where one killed it, as shells tell it; empty where none was started),
/// `seconds`, and the groups of the pattern. CSV has the exact bytes of every argument, JSON those that are not UTF-8 in a member that ends
/// in `_base64`; it is one object: `rows`, and `totals` (null where not all tasks have ended).
struct ProgramTable {
    /// Of standard output only the start is looked at.
    static let lookedAtBytesMax: UInt64 = 1 << 20

    private let format: ProgramSettings.TableFormat
    private let reader: TableReader
    /// Of the argument.
    private let firstColumn: String
    private let columns: [String]
    private var totals: TableTotals
    private(set) var rowCount = 0
    private(set) var unmatchedCount = 0

    init(_ settings: ProgramSettings.Table, source: ProgramSettings.Source) {
        format = settings.format
        reader = settings.pattern.reader()
        firstColumn =
            switch source {
            case .files: "file"
            case .folders: "folder"
            case .lines: "argument"
            case .numbers: "number"
            }
        var columns = ["exit_code", "seconds"]
        for name in settings.pattern.columnNames {
            var unique = name
            var number = 2
            while columns.contains(unique) || unique == firstColumn {
                unique = "\(name)_\(number)"
                number += 1
            }
            columns.append(unique)
        }
        self.columns = columns
        totals = TableTotals(columns: columns.count)
    }

    /// What stands before the first row.
    var header: [UInt8] {
        switch format {
        case .csv: CSVText.pipedLine(([firstColumn] + columns).map { Array($0.utf8) })
        case .json: Array("{\"rows\": [".utf8)
        }
    }

    /// What the pattern finds in the start of a task's output; empty where it does not match.
    func cells(in output: [UInt8]) -> [String?] {
        let found = reader.row(of: String(decoding: output, as: UTF8.self))
        return found.contains { $0 != nil } ? found.map { $0.map(String.init) } : []
    }

    mutating func row(_ record: ProgramRecord, _ cells: [String?]) -> [UInt8] {
        if cells.isEmpty { unmatchedCount += 1 }
        let code: String? =
            switch record.result?.end {
            case .exited(let code): "\(code)"
            case .killed(let signal): "\(128 + signal)"
            case nil: nil
            }
        let found = cells.isEmpty ? Array(repeating: nil, count: reader.columnNames.count) : cells
        let row = [code, HumanText.thousandths(Int64(clamping: record.outcome.usage.wallMicroseconds / 1000))] + found
        totals.add([nil] + row.dropFirst().map { $0.map { Substring($0) } })
        defer { rowCount += 1 }
        let argument = record.task.input
        switch format {
        case .csv:
            // A name goes on as its bytes: whoever reads the table wants to find the file.
            return CSVText.pipedLine([argument.bytes] + row.map { Array(($0 ?? "").utf8) })
        case .json:
            let members = JSONValue.pathFields(firstColumn, argument) + zip(columns, row).map { ($0, Self.value($1)) }
            return Array((rowCount == 0 ? "\n" : ",\n").utf8) + JSONValue.object(members).bytes
        }
    }

    /// - Parameter isWhole: whether all tasks have a row; sums of a part would mislead.
    func footer(isWhole: Bool) -> [UInt8] {
        let sums = totals.texts
        switch format {
        case .csv: return isWhole ? CSVText.pipedLine(([Optional("total")] + sums).map { Array(($0 ?? "").utf8) }) : []
        case .json:
            let members = zip(columns, sums).compactMap { name, sum in sum.map { (name, Self.value($0)) } }
            let totals: JSONValue = isWhole ? .object(members) : .null
            return Array("\n], \"totals\": \(totals.text)}\n".utf8)
        }
    }

    /// A number where JSON would write it so, else text.
    private static func value(_ cell: String?) -> JSONValue {
        guard let cell else { return .null }
        if let number = Int(cell), String(number) == cell { return .integer(number) }
        let isDecimal = cell.utf8.count <= 17 && cell.utf8.allSatisfy { (0x30...0x39).contains($0) || $0 == 0x2E || $0 == 0x2D }
        let digits = cell.drop { $0 == "-" }
        guard isDecimal, let number = Double(cell), !digits.hasPrefix("."), !cell.hasSuffix("."), !digits.hasPrefix("0") || digits.hasPrefix("0.") else {
            return .string(cell)
        }
        return .number(number)
    }

    // MARK: In the journal

    static func bytes(of cells: [String?]) -> [UInt8] {
        var writer = WireWriter()
        writer.put(count: cells.count)
        for cell in cells { writer.put(cell) }
        return writer.bytes
    }

    static func cells(from bytes: [UInt8]) throws(WireError) -> [String?] {
        var reader = WireReader(bytes)
        var cells: [String?] = []
        for _ in 0..<(try reader.count()) { cells.append(try reader.optionalText()) }
        try reader.end()
        return cells
    }
}
