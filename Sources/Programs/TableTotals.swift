/// Adds up the columns of a table; a column counts as numbers while every cell that is not empty is one.
///
/// Decimals are added exactly (0.1 ten times is 1.0) with up to nine digits behind the point; numbers with more, or with an
/// exponent, are added as binary fractions.
public struct TableTotals: Hashable, Sendable {
    private struct Sum: Hashable {
        var isNumeric = true
        var cells = 0
        /// In units of 10^-9.
        var billionths: Int128 = 0
        var digitsBehind = 0
        var inexact: Double?

        var text: String? {
            guard isNumeric, cells > 0 else { return nil }
            if let inexact { return "\(inexact + Double(billionths) / 1e9)" }
            let digits = String(billionths.magnitude)
            let padded = String(repeating: "0", count: max(0, 10 - digits.count)) + digits
            let behind = padded.suffix(9).prefix(digitsBehind)
            return (billionths < 0 ? "-" : "") + padded.dropLast(9) + (digitsBehind > 0 ? "." + behind : "")
        }
    }

    private var sums: [Sum]

    public init(columns: Int) { sums = Array(repeating: Sum(), count: columns) }

    /// - Precondition: `row` has a cell for each column.
    public mutating func add(_ row: [Substring?]) {
        precondition(row.count == sums.count, "\(row.count) cells for \(sums.count) columns")
        for (column, cell) in row.enumerated() {
            guard let cell, !cell.isEmpty, sums[column].isNumeric else { continue }
            sums[column].cells += 1
            if let (billionths, digits) = Self.exact(cell) {
                // 2^127 is 10^20 cells of the largest value.
                sums[column].billionths += billionths
                sums[column].digitsBehind = max(sums[column].digitsBehind, digits)
            } else if let number = Self.inexact(cell) {
                sums[column].inexact = (sums[column].inexact ?? 0) + number
            } else {
                sums[column].isNumeric = false
            }
        }
    }

    /// The total of each column, nil where cells are no numbers or all are empty.
    public var texts: [String?] { sums.map(\.text) }

    /// At most 18 digits before and nine behind the point; nil for anything else.
    private static func exact(_ cell: Substring) -> (Int128, digitsBehind: Int)? {
        var digits = cell.utf8[...]
        let isNegative = digits.first == UInt8(ascii: "-")
        if isNegative || digits.first == UInt8(ascii: "+") { digits = digits.dropFirst() }
        let parts = digits.split(separator: dot, maxSplits: 1, omittingEmptySubsequences: false)
        guard let whole = parts.first, (1...18).contains(whole.count), whole.allSatisfy(isDigit) else { return nil }
        let behind = parts.count == 2 ? Array(parts[1]) : []
        guard parts.count == 1 || (1...9).contains(behind.count), behind.allSatisfy(isDigit) else { return nil }
        var value: Int128 = 0
        for digit in whole { value = value * 10 + Int128(digit - UInt8(ascii: "0")) }
        for digit in behind { value = value * 10 + Int128(digit - UInt8(ascii: "0")) }
        for _ in behind.count..<9 { value *= 10 }
        return (isNegative ? -value : value, behind.count)
    }

    /// Digits, a point, signs and an exponent only: `Double(_:)` also reads `inf`, `nan` and hexadecimal.
    private static func inexact(_ cell: Substring) -> Double? {
        guard cell.utf8.count <= 64, cell.utf8.allSatisfy({ isDigit($0) || Array(".eE+-".utf8).contains($0) }) else { return nil }
        return Double(cell)
    }
}
