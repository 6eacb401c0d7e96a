import Recipes

/// Reads `{a: [b, c], d: "e f"}` with places, so that tests can write recipes the way files do without a YAML library.
/// Broken text gives some value or other; it serves the fuzz tests too.
struct FlowText {
    private let text: [Character]
    private var position = 0
    private var line = 1
    private var column = 1

    static func read(_ text: String) -> RecipeValue {
        var reader = FlowText(text: Array(text))
        return reader.value(depth: 0)
    }

    private init(text: [Character]) { self.text = text }

    private var current: Character? { position < text.count ? text[position] : nil }

    private mutating func advance() {
        if current == "\n" { (line, column) = (line + 1, 1) } else { column += 1 }
        position += 1
    }

    private mutating func skipSpace() {
        while let character = current, character == " " || character == "\n" { advance() }
    }

    private mutating func value(depth: Int) -> RecipeValue {
        skipSpace()
        let place = (line, column)
        if depth < 20, current == "[" || current == "{" {
            let isMap = current == "{"
            let end: Character = isMap ? "}" : "]"
            advance()
            var items: [RecipeValue] = []
            var entries: [RecipeValue.Entry] = []
            while true {
                skipSpace()
                guard let next = current, next != end else { break }
                if next == "," {
                    advance()
                    continue
                }
                let before = position
                if isMap {
                    let keyPlace = (line, column)
                    let key = word(stop: ":,}")
                    if current == ":" { advance() }
                    let inner = value(depth: depth + 1)
                    entries.append(.init(name: key, line: keyPlace.0, column: keyPlace.1, value: inner))
                } else {
                    items.append(value(depth: depth + 1))
                }
                if position == before { advance() }
            }
            advance()
            return RecipeValue(isMap ? .map(entries) : .list(items), line: place.0, column: place.1)
        }
        return RecipeValue(.scalar(word(stop: ",]}")), line: place.0, column: place.1)
    }

    private mutating func word(stop: String) -> String {
        var result = ""
        if current == "\"" {
            advance()
            while let character = current, character != "\"" {
                result.append(character)
                advance()
            }
            advance()
            return result
        }
        while let character = current, !stop.contains(character), character != "\n" {
            result.append(character)
            advance()
        }
        while result.last == " " { result.removeLast() }
        return result
    }
}
