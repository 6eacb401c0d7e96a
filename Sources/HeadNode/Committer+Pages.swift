import JobModel
import JobStore
import LinuxSystem
import Planning

// How many pages a file has shows when it is worked on, so the names of pages could not be compared in the plan.
extension Committer {
    /// Whose a name is that a page was to get.
    private enum Owner {
        case sameFile
        case output(of: RawPath)
        case input(RawPath)
    }

    /// Fails files of several pages of which one would take the name of another output of this job, or of an input.
    ///
    /// Whether a planned name is used in the end does not count: what fails would hang on which file was ready first.
    func refuseTakenPageNames(_ ended: inout [CommittedTask]) throws(HeadError) {
        guard program == nil, !isInPlace else { return }
        for index in ended.indices {
            let (task, outcome) = (ended[index].task, ended[index].outcome)
            guard let work = outcome.work, work.files.contains(where: { $0.page != nil }) else { continue }
            var own: Set<[UInt8]> = []
            for (file, name) in zip(work.files, outcome.outputs) {
                let isNew = own.insert(CollisionKey.folded(name)).inserted
                guard let owner = isNew ? try owner(of: name, file.page, task) : .sameFile else { continue }
                ended[index].outcome = withoutFiles(outcome, TaskFailure(.denied, refusal(of: name, file.page, owner)))
                break
            }
        }
    }

    /// Nil where the name is free for this task's page, or holds what quire may replace.
    private func owner(of name: RawPath, _ page: Int?, _ task: PlannedTask) throws(HeadError) -> Owner? {
        if page == nil { return nil }
        let input = absolute(task.input)
        if let other = try plannedNames.task(withOutput: name, in: store, where: { absolute($0.input) != input }) { return .output(of: other.input) }
        let known = try journal { () throws(JobStoreError) in try ledger.entry(for: absolute(name)) }
        // Anything else that stands there stays anyway.
        guard known != nil || replacesForeign else { return nil }
        let facts = try HeadNode.system("look at the outputs") { () throws(SystemError) in
            try FileOperation.factsIfPresent(of: name, followingLinks: false)
        }
        guard let facts else { return nil }
        if let known, known.job == job, known.input != input, known.identities.contains(facts.identity) { return .output(of: known.input) }
        return try plannedNames.input(facts, in: store).map { .input($0) }
    }

    private func absolute(_ path: RawPath) -> RawPath { workingFolder.appending(path).normalized }

    private func refusal(of name: RawPath, _ page: Int?, _ owner: Owner) -> String {
        let what = page.map { "its page \($0)" } ?? "it"
        switch owner {
        case .sameFile:
            return "two of its outputs would be named \(name); give each save of the recipe a 'name' that no page of another has"
        case .output(let input):
            return "\(what) would be named \(name), as the output of \(input) is; give names that differ with --name, such as '{dir}/{stem}-{page}.{ext}'"
        case .input(let input):
            return "\(what) would be named \(name), which is the input \(input); inputs are only replaced with --in-place, so choose another -o or --name"
        }
    }
}
