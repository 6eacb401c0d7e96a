import JobModel
import LinuxSystem
import Scheduling
import WireProtocol

/// Everything that can happen to a running job, in the one queue its main loop takes from.
enum HeadEvent: Sendable {
    case agent(HostIndex, AgentMessage)
    /// The agent's pipe ended or broke; nothing more comes from it.
    case agentGone(HostIndex, String)
    /// A host's workers can be fed.
    case hostReady(AgentLink)
    /// A host could not be had: it is tried again, or left out for good.
    case hostFailed(HostIndex, String, isFinal: Bool)
    /// Its hours are over.
    case hostShallLeave(HostIndex)
    /// Attempts that ended for a reason that is not their files'.
    case attemptsFailed(HostIndex, [Attempt], Scheduler.Verdict, String)
    case committed([CommittedTask])
    case commitFailed(HeadError)
    /// Nil when the binder was told to abandon the books.
    case bound(BoundBooks?)
    case bindFailed(HeadError)
    /// A file that was done, or current, failed when it was to be bound: it had changed.
    case failedLate(CommittedTask, wasCurrent: Bool)
    case printing(PrintingEvent)
    case signal(SignalWatch.Signal)
    /// Answer to a look at something the work depends on: what is wrong with it, and whether the file asked for can be read now.
    case looked(Inquiry, fault: String?, fileIsThere: Bool)
}

extension HeadEvent {
    /// More than every event that can be under way at once: reports and commits of all tasks in flight, and some to spare.
    static let queueMax = 1 << 16
}
