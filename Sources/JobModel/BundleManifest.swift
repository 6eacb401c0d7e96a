/// One file of a bundle: its name there and what makes it that file.
public struct BundleEntry: Hashable, Sendable {
    /// Path below the bundle's folder: no `..`, not absolute; see `BundleManifest.init`.
    public var name: RawPath
    public var sizeBytes: UInt64
    /// 0700 or 0600: on a host nobody but the owner uses it.
    public var mode: UInt32
    public var digest: Digest256

    public init(name: RawPath, sizeBytes: UInt64, mode: UInt32, digest: Digest256) {
        self.name = name
        self.sizeBytes = sizeBytes
        self.mode = mode
        self.digest = digest
    }
}

/// What a bundle is for; part of its folder's name.
public enum BundleKind: String, CaseIterable, Sendable {
    /// `quire-agent` with its loader and libraries: sent by the head over a shell.
    case agent
    /// `quire-worker` with loader, libraries, loadable modules and settings: sent over the agent's protocol.
    case worker
}

/// Everything a program needs on a host that has nothing but sshd, file by file.
public struct BundleManifest: Hashable, Sendable {
    public let kind: BundleKind
    /// By name, ascending, each once.
    public let files: [BundleEntry]

    public static let filesMax = 4_096
    public static let fileBytesMax: UInt64 = 1 << 30
    public static let nameBytesMax = 512

    /// Nil when the list is not one that may be unpacked: a name that is absolute, empty, or has an empty, `.` or `..`
    /// component, a NUL or newline; one name twice; a file
    /// where another needs a folder; a mode of other bits; or more or larger files than the limits.
    public init?(kind: BundleKind, files: [BundleEntry]) {
        let sorted = files.sorted { $0.name < $1.name }
        guard !sorted.isEmpty, sorted.count <= Self.filesMax else { return nil }
        guard sorted.allSatisfy({ Self.isAllowed($0.name) && $0.sizeBytes <= Self.fileBytesMax && Self.modes.contains($0.mode) }) else { return nil }
        let names = Set(sorted.map(\.name))
        guard names.count == sorted.count else { return nil }
        for file in sorted {
            var folder = file.name.parent
            while !folder.isEmpty {
                if names.contains(folder) { return nil }
                folder = folder.parent
            }
        }
        self.kind = kind
        self.files = sorted
    }

    private static let modes: Set<UInt32> = [0o700, 0o600]

    private static func isAllowed(_ name: RawPath) -> Bool {
        guard !name.isEmpty, !name.isAbsolute, name.bytes.count <= nameBytesMax else { return false }
        guard !name.bytes.contains(0), !name.bytes.contains(0x0A) else { return false }
        let parts = name.bytes.split(separator: 0x2F, omittingEmptySubsequences: false)
        return parts.allSatisfy { !$0.isEmpty && !$0.elementsEqual([0x2E]) && !$0.elementsEqual([0x2E, 0x2E]) }
    }

    public var byteCount: UInt64 { files.reduce(0) { $0 + $1.sizeBytes } }

    /// One line a file, `<SHA-256> <size> x|- <name>`, behind a line that names form and kind: what the hash is made over.
    public var canonicalBytes: [UInt8] {
        var bytes = Array("quire bundle 1 \(kind.rawValue)\n".utf8)
        for file in files {
            bytes += Array("\(file.digest.hex) \(file.sizeBytes) \(file.mode == 0o700 ? "x" : "-") ".utf8)
            bytes += file.name.bytes
            bytes.append(0x0A)
        }
        return bytes
    }

    /// The bundle's hash: equal for equal files under equal names, whenever and wherever it was made.
    public func hash<Stream: DigestStream>(_: Stream.Type) -> Digest256 { Stream.digest(of: canonicalBytes) }

    /// The name of the bundle's folder on a host, `agent-` or `worker-` and 32 digits of the hash.
    public func folderName<Stream: DigestStream>(_ stream: Stream.Type) -> String {
        "\(kind.rawValue)-\(hash(stream).hex.prefix(32))"
    }
}
