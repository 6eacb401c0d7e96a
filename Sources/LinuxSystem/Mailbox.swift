internal import Glibc

/// A bounded queue between threads: senders wait while it is full, the receiver waits while it is empty.
///
/// Values of one sender arrive in the order sent. After `close`, sends are dropped and report false; what is
/// already in the queue is still received.
///
/// @unchecked because every access to `queue` and `isClosed` happens between lock and unlock of `mutex`,
/// and the three system objects live at fixed addresses until the last reference is gone.
public final class Mailbox<Element: Sendable>: @unchecked Sendable {
    private let mutex = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
    private let hasElements = UnsafeMutablePointer<pthread_cond_t>.allocate(capacity: 1)
    private let hasRoom = UnsafeMutablePointer<pthread_cond_t>.allocate(capacity: 1)
    private var queue: [Element] = []
    private var isClosed = false
    private let elementsMax: Int

    public init(elementsMax: Int) {
        self.elementsMax = elementsMax
        pthread_mutex_init(mutex, nil)
        var attributes = pthread_condattr_t()
        pthread_condattr_init(&attributes)
        pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC)
        pthread_cond_init(hasElements, &attributes)
        pthread_cond_init(hasRoom, &attributes)
        pthread_condattr_destroy(&attributes)
    }

    deinit {
        pthread_cond_destroy(hasElements)
        pthread_cond_destroy(hasRoom)
        pthread_mutex_destroy(mutex)
        hasElements.deallocate()
        hasRoom.deallocate()
        mutex.deallocate()
    }

    /// Puts `element` at the end, waiting while the queue is full; false if the mailbox is closed.
    @discardableResult
    public func send(_ element: Element) -> Bool {
        pthread_mutex_lock(mutex)
        defer { pthread_mutex_unlock(mutex) }
        while queue.count >= elementsMax && !isClosed { pthread_cond_wait(hasRoom, mutex) }
        if isClosed { return false }
        queue.append(element)
        pthread_cond_signal(hasElements)
        return true
    }

    /// Puts `element` at the end if there is room; false when there is none or the mailbox is closed. Never waits.
    @discardableResult
    public func sendIfRoom(_ element: Element) -> Bool {
        pthread_mutex_lock(mutex)
        defer { pthread_mutex_unlock(mutex) }
        guard queue.count < elementsMax, !isClosed else { return false }
        queue.append(element)
        pthread_cond_signal(hasElements)
        return true
    }

    /// Takes everything there is, waiting up to `milliseconds` for something; nil once closed and empty.
    public func receiveAll(waitingMilliseconds milliseconds: Int?) -> [Element]? {
        pthread_mutex_lock(mutex)
        defer { pthread_mutex_unlock(mutex) }
        awaitElements(milliseconds)
        if queue.isEmpty { return isClosed ? nil : [] }
        let taken = queue
        queue.removeAll(keepingCapacity: true)
        pthread_cond_broadcast(hasRoom)
        return taken
    }

    /// Takes the first element, waiting up to `milliseconds`, without a limit if nil; returns nil when none came or the mailbox is closed and empty.
    public func receiveOne(waitingMilliseconds milliseconds: Int?) -> Element? {
        pthread_mutex_lock(mutex)
        defer { pthread_mutex_unlock(mutex) }
        awaitElements(milliseconds)
        guard !queue.isEmpty else { return nil }
        pthread_cond_signal(hasRoom)
        return queue.removeFirst()
    }

    public func close() {
        pthread_mutex_lock(mutex)
        isClosed = true
        pthread_cond_broadcast(hasElements)
        pthread_cond_broadcast(hasRoom)
        pthread_mutex_unlock(mutex)
    }

    /// Waits, with the lock held, until there is something, the mailbox is closed or the time is over.
    private func awaitElements(_ milliseconds: Int?) {
        var deadline = timespec()
        if let milliseconds {
            clock_gettime(CLOCK_MONOTONIC, &deadline)
            let nanoseconds = deadline.tv_nsec + milliseconds % 1000 * 1_000_000
            deadline.tv_sec += milliseconds / 1000 + nanoseconds / 1_000_000_000
            deadline.tv_nsec = nanoseconds % 1_000_000_000
        }
        while queue.isEmpty && !isClosed {
            let status = milliseconds == nil ? pthread_cond_wait(hasElements, mutex) : pthread_cond_timedwait(hasElements, mutex, &deadline)
            if status == ETIMEDOUT { break }
        }
    }
}
