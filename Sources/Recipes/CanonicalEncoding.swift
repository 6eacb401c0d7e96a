extension Recipe {
    /// Written in the first line; another number is refused.
    static let canonicalVersion = "quire-recipe 1"
    /// A recipe of `actionsMax` actions with all their fields stays far below.
    public static let canonicalBytesMax = 1 << 20

    /// The recipe as its digest is taken over and as workers receive it.
    ///
    /// ASCII lines: the version, then one action a line with all its fields, `shrink to=1600`. Recipes that mean the same have the
    /// same bytes, however they were spelled: it encodes `resolved`, so the name is not part of it.
    public var canonicalBytes: [UInt8] {
        let lines = resolved.actions.map { action in
            ([action.name.rawValue] + action.fieldValues.map { "\($0.name)=\(Self.escaped($0.value.text))" }).joined(separator: " ")
        }
        return Array(([Self.canonicalVersion] + lines).map { $0 + "\n" }.joined().utf8)
    }

    /// Reads `canonicalBytes` back; throws on any other bytes, so that equal recipes never have two digests.
    public init(canonical bytes: [UInt8]) throws(RecipeError) {
        guard bytes.count <= Self.canonicalBytesMax else {
            throw RecipeError(.tooLong("the encoded recipe", limit: "\(Self.canonicalBytesMax) bytes"))
        }
        guard bytes.allSatisfy({ $0 < 0x80 }) else { throw RecipeError(.notCanonical("it holds bytes that are not ASCII")) }
        let lines = String(decoding: bytes, as: UTF8.self).split(separator: "\n", omittingEmptySubsequences: false)
        guard let version = lines.first, version == Self.canonicalVersion else {
            throw RecipeError(.notCanonical("it does not begin with \(Self.canonicalVersion)"))
        }
        guard lines.count - 2 <= Self.actionsMax else {
            throw RecipeError(.tooLong("the list of actions", limit: "\(Self.actionsMax)"))
        }
        var actions: [Action] = []
        for line in lines.dropFirst().dropLast() { actions.append(try Self.action(canonical: line)) }
        self.init(actions: actions)
        try check()
        guard canonicalBytes == bytes else { throw RecipeError(.notCanonical("it is spelled in another way")) }
    }

    private static func action(canonical line: Substring) throws(RecipeError) -> Action {
        let words = line.split(separator: " ", omittingEmptySubsequences: false)
        guard let first = words.first, let name = ActionName(rawValue: String(first)) else {
            throw RecipeError(.unknownAction(String(words.first ?? ""), accepted: ActionName.allCases.map(\.rawValue)))
        }
        var fields = ActionFields(name)
        for word in words.dropFirst() {
            guard let cut = word.firstIndex(of: "=") else {
                throw RecipeError(.notCanonical("\(quoted(String(word))) is no field"))
            }
            let field = String(word[..<cut])
            guard let description = ActionCatalogue.description(of: name).fields.first(where: { $0.name == field }),
                !fields.has(field)
            else {
                throw RecipeError(.notCanonical("field \(quoted(field)) of \(name.rawValue) is unknown or repeated"))
            }
            let text = try unescaped(word[word.index(after: cut)...])
            fields.set(field, try description.kind.read(text, field: field))
        }
        return try fields.action()
    }

    /// Printing ASCII but backslash and space; all else as `\\xNN`.
    private static func escaped(_ text: String) -> String {
        var result = ""
        for byte in text.utf8 {
            if (0x21...0x7E).contains(byte), byte != UInt8(ascii: "\\") {
                result.unicodeScalars.append(Unicode.Scalar(byte))
            } else {
                let digits = String(byte, radix: 16)
                result += "\\x" + (digits.utf8.count == 1 ? "0" : "") + digits
            }
        }
        return result
    }

    private static func unescaped(_ text: Substring) throws(RecipeError) -> String {
        guard text.contains("\\") else { return String(text) }
        var bytes: [UInt8] = []
        var rest = Array(text.utf8)[...]
        while let byte = rest.popFirst() {
            guard byte == UInt8(ascii: "\\") else {
                bytes.append(byte)
                continue
            }
            guard rest.popFirst() == UInt8(ascii: "x"), rest.count >= 2,
                let value = UInt8(String(decoding: rest.prefix(2), as: UTF8.self), radix: 16)
            else { throw RecipeError(.notCanonical("\(quoted(String(text))) is escaped in another way")) }
            bytes.append(value)
            rest = rest.dropFirst(2)
        }
        guard let decoded = String(validating: bytes, as: UTF8.self) else { throw RecipeError(.notCanonical("a text is no UTF-8")) }
        return decoded
    }
}
