internal import Bundles
internal import SSHTransport

/// The login shell of a host behind a session, for bringing an agent there.
struct HostShell: RemoteShell {
    let session: any HostSession

    func run(_ command: String, input: [UInt8], limitSeconds: Int) throws(SSHError) -> ShellAnswer {
        let result = try session.run(command, input: input, limitSeconds: limitSeconds)
        let status: Int32? = if case .status(let code) = result.end { code } else { nil }
        return ShellAnswer(status: status, output: result.output, errors: result.standardError)
    }
}
