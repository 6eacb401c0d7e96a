import JobModel
import LinuxSystem

/// A folder that inputs come from or outputs go to, as it was when the job was planned.
struct StorageRoot: Hashable, Sendable {
    /// Absolute, so that a working folder that is moved is noticed too.
    var path: RawPath
    var device: UInt64
    var inode: UInt64
    /// Where it is mounted, for messages; nil where the system does not tell.
    var mount: Mount?

    init(_ path: RawPath, _ facts: FileFacts) {
        self.path = path
        device = facts.device
        inode = facts.inode
        mount = Mount.ofDevice(facts.device)
    }

    /// Reads what `journalled` wrote; nil for anything else.
    init?(journalled bytes: [UInt8]) {
        let fields = bytes.split(separator: 0, omittingEmptySubsequences: false).dropLast().map { Array($0) }
        self.init(fields[...])
    }

    fileprivate init?(_ fields: ArraySlice<[UInt8]>) {
        let texts = fields.map { String(decoding: $0, as: UTF8.self) }
        guard texts.count == Self.fieldCount, let device = UInt64(texts[1]), let inode = UInt64(texts[2]) else { return nil }
        path = RawPath(bytes: fields[fields.startIndex])
        self.device = device
        self.inode = inode
        mount = texts[4].isEmpty ? nil : Mount(point: RawPath(bytes: fields[fields.startIndex + 3]), kind: texts[4], source: texts[5])
    }

    /// For the journal: path, device, inode and mount (point, kind, source), each ended by NUL.
    var journalled: [UInt8] { fields.flatMap { $0 + [0] } }

    fileprivate static let fieldCount = 6

    fileprivate var fields: [[UInt8]] {
        let numbers = [device, inode].map { Array(String($0).utf8) }
        return [path.bytes] + numbers + [mount?.point.bytes ?? [], Array((mount?.kind ?? "").utf8), Array((mount?.source ?? "").utf8)]
    }

    /// What is wrong with the folder now; nil when it is there, is the same, and can be read.
    ///
    /// May wait as long as a network share lets it.
    var fault: String? {
        do throws(SystemError) {
            let folder = try OpenFile(path, .read)
            let facts = try folder.facts()
            if facts.inode == inode, isOnFileSystem(facts.device) { return nil }
            return "another folder stands where \(path) was\(isMountedText)"
        } catch {
            if error.isNotFound { return "the folder \(path) is gone\(isMountedText)" }
            if error.isDenied { return "the folder \(path) may not be read any more (a ticket that expired?)\(isMountedText)" }
            return "the folder \(path) cannot be read: \(error.reason)\(isMountedText)"
        }
    }

    /// Why what is written there now would go to another file system than before: a share that was unmounted. A folder that
    /// was only removed or made anew is no fault.
    var displacement: String? {
        var folder = path
        while true {
            do throws(SystemError) {
                if let facts = try FileOperation.factsIfPresent(of: folder) {
                    return isOnFileSystem(facts.device) ? nil : "\(path) is on another file system than before\(isMountedText)"
                }
            } catch {
                return "the folder \(folder) cannot be looked at: \(error.reason)\(isMountedText)"
            }
            guard !folder.isEmpty, folder.parent != folder else { return nil }
            folder = folder.parent
        }
    }

    /// A share that was mounted again often has another device number.
    private func isOnFileSystem(_ now: UInt64) -> Bool { now == device || mount != nil && Mount.ofDevice(now) == mount }

    private var isMountedText: String {
        guard let mount, mount.point != RawPath("/") else { return "" }
        return "; it was on \(mount.point) (\(mount.kind), \(mount.source)): mount that again"
    }
}

/// The folders that a job's inputs come from: folder INPUTs, and of file INPUTs the folders they stand in.
struct InputRoots: Sendable {
    private var roots: [RawPath: StorageRoot] = [:]
    /// File INPUTs in more folders than this are not looked after.
    private static let rootsMax = 1_000
    /// The last folder noted: inputs of one folder come in a row.
    private var last: RawPath?

    init() {}

    /// Reads what `journalled` wrote; entries it cannot read are left out, since they only guard others.
    init(journalled bytes: [UInt8]) {
        let fields = bytes.split(separator: 0, omittingEmptySubsequences: false).dropLast().map(Array.init)
        let count = StorageRoot.fieldCount + 1
        for start in stride(from: 0, through: fields.count - count, by: count) {
            guard let root = StorageRoot(fields[(start + 1)..<(start + count)]) else { continue }
            roots[RawPath(bytes: fields[start])] = root
        }
    }

    /// For the journal: of each the folder as inputs name it, ended by NUL, and its fields.
    var journalled: [UInt8] {
        roots.sorted { $0.key.bytes.lexicographicallyPrecedes($1.key.bytes) }.flatMap { $0.key.bytes + [0] + $0.value.journalled }
    }

    mutating func note(_ input: ScannedInput, in workingFolder: RawPath) {
        let path = Self.key(input.root ?? input.path.parent)
        guard path != last else { return }
        last = path
        guard roots[path] == nil, roots.count < Self.rootsMax, input.failure == nil else { return }
        // What is not there cannot be missed later.
        do throws(SystemError) {
            let folder = path.isEmpty ? workingFolder : workingFolder.appending(path)
            roots[path] = StorageRoot(folder, try FileOperation.facts(of: folder))
        } catch {
            return
        }
    }

    /// `./a.jpg` and `a.jpg` stand in one folder.
    private static func key(_ folder: RawPath) -> RawPath { folder == RawPath(".") ? RawPath(bytes: []) : folder }

    /// The folder that `input` came from, if it is looked after.
    func root(of input: RawPath) -> StorageRoot? {
        var folder = input.parent
        while true {
            if let root = roots[Self.key(folder)] { return root }
            if folder.isEmpty || folder.parent == folder { return nil }
            folder = folder.parent
        }
    }
}
