/// A PDF object as the checker sees it (ISO 32000-1, 7.3); strings are skipped over, since nothing asks for them.
enum ParsedObject: Hashable, Sendable {
    case other
    case integer(Int64)
    case name(String)
    case array([ParsedObject])
    case dictionary([String: ParsedObject])
    case reference(UInt64)

    subscript(_ key: String) -> ParsedObject? {
        if case .dictionary(let entries) = self { entries[key] } else { nil }
    }

    var integer: Int64? { if case .integer(let value) = self { value } else { nil } }
    var name: String? { if case .name(let value) = self { value } else { nil } }
    var array: [ParsedObject]? { if case .array(let value) = self { value } else { nil } }
    var reference: UInt64? { if case .reference(let value) = self { value } else { nil } }
    var isDictionary: Bool { if case .dictionary = self { true } else { false } }

    /// Calls `body` with every object number referred to, in no stated order.
    func forEachReference(_ body: (UInt64) -> Void) {
        switch self {
        case .other, .integer, .name: break
        case .reference(let number): body(number)
        case .array(let items): for item in items { item.forEachReference(body) }
        case .dictionary(let entries): for item in entries.values { item.forEachReference(body) }
        }
    }
}

enum SyntaxError: Error, Hashable {
    /// The bytes end within the object; with more of them it may be whole.
    case incomplete
    case malformed
}

/// Reads PDF syntax from bytes that nobody vouches for.
struct ObjectSyntax {
    private let bytes: [UInt8]
    private let end: Int
    private(set) var position: Int
    /// Objects one call may still take memory for; more of them than a flat page tree needs is damage.
    private var itemsLeft = 4 << 20

    private static let depthMax = 100

    /// - Parameter end: where the bytes to be read end, if not with the array.
    init(_ bytes: [UInt8], at position: Int = 0, end: Int? = nil) {
        self.bytes = bytes
        self.end = end ?? bytes.count
        self.position = min(position, self.end)
    }

    mutating func skipSpace() {
        while position < end {
            if bytes[position] == UInt8(ascii: "%") {
                while position < end, bytes[position] != 0x0A, bytes[position] != 0x0D { position += 1 }
            } else if isSpace(bytes[position]) {
                position += 1
            } else {
                return
            }
        }
    }

    /// Takes `word` if it comes next, behind white space.
    mutating func take(_ word: String) throws(SyntaxError) -> Bool {
        skipSpace()
        return try takeHere(word)
    }

    /// Takes `word` if it comes next without anything before it.
    mutating func takeHere(_ word: String) throws(SyntaxError) -> Bool {
        let rest = bytes[position..<end]
        if rest.starts(with: word.utf8) {
            position += word.utf8.count
            return true
        }
        if rest.count < word.utf8.count, word.utf8.starts(with: rest) { throw .incomplete }
        return false
    }

    /// Whether `word` came next and was taken; bytes that end within it count as no.
    mutating func takes(_ word: String) -> Bool {
        do throws(SyntaxError) { return try take(word) } catch { return false }
    }

    /// The object that comes next, or nil where these bytes hold none.
    mutating func wholeObject() -> ParsedObject? {
        do throws(SyntaxError) { return try object() } catch { return nil }
    }

    /// The two numbers that begin a section of a cross-reference table, with the white space behind them.
    mutating func sectionHeader() -> (first: UInt64, count: UInt64)? {
        do throws(SyntaxError) {
            guard let first = try unsigned(), let count = try unsigned() else { return nil }
            skipSpace()
            return (first, count)
        } catch {
            return nil
        }
    }

    /// Whether a digit comes next without anything before it.
    var isAtDigit: Bool { position < end && digit(bytes[position]) != nil }

    /// Whether `N G obj` comes next.
    func isObject() -> Bool {
        var copy = self
        do throws(SyntaxError) { return try copy.objectHeader() != nil } catch { return false }
    }

    /// A number of digits alone, or nil.
    mutating func unsigned() throws(SyntaxError) -> UInt64? {
        skipSpace()
        var value: UInt64 = 0
        let start = position
        while position < end, let digit = digit(bytes[position]) {
            let (scaled, tooLarge) = value.multipliedReportingOverflow(by: 10)
            let (sum, overflow) = scaled.addingReportingOverflow(digit)
            guard !tooLarge, !overflow else { throw .malformed }
            value = sum
            position += 1
        }
        if position == end { throw .incomplete }
        return position == start ? nil : value
    }

