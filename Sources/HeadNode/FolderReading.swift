import ImageFiles
import JobModel
import JobStore
import LinuxSystem
import Planning

/// Reads one folder of a walk and sorts out what is taken: all that needs the disk happens here, on a reading thread.
enum FolderReading {
    struct Job: Sendable {
        var folder: RawPath
        var absolute: RawPath
        var relative: RawPath
        var ticket: Mailbox<Outcome>
    }

    enum Outcome: Sendable {
        case read(Listing)
        case failed(TaskFailure)
        case ledgerFailed(JobStoreError)
    }

    /// Files and subfolders in natural order.
    struct Listing: Sendable {
        struct File: Sendable {
            var name: RawPath
            var identity: InputIdentity
            var key: UInt64
        }
        struct Folder: Sendable {
            var name: RawPath
            var key: UInt64
            var isLink: Bool
        }
        var files: [File] = []
        var folders: [Folder] = []
        var skipped: [SkipReason: Int] = [:]
    }

    /// A folder that waits to be read.
    struct Pending {
        var path: RawPath
        var absolute: RawPath
        var relative: RawPath
        var chain: Chain
        var ticket: Mailbox<Outcome>?

        init(path: RawPath, absolute: RawPath, relative: RawPath, key: UInt64, above: Chain?) {
            self.path = path
            self.absolute = absolute
            self.relative = relative
            chain = Chain(key: key, above: above)
        }

        func isOrIsBelow(_ key: UInt64) -> Bool { chain.isOrIsBelow(key) }
    }

    /// The folders above a folder, so that a link back to one of them is noticed.
    final class Chain {
        let key: UInt64
        let above: Chain?
        init(key: UInt64, above: Chain?) {
            self.key = key
            self.above = above
        }

        func isOrIsBelow(_ key: UInt64) -> Bool {
            var link: Chain? = self
            while let here = link {
                if here.key == key { return true }
                link = here.above
            }
            return false
        }
    }

    /// - Parameter ledger: whose outputs are left out; nil leaves out none.
    static func read(_ job: Job, _ rules: SkipRules, _ ledger: OutputLedger?) -> Outcome {
        var listing = Listing()
        let entries: [FolderEntry]
        let made: [RawPath: Set<InputIdentity>]
        do {
            entries = try LinuxSystem.FolderListing.entries(of: job.folder)
            made = try ledger?.namesMade(in: job.absolute) ?? [:]
        } catch let error as SystemError {
            return .failed(TaskFailure(error.isDenied ? .denied : .unreadable, "the folder cannot be read: \(error)"))
        } catch let error as JobStoreError {
            return .ledgerFailed(error)
        } catch {
            preconditionFailure("reading a folder throws \(error)")
        }
        for entry in entries {
            switch decide(entry, job, rules, made) {
            case .file(let file): listing.files.append(file)
            case .folder(let folder): listing.folders.append(folder)
            case .skip(let reason): listing.skipped[reason, default: 0] += 1
            }
        }
        listing.files.sort { NaturalOrder.precedes($0.name, $1.name) }
        listing.folders.sort { NaturalOrder.precedes($0.name, $1.name) }
        return .read(listing)
    }

    private static let ownPrefix = Array(".quire-".utf8)

    private enum Decision {
        case file(Listing.File)
        case folder(Listing.Folder)
        case skip(SkipReason)
    }

    private static func decide(_ entry: FolderEntry, _ job: Job, _ rules: SkipRules, _ made: [RawPath: Set<InputIdentity>]) -> Decision {
        // Temp files, partial PDFs and spools of a job that runs or was killed.
        if entry.name.bytes.starts(with: ownPrefix), rules.takesHidden { return .skip(.madeByQuire) }
        let absolute = job.absolute.appending(entry.name)
        let relative = job.relative.appending(entry.name)
        if let facts = entry.facts, facts.type == .folder {
            if let reason = rules.reason(againstFolder: absolute, relative: relative) { return .skip(reason) }
            return .folder(Listing.Folder(name: entry.name, key: facts.key, isLink: entry.isLink))
        }
        if let reason = rules.reason(againstFile: absolute, relative: relative) ?? rules.kinds.reason(against: entry.name) { return .skip(reason) }
        switch rules.kinds {
        case .any:
            guard let facts = entry.facts else { return .skip(.brokenLink) }
            if case .other(let kind) = facts.type { return .skip(.special(SpecialFile(kind))) }
            if made[entry.name]?.contains(facts.identity) == true { return .skip(.madeByQuire) }
            return .file(Listing.File(name: entry.name, identity: facts.identity, key: facts.key))
        case .images: return decideOnImage(entry, job, made)
        }
    }

    private static func decideOnImage(_ entry: FolderEntry, _ job: Job, _ made: [RawPath: Set<InputIdentity>]) -> Decision {
        let isNamedAsImage = ImageKind.imageExtensions.contains(entry.name.lowercasedExtension)
        guard let facts = entry.facts else {
            // A link to nothing: with an image's name it fails by name instead of being passed over.
            return isNamedAsImage ? .file(Listing.File(name: entry.name, identity: .none, key: 0)) : .skip(.notImage)
        }
        if case .other(let kind) = facts.type { return .skip(.special(SpecialFile(kind))) }
        if made[entry.name]?.contains(facts.identity) == true { return .skip(.madeByQuire) }
        guard isNamedAsImage || hasImageMagic(job.folder.appending(entry.name)) else { return .skip(.notImage) }
        return .file(Listing.File(name: entry.name, identity: facts.identity, key: facts.key))
    }

    /// A file that cannot be read and is not named as an image is no candidate.
    private static func hasImageMagic(_ path: RawPath) -> Bool {
        do throws(SystemError) {
            let file = try OpenFile(path, .read)
            return ImageKind.sniff(try file.read(count: ImageKind.sniffBytes, at: 0)) != nil
        } catch {
            return false
        }
    }
}

extension SpecialFile {
    /// From the words of `FileFacts`.
    init(_ words: String) {
        switch words {
        case "named pipe": self = .pipe
        case "socket": self = .socket
        case "block device": self = .blockDevice
        default: self = .characterDevice
        }
    }
}
