import Digests
import JobModel
import LinuxSystem
import WireProtocol

/// What the thread of a `FileReceiver` does; lives on that thread.
final class ReceivingLoop {
    /// Credit is gathered up to this much: a message for every chunk would be as many as the chunks.
    private static let creditBytesMax = 4 * Transfer.chunkBytesMax

    /// The file whose chunks come just now.
    private struct Current {
        let header: TransferHeader
        /// Nil: dropped to its end.
        var sink: Sink?
    }

    private let place: (TransferredFile) -> Placement?
    private let credit: (Int) -> Void
    private let answer: (TransferMessage) -> Void
    private let tell: (FileReceiver.Event) -> Void
    private var current: Current?
    private var creditBytes = 0

    init(
        place: @escaping (TransferredFile) -> Placement?, credit: @escaping (Int) -> Void,
        answer: @escaping (TransferMessage) -> Void, tell: @escaping (FileReceiver.Event) -> Void
    ) {
        self.place = place
        self.credit = credit
        self.answer = answer
        self.tell = tell
    }

    func take(_ arrival: FileReceiver.Arrival) {
        switch arrival {
        case .message(.begin(let header)):
            guard current == nil else { return violated("began a file within another") }
            begin(header)
        case .message(.whole(let files)):
            guard current == nil else { return violated("sent whole files within another") }
            for file in files { store(file) }
        case .message(.end(let id, let digest)):
            guard current?.header.id == id else { return violated("ended a file that it had not begun") }
            end(digest)
        case .message(.broken(let id, let fault)):
            guard current?.header.id == id else { return violated("broke off a file that it had not begun") }
            if current?.sink != nil { fail(.broken(fault)) }
            forget()
        case .chunk(let id, let bytes):
            guard current?.header.id == id else { return violated("sent bytes of a file that it had not begun") }
            if current?.sink != nil { write(bytes) }
            owe(bytes.count)
        case .message(.refused), .message(.credit): violated("sent a receiver's message")
        }
    }

    /// Gives back what was stored or dropped since the last time.
    func giveCredit() {
        if creditBytes == 0 { return }
        credit(creditBytes)
        creditBytes = 0
    }

    private func owe(_ bytes: Int) {
        creditBytes += bytes
        if creditBytes >= Self.creditBytesMax { giveCredit() }
    }

    private func violated(_ what: String) { tell(.violated("the other side \(what)")) }

    private func begin(_ header: TransferHeader) {
        current = Current(header: header, sink: nil)
        guard let placement = place(header.file) else {
            answer(.refused(header.id, StorageFault(code: unwantedCode, call: "transfer")))
            return
        }
        do throws(SystemError) {
            current?.sink = try Sink(placement)
        } catch {
            refuse(error)
        }
    }

    private func write(_ bytes: [UInt8]) {
        guard let header = current?.header else { return }
        do throws(SystemError) {
            // More than was announced: found at the end, by its size.
            try current?.sink?.write(bytes, sizeBytesMax: header.identity.sizeBytes)
        } catch {
            refuse(error)
        }
    }

    private func end(_ digest: Digest256) {
        guard let header = current?.header else { return }
        if let sink = current?.sink {
            do throws(ReceivingFault) {
                try sink.finish(header, digest)
                tell(.arrived(header.file, sink.path, digest))
                current?.sink = nil
            } catch {
                fail(error)
            }
        }
        forget()
    }

    private func store(_ file: WholeFile) {
        defer { owe(file.content.count + Transfer.fileCostBytes) }
        guard let placement = place(file.header.file) else { return }
        let sink: Sink
        do throws(SystemError) {
            sink = try Sink(placement)
        } catch {
            tell(.failed(file.header.file, .notStored(StorageFault(code: error.code, call: error.call))))
            return
        }
        do throws(ReceivingFault) {
            do throws(SystemError) {
                try sink.write(file.content, sizeBytesMax: .max)
            } catch {
                throw ReceivingFault.notStored(StorageFault(code: error.code, call: error.call))
            }
            try sink.finish(file.header, file.digest)
        } catch {
            sink.remove()
            tell(.failed(file.header.file, error))
            return
        }
        tell(.arrived(file.header.file, sink.path, file.digest))
    }

    /// Tells both sides that the current file cannot be stored.
    private func refuse(_ error: SystemError) {
        guard let header = current?.header else { return }
        let fault = StorageFault(code: error.code, call: error.call)
        answer(.refused(header.id, fault))
        fail(.notStored(fault))
    }

    private func fail(_ fault: ReceivingFault) {
        guard let header = current?.header else { return }
        current?.sink?.remove()
        current?.sink = nil
        tell(.failed(header.file, fault))
    }

    private func forget() {
        current = nil
        owe(Transfer.fileCostBytes)
    }

    /// The connection is over.
    func end() {
        current?.sink?.remove()
        current = nil
    }
}

/// A file that is being written and hashed.
final class Sink {
    let path: RawPath
    private let file: OpenFile
    private let keepsTime: Bool
    private let keepsMode: Bool
    private var digest = SHA256Stream()
    private var sizeBytes: UInt64 = 0

    init(_ placement: Placement) throws(SystemError) {
        path = placement.path
        keepsTime = placement.keepsTime
        keepsMode = placement.keepsMode
        file = try Self.create(placement)
    }

    private static func create(_ placement: Placement) throws(SystemError) -> OpenFile {
        do throws(SystemError) {
            return try OpenFile(placement.path, .create(mode: placement.mode))
        } catch {
            guard error.isNotFound, placement.makesFolders else { throw error }
            try FileOperation.createFolders(placement.path.parent, mode: 0o700)
            return try OpenFile(placement.path, .create(mode: placement.mode))
        }
    }

    /// Counts all and stores what does not pass `sizeBytesMax`.
    func write(_ bytes: [UInt8], sizeBytesMax: UInt64) throws(SystemError) {
        let offset = sizeBytes
        sizeBytes += UInt64(bytes.count)
        guard sizeBytes <= sizeBytesMax else { return }
        bytes.withUnsafeBytes { digest.update($0) }
        try file.write(bytes, at: offset)
    }

    func finish(_ header: TransferHeader, _ expected: Digest256) throws(ReceivingFault) {
        guard sizeBytes == header.identity.sizeBytes, digest.finish() == expected else { throw .garbled }
        do throws(SystemError) {
            if keepsMode { try file.setMode(header.mode & 0o777 | 0o400) }
            if keepsTime { try file.setModified(nanoseconds: header.identity.modifiedNanoseconds) }
        } catch {
            throw .notStored(StorageFault(code: error.code, call: error.call))
        }
    }

    /// What cannot be removed is left to whoever sweeps the folder.
    func remove() {
        do throws(SystemError) { try FileOperation.removeIfPresent(path) } catch { return }
    }
}
