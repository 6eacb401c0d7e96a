import _StringProcessing

/// `--table '(?<lines>\d+) +(?<words>\d+)'`: named groups of a regular expression that turn what a task printed into one row.
///
/// The first match in the text counts. `^` and `$` match at line ends too, and characters are Unicode scalars.
public struct TablePattern: Hashable, Sendable {
    public static let bytesMax = 4096
    public static let columnsMax = 256

    public let text: String
    /// In the order in which the groups begin.
    public let columnNames: [String]

    /// Throws with the pattern and what is wrong with it.
    public init(_ text: String) throws(ProgramError) {
        guard text.utf8.count <= Self.bytesMax else { throw .tooLong("the pattern of --table", limit: "\(Self.bytesMax) bytes") }
        let regex = try Self.compiled(text)
        var names: [String] = []
        for name in Self.groupNames(in: text) where regex.contains(captureNamed: name) && !names.contains(name) { names.append(name) }
        guard !names.isEmpty else { throw Self.bad(text, "it names no group; write columns as (?<name>...), such as '(?<lines>\\d+)'") }
        guard names.count <= Self.columnsMax else { throw .tooLong("the list of columns of --table", limit: "\(Self.columnsMax)") }
        self.text = text
        columnNames = names
    }

    /// Reads many texts; compiled once, for one thread.
    public func reader() -> TableReader {
        do throws(ProgramError) {
            return TableReader(regex: try Self.compiled(text), columnNames: columnNames)
        } catch {
            preconditionFailure("a pattern that was compiled before: \(error)")
        }
    }

    private static func compiled(_ text: String) throws(ProgramError) -> Regex<AnyRegexOutput> {
        do {
            return try Regex(text).anchorsMatchLineEndings().matchingSemantics(.unicodeScalar)
        } catch {
            throw bad(text, "\(error)")
        }
    }

    private static func bad(_ text: String, _ reason: String) -> ProgramError {
        let line = reason.split(whereSeparator: \.isNewline).joined(separator: " ")
        return .badValue(shown(Array(text.utf8)), of: "pattern for --table", accepted: "a regular expression; \(line)")
    }

    /// What stands behind `(?<`, `(?P<` and `(?'`; also where no group begins, such as in a class: the compiled pattern tells.
    private static func groupNames(in text: String) -> [String] {
        let scalars = Array(text.unicodeScalars)
        var names: [String] = []
        for start in scalars.indices {
            for (opening, closing) in [("(?<", ">"), ("(?P<", ">"), ("(?'", "'")] as [(String, Unicode.Scalar)] {
                guard scalars[start...].starts(with: opening.unicodeScalars) else { continue }
                let rest = scalars[(start + opening.unicodeScalars.count)...]
                guard let end = rest.firstIndex(of: closing) else { continue }
                names.append(String(String.UnicodeScalarView(rest[..<end])))
            }
        }
        return names
    }
}

/// Takes rows out of texts; made by `TablePattern.reader`.
public struct TableReader {
    let regex: Regex<AnyRegexOutput>
    public let columnNames: [String]

    /// The columns of one text, nil for a group that took no part and for all where the pattern does not match.
    public func row(of text: String) -> [Substring?] {
        // A search cannot fail: only transformations that patterns at run time do not have throw.
        guard let match = try? regex.firstMatch(in: text) else { return columnNames.map { _ in nil } }
        return columnNames.map { match[$0]?.substring }
    }
}
