private import CLinux
internal import Glibc

/// Waits for many descriptors at once; used by one thread.
///
/// Level-triggered epoll(7): the cost of a wait does not grow with the number of descriptors watched. Regular files
/// cannot be watched.
public final class EventPoll {
    public struct Interest: OptionSet, Sendable {
        public let rawValue: Int32
        public init(rawValue: Int32) { self.rawValue = rawValue }
        public static let readable = Interest(rawValue: 1)
        public static let writable = Interest(rawValue: 2)
        /// Told always: the other end is closed or in error.
        public static let hungUp = Interest(rawValue: 4)
    }

    /// A descriptor that is ready; `tag` is what it was watched with.
    public struct Ready: Sendable {
        public let tag: UInt64
        public let what: Interest
    }

    private let descriptor: Int32
    public static let readyMax = 64

    public init() throws(SystemError) {
        descriptor = quire_poll_create()
        guard descriptor >= 0 else { throw .last("epoll_create1", "") }
    }

    deinit { close(descriptor) }

    /// Watches `watched` for `interest`, in place of what it was watched for before.
    public func watch(_ watched: Int32, for interest: Interest, tag: UInt64) throws(SystemError) {
        guard quire_poll_watch(descriptor, watched, interest.rawValue, tag) == 0 else {
            throw .last("epoll_ctl", "descriptor \(watched)")
        }
    }

    /// Forgets a descriptor; do so before closing it, since a duplicate elsewhere would keep it watched.
    public func forget(_ watched: Int32) {
        _ = quire_poll_forget(descriptor, watched)
    }

    /// What is ready, at most `readyMax` at a time; empty after `milliseconds` or a signal. Nil waits without end.
    public func wait(milliseconds: Int?) throws(SystemError) -> [Ready] {
        try withUnsafeTemporaryAllocation(of: quire_ready.self, capacity: Self.readyMax) {
            (buffer) throws(SystemError) -> [Ready] in
            let limit = milliseconds.map { Int32(clamping: max(0, $0)) } ?? -1
            let count = quire_poll_wait(descriptor, buffer.baseAddress, Int32(Self.readyMax), limit)
            if count < 0 {
                if errno == EINTR { return [] }
                throw .last("epoll_wait", "")
            }
            return buffer.prefix(Int(count)).map { Ready(tag: $0.tag, what: Interest(rawValue: $0.what)) }
        }
    }
}

/// Wakes a thread that waits in a poll; may be signalled from any thread, any number of times.
public final class Wake: Sendable {
    public let descriptor: Int32

    public init() throws(SystemError) {
        descriptor = quire_wake_create()
        guard descriptor >= 0 else { throw .last("eventfd", "") }
    }

    deinit { close(descriptor) }

    public func signal() {
        var one: UInt64 = 1
        // Full means that it is signalled already.
        _ = write(descriptor, &one, 8)
    }

    /// Takes all signals given so far.
    public func clear() {
        var count: UInt64 = 0
        _ = read(descriptor, &count, 8)
    }
}
