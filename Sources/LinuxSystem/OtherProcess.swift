private import CLinux
internal import Glibc
public import JobModel

/// A process that is no child of this one, held by a descriptor: its id cannot come to mean another (pidfd_open(2)).
public struct OtherProcess: ~Copyable {
    private let file: OpenFile
    private let id: Int32
    private let leadsGroup: Bool

    /// Nil when there is no process of this id.
    public init?(id: Int32) throws(SystemError) {
        let descriptor = quire_open_process(id)
        if descriptor < 0 {
            if errno == ESRCH { return nil }
            throw .last("pidfd_open", "process \(id)")
        }
        file = OpenFile(owning: descriptor, path: RawPath("process \(id)"))
        self.id = id
        // Asked while the process is held: its number is nobody else's as long as it is not reaped.
        leadsGroup = getpgid(id) == id
    }

    /// Sends SIGTERM; a process that has ended already is left alone.
    public func terminate() throws(SystemError) { try send(SIGTERM) }

    /// Sends what `SignalWatch` takes as `reload`; a program that knows nothing of it is not disturbed.
    public func askToReload() throws(SystemError) { try send(SIGURG) }

    private func send(_ signal: Int32) throws(SystemError) {
        guard quire_signal_process(file.descriptor, signal) != 0, errno != ESRCH else { return }
        throw .last("pidfd_send_signal", file.path.display)
    }

    /// Sends SIGKILL; a process that has ended already is left alone.
    public func kill() throws(SystemError) { try send(SIGKILL) }

    /// Sends SIGKILL to the group that the process led when it was found, also after its own end. For one whose group is known to be
    /// there still: else its number may be another's.
    public func killGroup() {
        if leadsGroup { Glibc.kill(-id, SIGKILL) }
    }

    /// Whether a process of the group that this one led is still there, dead and not reaped ones among them.
    public var groupIsThere: Bool { Glibc.kill(-id, 0) == 0 || errno == EPERM }
}

/// What the system knows this process by.
public enum OwnProcess {
    public static var id: Int32 { getpid() }
    /// The user it acts for.
    public static var user: UInt32 { geteuid() }

    /// Makes this process the leader of a group of its own, so that it can be killed together with what it starts.
    public static func leadOwnGroup() {
        // Refused to one that leads a session, which leads a group anyway.
        _ = setpgid(0, 0)
    }
}
