import JobModel
import JobStore
import LinuxSystem
import Planning

/// Two inputs that would write one output: refused with both names, or renamed (`--collisions`).
struct Collisions {
    let settings: RunSettings
    let workingFolder: RawPath
    /// Whether an earlier job made this file from this task's input: then the name is the task's own.
    let isOwn: (RawPath, PlannedTask) throws(HeadError) -> Bool

    /// Pairs shown in a refusal.
    private static let shownMax = 5

    /// Looks for equal names; `hashes` are those of all outputs, in any order. Returns the tasks that get another name.
    func settle(_ hashes: [UInt64], _ store: JobStore) throws(HeadError) -> [PlannedTask] {
        var groups = try suspectGroups(hashes, store)
        // Where outputs are the inputs themselves the file system keeps them apart already.
        if settings.isInPlace { groups = groups.flatMap(sameBytes) }
        if groups.isEmpty { return [] }
        // The same file found twice is worked on once.
        try dropDuplicates(&groups, store)
        if groups.isEmpty { return [] }
        switch settings.collisions {
        case .refuse: throw .usage(refusal(groups))
        case .rename: return try renamed(groups, store)
        }
    }

    private func suspectGroups(_ hashes: [UInt64], _ store: JobStore) throws(HeadError) -> [[PlannedTask]] {
        let suspects = CollisionFinder(hashes: hashes).suspects()
        if suspects.isEmpty { return [] }
        var tasks: [TaskIndex: PlannedTask] = [:]
        var paths: [(task: TaskIndex, path: RawPath)] = []
        try store.forEachTask { task in
            guard let output = task.output, suspects.contains(output) else { return }
            tasks[task.index] = task
            paths.append((task.index, output))
        }
        return CollisionSuspects.groups(of: paths).map { $0.compactMap { tasks[$0.task] } }
    }

    private func sameBytes(_ group: [PlannedTask]) -> [[PlannedTask]] {
        Dictionary(grouping: group) { $0.output ?? RawPath(bytes: []) }.values.filter { $0.count > 1 }.sorted { $0[0].index < $1[0].index }
    }

    /// Of a file found twice the first makes the output; for a PDF the others still make their page.
    private func dropDuplicates(_ groups: inout [[PlannedTask]], _ store: JobStore) throws(HeadError) {
        var twice: [TaskOutcome] = []
        var pagesOnly: [PlannedTask] = []
        for index in groups.indices {
            var seen: Set<RawPath> = []
            var again: [PlannedTask] = []
            groups[index].removeAll { task in
                let isNew = seen.insert(workingFolder.appending(task.input).normalized).inserted
                if !isNew { again.append(task) }
                return !isNew
            }
            for var task in again {
                guard settings.pdf != nil else {
                    twice.append(TaskOutcome(index: task.index, state: .skipped))
                    continue
                }
                if settings.isInPlace { throw .usage("\(task.input) is named twice; with --in-place and --pdf name it once") }
                // What an earlier job made has its page for both.
                if try isCurrent(task, store) { continue }
                task.output = nil
                task.mayReplace = false
                pagesOnly.append(task)
                twice.append(TaskOutcome(index: task.index, state: .planned))
            }
        }
        groups.removeAll { $0.count < 2 }
        if !twice.isEmpty {
            try journal { () throws(JobStoreError) in
                try store.rename(pagesOnly)
                try store.record(twice, epochMilliseconds: SystemClock.epochMilliseconds())
            }
        }
    }

    private func isCurrent(_ task: PlannedTask, _ store: JobStore) throws(HeadError) -> Bool {
        let place = task.index.position
        let records = try journal { () throws(JobStoreError) in try store.records(from: place, below: place + 1, count: 1) }
        return records.first?.outcome.state == .current
    }

    private func refusal(_ groups: [[PlannedTask]]) -> String {
        var lines = groups.prefix(Self.shownMax).map { group in
            "  \(group[0].input) and \(group[1].input) would both become \(group[0].output?.display ?? "")"
                + (group.count > 2 ? " (and \(group.count - 2) more)" : "")
        }
        if groups.count > Self.shownMax { lines.append("  and \(groups.count - Self.shownMax) more") }
        return "outputs would overwrite each other:\n" + lines.joined(separator: "\n")
            + "\nsay --collisions rename, or give names that differ with --name"
    }

    /// The first of a group that keeps its format keeps its name, the others get one that is free.
    private func renamed(_ groups: [[PlannedTask]], _ store: JobStore) throws(HeadError) -> [PlannedTask] {
        var taken: Set<[UInt8]> = []
        try store.forEachTask { task in
            if let output = task.output { taken.insert(CollisionKey.folded(output)) }
        }
        var changed: [PlannedTask] = []
        for group in groups {
            let keeper = group.first { !isConverted($0) } ?? group[0]
            for var task in group where task.index != keeper.index {
                guard let output = task.output else { continue }
                var attempt = 1
                var name = OutputNames.renamed(output, input: task.input, isConverted: isConverted(task), attempt: attempt)
                while true {
                    let isFree = taken.insert(CollisionKey.folded(name)).inserted
                    if isFree, try isAvailable(name, task) { break }
                    attempt += 1
                    name = OutputNames.renamed(output, input: task.input, isConverted: isConverted(task), attempt: attempt)
                }
                task.output = name
                changed.append(task)
            }
        }
        return changed
    }

    private func isAvailable(_ path: RawPath, _ task: PlannedTask) throws(HeadError) -> Bool {
        let exists = try HeadNode.system("look at the outputs") { () throws(SystemError) in
            try FileOperation.factsIfPresent(of: path, followingLinks: false) != nil
        }
        return try exists ? isOwn(path, task) : true
    }

    private func isConverted(_ task: PlannedTask) -> Bool {
        OutputNames.fileExtension(of: task.input, as: task.format) != task.input.fileExtension
    }
}
