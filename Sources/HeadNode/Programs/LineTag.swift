import JobModel
import TerminalUI

/// Puts the same words before each line of bytes that come in pieces (`--tag`).
struct LineTag: Sendable {
    private let prefix: [UInt8]
    private var isAtLineStart = true

    /// - Parameter isForTerminal: a name must not move its cursor; to anything else the bytes go as they are.
    init(_ argument: RawPath, isForTerminal: Bool) {
        prefix = (isForTerminal ? Array(HumanText.harmless(argument.display).utf8) : argument.bytes) + [0x09]
    }

    mutating func tagged(_ bytes: [UInt8]) -> [UInt8] {
        var result: [UInt8] = []
        result.reserveCapacity(bytes.count + prefix.count)
        for line in bytes.split(separator: 0x0A, omittingEmptySubsequences: false).enumerated() {
            if line.offset > 0 {
                result.append(0x0A)
                isAtLineStart = true
            }
            guard !line.element.isEmpty else { continue }
            if isAtLineStart { result += prefix }
            isAtLineStart = false
            result += line.element
        }
        return result
    }

    /// What ends the last line, so that the next task's tag stands at the start of one.
    mutating func end() -> [UInt8] {
        defer { isAtLineStart = true }
        return isAtLineStart ? [] : [0x0A]
    }
}
