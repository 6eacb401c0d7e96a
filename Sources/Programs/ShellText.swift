/// Follows a text for `/bin/sh` to tell how a value must be quoted at each place where one is inserted.
///
/// It knows quotes, `$( )`, `$(( ))`, `${ }`, backquotes, comments and here-documents, each as far as it can be told apart without
/// running the shell. Where shells differ or a value cannot be quoted, an insert is refused instead of guessed: a file's name must
/// never be taken for code. Numbers may stand anywhere.
struct ShellText {
    /// Where a value is inserted: the place of its placeholder in the text.
    struct Insert {
        var range: Range<Int>
        var isNumber: Bool
    }

    private enum Context {
        case commands(inSubstitution: Bool, depth: Int)
        case doubleQuotes
        case arithmetic(depth: Int)
        case parameter
    }

    private let text: [UInt8]
    private let inserts: [Insert]
    private var quotings: [Quoting] = []
    private var place = 0
    private var stack = [Context.commands(inSubstitution: false, depth: 0)]
    private var isWordStart = true
    /// Why nothing can be said of what follows.
    private var doubt: String?

    /// How to quote each of `inserts`, which are in order and do not overlap.
    static func quotings(of text: [UInt8], inserts: [Insert]) throws(ProgramError) -> [Quoting] {
        var reader = ShellText(text: text, inserts: inserts)
        return try reader.read()
    }

    private init(text: [UInt8], inserts: [Insert]) {
        self.text = text
        self.inserts = inserts
    }

    private mutating func read() throws(ProgramError) -> [Quoting] {
        while place < text.count {
            if let doubt {
                while quotings.count < inserts.count { try refuse(because: doubt) }
                return quotings
            }
            switch stack.last {
            case .commands(let inSubstitution, let depth): try readCommand(inSubstitution, depth)
            case .doubleQuotes: try readDoubleQuotes()
            case .arithmetic(let depth): try readArithmetic(depth)
            case .parameter: try readParameter()
            case nil: preconditionFailure("the outermost context was left")
            }
        }
        if doubt == nil, stack.count > 1, let last = stack.last { throw .unclosedShellText(Self.words(for: last)) }
        return quotings
    }

    private static func words(for context: Context) -> String {
        switch context {
        case .commands: "$( )"
        case .doubleQuotes: "double quotes"
        case .arithmetic: "$(( ))"
        case .parameter: "${ }"
        }
    }

    // MARK: Contexts, one step each

    private mutating func readCommand(_ inSubstitution: Bool, _ depth: Int) throws(ProgramError) {
        if accept(.bare) {
            isWordStart = false
            return
        }
        let byte = text[place]
        let startsWord = isWordStart
        isWordStart = Self.endsWord(byte)
        switch byte {
        case UInt8(ascii: "'"): try readSingleQuotes()
        case UInt8(ascii: "#") where startsWord: try readComment()
        case UInt8(ascii: "\\") where next == UInt8(ascii: "\n"):
            place += 2
            isWordStart = startsWord
        case UInt8(ascii: "<") where next == UInt8(ascii: "<"): doubt = "behind a here-document (<<)"
        case UInt8(ascii: "("):
            replaceTop(.commands(inSubstitution: inSubstitution, depth: depth + 1))
            place += 1
        case UInt8(ascii: ")"):
            place += 1
            if depth > 0 {
                replaceTop(.commands(inSubstitution: inSubstitution, depth: depth - 1))
            } else if inSubstitution {
                stack.removeLast()
                isWordStart = false
            }
        // The bracket behind a pattern would be taken for the end of the substitution.
        case UInt8(ascii: "c") where startsWord && inSubstitution && text[place...].starts(with: "case".utf8):
            doubt = "behind a 'case' inside $( )"
        default: try readCommon(byte)
        }
    }

    private mutating func readDoubleQuotes() throws(ProgramError) {
        if accept(.double) { return }
        if text[place] == UInt8(ascii: "\"") {
            stack.removeLast()
            place += 1
            isWordStart = false
        } else if text[place] == UInt8(ascii: "$"), next == UInt8(ascii: "'") {
            place += 1
        } else {
            try readCommon(text[place], opensQuotes: false)
        }
    }

    private mutating func readArithmetic(_ depth: Int) throws(ProgramError) {
        if accept(.arithmetic) { return }
        switch text[place] {
        case UInt8(ascii: "("):
            replaceTop(.arithmetic(depth: depth + 1))
            place += 1
        case UInt8(ascii: ")") where depth > 0:
            replaceTop(.arithmetic(depth: depth - 1))
            place += 1
        case UInt8(ascii: ")") where next == UInt8(ascii: ")"):
            stack.removeLast()
            place += 2
            isWordStart = false
        case UInt8(ascii: ")"), UInt8(ascii: "\""), UInt8(ascii: "'"), UInt8(ascii: "`"), UInt8(ascii: "\\"), UInt8(ascii: "#"):
            doubt = "behind $(( with quotes, brackets or comments in it"
        default: try readCommon(text[place])
        }
    }

