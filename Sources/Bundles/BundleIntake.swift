internal import Digests
public import JobModel
public import LinuxSystem

/// The worker's bundle as one agent takes it in: announced by the head, completed by the files that were missing, then started from.
///
/// Used by one thread. Announcing reads what older bundles share, completing waits for the disk: up to a second each.
public final class BundleIntake {
    public enum Progress: Hashable, Sendable {
        /// Places in the announced list of the files that have to come, ascending.
        case missing([Int])
        case whole
    }

    private let store: BundleStore
    private var arrival: BundleArrival?
    private var stored: StoredBundle?
    /// Of the bundle announced last.
    public private(set) var hash: Digest256?

    public init(store: BundleStore = BundleStore()) {
        self.store = store
    }

    /// The head names the bundle it wants the worker from.
    public func announce(_ files: [BundleEntry], hash: Digest256) throws(BundleError) -> Progress {
        guard let manifest = BundleManifest(kind: .worker, files: files), manifest.files == files else {
            throw .notABundle("a list of \(files.count) files that may not be unpacked, or out of order")
        }
        guard manifest.hash(SHA256Stream.self) == hash else { throw .notABundle("its list has another hash than it is said to have") }
        guard files.contains(where: { $0.name == BundleLayout.worker }) else { throw .notABundle("it holds no worker") }
        (arrival, stored, self.hash) = (nil, nil, hash)
        if let whole = try store.bundle(manifest) {
            take(whole)
            return .whole
        }
        let arrival = try store.receive(manifest)
        self.arrival = arrival
        return try settled(arrival)
    }

    /// By place in the announced list, where the files that are missing are to be written: new files in folders that exist.
    public var targets: [Int: RawPath] { arrival?.targets ?? [:] }

    /// A missing file was written whole, with content of this digest. What is still missing; an error leaves the file missing.
    public func arrived(_ index: Int, digest: Digest256) throws(BundleError) -> Progress {
        guard let arrival else { throw .notABundle("file \(index) came unasked") }
        try arrival.arrived(index, digest: digest)
        return try settled(arrival)
    }

    /// How the worker is started; nil until the bundle is whole.
    public func workerStart(onHostLibraries: Bool) -> ProgramStart? {
        guard let folder = stored?.folder else { return nil }
        return onHostLibraries ? BundleLayout.workerOnHostLibraries(in: folder) : BundleLayout.workerStart(in: folder)
    }

    private func settled(_ arrival: BundleArrival) throws(BundleError) -> Progress {
        if !arrival.missing.isEmpty { return .missing(arrival.missing) }
        take(try arrival.complete())
        return .whole
    }

    /// From now on this bundle is in use; older ones, of agents too, may be too many.
    private func take(_ bundle: StoredBundle) {
        (arrival, stored) = (nil, bundle)
        store.prune(epochSeconds: SystemClock.epochMilliseconds() / 1000)
    }
}
