/// Arithmetic over variables, numbers and lengths: `min(width, height) / 2`, `2.5cm + 10px`, `5%`.
///
///     sum     := product (('+' | '-') product)*
///     product := factor (('*' | '/') factor)*
///     factor  := '-' factor | number unit? | function '(' sum (',' sum)* ')' | variable | '(' sum ')'
///     unit    := px | % | cm | mm | in | inch | pt
///
/// Kinds are checked when it is read: a length times a length is refused, a plain number counts as pixels beside a length. There is
/// nothing in it but this grammar; it reads no files and ends always.
public struct Expression: Hashable, Sendable {
    /// What an expression gives.
    public enum Kind: Hashable, Sendable {
        case number
        /// Pixels in the end; holds a unit somewhere.
        case length
        case text
        /// A tag's value, which is a number for some files and a text for others.
        case tag
    }

    public static let bytesMax = 500
    public static let levelsMax = 32

    /// As written, without spaces.
    public let text: String
    public let kind: Kind
    let root: Node

    indirect enum Node: Hashable, Sendable {
        case number(Double)
        /// Pixels are `factor` times what the unit is measured by.
        case length(Double, Unit)
        case variable(Variable)
        case negated(Node)
        case calculation(Operator, Node, Node)
        case call(Function, [Node])
    }

    enum Operator: Character, Sendable {
        case plus = "+"
        case minus = "-"
        case times = "*"
        case over = "/"
    }

    enum Unit: String, CaseIterable, Sendable {
        case px, cm, mm, inch, pt
        case percent = "%"
        case shortInch = "in"
    }

    enum Function: String, CaseIterable, Sendable {
        case min, max, abs, round, floor, ceil, sqrt, pow, lower, upper, title

        var takesText: Bool {
            switch self {
            case .lower, .upper, .title: true
            case .min, .max, .abs, .round, .floor, .ceil, .sqrt, .pow: false
            }
        }
    }

    /// Throws `badExpression`.
    public init(_ text: String) throws(VariableError) {
        var parser = ExpressionParser(text)
        self = try parser.whole()
    }

    init(text: String, kind: Kind, root: Node) {
        self.text = text
        self.kind = kind
        self.root = root
    }

    /// Each variable it asks for.
    public var variables: Set<Variable> { Self.variables(in: root) }

    /// Whether it holds a `%`, which needs a side to be a share of.
    public var usesPercent: Bool { Self.usesPercent(in: root) }

    /// What it gives for every file alike, or why it gives nothing for any; nil where that depends on the file.
    public var constant: Result<Double, VariableError>? {
        guard Self.isFixed(root) else { return nil }
        return Result { () throws(VariableError) in
            try number(in: ExpressionContext(values: VariableValues(), side: 1, dpi: 1))
        }
    }

    private static func isFixed(_ node: Node) -> Bool {
        switch node {
        case .number, .length(_, .px): true
        case .length, .variable: false
        case .negated(let inner): isFixed(inner)
        case .calculation(_, let left, let right): isFixed(left) && isFixed(right)
        case .call(let function, let arguments): !function.takesText && arguments.allSatisfy(isFixed)
        }
    }

    private static func variables(in node: Node) -> Set<Variable> {
        switch node {
        case .number, .length: []
        case .variable(let variable): [variable]
        case .negated(let inner): variables(in: inner)
        case .calculation(_, let left, let right): variables(in: left).union(variables(in: right))
        case .call(_, let arguments): arguments.reduce(into: []) { $0.formUnion(variables(in: $1)) }
        }
    }

    private static func usesPercent(in node: Node) -> Bool {
        switch node {
        case .length(_, .percent): true
        case .number, .length, .variable: false
        case .negated(let inner): usesPercent(in: inner)
        case .calculation(_, let left, let right): usesPercent(in: left) || usesPercent(in: right)
        case .call(_, let arguments): arguments.contains { usesPercent(in: $0) }
        }
    }
}

/// What an expression is worked out against.
public struct ExpressionContext: Hashable, Sendable {
    public var values: VariableValues
    /// Pixels of which `%` is a share.
    public var side: Double
    /// Dots an inch, above 0, for cm, mm, inch and pt.
    public var dpi: Double

    public init(values: VariableValues, side: Double, dpi: Double) {
        self.values = values
        self.side = side
        self.dpi = dpi
    }
}

extension Expression {
    /// The number, of pixels for a length. Throws `missing`, `notANumber` and `noResult`.
    public func number(in context: ExpressionContext) throws(VariableError) -> Double {
        let result = try Self.number(of: root, in: context)
        guard result.isFinite else { throw .noResult("'\(text)' has no result for this file") }
        return result
    }

