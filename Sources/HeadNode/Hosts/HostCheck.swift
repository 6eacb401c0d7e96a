public import JobModel
import LinuxSystem
import SSHTransport
import TerminalUI

/// `quire hosts check`: looks at all hosts at once and tells what cures what is wrong.
///
/// Sends nothing: sample pictures are processed where agent and worker are already.
///
/// JSON: an object with `hosts` (array of `name`, `address`, `usable`, `seconds`, `slots`, `cpus`, `memory_bytes`, `scratch`,
/// `scratch_free_bytes`, `system`, `machine`, `libc`, `load`, `transport` (null where unknown), `checks`: array of `name`, `state`:
/// `ok`, `warning` or `fault`, `found`, `cure` or null) and `usable`, a number.
/// Exit code 0 when every host can be used, 3 when some cannot, 5 when none can.
public struct HostCheck {
    private let settings: HostSettings
    private let inputs: [RawPath]
    private let printsJSON: Bool
    private let version: String

    /// Hosts that are looked at at one time.
    private static let threadsMax = 64
    private static let answerSecondsMax = 20

    /// - Parameter inputs: roots for which shared storage is looked for.
    public init(hosts: HostSettings, inputs: [RawPath], printsJSON: Bool, version: String) {
        settings = hosts
        self.inputs = inputs
        self.printsJSON = printsJSON
        self.version = version
    }

    public func run() throws(HeadError) -> ExitStatus {
        let hosts = try HostList.specs(of: settings)
        let desk = try HostDesk(version: version)
        defer { desk.close() }
        let hasRemote = hosts.contains { $0.place != .thisMachine }
        // Programs that cannot be bundled are told of once, before any host is bothered.
        let judge = HostJudge(
            machine: Self.ownMachine, bundles: hasRemote ? try desk.bundles.folderNames() : [:], roots: inputs, samples: try HostSamples.of(inputs))
        let pictures = hasRemote ? try PictureCheck(version: version) : nil
        let checked = EachHost.perform(hosts, threadsMax: Self.threadsMax) { spec in
            let start = SystemClock.monotonicMilliseconds()
            var checked = Self.check(spec, judge, desk.dialer, pictures)
            checked.milliseconds = SystemClock.monotonicMilliseconds() - start
            return checked
        }
        pictures?.close()
        try FactsOutput.write(printsJSON ? Self.value(checked).prettyText + "\n" : Self.text(checked))
        let usable = checked.count(where: \.isUsable)
        return usable == checked.count ? .done : usable == 0 ? .noUsableHost : .someFilesFailed
    }

    static var ownMachine: String {
        #if arch(arm64)
            "aarch64"
        #else
            "x86_64"
        #endif
    }

    private static func check(_ spec: HostSpec, _ judge: HostJudge, _ dialer: HostDialer, _ pictures: PictureCheck?) -> CheckedHost {
        var checked = CheckedHost(spec: spec, findings: [])
        let probe = HostProbe(
            scratch: spec.scratch, bundles: judge.bundles.values.sorted(),
            samples: judge.samples.map { sample in
                var sample = sample
                sample.path = HostSamples.mapped(sample.path, by: spec.mappings)
                return sample
            })
        var session: (any HostSession)?
        defer { session?.end() }
        do throws(SSHError) {
            let reply: Reply
            switch spec.place {
            case .thisMachine: reply = try asked(here: probe)
            case .remote(let address):
                let connected = try dialer.connector.connect(to: address, spec.connection)
                session = connected
                checked.findings.append(HostFinding(name: "connection", state: .ok, found: "\(connected.name), \(connected.transport.rawValue)"))
                reply = try asked(over: connected, probe)
            }
            guard let answer = reply.answer else {
                checked.findings.append(
                    HostFinding(
                        name: "shell", state: .fault, found: "the login shell there ran no command" + (reply.said.isEmpty ? "" : ": \(reply.said)"),
                        cure: "see that `ssh \(spec.place) echo yes` says yes"))
                return checked
            }
            checked.answer = answer
            var judge = judge
            judge.samples = probe.samples
            checked.findings += judge.findings(spec, answer, before: reply.before, after: reply.after)
            if let session, let pictures, checked.isUsable {
                checked.findings.append(pictures.finding(spec, session, dialer, hasBundles: answer.bundles.isSuperset(of: judge.bundles.values)))
            }
        } catch {
            checked.findings.append(HostJudge.finding(error))
        }
        return checked
    }

    /// What a host answered, and between which moments of this machine, in milliseconds since 1970.
    private struct Reply {
        var answer: HostProbe.Answer?
        /// Its last line, where it answered something else.
        var said: String
        var before: Int64
        var after: Int64

