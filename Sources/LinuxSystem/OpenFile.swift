private import CLinux
internal import Glibc
public import JobModel

/// A file descriptor with one owner, closed when the owner lets go.
public struct OpenFile: ~Copyable, Sendable {
    public let descriptor: Int32
    public let path: RawPath

    /// Takes over `descriptor`.
    public init(owning descriptor: Int32, path: RawPath) {
        self.descriptor = descriptor
        self.path = path
    }

    deinit { Glibc.close(descriptor) }

    public enum Mode: Sendable {
        case read
        /// A new file; an existing one is an error.
        case create(mode: UInt32)
        /// An existing or new file, for reading and writing, contents kept.
        case update(mode: UInt32)
    }

    /// Opens `path` with O_CLOEXEC; interrupted calls are repeated.
    public init(_ path: RawPath, _ mode: Mode) throws(SystemError) {
        let descriptor =
            switch mode {
            case .read: path.withCString { name in retrying { open(name, O_RDONLY | O_CLOEXEC | O_NOCTTY) } }
            case .create(let bits): path.withCString { name in retrying { open(name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode_t(bits)) } }
            case .update(let bits): path.withCString { name in retrying { open(name, O_RDWR | O_CREAT | O_CLOEXEC, mode_t(bits)) } }
            }
        guard descriptor >= 0 else { throw .last("open", path.display) }
        self.init(owning: descriptor, path: path)
    }

    public func facts() throws(SystemError) -> FileFacts {
        var record = stat()
        guard fstat(descriptor, &record) == 0 else { throw .last("stat", path.display) }
        return FileFacts(record)
    }

    /// Reads into `buffer` from `offset` until it is full or the file ends; returns the bytes read.
    public func read(into buffer: UnsafeMutableRawBufferPointer, at offset: UInt64) throws(SystemError) -> Int {
        var done = 0
        while done < buffer.count {
            let count = retrying { pread(descriptor, buffer.baseAddress! + done, buffer.count - done, off_t(offset) + off_t(done)) }
            if count == 0 { break }
            guard count > 0 else { throw .last("read", path.display) }
            done += count
        }
        return done
    }

    /// Up to `count` bytes from `offset`; fewer only at the end of the file.
    public func read(count: Int, at offset: UInt64) throws(SystemError) -> [UInt8] {
        var failure: SystemError?
        let bytes = [UInt8](unsafeUninitializedCapacity: count) { buffer, filled in
            do throws(SystemError) {
                filled = try read(into: UnsafeMutableRawBufferPointer(buffer), at: offset)
            } catch {
                failure = error
            }
        }
        if let failure { throw failure }
        return bytes
    }

    /// Writes all of `bytes` at `offset`.
    public func write(_ bytes: UnsafeRawBufferPointer, at offset: UInt64) throws(SystemError) {
        var done = 0
        while done < bytes.count {
            let count = retrying { pwrite(descriptor, bytes.baseAddress! + done, bytes.count - done, off_t(offset) + off_t(done)) }
            guard count > 0 else { throw .last("write", path.display) }
            done += count
        }
    }

    public func write(_ bytes: [UInt8], at offset: UInt64) throws(SystemError) {
        var failure: SystemError?
        bytes.withUnsafeBytes { buffer in
            do throws(SystemError) { try write(buffer, at: offset) } catch { failure = error }
        }
        if let failure { throw failure }
    }

    public func truncate(to size: UInt64) throws(SystemError) {
        guard retrying({ ftruncate(descriptor, off_t(size)) }) == 0 else { throw .last("truncate", path.display) }
    }

    /// Lets the kernel begin to write `range` to the disk, so that a later sync waits for less; promises nothing.
    public func startWriting(_ range: ByteRange) throws(SystemError) {
        // File systems that cannot (or a range the kernel finds odd) lose only the head start.
        let status = quire_start_writing(descriptor, Int64(range.offset), Int64(range.count))
        guard status == 0 || [EINVAL, ENOSYS, EOPNOTSUPP, ESPIPE].contains(errno) else { throw .last("sync_file_range", path.display) }
    }

    /// Gives the file this time of its last change, in nanoseconds since 1970; its time of last reading stays.
    public func setModified(nanoseconds: Int64) throws(SystemError) {
        // Rounded down, so that times before 1970 have a nanosecond part from 0 upwards too.
        let (seconds, rest) = nanoseconds.quotientAndRemainder(dividingBy: 1_000_000_000)
        let time = timespec(tv_sec: Int(rest < 0 ? seconds - 1 : seconds), tv_nsec: Int(rest < 0 ? rest + 1_000_000_000 : rest))
        let times = [timespec(tv_sec: 0, tv_nsec: omittedTime), time]
        guard futimens(descriptor, times) == 0 else { throw .last("utimensat", path.display) }
    }

    /// Gives the file these permission bits, whatever the umask.
    public func setMode(_ mode: UInt32) throws(SystemError) {
        guard fchmod(descriptor, mode_t(mode)) == 0 else { throw .last("chmod", path.display) }
    }

    /// Makes content and size durable.
    public func syncData() throws(SystemError) {
        guard fdatasync(descriptor) == 0 else { throw .last("fdatasync", path.display) }
    }
}

