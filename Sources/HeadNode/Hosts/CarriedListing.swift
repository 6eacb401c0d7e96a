import JobModel
import LinuxSystem
import WireProtocol

/// What is in folders that travel to staged hosts: an INPUT that is a folder, or the files of `--send`.
///
/// Files and folders, folders before their content. A link to a file below the same folder travels as that file; other links and
/// what is neither file nor folder stay behind. What quire itself is about to make there is no part of it.
struct CarriedListing: Sendable {
    private(set) var files: [CarriedFile] = []
    /// What stays behind, for a line to the user.
    private(set) var passedOver: [RawPath] = []
    private var pathBytes = 0

    enum Fault: Error {
        case system(SystemError)
        /// Named by the user, and neither file nor folder.
        case noFile(RawPath)
        /// More than one message can name.
        case tooMany
    }

    static let tooManyText = "it holds more than \(StagedOrder.partsMax) files, too many to send: let the hosts share it (`storage: shared`, `map:`)"
    /// Of all paths together: they travel in one frame.
    private static let pathBytesMax = 16 << 20
    private static let ownPrefix = Array(".quire-".utf8)

    /// What is in `folder`, which is absolute.
    init(below folder: RawPath) throws(Fault) { try addContent(of: folder) }

    /// Files and folders with all that is in them, absolute.
    init(of paths: [RawPath]) throws(Fault) {
        for path in paths {
            let facts = try orFault { () throws(SystemError) in try FileOperation.facts(of: path) }
            switch facts.type {
            case .regular: try add(path, facts)
            case .folder:
                try add(path, facts)
                try addContent(of: path)
            case .link, .other: throw .noFile(path)
            }
        }
    }

    var sizeBytes: UInt64 {
        files.reduce(0) { sum, file in
            switch file.kind {
            case .folder: sum
            case .file(let identity): sum &+ identity.sizeBytes
            }
        }
    }

    /// For the user; nil when nothing stays behind.
    var passedOverText: String? {
        guard let first = passedOver.first else { return nil }
        return passedOver.count == 1
            ? "\(first) is a link to elsewhere, or no file: it is not sent"
            : "\(first) and \(passedOver.count - 1) more are links to elsewhere, or no files: they are not sent"
    }

    private mutating func addContent(of root: RawPath) throws(Fault) {
        let resolved = try orFault { () throws(SystemError) in try FileOperation.resolved(root) }
        try addContent(of: root, root: resolved)
    }

    /// - Parameter root: with links resolved; links must lead into it.
    private mutating func addContent(of folder: RawPath, root: RawPath) throws(Fault) {
        let entries = try orFault { () throws(SystemError) in try FolderListing.entries(of: folder) }
        for entry in entries.sorted(by: { $0.name < $1.name }) where !entry.name.bytes.starts(with: Self.ownPrefix) {
            let path = folder.appending(entry.name)
            switch (entry.facts?.type, entry.isLink) {
            case (.regular, false): try add(path, entry.facts)
            case (.folder, false):
                try add(path, entry.facts)
                try addContent(of: path, root: root)
            case (.regular, true) where leads(path, into: root): try add(path, entry.facts)
            case (.regular, true), (.folder, true), (.link, _), (.other, _), (nil, _): passedOver.append(path)
            }
        }
    }

    /// One that cannot be followed any more leads nowhere.
    private func leads(_ link: RawPath, into root: RawPath) -> Bool {
        do throws(SystemError) { return try FileOperation.resolved(link).isInside(root) } catch { return false }
    }

    private mutating func add(_ path: RawPath, _ facts: FileFacts?) throws(Fault) {
        guard let facts else { return }
        pathBytes += path.bytes.count
        guard files.count < StagedOrder.partsMax, pathBytes <= Self.pathBytesMax else { throw .tooMany }
        files.append(CarriedFile(path: path, kind: facts.type == .folder ? .folder : .file(facts.identity), mode: facts.mode & 0o777))
    }

    private func orFault<Result>(_ body: () throws(SystemError) -> Result) throws(Fault) -> Result {
        do throws(SystemError) { return try body() } catch { throw .system(error) }
    }
}
