import JobModel

/// What must be true of a job after every step, kept beside the scheduler and never asked of it.
///
/// Follows the commands alone, so that a scheduler that loses count is found out by the one thing it cannot hide: what it
/// orders. A task is ready, in flight as one attempt (two for a duplicate in the tail), or settled.
struct SafetyCheck {
    private enum State: UInt8 { case ready, flying, settled, failed }

    struct Flight: Hashable {
        var number: UInt32
        var host: UInt16
    }

    private var states: [UInt8]
    private var numbers: [UInt32]
    private var hosts: [UInt16]
    /// Duplicates of tasks that fly already.
    private(set) var seconds: [UInt32: Flight] = [:]
    /// The highest number of tasks that were ever duplicated.
    private var highest: [UInt32: UInt32] = [:]
    /// Attempts called back and not answered yet: nobody else may have their task.
    private var retracted: [UInt32: UInt16] = [:]
    /// Tasks that may start once at most, and may have.
    var spent: Set<UInt32> = []
    private(set) var readyCount: Int
    /// Of the ready ones, those never dispatched.
    private var untouchedCount: Int
    private(set) var flyingCount = 0
    private(set) var settledCount = 0
    private(set) var failedCount = 0
    private(set) var violation: String?

    init(taskCount: Int) {
        states = [UInt8](repeating: State.ready.rawValue, count: taskCount)
        numbers = [UInt32](repeating: 0, count: taskCount)
        hosts = [UInt16](repeating: 0, count: taskCount)
        readyCount = taskCount
        untouchedCount = taskCount
    }

    var taskCount: Int { states.count }

    mutating func fail(_ text: String) {
        if violation == nil { violation = text }
    }

    private func state(_ task: Int) -> State { State(rawValue: states[task]) ?? .ready }

    func isSettled(_ task: Int) -> Bool { state(task) == .settled }
    func isFailed(_ task: Int) -> Bool { state(task) == .failed }
    func isFlying(_ task: Int) -> Bool { state(task) == .flying }

    func isLive(_ attempt: Attempt, on host: Int) -> Bool {
        let task = attempt.task.position
        guard state(task) == .flying else { return false }
        if numbers[task] == attempt.number && hosts[task] == host { return true }
        return seconds[attempt.task.rawValue] == Flight(number: attempt.number, host: UInt16(host))
    }

    /// A task that an earlier run of the head settled.
    mutating func resumeSettled(_ task: Int, failed: Bool) {
        states[task] = failed ? State.failed.rawValue : State.settled.rawValue
        readyCount -= 1
        untouchedCount -= 1
        if failed { failedCount += 1 } else { settledCount += 1 }
    }

    // MARK: Commands

    mutating func dispatched(_ attempt: Attempt, to host: Int, allowsDuplicates: Bool, isBounded: Bool) {
        let task = attempt.task.position
        guard task < states.count else { return fail("task \(task) does not exist and was dispatched") }
        if spent.contains(attempt.task.rawValue) { return fail("task \(task) may have started, and was dispatched again") }
        switch state(task) {
        case .settled, .failed: return fail("task \(task) was dispatched after its end")
        case .ready:
            guard attempt.number > max(numbers[task], highest[attempt.task.rawValue] ?? 0) else {
                return fail("task \(task) was dispatched as attempt \(attempt.number), which is not above \(numbers[task])")
            }
            if numbers[task] == 0 { untouchedCount -= 1 }
            states[task] = State.flying.rawValue
            hosts[task] = UInt16(host)
            numbers[task] = attempt.number
            readyCount -= 1
            flyingCount += 1
        case .flying:
            guard allowsDuplicates else { return fail("task \(task) was dispatched to host \(host) while host \(hosts[task]) has it") }
            guard seconds[attempt.task.rawValue] == nil else { return fail("task \(task) was dispatched a third time") }
            guard hosts[task] != UInt16(host) else { return fail("task \(task) was duplicated on its own host \(host)") }
            // Those that came back may have failed on that very host.
            guard untouchedCount == 0 || isBounded else { return fail("task \(task) was duplicated while \(untouchedCount) others had not been tried") }
            guard retracted[attempt.task.rawValue] == nil else {
                return fail("task \(task) was dispatched to host \(host) before host \(hosts[task]) gave it back")
            }
            guard attempt.number > max(numbers[task], highest[attempt.task.rawValue] ?? 0) else { return fail("the duplicate of task \(task) has no number of its own") }
            seconds[attempt.task.rawValue] = Flight(number: attempt.number, host: UInt16(host))
            highest[attempt.task.rawValue] = attempt.number
        }
    }

