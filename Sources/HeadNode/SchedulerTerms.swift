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

extension Scheduler.Ending {
    /// - Parameters:
    ///   - restarting: in a job of programs, what may be started again.
    ///   - verdict: in place of what the report's outcome tells.
    init(_ report: WorkReport, restarting: ProgramSettings.Restarting?, verdict: Scheduler.Verdict?) {
        guard let restarting else {
            self.init(
                attempt: report.attempt, busyMicroseconds: report.usage.wallMicroseconds, verdict: verdict ?? Scheduler.Verdict(report.outcome))
            return
        }
        self.init(
            attempt: report.attempt, busyMicroseconds: report.usage.wallMicroseconds, verdict: verdict ?? Scheduler.Verdict(ofProgram: report.outcome, restarting),
            mayHaveStarted: report.program != nil || Self.mayHaveStarted(report.outcome))
    }

    /// Whether a program may have run of which the report tells nothing: its minder died, or what it made was lost on the way.
    private static func mayHaveStarted(_ outcome: WorkOutcome) -> Bool {
        switch outcome {
        case .finished: return true
        case .notStored: return false
        case .failed(let failure):
            switch failure.reason {
            case .crashed, .timeout, .memory, .exitCode, .signal, .output, .lost: return true
            case .unreadable, .notImage, .truncated, .damaged, .tooLarge, .unsupported, .vanished, .changed, .noSpace, .denied: return false
            }
        }
    }
}

extension Scheduler.Verdict {
    /// A program speaks for itself: another try is what `--retries` asks for, and says nothing of the host.
    init(ofProgram outcome: WorkOutcome, _ restarting: ProgramSettings.Restarting) {
        switch outcome {
        case .finished: self = .done
        case .failed(let failure):
            switch failure.reason {
            case .exitCode, .signal, .output, .timeout, .crashed, .memory: self = .programFailed
            // It has run, on a host that had no room for what it made.
            case .noSpace: self = restarting == .freely ? .hostFault : .programFailed
            case .unreadable, .notImage, .truncated, .damaged, .tooLarge, .unsupported, .vanished, .changed, .denied, .lost:
                self = .fileFault
            }
        case .notStored: self = .hostFault
        }
    }
}

extension TaskFailure {
    init(ofProgram cause: Scheduler.Cause) {
        switch cause {
        case .lost(times: 1): self.init(.lost, "its host was lost while the program may have been running")
        case .lost(let times): self.init(.lost, "its host was lost \(times) times while the program may have been running")
        case .workersDied, .transfersFailed, .hostFaults: self.init(cause)
        }
    }

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
