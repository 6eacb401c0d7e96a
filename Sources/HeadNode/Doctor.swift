public import JobModel
import LinuxSystem
import Recipes
import TerminalUI
import WireProtocol

/// `quire doctor`: tries each thing a job needs on this machine and tells what cures what is missing.
///
/// JSON: an object with `version`, `usable` and `checks` (array of `name`, `state`: `ok`, `warning` or `fault`, `found`, `cure` or null).
public struct Doctor {
    private let stateFolder: RawPath?
    private let printsJSON: Bool
    private let version: String

    public init(stateFolder: RawPath?, printsJSON: Bool, version: String) {
        self.stateFolder = stateFolder
        self.printsJSON = printsJSON
        self.version = version
    }

    private struct Check {
        enum State: String {
            case ok, warning, fault
        }
        var name: String
        var state: State
        var found: String
        var cure: String?
    }

    /// Less room than this in a folder that jobs write to is worth a warning.
    private static let freeBytesWanted: UInt64 = 1 << 30

    public func run() throws(HeadError) -> ExitStatus {
        var checks: [Check] = []
        let capacity = Capacity.ofThisMachine()
        checks.append(
            Check(
                name: "processors", state: .ok,
                found: "\(HumanText.counted(capacity.logicalCPUs, "logical CPU")), \(HumanText.counted(capacity.physicalCPUs, "core"))"))
        let isShort = capacity.slotsMax < capacity.logicalCPUs
        checks.append(
            Check(
                name: "slots", state: isShort ? .warning : .ok,
                found: "\(capacity.slotsMax), of \(HumanText.bytes(capacity.memoryBytes)) memory",
                cure: isShort ? "a slot wants \(HumanText.bytes(Capacity.memoryBytesPerSlot)); add memory, or say --jobs to overrule" : nil))
        checks += agentChecks()
        checks += stateChecks()
        let usable = !checks.contains { $0.state == .fault }
        try print(checks, usable)
        return usable ? .done : .noUsableHost
    }

    private func agentChecks() -> [Check] {
        do throws(HeadError) {
            let programs = try Session.Programs()
            let events = Mailbox<HeadEvent>(elementsMax: HeadEvent.queueMax)
            let work = WorkSetup(recipe: Recipe(actions: []).canonicalBytes, damage: .fail, limits: WorkLimits(), fileMode: 0o600)
            let link = try AgentLink.local(
                program: programs.agent, events: events, host: HostIndex(rawValue: 0), build: version, slots: 1
            ) { _, slots in
                AgentSetup(
                    job: JobID(rawValue: "doctor"), epoch: 1, leaseSeconds: 0, slots: slots, yieldsToOthers: false,
                    workerMemoryBytesMax: 0, timeout: .none, work: work.wireBytes)
            }
            link.close()
            return [Check(name: "agent and worker", state: .ok, found: link.facts.workerVersion.isEmpty ? "they start" : link.facts.workerVersion)]
        } catch {
            return [Check(name: "agent and worker", state: .fault, found: "\(error)", cure: "build them with scripts/build; it names missing packages")]
        }
    }

    private func stateChecks() -> [Check] {
        do throws(HeadError) {
            var environment: [String: RawPath] = [:]
            for name in ["XDG_STATE_HOME", "HOME"] {
                if let value = environmentVariable(name), !value.isEmpty { environment[name] = value }
            }
            let state = try StateFolder(named: stateFolder, environment: environment)
            let free = try system("look at the room of the state folder") { () throws(SystemError) in try FileOperation.freeBytes(at: state.path) }
            let isFull = free < Self.freeBytesWanted
            return [
                Check(
                    name: "journal", state: isFull ? .warning : .ok, found: "\(state.path), \(HumanText.bytes(free)) free",
                    cure: isFull ? "free some space there, or name another folder with --state-dir" : nil)
            ]
        } catch {
            return [Check(name: "journal", state: .fault, found: "\(error)", cure: "name a local folder you can write to with --state-dir")]
        }
    }

    private func print(_ checks: [Check], _ usable: Bool) throws(HeadError) {
        if printsJSON {
            let values = checks.map { check in
                JSONValue.object([
                    ("name", .string(check.name)), ("state", .string(check.state.rawValue)), ("found", .string(check.found)),
                    ("cure", .optional(check.cure)),
                ])
            }
            let value = JSONValue.object([("version", .string(version)), ("usable", .bool(usable)), ("checks", .array(values))])
            try FactsOutput.write(value.prettyText + "\n")
            return
        }
        var text = ""
        for check in checks {
            text += "\(check.state.rawValue.padding(to: 8))\(check.name.padding(to: 18))\(check.found)\n"
            if let cure = check.cure { text += "        " + "cure: \(cure)\n" }
        }
        text += usable ? "this machine can work\n" : "this machine cannot work; see the cures above\n"
        try FactsOutput.write(text)
    }
}

extension String {
    func padding(to width: Int) -> String { self + String(repeating: " ", count: max(1, width - count)) }
}
