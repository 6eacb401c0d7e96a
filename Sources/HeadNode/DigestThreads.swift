import Digests
import JobModel
import LinuxSystem

/// What reading a file to its end came to.
enum FileDigest: Sendable {
    /// `identity` is what it had before and after it was read.
    case digest(Digest256, identity: InputIdentity)
    case missing
    /// In words: the kernel's reason, or what it is instead of a file.
    case unreadable(String)

    /// Reads all of a file, following links; a pipe or device is not opened, since that may wait for ever.
    static func reading(_ path: RawPath) -> FileDigest {
        do throws(SystemError) {
            let before = try FileOperation.facts(of: path)
            switch before.type {
            case .regular, .link: break
            case .folder: return .unreadable("it is a folder")
            case .other(let kind): return .unreadable("it is a \(kind)")
            }
            let file = try OpenFile(path, .read)
            let digest = try SHA256Stream.digest(of: file)
            let identity = try file.facts().identity
            guard identity == before.identity else { return .unreadable("it changed while it was read") }
            return .digest(digest, identity: identity)
        } catch {
            return error.isNotFound ? .missing : .unreadable(error.reason)
        }
    }
}

extension SHA256Stream {
    /// The digest of a file's bytes from its start to its end.
    static func digest(of file: borrowing OpenFile) throws(SystemError) -> Digest256 {
        var stream = SHA256Stream()
        let pieceBytes = Int(clamping: min(max(try file.facts().identity.sizeBytes, 1 << 12), 1 << 18))
        let piece = UnsafeMutableRawBufferPointer.allocate(byteCount: pieceBytes, alignment: 64)
        defer { piece.deallocate() }
        var offset: UInt64 = 0
        while true {
            let count = try file.read(into: piece, at: offset)
            if count == 0 { return stream.finish() }
            stream.update(UnsafeRawBufferPointer(rebasing: piece[..<count]))
            offset += UInt64(count)
        }
    }
}

/// A few threads that read files for their digests; results come in the order the files were given in.
///
/// Each file carries a `Mark` of its user. Used by one thread.
final class DigestThreads<Mark: Sendable> {
    struct File: Sendable {
        var path: RawPath
        var mark: Mark
    }

    /// Files handed to a thread at once: a mailbox costs as much as a small file.
    private let batchFilesMax = 16
    /// Batches waiting, under way or done and not taken yet. A large file may hold up the order so long.
    private let batchesMax = 256

    private struct Batch: Sendable {
        var number: Int
        var files: [File]
        var results: [FileDigest] = []
    }

    private let waiting: Mailbox<Batch>
    private let finished: Mailbox<Batch>
    private let threads: [SystemThread]
    private let each: (Mark, FileDigest) throws(HeadError) -> Void
    private var gathered: [File] = []
    private var done: [Int: Batch] = [:]
    private var started = 0
    private var taken = 0

    /// - Parameters:
    ///   - each: called on the user's thread from `add` and `finish`.
    init(each: @escaping (Mark, FileDigest) throws(HeadError) -> Void) {
        self.each = each
        let (waiting, finished) = (Mailbox<Batch>(elementsMax: batchesMax), Mailbox<Batch>(elementsMax: batchesMax))
        (self.waiting, self.finished) = (waiting, finished)
        // Beyond a processor each, more than one file on its way from a disk or a share.
        threads = (0..<min(8, max(4, Capacity.ofThisMachine().logicalCPUs))).map { _ in
            SystemThread("digest") {
                while var batch = waiting.receiveOne(waitingMilliseconds: nil) {
                    batch.results = batch.files.map { FileDigest.reading($0.path) }
                    finished.send(batch)
                }
            }
        }
    }

    func add(_ path: RawPath, _ mark: Mark) throws(HeadError) {
        gathered.append(File(path: path, mark: mark))
        if gathered.count < batchFilesMax { return }
        startGathered()
        while started - taken >= batchesMax { try takeOne() }
    }

    /// Waits until all that was added has gone to `each`.
    func finish() throws(HeadError) {
        startGathered()
        while taken < started { try takeOne() }
    }

    /// Ends the threads after the files they are at; what waits is read by nobody.
    func stop() {
        while waiting.receiveAll(waitingMilliseconds: 0)?.isEmpty == false {}
        waiting.close()
        finished.close()
        for thread in threads { thread.join() }
    }

    private func startGathered() {
        if gathered.isEmpty { return }
        waiting.send(Batch(number: started, files: gathered))
        started += 1
        gathered.removeAll(keepingCapacity: true)
    }

    private func takeOne() throws(HeadError) {
        while done[taken] == nil {
            guard let batch = finished.receiveOne(waitingMilliseconds: nil) else { preconditionFailure("nobody closes this mailbox") }
            done[batch.number] = batch
        }
        guard let batch = done.removeValue(forKey: taken) else { preconditionFailure("the batch was there") }
        taken += 1
        for (file, result) in zip(batch.files, batch.results) { try each(file.mark, result) }
    }
}
