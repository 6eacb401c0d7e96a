public import JobModel

// What people are shown of the scheduler's state; nothing here decides.
extension Scheduler {
    /// A host as it is now.
    public struct HostView: Hashable, Sendable {
        public var slots: Int
        /// Attempts it is taken to work on, at most `slots`.
        public var running: Int
        /// Attempts it holds beyond that.
        public var unstarted: Int
        /// What a task of mean size takes a slot there; nil before its first success.
        public var taskMicroseconds: Double?
        /// Nil while all its slots are taken.
        public var idleReason: IdleReason?
    }

    /// Why a host has a slot without work.
    public enum IdleReason: Hashable, Sendable {
        /// Never ready, lost, or closed.
        case away
        case leaving
        case resting(until: Instant, RestReason)
        /// After a rest it gets one task at a time until one succeeds.
        case onTrial
        case draining
        case paused
        case congested
        /// The spool is full: only the lowest missing page may run.
        case spoolFull
        case noWorkLeft
        /// All that waits has failed there.
        case onlyWorkItFailed
    }

    /// Where a task is.
    public enum TaskView: Hashable, Sendable {
        /// It needs no work, or none any more.
        case settled
        /// The hosts that hold an attempt of it.
        case dispatched([HostIndex])
        case waiting(WaitReason)
    }

    /// Why a task is on no host.
    public enum WaitReason: Hashable, Sendable {
        case noHost
        /// Others come first and all hosts have as much as they may hold.
        case hostsFull
        case draining
        case paused
        case congested
        case spoolFull
        /// It failed on these and waits for another host.
        case failedOn([HostIndex])
    }
}
