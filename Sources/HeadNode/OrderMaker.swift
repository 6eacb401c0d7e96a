import JobModel
import JobStore
import LinuxSystem
import Recipes

/// Makes the orders that workers get from rows of the plan, and the folders that outputs will stand in.
final class OrderMaker {
    private let settings: RunSettings
    private let plan: JobPlan
    private let run: Int
    /// Folders known to be there; emptied when it has grown to `foldersMax`.
    private var folders: Set<RawPath> = []
    private static let foldersMax = 10_000

    init(settings: RunSettings, plan: JobPlan, run: Int) {
        self.settings = settings
        self.plan = plan
        self.run = run
    }

    func order(for task: PlannedTask, attempt: Attempt) throws(HeadError) -> WorkOrder {
        let kind: WorkKind
        if let program = plan.program {
            let outputs = try program.outputs(of: task).map(absolute)
            for folder in Set(outputs.map(\.parent)) { try make(folder) }
            try make(plan.spoolFolder)
            kind = .program(
                ProgramOrder(
                    argument: task.input, kind: program.kind, number: program.number(of: task), workingFolder: plan.workingFolder,
                    outputs: outputs, spoolFolder: absolute(plan.spoolFolder), limitMilliseconds: settings.program?.fixedLimitMilliseconds))
        } else if plan.bindsInputsAsTheyAre {
            try make(plan.spoolFolder)
            kind = .page(PageOrder(spoolFolder: absolute(plan.spoolFolder), digestInput: settings.digestsInputs))
        } else if settings.isInPlace, task.output == nil {
            // The recipe was done to it: what is bound is the file as it stands.
            try make(plan.spoolFolder)
            kind = .page(PageOrder(spoolFolder: absolute(plan.spoolFolder), digestInput: settings.digestsInputs, keepsMetadata: true))
        } else {
            let wantsPages = !plan.books.isEmpty
            if wantsPages { try make(plan.spoolFolder) }
            var folder: RawPath?
            if let output = task.output { folder = try folderMade(for: output) }
            var process = ProcessOrder(
                folder: folder, format: task.format, pages: wantsPages, spoolFolder: wantsPages ? absolute(plan.spoolFolder) : nil,
                digestInput: settings.digestsInputs, keepTimes: settings.keepsTimes || plan.recipe.fileTimeShift != nil)
            process.movedTimes = plan.recipe.movedTimes(of: task.identity)
            for output in task.further { process.further.append(SaveTarget(folder: try folderMade(for: output.path), format: output.format)) }
            process.place = task.place
            kind = .process(process)
        }
        // Dots keep the file out of listings; the name says which attempt left it, should it ever be found.
        // Workers of a head that was killed may still write for a moment, so each run has names of its own.
        let name = RawPath(".quire-\(plan.job.rawValue)-\(attempt.task.rawValue)-\(run > 1 ? "\(run)." : "")\(attempt.number)")
        return WorkOrder(attempt: attempt, input: absolute(task.input), identity: task.identity, kind: kind, tempName: name)
    }

    private func folderMade(for output: RawPath) throws(HeadError) -> RawPath {
        let parent = output.parent.isEmpty ? RawPath(".") : output.parent
        try make(parent)
        return absolute(parent)
    }

    private func absolute(_ path: RawPath) -> RawPath { plan.workingFolder.appending(path) }

    private func make(_ folder: RawPath) throws(HeadError) {
        if folders.contains(folder) { return }
        try HeadNode.system("make the folder \(folder)") { () throws(SystemError) in try FileOperation.createFolders(folder) }
        if folders.count >= Self.foldersMax { folders.removeAll() }
        folders.insert(folder)
    }
}
