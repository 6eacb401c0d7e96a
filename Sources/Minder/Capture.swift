import JobModel
import LinuxSystem
import WireProtocol

/// One of the two streams of a running program: read as it comes, kept whole while it is short, else in a file.
final class Capture {
    private static let spoolBufferBytesMax = 64 << 10
    private static let tailBytesMax = 4 << 10

    let pipe: OpenFile
    private let spoolPath: RawPath
    private(set) var hasEnded = false
    /// Why the file could not be written; the program need not go on.
    private(set) var fault: SystemError?
    private(set) var search: TextSearch
    private var whole: [UInt8] = []
    private var spool: SpoolFile?
    /// The end of what is, or should be, in the file.
    private var tail: [UInt8] = []
    /// Bytes that make no whole line yet; nil where no lines are passed on.
    private var line: [UInt8]?

    /// - Parameters:
    ///   - pipe: the end to read from, non-blocking.
    ///   - spoolPath: of the file that is made when there is much.
    init(pipe: consuming OpenFile, spoolPath: RawPath, forbidden: [[UInt8]], passesLines: Bool) {
        self.pipe = pipe
        self.spoolPath = spoolPath
        search = TextSearch(forbidden)
        line = passesLines ? [] : nil
    }

    /// Reads once what is there; returns how many bytes that was, and gives what shall be passed on now to `print`.
    func read(into buffer: inout [UInt8], print: ([UInt8]) -> Void) -> Int {
        switch Descriptors.read(pipe.descriptor, into: &buffer) {
        case .bytes(let count):
            take(buffer, count: count, print: print)
            return count
        case .nothingYet: return 0
        case .ended, .failed:
            hasEnded = true
            return 0
        }
    }

    private func take(_ buffer: [UInt8], count: Int, print: ([UInt8]) -> Void) {
        search.take(buffer, count: count)
        if line != nil { pass(buffer[..<count], print: print) }
        if fault == nil, spool == nil, whole.count + count <= ProgramResult.wholeBytesMax {
            whole.append(contentsOf: buffer[..<count])
            return
        }
        if fault == nil { store(buffer[..<count]) }
        tail = count >= Self.tailBytesMax ? Array(buffer[(count - Self.tailBytesMax)..<count]) : (tail + buffer[..<count]).suffix(Self.tailBytesMax)
    }

    private func store(_ bytes: ArraySlice<UInt8>) {
        do throws(SystemError) {
            let file: SpoolFile
            if let spool {
                file = spool
            } else {
                file = try SpoolFile(spoolPath)
                spool = file
                try file.append(whole[...])
                keepEndOnly()
            }
            try file.append(bytes)
        } catch {
            giveUp(error)
        }
    }

    /// Gives on all whole lines, and a line that is too long in pieces.
    private func pass(_ bytes: ArraySlice<UInt8>, print: ([UInt8]) -> Void) {
        guard var held = line else { return }
        held.append(contentsOf: bytes)
        var start = 0
        while true {
            let piece = held[start..<min(start + AgentMessage.printedBytesMax, held.count)]
            guard let end = piece.lastIndex(of: 0x0A).map({ $0 + 1 }) ?? (piece.count == AgentMessage.printedBytesMax ? piece.endIndex : nil)
            else { break }
            print(Array(held[start..<end]))
            start = end
        }
        held.removeFirst(start)
        line = held
    }

    /// Gives on what is left of a last line without an end.
    func finishLines(print: ([UInt8]) -> Void) {
        if let held = line, !held.isEmpty { print(held) }
        line = line.map { _ in [] }
    }

    /// Writes what is still held to the file; `fault` says whether that went well.
    func finish() {
        guard let spool, fault == nil else { return }
        do throws(SystemError) { try spool.flush() } catch { giveUp(error) }
    }

    /// Takes away what the disk took of it: room for others. The end is kept.
    private func giveUp(_ error: SystemError) {
        fault = error
        // A file that cannot even be removed goes with the folder it is in.
        do throws(SystemError) { try discard() } catch {}
        spool = nil
        if !whole.isEmpty { keepEndOnly() }
    }

    private func keepEndOnly() {
        tail = whole.suffix(Self.tailBytesMax)
        whole = []
    }

    /// What is told of it; of one that could not be stored the end.
    var captured: ProgramResult.Captured {
        guard let spool else { return .whole(end) }
        return .spooled(name: spoolPath.lastComponent, sizeBytes: spool.sizeBytes)
    }

    /// The end of all that came, for a message.
    var end: [UInt8] { whole.isEmpty ? tail : whole }

    /// Takes the file away: nobody will read it.
    func discard() throws(SystemError) {
        if spool != nil { try FileOperation.removeIfPresent(spoolPath) }
    }
}

/// A file that grows by what a program prints, with a buffer before it.
private final class SpoolFile {
    private static let bufferBytesMax = 64 << 10
    private let file: OpenFile
    private var buffer: [UInt8] = []
    private(set) var sizeBytes: UInt64 = 0

    /// A file of this name that a dead minder left is replaced.
    init(_ path: RawPath) throws(SystemError) {
        try FileOperation.removeIfPresent(path)
        file = try OpenFile(path, .create(mode: 0o600))
    }

    func append(_ bytes: ArraySlice<UInt8>) throws(SystemError) {
        sizeBytes += UInt64(bytes.count)
        buffer.append(contentsOf: bytes)
        if buffer.count >= Self.bufferBytesMax { try flush() }
    }

    func flush() throws(SystemError) {
        try file.append(buffer)
        buffer.removeAll(keepingCapacity: true)
    }
}
