import ClusterSimulation
public import JobModel
import LinuxSystem
import Planning
import Scheduling
import TerminalUI

/// `quire plan --simulate`: how long a job would take on listed hosts, what limits it, and what one further host would bring.
///
/// Inputs are listed and their sizes read, as a job's planning does it; no host is asked and nothing is written. The job then
/// runs in virtual time with the scheduler that would run it, on a cluster on which nothing goes wrong.
///
/// JSON: `files`, `bytes_in`, `seconds`, `lower_bound_seconds`, `limit` (`slots`, `head_link`, `links`, `longest_file`, `start_and_end`),
/// `limiting_hosts` (array of names), `head_link_percent`, `hosts` (array of `name`, `slots`, `files`, `busy_percent`, `link_percent`
/// or null), `further_host` (`like`, `slots`, `seconds`), `assumed` (`photos_a_second`, `photo_bytes`, `link_bytes_a_second`,
/// `head_link_bytes_a_second`, `output_percent`, `slots_not_known`: array of names).
public struct ClusterForecast {
    /// What a forecast has to take on trust.
    public struct Assumptions: Sendable {
        /// Photos of 12 megapixels that a slot makes smaller in a second: what one core of a recent server was seen to do.
        public var photosASecond = 8.0
        public var linkBytesASecond: UInt64 = 110_000_000
        /// Of this machine's own link, which all hosts share.
        public var headLinkBytesASecond: UInt64 = 110_000_000
        /// What comes back, in percent of what was sent.
        public var outputPercent: UInt64 = 15
        public init() {}

        /// A JPEG of 12 megapixels as cameras write it.
        static let photoBytes: UInt64 = 4_000_000
        /// Opening a file, committing its result.
        static let fileMicroseconds: UInt64 = 1_000
    }

    private let settings: RunSettings
    private let hosts: [HostSpec]
    private let assumed: Assumptions

    /// - Parameter settings: which inputs, and `printsJSON`; what the job would make of them does not matter.
    public init(settings: RunSettings, hosts: [HostSpec], assumptions: Assumptions) {
        self.settings = settings
        self.hosts = hosts
        assumed = assumptions
    }

    public func run() throws(HeadError) -> ExitStatus {
        let sizes = try inputSizes()
        guard !sizes.isEmpty || settings.allowsEmpty else { throw .noInputs("no images among the inputs; --allow-empty makes this a success") }
        let model = cluster(of: hostModels, sizes)
        let forecast = Forecast(model, order: model.largestFirst)
        if let violation = forecast.violation { preconditionFailure("the simulated job went wrong: \(violation)") }
        var further: (like: HostModel, forecast: Forecast)?
        // There is no second of this machine.
        let others = zip(model.hosts, hosts).filter { $1.place != .thisMachine }.map(\.0)
        if let best = others.max(by: { $0.slots < $1.slots }) {
            let wider = cluster(of: model.hosts + [best], sizes)
            further = (best, Forecast(wider, order: wider.largestFirst))
        }
        let bytes = sizes.reduce(0, +)
        try FactsOutput.write(settings.printsJSON ? json(forecast, further, sizes.count, bytes) : text(forecast, further, sizes.count, bytes))
        return .done
    }

    // MARK: The model

    private func inputSizes() throws(HeadError) -> [UInt64] {
        let rules = try settings.skipRules()
        let state = try StateFolder(named: settings.stateFolder, environment: StateFolder.environment())
        let workingFolder = try system("find the working folder") { () throws(SystemError) in try FileOperation.workingFolder() }
        let scanner = InputScanner(settings: settings, rules: rules, ledger: try state.ledger(), workingFolder: workingFolder)
        var sizes: [UInt64] = []
        _ = try scanner.scan(found: { input in if input.failure == nil { sizes.append(input.identity.sizeBytes) } }, progress: {})
        guard let wanted = settings.sampleCount, wanted < sizes.count else { return sizes }
        return (0..<wanted).map { sizes[$0 * sizes.count / wanted] }
    }

    private var hostModels: [HostModel] {
        let slotsHere = Capacity.ofThisMachine().slotsMax
        return hosts.map { host in
            let travels = host.place != .thisMachine && host.storage != .shared
            return HostModel(
                name: host.name, slots: host.slots ?? slotsHere, link: travels ? LinkModel(bytesPerSecond: assumed.linkBytesASecond) : nil)
        }
    }

    private var hostsOfUnknownSlots: [String] { hosts.filter { $0.slots == nil && $0.place != .thisMachine }.map(\.name) }

    private func cluster(of hosts: [HostModel], _ sizes: [UInt64]) -> ClusterModel {
        let microsecondsAByte = 1_000_000 / (assumed.photosASecond * Double(Assumptions.photoBytes))
        let times = sizes.map { UInt32(clamping: Assumptions.fileMicroseconds + UInt64(Double($0) * microsecondsAByte)) }
        let work = WorkModel(
            microseconds: times, inputKibibytes: sizes.map { UInt32(clamping: ($0 + 1023) >> 10) }, outputPercent: assumed.outputPercent)
        var model = ClusterModel(hosts: hosts, work: work)
        model.headBytesPerSecond = assumed.headLinkBytesASecond
        return model
    }

