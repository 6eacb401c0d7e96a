public import JobModel
import LinuxSystem
import Planning
import Recipes
import TerminalUI
import WireProtocol

/// `quire inspect`: what headers and metadata of files say, read by this machine's workers.
///
/// JSON: an array of `path`, and either `error` (`reason`, `message`) or `kind`, `width`, `height`, `pages`, `bands`, `bits`,
/// `orientation`, `icc_profile`, `alpha`, `dpi` (array of two, or null), `taken_at` (or null), `bytes`, `tags` (object),
/// `variables` (object: what `{...}` in names and texts gives).
public struct Inspection {
    private let files: [RawPath]
    private let printsJSON: Bool
    private let allowedLoaders: [String]
    private let version: String

    public init(files: [RawPath], printsJSON: Bool, allowedLoaders: [String], version: String) {
        self.files = files
        self.printsJSON = printsJSON
        self.allowedLoaders = allowedLoaders
        self.version = version
    }

    public func run(programs: Session.Programs) throws(HeadError) -> ExitStatus {
        let events = Mailbox<HeadEvent>(elementsMax: HeadEvent.queueMax)
        let signals = SignalWatch { events.send(.signal($0)) }
        defer { signals.stop() }
        let workingFolder = try system("find the working folder") { () throws(SystemError) in try FileOperation.workingFolder() }
        var limits = WorkLimits()
        limits.allowedLoaders = allowedLoaders
        let work = WorkSetup(recipe: Recipe(actions: []).canonicalBytes, damage: .fail, limits: limits, fileMode: 0o600)
        let link = try AgentLink.local(
            program: programs.agent, events: events, host: HostIndex(rawValue: 0), build: version, slots: min(files.count, 4)
        ) { _, slots in
            AgentSetup(
                job: JobID(rawValue: "inspect"), epoch: 1, leaseSeconds: 0, slots: slots, yieldsToOthers: false, workerMemoryBytesMax: 0,
                timeout: .byInputSize, work: work.wireBytes)
        }
        defer { link.close() }
        var found = [SideWork.Probed](repeating: .failed(TaskFailure(.vanished, "there is no such file")), count: files.count)
        var present: [(index: Int, path: RawPath, identity: InputIdentity)] = []
        for (index, file) in files.enumerated() {
            do throws(SystemError) {
                let facts = try FileOperation.facts(of: file)
                switch facts.type {
                case .folder: found[index] = .failed(TaskFailure(.notImage, "it is a folder"))
                case .other(let kind): found[index] = .failed(TaskFailure(.notImage, "it is a \(kind)"))
                case .regular, .link: present.append((index, workingFolder.appending(file), facts.identity))
                }
            } catch {
                if !error.isNotFound { found[index] = .failed(TaskFailure(error.isDenied ? .denied : .unreadable, "\(error)")) }
            }
        }
        let probed = try SideWork(link: link, events: events).probe(present.map { ($0.path, $0.identity) }, keepingTags: nil)
        for (entry, result) in zip(present, probed) { found[entry.index] = result }
        let identities = Dictionary(uniqueKeysWithValues: present.map { ($0.index, $0.identity) })
        try print(found, identities)
        return found.contains { $0.facts == nil } ? .someFilesFailed : .done
    }

    private func print(_ found: [SideWork.Probed], _ identities: [Int: InputIdentity]) throws(HeadError) {
        if printsJSON {
            let values = found.indices.map { value(files[$0], found[$0], identities[$0]) }
            try FactsOutput.write(JSONValue.array(values).prettyText + "\n")
            return
        }
        for (index, probed) in found.enumerated() {
            switch probed {
            case .failed(let failure):
                Terminal.writeError(Array("\(files[index].display): \(failure.reason.rawValue): \(failure.message)\n".utf8))
            case .found(let facts):
                try FactsOutput.write(text(files[index], facts, identities[index]))
            }
        }
    }

    private func text(_ file: RawPath, _ facts: ProbeFacts, _ identity: InputIdentity?) -> String {
        let bytes = identity?.sizeBytes ?? 0
        var table = TextTable([TextTable.Column(""), TextTable.Column("")])
        table.add(["kind", facts.kind.rawValue])
        table.add(["size", "\(facts.width) x \(facts.height) pixels, \(HumanText.bytes(bytes))"])
        if facts.pageCount > 1 { table.add(["pages", "\(facts.pageCount)"]) }
        table.add(["samples", "\(facts.bands) of \(facts.bitsPerBand) bits\(facts.hasAlpha ? ", with alpha" : "")"])
        table.add(["orientation", "\(facts.orientation)"])
        table.add(["ICC profile", facts.hasProfile ? "yes" : "no"])
        if let density = facts.density { table.add(["resolution", "\(dpi(density.horizontalMilliDPI)) x \(dpi(density.verticalMilliDPI)) dpi"]) }
        if let taken = facts.takenAt { table.add(["taken", taken]) }
        for (name, text) in variables(of: file, facts, identity) { table.add(["{\(name)}", text]) }
        return "\(file.display)\n" + table.lines().filter { !$0.allSatisfy { $0 == " " } }.map { "  \($0)\n" }.joined()
    }

    /// What names and texts of a recipe can ask of this file, were it the only one of a job.
    private func variables(of file: RawPath, _ facts: ProbeFacts, _ identity: InputIdentity?) -> [(name: String, text: String)] {
        NameFacts(
            ownFolder: file.parent, relative: file.lastComponent, inputFolderName: file.parent.lastComponent,
            outputExtension: RawPath(file.lowercasedExtension), task: TaskIndex(rawValue: 0), folderIndex: 1,
            identity: identity ?? InputIdentity(sizeBytes: 0, modifiedNanoseconds: 0), probe: facts
        ).offered
    }

    private func dpi(_ milliDPI: UInt32) -> String { HumanText.decimal(Double(milliDPI) / 1000, places: milliDPI % 1000 == 0 ? 0 : 1) }

    private func value(_ file: RawPath, _ probed: SideWork.Probed, _ identity: InputIdentity?) -> JSONValue {
        let bytes = identity?.sizeBytes ?? 0
        let path = JSONValue.pathFields("path", file)
        switch probed {
        case .failed(let failure):
            return .object(path + [("error", .object([("reason", .string(failure.reason.rawValue)), ("message", .string(failure.message))]))])
        case .found(let facts):
            let density = facts.density.map {
                JSONValue.array([.number(Double($0.horizontalMilliDPI) / 1000), .number(Double($0.verticalMilliDPI) / 1000)])
            }
            return .object(
                path + [
                    ("kind", .string(facts.kind.rawValue)), ("width", .integer(facts.width)), ("height", .integer(facts.height)),
                    ("pages", .integer(facts.pageCount)), ("bands", .integer(facts.bands)), ("bits", .integer(facts.bitsPerBand)),
                    ("orientation", .integer(facts.orientation)), ("icc_profile", .bool(facts.hasProfile)), ("alpha", .bool(facts.hasAlpha)),
                    ("dpi", density ?? .null), ("taken_at", .optional(facts.takenAt)), ("bytes", .size(bytes)),
                    ("tags", .object(facts.tags.map { ($0.name, .string($0.value)) })),
                    ("variables", .object(variables(of: file, facts, identity).map { ($0.name, .string($0.text)) })),
                ])
        }
    }
}
