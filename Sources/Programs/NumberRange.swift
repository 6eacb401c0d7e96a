/// Numbers that a job counts through: `1-240`, `1-240:2`, `10-1:-1`, `-5-5`, or several with commas, in that order.
///
/// Each part is kept as first, last and step, so that ten million numbers cost nothing. A number that two parts hold comes twice.
public struct NumberRange: Hashable, Sendable {
    public static let countMax = 10_000_000
    public static let partsMax = 10_000
    /// Of one number.
    public static let digitsMax = 18

    public struct Part: Hashable, Sendable {
        public let first: Int64
        /// The last number it reaches, not the bound that was written.
        public let last: Int64
        /// Never 0; 1 for a single number.
        public let step: Int64

        var count: Int { Int((last - first) / step) + 1 }
    }

    public let parts: [Part]
    public let count: Int

    public init(parsing text: String) throws(ProgramError) {
        var parts: [Part] = []
        var count = 0
        let pieces = text.split(separator: ",", omittingEmptySubsequences: false)
        guard pieces.count <= Self.partsMax else { throw .tooLong("a range", limit: "\(Self.partsMax) parts") }
        for piece in pieces {
            let part = try Self.part(piece, of: text)
            // A part holds at most 2 x 10^18 numbers, so this sum cannot overflow before the next line refuses it.
            count += part.count
            guard count <= Self.countMax else { throw .tooLong("range '\(shown(Array(text.utf8)))'", limit: "\(Self.countMax) numbers") }
            parts.append(part)
        }
        self.parts = parts
        self.count = count
    }

    /// The number at `index`, from 0 up to `count`.
    public subscript(_ index: Int) -> Int64 {
        precondition((0..<count).contains(index), "number \(index) of \(count)")
        var rest = index
        for part in parts {
            if rest < part.count { return part.first + Int64(rest) * part.step }
            rest -= part.count
        }
        preconditionFailure("parts hold fewer than \(count) numbers")
    }

    /// Every number in order, until `body` throws.
    public func forEach<Failure: Error>(_ body: (Int64) throws(Failure) -> Void) throws(Failure) {
        for part in parts {
            for index in 0..<part.count { try body(part.first + Int64(index) * part.step) }
        }
    }

    /// A text that `init` reads as the same numbers.
    public var text: String {
        parts.map { part in
            part.first == part.last ? "\(part.first)" : "\(part.first)-\(part.last)" + (part.step == 1 ? "" : ":\(part.step)")
        }.joined(separator: ",")
    }

    private static func part(_ piece: Substring, of text: String) throws(ProgramError) -> Part {
        func bad(_ accepted: String = "1-240, 1-240:2, 10-1:-1, -5-5, or several with commas") -> ProgramError {
            .badValue(shown(Array(text.utf8)), of: "--range", accepted: accepted)
        }
        var rest = piece.utf8[...]
        guard let first = number(&rest) else { throw bad() }
        if rest.isEmpty { return Part(first: first, last: first, step: 1) }
        guard rest.popFirst() == UInt8(ascii: "-"), let bound = number(&rest) else { throw bad() }
        var step: Int64 = 1
        if rest.isEmpty {
            guard bound >= first else { throw bad("\(first)-\(bound):-1 to count down") }
        } else {
            guard rest.popFirst() == UInt8(ascii: ":"), let given = number(&rest), rest.isEmpty else { throw bad() }
            guard given != 0 else { throw bad("a step other than 0") }
            guard (bound >= first) == (given > 0) || bound == first else { throw bad("\(first)-\(bound):\(-given)") }
            step = given
        }
        let last = first + (bound - first) / step * step
        return Part(first: first, last: last, step: last == first ? 1 : step)
    }

    /// Digits with an optional minus before them; at most 18, so that differences fit 64 bits.
    private static func number(_ rest: inout Substring.UTF8View) -> Int64? {
        var text = rest
        let isNegative = text.first == UInt8(ascii: "-")
        if isNegative { text = text.dropFirst() }
        let digits = text.prefix { isDigit($0) }
        guard (1...digitsMax).contains(digits.count), let value = Int64(Substring(digits)) else { return nil }
        rest = text.dropFirst(digits.count)
        return isNegative ? -value : value
    }
}
