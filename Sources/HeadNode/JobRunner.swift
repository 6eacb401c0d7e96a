import Digests
import JobModel
import JobStore
import LinuxSystem
import Programs
import Recipes
import Scheduling
import TerminalUI
import WireProtocol

/// Runs a planned job to its end: dispatches shards, hands reports to the committer, moves the binder's mark.
///
/// Lives on the main thread and owns all state; other threads only send it events. Decisions are the scheduler's.
/// A long file, since the state of one owner is private to it: what pauses and counts failures is in `JobRunner+Pausing`.
final class JobRunner {
    let settings: RunSettings
    let plan: JobPlan
    let store: JobStore
    let events: Mailbox<HeadEvent>
    let agents: LazyAgent
    /// Hosts beside this machine; nil where the job runs here alone.
    let fleet: Fleet?
    /// Hosts that work, or shall once enough are there.
    var links: [HostIndex: AgentLink] = [:]
    /// What each host has done, kept when it is lost.
    var tallies: [HostIndex: HostTally] = [:]
    /// Nil once the job has begun to dispatch.
    var gathering: Gathering?
    /// The last fault told of each host that cannot be had.
    var toldFaults: [HostIndex: String] = [:]
    /// Whether this machine works only because no other host is there.
    var standsIn = false
    /// Hosts that shall not be missed when their connection ends.
    var leaving: Set<HostIndex> = []
    var agentRestarts = 0
    private let commits = Mailbox<[SettledReport]>(elementsMax: 1 << 14)
    private let mark = BindingMark()
    private let committerThread: SystemThread
    private let binderThread: SystemThread?
    private let orders: OrderMaker
    let display: ProgressDisplay

    var scheduler: Scheduler
    /// Nil for pictures.
    var course: ProgramCourse?
    /// Dispatched and without a final end; their number is bounded by what hosts may hold.
    var open: [TaskIndex: PlannedTask] = [:]
    /// Those of `open` whose report the committer has: a lost agent does not bring them back.
    var committing: Set<TaskIndex> = []
    /// Attempts that never left this machine, since no order could be made for them, and are to be settled: no host is to blame.
    private var refusals: [(host: HostIndex, reports: [WorkReport])] = []
    /// Tasks left when nothing more is dispatched; nil before that.
    private(set) var unsettledCount: Int?
    var isAllDispatched: Bool { unsettledCount != nil }
    private var spool = SpoolGauge()
    /// What the scheduler was told last.
    private var dispatchBound: TaskIndex?
    private var binding: Binding
    /// Nil for pictures.
    var printing: Printing?
    private(set) var volumes: [BoundVolume]?
    var stop: Stop?
    private(set) var wasKilled = false
    private(set) var wasInterruptedTwice = false
    let watch: EnvironmentWatch
    var failures: FailureWatch
    /// Failed reports that wait until it is known whether their file is to blame.
    var suspects: [Suspect] = []
    var pause: Pause?
    /// When the surroundings first were at fault without a success since.
    var faultyMilliseconds: UInt64?
    /// Folders of tasks that were given up before they ended.
    var abandoned: Set<RawPath> = []

    var isBound: Bool {
        switch binding {
        case .ended: true
        case .underWay, .failed: false
        }
    }

