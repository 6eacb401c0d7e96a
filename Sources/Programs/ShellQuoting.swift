/// How a value is written into a text so that whoever reads the text gets the value and nothing else.
enum Quoting: Hashable, Sendable {
    /// As it is: an argument that no shell sees.
    case none
    /// In a shell text, outside quotes, inside single and inside double quotes.
    case bare, single, double
    /// Inside `$(( ))`: only whole numbers.
    case arithmetic

    /// Nil when the value cannot be written so.
    func write(_ value: [UInt8]) -> [UInt8]? {
        switch self {
        case .none: return value
        // Also values that look harmless: `{#}>log` must not become a redirection of descriptor 7.
        case .bare: return [quote] + Self.single(value) + [quote]
        case .single: return Self.single(value)
        case .double:
            var result: [UInt8] = []
            for byte in value {
                switch byte {
                case UInt8(ascii: "\\"), UInt8(ascii: "\""), UInt8(ascii: "$"), UInt8(ascii: "`"): result += [UInt8(ascii: "\\"), byte]
                default: result.append(byte)
                }
            }
            return result
        case .arithmetic:
            let digits = value.first == UInt8(ascii: "-") ? value.dropFirst() : value[...]
            return !digits.isEmpty && digits.allSatisfy(isDigit) ? value : nil
        }
    }

    /// The quote ends, an escaped one stands alone, and a new one begins.
    private static func single(_ value: [UInt8]) -> [UInt8] {
        var result: [UInt8] = []
        for byte in value {
            if byte == quote { result += [quote, UInt8(ascii: "\\"), quote, quote] } else { result.append(byte) }
        }
        return result
    }
}

private let quote = UInt8(ascii: "'")
private let lineFeed = UInt8(ascii: "\n")

/// Quotes words for people, so that a shell reads them back as they are.
public enum ShellWords {
    /// The words as any `sh` reads them: plain where nothing needs quotes, `"$(printf '...')"` where a control character or a byte outside
    /// UTF-8 does. On one line, but for line feeds at the end of a word.
    public static func display(_ words: [[UInt8]]) -> String { words.map(display).joined(separator: " ") }

    static func display(_ word: [UInt8]) -> String {
        if !word.isEmpty, word.allSatisfy(isPlain) { return String(decoding: word, as: UTF8.self) }
        if isOneLine(word) { return String(decoding: Quoting.bare.write(word) ?? word, as: UTF8.self) }
        // A shell takes line feeds away from the end of what a command prints.
        let body = word.lastIndex { $0 != lineFeed }.map { word[...$0] } ?? []
        let lineFeeds = String(repeating: "\n", count: word.count - body.count)
        var text = ""
        for (index, byte) in body.enumerated() {
            switch byte {
            case lineFeed: text += "\\n"
            case UInt8(ascii: "\t"): text += "\\t"
            case UInt8(ascii: "\\"): text += "\\\\"
            case UInt8(ascii: "%"): text += "%%"
            // Else printf would look for options.
            case UInt8(ascii: "-") where index == 0: text += "\\" + octal(byte)
            case 0x20..<0x7F where byte != quote: text += String(decoding: [byte], as: UTF8.self)
            // Always three digits: printf reads no digit that follows.
            default: text += "\\" + octal(byte)
            }
        }
        return (text.isEmpty ? "" : "\"$(printf '\(text)')\"") + (lineFeeds.isEmpty ? "" : "'\(lineFeeds)'")
    }

    /// Whether it is UTF-8 without control characters.
    static func isOneLine(_ bytes: [UInt8]) -> Bool {
        String(validating: bytes, as: UTF8.self) != nil && !bytes.contains { $0 < 0x20 || $0 == 0x7F }
    }

    private static func octal(_ byte: UInt8) -> String {
        let text = String(byte, radix: 8)
        return String(repeating: "0", count: 3 - text.count) + text
    }

    private static func isPlain(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "+")...UInt8(ascii: ":"), UInt8(ascii: "_"),
            UInt8(ascii: "="), UInt8(ascii: "@"), UInt8(ascii: "%"):
            true
        default: false
        }
    }
}
