import JobModel
import JobStore
import LinuxSystem
import Planning
import Programs

/// What the tasks of a job of programs are given, one after another: files, folders, lines or numbers, in their order.
///
/// All is streamed, except that `--sort` and `--sample` need the whole list in memory. A path stays as the user gave it, below a folder
/// INPUT with that INPUT before it, as `find` tells it; only a relative one that begins with `-` gets `./` before it, so that no
/// program takes a file's name for an option. Lines and numbers are never changed; empty lines are left out, and counted.
struct ProgramArguments {
    let settings: RunSettings
    let terms: ProgramSettings
    let ledger: OutputLedger
    let workingFolder: RawPath
    /// Called now and then, also while nothing comes.
    let progress: () throws(HeadError) -> Void

    private static let itemsBetweenLooks = 4096

    /// Calls `body` for every argument; returns what was left out, by reason.
    func forEach(_ body: (ScannedInput) throws(HeadError) -> Void) throws(HeadError) -> [SkipReason: Int] {
        switch terms.source {
        case .files, .folders: return try ordered { (input) throws(HeadError) in try body(input.safeFromOptions) }
        case .lines: return try ordered { (input) throws(HeadError) in try body(input) }
        case .numbers(let range):
            let wanted = min(settings.sampleCount ?? range.count, range.count)
            for place in 0..<wanted {
                if place % Self.itemsBetweenLooks == 0 { try progress() }
                try body(.text(Array(String(range[wanted == range.count ? place : place * range.count / wanted]).utf8)))
            }
            return [:]
        }
    }

    /// All arguments but numbers, in the order they are found.
    private func scan(_ found: (ScannedInput) throws(HeadError) -> Void) throws(HeadError) -> [SkipReason: Int] {
        switch terms.source {
        case .files:
            return try InputScanner(settings: settings, rules: try rules(), ledger: ledger, workingFolder: workingFolder)
                .scan(found: found, progress: progress)
        case .folders(let having, let isRecursive):
            return try FolderSearch(settings: settings, rules: try rules(), having: having, isRecursive: isRecursive, progress: progress)
                .forEachFolder(found)
        case .lines(let list): return try forEachLine(of: list, found)
        case .numbers: preconditionFailure("numbers are not scanned")
        }
    }

    /// Hands on what is found, in the order and number asked for.
    private func ordered(_ body: (ScannedInput) throws(HeadError) -> Void) throws(HeadError) -> [SkipReason: Int] {
        let sort = settings.sort == .given ? nil : settings.sort
        guard sort != nil || settings.sampleCount != nil else { return try scan(body) }
        var all: [ScannedInput] = []
        let skipped = try scan { input in all.append(input) }
        if let wanted = settings.sampleCount, wanted < all.count { all = (0..<wanted).map { all[$0 * all.count / wanted] } }
        guard let sort else {
            for input in all { try body(input) }
            return skipped
        }
        // Of a file only its time is asked; when a picture was taken is nothing to a program.
        let keys = all.map { SortedInput(path: $0.path, takenAt: nil, identity: $0.identity) }
        let order = all.indices.sorted { sort.precedes(keys[$0], keys[$1]) || (!sort.precedes(keys[$1], keys[$0]) && $0 < $1) }
        for index in order { try body(all[index]) }
        return skipped
    }

    private func rules() throws(HeadError) -> SkipRules {
        var rules = try settings.skipRules(.any(only: terms.only, skip: terms.skip))
        for own in [terms.resultsFolder, terms.jobLog].compactMap({ $0 }) { rules.ownFolders.append(try Places.resolved(own, in: workingFolder)) }
        return rules
    }

    private func forEachLine(
        of list: ProgramSettings.LineList, _ found: (ScannedInput) throws(HeadError) -> Void
    ) throws(HeadError) -> [SkipReason: Int] {
        let file: OpenFile
        switch list {
        case .file(let path):
            let facts: FileFacts
            do throws(SystemError) { facts = try FileOperation.facts(of: path) } catch { throw .usage("--args-from \(path): it cannot be read: \(error)") }
            do throws(SystemError) { file = try OpenFile(path, .read) } catch { throw .usage("--args-from \(path): it cannot be read: \(error)") }
            if facts.type == .folder { throw .usage("--args-from \(path): this is a folder, and a list of lines is wanted; for its files name it without --args-from") }
        case .standardInput: file = try HeadNode.system("read standard input") { () throws(SystemError) in try Descriptors.duplicate(0) }
        }
        var (count, emptyCount) = (0, 0)
        let reading = ListReading(separator: settings.listsAreNulSeparated ? 0 : 0x0A, lineBytesMax: ProgramSpec.argumentBytesMax)
        try reading.forEachLine(
            of: file,
            { (line) throws(HeadError) in
                count += 1
                if count % Self.itemsBetweenLooks == 0 { try progress() }
                if line.isEmpty { emptyCount += 1 } else { try found(.text(line)) }
            }, waiting: progress)
        return emptyCount > 0 ? [.emptyLine: emptyCount] : [:]
    }
}

extension ScannedInput {
    /// An argument that is no file.
    fileprivate static func text(_ bytes: [UInt8]) -> ScannedInput {
        let text = RawPath(bytes: bytes)
        return ScannedInput(path: text, relative: text, identity: .none, fileKey: 0)
    }

    /// The same file by a name that no program takes for an option.
    fileprivate var safeFromOptions: ScannedInput {
        guard path.bytes.first == UInt8(ascii: "-") else { return self }
        var input = self
        input.path = RawPath("./").appending(path)
        input.root = root.map { RawPath("./").appending($0) }
        return input
    }
}
