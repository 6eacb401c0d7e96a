import JobModel
import LinuxSystem
import Scheduling

// What the head knows, in the scheduler's terms, and back.

extension Instant {
    static var now: Instant { Instant(milliseconds: SystemClock.monotonicMilliseconds()) }
}

extension Scheduler.Verdict {
    init(_ outcome: WorkOutcome) {
        switch outcome {
        case .finished: self = .done
        case .failed(let failure):
            switch failure.reason {
            case .crashed: self = .workerDied(.crash)
            case .timeout: self = .workerDied(.hang)
            case .memory: self = .workerDied(.memory)
            case .unreadable, .notImage, .truncated, .damaged, .tooLarge, .unsupported, .vanished, .changed, .noSpace, .denied, .exitCode,
                .signal, .output, .lost:
                self = .fileFault
            }
        case .notStored: self = .hostFault
        }
    }
}

extension TaskFailure {
    init(_ cause: Scheduler.Cause) {
        switch cause {
        case .lost(let times): self.init(.crashed, "the host was lost \(times) times while this file was worked on")
        case .workersDied(let death, let hosts):
            let whatHappened = "no worker got through it on \(hosts == 1 ? "the only host" : "any of \(hosts) hosts") that could try"
            switch death {
            case .crash: self.init(.crashed, whatHappened)
            case .hang: self.init(.timeout, whatHappened)
            case .memory: self.init(.memory, whatHappened)
            }
        case .transfersFailed(let times): self.init(.unreadable, "it could not be carried to a host and back, tried \(times) times")
        case .hostFaults(let times): self.init(.unreadable, "\(times) tries failed for reasons of the hosts they ran on")
        }
    }
}

extension Instant {
    /// From now, at least 0.
    var secondsAway: Int { Int(microseconds(since: .now) / 1_000_000) }
}

extension Scheduler.RestReason {
    var text: String {
        switch self {
        case .faultsInRow(let count): "\(count) faults in a row"
        case .failsWhatOthersDo: "it fails what other hosts can do"
        }
    }
}

extension Scheduler.IdleReason {
    /// Why a host has slots without work, for its line in the display; empty where that says itself.
    var text: String {
        switch self {
        case .away, .noWorkLeft: ""
        case .leaving: "leaving"
        case .resting(let until, let reason): "rests \(until.secondsAway) s: \(reason.text)"
        case .onTrial: "on trial after a rest"
        case .draining: "draining"
        case .paused: "paused"
        case .congested: "waits for the disk of the outputs"
        case .spoolFull: "waits for the lowest missing page"
        case .waits(let until): "waits \(until.secondsAway) s: what is left must not start yet"
        case .keptForSuspect: "kept for a file that must run alone"
        case .onlyWorkItFailed: "what is left has failed here"
        }
    }
}
