public import JobModel
internal import LinuxSystem
public import WireProtocol

/// Sends files over one connection, in the order given, from a thread of its own.
///
/// Files up to `Transfer.wholeFileBytesMax` travel together in one message as long as more wait; larger ones in chunks,
/// hashed on the way. Never more than `Transfer.windowBytes` are under way without credit. A file that changes or cannot be
/// read is void on the other side too. All calls but `join` return at once.
public final class FileSender: Sendable {
    public enum Event: Hashable, Sendable {
        /// Its last byte was given to the connection.
        case sent(TransferredFile, Digest256)
        case failed(TransferredFile, SendingFault)
    }

    /// More than this waiting, and its owner should not add to it.
    public static let waitingHigh = 4_096
    /// An owner that adds on past this is told that the connection is over: nothing here grows without bound.
    public static let waitingMax = 1 << 20

    private let state = Monitor(SenderState())
    private let thread: SystemThread

    /// All closures are called on the sender's thread.
    ///
    /// - Parameters:
    ///   - name: of the thread, at most 15 bytes.
    ///   - encode: a transfer message as a frame: each side wraps it in its own messages.
    ///   - send: takes a frame for the bulk lane, waiting while that is full; false when the connection is over.
    ///   - tell: what became of each file that was not withdrawn.
    public init(
        name: String, encode: @escaping @Sendable (TransferMessage) -> [UInt8], send: @escaping @Sendable ([UInt8]) -> Bool,
        tell: @escaping @Sendable (Event) -> Void
    ) {
        let state = state
        thread = SystemThread(name) { SendingLoop(state, encode: encode, send: send, tell: tell).run() }
    }

    /// Puts a file behind what waits; false when the connection is over.
    @discardableResult
    public func add(_ file: OutgoingFile) -> Bool { add(.file(file)) }

    /// Puts a whole frame behind the files added before it; false when the connection is over.
    @discardableResult
    public func addInOrder(_ frame: [UInt8]) -> Bool { add(.frame(frame)) }

    private func add(_ parcel: Parcel) -> Bool {
        state.update { state in
            guard !state.isClosed, state.parcels.count < Self.waitingMax else { return false }
            state.parcels.append(parcel)
            return true
        }
    }

    /// Files and frames that the thread has not begun with.
    public var waiting: Int { state.update { $0.parcels.count } }

    /// The connection is over.
    public var isClosed: Bool { state.update { $0.isClosed } }

    /// The receiver has stored or dropped this much (`TransferMessage.credit`); false if it never had as much.
    public func grant(bytes: UInt64) -> Bool {
        state.update { state in
            guard bytes <= UInt64(Transfer.windowBytes - state.windowBytes) else { return false }
            state.windowBytes += Int(bytes)
            return true
        }
    }

    /// The receiver cannot store this file (`TransferMessage.refused`): stops it if it is still under way.
    public func refused(_ id: TransferID, _ fault: StorageFault) {
        state.update { if $0.current?.id == id { $0.stop = .refused(fault) } }
    }

    /// Forgets the files of these attempts, also one that is half sent; nothing more is told of them.
    public func withdraw(_ attempts: Set<Attempt>) {
        state.update { state in
            state.parcels.removeAll { parcel in
                if case .file(let file) = parcel, let attempt = file.file.attempt { attempts.contains(attempt) } else { false }
            }
            if let attempt = state.current?.attempt, attempts.contains(attempt) { state.stop = .withdrawn }
        }
    }

    /// Ends the thread as soon as a read or write in hand returns; what waits is dropped.
    public func close() {
        state.update { state in
            state.isClosed = true
            state.parcels.removeAll()
        }
    }

    /// Waits for the thread's end, after `close`. A file on a dead share can hold it for long.
    public func join() { thread.join() }
}

enum Parcel: Sendable {
    case file(OutgoingFile)
    case frame([UInt8])
}

struct SenderState: Sendable {
    enum Stop: Sendable {
        case refused(StorageFault)
        case withdrawn
    }

    struct Current: Sendable {
        var id: TransferID
        var attempt: Attempt?
    }

    var parcels = Queue<Parcel>()
    /// What may still be sent before credit comes.
    var windowBytes = Transfer.windowBytes
    /// The file that is sent in chunks just now.
    var current: Current?
    /// Asks for the end of `current`.
    var stop: Stop?
    var isClosed = false
}
