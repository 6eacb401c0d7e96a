import JobModel
import LinuxSystem

/// Finds what a program left in its mirror that it was not to leave there: on a host without the head's files everything that no
/// `--return` covers would be lost with the mirror.
///
/// Made before the program starts, asked after the last of its processes has ended. Two walks over the tree: its names are
/// kept, nothing is opened. What the program did to files that were there before is nobody's affair.
struct MirrorInspection {
    private let mirror: RawPath
    private let workingFolder: RawPath
    private let before: Set<RawPath>
    private let declared: Set<RawPath>

    private static let namesMax = 3

    /// - Parameters:
    ///   - mirror: with all that was brought for the attempt.
    ///   - order: the attempt's, with paths as the head has them.
    init(_ order: ProgramOrder, in mirror: RawPath) throws(SystemError) {
        self.mirror = mirror
        workingFolder = order.workingFolder.withoutParents
        declared = Set(order.outputs.map(\.withoutParents))
        before = Set(try Self.files(in: mirror))
    }

    /// For the report: `left 1 undeclared output x.mkv; add --return`; nil when there is none.
    func fault() throws(SystemError) -> String? {
        let found = try Self.files(in: mirror).filter { !before.contains($0) && !declared.contains($0) }.sorted()
        if found.isEmpty { return nil }
        let names = found.prefix(Self.namesMax).map { ($0.relative(to: workingFolder) ?? $0).display }.joined(separator: ", ")
        let more = found.count > Self.namesMax ? " and \(found.count - Self.namesMax) more" : ""
        return "left \(found.count) undeclared \(found.count == 1 ? "output" : "outputs") \(names)\(more); add --return"
    }

    /// All that is no folder, as the head would name it.
    private static func files(in mirror: RawPath) throws(SystemError) -> [RawPath] {
        var files: [RawPath] = []
        var folders = [RawPath("/")]
        while let folder = folders.popLast() {
            for entry in try FolderListing.names(of: mirror.appending(RawPath(bytes: Array(folder.bytes.dropFirst())))) {
                if entry.isFolder { folders.append(folder.appending(entry.name)) } else { files.append(folder.appending(entry.name)) }
            }
        }
        return files
    }
}
