import JobModel
import Staging
import Synchronization
import WireProtocol

/// Where files lie in the scratch folder, and which are awaited; asked from the receiver's thread.
final class ScratchPaths: Sendable {
    /// What is to come for an attempt.
    private enum Awaited {
        case input(at: RawPath)
        /// The input of a program, and the files of a folder that is one.
        case mirrored(Mirror, input: RawPath, parts: [CarriedFile])
    }

    private struct State {
        var folder: RawPath?
        var awaited: [Attempt: Awaited] = [:]
        var carried: [CarriedFile] = []
        var mirrors: UInt64 = 0
    }

    private let state = Mutex(State())

    /// The scratch folder is there.
    func open(_ folder: RawPath) { state.withLock { $0.folder = folder } }

    private func folder(_ name: String) -> RawPath {
        guard let folder = state.withLock({ $0.folder }) else { preconditionFailure("no scratch folder yet") }
        return folder.appending(name)
    }

    /// The extension is the input's own: it is among what a decoder goes by.
    func input(_ order: WorkOrder) -> RawPath {
        let attempt = order.attempt
        let name = "\(attempt.task.rawValue)-\(attempt.number)"
        guard let ending = order.input.fileExtension, ending.bytes.count < 100 else { return folder("in").appending(name) }
        return folder("in").appending(RawPath(bytes: Array("\(name).".utf8) + ending.bytes))
    }

    var outputs: RawPath { folder("out") }
    /// Apart from outputs: a worker gives both the name of the attempt.
    var spool: RawPath { folder("spool") }

    /// A tree for an attempt, which no other has had: one that was given back may come again while its first is being removed.
    func newMirror(for attempt: Attempt) -> Mirror {
        let number = state.withLock { state in
            state.mirrors += 1
            return state.mirrors
        }
        return Mirror(root: folder("tasks").appending("\(attempt.task.rawValue)-\(attempt.number).\(number)"))
    }

    /// A file that all attempts share, by its place in the list.
    func kept(_ index: UInt32) -> RawPath { folder("sent").appending("\(index)") }

    func await(_ attempt: Attempt, at path: RawPath) { state.withLock { $0.awaited[attempt] = .input(at: path) } }

    func await(_ staged: StagedOrder, in mirror: Mirror) {
        state.withLock { $0.awaited[staged.order.attempt] = .mirrored(mirror, input: staged.order.input, parts: staged.parts) }
    }

    func awaitCarried(_ files: [CarriedFile]) { state.withLock { $0.carried = files } }

    /// It has come, or is not wanted any more.
    func forget(_ attempt: Attempt) { _ = state.withLock { $0.awaited.removeValue(forKey: attempt) } }

    /// Where an arriving input goes; nil for one that nobody awaits.
    func placement(of attempt: Attempt) -> Placement? {
        switch state.withLock({ $0.awaited[attempt] }) {
        case nil: nil
        case .input(let path): Placement(path: path, mode: 0o600, keepsTime: true)
        case .mirrored(let mirror, let input, _): 
            Placement(path: mirror.place(input), mode: 0o600, keepsTime: true, keepsMode: true, makesFolders: true)
        }
    }

    /// Where a file of a folder INPUT goes; nil for one that nobody awaits.
    func placement(ofPart index: UInt32, of attempt: Attempt) -> Placement? {
        guard case .mirrored(let mirror, _, let parts)? = state.withLock({ $0.awaited[attempt] }), Int(index) < parts.count,
            case .file = parts[Int(index)].kind
        else { return nil }
        return Placement(path: mirror.place(parts[Int(index)].path), mode: 0o600, keepsTime: true, keepsMode: true, makesFolders: true)
    }

    func placement(ofCarried index: UInt32) -> Placement? {
        let carried = state.withLock { $0.carried }
        guard Int(index) < carried.count, case .file = carried[Int(index)].kind else { return nil }
        return Placement(path: kept(index), mode: carried[Int(index)].modeWithoutWriting, keepsTime: true)
    }
}
