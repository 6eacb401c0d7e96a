internal import CLibSSH
internal import Glibc
internal import LinuxSystem

/// A program in a libssh channel; belongs to the session's thread.
struct LibSSHProgram {
    private let handle: LibSSHHandle
    private let channel: ssh_channel
    private let core: ChannelCore
    private let callbacks: UnsafeMutablePointer<ssh_channel_callbacks_struct>
    private let told: Told

    /// What the server told of the program's end.
    private final class Told {
        var end: ProgramEnd?
    }

    /// Starts it; each step has the session's timeout.
    init(_ command: String, on handle: LibSSHHandle, core: ChannelCore) throws(SSHError) {
        self.handle = handle
        self.core = core
        ssh_set_blocking(handle.session, 1)
        guard let channel = ssh_channel_new(handle.session) else { throw Self.failure(handle, command) }
        self.channel = channel
        told = Told()
        callbacks = .allocate(capacity: 1)
        callbacks.initialize(to: ssh_channel_callbacks_struct())
        callbacks.pointee.size = MemoryLayout<ssh_channel_callbacks_struct>.size
        callbacks.pointee.userdata = Unmanaged.passUnretained(told).toOpaque()
        callbacks.pointee.channel_exit_status_function = { _, _, status, told in
            Unmanaged<Told>.fromOpaque(told!).takeUnretainedValue().end = .status(status)
        }
        callbacks.pointee.channel_exit_signal_function = { _, _, signal, _, _, _, told in
            Unmanaged<Told>.fromOpaque(told!).takeUnretainedValue().end = .signal("SIG" + (signal.map { String(cString: $0) } ?? "?"))
        }
        ssh_set_channel_callbacks(channel, callbacks)
        guard ssh_channel_open_session(channel) == SSH_OK, ssh_channel_request_exec(channel, command) == SSH_OK else {
            let error = Self.failure(handle, command)
            free()
            throw error
        }
    }

    private static func failure(_ handle: LibSSHHandle, _ command: String) -> SSHError {
        ssh_is_connected(handle.session) == 0
            ? .lost(host: handle.host, reason: handle.lastError, standardError: "")
            : .commandFailed(host: handle.host, command: command, .unknown, handle.lastError)
    }

    /// Called once, after `serve`; never waits.
    func free() {
        ssh_set_blocking(handle.session, 0)
        // A channel the server has not closed yet lives on in the session, and would call what is gone.
        ssh_remove_channel_callbacks(channel, callbacks)
        ssh_channel_close(channel)
        ssh_channel_free(channel)
        callbacks.deallocate()
    }

    private static let writeBytesMax = 128 << 10
    /// Reads in a row before it is our turn to send.
    private static let readsMax = 8

    private enum Moved {
        case something, nothing
        case failed
    }

    /// Moves bytes both ways until the program has ended, the connection broke, or the channel is aborted.
    func serve(_ sink: ChannelSink) -> ChannelEnd {
        ssh_set_blocking(handle.session, 0)
        var sending = SendingBytes()
        var hasSentEnd = false
        var lastWords = LastBytes()
        let scratch = UnsafeMutableRawBufferPointer.allocate(byteCount: ChannelLimits.chunkBytesMax, alignment: 16)
        defer { scratch.deallocate() }
        while true {
            if core.isAborted { return .closedByUs }
            let before = handle.traffic
            var isBlocked = false
            if !hasSentEnd {
                switch sending.send(from: core.lanes, write) {
                case .idle: break
                case .blocked: isBlocked = true
                case .finished:
                    ssh_channel_send_eof(channel)
                    hasSentEnd = true
                case .failed: return endOfConnection(lastWords)
                }
            }
            // To the last byte and with much room: libssh grants the peer more with every read, whatever is still unread.
            var moved = Moved.nothing
            for _ in 0..<Self.readsMax {
                let output = read(into: scratch, errors: false) { sink(.received(Array($0))) }
                if case .failed = output { return endOfConnection(lastWords) }
                let errors = read(into: scratch, errors: true) { lastWords.append($0) }
                if case .failed = errors { return endOfConnection(lastWords) }
                moved = output == .nothing && errors == .nothing ? .nothing : .something
                if moved == .nothing || core.isAborted { break }
            }
            // Behind the end of output reads take in no more packets, and it is they that bring the exit code.
            if ssh_channel_is_eof(channel) != 0 {
                if let end = told.end { return .exited(end, standardError: lastWords.text) }
                ssh_channel_get_exit_status(channel)
            }
            // Any call may have taken in what another waits for, or made room: then the socket tells nothing of it any more.
            let now = handle.traffic
            if moved == .something || now.received != before.received || isBlocked && now.sent != before.sent { continue }
            if ssh_channel_is_closed(channel) != 0 {
                return ssh_is_connected(handle.session) == 0 && told.end == nil
                    ? endOfConnection(lastWords) : .exited(told.end ?? .unknown, standardError: lastWords.text)
            }
            awaitEvents()
        }
    }

    private func write(_ bytes: UnsafeRawBufferPointer) -> SendingBytes.Outcome {
        // Bytes libssh still holds would be passed by nothing: it must not hold many.
        guard ssh_get_status(handle.session) & SSH_WRITE_PENDING == 0, ssh_channel_window_size(channel) > 0 else { return .sent(0) }
        let count = ssh_channel_write(channel, bytes.baseAddress, UInt32(min(bytes.count, Self.writeBytesMax)))
        return count < 0 && count != SSH_AGAIN ? .failed : .sent(max(0, Int(count)))
    }

    private func read(into scratch: UnsafeMutableRawBufferPointer, errors: Bool, _ take: (UnsafeRawBufferPointer) -> Void) -> Moved {
        let count = ssh_channel_read_timeout(channel, scratch.baseAddress, UInt32(scratch.count), errors ? 1 : 0, 0)
        if count > 0 { take(UnsafeRawBufferPointer(rebasing: scratch[..<Int(count)])) }
        // 0 is nothing yet as well as the end; newer versions say SSH_AGAIN and SSH_EOF.
        return count > 0 ? .something : count == SSH_ERROR ? .failed : .nothing
    }

    private func endOfConnection(_ lastWords: LastBytes) -> ChannelEnd {
        if core.isAborted { return .closedByUs }
        if let end = told.end { return .exited(end, standardError: lastWords.text) }
        return .lost(reason: handle.lastError, standardError: lastWords.text)
    }

    private func awaitEvents() {
        let isPending = ssh_get_poll_flags(handle.session) & SSH_WRITE_PENDING != 0
        var watched = [
            pollfd(fd: handle.connection.descriptor, events: Int16(POLLIN | (isPending ? POLLOUT : 0)), revents: 0),
            pollfd(fd: core.wake.descriptor, events: Int16(POLLIN), revents: 0),
        ]
        var milliseconds: Int32 = -1
        if let deadline = core.closeDeadline {
            let now = SystemClock.monotonicMilliseconds()
            milliseconds = Int32(clamping: deadline - min(now, deadline))
        }
        poll(&watched, 2, milliseconds)
        if watched[1].revents != 0 { core.wake.clear() }
    }
}
