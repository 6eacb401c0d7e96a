public import JobModel
import LinuxSystem

/// `quire hosts reload`: tells a running job to read its host file again, so that hosts join or leave it.
public struct HostReload {
    private let job: String?
    private let stateFolder: RawPath?

    public init(job: String?, stateFolder: RawPath?) {
        self.job = job
        self.stateFolder = stateFolder
    }

    public func run() throws(HeadError) -> ExitStatus {
        let state = try StateFolder(named: stateFolder, environment: StateFolder.environment()).absolute()
        let entry = try JobCatalogue(state: state).find(job, "running job") { $0.standing == .running }
        let id = entry.id.rawValue
        guard entry.standing == .running, let holder = entry.holder else { throw .usage("job \(id) is \(entry.standing.rawValue); only a running one has hosts") }
        guard let process = try JobProcess(holder: holder, of: entry.id, state) else { throw .busy(what: "job \(id)", holder: holder) }
        try system("ask process \(process.id)") { () throws(SystemError) in try process.handle.askToReload() }
        try FactsOutput.write("job \(id) reads its host file again; its messages tell what joins and leaves\n")
        return .done
    }
}
