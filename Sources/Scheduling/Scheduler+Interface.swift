public import JobModel

// What goes into the scheduler and what comes out.
extension Scheduler {
    public struct Limits: Hashable, Sendable {
        /// How much work a host may hold unstarted; with 0 it never gets more than it has slots, so that its loss costs no more.
        public var hostQueueMilliseconds = 2_000
        /// Tasks a host may hold unstarted.
        public var shardTasksMax = 4_096
        /// Bytes of inputs that one dispatch may make a staged host hold unstarted.
        public var shardStagedBytesMax: UInt64 = 64 << 20
        /// Tries of one task whose attempts were lost with their host, before it is given up.
        public var lostAttemptsMax = 5
        /// Further tries of one task after a worker died on it or a transfer failed (`--retries`).
        public var retriesMax = 2
        /// Further tries of one task whose program failed.
        public var programRetriesMax = 0
        /// Wait before the first of these tries; each further one waits twice as long.
        public var programRetryMillisecondsMin: UInt64 = 1_000
        public var programRetryMillisecondsMax: UInt64 = 60_000
        /// Tries of one task that hosts could not do for reasons of their own, before it is given up: else a job might never end.
        public var hostFaultsMax = 50
        /// Faults of a host without a success between them before it rests.
        public var faultsInRowMax = 3
        /// A host's first rest; each further one is twice as long.
        public var restMillisecondsMin: UInt64 = 30_000
        public var restMillisecondsMax: UInt64 = 600_000
        /// Slots of all hosts that may run a second attempt of a task at the end of a job; at least one slot may.
        public var duplicateSlotsPercentMax = 10
        public init() {}
    }

    /// In which order tasks start.
    public enum Order: Hashable, Sendable {
        /// Lowest index first: pages of a PDF arrive in order.
        case plan
        /// The given task indexes in their order, e.g. largest first, so that no big one is left for the end.
        case ranked([UInt32])
    }

    /// What becomes of the attempts of a host that was lost.
    public enum LossPolicy: Hashable, Sendable {
        /// They start on other hosts at once: nobody minds if they still run there.
        case startsElsewhere
        /// They start again so long after the loss: the lease of an agent without its head, and a margin. All wait that the
        /// host held, since such an agent goes on with its next order. When that host is ready again they wait no longer.
        case waits(milliseconds: UInt64)
        /// They are given up, since they may have run; and so is every task whose attempt failed after it may have started.
        case fails
    }

    /// What a host brings into the job.
    public struct HostOffer: Hashable, Sendable {
        /// Tasks it works on at the same time, at least 1.
        public var slots: Int
        /// Bytes of inputs it may hold beyond one file a slot; nil when it sees the files itself and nothing travels.
        public var stagedBytesMax: UInt64?

        public init(slots: Int, stagedBytesMax: UInt64? = nil) {
            self.slots = slots
            self.stagedBytesMax = stagedBytesMax
        }
    }

    public enum Event: Hashable, Sendable {
        /// The host takes work from now on: it joined, came back, or its offer changed.
        case hostReady(HostIndex, HostOffer)
        case slotsChanged(HostIndex, Int)
        /// The host shall leave: what it has not started is called back, `mayClose` follows when nothing is left on it.
        case hostLeaving(HostIndex)
        /// The connection to the host's agent is gone; `LossPolicy` says what becomes of its tasks. A host may be ready again
        /// only when nothing of its former agent is alive.
        case hostLost(HostIndex)
        /// Attempts that came to an end.
        case ended(HostIndex, [Ending])
        /// These are not on the host any more and will not be reported: the answer to `retract` for what had not started, to
        /// `cancel` for what was stopped, and what the host gives back by itself. Only from the connection that is current.
        case released(HostIndex, [TaskIndex])
        /// Answer to `retract`: these have started and will be reported.
        case started(HostIndex, [TaskIndex])
        /// Start nothing new; what is unstarted on hosts is called back.
        case drain
        /// The surroundings are at fault: dispatch nothing until `resume`; what is unstarted on hosts is called back.
        case pause
        case resume
        /// Too much of what ended waits to be recorded: dispatch nothing more until that is over.
        case congested(Bool)
        /// Only tasks below this index may be dispatched: the spool is full. Nil lifts it.
        case bound(TaskIndex?)
        /// Nothing happened but time; due at `nextDeadline`.
        case tick
    }

    public struct Ending: Hashable, Sendable {
        public var attempt: Attempt
        /// Time a slot was busy with it, without transfers.
        public var busyMicroseconds: UInt64
        public var verdict: Verdict
        /// False only if it is certain that nothing was started for it, as when its input did not arrive.
        public var mayHaveStarted: Bool

        public init(attempt: Attempt, busyMicroseconds: UInt64, verdict: Verdict = .done, mayHaveStarted: Bool = true) {
            self.attempt = attempt
            self.busyMicroseconds = busyMicroseconds
            self.verdict = verdict
            self.mayHaveStarted = mayHaveStarted
        }
    }

    /// Who is to blame for how an attempt ended, as far as its report tells.
    public enum Verdict: Hashable, Sendable {
        case done
        /// A decoder's verdict, or anything else that another host would find as well: final at once.
        case fileFault
        /// The program of the task failed: final, but for `programRetriesMax`.
        case programFailed
        /// The worker died, and a fresh one too: the file or the host, which another host will show.
        case workerDied(Death)
        /// An input or output did not travel whole.
        case transferFailed
        /// Disk full, share gone, library missing: costs the file nothing.
        case hostFault
    }

    public enum Death: Hashable, Sendable {
        case crash
        case hang
        case memory
    }

    public enum Command: Hashable, Sendable {
        case dispatch(HostIndex, [Attempt])
        case retract(HostIndex, [TaskIndex])
        /// Another attempt of these tasks has won: stop them. Answered by `released`, or by `ended`, which is discarded.
        case cancel(HostIndex, [Attempt])
        /// The attempt's report counts, success or failure: commit its files, record its end.
        case settle(Attempt)
        /// The attempt's report is in order but does not end its task, which will be tried again: delete its files.
        case putBack(Attempt)
        /// A report that does not count, of an attempt that was given up, was answered already, or lost against another: delete its files.
        case discard(Attempt)
        /// The task has failed without a report that says so; `attempt` was the last.
        case giveUp(Attempt, Cause)
        /// The host gets nothing until then, when it is tried with one task.
        case rest(HostIndex, until: Instant, RestReason)
        /// A rest is over.
        case hostBack(HostIndex)
        /// A leaving host holds nothing any more: its agent may end. Until it is ready again it is as if it had never been.
        case mayClose(HostIndex)
        /// Nothing is in flight but attempts that were cancelled, and nothing more will be dispatched.
        case finished(unsettled: Int)
    }

    /// Why a task was given up.
    public enum Cause: Hashable, Sendable {
        /// Its host was lost while it ran, so often.
        case lost(times: Int)
        /// Workers died on it, and no host is left that has not tried it.
        case workersDied(Death, hosts: Int)
        case transfersFailed(times: Int)
        /// So many tries failed for reasons of the hosts.
        case hostFaults(times: Int)
    }

    public enum RestReason: Hashable, Sendable {
        /// Its own faults or failed transfers, so many without a success between them.
        case faultsInRow(Int)
        /// Workers died there on files that other hosts could do.
        case failsWhatOthersDo
    }
}
