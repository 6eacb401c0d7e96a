internal import Digests
public import JobModel
internal import LinuxSystem
internal import Synchronization
public import WireProtocol

/// Where an arriving file is stored.
public struct Placement: Hashable, Sendable {
    /// A new file; a file that is there already is an error.
    public var path: RawPath
    public var mode: UInt32
    /// Whether it gets the time that the file has on the sender's side.
    public var keepsTime: Bool
    /// Whether it gets the permission bits that it has on the sender's side in place of `mode`, but never set-user-ID and the like;
    /// its owner may always read it.
    public var keepsMode: Bool
    /// Whether folders that are not there are made, for nobody but this user; else they must be.
    public var makesFolders: Bool

    public init(path: RawPath, mode: UInt32, keepsTime: Bool, keepsMode: Bool = false, makesFolders: Bool = false) {
        self.path = path
        self.mode = mode
        self.keepsTime = keepsTime
        self.keepsMode = keepsMode
        self.makesFolders = makesFolders
    }
}

/// Why a file is not here: nothing of it is left behind.
public enum ReceivingFault: Error, Hashable, Sendable {
    case notStored(StorageFault)
    /// Size or digest of what came is not what the sender said.
    case garbled
    /// The sender could not read on, or took the file back.
    case broken(StorageFault)

    /// The same as a fault of storage; EBADMSG stands for garbled content.
    public var storageFault: StorageFault {
        switch self {
        case .notStored(let fault), .broken(let fault): fault
        case .garbled: StorageFault(code: garbledCode, call: "transfer")
        }
    }
}

/// Stores the files that come over one connection, from a thread of its own, so that a slow disk holds up no ping.
///
/// Each is written to a new file, its size and digest are checked, and only then is it told to have arrived. Durability is
/// the owner's affair. `take` returns at once: the window bounds what can wait here.
public final class FileReceiver: Sendable {
    public enum Event: Hashable, Sendable {
        case arrived(TransferredFile, RawPath, Digest256)
        /// Files that nobody wanted are not told.
        case failed(TransferredFile, ReceivingFault)
        /// The peer does not keep to the protocol: end the connection.
        case violated(String)
    }

    enum Arrival: Sendable {
        case message(TransferMessage)
        case chunk(TransferID, [UInt8])
    }

    /// At most this many arrivals fit into a window: begin, end and one chunk for each file of the least cost.
    private static let arrivalsMax = 3 * Transfer.windowBytes / Transfer.fileCostBytes

    private let mailbox = Mailbox<Arrival>(elementsMax: FileReceiver.arrivalsMax)
    private let window = Atomic<Int>(Transfer.windowBytes)
    private let tell: @Sendable (Event) -> Void
    private let thread: Mutex<SystemThread?> = Mutex(nil)

    /// All closures are called on the receiver's thread.
    ///
    /// - Parameters:
    ///   - name: of the thread, at most 15 bytes.
    ///   - place: where a file goes; nil for one that is not wanted, which is refused and dropped.
    ///   - answer: sends `credit` and `refused` to the sender, in the control lane.
    ///   - tell: what became of each file.
    public init(
        name: String, place: @escaping @Sendable (TransferredFile) -> Placement?,
        answer: @escaping @Sendable (TransferMessage) -> Void, tell: @escaping @Sendable (Event) -> Void
    ) {
        self.tell = tell
        let mailbox = mailbox
        let thread = SystemThread(name) { [weak self] in
            let credit: (Int) -> Void = { bytes in
                self?.window.add(bytes, ordering: .relaxed)
                answer(.credit(bytes: UInt64(bytes)))
            }
            let loop = ReceivingLoop(place: place, credit: credit, answer: answer, tell: tell)
            while let arrivals = mailbox.receiveAll(waitingMilliseconds: nil) {
                for arrival in arrivals { loop.take(arrival) }
                loop.giveCredit()
            }
            loop.end()
        }
        self.thread.withLock { $0 = thread }
    }

    /// Takes `begin`, `whole`, `end` or `broken` as it arrived; false if the sender overran its window.
    public func take(_ message: TransferMessage) -> Bool {
        let cost =
            switch message {
            case .begin: Transfer.fileCostBytes
            case .whole(let files): files.reduce(0) { $0 + $1.content.count + Transfer.fileCostBytes }
            case .end, .broken, .refused, .credit: 0
            }
        return take(.message(message), cost: cost)
    }

    /// Takes a chunk as it arrived; false if the sender overran its window.
    public func take(_ chunk: [UInt8], of id: TransferID) -> Bool { take(.chunk(id, chunk), cost: chunk.count) }

    private func take(_ arrival: Arrival, cost: Int) -> Bool {
        guard window.subtract(cost, ordering: .relaxed).newValue >= 0 else { return false }
        return mailbox.sendIfRoom(arrival)
    }

    /// Ends the thread after what has arrived; the file that is half here is removed.
    public func close() { mailbox.close() }

    /// Waits for the thread's end, after `close`.
    public func join() { thread.withLock { $0 }?.join() }
}
