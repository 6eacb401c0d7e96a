internal import Glibc
internal import LinuxSystem

/// Staggers connects to one address: an sshd begins to drop unauthenticated connections at ten (MaxStartups 10:30:100).
///
/// @unchecked because `inside` is touched only between lock and unlock of `mutex`, and the system objects live at
/// fixed addresses until the last reference is gone.
public final class ConnectGate: @unchecked Sendable {
    private let mutex = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
    private let hasRoom = UnsafeMutablePointer<pthread_cond_t>.allocate(capacity: 1)
    private var inside: [String: Int] = [:]
    private let unauthenticatedMax: Int

    public init(unauthenticatedMax: Int = 8) {
        self.unauthenticatedMax = unauthenticatedMax
        pthread_mutex_init(mutex, nil)
        var attributes = pthread_condattr_t()
        pthread_condattr_init(&attributes)
        pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC)
        pthread_cond_init(hasRoom, &attributes)
        pthread_condattr_destroy(&attributes)
    }

    deinit {
        pthread_cond_destroy(hasRoom)
        pthread_mutex_destroy(mutex)
        hasRoom.deallocate()
        mutex.deallocate()
    }

    /// Waits until fewer than the most are between connect and login at `address`; false after `milliseconds`, or when given up.
    func enter(_ address: String, waitingMilliseconds milliseconds: Int, _ cancellation: Cancellation) -> Bool {
        cancellation.whileRunning({ [self] in wakeAll() }) { waitForRoom(address, milliseconds, cancellation) }
    }

    private func wakeAll() {
        pthread_mutex_lock(mutex)
        pthread_cond_broadcast(hasRoom)
        pthread_mutex_unlock(mutex)
    }

    private func waitForRoom(_ address: String, _ milliseconds: Int, _ cancellation: Cancellation) -> Bool {
        var deadline = timespec()
        clock_gettime(CLOCK_MONOTONIC, &deadline)
        let nanoseconds = deadline.tv_nsec + milliseconds % 1000 * 1_000_000
        deadline.tv_sec += milliseconds / 1000 + nanoseconds / 1_000_000_000
        deadline.tv_nsec = nanoseconds % 1_000_000_000
        pthread_mutex_lock(mutex)
        defer { pthread_mutex_unlock(mutex) }
        while inside[address, default: 0] >= unauthenticatedMax {
            if cancellation.isCancelled { return false }
            if pthread_cond_timedwait(hasRoom, mutex, &deadline) == ETIMEDOUT { return false }
        }
        inside[address, default: 0] += 1
        return true
    }

    func leave(_ address: String) {
        pthread_mutex_lock(mutex)
        inside[address] = inside[address, default: 1] == 1 ? nil : inside[address]! - 1
        pthread_cond_broadcast(hasRoom)
        pthread_mutex_unlock(mutex)
    }
}
