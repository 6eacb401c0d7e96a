/// What a tag is set to.
public enum TagValue: Hashable, Sendable {
    case exif(EXIFValue)
    /// One text, or several for a tag that takes them.
    case texts([String])
}

extension MetadataTag {
    /// The value that `text` stands for. Several texts of one tag are parted by semicolons, several numbers by spaces or commas.
    /// Throws `unwritable`, with what the tag takes.
    public func value(from text: String) throws(ImageFileError) -> TagValue {
        guard !isOpaque else { throw .unwritable("\(name) can be deleted or renamed, not written") }
        guard !text.unicodeScalars.contains("\0") else { throw .unwritable("\(name) cannot hold a NUL") }
        guard text.utf8.count <= Self.textBytesMax else {
            throw .unwritable("\(name) cannot hold \(text.utf8.count) bytes; \(Self.textBytesMax) fit")
        }
        switch self {
        case .exif(let tag): return .exif(try tag.value(from: text))
        case .iptc(let tag): return .texts(try tag.values(from: text))
        case .xmp(let tag):
            switch tag.form {
            case .simple, .alternatives: return .texts([text])
            case .ordered, .unordered: return .texts(Self.parts(text))
            }
        }
    }

    /// A JPEG segment holds hardly more.
    public static let textBytesMax = 60_000

    static func parts(_ text: String) -> [String] {
        text.split(separator: ";").map { part in
            var scalars = Substring(part).unicodeScalars.drop { $0.properties.isWhitespace }
            while let last = scalars.last, last.properties.isWhitespace { scalars.removeLast() }
            return String(scalars)
        }.filter { !$0.isEmpty }
    }
}

extension EXIFTag {
    func value(from text: String) throws(ImageFileError) -> EXIFValue {
        switch form {
        case .ascii: return .ascii(text)
        case .dateTime:
            guard let time = TagDate(text), let clock = time.clock else { throw wrong(text, "a date and time such as 2024:05:31 17:08:09") }
            return .ascii("\(time.day(separator: ":")) \(clock)")
        case .date:
            guard let time = TagDate(text) else { throw wrong(text, "a date such as 2024:05:31") }
            return .ascii(time.day(separator: ":"))
        case .byte: return .bytes(try numbers(text, 0...0xFF).map { UInt8($0) })
        case .short: return .shorts(try numbers(text, 0...0xFFFF).map { UInt16($0) })
        case .long: return .longs(try numbers(text, 0...0xFFFF_FFFF).map { UInt32($0) })
        case .shortOrLong:
            let values = try numbers(text, 0...0xFFFF_FFFF)
            return values.allSatisfy { $0 <= 0xFFFF } ? .shorts(values.map { UInt16($0) }) : .longs(values.map { UInt32($0) })
        case .rational: return .rationals(try ratios(text, 0...0xFFFF_FFFF))
        case .signedRational: return .signedRationals(try ratios(text, -0x8000_0000...0x7FFF_FFFF))
        case .undefined: return .undefined(try numbers(text, 0...0xFF).map { UInt8($0) })
        case .version:
            guard text.utf8.count == 4, text.utf8.allSatisfy({ (0x30...0x39).contains($0) }) else { throw wrong(text, "four digits") }
            return .undefined(Array(text.utf8))
        case .comment: return .comment(text)
        case .wideText: return .wideText(text)
        case .opaque: throw .unwritable("exif:\(fullName) can be deleted or renamed, not written")
        }
    }

    private func words(_ text: String) throws(ImageFileError) -> [Substring] {
        let words = text.split { $0 == " " || $0 == "," }
        guard !words.isEmpty, words.count <= 1_000, count.map({ $0 == words.count }) ?? true else {
            throw wrong(text, count.map { $0 == 1 ? "one number" : "\($0) numbers" } ?? "numbers")
        }
        return words
    }

