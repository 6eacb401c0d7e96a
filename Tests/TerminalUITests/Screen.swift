/// A terminal as small as the escape sequences in use allow: what a user sees after the bytes were written.
///
/// It knows one column a character only, and traps on any sequence it does not know.
struct Screen {
    let columns: Int
    private(set) var rows: [[Character]] = [[]]
    private var row = 0
    private var column = 0
    private var wraps = true

    init(columns: Int) { self.columns = columns }

    var lines: [String] {
        var lines = rows.map { String($0).trimmingSuffix(" ") }
        while lines.last == "" { lines.removeLast() }
        return lines
    }

    mutating func write(_ bytes: [UInt8]) {
        var rest = Substring(String(decoding: bytes, as: UTF8.self))
        while let character = rest.popFirst() {
            switch character {
            case "\n": newLine()
            case "\r\n": newLine()
            case "\r": column = 0
            case "\u{1B}":
                precondition(rest.popFirst() == "[", "an escape sequence that is no CSI")
                let end = rest.firstIndex { $0.isLetter }!
                control(String(rest[..<end]), rest[end])
                rest = rest[rest.index(after: end)...]
            default: put(character)
            }
        }
    }

    private mutating func newLine() {
        row += 1
        column = 0
        if row == rows.count { rows.append([]) }
    }

    private mutating func put(_ character: Character) {
        if column == columns {
            guard wraps else { return }
            newLine()
        }
        while rows[row].count <= column { rows[row].append(" ") }
        rows[row][column] = character
        column += 1
    }

    private mutating func control(_ parameters: String, _ command: Character) {
        switch (parameters, command) {
        case ("?7", "l"): wraps = false
        case ("?7", "h"): wraps = true
        case ("", "K"): rows[row] = Array(rows[row].prefix(column))
        case ("", "J"):
            rows[row] = Array(rows[row].prefix(column))
            rows.removeSubrange((row + 1)...)
        case (_, "A"): row = max(0, row - Int(parameters)!)
        case (_, "m"): break
        default: preconditionFailure("unknown sequence \(parameters)\(command)")
        }
    }
}

extension String {
    fileprivate func trimmingSuffix(_ character: Character) -> String {
        var text = self
        while text.last == character { text.removeLast() }
        return text
    }
}
