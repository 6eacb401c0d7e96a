public import JobModel

/// A pattern of `--include` and `--exclude`, matched against the bytes of a name.
///
/// `*` any text, `?` one byte, `[a-z]` and `[!a-z]` one byte of a set, `\` the next byte itself; none of them matches a slash.
/// `**/` any number of folders, also none, and `/**` at the end everything below. A pattern without a slash is matched against the
/// last component, one with a slash against the path relative to its INPUT (a slash at the begin only says so, one at the end says
/// that a folder is meant). Letter case counts. Time is bounded by a polynomial: no pattern can stall a walk.
public struct Glob: Hashable, Sendable {
    public static let bytesMax = 1000

    enum Token: Hashable, Sendable {
        case byte(UInt8)
        case anyByte
        case set([ClosedRange<UInt8>], isNegated: Bool)
        /// Any text without a slash.
        case star
        /// Nothing, or any text that ends in a slash.
        case folders
        /// Any text at all; last.
        case rest
    }

    public let text: String
    let tokens: [Token]
    let matchesPath: Bool
    let matchesFoldersOnly: Bool

    public init(_ text: String) throws(PlanningError) {
        var parser = GlobParser(text: text)
        tokens = try parser.tokens()
        self.text = text
        matchesPath = parser.hasInnerSlash
        matchesFoldersOnly = parser.endsInSlash
    }

    /// Whether the pattern names this file or folder; `relative` is its path below the INPUT, without a slash at either end.
    public func matches(_ relative: RawPath, isFolder: Bool = false) -> Bool {
        if matchesFoldersOnly, !isFolder { return false }
        return relative.bytes.withUnsafeBufferPointer { path in
            let start = matchesPath ? 0 : (path.lastIndex(of: slash) ?? -1) + 1
            return matches(UnsafeBufferPointer(rebasing: path[start...]))
        }
    }

    /// Going back to the last star, or to the last `**/` once that star met a slash, is enough: whatever stood before matched as
    /// early as it can, and the wider one behind it takes up the difference.
    private func matches(_ bytes: UnsafeBufferPointer<UInt8>) -> Bool {
        var (token, index) = (0, 0)
        var star: (token: Int, index: Int)?
        var folders: (token: Int, index: Int)?
        while true {
            if token < tokens.count {
                switch tokens[token] {
                case .rest: return true
                case .star:
                    token += 1
                    star = (token, index)
                    continue
                case .folders:
                    token += 1
                    folders = (token, index)
                    star = nil
                    continue
                case .byte, .anyByte, .set:
                    if index < bytes.count, Self.matches(tokens[token], bytes[index]) {
                        token += 1
                        index += 1
                        continue
                    }
                }
            } else if index == bytes.count {
                return true
            }
            if let last = star, last.index < bytes.count, bytes[last.index] != slash {
                (token, index) = (last.token, last.index + 1)
                star = (token, index)
            } else if let last = folders, let next = bytes[last.index...].firstIndex(of: slash) {
                star = nil
                (token, index) = (last.token, next + 1)
                folders = (token, index)
            } else {
                return false
            }
        }
    }

    private static func matches(_ token: Token, _ byte: UInt8) -> Bool {
        switch token {
        case .byte(let wanted): byte == wanted
        case .anyByte: byte != slash
        case .set(let ranges, let isNegated): byte != slash && ranges.contains { $0.contains(byte) } != isNegated
        case .star, .folders, .rest: preconditionFailure("\(token) is no pattern for one byte")
        }
    }
}

/// Reads a pattern's text.
private struct GlobParser {
    let text: String
    let bytes: [UInt8]
    var index = 0
    private(set) var hasInnerSlash = false
    private(set) var endsInSlash = false

    init(text: String) {
        self.text = text
        bytes = Array(text.utf8)
    }

    mutating func tokens() throws(PlanningError) -> [Glob.Token] {
        guard bytes.count <= Glob.bytesMax else { throw error(.tooLong(bytesMax: Glob.bytesMax), at: Glob.bytesMax) }
        var end = bytes.count
        if end > 1, bytes[end - 1] == slash, bytes[end - 2] != UInt8(ascii: "\\") {
            endsInSlash = true
            end -= 1
        }
        if end > 0, bytes[0] == slash {
            hasInnerSlash = true
            index = 1
        }
        guard index < end else { throw error(.empty, at: 0) }
        var tokens: [Glob.Token] = []
        while index < end { try readToken(into: &tokens, end: end) }
        return tokens
    }

    private mutating func readToken(into tokens: inout [Glob.Token], end: Int) throws(PlanningError) {
        let byte = bytes[index]
        switch byte {
        case UInt8(ascii: "*"): readStars(into: &tokens, end: end)
        case UInt8(ascii: "?"):
            tokens.append(.anyByte)
            index += 1
        case UInt8(ascii: "["): tokens.append(try readSet(end: end))
        case UInt8(ascii: "\\"):
            guard index + 1 < end else { throw error(.danglingBackslash, at: index) }
            if bytes[index + 1] == slash { hasInnerSlash = true }
            tokens.append(.byte(bytes[index + 1]))
            index += 2
        default:
            if byte == slash { hasInnerSlash = true }
            tokens.append(.byte(byte))
            index += 1
        }
    }

    /// Two stars mean folders only between slashes or ends; elsewhere they are one star, as git reads them.
    private mutating func readStars(into tokens: inout [Glob.Token], end: Int) {
        let first = index
        while index < end, bytes[index] == UInt8(ascii: "*") { index += 1 }
        let beginsPart = first == 0 || bytes[first - 1] == slash
        if index - first == 2, beginsPart, index == end {
            if first > 0 { hasInnerSlash = true }
            tokens.append(.rest)
        } else if index - first == 2, beginsPart, bytes[index] == slash {
            hasInnerSlash = true
            index += 1
            if tokens.last != .folders { tokens.append(.folders) }
        } else if tokens.last != .star {
            tokens.append(.star)
        }
    }

    private mutating func readSet(end: Int) throws(PlanningError) -> Glob.Token {
        let opening = index
        index += 1
        let isNegated = index < end && (bytes[index] == UInt8(ascii: "!") || bytes[index] == UInt8(ascii: "^"))
        if isNegated { index += 1 }
        var ranges: [ClosedRange<UInt8>] = []
        while index < end {
            // A bracket that comes first is a member of the set.
            if bytes[index] == UInt8(ascii: "]"), !ranges.isEmpty {
                index += 1
                return .set(ranges, isNegated: isNegated)
            }
            guard let low = member(end: end) else { break }
            if index + 1 < end, bytes[index] == UInt8(ascii: "-"), bytes[index + 1] != UInt8(ascii: "]") {
                let dash = index
                index += 1
                guard let high = member(end: end) else { break }
                guard low <= high else { throw error(.reversedRange, at: dash) }
                ranges.append(low...high)
            } else {
                ranges.append(low...low)
            }
        }
        throw error(.unclosedBracket, at: opening)
    }

    private mutating func member(end: Int) -> UInt8? {
        if bytes[index] == UInt8(ascii: "\\") { index += 1 }
        guard index < end else { return nil }
        defer { index += 1 }
        return bytes[index]
    }

    private func error(_ problem: PatternProblem, at offset: Int) -> PlanningError {
        .badPattern(text, position: offset + 1, problem: problem)
    }
}