    private func numbers(_ text: String, _ range: ClosedRange<Int64>) throws(ImageFileError) -> [Int64] {
        var found: [Int64] = []
        for word in try words(text) {
            guard let number = Int64(word), range.contains(number) else {
                throw wrong(text, "whole numbers from \(range.lowerBound) to \(range.upperBound)")
            }
            found.append(number)
        }
        return found
    }

    private func ratios(_ text: String, _ range: ClosedRange<Int64>) throws(ImageFileError) -> [EXIFValue.Ratio] {
        var found: [EXIFValue.Ratio] = []
        for word in try words(text) {
            guard let ratio = EXIFValue.Ratio(word), range.contains(ratio.numerator), range.contains(ratio.denominator) else {
                throw wrong(text, "numbers such as 1/125 or 2.8")
            }
            found.append(ratio)
        }
        return found
    }

    private func wrong(_ text: String, _ expected: String) -> ImageFileError {
        .unwritable("exif:\(fullName) takes \(expected), not `\(text.prefix(80))`")
    }
}

extension EXIFValue.Ratio {
    /// `1/125`, `48`, `2.8`: up to six digits behind the point.
    init?(_ text: Substring) {
        if let bar = text.firstIndex(of: "/") {
            guard let numerator = Int64(text[..<bar]), let denominator = Int64(text[text.index(after: bar)...]) else { return nil }
            self.init(numerator, denominator)
            return
        }
        let parts = text.split(separator: ".", maxSplits: 1, omittingEmptySubsequences: false)
        let fraction = parts.count == 2 ? parts[1] : ""
        guard let whole = parts.first, fraction.utf8.count <= 6, fraction.utf8.allSatisfy({ (0x30...0x39).contains($0) }),
            !(parts.count == 2 && fraction.isEmpty), let number = Int64(whole + fraction), number.magnitude < 1 << 40
        else { return nil }
        let denominator = (0..<fraction.utf8.count).reduce(Int64(1)) { scale, _ in scale * 10 }
        self.init(number, denominator)
    }
}

extension IPTCTag {
    func values(from text: String) throws(ImageFileError) -> [String] {
        let wanted = isRepeatable ? MetadataTag.parts(text) : [text]
        guard wanted.count <= 1_000 else { throw .unwritable("iptc:\(name) cannot be there \(wanted.count) times") }
        var found: [String] = []
        for value in wanted {
            var value = value
            switch form {
            case .text: break
            case .date:
                guard let date = TagDate(value) else { throw wrong(value, "a date such as 2024-05-31") }
                value = date.day(separator: "")
            case .time:
                guard let time = Self.time(value) else { throw wrong(value, "a time such as 17:08:09+02:00") }
                value = time
            case .digits:
                guard value.utf8.allSatisfy({ (0x30...0x39).contains($0) }), !value.isEmpty else { throw wrong(value, "digits") }
            }
            guard value.utf8.count <= bytesMax else {
                throw .unwritable("iptc:\(name) holds \(bytesMax) bytes (IIM 4.2), not the \(value.utf8.count) of `\(value.prefix(80))`")
            }
            found.append(value)
        }
        return found
    }

    /// HHMMSS±HHMM, from that or with colons; without a zone it is UTC.
    private static func time(_ text: String) -> String? {
        var digits = text.filter { $0 != ":" }
        if digits.hasSuffix("Z") { digits = digits.dropLast() + "+0000" }
        if digits.utf8.count == 6 { digits += "+0000" }
        let bytes = Array(digits.utf8)
        guard bytes.count == 11, bytes[6] == UInt8(ascii: "+") || bytes[6] == UInt8(ascii: "-") else { return nil }
        return bytes.indices.allSatisfy { $0 == 6 || (0x30...0x39).contains(bytes[$0]) } ? digits : nil
    }

    private func wrong(_ text: String, _ expected: String) -> ImageFileError {
        .unwritable("iptc:\(name) takes \(expected), not `\(text.prefix(80))`")
    }
}
