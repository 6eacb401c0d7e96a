internal import Digests
public import JobModel
internal import LinuxSystem

/// A bundle that is coming: a folder of its own until all files are there, then the bundle's. Gone with the value if not completed.
public final class BundleArrival {
    public let manifest: BundleManifest
    /// Places in the manifest of the files that have to come, ascending.
    public private(set) var missing: [Int]
    private let place: RawPath
    private let folder: RawPath
    private var record = BundleRecord()
    private var isCompleted = false

    /// Links what bundles in `place` share with this one, each file read and compared.
    init(_ manifest: BundleManifest, in place: RawPath) throws(SystemError) {
        self.manifest = manifest
        self.place = place
        folder = place.appending(".new-\(String(UInt64.random(in: .min ... .max), radix: 16))")
        missing = []
        try FileOperation.createFolders(folder, mode: 0o700)
        do throws(SystemError) {
            for parent in Set(manifest.files.map { $0.name.parent }).sorted() where !parent.isEmpty {
                try FileOperation.createFolders(folder.appending(parent), mode: 0o700)
            }
            try linkShared()
        } catch {
            removeFolder()
            throw error
        }
    }

    deinit { if !isCompleted { removeFolder() } }

    /// By place in the manifest, where each missing file is to be written, as a new file in a folder that exists.
    public var targets: [Int: RawPath] { Dictionary(uniqueKeysWithValues: missing.map { ($0, path(of: $0)) }) }

    private func path(of index: Int) -> RawPath { folder.appending(manifest.files[index].name) }

    /// A missing file has been written whole; `digest` is that of what was written.
    public func arrived(_ index: Int, digest: Digest256) throws(BundleError) {
        guard let waiting = missing.firstIndex(of: index) else { throw .notABundle("file \(index) came unasked") }
        let path = path(of: index)
        let entry = manifest.files[index]
        try system("keep \(path)") { () throws(SystemError) in
            let file = try OpenFile(path, .read)
            // Begun now, so that completing waits for less.
            try file.startWriting(ByteRange(offset: 0, count: entry.sizeBytes))
            try FileOperation.setMode(path, entry.mode)
        }
        let size = try system("look at \(path)") { () throws(SystemError) in try FileOperation.facts(of: path).identity.sizeBytes }
        guard digest == entry.digest, size == entry.sizeBytes else {
            try system("remove \(path)") { () throws(SystemError) in try FileOperation.removeIfPresent(path) }
            throw .wrongContent(entry.name)
        }
        try system("look at \(path)") { () throws(SystemError) in try record.add(path, digest) }
        missing.remove(at: waiting)
    }

    /// Makes the folder durable and gives it the bundle's name; call when nothing is missing.
    ///
    /// A damaged folder of that name is put aside. Of two agents that complete the same bundle one gives way.
    public func complete() throws(BundleError) -> StoredBundle {
        precondition(missing.isEmpty, "a bundle is completed before all its files are there")
        let target = place.appending(manifest.folderName(SHA256Stream.self))
        try system("keep the bundle in \(target)") { () throws(SystemError) in
            for entry in manifest.files { try OpenFile(folder.appending(entry.name), .read).syncData() }
            try record.write(to: folder)
            for parent in Set(manifest.files.map { $0.name.parent }) { try FileOperation.syncFolder(folder.appending(parent)) }
            try OpenFile(folder.appending(BundleLayout.usedMark), .create(mode: 0o600)).syncData()
            try settle(as: target)
            try FileOperation.syncFolder(place)
        }
        guard let hold = BundleStore.hold(target, manifest.kind) else { throw .noPlace(["\(target): removed at once"]) }
        return StoredBundle(folder: target, hold: hold)
    }

    private static let triesMax = 8

    /// A folder is renamed over an empty one only (rename(2)), and no bundle is empty: so this replaces nothing.
    private func settle(as target: RawPath) throws(SystemError) {
        for attempt in 1...Self.triesMax {
            do throws(SystemError) {
                try FileOperation.rename(folder, replacing: target)
                isCompleted = true
                return
            } catch {
                guard error.isExisting || error.isNotEmpty, attempt < Self.triesMax else { throw error }
            }
            // Whole: another agent was faster. Damaged: out of the way, though running workers may still use its files.
            if try BundleRecord(target).damaged(manifest, in: target).isEmpty {
                removeFolder()
                isCompleted = true
                return
            }
            let gone = place.appending(".gone-\(folder.lastComponent)-\(attempt)")
            do throws(SystemError) {
                try FileOperation.rename(target, replacing: gone)
                try FileOperation.removeTree(gone)
            } catch {
                if !error.isNotFound { throw error }
            }
        }
    }

    private func linkShared() throws(SystemError) {
        let name = RawPath(manifest.folderName(SHA256Stream.self))
        // Of this very name there may be a damaged one, whose other files are good.
        let bundles = try FolderListing.entries(of: place) { other in
            other == name || other.bytes.starts(with: Array("\(BundleKind.worker.rawValue)-".utf8))
        }
        let folders = bundles.filter { !$0.isLink && $0.facts?.type == .folder }.map { place.appending($0.name) }
        for (index, entry) in manifest.files.enumerated() {
            if try !link(entry, from: folders) { missing.append(index) }
        }
    }

    /// A bundle of another version mostly holds the same file under the same name.
    private func link(_ entry: BundleEntry, from folders: [RawPath]) throws(SystemError) -> Bool {
        let target = folder.appending(entry.name)
        for other in folders {
            let source = other.appending(entry.name)
            guard try FileOperation.factsIfPresent(of: source, followingLinks: false)?.identity.sizeBytes == entry.sizeBytes else { continue }
            do throws(SystemError) {
                try FileOperation.link(source, as: target)
            } catch {
                // Removed meanwhile, or a file system without links.
                continue
            }
            if try BundleRecord().holds(entry, at: target) {
                try record.add(target, entry.digest)
                return true
            }
            try FileOperation.remove(target)
        }
        return false
    }

    /// What cannot be removed is swept a day later.
    private func removeFolder() {
        do throws(SystemError) { try FileOperation.removeTree(folder) } catch {}
    }
}
