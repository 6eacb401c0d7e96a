/// One line that tells how far a command is that runs no job: redrawn in place on a terminal, one now and then in a log.
///
/// Decides nothing and does no I/O: methods return the bytes for standard error, often none. Time is the caller's: seconds of any
/// monotonic clock, from 0 as the work begins.
public struct CountProgress: Sendable {
    private let noun: String
    private let total: Int
    private let isTerminal: Bool
    private var columns: Int
    private var rate = RateEstimator()
    private var shownSeconds = 0.0
    private var isShown = false

    /// - Parameters:
    ///   - noun: what is counted, in the plural.
    ///   - columns: of the terminal; a line that is longer is cut.
    public init(_ noun: String, of total: Int, isTerminal: Bool, columns: Int = 80) {
        self.noun = noun
        self.total = total
        self.isTerminal = isTerminal
        self.columns = max(1, columns)
        rate.note(total: 0, atSeconds: 0)
    }

    /// What is over within a second is not worth a line.
    static let firstSeconds = 1.0
    static let terminalIntervalSeconds = 0.25
    static let logIntervalSeconds = 10.0

    /// Shows that so many are done, unless the last line is too young.
    public mutating func note(done: Int, atSeconds now: Double) -> [UInt8] {
        let interval = isTerminal ? (isShown ? Self.terminalIntervalSeconds : Self.firstSeconds) : Self.logIntervalSeconds
        guard now - shownSeconds >= interval else { return [] }
        rate.note(total: Double(done), atSeconds: now)
        shownSeconds = now
        isShown = true
        var text = "\(HumanText.count(done)) of \(HumanText.count(total)) \(noun) (\(HumanText.percent(done, of: total)))"
        if let perSecond = rate.perSecond { text += ", \(HumanText.rate(perSecond))" }
        if let left = rate.secondsLeft(remaining: Double(total - done)), done < total { text += ", \(HumanText.timeLeft(left))" }
        guard isTerminal else { return Array("\(text)\n".utf8) }
        // The last column stays free: a terminal may go to the next line with it.
        return Array("\r\(text.prefix(columns - 1))\u{1B}[K".utf8)
    }

    /// Takes the line away, before anything else is written.
    public mutating func clear() -> [UInt8] {
        guard isTerminal, isShown else { return [] }
        isShown = false
        return Array("\r\u{1B}[K".utf8)
    }
}
