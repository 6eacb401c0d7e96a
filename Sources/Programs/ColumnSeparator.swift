/// What cuts an argument into the columns `{1}`, `{2}`...
public enum ColumnSeparator: Hashable, Sendable {
    case tab
    /// Every comma; quotes mean nothing.
    case comma
    /// Runs of spaces and tabs; those at the ends are not seen.
    case blanks
    /// These bytes; at least one.
    case bytes([UInt8])

    public static let bytesMax = 64

    /// Reads `tab`, `comma`, `blanks`, or the separator itself such as `;`; `\t` is a tab.
    public init(parsing text: [UInt8]) throws(ProgramError) {
        switch String(decoding: text, as: UTF8.self) {
        case "tab", "\\t", "\t": self = .tab
        case "comma", ",": self = .comma
        case "blanks": self = .blanks
        default:
            try Self.check(text)
            self = .bytes(text)
        }
    }

    static func check(_ separator: [UInt8]) throws(ProgramError) {
        guard (1...bytesMax).contains(separator.count), !separator.contains(0) else {
            throw .badValue(shown(separator), of: "--columns", accepted: "tab, comma, blanks, or the separator itself, such as ';'")
        }
    }

    /// At least one column; empty ones count, except with `blanks`.
    func columns(of argument: [UInt8]) -> [ArraySlice<UInt8>] {
        switch self {
        case .tab: return argument.split(separator: UInt8(ascii: "\t"), omittingEmptySubsequences: false)
        case .comma: return argument.split(separator: UInt8(ascii: ","), omittingEmptySubsequences: false)
        case .blanks: return argument.split { $0 == UInt8(ascii: " ") || $0 == UInt8(ascii: "\t") }
        case .bytes(let separator):
            var columns: [ArraySlice<UInt8>] = []
            var start = 0
            var place = 0
            while place + separator.count <= argument.count {
                if argument[place...].starts(with: separator) {
                    columns.append(argument[start..<place])
                    place += separator.count
                    start = place
                } else {
                    place += 1
                }
            }
            columns.append(argument[start...])
            return columns
        }
    }
}
