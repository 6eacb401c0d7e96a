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
    /// A program can nest folders deeper than the system takes a path for; those are moved up on the way.
    public static func removeTree(_ folder: RawPath) throws(SystemError) {
        var movedCount = 0
        try removeTree(folder, top: folder, &movedCount)
    }

    private static let pathBytesBelowTopMax = 1_024

    private static func removeTree(_ folder: RawPath, top: RawPath, _ movedCount: inout Int) throws(SystemError) {
        guard try openUp(folder) else { return try removeIfPresent(folder) }
        for entry in try FolderListing.names(of: folder) {
            let path = folder.appending(entry.name)
            if !entry.isFolder {
                try removeIfPresent(path)
            } else if path.bytes.count - top.bytes.count <= pathBytesBelowTopMax {
                try removeTree(path, top: top, &movedCount)
            } else if try openUp(path) {
                movedCount += 1
                try rename(path, replacing: moved(movedCount, in: top))
            }
        }
        if folder == top {
            // These may move more.
            var number = 1
            while number <= movedCount {
                try removeTree(moved(number, in: top), top: top, &movedCount)
                number += 1
            }
        }
        do throws(SystemError) { try removeEmptyFolder(folder) } catch { if !error.isNotFound { throw error } }
    }

    private static func moved(_ number: Int, in top: RawPath) -> RawPath { top.appending(".quire-moved-\(number)") }

    /// Lets a folder's owner change it; false if there is no folder of this name.
    private static func openUp(_ folder: RawPath) throws(SystemError) -> Bool {
        guard let facts = try factsIfPresent(of: folder, followingLinks: false), facts.type == .folder else { return false }
        if facts.mode & 0o700 != 0o700, facts.owner == OwnProcess.user { try setMode(folder, 0o700) }
        return true
    }
}
