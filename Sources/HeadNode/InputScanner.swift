import ImageFiles
import JobModel
import JobStore
import LinuxSystem
import Planning

/// An input as the walk found it, in plan order unless `--sort` says otherwise.
struct ScannedInput: Sendable {
    /// As the user spelled it, or the INPUT's spelling with the path below it.
    var path: RawPath
    /// Below the INPUT it was found in; the bare name for a file INPUT.
    var relative: RawPath
    /// The folder INPUT it was found in; nil for a file INPUT.
    var root: RawPath?
    var identity: InputIdentity
    /// Device and inode folded into one number; 0 when there is no file.
    var fileKey: UInt64
    /// Known before any work: named but not there, a folder that cannot be read.
    var failure: TaskFailure?
}

/// Walks the INPUTs in their order: lists in theirs, inside a folder natural order, files first, then subfolders.
///
/// Folders are read ahead by several threads, at most `aheadMax` at once, so that a share's latency is hidden and memory
/// holds a few folders, never the whole tree. A link to a folder above itself is not followed.
struct InputScanner {
    let settings: RunSettings
    let rules: SkipRules
    let ledger: OutputLedger
    let workingFolder: RawPath
    /// Whether what quire made is taken too, where inputs are only looked at.
    var takesOwnOutputs = false

    static let aheadMax = 8
    private static let threadCount = 4

    /// Calls `found` for every input and `progress` now and then; returns what was passed over, by reason.
    func scan(found: (ScannedInput) throws(HeadError) -> Void, progress: () throws(HeadError) -> Void) throws(HeadError) -> [SkipReason: Int] {
        var skipped: [SkipReason: Int] = [:]
        let jobs = Mailbox<FolderReading.Job>(elementsMax: 64)
        let threads = (0..<Self.threadCount).map { _ in
            SystemThread("read folders") { [rules, ledger, takesOwnOutputs] in
                while let job = jobs.receiveOne() { job.ticket.send(FolderReading.read(job, rules, takesOwnOutputs ? nil : ledger)) }
            }
        }
        defer {
            jobs.close()
            for thread in threads { thread.join() }
        }
        try NamedInputs(settings: settings).forEach({ (path) throws(HeadError) in try scan(path, jobs, &skipped, found, progress) }, waiting: progress)
        return skipped
    }

    private func scan(
        _ path: RawPath, _ jobs: Mailbox<FolderReading.Job>, _ skipped: inout [SkipReason: Int],
        _ found: (ScannedInput) throws(HeadError) -> Void, _ progress: () throws(HeadError) -> Void
    ) throws(HeadError) {
        let facts: FileFacts
        do throws(SystemError) {
            facts = try FileOperation.facts(of: path)
        } catch {
            let failure =
                error.isNotFound
                ? TaskFailure(.vanished, "it was named, but there is no such file or folder")
                : TaskFailure(error.isDenied ? .denied : .unreadable, "\(error)")
            return try found(ScannedInput(path: path, relative: path.lastComponent, identity: .none, fileKey: 0, failure: failure))
        }
        switch facts.type {
        case .folder: try walk(path, facts, jobs, &skipped, found, progress)
        case .regular, .link:
            if let reason = rules.kinds.reason(against: path) { return note(reason, in: &skipped) }
            try found(ScannedInput(path: path, relative: path.lastComponent, identity: facts.identity, fileKey: facts.key))
        case .other(let kind):
            let reason: FailureReason
            switch rules.kinds {
            case .images: reason = .notImage
            case .any: reason = .unsupported
            }
            let failure = TaskFailure(reason, "it is a \(kind)")
            try found(ScannedInput(path: path, relative: path.lastComponent, identity: .none, fileKey: 0, failure: failure))
        }
    }

    private func walk(
        _ root: RawPath, _ facts: FileFacts, _ jobs: Mailbox<FolderReading.Job>, _ skipped: inout [SkipReason: Int],
        _ found: (ScannedInput) throws(HeadError) -> Void, _ progress: () throws(HeadError) -> Void
    ) throws(HeadError) {
        let absolute = try HeadNode.system("find \(root)") { () throws(SystemError) in try FileOperation.resolved(root) }
        // Top of the stack last: the folder to read next.
        var stack = [FolderReading.Pending(path: root, absolute: absolute, relative: RawPath(bytes: []), key: facts.key, above: nil)]
        while !stack.isEmpty {
            for index in stack.indices.suffix(Self.aheadMax).reversed() where stack[index].ticket == nil {
                let ticket = Mailbox<FolderReading.Outcome>(elementsMax: 1)
                stack[index].ticket = ticket
                jobs.send(FolderReading.Job(folder: stack[index].path, absolute: stack[index].absolute, relative: stack[index].relative, ticket: ticket))
            }
            let folder = stack.removeLast()
            guard let outcome = folder.ticket?.receiveOne() else { preconditionFailure("a folder was not read") }
            switch outcome {
            case .failed(let failure):
                try found(ScannedInput(path: folder.path, relative: folder.relative, root: root, identity: .none, fileKey: 0, failure: failure))
            case .ledgerFailed(let error): throw .journal(error)
            case .read(let listing):
                for (reason, count) in listing.skipped { note(reason, count, in: &skipped) }
                for file in listing.files {
                    try found(
                        ScannedInput(
                            path: folder.path.appending(file.name), relative: folder.relative.appending(file.name), root: root,
                            identity: file.identity, fileKey: file.key))
                }
                for child in listing.folders.reversed() {
                    if folder.isOrIsBelow(child.key) {
                        note(.symlinkLoop, in: &skipped)
                        continue
                    }
                    let path = folder.path.appending(child.name)
                    // Through a link the path is another one than the names say.
                    let absolute = child.isLink ? try resolved(path) : folder.absolute.appending(child.name)
                    stack.append(
                        FolderReading.Pending(
                            path: path, absolute: absolute, relative: folder.relative.appending(child.name), key: child.key, above: folder.chain))
                }
            }
            try progress()
        }
    }

    /// Names may end in anything: of kinds that are left out, only so many are told apart.
    private static let reasonsMax = 500

    private func note(_ reason: SkipReason, _ count: Int = 1, in skipped: inout [SkipReason: Int]) {
        if case .otherKind = reason, skipped[reason] == nil, skipped.count >= Self.reasonsMax { return skipped[.otherKind(nil), default: 0] += count }
        skipped[reason, default: 0] += count
    }

    private func resolved(_ path: RawPath) throws(HeadError) -> RawPath {
        try HeadNode.system("follow \(path)") { () throws(SystemError) in try FileOperation.resolved(path) }
    }
}

extension InputIdentity {
    static let none = InputIdentity(sizeBytes: 0, modifiedNanoseconds: 0)
}

extension FileFacts {
    /// Device and inode in one number: equal for two names of one file.
    var key: UInt64 { (device &* 0x9E37_79B9_7F4A_7C15) ^ inode &+ 1 }
}

extension Mailbox {
    /// Waits for the next element without a limit; nil once the mailbox is closed and empty.
    func receiveOne() -> Element? { receiveOne(waitingMilliseconds: nil) }
}
