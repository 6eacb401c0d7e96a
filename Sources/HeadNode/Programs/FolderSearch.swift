import JobModel
import LinuxSystem
import Planning

/// Finds the folders that `--dirs` works on: those in each INPUT, or all below it, in natural order, each before those in it.
struct FolderSearch {
    let settings: RunSettings
    let rules: SkipRules
    /// Names, or globs of names, of which a folder must hold an entry each.
    let having: [RawPath]
    let isRecursive: Bool
    let progress: () throws(HeadError) -> Void

    /// A folder whose subfolders are looked for.
    private struct Place {
        /// As the user spelled the INPUT, with the path below it.
        var path: RawPath
        var absolute: RawPath
        /// Below the INPUT.
        var relative: RawPath
        var chain: FolderReading.Chain

        func entered(_ entry: FolderEntry, _ facts: FileFacts) throws(SystemError) -> Place {
            let below = path.appending(entry.name)
            // Through a link the path is another one than the names say.
            return Place(
                path: below, absolute: entry.isLink ? try FileOperation.resolved(below) : absolute.appending(entry.name),
                relative: relative.appending(entry.name), chain: FolderReading.Chain(key: facts.key, above: chain))
        }
    }

    /// What `--having` asks of a folder.
    private enum Wanted {
        case name(RawPath)
        case glob(Glob)
    }

    /// Calls `found` for every folder; returns what was left out, by reason.
    func forEachFolder(_ found: (ScannedInput) throws(HeadError) -> Void) throws(HeadError) -> [SkipReason: Int] {
        var skipped: [SkipReason: Int] = [:]
        let wanted = try having.map { (name) throws(HeadError) in try Self.wanted(name) }
        try NamedInputs(settings: settings).forEach(
            { (path) throws(HeadError) in try search(path, wanted, &skipped, found) }, waiting: progress)
        return skipped
    }

    private static func wanted(_ name: RawPath) throws(HeadError) -> Wanted {
        guard name.bytes.contains(where: { Array("*?[\\".utf8).contains($0) }), let text = name.utf8Text else { return .name(name) }
        guard !name.bytes.contains(UInt8(ascii: "/")) else { throw .usage("--having '\(name)': a pattern names what stands in the folder itself, without /") }
        return .glob(try planning { () throws(PlanningError) in try Glob(text) })
    }

    private func search(
        _ input: RawPath, _ wanted: [Wanted], _ skipped: inout [SkipReason: Int], _ found: (ScannedInput) throws(HeadError) -> Void
    ) throws(HeadError) {
        let (place, entries): (Place, [FolderEntry])
        do throws(SystemError) {
            let facts = try FileOperation.facts(of: input)
            guard facts.type == .folder else { return skipped[.notFolder, default: 0] += 1 }
            place = Place(
                path: input, absolute: try FileOperation.resolved(input), relative: RawPath(bytes: []),
                chain: FolderReading.Chain(key: facts.key, above: nil))
            entries = try LinuxSystem.FolderListing.entries(of: input)
        } catch {
            return try found(
                ScannedInput(path: input, relative: input.lastComponent, identity: .none, fileKey: 0, failure: failure(error, "it was named, but there is no such folder")))
        }
        try visit(entries, of: place, root: input, wanted, &skipped, found)
    }

    private func visit(
        _ entries: [FolderEntry], of place: Place, root: RawPath, _ wanted: [Wanted], _ skipped: inout [SkipReason: Int],
        _ found: (ScannedInput) throws(HeadError) -> Void
    ) throws(HeadError) {
        try progress()
        let folders = entries.filter { $0.facts?.type == .folder }.sorted { NaturalOrder.precedes($0.name, $1.name) }
        for entry in folders {
            guard let facts = entry.facts else { continue }
            let relative = place.relative.appending(entry.name)
            if let reason = rules.reason(againstFolder: place.absolute.appending(entry.name), relative: relative) {
                skipped[reason, default: 0] += 1
                continue
            }
            if place.chain.isOrIsBelow(facts.key) {
                skipped[.symlinkLoop, default: 0] += 1
                continue
            }
            var input = ScannedInput(
                path: place.path.appending(entry.name), relative: relative, root: root, identity: .none, fileKey: facts.key)
            var inside: (place: Place, entries: [FolderEntry])?
            var isTaken = true
            do throws(SystemError) {
                if isRecursive { inside = (try place.entered(entry, facts), try LinuxSystem.FolderListing.entries(of: input.path)) }
                for want in wanted where isTaken { isTaken = try holds(input.path, want) }
            } catch {
                input.failure = failure(error, "it went away while folders were read")
            }
            if !rules.includes.isEmpty, !rules.includes.contains(where: { $0.matches(relative, isFolder: true) }) {
                skipped[.excluded, default: 0] += 1
            } else if isTaken {
                try found(input)
            } else {
                skipped[.withoutEntry, default: 0] += 1
            }
            if let inside { try visit(inside.entries, of: inside.place, root: root, wanted, &skipped, found) }
        }
    }

    private func holds(_ folder: RawPath, _ wanted: Wanted) throws(SystemError) -> Bool {
        switch wanted {
        case .name(let name): try FileOperation.factsIfPresent(of: folder.appending(name), followingLinks: false) != nil
        case .glob(let glob): try !LinuxSystem.FolderListing.entries(of: folder, where: { glob.matches($0) }).isEmpty
        }
    }

    private func failure(_ error: SystemError, _ gone: String) -> TaskFailure {
        if error.isNotFound { return TaskFailure(.vanished, gone) }
        return TaskFailure(error.isDenied ? .denied : .unreadable, "the folder cannot be read: \(error)")
    }
}
