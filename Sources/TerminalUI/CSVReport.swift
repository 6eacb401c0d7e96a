import JobModel

/// Rows as RFC 4180 lines.
enum CSVReport {
    /// `path_base64` holds the exact bytes of a path that is not UTF-8 and is empty otherwise.
    static let columns = [
        "path", "outcome", "reason", "message", "outputs", "notes", "bytes_in", "bytes_out", "seconds", "host", "attempts",
        "path_base64",
    ]

    /// Behind them in a report of programs.
    static let programColumns = ["exit_code", "signal"]

    static func programFields(_ row: ReportRow) -> [String] { [row.exitCode.map { String($0) } ?? "", row.signal ?? ""] }

    /// Behind them in a report of a job that geotags; empty for a file without a place.
    static let placeColumns = ["taken_utc", "latitude", "longitude", "elevation_m", "metres_from_point"]

    static func placeFields(_ row: ReportRow) -> [String] {
        guard let place = row.place else { return placeColumns.map { _ in "" } }
        return [place.time, place.latitude, place.longitude, place.elevationMetres, "\(place.metresFromPoint)"]
    }

    static func fields(_ row: ReportRow) -> [String] {
        [
            text(row.path.bytes), row.outcome.rawValue, row.reason?.rawValue ?? "", row.message,
            row.outputs.map { text($0.bytes) }.joined(separator: " | "), row.notes.map(\.text).joined(separator: " | "),
            String(row.bytesIn), String(row.bytesOut), row.seconds.isFinite ? row.seconds.description : "", row.host ?? "",
            String(row.attempts), row.path.utf8Text == nil ? Base64.encode(row.path.bytes) : "",
        ]
    }

    private static func text(_ bytes: [UInt8]) -> String { String(decoding: bytes, as: UTF8.self) }
}

/// Lines of comma-separated values (RFC 4180).
public enum CSVText {
    /// The fields, quoted where they must be, with CR and LF at the end.
    public static func line(_ fields: [String]) -> [UInt8] { record(fields.map { Array($0.utf8) }) + [0x0D, 0x0A] }

    /// The fields, quoted where they must be, with LF at the end: for what goes on through a pipe to programs that know no CR.
    public static func pipedLine(_ fields: [[UInt8]]) -> [UInt8] { record(fields) + [0x0A] }

    private static func record(_ fields: [[UInt8]]) -> [UInt8] {
        var result: [UInt8] = []
        for (position, field) in fields.enumerated() {
            if position > 0 { result.append(0x2C) }
            append(field, to: &result)
        }
        return result
    }

    private static func append(_ field: [UInt8], to result: inout [UInt8]) {
        let mustQuote =
            field.contains { $0 == 0x22 || $0 == 0x2C || $0 == 0x0A || $0 == 0x0D }
            || field.first == 0x20 || field.last == 0x20
        guard mustQuote else {
            result.append(contentsOf: field)
            return
        }
        result.append(0x22)
        for byte in field {
            if byte == 0x22 { result.append(0x22) }
            result.append(byte)
        }
        result.append(0x22)
    }
}
