/// The names in a font file (OpenType specification, "name" table): a renderer finds a font by them alone.
struct FontNames {
    var family = ""
    var style = ""

    /// As Pango reads it; the comma ends the family, whose last word may be one of a style.
    var description: String { style.isEmpty || style == "Regular" ? "\(family)," : "\(family), \(style)" }

    /// Nil for what is no font file, or one without names. Of a collection the first font.
    init?(_ bytes: [UInt8]) {
        var start = 0
        if bytes.starts(with: "ttcf".utf8) {
            guard let first = Self.number(bytes, at: 12, count: 4) else { return nil }
            start = first
        }
        let kinds: [[UInt8]] = [[0, 1, 0, 0], Array("OTTO".utf8), Array("true".utf8)]
        guard start <= bytes.count, kinds.contains(where: { bytes[start...].starts(with: $0) }),
            let tableCount = Self.number(bytes, at: start + 4, count: 2)
        else { return nil }
        for table in 0..<tableCount {
            let entry = start + 12 + table * 16
            guard entry + 16 <= bytes.count else { return nil }
            guard bytes[entry...].starts(with: "name".utf8), let place = Self.number(bytes, at: entry + 8, count: 4) else { continue }
            read(bytes, at: place)
        }
        if family.isEmpty { return nil }
    }

    private mutating func read(_ bytes: [UInt8], at place: Int) {
        guard let count = Self.number(bytes, at: place + 2, count: 2), let texts = Self.number(bytes, at: place + 4, count: 2) else {
            return
        }
        for index in 0..<count {
            let record = place + 6 + index * 12
            let fields = (0..<6).compactMap { Self.number(bytes, at: record + 2 * $0, count: 2) }
            guard fields.count == 6 else { return }
            let (platform, language, name, length) = (fields[0], fields[2], fields[3], fields[4])
            let text = place + texts + fields[5]
            guard name == 1 || name == 2, text + length <= bytes.count, length <= 512 else { continue }
            let raw = bytes[text..<(text + length)]
            let value: String
            switch platform {
            // Windows, in English, and Unicode.
            case 3 where language == 0x409, 0:
                let units = stride(from: raw.startIndex, to: raw.endIndex - 1, by: 2).map { UInt16(raw[$0]) << 8 | UInt16(raw[$0 + 1]) }
                value = String(decoding: units, as: UTF16.self)
            // Macintosh, whose letters up to 127 are those of ASCII.
            case 1 where language == 0: value = String(decoding: raw.filter { $0 < 128 }, as: UTF8.self)
            default: continue
            }
            let plain = String(value.filter { $0 != "," && !$0.isNewline })
            if name == 1, family.isEmpty || platform == 3 { family = plain }
            if name == 2, style.isEmpty || platform == 3 { style = plain }
        }
    }

    private static func number(_ bytes: [UInt8], at place: Int, count: Int) -> Int? {
        guard place >= 0, place + count <= bytes.count else { return nil }
        return bytes[place..<(place + count)].reduce(0) { $0 << 8 | Int($1) }
    }
}
