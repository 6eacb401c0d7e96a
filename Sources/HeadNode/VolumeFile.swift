import JobModel
import LinuxSystem

/// The partial file of one PDF volume: written at its end only, in large pieces.
struct VolumeFile: ~Copyable {
    let path: RawPath
    private let file: OpenFile
    private var pending: [UInt8] = []
    /// Bytes handed over so far, whether they are in the file yet or not.
    private(set) var byteCount: UInt64 = 0

    /// Bytes are gathered up to this before they are written.
    private static let pendingBytesMax = 1 << 20
    /// One copy_file_range call, so that a stop is noticed between calls.
    private static let copyBytesMax: UInt64 = 64 << 20
    /// Shorter ranges are read into `pending`: a system call for each costs more than the copy.
    private static let gatheredBytesMax: UInt64 = 64 << 10

    init(creating path: RawPath) throws(SystemError) {
        self.path = path
        try FileOperation.removeIfPresent(path)
        file = try OpenFile(path, .update(mode: 0o666))
    }

    mutating func write(_ bytes: [UInt8]) throws(SystemError) {
        pending.append(contentsOf: bytes)
        byteCount += UInt64(bytes.count)
        if pending.count >= Self.pendingBytesMax { try flush() }
    }

    /// Copies a range of `source`, which must have it: an end of file before that is an error with ENODATA.
    mutating func copy(_ range: ByteRange, of source: borrowing OpenFile) throws(SystemError) {
        if range.count <= Self.gatheredBytesMax {
            let bytes = try source.read(count: Int(range.count), at: range.offset)
            guard bytes.count == Int(range.count) else { throw SystemError("read", source.path.display + ": it ends too early", code: 61) }
            try write(bytes)
            return
        }
        try flush()
        var done: UInt64 = 0
        while done < range.count {
            done += try file.copy(
                from: source, sourceOffset: range.offset + done, targetOffset: byteCount + done,
                count: Int(min(range.count - done, Self.copyBytesMax)))
        }
        byteCount += range.count
    }

    mutating func flush() throws(SystemError) {
        if pending.isEmpty { return }
        try file.write(pending, at: byteCount - UInt64(pending.count))
        pending.removeAll(keepingCapacity: true)
    }

    mutating func truncate(to size: UInt64) throws(SystemError) {
        try flush()
        try file.truncate(to: size)
        byteCount = size
    }

    mutating func sync() throws(SystemError) {
        try flush()
        try file.syncData()
    }
}
