/// Reads an expression; one use each.
struct ExpressionParser {
    private typealias Node = Expression.Node
    private typealias Kind = Expression.Kind

    private let text: String
    private let characters: [Character]
    private var index = 0
    private var level = 0

    init(_ text: String) {
        self.text = text
        characters = Array(text)
    }

    mutating func whole() throws(VariableError) -> Expression {
        let result = try leading()
        if index < characters.count { throw error(.unexpected(String(characters[index]))) }
        return result
    }

    /// The expression the text begins with; `rest` is what follows.
    mutating func leading() throws(VariableError) -> Expression {
        guard text.utf8.count <= Expression.bytesMax else { throw error(.tooLong(bytesMax: Expression.bytesMax)) }
        let (root, kind) = try sum()
        let end = index
        skipSpaces()
        let written = String(characters[..<end].filter { $0 != " " })
        return Expression(text: written, kind: kind, root: root)
    }

    var rest: String { String(characters[index...]) }

    private mutating func sum() throws(VariableError) -> (Node, Kind) {
        level += 1
        defer { level -= 1 }
        guard level <= Expression.levelsMax else { throw error(.tooDeep(levelsMax: Expression.levelsMax)) }
        var (node, kind) = try product()
        while let sign = take(anyOf: "+-") {
            let (right, rightKind) = try product()
            try refuseText(kind, rightKind, in: "a sum")
            kind = kind == .length || rightKind == .length ? .length : .number
            node = .calculation(sign == "+" ? .plus : .minus, node, right)
        }
        return (node, kind)
    }

    private mutating func product() throws(VariableError) -> (Node, Kind) {
        var (node, kind) = try factor()
        while let sign = take(anyOf: "*/") {
            let (right, rightKind) = try factor()
            try refuseText(kind, rightKind, in: "a product")
            switch (sign, kind, rightKind) {
            case ("*", .length, .length): throw error(.kindsDisagree("a length times a length is no length"))
            case ("/", .length, .length): kind = .number
            case ("/", _, .length): throw error(.kindsDisagree("a number cannot be divided by a length"))
            default: kind = kind == .length || rightKind == .length ? .length : .number
            }
            node = .calculation(sign == "*" ? .times : .over, node, right)
        }
        return (node, kind)
    }

    private mutating func factor() throws(VariableError) -> (Node, Kind) {
        skipSpaces()
        guard index < characters.count else { throw error(.empty) }
        level += 1
        defer { level -= 1 }
        guard level <= Expression.levelsMax else { throw error(.tooDeep(levelsMax: Expression.levelsMax)) }
        if take(anyOf: "-") != nil {
            let (node, kind) = try factor()
            try refuseText(kind, kind, in: "a difference")
            return (.negated(node), kind == .tag ? .number : kind)
        }
        if take(anyOf: "(") != nil {
            let inner = try sum()
            guard take(anyOf: ")") != nil else { throw error(.unclosed) }
            return inner
        }
        if isDigit(characters[index]) { return try number() }
        if isLetter(characters[index]) { return try named() }
        throw error(.unexpected(String(characters[index])))
    }

    private mutating func number() throws(VariableError) -> (Node, Kind) {
        let start = index
        while index < characters.count, isDigit(characters[index]) || characters[index] == "." { index += 1 }
        let digits = String(characters[start..<index])
        guard digits.utf8.count <= 24, digits.last != ".", let value = Double(digits) else {
            index = start
            throw error(.unexpected(digits))
        }
        let before = index
        skipSpaces()
        if take(anyOf: "%") != nil { return (.length(value, .percent), .length) }
        let word = letters()
        if word.isEmpty {
            index = before
            return (.number(value), .number)
        }
        guard let unit = Expression.Unit(rawValue: word) else {
            index -= word.count
            throw error(.unknownName(word, accepted: Expression.Unit.allCases.map(\.rawValue)))
        }
        return (.length(value, unit), .length)
    }

