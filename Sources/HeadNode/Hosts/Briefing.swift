internal import Glibc
import JobModel
import WireProtocol

/// What hosts must know before they can work for a job, once its plan is made.
struct Briefing: Sendable {
    var job: JobID
    var epoch: UInt32
    var build: String
    var work: WorkSetup
    var timeout: TimeoutRule
    var workerMemoryBytesMax: UInt64?
    var canaries: CanarySet
    /// The digest of the canary set here; nil when none is compared (`--mixed-codecs`).
    var fingerprint: Digest256?
    /// Inputs by which a host can tell whether it sees the folders they come from, a few of each.
    var samples: [Sample]
    /// Folders that outputs and spooled pages go to; empty when nothing is made.
    var targets: [RawPath]

    struct Sample: Sendable {
        /// Absolute; what lies below it is seen as this is.
        var root: RawPath
        var file: RawPath
    }
}

/// A value that one thread gives once and others wait for.
///
/// @unchecked because `value` and `isClosed` are only touched between lock and unlock of `mutex`, and both system objects
/// live at fixed addresses until the last reference is gone.
final class Promise<Value: Sendable>: @unchecked Sendable {
    private let mutex = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
    private let changed = UnsafeMutablePointer<pthread_cond_t>.allocate(capacity: 1)
    private var value: Value?
    private var isClosed = false

    init() {
        pthread_mutex_init(mutex, nil)
        pthread_cond_init(changed, nil)
    }

    deinit {
        pthread_cond_destroy(changed)
        pthread_mutex_destroy(mutex)
        changed.deallocate()
        mutex.deallocate()
    }

    func keep(_ value: Value) {
        pthread_mutex_lock(mutex)
        self.value = value
        pthread_cond_broadcast(changed)
        pthread_mutex_unlock(mutex)
    }

    /// Nobody will give it any more.
    func close() {
        pthread_mutex_lock(mutex)
        isClosed = true
        pthread_cond_broadcast(changed)
        pthread_mutex_unlock(mutex)
    }

    /// The value, or nil once it is closed without one.
    func wait() -> Value? {
        pthread_mutex_lock(mutex)
        defer { pthread_mutex_unlock(mutex) }
        while value == nil && !isClosed { pthread_cond_wait(changed, mutex) }
        return value
    }
}
