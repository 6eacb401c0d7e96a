/// Aligned columns under a header, for `doctor`, `inspect`, `hosts list` and the like.
public struct TextTable: Sendable {
    public enum Alignment: Sendable {
        case left, right
    }

    public struct Column: Sendable {
        public var title: String
        public var alignment: Alignment

        public init(_ title: String, _ alignment: Alignment = .left) {
            self.title = title
            self.alignment = alignment
        }
    }

    private let columns: [Column]
    private var rows: [[String]] = []

    public init(_ columns: [Column]) {
        self.columns = columns
    }

    /// Adds a row of as many cells as there are columns.
    public mutating func add(_ cells: [String]) {
        precondition(cells.count == columns.count, "\(cells.count) cells for \(columns.count) columns")
        rows.append(cells.map { DisplayText.harmless($0) })
    }

    /// Header and rows, columns two blanks apart, no blanks at a line's end. With `columnsMax` longer lines are cut with `…`;
    /// the header is left out if every title is empty.
    public func lines(columnsMax: Int? = nil) -> [String] {
        let titles = columns.map { DisplayText.harmless($0.title) }
        let all = titles.allSatisfy(\.isEmpty) ? rows : [titles] + rows
        let widths = columns.indices.map { index in all.map { DisplayText.columns($0[index]) }.max() ?? 0 }
        return all.map { cells in
            var line = ""
            for (index, cell) in cells.enumerated() {
                if index > 0 { line += "  " }
                line += DisplayText.padded(cell, to: widths[index], right: columns[index].alignment == .right)
            }
            while line.last == " " { line.removeLast() }
            return columnsMax.map { DisplayText.cut(line, to: $0) } ?? line
        }
    }

    /// The lines with a line feed behind each.
    public func text(columnsMax: Int? = nil) -> String {
        lines(columnsMax: columnsMax).map { $0 + "\n" }.joined()
    }
}