    // MARK: What is told

    private func text(_ forecast: Forecast, _ further: (like: HostModel, forecast: Forecast)?, _ files: Int, _ bytes: UInt64) -> String {
        let slots = forecast.hosts.reduce(0) { $0 + $1.slots }
        var lines = [
            "about \(duration(forecast.microseconds)) for \(HumanText.counted(files, "file")), \(HumanText.bytes(bytes)), on "
                + "\(HumanText.counted(forecast.hosts.count, "host")) with \(HumanText.counted(slots, "slot"))",
            "what limits it: \(sentence(forecast))",
        ]
        let width = forecast.hosts.map(\.name.count).max() ?? 0
        for host in forecast.hosts {
            let name = host.name + String(repeating: " ", count: width - host.name.count)
            let link = host.linkPercent.map { ", its link \($0)%" } ?? ", sees the files itself"
            lines.append("  \(name)  \(HumanText.counted(host.slots, "slot")), \(HumanText.counted(host.taskCount, "file")), busy \(host.busyPercent)%\(link)")
        }
        if let further {
            let gain = Int(forecast.microseconds) - Int(further.forecast.microseconds)
            let percent = Int((Double(gain) * 100 / Double(max(1, forecast.microseconds))).rounded())
            let change = percent >= 1 ? "\(duration(further.forecast.microseconds)), \(percent)% less" : "no gain worth it: \(duration(further.forecast.microseconds))"
            lines.append("one more host like \(further.like.name): \(change)")
        }
        lines.append(
            "assumed: a slot does \(HumanText.rate(assumed.photosASecond)) of photos of 12 megapixels, \(HumanText.bytes(Assumptions.photoBytes)) each (--speed); "
                + "\(HumanText.byteRate(Double(assumed.linkBytesASecond))) to a host (--link-speed) and \(HumanText.byteRate(Double(assumed.headLinkBytesASecond))) "
                + "from here to all (--head-link-speed), results \(assumed.outputPercent)% of the inputs (--output-share)")
        let unknown = hostsOfUnknownSlots
        if !unknown.isEmpty {
            let names = unknown.prefix(3).joined(separator: ", ") + (unknown.count > 3 ? " and \(unknown.count - 3) more" : "")
            lines.append("assumed: as many slots as here on \(names); say slots in the host file")
        }
        return lines.joined(separator: "\n") + "\n"
    }

    private func duration(_ microseconds: UInt64) -> String { HumanText.duration(Double(microseconds) / 1e6) }

    private func sentence(_ forecast: Forecast) -> String {
        switch forecast.limit {
        case .slots: "the slots; more or quicker ones make it shorter"
        case .headLink: "this machine's link, \(forecast.headLinkPercent)% busy; shared storage or a quicker link makes it shorter, more hosts do not"
        case .links(let names):
            "the links of \(names.prefix(3).joined(separator: ", "))" + (names.count > 3 ? " and \(names.count - 3) more" : "")
        case .longestTask: "the longest file, which takes as long as all"
        case .startAndEnd: "its start and end: it is too short to keep all slots busy"
        }
    }

    private func json(_ forecast: Forecast, _ further: (like: HostModel, forecast: Forecast)?, _ files: Int, _ bytes: UInt64) -> String {
        let seconds = { (microseconds: UInt64) in JSONValue.number(Double(microseconds) / 1e6) }
        let (limit, limiting): (String, [String]) =
            switch forecast.limit {
            case .slots: ("slots", [])
            case .headLink: ("head_link", [])
            case .links(let names): ("links", names)
            case .longestTask: ("longest_file", [])
            case .startAndEnd: ("start_and_end", [])
            }
        let hosts = forecast.hosts.map { host in
            JSONValue.object([
                ("name", .string(host.name)), ("slots", .integer(host.slots)), ("files", .integer(host.taskCount)),
                ("busy_percent", .integer(host.busyPercent)), ("link_percent", host.linkPercent.map(JSONValue.integer) ?? .null),
            ])
        }
        let furtherHost = further.map { further in
            JSONValue.object([
                ("like", .string(further.like.name)), ("slots", .integer(further.like.slots)), ("seconds", seconds(further.forecast.microseconds)),
            ])
        }
        let assumptions = JSONValue.object([
            ("photos_a_second", .number(assumed.photosASecond)), ("photo_bytes", .size(Assumptions.photoBytes)),
            ("link_bytes_a_second", .size(assumed.linkBytesASecond)), ("head_link_bytes_a_second", .size(assumed.headLinkBytesASecond)),
            ("output_percent", .size(assumed.outputPercent)), ("slots_not_known", .array(hostsOfUnknownSlots.map(JSONValue.string))),
        ])
        let value = JSONValue.object([
            ("files", .integer(files)), ("bytes_in", .size(bytes)), ("seconds", seconds(forecast.microseconds)),
            ("lower_bound_seconds", seconds(forecast.bounds.microseconds)), ("limit", .string(limit)),
            ("limiting_hosts", .array(limiting.map(JSONValue.string))), ("head_link_percent", .integer(forecast.headLinkPercent)),
            ("hosts", .array(hosts)), ("further_host", furtherHost ?? .null), ("assumed", assumptions),
        ])
        return value.text + "\n"
    }
}
