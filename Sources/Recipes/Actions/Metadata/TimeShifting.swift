public import Variables

/// Move the times a picture tells, for a camera whose clock was wrong.
public struct TimeShifting: MetadataAction {
    public var years = 0
    public var months = 0
    public var days = 0
    public var hours = 0
    public var minutes = 0
    public var seconds = 0
    public var files = false

    public init() {}

    public static var name: ActionName { .timeShift }
    public static var summary: String { "Move the dates in EXIF, and in XMP and IPTC where they are there too, by a span of the calendar." }
    public static var example: String { "time-shift: {hours: 1, minutes: -3}" }

    public static var fields: [FieldBinding<TimeShifting>] {
        [
            FieldBinding("years", "Years to add; like all parts negative to go back.", .whole(-9999...9999), \.years),
            FieldBinding("months", "Months to add; 31 January and a month is the last of February.", .whole(-119_988...119_988), \.months),
            FieldBinding("days", "Days to add.", .whole(-3_652_424...3_652_424), \.days),
            FieldBinding("hours", "Hours to add.", .whole(-100_000_000...100_000_000), \.hours),
            FieldBinding("minutes", "Minutes to add.", .whole(-1_000_000_000...1_000_000_000), \.minutes),
            FieldBinding("seconds", "Seconds to add.", .whole(-1_000_000_000...1_000_000_000), \.seconds),
            FieldBinding("files", "Whether the output's own time is the input's, moved too.", .flag, \.files),
        ]
    }

    var shift: TimeShift {
        TimeShift(years: years, months: months, days: days, hours: hours, minutes: minutes, seconds: seconds)
    }

    public var sentence: String {
        let parts = [(years, "years"), (months, "months"), (days, "days"), (hours, "hours"), (minutes, "minutes"), (seconds, "seconds")]
        let spans = parts.filter { $0.0 != 0 }.map { "\($0.0 > 0 ? "+" : "")\($0.0) \($0.1)" }
        return "move times by \(spans.joined(separator: " "))\(files ? ", those of files too" : "")"
    }

    public var problem: RecipeProblem? {
        shift == TimeShift() ? .contradiction("time-shift moves nothing; give it years, months, days, hours, minutes or seconds") : nil
    }

    public func add(to list: inout StepList) { list.append(.shiftTimes(shift)) }
}
