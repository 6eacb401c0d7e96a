internal import Glibc
public import JobModel
private import Synchronization

/// Files whose content shall be durable before anybody hears of them.
public struct SyncGroup: Sendable {
    public let id: UInt64
    public let files: [RawPath]

    public init(id: UInt64, files: [RawPath]) {
        self.id = id
        self.files = files
    }
}

/// A group that was worked through, and which of its files could not be made durable.
public struct SyncedGroup: Sendable {
    public let id: UInt64
    /// By place in `files`, ascending.
    public let failures: [(index: Int, error: SystemError)]

    public init(id: UInt64, failures: [(index: Int, error: SystemError)]) {
        self.id = id
        self.failures = failures
    }
}

/// A few threads that fdatasync groups of files: many at once are gathered into few journal commits by the file system.
///
/// Groups may finish in another order than they were given. Never blocks its user: at most `groupsMax` may be under way.
public final class SyncThreads: Sendable {
    public static let groupsMax = 8
    private let tickets: [Mailbox<Progress>]
    private let threads: [SystemThread]
    private let finished: Mailbox<SyncedGroup>

    /// - Parameter wake: signalled after each finished group; nil for a user that waits with `awaitFinished`.
    public init(count: Int = 4, wake: Wake?) {
        let finished = Mailbox<SyncedGroup>(elementsMax: Self.groupsMax)
        let tickets = (0..<count).map { _ in Mailbox<Progress>(elementsMax: Self.groupsMax) }
        self.finished = finished
        self.tickets = tickets
        threads = tickets.map { mailbox in
            SystemThread("sync") {
                while let groups = mailbox.receiveAll(waitingMilliseconds: nil) {
                    for group in groups {
                        guard let result = group.work() else { continue }
                        finished.send(result)
                        wake?.signal()
                    }
                }
            }
        }
    }

    /// Gives a group to the threads; the caller keeps no more than `groupsMax` under way.
    public func start(_ group: SyncGroup) {
        let helpers = tickets.prefix(max(1, group.files.count))
        let progress = Progress(group, helpers: helpers.count)
        for mailbox in helpers { mailbox.send(progress) }
    }

    /// The groups finished since the last call.
    public func takeFinished() -> [SyncedGroup] {
        finished.receiveAll(waitingMilliseconds: 0) ?? []
    }

    /// Waits for the next group to be finished; one must be under way.
    public func awaitFinished() -> SyncedGroup {
        guard let group = finished.receiveOne(waitingMilliseconds: nil) else { preconditionFailure("nothing is being synced") }
        return group
    }

    /// Ends the threads after the groups they have.
    public func stop() {
        for mailbox in tickets { mailbox.close() }
        for thread in threads { thread.join() }
    }
}

/// A group in work: threads take the next file until none is left; the last to leave has the result.
private final class Progress: Sendable {
    private let group: SyncGroup
    private let next = Atomic<Int>(0)
    private let helpersLeft: Atomic<Int>
    private let failures = Mutex<[(index: Int, error: SystemError)]>([])

    init(_ group: SyncGroup, helpers: Int) {
        self.group = group
        helpersLeft = Atomic(helpers)
    }

    func work() -> SyncedGroup? {
        while true {
            let index = next.add(1, ordering: .relaxed).oldValue
            guard index < group.files.count else { break }
            do throws(SystemError) {
                try OpenFile(group.files[index], .read).syncData()
            } catch {
                failures.withLock { $0.append((index, error)) }
            }
        }
        guard helpersLeft.subtract(1, ordering: .acquiringAndReleasing).newValue == 0 else { return nil }
        return SyncedGroup(id: group.id, failures: failures.withLock { $0.sorted { $0.index < $1.index } })
    }
}
