import Recipes
import TerminalUI

/// The JSON Schema (draft 2020-12) of recipe files, made from the catalogue that the parser reads.
///
/// It is never stricter than the parser: what it refuses the parser refuses too. What holds between fields and what a text says is
/// left to the parser. YAML's plain values come as numbers, booleans or texts, and the parser takes each as the text it is.
enum RecipeSchema {
    static let json = JSONValue.object([
        ("$schema", .string("https://json-schema.org/draft/2020-12/schema")), ("title", .string("quire recipe")),
        ("description", .string("What is done to every picture, in order; see 'quire run --help'.")), ("type", .array([.string("object"), .string("null")])),
        (
            "properties",
            .object([
                ("name", scalar("What the recipe is called.")),
                (
                    "actions",
                    .object([
                        ("description", .string("What is done to every picture, in this order.")), ("type", types(["array", "null", "string"])),
                        ("maxItems", .integer(Recipe.actionsMax)), ("items", action), ("maxLength", .integer(0)),
                    ])
                ),
                (
                    "pdf",
                    .object([
                        ("description", .string("How pages are bound with --pdf.")), ("type", types(["object", "null", "string"])),
                        ("maxLength", .integer(0)), ("additionalProperties", .bool(false)),
                        ("properties", .object(PDFWishes.Field.allCases.map { ($0.rawValue, value(of: $0)) })),
                    ])
                ),
            ])
        ), ("additionalProperties", .bool(false)),
    ])

    // MARK: Actions

    private static var action: JSONValue {
        let withoutFields = ActionCatalogue.actions.filter { action in action.fields.allSatisfy { $0.presence != .required } }
        let properties = ActionCatalogue.actions.flatMap { action in
            acceptedSpellings(of: action.name.rawValue).map { ($0, value(of: action)) }
        }
        return .object([
            (
                "anyOf",
                .array([
                    .object([("enum", .array(withoutFields.flatMap { acceptedSpellings(of: $0.name.rawValue) }.map(JSONValue.string)))]),
                    .object([
                        ("type", .string("object")), ("properties", .object(properties)), ("additionalProperties", .bool(false)),
                        ("minProperties", .integer(1)), ("maxProperties", .integer(1)),
                    ]),
                ])
            )
        ])
    }

    private static func value(of action: ActionDescription) -> JSONValue {
        var forms: [JSONValue] = []
        let required = action.fields.filter { $0.presence == .required }
        if let main = action.fields.first(where: { $0.name == action.mainField }), required.allSatisfy({ $0.name == main.name }) {
            forms.append(.object(schema(main.kind)))
        }
        if required.isEmpty { forms.append(.object([("enum", .array([.null, .string("")]))])) }
        var fields: [(String, JSONValue)] = [
            ("type", .string("object")),
            ("properties", .object(action.fields.flatMap { field in acceptedSpellings(of: field.name).map { ($0, value(of: field)) } })),
            ("additionalProperties", .bool(false)),
        ]
        if !required.isEmpty {
            let present = required.map { field in
                JSONValue.object([
                    ("anyOf", .array(acceptedSpellings(of: field.name).map { .object([("required", .array([.string($0)]))]) }))
                ])
            }
            fields.append(("allOf", .array(present)))
        }
        forms.append(.object(fields))
        return .object([
            ("$comment", .string(action.family.rawValue)), ("description", .string(action.summary)),
            ("examples", .array([.string(action.example)])), ("anyOf", .array(forms)),
        ])
    }

    private static func value(of field: FieldDescription) -> JSONValue {
        var members: [(String, JSONValue)] = [("description", .string("\(field.summary) Accepted: \(field.kind.accepted)."))]
        if case .fixed(let usual) = field.presence { members.append(("default", .string(usual))) }
        return .object(members + schema(field.kind))
    }

    private static func value(of wish: PDFWishes.Field) -> JSONValue {
        guard let kind = wish.kind else { return scalar(wish.accepted) }
        return .object([("description", .string("Accepted: \(wish.accepted)."))] + schema(kind))
    }

    // MARK: Kinds

