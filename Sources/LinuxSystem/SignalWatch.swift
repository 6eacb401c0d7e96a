internal import Glibc

/// Signals as values: blocked in every thread and taken by one that waits for them.
///
/// Created before any other thread, so that all inherit the mask. A child started with an empty mask is not affected.
public final class SignalWatch: Sendable {
    public enum Signal: Sendable {
        case interrupt, terminate, hangUp, windowChange
        /// The process was stopped (Ctrl-Z) and goes on.
        case resumed
        /// `quire hosts reload` asks for the host file to be read again: SIGURG, which hurts nobody who does not listen.
        case reload
    }

    private let thread: SystemThread

    /// - Parameter deliver: called on the watching thread, once for each signal taken.
    public init(_ deliver: @escaping @Sendable (Signal) -> Void) {
        var taken = sigset_t()
        sigemptyset(&taken)
        for number in [SIGINT, SIGTERM, SIGHUP, SIGWINCH, SIGCONT, SIGURG, SIGUSR1] { sigaddset(&taken, number) }
        pthread_sigmask(SIG_BLOCK, &taken, nil)
        signal(SIGPIPE, SIG_IGN)
        // A write past the limit of file sizes is then an error like any other.
        signal(SIGXFSZ, SIG_IGN)
        thread = SystemThread("signals") {
            var awaited = sigset_t()
            sigemptyset(&awaited)
            for number in [SIGINT, SIGTERM, SIGHUP, SIGWINCH, SIGCONT, SIGURG, SIGUSR1] { sigaddset(&awaited, number) }
            while true {
                var number: Int32 = 0
                guard sigwait(&awaited, &number) == 0 else { continue }
                switch number {
                case SIGINT: deliver(.interrupt)
                case SIGTERM: deliver(.terminate)
                case SIGHUP: deliver(.hangUp)
                case SIGWINCH: deliver(.windowChange)
                case SIGCONT: deliver(.resumed)
                case SIGURG: deliver(.reload)
                default: return
                }
            }
        }
    }

    /// Ends the watching thread; signals stay blocked.
    public func stop() {
        kill(getpid(), SIGUSR1)
        thread.join()
    }
}
