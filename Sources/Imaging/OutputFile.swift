private import Digests
internal import Glibc
internal import ImageFiles
internal import JobModel
internal import LinuxSystem

/// A temp or spool file being written: created anew, digested on the way, removed again unless it is kept.
struct OutputFile: ~Copyable {
    let path: RawPath
    private let file: OpenFile
    private var digest = SHA256Stream()
    private(set) var byteCount: UInt64 = 0
    private var isKept = false

    /// - Parameter mode: Mode bits, whatever this process's umask is.
    init(_ path: RawPath, mode: UInt32) throws(ImagingError) {
        file = try Self.create(path, mode: mode)
        self.path = path
    }

    private static func create(_ path: RawPath, mode: UInt32) throws(ImagingError) -> OpenFile {
        do throws(SystemError) {
            // A worker that died left its temp file; the same attempt is never at work twice.
            try FileOperation.removeIfPresent(path)
            let file = try OpenFile(path, .create(mode: mode))
            guard fchmod(file.descriptor, mode_t(mode)) == 0 else {
                let error = SystemError.last("chmod", path.display)
                try FileOperation.removeIfPresent(path)
                throw error
            }
            return file
        } catch {
            throw fault(error)
        }
    }

    deinit {
        if !isKept { Self.remove(path) }
    }

    /// Removes a file this worker made; one that cannot be removed is left to the agent, which sweeps its folders.
    static func remove(_ path: RawPath) {
        do throws(SystemError) { try FileOperation.removeIfPresent(path) } catch {}
    }

    mutating func write(_ bytes: UnsafeRawBufferPointer) throws(ImagingError) {
        do throws(SystemError) {
            try file.write(bytes, at: byteCount)
        } catch {
            throw Self.fault(error)
        }
        digest.update(bytes)
        byteCount += UInt64(bytes.count)
    }

    mutating func write(_ bytes: [UInt8]) throws(ImagingError) {
        var failure: ImagingError?
        bytes.withUnsafeBytes { buffer in
            do throws(ImagingError) { try write(buffer) } catch { failure = error }
        }
        if let failure { throw failure }
    }

    mutating func write(_ pieces: [Piece], from source: some ByteSource) throws(ImagingError) {
        for piece in pieces {
            switch piece {
            case .bytes(let bytes): try write(bytes)
            case .copy(let range):
                var offset = range.offset
                while offset < range.end {
                    let chunk = ByteRange(offset: offset, count: min(range.end - offset, 1 << 20))
                    let bytes: [UInt8]
                    do throws(ImageFileError) { bytes = try source.read(chunk) } catch { throw ImagingError(error) }
                    try write(bytes)
                    offset = chunk.end
                }
            }
        }
    }

    /// Keeps the file and returns what is known of it.
    mutating func finish(modifiedNanoseconds: Int64?) throws(ImagingError) -> (sizeBytes: UInt64, digest: Digest256) {
        if let modifiedNanoseconds {
            let (seconds, rest) = modifiedNanoseconds.quotientAndRemainder(dividingBy: 1_000_000_000)
            let modified = timespec(
                tv_sec: Int(rest < 0 ? seconds - 1 : seconds), tv_nsec: Int(rest < 0 ? rest + 1_000_000_000 : rest))
            let times = [modified, modified]
            guard futimens(file.descriptor, times) == 0 else { throw Self.fault(.last("utimensat", path.display)) }
        }
        isKept = true
        return (byteCount, digest.finish())
    }

    /// Only what would hit no other file is the file's fault: a name that may not be written, a size the file system cannot hold.
    static func fault(_ error: SystemError) -> ImagingError {
        if error.isDenied { return .file(.denied, "writing the output: \(error.reason)") }
        if error.code == EFBIG { return .file(.noSpace, "writing the output: \(error.reason)") }
        return .storage(StorageFault(code: error.code, call: error.call))
    }
}
