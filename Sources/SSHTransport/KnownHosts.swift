internal import Crypto
internal import Glibc
internal import JobModel
internal import LinuxSystem
internal import Synchronization

/// What known_hosts files say about one host (sshd(8), SSH_KNOWN_HOSTS FILE FORMAT).
///
/// Read here and not by libssh, which passes over `@revoked`, reads two files at most, and believes
/// `StrictHostKeyChecking no` even for a changed key.
struct KnownHosts {
    struct Entry: Equatable {
        enum Marker: Equatable { case none, authority, revoked }
        var marker: Marker
        var type: String
        /// Base64, as in the file.
        var key: String
        /// `file:line`
        var place: String
    }

    enum Verdict: Equatable {
        case known
        case unknown
        case changed(place: String)
        case revoked(place: String)
        /// Only certificates of an authority are accepted for it, which libssh cannot check.
        case needsCertificate
    }

    /// Those that fit the host, in file order.
    let entries: [Entry]

    /// - Parameter name: as known_hosts spells it: `host`, `[host]:port` or a HostKeyAlias.
    init(files: [RawPath], name: String) throws(SystemError) {
        var entries: [Entry] = []
        for file in files {
            do throws(SystemError) {
                entries += Self.entries(in: try readWhole(file), of: file.display, for: name)
            } catch {
                if !error.isNotFound { throw error }
            }
        }
        self.entries = entries
    }

    static func entries(in text: [UInt8], of file: String, for name: String) -> [Entry] {
        var found: [Entry] = []
        for (index, line) in text.split(separator: 0x0A, omittingEmptySubsequences: false).enumerated() {
            var words = line.split(whereSeparator: { $0 == 0x20 || $0 == 0x09 || $0 == 0x0D }).map { String(decoding: $0, as: UTF8.self) }
            guard let first = words.first, !first.hasPrefix("#") else { continue }
            var marker = Entry.Marker.none
            if first.hasPrefix("@") {
                marker = first == "@revoked" ? .revoked : .authority
                words.removeFirst()
            }
            guard words.count >= 3, matches(words[0], name) else { continue }
            found.append(Entry(marker: marker, type: words[1], key: words[2], place: "\(file):\(index + 1)"))
        }
        return found
    }

    func verdict(type: String, key: String) -> Verdict {
        if let revoked = entries.first(where: { $0.marker == .revoked && $0.key == key }) { return .revoked(place: revoked.place) }
        let plain = entries.filter { $0.marker == .none }
        if plain.contains(where: { $0.type == type && $0.key == key }) { return .known }
        // As ssh does it: a key of another type than the known ones is a change too, since we asked for the known types first.
        if let other = plain.first(where: { $0.type == type }) ?? plain.first { return .changed(place: other.place) }
        return entries.contains { $0.marker == .authority } ? .needsCertificate : .unknown
    }

    /// Host key algorithms, those with a known key first.
    var algorithms: String {
        let all = [
            "ssh-ed25519", "ecdsa-sha2-nistp256", "ecdsa-sha2-nistp384", "ecdsa-sha2-nistp521", "rsa-sha2-512", "rsa-sha2-256",
        ]
        let known = Set(entries.lazy.filter { $0.marker == .none }.map(\.type))
        func isKnown(_ algorithm: String) -> Bool { known.contains(algorithm) || algorithm.hasPrefix("rsa-") && known.contains("ssh-rsa") }
        return (all.filter(isKnown) + all.filter { !isKnown($0) }).joined(separator: ",")
    }

    // MARK: Patterns

    /// Whether the first field of a line fits `name`: a hashed name, or patterns with `*`, `?` and `!`.
    static func matches(_ field: String, _ name: String) -> Bool {
        if field.hasPrefix("|1|") {
            let parts = field.split(separator: "|")
            guard parts.count == 3, let salt = Base64.decode(parts[1].utf8), let hash = Base64.decode(parts[2].utf8) else { return false }
            return hashed(name, salt: salt) == hash
        }
        var isMatch = false
        for pattern in field.split(separator: ",") {
            if pattern.hasPrefix("!") {
                if glob(Array(pattern.dropFirst().utf8), Array(name.utf8)) { return false }
            } else if glob(Array(pattern.utf8), Array(name.utf8)) {
                isMatch = true
            }
        }
        return isMatch
    }

