import JobModel
import JobStore
import LinuxSystem
import Programs
import WireProtocol

extension ProgramTerms {
    /// For this machine, where programs stand in the user's folder and have the user's environment.
    init(onThisMachine settings: ProgramSettings, facts: HostFacts, lock: ProgramLock, workingFolder: RawPath) {
        self.init(
            cpusPerTask: Reservation(settings).cpusPerTask(on: facts), environment: ProcessPlan.inheritedEnvironment(), lockFile: lock.file,
            program: settings.spec.namedProgram, searchPath: settings.spec.searchPath, workingFolder: workingFolder, isShared: true)
    }
}

extension AgentSetup {
    /// With minders in the place of workers.
    ///
    /// - Parameter slots: what the user allows at a time; nil leaves it to the host.
    func running(_ settings: ProgramSettings, on facts: HostFacts, slots: Int?, lock: ProgramLock, workingFolder: RawPath) -> AgentSetup {
        var setup = self
        setup.slots = Reservation(settings).slots(on: facts, chosen: slots)
        setup.worker = .minder
        setup.workerMemoryBytesMax = 0
        setup.programs = ProgramTerms(onThisMachine: settings, facts: facts, lock: lock, workingFolder: workingFolder)
        return setup
    }

    /// For an agent that is there beside the hosts: this machine need not have the program.
    var startingNoProgram: AgentSetup {
        var setup = self
        setup.programs?.program = nil
        return setup
    }
}

extension ProgramSpec {
    /// The PATH that `--env` gives the program.
    var searchPath: RawPath? { environment.last { $0.name == Array("PATH".utf8) }.map { RawPath(bytes: $0.value) } }

    /// The program to look for before any task; nil where it differs from task to task, or a shell looks for it.
    var namedProgram: RawPath? {
        guard !usesShell, let first = arguments.first, !first.hasPlaceholder else { return nil }
        return RawPath(bytes: first.text)
    }
}

extension ProgramSettings {
    /// The time limit where it does not follow from other tasks.
    var fixedLimitMilliseconds: UInt64? {
        switch timeLimit {
        case .milliseconds(let milliseconds)?: milliseconds
        case .percentOfMedian?, nil: nil
        }
    }
}

extension JobPlan {
    /// Where attempts at a task may leave temp files.
    func outputFolders(of task: PlannedTask) -> [RawPath] {
        guard let program else { return Array(Set(task.outputs.map(\.parent))) }
        // What has no usable names for its outputs was refused when the job was planned.
        do throws(HeadError) { return try program.outputs(of: task).map(\.parent) } catch { return [] }
    }
}
