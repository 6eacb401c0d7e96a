internal import Variables

/// Reads a template's text; one use each.
struct NameTemplateParser {
    private let text: String
    private let characters: [Character]
    private var index = 0

    init(_ text: String) {
        self.text = text
        characters = Array(text)
    }

    mutating func parts() throws(PlanningError) -> [NameTemplate.Part] {
        guard !characters.isEmpty else { throw error(.empty, at: 0) }
        guard text.utf8.count <= NameTemplate.bytesMax else { throw error(.tooLong(bytesMax: NameTemplate.bytesMax), at: 0) }
        if let place = characters.firstIndex(where: { $0.unicodeScalars.contains("\0") }) { throw error(.holdsNUL, at: place) }
        var parts: [NameTemplate.Part] = []
        var literal: [UInt8] = []
        while index < characters.count {
            let character = characters[index]
            let isDoubled = index + 1 < characters.count && characters[index + 1] == character
            if character == "{" || character == "}", isDoubled {
                literal += Array(character.utf8)
                index += 2
            } else if character == "{" {
                if !literal.isEmpty { parts.append(.literal(literal)) }
                literal = []
                parts.append(try variable())
            } else if character == "}" {
                throw error(.strayBrace, at: index)
            } else {
                literal += Array(character.utf8)
                index += 1
            }
        }
        if !literal.isEmpty { parts.append(.literal(literal)) }
        return parts
    }

    /// `{name:width|fallback}`; the fallback is everything behind the first bar.
    private mutating func variable() throws(PlanningError) -> NameTemplate.Part {
        let opening = index
        guard let closing = characters[opening...].firstIndex(of: "}"), !characters[(opening + 1)..<closing].contains("{") else {
            throw error(.unclosedBrace, at: opening)
        }
        index = closing + 1
        let inside = characters[(opening + 1)..<closing]
        let bar = inside.firstIndex(of: "|")
        let fallback = bar.map { Array(String(inside[($0 + 1)...]).utf8) }
        let wanted = inside[..<(bar ?? closing)]
        let colon = wanted.firstIndex(of: ":")
        let name = String(wanted[..<(colon ?? wanted.endIndex)])
        let detail = colon.map { String(wanted[($0 + 1)...]) }
        if name == "exif", !Self.namesDatePart(detail) {
            guard let tag = detail, !tag.isEmpty else { throw error(.missingTag, at: opening + 1) }
            return .variable(.exif(tag: tag), width: 1, fallback: fallback)
        }
        guard let variable = NameVariable.plain.first(where: { $0.name == name })?.variable else {
            return .variable(try computed(String(wanted), at: opening + 1), width: 1, fallback: fallback)
        }
        var width = variable.usualWidth
        if let detail, let colon {
            guard variable.isNumber else { throw error(.notANumber(name), at: colon + 1) }
            let isDigits = !detail.isEmpty && detail.utf8.count <= 3 && detail.utf8.allSatisfy { (0x30...0x39).contains($0) }
            guard isDigits, let digits = Int(detail), (1...NameTemplate.widthMax).contains(digits) else {
                throw error(.badWidth(detail), at: colon + 1)
            }
            width = digits
        }
        return .variable(variable, width: width, fallback: fallback)
    }

    /// A tag's name with the part of a date behind it.
    private static func namesDatePart(_ tag: String?) -> Bool {
        guard let tag, let point = tag.lastIndex(of: ".") else { return false }
        return DatePart(rawValue: String(tag[tag.index(after: point)...])) != nil
    }

    /// What texts of recipes may hold in their braces, with its width.
    private func computed(_ wanted: String, at place: Int) throws(PlanningError) -> NameVariable {
        do throws(VariableError) {
            let template = try TextTemplate("{\(wanted)}")
            guard template.variables.isEmpty == false else {
                throw VariableError.badExpression(wanted, position: 1, problem: .unknownName(wanted, accepted: NameVariable.acceptedNames))
            }
            return .computed(template, text: wanted)
        } catch {
            switch error {
            case .badExpression(_, let position, let problem):
                if case .unknownName(let name, _) = problem {
                    let start = place + max(0, position - 2)
                    throw self.error(.unknownVariable(name, accepted: NameVariable.acceptedNames), at: start)
                }
                throw self.error(.badExpression("\(problem)"), at: place + max(0, position - 2))
            case .missing, .notANumber, .noResult: throw self.error(.badExpression("\(error)"), at: place)
            }
        }
    }

    private func error(_ problem: TemplateProblem, at place: Int) -> PlanningError {
        .badTemplate(text, position: place + 1, problem: problem)
    }
}
