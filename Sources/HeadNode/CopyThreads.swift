import JobModel
import LinuxSystem

/// Bytes, and behind them a range of a file, that belong at an offset of another file.
struct RangeCopy: Sendable {
    var leading: [UInt8]
    var source: RawPath
    /// What the source must be, before and after; nil for files that only this job writes.
    var identity: InputIdentity?
    var range: ByteRange
    var target: SharedFile
    /// Where `leading` begins.
    var targetOffset: UInt64
    /// Part of the target that the kernel may begin to write to the disk now; what is not in it yet follows at the next sync.
    var written: ByteRange?

    /// One copy_file_range call, so that no call takes long.
    private static let copyBytesMax: UInt64 = 64 << 20

    func perform() throws(SystemError) {
        let file = try OpenFile(source, .read)
        if let identity { try file.check(identity) }
        try target.file.write(leading, at: targetOffset)
        let start = targetOffset + UInt64(leading.count)
        var done: UInt64 = 0
        while done < range.count {
            done += try target.file.copy(
                from: file, sourceOffset: range.offset + done, targetOffset: start + done,
                count: Int(min(range.count - done, Self.copyBytesMax)))
        }
        if let identity { try file.check(identity) }
        if let written { try target.file.startWriting(written) }
    }
}

extension OpenFile {
    /// Throws ESTALE if this is not the file that the plan knows any more.
    func check(_ identity: InputIdentity) throws(SystemError) {
        guard try facts().identity != identity else { return }
        throw SystemError("copy", path.display, code: staleCode)
    }
}

/// An open file that several threads write to, each its own range.
final class SharedFile: Sendable {
    let file: OpenFile
    init(_ file: consuming OpenFile) { self.file = file }
}

/// A few threads that copy ranges in any order.
///
/// More than two gain nothing on a local disk, where the file system lets one writer at a time into a file: 907 MB take two
/// processors 0.40 s with one, two or four threads. Used by one thread.
final class CopyThreads {
    /// Copies waiting or under way; the user waits for one of them beyond that.
    static let copiesMax = 64
    static let threadCount = 2

    private let waiting = Mailbox<RangeCopy>(elementsMax: copiesMax)
    private let finished = Mailbox<Result<Void, SystemError>>(elementsMax: copiesMax)
    private let threads: [SystemThread]
    private var copiesUnderWay = 0

    init() {
        threads = (0..<Self.threadCount).map { [waiting, finished] _ in
            SystemThread("copy") {
                while let copy = waiting.receiveOne(waitingMilliseconds: nil) {
                    finished.send(Result { () throws(SystemError) in try copy.perform() })
                }
            }
        }
    }

    /// Takes a copy on.
    /// - Throws: the failure of an earlier one.
    func start(_ copy: RangeCopy) throws(SystemError) {
        if copiesUnderWay == Self.copiesMax { try awaitOne() }
        waiting.send(copy)
        copiesUnderWay += 1
    }

    /// Waits for all that was started; throws the first failure.
    func finish() throws(SystemError) {
        while copiesUnderWay > 0 { try awaitOne() }
    }

    /// Waits for all that was started, whatever became of it: nobody needs it any more.
    func abandon() {
        while copiesUnderWay > 0 {
            _ = finished.receiveOne(waitingMilliseconds: nil)
            copiesUnderWay -= 1
        }
    }

    private func awaitOne() throws(SystemError) {
        guard let result = finished.receiveOne(waitingMilliseconds: nil) else { preconditionFailure("nobody closes this mailbox") }
        copiesUnderWay -= 1
        try result.get()
    }

    /// Ends the threads; copies that wait are still made.
    func stop() {
        waiting.close()
        for thread in threads { thread.join() }
    }
}

/// ESTALE, for an input that is not the planned one any more.
let staleCode: Int32 = 116
