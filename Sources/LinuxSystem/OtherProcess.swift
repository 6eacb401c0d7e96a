private import CLinux
internal import Glibc
public import JobModel

/// A process that is no child of this one, held by a descriptor: its id cannot come to mean another (pidfd_open(2)).
public struct OtherProcess: ~Copyable {
    private let file: OpenFile

    /// Nil when there is no process of this id.
    public init?(id: Int32) throws(SystemError) {
        let descriptor = quire_open_process(id)
        if descriptor < 0 {
            if errno == ESRCH { return nil }
            throw .last("pidfd_open", "process \(id)")
        }
        file = OpenFile(owning: descriptor, path: RawPath("process \(id)"))
    }

    /// Sends SIGTERM; a process that has ended already is left alone.
    public func terminate() throws(SystemError) { try send(SIGTERM) }

    /// Sends what `SignalWatch` takes as `reload`; a program that knows nothing of it is not disturbed.
    public func askToReload() throws(SystemError) { try send(SIGURG) }

    private func send(_ signal: Int32) throws(SystemError) {
        guard quire_signal_process(file.descriptor, signal) != 0, errno != ESRCH else { return }
        throw .last("pidfd_send_signal", file.path.display)
    }
}
