public import JobModel
public import Recipes
import SSHTransport

/// What a host file says, read from its value tree: `cluster/hosts.example.yaml` shows every field.
///
/// A file is a list of hosts, or a map of `hosts` and of `defaults` that hold for each of them. A host is a map of fields or, in
/// short, what `--host` takes. Errors have the file, line and column and are told as a recipe's are.
public struct HostFile: Sendable {
    public static let hostsMax = 4096
    static let slotsMax = 4096

    /// In the order of the file; no two have the same name, and no two are the same account of the same address.
    public var hosts: [HostSpec]

    /// - Parameters:
    ///   - folder: where relative names of ssh's files begin, absolute.
    ///   - home: what `~` is in names of files on this machine.
    public init(parsing value: RecipeValue, file: String, folder: RawPath, home: RawPath) throws(RecipeError) {
        let reader = HostReader(file: file, folder: folder, home: home)
        var defaults: [RecipeValue.Entry] = []
        var list: RecipeValue?
        switch value.content {
        case .list: list = value
        case .map(let entries):
            try reader.refuseRepeated(entries)
            for entry in entries {
                switch entry.name {
                case "hosts": list = entry.value
                case "defaults": defaults = try reader.fields(of: entry.value, "defaults")
                default: throw reader.error(.unknownKey(entry.name, accepted: ["hosts", "defaults"]), entry)
                }
            }
        case .scalar: break
        }
        guard let list, case .list(let items) = list.content, let first = items.first else {
            throw reader.error(.wrongShape(of: "hosts", accepted: "a list of at least one host, each with a dash: - address: tower1"), list ?? value)
        }
        guard items.count <= Self.hostsMax else { throw reader.error(.tooLong("the list of hosts", limit: "\(Self.hostsMax)"), first) }
        for entry in defaults where ["address", "name"].contains(entry.name) {
            throw reader.error(.contradiction("\(entry.name) is a host's own and cannot stand in defaults"), entry)
        }
        var read: [(host: HostSpec, isNamed: Bool)] = []
        for item in items {
            let host = try reader.host(item, defaults)
            if read.contains(where: { $0.host.place == host.host.place }) {
                throw reader.error(.contradiction("\(host.host.place) is listed twice"), item)
            }
            read.append(host)
        }
        hosts = Self.withUnlikeNames(read)
        for (index, host) in hosts.enumerated() where hosts[..<index].contains(where: { $0.name == host.name }) {
            throw reader.error(.contradiction("two hosts are called '\(host.name)'; give one of them another name"), items[index])
        }
    }

    /// What `--host` takes: `a,b:4,user@c`, where `:4` is a number of slots; an IPv6 address stands in brackets.
    public init(parsing text: String) throws(RecipeError) {
        var read: [(host: HostSpec, isNamed: Bool)] = []
        for word in text.split(separator: ",", omittingEmptySubsequences: false) {
            let host = try Self.host(String(word))
            if read.contains(where: { $0.host.place == host.place }) { throw RecipeError(.contradiction("\(host.place) is listed twice")) }
            read.append((host, false))
        }
        guard read.count <= Self.hostsMax else { throw RecipeError(.tooLong("the list of hosts", limit: "\(Self.hostsMax)")) }
        hosts = Self.withUnlikeNames(read)
    }

    /// A host is called by its address; by its account as well where two hosts would be called the same.
    private static func withUnlikeNames(_ read: [(host: HostSpec, isNamed: Bool)]) -> [HostSpec] {
        var counts: [String: Int] = [:]
        for (host, _) in read { counts[host.name, default: 0] += 1 }
        return read.map { host, isNamed in
            guard !isNamed, counts[host.name, default: 0] > 1, case .remote(let address) = host.place else { return host }
            var renamed = host
            renamed.name = address.description
            return renamed
        }
    }

    static let shortForm = "NAME, NAME:SLOTS or USER@NAME; an IPv6 address stands in brackets, a port in a host file or in ~/.ssh/config"

    /// One host of the short form.
    static func host(_ text: String) throws(RecipeError) -> HostSpec {
        let refusal = RecipeError(.badValue(text, for: "host", accepted: shortForm))
        var rest = text[...]
        var user: String?
        if let at = rest.lastIndex(of: "@") {
            user = String(rest[..<at])
            rest = rest[rest.index(after: at)...]
        }
        var name = rest
        var slots: Int?
        if rest.first == "[" {
            guard let end = rest.firstIndex(of: "]") else { throw refusal }
            name = rest[rest.index(after: rest.startIndex)..<end]
            rest = rest[rest.index(after: end)...]
        } else {
            name = rest.prefix { $0 != ":" }
            rest = rest.dropFirst(name.count)
        }
        if !rest.isEmpty {
            guard rest.first == ":", let number = Int(rest.dropFirst()), (1...slotsMax).contains(number) else { throw refusal }
            slots = number
        }
        var host = try place(String(name), user: user, port: nil, refusal)
        host.slots = slots
        return host
    }

    /// `localhost` is this machine itself. What ssh could take for an option, and what no name or account can have, is refused.
    static func place(_ name: String, user: String?, port: UInt16?, _ refusal: RecipeError) throws(RecipeError) -> HostSpec {
        func isWord(_ text: String) -> Bool {
            !text.isEmpty && text.first != "-" && text.unicodeScalars.allSatisfy { $0.value > 0x20 && $0.value != 0x7F && !"@,/'\"\\$`;&|<>(){}*?!".unicodeScalars.contains($0) }
        }
        guard isWord(name), user.map(isWord) ?? true else { throw refusal }
        guard name == "localhost" else { return HostSpec(name: name, place: .remote(HostAddress(name, user: user, port: port))) }
        guard user == nil, port == nil else {
            throw RecipeError(
                .contradiction("localhost is this machine itself, without ssh; write 127.0.0.1 for its sshd"), at: refusal.place)
        }
        return HostSpec(name: name, place: .thisMachine)
    }
}

extension HostSpec.Place: CustomStringConvertible {
    public var description: String {
        switch self {
        case .thisMachine: "localhost"
        case .remote(let address): address.description
        }
    }
}
