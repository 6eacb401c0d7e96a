import JobModel
import JobStore
import LinuxSystem
import Planning
import Synchronization

/// Finds the task of a plan by a name it gives or by its input.
///
/// Reads the journal when it is first asked; takes 16 bytes a task from then on.
final class PlannedNames: Sendable {
    /// Ascending: 32 bits of a hash, then the task's index.
    private struct Marks {
        var outputs: [UInt64] = []
        var inputs: [UInt64] = []
    }

    private let marks = Mutex<Marks?>(nil)
    private static let hashBits: UInt64 = 0xFFFF_FFFF_0000_0000

    /// A task that makes, or left as it was, an output of this name, letter case aside.
    func task(
        withOutput name: RawPath, in store: JobStore, where isOther: (PlannedTask) -> Bool
    ) throws(HeadError) -> PlannedTask? {
        let key = CollisionKey.folded(name)
        for place in try places(CollisionKey.hash(name), { $0.outputs }, store) {
            let records = try journal { () throws(JobStoreError) in try store.records(from: place, below: place + 1, count: 1) }
            for record in records where isOther(record.task) && Self.names(record).contains(where: { CollisionKey.folded($0) == key }) {
                return record.task
            }
        }
        return nil
    }

    /// The input that is this very file.
    func input(_ facts: FileFacts, in store: JobStore) throws(HeadError) -> RawPath? {
        for place in try places(Self.hash(facts.identity), { $0.inputs }, store) {
            for task in try journal({ () throws(JobStoreError) in try store.tasks(place..<place + 1) }) where task.identity == facts.identity {
                let found = try HeadNode.system("look at the inputs") { () throws(SystemError) in try FileOperation.factsIfPresent(of: task.input) }
                if found?.key == facts.key { return task.input }
            }
        }
        return nil
    }

    /// Where in the plan tasks may be that have this hash.
    private func places(_ hash: UInt64, _ list: (Marks) -> [UInt64], _ store: JobStore) throws(HeadError) -> [Int] {
        let found = try marks.withLock { (marks: inout Marks?) throws(HeadError) -> Marks in
            if let marks { return marks }
            let read = try Self.read(store)
            marks = read
            return read
        }
        let marks = list(found)
        let start = marks.partitionPoint { $0 < hash & Self.hashBits }
        return marks[start...].prefix { $0 & Self.hashBits == hash & Self.hashBits }.map { Int($0 & ~Self.hashBits) }
    }

    private static func read(_ store: JobStore) throws(HeadError) -> Marks {
        var marks = Marks()
        try store.forEachTask { task in
            marks.inputs.append(mark(hash(task.identity), task))
            for name in task.outputs { marks.outputs.append(mark(CollisionKey.hash(name), task)) }
        }
        try store.forEachKeptPage { (task, name, _) in marks.outputs.append(mark(CollisionKey.hash(name), task)) }
        marks.outputs.sort()
        marks.inputs.sort()
        return marks
    }

    private static func mark(_ hash: UInt64, _ task: PlannedTask) -> UInt64 { hash & hashBits | UInt64(task.index.rawValue) }

    /// Good for this process only.
    private static func hash(_ identity: InputIdentity) -> UInt64 { UInt64(bitPattern: Int64(identity.hashValue)) }

    private static func names(_ record: TaskRecord) -> [RawPath] { record.task.outputs + (record.outcome.state.keepsOutputs ? record.outcome.outputs : []) }
}

extension JobStore {
    /// Goes over the pages of files of several that stay as an earlier run made them; of their names the plan has only the pattern.
    ///
    /// `body` is told the save that made them, from 0.
    func forEachKeptPage(_ body: (PlannedTask, RawPath, _ save: Int) throws(HeadError) -> Void) throws(HeadError) {
        var next = 0
        while true {
            let batch = try journal { () throws(JobStoreError) in try self.records(in: TaskState.keepingOutputs, from: next, count: 4096) }
            guard let last = batch.last else { return }
            for record in batch where record.outcome.outputs != record.task.outputs {
                let files = record.outcome.work?.files ?? []
                for (number, name) in record.outcome.outputs.enumerated() where !record.task.outputs.contains(name) {
                    try body(record.task, name, files.indices.contains(number) ? files[number].save : 0)
                }
            }
            next = last.task.index.position + 1
        }
    }
}

extension TaskState {
    static let keepingOutputs: [TaskState] = [.committed, .current, .skipped, .doneEarlier]
    var keepsOutputs: Bool { Self.keepingOutputs.contains(self) }
}
