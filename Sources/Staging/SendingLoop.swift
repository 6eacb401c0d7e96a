import Digests
import JobModel
import LinuxSystem
import WireProtocol

/// What the thread of a `FileSender` does; lives on that thread.
final class SendingLoop {
    private let state: Monitor<SenderState>
    private let encode: (TransferMessage) -> [UInt8]
    private let send: ([UInt8]) -> Bool
    private let tell: (FileSender.Event) -> Void
    private var lastID: UInt32 = 0
    private var batch: [WholeFile] = []
    private var batchBytes = 0
    /// Frames that go behind the batch.
    private var followers: [[UInt8]] = []
    private static let followersMax = 256

    /// Why the loop ends: the connection is over, or its owner closed it.
    private struct Over: Error {}

    init(
        _ state: Monitor<SenderState>, encode: @escaping (TransferMessage) -> [UInt8], send: @escaping ([UInt8]) -> Bool,
        tell: @escaping (FileSender.Event) -> Void
    ) {
        self.state = state
        self.encode = encode
        self.send = send
        self.tell = tell
    }

    func run() {
        do throws(Over) {
            while true {
                if let parcel = next() {
                    try take(parcel)
                } else {
                    // Nobody waits: what is gathered goes now.
                    try sendBatch()
                    try take(try awaitNext())
                }
            }
        } catch {
            state.update { state in
                state.isClosed = true
                state.parcels.removeAll()
            }
        }
    }

    private func next() -> Parcel? {
        state.update { $0.parcels.popFirst() }
    }

    private func awaitNext() throws(Over) -> Parcel {
        let parcel: Parcel?? = state.wait { state in
            if state.isClosed { return .some(nil) }
            return state.parcels.popFirst().map { .some($0) }
        }
        guard let parcel = parcel ?? nil else { throw Over() }
        return parcel
    }

    private func take(_ parcel: Parcel) throws(Over) {
        switch parcel {
        case .frame(let frame):
            followers.append(frame)
            if followers.count == Self.followersMax { try sendBatch() }
        case .file(let file): try send(file)
        }
    }

    private func put(_ frame: [UInt8]) throws(Over) {
        guard send(frame) else { throw Over() }
    }

    private func put(_ message: TransferMessage) throws(Over) { try put(encode(message)) }

    /// Waits until the receiver has room for `bytes` more; false if `current` shall stop.
    private func takeWindow(_ bytes: Int) throws(Over) -> Bool {
        enum Answer { case go, stop, over }
        let answer = state.wait { state -> Answer? in
            if state.isClosed { return .over }
            if state.stop != nil { return .stop }
            guard state.windowBytes >= bytes else { return nil }
            state.windowBytes -= bytes
            return .go
        }
        switch answer {
        case .go: return true
        case .stop: return false
        case .over: throw Over()
        }
    }

    private func newID() -> TransferID {
        lastID += 1
        return TransferID(rawValue: lastID)
    }

    // Small files.

    private func send(_ file: OutgoingFile) throws(Over) {
        var over: Over?
        do throws(SendingFault) {
            try file.open { (opened, facts) throws(SendingFault) in
                if facts.identity.sizeBytes <= UInt64(Transfer.wholeFileBytesMax) {
                    let whole = try read(opened, file, facts)
                    do throws(Over) { try add(whole) } catch { over = error }
                } else {
                    do throws(Over) { try stream(opened, file, facts) } catch { over = error }
                }
            }
        } catch {
            // The other side waits for it: it must hear that nothing comes.
            try sendBatch()
            let id = newID()
            guard try takeWindow(Transfer.fileCostBytes) else { return }
            let identity = file.identity ?? InputIdentity(sizeBytes: 0, modifiedNanoseconds: 0)
            try put(.begin(TransferHeader(id: id, file: file.file, identity: identity, mode: 0)))
            try put(.broken(id, error.onTheWire))
            tell(.failed(file.file, error))
        }
        if let over { throw over }
    }

    private func read(_ opened: borrowing OpenFile, _ file: OutgoingFile, _ facts: FileFacts) throws(SendingFault) -> WholeFile {
        let identity = facts.identity
        let content: [UInt8]
        do throws(SystemError) {
            content = try opened.read(count: Int(identity.sizeBytes), at: 0)
        } catch {
            throw .unreadable(error)
        }
        guard content.count == Int(identity.sizeBytes) else { throw .changed }
        try OutgoingFile.check(opened, is: identity)
        var digest = SHA256Stream()
        content.withUnsafeBytes { digest.update($0) }
        let header = TransferHeader(id: newID(), file: file.file, identity: identity, mode: facts.mode & 0o777)
        return WholeFile(header: header, content: content, digest: digest.finish())
    }

