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
    /// Starts programs elsewhere while a lost host may still work on them.
    case ignoresLeases
    /// Starts at once what may still run for a head that died.
    case ignoresEarlierHead
    /// Starts what may have run and must not start twice.
    case startsTwice
    /// Thinks that what failed has not been started.
    case forgetsStarts
    /// Sends more than there are slots for, though all of it is lost with its host.
    case holdsAhead
    /// Of the tasks that have waited for their moment, one is forgotten.
    case losesDelayedTask
    /// Tries failed programs again without a wait.
    case ignoresBackoff
    /// Waits as long before the third try as before the second.
    case doesNotDoubleBackoff
    /// Gives a program back to the host that failed it.
    case asksFailingHost
    /// Tries more often than it may.
    case retriesTooOften
    case retriesTooSeldom

    /// Words of the rule that must find it, where others might be first; empty for any.
    var rule: String {
        switch self {
        case .ignoresLeases, .ignoresEarlierHead: "slots at once, and must never"
        case .startsTwice, .forgetsStarts: "may have started, and was dispatched again"
        case .holdsAhead: "orders with it, and has"
        case .losesDelayedTask: "ready tasks, and"
        case .ignoresBackoff, .doesNotDoubleBackoff: "too early"
        case .asksFailingHost: "is given to it again, while host"
        case .retriesTooOften: "times and goes on"
        case .retriesTooSeldom: "retries allowed"
        case .settlesStaleReports, .doesNotWaitForReleases, .losesTaskWithHost, .oversubscribes, .dispatchesTwice, .ignoresLoss,
            .usesNumbersAgain, .forgetsReports, .blamesFileForHost, .exaggeratesLosses, .asksNoSecondHost, .ignoresPause, .ignoresDrain,
            .ignoresLeaving, .ignoresBound, .finishesEarly, .neverFinishes, .losesTrackOfTime, .duplicatesExclusiveTasks, .discardsResults:
            ""
        }
    }
}

struct BrokenScheduler: SimulatedScheduler {
    let bug: PlantedBug
    var inner: Scheduler
    private var calls = 0
    /// Where the program of a task failed.
    private var failedOn: [TaskIndex: HostIndex] = [:]

    init(_ bug: PlantedBug, _ setup: SchedulerSetup) {
        var setup = setup
        switch bug {
        case .duplicatesExclusiveTasks: (setup.allowsDuplicates, setup.loss) = (true, .startsElsewhere)
        case .exaggeratesLosses: setup.limits.lostAttemptsMax = 2
        case .asksNoSecondHost: setup.limits.retriesMax = 0
        case .ignoresLeases: if case .waits = setup.loss { setup.loss = .waits(milliseconds: 0) }
        case .ignoresEarlierHead: setup.delayed = []
        case .startsTwice: if setup.loss == .fails { setup.loss = .waits(milliseconds: 60_000) }
        case .holdsAhead: setup.limits.hostQueueMilliseconds = Scheduler.Limits().hostQueueMilliseconds
        case .ignoresBackoff: setup.limits.programRetryMillisecondsMin = 0
        case .doesNotDoubleBackoff: setup.limits.programRetryMillisecondsMax = setup.limits.programRetryMillisecondsMin
        case .retriesTooOften: setup.limits.programRetriesMax += 1
        case .retriesTooSeldom: setup.limits.programRetriesMax -= 1
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
        case (.forgetsStarts, .ended(let host, let endings)):
            let unstarted = endings.map {
                Scheduler.Ending(attempt: $0.attempt, busyMicroseconds: $0.busyMicroseconds, verdict: $0.verdict, mayHaveStarted: false)
            }
            return inner.apply(.ended(host, unstarted), at: now)
        case (.asksFailingHost, .ended(let host, let endings)):
            for ending in endings where ending.verdict == .programFailed { failedOn[ending.attempt.task] = host }
            return changed(inner.apply(event, at: now), after: event, at: now)
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
            case (.losesDelayedTask, .dispatch(let host, let attempts)):
                guard case .tick = event, !forgot else {
                    result.append(command)
                    continue
                }
                forgot = true
                if attempts.count > 1 { result.append(.dispatch(host, Array(attempts.dropLast()))) }
            case (.asksFailingHost, .dispatch(let host, let attempts)):
                for attempt in attempts { result.append(.dispatch(failedOn[attempt.task] ?? host, [attempt])) }
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
