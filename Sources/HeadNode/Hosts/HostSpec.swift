public import JobModel
public import SSHTransport

/// One host as the user listed it, in `--hosts FILE` or with `--host`.
public struct HostSpec: Sendable {
    public enum Place: Hashable, Sendable {
        /// `localhost`: the agent is a child process here.
        case thisMachine
        case remote(HostAddress)
    }

    /// Whether the host sees the head's files itself.
    public enum Storage: String, CaseIterable, Sendable {
        /// Found out, input root by input root.
        case auto
        case staged
        case shared
    }

    /// Which libraries the worker uses.
    public enum WorkerChoice: String, CaseIterable, Sendable {
        /// The head's, which travel with it.
        case bundle
        /// The host's own.
        case host
    }

    /// A folder of the head and where the host sees it.
    public struct PathMapping: Hashable, Sendable {
        public var head: RawPath
        public var host: RawPath
        public init(head: RawPath, host: RawPath) {
            self.head = head
            self.host = host
        }
    }

    /// A span of each day in minutes since midnight, local time of the head; it may go over midnight.
    public struct Hours: Hashable, Sendable {
        public var fromMinute: Int
        public var toMinute: Int
        public init(fromMinute: Int, toMinute: Int) {
            self.fromMinute = fromMinute
            self.toMinute = toMinute
        }

        public func contains(minute: Int) -> Bool {
            fromMinute <= toMinute ? minute >= fromMinute && minute < toMinute : minute >= fromMinute || minute < toMinute
        }
    }

    /// For people; unlike among the hosts of a job.
    public var name: String
    public var place: Place
    /// Nil takes what the agent finds.
    public var slots: Int?
    public var workerMemoryBytesMax: UInt64?
    public var storage = Storage.auto
    public var mappings: [PathMapping] = []
    /// Nil is `/var/tmp/quire-UID`.
    public var scratch: RawPath?
    /// Workers run at nice 19, SCHED_IDLE and with idle I/O.
    public var yieldsToOthers: Bool
    /// Nil is always.
    public var hours: Hours?
    public var tags: [String] = []
    public var worker = WorkerChoice.bundle
    public var connection = ConnectionSettings()
    /// A head that says nothing for this long has lost its agent there.
    public var leaseSeconds = HostSpec.usualLeaseSeconds
    public static let usualLeaseSeconds: UInt32 = 15

    public init(name: String, place: Place) {
        self.name = name
        self.place = place
        yieldsToOthers = place != .thisMachine
    }
}
