// Terms under which tasks run, as people write them. `text` is read back as the same value.

/// How long one task may run: a fixed time, or a share of the median of the tasks that have succeeded.
public enum TimeLimit: Hashable, Sendable {
    case milliseconds(UInt64)
    /// More than 100: at the median half of all tasks would be ended.
    case percentOfMedian(Int)

    /// 30 days.
    public static let millisecondsMax: UInt64 = 30 * 86_400_000
    public static let percentMax = 100_000
    private static let accepted = "seconds (90, 1.5), 10m, 2h, or a share of the median over 100% (200%)"

    /// Reads `90`, `1.5`, `90s`, `10m`, `2h` or `200%`.
    public init(parsing text: String) throws(ProgramError) {
        let bad = ProgramError.badValue(shown(Array(text.utf8)), of: "--timeout", accepted: Self.accepted)
        if text.hasSuffix("%") {
            guard let share = wholeNumber(text.dropLast()), share > 100, share <= Self.percentMax else { throw bad }
            self = .percentOfMedian(share)
            return
        }
        let number = text.prefix { $0.isASCII && ($0.isNumber || $0 == ".") }
        let factor: UInt64
        switch text.dropFirst(number.count) {
        case "", "s": factor = 1000
        case "m": factor = 60_000
        case "h": factor = 3_600_000
        default: throw bad
        }
        guard let thousandths = thousandths(number) else { throw bad }
        let (whole, isTooMuch) = thousandths.multipliedReportingOverflow(by: factor)
        guard !isTooMuch, whole >= 1000, whole / 1000 <= Self.millisecondsMax else { throw bad }
        self = .milliseconds(whole / 1000)
    }

    public var text: String {
        switch self {
        case .milliseconds(let time):
            let behind = String(1000 + time % 1000).dropFirst()
            return time.isMultiple(of: 1000) ? "\(time / 1000)" : "\(time / 1000).\(behind)"
        case .percentOfMedian(let share): return "\(share)%"
        }
    }
}

/// When failures end a job before all tasks were tried.
public struct Halt: Hashable, Sendable {
    public enum Manner: String, CaseIterable, Sendable {
        /// Start nothing new, let running tasks end.
        case soon
        /// End running tasks too.
        case now
    }

    public enum Failures: Hashable, Sendable {
        case tasks(Int)
        /// Of all tasks, 1 to 100.
        case percent(Int)
    }

    public var manner: Manner
    public var failures: Failures

    /// Reads `now,fail=1` or `soon,fail=10%`.
    public init(parsing text: String) throws(ProgramError) {
        let bad = ProgramError.badValue(shown(Array(text.utf8)), of: "--halt", accepted: "soon,fail=10%, now,fail=1 and the like")
        let halves = text.split(separator: ",", omittingEmptySubsequences: false)
        guard halves.count == 2, let manner = Manner(rawValue: String(halves[0])), halves[1].hasPrefix("fail=") else { throw bad }
        let amount = halves[1].dropFirst(5)
        let isShare = amount.hasSuffix("%")
        guard let number = wholeNumber(isShare ? amount.dropLast() : amount), number > 0, !isShare || number <= 100 else { throw bad }
        self.manner = manner
        failures = isShare ? .percent(number) : .tasks(number)
    }

    public var text: String {
        switch failures {
        case .tasks(let count): "\(manner.rawValue),fail=\(count)"
        case .percent(let share): "\(manner.rawValue),fail=\(share)%"
        }
    }

    /// The number of failures that ends a job of `total` tasks; at least one.
    public func failures(of total: Int) -> Int {
        switch failures {
        case .tasks(let count): count
        case .percent(let share): max(1, (total * share + 99) / 100)
        }
    }
}

/// How many processors of its host each task reserves.
public enum Cpus: Hashable, Sendable {
    /// 1 to `countMax`.
    case count(Int)
    case all

    public static let countMax = 4096

    /// Reads a number or `all`.
    public init(parsing text: String) throws(ProgramError) {
        if text == "all" {
            self = .all
        } else if let count = wholeNumber(text), (1...Self.countMax).contains(count) {
            self = .count(count)
        } else {
            throw .badValue(shown(Array(text.utf8)), of: "--cpus", accepted: "1 to \(Self.countMax), or all")
        }
    }

    public var text: String {
        switch self {
        case .count(let count): "\(count)"
        case .all: "all"
        }
    }
}

extension ProgramSpec {
    /// Reads `0,1`: exit codes that are a success, in any order.
    public static func exitCodes(parsing text: String) throws(ProgramError) -> [Int32] {
        var codes: Set<Int32> = []
        for word in text.split(separator: ",", omittingEmptySubsequences: false) {
            guard let code = wholeNumber(word), code <= 255 else {
                throw .badValue(shown(Array(text.utf8)), of: "--ok", accepted: "exit codes from 0 to 255, such as 0,1")
            }
            codes.insert(Int32(code))
        }
        return codes.sorted()
    }
}

/// At most nine ASCII digits: `Int(_:)` would also take a sign.
func wholeNumber(_ text: some StringProtocol) -> Int? {
    guard (1...9).contains(text.utf8.count), text.utf8.allSatisfy(isDigit) else { return nil }
    return Int(text)
}

/// `1.25` as 1250; at most nine digits before and three behind the point.
private func thousandths(_ text: Substring) -> UInt64? {
    let parts = text.split(separator: ".", maxSplits: 1, omittingEmptySubsequences: false)
    guard let first = parts.first, let whole = wholeNumber(first) else { return nil }
    guard parts.count == 2 else { return UInt64(whole) * 1000 }
    guard (1...3).contains(parts[1].utf8.count), let behind = wholeNumber(parts[1]) else { return nil }
    let scale: UInt64 = parts[1].utf8.count == 1 ? 100 : parts[1].utf8.count == 2 ? 10 : 1
    return UInt64(whole) * 1000 + UInt64(behind) * scale
}
