public import JobModel

/// The kinds of report that `--report FILE` writes, by the file's extension.
public enum ReportFormat: String, CaseIterable, Sendable {
    case json, csv, html

    /// Nil for another extension than `.json`, `.csv`, `.html` or `.htm`.
    public init?(path: RawPath) {
        let ending = path.lowercasedExtension
        guard let format = Self(rawValue: ending == "htm" ? "html" : ending) else { return nil }
        self = format
    }
}

/// Makes a report piece by piece: `header` once, `row` for every input, `footer` once; memory does not grow with the rows.
///
/// The pieces joined are the file. A report without its footer is incomplete, so write under a temp name and rename.
///
/// - JSON: `{"job": {…JobFacts}, "files": [{…ReportRow}, …], "summary": {…RunSummary}}`, one file a line.
/// - CSV: RFC 4180, a header line, CRLF, UTF-8 without a mark; several outputs or notes in one field are joined by ` | `.
///   The columns are `CSVReport.columns`, and in a report of programs `CSVReport.programColumns`, of geotagging `CSVReport.placeColumns`.
/// - HTML: one page that needs nothing else; its first 100,000 rows without failure and 100,000 failures are listed.
public struct ReportWriter: Sendable {
    public let format: ReportFormat
    private var state = State.empty
    private let isOfPrograms: Bool
    private let hasPlaces: Bool
    private var html: HTMLReport

    private enum State: Equatable {
        case empty
        case rows(Int)
        case ended
    }

    public init(_ format: ReportFormat, isOfPrograms: Bool = false, hasPlaces: Bool = false) {
        self.format = format
        self.hasPlaces = hasPlaces
        self.isOfPrograms = isOfPrograms
        html = HTMLReport(isOfPrograms: isOfPrograms)
    }

    public mutating func header(_ facts: JobFacts) -> [UInt8] {
        precondition(state == .empty, "a report has one header")
        state = .rows(0)
        return switch format {
        case .json: utf8("{\"job\":") + JSONValue.object(facts.fields).bytes + utf8(",\n\"files\":[")
        case .csv: CSVText.line(CSVReport.columns + (isOfPrograms ? CSVReport.programColumns : []) + (hasPlaces ? CSVReport.placeColumns : []))
        case .html: html.header(facts)
        }
    }

    public mutating func row(_ row: ReportRow) -> [UInt8] {
        guard case .rows(let count) = state else { preconditionFailure("a row of a report stands between header and footer") }
        state = .rows(count + 1)
        return switch format {
        case .json: utf8(count == 0 ? "\n" : ",\n") + JSONValue.object(row.fields).bytes
        case .csv: CSVText.line(
            CSVReport.fields(row) + (isOfPrograms ? CSVReport.programFields(row) : []) + (hasPlaces ? CSVReport.placeFields(row) : []))
        case .html: html.row(row)
        }
    }

    public mutating func footer(_ summary: RunSummary) -> [UInt8] {
        guard case .rows = state else { preconditionFailure("a report has a header and one footer") }
        state = .ended
        return switch format {
        case .json: utf8("\n],\n\"summary\":") + JSONValue.object(summary.fields).bytes + utf8("}\n")
        case .csv: []
        case .html: html.footer(summary)
        }
    }

    private func utf8(_ text: String) -> [UInt8] { Array(text.utf8) }
}
