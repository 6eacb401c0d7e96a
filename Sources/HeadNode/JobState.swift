import JobModel

/// How far a job is, as its journal says; whether a process works on it only its lock can tell.
enum JobState: String {
    /// The plan is not whole yet; nothing was begun.
    case planning
    case running
    /// Ended before all was done, to be gone on with.
    case stopped
    case finished
    /// All was tried, and some files failed.
    case failed
    case cancelled

    /// The state of a job whose process ends with this status.
    ///
    /// - Parameter isHalted: failures ended it before all tasks were tried.
    init(after status: ExitStatus, isCancelled: Bool, isHalted: Bool = false) {
        switch status {
        case .done: self = .finished
        case .someFilesFailed: self = isHalted ? .stopped : .failed
        case .cancelled where isCancelled: self = .cancelled
        case .cancelled, .stoppedResumable, .internalError, .usage, .noInputs, .noUsableHost, .verificationFailed: self = .stopped
        }
    }

    /// Whether `quire resume` has something to do, once no process works on it.
    var isResumable: Bool {
        switch self {
        case .planning, .running, .stopped: true
        case .finished, .failed, .cancelled: false
        }
    }
}
