/// Finds where an argument names an output: there the program is told where to write, and that need not be the final path.
///
/// A `--return` template is mentioned where its text stands whole: `{.}.mkv`, `of={.}.mkv`, `-o{.}.mkv`, `'{.}.mkv'` within a text for a
/// shell, but not in `out/{.}.mkv`, which is another file. The longest mention at a place counts.
struct OutputMentions {
    private let text: [UInt8]
    /// Longest first.
    private let needles: [(index: Int, bytes: [UInt8], isBelowHere: Bool)]

    init(text: [UInt8], returns: [ArgumentTemplate]) {
        self.text = text
        needles = returns.enumerated().map { index, template in
            let isBelowHere = template.isBelowHere
            let bytes = isBelowHere && template.text.starts(with: Self.here) ? Array(template.text.dropFirst(2)) : template.text
            return (index, bytes, isBelowHere)
        }.sorted { ($1.bytes.count, $0.index) < ($0.bytes.count, $1.index) }
    }

    /// The output mentioned at this place and what of the text names it.
    func mention(at place: Int) -> (index: Int, range: Range<Int>)? {
        guard !needles.isEmpty, isBoundedBefore(place) else { return nil }
        for needle in needles {
            // `./x` names the same file as `x`.
            let start = needle.isBelowHere && text[place...].starts(with: Self.here) ? place + 2 : place
            let end = start + needle.bytes.count
            guard text[start...].starts(with: needle.bytes), end == text.count || Self.isBoundary(text[end]) else { continue }
            return (needle.index, place..<end)
        }
        return nil
    }

    private static let here = Array("./".utf8)

    /// Whether a path can begin here: at the start, behind a character that belongs to no path, or behind a one-letter option.
    private func isBoundedBefore(_ place: Int) -> Bool {
        if place == 0 || Self.isBoundary(text[place - 1]) { return true }
        guard place >= 2, text[place - 2] == UInt8(ascii: "-"), Self.isLetter(text[place - 1]) else { return false }
        return place == 2 || Self.isBoundary(text[place - 3])
    }

    private static func isBoundary(_ byte: UInt8) -> Bool { Array(" \t\n\"'`=:,;|&<>()[]".utf8).contains(byte) }

    private static func isLetter(_ byte: UInt8) -> Bool {
        (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte | 0x20)
    }
}

extension ArgumentTemplate {
    /// Whether what it names can only lie below the working folder, so that `./` before it changes nothing.
    fileprivate var isBelowHere: Bool {
        switch parts.first {
        case .literal(let bytes): bytes.first != slash
        case .placeholder(.number, _), .placeholder(.value(_, .name), _), .placeholder(.value(_, .stem), _): true
        case .placeholder(.value, _), .output, nil: false
        }
    }
}
