public import JobModel
public import JobStore
public import LinuxSystem
public import Recipes
public import WireProtocol

/// Why a command cannot go on; each knows its exit code and says what to do next.
public enum HeadError: Error, CustomStringConvertible {
    /// The command line or a file it names asks for something impossible.
    case usage(String)
    case recipe(RecipeError)
    case noInputs(String)
    /// A system call on a file of ours failed: what was being done, and why.
    case system(doing: String, SystemError)
    /// An input was written to while its bytes went into a PDF.
    case inputChanged(String)
    /// Standard output did not take the facts it was asked for.
    case output(SystemError)
    case journal(JobStoreError)
    /// Another quire works on the same thing.
    case busy(what: String, holder: String)
    case noUsableHost(String)
    /// A host that cannot be had; `mayPass` if trying again later may help, `brief` the fault for a line that has little room.
    case host(String, mayPass: Bool, brief: String? = nil)
    /// What is to be written cannot find room; the text says where and how much.
    case noRoom(String)
    /// A share or a disk is at fault and did not come back in time; or so many files failed that something must be.
    case surroundings(String)
    /// As many programs failed as `--halt` allows.
    case halted(String)
    case agent(String)
    case protocolBroken(String, WireError)
    case interrupted

    public var status: ExitStatus {
        switch self {
        case .usage, .recipe: .usage
        case .noInputs: .noInputs
        case .system(_, let error): error.isOfTheFileSystem ? .stoppedResumable : .internalError
        case .inputChanged: .stoppedResumable
        case .output: .internalError
        case .journal(.database): .stoppedResumable
        case .journal(.unreadable), .journal(.damaged): .internalError
        case .busy, .surroundings: .stoppedResumable
        case .halted: .someFilesFailed
        case .noUsableHost, .host: .noUsableHost
        case .agent, .protocolBroken, .noRoom: .stoppedResumable
        case .interrupted: .cancelled
        }
    }

    /// The exit code when it stops a job that is recorded and can be gone on with.
    var statusOfStoppedJob: ExitStatus { status == .internalError ? .stoppedResumable : status }

    public var description: String {
        switch self {
        case .host(let text, _, _): text
        case .usage(let text), .noInputs(let text), .noUsableHost(let text), .noRoom(let text), .surroundings(let text), .halted(let text), .agent(let text): text
        case .recipe(let error): "\(error)"
        case .system(let doing, let error): "\(doing): \(error); \(error.cure), then go on with 'quire resume' or the same command"
        case .inputChanged(let path): "\(path) changed while it was bound into the PDF; its page will say so when the job is gone on with"
        case .output(let error): "standard output: \(error.reason)"
        case .journal(.database(let doing, let message, let isFull)):
            "journal: \(doing): \(message); \(isFull ? "free some space" : "look at the disk of the state folder"), then go on with 'quire resume' or the same command"
        case .journal(let error): "\(error)"
        case .busy(let what, let holder):
            "\(what) is in use by another quire (\(holder)); wait for it, or stop it with 'kill', then run this again"
        case .protocolBroken(let peer, let error): "\(peer) sent what this build cannot read: \(error)"
        case .interrupted: "stopped"
        }
    }
}

extension HeadError {
    /// Whether a host that failed so is worth another try.
    var mayPass: Bool {
        switch self {
        case .host(_, let mayPass, _): mayPass
        case .agent, .system: true
        case .usage, .recipe, .noInputs, .inputChanged, .output, .journal, .busy, .noUsableHost, .noRoom, .surroundings, .halted, .protocolBroken,
            .interrupted:
            false
        }
    }
}
