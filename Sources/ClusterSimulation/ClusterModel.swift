/// A host as the simulation knows it.
public struct HostModel: Hashable, Sendable {
    public var name: String
    public var slots: Int
    /// How fast a slot works; 100 is the speed the tasks' times are counted in.
    public var speedPercent: UInt64
    /// How inputs and outputs travel; nil where the host sees the head's files itself.
    public var link: LinkModel?
    /// Room for staged files on the host.
    public var scratchBytes: UInt64

    public init(name: String, slots: Int, speedPercent: UInt64 = 100, link: LinkModel? = nil, scratchBytes: UInt64 = 64 << 30) {
        self.name = name
        self.slots = slots
        self.speedPercent = speedPercent
        self.link = link
        self.scratchBytes = scratchBytes
    }
}

/// A host's way to the head, both directions alike.
public struct LinkModel: Hashable, Sendable {
    public var bytesPerSecond: UInt64
    public init(bytesPerSecond: UInt64) { self.bytesPerSecond = bytesPerSecond }
}

/// The tasks of a job, 12 bytes each, so that ten million fit.
public struct WorkModel: Sendable {
    /// What each task takes on a slot of 100 percent.
    public var microseconds: [UInt32]
    /// Bytes each input has, in KiB rounded up.
    public var inputKibibytes: [UInt32]
    /// What comes back for each input, in percent of its bytes.
    public var outputPercent: UInt64

    public init(microseconds: [UInt32], inputKibibytes: [UInt32], outputPercent: UInt64 = 10) {
        precondition(microseconds.count == inputKibibytes.count, "a time and a size for every task")
        self.microseconds = microseconds
        self.inputKibibytes = inputKibibytes
        self.outputPercent = outputPercent
    }

    public var count: Int { microseconds.count }
    func inputBytes(_ task: Int) -> UInt64 { UInt64(inputKibibytes[task]) << 10 }
    func outputBytes(_ task: Int) -> UInt64 { inputBytes(task) * outputPercent / 100 }
}

/// A cluster and its job, and how the head and its agents go about it.
public struct ClusterModel: Sendable {
    public var hosts: [HostModel]
    public var work: WorkModel
    /// The head's own connection, which all staged hosts share.
    public var headBytesPerSecond: UInt64 = 1_250_000_000
    public var latencyMicroseconds: UInt64 = 200
    /// How long an agent gathers reports while it has other orders to start.
    public var reportDelayMicroseconds: UInt64 = 500_000
    /// How long the head is without a sign of a host before it counts it lost.
    public var silenceMicroseconds: UInt64 = 12_000_000
    /// How long an agent whose head fell silent works on.
    public var leaseMicroseconds: UInt64 = 15_000_000
    /// Time from the first dial to a host that is ready.
    public var connectMicroseconds: UInt64 = 300_000
    /// Time to make a group of outputs durable and record it.
    public var commitMicroseconds: UInt64 = 5_000

    public init(hosts: [HostModel], work: WorkModel) {
        self.hosts = hosts
        self.work = work
    }
}
