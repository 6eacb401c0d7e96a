private import CLinux
internal import Glibc
internal import JobModel

/// The two ends of a pipe.
@frozen
public struct PipeEnds: ~Copyable {
    public let reading: OpenFile
    public let writing: OpenFile
}

/// What standard input and output were.
@frozen
public struct StandardStreams: ~Copyable {
    public let input: OpenFile
    public let output: OpenFile
}

/// Non-blocking reading and writing, and pipes made for them.
public enum Descriptors {
    public static func setNonBlocking(_ descriptor: Int32) throws(SystemError) {
        let flags = fcntl(descriptor, F_GETFL)
        guard flags >= 0, fcntl(descriptor, F_SETFL, flags | O_NONBLOCK) == 0 else {
            throw .last("fcntl", "descriptor \(descriptor)")
        }
    }

    /// Keeps an inherited descriptor from what this process starts; nothing if there is none of that number.
    public static func closeInChildren(_ descriptor: Int32) { _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC) }

    /// A pipe whose ends are closed in children; both block until told otherwise.
    public static func pipe() throws(SystemError) -> PipeEnds {
        var reading: Int32 = -1
        var writing: Int32 = -1
        guard quire_pipe(&reading, &writing) == 0 else { throw .last("pipe2", "") }
        let name = RawPath("pipe")
        return PipeEnds(reading: OpenFile(owning: reading, path: name), writing: OpenFile(owning: writing, path: name))
    }

    /// A copy of `descriptor` that is closed in children and lies above the standard ones.
    public static func duplicate(_ descriptor: Int32) throws(SystemError) -> OpenFile {
        let copy = fcntl(descriptor, F_DUPFD_CLOEXEC, 3)
        guard copy >= 0 else { throw .last("fcntl", "descriptor \(descriptor)") }
        return OpenFile(owning: copy, path: RawPath("descriptor \(descriptor)"))
    }

    /// Points descriptor 0 at /dev/null and 1 at standard error, so that nothing printed by a library gets between frames.
    ///
    /// Returns what they were.
    public static func takeStandardStreams() throws(SystemError) -> StandardStreams {
        let input = try duplicate(0)
        let output = try duplicate(1)
        let null = try OpenFile(RawPath("/dev/null"), .read)
        guard dup2(null.descriptor, 0) == 0 else { throw .last("dup2", "standard input") }
        guard dup2(2, 1) == 1 else { throw .last("dup2", "standard output") }
        return StandardStreams(input: input, output: output)
    }

    /// Opens those of descriptors 0 to 2 that are closed, so that no file of this process becomes its standard output.
    ///
    /// Called before anything else is opened. To read or write them fails as if they were closed still.
    public static func occupyStandardStreams() {
        for descriptor in Int32(0)...2 where fcntl(descriptor, F_GETFD) < 0 {
            // The lowest free number is the one that is given out.
            _ = open("/dev/null", descriptor == 0 ? O_WRONLY : O_RDONLY)
        }
    }

    public enum ReadOutcome: Sendable {
        /// This many bytes are in the buffer.
        case bytes(Int)
        case nothingYet
        case ended
        case failed(SystemError)
    }

    /// Reads once into `buffer`.
    public static func read(_ descriptor: Int32, into buffer: inout [UInt8]) -> ReadOutcome {
        let count = buffer.withUnsafeMutableBytes { room in retrying { Glibc.read(descriptor, room.baseAddress, room.count) } }
        if count > 0 { return .bytes(count) }
        if count == 0 { return .ended }
        if errno == EAGAIN || errno == EWOULDBLOCK { return .nothingYet }
        return .failed(.last("read", "descriptor \(descriptor)"))
    }
}

/// Bytes on their way out of a non-blocking descriptor.
public struct OutgoingBytes: Sendable {
    private var bytes: [UInt8] = []
    private var start = 0
    public let bytesMax: Int

    public init(bytesMax: Int) {
        self.bytesMax = bytesMax
    }

    public var count: Int { bytes.count - start }
    public var isEmpty: Bool { count == 0 }

    /// Puts `more` at the end; false, and nothing is taken, if that would pass `bytesMax`.
    public mutating func append(_ more: [UInt8]) -> Bool {
        guard count + more.count <= bytesMax else { return false }
        if bytes.isEmpty {
            bytes = more
            return true
        }
        if start > 1 << 20 && start > bytes.count / 2 {
            bytes.removeFirst(start)
            start = 0
        }
        bytes.append(contentsOf: more)
        return true
    }

    public enum WriteOutcome: Sendable {
        case done
        /// The other end takes no more now: write again when it is writable.
        case blocked
        case failed(SystemError)
    }

    /// Writes as much as the descriptor takes.
    public mutating func write(to descriptor: Int32) -> WriteOutcome {
        while start < bytes.count {
            let written = bytes.withUnsafeBytes { all in
                retrying { Glibc.write(descriptor, all.baseAddress! + start, all.count - start) }
            }
            if written < 0 {
                if errno == EAGAIN || errno == EWOULDBLOCK { return .blocked }
                return .failed(.last("write", "descriptor \(descriptor)"))
            }
            start += written
        }
        bytes.removeAll(keepingCapacity: bytes.count <= 1 << 20)
        start = 0
        return .done
    }
}
