import Foundation
import Glibc
import JobModel
import LinuxSystem
import Staging
import Synchronization
import WireProtocol

/// The agent's standard input, written to whole frame by whole frame from several threads.
final class AgentInput: Sendable {
    private final class End: Sendable {
        let file: OpenFile
        init(_ file: consuming OpenFile) { self.file = file }
    }

    private let end: Mutex<End?>

    init(_ file: consuming OpenFile) { end = Mutex(End(file)) }

    func write(_ bytes: [UInt8]) -> Bool {
        end.withLock { end in
            guard let end else { return false }
            do throws(SystemError) {
                try end.file.append(bytes)
                return true
            } catch {
                return false
            }
        }
    }

    func close() { end.withLock { $0 = nil } }
}

/// The head's side of staging, with a folder for what comes back.
final class HeadStaging: Sendable {
    let sender: FileSender
    let receiver: FileReceiver
    let sent = Mailbox<FileSender.Event>(elementsMax: 100_000)
    let received = Mailbox<FileReceiver.Event>(elementsMax: 100_000)

    init(_ input: AgentInput, _ folder: TemporaryFolder) {
        let (sent, received) = (sent, received)
        sender = FileSender(
            name: "head send", encode: { Frame.encode(HeadMessage.transfer($0)) }, send: { input.write($0) }, tell: { sent.send($0) })
        receiver = FileReceiver(
            name: "head receive",
            place: { file in
                switch file {
                case .output(_, let name): Placement(path: RawPath(folder.path).appending(name), mode: 0o600, keepsTime: false, keepsMode: true)
                case .spooled(_, let name):
                    Placement(path: RawPath(folder.path).appending("spooled\(name.display)"), mode: 0o600, keepsTime: false)
                case .input, .part, .carried, .bundle: nil
                }
            },
            answer: { _ = input.write(Frame.encode(HeadMessage.transfer($0))) }, tell: { received.send($0) })
    }

    deinit {
        sender.close()
        receiver.close()
    }

    func take(_ message: TransferMessage) {
        switch message {
        case .credit(let bytes): precondition(sender.grant(bytes: bytes), "too much credit")
        case .refused(let id, let fault): sender.refused(id, fault)
        case .begin, .whole, .end, .broken: precondition(receiver.take(message), "the window was overrun")
        }
    }

    func take(_ bytes: [UInt8], of id: TransferID) { precondition(receiver.take(bytes, of: id), "the window was overrun") }
}
