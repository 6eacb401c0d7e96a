internal import Variables

/// A date, with or without a time of day and a zone, as texts in pictures have it.
struct TagDate {
    var date: CivilTime
    /// False for a day alone.
    var hasTime: Bool
    /// What stands behind the seconds: a fraction, a zone.
    var rest: String

    /// `2024:05:31 17:08:09`, `2024-05-31T17:08:09+02:00`, `2024-05-31`, `20240531`; seconds may be missing.
    init?(_ text: String) {
        let bytes = Array(text.utf8)
        var at = 0
        func number(_ digits: Int) -> Int? {
            guard bytes.count - at >= digits else { return nil }
            var value = 0
            for byte in bytes[at..<(at + digits)] {
                guard (0x30...0x39).contains(byte) else { return nil }
                value = value * 10 + Int(byte - 0x30)
            }
            at += digits
            return value
        }
        func passes(_ accepted: String) -> Bool {
            guard at < bytes.count, accepted.utf8.contains(bytes[at]) else { return false }
            at += 1
            return true
        }
        guard let year = number(4) else { return nil }
        let isParted = passes(":-/")
        guard let month = number(2), passes(":-/") == isParted, let day = number(2) else { return nil }
        guard passes("T ") else {
            guard at == bytes.count, let date = CivilTime(year: year, month: month, day: day) else { return nil }
            (self.date, hasTime, rest) = (date, false, "")
            return
        }
        guard let hour = number(2), passes(":"), let minute = number(2) else { return nil }
        var second = 0
        if passes(":") {
            guard let stated = number(2) else { return nil }
            second = stated
        }
        guard let date = CivilTime(year: year, month: month, day: day, hour: hour, minute: minute, second: second) else { return nil }
        (self.date, hasTime, rest) = (date, true, String(decoding: bytes[at...], as: UTF8.self))
    }

    init(_ date: CivilTime, hasTime: Bool = true, rest: String = "") {
        (self.date, self.hasTime, self.rest) = (date, hasTime, rest)
    }

    func day(separator: String) -> String {
        [Self.digits(date.year, 4), Self.digits(date.month, 2), Self.digits(date.day, 2)].joined(separator: separator)
    }

    /// Nil for a day alone.
    var clock: String? {
        hasTime ? [date.hour, date.minute, date.second].map { Self.digits($0, 2) }.joined(separator: ":") : nil
    }

    private static func digits(_ number: Int, _ width: Int) -> String {
        let text = String(number)
        return String(repeating: "0", count: max(0, width - text.utf8.count)) + text
    }
}

/// IPTC's time of day: `170809+0200`, with colons or without, its zone missing in some files.
struct TagClock {
    var hour: Int
    var minute: Int
    var second: Int
    /// As it stands there.
    var zone: String

    init?(_ text: String) {
        let digits = text.utf8.filter { $0 != 0x3A }
        guard digits.count >= 6, digits[..<6].allSatisfy({ (0x30...0x39).contains($0) }) else { return nil }
        func number(_ at: Int) -> Int { Int(digits[at] - 0x30) * 10 + Int(digits[at + 1] - 0x30) }
        (hour, minute, second, zone) = (number(0), number(2), number(4), String(decoding: digits[6...], as: UTF8.self))
        guard hour < 24, minute < 60, second < 60, zone.isEmpty || zone == "Z" || Self.isOffset(zone.utf8) else { return nil }
    }

    /// `+0200`
    private static func isOffset(_ zone: some Collection<UInt8>) -> Bool {
        zone.count == 5 && [UInt8(ascii: "+"), UInt8(ascii: "-")].contains(zone.first)
            && zone.dropFirst().allSatisfy { (0x30...0x39).contains($0) }
    }
}
