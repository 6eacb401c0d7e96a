private import CLinux
internal import Glibc
public import JobModel

/// Calls on names: each does one thing and throws what the kernel said.
public enum FileOperation {
    /// The facts of what `path` names; a link's target unless `followingLinks` is false.
    public static func facts(of path: RawPath, followingLinks: Bool = true) throws(SystemError) -> FileFacts {
        var record = stat()
        let status = path.withCString { fstatat(AT_FDCWD, $0, &record, followingLinks ? 0 : AT_SYMLINK_NOFOLLOW) }
        guard status == 0 else { throw .last("stat", path.display) }
        return FileFacts(record)
    }

    /// The facts, or nil when there is nothing of that name.
    public static func factsIfPresent(of path: RawPath, followingLinks: Bool = true) throws(SystemError) -> FileFacts? {
        do {
            return try facts(of: path, followingLinks: followingLinks)
        } catch {
            // Nothing can be called what no folder can hold.
            if error.isNotFound || error.isNameTooLong { return nil }
            throw error
        }
    }

    /// Renames within one file system, replacing what `target` named.
    public static func rename(_ source: RawPath, replacing target: RawPath) throws(SystemError) {
        let status = source.withCString { from in target.withCString { to in Glibc.rename(from, to) } }
        guard status == 0 else { throw .last("rename", "\(source.display) to \(target.display)") }
    }

    /// Renames within one file system; an existing target is an error with EEXIST and stays.
    ///
    /// Uses renameat2 with RENAME_NOREPLACE; a file system without it (NFS, some FUSE) gets link and unlink, which refuse likewise.
    public static func rename(_ source: RawPath, toNew target: RawPath) throws(SystemError) {
        let status = source.withCString { from in target.withCString { to in quire_rename_noreplace(from, to) } }
        if status == 0 { return }
        guard errno == EINVAL || errno == ENOSYS || errno == EOPNOTSUPP else {
            throw .last("rename", "\(source.display) to \(target.display)")
        }
        let linked = source.withCString { from in target.withCString { to in Glibc.link(from, to) } }
        guard linked == 0 else { throw .last("link", "\(source.display) to \(target.display)") }
        try remove(source)
    }

    public static func setMode(_ path: RawPath, _ mode: UInt32) throws(SystemError) {
        guard path.withCString({ chmod($0, mode_t(mode)) }) == 0 else { throw .last("chmod", path.display) }
    }

    public static func remove(_ path: RawPath) throws(SystemError) {
        guard path.withCString({ unlink($0) }) == 0 else { throw .last("unlink", path.display) }
    }

    /// Removes the file if it is there.
    public static func removeIfPresent(_ path: RawPath) throws(SystemError) {
        do { try remove(path) } catch { if !error.isNotFound { throw error } }
    }

    public static func removeEmptyFolder(_ path: RawPath) throws(SystemError) {
        guard path.withCString({ rmdir($0) }) == 0 else { throw .last("rmdir", path.display) }
    }

    /// Creates one folder; false if there is something of that name already.
    public static func createFolder(_ path: RawPath, mode: UInt32) throws(SystemError) -> Bool {
        if path.withCString({ mkdir($0, mode_t(mode)) }) == 0 { return true }
        if errno == EEXIST { return false }
        throw .last("mkdir", path.display)
    }

    /// Creates the folder and those above it; an existing folder is fine.
    public static func createFolders(_ path: RawPath, mode: UInt32 = 0o777) throws(SystemError) {
        if path.isEmpty { return }
        let status = path.withCString { mkdir($0, mode_t(mode)) }
        if status == 0 { return }
        let code = errno
        switch code {
        case ENOENT:
            let above = path.parent
            guard !above.isEmpty, above != path else { throw SystemError("mkdir", path.display, code: code) }
            try createFolders(above, mode: mode)
            guard path.withCString({ mkdir($0, mode_t(mode)) }) == 0 || errno == EEXIST else { throw .last("mkdir", path.display) }
        case EEXIST, EROFS, EISDIR:
            guard try factsIfPresent(of: path)?.type == .folder else { throw SystemError("mkdir", path.display, code: code == EEXIST ? ENOTDIR : code) }
        default:
            throw SystemError("mkdir", path.display, code: code)
        }
    }

    /// Makes the names in a folder durable.
    ///
    /// A folder that may be written to but not read cannot be opened and so not be synced: its names are as durable as
    /// the file system makes them.
    public static func syncFolder(_ path: RawPath) throws(SystemError) {
        let folder: OpenFile
        do {
            folder = try OpenFile(path.isEmpty ? RawPath(".") : path, .read)
        } catch {
            if error.isDenied { return }
            throw error
        }
        guard fsync(folder.descriptor) == 0 || errno == EINVAL else { throw .last("fsync", folder.path.display) }
    }

    /// The absolute path with links resolved, for comparing two spellings of one place.
    public static func resolved(_ path: RawPath) throws(SystemError) -> RawPath {
        guard let found = path.withCString({ realpath($0, nil) }) else { throw .last("realpath", path.display) }
        defer { free(found) }
        return RawPath(cString: found)
    }

    /// The working folder.
    public static func workingFolder() throws(SystemError) -> RawPath {
        guard let found = getcwd(nil, 0) else { throw .last("getcwd", ".") }
        defer { free(found) }
        return RawPath(cString: found)
    }

    /// Makes `path` the working folder of the whole process.
    public static func changeWorkingFolder(to path: RawPath) throws(SystemError) {
        guard path.withCString({ chdir($0) }) == 0 else { throw .last("chdir", path.display) }
    }

    /// Bytes free for this user on the file system of `path`.
    public static func freeBytes(at path: RawPath) throws(SystemError) -> UInt64 {
        var record = statvfs()
        guard path.withCString({ statvfs($0, &record) }) == 0 else { throw .last("statvfs", path.display) }
        return UInt64(record.f_bavail) * UInt64(record.f_frsize)
    }

    /// The name of the network file system `path` lies on, or nil when it is a local one (statfs(2), f_type).
    public static func networkFileSystem(at path: RawPath) throws(SystemError) -> String? {
        let type = path.withCString { quire_file_system_type($0) }
        guard type != -1 else { throw .last("statfs", path.display) }
        switch UInt32(truncatingIfNeeded: type) {
        case 0x6969: return "NFS"
        case 0xFF53_4D42, 0xFE53_4D42, 0x517B: return "SMB"
        case 0x0BD0_0BD0: return "Lustre"
        case 0x00C3_6400: return "Ceph"
        case 0x0102_1997: return "9p"
        case 0x6573_7546: return "FUSE"
        case 0x5346_414F, 0x6B41_4653: return "AFS"
        case 0x4750_4653: return "GPFS"
        case 0x1983_0326: return "BeeGFS"
        default: return nil
        }
    }
}
