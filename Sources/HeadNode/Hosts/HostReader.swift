import JobModel
import Recipes
import SSHTransport

/// Walks the value tree of a host file and gives every error its place.
struct HostReader {
    let file: String
    let folder: RawPath
    let home: RawPath

    private enum Field: String, CaseIterable {
        case address, name, user, port, slots, memory, storage, map, scratch, nice, hours, tags, transport, worker, loss, lease
        case sshConfig = "ssh-config"
        case knownHosts = "known-hosts"
        case identity
    }

    func error(_ problem: RecipeProblem, _ value: RecipeValue) -> RecipeError {
        RecipeError(problem, at: RecipePlace(file: file, line: value.line, column: value.column))
    }

    func error(_ problem: RecipeProblem, _ entry: RecipeValue.Entry) -> RecipeError {
        RecipeError(problem, at: RecipePlace(file: file, line: entry.line, column: entry.column))
    }

    func refuseRepeated(_ entries: [RecipeValue.Entry]) throws(RecipeError) {
        for (index, entry) in entries.enumerated() where entries[..<index].contains(where: { $0.name == entry.name }) {
            throw error(.repeatedField(entry.name), entry)
        }
    }

    /// The fields of a map, each known and there once.
    func fields(of value: RecipeValue, _ owner: String) throws(RecipeError) -> [RecipeValue.Entry] {
        guard case .map(let entries) = value.content else {
            if case .scalar("") = value.content { return [] }
            throw error(.wrongShape(of: owner, accepted: "a map of fields"), value)
        }
        for entry in entries where Field(rawValue: entry.name) == nil {
            throw error(.unknownField(entry.name, of: "a host", accepted: Field.allCases.map(\.rawValue)), entry)
        }
        try refuseRepeated(entries)
        return entries
    }

    /// One item of the list, and whether the file gives it a name.
    func host(_ item: RecipeValue, _ defaults: [RecipeValue.Entry]) throws(RecipeError) -> (host: HostSpec, isNamed: Bool) {
        var own: [RecipeValue.Entry] = []
        var host: HostSpec
        if case .scalar(let text) = item.content {
            do throws(RecipeError) { host = try HostFile.host(text) } catch { throw self.error(error.problem, item) }
            if case .remote(let address) = host.place, address.user == nil {
                host.place = .remote(HostAddress(address.name, user: try user(in: defaults), port: try port(in: defaults)))
            }
        } else {
            own = try fields(of: item, "a host")
            guard let entry = own.first(where: { $0.name == Field.address.rawValue }) else {
                throw error(.missingField("address", of: "a host", accepted: "a name, an IP address or an alias of ~/.ssh/config"), item)
            }
            let name = try scalar(entry.value, "address")
            let refusal = error(.badValue(name, for: "address", accepted: "a name, an IP address or an alias of ~/.ssh/config"), entry.value)
            // Defaults say how to log in elsewhere; localhost is refused only for what it says itself.
            let entries = name == "localhost" ? own : own + defaults
            host = try HostFile.place(name, user: try user(in: entries), port: try port(in: entries), refusal)
        }
        let slotsOfItem = host.slots
        for entry in defaults + own { try read(entry, into: &host) }
        // The short form's number of slots stands above the defaults'.
        if let slotsOfItem { host.slots = slotsOfItem }
        if host.place == .thisMachine {
            for entry in own where ["storage", "map", "scratch", "transport", "worker"].contains(entry.name) {
                throw error(.contradiction("\(entry.name) is of no use for localhost, which is this machine itself"), entry)
            }
            host.storage = .auto
            host.mappings = []
            host.worker = .bundle
        }
        return (host, own.contains { $0.name == Field.name.rawValue })
    }

    private func user(in entries: [RecipeValue.Entry]) throws(RecipeError) -> String? {
        guard let entry = entries.first(where: { $0.name == Field.user.rawValue }) else { return nil }
        return try scalar(entry.value, "user")
    }

    private func port(in entries: [RecipeValue.Entry]) throws(RecipeError) -> UInt16? {
        guard let entry = entries.first(where: { $0.name == Field.port.rawValue }) else { return nil }
        return UInt16(try integer(entry.value, "port", 1...65535))
    }

    private func read(_ entry: RecipeValue.Entry, into host: inout HostSpec) throws(RecipeError) {
        guard let field = Field(rawValue: entry.name) else { return }
        let value = entry.value
        switch field {
        case .address, .user, .port: break
        case .name: host.name = try name(value)
        case .slots: host.slots = try integer(value, "number of slots", 1...HostFile.slotsMax)
        case .memory: host.workerMemoryBytesMax = try memory(value)
        case .storage: host.storage = try choice(value, "storage")
        case .map: host.mappings = try mappings(value)
        case .scratch: host.scratch = try absolute(value, "scratch")
        case .nice:
            let text = try scalar(value, "nice")
            guard ["19", "none"].contains(text) else {
                throw error(.badValue(text, for: "nice level", accepted: "19 (workers take only what others leave), none"), value)
            }
            host.yieldsToOthers = text == "19"
        case .hours: host.hours = try hours(value)
        case .tags: host.tags = try list(value, "tags")
        case .transport: host.connection.transport = try choice(value, "transport")
        case .worker: host.worker = try choice(value, "worker")
        case .loss: host.connection.lossSeconds = try integer(value, "number of seconds", 2...300)
        case .lease: host.leaseSeconds = UInt32(try integer(value, "number of seconds", 2...300))
        case .sshConfig:
            let text = try scalar(value, "ssh-config")
            // ssh's own word for no file at all.
            host.connection.configurationFile = text == "none" ? RawPath(text) : fileHere(text)
        case .knownHosts: host.connection.knownHostsFiles = try files(value, "known-hosts")
        case .identity: host.connection.identityFiles = try files(value, "identity")
        }
    }

