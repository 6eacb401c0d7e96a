internal import Glibc
public import JobModel

extension FileOperation {
    /// Gives a file a second name on the same file system; an existing one is an error.
    public static func link(_ source: RawPath, as target: RawPath) throws(SystemError) {
        let status = source.withCString { from in target.withCString { to in Glibc.link(from, to) } }
        guard status == 0 else { throw .last("link", "\(source.display) to \(target.display)") }
    }

    /// Removes a folder with all that is in it, links themselves and not what they lead to; nothing there is fine.
    ///
    /// Folders that their owner may not write to or look into are opened up first.
    public static func removeTree(_ folder: RawPath) throws(SystemError) {
        guard let facts = try factsIfPresent(of: folder, followingLinks: false) else { return }
        guard facts.type == .folder else { return try removeIfPresent(folder) }
        if facts.mode & 0o700 != 0o700, facts.owner == OwnProcess.user { try setMode(folder, 0o700) }
        for entry in try FolderListing.names(of: folder) {
            let path = folder.appending(entry.name)
            if entry.isFolder { try removeTree(path) } else { try removeIfPresent(path) }
        }
        do throws(SystemError) { try removeEmptyFolder(folder) } catch { if !error.isNotFound { throw error } }
    }
}