    /// The value as it stands in a text.
    public func value(in context: ExpressionContext) throws(VariableError) -> VariableValue {
        switch root {
        case .variable(let variable):
            guard let value = context.values.value(of: variable) else { throw .missing(variable) }
            return value
        case .call(let function, let arguments) where function.takesText:
            guard let argument = arguments.first else { preconditionFailure("\(function) without an argument") }
            let inner = try Expression(text: text, kind: .text, root: argument).value(in: context).text
            switch function {
            case .lower: return .text(inner.lowercased())
            case .upper: return .text(inner.uppercased())
            case .title: return .text(Self.titleCase(inner))
            case .min, .max, .abs, .round, .floor, .ceil, .sqrt, .pow: preconditionFailure("\(function) takes numbers")
            }
        case .number, .length, .negated, .calculation, .call: return .number(try number(in: context))
        }
    }

    private static func titleCase(_ text: String) -> String {
        var result = ""
        var isStart = true
        for character in text {
            result += isStart ? character.uppercased() : character.lowercased()
            isStart = !(character.isLetter || character.isNumber || character == "'")
        }
        return result
    }

    private static func number(of node: Node, in context: ExpressionContext) throws(VariableError) -> Double {
        switch node {
        case .number(let number): return number
        case .length(let amount, let unit):
            return switch unit {
            case .px: amount
            case .percent: context.side * amount / 100
            case .cm: amount * context.dpi / 2.54
            case .mm: amount * context.dpi / 25.4
            case .inch, .shortInch: amount * context.dpi
            case .pt: amount * context.dpi / 72
            }
        case .variable(let variable):
            switch context.values.value(of: variable) {
            case .number(let number)?: return number
            case .text(let text)?:
                guard let number = leadingNumber(text) else { throw .notANumber(variable, value: text) }
                return number
            case nil: throw .missing(variable)
            }
        case .negated(let inner): return -(try number(of: inner, in: context))
        case .calculation(let sign, let left, let right):
            let (left, right) = (try number(of: left, in: context), try number(of: right, in: context))
            switch sign {
            case .plus: return left + right
            case .minus: return left - right
            case .times: return left * right
            case .over:
                guard right != 0 else { throw .noResult("a division by zero") }
                return left / right
            }
        case .call(let function, let arguments):
            var numbers: [Double] = []
            for argument in arguments { numbers.append(try number(of: argument, in: context)) }
            let first = numbers[0]
            switch function {
            case .min: return numbers.min() ?? first
            case .max: return numbers.max() ?? first
            case .abs: return Swift.abs(first)
            case .round: return first.rounded(.toNearestOrAwayFromZero)
            case .floor: return first.rounded(.down)
            case .ceil: return first.rounded(.up)
            case .sqrt:
                guard first >= 0 else { throw .noResult("the root of \(plainNumber(first))") }
                return first.squareRoot()
            case .pow: return try power(first, numbers[1])
            case .lower, .upper, .title: preconditionFailure("\(function) takes a text")
            }
        }
    }

    /// Whole exponents only: the same bits on every machine, whatever its C library does.
    private static func power(_ base: Double, _ exponent: Double) throws(VariableError) -> Double {
        guard exponent == exponent.rounded(), Swift.abs(exponent) <= 64 else {
            throw .noResult("pow with an exponent of \(plainNumber(exponent)); it takes whole ones from -64 to 64")
        }
        var result = 1.0
        for _ in 0..<Int(Swift.abs(exponent)) { result *= base }
        guard exponent < 0 else { return result }
        guard result != 0 else { throw .noResult("a division by zero") }
        return 1 / result
    }

    /// `5.6`, `1/250`, `f/5.6`, `50.0 mm`: what tags hold as text.
    private static func leadingNumber(_ text: String) -> Double? {
        let bytes = Array(text.utf8.drop { $0 == UInt8(ascii: " ") }.prefix(64))
        var digits = bytes.starts(with: Array("f/".utf8)) ? Array(bytes.dropFirst(2)) : bytes
        let end = digits.firstIndex { !(0x30...0x39).contains($0) && ![0x2E, 0x2D, 0x2B, 0x2F].contains($0) } ?? digits.count
        digits = Array(digits[..<end])
        let halves = digits.split(separator: 0x2F, omittingEmptySubsequences: false).map { Double(String(decoding: $0, as: UTF8.self)) }
        switch halves.count {
        case 1: return halves[0]
        case 2:
            guard let dividend = halves[0], let divisor = halves[1], divisor != 0 else { return nil }
            return dividend / divisor
        default: return nil
        }
    }
}