    init(
        settings: RunSettings, plan: JobPlan, outputRoot: StorageRoot?, run: Int, store: JobStore, ledger: OutputLedger,
        events: Mailbox<HeadEvent>, agents: LazyAgent, fleet: Fleet?, display: ProgressDisplay, delay: Delay = Delay()
    ) throws(HeadError) {
        self.settings = settings
        self.plan = plan
        self.store = store
        self.events = events
        self.agents = agents
        self.fleet = fleet
        self.display = display
        orders = OrderMaker(settings: settings, plan: plan, run: run)
        watch = EnvironmentWatch(events: events)
        failures = FailureWatch(
            FailureWatch.Limits(
                equalInRowMax: settings.keepsGoing ? nil : FailureWatch.Limits.equalInRowDefault,
                failuresMax: settings.program?.halt?.failures(of: plan.taskCount) ?? settings.failuresMax?.files(of: plan.taskCount)))
        let open = try journal { () throws(JobStoreError) in try store.openTasks() }
        course = settings.program.map { ProgramCourse($0) }
        if let course {
            scheduler = Self.scheduler(
                course, taskCount: open.count, settled: open.settled, sizes: open.sizes, leaseSeconds: fleet?.leaseSecondsMax ?? 0, delay: delay)
        } else if plan.books.isEmpty {
            var ranks: [UInt32] = []
            var next = 0
            for range in open.settled + [open.count..<open.count] {
                ranks += (next..<range.lowerBound).map { UInt32($0) }
                next = range.upperBound
            }
            ranks.sort { (open.sizes[Int($1)], $0) < (open.sizes[Int($0)], $1) }
            scheduler = Scheduler(taskCount: open.count, order: .ranked(ranks), sizes: TaskSizes(open.sizes), allowsDuplicates: true)
        } else {
            scheduler = Scheduler(
                taskCount: open.count, order: .plan, settled: open.settled, sizes: TaskSizes(open.sizes), allowsDuplicates: true)
        }
        let committer = Committer(
            store: store, ledger: ledger, job: plan.job, recipe: plan.recipeDigest, isInPlace: settings.isInPlace,
            movesTimes: plan.recipe.fileTimeShift != nil, replacesForeign: settings.overwrite == .always, workingFolder: plan.workingFolder, outputRoot: outputRoot,
            build: try agents.link().build, program: plan.program)
        printing = try Self.startPrinting(settings, plan, store, events, terminal: display.questions, thisMachine: try agents.link().name)
        committerThread = SystemThread("commit") { [commits] in JobRunner.commitAll(commits, committer, events) }
        binding = plan.books.isEmpty ? .ended : .underWay
        if plan.books.isEmpty {
            binderThread = nil
        } else {
            let binder = BookBinder(
                store: store, ledger: ledger, job: plan.job, settings: plan.pdf, books: plan.books, spoolFolder: plan.spoolFolder,
                workingFolder: plan.workingFolder, replacesForeignPDFs: settings.overwrite == .always, mark: mark,
                progress: display.pages, roots: plan.roots, failed: { events.send(.failedLate($0, wasCurrent: $1)) })
            binderThread = SystemThread("bind") {
                do throws(HeadError) { events.send(.bound(try binder.run())) } catch { events.send(.bindFailed(error)) }
            }
        }
    }

    private static func commitAll(_ commits: Mailbox<[SettledReport]>, _ committer: Committer, _ events: Mailbox<HeadEvent>) {
        while let batches = commits.receiveAll(waitingMilliseconds: nil) {
            let reports = batches.flatMap { $0 }
            for start in stride(from: 0, to: reports.count, by: Committer.groupTasksMax) {
                let group = Array(reports[start..<min(reports.count, start + Committer.groupTasksMax)])
                do throws(HeadError) {
                    events.send(.committed(try committer.commit(group, epochMilliseconds: SystemClock.epochMilliseconds())))
                } catch {
                    events.send(.commitFailed(error))
                    return
                }
            }
        }
    }

    func run() throws(HeadError) -> Result {
        defer {
            mark.abandon()
            printing?.mark.abandon()
            binderThread?.join()
        }
        do throws(HeadError) { try work() } catch {
            endCommitting()
            throw error
        }
        // What was printed so far may take a while to show; programs that shall end do not wait for that.
        if wasKilled, course != nil { endPrograms() }
        endCommitting()
        try endPrinting()
        var result = result
        result.unfinishedFolders = abandoned.union(open.values.flatMap(plan.outputFolders))
        // A job that a fault stops can wait for its workers' end, and leaves nothing of theirs behind.
        if case .asked? = stop { result.leavesWorkRunning = wasKilled }
        if course != nil {
            // Nothing of a program may outlive the job.
            result.leavesWorkRunning = false
            result.isHalted = isHalted && (unsettledCount ?? 1) > 0
        }
        return result
    }

