import JobModel
import JobStore
import Planning

/// The folders that outputs of a job of programs will stand in: no output may have the name of one.
///
/// Takes 8 bytes a folder, and a folder that comes again later counts again.
struct OutputFolders {
    private var hashes: [UInt64] = []
    private var last = RawPath(bytes: [])

    mutating func note(of output: RawPath) {
        let parent = output.parent
        for folder in Self.folders(above: output) {
            if last == folder || last.relative(to: folder) != nil { break }
            hashes.append(CollisionKey.hash(folder))
        }
        last = parent
    }

    /// - Parameter outputs: hashes of all outputs, ascending.
    func check(_ outputs: [UInt64], _ program: ProgramPlan, _ store: JobStore) throws(HeadError) {
        let suspects = Set(hashes.filter { outputs.containsSorted($0) })
        if suspects.isEmpty { return }
        var files: [[UInt8]: (output: RawPath, input: RawPath)] = [:]
        try store.forEachTask { (task) throws(HeadError) in
            for output in try program.outputs(of: task) where suspects.contains(CollisionKey.hash(output)) {
                files[CollisionKey.folded(output)] = (output, task.input)
            }
        }
        try store.forEachTask { (task) throws(HeadError) in
            for output in try program.outputs(of: task) {
                for folder in Self.folders(above: output) where suspects.contains(CollisionKey.hash(folder)) {
                    guard let file = files[CollisionKey.folded(folder)] else { continue }
                    throw .usage(
                        "\(file.output), an output of \(file.input), would be the folder of \(output), an output of \(task.input); give other names with --return")
                }
            }
        }
    }

    /// From the inner to the outer.
    private static func folders(above path: RawPath) -> some Sequence<RawPath> {
        sequence(first: path.parent) { $0.parent }.prefix(while: { !$0.isEmpty && $0.bytes != [0x2F] })
    }
}
