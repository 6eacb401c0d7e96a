internal import Glibc
internal import JobModel
internal import LinuxSystem

/// A connected socket that several threads may shut down; closed with its last reference.
///
/// Our own and not libssh's: it tries one address only, leaves the descriptor open in children, and detects no loss.
final class TCPConnection: Sendable {
    let descriptor: Int32
    private let file: OpenFile

    private init(owning descriptor: Int32, name: String) {
        self.descriptor = descriptor
        file = OpenFile(owning: descriptor, path: RawPath(name))
    }

    /// Frees every thread that waits for this socket; whatever the peer does.
    func shutDown() { shutdown(descriptor, Int32(SHUT_RDWR)) }

    /// Connects to the first address of `host` that answers.
    ///
    /// - Parameter label: the host as messages name it.
    static func open(
        _ host: String, port: UInt16, family: String, lossSeconds: Int, deadline: UInt64, label: String, seconds: Int, cancellation: Cancellation
    ) throws(SSHError) -> TCPConnection {
        let addresses = try HostAddresses.find(host, port: port, family: family, deadline: deadline, label: label, seconds: seconds, cancellation)
        let wake: Wake
        do throws(SystemError) { wake = try Wake() } catch { throw .system(host: label, error) }
        return try cancellation.whileRunning({ wake.signal() }) { () throws(SSHError) in
            var failures: [String] = []
            for (index, address) in addresses.enumerated() {
                let now = SystemClock.monotonicMilliseconds()
                let left = Int(deadline - min(now, deadline))
                // A silent address must leave time for those behind it.
                let share = index == addresses.count - 1 ? left : max(left / (addresses.count - index), min(left, 2_000))
                switch attempt(address, milliseconds: share, wake: wake, name: label) {
                case .connected(let connection):
                    try connection.tune(lossSeconds: lossSeconds, label: label)
                    return connection
                case .failed(let reason): failures.append("\(address.text): \(reason)")
                case .silent: failures.append("\(address.text): no answer")
                case .interrupted: throw .cancelled(host: label)
                }
            }
            if SystemClock.monotonicMilliseconds() >= deadline { throw .timedOut(host: label, stage: .connection, seconds: seconds) }
            throw .unreachable(host: label, reason: failures.joined(separator: "; "))
        }
    }

    private enum Attempt {
        case connected(TCPConnection)
        case failed(String)
        case silent
        case interrupted
    }

    private static func attempt(_ address: HostAddresses.Address, milliseconds: Int, wake: Wake, name: String) -> Attempt {
        let descriptor = socket(address.family, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue) | Int32(SOCK_NONBLOCK.rawValue), 0)
        func failure(_ code: Int32) -> Attempt { .failed(String(cString: strerror(code))) }
        guard descriptor >= 0 else { return failure(errno) }
        let connection = TCPConnection(owning: descriptor, name: name)
        let status = address.bytes.withUnsafeBytes { bytes in
            connect(descriptor, bytes.baseAddress!.assumingMemoryBound(to: sockaddr.self), socklen_t(bytes.count))
        }
        if status == 0 { return .connected(connection) }
        guard errno == EINPROGRESS || errno == EINTR else { return failure(errno) }
        let deadline = SystemClock.monotonicMilliseconds() + UInt64(milliseconds)
        while true {
            let now = SystemClock.monotonicMilliseconds()
            var watched = [pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0), pollfd(fd: wake.descriptor, events: Int16(POLLIN), revents: 0)]
            let count = poll(&watched, 2, Int32(clamping: deadline - min(now, deadline)))
            if count == 0 { return .silent }
            if count < 0 { continue }
            if watched[1].revents != 0 { return .interrupted }
            var code: Int32 = 0
            var size = socklen_t(MemoryLayout<Int32>.size)
            getsockopt(descriptor, SOL_SOCKET, SO_ERROR, &code, &size)
            return code == 0 ? .connected(connection) : failure(code)
        }
    }

    private func tune(lossSeconds: Int, label: String) throws(SSHError) {
        let tcp = Int32(IPPROTO_TCP)
        let probe = Int32(max(1, lossSeconds / 4))
        let options: [(Int32, Int32, Int32)] = [
            (tcp, TCP_NODELAY, 1),
            (SOL_SOCKET, SO_KEEPALIVE, 1), (tcp, TCP_KEEPIDLE, probe), (tcp, TCP_KEEPINTVL, probe), (tcp, TCP_KEEPCNT, 3),
            // Keepalives do not fire while sent data is unacknowledged; this does.
            (tcp, TCP_USER_TIMEOUT, Int32(lossSeconds * 1000)),
            // What waits in the kernel cannot be overtaken by control.
            (tcp, TCP_NOTSENT_LOWAT, 128 << 10),
        ]
        for (level, name, value) in options {
            var value = value
            guard setsockopt(descriptor, level, name, &value, socklen_t(MemoryLayout<Int32>.size)) == 0 else {
                throw .system(host: label, .last("setsockopt \(name)", label))
            }
        }
    }
}