    // MARK: Values

    private func scalar(_ value: RecipeValue, _ what: String) throws(RecipeError) -> String {
        guard case .scalar(let text) = value.content else { throw error(.wrongShape(of: what, accepted: "one value"), value) }
        guard !text.isEmpty else { throw error(.badValue("", for: what, accepted: "leave the line out for the default"), value) }
        return text
    }

    private func integer(_ value: RecipeValue, _ what: String, _ range: ClosedRange<Int>) throws(RecipeError) -> Int {
        let text = try scalar(value, what)
        guard let number = Int(text), range.contains(number) else {
            throw error(.badValue(text, for: what, accepted: "\(range.lowerBound) to \(range.upperBound)"), value)
        }
        return number
    }

    private func choice<Choice: RawRepresentable & CaseIterable>(
        _ value: RecipeValue, _ what: String
    ) throws(RecipeError) -> Choice where Choice.RawValue == String {
        let text = try scalar(value, what)
        guard let choice = Choice(rawValue: text) else {
            throw error(.badValue(text, for: what, accepted: Choice.allCases.map(\.rawValue).joined(separator: ", ")), value)
        }
        return choice
    }

    /// A list, or one value in place of a list of one.
    private func list(_ value: RecipeValue, _ what: String) throws(RecipeError) -> [String] {
        guard case .list(let items) = value.content else { return [try scalar(value, what)] }
        var texts: [String] = []
        for item in items { texts.append(try scalar(item, what)) }
        return texts
    }

    private func name(_ value: RecipeValue) throws(RecipeError) -> String {
        let text = try scalar(value, "name")
        guard text.utf8.count <= 64, text.unicodeScalars.allSatisfy({ $0.value > 0x20 && $0.value != 0x7F && $0 != "," }) else {
            throw error(.badValue(text, for: "name", accepted: "at most 64 bytes without spaces and commas"), value)
        }
        return text
    }

    private func memory(_ value: RecipeValue) throws(RecipeError) -> UInt64 {
        let text = try scalar(value, "memory")
        do throws(RecipeError) { return try ByteSize(parsing: text).bytes } catch { throw self.error(error.problem, value) }
    }

    /// `22:00-07:00`; midnight may be written 24:00.
    private func hours(_ value: RecipeValue) throws(RecipeError) -> HostSpec.Hours {
        let text = try scalar(value, "hours")
        let times = text.split(separator: "-", omittingEmptySubsequences: false).map(minute)
        guard times.count == 2, let from = times[0], let to = times[1], from % 1440 != to % 1440 || (from == 0 && to == 1440) else {
            throw error(.badValue(text, for: "span of hours", accepted: "such as 22:00-07:00, in this machine's time"), value)
        }
        return HostSpec.Hours(fromMinute: from % 1440, toMinute: to)
    }

    private func minute(_ text: Substring) -> Int? {
        let parts = text.split(separator: ":", omittingEmptySubsequences: false)
        guard parts.count == 2, parts.allSatisfy({ (1...2).contains($0.count) && $0.allSatisfy { $0.isASCII && $0.isNumber } }),
            let hour = Int(parts[0]), let minute = Int(parts[1]), minute < 60, hour * 60 + minute <= 1440
        else { return nil }
        return hour * 60 + minute
    }

    // MARK: Names of files

    private func mappings(_ value: RecipeValue) throws(RecipeError) -> [HostSpec.PathMapping] {
        let accepted = "a map of folders here to folders there, such as /srv/scans: /mnt/scans"
        guard case .map(let entries) = value.content else { throw error(.wrongShape(of: "map", accepted: accepted), value) }
        try refuseRepeated(entries)
        var mappings: [HostSpec.PathMapping] = []
        for entry in entries {
            guard entry.name.first == "/" || entry.name.hasPrefix("~/") else {
                throw error(.badValue(entry.name, for: "folder here", accepted: accepted), entry)
            }
            mappings.append(HostSpec.PathMapping(head: fileHere(entry.name).normalized, host: try absolute(entry.value, "folder there").normalized))
        }
        return mappings
    }

    private func absolute(_ value: RecipeValue, _ what: String) throws(RecipeError) -> RawPath {
        let text = try scalar(value, what)
        guard text.first == "/" else { throw error(.badValue(text, for: what, accepted: "a path from / on, as that host sees it"), value) }
        return RawPath(text)
    }

    private func files(_ value: RecipeValue, _ what: String) throws(RecipeError) -> [RawPath] {
        try list(value, what).map(fileHere)
    }

    private func fileHere(_ text: String) -> RawPath {
        if text == "~" { return home }
        if text.hasPrefix("~/") { return home.appending(String(text.dropFirst(2))) }
        return text.first == "/" ? RawPath(text) : folder.appending(text).normalized
    }
}
