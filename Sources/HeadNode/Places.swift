import JobModel
import LinuxSystem

/// Where paths lead, so that two spellings of one place are seen to be one.
enum Places {
    /// The absolute path of what may not be there yet: links and `..` in what exists of it are resolved.
    static func resolved(_ path: RawPath, in workingFolder: RawPath) throws(HeadError) -> RawPath {
        var existing = workingFolder.appending(path).normalized
        var missing: [RawPath] = []
        while existing.bytes.count > 1 {
            do throws(SystemError) {
                existing = try FileOperation.resolved(existing)
                break
            } catch {
                guard error.isNotFound else { throw .system(doing: "find \(path)", error) }
                missing.append(existing.lastComponent)
                existing = existing.parent
            }
        }
        // What is not there yet will be folders, not links: a step up undoes the step before.
        return missing.reversed().reduce(existing) { $1 == RawPath("..") ? $0.parent : $0.appending($1) }
    }
}
