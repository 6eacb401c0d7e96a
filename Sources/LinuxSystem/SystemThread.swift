private import CLinux
internal import Glibc

/// A thread for calls that block, joined by its owner; never the cooperative pool's.
public final class SystemThread: Sendable {
    private let handle: pthread_t

    /// Starts `body`; `name` shows in `top -H`, at most 15 bytes.
    ///
    /// Traps when the system has no thread left: nothing sensible can go on without.
    public init(_ name: String, _ body: @escaping @Sendable () -> Void) {
        let start = Unmanaged.passRetained(Start(name: name, body: body))
        var handle = pthread_t()
        let status = pthread_create(
            &handle, nil,
            { pointer in
                let start = Unmanaged<Start>.fromOpaque(pointer!).takeRetainedValue()
                quire_name_thread(String(start.name.prefix(15)))
                start.body()
                return nil
            }, start.toOpaque())
        precondition(status == 0, "pthread_create: \(String(cString: strerror(status)))")
        self.handle = handle
    }

    /// Starts `body` on a thread nobody joins: for one whose end others learn by what it does, or that may hang for good.
    public static func detached(_ name: String, _ body: @escaping @Sendable () -> Void) {
        let status = pthread_detach(SystemThread(name, body).handle)
        precondition(status == 0, "pthread_detach: \(String(cString: strerror(status)))")
    }

    /// Waits for the end of the thread's body; called exactly once.
    public func join() {
        let status = pthread_join(handle, nil)
        precondition(status == 0, "pthread_join: \(String(cString: strerror(status)))")
    }

    private final class Start {
        let name: String
        let body: @Sendable () -> Void
        init(name: String, body: @escaping @Sendable () -> Void) {
            self.name = name
            self.body = body
        }
    }
}