    private static func glob(_ pattern: [UInt8], _ name: [UInt8]) -> Bool {
        var (at, next) = (0, 0)
        var lastStar: (pattern: Int, name: Int)?
        while next < name.count {
            if at < pattern.count, pattern[at] == 0x2A {
                lastStar = (at, next)
                at += 1
            } else if at < pattern.count, pattern[at] == 0x3F || lowercased(pattern[at]) == lowercased(name[next]) {
                at += 1
                next += 1
            } else if let star = lastStar {
                lastStar = (star.pattern, star.name + 1)
                at = star.pattern + 1
                next = star.name + 1
            } else {
                return false
            }
        }
        return pattern[at...].allSatisfy { $0 == 0x2A }
    }

    private static func lowercased(_ byte: UInt8) -> UInt8 { (0x41...0x5A).contains(byte) ? byte + 32 : byte }

    private static func hashed(_ name: String, salt: [UInt8]) -> [UInt8] {
        Array(HMAC<Insecure.SHA1>.authenticationCode(for: Array(name.utf8), using: SymmetricKey(data: salt)))
    }

    /// The first field of a line for `name` that does not give the name away.
    static func hashedField(_ name: String) -> String {
        let salt = (0..<20).map { _ in UInt8.random(in: 0...255) }
        return "|1|\(Base64.encode(salt))|\(Base64.encode(hashed(name, salt: salt)))"
    }

    // MARK: Writing

    private static let writing = Mutex(())

    /// Appends a line for a new host; all hosts of a job do so one after another.
    ///
    /// - Returns: what the file says of the key now. Not `.known` when a line came meanwhile that forbids it: then nothing is written.
    static func add(name: String, type: String, key: String, isHashed: Bool, to file: RawPath) throws(SystemError) -> Verdict {
        try writing.withLock { (_) throws(SystemError) in
            let verdict = try KnownHosts(files: [file], name: name).verdict(type: type, key: key)
            guard verdict == .unknown else { return verdict }
            try FileOperation.createFolders(file.parent, mode: 0o700)
            let descriptor = file.withCString { open($0, O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0o600) }
            guard descriptor >= 0 else { throw .last("open", file.display) }
            let opened = OpenFile(owning: descriptor, path: file)
            let size = try opened.facts().identity.sizeBytes
            let last: [UInt8] = size > 0 ? try opened.read(count: 1, at: size - 1) : [0x0A]
            let needsBreak = last != [0x0A]
            // One write with O_APPEND: other programs' lines stay whole.
            try opened.append(Array((needsBreak ? "\n" : "").utf8) + Array("\(isHashed ? hashedField(name) : name) \(type) \(key)\n".utf8))
            return .known
        }
    }

    /// `SHA256:` and the digest, as ssh-keygen shows it; `?` for a key that is no Base64.
    static func fingerprint(_ key: String) -> String {
        guard let blob = Base64.decode(key.utf8) else { return "SHA256:?" }
        return "SHA256:" + Base64.encode(Array(SHA256.hash(data: blob))).prefix { $0 != "=" }
    }
}

/// The whole of a small file.
func readWhole(_ path: RawPath, bytesMax: Int = 64 << 20) throws(SystemError) -> [UInt8] {
    let file = try OpenFile(path, .read)
    let facts = try file.facts()
    guard facts.type == .regular || facts.identity.sizeBytes == 0, facts.identity.sizeBytes <= bytesMax else {
        throw SystemError("read", path.display, code: EFBIG)
    }
    return try file.read(count: Int(facts.identity.sizeBytes), at: 0)
}
