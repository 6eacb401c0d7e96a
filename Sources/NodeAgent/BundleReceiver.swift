import Bundles
import Digests
import JobModel
import LinuxSystem
import Staging
import Synchronization
import WireProtocol

/// Looks for the worker's bundle and takes in what is missing of it, on a thread of its own: a hundred megabytes are read and synced.
final class BundleReceiver: Sendable {
    enum Outcome: Sendable {
        /// Files that have to come, by place in the list.
        case missing([UInt32])
        /// It is whole, and stays while the object lives.
        case ready(StoredBundle)
        case failed(String)
    }

    private enum Event: Sendable {
        case announced(BundleManifest)
        case arrived(Int, Digest256)
        case failed(Int, StorageFault)
    }

    private let events = Mailbox<Event>(elementsMax: 2 * BundleManifest.filesMax)
    private let outcomes = Mailbox<Outcome>(elementsMax: 16)
    private let targets = Targets()
    private let thread: SystemThread

    private final class Targets: Sendable {
        private let paths = Mutex<[Int: RawPath]>([:])
        func set(_ new: [Int: RawPath]) { paths.withLock { $0 = new } }
        subscript(index: Int) -> RawPath? { paths.withLock { $0[index] } }
    }

    /// - Parameter wake: signalled when `take` has something.
    init(wake: Wake) {
        let (events, outcomes, targets) = (events, outcomes, targets)
        thread = SystemThread("bundle") {
            let tell: (Outcome) -> Void = { outcome in
                outcomes.sendIfRoom(outcome)
                wake.signal()
            }
            var arrival: BundleArrival?
            while let event = events.receiveOne(waitingMilliseconds: nil) {
                do throws(BundleError) {
                    switch event {
                    case .announced(let manifest):
                        let store = BundleStore()
                        if let bundle = try store.bundle(manifest) {
                            tell(.ready(bundle))
                            continue
                        }
                        let coming = try store.receive(manifest)
                        targets.set(coming.targets)
                        arrival = coming
                        tell(.missing(coming.missing.map { UInt32($0) }))
                        guard coming.missing.isEmpty else { continue }
                    case .arrived(let index, let digest): try arrival?.arrived(index, digest: digest)
                    case .failed(let index, let fault):
                        throw .notABundle("file \(index) did not come: \(SystemError(fault.call, "it", code: fault.code))")
                    }
                    guard let coming = arrival, coming.missing.isEmpty else { continue }
                    let bundle = try coming.complete()
                    targets.set([:])
                    arrival = nil
                    BundleStore().prune(epochSeconds: SystemClock.epochMilliseconds() / 1000)
                    tell(.ready(bundle))
                } catch {
                    arrival = nil
                    targets.set([:])
                    tell(.failed("\(error)"))
                }
            }
        }
    }

    /// Takes the head's list; false when it is no bundle, or not the one it is called.
    func announce(_ hash: Digest256, _ entries: [BundleEntry]) -> Bool {
        // The places of files are the list's own: it must be in the manifest's order.
        guard let manifest = BundleManifest(kind: .worker, files: entries), manifest.files == entries, manifest.hash(SHA256Stream.self) == hash
        else { return false }
        return events.sendIfRoom(.announced(manifest))
    }

    /// Where a file of the bundle goes; nil for one that is not missing.
    func placement(_ index: UInt32) -> Placement? {
        targets[Int(index)].map { Placement(path: $0, mode: 0o600, keepsTime: false) }
    }

    func arrived(_ index: UInt32, _ digest: Digest256) { events.send(.arrived(Int(index), digest)) }
    func failed(_ index: UInt32, _ fault: StorageFault) { events.send(.failed(Int(index), fault)) }

    /// What became of it since the last call.
    func take() -> [Outcome] { outcomes.receiveAll(waitingMilliseconds: 0) ?? [] }

    /// Ends the thread; a bundle that is half here goes with it.
    func close() { events.close() }
}
