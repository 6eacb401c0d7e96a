internal import Digests
internal import Glibc
public import JobModel
internal import LinuxSystem

/// The bundles on one host, for its agents: whole folders named by hash, shared by all jobs and heads of the user.
///
/// A folder appears by one rename, with all files checked and durable, and is never changed afterwards. Each holds a record of
/// its files' digests beside the state they had then: a file whose state has changed is read again, so that a bundle somebody
/// damaged is found at the cost of some hundred calls of stat.
public struct BundleStore: Sendable {
    /// The best first.
    let places: [RawPath]
    /// Of each kind and place, beside those in use.
    public static let keptMax = 3
    /// What an interrupted arrival leaves is swept away when it is as old as this.
    private static let leftoverSecondsMin: Int64 = 86_400

    public init(places: [RawPath] = BundleStore.usualPlaces) {
        self.places = places
    }

    /// Where the bootstrap puts agents too: `~/.cache/quire`, else `/var/tmp/quire-UID/bundles`, else `/dev/shm/quire-UID/bundles`.
    public static var usualPlaces: [RawPath] {
        let home = environmentVariable("HOME").flatMap { $0.isAbsolute ? [$0.appending(".cache/quire")] : nil } ?? []
        return home + ["/var/tmp", "/dev/shm"].map { RawPath("\($0)/quire-\(geteuid())/bundles") }
    }

    /// The bundle, if it is on this host and whole; it stays until the object goes.
    public func bundle(_ manifest: BundleManifest) throws(BundleError) -> StoredBundle? {
        let name = manifest.folderName(SHA256Stream.self)
        for place in places where Self.isOurs(place) {
            let folder = place.appending(name)
            guard let hold = Self.hold(folder, manifest.kind) else { continue }
            let missing = try system("look at the bundle in \(folder)") { () throws(SystemError) in
                try BundleRecord(folder).damaged(manifest, in: folder)
            }
            if missing.isEmpty {
                markUsed(folder)
                return StoredBundle(folder: folder, hold: hold)
            }
        }
        return nil
    }

    /// Prepares a place for the bundle, with what others here share with it; the rest has to come.
    public func receive(_ manifest: BundleManifest) throws(BundleError) -> BundleArrival {
        var reasons: [String] = []
        let bytesNeeded = manifest.byteCount
        for place in places {
            do throws(SystemError) {
                try FileOperation.createFolders(place, mode: 0o700)
                guard Self.isOurs(place) else { throw SystemError("open", place.display, code: EPERM) }
                // Files that older bundles share take no room: only known once they are linked, so this is a rough look.
                guard try FileOperation.freeBytes(at: place) > bytesNeeded / 4 else { throw SystemError("write", place.display, code: ENOSPC) }
                return try BundleArrival(manifest, in: place)
            } catch {
                reasons.append("\(place): \(error.reason)")
            }
        }
        throw .noPlace(reasons)
    }

    /// Removes all but the newest bundles, never one that is in use, and what interrupted arrivals left.
    ///
    /// What cannot be removed stays for the next time; nobody's work depends on it.
    public func prune(epochSeconds: Int64) {
        for place in places where Self.isOurs(place) { unlessFailed { () throws(SystemError) in try prune(place, epochSeconds: epochSeconds) } }
    }

    /// What fails for one folder keeps no other from being removed.
    private func unlessFailed(_ removal: () throws(SystemError) -> Void) {
        do throws(SystemError) { try removal() } catch {}
    }

    private func prune(_ place: RawPath, epochSeconds: Int64) throws(SystemError) {
        let entries = try FolderListing.entries(of: place).filter { !$0.isLink && $0.facts?.type == .folder }
        for entry in entries where [".up-", ".new-", ".gone-"].contains(where: { entry.name.bytes.starts(with: Array($0.utf8)) }) {
            let age = epochSeconds - (entry.facts?.identity.modifiedNanoseconds ?? .max) / 1_000_000_000
            guard age >= Self.leftoverSecondsMin else { continue }
            unlessFailed { () throws(SystemError) in try FileOperation.removeTree(place.appending(entry.name)) }
        }
        for kind in BundleKind.allCases {
            var bundles: [(folder: RawPath, used: Int64)] = []
            for entry in entries where entry.name.bytes.starts(with: Array("\(kind.rawValue)-".utf8)) {
                let folder = place.appending(entry.name)
                let mark = try FileOperation.factsIfPresent(of: folder.appending(BundleLayout.usedMark))
                bundles.append((folder, (mark ?? entry.facts)?.identity.modifiedNanoseconds ?? 0))
            }
            bundles.sort { ($0.used, $0.folder) > ($1.used, $1.folder) }
            for (folder, _) in bundles.dropFirst(Self.keptMax) { unlessFailed { () throws(SystemError) in try remove(folder, kind) } }
        }
    }

    /// Whoever opens the bundle meanwhile finds it held, or gone.
    private func remove(_ folder: RawPath, _ kind: BundleKind) throws(SystemError) {
        let program = folder.appending(Self.program(kind))
        let isThere = try FileOperation.factsIfPresent(of: program) != nil
        let hold = isThere ? try FileHold.exclusive(program) : nil
        if isThere, hold == nil { return }
        let gone = folder.parent.appending(".gone-\(processID())-\(folder.lastComponent)")
        try FileOperation.rename(folder, replacing: gone)
        try FileOperation.removeTree(gone)
    }

    /// A claim on a bundle's folder against removal; nil when there is no such bundle, or it is being removed.
    static func hold(_ folder: RawPath, _ kind: BundleKind) -> FileHold? {
        do throws(SystemError) { return try FileHold.shared(folder.appending(program(kind))) } catch { return nil }
    }

    static func program(_ kind: BundleKind) -> RawPath {
        switch kind {
        case .agent: BundleLayout.agent
        case .worker: BundleLayout.worker
        }
    }

    /// In a folder that all may write to, one that somebody else made is none of ours; nor is one behind a stranger's link, who
    /// can turn it elsewhere once we have looked.
    private static func isOurs(_ place: RawPath) -> Bool {
        [place, place.parent].allSatisfy { folder in
            var (record, link) = (stat(), stat())
            guard folder.withCString({ stat($0, &record) == 0 && lstat($0, &link) == 0 }) else { return false }
            return record.st_uid == geteuid() && [0, geteuid()].contains(link.st_uid)
        }
    }

    /// A full disk does not keep a bundle from being used; it may only seem older than it is.
    private func markUsed(_ folder: RawPath) {
        do throws(SystemError) {
            try OpenFile(folder.appending(BundleLayout.usedMark), .update(mode: 0o600)).truncate(to: 0)
        } catch {}
    }
}

/// A bundle that is whole, kept from being removed while this object lives.
public final class StoredBundle: Sendable {
    public let folder: RawPath
    private let hold: FileHold

    init(folder: RawPath, hold: consuming FileHold) {
        self.folder = folder
        self.hold = hold
    }

    /// Keeps the bundle that this process itself was started from; nil when it was not started from one.
    public static func own(_ kind: BundleKind) -> StoredBundle? {
        let program: RawPath
        do throws(SystemError) { program = try ownExecutable() } catch { return nil }
        let folder = program.parent
        guard folder.lastComponent.bytes.starts(with: Array("\(kind.rawValue)-".utf8)) else { return nil }
        guard let hold = BundleStore.hold(folder, kind) else { return nil }
        return StoredBundle(folder: folder, hold: hold)
    }
}
