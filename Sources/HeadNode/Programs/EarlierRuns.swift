import Digests
import JobModel
import JobStore
import LinuxSystem
import Programs

/// `--resume`: finds the tasks of a new job that earlier jobs of the same program in the state folder did already.
///
/// A task is the same whatever its place in the plan: it has the command that was run, in the folder it was run in, and its input is as it
/// was (size and time of a file; of a folder the path alone counts). The newest job that ended it decides, so that what failed last runs
/// again. Tasks that are the same in all of this (a line given twice) are counted: as many are done as a job did.
///
/// Takes 17 bytes a task.
struct EarlierRuns {
    let program: ProgramPlan
    let store: JobStore
    let job: JobID
    let catalogue: JobCatalogue
    /// Called now and then.
    let progress: () throws(HeadError) -> Void
    let message: (String) -> Void

    /// Fact of a journal: `ProgramPlan.digest` in hexadecimal.
    static let digestFact = "program"

    /// The ends of open tasks that earlier jobs did, in plan order, some thousand at a time.
    func settle(_ body: ([TaskOutcome]) throws(HeadError) -> Void) throws(HeadError) {
        var known = KnownTasks(try keysOfOpenTasks())
        var unreadable: [(id: JobID, error: JobStoreError)] = []
        for id in try catalogue.ids() where id != job && !known.areAllDecided {
            if let error = try read(id, &known) { unreadable.append((id, error)) }
        }
        if let first = unreadable.first {
            let others = unreadable.count > 1 ? ", and \(unreadable.count - 1) more" : ""
            message("--resume knows nothing of jobs whose journal cannot be read: \(first.id.rawValue) (\(first.error))\(others)")
        }
        let done = known.done.sorted()
        for start in stride(from: 0, to: done.count, by: JobPlanner.rowsAtOnce) {
            let group = done[start..<min(start + JobPlanner.rowsAtOnce, done.count)]
            try body(group.map { TaskOutcome(index: TaskIndex(Int($0)), state: .doneEarlier) })
        }
    }

    private func keysOfOpenTasks() throws(HeadError) -> [TaskKey] {
        var keys: [TaskKey] = []
        try store.forEachRecord(in: 0..<Int.max) { (record) throws(HeadError) in
            if record.task.index.position % JobPlanner.rowsAtOnce == 0 { try progress() }
            if record.outcome.state == .planned { keys.append(try key(of: record.task)) }
        }
        return keys
    }

    private func key(of task: PlannedTask) throws(HeadError) -> TaskKey {
        let identity = Array(" \(task.identity.sizeBytes) \(task.identity.modifiedNanoseconds)".utf8)
        return TaskKey(SHA256Stream.digest(of: try program.digest(of: task).bytes + identity), index: task.index)
    }

    /// Returns why nothing can be said of a job.
    private func read(_ id: JobID, _ known: inout KnownTasks) throws(HeadError) -> JobStoreError? {
        let earlier: JobStore
        do throws(JobStoreError) {
            earlier = try JobStore(file: catalogue.journalPath(id))
            guard try earlier.fact(Self.digestFact) == Array(program.digest.hex.utf8) else {
                try earlier.close()
                return nil
            }
        } catch {
            return error
        }
        var states: [TaskState] = [.committed, .current, .doneEarlier, .failed]
        // Where outputs get their names last, a winner that was only recorded is not done.
        if program.spec.returns.isEmpty { states.append(.won) }
        var next = 0
        while true {
            try progress()
            let records = try journal { () throws(JobStoreError) in try earlier.records(in: states, from: next, count: 512) }
            guard let last = records.last else { break }
            for record in records { known.note(try key(of: record.task), isDone: record.outcome.state != .failed) }
            next = last.task.index.position + 1
        }
        known.endJob()
        try journal { () throws(JobStoreError) in try earlier.close() }
        return nil
    }
}

/// 96 bits of what makes a task the same as one of another job, and its place in the plan: that two of 10^7 tasks agree by
/// chance is less likely than one in 10^14.
struct TaskKey: Comparable {
    let high: UInt64
    let low: UInt32
    let index: UInt32

    init(_ digest: Digest256, index: TaskIndex) {
        let bytes = digest.bytes
        high = bytes[..<8].reduce(0) { $0 << 8 | UInt64($1) }
        low = bytes[8..<12].reduce(0) { $0 << 8 | UInt32($1) }
        self.index = UInt32(index.position)
    }

    func isSame(as other: TaskKey) -> Bool { high == other.high && low == other.low }

    func precedes(_ other: TaskKey) -> Bool { (high, low) < (other.high, other.low) }

    static func < (left: TaskKey, right: TaskKey) -> Bool { (left.high, left.low, left.index) < (right.high, right.low, right.index) }
}

/// Which of a plan's open tasks earlier jobs did, or failed at; jobs are told newest first.
struct KnownTasks {
    /// Ascending.
    private let keys: [TaskKey]
    private var marks: [Marks]
    private var decidedCount = 0

    private struct Marks: OptionSet {
        let rawValue: UInt8
        static let decided = Marks(rawValue: 1)
        static let done = Marks(rawValue: 2)
        /// Of the first of those that are the same: the job being told has one of them.
        static let touched = Marks(rawValue: 4)
    }

    init(_ keys: [TaskKey]) {
        self.keys = keys.sorted()
        marks = [Marks](repeating: [], count: keys.count)
    }

    var areAllDecided: Bool { decidedCount == keys.count }

    /// Places in the plan of the tasks that were done, in no order.
    var done: [UInt32] { keys.indices.filter { marks[$0].contains(.done) }.map { keys[$0].index } }

    /// A task of a job ended so: the first that is the same and not decided yet ends likewise.
    mutating func note(_ key: TaskKey, isDone: Bool) {
        let first = keys.partitionPoint { $0.precedes(key) }
        var place = first
        while place < keys.count, keys[place].isSame(as: key) {
            if !marks[place].contains(.decided) {
                decide(place, isDone: isDone)
                marks[first].insert(.touched)
                return
            }
            place += 1
        }
    }

    /// All of a job was told: what is the same as a task of it, and was not in it so often, is new.
    mutating func endJob() {
        for first in keys.indices where marks[first].contains(.touched) {
            marks[first].remove(.touched)
            var place = first
            while place < keys.count, keys[place].isSame(as: keys[first]) {
                if !marks[place].contains(.decided) { decide(place, isDone: false) }
                place += 1
            }
        }
    }

    private mutating func decide(_ place: Int, isDone: Bool) {
        marks[place].formUnion(isDone ? [.decided, .done] : .decided)
        decidedCount += 1
    }
}
