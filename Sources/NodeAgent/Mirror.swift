import JobModel
import LinuxSystem
import WireProtocol

/// A tree of one attempt's own in which the head's paths lie below a folder of scratch: what a program sees of the head's files
/// on a host that has none of them.
///
/// `root` + the head's absolute path, `..` taken by its letters: nothing that comes from the head lands beside the tree.
struct Mirror: Hashable, Sendable {
    let root: RawPath

    /// Why it could not be made.
    enum Fault: Error {
        case system(SystemError)
        /// A program wrote to a file that all attempts share (it may if it runs as root).
        case spoilt(RawPath)
    }

    /// A file of `--send` as this host keeps it.
    struct Kept: Sendable {
        var file: CarriedFile
        var path: RawPath
    }

    private static let folderMode: UInt32 = 0o700

    /// What a minder that was killed leaves of a program's TMPDIR.
    var temporary: RawPath { RawPath(bytes: root.bytes + Array("-tmp".utf8)) }

    /// Where the head's `path` lies, a file or folder.
    func place(_ path: RawPath) -> RawPath { root.appending(RawPath(bytes: Array(path.withoutParents.bytes.dropFirst()))) }

    /// The same for a program's argument, in the letters that the head's user chose: the folders it goes through are there.
    func argument(_ path: RawPath) -> RawPath { RawPath(bytes: root.bytes + path.bytes) }

    /// Makes the folders that the program may count on, and puts the kept files into their places.
    ///
    /// The attempt's own input is there by then, and is not replaced by a kept file of its name.
    func complete(_ staged: StagedOrder, _ program: ProgramOrder, kept: [Kept]) throws(Fault) {
        var folders: Set<RawPath> = [place(program.workingFolder)]
        for path in [staged.order.input] + program.outputs where path.isAbsolute { folders.formUnion(path.foldersLeft.map(place)) }
        for output in program.outputs { folders.insert(place(output).parent) }
        switch program.kind {
        case .file: folders.insert(place(staged.order.input).parent)
        case .folder: folders.insert(place(staged.order.input))
        case .text: break
        }
        for part in staged.parts where part.kind == .folder { folders.insert(place(part.path)) }
        for one in kept { folders.insert(one.file.kind == .folder ? place(one.file.path) : place(one.file.path).parent) }
        for folder in folders.sorted() { try make(folder) }
        for one in kept {
            if case .file(let identity) = one.file.kind { try put(one, identity) }
        }
    }

    private func make(_ folder: RawPath) throws(Fault) {
        try orFault { () throws(SystemError) in try FileOperation.createFolders(folder, mode: Self.folderMode) }
    }

    private func put(_ one: Kept, _ identity: InputIdentity) throws(Fault) {
        let target = place(one.file.path)
        let now = try orFault { () throws(SystemError) in try FileOperation.facts(of: one.path).identity }
        guard now == identity else { throw .spoilt(one.file.path) }
        try orFault { () throws(SystemError) in
            do throws(SystemError) {
                try FileOperation.link(one.path, as: target)
            } catch {
                if error.isExisting { return }
                // A file system without second names, or too many of them.
                try Self.copy(one.path, to: target, mode: one.file.modeWithoutWriting)
            }
        }
    }

    private static func copy(_ source: RawPath, to target: RawPath, mode: UInt32) throws(SystemError) {
        let from = try OpenFile(source, .read)
        let to = try OpenFile(target, .create(mode: mode))
        let facts = try from.facts()
        var offset: UInt64 = 0
        while offset < facts.identity.sizeBytes {
            let count = Int(min(facts.identity.sizeBytes - offset, 64 << 20))
            offset += try to.copy(from: from, sourceOffset: offset, targetOffset: offset, count: count)
        }
        try to.setModified(nanoseconds: facts.identity.modifiedNanoseconds)
    }
}

private func orFault<Result>(_ body: () throws(SystemError) -> Result) throws(Mirror.Fault) -> Result {
    do throws(SystemError) { return try body() } catch { throw .system(error) }
}

extension CarriedFile {
    /// What all attempts share is for reading: a program that would write to it is told at once.
    var modeWithoutWriting: UInt32 { mode & 0o555 | 0o400 }
}
