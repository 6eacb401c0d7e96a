/// A text with variables: `© {exif:DateTimeOriginal.year|2024} {exif:Artist|unknown}`, `{index:04}`, `{width / 2}`.
///
/// In braces stands an expression, then perhaps `:04` to pad a number with zeros, then perhaps `|` and what stands there where a file
/// has no such value; `{{` and `}}` are braces themselves.
public struct TextTemplate: Hashable, Sendable {
    public static let bytesMax = 4000
    /// Largest number of digits a number can be padded to.
    public static let widthMax = 20

    enum Part: Hashable, Sendable {
        case literal(String)
        case expression(Expression, width: Int?, fallback: String?)
    }

    public let text: String
    let parts: [Part]

    /// The text that says nothing.
    public static let empty = TextTemplate(text: "", parts: [])

    /// The text where nothing in it has to be worked out; nil for all others.
    public var constantText: String? {
        var result = ""
        for part in parts {
            guard case .literal(let text) = part else { return nil }
            result += text
        }
        return result
    }

    /// Throws `badExpression`, with the place in the whole text.
    public init(_ text: String) throws(VariableError) {
        guard text.utf8.count <= Self.bytesMax else {
            throw .badExpression(String(text.prefix(40)) + "…", position: 1, problem: .tooLong(bytesMax: Self.bytesMax))
        }
        var parts: [Part] = []
        var literal = ""
        let characters = Array(text)
        var index = 0
        while index < characters.count {
            let character = characters[index]
            if character == "{" || character == "}", index + 1 < characters.count, characters[index + 1] == character {
                literal.append(character)
                index += 2
            } else if character == "{" {
                guard let closing = characters[index...].firstIndex(of: "}"), !characters[(index + 1)..<closing].contains("{") else {
                    throw .badExpression(text, position: index + 1, problem: .unclosed)
                }
                if !literal.isEmpty { parts.append(.literal(literal)) }
                literal = ""
                do throws(VariableError) {
                    parts.append(try Self.part(String(characters[(index + 1)..<closing])))
                } catch {
                    guard case .badExpression(_, let position, let problem) = error else { throw error }
                    throw .badExpression(text, position: index + 1 + position, problem: problem)
                }
                index = closing + 1
            } else if character == "}" {
                throw .badExpression(text, position: index + 1, problem: .unexpected("}"))
            } else {
                literal.append(character)
                index += 1
            }
        }
        if !literal.isEmpty { parts.append(.literal(literal)) }
        self.init(text: text, parts: parts)
    }

    private init(text: String, parts: [Part]) {
        self.text = text
        self.parts = parts
    }

    private static func part(_ inside: String) throws(VariableError) -> Part {
        let bar = inside.firstIndex(of: "|")
        let fallback = bar.map { String(inside[inside.index(after: $0)...]) }
        let wanted = String(inside[..<(bar ?? inside.endIndex)])
        var parser = ExpressionParser(wanted)
        let expression = try parser.leading()
        let rest = parser.rest
        guard !rest.isEmpty else { return .expression(expression, width: nil, fallback: fallback) }
        let position = wanted.count - rest.count + 1
        guard rest.first == ":" else { throw .badExpression(wanted, position: position, problem: .unexpected(String(rest.prefix(1)))) }
        let digits = rest.dropFirst()
        guard digits.utf8.allSatisfy({ (0x30...0x39).contains($0) }), digits.utf8.count <= 3, let width = Int(digits),
            (1...widthMax).contains(width), expression.kind != .text
        else { throw .badExpression(wanted, position: position + 1, problem: .badWidth(String(digits))) }
        return .expression(expression, width: width, fallback: fallback)
    }

    /// Each variable it asks for.
    public var variables: Set<Variable> {
        parts.reduce(into: []) { found, part in
            switch part {
            case .literal: break
            case .expression(let expression, _, _): found.formUnion(expression.variables)
            }
        }
    }

    /// The text for one file. Throws `missing` where a value without a default is wanting, `notANumber` and `noResult`.
    public func rendered(in context: ExpressionContext) throws(VariableError) -> String {
        var result = ""
        for part in parts {
            switch part {
            case .literal(let text): result += text
            case .expression(let expression, let width, let fallback):
                do throws(VariableError) {
                    let value = try expression.value(in: context)
                    result += Self.padded(value, width ?? Self.usualWidth(of: expression))
                } catch {
                    guard case .missing = error, let fallback else { throw error }
                    result += fallback
                }
            }
        }
        return result
    }

    private static func usualWidth(of expression: Expression) -> Int {
        guard case .variable(let variable) = expression.root else { return 1 }
        switch (variable.subject, variable.part) {
        case (_, .year?): return 4
        case (_, .month?), (_, .day?), (_, .hour?), (_, .minute?), (_, .second?): return 2
        case (_, .monthname?), (_, .weekday?), (_, .weekdayname?): return 1
        case (.plain(let plain), nil): return plain.usualWidth
        case (.tag, nil): return 1
        }
    }

    private static func padded(_ value: VariableValue, _ width: Int) -> String {
        let text = value.text
        guard width > 1, text.utf8.allSatisfy({ (0x30...0x39).contains($0) }) else { return text }
        return String(repeating: "0", count: max(0, width - text.utf8.count)) + text
    }
}
