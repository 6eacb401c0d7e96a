internal import Digests
internal import JobModel
internal import LinuxSystem

/// What a bundle's folder says of its files: their digests, and the state they had when these were checked.
///
/// A record that cannot be read is empty: then every file is read again.
struct BundleRecord {
    static let name = RawPath(".record")
    private static let bytesMax = 4 << 20

    /// By state of a file: size, time of modification and inode.
    private var digests: [String: Digest256] = [:]

    init() {}

    init(_ folder: RawPath) {
        do throws(SystemError) {
            let bytes = try OpenFile(folder.appending(Self.name), .read).read(count: Self.bytesMax, at: 0)
            for line in String(decoding: bytes, as: UTF8.self).split(separator: "\n") {
                let parts = line.split(separator: " ", maxSplits: 1)
                if parts.count == 2, let digest = Digest256(hex: parts[0]) { digests[String(parts[1])] = digest }
            }
        } catch {}
    }

    private static func state(_ facts: FileFacts) -> String {
        "\(facts.identity.sizeBytes) \(facts.identity.modifiedNanoseconds) \(facts.inode)"
    }

    mutating func add(_ path: RawPath, _ digest: Digest256) throws(SystemError) {
        digests[Self.state(try FileOperation.facts(of: path, followingLinks: false))] = digest
    }

    func write(to folder: RawPath) throws(SystemError) {
        let text = digests.map { "\($1.hex) \($0)\n" }.sorted().joined()
        let file = try OpenFile(folder.appending(Self.name), .create(mode: 0o600))
        try file.write(Array(text.utf8), at: 0)
        try file.syncData()
    }

    /// Places in the manifest of the files that are not there or not what they should be.
    func damaged(_ manifest: BundleManifest, in folder: RawPath) throws(SystemError) -> [Int] {
        var damaged: [Int] = []
        for (index, entry) in manifest.files.enumerated() where try !holds(entry, at: folder.appending(entry.name)) { damaged.append(index) }
        return damaged
    }

    /// Whether the file at `path` is what `entry` says, by its state or else by its content.
    func holds(_ entry: BundleEntry, at path: RawPath) throws(SystemError) -> Bool {
        guard let facts = try FileOperation.factsIfPresent(of: path, followingLinks: false), facts.type == .regular,
            facts.identity.sizeBytes == entry.sizeBytes
        else { return false }
        if facts.mode != entry.mode { try FileOperation.setMode(path, entry.mode) }
        if digests[Self.state(facts)] == entry.digest { return true }
        do throws(SystemError) {
            return try contentDigest(of: path).digest == entry.digest
        } catch {
            // A file that cannot be read is as good as none.
            return false
        }
    }
}
