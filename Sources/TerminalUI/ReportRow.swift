public import JobModel

/// What became of one input: a row of a report and a `file` event.
public struct ReportRow: Sendable {
    public enum Outcome: String, CaseIterable, Sendable {
        case done, failed, skipped
    }

    public var path: RawPath
    public var outcome: Outcome
    public var outputs: [RawPath]
    /// Nil unless it failed.
    public var reason: FailureReason?
    /// One line for a person: what went wrong, or why it was skipped (skipped files are counted by it); else empty.
    public var message: String
    public var notes: [ReportNote]
    public var bytesIn: UInt64
    public var bytesOut: UInt64
    /// Time of the attempt that counted.
    public var seconds: Double
    /// Host of the attempt that counted; nil if none was needed.
    public var host: String?
    public var attempts: Int
    /// How its program ended; nil for pictures, and where none was started.
    public var programEnd: ProgramEnd?
    /// Where `geotag` found it was taken.
    public var place: GeotagFact?
    /// For failures in an HTML report.
    public var thumbnailJPEG: [UInt8]?

    public init(
        path: RawPath, outcome: Outcome, outputs: [RawPath] = [], reason: FailureReason? = nil, message: String = "",
        notes: [ReportNote] = [], bytesIn: UInt64 = 0, bytesOut: UInt64 = 0, seconds: Double = 0, host: String? = nil,
        attempts: Int = 0, thumbnailJPEG: [UInt8]? = nil
    ) {
        self.path = path
        self.outcome = outcome
        self.outputs = outputs
        self.reason = reason
        self.message = message
        self.notes = notes
        self.bytesIn = bytesIn
        self.bytesOut = bytesOut
        self.seconds = seconds
        self.host = host
        self.attempts = attempts
        self.thumbnailJPEG = thumbnailJPEG
    }

    public enum ProgramEnd: Hashable, Sendable {
        case exited(code: Int)
        /// Its usual name: `SIGSEGV`.
        case killed(signal: String)
    }

    /// `path`, `outcome`, `outputs` (array), `reason` (or null), `message`, `notes` (array of `note` and `text`), `bytes_in`,
    /// `bytes_out`, `seconds`, `host` (or null), `attempts`. Beside a `path` that is not UTF-8 stands `path_base64`; beside
    /// `outputs`, if any of them is not, `outputs_base64` with all of them. Of a program that was started also `exit_code` and
    /// `signal`, one of them null. Of a picture that was geotagged also `place`, its numbers as texts.
    var fields: [(String, JSONValue)] {
        var fields = JSONValue.pathFields("path", path)
        fields.append(("outcome", .string(outcome.rawValue)))
        fields += JSONValue.pathsFields("outputs", outputs)
        let notes = notes.map { JSONValue.object([("note", .string($0.key)), ("text", .string($0.text))]) }
        fields += [
            ("reason", .optional(reason?.rawValue)), ("message", .string(message)), ("notes", .array(notes)),
            ("bytes_in", .size(bytesIn)), ("bytes_out", .size(bytesOut)), ("seconds", .number(seconds)),
            ("host", .optional(host)), ("attempts", .integer(attempts)),
        ]
        if let place {
            let found = zip(CSVReport.placeColumns, CSVReport.placeFields(self)).map { ($0, JSONValue.string($1)) }
            fields.append(("place", .object(found.filter { $0.0 != "elevation_m" || place.elevationCentimetres != nil })))
        }
        if programEnd != nil { fields += [("exit_code", exitCode.map { .integer($0) } ?? .null), ("signal", .optional(signal))] }
        return fields
    }

    var exitCode: Int? {
        guard case .exited(let code)? = programEnd else { return nil }
        return code
    }

    var signal: String? {
        guard case .killed(let signal)? = programEnd else { return nil }
        return signal
    }
}
