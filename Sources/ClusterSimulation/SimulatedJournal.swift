import JobModel

/// What the head wrote down, in order; what was not durable when the head died is not there.
struct SimulatedJournal {
    enum Kind: UInt8 {
        case dispatched
        /// The report of this attempt counts; its output may stand under its final name or not.
        case won
        case committed
        /// The task ended without an output.
        case failed
        /// The attempt is over, or never began, and its task is open.
        case returned
    }

    struct Record {
        var kind: Kind
        var task: UInt32
        var number: UInt32
        var run: UInt16
    }

    /// What a replay says of a task.
    enum State: UInt8 { case open, won, committed, failed }

    private(set) var records: [Record] = []

    mutating func append(_ kind: Kind, _ attempt: Attempt, run: UInt16) {
        records.append(Record(kind: kind, task: attempt.task.rawValue, number: attempt.number, run: run))
    }

    /// The state of every task by the records alone, with the attempt that won; nil if the records contradict themselves.
    func replay(taskCount: Int) -> (states: [State], winners: [UInt64])? {
        var states = [State](repeating: .open, count: taskCount)
        var winners = [UInt64](repeating: 0, count: taskCount)
        for record in records {
            let task = Int(record.task)
            switch (record.kind, states[task]) {
            case (.dispatched, .open), (.dispatched, .won), (.returned, .open), (.returned, .won): break
            case (.won, .open):
                states[task] = .won
                winners[task] = Self.name(run: record.run, number: record.number)
            case (.committed, .won): states[task] = .committed
            case (.failed, .open): states[task] = .failed
            default: return nil
            }
        }
        return (states, winners)
    }

    /// Tasks of which an attempt may be somewhere, in plan order.
    func outstanding(taskCount: Int) -> [TaskIndex] {
        var counts = [Int](repeating: 0, count: taskCount)
        for record in records {
            switch record.kind {
            case .dispatched: counts[Int(record.task)] += 1
            case .returned: counts[Int(record.task)] -= 1
            case .won, .committed, .failed: break
            }
        }
        return counts.indices.filter { counts[$0] > 0 }.map { TaskIndex($0) }
    }

    /// An attempt in all runs of a job: its temp file's name.
    static func name(run: UInt16, number: UInt32) -> UInt64 { UInt64(run) << 32 | UInt64(number) }
}
