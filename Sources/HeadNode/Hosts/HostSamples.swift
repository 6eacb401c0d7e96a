import Digests
import JobModel
import LinuxSystem

/// Some files of each input root, by which a host is asked whether it sees the same. Nothing is written.
enum HostSamples {
    static let perRootMax = 3
    private static let entriesMax = 2_000

    /// A file the roots and folders do not show, or that cannot be read, is passed over: the job itself tells of it.
    static func of(_ roots: [RawPath]) throws(HeadError) -> [HostProbe.Sample] {
        let here = try system("find the working folder") { () throws(SystemError) in try FileOperation.workingFolder() }
        var samples: [HostProbe.Sample] = []
        for (index, root) in roots.enumerated() {
            let absolute = root.isAbsolute ? root.normalized : here.appending(root).normalized
            guard let facts = try system("look at \(root)", { () throws(SystemError) in try FileOperation.factsIfPresent(of: absolute) }) else {
                throw .noInputs("\(root) is not there")
            }
            let files = facts.type == .folder ? files(below: absolute) : [absolute]
            samples += files.prefix(perRootMax).compactMap { sample(of: $0, root: index) }
        }
        return samples
    }

    /// A few files of a folder, its own first.
    static func files(below root: RawPath) -> [RawPath] {
        var folders = [root]
        var files: [RawPath] = []
        var entriesLeft = entriesMax
        while let folder = folders.popLast(), files.count < perRootMax, entriesLeft > 0 {
            let entries: [FolderEntry]
            do throws(SystemError) { entries = try FolderListing.entries(of: folder) } catch { continue }
            for entry in entries.sorted(by: { $0.name < $1.name }) where !entry.isLink {
                entriesLeft -= 1
                switch entry.facts?.type {
                case .regular where files.count < perRootMax: files.append(folder.appending(entry.name))
                case .folder: folders.append(folder.appending(entry.name))
                default: break
                }
            }
        }
        return files
    }

    private static func sample(of path: RawPath, root: Int) -> HostProbe.Sample? {
        do throws(SystemError) {
            let size = try FileOperation.facts(of: path).identity.sizeBytes
            let head = try OpenFile(path, .read).read(count: Int(min(size, UInt64(HostProbe.Sample.headBytes))), at: 0)
            return HostProbe.Sample(root: root, path: path, digest: SHA256Stream.digest(of: head).hex, sizeBytes: size)
        } catch {
            return nil
        }
    }

    /// As the host calls it; of several mappings that fit, the longest.
    static func mapped(_ path: RawPath, by mappings: [HostSpec.PathMapping]) -> RawPath {
        let fitting = mappings.filter { path.isInside($0.head) }
        guard let mapping = fitting.max(by: { $0.head.bytes.count < $1.head.bytes.count }) else { return path }
        return path.relative(to: mapping.head).map { mapping.host.appending($0) } ?? mapping.host
    }
}