    private static func schema(_ kind: FieldKind) -> [(String, JSONValue)] {
        switch kind {
        case .choice(let words): choice(words)
        case .choices(let words):
            anyOf([
                choice(words),
                [("type", .string("array")), ("minItems", .integer(1)), ("items", .object(choice(words)))],
                // With commas.
                [("type", .string("string")), ("pattern", .string(","))],
            ])
        case .whole(let range):
            anyOf([
                [("type", .string("integer")), ("minimum", .integer(range.lowerBound)), ("maximum", .integer(range.upperBound))],
                text("^-?[0-9]+$"),
            ])
        case .odd(let range):
            anyOf([
                [
                    ("type", .string("integer")), ("minimum", .integer(range.lowerBound)), ("maximum", .integer(range.upperBound)),
                    ("not", .object([("multipleOf", .integer(2))])),
                ],
                text("^[0-9]*[13579]$"),
            ])
        case .number(let range):
            anyOf([
                [("type", .string("number")), ("minimum", .number(range.lowerBound)), ("maximum", .number(range.upperBound))],
                text("^-?[0-9.]+$"),
            ])
        case .flag: anyOf([[("type", .string("boolean"))], choice(["yes", "no"]), choice(["true", "false", "on", "off"])])
        case .extent(let least):
            anyOf([
                [
                    ("type", .string("number")), ("maximum", .integer(sidePixelsMax)),
                    // A fraction counts as the nearest whole number, but as one where none is taken.
                    ("exclusiveMinimum", .number(least == 1 ? 0 : Double(least) - 0.5)),
                ],
                [("type", .string("string")), ("minLength", .integer(1))],
            ])
        case .size: text("[xX×]")
        case .bound: anyOf([[("type", .string("integer")), ("minimum", .integer(1))], text("^[0-9. ]+(px)? *([xX×][0-9px ]+|%)? *$")])
        case .colour: anyOf([choice(Colour.nameList), text(colourDigits)])
        case .paint: anyOf([choice(["transparent"] + Colour.nameList), text(colourDigits)])
        case .byteSize:
            anyOf([
                [("type", .string("number")), ("minimum", .integer(0))], text("^[0-9]+([.][0-9]+)? *([bB]|[kKmMgGtT]([iI]?[bB])?)?$"),
            ])
        case .text, .template, .asset: [("type", types(["string", "number", "boolean", "null"]))]
        case .texts(let most):
            anyOf([
                [("type", types(["string", "number", "boolean", "null"]))],
                [
                    ("type", .string("array")), ("minItems", .integer(1)), ("maxItems", .integer(most)),
                    ("items", .object([("type", types(["string", "number", "boolean", "null"]))])),
                ],
            ])
        }
    }

    private static let colourDigits = "^#([0-9A-Fa-f]{3}|[0-9A-Fa-f]{6})$"

    /// The words for editors to offer, and the same in other letters' case and second spellings, which the parser takes too.
    private static func choice(_ words: [String]) -> [(String, JSONValue)] {
        let numbers = words.compactMap { Int($0) }.map { JSONValue.object([("const", .integer($0))]) }
        let spellings = words.flatMap { acceptedSpellings(of: $0) }
        return [
            (
                "anyOf",
                .array([.object([("enum", .array(words.map(JSONValue.string)))]), .object(text("^(\(spellings.map(anyCase).joined(separator: "|")))$"))] + numbers)
            )
        ]
    }

    /// A pattern (ECMA 262) that matches a word whatever the case of its letters.
    private static func anyCase(_ word: String) -> String {
        word.map { character in
            if character.isASCII, character.isLetter { return "[\(character.uppercased())\(character.lowercased())]" }
            return character.isASCII && (character.isNumber || character == "-") ? String(character) : "\\\(character)"
        }.joined()
    }

    private static func text(_ pattern: String) -> [(String, JSONValue)] { [("type", .string("string")), ("pattern", .string(pattern))] }

    private static func anyOf(_ forms: [[(String, JSONValue)]]) -> [(String, JSONValue)] { [("anyOf", .array(forms.map(JSONValue.object)))] }

    private static func types(_ names: [String]) -> JSONValue { .array(names.map(JSONValue.string)) }

    private static func scalar(_ description: String) -> JSONValue {
        .object([("description", .string(description)), ("type", types(["string", "number", "boolean", "null"]))])
    }
}
