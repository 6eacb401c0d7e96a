import Digests
import JobModel
import LinuxSystem
import Programs

/// Where the declared outputs of one attempt are written, and what came of it.
///
/// An output that an argument mentions is written in a private folder beside its target, under its own name; any other by the
/// program itself at its final path. In a mirror, which is private as a whole, all have their final place.
struct OutputPlaces {
    private let order: ProgramOrder
    /// One for each folder that a mentioned output lies in.
    private var privateFolders: [RawPath] = []
    /// Where each output is looked for, in the order of the templates.
    private(set) var paths: [RawPath] = []
    /// Those written at their final path that were not there before: a failed try takes them away.
    private var fresh: [RawPath] = []
    private let inspection: MirrorInspection?

    private static let namesMax = 3

    /// Makes the folders; what is there already of this attempt's name is removed.
    ///
    /// - Parameter isMentioned: for each output, whether an argument names it.
    init(_ order: ProgramOrder, tempName: RawPath, isMentioned: [Bool]) throws(SystemError) {
        self.order = order
        if let mirror = order.mirror {
            for output in order.outputs {
                let path = Self.mirrored(output.withoutParents, in: mirror)
                try FileOperation.createFolders(path.parent)
                paths.append(path)
            }
            inspection = try MirrorInspection(order, in: mirror)
            return
        }
        inspection = nil
        for (output, isMentioned) in zip(order.outputs, isMentioned) {
            if isMentioned {
                let folder = output.parent.appending(tempName)
                if !privateFolders.contains(folder) {
                    try Self.makePrivate(folder)
                    privateFolders.append(folder)
                }
                paths.append(folder.appending(output.lastComponent))
            } else {
                if try FileOperation.factsIfPresent(of: output, followingLinks: false) == nil {
                    try FileOperation.createFolders(output.parent)
                    fresh.append(output)
                }
                paths.append(output)
            }
        }
    }

    /// Where `path`, absolute on the head, lies in a mirror.
    static func mirrored(_ path: RawPath, in mirror: RawPath) -> RawPath { RawPath(bytes: mirror.bytes + path.bytes) }

    private static func makePrivate(_ folder: RawPath) throws(SystemError) {
        do throws(SystemError) {
            if try FileOperation.createFolder(folder, mode: 0o700) { return }
            // Left by a minder that was killed over this attempt.
            try FileOperation.removeTree(folder)
        } catch {
            guard error.isNotFound else { throw error }
            try FileOperation.createFolders(folder.parent)
        }
        _ = try FileOperation.createFolder(folder, mode: 0o700)
    }

    /// What keeps the outputs from being a success; nil when all are as they shall be.
    ///
    /// Every declared output must be there and be a file: it was promised. With `mayBeEmpty` false each must hold something.
    func fault(mayBeEmpty: Bool) throws(SystemError) -> String? {
        for (output, path) in zip(order.outputs, paths) {
            let name = shown(output)
            // A link in a private folder would lead nowhere once it is renamed.
            let isPrivate = privateFolders.contains(path.parent)
            guard let facts = try FileOperation.factsIfPresent(of: path, followingLinks: !isPrivate) else { return "made no output \(name)" }
            switch facts.type {
            case .regular: break
            case .folder: return "made a folder as output \(name), not a file"
            case .link: return "made a link as output \(name), not a file"
            case .other(let kind): return "made a \(kind) as output \(name), not a file"
            }
            if !mayBeEmpty, facts.identity.sizeBytes == 0 { return "made an empty output \(name)" }
        }
        if let inspection { return try inspection.fault() }
        var undeclared: [RawPath] = []
        for folder in privateFolders {
            for (name, _) in try FolderListing.names(of: folder) where !paths.contains(folder.appending(name)) { undeclared.append(name) }
        }
        if undeclared.isEmpty { return nil }
        let names = undeclared.sorted().prefix(Self.namesMax).map(\.display).joined(separator: ", ")
        let more = undeclared.count > Self.namesMax ? " and \(undeclared.count - Self.namesMax) more" : ""
        return "left \(undeclared.count) undeclared \(undeclared.count == 1 ? "output" : "outputs") \(names)\(more); add --return"
    }

    private func shown(_ output: RawPath) -> String { (output.relative(to: order.workingFolder) ?? output).display }

    /// The outputs with their digests.
    ///
    /// - Parameter shallGoOn: asked now and then while large files are read; nil is returned once it says no.
    func files(shallGoOn: () throws(SystemError) -> Bool) throws(SystemError) -> [MadeFile]? {
        var files: [MadeFile] = []
        for (index, path) in paths.enumerated() {
            let file = try OpenFile(path, .read)
            var digest = SHA256Stream()
            var offset: UInt64 = 0
            while true {
                let bytes = try file.read(count: Self.pieceBytes, at: offset)
                digest.update(bytes)
                offset += UInt64(bytes.count)
                if bytes.count < Self.pieceBytes { break }
                guard try shallGoOn() else { return nil }
            }
            files.append(MadeFile(temp: path, page: index + 1, sizeBytes: offset, digest: digest.finish(), isVerbatim: false))
        }
        return files
    }

    private static let pieceBytes = 1 << 20

    /// Takes away what a failed try made. What cannot be removed is left to the head, which sweeps a job's private folders.
    func removeAll() {
        for folder in privateFolders { unlessFailed { () throws(SystemError) in try FileOperation.removeTree(folder) } }
        for path in fresh { unlessFailed { () throws(SystemError) in try FileOperation.removeTree(path) } }
    }

    private func unlessFailed(_ removal: () throws(SystemError) -> Void) {
        do throws(SystemError) { try removal() } catch {}
    }
}
