import JobModel

/// The ways in which a run, or a part of it, ends.
extension JobRunner {
    /// How far the binder's thread is.
    enum Binding {
        case underWay
        /// All books are bound, withheld or abandoned, or none is wanted.
        case ended
        case failed
    }

    /// Why the job ends before all is done.
    enum Stop {
        /// Ctrl-C or SIGTERM: what runs may finish until this time.
        case asked(deadlineMilliseconds: UInt64)
        /// The environment is at fault; the text says what to do.
        case fault(HeadError)
    }

    /// What a run came to.
    struct Result {
        var status: ExitStatus
        var volumes: [BoundVolume]
        var fault: HeadError?
        /// Where tasks that did not end may have left temp files.
        var unfinishedFolders: Set<RawPath> = []
        /// Workers may still be at work and are not waited for.
        var leavesWorkRunning = false
        /// Failures ended it (`--halt`), and tasks are left.
        var isHalted = false
    }
}
