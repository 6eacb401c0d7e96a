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
            case .unreadable, .notImage, .truncated, .damaged, .tooLarge, .unsupported, .vanished, .changed, .noSpace, .denied: self = .fileFault
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
