/// Numbers as people read them: decimal units, thousands separated by commas, English plurals.
public enum HumanText {
    /// Words of another machine, on one line of a terminal: control characters and those that turn the writing direction made visible.
    public static func harmless(_ text: String) -> String { DisplayText.harmless(text) }

    /// `1,234,567`
    public static func count(_ value: Int) -> String {
        let digits = String(value.magnitude)
        var result = value < 0 ? "-" : ""
        for (position, digit) in digits.enumerated() {
            if position > 0, (digits.count - position) % 3 == 0 { result += "," }
            result.append(digit)
        }
        return result
    }

    /// `1 file`, `1,200 files`; `plural` where adding an s is wrong.
    public static func counted(_ value: Int, _ singular: String, _ plural: String? = nil) -> String {
        count(value) + " " + (value == 1 ? singular : plural ?? singular + "s")
    }

    /// `999 bytes`, `1.2 kB`, `58 MB`: units of 1,000.
    public static func bytes(_ value: UInt64) -> String {
        value < 1000 ? counted(Int(value), "byte") : scaledBytes(Double(value))
    }

    /// `58 MB/s`; `0 kB/s` below half a kilobyte.
    public static func byteRate(_ perSecond: Double) -> String {
        guard perSecond.isFinite, perSecond >= 500 else { return "0 kB/s" }
        return scaledBytes(perSecond) + "/s"
    }

    /// `1,204/s`, `14.2/s`, `0.35/s`; slower than one in ten seconds `3.0/min`, slower than one in ten minutes `2.5/h`.
    public static func rate(_ perSecond: Double) -> String {
        guard perSecond.isFinite, perSecond > 0 else { return "0/s" }
        if perSecond * 3600 < 6 { return decimal(perSecond * 3600, places: 1) + "/h" }
        if perSecond < 0.0995 { return decimal(perSecond * 60, places: 1) + "/min" }
        return decimal(perSecond, places: perSecond < 0.995 ? 2 : perSecond < 99.5 ? 1 : 0) + "/s"
    }

    /// `12.034` for 12,034: milliseconds as seconds, for other programs to read.
    public static func thousandths(_ value: Int64) -> String {
        let digits = String(value.magnitude)
        let padded = String(repeating: "0", count: max(0, 4 - digits.count)) + digits
        return (value < 0 ? "-" : "") + padded.dropLast(3) + "." + padded.suffix(3)
    }

    /// `0.4 s`, `12 s`, `1 min 12 s`, `3 h 4 min`, `2 d 3 h`: what was measured, in at most two units.
    public static func duration(_ seconds: Double) -> String {
        guard seconds.isFinite, seconds > 0 else { return "0 s" }
        if seconds < 9.95 { return decimal(seconds, places: 1) + " s" }
        let whole = Int(min(seconds, secondsMax).rounded())
        if whole < 60 { return "\(whole) s" }
        if whole < 3600 { return twoUnits(whole / 60, "min", whole % 60, "s") }
        let minutes = (whole + 30) / 60
        if minutes < 24 * 60 { return twoUnits(minutes / 60, "h", minutes % 60, "min") }
        let hours = (minutes + 30) / 60
        return twoUnits(hours / 24, "d", hours % 24, "h")
    }

    /// What is left: `48–60 s left`, `50 s to 2 min left`, `about 3 min left`, `over 2 h left`.
    ///
    /// Coarse on purpose, so that it can be read while it changes. An upper end more than five times the lower one is no forecast
    /// and is left out.
    public static func timeLeft(_ seconds: ClosedRange<Double>) -> String {
        let low = coarse(seconds.lowerBound)
        let high = coarse(seconds.upperBound)
        if low == high { return "about \(low.number) \(low.unit) left" }
        if seconds.upperBound > 5 * max(seconds.lowerBound, 2) { return "over \(low.number) \(low.unit) left" }
        if low.unit == high.unit { return "\(low.number)–\(high.number) \(low.unit) left" }
        return "\(low.number) \(low.unit) to \(high.number) \(high.unit) left"
    }

    /// `31%`, rounded down, so that 100% means all; nothing of nothing is 100%.
    public static func percent(_ part: Int, of whole: Int) -> String {
        guard whole > 0 else { return "100%" }
        return "\(Int((Double(part) / Double(whole) * 100).rounded(.down)))%"
    }

    /// A number with this many digits behind the point, at least 0 and at most 6, and thousands separators before it.
    public static func decimal(_ value: Double, places: Int) -> String {
        precondition((0...6).contains(places), "digits behind the point: \(places)")
        var factor = 1
        for _ in 0..<places { factor *= 10 }
        guard let scaled = Int(exactly: (value * Double(factor)).rounded()) else { return "–" }
        let sign = scaled < 0 ? "-" : ""
        let whole = count(Int(scaled.magnitude) / factor)
        guard places > 0 else { return sign + whole }
        let fraction = String(Int(scaled.magnitude) % factor)
        return sign + whole + "." + String(repeating: "0", count: places - fraction.count) + fraction
    }

    /// About 30,000 years; a longer time is shown as this.
    private static let secondsMax = 1e12

    private static func scaledBytes(_ value: Double) -> String {
        let units = ["kB", "MB", "GB", "TB", "PB", "EB"]
        var scaled = value / 1000
        var unit = 0
        while scaled >= 999.5, unit + 1 < units.count {
            scaled /= 1000
            unit += 1
        }
        return decimal(scaled, places: scaled < 9.95 ? 1 : 0) + " " + units[unit]
    }

    private static func twoUnits(_ major: Int, _ majorUnit: String, _ minor: Int, _ minorUnit: String) -> String {
        minor == 0 ? "\(count(major)) \(majorUnit)" : "\(count(major)) \(majorUnit) \(minor) \(minorUnit)"
    }

    private static func coarse(_ seconds: Double) -> (number: String, unit: String) {
        let bounded = seconds.isFinite ? min(max(seconds, 0), secondsMax) : secondsMax
        if bounded < 89.5 { return (decimal(bounded, places: 0), "s") }
        if bounded < 89.5 * 60 { return (decimal(bounded / 60, places: 0), "min") }
        if bounded < 36 * 3600 {
            let hours = bounded / 3600
            return (decimal(hours, places: hours < 9.95 ? 1 : 0), "h")
        }
        let days = bounded / 86400
        return (decimal(days, places: days < 9.95 ? 1 : 0), "d")
    }
}
