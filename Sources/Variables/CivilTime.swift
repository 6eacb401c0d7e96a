/// A date and a time of day as a calendar shows them, in no time zone: what cameras write, or UTC of a file's time.
public struct CivilTime: Hashable, Comparable, Sendable {
    public let year: Int
    public let month: Int
    public let day: Int
    public let hour: Int
    public let minute: Int
    public let second: Int

    /// From seconds since 1970 UTC (proleptic Gregorian); years outside 0 to 9999 are set to the nearest end.
    public init(secondsSince1970 seconds: Int64) {
        let bounded = min(max(seconds, -62_167_219_200), 253_402_300_799)
        let time = Int(bounded - floor(bounded, 86_400) * 86_400)
        // Days since 1 March of year 0, so that leap days end the year; 400 years have 146,097 days.
        let days = Int(floor(bounded, 86_400)) + 719_468
        let era = (days >= 0 ? days : days - 146_096) / 146_097
        let dayOfEra = days - era * 146_097
        let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let monthFromMarch = (5 * dayOfYear + 2) / 153
        day = dayOfYear - (153 * monthFromMarch + 2) / 5 + 1
        month = monthFromMarch < 10 ? monthFromMarch + 3 : monthFromMarch - 9
        year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0)
        (hour, minute, second) = (time / 3600, time / 60 % 60, time % 60)
    }

    /// From `YYYY:MM:DD HH:MM:SS` (Exif 2.32, DateTimeOriginal; `-` and `T` are read too); nil for anything else, such as zeros.
    public init?(exif text: String) {
        let bytes = Array(text.utf8.prefix(19))
        guard bytes.count == 19 else { return nil }
        func number(_ range: Range<Int>) -> Int? {
            var value = 0
            for byte in bytes[range] {
                guard byte &- 0x30 < 10 else { return nil }
                value = value * 10 + Int(byte - 0x30)
            }
            return value
        }
        guard let year = number(0..<4), let month = number(5..<7), let day = number(8..<10), let hour = number(11..<13),
            let minute = number(14..<16), let second = number(17..<19),
            year > 0, (1...12).contains(month), (1...31).contains(day), hour < 24, minute < 60, second <= 60
        else { return nil }
        (self.year, self.month, self.day, self.hour, self.minute, self.second) = (year, month, day, hour, minute, second)
    }

    public static func < (left: CivilTime, right: CivilTime) -> Bool {
        (left.year, left.month, left.day, left.hour, left.minute, left.second)
            < (right.year, right.month, right.day, right.hour, right.minute, right.second)
    }
}

private func floor(_ value: Int64, _ divisor: Int64) -> Int64 {
    let (quotient, remainder) = value.quotientAndRemainder(dividingBy: divisor)
    return remainder < 0 ? quotient - 1 : quotient
}

extension CivilTime {
    public func value(of part: DatePart) -> VariableValue {
        switch part {
        case .year: .number(Double(year))
        case .month: .number(Double(month))
        case .monthname: .text(Self.monthNames[month - 1])
        case .day: .number(Double(day))
        case .weekday: .number(Double(weekday))
        case .weekdayname: .text(Self.weekdayNames[weekday - 1])
        case .hour: .number(Double(hour))
        case .minute: .number(Double(minute))
        case .second: .number(Double(second))
        }
    }

    /// 1 for Monday to 7 for Sunday (ISO 8601), proleptic Gregorian.
    public var weekday: Int {
        // Sakamoto's method: 0 for Sunday.
        let shifts = [0, 3, 2, 5, 0, 3, 5, 1, 4, 6, 2, 4]
        let shifted = month < 3 ? year + 399 : year + 400
        let fromSunday = (shifted + shifted / 4 - shifted / 100 + shifted / 400 + shifts[month - 1] + day) % 7
        return fromSunday == 0 ? 7 : fromSunday
    }

    static let monthNames = [
        "January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November", "December",
    ]
    static let weekdayNames = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"]
}
