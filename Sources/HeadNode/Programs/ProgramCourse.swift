import JobModel
import Programs
import Scheduling
import WireProtocol

/// What the runner knows of a job of programs beyond other jobs: times and CPUs of its tasks, and its rules for starting again.
struct ProgramCourse {
    let settings: ProgramSettings
    private var times = RunTimes()
    /// What hosts were told last.
    private(set) var limitMilliseconds: UInt64?
    private var cpuMicroseconds: UInt64 = 0
    private var wallMicroseconds: UInt64 = 0
    private var measuredCount = 0
    private var hasHinted = false

    /// Starting a program alone takes so long on a busy machine that less would be no limit of the program's.
    private static let limitMillisecondsMin: UInt64 = 1_000
    /// Above the longest lease: an agent ends its programs when it is over, the last of them after their grace.
    private static let lossMarginMilliseconds: UInt64 = 5_000

    init(_ settings: ProgramSettings) { self.settings = settings }

    /// What becomes of the tasks of a lost host.
    ///
    /// - Parameter leaseSeconds: the longest of all hosts'.
    func lossPolicy(leaseSeconds: UInt32) -> Scheduler.LossPolicy {
        switch settings.restarting {
        case .freely: .startsElsewhere
        case .never: .fails
        case .whenLost: .waits(milliseconds: Self.waitMilliseconds(leaseSeconds: leaseSeconds))
        }
    }

    static func waitMilliseconds(leaseSeconds: UInt32) -> UInt64 { UInt64(leaseSeconds) * 1000 + lossMarginMilliseconds }

    var schedulerLimits: Scheduler.Limits {
        var limits = Scheduler.Limits()
        limits.programRetriesMax = settings.retries
        // What a host holds unstarted would be lost with it.
        if settings.restarting == .never { limits.hostQueueMilliseconds = 0 }
        return limits
    }

    /// Notes a task that succeeded.
    mutating func note(_ usage: WorkUsage) {
        times.note(milliseconds: usage.wallMicroseconds / 1000)
        cpuMicroseconds &+= usage.cpuMicroseconds
        wallMicroseconds &+= usage.wallMicroseconds
        measuredCount += 1
    }

    /// The time limit that hosts must be told, when it has become known or changed by more than a tenth.
    mutating func newLimit() -> UInt64? {
        guard case .percentOfMedian(let percent)? = settings.timeLimit, let median = times.medianMilliseconds else { return nil }
        let limit = max(Self.limitMillisecondsMin, median.multipliedReportingOverflow(by: UInt64(percent)).partialValue / 100)
        if let told = limitMilliseconds, max(told, limit) - min(told, limit) <= told / 10 { return nil }
        limitMilliseconds = limit
        return limit
    }

    private static let hintTasksMin = 5
    private static let hintMicrosecondsMin: UInt64 = 2_000_000
    private static let hintCPUs = 2.0

    /// Said once, where tasks take more than two CPUs each and reserve one.
    mutating func reservationHint() -> String? {
        guard !hasHinted, settings.cpus == .count(1), measuredCount >= Self.hintTasksMin, wallMicroseconds >= Self.hintMicrosecondsMin else { return nil }
        let used = Double(cpuMicroseconds) / Double(wallMicroseconds)
        guard used > Self.hintCPUs else { return nil }
        hasHinted = true
        let program = RawPath(bytes: settings.spec.words.first ?? []).lastComponent
        return "\(program) uses \((used * 10).rounded() / 10) CPUs a task: say --cpus \(Int(used.rounded(.up)))"
    }
}
