internal import Glibc
public import JobModel

/// An exclusive claim on a file, held until the value goes or the process dies (flock).
public struct FileLock: ~Copyable, Sendable {
    private let file: OpenFile

    /// A process that gets it as one of its descriptors holds the lock too, as long as it lives.
    public var descriptor: Int32 { file.descriptor }

    /// Frees it for all at once. Let go of without this, it is held until each child that was just made has begun its program,
    /// since until then the child has the descriptor too.
    public consuming func release() {
        // Of an open file with a lock this cannot fail (flock(2)).
        flock(file.descriptor, LOCK_UN)
    }

    /// Takes the lock, or returns what its present holder wrote about itself.
    public enum Outcome: ~Copyable, Sendable {
        case taken(FileLock)
        case heldBy(String)
    }

    /// Who may take a lock of this name.
    public enum Users: Sendable {
        /// Its maker, in a folder nobody else can write to.
        case owner
        /// Everybody on this machine: the file lies in a folder that all write to, and no link is followed.
        case everybody
    }

    /// - Parameter holder: one line naming host, pid and job, shown to whoever is refused.
    public static func take(_ path: RawPath, holder: String, users: Users = .owner) throws(SystemError) -> Outcome {
        var triesLeft = triesMax
        while true {
            let file =
                switch users {
                case .owner: try OpenFile(path, .update(mode: 0o600))
                case .everybody: try openShared(path)
                }
            if flock(file.descriptor, LOCK_EX | LOCK_NB) != 0 {
                guard errno == EWOULDBLOCK else { throw .last("flock", path.display) }
                // Somebody who only looks holds it for an instant.
                triesLeft -= 1
                if triesLeft > 0 {
                    Pause.milliseconds(lookMilliseconds)
                    continue
                }
                return .heldBy(try holderText(file))
            }
            // A holder may have removed the file as it ended: a lock on a file without a name keeps nobody out.
            let facts = try file.facts()
            guard let named = try FileOperation.factsIfPresent(of: path), named.inode == facts.inode, named.device == facts.device else { continue }
            try file.truncate(to: 0)
            try file.write(Array(holder.utf8), at: 0)
            return .taken(FileLock(file: file))
        }
    }

    /// What the process that holds the lock wrote about itself; nil when nobody holds it.
    public static func holder(of path: RawPath, users: Users = .owner) throws(SystemError) -> String? {
        let file: OpenFile
        do throws(SystemError) {
            switch users {
            case .owner: file = try OpenFile(path, .read)
            case .everybody: file = try openShared(path, mayCreate: false)
            }
        } catch {
            if error.isNotFound { return nil }
            throw error
        }
        if flock(file.descriptor, LOCK_SH | LOCK_NB) == 0 {
            FileLock(file: file).release()
            return nil
        }
        guard errno == EWOULDBLOCK else { throw .last("flock", path.display) }
        return try holderText(file)
    }

    /// Opens without O_CREAT first: the kernel lets nobody "create" another user's file in such a folder, even where it is
    /// there and may be written (sysctl fs.protected_regular).
    private static func openShared(_ path: RawPath, mayCreate: Bool = true) throws(SystemError) -> OpenFile {
        while true {
            let found = path.withCString { name in retrying { open(name, O_RDWR | O_CLOEXEC | O_NOFOLLOW | O_NOCTTY | O_NONBLOCK) } }
            if found >= 0 {
                let file = OpenFile(owning: found, path: path)
                guard try file.facts().type == .regular else { throw SystemError("open", path.display, code: EINVAL) }
                return file
            }
            guard errno == ENOENT, mayCreate else { throw .last("open", path.display) }
            let made = path.withCString { name in retrying { open(name, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, mode_t(0o666)) } }
            if made >= 0 {
                let file = OpenFile(owning: made, path: path)
                // The umask took bits away.
                guard fchmod(made, mode_t(0o666)) == 0 else { throw .last("chmod", path.display) }
                return file
            }
            guard errno == EEXIST else { throw .last("open", path.display) }
        }
    }

    private static func holderText(_ file: borrowing OpenFile) throws(SystemError) -> String {
        String(decoding: try file.read(count: 400, at: 0), as: UTF8.self)
    }

    private static let triesMax = 4
    private static let lookMilliseconds: UInt32 = 5

    private init(file: consuming OpenFile) {
        self.file = file
    }
}
