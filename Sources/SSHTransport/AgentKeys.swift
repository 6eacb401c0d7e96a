internal import Glibc
internal import JobModel
internal import LinuxSystem
internal import Synchronization

/// The user's ssh-agent, seen through a filter.
///
/// libssh offers all keys of an agent in its order, and a server hangs up at the sixth. So it is given a socket of ours,
/// behind which only the keys wanted next can be seen; what it asks to be signed goes on to the agent.
final class AgentKeys: Sendable {
    struct Key: Equatable {
        var blob: [UInt8]
        var comment: String
    }

    let all: [Key]
    private let agent: OpenFile
    private let shown = Mutex<[Key]>([])
    private let filter = Mutex<Filter?>(nil)
    /// An agent that asks a person, or hangs, may take this long to answer.
    private static let answerSeconds = 60
    private static let messageBytesMax = 1 << 20

    // Numbers of draft-ietf-sshm-ssh-agent, section 6.1.
    private static let failure: UInt8 = 5
    private static let askIdentities: UInt8 = 11
    private static let identities: UInt8 = 12
    private static let sign: UInt8 = 13

    /// Nil when no agent answers at `path`.
    init?(_ path: RawPath) {
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        guard path.bytes.count < MemoryLayout.size(ofValue: address.sun_path) else { return nil }
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.bytes) }
        let descriptor = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        guard descriptor >= 0 else { return nil }
        agent = OpenFile(owning: descriptor, path: path)
        var limit = timeval(tv_sec: 5, tv_usec: 0)
        let size = socklen_t(MemoryLayout<timeval>.size)
        setsockopt(descriptor, SOL_SOCKET, SO_SNDTIMEO, &limit, size)
        setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &limit, size)
        let status = withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size)) }
        }
        guard status == 0, let answer = Self.exchange([Self.askIdentities], with: descriptor), let keys = Self.keys(in: answer) else { return nil }
        all = keys
        limit.tv_sec = Self.answerSeconds
        setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &limit, size)
    }

    /// From now on only these are seen, in this order.
    func show(_ keys: [Key]) { shown.withLock { $0 = keys } }

    /// Our end of the socket libssh has; closed with its last reference.
    private final class Filter: Sendable {
        let file: OpenFile
        init(_ file: consuming OpenFile) { self.file = file }
    }

    /// Nothing is signed any more. Without it thread and agent would be kept as long as libssh keeps its end: for the whole session.
    func end() {
        if let filter = filter.withLock({ $0 }) { shutdown(filter.file.descriptor, Int32(SHUT_RDWR)) }
    }

    /// A descriptor for libssh to take over, served until it closes it or `end`. Called once.
    func filteredSocket() throws(SystemError) -> Int32 {
        var ends: [Int32] = [-1, -1]
        guard socketpair(AF_UNIX, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0, &ends) == 0 else { throw .last("socketpair", "ssh-agent") }
        let ours = Filter(OpenFile(owning: ends[1], path: RawPath("ssh-agent keys")))
        filter.withLock { $0 = ours }
        SystemThread.detached("ssh-agent keys") {
            let descriptor = ours.file.descriptor
            while let request = Self.receive(from: descriptor), Self.deliver(self.answer(to: request), to: descriptor) {}
            // So that libssh does not wait for an answer that will not come.
            shutdown(descriptor, Int32(SHUT_RDWR))
        }
        return ends[0]
    }

    private func answer(to request: [UInt8]) -> [UInt8] {
        let keys = shown.withLock { $0 }
        if request == [Self.askIdentities] {
            return [Self.identities] + wireNumber(keys.count) + keys.flatMap { wireString($0.blob) + wireString(Array($0.comment.utf8)) }
        }
        var reader = WireReader(Array(request.dropFirst()))
        guard request.first == Self.sign, let blob = reader.string(), keys.contains(where: { $0.blob == blob }) else { return [Self.failure] }
        return Self.exchange(request, with: agent.descriptor) ?? [Self.failure]
    }

    private static func keys(in answer: [UInt8]) -> [Key]? {
        guard answer.first == identities else { return nil }
        var reader = WireReader(Array(answer.dropFirst()))
        guard let count = reader.number(), count <= 10_000 else { return nil }
        var keys: [Key] = []
        for _ in 0..<count {
            guard let blob = reader.string(), let comment = reader.string() else { return nil }
            keys.append(Key(blob: blob, comment: String(decoding: comment, as: UTF8.self)))
        }
        return keys
    }

    private static func exchange(_ message: [UInt8], with descriptor: Int32) -> [UInt8]? {
        deliver(message, to: descriptor) ? receive(from: descriptor) : nil
    }

    private static func deliver(_ message: [UInt8], to descriptor: Int32) -> Bool {
        let bytes = wireString(message)
        var done = 0
        while done < bytes.count {
            let count = bytes.withUnsafeBytes { Glibc.send(descriptor, $0.baseAddress! + done, $0.count - done, Int32(MSG_NOSIGNAL)) }
            if count < 0 && errno == EINTR { continue }
            guard count > 0 else { return false }
            done += count
        }
        return true
    }

    private static func receive(from descriptor: Int32) -> [UInt8]? {
        guard let head = receive(4, from: descriptor) else { return nil }
        var reader = WireReader(head)
        guard let count = reader.number(), (1...messageBytesMax).contains(count) else { return nil }
        return receive(count, from: descriptor)
    }

    private static func receive(_ count: Int, from descriptor: Int32) -> [UInt8]? {
        var bytes = [UInt8](repeating: 0, count: count)
        var done = 0
        while done < count {
            let got = bytes.withUnsafeMutableBytes { Glibc.recv(descriptor, $0.baseAddress! + done, count - done, 0) }
            if got < 0 && errno == EINTR { continue }
            guard got > 0 else { return nil }
            done += got
        }
        return bytes
    }
}
