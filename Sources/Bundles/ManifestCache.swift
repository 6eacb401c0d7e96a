internal import Digests
internal import JobModel
internal import LinuxSystem

/// Remembers bundles as long as no file of them, and nothing that chose these files, has changed.
///
/// A file counts as unchanged by size, time of modification and inode. What cannot be remembered costs time, nothing else.
struct ManifestCache {
    let folder: RawPath
    private static let form = "quire bundle cache 1"
    private static let bytesMax = 4 << 20

    /// The bundle as it was remembered, if it still holds.
    func bundle(_ kind: BundleKind, of program: RawPath) -> InstalledBundle? {
        do throws(SystemError) {
            let file = try OpenFile(name(kind, program), .read)
            let bytes = try file.read(count: Self.bytesMax, at: 0)
            return try Self.read(String(validating: bytes, as: UTF8.self) ?? "", kind)
        } catch {
            return nil
        }
    }

    /// - Parameter folders: those whose listings decided what goes in.
    func remember(_ bundle: InstalledBundle, of program: RawPath, folders: [RawPath]) {
        // Only what a line can hold is remembered.
        let paths = bundle.paths + bundle.manifest.files.map(\.name) + folders
        guard paths.allSatisfy({ $0.utf8Text != nil && !$0.bytes.contains(0x09) && !$0.bytes.contains(0x0A) }) else { return }
        do throws(SystemError) {
            var lines = [Self.form]
            for path in Self.witnesses + folders { lines.append(["w", try Self.state(of: path), path.display].joined(separator: "\t")) }
            for (entry, path) in zip(bundle.manifest.files, bundle.paths) {
                lines.append(
                    [
                        "f", try Self.state(of: path), path.display, "\(entry.sizeBytes)", "\(entry.mode)", entry.digest.hex,
                        entry.name.display,
                    ].joined(separator: "\t"))
            }
            try FileOperation.createFolders(folder, mode: 0o700)
            let target = name(bundle.manifest.kind, program)
            let temp = RawPath(bytes: target.bytes + Array(".\(processID())".utf8))
            try FileOperation.removeIfPresent(temp)
            try OpenFile(temp, .create(mode: 0o600)).write(Array(lines.joined(separator: "\n").utf8), at: 0)
            try FileOperation.rename(temp, replacing: target)
        } catch {
            // A cache folder that takes nothing: the next start reads the libraries again.
        }
    }

    /// What else decides which libraries a loader finds.
    private static let witnesses = [RawPath("/etc/ld.so.cache"), RawPath("/etc/ld.so.preload")]

    private func name(_ kind: BundleKind, _ program: RawPath) -> RawPath {
        let key = SHA256Stream.digest(of: program.bytes + [0] + (environmentVariable("LD_LIBRARY_PATH")?.bytes ?? []))
        return folder.appending("\(kind.rawValue)-\(key.hex.prefix(16))")
    }

    private static func state(of path: RawPath) throws(SystemError) -> String {
        guard let facts = try FileOperation.factsIfPresent(of: path) else { return "absent" }
        return "\(facts.identity.sizeBytes) \(facts.identity.modifiedNanoseconds) \(facts.inode)"
    }

    private static func read(_ text: String, _ kind: BundleKind) throws(SystemError) -> InstalledBundle? {
        let lines = text.split(separator: "\n")
        guard lines.first == form[...] else { return nil }
        var entries: [BundleEntry] = []
        var paths: [RawPath: RawPath] = [:]
        for line in lines.dropFirst() {
            let fields = line.split(separator: "\t", omittingEmptySubsequences: false).map(String.init)
            guard fields.count >= 3, try state(of: RawPath(fields[2])) == fields[1] else { return nil }
            if fields[0] == "w" { continue }
            guard fields.count == 7, let size = UInt64(fields[3]), let mode = UInt32(fields[4]), let digest = Digest256(hex: fields[5])
            else { return nil }
            let name = RawPath(fields[6])
            entries.append(BundleEntry(name: name, sizeBytes: size, mode: mode, digest: digest))
            paths[name] = RawPath(fields[2])
        }
        guard let manifest = BundleManifest(kind: kind, files: entries) else { return nil }
        let inOrder = manifest.files.compactMap { paths[$0.name] }
        return inOrder.count == manifest.files.count ? InstalledBundle(manifest: manifest, paths: inOrder) : nil
    }
}
