/// Text as a terminal shows it: made harmless, measured and cut in columns.
enum DisplayText {
    /// The text with control characters and characters that turn the writing direction shown as `\xNN` and `\u{NNNN}`.
    ///
    /// Names come from other people's disks and messages from other machines: none of them may move the cursor.
    static func harmless(_ text: some StringProtocol) -> String {
        guard text.unicodeScalars.contains(where: isHarmful) else { return String(text) }
        var result = ""
        for scalar in text.unicodeScalars {
            guard isHarmful(scalar) else {
                result.unicodeScalars.append(scalar)
                continue
            }
            let hex = String(scalar.value, radix: 16, uppercase: true)
            result += scalar.value < 0x80 ? "\\x" + (hex.count < 2 ? "0" : "") + hex : "\\u{\(hex)}"
        }
        return result
    }

    /// Terminal columns of a text without control characters: 2 for East Asian wide characters and emoji, 0 for marks, else 1.
    static func columns(_ text: String) -> Int {
        if text.utf8.allSatisfy({ $0 < 0x80 }) { return text.utf8.count }
        return text.reduce(0) { $0 + columns($1) }
    }

    /// The longest beginning of `text` that fits, with `…` at its end if something was left away.
    static func cut(_ text: String, to columnsMax: Int) -> String {
        guard columns(text) > columnsMax else { return text }
        guard columnsMax > 0 else { return "" }
        var result = ""
        var used = 1
        for character in text {
            used += columns(character)
            if used > columnsMax { break }
            result.append(character)
        }
        return result + "…"
    }

    /// The text with blanks behind it (or before it) up to this width; a longer text stays as it is.
    static func padded(_ text: String, to width: Int, right: Bool = false) -> String {
        let blanks = String(repeating: " ", count: max(0, width - columns(text)))
        return right ? blanks + text : text + blanks
    }

    private static func isHarmful(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.value {
        case 0x00..<0x20, 0x7F..<0xA0: true
        case 0x2028...0x202E, 0x2066...0x2069, 0x200E, 0x200F, 0x061C: true
        default: false
        }
    }

    private static func columns(_ character: Character) -> Int {
        var width = 0
        for scalar in character.unicodeScalars {
            if scalar.value == 0xFE0F || scalar.properties.isEmojiPresentation || isWide(scalar) { return 2 }
            switch scalar.properties.generalCategory {
            case .nonspacingMark, .enclosingMark, .format, .control: continue
            default: width = max(width, 1)
            }
        }
        return width
    }

    /// The blocks of Unicode Standard Annex 11 that are wide throughout or nearly so.
    private static func isWide(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.value {
        case 0x1100...0x115F, 0x2E80...0x303E, 0x3041...0x33FF, 0x3400...0x4DBF, 0x4E00...0x9FFF, 0xA000...0xA4CF: true
        case 0xA960...0xA97F, 0xAC00...0xD7A3, 0xF900...0xFAFF, 0xFE30...0xFE6F, 0xFF01...0xFF60, 0xFFE0...0xFFE6: true
        case 0x16FE0...0x18DFF, 0x1AFF0...0x1B2FF, 0x1F200...0x1F2FF, 0x1F900...0x1F9FF, 0x20000...0x3FFFD: true
        default: false
        }
    }
}
