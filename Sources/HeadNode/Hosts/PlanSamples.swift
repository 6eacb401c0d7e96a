import JobModel
import JobStore
import LinuxSystem

/// Some inputs and all folders for results of a plan, by which hosts find out which of them they see.
struct PlanSamples {
    var inputs: [Briefing.Sample] = []
    var targets: [RawPath] = []

    /// Spread over the plan; folders that none of them comes from are taken for not seen.
    private static let samplesMax = 48

    init(plan: JobPlan, store: JobStore, workingFolder: RawPath) throws(HeadError) {
        var folders: Set<RawPath> = []
        var start = -1
        for number in 0..<min(Self.samplesMax, plan.taskCount) {
            let next = plan.taskCount * number / min(Self.samplesMax, plan.taskCount)
            guard next > start else { continue }
            start = next
            let records = try journal { () throws(JobStoreError) in try store.records(from: next, below: next + 1, count: 1) }
            for record in records {
                let input = workingFolder.appending(record.task.input).normalized
                let root = plan.roots.root(of: record.task.input)?.path ?? input.parent
                inputs.append(Briefing.Sample(root: root, file: input))
                if let output = record.task.output { folders.insert(workingFolder.appending(output.parent)) }
            }
        }
        if !plan.books.isEmpty || plan.bindsInputsAsTheyAre { folders.insert(workingFolder.appending(plan.spoolFolder)) }
        for folder in folders.sorted() {
            try system("make the folder \(folder)") { () throws(SystemError) in try FileOperation.createFolders(folder) }
        }
        targets = folders.sorted()
    }
}
