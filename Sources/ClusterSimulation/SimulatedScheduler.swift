public import JobModel
public import Scheduling

/// What the simulation asks of a scheduler: quire's own satisfies it, and so do those that tests break on purpose.
public protocol SimulatedScheduler {
    mutating func apply(_ event: Scheduler.Event, at now: Instant) -> [Scheduler.Command]
    /// When `tick` is due at the latest; nil while nothing depends on time.
    var nextDeadline: Instant? { get }
    var readyCount: Int { get }
}

extension Scheduler: SimulatedScheduler {}

/// What a scheduler is made with.
public struct SchedulerSetup: Sendable {
    public var taskCount: Int
    public var order: Scheduler.Order
    /// Tasks in plan order that need no work any more.
    public var settled: [Range<Int>]
    public var sizes: TaskSizes
    public var allowsDuplicates: Bool
    public var loss = Scheduler.LossPolicy.startsElsewhere
    /// Open tasks that may still run for an earlier head, and when they do so no more.
    public var delayed: [TaskIndex] = []
    public var delayedUntil = Instant(microseconds: 0)
    public var limits: Scheduler.Limits
}

extension Scheduler {
    public init(_ setup: SchedulerSetup) {
        self.init(
            taskCount: setup.taskCount, order: setup.order, settled: setup.settled, sizes: setup.sizes, allowsDuplicates: setup.allowsDuplicates,
            loss: setup.loss, delayed: setup.delayed, delayedUntil: setup.delayedUntil, limits: setup.limits)
    }
}