    /// The number and generation of `N G obj`, or nil.
    mutating func objectHeader() throws(SyntaxError) -> (number: UInt64, generation: UInt64)? {
        let start = position
        if let number = try unsigned(), let generation = try unsigned(), try take("obj") { return (number, generation) }
        position = start
        return nil
    }

    mutating func object(depth: Int = 0) throws(SyntaxError) -> ParsedObject {
        itemsLeft -= 1
        guard depth < Self.depthMax, itemsLeft > 0 else { throw .malformed }
        skipSpace()
        guard position < end else { throw .incomplete }
        switch bytes[position] {
        case UInt8(ascii: "/"): return .name(try name())
        case UInt8(ascii: "("): return try literalString()
        case UInt8(ascii: "["):
            position += 1
            var items: [ParsedObject] = []
            while true {
                if try take("]") { return .array(items) }
                items.append(try object(depth: depth + 1))
            }
        case UInt8(ascii: "<"):
            if try takeHere("<<") { return try dictionary(depth: depth) }
            return try hexString()
        case UInt8(ascii: "+"), UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "0")...UInt8(ascii: "9"):
            return try numberOrReference()
        default:
            for word in ["true", "false", "null"] where try takeHere(word) { return .other }
            throw .malformed
        }
    }

    private mutating func dictionary(depth: Int) throws(SyntaxError) -> ParsedObject {
        var entries: [String: ParsedObject] = [:]
        while true {
            if try take(">>") { return .dictionary(entries) }
            guard position < end else { throw .incomplete }
            guard bytes[position] == UInt8(ascii: "/") else { throw .malformed }
            let key = try name()
            entries[key] = try object(depth: depth + 1)
        }
    }

    /// The name without its slash; `#` escapes stay as they are, since no name that matters here has one.
    private mutating func name() throws(SyntaxError) -> String {
        let start = position + 1
        position = start
        while position < end, isRegular(bytes[position]) { position += 1 }
        if position == end { throw .incomplete }
        return String(decoding: bytes[start..<position], as: UTF8.self)
    }

    private mutating func literalString() throws(SyntaxError) -> ParsedObject {
        var open = 0
        while position < end {
            switch bytes[position] {
            case UInt8(ascii: "\\"): position += 1
            case UInt8(ascii: "("): open += 1
            case UInt8(ascii: ")"): open -= 1
            default: break
            }
            position += 1
            if open == 0 { return .other }
        }
        position = end
        throw .incomplete
    }

    private mutating func hexString() throws(SyntaxError) -> ParsedObject {
        position += 1
        while position < end {
            let byte = bytes[position]
            position += 1
            if byte == UInt8(ascii: ">") { return .other }
            let isHex = digit(byte) != nil || (UInt8(ascii: "a")...UInt8(ascii: "f")).contains(byte | 0x20)
            guard isHex || isSpace(byte) else { throw .malformed }
        }
        throw .incomplete
    }

    private mutating func numberOrReference() throws(SyntaxError) -> ParsedObject {
        let start = position
        while position < end, isRegular(bytes[position]) { position += 1 }
        if position == end { throw .incomplete }
        let text = String(decoding: bytes[start..<position], as: UTF8.self)
        guard let value = Int64(text) else {
            guard Double(text) != nil else { throw .malformed }
            return .other
        }
        // `N G R` is told from three things in a row by looking ahead.
        let behindNumber = position
        if value > 0, let generation = try unsigned(), generation <= 65_535, try take("R") {
            if position == end { throw .incomplete }
            if !isRegular(bytes[position]) { return .reference(UInt64(value)) }
        }
        position = behindNumber
        return .integer(value)
    }

    private func digit(_ byte: UInt8) -> UInt64? {
        (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) ? UInt64(byte - UInt8(ascii: "0")) : nil
    }

    private func isRegular(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "("), UInt8(ascii: ")"), UInt8(ascii: "<"), UInt8(ascii: ">"), UInt8(ascii: "["), UInt8(ascii: "]"),
            UInt8(ascii: "{"), UInt8(ascii: "}"), UInt8(ascii: "/"), UInt8(ascii: "%"):
            false
        default: !isSpace(byte)
        }
    }
}

func isSpace(_ byte: UInt8) -> Bool {
    switch byte {
    case 0, 9, 10, 12, 13, 32: true
    default: false
    }
}
