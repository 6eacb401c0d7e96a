internal import Glibc
public import JobModel

extension FileOperation {
    /// Gives a file a second name on the same file system; an existing one is an error.
    public static func link(_ source: RawPath, as target: RawPath) throws(SystemError) {
        let status = source.withCString { from in target.withCString { to in Glibc.link(from, to) } }
        guard status == 0 else { throw .last("link", "\(source.display) to \(target.display)") }
    }

    /// Removes a folder with all that is in it, links themselves and not what they lead to; nothing there is fine.
    public static func removeTree(_ folder: RawPath) throws(SystemError) {
        guard let facts = try factsIfPresent(of: folder, followingLinks: false) else { return }
        guard facts.type == .folder else { return try removeIfPresent(folder) }
        for entry in try FolderListing.entries(of: folder) {
            let path = folder.appending(entry.name)
            if !entry.isLink, entry.facts?.type == .folder { try removeTree(path) } else { try removeIfPresent(path) }
        }
        do throws(SystemError) { try removeEmptyFolder(folder) } catch { if !error.isNotFound { throw error } }
    }
}