    /// Waits until all that has ended is recorded, and counts it.
    private func endCommitting() {
        commits.close()
        committerThread.join()
        for event in events.receiveAll(waitingMilliseconds: 0) ?? [] {
            if case .committed(let tasks) = event { countLate(tasks) }
            if case .printing(let event) = event { take(event) }
        }
    }

    /// What is recorded while nothing more is begun.
    func countLate(_ tasks: [CommittedTask]) {
        for task in tasks {
            open[task.task.index] = nil
            committing.remove(task.task.index)
            display.count(task)
        }
    }

    private func work() throws(HeadError) {
        if plan.taskCount == 0 || scheduler.readyCount == 0 { moveMark() }
        try beginWithHosts()
        while !isOver {
            guard let batch = events.receiveAll(waitingMilliseconds: refusals.isEmpty ? 100 : 0) else { break }
            let refused = refusals
            refusals = []
            for (host, reports) in refused { settle(reports.map(final), from: host) }
            for event in batch { try take(event) }
            if case .asked(let deadline)? = stop, SystemClock.monotonicMilliseconds() >= deadline { wasKilled = true }
            lookAround(SystemClock.monotonicMilliseconds())
            lookAfterHosts()
            boundDispatch()
            display.update(phase: phase, hosts: hostLines)
        }
    }

    /// Ends without waiting for what runs.
    func stopAtOnce() { wasKilled = true }

    private var isOver: Bool {
        if wasKilled { return true }
        guard let unsettledCount, open.isEmpty else { return false }
        switch stop {
        case .none: return isBound
        // With all tasks done only the binder runs: it may finish like any other work.
        case .asked, .fault(.surroundings):
            switch binding {
            case .underWay: return unsettledCount > 0
            case .ended, .failed: return true
            }
        case .fault: return true
        }
    }

    // MARK: Events

    private func take(_ event: HeadEvent) throws(HeadError) {
        switch event {
        case .agent(let host, let message): try take(message, from: host)
        case .agentGone(let host, let why): lost(host, why)
        case .hostReady(let link): joined(link)
        case .hostFailed(let host, let why, let isFinal): try failedToJoin(host, why, isFinal: isFinal)
        case .hostShallLeave(let host): letLeave(host)
        case .attemptsFailed(let host, let attempts, let verdict, let why): failed(attempts, on: host, verdict, why)
        case .committed(let tasks):
            for task in tasks {
                open[task.task.index] = nil
                committing.remove(task.task.index)
                if let work = task.outcome.work, plan.books.count == 1 { spool.add(task.task.index, work) }
                display.count(task)
            }
            if committing.count <= Self.committingTasksMax / 2 { perform(scheduler.apply(.congested(false), at: .now)) }
            moveMark()
        case .commitFailed(let error):
            // The committing thread is gone, so what it had cannot end any more.
            halt(error)
            wasKilled = true
        case .bindFailed(let error):
            binding = .failed
            if stop == nil { halt(error) } else { display.message("\(error)") }
        case .failedLate(let task, let wasCurrent): display.countLate(task, wasCurrent: wasCurrent)
        case .bound(let books):
            volumes = books?.volumes
            binding = .ended
            if let withheld = books?.withheld, !withheld.isEmpty {
                let names = withheld.prefix(3).map(\.display).joined(separator: ", ")
                let others = withheld.count > 3 ? " and \(withheld.count - 3) more" : ""
                display.message("withheld, since a file failed: \(names)\(others); --missing-page placeholder binds them all the same")
            }
        case .signal(let signal): take(signal)
        case .printing(let event): take(event)
        case .looked(let inquiry, let fault, let fileIsThere): looked(inquiry, fault, fileIsThere)
        }
    }

