internal import Glibc
internal import JobModel
internal import LinuxSystem

/// A private key's file and what can be known of it without a passphrase.
struct KeyFile {
    let path: RawPath
    /// The private key's own text.
    let text: [UInt8]
    let isEncrypted: Bool
    /// Wire form; nil where only the private key itself tells, in old formats without a `.pub` beside them.
    let publicKey: [UInt8]?

    enum Finding {
        case usable(KeyFile)
        /// Only the public half is here: an agent may have the other.
        case publicOnly([UInt8])
        case absent
        case unusable(String)
    }

    static func find(_ path: RawPath) -> Finding {
        let beside = publicKey(in: RawPath(bytes: path.bytes + Array(".pub".utf8)))
        do throws(SystemError) {
            guard let facts = try FileOperation.factsIfPresent(of: path) else { return beside.map { .publicOnly($0) } ?? .absent }
            guard facts.type == .regular else { return .unusable("\(path) is no file") }
            if facts.mode & 0o077 != 0 && getuid() == ownerOf(path) { return .unusable("\(path) is readable by others: chmod 600 it") }
            let text = try readWhole(path, bytesMax: 1 << 20)
            // IdentityFile may name the public half of a key that an agent holds.
            if let key = publicKey(of: text) { return .publicOnly(key) }
            let inside = openSSHHeader(text)
            let isEncrypted = inside?.isEncrypted ?? contains(text, "ENCRYPTED")
            return .usable(KeyFile(path: path, text: text, isEncrypted: isEncrypted, publicKey: inside?.publicKey ?? beside))
        } catch {
            return .unusable("\(path) cannot be read: \(error.reason)")
        }
    }

    private static func ownerOf(_ path: RawPath) -> UInt32 {
        var record = stat()
        return path.withCString { stat($0, &record) } == 0 ? record.st_uid : .max
    }

    private static func publicKey(in path: RawPath) -> [UInt8]? {
        do throws(SystemError) { return publicKey(of: try readWhole(path, bytesMax: 1 << 20)) } catch { return nil }
    }

    /// `type base64 comment`
    private static func publicKey(of text: [UInt8]) -> [UInt8]? {
        let words = text.split(maxSplits: 2, whereSeparator: { $0 == 0x20 || $0 == 0x0A })
        guard words.count >= 2, let blob = Base64.decode(words[1]) else { return nil }
        var reader = WireReader(blob)
        return reader.string() == Array(words[0]) ? blob : nil
    }

    /// The clear part of OpenSSH's own format (PROTOCOL.key).
    private static func openSSHHeader(_ text: [UInt8]) -> (isEncrypted: Bool, publicKey: [UInt8])? {
        let lines = text.split(separator: 0x0A)
        guard lines.first?.starts(with: Array("-----BEGIN OPENSSH PRIVATE KEY".utf8)) == true else { return nil }
        let body = lines.dropFirst().prefix { $0.first != 0x2D }.joined()
        guard let bytes = Base64.decode(body.lazy.filter { $0 != 0x0D }) else { return nil }
        var reader = WireReader(bytes)
        guard reader.skip(Array("openssh-key-v1\0".utf8)), let cipher = reader.string(), reader.string() != nil, reader.string() != nil,
            reader.number() != nil, let key = reader.string()
        else { return nil }
        return (cipher != Array("none".utf8), key)
    }

    private static func contains(_ text: [UInt8], _ word: String) -> Bool {
        let word = Array(word.utf8)
        return text.indices.contains { text[$0...].starts(with: word) }
    }
}

/// The type in a public key's wire form.
func keyType(_ blob: [UInt8]) -> String {
    var reader = WireReader(blob)
    return reader.string().map { String(decoding: $0, as: UTF8.self) } ?? ""
}