    private mutating func named() throws(VariableError) -> (Node, Kind) {
        let start = index
        let name = letters()
        if index < characters.count, characters[index] == "(", let function = Expression.Function(rawValue: name) {
            index += 1
            return try call(function)
        }
        let variable: Variable
        let kind: Kind
        if let space = TagSpace(rawValue: name), index < characters.count, characters[index] == ":" {
            index += 1
            variable = Variable(.tag(space, name: try tag(in: space)), part: try part())
            kind = variable.part.map { $0.isText ? .text : .number } ?? .tag
        } else if let plain = PlainVariable(rawValue: name) {
            variable = Variable(.plain(plain))
            kind = plain.isNumber ? .number : .text
        } else if TagSpace(rawValue: name) != nil {
            throw error(.missingTag)
        } else {
            index = start
            let accepted = PlainVariable.allCases.map(\.rawValue) + TagSpace.allCases.map { "\($0.rawValue):TAG" }
            throw error(.unknownName(name, accepted: accepted + Expression.Function.allCases.map { "\($0.rawValue)()" }))
        }
        return (.variable(variable), kind)
    }

    /// A tag's name: letters, digits, `-` and `_`, and `:` before a letter, as in `xmp:dc:title`.
    private mutating func tag(in space: TagSpace) throws(VariableError) -> String {
        var name = ""
        while index < characters.count {
            let character = characters[index]
            let isColonInside =
                character == ":" && !name.isEmpty && index + 1 < characters.count && isLetter(characters[index + 1])
            // IPTC's names have hyphens, `By-line`, and its texts are nothing to subtract from.
            let isHyphenInside =
                space == .iptc && character == "-" && !name.isEmpty && index + 1 < characters.count && isLetter(characters[index + 1])
            guard isLetter(character) || isDigit(character) || character == "_" || isColonInside || isHyphenInside else { break }
            name.append(character)
            index += 1
        }
        guard !name.isEmpty else { throw error(.missingTag) }
        return name
    }

    private mutating func part() throws(VariableError) -> DatePart? {
        guard index < characters.count, characters[index] == "." else { return nil }
        index += 1
        let word = letters()
        guard let part = DatePart(rawValue: word) else { throw error(.badPart(word)) }
        return part
    }

    private mutating func call(_ function: Expression.Function) throws(VariableError) -> (Node, Kind) {
        var arguments: [Node] = []
        var kind = Kind.number
        repeat {
            let (node, nodeKind) = try sum()
            if function.takesText {
                guard nodeKind == .text || nodeKind == .tag else { throw error(.kindsDisagree("\(function.rawValue) takes a text")) }
                kind = .text
            } else {
                try refuseText(nodeKind, nodeKind, in: function.rawValue)
                if nodeKind == .length { kind = .length }
            }
            arguments.append(node)
        } while take(anyOf: ",") != nil
        guard take(anyOf: ")") != nil else { throw error(.unclosed) }
        let wanted: (range: ClosedRange<Int>, text: String) =
            switch function {
            case .min, .max: (1...32, "one to 32 arguments")
            case .abs, .round, .floor, .ceil, .sqrt, .lower, .upper, .title: (1...1, "one argument")
            case .pow: (2...2, "two arguments")
            }
        guard wanted.range.contains(arguments.count) else { throw error(.argumentCount(function.rawValue, wanted: wanted.text)) }
        if (function == .sqrt || function == .pow) && kind == .length {
            throw error(.kindsDisagree("\(function.rawValue) of a length is no length"))
        }
        return (.call(function, arguments), kind)
    }

    private func refuseText(_ left: Kind, _ right: Kind, in what: String) throws(VariableError) {
        if left == .text || right == .text { throw error(.kindsDisagree("a text cannot stand in \(what)")) }
    }

    // MARK: Characters

    private mutating func skipSpaces() {
        while index < characters.count, characters[index] == " " { index += 1 }
    }

    private mutating func take(anyOf accepted: String) -> Character? {
        let start = index
        skipSpaces()
        guard index < characters.count, accepted.contains(characters[index]) else {
            index = start
            return nil
        }
        index += 1
        return characters[index - 1]
    }

    private mutating func letters() -> String {
        let start = index
        while index < characters.count, isLetter(characters[index]) { index += 1 }
        return String(characters[start..<index])
    }

    private func isLetter(_ character: Character) -> Bool { character.isASCII && character.isLetter }
    private func isDigit(_ character: Character) -> Bool { character.isASCII && character.isNumber }

    private func error(_ problem: ExpressionProblem) -> VariableError {
        .badExpression(text, position: index + 1, problem: problem)
    }
}

extension DatePart {
    var isText: Bool {
        switch self {
        case .monthname, .weekdayname: true
        case .year, .month, .day, .weekday, .hour, .minute, .second: false
        }
    }
}
