import JobModel
import LinuxSystem
import Planning

/// `--manifest` and `--report`: files that a job writes at its end, refused before its work when something else has their name.
struct SideFiles {
    private let settings: RunSettings
    private let workingFolder: RawPath
    private let files: [(flag: String, path: RawPath)]

    init(_ settings: RunSettings, _ workingFolder: RawPath) {
        self.settings = settings
        self.workingFolder = workingFolder
        files = [("--manifest", settings.manifest), ("--report", settings.report)].compactMap { flag, path in path.map { (flag, $0) } }
    }

    /// The questions are answered by those who know the plan's inputs and outputs and what quire made earlier.
    func check(
        _ books: [PlannedBook], isInput: (FileFacts) -> Bool, isOutput: (RawPath) -> Bool,
        isOurs: (RawPath, FileFacts) throws(HeadError) -> Bool
    ) throws(HeadError) {
        if files.isEmpty { return }
        var keys: [[UInt8]] = []
        let bookKeys = try Set(books.map { (book) throws(HeadError) in try key(book.path) })
        for (flag, path) in files {
            let own = try key(path)
            if keys.contains(own) { throw .usage("--manifest and --report would both be \(path); give them two names") }
            keys.append(own)
            let unnumbered = try key(path.parent.appending(path.lastComponent.withoutVolumeNumber))
            if bookKeys.contains(own) || bookKeys.contains(unnumbered) { throw .usage("\(flag) \(path): that is the name of the PDF") }
            if isOutput(path) { throw .usage("\(flag) \(path): that is the name of an output") }
            try checkExisting(flag, path, isInput, isOurs)
        }
    }

    private func key(_ path: RawPath) throws(HeadError) -> [UInt8] {
        CollisionKey.folded(try Places.resolved(path, in: workingFolder))
    }

    private func checkExisting(
        _ flag: String, _ path: RawPath, _ isInput: (FileFacts) -> Bool, _ isOurs: (RawPath, FileFacts) throws(HeadError) -> Bool
    ) throws(HeadError) {
        let (direct, followed) = try HeadNode.system("look at \(path)") { () throws(SystemError) in
            (try FileOperation.factsIfPresent(of: path, followingLinks: false), try FileOperation.factsIfPresent(of: path))
        }
        if let followed {
            if isInput(followed) { throw .usage("\(flag) \(path): that is an input; choose another name") }
            switch followed.type {
            case .folder: throw .usage("\(flag) \(path) is a folder; it wants the name of a file")
            case .other(let kind): throw .usage("\(flag) \(path) is a \(kind); it wants the name of a file")
            case .regular, .link: break
            }
        }
        guard let direct, settings.overwrite != .always else { return }
        if direct.type == .regular, direct.identity.sizeBytes == 0 { return }
        guard try isOurs(path, direct) else {
            throw .usage("\(flag) \(path) exists and quire did not make it; choose another name, or say --overwrite always to replace it")
        }
    }
}