    private mutating func readParameter() throws(ProgramError) {
        if let insert = nextInsert, insert.range.lowerBound == place {
            try refuse(because: "inside ${ }")
            place = insert.range.upperBound
            return
        }
        switch text[place] {
        case UInt8(ascii: "}"):
            stack.removeLast()
            place += 1
            isWordStart = false
        case UInt8(ascii: "\""), UInt8(ascii: "'"), UInt8(ascii: "`"), UInt8(ascii: "\\"): doubt = "behind a ${ } with quotes in it"
        default: try readCommon(text[place])
        }
    }

    /// What means the same outside quotes and inside double ones.
    private mutating func readCommon(_ byte: UInt8, opensQuotes: Bool = true) throws(ProgramError) {
        switch byte {
        case UInt8(ascii: "\""):
            precondition(opensQuotes, "a double quote inside double quotes")
            stack.append(.doubleQuotes)
            place += 1
        case UInt8(ascii: "\\"):
            place += 1
            if let insert = nextInsert, insert.range.lowerBound == place {
                try refuse(because: "behind a backslash")
                place = insert.range.upperBound
            } else {
                place = min(place + 1, text.count)
            }
        case UInt8(ascii: "`"): try readBackquotes()
        case UInt8(ascii: "$"): try readDollar()
        default: place += 1
        }
    }

    private mutating func readDollar() throws(ProgramError) {
        place += 1
        // `${#}` and `${1}` are the shell's own; a value behind a dollar sign would become part of its syntax.
        if let insert = nextInsert, insert.range.lowerBound == place {
            throw .unsafePlaceholder(name(of: insert), because: "behind a dollar sign")
        }
        guard place < text.count else { return }
        switch text[place] {
        case UInt8(ascii: "("):
            let isArithmetic = next == UInt8(ascii: "(")
            stack.append(isArithmetic ? .arithmetic(depth: 0) : .commands(inSubstitution: true, depth: 0))
            place += isArithmetic ? 2 : 1
            isWordStart = true
        case UInt8(ascii: "{"):
            stack.append(.parameter)
            place += 1
        case UInt8(ascii: "\\") where next == UInt8(ascii: "\n"): doubt = "behind a dollar sign at the end of a line"
        case UInt8(ascii: "'"): doubt = "behind $'...', which shells read differently"
        default: break
        }
    }

    // MARK: Stretches that end at a sign

    private mutating func readSingleQuotes() throws(ProgramError) {
        place += 1
        while place < text.count {
            if accept(.single) { continue }
            place += 1
            if text[place - 1] == UInt8(ascii: "'") { return }
        }
        throw .unclosedShellText("single quotes")
    }

    private mutating func readComment() throws(ProgramError) {
        while place < text.count, text[place] != UInt8(ascii: "\n") { try stepRefusing(because: "inside a comment") }
    }

    private mutating func readBackquotes() throws(ProgramError) {
        place += 1
        while place < text.count {
            let byte = text[place]
            try stepRefusing(because: "inside `...`; write $(...)")
            if byte == UInt8(ascii: "`") { return }
            if byte == UInt8(ascii: "\\"), place < text.count { try stepRefusing(because: "inside `...`; write $(...)") }
        }
        throw .unclosedShellText("`...`")
    }

    /// Over one byte or one insert, which is refused.
    private mutating func stepRefusing(because reason: String) throws(ProgramError) {
        if let insert = nextInsert, insert.range.lowerBound == place {
            try refuse(because: reason)
            place = insert.range.upperBound
        } else {
            place += 1
        }
    }

    // MARK: Helpers

    private var nextInsert: Insert? { quotings.count < inserts.count ? inserts[quotings.count] : nil }
    private var next: UInt8? { place + 1 < text.count ? text[place + 1] : nil }

    /// Takes the insert that stands here, if one does.
    private mutating func accept(_ quoting: Quoting) -> Bool {
        guard let insert = nextInsert, insert.range.lowerBound == place else { return false }
        quotings.append(quoting)
        place = insert.range.upperBound
        return true
    }

    /// A number needs no quotes wherever it stands; anything else is an error.
    private mutating func refuse(because reason: String) throws(ProgramError) {
        guard let insert = nextInsert else { return }
        guard insert.isNumber else { throw .unsafePlaceholder(name(of: insert), because: reason) }
        quotings.append(.none)
    }

    private func name(of insert: Insert) -> String { shown(Array(text[insert.range])) }

    private mutating func replaceTop(_ context: Context) { stack[stack.count - 1] = context }

    private static func endsWord(_ byte: UInt8) -> Bool { Array(" \t\n;&|<>()".utf8).contains(byte) }
}