    private func take(_ message: AgentMessage, from host: HostIndex) throws(HeadError) {
        switch message {
        case .reports(let reports): settle(reports.map(final).filter { !suspect($0, from: host) }, from: host)
        case .released(let tasks):
            recordUnstarted(tasks, on: host)
            perform(scheduler.apply(.released(host, tasks), at: .now))
        case .started(let tasks): perform(scheduler.apply(.started(host, tasks), at: .now))
        case .load(let busy, _): tallies[host]?.busy = busy
        case .slots(let usable, let holders): changeSlots(of: host, usable, holders)
        case .unusable(let why): unusable(host, why)
        case .log(let text): display.message(fleet == nil ? text : "\(name(of: host)): \(text)")
        case .printed(let attempt, let stream, let bytes): print(attempt, stream, bytes)
        case .hello, .ready, .pong, .bundleMissing, .bundleReady, .sharedFiles, .tokenLeft, .transfer:
            break  // Answers to what was asked before the job began, or the link's own affair.
        }
    }

    /// - Parameter verdict: in place of what the reports' outcomes tell.
    func settle(_ reports: [WorkReport], from host: HostIndex, verdict: Scheduler.Verdict? = nil) {
        let endings = reports.map { Scheduler.Ending($0, restarting: course?.settings.restarting, verdict: verdict) }
        let byAttempt = Dictionary(reports.map { ($0.attempt, $0) }, uniquingKeysWith: { first, _ in first })
        var settled: [SettledReport] = []
        var others: [Scheduler.Command] = []
        for command in scheduler.apply(.ended(host, endings), at: .now) {
            switch command {
            case .settle(let attempt):
                guard let report = byAttempt[attempt], let task = open[attempt.task] else {
                    preconditionFailure("task \(attempt.task.rawValue) settles without a report or a plan")
                }
                committing.insert(attempt.task)
                settled.append(SettledReport(task: task, report: report, host: name(of: host)))
                tallies[host]?.count(report)
            case .putBack(let attempt):
                guard let report = byAttempt[attempt] else { continue }
                recordPutBack(report, on: host)
                // A host whose share went away may have written there and cannot tidy up.
                if case .notStored = report.outcome { abandoned.formUnion(open[attempt.task].map(plan.outputFolders) ?? []) }
                discard(report)
            case .discard(let attempt):
                if let report = byAttempt[attempt] { discard(report) }
            case .dispatch, .retract, .cancel, .giveUp, .rest, .hostBack, .mayClose, .finished: others.append(command)
            }
        }
        if !settled.isEmpty { commits.send(settled) }
        learn(from: settled)
        // New work goes out before a fault calls it back: the scheduler holds it for dispatched.
        perform(others)
        if committing.count > Self.committingTasksMax { perform(scheduler.apply(.congested(true), at: .now)) }
        count(settled)
    }

    func take(_ signal: SignalWatch.Signal) {
        switch signal {
        case .interrupt, .terminate:
            switch stop {
            case .none:
                display.message("stopping: waiting up to \(settings.drainSeconds) s for what is being worked on; once more to stop at once")
                drain()
            case .asked, .fault:
                wasInterruptedTwice = true
                wasKilled = true
            }
        case .hangUp: display.terminalIsGone()
        case .windowChange: display.resize()
        case .resumed: display.terminalWasShared()
        case .reload: reloadHosts()
        }
    }

    /// Starts nothing new; what runs may finish within the time of `--drain`.
    func drain() {
        guard stop == nil else { return }
        stop = .asked(deadlineMilliseconds: SystemClock.monotonicMilliseconds() + UInt64(settings.drainSeconds) * 1000)
        perform(scheduler.apply(.drain, at: .now))
    }

    /// Starts nothing new because the environment is at fault; what runs may finish.
    func halt(_ error: HeadError) {
        guard stop == nil else { return }
        stop = .fault(error)
        display.message("\(error)")
        perform(scheduler.apply(.drain, at: .now))
        if case .journal = error { wasKilled = true }
    }

    /// Ended tasks that wait for the committer; beyond them nothing is dispatched, so that a slow disk costs no memory.
    private static let committingTasksMax = 8_192

    private func moveMark() {
        // Once it stops, tasks go that were not begun: `endPrinting` looks which.
        if stop == nil { printing?.mark.advance(to: lowestOpenTask.position) }
        guard binderThread != nil else { return }
        mark.advance(to: lowestOpenTask.position)
    }

