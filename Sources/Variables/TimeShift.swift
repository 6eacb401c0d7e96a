extension CivilTime {
    /// Nil for what is no day of the calendar or no time of day; years 0 to 9999, a leap second becomes second 59.
    public init?(year: Int, month: Int, day: Int, hour: Int = 0, minute: Int = 0, second: Int = 0) {
        guard (0...9999).contains(year), (1...12).contains(month), day >= 1, day <= Self.days(ofMonth: month, year: year),
            (0...23).contains(hour), (0...59).contains(minute), (0...60).contains(second)
        else { return nil }
        self.init(secondsSince1970: Self.days(year, month, day) * 86_400 + Int64(hour * 3600 + minute * 60 + min(second, 59)))
    }

    /// As if it were UTC; negative before 1970. Nil for a day that no calendar has, which `init(exif:)` lets pass.
    public var secondsSince1970: Int64? {
        guard day <= Self.days(ofMonth: month, year: year) else { return nil }
        return Self.days(year, month, day) * 86_400 + Int64(hour * 3600 + minute * 60 + min(second, 59))
    }

    /// Since 1970; March begins the year, so that leap days end it.
    private static func days(_ year: Int, _ month: Int, _ day: Int) -> Int64 {
        let shifted = month <= 2 ? year - 1 : year
        let era = (shifted >= 0 ? shifted : shifted - 399) / 400
        let yearOfEra = shifted - era * 400
        let dayOfYear = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1
        return Int64(era * 146_097 + yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear - 719_468)
    }

    /// Years and months first, a day behind the month's end becoming its last one (31 January and a month: 28 or 29 February);
    /// then days and the time of day, as seconds. Nil where that leaves the years 0 to 9999.
    public func shifted(by shift: TimeShift) -> CivilTime? {
        let limit = 1_000_000
        guard shift.years.magnitude <= limit, shift.months.magnitude <= limit, let seconds = shift.seconds else { return nil }
        let total = year * 12 + (month - 1) + shift.years * 12 + shift.months
        guard (0..<120_000).contains(total) else { return nil }
        let (newYear, newMonth) = (total / 12, total % 12 + 1)
        let newDay = min(day, Self.days(ofMonth: newMonth, year: newYear))
        guard
            let moved = CivilTime(year: newYear, month: newMonth, day: newDay, hour: hour, minute: minute, second: second)?.secondsSince1970,
            (-62_167_219_200...253_402_300_799).contains(moved + seconds)
        else { return nil }
        return CivilTime(secondsSince1970: moved + seconds)
    }

    static func days(ofMonth month: Int, year: Int) -> Int {
        switch month {
        case 2: year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) ? 29 : 28
        case 4, 6, 9, 11: 30
        default: 31
        }
    }
}

/// By how much times are moved; each part signed.
public struct TimeShift: Hashable, Sendable {
    public var years: Int
    public var months: Int
    public var days: Int
    public var hours: Int
    public var minutes: Int
    public var wholeSeconds: Int

    public init(years: Int = 0, months: Int = 0, days: Int = 0, hours: Int = 0, minutes: Int = 0, seconds: Int = 0) {
        self.years = years
        self.months = months
        self.days = days
        self.hours = hours
        self.minutes = minutes
        wholeSeconds = seconds
    }

    /// Both, one after the other.
    public func adding(_ other: TimeShift) -> TimeShift {
        TimeShift(
            years: years + other.years, months: months + other.months, days: days + other.days, hours: hours + other.hours,
            minutes: minutes + other.minutes, seconds: wholeSeconds + other.wholeSeconds)
    }

    /// Days to seconds together; nil where that does not fit.
    var seconds: Int64? {
        let limit = 1_000_000_000_000
        guard [days, hours, minutes, wholeSeconds].allSatisfy({ $0.magnitude <= UInt(limit) }) else { return nil }
        return Int64(days) * 86_400 + Int64(hours) * 3600 + Int64(minutes) * 60 + Int64(wholeSeconds)
    }
}
