import Bundles
import Digests
import JobModel
import LinuxSystem
import SSHTransport
import Synchronization
import WireProtocol

/// Agent and worker of this machine, as they travel to hosts: made once, when the first host needs them.
final class HostBundles: Sendable {
    private let agent: RawPath
    private let made = Mutex<Made?>(nil)

    private struct Made: Sendable {
        var bootstrap: AgentBootstrap
        var agent: InstalledBundle
        var worker: InstalledBundle
    }

    /// Which agents and workers these are: names of their folders on hosts, by kind.
    func folderNames() throws(HeadError) -> [String: String] {
        let bundles = try bundles()
        return [
            "agent": bundles.agent.manifest.folderName(SHA256Stream.self), "worker": bundles.worker.manifest.folderName(SHA256Stream.self),
        ]
    }

    /// - Parameter agent: the program of this machine; the worker lies beside it.
    init(agent: RawPath) {
        self.agent = agent
    }

    /// The command that starts the agent, which lies on the host by then, and how many bytes were sent for that.
    ///
    /// - Parameter replaces: what was there did not do.
    func agentCommand(
        in session: any HostSession, of name: String, replaces: Bool = false
    ) throws(HeadError) -> (command: String, sentBytes: UInt64) {
        let bundles = try bundles()
        do throws(BootstrapError<SSHError>) {
            let prepared = try bundles.bootstrap.prepare(HostShell(session: session), replaces: replaces)
            return (prepared.startCommand, prepared.wasSent ? bundles.agent.manifest.byteCount : 0)
        } catch .shell(let error) {
            throw HeadError(error)
        } catch .bundle(let error) {
            throw .noUsableHost("\(error)")
        } catch .noPlace(let reasons) {
            throw .host("\(name): \(BootstrapError<SSHError>.noPlace(reasons))", mayPass: true)
        } catch {
            throw .host("\(name): \(error)", mayPass: false)
        }
    }

    func worker() throws(HeadError) -> InstalledBundle { try bundles().worker }

    private func bundles() throws(HeadError) -> Made {
        try made.withLock { (made) throws(HeadError) in
            if let made { return made }
            do throws(BundleError) {
                let maker = BundleMaker(cacheFolder: BundleMaker.usualCacheFolder)
                let program = try maker.agent(agent)
                let new = Made(
                    bootstrap: try AgentBootstrap(program), agent: program,
                    worker: try maker.worker(agent.parent.appending("quire-worker")))
                made = new
                return new
            } catch {
                throw .noUsableHost("agent and worker cannot be made ready for other hosts: \(error)")
            }
        }
    }
}
