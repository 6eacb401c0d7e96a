import Bundles
import JobModel
import LinuxSystem
import Recipes
import Testing
import WireProtocol

/// Recipes that run other programs come from the command line of the agent's own machine, or not at all.
@Suite("An agent that is sent a recipe with a command", .serialized)
struct ForgedOrderTests {
    struct Unexpected: Error {}

    private var recipe: [UInt8] {
        var command = Command()
        command.run = "touch {in} {out}"
        return Recipe(actions: [Action(command)]).canonicalBytes
    }

    private func session(_ variables: [String], _ start: ProgramStart? = nil) throws -> AgentSession {
        try AgentSession(variables: variables, worker: try AgentSession.productFolder.appending("quire-worker"), start: start)
    }

    /// What an agent answers to the setup; orders behind it are sent as if it had agreed.
    private func answer(_ session: AgentSession) throws -> AgentMessage {
        try session.start(slots: 1, recipeBytes: recipe, awaitReady: false)
        session.assign(["/etc/hostname"])
        return try session.next { message in
            switch message {
            case .ready, .unusable: true
            default: false
            }
        }
    }

    private func expectRefused(_ session: AgentSession) throws {
        guard case .unusable(let text) = try answer(session) else { throw Unexpected() }
        #expect(text.contains("was not allowed where this worker was started"), "\(text)")
        #expect(session.takeReports() == 0)
    }

    @Test("It refuses, whatever the head sends, unless its own environment allows it")
    func byEnvironment() throws {
        try expectRefused(session([]))
        try expectRefused(session(["QUIRE_ALLOW_COMMANDS=no"]))
        guard case .ready = try answer(session(["QUIRE_ALLOW_COMMANDS=yes"])) else { throw Unexpected() }
    }

    @Test("On another machine's behalf it refuses even then: an agent from a bundle takes nothing from the environment")
    func fromBundle() throws {
        let folder = try TemporaryFolder()
        let place = RawPath(folder.path).appending("agent-0123456789abcdef")
        let bundle = try BundleMaker(cacheFolder: RawPath(folder.path).appending("cache"), remembers: false)
            .agent(try AgentSession.productFolder.appending("quire-agent"))
        for (index, entry) in bundle.manifest.files.enumerated() {
            let path = place.appending(entry.name)
            try FileOperation.createFolders(path.parent, mode: 0o700)
            let content = try OpenFile(bundle.paths[index], .read).read(count: Int(entry.sizeBytes), at: 0)
            try OpenFile(path, .create(mode: entry.mode)).write(content, at: 0)
        }
        try expectRefused(session(["QUIRE_ALLOW_COMMANDS=yes"], BundleLayout.agentStart(in: place)))
    }
}
