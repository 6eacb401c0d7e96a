/// A host on which the user can run commands: all that is needed to bring an agent there.
public protocol RemoteShell {
    associatedtype Failure: Error

    /// Runs `command` with the user's login shell, `input` as its standard input, to its end.
    ///
    /// An exit status other than 0 is an answer; only a host that did not answer at all throws.
    func run(_ command: String, input: [UInt8], limitSeconds: Int) throws(Failure) -> ShellAnswer
}

public struct ShellAnswer: Hashable, Sendable {
    /// Nil when a signal ended the command or nobody knows.
    public var status: Int32?
    public var output: [UInt8]
    /// The last of its standard error.
    public var errors: String

    public init(status: Int32?, output: [UInt8], errors: String) {
        self.status = status
        self.output = output
        self.errors = errors
    }
}

/// Why no agent could be brought to a host.
public enum BootstrapError<ShellFailure: Error>: Error {
    case shell(ShellFailure)
    /// This machine's own agent cannot be bundled.
    case bundle(BundleError)
    /// The host's shell ran none of our commands: what it printed instead.
    case noShell(said: String)
    /// Another kernel or processor than the bundle is made for, as `uname -s -m` prints them.
    case otherSystem(theirs: String, ours: String)
    /// No folder there takes the agent, or lets it start; by folder, why.
    case noPlace([String])
}

extension BootstrapError: CustomStringConvertible {
    public var description: String {
        switch self {
        case .shell(let failure): "\(failure)"
        case .bundle(let error): "\(error)"
        case .noShell(let text):
            "its login shell runs no commands" + (text.isEmpty ? "" : " but says: \(text)") + "; see that `ssh HOST true` works"
        case .otherSystem(let theirs, let ours): "it runs \(theirs), and this machine's programs are for \(ours); leave it out"
        case .noPlace(let reasons):
            "no folder takes the agent (\(reasons.joined(separator: "; "))); free some space there or allow programs to run from one of them"
        }
    }
}

extension BootstrapError: Equatable where ShellFailure: Equatable {}
extension BootstrapError: Sendable {}
