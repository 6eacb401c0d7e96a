import ClusterSimulation
import JobModel
import Scheduling

/// Ways to break a scheduler that are easily written by mistake, each around the one that works.
enum PlantedBug: CaseIterable {
    /// A late report of an attempt that was given up, or a second one, counts.
    case settlesStaleReports
    /// What was called back is taken for given back before the host has answered.
    case doesNotWaitForReleases
    /// Of the tasks that a lost host had, one is forgotten.
    case losesTaskWithHost
    /// Believes that a host has twice the slots it offers.
    case oversubscribes
    /// Orders something twice in one go.
    case dispatchesTwice
    /// Sends work to hosts that were lost.
    case ignoresLoss
    /// An attempt after a loss has the number of the first.
    case usesNumbersAgain
    /// Every hundredth report has no consequence.
    case forgetsReports
    /// Fails files for what their host did.
    case blamesFileForHost
    /// Gives files up after two losses, and says that there were five.
    case exaggeratesLosses
    /// Fails a file for the first worker that dies on it, though another host could be asked.
    case asksNoSecondHost
    /// Sends work while the surroundings are at fault.
    case ignoresPause
    case ignoresDrain
    /// A host that shall leave gets more work.
    case ignoresLeaving
    case ignoresBound
    /// Says that all is done while tasks are in flight.
    case finishesEarly
    /// Never says that all is done.
    case neverFinishes
    /// Rests never end.
    case losesTrackOfTime
    /// Runs programs twice that must run once.
    case duplicatesExclusiveTasks
    /// Throws good results away now and then.
    case discardsResults
}

struct BrokenScheduler: SimulatedScheduler {
    let bug: PlantedBug
    var inner: Scheduler
    private var calls = 0
    private var dispatched: [Attempt] = []

    init(_ bug: PlantedBug, _ setup: SchedulerSetup) {
        var setup = setup
        switch bug {
        case .duplicatesExclusiveTasks: setup.allowsDuplicates = true
        case .exaggeratesLosses: setup.limits.lostAttemptsMax = 2
        case .asksNoSecondHost: setup.limits.retriesMax = 0
        default: break
        }
        self.bug = bug
        inner = Scheduler(setup)
    }

    var nextDeadline: Instant? { bug == .losesTrackOfTime ? nil : inner.nextDeadline }
    var readyCount: Int { inner.readyCount }

    mutating func apply(_ event: Scheduler.Event, at now: Instant) -> [Scheduler.Command] {
        calls += 1
        switch (bug, event) {
        case (.oversubscribes, .hostReady(let host, var offer)):
            offer.slots *= 2
            return inner.apply(.hostReady(host, offer), at: now)
        case (.ignoresLoss, .hostLost), (.ignoresPause, .pause), (.ignoresDrain, .drain), (.ignoresLeaving, .hostLeaving), (.ignoresBound, .bound):
            return inner.apply(.tick, at: now)
        case (.losesTrackOfTime, .tick): return []
        case (.forgetsReports, .ended(let host, let endings)) where calls % 100 == 0:
            return inner.apply(.ended(host, Array(endings.dropFirst())), at: now)
        default: return changed(inner.apply(event, at: now), after: event, at: now)
        }
    }

    private mutating func changed(_ commands: [Scheduler.Command], after event: Scheduler.Event, at now: Instant) -> [Scheduler.Command] {
        var result: [Scheduler.Command] = []
        var forgot = false
        for command in commands {
            switch (bug, command) {
            case (.settlesStaleReports, .discard(let attempt)): result.append(.settle(attempt))
            case (.blamesFileForHost, .putBack(let attempt)): result.append(.settle(attempt))
            case (.exaggeratesLosses, .giveUp(let attempt, .lost)): result.append(.giveUp(attempt, .lost(times: 5)))
            case (.discardsResults, .settle(let attempt)) where calls % 50 == 0: result.append(.discard(attempt))
            case (.doesNotWaitForReleases, .retract(let host, let tasks)):
                result.append(command)
                result += inner.apply(.released(host, tasks), at: now)
            case (.losesTaskWithHost, .dispatch(let host, let attempts)):
                guard case .hostLost = event, !forgot else {
                    result.append(command)
                    continue
                }
                forgot = true
                if attempts.count > 1 { result.append(.dispatch(host, Array(attempts.dropLast()))) }
            case (.dispatchesTwice, .dispatch(let host, let attempts)) where calls % 20 == 0:
                result.append(command)
                result.append(.dispatch(host, attempts))
            case (.usesNumbersAgain, .dispatch(let host, let attempts)):
                result.append(.dispatch(host, attempts.map { Attempt(task: $0.task, number: 1) }))
            case (.finishesEarly, .settle):
                result.append(command)
                if inner.inFlightCount > 0 { result.append(.finished(unsettled: inner.readyCount)) }
            case (.neverFinishes, .finished): break
            default: result.append(command)
            }
        }
        return result
    }
}
