import JobModel
import JobStore
import LinuxSystem

/// Some inputs and all folders for results of a plan, by which hosts find out which of them they see.
struct PlanSamples {
    var inputs: [Briefing.Sample] = []
    var targets: [RawPath] = []

    /// Spread over the plan; folders that none of them comes from are taken for not seen.
    private static let samplesMax = 48

    /// - Parameter sent: files and folders of `--send`, absolute: they may lie where no input does.
    init(plan: JobPlan, store: JobStore, workingFolder: RawPath, sent: [RawPath]) throws(HeadError) {
        var folders: Set<RawPath> = []
        var start = -1
        for number in 0..<min(Self.samplesMax, plan.taskCount) {
            let next = plan.taskCount * number / min(Self.samplesMax, plan.taskCount)
            guard next > start else { continue }
            start = next
            let records = try journal { () throws(JobStoreError) in try store.records(from: next, below: next + 1, count: 1) }
            for record in records {
                if let program = plan.program {
                    note(record.task, of: program, roots: plan.roots)
                    for output in try program.outputs(of: record.task) { folders.insert(workingFolder.appending(output.parent)) }
                    continue
                }
                note(file: workingFolder.appending(record.task.input).normalized, plan.roots.root(of: record.task.input))
                for output in record.task.outputs { folders.insert(workingFolder.appending(output.parent)) }
            }
        }
        for path in sent { noteSent(path) }
        if plan.program != nil { folders.insert(workingFolder) }
        if !plan.books.isEmpty || plan.bindsInputsAsTheyAre { folders.insert(workingFolder.appending(plan.spoolFolder)) }
        for folder in folders.sorted() {
            do throws(SystemError) {
                try FileOperation.createFolders(folder)
                targets.append(folder)
            } catch {
                // One that cannot be made fails what would go there, and shows nothing of hosts.
                if error.isOfTheFileSystem { throw .system(doing: "make the folder \(folder)", error) }
            }
        }
    }

    private mutating func note(file: RawPath, _ root: StorageRoot?) {
        inputs.append(Briefing.Sample(root: root?.path ?? file.parent, file: file))
    }

    /// A folder is shown by files in it: one that holds none shows nothing.
    private mutating func note(_ task: PlannedTask, of program: ProgramPlan, roots: InputRoots) {
        let input = program.workingFolder.appending(task.input).normalized
        switch program.kind {
        case .file: note(file: input, roots.root(of: task.input))
        case .folder: note(filesBelow: input)
        case .text: break
        }
    }

    private mutating func note(filesBelow folder: RawPath) {
        inputs += HostSamples.files(below: folder).map { Briefing.Sample(root: folder, file: $0) }
    }

    private mutating func noteSent(_ path: RawPath) {
        do throws(SystemError) {
            // Each is its own: of many in one folder only some would be looked for.
            if try FileOperation.facts(of: path).type == .folder { note(filesBelow: path) } else { inputs.append(Briefing.Sample(root: path, file: path)) }
        } catch {
            // The listing of what is sent tells of it.
            return
        }
    }
}
