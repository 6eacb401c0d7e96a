internal import Glibc
public import JobModel

/// One name in a folder with its facts.
public struct FolderEntry: Sendable {
    public var name: RawPath
    /// Of what a link points to; nil when the link points to nothing.
    public var facts: FileFacts?
    public var isLink: Bool
}

/// Reads one folder: its names and the facts of each, in the order the system gives them.
public enum FolderListing {
    /// What cannot be looked at because it went away between reading and asking is left out.
    ///
    /// - Parameter wanted: asked before a name's facts are fetched, since on a network share each costs a round trip.
    public static func entries(of folder: RawPath, where wanted: (RawPath) -> Bool = { _ in true }) throws(SystemError) -> [FolderEntry] {
        let descriptor = (folder.isEmpty ? RawPath(".") : folder).withCString { open($0, O_RDONLY | O_DIRECTORY | O_CLOEXEC) }
        guard descriptor >= 0 else { throw .last("open folder", folder.display) }
        guard let stream = fdopendir(descriptor) else {
            let error = SystemError.last("open folder", folder.display)
            close(descriptor)
            throw error
        }
        defer { closedir(stream) }
        var entries: [FolderEntry] = []
        while true {
            errno = 0
            guard let record = readdir(stream) else {
                guard errno == 0 else { throw .last("read folder", folder.display) }
                return entries
            }
            let name = withUnsafePointer(to: &record.pointee.d_name) { tuple in
                tuple.withMemoryRebound(to: CChar.self, capacity: 256) { RawPath(cString: $0) }
            }
            if name.bytes == [0x2E] || name.bytes == [0x2E, 0x2E] || !wanted(name) { continue }
            if let entry = try entry(name, in: descriptor, folder: folder) { entries.append(entry) }
        }
    }

    /// The names in a folder, and whether each is itself a folder: as a rule without a look at any of them (readdir(3), d_type).
    public static func names(of folder: RawPath) throws(SystemError) -> [(name: RawPath, isFolder: Bool)] {
        guard let stream = (folder.isEmpty ? RawPath(".") : folder).withCString({ opendir($0) }) else { throw .last("open folder", folder.display) }
        defer { closedir(stream) }
        var names: [(name: RawPath, isFolder: Bool)] = []
        while true {
            errno = 0
            guard let record = readdir(stream) else {
                guard errno == 0 else { throw .last("read folder", folder.display) }
                return names
            }
            let name = withUnsafePointer(to: &record.pointee.d_name) { tuple in
                tuple.withMemoryRebound(to: CChar.self, capacity: 256) { RawPath(cString: $0) }
            }
            if name.bytes == [0x2E] || name.bytes == [0x2E, 0x2E] { continue }
            switch Int(record.pointee.d_type) {
            case DT_DIR: names.append((name, true))
            // The file system does not tell.
            case DT_UNKNOWN:
                guard let facts = try FileOperation.factsIfPresent(of: folder.appending(name), followingLinks: false) else { continue }
                names.append((name, facts.type == .folder))
            default: names.append((name, false))
            }
        }
    }

    private static func entry(_ name: RawPath, in descriptor: Int32, folder: RawPath) throws(SystemError) -> FolderEntry? {
        var facts = stat()
        let direct = name.withCString { fstatat(descriptor, $0, &facts, AT_SYMLINK_NOFOLLOW) }
        if direct != 0 {
            if errno == ENOENT { return nil }
            throw .last("stat", folder.appending(name).display)
        }
        let found = FileFacts(facts)
        guard found.type == .link else { return FolderEntry(name: name, facts: found, isLink: false) }
        let followed = name.withCString { fstatat(descriptor, $0, &facts, 0) }
        return FolderEntry(name: name, facts: followed == 0 ? FileFacts(facts) : nil, isLink: true)
    }
}