/// The addresses of a name.
private enum HostAddresses {
    struct Address: Sendable {
        var family: Int32
        /// The whole sockaddr.
        var bytes: [UInt8]
        var text: String
    }

    private enum Found: Sendable {
        case addresses([Address])
        case failed(String)
    }

    /// getaddrinfo(3) cannot be interrupted, so it has a thread that is left behind when it takes too long.
    static func find(
        _ host: String, port: UInt16, family: String, deadline: UInt64, label: String, seconds: Int, _ cancellation: Cancellation
    ) throws(SSHError) -> [Address] {
        let answer = Mailbox<Found>(elementsMax: 1)
        SystemThread.detached("name lookup") { answer.send(lookUp(host, port, family)) }
        let now = SystemClock.monotonicMilliseconds()
        let found = cancellation.whileRunning({ answer.close() }) { answer.receiveOne(waitingMilliseconds: Int(deadline - min(now, deadline))) }
        switch found {
        case nil where cancellation.isCancelled: throw .cancelled(host: label)
        case nil: throw .timedOut(host: label, stage: .name, seconds: seconds)
        case .failed(let reason): throw .unreachable(host: label, reason: "the name \(host) has no address (\(reason))")
        case .addresses(let addresses): return addresses
        }
    }

    private static func lookUp(_ host: String, _ port: UInt16, _ family: String) -> Found {
        var hints = addrinfo()
        hints.ai_family = family == "inet" ? AF_INET : family == "inet6" ? AF_INET6 : AF_UNSPEC
        hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
        hints.ai_flags = AI_ADDRCONFIG
        var list: UnsafeMutablePointer<addrinfo>?
        var status = getaddrinfo(host, "\(port)", &hints, &list)
        if status != 0 {
            // Without any network but loopback AI_ADDRCONFIG finds nothing, not even 127.0.0.1 on some systems.
            hints.ai_flags = 0
            status = getaddrinfo(host, "\(port)", &hints, &list)
        }
        guard status == 0 else { return .failed(String(cString: gai_strerror(status))) }
        defer { freeaddrinfo(list) }
        var addresses: [Address] = []
        var next = list
        while let entry = next?.pointee, let address = entry.ai_addr {
            var text = [CChar](repeating: 0, count: Int(NI_MAXHOST))
            getnameinfo(address, entry.ai_addrlen, &text, socklen_t(text.count), nil, 0, NI_NUMERICHOST)
            addresses.append(
                Address(
                    family: entry.ai_family, bytes: Array(UnsafeRawBufferPointer(start: address, count: Int(entry.ai_addrlen))),
                    text: String(decoding: text.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)))
            next = entry.ai_next
        }
        return addresses.isEmpty ? .failed("none of family \(family)") : .addresses(addresses)
    }
}
