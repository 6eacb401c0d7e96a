public import JobModel
import LinuxSystem
import SSHTransport
import TerminalUI

/// `quire hosts list`: what the list of hosts says, with what is left out filled in; connects to nobody.
///
/// JSON: an array of `name`, `address`, `user`, `port`, `slots`, `memory_bytes` (null where the host or ssh decides), `storage`, `map`
/// (object of folders here to folders there), `scratch`, `yields`, `hours`, `tags`, `transport`, `worker`.
public struct HostTable {
    private let settings: HostSettings
    private let printsJSON: Bool

    public init(hosts: HostSettings, printsJSON: Bool) {
        settings = hosts
        self.printsJSON = printsJSON
    }

    public func run() throws(HeadError) -> ExitStatus {
        let hosts = try HostList.specs(of: settings)
        try FactsOutput.write(printsJSON ? JSONValue.array(hosts.map(value)).prettyText + "\n" : text(hosts))
        return .done
    }

    private func text(_ hosts: [HostSpec]) -> String {
        var table = TextTable([
            .init("HOST"), .init("ADDRESS"), .init("SLOTS", .right), .init("MEMORY", .right), .init("STORAGE"), .init("HOURS"), .init("NICE"),
            .init("TRANSPORT"), .init("WORKER"), .init("TAGS"),
        ])
        for host in hosts {
            let isHere = host.place == .thisMachine
            table.add([
                host.name, isHere ? "this machine" : host.place.description, host.slots.map { "\($0)" } ?? "all",
                host.workerMemoryBytesMax.map(HumanText.bytes) ?? "", isHere ? "shared" : host.storage.rawValue, hours(host) ?? "always",
                host.yieldsToOthers ? "19" : "none", isHere ? "" : host.connection.transport.rawValue, isHere ? "" : host.worker.rawValue,
                host.tags.joined(separator: ","),
            ])
        }
        return table.text(columnsMax: Terminal.outputColumns())
    }

    private func value(_ host: HostSpec) -> JSONValue {
        var address = HostAddress("localhost")
        if case .remote(let remote) = host.place { address = remote }
        return .object([
            ("name", .string(host.name)), ("address", .string(address.name)), ("user", .optional(address.user)),
            ("port", address.port.map { .integer(Int($0)) } ?? .null), ("slots", host.slots.map(JSONValue.integer) ?? .null),
            ("memory_bytes", host.workerMemoryBytesMax.map(JSONValue.size) ?? .null), ("storage", .string(host.storage.rawValue)),
            ("map", .object(host.mappings.map { ($0.head.display, JSONValue.path($0.host)) })),
            ("scratch", host.scratch.map(JSONValue.path) ?? .null), ("yields", .bool(host.yieldsToOthers)), ("hours", .optional(hours(host))),
            ("tags", .array(host.tags.map(JSONValue.string))), ("transport", .string(host.connection.transport.rawValue)),
            ("worker", .string(host.worker.rawValue)),
        ])
    }

    private func hours(_ host: HostSpec) -> String? {
        host.hours.map { "\(Self.time($0.fromMinute))-\(Self.time($0.toMinute))" }
    }

    private static func time(_ minute: Int) -> String {
        func digits(_ number: Int) -> String { number < 10 ? "0\(number)" : "\(number)" }
        return "\(digits(minute / 60)):\(digits(minute % 60))"
    }
}
