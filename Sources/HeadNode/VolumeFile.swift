import JobModel
import LinuxSystem
import PDFAssembly

/// The partial file of one PDF volume: grows at its end; long ranges are copied by threads while more is placed behind them.
struct VolumeFile: ~Copyable {
    let path: RawPath
    private let target: SharedFile
    private let threads: CopyThreads
    private var pending: [UInt8] = []
    /// Bytes handed over so far, whether they are in the file yet or not.
    private(set) var byteCount: UInt64 = 0

    /// Bytes are gathered up to this before they are written.
    private static let pendingBytesMax = 1 << 20
    /// Shorter ranges are read into `pending`: handing each over costs more than the copy.
    private static let gatheredBytesMax: UInt64 = 64 << 10
    /// Placed bytes after which the kernel is asked to begin writing, so that the next sync has little to wait for.
    private static let writingBytes: UInt64 = 16 << 20
    private var writingOffset: UInt64 = 0

    init(creating path: RawPath, threads: CopyThreads) throws(SystemError) {
        self.path = path
        self.threads = threads
        try FileOperation.removeIfPresent(path)
        target = SharedFile(try OpenFile(path, .update(mode: 0o666)))
    }

    /// Goes on behind the first `byteCount` bytes of a file that has them; what follows them is cut off.
    init(continuing path: RawPath, at byteCount: UInt64, threads: CopyThreads) throws(SystemError) {
        let file = try OpenFile(path, .update(mode: 0o666))
        try file.truncate(to: byteCount)
        self.path = path
        self.threads = threads
        target = SharedFile(file)
        self.byteCount = byteCount
        writingOffset = byteCount
    }

    mutating func write(_ bytes: [UInt8]) throws(SystemError) {
        pending.append(contentsOf: bytes)
        byteCount += UInt64(bytes.count)
        if pending.count >= Self.pendingBytesMax { try flush() }
    }

    /// Places a range of `source` at the end; what goes wrong while it is copied is thrown by a later call.
    ///
    /// The source must have the range (an end of file before that is ENODATA), and `identity` if one is given (else ESTALE).
    mutating func copy(_ range: ByteRange, of source: RawPath, identity: InputIdentity?) throws(SystemError) {
        guard range.count > Self.gatheredBytesMax else {
            let file = try OpenFile(source, .read)
            let bytes = try file.read(count: Int(range.count), at: range.offset)
            if let identity { try file.check(identity) }
            guard bytes.count == Int(range.count) else { throw SystemError("read", "\(source): it ends too early", code: noDataCode) }
            try write(bytes)
            return
        }
        // What comes before goes along: two threads that write to one file wait for each other.
        var copy = RangeCopy(
            leading: pending, source: source, identity: identity, range: range, target: target,
            targetOffset: byteCount - UInt64(pending.count))
        pending = []
        byteCount += range.count
        if byteCount - writingOffset >= Self.writingBytes {
            copy.written = ByteRange(offset: writingOffset, count: byteCount - writingOffset)
            writingOffset = byteCount
        }
        try threads.start(copy)
    }

    private mutating func flush() throws(SystemError) {
        if pending.isEmpty { return }
        let offset = byteCount - UInt64(pending.count)
        try target.file.write(pending, at: offset)
        pending.removeAll(keepingCapacity: true)
    }

    mutating func truncate(to size: UInt64) throws(SystemError) {
        try flush()
        try threads.finish()
        try target.file.truncate(to: size)
        byteCount = size
        writingOffset = min(writingOffset, size)
    }

    /// Makes all that was handed over durable.
    mutating func sync() throws(SystemError) {
        try flush()
        try threads.finish()
        try target.file.syncData()
    }
}

/// ENODATA, for a file that ends before the bytes it should have.
let noDataCode: Int32 = 61

extension VolumeEnding {
    /// Ends the volume in `path`, which is synced then; doing it twice does no harm. Returns the size of the file.
    func write(to path: RawPath) throws(SystemError) -> UInt64 {
        let file = try OpenFile(path, .update(mode: 0o666))
        var offset = keptByteCount
        try file.truncate(to: offset)
        for instruction in self {
            guard case .bytes(let bytes) = instruction else { preconditionFailure("an ending copies nothing") }
            try file.write(bytes, at: offset)
            offset += UInt64(bytes.count)
        }
        try file.syncData()
        return offset
    }
}
