import Digests
import JobModel
import LinuxSystem
import WireProtocol

/// Makes durable what came back from hosts, then lets its reports count: one thread for all hosts of a job.
///
/// Reports of one host keep their order. A file that a host wrote on a share is waited for: an NFS client may see it late.
final class Gatherer: Sendable {
    struct Parcel: Sendable {
        var host: HostIndex
        /// Its files as this machine names them.
        var report: WorkReport
        var order: WorkOrder
        /// Outputs that equal their input did not travel: they are copied here.
        var copiesVerbatim: Bool
        /// Whether this machine wrote the made files; on a share the host has synced them. What a program printed came here always.
        var mustSync: Bool
        var fileMode: UInt32
        var sinceMilliseconds = SystemClock.monotonicMilliseconds()
    }

    private let parcels = Mailbox<Parcel>(elementsMax: 1 << 16)
    private let thread: SystemThread

    /// How long a fresh output on a share may take to be seen here (behaviour.md, Hosts).
    static let visibilityMilliseconds: UInt64 = 60_000
    private static let groupMax = 256

    init(events: Mailbox<HeadEvent>) {
        let parcels = parcels
        thread = SystemThread("gather") { Gatherer.work(parcels, events) }
    }

    func gather(_ parcel: Parcel) { parcels.send(parcel) }

    /// Removes a file that came for nothing; what resists is swept at the job's end.
    func discard(_ path: RawPath) {
        do throws(SystemError) { try FileOperation.removeIfPresent(path) } catch { return }
    }

    func close() {
        parcels.close()
        thread.join()
    }

    private static func work(_ parcels: Mailbox<Parcel>, _ events: Mailbox<HeadEvent>) {
        let sync = SyncThreads(wake: nil)
        defer { sync.stop() }
        var unseen: [Parcel] = []
        while let arrived = parcels.receiveAll(waitingMilliseconds: unseen.isEmpty ? nil : 100) {
            var due = unseen + arrived
            unseen = []
            for index in due.indices { due[index].copyVerbatim() }
            for start in stride(from: 0, to: due.count, by: groupMax) {
                let group = Array(due[start..<min(due.count, start + groupMax)])
                unseen += settle(group, sync, events)
            }
        }
    }

    /// Syncs and tells a group; returns what is not seen yet.
    private static func settle(_ group: [Parcel], _ sync: SyncThreads, _ events: Mailbox<HeadEvent>) -> [Parcel] {
        var unseen: [Parcel] = []
        var ready: [Parcel] = []
        let now = SystemClock.monotonicMilliseconds()
        for parcel in group {
            let isWaitedFor = !parcel.mustSync && now < parcel.sinceMilliseconds + visibilityMilliseconds && !parcel.isVisible
            if isWaitedFor { unseen.append(parcel) } else { ready.append(parcel) }
        }
        var files: [RawPath] = []
        var owners: [Int] = []
        for (index, parcel) in ready.enumerated() {
            let mine = (parcel.mustSync ? parcel.files : []) + parcel.printed
            files += mine
            owners += Array(repeating: index, count: mine.count)
        }
        if !files.isEmpty {
            sync.start(SyncGroup(id: 0, files: files))
            for (place, error) in sync.awaitFinished().failures {
                ready[owners[place]].report.outcome = .notStored(StorageFault(code: error.code, call: error.call))
            }
        }
        for (host, parcels) in Dictionary(grouping: ready, by: \.host).sorted(by: { $0.key < $1.key }) {
            events.send(.agent(host, .reports(parcels.map(\.report))))
        }
        return unseen
    }
}

extension Gatherer.Parcel {
    /// The made files and spooled pages that are on this machine's disks.
    fileprivate var files: [RawPath] {
        guard case .finished(let work) = report.outcome else { return [] }
        var files = work.files.map(\.temp)
        if let folder = order.kind.spoolFolder { files += work.spooledNames.map { folder.appending($0) } }
        return files
    }

    /// What a program printed beyond its report.
    fileprivate var printed: [RawPath] {
        guard let folder = order.kind.spoolFolder, let program = report.program else { return [] }
        return program.spooledNames.map { folder.appending($0) }
    }

    fileprivate var isVisible: Bool {
        for file in files {
            do throws(SystemError) {
                if try FileOperation.factsIfPresent(of: file) == nil { return false }
            } catch {
                return false
            }
        }
        return true
    }

    /// Makes the outputs whose bytes are the input's; a fault becomes the report's outcome.
    fileprivate mutating func copyVerbatim() {
        guard copiesVerbatim, case .finished(let work) = report.outcome else { return }
        copiesVerbatim = false
        for file in work.files where file.isVerbatim {
            do throws(SystemError) {
                let input = try OpenFile(order.input, .read)
                let target = try OpenFile(file.temp, .create(mode: fileMode))
                var digest = SHA256Stream()
                var offset: UInt64 = 0
                while true {
                    let bytes = try input.read(count: 1 << 20, at: offset)
                    if bytes.isEmpty { break }
                    bytes.withUnsafeBytes { digest.update($0) }
                    try target.write(bytes, at: offset)
                    offset += UInt64(bytes.count)
                }
                let facts = try input.facts()
                guard digest.finish() == file.digest, facts.identity == order.identity else {
                    return report.outcome = .failed(TaskFailure(.changed, "it changed while it was worked on"))
                }
                if case .process(let process) = order.kind, let time = process.outputTime(ofSave: file.save, input: facts.identity) {
                    try target.setModified(nanoseconds: time)
                }
            } catch {
                return report.outcome = .notStored(StorageFault(code: error.code, call: error.call))
            }
        }
    }
}

extension FinishedWork {
    /// Names in the spool that pages lie in.
    var spooledNames: [RawPath] {
        var names: Set<RawPath> = []
        for source in pages.flatMap(\.sources) { if case .spool(let name) = source.file { names.insert(name) } }
        return names.sorted()
    }
}

extension WorkKind {
    var keepsTimes: Bool {
        switch self {
        case .process(let order): order.keepTimes
        case .page, .probe, .thumbnail, .fingerprint, .program, .sheet: false
        }
    }

    /// Whether outputs get other times than their inputs have, even where their bytes are the same.
    var movesTimes: Bool {
        switch self {
        case .process(let order): !order.movedTimes.isEmpty
        case .page, .probe, .thumbnail, .fingerprint, .program, .sheet: false
        }
    }

    var isProgram: Bool {
        switch self {
        case .program: true
        case .process, .page, .probe, .thumbnail, .fingerprint, .sheet: false
        }
    }

    var makesFiles: Bool { folder != nil || spoolFolder != nil }

    /// The same with each folder put through `place`.
    func inFolders(_ place: (RawPath) -> RawPath) -> WorkKind {
        switch self {
        case .process(var order):
            order.folder = order.folder.map(place)
            for save in order.further.indices { order.further[save].folder = place(order.further[save].folder) }
            order.spoolFolder = order.spoolFolder.map(place)
            return .process(order)
        case .page(var order):
            order.spoolFolder = place(order.spoolFolder)
            return .page(order)
        case .program(var order):
            order.workingFolder = place(order.workingFolder)
            order.outputs = order.outputs.map(place)
            if order.kind != .text, order.argument.isAbsolute { order.argument = place(order.argument) }
            return .program(order)
        case .sheet(var order):
            order.folder = place(order.folder)
            return .sheet(order)
        case .probe, .thumbnail, .fingerprint: return self
        }
    }
}
