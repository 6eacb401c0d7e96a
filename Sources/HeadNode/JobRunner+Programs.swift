import JobModel
import JobStore
import LinuxSystem
import Programs
import Scheduling
import WireProtocol

/// What is different for jobs of programs: a task must not start twice without anybody knowing, and may be ended by time or by the
/// failures of others.
extension JobRunner {
    /// Tasks that an earlier process left running, maybe, on hosts that are not known to have ended them.
    struct Delay {
        var tasks: [TaskIndex] = []
        var milliseconds: UInt64 = 0
    }

    /// In the order of the plan: people see what is printed in that order, and start with what they named first.
    static func scheduler(
        _ course: ProgramCourse, taskCount: Int, settled: [Range<Int>], sizes: [UInt64], leaseSeconds: UInt32, delay: Delay
    ) -> Scheduler {
        Scheduler(
            taskCount: taskCount, order: .plan, settled: settled, sizes: TaskSizes(sizes), allowsDuplicates: course.settings.restarting == .freely,
            loss: course.lossPolicy(leaseSeconds: leaseSeconds), delayed: delay.tasks,
            delayedUntil: Instant(milliseconds: SystemClock.monotonicMilliseconds() + delay.milliseconds), limits: course.schedulerLimits)
    }

    /// A report whose program has run: what it made is lost, and only who may run it freely can make it again unasked.
    func final(_ report: WorkReport) -> WorkReport {
        guard let course, course.settings.restarting != .freely, report.program != nil, case .notStored(let fault) = report.outcome else { return report }
        let error = SystemError(fault.call, "", code: fault.code)
        var report = report
        report.outcome = .failed(
            TaskFailure(error.isNoSpace ? .noSpace : .output, "the program ran, and what it made or printed could not be stored: \(error.reason)"))
        return report
    }

    /// Notes in the journal that these never started, as their host says.
    func recordUnstarted(_ tasks: [TaskIndex], on host: HostIndex) {
        recordEnded(tasks, on: host, outcome: "released")
    }

    /// Notes in the journal how an attempt ended that is followed by another.
    func recordPutBack(_ report: WorkReport, on host: HostIndex) {
        switch report.outcome {
        case .failed(let failure): recordEnded([report.attempt.task], on: host, outcome: failure.reason.rawValue)
        case .finished, .notStored:
            // What has run and left nothing counts as started twice.
            if report.program == nil { recordUnstarted([report.attempt.task], on: host) }
        }
    }

    private func recordEnded(_ tasks: [TaskIndex], on host: HostIndex, outcome: String) {
        guard course != nil, !tasks.isEmpty else { return }
        do throws(HeadError) {
            try journal { () throws(JobStoreError) in
                try store.recordEnded(tasks, on: name(of: host), outcome: outcome, epochMilliseconds: SystemClock.epochMilliseconds())
            }
        } catch {
            halt(error)
        }
    }

    /// Learns from tasks that ended, and tells hosts of a limit that follows.
    func learn(from settled: [SettledReport]) {
        guard var course else { return }
        for one in settled {
            if case .finished = one.report.outcome { course.note(one.report.usage) }
            if let result = one.report.program { printing?.mark.expect(byteCount: result.byteCount) }
        }
        if let limit = course.newLimit() {
            for link in links.values { link.send(.limitTime(milliseconds: limit)) }
        }
        if let hint = course.reservationHint() { display.message(hint) }
        self.course = course
    }

    /// Stops where as many programs have failed as `--halt` allows.
    func haltPrograms(_ halt: Halt, failures count: Int, last: String) {
        let failed = count == 1 ? "1 task has failed" : "\(count) tasks have failed"
        let rest =
            switch halt.manner {
            case .soon: "waiting for those that run"
            case .now: "ending those that run"
            }
        self.halt(.halted("\(failed), which is what --halt allows; \(last); \(rest)"))
        if halt.manner == .now { stopAtOnce() }
    }

    /// Longer than an agent and its minders take to end a program that does not end by itself.
    private static let endingMillisecondsMax: UInt64 = 7_000

    /// Has all programs ended, and learns on the way which tasks had not started: these do not count as started twice later.
    func endPrograms() {
        for link in links.values { link.send(.stop) }
        var waiting = Set(links.keys)
        let deadline = SystemClock.monotonicMilliseconds() + Self.endingMillisecondsMax
        while !waiting.isEmpty, SystemClock.monotonicMilliseconds() < deadline {
            for link in links.values { link.flush() }
            for event in events.receiveAll(waitingMilliseconds: 50) ?? [] {
                switch event {
                case .agent(let host, .released(let tasks)): recordUnstarted(tasks, on: host)
                case .agentGone(let host, _): waiting.remove(host)
                case .committed(let tasks): countLate(tasks)
                case .printing(let event): take(event)
                // Too late to change anything: what they tell of is open still, and done by who goes on.
                case .agent, .hostReady, .hostFailed, .hostShallLeave, .attemptsFailed, .commitFailed, .bound, .bindFailed, .failedLate, .signal,
                    .looked:
                    break
                }
            }
        }
    }
}
