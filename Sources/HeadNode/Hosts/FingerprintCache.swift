import Bundles
import Digests
import JobModel
import LinuxSystem
import WireProtocol

/// What the canary set came to on this machine and on hosts, so that a worker that cannot have changed is not asked again:
/// it costs each of them most of a second of processor time at every job's start.
///
/// An answer holds for one build of worker and libraries, one recipe with its limits, and one start of one host. A host's own
/// libraries (`worker: host`) may change at any time: they are always asked. What cannot be read or written costs time, nothing else.
struct FingerprintCache: Sendable {
    /// A file for each answer: its digest, then the SHA-256 of key and digest.
    let folder: RawPath

    static let entriesMax = 1_000
    private static let entryBytes = 64

    /// Whose worker answered.
    enum Place: UInt8 {
        /// This machine's installed one; the bundle's hash stands for its program and libraries.
        case thisMachine = 0
        /// One in a bundle.
        case bundle = 1
    }

    struct Key: Hashable {
        let digest: Digest256

        /// Nil where the host does not tell which it is, or since when it runs.
        ///
        /// - Parameter setup: the job's `WorkSetup`, encoded: recipe, limits, what is done with damage.
        init?(_ place: Place, bundle: Digest256, hostname: String, bootID: String, setup: [UInt8], work: FingerprintOrder.Work) {
            if hostname.isEmpty || bootID.isEmpty { return nil }
            var writer = WireWriter()
            writer.put("quire fingerprint 1")
            writer.put(tag: place.rawValue)
            writer.put(bundle)
            writer.put(hostname)
            writer.put(bootID)
            writer.put(setup)
            writer.put(FingerprintOrder(folder: RawPath(""), work: work))
            digest = SHA256Stream.digest(of: writer.bytes)
        }
    }

    /// The answer as it was remembered; nil when there is none or its file is damaged.
    func answer(to key: Key) -> Digest256? {
        do throws(SystemError) {
            let bytes = try OpenFile(path(key), .read).read(count: Self.entryBytes + 1, at: 0)
            guard bytes.count == Self.entryBytes else { return nil }
            let answer = Digest256(bytes: Array(bytes[..<32]))
            return bytes == Self.entry(key, answer) ? answer : nil
        } catch {
            return nil
        }
    }

    func remember(_ answer: Digest256, to key: Key) {
        do throws(SystemError) {
            try FileOperation.createFolders(folder, mode: 0o700)
            // A host may be listed twice, and several jobs begin at once.
            let temp = RawPath(bytes: path(key).bytes + Array(".\(UInt64.random(in: 0...UInt64.max))".utf8))
            try OpenFile(temp, .create(mode: 0o600)).write(Self.entry(key, answer), at: 0)
            try FileOperation.rename(temp, replacing: path(key))
            try forgetOldest()
        } catch {
            return
        }
    }

    /// Temp files that a killed process left age and go with the rest.
    private func forgetOldest() throws(SystemError) {
        let entries = try FolderListing.entries(of: folder)
        guard entries.count > Self.entriesMax else { return }
        let byAge = entries.sorted { ($0.facts?.identity.modifiedNanoseconds ?? 0) < ($1.facts?.identity.modifiedNanoseconds ?? 0) }
        for entry in byAge.prefix(entries.count - Self.entriesMax) { try FileOperation.removeIfPresent(folder.appending(entry.name)) }
    }

    private func path(_ key: Key) -> RawPath { folder.appending(key.digest.hex) }

    private static func entry(_ key: Key, _ answer: Digest256) -> [UInt8] {
        answer.bytes + SHA256Stream.digest(of: key.digest.bytes + answer.bytes).bytes
    }
}

extension FingerprintCache {
    /// In the user's cache folder.
    init() { folder = BundleMaker.usualCacheFolder.appending("fingerprints") }

    /// The key of a host that greeted with `facts`; nil where its answer may have changed since.
    static func key(_ worker: WorkerPlace, on facts: HostFacts, setup: [UInt8], work: FingerprintOrder.Work) -> Key? {
        switch worker {
        case .bundle(let hash): Key(.bundle, bundle: hash, hostname: facts.hostname, bootID: facts.bootID, setup: setup, work: work)
        case .beside, .bundleOnHostLibraries, .minder: nil
        }
    }

    /// The key of this machine's own worker, as `bundles` would send it; nil where another one was named.
    static func keyOfThisMachine(_ bundles: HostBundles, setup: [UInt8], work: FingerprintOrder.Work) -> Key? {
        if environmentVariable("QUIRE_WORKER") != nil { return nil }
        let capacity = Capacity.ofThisMachine()
        do throws(HeadError) {
            let hash = try bundles.worker().manifest.hash(SHA256Stream.self)
            return Key(.thisMachine, bundle: hash, hostname: capacity.hostname, bootID: capacity.bootID, setup: setup, work: work)
        } catch {
            // Each host tells why it gets no worker.
            return nil
        }
    }
}
