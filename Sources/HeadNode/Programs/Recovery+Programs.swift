import JobModel
import JobStore
import LinuxSystem

/// Tasks that an earlier process had given to hosts and of which it recorded no end: their programs may have run.
extension Recovery {
    /// What to do with them, as the job's settings say: those that may start once only have failed, the others start again when nothing
    /// of them can run any more.
    ///
    /// - Parameters:
    ///   - isRetry: the user asks for another start of what may have run.
    ///   - thisMachine: the name attempts on this machine are recorded under; its programs have ended, which the job's lock tells.
    ///   - leaseSeconds: the longest of the hosts'.
    func unended(_ settings: ProgramSettings, isRetry: Bool, thisMachine: String, leaseSeconds: UInt32) throws(HeadError) -> JobRunner.Delay {
        let tasks = try journal { () throws(JobStoreError) in try store.unendedTasks() }
        switch settings.restarting {
        case .freely: return JobRunner.Delay()
        case .never where !isRetry:
            try recordLost(tasks)
            return JobRunner.Delay()
        case .never, .whenLost:
            let elsewhere = tasks.filter { !$0.hosts.isSubset(of: [thisMachine]) }.map(\.index)
            return JobRunner.Delay(tasks: elsewhere, milliseconds: ProgramCourse.waitMilliseconds(leaseSeconds: leaseSeconds))
        }
    }

    private func recordLost(_ tasks: [JobStore.UnendedTask]) throws(HeadError) {
        for start in stride(from: 0, to: tasks.count, by: Committer.groupTasksMax) {
            let outcomes = tasks[start..<min(tasks.count, start + Committer.groupTasksMax)].map { task in
                TaskOutcome(
                    index: task.index, state: .failed,
                    failure: TaskFailure(.lost, "quire ended while the program may have been running"), host: task.hosts.sorted().first,
                    attempts: task.attempts)
            }
            try journal { () throws(JobStoreError) in try store.recordUnstarted(outcomes) }
        }
    }
}
