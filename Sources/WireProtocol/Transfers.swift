public import JobModel

/// Numbers the files that one side sends over one connection, from 1 upwards.
public struct TransferID: RawRepresentable, Hashable, Sendable {
    public let rawValue: UInt32
    public init(rawValue: UInt32) { self.rawValue = rawValue }
}

/// Limits of moving files over an agent's stream.
public enum Transfer {
    /// Bytes of a file in one frame: a ping waits for no more.
    public static let chunkBytesMax = 128 << 10
    /// Bytes that may be under way without the receiver having stored them: more buys nothing on a LAN (ssh.md, section 4).
    public static let windowBytes = 4 << 20
    /// Files up to this size travel whole, several in one message.
    public static let wholeFileBytesMax = 64 << 10
    /// Content of all files in one message.
    public static let batchBytesMax = 256 << 10
    /// Files in one message.
    public static let batchFilesMax = 256
    /// What every file counts against the window beside its content, so that empty files are bounded too.
    public static let fileCostBytes = 1 << 10
}

/// What a file that is sent is for.
public enum TransferredFile: Hashable, Sendable {
    /// The input of an attempt.
    case input(Attempt)
    /// A file of the folder that is the input of an attempt, by its place in `StagedOrder.parts`.
    case part(Attempt, UInt32)
    /// A file for all attempts, by its place in `HeadMessage.carry`.
    case carried(UInt32)
    /// A file of the bundle, by its place in the list.
    case bundle(UInt32)
    /// A made file of an attempt, by its temp name without a folder.
    case output(Attempt, RawPath)
    /// A file for the job's spool, by its name.
    case spooled(Attempt, RawPath)

    /// Whose file it is; nil for one of the bundle or of all attempts.
    public var attempt: Attempt? {
        switch self {
        case .input(let attempt), .output(let attempt, _), .spooled(let attempt, _), .part(let attempt, _): attempt
        case .bundle, .carried: nil
        }
    }
}

public struct TransferHeader: Hashable, Sendable {
    public var id: TransferID
    public var file: TransferredFile
    /// Size and time the file has on the sender's side; the receiver gives it the same time.
    public var identity: InputIdentity
    /// Permission bits on the sender's side.
    public var mode: UInt32

    public init(id: TransferID, file: TransferredFile, identity: InputIdentity, mode: UInt32) {
        self.id = id
        self.file = file
        self.identity = identity
        self.mode = mode
    }
}

/// A small file that travels in one piece.
public struct WholeFile: Hashable, Sendable {
    public var header: TransferHeader
    public var content: [UInt8]
    public var digest: Digest256

    public init(header: TransferHeader, content: [UInt8], digest: Digest256) {
        self.header = header
        self.content = content
        self.digest = digest
    }
}

/// How files move, the same in both directions: `begin`, chunks as bulk frames, then `end` with the digest or `broken`.
///
/// One file after another: every file that was begun ends before the next begins. Its content and `Transfer.fileCostBytes`
/// count against the receiver's window; `credit` gives back what was stored or dropped.
public enum TransferMessage: Hashable, Sendable {
    case begin(TransferHeader)
    case whole([WholeFile])
    /// All content has been sent; SHA-256 of it.
    case end(TransferID, Digest256)
    /// The sender cannot read on: what has come is void.
    case broken(TransferID, StorageFault)
    /// The receiver cannot store the file: what still comes of it is dropped.
    case refused(TransferID, StorageFault)
    case credit(bytes: UInt64)
}
