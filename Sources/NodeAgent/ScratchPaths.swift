import JobModel
import Staging
import Synchronization
import WireProtocol

/// Where files lie in the scratch folder, and which are awaited; asked from the receiver's thread.
final class ScratchPaths: Sendable {
    private struct State {
        var folder: RawPath?
        var awaited: [Attempt: RawPath] = [:]
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

    func await(_ attempt: Attempt, at path: RawPath) { state.withLock { $0.awaited[attempt] = path } }

    /// It has come, or is not wanted any more.
    func forget(_ attempt: Attempt) { _ = state.withLock { $0.awaited.removeValue(forKey: attempt) } }

    /// Where an arriving input goes; nil for one that nobody awaits.
    func placement(of attempt: Attempt) -> Placement? {
        state.withLock { $0.awaited[attempt] }.map { Placement(path: $0, mode: 0o600, keepsTime: true) }
    }
}
