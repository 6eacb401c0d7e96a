import Digests
import JobModel
import LinuxSystem
import WireProtocol

/// Answers whether this host sees the head's files, from a thread of its own: a share whose server is dead hangs whoever asks.
final class SharedStorageLook: Sendable {
    enum Question: Sendable {
        case files([SharedFileQuestion])
        case token(folder: RawPath, name: RawPath, content: [UInt8])
    }

    /// A file that takes longer is not seen.
    static let millisecondsMax = 5_000
    private static let questionsMax = 64

    private let questions = Mailbox<Question>(elementsMax: questionsMax)
    private let thread: SystemThread

    /// - Parameter answer: called on the thread.
    init(answer: @escaping @Sendable (AgentMessage) -> Void) {
        let questions = questions
        thread = SystemThread("shared storage") {
            while let asked = questions.receiveOne(waitingMilliseconds: nil) {
                switch asked {
                case .files(let files):
                    // Behind one that hangs, others of the same share would hang too: all have one time.
                    let deadline = SystemClock.monotonicMilliseconds() + UInt64(Self.millisecondsMax)
                    answer(.sharedFiles(files.map { file in Self.bounded(until: deadline) { Self.sees(file) } ?? false }))
                case .token(let folder, let name, let content):
                    let deadline = SystemClock.monotonicMilliseconds() + UInt64(Self.millisecondsMax)
                    let fault: StorageFault?? = Self.bounded(until: deadline) { Self.leave(content, at: folder.appending(name)) }
                    answer(.tokenLeft(fault ?? StorageFault(code: SystemError.timedOutCode, call: "open")))
                }
            }
        }
    }

    /// False when so much was asked that the head cannot mean it.
    func ask(_ question: Question) -> Bool { questions.sendIfRoom(question) }

    /// What `body` returns in time. One that hangs keeps its thread for as long as it does.
    private static func bounded<Result: Sendable>(until deadline: UInt64, _ body: @escaping @Sendable () -> Result) -> Result? {
        let now = SystemClock.monotonicMilliseconds()
        guard now < deadline else { return nil }
        let answer = Mailbox<Result>(elementsMax: 1)
        let thread = SystemThread("shared file") { answer.send(body()) }
        guard let result = answer.receiveOne(waitingMilliseconds: Int(deadline - now)) else { return nil }
        thread.join()
        return result
    }

    private static func sees(_ question: SharedFileQuestion) -> Bool {
        do throws(SystemError) {
            guard try FileOperation.facts(of: question.path).type == .regular else { return false }
            let file = try OpenFile(question.path, .read)
            guard try file.facts().identity == question.identity else { return false }
            let head = try file.read(count: SharedFileQuestion.headBytes, at: 0)
            var digest = SHA256Stream()
            head.withUnsafeBytes { digest.update($0) }
            return digest.finish() == question.headDigest
        } catch {
            return false
        }
    }

    private static func leave(_ content: [UInt8], at path: RawPath) -> StorageFault? {
        do throws(SystemError) {
            let file = try OpenFile(path, .create(mode: 0o666))
            try file.write(content, at: 0)
            try file.syncData()
            return nil
        } catch {
            return StorageFault(code: error.code, call: error.call)
        }
    }
}
