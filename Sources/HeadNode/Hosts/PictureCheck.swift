import JobModel
import LinuxSystem
import Recipes
import SSHTransport
import WireProtocol

/// Lets hosts shrink the canary set, and compares what they make with what this machine makes.
///
/// A job does the same with its own recipe; this finds a host that differs before there is one.
final class PictureCheck: Sendable {
    private let briefing = Promise<Briefing>()
    private let here: SystemThread
    private let fault: Promise<String>

    /// Begins with this machine's own, which hosts wait for.
    init(version: String) throws(HeadError) {
        let agent = try Session.Programs().agent
        let (briefing, fault) = (briefing, Promise<String>())
        self.fault = fault
        here = SystemThread("pictures") {
            do throws(HeadError) {
                briefing.keep(try Self.ownBriefing(agent, version))
            } catch {
                fault.keep("\(error)")
            }
            briefing.close()
            fault.close()
        }
    }

    func close() { here.join() }

    /// - Parameter hasBundles: whether agent and worker are there; a look sends nothing.
    func finding(_ spec: HostSpec, _ session: any HostSession, _ dialer: HostDialer, hasBundles: Bool) -> HostFinding {
        func finding(_ state: HostFinding.State, _ found: String, cure: String? = nil) -> HostFinding {
            HostFinding(name: "pictures", state: state, found: found, cure: cure)
        }
        guard hasBundles else { return finding(.ok, "not tried yet", cure: "send agent and worker with quire hosts setup; then pictures are compared too") }
        guard let briefing = briefing.wait() else { return finding(.warning, "this machine cannot make them: \(fault.wait() ?? "")", cure: "quire doctor") }
        do throws(HeadError) {
            let reached = try dialer.reach(spec, as: Fleet.thisMachineIndex, over: session, events: Mailbox(elementsMax: HeadEvent.queueMax)) { _ in }
            do throws(HeadError) {
                _ = try dialer.begin(reached, briefing) { _ in }
            } catch {
                reached.abandon()
                throw error
            }
            reached.close()
            return finding(.ok, "same bytes")
        } catch {
            let text = error.line(of: spec.name)
            // Its cure stands behind the last colon or semicolon of such a message.
            let end = text.firstRange(of: "): ") ?? text.firstRange(of: "; ")
            return finding(.fault, end.map { String(text[..<$0.lowerBound]) } ?? text, cure: end.map { String(text[$0.upperBound...]) })
        }
    }

    private static func ownBriefing(_ agent: RawPath, _ version: String) throws(HeadError) -> Briefing {
        let settings = RunSettings(purpose: .process, version: version, command: [])
        let recipe: Recipe
        // What most jobs do, and what processors with other vector code do otherwise.
        do throws(RecipeError) {
            var flags = RecipeFlags()
            flags.shrink = try ShrinkBound(parsing: "50%")
            flags.format = try FormatFlag(parsing: "jpeg")
            recipe = try Recipe(flags: flags).resolved
        } catch {
            throw .recipe(error)
        }
        let job = JobID(rawValue: "check-\(String(UInt32.random(in: .min ... .max), radix: 36))")
        let work = WorkSetup(recipe: recipe.canonicalBytes, damage: settings.damage, limits: settings.limits, fileMode: 0o600)
        let events = Mailbox<HeadEvent>(elementsMax: HeadEvent.queueMax)
        let link = try AgentLink.local(program: agent, events: events, host: Fleet.thisMachineIndex, build: version, slots: 1) { _, slots in
            AgentSetup(
                job: job, epoch: 1, leaseSeconds: 0, slots: slots, yieldsToOthers: false, workerMemoryBytesMax: 0, timeout: .byInputSize,
                work: work.wireBytes)
        }
        defer { link.close() }
        let canaries = CanarySet(work: .process(files: true, pages: true))
        let folder = RawPath("/var/tmp/quire-\(job.rawValue)")
        try system("make the folder \(folder)") { () throws(SystemError) in try FileOperation.createFolders(folder, mode: 0o700) }
        defer { JobFolder.removeWithFiles(folder) }
        var found: Digest256?
        try SideWork(link: link, events: events).perform(1, order: { _ in canaries.order(folder: folder) }) { (report) throws(HeadError) in
            found = try canaries.digest(in: report, of: "this machine")
        }
        return Briefing(
            job: job, epoch: 1, build: version, work: work, timeout: .byInputSize, tasks: .pictures(canaries, fingerprint: found), samples: [], targets: [])
    }
}
