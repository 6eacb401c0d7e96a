private import Digests
internal import Glibc
internal import ImageFiles
internal import JobModel
internal import LinuxSystem

/// An order's input, open for reading: in memory when it is small, else read where it lies.
///
/// Small files are read once, in order, before anything looks at them, so a shared folder sees one pass and no
/// decoder meets a file that shrinks under it.
final class InputFile: ByteSource {
    /// Files up to this size are held in memory: all but the largest scans.
    static let memoryBytesMax: UInt64 = 64 << 20

    let path: RawPath
    let file: OpenFile
    let byteCount: UInt64
    let modifiedNanoseconds: Int64
    private let memory: UnsafeMutableRawBufferPointer?

    /// Opens the input and checks that it is what the plan saw.
    convenience init(_ order: WorkOrder) throws(ImagingError) {
        try self.init(order.input, expecting: order.identity)
    }

    /// Opens a file this worker has just written.
    convenience init(written path: RawPath) throws(ImagingError) {
        try self.init(path, expecting: nil)
    }

    private init(_ path: RawPath, expecting planned: InputIdentity?) throws(ImagingError) {
        self.path = path
        var held: UnsafeMutableRawBufferPointer?
        do throws(SystemError) {
            let opened = try OpenFile(path, .read)
            let facts = try opened.facts()
            switch facts.type {
            case .regular: break
            case .folder: throw SystemError("read", "a folder", code: EISDIR)
            case .link: throw SystemError("read", "a link", code: ELOOP)
            case .other(let kind): throw SystemError("read", "a \(kind)", code: EINVAL)
            }
            byteCount = facts.identity.sizeBytes
            modifiedNanoseconds = facts.identity.modifiedNanoseconds
            if planned == nil || planned == facts.identity, byteCount > 0, byteCount <= Self.memoryBytesMax {
                let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: Int(byteCount), alignment: 16)
                held = buffer
                let count = try opened.read(into: buffer, at: 0)
                if count < buffer.count { throw SystemError("read", "the file shrank", code: ESTALE) }
            }
            file = opened
            memory = held
        } catch {
            held?.deallocate()
            throw .file(Self.failure(of: error))
        }
        if let planned, planned.sizeBytes != byteCount {
            throw .file(.changed, "planned with \(planned.sizeBytes) bytes, it has \(byteCount) now")
        } else if let planned, planned.modifiedNanoseconds != modifiedNanoseconds {
            throw .file(.changed, "modified since it was planned")
        }
    }

    deinit { memory?.deallocate() }

    /// The whole content where it is held in memory; valid while this object lives.
    var wholeBytes: UnsafeRawBufferPointer? { memory.map { UnsafeRawBufferPointer($0) } }

    func read(_ range: ByteRange) throws(ImageFileError) -> [UInt8] {
        let (end, overflow) = range.offset.addingReportingOverflow(range.count)
        guard !overflow, end <= byteCount else { throw .truncated("the file ends before byte \(range.offset) + \(range.count)") }
        if let memory {
            return Array(memory[Int(range.offset)..<Int(end)])
        }
        do throws(SystemError) {
            let bytes = try file.read(count: Int(range.count), at: range.offset)
            guard bytes.count == Int(range.count) else { throw SystemError("read", "the file shrank", code: ESTALE) }
            return bytes
        } catch {
            throw .unreadable(error.reason)
        }
    }

    /// As `read`, as the verdict of its task.
    func chunk(_ range: ByteRange) throws(ImagingError) -> [UInt8] {
        do throws(ImageFileError) { return try read(range) } catch { throw ImagingError(error) }
    }

    func digest() throws(ImagingError) -> Digest256 {
        var stream = SHA256Stream()
        if let memory {
            stream.update(UnsafeRawBufferPointer(memory))
            return stream.finish()
        }
        var offset: UInt64 = 0
        while offset < byteCount {
            let range = ByteRange(offset: offset, count: min(byteCount - offset, 1 << 20))
            stream.update(try chunk(range))
            offset = range.end
        }
        return stream.finish()
    }

    /// What a failed call on an input means for its task.
    static func failure(of error: SystemError) -> TaskFailure {
        if error.isNotFound { return TaskFailure(.vanished, "the file is not there any more") }
        if error.isDenied { return TaskFailure(.denied, "reading it is not allowed: \(error.reason)") }
        if error.code == ENOMEM { return TaskFailure(.memory, "no memory to read it") }
        return TaskFailure(.unreadable, "\(error.call): \(error.reason)")
    }
}

extension ImagingError {
    /// What a structure reader's error means for the task.
    init(_ error: ImageFileError) {
        switch error {
        case .notThisKind: self = .file(.damaged, "the content is not what its first bytes say")
        case .truncated(let text): self = .file(.truncated, text)
        case .damaged(let text): self = .file(.damaged, text)
        case .unsupported(let text), .unwritable(let text): self = .file(.unsupported, text)
        case .unreadable(let text): self = .file(.unreadable, text)
        }
    }
}