    /// Keeps the spool of pages, and what waits to be printed, within their limits; called several times a second.
    private func boundDispatch() {
        spool.update(boundBelow: display.pages.tasksBelow)
        let bound = spool.isFull ? spool.dispatchBound(lowestOpen: lowestOpenTask) : printing?.dispatchBound(lowestOpen: lowestOpenTask)
        guard bound != dispatchBound else { return }
        dispatchBound = bound
        perform(scheduler.apply(.bound(bound), at: .now))
    }

    /// All tasks below have their final end.
    private var lowestOpenTask: TaskIndex {
        let end = TaskIndex(plan.taskCount)
        return min(open.keys.min() ?? end, scheduler.lowestReady ?? end)
    }

    // MARK: Commands

    func perform(_ commands: [Scheduler.Command]) {
        for command in commands {
            switch command {
            case .dispatch(let host, let attempts): dispatch(attempts, to: host)
            case .retract(let host, let tasks): links[host]?.send(.retract(tasks))
            case .cancel(let host, let attempts):
                // It may end all the same, when nobody reads its report any more.
                abandoned.formUnion(attempts.compactMap { open[$0.task] }.flatMap(plan.outputFolders))
                links[host]?.send(.cancel(attempts))
            case .finished(let unsettled):
                unsettledCount = unsettled
                // What is left of attempts that were called back or lost with their host.
                open = open.filter { committing.contains($0.key) }
            case .giveUp(let attempt, let cause): giveUp(attempt, cause)
            case .rest(let host, let until, let reason): display.message("\(name(of: host)) rests for \(until.secondsAway) s: \(reason.text)")
            case .hostBack: break
            case .mayClose(let host): close(host)
            case .settle, .putBack, .discard: preconditionFailure("a report is settled where it arrives")
            }
        }
    }

    private func dispatch(_ attempts: [Attempt], to host: HostIndex) {
        var sent = 0
        do throws(HeadError) {
            let tasks = try journal { () throws(JobStoreError) in
                let tasks = try store.tasks(of: attempts)
                try store.recordDispatched(
                    attempts, host: name(of: host), isDurable: course?.settings.restarting == .never,
                    epochMilliseconds: SystemClock.epochMilliseconds())
                return tasks
            }
            for task in tasks { open[task.index] = task }
            // Long paths in a large shard would pass the limit of a frame.
            for start in stride(from: 0, to: tasks.count, by: 512) {
                let part = start..<min(tasks.count, start + 512)
                var shard: [WorkOrder] = []
                var refused: [WorkReport] = []
                for index in part {
                    do throws(HeadError) {
                        shard.append(try orders.order(for: tasks[index], attempt: attempts[index]))
                    } catch .system(let doing, let error) where !error.isOfTheFileSystem {
                        // A folder that cannot be made fails what would go there, and nothing else.
                        let failure = TaskFailure(.denied, "\(doing): \(error)")
                        refused.append(WorkReport(attempt: attempts[index], outcome: .failed(failure), usage: .none))
                    }
                }
                if !shard.isEmpty { links[host]?.send(.assign(shard)) }
                if !refused.isEmpty { refusals.append((host, refused)) }
                sent = part.upperBound
            }
        } catch {
            let unsent = attempts[sent...].map(\.task)
            if case .system(_, let fault) = error, fault.isNoSpace {
                pauseForRoom(for: attempts[sent].task, fault)
            } else {
                halt(error)
            }
            recordUnstarted(unsent, on: host)
            perform(scheduler.apply(.released(host, unsent), at: .now))
        }
    }

    private func giveUp(_ attempt: Attempt, _ cause: Scheduler.Cause) {
        guard let planned = open[attempt.task] else { preconditionFailure("task \(attempt.task.rawValue) is given up without having begun") }
        committing.insert(attempt.task)
        let failure = course == nil ? TaskFailure(cause) : TaskFailure(ofProgram: cause)
        let report = WorkReport(attempt: attempt, outcome: .failed(failure), usage: .none)
        commits.send([SettledReport(task: planned, report: report, host: "")])
    }
}