        init(_ output: [UInt8], errors: String, mark: String, before: Int64) {
            after = SystemClock.epochMilliseconds()
            self.before = before
            answer = HostProbe.answer(in: output, mark: mark)
            let lines = (String(decoding: output, as: UTF8.self) + "\n" + errors).split(whereSeparator: \.isNewline)
            said = lines.last.map { String($0.prefix(200)) } ?? ""
        }
    }

    private static func mark() -> String { "quire-" + String(UInt64.random(in: .min ... .max), radix: 16) }

    private static func asked(over session: any HostSession, _ probe: HostProbe) throws(SSHError) -> Reply {
        let mark = mark()
        let before = SystemClock.epochMilliseconds()
        let result = try session.run(HostProbe.command, input: probe.script(mark: mark), limitSeconds: answerSecondsMax)
        return Reply(result.output, errors: result.standardError, mark: mark, before: before)
    }

    private static func asked(here probe: HostProbe) throws(SSHError) -> Reply {
        let mark = mark()
        var plan = ProcessPlan(RawPath("/bin/sh"))
        plan.arguments = [Array("-c".utf8), probe.script(mark: mark)]
        plan.environment = ProcessPlan.inheritedEnvironment()
        let before = SystemClock.epochMilliseconds()
        do throws(SystemError) {
            let run = try CollectedRun.run(plan, limitMilliseconds: UInt64(answerSecondsMax) * 1000)
            return Reply(run.output, errors: "", mark: mark, before: before)
        } catch {
            throw .system(host: "localhost", error)
        }
    }

    // MARK: Telling

    static func text(_ checked: [CheckedHost]) -> String {
        var table = TextTable([
            .init("HOST"), .init("STATE"), .init("SLOTS", .right), .init("CPUS", .right), .init("MEMORY", .right), .init("SCRATCH", .right),
            .init("SYSTEM"), .init("CLOCK"), .init("BUNDLE"), .init("PICTURES"), .init("TOOK", .right),
        ])
        for host in checked {
            let answer = host.answer
            func found(_ name: String) -> String { host.findings.first { $0.name == name }?.found ?? "" }
            table.add([
                host.spec.name, host.state.rawValue, host.slots.map { "\($0)" } ?? "", answer?.cpus.map { "\($0)" } ?? "",
                answer?.memoryBytes.map(HumanText.bytes) ?? "", answer?.scratchFreeBytes.map { HumanText.bytes($0) + " free" } ?? "",
                answer == nil ? "" : found("system"), found("clock"), found("bundle"), found("pictures"),
                HumanText.decimal(Double(host.milliseconds) / 1000, places: 2) + " s",
            ])
        }
        var text = table.text(columnsMax: Terminal.outputColumns())
        for host in checked {
            for finding in host.findings where finding.state != .ok || finding.name == "storage" {
                text += "\(host.spec.name): " + (finding.state == .ok ? "" : "\(finding.state.rawValue): ") + HumanText.harmless(finding.found) + "\n"
                if let cure = finding.cure { text += "    cure: \(HumanText.harmless(cure))\n" }
            }
        }
        let usable = checked.filter(\.isUsable)
        let slots = usable.compactMap(\.slots).reduce(0, +)
        let bare = usable.count { $0.findings.contains { $0.name == "pictures" && $0.cure != nil } }
        if bare > 0 { text += "\(HumanText.counted(bare, "host")) will get agent and worker with the first job, or now by: quire hosts setup\n" }
        return text + "\(usable.count) of \(HumanText.counted(checked.count, "host")) can be used, with \(HumanText.counted(slots, "slot"))\n"
    }

    static func value(_ checked: [CheckedHost]) -> JSONValue {
        let hosts = checked.map { host in
            let answer = host.answer
            return JSONValue.object([
                ("name", .string(host.spec.name)), ("address", .string(host.spec.place.description)), ("usable", .bool(host.isUsable)),
                ("seconds", .number(Double(host.milliseconds) / 1000)), ("slots", host.slots.map(JSONValue.integer) ?? .null),
                ("cpus", answer?.cpus.map(JSONValue.integer) ?? .null), ("memory_bytes", answer?.memoryBytes.map(JSONValue.size) ?? .null),
                ("scratch", .optional(answer?.scratchPlace)), ("scratch_free_bytes", answer?.scratchFreeBytes.map(JSONValue.size) ?? .null),
                ("system", .optional(answer?.system)), ("machine", .optional(answer?.machine)), ("libc", .optional(answer?.libc)),
                ("load", .optional(answer?.load)), ("transport", .optional(host.findings.first { $0.name == "connection" && $0.state == .ok }?.found)),
                (
                    "checks",
                    .array(
                        host.findings.map { finding in
                            .object([
                                ("name", .string(finding.name)), ("state", .string(finding.state.rawValue)), ("found", .string(finding.found)),
                                ("cure", .optional(finding.cure)),
                            ])
                        })
                ),
            ])
        }
        return .object([("hosts", .array(hosts)), ("usable", .integer(checked.count(where: \.isUsable)))])
    }
}
