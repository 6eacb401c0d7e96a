import JobModel
import LinuxSystem

/// Looks at what lies under the names of outputs.
///
/// Most runs write into an empty folder: one look at it saves a look for each file.
struct OutputFacts {
    private var knownFolder: (path: RawPath, exists: Bool)?

    mutating func facts(of output: RawPath) throws(HeadError) -> FileFacts? {
        let folder = output.parent.isEmpty ? RawPath(".") : output.parent
        if knownFolder?.path != folder {
            let exists = try HeadNode.system("look at the output folder") { () throws(SystemError) in
                try FileOperation.factsIfPresent(of: folder) != nil
            }
            knownFolder = (folder, exists)
        }
        guard knownFolder?.exists == true else { return nil }
        return try HeadNode.system("look at the outputs") { () throws(SystemError) in
            try FileOperation.factsIfPresent(of: output, followingLinks: false)
        }
    }
}
