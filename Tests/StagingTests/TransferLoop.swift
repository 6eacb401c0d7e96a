import Foundation
import Glibc
import JobModel
import LinuxSystem
import Staging
import Synchronization
import WireProtocol

/// A sender and a receiver with nothing but bytes between them.
final class TransferLoop: Sendable {
    let sender: FileSender
    let receiver: FileReceiver
    let sent = Mailbox<FileSender.Event>(elementsMax: 100_000)
    let received = Mailbox<FileReceiver.Event>(elementsMax: 100_000)
    let frames = Mailbox<[UInt8]>(elementsMax: 100_000)
    let traffic = Traffic()

    /// What went over the connection.
    final class Traffic: Sendable {
        let contentBytes = Atomic<Int>(0)
        let whole = Atomic<Int>(0)
        let refused = Atomic<Int>(0)
        let overruns = Atomic<Int>(0)
    }

    /// - Parameters:
    ///   - alter: changes a message under way.
    ///   - place: asked on the receiver's thread.
    init(
        alter: @escaping @Sendable (Framed<HeadMessage>) -> Framed<HeadMessage> = { $0 },
        place: @escaping @Sendable (TransferredFile) -> Placement?
    ) {
        let (sent, received, frames, traffic) = (sent, received, frames, traffic)
        let back = Way()
        receiver = FileReceiver(
            name: "receive", place: place,
            answer: { message in
                switch message {
                case .credit(let bytes): if back.sender?.grant(bytes: bytes) == false { traffic.overruns.add(1, ordering: .relaxed) }
                case .refused(let id, let fault):
                    traffic.refused.add(1, ordering: .relaxed)
                    back.sender?.refused(id, fault)
                case .begin, .whole, .end, .broken: fatalError("a receiver said \(message)")
                }
            }, tell: { received.send($0) })
        let wire = Wire(receiver, frames, traffic, alter)
        sender = FileSender(
            name: "send", encode: { Frame.encode(HeadMessage.transfer($0)) }, send: { wire.carry($0) }, tell: { sent.send($0) })
        back.set(sender)
    }

    deinit {
        sender.close()
        receiver.close()
        sender.join()
        receiver.join()
    }

    private final class Way: Sendable {
        private let held = Mutex<FileSender?>(nil)
        var sender: FileSender? { held.withLock { $0 } }
        func set(_ sender: FileSender) { held.withLock { $0 = sender } }
    }

    /// Cuts the bytes into frames again and hands them on.
    private final class Wire: Sendable {
        private let reader = Mutex(FrameReader<HeadMessage>(awaitsMagic: false))
        private let receiver: FileReceiver
        private let frames: Mailbox<[UInt8]>
        private let traffic: Traffic
        private let alter: @Sendable (Framed<HeadMessage>) -> Framed<HeadMessage>

        init(
            _ receiver: FileReceiver, _ frames: Mailbox<[UInt8]>, _ traffic: Traffic,
            _ alter: @escaping @Sendable (Framed<HeadMessage>) -> Framed<HeadMessage>
        ) {
            self.receiver = receiver
            self.frames = frames
            self.traffic = traffic
            self.alter = alter
        }

        func carry(_ bytes: [UInt8]) -> Bool {
            reader.withLock { reader in
                reader.feed(bytes)
                while true {
                    guard let found = try? reader.nextFrame() else { return true }
                    guard take(alter(found)) else {
                        traffic.overruns.add(1, ordering: .relaxed)
                        return false
                    }
                }
            }
        }

        private func take(_ framed: Framed<HeadMessage>) -> Bool {
            switch framed {
            case .bulk(let id, let chunk):
                traffic.contentBytes.add(chunk.count, ordering: .relaxed)
                return receiver.take(chunk, of: id)
            case .message(.transfer(let message)):
                if case .whole(let files) = message {
                    traffic.whole.add(1, ordering: .relaxed)
                    traffic.contentBytes.add(files.reduce(0) { $0 + $1.content.count }, ordering: .relaxed)
                }
                return receiver.take(message)
            case .message(let other):
                frames.send(Frame.encode(other))
                return true
            }
        }
    }
}

struct TimedOut: Error {}

extension Mailbox {
    /// The next `count` values, waited for up to 30 s each.
    func next(_ count: Int) throws -> [Element] {
        try (0..<count).map { _ in
            guard let element = receiveOne(waitingMilliseconds: 30_000) else { throw TimedOut() }
            return element
        }
    }

    func next() throws -> Element { try next(1)[0] }
}

/// A folder that goes with its owner.
final class TemporaryFolder: Sendable {
    let path: RawPath
    init() throws {
        path = RawPath(NSTemporaryDirectory() + "quire-staging-" + UUID().uuidString)
        try FileOperation.createFolders(path)
    }
    deinit { try? FileManager.default.removeItem(atPath: path.display) }

    func write(_ name: String, _ bytes: [UInt8]) throws -> RawPath {
        let path = path.appending(RawPath(name))
        let file = try OpenFile(path, .update(mode: 0o644))
        try file.truncate(to: 0)
        try file.write(bytes, at: 0)
        return path
    }

    func read(_ name: String) throws -> [UInt8] {
        let file = try OpenFile(path.appending(RawPath(name)), .read)
        return try file.read(count: Int(try file.facts().identity.sizeBytes), at: 0)
    }

    var names: [String] { get throws { try FolderListing.entries(of: path).map(\.name.display).sorted() } }
}