    private func add(_ whole: WholeFile) throws(Over) {
        if batch.count == Transfer.batchFilesMax || batchBytes + whole.content.count > Transfer.batchBytesMax { try sendBatch() }
        batch.append(whole)
        batchBytes += whole.content.count
    }

    private func sendBatch() throws(Over) {
        let (files, frames) = (batch, followers)
        let cost = batchBytes + files.count * Transfer.fileCostBytes
        batch.removeAll()
        batchBytes = 0
        followers.removeAll()
        if !files.isEmpty, try takeWindow(cost) {
            try put(.whole(files))
            for file in files { tell(.sent(file.header.file, file.digest)) }
        }
        for frame in frames { try put(frame) }
    }

    // Large files.

    private func stream(_ opened: borrowing OpenFile, _ file: OutgoingFile, _ facts: FileFacts) throws(Over) {
        let identity = facts.identity
        try sendBatch()
        let id = newID()
        guard try takeWindow(Transfer.fileCostBytes) else { return }
        state.update { $0.current = SenderState.Current(id: id, attempt: file.file.attempt) }
        try put(.begin(TransferHeader(id: id, file: file.file, identity: identity, mode: facts.mode & 0o777)))
        var offset: UInt64 = 0
        var digest = SHA256Stream()
        var fault: SendingFault?
        while offset < identity.sizeBytes {
            let count = Int(min(UInt64(Transfer.chunkBytesMax), identity.sizeBytes - offset))
            guard try takeWindow(count) else { break }
            let frame: [UInt8]
            do throws(SendingFault) {
                frame = try chunk(id, opened, offset: offset, count: count, into: &digest)
            } catch {
                state.update { $0.windowBytes += count }
                fault = error
                break
            }
            offset += UInt64(count)
            try put(frame)
        }
        if fault == nil {
            do throws(SendingFault) { try OutgoingFile.check(opened, is: identity) } catch { fault = error }
        }
        try end(id, file.file, digest.finish(), fault)
    }

    /// Says how a file ended that was begun.
    private func end(_ id: TransferID, _ file: TransferredFile, _ digest: Digest256, _ fault: SendingFault?) throws(Over) {
        let stop = state.update { state -> SenderState.Stop? in
            state.current = nil
            defer { state.stop = nil }
            return state.stop
        }
        switch (stop, fault) {
        case (.withdrawn, _): try put(.broken(id, StorageFault(code: unwantedCode, call: "read")))
        case (.refused(let refusal), _):
            try put(.broken(id, refusal))
            tell(.failed(file, .refused(refusal)))
        case (nil, let fault?):
            try put(.broken(id, fault.onTheWire))
            tell(.failed(file, fault))
        case (nil, nil):
            try put(.end(id, digest))
            tell(.sent(file, digest))
        }
    }

    /// One chunk with its header, read into place and hashed.
    private func chunk(
        _ id: TransferID, _ opened: borrowing OpenFile, offset: UInt64, count: Int, into digest: inout SHA256Stream
    ) throws(SendingFault) -> [UInt8] {
        let header = Frame.bulkHeader(id, payloadBytes: count)
        var outcome: Result<Int, SystemError> = .success(0)
        let frame = [UInt8](unsafeUninitializedCapacity: header.count + count) { buffer, filled in
            let whole = UnsafeMutableRawBufferPointer(rebasing: UnsafeMutableRawBufferPointer(buffer)[..<(header.count + count)])
            whole.copyBytes(from: header)
            let room = UnsafeMutableRawBufferPointer(rebasing: whole[header.count...])
            do throws(SystemError) {
                let found = try opened.read(into: room, at: offset)
                digest.update(UnsafeRawBufferPointer(rebasing: room[..<found]))
                filled = header.count + found
                outcome = .success(found)
            } catch {
                outcome = .failure(error)
            }
        }
        switch outcome {
        case .success(count): return frame
        // It was cut short while we read it.
        case .success: throw .changed
        case .failure(let error): throw .unreadable(error)
        }
    }
}