    mutating func retracted(_ task: TaskIndex, from host: Int) {
        if state(task.position) == .flying { retracted[task.rawValue] = UInt16(host) }
    }

    /// Whether the attempt was live, and so its result is the one that counts.
    mutating func settled(_ attempt: Attempt, from host: Int, failed: Bool) {
        guard isLive(attempt, on: host) else {
            return fail("attempt \(attempt.number) of task \(attempt.task.position) from host \(host) was settled, and is not in flight there")
        }
        endFlight(attempt.task, failed ? .failed : .settled)
    }

    mutating func discarded(_ attempt: Attempt, from host: Int, wasDone: Bool) {
        if wasDone && isLive(attempt, on: host) {
            fail("the result of task \(attempt.task.position) from host \(host) was thrown away while it was awaited")
        }
    }

    /// The scheduler gives a task up; it is in flight, or was in the loss it was just told of.
    mutating func gaveUp(_ task: TaskIndex) {
        switch state(task.position) {
        case .flying: endFlight(task, .failed)
        case .ready:
            states[task.position] = State.failed.rawValue
            readyCount -= 1
            failedCount += 1
        case .settled, .failed: fail("task \(task.position) was given up after its end")
        }
    }

    private mutating func endFlight(_ task: TaskIndex, _ end: State) {
        states[task.position] = end.rawValue
        seconds[task.rawValue] = nil
        retracted[task.rawValue] = nil
        flyingCount -= 1
        if end == .failed { failedCount += 1 } else { settledCount += 1 }
    }

    // MARK: What the scheduler is told

    /// An attempt is over without a result: given back, failed through its host, or lost with it.
    mutating func flightEnded(_ attempt: Attempt, on host: Int) {
        guard isLive(attempt, on: host) else { return }
        let task = attempt.task
        let second = seconds.removeValue(forKey: task.rawValue)
        if retracted[task.rawValue] == UInt16(host) { retracted[task.rawValue] = nil }
        guard let second else {
            states[task.position] = State.ready.rawValue
            retracted[task.rawValue] = nil
            flyingCount -= 1
            readyCount += 1
            return
        }
        // The other of the two flies on alone. Numbers only rise, so that the next attempt has a new one.
        if second.number == attempt.number && second.host == UInt16(host) { return }
        hosts[task.position] = second.host
        numbers[task.position] = second.number
    }

    /// An attempt of a task that flies on that host, by its task alone, as answers to `retract` name it.
    func attempt(of task: TaskIndex, on host: Int) -> Attempt? {
        guard state(task.position) == .flying else { return nil }
        if hosts[task.position] == UInt16(host) { return Attempt(task: task, number: numbers[task.position]) }
        guard let second = seconds[task.rawValue], second.host == UInt16(host) else { return nil }
        return Attempt(task: task, number: second.number)
    }

    mutating func started(_ task: TaskIndex, on host: Int) {
        if retracted[task.rawValue] == UInt16(host) { retracted[task.rawValue] = nil }
    }

    mutating func hostLost(_ host: Int) {
        for task in states.indices where states[task] == State.flying.rawValue {
            let index = TaskIndex(task)
            while let attempt = attempt(of: index, on: host) { flightEnded(attempt, on: host) }
        }
    }

    /// Every live attempt, for the full check.
    func forEachFlight(_ body: (Attempt, Int) -> Void) {
        for task in states.indices where states[task] == State.flying.rawValue {
            body(Attempt(task: TaskIndex(task), number: numbers[task]), Int(hosts[task]))
            if let second = seconds[UInt32(task)] { body(Attempt(task: TaskIndex(task), number: second.number), Int(second.host)) }
        }
    }
}
