import JobModel

/// The words on a page that stands for a failed file, in Helvetica, broken to the page's width.
struct PlaceholderText {
    /// Characters of a file name that are shown; system limits end names at 255 bytes.
    static let nameCharactersMax = 1_000
    /// A page smaller than this on a side (2 inches) carries no readable text.
    static let sideMin = 144_000

    /// Content stream of the page: what happened, the file's name, the reason class.
    /// - Parameter drawn: draws the letters instead of naming the font `/F`.
    static func content(_ layout: PageLayout, fileName: String, reason: FailureReason, drawn: Bool) -> [UInt8] {
        let size = min(layout.width / 36, layout.height / 24)
        let border = size * 3
        let name = String(fileName.unicodeScalars.prefix(nameCharactersMax).map(Character.init))
        let paragraphs = [
            "This page is missing: its file could not be used.", "", "Reason: \(reason.rawValue) (\(explanation(reason)))", "",
            name,
        ]
        let leading = size * 7 / 5
        let linesMax = max(1, (layout.height - 2 * border) / leading)
        let lines = paragraphs.flatMap {
            broken(codes($0, asciiOnly: drawn), size: size, room: layout.width - 2 * border, drawn: drawn)
        }
        .prefix(linesMax)
        let top = layout.height - border - size
        var text = ObjectText()
        if drawn {
            for (row, line) in lines.enumerated() {
                DrawnLetters.put(line, x: border, y: top - row * leading, size: size, to: &text)
            }
            text.put("f")
            return text.bytes
        }
        text.put("BT\n/F ")
        text.put(thousandths: size)
        text.put(" Tf\n")
        text.put(thousandths: leading)
        text.put(" TL\n")
        text.put(thousandths: border)
        text.put(" ")
        text.put(thousandths: top)
        text.put(" Td\n")
        for line in lines {
            text.put(literal: line)
            text.put(" Tj T*\n")
        }
        text.put("ET")
        return text.bytes
    }

    private static func explanation(_ reason: FailureReason) -> String {
        switch reason {
        case .unreadable: "the file could not be read"
        case .notImage: "the file is no image"
        case .truncated: "the file ends before its picture does"
        case .damaged: "the file contradicts itself"
        case .tooLarge: "the picture is larger than the limits allow"
        case .unsupported: "an image of a kind that is not accepted"
        case .crashed: "the decoder crashed on it"
        case .timeout: "it took longer than the time limit"
        case .memory: "it took more memory than the limit"
        case .vanished: "the file was gone when its turn came"
        case .changed: "the file changed after the job was planned"
        case .noSpace: "there was no room to work on it"
        case .denied: "access to the file was denied"
        case .exitCode, .signal: "the program that was run on it failed"
        case .output: "the program made something else of it than was declared"
        case .lost: "its host was lost while the program ran"
        }
    }

    /// WinAnsi codes (ISO 32000-1, annex D); a character it lacks becomes `\u{HEX}`, so that different names stay different.
    private static func codes(_ text: String, asciiOnly: Bool) -> [UInt8] {
        var result: [UInt8] = []
        for scalar in text.unicodeScalars {
            switch scalar.value {
            case 0x20...0x7E: result.append(UInt8(scalar.value))
            case 0xA0...0xFF where !asciiOnly: result.append(UInt8(scalar.value))
            default:
                if !asciiOnly, let place = windowsOnly.firstIndex(of: scalar.value) {
                    result.append(0x80 + UInt8(place))
                } else {
                    result.append(contentsOf: "\\u{\(String(scalar.value, radix: 16, uppercase: true))}".utf8)
                }
            }
        }
        return result
    }

    /// Breaks after the last space or punctuation that fits, else anywhere.
    private static func broken(_ codes: [UInt8], size: Int, room: Int, drawn: Bool) -> [[UInt8]] {
        var lines: [[UInt8]] = []
        var line: [UInt8] = []
        var used = 0
        for code in codes {
            let width = (drawn ? DrawnLetters.advance : Self.width(code)) * size / 1000
            if used + width > room, !line.isEmpty {
                let cut = line.lastIndex(where: breakable.contains).map { $0 + 1 } ?? line.count
                lines.append(Array(line[..<cut]))
                line = Array(line[cut...])
                used = line.reduce(0) { $0 + (drawn ? DrawnLetters.advance : Self.width($1)) * size / 1000 }
            }
            line.append(code)
            used += width
        }
        lines.append(line)
        return lines
    }

    private static let breakable = Set(" -_/.,".utf8)

    /// Advance in thousandths of the font size (Adobe's metrics of Helvetica); above ASCII the widest, so that no line runs over.
    private static func width(_ code: UInt8) -> Int {
        (0x20...0x7E).contains(code) ? asciiWidths[Int(code) - 0x20] : 1000
    }

    private static let asciiWidths = [
        278, 278, 355, 556, 556, 889, 667, 191, 333, 333, 389, 584, 278, 333, 278, 278,
        556, 556, 556, 556, 556, 556, 556, 556, 556, 556, 278, 278, 584, 584, 584, 556,
        1015, 667, 667, 722, 722, 667, 611, 778, 722, 278, 500, 667, 556, 833, 722, 778,
        667, 778, 722, 667, 611, 722, 667, 944, 667, 667, 611, 278, 278, 278, 469, 556,
        333, 556, 556, 500, 556, 556, 278, 556, 556, 222, 222, 500, 222, 833, 556, 556,
        556, 556, 333, 500, 278, 556, 500, 722, 500, 500, 500, 334, 260, 334, 584,
    ]

    /// Unicode of the WinAnsi codes 0x80 to 0x9F; 0 where there is none.
    private static let windowsOnly: [UInt32] = [
        0x20AC, 0, 0x201A, 0x0192, 0x201E, 0x2026, 0x2020, 0x2021, 0x02C6, 0x2030, 0x0160, 0x2039, 0x0152, 0, 0x017D, 0,
        0, 0x2018, 0x2019, 0x201C, 0x201D, 0x2022, 0x2013, 0x2014, 0x02DC, 0x2122, 0x0161, 0x203A, 0x0153, 0, 0x017E, 0x0178,
    ]
}
