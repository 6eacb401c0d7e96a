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

    /// One output of a task: what `save` of the recipe makes, from 0.
    private struct Slot {
        var task: PlannedTask
        var save: Int
        var path: RawPath
        /// It is a page that an earlier job made and that stays.
        var isKept = false
    }

    /// Looks for equal names; `hashes` are those of all outputs, in any order. Returns the tasks that get other names.
    func settle(_ hashes: [UInt64], _ store: JobStore) throws(HeadError) -> [PlannedTask] {
        var groups = try suspectGroups(hashes, store)
        // Where outputs are the inputs themselves the file system keeps them apart already.
        if settings.isInPlace { groups = groups.flatMap(sameBytes) }
        if groups.isEmpty { return [] }
        // The same file found twice is worked on once.
        try dropDuplicates(&groups, store)
        if groups.isEmpty { return [] }
        try refuseOfOneTask(groups)
        switch settings.collisions {
        case .refuse: throw .usage(refusal(groups))
        case .rename: return try renamed(groups, store)
        }
    }

    private func suspectGroups(_ hashes: [UInt64], _ store: JobStore) throws(HeadError) -> [[Slot]] {
        let suspects = CollisionFinder(hashes: hashes).suspects()
        if suspects.isEmpty { return [] }
        var found: [RawPath: [Slot]] = [:]
        try store.forEachTask { task in
            for (save, path) in task.outputs.enumerated() where suspects.contains(path) {
                found[RawPath(bytes: CollisionKey.folded(path)), default: []].append(Slot(task: task, save: save, path: path))
            }
        }
        try store.forEachKeptPage { (task, path, save) in
            guard suspects.contains(path) else { return }
            found[RawPath(bytes: CollisionKey.folded(path)), default: []].append(Slot(task: task, save: save, path: path, isKept: true))
        }
        return found.values.filter { $0.count > 1 }.sorted { ($0[0].task.index, $0[0].save) < ($1[0].task.index, $1[0].save) }
    }

    private func sameBytes(_ group: [Slot]) -> [[Slot]] {
        Dictionary(grouping: group, by: \.path).values.filter { $0.count > 1 }.sorted { $0[0].task.index < $1[0].task.index }
    }

    /// Two saves of one recipe that write one file: no other name that quire could think of would be what was meant.
    private func refuseOfOneTask(_ groups: [[Slot]]) throws(HeadError) {
        for group in groups {
            for (place, slot) in group.enumerated() {
                guard let other = group[..<place].first(where: { $0.task.index == slot.task.index }) else { continue }
                throw .usage(
                    "save \(other.save + 1) and save \(slot.save + 1) of the recipe would both make \(slot.path) of \(slot.task.input); "
                        + "give one of them another 'name', such as '{stem}_\(slot.save + 1).{ext}', or another folder with 'in'")
            }
        }
    }

    /// Of a file found twice the first makes the outputs; for a PDF the others still make their page.
    private func dropDuplicates(_ groups: inout [[Slot]], _ store: JobStore) throws(HeadError) {
        var twice: [TaskOutcome] = []
        var pagesOnly: [PlannedTask] = []
        var dropped: Set<TaskIndex> = []
        for group in groups {
            // Saves of one task that collide are another matter.
            var seen: [RawPath: TaskIndex] = [:]
            for slot in group where !dropped.contains(slot.task.index) {
                let input = workingFolder.appending(slot.task.input).normalized
                let first = seen[input] ?? slot.task.index
                seen[input] = first
                if first == slot.task.index { continue }
                var task = slot.task
                dropped.insert(task.index)
                guard settings.pdf != nil else {
                    twice.append(TaskOutcome(index: task.index, state: .skipped))
                    continue
                }
                if settings.isInPlace { throw .usage("\(task.input) is named twice; with --in-place and --pdf name it once") }
                // What an earlier job made has its page for both.
                if try isCurrent(task, store) { continue }
                task.makePageAlone()
                pagesOnly.append(task)
                twice.append(TaskOutcome(index: task.index, state: .planned))
            }
        }
        for index in groups.indices { groups[index].removeAll { dropped.contains($0.task.index) } }
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

    private func refusal(_ groups: [[Slot]]) -> String {
        var lines = groups.prefix(Self.shownMax).map { group in
            "  \(group[0].task.input) and \(group[1].task.input) would both become \(group[0].path.display)"
                + (group.count > 2 ? " (and \(group.count - 2) more)" : "")
        }
        if groups.count > Self.shownMax { lines.append("  and \(groups.count - Self.shownMax) more") }
        return "outputs would overwrite each other:\n" + lines.joined(separator: "\n")
            + "\nsay --collisions rename, or give names that differ with --name"
    }

    /// What is there already keeps its name, else the first of a group that keeps its format; the others get one that is free.
    private func renamed(_ groups: [[Slot]], _ store: JobStore) throws(HeadError) -> [PlannedTask] {
        var taken: Set<[UInt8]> = []
        try store.forEachTask { task in
            for output in task.outputs { taken.insert(CollisionKey.folded(output)) }
        }
        var changed: [TaskIndex: PlannedTask] = [:]
        for group in groups {
            let keeper = group.first(where: \.isKept) ?? group.first { !isConverted($0) } ?? group[0]
            for slot in group where slot.task.index != keeper.task.index && !slot.isKept {
                let input = slot.task.input
                var attempt = 1
                var name = OutputNames.renamed(slot.path, input: input, isConverted: isConverted(slot), attempt: attempt)
                while true {
                    let isFree = taken.insert(CollisionKey.folded(name)).inserted
                    if isFree, try isAvailable(name, slot.task) { break }
                    attempt += 1
                    name = OutputNames.renamed(slot.path, input: input, isConverted: isConverted(slot), attempt: attempt)
                }
                changed[slot.task.index, default: slot.task].setOutput(name, ofSave: slot.save)
            }
        }
        return changed.values.sorted { $0.index < $1.index }
    }

    private func isAvailable(_ path: RawPath, _ task: PlannedTask) throws(HeadError) -> Bool {
        let exists = try HeadNode.system("look at the outputs") { () throws(SystemError) in
            try FileOperation.factsIfPresent(of: path, followingLinks: false) != nil
        }
        return try exists ? isOwn(path, task) : true
    }

    private func isConverted(_ slot: Slot) -> Bool {
        OutputNames.fileExtension(of: slot.task.input, as: slot.task.format(ofSave: slot.save)) != slot.task.input.fileExtension
    }
}
