import JobModel
import Synchronization

/// How each host of a job is, for people: written by the threads that keep hosts, read by the display.
final class HostBoard: Sendable {
    enum State: Hashable, Sendable {
        case connecting
        /// Reached; what it needs is on its way or being checked.
        case preparing(String)
        case ready
        /// Not now: the reason in a few words, and when it is tried again. Messages and the log have it whole, with its cure.
        case away(String, againAtMilliseconds: UInt64)
        /// Not any more in this job.
        case leftOut(String)
        case outsideHours(HostSpec.Hours)
        /// Removed from the host file, or the fallback host once others are back.
        case leaving
    }

    struct Line: Sendable {
        var name: String
        var state: State
    }

    private let lines = Mutex<[HostIndex: Line]>([:])

    func set(_ host: HostIndex, name: String, _ state: State) {
        lines.withLock { lines in
            var line = lines[host] ?? Line(name: name, state: state)
            line.state = state
            lines[host] = line
        }
    }

    var all: [(host: HostIndex, line: Line)] {
        lines.withLock { $0.map { (host: $0.key, line: $0.value) } }.sorted { $0.host < $1.host }
    }
}

extension HostBoard.State {
    /// In a few words, the most needed first since a terminal may cut the rest; empty while all is well.
    func text(nowMilliseconds now: UInt64) -> String {
        switch self {
        case .connecting: "connecting"
        case .preparing(let what): what
        case .ready: ""
        case .away(let fault, let again): Self.timed(fault, seconds: (max(0, Int(again) - Int(now)) + 999) / 1000)
        case .leftOut(let fault): "left out: \(fault.prefix(80))"
        case .outsideHours(let hours): "outside its hours, \(hours.text)"
        case .leaving: "leaving"
        }
    }

    /// `unreachable, again in 12 s: No route to host`
    private static func timed(_ fault: String, seconds: Int) -> String {
        let kind = fault.prefix { $0 != ":" }
        let rest = fault.dropFirst(kind.count)
        return "\(kind.prefix(40)), again in \(seconds) s\(rest.prefix(80))"
    }

    /// Whether a person may want to do something about it.
    var isTroubled: Bool {
        switch self {
        case .away, .leftOut: true
        case .connecting, .preparing, .ready, .outsideHours, .leaving: false
        }
    }
}

extension HostSpec.Hours {
    /// `22:00-07:00`
    public var text: String { "\(Self.clock(fromMinute))-\(Self.clock(toMinute))" }

    private static func clock(_ minute: Int) -> String {
        let (hours, minutes) = (minute / 60, minute % 60)
        return "\(hours < 10 ? "0" : "")\(hours):\(minutes < 10 ? "0" : "")\(minutes)"
    }
}