/// What `stat` tells of a file.
public struct FileFacts: Hashable, Sendable {
    public enum FileType: Hashable, Sendable {
        case regular, folder, link, other(String)
    }
    public var type: FileType
    public var identity: InputIdentity
    public var device: UInt64
    public var inode: UInt64
    /// User id of its owner.
    public var owner: UInt32
    public var mode: UInt32

    init(_ record: stat) {
        type =
            switch record.st_mode & S_IFMT {
            case S_IFREG: .regular
            case S_IFDIR: .folder
            case S_IFLNK: .link
            case S_IFIFO: .other("named pipe")
            case S_IFSOCK: .other("socket")
            case S_IFBLK: .other("block device")
            case S_IFCHR: .other("character device")
            default: .other("file of an unknown type")
            }
        identity = InputIdentity(
            sizeBytes: UInt64(record.st_size),
            modifiedSeconds: Int64(record.st_mtim.tv_sec), nanoseconds: Int64(record.st_mtim.tv_nsec))
        device = UInt64(record.st_dev)
        inode = UInt64(record.st_ino)
        owner = UInt32(record.st_uid)
        mode = UInt32(record.st_mode & 0o7777)
    }
}

/// UTIME_OMIT, a macro that is not imported (utimensat(2)).
private let omittedTime = (1 << 30) - 2

/// Repeats a system call that a signal interrupted.
func retrying<Result: SignedInteger>(_ call: () -> Result) -> Result {
    while true {
        let result = call()
        if result != -1 || errno != EINTR { return result }
    }
}

extension RawPath {
    /// Lends the path as a C string; a NUL inside traps, since no listing or command line can hold one.
    public func withCString<Result, Failure: Error>(_ body: (UnsafePointer<CChar>) throws(Failure) -> Result) throws(Failure) -> Result {
        precondition(!bytes.contains(0), "a path with a NUL byte")
        let terminated = bytes.map { CChar(bitPattern: $0) } + [0]
        var outcome: Swift.Result<Result, Failure>?
        terminated.withUnsafeBufferPointer { buffer in
            do throws(Failure) { outcome = .success(try body(buffer.baseAddress!)) } catch { outcome = .failure(error) }
        }
        return try outcome!.get()
    }

    /// The path a NUL-terminated string from the system spells.
    public init(cString: UnsafePointer<CChar>) {
        self.init(bytes: Array(UnsafeRawBufferPointer(start: cString, count: strlen(cString))))
    }
}

extension OpenFile {
    /// Copies up to `count` bytes between files without their passing through this process where the kernel can; returns how many.
    ///
    /// An end of `source` before the first byte is an error with ENODATA.
    public func copy(from source: borrowing OpenFile, sourceOffset: UInt64, targetOffset: UInt64, count: Int) throws(SystemError) -> UInt64 {
        let copied = retrying { quire_copy_range(source.descriptor, Int64(sourceOffset), descriptor, Int64(targetOffset), count) }
        if copied > 0 { return UInt64(copied) }
        if copied == 0 { throw SystemError("copy", source.path.display + ": it ends too early", code: ENODATA) }
        // Across file systems, or onto one that cannot: by way of memory.
        guard errno == EXDEV || errno == EINVAL || errno == ENOSYS || errno == EOPNOTSUPP else { throw .last("copy", path.display) }
        let bytes = try source.read(count: min(count, 1 << 20), at: sourceOffset)
        guard !bytes.isEmpty else { throw SystemError("copy", source.path.display + ": it ends too early", code: ENODATA) }
        try write(bytes, at: targetOffset)
        return UInt64(bytes.count)
    }
}

extension OpenFile {
    /// Writes all of `bytes` where the descriptor stands: to a pipe, or at the end of what was written before.
    public func append(_ bytes: [UInt8]) throws(SystemError) {
        var done = 0
        while done < bytes.count {
            let count = bytes.withUnsafeBytes { buffer in retrying { Glibc.write(descriptor, buffer.baseAddress! + done, buffer.count - done) } }
            guard count > 0 else { throw .last("write", path.display) }
            done += count
        }
    }

    /// What can be read now from a pipe, waiting for at least one byte; empty at its end.
    public func readAvailable(countMax: Int) throws(SystemError) -> [UInt8] {
        var failure: SystemError?
        let bytes = [UInt8](unsafeUninitializedCapacity: countMax) { buffer, filled in
            let count = retrying { Glibc.read(descriptor, buffer.baseAddress!, countMax) }
            if count < 0 { failure = .last("read", path.display) }
            filled = max(0, count)
        }
        if let failure { throw failure }
        return bytes
    }
}

extension OpenFile {
    /// A file in memory, for libraries that open names only: `/proc/self/fd/N` is one as long as this lives.
    public static func inMemory(_ bytes: [UInt8], name: String) throws(SystemError) -> OpenFile {
        let descriptor = quire_memory_file(name)
        guard descriptor >= 0 else { throw .last("memfd_create", name) }
        let file = OpenFile(owning: descriptor, path: RawPath("/proc/self/fd/\(descriptor)"))
        try file.write(bytes, at: 0)
        return file
    }
}
