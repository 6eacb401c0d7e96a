internal import CLibSSH
internal import Glibc
internal import LinuxSystem

/// A libssh session. Not Sendable: it and its channels belong to the one thread that made it.
///
/// All settings come from us; libssh reads no configuration and no known_hosts.
final class LibSSHHandle {
    let session: ssh_session
    let connection: TCPConnection
    let host: String
    private let counters = UnsafeMutablePointer<ssh_counter_struct>.allocate(capacity: 1)

    /// - Parameter timeoutSeconds: for each blocking call.
    init(on connection: TCPConnection, host: String, user: String, hostKeys: String, ciphers: String, timeoutSeconds: Int) throws(SSHError) {
        self.host = host
        self.connection = connection
        guard let session = ssh_new() else { throw .system(host: host, SystemError("ssh_new", host, code: ENOMEM)) }
        self.session = session
        counters.initialize(to: ssh_counter_struct())
        ssh_set_counters(session, counters, nil)
        // Libssh closes what it is given; ours stays for `shutDown` from other threads.
        var copy = fcntl(connection.descriptor, F_DUPFD_CLOEXEC, 3)
        guard copy >= 0 else { throw .system(host: host, .last("fcntl", host)) }
        var no = false
        var strict: CInt = 1
        var quiet: CInt = 0
        var timeout = CLong(timeoutSeconds)
        var isFine = ssh_options_set(session, SSH_OPTIONS_FD, &copy) == 0
        if !isFine { Glibc.close(copy) }
        isFine = isFine && ssh_options_set(session, SSH_OPTIONS_PROCESS_CONFIG, &no) == 0
        isFine = isFine && ssh_options_set(session, SSH_OPTIONS_STRICTHOSTKEYCHECK, &strict) == 0
        isFine = isFine && ssh_options_set(session, SSH_OPTIONS_LOG_VERBOSITY, &quiet) == 0
        isFine = isFine && ssh_options_set(session, SSH_OPTIONS_TIMEOUT, &timeout) == 0
        let texts: [(ssh_options_e, String)] = [
            // Only a name for messages: the socket is connected already.
            (SSH_OPTIONS_HOST, "host"), (SSH_OPTIONS_USER, user),
            (SSH_OPTIONS_KNOWNHOSTS, "/dev/null"), (SSH_OPTIONS_GLOBAL_KNOWNHOSTS, "/dev/null"), (SSH_OPTIONS_HOSTKEYS, hostKeys),
            (SSH_OPTIONS_CIPHERS_C_S, ciphers), (SSH_OPTIONS_CIPHERS_S_C, ciphers),
            (SSH_OPTIONS_COMPRESSION_C_S, "none"), (SSH_OPTIONS_COMPRESSION_S_C, "none"),
        ]
        for (option, text) in texts where isFine { isFine = ssh_options_set(session, option, text) == 0 }
        guard isFine else { throw .configuration(host: host, reason: "libssh refused its settings: \(lastError)") }
    }

    /// Never waits: with the socket shut down nothing can be sent any more.
    deinit {
        connection.shutDown()
        ssh_set_blocking(session, 0)
        ssh_silent_disconnect(session)
        ssh_free(session)
        counters.deallocate()
    }

    /// Bytes that went through the socket so far.
    var traffic: (received: UInt64, sent: UInt64) { (counters.pointee.in_bytes, counters.pointee.out_bytes) }

    /// Exchanges keys; libssh must not have verified anything.
    func negotiate() throws(SSHError) {
        guard ssh_connect(session) == SSH_OK else { throw .negotiation(host: host, reason: lastError) }
        // Libssh made the socket blocking, and a blocked send could not be left; it polls before every send and receive anyway.
        do throws(SystemError) { try Descriptors.setNonBlocking(connection.descriptor) } catch { throw .system(host: host, error) }
    }

    /// For each blocking call from now on.
    func limit(toSeconds seconds: Int) {
        var timeout = CLong(seconds)
        ssh_options_set(session, SSH_OPTIONS_TIMEOUT, &timeout)
    }

    var hasServerBanner: Bool { ssh_get_serverbanner(session) != nil }

    /// Base64 of the server's key.
    func serverKey() throws(SSHError) -> String {
        var key: ssh_key?
        guard ssh_get_server_publickey(session, &key) == SSH_OK, let key else { throw .negotiation(host: host, reason: lastError) }
        defer { ssh_key_free(key) }
        var text: UnsafeMutablePointer<CChar>?
        guard ssh_pki_export_pubkey_base64(key, &text) == SSH_OK, let text else { throw .negotiation(host: host, reason: "its host key is of no known kind") }
        defer { ssh_string_free_char(text) }
        return String(cString: text)
    }

    var lastError: String {
        let text = ssh_get_error(UnsafeMutableRawPointer(session)).map { String(cString: $0) } ?? ""
        return text.isEmpty ? "the connection was closed" : text
    }
}
