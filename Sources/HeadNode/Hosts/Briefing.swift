import JobModel
import LinuxSystem
import WireProtocol

/// What hosts must know before they can work for a job, once its plan is made.
struct Briefing: Sendable {
    var job: JobID
    var epoch: UInt32
    var build: String
    var work: WorkSetup
    var timeout: TimeoutRule
    var workerMemoryBytesMax: UInt64?
    var tasks: Tasks
    /// Inputs by which a host can tell whether it sees the folders they come from, a few of each.
    var samples: [Sample]
    /// Folders that outputs and spooled pages go to, and the working folder of programs; empty when nothing is made.
    var targets: [RawPath]

    enum Tasks: Sendable {
        /// `fingerprint` is the digest of the canary set here; nil when none is compared (`--mixed-codecs`).
        case pictures(CanarySet, fingerprint: Digest256?)
        case programs(ProgramBriefing)
    }

    struct Sample: Sendable {
        /// Absolute; what lies below it is seen as this is.
        var root: RawPath
        var file: RawPath
    }
}

/// A value that one thread gives once and others wait for.
final class Promise<Value: Sendable>: Sendable {
    private struct State: Sendable {
        var value: Value?
        var isClosed = false
    }

    private let state = Monitor(State())

    func keep(_ value: Value) { state.update { $0.value = value } }

    /// Nobody will give it any more.
    func close() { state.update { $0.isClosed = true } }

    /// The value, or nil once it is closed without one.
    func wait() -> Value? {
        let answer: Value?? = state.wait { state in
            if let value = state.value { return .some(value) }
            return state.isClosed ? .some(nil) : nil
        }
        return answer ?? nil
    }
}
