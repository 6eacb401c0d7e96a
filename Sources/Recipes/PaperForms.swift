public import JobModel

extension PaperLength {
    static let accepted = "10mm, 1cm, 0.5in or 36pt"
    /// The largest side of a PDF page: 14,400 points (ISO 32000-1, annex C.2).
    public static let max = PaperLength(milliPoints: 14_400_000)

    /// Reads a length with its unit: `10mm`, `1.5cm`, `0.5in`, `36pt`; a bare `0` too.
    public init(parsing text: String) throws(RecipeError) {
        guard let length = PaperLength(number: text, unit: nil), length <= .max else {
            throw RecipeError(.badValue(text, for: "length", accepted: Self.accepted))
        }
        self = length
    }

    /// `unit` is for a number that has none of its own.
    init?(number text: String, unit given: String?) {
        let number = text.prefix { $0.isASCII && ($0.isNumber || $0 == ".") }
        guard number.utf8.count <= 9, let value = decimal(number) else { return nil }
        let unit = number.count == text.count ? given : text.dropFirst(number.count).lowercased()
        let thousandths = Int(value.thousandths)
        switch unit {
        // 25.4 mm are 72 pt.
        case "mm": self.init(milliPoints: (thousandths * 360 + 63) / 127)
        case "cm": self.init(milliPoints: (thousandths * 3600 + 63) / 127)
        case "in": self.init(milliPoints: thousandths * 72)
        case "pt": self.init(milliPoints: thousandths)
        default:
            guard unit == nil, value.thousandths == 0 else { return nil }
            self.init(milliPoints: 0)
        }
    }
}

extension PageSize {
    static let accepted = "auto, a3, a4, a5, letter, legal, or a size such as 210x297mm (3 pt to 5080 mm)"

    /// Reads `auto`, a paper's name, or `WxH` with one unit or two: `210x297mm`, `8.5x11in`, `21cmx297mm`.
    public init(parsing text: String) throws(RecipeError) {
        switch text.lowercased() {
        case "auto": self = .auto
        case "a3": self = .paper(width: PaperLength(tenthsOfMillimetre: 2970), height: PaperLength(tenthsOfMillimetre: 4200))
        case "a4": self = .a4
        case "a5": self = .paper(width: PaperLength(tenthsOfMillimetre: 1480), height: PaperLength(tenthsOfMillimetre: 2100))
        case "letter": self = .letter
        case "legal": self = .paper(width: PaperLength(milliPoints: 612_000), height: PaperLength(milliPoints: 1_008_000))
        default:
            let least = PaperLength(milliPoints: 3000)
            let unit = String(text.lowercased().suffix(2))
            guard let halves = sides(text), let width = PaperLength(number: halves.0, unit: unit),
                let height = PaperLength(number: halves.1, unit: nil), width >= least, height >= least, width <= .max,
                height <= .max
            else { throw RecipeError(.badValue(text, for: "page size", accepted: Self.accepted)) }
            self = .paper(width: width, height: height)
        }
    }
}

/// A moment as seconds since 1970 UTC, written `2024-05-01`, `2024-05-01T12:00:00Z` or as the number itself (SOURCE_DATE_EPOCH).
public struct Moment: Hashable, Sendable {
    public var seconds: Int64
    public init(seconds: Int64) { self.seconds = seconds }

    static let accepted = "2024-05-01, 2024-05-01T12:00:00Z or seconds since 1970"
    /// The end of the year 9999.
    public static let secondsMax: Int64 = 253_402_300_799

    public init(parsing text: String) throws(RecipeError) {
        if let seconds = digits(text), seconds <= UInt64(Self.secondsMax) {
            self.init(seconds: Int64(seconds))
            return
        }
        let parts = text.split(maxSplits: 1, omittingEmptySubsequences: false) { $0 == "T" || $0 == "t" || $0 == " " }
        guard let day = parts.first.flatMap(Self.days), let time = parts.count == 2 ? Self.time(parts[1]) : 0 else {
            throw RecipeError(.badValue(text, for: "date", accepted: Self.accepted))
        }
        self.init(seconds: day * 86_400 + time)
    }

    /// Days since 1970 of `YYYY-MM-DD` in the Gregorian calendar.
    private static func days(_ text: Substring) -> Int64? {
        let parts = text.split(separator: "-", omittingEmptySubsequences: false)
        guard parts.count == 3, parts[0].count == 4, parts[1].count == 2, parts[2].count == 2,
            let year = digits(parts[0]).map(Int64.init), let month = digits(parts[1]).map(Int64.init),
            let day = digits(parts[2]).map(Int64.init), year >= 1970, (1...12).contains(month), day >= 1
        else { return nil }
        let isLeap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
        let lengths: [Int64] = [31, isLeap ? 29 : 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]
        guard day <= lengths[Int(month) - 1] else { return nil }
        let before = year - 1
        let leapDays = before / 4 - before / 100 + before / 400 - (1969 / 4 - 1969 / 100 + 1969 / 400)
        return (year - 1970) * 365 + leapDays + lengths[..<(Int(month) - 1)].reduce(0, +) + day - 1
    }

    /// Seconds of `HH:MM:SSZ`; other time zones are refused rather than guessed.
    private static func time(_ text: Substring) -> Int64? {
        guard text.last == "Z" || text.last == "z" else { return nil }
        let parts = text.dropLast().split(separator: ":", omittingEmptySubsequences: false)
        guard parts.count == 3, parts.allSatisfy({ $0.count == 2 }), let hour = digits(parts[0]), let minute = digits(parts[1]),
            let second = digits(parts[2]), hour < 24, minute < 60, second < 60
        else { return nil }
        return Int64(hour * 3600 + minute * 60 + second)
    }
}
