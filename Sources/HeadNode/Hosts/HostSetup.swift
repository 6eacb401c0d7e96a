public import JobModel
import LinuxSystem
import SSHTransport
import Synchronization
import TerminalUI

/// `quire hosts setup`: brings agent and worker to all hosts ahead of the first job, and says of each what was sent.
///
/// Exit code 0 when every host is ready, 3 when some are not, 5 when none is.
public struct HostSetup {
    private let settings: HostSettings
    private let version: String

    /// More at a time would only share this machine's link.
    private static let threadsMax = 16

    public init(hosts: HostSettings, version: String) {
        settings = hosts
        self.version = version
    }

    public func run() throws(HeadError) -> ExitStatus {
        let hosts = try HostList.specs(of: settings)
        let desk = try HostDesk(version: version)
        defer { desk.close() }
        // Programs that cannot be bundled are told of once, before any host is bothered.
        if hosts.contains(where: { $0.place != .thisMachine }) { _ = try desk.bundles.folderNames() }
        let fault = Mutex<HeadError?>(nil)
        let ready = EachHost.perform(hosts, threadsMax: Self.threadsMax) { spec in
            let (line, isReady) = Self.setUp(spec, desk.dialer)
            do throws(HeadError) {
                try desk.questions.show { () throws(HeadError) in try FactsOutput.write(HumanText.harmless(line) + "\n") }
            } catch {
                fault.withLock { $0 = error }
            }
            return isReady
        }
        if let fault = fault.withLock({ $0 }) { throw fault }
        let count = ready.count { $0 }
        return count == ready.count ? .done : count == 0 ? .noUsableHost : .someFilesFailed
    }

    private static func setUp(_ spec: HostSpec, _ dialer: HostDialer) -> (line: String, isReady: Bool) {
        guard case .remote(let address) = spec.place else { return ("\(spec.name): this machine, which has them", true) }
        do throws(HeadError) {
            let session = try dialer.connect(to: address, spec)
            let start = SystemClock.monotonicMilliseconds()
            let reached = try dialer.reach(spec, as: Fleet.thisMachineIndex, over: session, events: Mailbox(elementsMax: HeadEvent.queueMax)) { _ in }
            let seconds = Double(SystemClock.monotonicMilliseconds() - start) / 1000
            reached.close()
            let sent = [("agent", reached.agentBytesSent), ("worker", reached.workerBytesSent)].filter { $0.1 > 0 }
            if sent.isEmpty { return ("\(spec.name): already there", true) }
            let bytes = sent.reduce(0) { $0 + $1.1 }
            let took = "\(HumanText.bytes(bytes)) in \(HumanText.decimal(seconds, places: 1)) s"
            return ("\(spec.name): \(sent.map(\.0).joined(separator: " and ")) sent, \(took)", true)
        } catch {
            return (error.line(of: spec.name), false)
        }
    }
}

/// What commands on hosts need that run no job: one connector, the bundles, a person to ask.
struct HostDesk: Sendable {
    let bundles: HostBundles
    let dialer: HostDialer
    let questions = TerminalQuestions()
    private let gatherer: Gatherer

    init(version: String) throws(HeadError) {
        bundles = HostBundles(agent: try Session.Programs().agent)
        gatherer = Gatherer(events: Mailbox(elementsMax: 1))
        dialer = HostDialer(
            connector: HostConnector(secrets: questions.secrets()), bundles: bundles, gatherer: gatherer, fingerprints: nil,
            version: version, fileMode: 0o600, isInPlace: false)
    }

    func close() {
        questions.close()
        gatherer.close()
    }
}

extension HeadError {
    /// Fault and cure of a host in one line, which names it.
    func line(of name: String) -> String {
        let text = description.split(whereSeparator: \.isNewline).joined(separator: "; ")
        return text.contains(name) ? text : "\(name): \(text)"
    }

    /// The fault alone, for a line that names the host already.
    func brief(of name: String) -> String {
        if case .host(_, _, let brief?) = self { return brief }
        var text = description[...]
        for start in ["\(name): ", "\(name) ", "the agent on \(name) "] where text.hasPrefix(start) { text = text.dropFirst(start.count) }
        return String(text.prefix { $0 != ";" && !$0.isNewline })
    }
}
